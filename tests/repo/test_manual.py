"""The manual says what the help says, and what the shells complete is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import answers
import click
import manual
import pytest
from click.testing import CliRunner

from udproof.cli.commands import program
from udproof.cli.completion import SHELLS

COMMANDS = ["", *program.commands]
PAGE = (answers.DOCS / "manual.md").read_text(encoding="utf-8")
MAN = manual.MAN.read_text(encoding="utf-8")


def words(text: str) -> str:
    """A text without line breaks, and without what Markdown needs."""
    return " ".join(text.replace("\\", "").replace("`", "").split())


def help_of(command: str) -> str:
    done = CliRunner().invoke(program, [*command.split(), "--help"], env={"COLUMNS": "100"}, prog_name="udproof")
    assert done.exit_code == 0
    return done.stdout


def section(command: str) -> str:
    found = re.search(rf"^## {f'udproof {command}'.strip()}$\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


# --- the page and the man page


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_says_what_the_help_says(command: str) -> None:
    """Piece by piece, as the help is printed: its usage, its paragraphs, each option with its text."""
    usage, *paragraphs = help_of(command).split("\n\n")
    told = words(section(command))
    assert words(usage).removeprefix("Usage: ") in told
    for paragraph in paragraphs:
        if paragraph.startswith("Options:"):
            for option in re.split(r"\n  (?=-)", paragraph)[1:]:
                names, text = re.split(r"\s{2,}", option, maxsplit=1)
                assert f"| {words(names)} | {words(text)} |" in told
        elif not paragraph.startswith("Commands:"):
            assert words(paragraph) in told


def test_the_page_has_every_command_and_no_other() -> None:
    assert set(re.findall(r"^## udproof ?(\S*)$", PAGE, re.MULTILINE)) == set(COMMANDS)


def test_the_man_page_is_up_to_date_and_has_every_option() -> None:
    assert manual.man() == MAN, "run python docs/generate.py"
    plain = MAN.replace("\\-", "-")
    for command in (program, *program.commands.values()):
        for param in command.params:
            for name in (*param.opts, *param.secondary_opts) if isinstance(param, click.Option) else ():
                assert re.search(rf"^\.B .*(?<![\w-]){re.escape(name)}(?![\w-])", plain, re.MULTILINE), name


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_man_page_is_set_without_warnings() -> None:
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", str(manual.MAN)], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_what_is_said_of_the_environment_is_what_is_read() -> None:
    sources = (path for root in answers.ROOTS for path in Path(root).rglob("*.py"))
    read = {name for path in sources for name in re.findall(r"environ\.get\(\"(\w+)\"", path.read_text(encoding="utf-8"))}
    assert read == set(manual.VARIABLES) - {"TMPDIR"}  # which Python reads


# --- completion


def completed(*line: str) -> dict[str, str]:
    """What is offered for the last word of a line, with what is said of it: as fish asks, which asks for both."""
    asked = {"_UDPROOF_COMPLETE": "fish_complete", "COMP_WORDS": " ".join(("udproof", *line)), "COMP_CWORD": line[-1]}
    done = CliRunner().invoke(program, [], env=asked, prog_name="udproof")
    assert done.exit_code == 0
    offers = re.findall(r"^(plain|file),([^\t\n]*)(?:\t(.*))?$", done.stdout, re.MULTILINE)
    return {value if kind == "plain" else kind: text for kind, value, text in offers}


def test_names_are_completed() -> None:
    assert set(completed("ver")) == {"verify"}
    assert set(completed("verify", "te")) == {"teaching", "tenants", "file"}
    assert set(completed("verify", "teaching", "--property", "one-")) == {"one-domain-paused", "one-migration-at-a-time"}
    assert set(completed("explain", "--property", "time-c")) == {"time-can-pass"}
    assert completed("verify", "--mutant", "PauseO")["PauseOverrun"]
    assert set(completed("render", "run.itf.json", "--to", "s")) == {"svg", "sequence"}
    assert set(completed("replay", "")) == {"file"}


def test_completion_runs_no_system_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("open('it-was-run', 'w')\n")
    assert "pause-bounded" in completed("verify", "mine.py", "--property", "pause")
    assert not (tmp_path / "it-was-run").exists()


_TRY = {
    "bash": 'source ./script; COMP_WORDS=(udproof verify --pro); COMP_CWORD=2; _udproof_completion udproof; echo "${COMPREPLY[@]}"',
    "zsh": "compdef() { :; }; source ./script; compadd() { :; }; functions _udproof_completion > /dev/null && echo --property",
    "fish": "source ./script; complete --do-complete 'udproof verify --pro'",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_takes_the_script(shell: str, tmp_path: Path) -> None:
    """bash and fish really complete a line; zsh, which completes only at a prompt, reads the script."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    directory = answers.workplace(tmp_path, "")
    answers.outputs([f"udproof completion {shell} > script"], directory)
    said = answers.outputs([f"{shell} -c '{_TRY[shell].replace(chr(39), chr(34))}'"], directory)[0]
    assert said.startswith("--property")


def test_every_shell_has_a_script_that_asks_udproof() -> None:
    for shell in SHELLS:
        done = CliRunner().invoke(program, ["completion", shell], prog_name="udproof")
        assert done.exit_code == 0
        assert f"_UDPROOF_COMPLETE={shell}_complete" in done.stdout
        assert f"udproof completion {shell}" in PAGE
