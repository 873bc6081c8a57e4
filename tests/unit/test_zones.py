"""The search by zones: the contract of every engine, and what is its own."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.contract import EngineContract, _bounded, _due_at_another_clock, _stopwatch
from tests.systems import KNOWN, Known, known
from tests.systems.results import lengths, outcomes, shipped

from udproof.cli.commands import program
from udproof.counterexamples.trace import Trace
from udproof.engines import zones
from udproof.engines.auto import agree
from udproof.engines.explore import Explore
from udproof.engines.limits import Stop
from udproof.engines.verdict import Limits, Outcome
from udproof.engines.zone_search import Search
from udproof.engines.zones import Zones
from udproof.language import (
    Bool,
    Clock,
    Enumeration,
    Index,
    Instance,
    Int,
    ModelError,
    System,
    Variable,
    action,
    count,
    deadline,
    each,
    exists,
    forall,
    implies,
    invariant,
    member,
    require,
)
from udproof.language.claims import TIME_CAN_PASS
from udproof.protocol import mutants

UNTIMED = [entry for entry in KNOWN if not entry.build().clocks]
TIMED = [entry for entry in KNOWN if entry.build().clocks]
DISCRETE = {  # states of the variables: by hand, or counted in ticks with clocks left out
    "light": (2, "off and on"),
    "light-even": (2, "off and on"),
    "stopwatch": (2, "pressed or not"),
    "timelock": (2, "idle, working"),
    "two-timers": (3, "none rung, the short one, both"),
    "fischer": (65, "counted in ticks, clocks left out"),
    "fischer-wrong-way-round": (152, "counted in ticks, clocks left out"),
}
# Stored zones and visited transitions under Extra-LU-plus with bounds by location and inclusion, breadth first. Those of three
# processes are published with TChecker (test/algos/tck-reach-fischer-async_3_10_covreach_bfs.out-expected); the others are what its
# tck-reach -a covreach -s bfs finds on the model that its examples/fischer-async.sh writes for so many processes and K = 10.
PUBLISHED = {2: (18, 26), 3: (65, 126), 4: (220, 552), 5: (727, 2290)}


class TestZones(EngineContract):
    engine = Zones()

    # Zones count states of the variables, and waits are no levels; so where there are clocks, other numbers are exact.

    @pytest.mark.parametrize("entry", UNTIMED, ids=lambda entry: entry.name)
    def test_counts_of_known_systems_are_exact(self, entry: Known) -> None:
        super().test_counts_of_known_systems_are_exact(entry)

    @pytest.mark.parametrize("entry", TIMED, ids=lambda entry: entry.name)
    @pytest.mark.parametrize("symmetry", [True, False])
    def test_states_of_the_variables_are_exact(self, entry: Known, symmetry: bool) -> None:
        result = self.verify(entry.build(), Limits(symmetry=symmetry))
        assert outcomes(result) == dict(entry.verdicts)
        assert result.figures.states == DISCRETE[entry.name][0]
        assert result.figures.frontier == 0

    def test_a_property_may_be_left_out(self) -> None:
        system = known("fischer").build()
        result = self.engine.verify(system, (system.named("alone"),), Limits())
        assert outcomes(result) == {"alone": "proved"}
        assert result.figures.states == DISCRETE["fischer"][0]

    @pytest.mark.parametrize("limits", [Limits(symmetry=False), Limits(jobs=2)], ids=["all-states", "two-workers"])
    @pytest.mark.parametrize("name", ["independent-bits", "lamps", "walk-3-3"])
    def test_an_option_changes_no_answer(self, name: str, limits: Limits) -> None:
        super().test_an_option_changes_no_answer(name, limits)

    def test_symmetry_changes_no_answer_where_there_are_clocks(self) -> None:
        system = known("fischer-wrong-way-round").build()
        for limits in (Limits(), Limits(symmetry=False)):
            result = self.verify(system, limits)
            assert lengths(result) == {"alone": 8}
            self._check_evidence(system, result)

    @pytest.mark.parametrize("bound", [Fraction(1, 2), Fraction(1, 3)], ids=["halves", "thirds"])
    def test_a_finer_tick_gives_no_other_verdict(self, bound: Fraction) -> None:
        for build in (lambda more: _stopwatch(more, 3), lambda more: _bounded(more, 3), _due_at_another_clock):
            coarse, fine = self.verify(build(None)), self.verify(build(bound))
            assert outcomes(fine) == {**outcomes(coarse), "irrelevant": "proved"}

    test_a_finer_tick_gives_the_protocol_no_other_verdict = None  # zones have no tick

    # --- what is its own

    @pytest.mark.parametrize("factor", [1, 10, 1000])
    def test_a_wait_costs_one_state_however_long_it_is(self, factor: int) -> None:
        durations = {"write_within": Fraction(factor), "check_after": Fraction(2 * factor) + Fraction(1, 7)}
        system = known("fischer").build().at(Instance(durations=durations))
        result = self.verify(system)
        assert outcomes(result) == {"alone": "proved", "time-can-pass": "proved"}
        assert result.figures.states == DISCRETE["fischer"][0]
        assert result.figures.stored == self.verify(known("fischer").build()).figures.stored

    def test_the_default_fleet_is_proved(self) -> None:
        result = self.verify(shipped("default"))
        assert set(outcomes(result).values()) == {"proved"}
        assert all(result.fired.values()) or [act for act, times in result.fired.items() if not times] == ["reboot", "boot"]

    def test_time_is_held_up_between_ticks(self) -> None:
        """Begun at half a second, nothing can happen when the second is over: ticks cannot see it, zones do."""
        system = _due_at_another_clock(None)
        result = self.verify(system)
        assert outcomes(result)[TIME_CAN_PASS.name] == "violated"
        [trace] = [verdict.trace for verdict in result.verdicts if verdict.outcome is Outcome.VIOLATED]
        assert trace is not None
        assert trace.semantics.stuck(trace.last)
        assert trace.seconds(trace.steps[0].time) == Fraction(1, 2)
        assert trace.seconds(trace.steps[-1].time) == 1

    def test_strict_comparisons_decide(self) -> None:
        """Between more than one and less than two seconds there is room, and none between more than one and less than one."""
        for most, outcome in ((2, "violated"), (1, "proved")):
            result = self.verify(_window(most))
            assert outcomes(result)["shut"] == outcome
        [trace] = [verdict.trace for verdict in self.verify(_window(2)).verdicts if verdict.trace is not None]
        assert [trace.seconds(step.time) for step in trace.steps] == [Fraction(3, 2)] * 2

    def test_three_in_a_row_need_thirds_of_the_unit(self) -> None:
        """Presses within an open second, each later than the one before: the first instants in equal parts are quarters."""
        result = self.verify(_presses(3))
        [trace] = [verdict.trace for verdict in result.verdicts if verdict.trace is not None]
        assert [trace.seconds(step.time) for step in trace.steps if step.time][-1] == Fraction(3, 4)

    def test_a_clock_read_by_a_count_and_by_an_update(self) -> None:
        result = self.verify(_read_everywhere())
        assert outcomes(result) == {"both-late": "violated", "told-right": "proved", "time-can-pass": "proved"}
        assert lengths(result) == {"both-late": 2}

    @pytest.mark.parametrize(("size", "published"), PUBLISHED.items())
    def test_fischers_zones_are_as_many_as_published(self, size: int, published: tuple[int, int]) -> None:
        system = _fischer_of_tchecker(size)
        result = self.engine.verify(system, (system.named("alone"),), Limits(symmetry=False))
        assert outcomes(result) == {"alone": "proved"}
        assert (result.figures.stored, result.figures.transitions) == published

    # --- a run of the least time

    def test_the_soonest_run_need_not_be_the_shortest(self) -> None:
        """Two steps after a wait of 5 s, or four at once; and, where the button sticks, the fourth just after 1 s."""
        for sticks, steps, seconds in ((False, 3, Fraction(0)), (True, 4, Fraction(3, 2))):
            system = _alarm(sticks)
            assert lengths(self.verify(system)) == {"quiet": 2}
            [verdict] = Zones("time").verify(system, (system.named("quiet"),), Limits()).verdicts
            assert verdict.trace is not None
            assert (len(verdict.trace.steps), verdict.trace.seconds(verdict.trace.steps[-1].time)) == (steps, seconds)
            assert "a soonest run that breaks it takes" in verdict.reason

    def test_the_soonest_overrun_of_a_pause_takes_the_pause_limit(self) -> None:
        """All that happens before the pause can happen at once."""
        [mutant] = [one for one in mutants.CORE if one.name == "PauseOverrun"]
        system = mutant.change(shipped(mutant.fleet))
        [verdict] = Zones("time").verify(system, (system.named(mutant.breaks),), Limits()).verdicts
        assert verdict.trace is not None
        assert verdict.trace.seconds(verdict.trace.steps[-1].time) == system.instance.durations["pause_limit"]

    def test_time_is_held_up_soonest(self) -> None:
        system = _due_at_another_clock(None)
        [verdict] = Zones("time").verify(system, (TIME_CAN_PASS,), Limits()).verdicts
        assert verdict.trace is not None
        assert verdict.trace.seconds(verdict.trace.steps[-1].time) == 1

    def test_a_limit_leaves_the_soonest_run_so_far(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*_: object) -> Iterator[Trace]:
            yield from ()
            raise Stop("the time limit of 1 s was reached")

        monkeypatch.setattr(zones, "sooner", interrupted)
        system = _alarm(False)
        [verdict] = Zones("time").verify(system, (system.named("quiet"),), Limits()).verdicts
        assert verdict.outcome is Outcome.VIOLATED
        assert "the search for a sooner one ended: the time limit of 1 s was reached" in verdict.reason

    def test_a_limit_leaves_a_run_that_is_not_called_a_shortest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is broken at the start, and after a wait, which the search that decides sees first."""

        def cut_off(self: Search) -> Iterator[None]:
            if not self.eager:
                raise Stop("the time limit of 1 s was reached")
            yield from levels(self)

        levels = Search.levels
        monkeypatch.setattr(Search, "levels", cut_off)
        system = _broken_before_and_after()
        cut, whole = (engine.verify(system, (system.named("amid"),), Limits()) for engine in (Zones(), Explore()))
        [verdict] = cut.verdicts
        assert verdict.reason == (
            "a run that breaks it has 1 step; the search for a shorter one ended: the time limit of 1 s was reached"
        )
        assert not verdict.shortest
        assert lengths(whole) == {"amid": 0}
        agree([whole, cut])

    def test_the_command_finds_the_soonest_run(self, tmp_path: Path) -> None:
        asked = ["verify", "bad-placement", "--property", "one-domain-paused", "--minimum", "time", "--quiet"]
        for engine in ("zones", "auto"):
            told = CliRunner().invoke(program, [*asked, "--engine", engine])
            assert "a soonest run that breaks it takes 0 s" in told.output
        refused = CliRunner().invoke(program, asked)
        assert refused.exit_code == 2
        assert "--minimum time: engine explore finds runs of the fewest steps only" in refused.output

    def test_what_zones_cannot_say_is_refused(self) -> None:
        system = known("fischer").build()
        with pytest.raises(ModelError, match="checkpoints"):
            self.verify(system, Limits(checkpoints=Path("somewhere")))
        huge = system.at(Instance(durations={"write_within": Fraction(1, 1000), "check_after": Fraction(10**8)}))
        with pytest.raises(ModelError, match="common unit"):
            self.verify(huge)


def _window(most: int) -> System:
    """A door that opens after more than a second and before `most` seconds."""
    is_open = Variable("is_open", to=Bool, init=False)
    running = Clock("running")

    @action
    def open_() -> None:
        require(~is_open.value)
        require((running.value > 1) & (running.value < most))
        is_open.value = True

    @invariant()
    def shut() -> Bool:
        """It stays shut."""
        return ~is_open.value

    return System("window", (open_,), (shut,))


def _presses(times: int) -> System:
    """A button, pressed so many times within a second, each time after the last and none at its ends."""
    pressed = Variable("pressed", to=Int.between(0, times), init=0)
    total, last = Clock("total"), Clock("last")

    @action
    def press() -> None:
        require(pressed.value < times)
        require((last.value > 0) & (total.value < 1))
        pressed.value = pressed.value + 1
        last.value = 0

    @invariant()
    def not_all() -> Bool:
        """Not so many times."""
        return pressed.value < times

    return System("presses", (press,), (not_all,))


def _read_everywhere() -> System:
    """Two clocks, counted and written down: how many have reached 2 s, and whether the first one had when somebody looked."""

    class Hand(Index, size=2):
        pass

    told = Variable("told", to=Bool, init=False)
    looked = Variable("looked", to=Bool, init=False)
    since = Clock("since", Hand)

    @action
    def look() -> None:
        require(~looked.value)
        looked.value = True
        told.value = since["hand0"] >= 2

    @invariant()
    def both_late() -> Bool:
        """Never do both clocks read 2 s or more once somebody has looked: false after a wait and a look."""
        return ~(looked.value & (count(Hand, lambda h: since[h] >= 2) == 2))

    @invariant(premise=lambda: told.value)
    def told_right() -> Bool:
        """What was told is so."""
        return implies(told.value, exists(Hand, lambda h: since[h] >= 2))

    end = deadline("ends", during=lambda: ~looked.value, limit=lambda: since["hand1"] <= 5)
    return System("read-everywhere", (look,), (both_late, told_right), (end,))


def _fischer_of_tchecker(size: int) -> System:
    """Fischer's protocol as TChecker ships it: who waits and sees the variable free again starts over."""

    class Process(Index, size=size):
        pass

    class At(Enumeration):
        start = member()
        req = member()
        wait = member()
        cs = member()

    at = Variable("at", Process, to=At, init=At.start)
    mine = Variable("mine", Process, to=Bool, init=False)
    x = Clock("x", Process, during=lambda p: at[p].among(At.req, At.wait))

    @action(by="p")
    def see(p: Process) -> None:
        require(at[p] == At.start)
        require(forall(Process, lambda q: ~mine[q]))
        at[p] = At.req

    @action(by="p")
    def write(p: Process) -> None:
        require(at[p] == At.req)
        require(x[p] <= 10)
        at[p] = At.wait
        x[p] = 0
        for q in each(Process):
            mine[q] = q == p

    @action(by="p")
    def see_again(p: Process) -> None:
        require(at[p] == At.wait)
        require(forall(Process, lambda q: ~mine[q]))
        at[p] = At.req
        x[p] = 0

    @action(by="p")
    def enter(p: Process) -> None:
        require(at[p] == At.wait)
        require((x[p] > 10) & mine[p])
        at[p] = At.cs

    @action(by="p")
    def leave(p: Process) -> None:
        require(at[p] == At.cs)
        at[p] = At.start
        for q in each(Process):
            mine[q] = False

    @invariant(premise=lambda p, q: at[p] == At.cs)
    def alone(p: Process, q: Process) -> Bool:
        """No two are in the critical section together."""
        return implies((p != q) & (at[p] == At.cs), at[q] != At.cs)

    due = deadline("written", Process, during=lambda p: at[p] == At.req, limit=lambda p: x[p] <= 10)
    return System("fischer-of-tchecker", (see, write, see_again, enter, leave), (alone,), (due,))


def _broken_before_and_after() -> System:
    """Of a clock that only runs, something is said that holds between 1 s and 3 s."""
    rung, since = Variable("rung", to=Bool, init=False), Clock("since")

    @action
    def ring() -> None:
        require(since.value >= 2)
        rung.value = True

    @invariant()
    def amid() -> Bool:
        """It is neither early nor late."""
        return ~(since.value >= 3) & ~(since.value <= 1)

    return System("stretch", (ring,), (amid,))


def _alarm(sticks: bool) -> System:
    """An alarm that goes off after 5 s, or when a button is pressed for the third time, which sticks for more than 1 s or not."""
    pressed = Variable("pressed", to=Int.between(0, 3), init=0)
    rings = Variable("rings", to=Bool, init=False)
    total = Clock("total")

    @action
    def press() -> None:
        require(pressed.value < 3)
        if sticks:
            require((pressed.value < 2) | (total.value > 1))
        pressed.value = pressed.value + 1
        rings.value = rings.value | (pressed.value == 2)

    @action
    def go_off() -> None:
        require(total.value >= 5)
        rings.value = True

    @invariant()
    def quiet() -> Bool:
        """It does not ring."""
        return ~rings.value

    return System("alarm", (press, go_off), (quiet,))
