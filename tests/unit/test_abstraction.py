"""Proofs on abstractions: the contract of every engine, and what is their own: what is kept, and that nothing wrong is proved."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.contract import EngineContract
from tests.systems.results import outcomes, shipped

from udproof.engines import localize
from udproof.engines.abstraction import Abstraction
from udproof.engines.explore import Explore
from udproof.engines.limits import Watch
from udproof.engines.localize import IN_RANGE, Lemma, Localized, closed, in_order, support, weakened
from udproof.engines.refinement import LARGE, Refinement
from udproof.engines.verdict import Limits, Outcome, Result
from udproof.language import (
    Bool,
    Clock,
    Index,
    Int,
    ModelError,
    Property,
    System,
    Variable,
    action,
    deadline,
    definition,
    each,
    exists,
    forall,
    implies,
    invariant,
    ite,
    require,
)
from udproof.language import expressions as ex
from udproof.language.claims import TIME_CAN_PASS
from udproof.language.semantics import OutOfRange, Semantics
from udproof.properties import of
from udproof.protocol import mutants
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.mutant import Mutant

NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"
PLANTED = mutants.ALL if NIGHTLY else mutants.CORE[2::9]
EVERYTHING = Path(__file__).parents[2] / "docs" / "examples" / "everything.toml"
# On small systems the first look is the exhaustive search, which is tested itself; so these are for the nights.
WHY = "the exhaustive search answers here, and has these tests itself"
LEFT = (
    "test_an_option_changes_no_answer",
    "test_results_do_not_depend_on_how_python_hashes",
    "test_a_finer_tick_gives_the_protocol_no_other_verdict",
    "test_the_protocol_is_proved_on_small_fleets",
    "test_a_bad_placement_is_found",
)


class TestAbstraction(EngineContract):
    engine = Abstraction()
    counts = False  # it visits the states of abstractions; the first look at the system itself is another engine's
    largest = 10**9 if NIGHTLY else 2_000
    unclaimed = {
        "test_one_state_is_held_for_each_orbit": "no state of the system is held",
        **({} if NIGHTLY else dict.fromkeys(LEFT, WHY)),
    }

    @pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
    def test_every_planted_mutant_is_found(self, mutant: Mutant) -> None:
        super().test_every_planted_mutant_is_found(mutant)


# --- without a first look, so that abstractions must do everything


def blind(system: System, *names: str, seconds: float = 60) -> Result:
    """What abstractions alone say."""
    asked = tuple(system.named(name) for name in names) or system.properties
    return Abstraction(look=0).verify(system, asked, Limits(seconds=seconds))


def names(local: Localized) -> list[str]:
    return [symbol.name for symbol in in_order(local.system, local.visible)]


@pytest.mark.parametrize("mutant", mutants.ALL if NIGHTLY else mutants.CORE[::5], ids=lambda mutant: mutant.name)
def test_of_a_mutant_abstractions_prove_nothing_wrong(mutant: Mutant) -> None:
    system = mutant.change(shipped(mutant.fleet))
    [verdict] = blind(system, mutant.breaks, seconds=20).verdicts
    assert verdict.outcome in (Outcome.VIOLATED, Outcome.UNKNOWN)
    if verdict.trace is not None:
        assert verdict.trace.semantics.breaking(verdict.property, verdict.trace.last) is not None
        assert verdict.trace.system == system


@pytest.mark.parametrize("name", ["teaching"])
def test_abstractions_alone_prove_the_core_on_small_fleets(name: str) -> None:
    asked = () if NIGHTLY else ("pause-bounded", "eligible-only", "event-in-one-domain")
    result = blind(shipped(name), *asked)
    assert set(outcomes(result).values()) == {"proved"}
    [bounded] = [one for one in result.verdicts if one.property.name == "pause-bounded"]
    assert "keeps 4 of" in bounded.reason
    assert "(stage[host-0], run[web-0], in_stage[host-0], frozen_for[host-0])" in bounded.reason
    assert bounded.witness is not None
    assert bounded.witness.semantics.reaches(bounded.property, bounded.witness.last) is not None


# --- a system known by heart


class Job(Index, elements=("j0", "j1")):
    pass


stage = Variable("stage", Job, to=Int.between(0, 2), init=0)
approved = Variable("approved", Job, to=Bool, init=False)
noise = Variable("noise", Job, to=Int.between(0, 9), init=0)
waiting = Clock("waiting", Job, during=lambda j: stage[j] == 1)


@definition
def eager(j: Job) -> Bool:
    """Has it begun, or is there noise about it?"""
    return (stage[j] >= 1) | (noise[j] == 3)


@action(by="j")
def approve(j: Job) -> None:
    """Nobody minds."""
    approved[j] = True


@action(by="j")
def rustle(j: Job) -> None:
    """The noise of one grows with its own only."""
    require(noise[j] < 9, "there is room for noise")
    noise[j] = noise[j] + 1


@action(by="j")
def begin(j: Job) -> None:
    """It begins, if it was approved."""
    require(stage[j] == 0, "it has not begun")
    require(approved[j], "it is approved")
    require(forall(Job, lambda k: stage[k] != 1), "no other is at it")
    stage[j] = 1


@action(by="j")
def end(j: Job) -> None:
    """It takes two seconds."""
    require(stage[j] == 1, "it is at it")
    require(waiting[j] >= 2, "two seconds are over")
    stage[j] = 2


@invariant(premise=lambda: exists(Job, lambda k: stage[k] == 1))
def alone() -> Bool:
    """One job at a time."""
    return forall(Job, lambda j: forall(Job, lambda k: implies((stage[j] == 1) & (stage[k] == 1), j == k)))


@invariant(premise=lambda j: stage[j] >= 1)
def consented(j: Job) -> Bool:
    """Nothing begins that was not approved."""
    return implies(stage[j] >= 1, approved[j])


@invariant(premise=lambda j: stage[j] == 1)
def quick(j: Job) -> Bool:
    """Three seconds at the most."""
    return implies(stage[j] == 1, waiting[j] <= 3)


@invariant(premise=lambda j: stage[j] == 2)
def never_two(j: Job) -> Bool:
    """False: the second stage is reached."""
    return stage[j] != 2


def jobs(*extra: Property) -> System:
    due = deadline("due", Job, during=lambda j: (stage[j] == 1) & (noise[j] != 9), limit=lambda j: waiting[j] <= 3)
    return System("jobs", (approve, rustle, begin, end), (alone, consented, quick, never_two, *extra), (due,))


def symbols(*wanted: Variable | Clock) -> localize.Set:  # type: ignore[type-arg]
    return frozenset(one.symbol for one in wanted)


def test_what_is_kept_of_a_system_known_by_heart() -> None:
    system = jobs()
    local = Localized(system, closed(system, support(alone)))
    made = local.with_properties((alone,))
    assert names(local) == ["stage"]
    assert [act.name for act in made.actions] == ["begin", "end"]
    assert [[guard.label for guard in act.guards] for act in made.actions] == [
        ["it has not begun", "no other is at it"],
        ["it is at it"],
    ]
    assert local.hidden == {"approve", "rustle"}
    assert made.deadlines == ()
    assert made.clocks == ()
    # of two jobs at 0, 1 or 2, all but both at 1
    assert Explore().verify(made, made.properties, Limits()).figures.states == 8


def test_a_clock_brings_what_it_runs_by() -> None:
    system = jobs()
    assert [symbol.name for symbol in in_order(system, closed(system, support(quick)))] == ["stage", "waiting"]


def test_a_violation_is_followed_in_the_system_with_what_was_hidden() -> None:
    [verdict] = blind(jobs(), "never-two").verdicts
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.trace is not None
    moves = [getattr(getattr(step.move, "action", None), "name", "wait") for step in verdict.trace.steps]
    assert moves == ["approve", "begin", "wait", "end"]
    assert "there may be shorter ones" in verdict.reason or "a shortest run" in verdict.reason


def test_a_deadline_that_something_invisible_switches_off_binds_nobody() -> None:
    """The deadline does not bind at noise 9, which an abstraction without noise must allow at once: so quick is broken, truly."""
    system = jobs()
    local = Localized(system, closed(system, support(quick)))
    assert local.with_properties((quick,)).deadlines == ()
    [verdict] = blind(system, "quick").verdicts
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.trace is not None
    assert len([step for step in verdict.trace.steps if getattr(getattr(step.move, "action", None), "name", "") == "rustle"]) == 9


# --- weaker conditions


def test_a_condition_loses_what_is_invisible_and_no_more() -> None:
    j = approve.params[0]
    read = ex.Read(approved.symbol, (j,))
    low = ex.Eq(ex.Read(stage.symbol, (j,)), ex.Lit(0, ex.IntSort(0, 0)))
    seen = symbols(stage)
    assert weakened(ex.And((read, low)), seen) == low
    assert weakened(ex.Or((read, low)), seen) == ex.TRUE
    assert weakened(ex.Not(ex.Or((read, low))), seen) == ex.Not(low)
    assert weakened(ex.Not(ex.And((read, low))), seen) == ex.TRUE
    assert weakened(ex.And((read, low)), seen, up=False) == localize.FALSE
    assert weakened(ex.Or((read, low)), seen, up=False) == low
    assert weakened(ex.ForAll(j, ex.Or((ex.Not(low), read))), seen) == ex.TRUE
    assert weakened(ex.Ite(low, read, low, ex.BOOL), seen) == ex.Or((low, low))
    opened = weakened(ex.Not(ex.Read(eager.symbol, (j,))), seen)
    assert localize.reads(opened) == seen


def test_a_lemma_stands_in_for_what_is_invisible() -> None:
    j = approve.params[0]
    lemma = Lemma(approved.symbol, stage.symbol, ex.Lit(2, ex.IntSort(0, 2)), False)
    read = ex.Read(approved.symbol, (j,))
    seen = symbols(stage)
    assert weakened(read, seen, True, (lemma,)) == ex.Not(ex.Eq(ex.Read(stage.symbol, (j,)), ex.Lit(2, ex.IntSort(0, 2))))
    assert weakened(ex.Not(read), seen, True, (lemma,)) == ex.TRUE
    assert weakened(read, seen, False, (lemma,)) == localize.FALSE


def test_what_cannot_be_preserved_is_refused() -> None:
    system = jobs()
    local = Localized(system, symbols(stage))
    for prop in (TIME_CAN_PASS, consented):
        with pytest.raises(ModelError, match="not preserved"):
            local.with_properties((prop,))
    with pytest.raises(AssertionError, match="not closed"):
        Localized(system, symbols(waiting))


# --- an update that needs what it reads, integers, and initial values


def test_an_update_brings_what_it_reads() -> None:
    source = Variable("source", to=Int.between(0, 1), init=0)
    copy = Variable("copy", to=Int.between(0, 1), init=0)
    other = Variable("other", to=Bool, init=False)

    @action
    def take() -> None:
        require(other.value)
        copy.value = source.value

    @action
    def turn() -> None:
        other.value = ~other.value

    @invariant(premise=lambda: copy.value == 0)
    def low() -> Bool:
        """Never more than 0."""
        return copy.value == 0

    system = System("copies", (take, turn), (low,))
    assert [symbol.name for symbol in in_order(system, closed(system, support(low)))] == ["copy", "source"]
    assert outcomes(blind(system)) == {"low": "proved"}


def counter(stopped: bool) -> System:
    n = Variable("n", to=Int.between(0, 3), init=0)
    left = Variable("left", to=Int.between(0, 3), init=3)

    @action
    def count_up() -> None:
        if stopped:
            require(left.value > 0, "some are left")
        n.value = n.value + 1
        left.value = ite(left.value > 0, left.value - 1, 0)

    @invariant()
    def small() -> Bool:
        """At most 3, which is all that fits."""
        return n.value <= 3

    return System("counter", (count_up,), (small,))


def test_an_integer_that_leaves_its_range_in_the_abstraction_only_is_refined() -> None:
    system = counter(stopped=True)
    local = Localized(system, closed(system, support(system.named("small"))))
    assert names(local) == ["n"]
    result = Explore().verify(made := local.with_properties(system.properties), made.properties, Limits())
    assert outcomes(result)[IN_RANGE] == "violated"
    [verdict] = blind(system).verdicts
    assert verdict.outcome is Outcome.PROVED
    assert "keeps all 2 variables" in verdict.reason


def test_an_integer_that_leaves_its_range_in_the_system_is_an_error() -> None:
    with pytest.raises(OutOfRange, match="count_up sets n to 4"):
        blind(counter(stopped=False))


def test_a_premise_that_nothing_reaches_is_vacuous() -> None:
    @invariant(premise=lambda j: (stage[j] == 1) & (stage[j] == 2))
    def nothing(j: Job) -> Bool:
        """About a job in two stages."""
        return implies(stage[j] == 1, stage[j] != 2)

    assert outcomes(blind(jobs(nothing), "nothing")) == {"nothing": "vacuous"}


def test_a_lemma_is_found_where_what_it_follows_from_would_be_too_much() -> None:
    """Commands in flight come and go; that each was decided is enough to know."""
    decided = Variable("decided", Job, to=Bool, init=False)
    sent = Variable("sent", Job, to=Bool, init=False)
    done = Variable("done", Job, to=Bool, init=False)

    @action
    def decide(j: Job) -> None:
        require(forall(Job, lambda k: ~decided[k]))
        decided[j] = True

    @action
    def send(j: Job) -> None:
        require(decided[j])
        sent[j] = True

    @action
    def lose(j: Job) -> None:
        sent[j] = False

    @action
    def do(j: Job) -> None:
        require(sent[j])
        done[j] = True
        for k in each(Job, lambda k: k == j):
            sent[k] = False

    @invariant(premise=lambda j: done[j])
    def once(j: Job) -> Bool:
        """What is done was decided."""
        return implies(done[j], decided[j])

    system = System("commands", (decide, send, lose, do), (once,))
    refinement = Refinement(Semantics(system), Watch(Limits()))
    assert refinement.lemmas(sent.symbol) == (Lemma(sent.symbol, decided.symbol, ex.TRUE, True),)
    local = Localized(system, closed(system, support(once)), refinement.lemmas(sent.symbol))
    made = local.with_properties((once,))
    assert names(local) == ["decided", "done"]
    assert outcomes(Explore().verify(made, made.properties, Limits())) == {"once": "proved"}
    without = Localized(system, local.visible).with_properties((once,))
    assert outcomes(Explore().verify(without, without.properties, Limits())) == {"once": "violated"}


# --- everything at once


def everything() -> System:
    return protocol(fleet := read_fleet(EVERYTHING), of(fleet))


def test_with_every_part_what_needs_little_holds_on_a_fraction_of_the_variables() -> None:
    system = everything()
    refinement = Refinement(Semantics(system), Watch(Limits(seconds=100)))
    kept = {}
    for name in ("memory-preserved", "migration-bounded", "failure-told", *(["pause-bounded"] if NIGHTLY else [])):
        decided = refinement.decide(system.named(name), LARGE)
        assert decided is not None
        assert decided.holds
        kept[name] = set(names(decided.local))
    assert kept["memory-preserved"] == {"moved", "run", "stage", "memory"}
    assert kept["migration-bounded"] == {"switching", "moved", "switching_for"}
    assert kept["failure-told"] == {"moved", "run", "fallen", "failure_event"}
    if NIGHTLY:
        assert kept["pause-bounded"] > {"stage", "in_stage", "frozen_for", "hung", "hung_for"}


@pytest.mark.skipif(not NIGHTLY, reason="minutes")
def test_with_every_part_and_each_fault_once_every_promise_holds_but_one() -> None:
    """capacity-kept is not claimed where hosts fail or VMs fall ill."""
    system = everything()
    result = Abstraction().verify(system, system.properties, Limits(seconds=1_200, memory=8_000_000_000))
    assert outcomes(result) == {prop.name: "violated" if prop.name == "capacity-kept" else "proved" for prop in system.properties}


def test_a_run_is_a_shortest_only_if_the_one_it_follows_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zones whose search for a shorter run was cut off say of a run that it need not be a shortest."""
    lit = Variable("lit", to=Bool, init=False)

    @action
    def switch() -> None:
        lit.value = True

    @invariant()
    def dark() -> Bool:
        """It stays dark."""
        return ~lit.value

    def shortest() -> bool:
        semantics = Semantics(System("lamp", (switch,), (dark,)))
        decided = Refinement(semantics, Watch(Limits(), None)).decide(dark, LARGE)
        assert decided is not None and decided.trace is not None
        assert len(decided.trace.steps) == 1
        return decided.shortest

    assert shortest()
    plain = Explore.verify

    def cut_off(*arguments: Any) -> Result:
        result = plain(*arguments)
        return replace(result, verdicts=tuple(replace(one, shortest=False) for one in result.verdicts))

    monkeypatch.setattr(Explore, "verify", cut_off)
    assert not shortest()
