"""Every format from the command line: what is written beside the text changes nothing in it, and each mistake has them all."""

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))
import exhibits

from udproof.cli.commands import program
from udproof.cli.drawings import drawn
from udproof.cli.parameters import DRAWINGS, REPORTS
from udproof.counterexamples import gallery, png
from udproof.counterexamples.explain import cause
from udproof.counterexamples.html import Chapter, Counterexample, document

KEPT = {entry.name: entry for entry in gallery.entries()}
TEN = (
    "TwoDomainsAtOnce", "RecoverySkipped", "ImpactAfterRemoval", "EventIdReused", "EarlyStart",
    "EventSpansDomains", "IneligibleInPlace", "WatchdogStartsOver", "MemoryTorn", "NoResync",
)  # fmt: skip


def udproof(*args: str) -> Result:
    result = CliRunner().invoke(program, args)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def steady(text: str) -> str:
    """Without what a search takes, which no two take alike."""
    return re.sub(r"\d+\.\d\d s, \d+ MB", "", text)


def test_reports_change_nothing_in_what_the_terminal_shows(tmp_path: Path) -> None:
    asked = ["verify", "teaching", "--mutant", "PauseOverrun", "--property", "pause-bounded", "--quiet"]
    plain = udproof(*asked)
    reports = [part for kind in REPORTS for part in ("--report", f"{kind}={tmp_path / kind}")]
    written = udproof(*asked, *reports)
    assert steady(written.stdout) == steady(plain.stdout) and written.exit_code == plain.exit_code == 10
    assert {path.name for path in tmp_path.iterdir()} == set(REPORTS)
    page = (tmp_path / "html").read_text(encoding="utf-8")
    for said in (
        "has been paused for 30 s",
        "Without the mistake, step 7 is not possible",
        "Assumed",
        "udproof verify teaching --mutant",
    ):
        assert said in page
    assert "Without the mistake, step 7 is not possible" in (tmp_path / "markdown").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TEN)
def test_a_mistake_has_every_format_and_each_says_what_is_wrong(name: str) -> None:
    trace, prop = exhibits.kept(KEPT[name])
    why = cause(trace, prop)
    made = {form: drawn(form, trace, prop) for form in DRAWINGS if form != "png"}
    for form in ("svg", "sequence"):
        root = ElementTree.fromstring(str(made[form]))
        assert why in "".join(root.itertext())
    assert str(made["mermaid"]).count("(decisive)") >= 1
    page = document([Chapter(name, "", counterexamples=(Counterexample(trace, prop, right=exhibits.right(name)),))])
    assert page.count("Without the mistake") == 1
    # The wrong event is wrong from the start, and a VM that may not be paused never rightly is: nothing passes beside these.
    assert page.count("The nearest run that passes") == (name not in ("EventSpansDomains", "IneligibleInPlace"))
    assert json.loads(gallery.text(trace))["#meta"]["hash"] == trace.system.hash


def test_a_picture_as_png(tmp_path: Path) -> None:
    if not png._writes():
        pytest.skip("no font is installed here, and so no text can be drawn")
    entry = KEPT["EarlyStart"]
    made = udproof("render", str(entry.trace), "--mutant", entry.name, "--to", "png", "-o", str(tmp_path / "a.png"))
    assert made.exit_code == 0, made.output
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("form", "begins"), [("html", "<!doctype html>"), ("mermaid", "sequenceDiagram"), ("sequence", "<svg")])
def test_a_trace_can_be_rendered_as(form: str, begins: str) -> None:
    entry = KEPT["EarlyStart"]
    made = udproof("render", str(entry.trace), "--mutant", entry.name, "--to", form)
    assert made.exit_code == 0 and made.stdout.startswith(begins)


def test_a_png_that_cannot_be_made_costs_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "_writes", lambda: False)
    asked = ["verify", "teaching", "--mutant", "SilentFreeze", "--property", "notified-before-freeze", "--quiet"]
    result = udproof(*asked, "--report", f"png={tmp_path / 'a.png'}", "--report", f"mermaid={tmp_path / 'a.mmd'}")
    assert result.exit_code == 2 and "VIOLATED" in result.output, "told, and one file is missing"
    assert "png: no font was found" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["a.mmd"]


def test_a_graph_of_a_small_system_and_of_a_large_one(tmp_path: Path) -> None:
    bridge = str(exhibits.Path(exhibits.__file__).parent / "examples" / "bridge.py")
    assert udproof("graph", bridge).stdout.count(" -> ") == 8
    assert udproof("graph", bridge, "-o", str(tmp_path / "a.dot")).exit_code == 0
    assert (tmp_path / "a.dot").read_text(encoding="utf-8").startswith('digraph "bridge"')
    large = udproof("graph", "teaching")
    assert large.exit_code == 2 and "teaching has more than 300 states, which is no picture" in large.output
    wrong = udproof("graph", bridge, "-o", "a.jpeg")
    assert wrong.exit_code == 2 and ".jpeg means no format; write .dot, .svg, .png, .pdf" in wrong.output
