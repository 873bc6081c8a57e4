"""What speaks for a verdict: witnesses, what never happened, and the record of planted mistakes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from udproof.cli.commands import program
from udproof.cli.runs import Run, judged
from udproof.cli.sources import Subject, load
from udproof.cli.trust import faults, sentences, trust
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits


def run_of(subject: Subject) -> Run:
    checks = subject.system.checks
    return judged(subject, checks, Explore().verify(subject.system, checks, Limits()))


@pytest.fixture(scope="module")
def breakdown() -> Run:
    return run_of(load("breakdown"))


def test_each_premise_has_a_witness_of_as_many_steps_as_by_hand(breakdown: Run) -> None:
    """A VM is paused after announce, approve, start, begin, freeze; a host may fail, and an event be announced, in one step."""
    premises = dict(trust(breakdown).premises)
    assert set(premises) == {prop.name for prop in breakdown.selected}
    assert premises["pause-bounded"] == premises["one-domain-paused"] == 5
    assert premises["memory-preserved"] == 6  # and apply
    assert premises["event-lifecycle"] == 3
    assert premises["failure-told"] == premises["event-in-one-domain"] == 1
    assert premises["time-can-pass"] == 0


def test_faults_are_the_actions_that_ask_for_a_budget() -> None:
    assert faults(load("breakdown").system) == ("fail", "hang")
    assert faults(load("cancellation").system) == ("cancel", "suspend")
    assert faults(load("teaching").system) == ()


def test_a_fault_that_is_allowed_and_cannot_happen_is_told(breakdown: Run) -> None:
    """A host hangs in the middle of its update; a system whose hosts never begin has the fault, and no use of it."""
    subject = breakdown.subject
    idle = replace(subject.system, actions=tuple(act for act in subject.system.actions if act.name != "begin"))
    run = run_of(replace(subject, system=idle, expect=None))
    found = trust(run)
    assert found.unused == ("hang",)
    assert dict(found.faults)["fail"] > 0
    assert "pause-bounded" in found.unreached
    assert "Faults allowed and never used: hang." in list(sentences(run))
    assert found.mistakes is None, "there is no record of this model"
    assert not any("Planted" in line for line in sentences(run))


def test_the_record_of_planted_mistakes_is_told_of_the_model_that_it_is_about(breakdown: Run) -> None:
    found = trust(breakdown).mistakes
    assert found is not None
    assert (found.planted, found.noticed) == (4, 4)
    said = "Planted in this model: 4 named mistakes, of which the properties notice 4 (udproof mutants)."
    assert said in list(sentences(breakdown))


def test_a_witness_that_reaches_nothing_is_not_believed(breakdown: Run) -> None:
    first, *others = breakdown.result.verdicts
    nowhere = next(verdict.witness for verdict in others if verdict.property.watches_time)  # of no steps
    result = replace(breakdown.result, verdicts=(replace(first, witness=nowhere), *others))
    with pytest.raises(AssertionError, match=f"witness of engine explore for {first.property.name} does not reach its premise"):
        trust(replace(breakdown, result=result))


TURNSTILE = '''
from udproof.language import Bool, Int, System, Variable, action, invariant, require

count = Variable("count", to=Int.between(0, 9), init=0)


@action
def enter() -> None:
    """Somebody enters."""
    require(count.value < 3)
    count.value = count.value + 1


@invariant(premise=lambda: count.value > 7)
def crowd() -> Bool:
    """Eight make a crowd."""
    return count.value < 9


system = System("turnstile", actions=(enter,), properties=(crowd,))
'''


def test_a_property_that_holds_only_vacuously_exits_9_and_every_report_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("turnstile.py").write_text(TURNSTILE)
    reports = ["--report", "json=r.json", "--report", "html=r.html", "--report", "markdown=r.md"]
    result = CliRunner().invoke(program, ["verify", "turnstile.py", *reports])
    assert result.exit_code == 9
    for text in (result.stdout, Path("r.html").read_text(), Path("r.md").read_text()):
        assert "VACUOUS" in text
        assert "Premises not reached: crowd." in text
    assert json.loads(Path("r.json").read_text())["trust"] == {
        "witness_steps": {"crowd": None},
        "premise_states": {"crowd": 0},
        "faults": {},
        "unused": [],
        "mutants": None,
    }


EARLY = '''
from udproof.language import Bool, Clock, System, Variable, action, invariant, require

on = Variable("on", to=Bool, init=True)
since = Clock("since")


@action
def off() -> None:
    """It goes off."""
    require(since.value >= 3)
    on.value = False


@invariant(premise=lambda: (since.value >= 3) | (since.value <= 1))
def fine() -> Bool:
    """It goes off late."""
    return on.value | (since.value >= 3)


system = System("early", actions=(off,), properties=(fine,))
'''


def test_only_a_search_that_goes_breadth_first_says_when_a_premise_was_reached_at_the_earliest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The premise is true at 0, 1 and 3 seconds, and after going off; zones look at what waiting leads to first."""
    monkeypatch.chdir(tmp_path)
    Path("early.py").write_text(EARLY)
    said = {engine: CliRunner().invoke(program, ["verify", "early.py", "--engine", engine]) for engine in ("explore", "zones")}
    assert {engine: result.exit_code for engine, result in said.items()} == {"explore": 0, "zones": 0}
    assert "Premises reached, in so many states (after so many steps at the earliest): fine 4 (0)." in said["explore"].stdout
    assert "at the earliest" not in said["zones"].stdout
    assert "Premises reached, in runs of so many steps: fine 1." in said["zones"].stdout
