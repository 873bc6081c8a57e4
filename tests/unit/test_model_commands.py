"""`udproof check-events` and `udproof render --model` as they are typed: answers, exit codes, and sentences for mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from udproof.cli.commands import program

SAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "recorded-events.json"
Udproof = Callable[..., Result]


@pytest.fixture
def udproof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Udproof:
    """Calls the command in an empty folder; whatever it does, it must not end in an exception."""
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> Result:
        result = CliRunner().invoke(program, list(args))
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return call


def recording(tmp_path: Path, *names: str) -> str:
    given = json.loads(SAMPLES.read_text(encoding="utf-8"))
    kept = [sample for sample in given["samples"] if sample["id"][:3] in names]
    (tmp_path / "recording.json").write_text(json.dumps({"samples": kept}))
    return "recording.json"


def test_a_behaviour_is_told_with_what_went_on(udproof: Udproof, tmp_path: Path) -> None:
    path = recording(tmp_path, "s01", "s05")
    result = udproof("check-events", path)
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [
            "s01-empty-after-enable: a behaviour of the model: 1 document.",
            "  document 1: nothing has changed.",
            "s05-cancelled-before-start: a behaviour of the model: 2 documents.",
            "  document 1: announce step-0.",
            "  document 2: cancel step-0: its events vanish.",
        ],
    )
    assert len(udproof("check-events", path, "--quiet").stdout.splitlines()) == 2


def test_what_is_outside_of_the_model_is_no_pass(udproof: Udproof, tmp_path: Path) -> None:
    result = udproof("check-events", recording(tmp_path, "s01", "s08"))
    assert result.exit_code == 5 and "outside of the model: step 1: event " in result.stdout


def test_a_broken_rule_is_a_finding(udproof: Udproof, tmp_path: Path) -> None:
    path = Path(recording(tmp_path, "s05"))
    path.write_text(path.read_text().replace('"Mon, 02 Mar 2026 12:15:00 GMT"', '""'))
    result = udproof("check-events", str(path))
    assert result.exit_code == 10 and "no behaviour: step 1 breaks E4: " in result.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["check-events", "nowhere.json"], "nowhere.json: the file cannot be read (No such file or directory); give a JSON file"),
        (["check-events", "."], ".: the file cannot be read (Is a directory); give a JSON file of documents."),
        (["check-events", "no.json"], "no.json: this is not JSON ("),
        (["render", "--to", "svg"], "Give a trace to draw, or --model with a fleet or a system, and --diagram."),
        (["render", "x", "--to", "dot"], "--to dot is for a model; give one with --model."),
        (["render", "x", "--to", "svg", "--diagram", "vm"], "--diagram is for a model; give one with --model."),
        (["render", "--model", "lone-vm", "--to", "svg"], "which diagram? Add --diagram with event, host, vm, walk, parts, or the"),
        (["render", "x", "--model", "lone-vm", "--to", "svg", "--diagram", "vm"], "--model draws no trace; leave the trace away"),
        (["render", "--model", "lone-vm", "--to", "png", "--diagram", "vm"], "a model is drawn as dot, svg, mermaid; png is for a"),
        (["render", "--model", "lone-vm", "--to", "dot", "--diagram", "cat"], "lone-vm has no variable cat with the members of an"),
        (["render", "--model", "lone-vm", "--to", "dot", "--diagram", "parts", "-o", "no/x.dot"], "no/x.dot: nothing can be"),
    ],
)
def test_mistakes_in_usage(udproof: Udproof, tmp_path: Path, args: list[str], said: str) -> None:
    (tmp_path / "no.json").write_text("{")
    result = udproof(*args)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split()) and result.stdout == ""


def test_a_model_is_drawn_to_a_file_or_to_standard_output(udproof: Udproof, tmp_path: Path) -> None:
    result = udproof("render", "--model", "lone-vm", "--to", "dot", "--diagram", "vm")
    assert result.exit_code == 0 and result.stdout.startswith('digraph "run of a Vm" {')
    edges = [line.split("[")[0].strip() for line in result.stdout.splitlines() if " -> " in line]
    assert edges == ["n0 -> n1", "n1 -> n0", "n1 -> n0"]
    result = udproof("render", "--model", "lone-vm", "--to", "mermaid", "--diagram", "event", "-o", "event.mmd")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "event.mmd").read_text().startswith("stateDiagram-v2\n    n0 : absent\n")
