"""What the commands on a page answer, run again: a block of a console on a page shows what a command prints today.

Commands run in a folder of their own with the examples of the documents and the files that the page shows. What differs from run to
run (seconds, megabytes, the model's hash) is not compared.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOTS = tuple(str(DOCS.parent / name) for name in ("model", "properties", "counterexamples", "checker"))

_CONSOLE = re.compile(r"(?<=^```console\n)(?P<body>.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"^<!-- file: (?P<name>\S+) -->\n+```\w*\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
ELSEWHERE = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "BUILD_NUMBER")  # pytest, too, shows more where a build server asks
_UNSTEADY = (
    (re.compile(r"\d+\.\d\d s, \d+ MB"), "0 s, 0 MB"),  # what the search took
    (re.compile(r"(?<=model )[0-9a-f]{16}"), "0"),  # changes with every letter of the model
    (re.compile(r"(?<= in )\d+\.\d\ds(?: \(\d:\d\d:\d\d\))?$", re.MULTILINE), "0s"),  # what pytest took
    (re.compile(r"(?<=file://)/\S+/(?=here/)"), "/"),  # where the page's directory is
)


def steady(text: str) -> str:
    """A text without the figures that differ from run to run."""
    for pattern, other in _UNSTEADY:
        text = pattern.sub(other, text)
    return text


def agrees(shown: str, output: str) -> bool:
    """Is what a page shows what a command wrote, up to unsteady figures and lines left out (`...`)?"""
    lines = ["(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in steady(shown).splitlines()]
    return re.fullmatch("".join(lines), steady(output)) is not None


def with_answers(text: str) -> str:
    """A page with its console blocks as they come out today; a block that agrees already is left as it is."""
    if not _CONSOLE.search(text):
        return text
    with tempfile.TemporaryDirectory() as folder:
        directory = workplace(Path(folder), text)
        return followed(text, directory, _environment(directory.parent / "bin"))


def followed(text: str, directory: Path, environment: Mapping[str, str]) -> str:
    """A page after its files were saved in a directory and its commands typed there, with the answers that came."""
    for found in _FILE.finditer(text):
        (directory / found["name"]).write_text(found["body"], encoding="utf-8")
    return _CONSOLE.sub(lambda found: _block(found["body"], directory, environment), text)


def workplace(folder: Path, text: str) -> Path:
    """A directory with the examples, the files that the page shows, and the commands `udproof` and `pytest`.

    This pytest has no plugin but udproof's, whatever else is installed here, and writes no cache.
    """
    (folder / "bin").mkdir()
    calls = {
        "udproof": '-c "from udproof.cli import main; main()"',
        "pytest": "-m pytest -p udproof.plugin -p no:cacheprovider",
    }
    for name, arguments in calls.items():
        command = folder / "bin" / name
        call = f'PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 exec {shlex.quote(sys.executable)} {arguments} "$@"'
        command.write_text(f"#!/bin/sh\n{call}\n", encoding="utf-8")
        command.chmod(0o755)
    directory = folder / "here"
    shutil.copytree(DOCS / "examples", directory / "docs" / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    for found in _FILE.finditer(text):
        (directory / found["name"]).write_text(found["body"], encoding="utf-8")
    return directory


def _environment(commands: Path) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if key not in ELSEWHERE}
    path = os.pathsep.join([str(commands), os.environ.get("PATH", "")])
    return {**own, "PATH": path, "PYTHONPATH": os.pathsep.join(ROOTS), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"}


def _block(body: str, directory: Path, environment: Mapping[str, str]) -> str:
    commands: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            commands.append((line, []))
        else:
            commands[-1][1].append(line)
    answers = _typed([line.removeprefix("$ ") for line, _ in commands], directory, environment)
    lines: list[str] = []
    for (line, shown), output in zip(commands, answers, strict=True):
        kept = "".join(f"{text}\n" for text in shown)
        lines += [line, *(shown if agrees(kept, output) else output.splitlines())]
    return "".join(f"{line}\n" for line in lines)


def outputs(commands: list[str], directory: Path) -> list[str]:
    """What each command writes, standard error included, when they are typed into one shell of a workplace."""
    return _typed(commands, directory, _environment(directory.parent / "bin"))


def _typed(commands: list[str], directory: Path, environment: Mapping[str, str]) -> list[str]:
    marked = [f"{command}\nstatus=$?; printf '\\0'; (exit $status)\n" for command in commands]
    done = subprocess.run(
        ["bash", "-c", "exec 2>&1\n" + "".join(marked)], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    return [output.rstrip("\n") + "\n" if output.strip() else "" for output in done.stdout.split("\0")[: len(commands)]]
