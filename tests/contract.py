"""What every engine promises: one test class, inherited in three lines.

    class TestExplore(EngineContract):
        engine = Explore()

The promises are those of `udproof.engines.verdict`. What is expected comes from the manifest of known systems and from the naive
search over the reference semantics (`tests.systems`), never from an engine.

Not every engine visits states, or decides everything. What one does not claim stands in its class: `counts`, `decides`, `refuses`,
and `unclaimed`, where each promise that is not made stands with the reason. No engine may claim less than this: what it says is
right, a violation comes with a shortest run that replays, and nothing is PROVED that is not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import pytest
from tests.systems import KNOWN, Known, known, search, timed, untimed
from tests.systems.results import lengths, outcomes, shipped, summary

from udproof.counterexamples.trace import run
from udproof.engines.verdict import Engine, Figures, Limits, Outcome, Result
from udproof.language import (
    Bool,
    Clock,
    Constant,
    Index,
    Int,
    ModelError,
    Property,
    System,
    Variable,
    action,
    count,
    deadline,
    each,
    implies,
    invariant,
    require,
)
from udproof.language.claims import TIME_CAN_PASS
from udproof.language.semantics import Semantics
from udproof.properties import CORE
from udproof.protocol import mutants
from udproof.protocol.host import in_stage
from udproof.protocol.mutant import Mutant
from udproof.protocol.placement import Host

SMALL_FLEETS = ("lone-vm", "teaching", "two-hosts", "two-sets", "fault-domains")
NAIVE = 1_000  # states that the naive search may visit here
WITH_VIOLATIONS = [entry for entry in KNOWN if entry.steps and entry.states <= NAIVE]
ROOT = Path(__file__).resolve().parents[1]

_SAME_AGAIN = """
import sys
sys.path[:0] = [{root!r}]
from tests.systems import known
from tests.systems.results import shipped, summary
from udproof.engines.verdict import Limits
from {module} import {name}
for name in {names!r}:
    system = shipped(name) if name == "bad-placement" else known(name).build()
    print(summary({name}().verify(system, system.checks, Limits())))
"""


def overflowing() -> System:
    """A counter that nobody stops at its top."""
    n = Variable("fuel_level", to=Int.between(0, 3), init=0)

    @action
    def pour() -> None:
        n.value = n.value + 1

    @invariant()
    def low() -> Bool:
        """Never above 3, which is all that fits."""
        return n.value <= 3

    return System("overflowing", (pour,), (low,))


def large(size: int = 40) -> System:
    """Many independent bits, no two of them interchangeable: more states than fit into any machine."""

    class Bit(Index, size=size):
        pass

    up = Variable("up", Bit, to=Bool, init=False)
    number = Constant("number", Bit, to=Int.between(0, size), values=lambda b: b)  # tells each from the others

    @action(by="b")
    def flip(b: Bit) -> None:
        require(number[b] < size)
        up[b] = ~up[b]

    @invariant(premise=lambda b: up[b])
    def real(b: Bit) -> Bool:
        """A bit is up or not."""
        return up[b] | ~up[b]

    @invariant()
    def low() -> Bool:
        """False after two steps."""
        return count(Bit, lambda b: up[b]) <= 1

    return System("large", (flip,), (real, low))


# A mutant takes some half a second. Those of the parts beyond the core are searched with runs by hand beside them, in another test.
NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"
PLANTED = mutants.ALL if NIGHTLY else mutants.CORE
LONG = (  # for engines that look for proofs, which takes them a second for the smallest system
    "test_a_bad_placement_is_found",
    "test_a_finer_tick_gives_no_other_verdict",
    "test_a_finer_tick_gives_no_other_verdict_on_timelocks",
    "test_a_finer_tick_gives_the_protocol_no_other_verdict",
    "test_an_element_that_a_deadline_names_is_not_exchanged",
    "test_an_option_changes_no_answer",
    "test_generous_limits_change_nothing",
    "test_one_state_is_held_for_each_orbit",
    "test_results_do_not_depend_on_how_python_hashes",
    "test_stopping_at_the_first_proves_where_nothing_is_violated",
    "test_the_same_run_gives_the_same_result",
)


class EngineContract:
    """The tests. A subclass sets `engine`, of a class that is made without arguments."""

    engine: ClassVar[Engine]
    counts: ClassVar[bool] = True  # does it visit every state, level by level, and count?
    inductive: ClassVar[bool] = False  # may it prove something without having visited every state?
    decides: ClassVar[bool] = True  # does it decide all that is not violated? Else it may be UNKNOWN, and never anything wrong
    largest: ClassVar[int] = 10**9  # states of the known systems that are not too many for a test of it
    steady: ClassVar[tuple[str, ...]] = ("fischer-wrong-way-round", "bad-placement")  # which must be the same again
    unclaimed: ClassVar[Mapping[str, str]] = {}  # the names of tests of promises that it does not make, each with the reason
    long: ClassVar[tuple[str, ...]] = ()  # the names of tests that take it so long that they are for the nightly profile

    def __init_subclass__(cls) -> None:
        assert all(hasattr(EngineContract, name) for name in (*cls.unclaimed, *cls.long))

    @pytest.fixture(autouse=True)
    def _claimed(self, request: pytest.FixtureRequest) -> None:
        """What is not claimed is told as skipped, with the reason."""
        if reason := self.unclaimed.get(request.function.__name__):
            pytest.skip(f"not claimed: {reason}")
        if request.function.__name__ in self.long and not NIGHTLY:
            pytest.skip("asked in the nightly profile, since it takes long")
        entry = request.node.callspec.params.get("entry") if hasattr(request.node, "callspec") else None
        if entry is not None and entry.states > self.largest:
            pytest.skip(f"not claimed: {entry.states} states are too many here")

    def verify(self, system: System, limits: Limits | None = None) -> Result:
        """All checks of the system. What is declared to be refused must be refused, with the reason; then the test is over."""
        if self.refuses(system):
            with pytest.raises(ModelError, match=r"cannot be tried for .*: .+"):
                self.engine.verify(system, system.checks, limits or Limits())
            pytest.skip(f"not claimed: {system.name} is refused, with the reason")
        return self.engine.verify(system, system.checks, limits or Limits())

    def refuses(self, system: System) -> bool:
        """Is the system declared to be outside what the engine is for?"""
        return False

    def endless(self) -> System:
        """A system that `patient` cannot be done with, with `real`, which is true, and `low`, which breaks in two steps."""
        return large()

    def patient(self) -> Engine:
        """The engine, without a bound of its own that would end the work before a limit does."""
        return self.engine

    def _endlessly(self, limits: Limits) -> Result:
        system = self.endless()
        return self.patient().verify(system, system.checks, limits)

    def check_outcomes(self, result: Result, expected: Mapping[str, str]) -> None:
        """The verdicts are these; UNKNOWN may stand for one that is no violation where the engine does not decide everything."""
        found = outcomes(result)
        assert found.keys() == expected.keys()
        for name, outcome in expected.items():
            may = {outcome} if self.decides or outcome == "violated" else {outcome, "unknown"}
            assert found[name] in may, (name, found[name], outcome)

    # --- exact counts, verdicts and shortest traces

    @pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)
    def test_counts_of_known_systems_are_exact(self, entry: Known) -> None:
        result = self.verify(entry.build())
        self.check_outcomes(result, entry.verdicts)
        if self.counts:
            assert result.complete
            assert result.stopped is None
            assert (result.figures.states, result.figures.depth) == (entry.states, entry.depth)
            assert result.figures.frontier == 0

    @pytest.mark.parametrize("entry", WITH_VIOLATIONS, ids=lambda entry: entry.name)
    def test_the_trace_of_a_violation_is_a_shortest_one(self, entry: Known) -> None:
        system = entry.build()
        assert lengths(self.verify(system)) == search(system, limit=NAIVE).violated

    @pytest.mark.parametrize("entry", [entry for entry in KNOWN if entry.steps], ids=lambda entry: entry.name)
    def test_every_trace_replays_and_ends_in_a_broken_property(self, entry: Known) -> None:
        system = entry.build()
        self._check_evidence(system, self.verify(system))

    def _check_evidence(self, system: System, result: Result) -> None:
        semantics = Semantics(system)  # made anew: nothing of the engine's is believed
        for verdict in result.verdicts:
            scope = verdict.scope or result.scope
            if verdict.outcome is Outcome.VIOLATED:
                assert scope == "this fleet"
                assert verdict.trace is not None
                again = run(semantics, verdict.trace.start, [step.move for step in verdict.trace.steps])
                assert again.states == verdict.trace.states
                assert semantics.breaking(verdict.property, again.last) is not None
                assert all(semantics.breaking(verdict.property, state) is None for state in again.states[:-1])
            else:
                assert verdict.trace is None
            if verdict.outcome is Outcome.PROVED:
                assert verdict.witness is not None
                there = semantics if scope == "this fleet" else Semantics(verdict.witness.system)
                again = run(there, verdict.witness.start, [step.move for step in verdict.witness.steps])
                assert there.reaches(verdict.property, again.last) is not None
            assert verdict.reason

    def test_every_verdict_arises_when_it_must(self) -> None:
        result = self.verify(timed.timelock())
        self.check_outcomes(result, {"in-time": "proved", "after-five": "vacuous", "time-can-pass": "violated"})
        assert set(outcomes(self._endlessly(Limits(seconds=0))).values()) <= {"unknown", "violated"}

    def test_a_vacuous_property_is_not_proved_and_shows_no_witness(self) -> None:
        [verdict] = [one for one in self.verify(timed.timelock()).verdicts if one.property.name == "after-five"]
        assert verdict.outcome is Outcome.VACUOUS or (verdict.outcome is Outcome.UNKNOWN and not self.decides)
        assert verdict.witness is None

    def test_verdicts_come_in_the_order_asked_for(self) -> None:
        system = timed.timelock()
        asked = tuple(reversed(system.checks))
        told = self.engine.verify(system, asked, Limits()).verdicts
        assert [verdict.property.name for verdict in told] == [prop.name for prop in asked]

    def test_a_property_may_be_left_out(self) -> None:
        system = known("fischer").build()
        result = self.engine.verify(system, (system.named("alone"),), Limits())
        self.check_outcomes(result, {"alone": "proved"})
        if self.counts:
            assert result.figures.states == known("fischer").states

    def test_no_property_at_all_is_an_error(self) -> None:
        with pytest.raises(ModelError, match="property"):
            self.engine.verify(untimed.peterson(), (), Limits())

    def test_an_action_that_never_fires_has_count_zero(self) -> None:
        fired = self.verify(timed.timelock()).fired
        assert fired["begin"] > 0
        assert fired["finish"] == 0

    # --- limits

    @pytest.mark.parametrize("limits", [Limits(seconds=0), Limits(memory=1)], ids=["no-time", "no-memory"])
    @pytest.mark.parametrize("name", ["large", "peterson", "fischer"])
    def test_a_limit_leaves_unknown_and_never_proved(self, name: str, limits: Limits) -> None:
        result = self._endlessly(limits) if name == "large" else self.verify(known(name).build(), limits)
        assert not result.complete
        assert result.stopped
        assert not result.interrupted
        assert result.figures.frontier > 0 or result.figures.states == 0
        for verdict in result.verdicts:
            assert verdict.outcome in (Outcome.UNKNOWN, Outcome.VIOLATED)
            if verdict.outcome is Outcome.UNKNOWN:
                assert result.stopped in verdict.reason

    def test_the_time_limit_is_kept(self) -> None:
        result = self._endlessly(Limits(seconds=0.5))
        assert result.stopped is not None
        assert "time" in result.stopped
        assert result.figures.seconds < 5

    def test_generous_limits_change_nothing(self) -> None:
        result = self.verify(known("fischer").build(), Limits(seconds=600, memory=10**12))
        assert result.complete or not self.counts
        self.check_outcomes(result, {"alone": "proved", "time-can-pass": "proved"})

    def test_stopping_at_the_first_violation_leaves_the_rest_unknown(self) -> None:
        entry = known("independent-bits")
        result = self.verify(entry.build(), Limits(stop_at_first=True))
        assert outcomes(result) in [{"real": real, "some-down": "violated"} for real in ["unknown"] + ["proved"] * self.inductive]
        assert lengths(result) == {"some-down": 7}
        entry = known("wolf-goat-cabbage")
        assert lengths(self.verify(entry.build(), Limits(stop_at_first=True))) == {"unsolved": 7}

    def test_stopping_at_the_first_proves_where_nothing_is_violated(self) -> None:
        result = self.verify(known("fischer").build(), Limits(stop_at_first=True))
        self.check_outcomes(result, {"alone": "proved", "time-can-pass": "proved"})

    def test_what_was_violated_before_the_limit_stays_violated(self) -> None:
        result = self._endlessly(Limits(seconds=0.5))
        assert outcomes(result) == {"real": "unknown", "low": "violated"}

    def test_an_interrupted_run_says_so(self) -> None:
        def interrupt(figures: Figures) -> None:
            assert figures.states > 0 or not self.counts
            raise KeyboardInterrupt

        system = self.endless()
        result = self.patient().verify(system, system.checks, Limits(seconds=60), interrupt)
        assert result.interrupted
        assert not result.complete
        assert result.stopped
        assert outcomes(result)["real"] == "unknown"

    def test_progress_grows(self) -> None:
        seen: list[Figures] = []

        def tell(figures: Figures) -> None:
            seen.append(figures)
            if len(seen) == 3:
                raise KeyboardInterrupt

        system = self.endless()
        self.patient().verify(system, system.checks, Limits(seconds=20), tell)
        assert len(seen) == 3
        assert [figures.states for figures in seen] == sorted(figures.states for figures in seen)
        assert all(figures.seconds > 0 and figures.memory > 0 for figures in seen)

    # --- the protocol

    @pytest.mark.parametrize("name", SMALL_FLEETS)
    def test_the_protocol_is_proved_on_small_fleets(self, name: str) -> None:
        result = self.verify(shipped(name))
        self.check_outcomes(result, dict.fromkeys([*(prop.name for prop in CORE), "time-can-pass"], "proved"))
        if name == "teaching" and self.counts:
            assert [act for act, times in result.fired.items() if not times] == []

    def test_a_bad_placement_is_found(self) -> None:
        system = shipped("bad-placement")
        result = self.verify(system)
        wrong = ("one-domain-paused", "event-in-one-domain")
        self.check_outcomes(result, {prop.name: "violated" if prop.name in wrong else "proved" for prop in system.checks})
        self._check_evidence(system, result)

    @pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
    def test_every_planted_mutant_is_found(self, mutant: Mutant) -> None:
        system = mutant.change(shipped(mutant.fleet))
        result = self.engine.verify(system, (system.named(mutant.breaks),), Limits(seconds=300, stop_at_first=True))
        assert outcomes(result) == {mutant.breaks: "violated"}
        self._check_evidence(system, result)

    # --- the same again

    def test_the_same_run_gives_the_same_result(self) -> None:
        for name in self.steady:
            one, other = (shipped(name) if name == "bad-placement" else known(name).build() for _ in range(2))
            assert summary(self.verify(one)) == summary(self.verify(other))

    def test_results_do_not_depend_on_how_python_hashes(self) -> None:
        kind = type(self.engine)
        script = _SAME_AGAIN.format(root=str(ROOT), module=kind.__module__, name=kind.__name__, names=("peterson", *self.steady))
        path = os.pathsep.join(str(ROOT / part) for part in ("model", "properties", "counterexamples", "checker"))
        answers = set()
        for seed in ("0", "1"):
            environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
            made = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
            answers.add(made.stdout)
        assert len(answers) == 1
        assert "alone Outcome.VIOLATED" in answers.pop()

    # --- the model's own limits

    def test_an_integer_that_leaves_its_range_is_an_error_with_action_and_variable(self) -> None:
        with pytest.raises(ModelError, match=r"pour.*fuel_level.*4.*range"):
            self.verify(overflowing())

    def test_a_deadlock_without_clocks_is_no_timelock(self) -> None:
        system = untimed.philosophers(3)
        assert "time-can-pass" not in {prop.name for prop in system.checks}
        self.check_outcomes(self.verify(system), {"fork-once": "proved", "somebody-free": "violated"})
        result = self.engine.verify(system, (TIME_CAN_PASS,), Limits())
        self.check_outcomes(result, {"time-can-pass": "proved"})

    def test_a_deadlock_in_which_time_can_pass_is_no_timelock(self) -> None:
        self.check_outcomes(self.verify(timed.stopwatch(4)), {"not-early": "proved", "unpressed": "violated"})

    def test_a_large_count_is_no_trouble(self) -> None:
        result = self.verify(_one_of_many())
        self.check_outcomes(result, {"few": "proved"})
        assert result.figures.states == 2 or not self.counts

    # --- options that may change how long it takes, and nothing else

    @pytest.mark.parametrize("limits", [Limits(symmetry=False), Limits(jobs=2)], ids=["all-states", "two-workers"])
    @pytest.mark.parametrize("name", ["independent-bits", "lamps", "fischer-wrong-way-round", "walk-3-3"])
    def test_an_option_changes_no_answer(self, name: str, limits: Limits) -> None:
        entry = known(name)
        system = entry.build()
        result = self.verify(system, limits)
        self.check_outcomes(result, entry.verdicts)
        assert lengths(result) == dict(entry.steps)
        if self.counts:
            assert (result.figures.states, result.figures.depth) == (entry.states, entry.depth)
        self._check_evidence(system, result)

    @pytest.mark.parametrize("name", ["walk-2-2", "walk-3-3", "walk-5-2", "walk-2-4"])
    def test_one_state_is_held_for_each_orbit(self, name: str) -> None:
        assert self.verify(known(name).build()).figures.stored == known(name).orbits

    def test_an_element_that_a_deadline_names_is_not_exchanged(self) -> None:
        system = _named_in_a_deadline()
        assert search(system).violated["short"] == 2
        assert outcomes(self.verify(system))["short"] == "violated"

    # --- soundness: finer ticks

    @pytest.mark.parametrize("bound", [Fraction(1, 2), Fraction(1, 3)], ids=["halves", "thirds"])
    def test_a_finer_tick_gives_no_other_verdict(self, bound: Fraction) -> None:
        for build in (lambda more: _stopwatch(more, 3), lambda more: _bounded(more, 3), _due_at_another_clock):
            coarse, fine = self.verify(build(None)), self.verify(build(bound))
            assert fine.figures.states > coarse.figures.states or not self.counts
            self._compare(outcomes(coarse), outcomes(fine))

    @pytest.mark.parametrize("name", ["lone-vm", "bad-placement", "teaching"])
    def test_a_finer_tick_gives_the_protocol_no_other_verdict(self, name: str) -> None:
        @invariant(name="irrelevant")
        def halves(h: Host) -> Bool:
            """True; compares with half of the tick of 5 s."""
            return implies(in_stage[h] >= Fraction(5, 2), in_stage[h] >= Fraction(5, 2))

        system = shipped(name)
        coarse, fine = self.verify(system), self.verify(replace(system, properties=(*system.properties, halves)))
        assert fine.figures.states > coarse.figures.states or not self.counts
        self.check_outcomes(fine, {**outcomes(coarse), "irrelevant": "proved"})

    @pytest.mark.parametrize(
        "build", [lambda more: _overdue(more), lambda more: _due_at_a_computed_clock(more)], ids=["overdue", "computed"]
    )
    def test_a_finer_tick_gives_no_other_verdict_on_timelocks(self, build: Callable[[Fraction | None], System]) -> None:
        self._compare(outcomes(self.verify(build(None))), outcomes(self.verify(build(Fraction(1, 2)))))

    def _compare(self, coarse: dict[str, str], fine: dict[str, str]) -> None:
        for name, outcome in coarse.items():
            open_here = name == TIME_CAN_PASS.name or not self.decides
            same = fine[name] == outcome or (open_here and outcome == "unknown")
            assert same or (not self.decides and fine[name] == "unknown" and outcome != "violated"), (name, outcome, fine[name])

    def test_a_property_of_another_system_is_refused_or_right(self) -> None:
        pressed = Variable("pressed", to=Bool, init=False)
        running = Clock("running")

        @action
        def press() -> None:
            require(running.value >= 1)
            pressed.value = True

        @invariant(premise=lambda: pressed.value)
        def own() -> Bool:
            """True: it is pressed after a second."""
            return implies(pressed.value, running.value >= 1)

        @invariant()
        def foreign() -> Bool:
            """False: the clock goes on for ever."""
            return running.value <= 5

        system = System("foreign", (press,), (own,))
        try:
            result = self.engine.verify(system, (foreign,), Limits())
        except (ModelError, KeyError, ValueError):
            return
        assert outcomes(result) == {"foreign": "violated"}


# --- systems of the tests above


def _one_of_many() -> System:
    class Big(Index, size=120):
        pass

    big = Variable("big", Big, to=Bool, init=False)

    @action
    def once() -> None:
        require(~big["big0"])
        big["big0"] = True

    @invariant(premise=lambda: big["big0"])
    def few() -> Bool:
        """One at most."""
        return count(Big, lambda b: big[b]) <= 1

    return System("one-of-many", (once,), (few,))


def _named_in_a_deadline() -> System:
    """The second worker's 3 s hold time up, whoever works; so the first, and only the first, can be at it for more than 4 s."""

    class Worker(Index, size=2):
        pass

    busy = Variable("busy", Worker, to=Bool, init=False)
    used = Variable("used", to=Bool, init=False)
    since = Clock("since", Worker, during=lambda w: busy[w])

    @action(by="w")
    def work(w: Worker) -> None:
        require(~used.value)
        busy[w] = True
        used.value = True

    @action(by="w")
    def rest(w: Worker) -> None:
        require(busy[w])
        busy[w] = False

    @invariant(premise=lambda w: busy[w])
    def short(w: Worker) -> Bool:
        """Nobody is at it for more than 4 s: false of the first."""
        return since[w] <= 4

    due = deadline("due", during=lambda: used.value, limit=lambda: since["worker1"] <= 3)
    return System("named-in-a-deadline", (work, rest), (short,), (due,))


def _finer(clock: Clock, bound: Fraction | None) -> tuple[Property, ...]:
    return () if bound is None else (timed.irrelevant(clock, bound),)


def _stopwatch(bound: Fraction | None, limit: int) -> System:
    """The button works from the limit on, and must have been pressed 2 s later: one strict comparison decides."""
    pressed = Variable("pressed", to=Bool, init=False)
    running = Clock("running")

    @action
    def press() -> None:
        require(~pressed.value)
        require(running.value >= limit)
        pressed.value = True

    @invariant(premise=lambda: pressed.value)
    def not_early() -> Bool:
        """Not before the limit."""
        return implies(pressed.value, running.value >= limit)

    @invariant()
    def at_the_limit() -> Bool:
        """Pressed exactly at the limit, or later: it may be later."""
        return implies(pressed.value, running.value <= limit)

    end = deadline("pressed", during=lambda: ~pressed.value, limit=lambda: running.value <= limit + 2)
    return System("stopwatch", (press,), (not_early, at_the_limit, *_finer(running, bound)), (end,))


def _bounded(bound: Fraction | None, size: int) -> System:
    """Some workers, each at it for 1 to 3 s, over the same whistle."""

    class Worker(Index, size=size):
        pass

    at_it = Variable("at_it", Worker, to=Bool, init=False)
    over = Variable("over", Worker, to=Bool, init=False)
    since = Clock("since", Worker, during=lambda w: at_it[w])
    total = Clock("total")

    @action(by="w")
    def begin(w: Worker) -> None:
        require(~at_it[w] & ~over[w])
        at_it[w] = True

    @action(by="w")
    def end(w: Worker) -> None:
        require(at_it[w])
        require(since[w] >= 1)
        at_it[w] = False
        over[w] = True

    @action
    def whistle() -> None:
        require(total.value >= 2)
        for w in each(Worker):
            over[w] = True

    @invariant(premise=lambda w: at_it[w])
    def short(w: Worker) -> Bool:
        """Nobody is at it for more than 3 s."""
        return since[w] <= 3

    @invariant()
    def shorter(w: Worker) -> Bool:
        """Nobody is at it for more than 2 s: false."""
        return since[w] <= 2

    due = deadline("ends", Worker, during=lambda w: at_it[w], limit=lambda w: since[w] <= 3)
    return System("workers", (begin, end, whistle), (short, shorter, *_finer(total, bound)), (due,))


def _due_at_another_clock(bound: Fraction | None) -> System:
    """Begun at half a second, nothing can happen when the second is over: neither early nor late enough."""
    begun = Variable("begun", to=Bool, init=False)
    done = Variable("done", to=Bool, init=False)
    total = Clock("total", during=lambda: ~done.value)
    since = Clock("since", during=lambda: begun.value & ~done.value)

    @action
    def start() -> None:
        require(~begun.value & ~done.value)
        begun.value = True

    @action
    def finish_late() -> None:
        require(begun.value & ~done.value)
        require(since.value >= 1)
        done.value = True

    @action
    def finish_early() -> None:
        require(begun.value & ~done.value)
        require(since.value <= 0)
        done.value = True

    @invariant(premise=lambda: done.value)
    def begun_first() -> Bool:
        """What is done was begun."""
        return implies(done.value, begun.value)

    end = deadline("end", during=lambda: ~done.value, limit=lambda: total.value <= 1)
    return System("another-clock", (start, finish_late, finish_early), (begun_first, *_finer(total, bound)), (end,))


def _due_at_a_computed_clock(bound: Fraction | None) -> System:
    """As before, but which clock is due is the value of a variable: of two clocks of one name, only one is."""

    class Hand(Index, size=2):
        pass

    whose = Variable("whose", to=Hand, init="hand1")
    begun = Variable("begun", to=Bool, init=False)
    done = Variable("done", to=Bool, init=False)
    extra = Clock("extra")
    since = Clock("since", Hand, during=lambda p: ~done.value & ((p == "hand1") | begun.value))

    @action
    def start() -> None:
        require(~begun.value & ~done.value)
        begun.value = True

    @action
    def finish_late() -> None:
        require(begun.value & ~done.value)
        require(since["hand0"] >= 1)
        done.value = True

    @action
    def finish_early() -> None:
        require(begun.value & ~done.value)
        require(since["hand0"] <= 0)
        done.value = True

    @invariant(premise=lambda: done.value)
    def begun_first() -> Bool:
        """What is done was begun."""
        return implies(done.value, begun.value)

    end = deadline("end", during=lambda: ~done.value, limit=lambda: since[whose.value] <= 1)
    return System("computed-clock", (start, finish_late, finish_early), (begun_first, *_finer(extra, bound)), (end,))


def _overdue(bound: Fraction | None) -> System:
    """A deadline that is switched on when its clock is past it: at 1.5 s neither "by 1 s" nor "from 2 s" holds."""
    on = Variable("on", to=Bool, init=False)
    done = Variable("done", to=Bool, init=False)
    running = Clock("running")

    @action
    def start() -> None:
        require(~on.value)
        on.value = True

    @action
    def early() -> None:
        require(on.value & ~done.value)
        require(running.value <= 1)
        done.value = True

    @action
    def late() -> None:
        require(on.value & ~done.value)
        require(running.value >= 2)
        done.value = True

    @invariant(premise=lambda: done.value)
    def on_first() -> Bool:
        """What is done was switched on."""
        return implies(done.value, on.value)

    end = deadline("end", during=lambda: on.value & ~done.value, limit=lambda: running.value <= 1)
    return System("overdue", (start, early, late), (on_first, *_finer(running, bound)), (end,))
