"""What the page about CI says is so: each kind of run ends with its code, and the files to copy hold commands that work."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import answers
import generate
import pytest
import yaml
from click.testing import CliRunner, Result

from udproof.cli import verify
from udproof.cli.commands import program
from udproof.cli.exits import Code

PAGE = (generate.DOCS / "ci.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| (?P<what>[^|]+) \| `udproof (?P<command>[^`]+)`(?: \((?P<how>\w+)\))? \| (?P<code>\d+) \|$", PAGE, re.MULTILINE
)
EXAMPLES = generate.DOCS / "examples" / "ci"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page shows, and the result of one shard of two."""
    directory = answers.workplace(tmp_path, PAGE)
    monkeypatch.chdir(directory)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "TF_BUILD", "AGENT_TEMPDIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    return directory


def crashes(*_: object) -> None:
    raise RuntimeError("it stumbled")


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


# --- exit codes


@pytest.mark.parametrize(("what", "command", "how", "code"), ROWS, ids=[row[0] for row in ROWS])
def test_a_run_ends_with_the_code_of_its_row(
    page: Path, monkeypatch: pytest.MonkeyPatch, what: str, command: str, how: str, code: str
) -> None:
    if "one.json" in command:
        CliRunner().invoke(program, shlex.split("verify web.toml late.toml --shard 2/2 --report json=one.json"))
    if how:
        monkeypatch.setattr(verify, "verify_within", {"crashes": crashes, "interrupted": interrupted}[how])
    result = CliRunner().invoke(program, [*shlex.split(command), "--report", "json=r.json"])
    assert result.exit_code == int(code), result.output
    if "every" in what or what.startswith("passed"):
        assert "VIOLATED" not in result.output


def test_the_table_has_every_code_there_is_and_its_order() -> None:
    assert {int(row[3]) for row in ROWS} == set(map(int, Code))
    order = re.search(r"The worst is the first in this order: ([\d, ]+)", PAGE)
    from udproof.cli.exits import _WORST_FIRST

    assert order and [int(code) for code in order[1].split(",")] == [int(code) for code in _WORST_FIRST]
    assert "10, 8, 3, 5, 7, 9, 4, 0" in " ".join(program.commands["verify"].epilog.split()), "the help says the same"


# --- files to copy


def workflow(name: str) -> dict[str, Any]:
    data = yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def scripts(data: object) -> Iterator[str]:
    """The commands of a workflow, in their order."""
    if isinstance(data, dict):
        yield from (data[key] for key in ("run", "bash") if isinstance(data.get(key), str))
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from scripts(value)


def placed(script: str, shard: int, folder: Path) -> str:
    """The command with the values of a build server's expressions."""
    for expression, value in {
        "${{ matrix.shard }}": str(shard),
        "$(System.JobPositionInPhase)": str(shard),
        "$(System.TotalJobsInPhase)": "2",
        "$(Pipeline.Workspace)": str(folder / "workspace"),
    }.items():
        script = script.replace(expression, value)
    return script


def called(script: str) -> Result:
    """Call the one command of a script, with its words as bash makes them, in this process: one of its own takes a second."""
    words = subprocess.run(["bash", "-ec", f"printf '%s\\0' {script}"], capture_output=True, text=True, check=True)
    name, *args = words.stdout.split("\0")[:-1]
    assert name == "udproof"
    return CliRunner().invoke(program, args)


@pytest.fixture
def project(page: Path) -> Path:
    """A project with two fleets, one of which is violated."""
    (page / "fleets").mkdir()
    for name in ("web.toml", "late.toml"):
        (page / name).rename(page / "fleets" / name)
    return page


@pytest.mark.parametrize(("name", "server"), [("github.yml", "github"), ("azure-pipelines.yml", "azure")])
def test_a_workflow_says_of_a_project_what_is_wrong(project: Path, name: str, server: str) -> None:
    commands = [script for script in scripts(workflow(name)) if "pip install" not in script]
    [verifying, merging] = commands
    assert verifying.startswith("udproof verify") and merging.startswith("udproof merge")
    ends = []
    for shard in (1, 2):
        ends.append(called(placed(verifying, shard, project)).exit_code)
        result = project / f"result-{shard}.json"
        for folder in (project / "results", project / "workspace" / f"result-{shard}"):  # where the servers put the artifacts
            folder.mkdir(parents=True, exist_ok=True)
            (folder / result.name).write_bytes(result.read_bytes())
    assert ends == [10, 0], "late.toml comes before web.toml"
    done = called(placed(merging, 0, project))
    assert done.exit_code == 10, done.output
    assert ("::error file=fleets/late.toml,line=1," if server == "github" else "sourcepath=fleets/late.toml;") in done.stdout
    assert {"udproof.xml", "udproof.sarif"} <= {path.name for path in project.iterdir()}
    for lost in (project / "results" / "result-1.json", project / "workspace" / "result-1" / "result-1.json"):
        lost.unlink()
    assert called(placed(merging, 0, project)).exit_code == Code.MISSING, "what is there is green, and it is not all"


def test_the_workflow_for_github_uploads_and_permits_what_it_must() -> None:
    data = workflow("github.yml")
    jobs = data["jobs"]
    assert data[True] and jobs["verify"]["strategy"] == {"fail-fast": False, "matrix": {"shard": [1, 2]}}
    assert "/2 " in next(script for script in scripts(jobs["verify"]) if "--shard" in script)
    assert data["permissions"] == {"contents": "read"} and jobs["fleets"]["permissions"]["security-events"] == "write"
    upload = jobs["fleets"]["steps"][-1]
    assert (
        upload["with"]["sarif_file"] == "udproof.sarif"
        and "!cancelled()" in upload["if"]
        and "!cancelled()" in jobs["fleets"]["if"]
    )


def test_the_hook_verifies_the_fleets_that_change(project: Path) -> None:
    [hook] = yaml.safe_load((generate.ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    chosen = re.compile(hook["files"])
    assert [bool(chosen.search(path)) for path in ("fleets/web.toml", "a/fleets/web.toml", "pyproject.toml", "fleets/a.py")] == [
        True,
        True,
        False,
        False,
    ]
    scripts = tomllib.loads((generate.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert hook["entry"].split()[0] in scripts and hook["language"] == "python"
    command = shlex.join([*shlex.split(hook["entry"]), *hook["args"]])
    assert called(f"{command} fleets/web.toml").exit_code == 0
    assert called(f"{command} fleets/web.toml fleets/late.toml").exit_code == 10
    configured = yaml.safe_load(next(re.finditer(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))[1])
    [own] = configured["repos"][0]["hooks"]
    assert own["id"] == hook["id"] and set(own) <= set(hook)


def test_the_schema_of_results_can_be_had() -> None:
    printed = CliRunner().invoke(program, ["schema", "result"])
    kept = Path(verify.__file__).with_name("result.schema.json").read_text(encoding="utf-8")
    assert (printed.exit_code, printed.output) == (0, kept)
    assert os.linesep in kept
