"""Formats for build servers: each is as its schema says and within the servers' limits, whatever names a file holds.

The schemas stand in tests/schemas, with where they are from. Of annotations there is no schema; they are read back here as the
servers' runners read them (actions/runner and azure-pipelines-agent, whose escapes are undone in the reverse order of writing).
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from click.testing import CliRunner, Result
from tests.runs import HOSTILE

from udproof.cli import build_server, report_sarif, summary
from udproof.cli.annotation import Annotation
from udproof.cli.commands import program
from udproof.cli.console import clean
from udproof.cli.places import from_root
from udproof.cli.results import Step, Whole, read

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
OFFICIAL = os.environ.get("UDPROOF_SARIF_SCHEMA")
Udproof = Callable[..., Result]

# A door that lets three in where two may be; a property with each answer, and names to choose.
DOOR = """
from udproof.language import Bool, Int, System, Variable, action, invariant, require

count = Variable("count", to=Int.between(0, 9), init=0)


@action(by={name!r})
def enter() -> None:
    "Somebody enters."
    require(count.value < 3)
    count.value = count.value + 1


@invariant(premise=lambda: count.value > 0, cause=lambda: f"{{count.value}} are inside: " {name!r})
def few() -> Bool:
    "At most two are inside."
    return count.value <= 2


@invariant
def not_negative() -> Bool:
    "Nobody is inside more often than he entered."
    return count.value >= 0


@invariant(premise=lambda: count.value > 7)
def crowd() -> Bool:
    "Eight make a crowd."
    return count.value < 9


system = System({name!r}, actions=(enter,), properties=(few, not_negative, crowd), assumptions=({name!r},))
"""
EXPECTING = """
name = "f"
expect = {{ violated = ["pause-bounded"] }}
[host_update]
applying = {{ least = "5s", most = "60s" }}
watchdog = "{}"
[limits]
pause = "30s"
[[set]]
name = "web"
vms = 1
update_domains = 1
"""
NAMES = {
    **HOSTILE,
    "GitHub's commands": "::error file=x::y",
    "Azure's commands": "##vso[task.setvariable variable=PATH]x ##[error]y",
    "escapes": "100%25 %0A::error::x; a,b:c] <![CDATA[ ]]> &amp; --> [here](https://example.com) {0}",
    "line ends": "a\r\nb\rc\nd\x85e\u2028f",
    "no characters": "\ufffe\uffff\ud800 \x00\x0b",
}


@pytest.fixture
def udproof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Udproof:
    """Calls the command in an empty folder, as on no build server."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "TF_BUILD", "AGENT_TEMPDIRECTORY"):
        monkeypatch.delenv(name, raising=False)

    def call(*args: str) -> Result:
        result = CliRunner().invoke(program, args)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))


@cache
def sarif_schemas() -> list[jsonschema.protocols.Validator]:
    """Ours, and the official one if there is a copy."""
    paths = [SCHEMAS / "sarif-written.schema.json", *([Path(OFFICIAL)] if OFFICIAL else [])]
    found = []
    for path in paths:
        schema = json.loads(path.read_text(encoding="utf-8"))
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        found.append(kind(schema, format_checker=kind.FORMAT_CHECKER))
    return found


def junit(path: Path) -> ElementTree.Element:
    """A JUnit report, after a look at the schema and at its counts."""
    junit_schema().validate(str(path))
    root = ElementTree.parse(path).getroot()
    for suite in (root, *root.iter("testsuite")):
        for tag in ("failure", "error"):
            assert int(suite.get(f"{tag}s", "-1")) == len(list(suite.iter(tag)))
        assert int(suite.get("tests", "-1")) == len(list(suite.iter("testcase")))
    return root


def sarif(path: Path) -> dict[str, Any]:
    """The run of a SARIF report, after a look at the schemas and at what they cannot say."""
    data = json.loads(path.read_text(encoding="utf-8"))
    for schema in sarif_schemas():
        schema.validate(data)
    [run] = data["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    return run


def commands(server: str, output: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """What a runner takes for commands in the lines of an output: the command, its properties and its message."""
    for line in output.splitlines():
        if server == "github" and (line.lstrip().startswith("::") or "##[" in line):
            found = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
            assert found, line
            told = dict(pair.split("=", 1) for pair in found[2].split(","))
            undone = {"%3A": ":", "%2C": ",", "%0D": "\r", "%0A": "\n", "%25": "%"}
            yield found[1], {key: undo(value, undone) for key, value in told.items()}, undo(found[3], undone)
        elif server == "azure" and "##vso[" in line:
            found = re.fullmatch(r"##vso\[(\S+) ?([^\]]*)\](.*)", line)
            assert found, line
            told = dict(pair.split("=", 1) for pair in found[2].split(";") if pair)
            undone = {"%3B": ";", "%5D": "]", "%0D": "\r", "%0A": "\n", "%AZP25": "%"}
            yield found[1], {key: undo(value, undone) for key, value in told.items()}, undo(found[3], undone)


def undo(text: str, table: dict[str, str]) -> str:
    for escape, character in table.items():
        text = text.replace(escape, character)
    return text


# --- what each answer is in each format


def test_each_answer_has_its_place_in_each_format(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text(DOOR.format(name="door"))
    result = udproof("verify", "door.py", "lone-vm", "--report", "junit=r.xml", "--report", "sarif=r.sarif", "--ci", "github")
    assert result.exit_code == 10
    cases = {(case.get("classname"), case.get("name")): case for case in junit(tmp_path / "r.xml").iter("testcase")}
    few, crowd, sound = (cases["door", name] for name in ("few", "crowd", "not-negative"))
    assert [child.tag for child in few] == [child.tag for child in crowd] == ["failure"]
    assert few[0].get("type") == "violated" and few[0].get("message") == "3 are inside: door."
    assert "3  0 s  door  enter" in (few[0].text or "") and "count: 2 → 3" in (few[0].text or "")
    assert crowd[0].get("type") == "vacuous" and list(sound) == []
    assert sum(list(case) == [] for key, case in cases.items() if key[0] == "lone-vm") == len(cases) - 3

    run = sarif(tmp_path / "r.sarif")
    assert {result["ruleId"]: result["level"] for result in run["results"]} == {"door/few": "error", "door/crowd": "warning"}
    violated = next(result for result in run["results"] if result["ruleId"] == "door/few")
    line = DOOR.splitlines().index("def few() -> Bool:")  # the declaration begins with its decorator, a line before
    place = violated["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "door.py", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": line}}
    [flow] = violated["codeFlows"][0]["threadFlows"]
    said = [step["location"]["message"]["text"] for step in flow["locations"]]
    assert said[0] == "start" and said[3] == "step 3, 0 s: door enter() (count: 2 → 3)" and len(said) == 4
    assert run["invocations"][0]["executionSuccessful"] and run["invocations"][0]["exitCode"] == 10

    told = list(commands("github", result.stdout))
    assert [(name, given["file"], given["line"]) for name, given, _ in told] == [
        ("error", "door.py", str(line)),
        ("warning", "door.py", str(DOOR.splitlines().index("def crowd() -> Bool:"))),
    ]
    assert told[0][2] == "few of door is violated: 3 are inside: door."
    assert told[1][2].startswith("door: crowd (")


def test_unknown_is_an_error_and_keeps_an_alert_open(udproof: Udproof, tmp_path: Path) -> None:
    asked = ["verify", "bad-placement", "--quiet", "--report"]
    assert udproof(*asked, "sarif=before.sarif").exit_code == 10
    assert udproof(*asked, "sarif=after.sarif", "--timeout", "0s", "--report", "junit=after.xml").exit_code == 5
    before, after = ({one["ruleId"]: one for one in sarif(tmp_path / name)["results"]} for name in ("before.sarif", "after.sarif"))
    assert set(before) < set(after)
    for rule, one in before.items():
        assert after[rule]["level"] == "warning" and one["level"] == "error"
        assert after[rule]["partialFingerprints"] == one["partialFingerprints"]
    assert len({one["partialFingerprints"]["udproof/v1"] for one in after.values()}) == len(after)
    assert {error.get("type") for error in junit(tmp_path / "after.xml").iter("error")} == {"unknown"}


def test_an_expected_violation_passes_everywhere_and_an_unexpected_pass_nowhere(udproof: Udproof, tmp_path: Path) -> None:
    for watchdog, code, level in (("25s", 0, None), ("15s", 8, "error")):
        (tmp_path / "f.toml").write_text(EXPECTING.format(watchdog))
        asked = ["verify", "f.toml", "--property", "pause-bounded", "--quiet", "--ci", "azure"]
        result = udproof(*asked, "--report", "junit=r.xml", "--report", "sarif=r.sarif")
        assert result.exit_code == code
        found = sarif(tmp_path / "r.sarif")["results"]
        assert [one["level"] for one in found] == ([level] if level else [])
        assert len(list(junit(tmp_path / "r.xml").iter("failure"))) == len(found) == len(list(commands("azure", result.stdout)))
        for one in found:
            assert one["locations"][0]["physicalLocation"]["region"]["startLine"] == 8, "the line of limits.pause"


def test_a_crash_and_what_was_not_begun_are_told_in_each_format(
    udproof: Udproof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from udproof.cli import verify

    def fails(*_: object) -> None:
        raise RuntimeError("it stumbled <&>")

    monkeypatch.setattr(verify, "verify_within", fails)
    reports = [part for form in ("json", "junit", "sarif") for part in ("--report", f"{form}=r.{form}")]
    result = udproof("verify", "lone-vm", "bad-placement", "--quiet", *reports, "--report", "html=r.html")
    assert result.exit_code == 6
    assert "--report html=r.html: no file was verified, so there is nothing to write." in result.stderr
    whole = read(json.loads((tmp_path / "r.json").read_text()))
    assert (whole.exit_code, whole.files.given, whole.files.verified) == (6, 2, 0)
    assert [error.get("message") for error in junit(tmp_path / "r.junit").iter("error")] == [
        "internal error: RuntimeError: it stumbled <&>; no verdict",
        "not begun, since the command ended before",
    ]
    told = sarif(tmp_path / "r.sarif")["invocations"][0]
    assert not told["executionSuccessful"] and len(told["toolExecutionNotifications"]) == 2


# --- names, and limits


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_name_breaks_a_format(udproof: Udproof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "door.py").write_text(DOOR.format(name=name), encoding="utf-8", errors="surrogatepass")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(tmp_path))
    reports = [part for form in ("json", "junit", "sarif") for part in ("--report", f"{form}=r.{form}")]
    for server, args in (("github", ["verify", "door.py", "--quiet", *reports]), ("azure", ["merge", "r.json"])):
        result = udproof(*args, "--ci", server)
        assert result.exit_code == 10, result.output
        told = list(commands(server, result.stdout))
        expected = ["error", "warning"] if server == "github" else ["task.logissue", "task.logissue", "task.uploadsummary"]
        assert [command for command, _, _ in told] == expected, "no name has become a command"
        assert all(given.get("file", given.get("sourcepath", "door.py")) == "door.py" for _, given, _ in told)
        assert clean(f"x{name}")[1:1500] in told[0][2]
    assert {case.get("classname") for case in junit(tmp_path / "r.junit").iter("testcase")} == {clean(name)}
    assert len(sarif(tmp_path / "r.sarif")["results"]) == 2
    merged = udproof("merge", "r.json", "--report", "junit=m.junit", "--report", "sarif=m.sarif")
    assert merged.exit_code == 10
    assert (tmp_path / "m.junit").read_text() == (tmp_path / "r.junit").read_text()
    assert (tmp_path / "m.sarif").read_text() == (tmp_path / "r.sarif").read_text()
    page = (tmp_path / "step.md").read_text(encoding="utf-8")
    assert all(character.isprintable() or character == "\n" for character in page)
    assert "<script" not in page and not re.search(r"(?<!\\)\]\(http", page)


@pytest.mark.parametrize("server", ["github", "azure"])
def test_annotations_stay_within_the_limits(server: build_server.Server) -> None:
    many = [Annotation("error", f"e{number}", "x" * 9000, "f.toml", 1) for number in range(23)]
    some = [Annotation("warning", f"w{number}", "y") for number in range(10)]
    told = list(commands(server, "\n".join(build_server.lines(server, [*many, *some]))))
    kinds = [name if server == "github" else given["type"] for name, given, _ in told]
    assert kinds == ["error"] * 10 + ["warning"] * 10
    assert max(len(message) for _, _, message in told) == 4096
    assert "14 more of these" in told[9][2] and "more" not in told[19][2]


def test_a_summary_stays_within_its_room_and_says_so(udproof: Udproof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "door.py").write_text(DOOR.format(name="door"))
    udproof("verify", "door.py", "--quiet", "--report", "json=r.json")
    whole = read(json.loads((tmp_path / "r.json").read_text()))
    page = summary.text(whole, 2**20)
    assert "### few of door.py: violated" in page and "More was found" not in page
    for room in (0, 50, 100, 200, 500, len(page.encode()) - 1):
        cut = summary.text(whole, room)
        assert len(cut.encode()) <= room
        assert cut == "" or cut.endswith("the log and the reports have all of it.\n")
    step = tmp_path / "step.md"
    step.write_bytes(b"#" * (2**20 - 300))  # what other commands of the step have written
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    udproof("verify", "door.py", "--quiet", "--ci", "github")
    assert 2**20 - 300 < step.stat().st_size <= 2**20


def test_a_run_of_ten_thousand_steps_is_shown_by_its_ends(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text(DOOR.format(name="door"))
    udproof("verify", "door.py", "--quiet", "--report", "json=r.json")
    whole: Whole = read(json.loads((tmp_path / "r.json").read_text()))
    [run] = whole.runs
    steps = [Step(number=number, time="0 s", who="x", action="y", changes=[]) for number in range(10_001)]
    long = run.model_copy(update={"verdicts": [run.verdicts[0].model_copy(update={"steps": steps}), *run.verdicts[1:]]})
    document = report_sarif.document(whole.model_copy(update={"runs": [long]}))
    for schema in sarif_schemas():
        schema.validate(document)
    shown = document["runs"][0]["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]
    numbers = [step["executionOrder"] for step in shown]
    assert len(numbers) == 1000 and numbers == sorted(numbers) and (numbers[0], numbers[-1]) == (0, 10_000)


# --- which server, and where files are


def test_the_server_is_found_by_itself_or_not_at_all(udproof: Udproof, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["verify", "bad-placement", "--quiet", "--property", "event-in-one-domain"]
    plain = udproof(*asked).stdout
    assert list(commands("github", plain)) == list(commands("azure", plain)) == []
    steady = re.compile(r"\d+\.\d\d s, \d+ MB")
    assert steady.sub("", udproof(*asked, "--ci", "auto").stdout) == steady.sub("", plain)
    monkeypatch.setenv("TF_BUILD", "True")
    assert [name for name, _, _ in commands("azure", udproof(*asked, "--ci", "auto").stdout)] == ["task.logissue"]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with_text = udproof(*asked, "--ci", "auto").stdout
    assert [name for name, _, _ in commands("github", with_text)] == ["error"]
    assert steady.sub("", with_text).startswith(steady.sub("", plain)), "what the terminal shows comes first, and is the same"
    refused = udproof(*asked, "--ci", "auto", "--format", "json")
    assert refused.exit_code == 2 and "use --report json=PATH" in refused.stderr


def test_a_summary_is_added_to_and_one_that_cannot_be_written_costs_no_verdict(
    udproof: Udproof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    for _ in range(2):
        assert udproof("verify", "lone-vm", "--quiet", "--ci", "github").exit_code == 0
    assert (tmp_path / "step.md").read_text().count("## udproof: passed") == 2
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "step.md"))
    lost = udproof("verify", "lone-vm", "--quiet", "--ci", "github")
    assert lost.exit_code == 0 and "the summary could not be written (No such file or directory)" in lost.stderr
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(tmp_path))
    told = list(commands("azure", udproof("verify", "lone-vm", "--quiet", "--ci", "azure").stdout))
    assert [name for name, _, _ in told] == ["task.uploadsummary"]
    assert Path(told[0][2]).read_text().startswith("## udproof: passed")


def test_a_file_is_named_from_the_root_of_its_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "repository" / "fleets"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert from_root(Path("web.toml")) == "web.toml"
    assert from_root(tmp_path / "web.toml") == (tmp_path / "web.toml").resolve().as_posix()
    (tmp_path / "repository" / ".git").mkdir()
    assert from_root(Path("web.toml")) == "fleets/web.toml"


@pytest.mark.parametrize("server", ["github", "azure"])
def test_a_mistake_in_a_file_is_annotated_at_its_line(udproof: Udproof, tmp_path: Path, server: str) -> None:
    (tmp_path / "a.toml").write_text('[walk]\nnotise = "15min"\n')
    (tmp_path / "b.py").write_text("\n\nsystem = 1\n")
    result = udproof("verify", "a.toml", "b.py", "--ci", server)
    assert result.exit_code == 2
    places = [
        (given.get("file", given.get("sourcepath")), given.get("line", given.get("linenumber")))
        for _, given, _ in commands(server, result.stdout)
    ]
    assert ("a.toml", "2") in places and ("b.py", "3") in places
    plain = udproof("verify", "a.toml", "b.py")
    assert (plain.stdout, plain.stderr) == ("", result.stderr)
    [(_, _, said)] = commands(server, udproof("verify", "teachin", "--ci", server).stdout)
    assert "did you mean teaching?" in said
