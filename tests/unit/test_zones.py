"""The search by zones: the contract of every engine, and what is its own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.contract import EngineContract, _bounded, _due_at_another_clock, _stopwatch
from tests.systems import KNOWN, Known, known
from tests.systems.results import lengths, outcomes, shipped

from udproof.engines.verdict import Limits, Outcome
from udproof.engines.zones import Zones
from udproof.language import (
    Bool,
    Clock,
    Index,
    Instance,
    Int,
    ModelError,
    System,
    Variable,
    action,
    count,
    deadline,
    exists,
    implies,
    invariant,
    require,
)
from udproof.language.claims import TIME_CAN_PASS

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
