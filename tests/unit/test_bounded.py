"""Runs of a bounded length and k-induction: the contract of every engine, and what is their own."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
import z3
from tests.contract import EngineContract
from tests.systems import known, timed
from tests.systems.results import lengths, outcomes, shipped

from udproof.engines import bounded
from udproof.engines.bounded import Bounded, windows
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits, Outcome
from udproof.language import (
    ANYTHING,
    Bool,
    Clock,
    Int,
    ModelError,
    System,
    Variable,
    action,
    deadline,
    exists,
    implies,
    invariant,
    require,
)
from udproof.language.actions import Action
from udproof.language.semantics import Firing
from udproof.protocol import mutants
from udproof.protocol.mutant import Mutant
from udproof.protocol.placement import Step
from udproof.protocol.walk import Progress, progress

NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"
PLANTED = mutants.CORE if NIGHTLY else mutants.CORE[1::6]


class TestBounded(EngineContract):
    engine = Bounded(60 if NIGHTLY else 24)
    counts = False  # it visits no states: it says how many steps its runs have
    inductive = True
    decides = False  # what is neither broken nor inductive stays open
    largest = 50_000 if NIGHTLY else 300
    steady = ("fischer-wrong-way-round",)
    unclaimed = {
        "test_one_state_is_held_for_each_orbit": "no state is held",
        "test_the_protocol_is_proved_on_small_fleets": "the protocol is not inductive without lemmas; see below",
        "test_a_finer_tick_gives_the_protocol_no_other_verdict": "the protocol is not inductive without lemmas",
        "test_an_option_changes_no_answer": "neither symmetry nor workers mean anything to a solver",
    }

    def endless(self) -> System:
        return endless()

    def patient(self) -> Bounded:
        return Bounded(10_000)

    def test_a_bad_placement_is_found(self) -> None:
        system = shipped("bad-placement")
        result = Bounded(8).verify(system, system.checks, Limits())
        assert lengths(result) == {"one-domain-paused": 7, "event-in-one-domain": 1}
        assert set(outcomes(result).values()) == {"violated", "unknown"}
        self._check_evidence(system, result)

    @pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
    def test_every_planted_mutant_is_found(self, mutant: Mutant) -> None:
        super().test_every_planted_mutant_is_found(mutant)


def endless(bits: int = 10) -> System:
    """A property that no run breaks and no short induction shows: nothing counts below 50, but from there it would."""
    up = Variable("up", to=Int.between(0, 2), init=0)
    n = Variable("n", to=Int.between(0, 100), init=0)
    other = [Variable(f"bit{number}", to=Bool, init=False) for number in range(bits)]

    @action
    def go_up() -> None:
        require(up.value < 2)
        up.value = up.value + 1

    @action
    def count_up() -> None:
        require((n.value >= 50) & (n.value < 100))
        n.value = n.value + 1

    def flip(number: int) -> Action:
        def flipped() -> None:
            other[number].value = ~other[number].value

        flipped.__name__ = f"flip{number}"
        return action(flipped)

    @invariant()
    def real() -> Bool:
        """Never 90."""
        return n.value != 90

    @invariant()
    def low() -> Bool:
        """False after two steps."""
        return up.value < 2

    return System("endless", (go_up, count_up, *map(flip, range(bits))), (real, low))


# --- a walk from the notice to the end


@invariant(name="unfinished")
def unfinished() -> Bool:
    """False once every step is done."""
    return exists(Step, lambda d: progress[d] != Progress.done)


# On the lone VM's fleet: announce, wait for the notice, start, begin, wait, freeze, ... to the end of the recovery. Others are the
# numbers that visiting every state gives.
@pytest.mark.parametrize(("name", "steps"), [("lone-vm", 14), ("bad-placement", 20), *([("teaching", 38)] if NIGHTLY else [])])
def test_a_complete_maintenance_walk_is_within_reach(name: str, steps: int) -> None:
    system = replace(shipped(name), properties=(unfinished,))
    short = Bounded(steps - 1).verify(system, (unfinished,), Limits()).verdicts[0]
    assert short.outcome is Outcome.UNKNOWN
    assert f"every run of at most {steps - 1} steps" in short.reason
    [verdict] = Bounded(steps + 5).verify(system, (unfinished,), Limits()).verdicts
    assert verdict.trace is not None
    assert len(verdict.trace.steps) == steps
    assert {step.move.action.name for step in verdict.trace.steps if isinstance(step.move, Firing)} >= {
        "announce",
        "resume",
        "finish",
    }
    if NIGHTLY:
        assert lengths(Explore().verify(system, (unfinished,), Limits())) == {"unfinished": steps}


# --- what is said


def test_the_depth_is_in_the_verdict() -> None:
    system = known("walk-2-2").build()
    result = Bounded(10).verify(system, system.checks, Limits())
    assert outcomes(result) == {"one-domain": "unknown", "short": "proved", "unfinished": "unknown"}
    reasons = {verdict.property.name: verdict.reason for verdict in result.verdicts}
    assert reasons["one-domain"].startswith("it holds in every run of at most 10 steps; longer runs were not looked at")
    assert reasons["short"] == "by induction from 1 state; it holds in every run of at most 10 steps"
    assert result.stopped == "the depth of 10 steps was reached"
    assert not result.complete
    assert result.searched == "every run of at most 10 steps"


def test_more_states_in_a_row_prove_more() -> None:
    """From 50 on it counts to 90; what begins at 87 is three steps away, so four states in a row exclude it."""
    n = Variable("n", to=Int.between(0, 100), init=0)

    def system(first: int) -> System:
        @action
        def count_up() -> None:
            require((n.value >= first) & (n.value < 100))
            n.value = n.value + 1

        @invariant()
        def real() -> Bool:
            """Never 90."""
            return n.value != 90

        return System("late", (count_up,), (real,))

    for first, states in ((90, 1), (89, 2), (87, 4)):
        [verdict] = Bounded(8).verify(system(first), system(first).checks, Limits()).verdicts
        assert (verdict.outcome, verdict.reason.split(";")[0]) == (
            Outcome.PROVED,
            f"by induction from {states} state{'s in a row' if states > 1 else ''}",
        )


def test_a_wait_is_one_step_however_long_it_is() -> None:
    for seconds in (3, 3_000_000):
        system = timed.light(seconds, seconds)
        assert lengths(Bounded(4).verify(system, system.checks, Limits())) == {"shorter": 2}


def test_a_wait_ends_where_a_deadline_is() -> None:
    """Due within 5 s: it rings at 5 s or never, and so never at 6."""
    rung = Variable("rung", to=Bool, init=False)
    since = Clock("since", during=lambda: ~rung.value)

    def system(at: int) -> System:
        @action
        def ring() -> None:
            require(since.value >= at)
            require(~rung.value)
            rung.value = True

        @invariant()
        def silent() -> Bool:
            """Until it rings."""
            return ~rung.value

        due = deadline("due", during=lambda: ~rung.value, limit=lambda: since.value <= 5)
        return System("bell", (ring,), (silent,), (due,))

    assert lengths(Bounded(6).verify(system(5), system(5).checks, Limits())) == {"silent": 2}
    late = Bounded(6).verify(system(6), system(6).checks, Limits())
    assert outcomes(late) == {"silent": "proved", "time-can-pass": "violated"}


@pytest.mark.parametrize("most", range(7, 11))
def test_clocks_that_start_together_stay_together_however_long_the_wait(most: int) -> None:
    """A wait is never longer than it takes all clocks to their ends, also where its bits could say more than the short one's."""
    short, long, apart = Clock("short"), Clock("long"), Variable("apart", to=Bool, init=False)

    @action
    def part() -> None:
        require(long.value >= most)
        require(short.value <= 1)
        apart.value = True

    @action
    def pause() -> None:
        require(short.value >= 2)
        require(long.value <= most - 1)
        apart.value = False

    @invariant()
    def together() -> Bool:
        """They read the same, as far as each counts."""
        return ~apart.value

    system = System("pair", (part, pause), (together,))
    assert outcomes(Bounded(6).verify(system, system.checks, Limits())) == {"together": "proved"}


# --- nothing becomes a proof that is none


@pytest.mark.parametrize("reason", ["timeout", "unknown", "canceled"])
def test_a_solver_that_gives_up_proves_nothing(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(z3.Solver, "check", lambda self, *assumptions: z3.unknown)
    monkeypatch.setattr(z3.Solver, "reason_unknown", lambda self: reason)
    for name in ("peterson", "fischer"):
        system = known(name).build()
        result = Bounded().verify(system, system.checks, Limits())
        assert set(outcomes(result).values()) == {"unknown"}
        assert result.stopped == f"the solver gave no answer ({reason})"


def test_an_induction_that_takes_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "_EFFORT", 1)
    system = known("fischer").build()
    result = Bounded(8).verify(system, system.checks, Limits())
    assert outcomes(result)["alone"] == "unknown"


def test_nothing_is_proved_of_a_model_whose_integers_may_overflow_later() -> None:
    """It overflows after 40 steps: a search finds that out, and runs of 10 steps do not."""
    n = Variable("n", to=Int.between(0, 40), init=0)

    @action
    def count_up() -> None:
        n.value = n.value + 1

    @invariant()
    def real() -> Bool:
        """Whatever it is."""
        return implies(n.value == 1, n.value <= 1)

    system = System("overflowing", (count_up,), (real,))
    [verdict] = Bounded(10).verify(system, (real,), Limits()).verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    with pytest.raises(ModelError, match=r"count_up sets n to 41"):
        Bounded(41).verify(system, (real,), Limits())


def test_numbers_are_within_their_ranges_where_nothing_sets_them() -> None:
    """Two numbers of 0..4 take three bits each, which could say 7: then their sum would be above 8."""
    a, b = (Variable(name, to=Int.between(0, 4), init=ANYTHING) for name in "ab")
    c = Variable("c", to=Int.between(-3, 3), init=ANYTHING)

    @action
    def move() -> None:
        require(a.value < 4)
        a.value = a.value + 1

    @invariant()
    def small() -> Bool:
        """True of what can be, and of nothing else."""
        return (a.value + b.value <= 8) & (a.value + c.value <= 7) & (c.value + c.value >= -6)

    @invariant()
    def smaller() -> Bool:
        """False at once."""
        return a.value + b.value <= 7

    system = System("ranges", (move,), (small, smaller))
    result = Bounded(4).verify(system, system.checks, Limits())
    assert (
        outcomes(result)
        == outcomes(Explore().verify(system, system.checks, Limits()))
        == {"small": "proved", "smaller": "violated"}
    )
    assert lengths(result) == {"smaller": 0}


def test_the_windows_end_at_the_depth() -> None:
    assert [list(windows(depth)) for depth in (1, 4, 9, 32, 33, 70)] == [
        [1],
        [4],
        [4, 8, 9],
        [4, 8, 12, 16, 24, 32],
        [4, 8, 12, 16, 24, 32, 33],
        [4, 8, 12, 16, 24, 32, 48, 64, 70],
    ]
