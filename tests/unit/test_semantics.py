"""The reference semantics on runs computed by hand: clocks that run during a condition, deadlines, ticks, strict comparisons."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.systems import search, timed

from udproof.counterexamples.trace import BadTrace, Wait, run
from udproof.language import (
    ANYTHING,
    Bool,
    Clock,
    Duration,
    Index,
    Instance,
    Int,
    ModelError,
    System,
    Variable,
    action,
    deadline,
    each,
    exists,
    forall,
    implies,
    invariant,
    require,
)
from udproof.language.semantics import Firing, Semantics, State


class Oven(Index, size=2):
    pass


hot = Variable("hot", Oven, to=Bool, init=False)
heating = Clock("heating", Oven, during=lambda o: hot[o])
total = Clock("total")


@action
def light(o: Oven) -> None:
    require(~hot[o], "cold")
    hot[o] = True


@action
def restart(o: Oven) -> None:
    require(hot[o], "hot")
    heating[o] = 0


@action
def put_out(o: Oven) -> None:
    require(hot[o], "hot")
    require(heating[o] >= 3, "long enough")
    hot[o] = False


@action
def exchange() -> None:
    for o in each(Oven):
        hot[o] = ~hot[o]


@invariant(premise=lambda o: total.value >= 4)
def bounded(o: Oven) -> Bool:
    """No oven is hot for more than 5 s."""
    return heating[o] <= 5


ovens = System(
    "ovens",
    (light, restart, put_out, exchange),
    (bounded,),
    (deadline("burns", Oven, during=lambda o: hot[o], limit=lambda o: heating[o] <= 5),),
)


def named(semantics: Semantics, name: str, *args: int) -> Firing:
    [firing] = [one for one in semantics.firings if one.action.name == name and one.args == args]
    return firing


class Run:
    """A run in words: `fire("light", 0)`, `wait(2)`; the state by name."""

    def __init__(self, system: System) -> None:
        self.semantics = Semantics(system)
        self.state = next(self.semantics.initial())

    def fire(self, name: str, *args: int) -> Run:
        firing = named(self.semantics, name, *args)
        assert not self.semantics.refused(self.state, firing)
        self.state = self.semantics.fire(self.state, firing)
        return self

    def refused(self, name: str, *args: int) -> list[str]:
        return [guard.label for guard in self.semantics.refused(self.state, named(self.semantics, name, *args))]

    def wait(self, ticks: int) -> Run:
        for _ in range(ticks):
            later = self.semantics.wait(self.state)
            assert later is not None
            self.state = later
        return self

    def __getitem__(self, name: str) -> int:
        [place] = [
            place
            for place, slot in enumerate(self.semantics.layout.slots)
            if f"{slot.symbol.name}{''.join(map(str, slot.args))}" == name
        ]
        return self.state[place]


# --- clocks


def test_a_clock_stands_at_zero_while_its_condition_is_false() -> None:
    assert Run(ovens).wait(3)["heating0"] == 0
    assert Run(ovens).wait(3)["total"] == 3


def test_a_clock_runs_from_when_its_condition_becomes_true() -> None:
    run_ = Run(ovens).wait(2).fire("light", 0).wait(3)
    assert (run_["heating0"], run_["heating1"], run_["total"]) == (3, 0, 4)  # total is read up to 4


def test_a_clock_falls_to_zero_when_its_condition_becomes_false() -> None:
    run_ = Run(ovens).fire("light", 0).wait(3).fire("put_out", 0)
    assert run_["heating0"] == 0
    assert run_.wait(2)["heating0"] == 0


def test_a_clock_starts_from_zero_each_time() -> None:
    run_ = Run(ovens).fire("light", 0).wait(4).fire("put_out", 0).wait(1).fire("light", 0)
    assert run_["heating0"] == 0
    assert run_.wait(1)["heating0"] == 1


def test_setting_a_clock_to_zero_starts_it_anew() -> None:
    run_ = Run(ovens).fire("light", 0).fire("light", 1).wait(4).fire("restart", 0)
    assert (run_["heating0"], run_["heating1"]) == (0, 4)


def test_a_condition_that_stays_true_through_an_action_keeps_its_clock() -> None:
    run_ = Run(ovens).fire("light", 0).wait(2).fire("light", 1)
    assert run_["heating0"] == 2


def test_conditions_that_change_places_change_clocks_at_once() -> None:
    run_ = Run(ovens).fire("light", 0).wait(2).fire("exchange")
    assert (run_["heating0"], run_["heating1"]) == (0, 0)
    assert (run_["hot0"], run_["hot1"]) == (0, 1)


def test_a_clock_saturates_beyond_its_largest_comparison() -> None:
    semantics = Semantics(ovens)
    caps = {clock.name: cap for clock, cap in semantics.time.caps.items()}
    assert caps == {"heating": 6, "total": 4}  # "<= 5" must tell 5 from more; ">= 4" need not tell 4 from more
    assert Run(ovens).wait(50)["total"] == 4


def test_waiting_changes_nothing_once_all_clocks_are_at_their_caps() -> None:
    semantics = Semantics(ovens)
    state = Run(ovens).wait(4).state
    assert semantics.wait(state) == state


# --- guards and deadlines


def test_guards_hold_from_their_instant_on() -> None:
    run_ = Run(ovens).fire("light", 0).wait(2)
    assert run_.refused("put_out", 0) == ["long enough"]
    assert run_.wait(1).refused("put_out", 0) == []


def test_every_guard_that_fails_is_named() -> None:
    assert Run(ovens).refused("put_out", 0) == ["hot", "long enough"]


def test_time_gets_as_far_as_a_deadline_and_no_further() -> None:
    run_ = Run(ovens).fire("light", 1).wait(5)
    assert run_.semantics.wait(run_.state) is None
    assert [(due.name, tuple(env.values())) for due, env in run_.semantics.blocked_by(run_.state)] == [("burns", (1,))]
    assert not run_.semantics.stuck(run_.state)
    assert run_.fire("put_out", 1).wait(1)["hot1"] == 0


def test_a_deadline_on_a_clock_at_rest_holds_nothing_up() -> None:
    never = Variable("never", to=Bool, init=False)
    resting = Clock("resting", during=lambda: never.value)

    @action
    def go() -> None:
        require(total.value >= 2)
        never.value = False

    due = deadline("due", during=lambda: ~never.value, limit=lambda: resting.value <= 1)
    semantics = Semantics(System("resting", (go,), (), (due,)))
    state = next(semantics.initial())
    for _ in range(5):
        later = semantics.wait(state)
        assert later is not None
        state = later
    assert run(semantics, next(semantics.initial()), [Wait(5)]).last == state


def test_two_deadlines_are_both_told() -> None:
    run_ = Run(ovens).fire("light", 0).fire("light", 1).wait(5)
    assert len(run_.semantics.blocked_by(run_.state)) == 2


def test_a_deadline_without_any_action_is_a_timelock() -> None:
    semantics = Semantics(timed.timelock())
    run_ = Run(timed.timelock()).fire("begin").wait(3)
    assert semantics.blocked_by(run_.state)
    assert semantics.stuck(run_.state)
    assert semantics.breaking(semantics.system.named("time-can-pass"), run_.state) == {}


def test_nothing_to_do_is_no_timelock_while_time_can_pass() -> None:
    run_ = Run(timed.stopwatch(4))
    assert not run_.semantics.enabled(run_.state)
    assert not run_.semantics.stuck(run_.state)


def test_a_trace_cannot_wait_beyond_a_deadline() -> None:
    semantics = Semantics(ovens)
    start = next(semantics.initial())
    lit = named(semantics, "light", 0)
    assert run(semantics, start, [lit, Wait(5)]).steps[-1].time == 5
    with pytest.raises(BadTrace, match=r"step 2: .*6 ticks; after 5 it is held by deadline burns\(oven0\)"):
        run(semantics, start, [lit, Wait(6)])
    with pytest.raises(BadTrace, match=r"step 1: .*cannot fire.*hot"):
        run(semantics, start, [named(semantics, "restart", 0)])
    with pytest.raises(BadTrace, match="at least one"):
        run(semantics, start, [Wait(0)])
    with pytest.raises(BadTrace, match="not an initial state"):
        run(semantics, tuple(1 for _ in start), [])


# --- ticks


def ticks(*bounds: object) -> Semantics:
    """A system that compares one clock with these."""
    rung = Variable("rung", to=Bool, init=False)

    @action
    def ring() -> None:
        for bound in bounds:
            require(total.value >= bound)  # type: ignore[operator]
        rung.value = True

    return Semantics(System("ticks", (ring,)))


@pytest.mark.parametrize(
    ("bounds", "unit", "cap"),
    [
        ([0.5, 0.75], Fraction(1, 4), 3),
        ([30, 1800], Fraction(30), 60),
        ([5, 15, 900], Fraction(5), 180),
        ([Fraction(1, 3), Fraction(1, 2)], Fraction(1, 6), 3),
        ([0.1, 0.25], Fraction(1, 20), 5),
        ([0, 7], Fraction(7), 1),
        ([0], Fraction(1), 0),
        ([Duration("nap", 4), 6], Fraction(2), 3),
    ],
)
def test_ticks_are_the_greatest_common_divisor(bounds: list[object], unit: Fraction, cap: int) -> None:
    semantics = ticks(*bounds)
    assert semantics.time.unit == unit
    assert list(semantics.time.caps.values()) == [cap]


def test_an_instance_gives_other_seconds() -> None:
    nap = Duration("nap", 4)
    semantics = ticks(nap, 6)
    again = Semantics(semantics.system.at(Instance(durations={"nap": Fraction(9)})))
    assert again.time.unit == 3
    assert again.time.ticks(nap.symbol) == 3


def test_without_clocks_a_tick_is_a_second() -> None:
    rung = Variable("rung", to=Bool, init=False)

    @action
    def ring() -> None:
        rung.value = True

    assert Semantics(System("untimed", (ring,))).time.unit == 1


def test_two_timers_ring_at_half_a_second_and_at_three_quarters() -> None:
    run_ = Run(timed.two_timers()).wait(2).fire("ring_short")
    assert run_["running1"] == 2
    assert run_.refused("ring_long") != []
    assert run_.wait(1).refused("ring_long") == []
    assert run_.semantics.wait(run_.state) is None


@pytest.mark.parametrize(("least", "most"), [(1, 1), (1, 4), (4, 6), (10, 15), (7, 9), (0, 3)])
def test_the_light_has_its_closed_form(least: int, most: int) -> None:
    found = search(timed.light(least, most))
    assert len(found.states) == timed.light_states(least, most)
    assert found.violated == {"shorter": 2}


# --- strict comparisons: refused where ticks could miss something, else exact


def claimed(body) -> Semantics:  # type: ignore[no-untyped-def]
    def claim() -> Bool:
        """x"""
        return body()

    return Semantics(System("ovens", (light, put_out), (invariant()(claim),), ovens.deadlines))


ALLOWED = {
    "less": lambda: heating["oven0"] < 5,
    "at most": lambda: heating["oven0"] <= 5,
    "at least": lambda: heating["oven0"] >= 0,
    "one, if": lambda: implies(hot["oven0"], heating["oven0"] <= 3),
    "for all": lambda: forall(Oven, lambda o: heating[o] <= 3),
    "both closed": lambda: implies(heating["oven0"] >= 2, heating["oven1"] < 3),
    "one of each": lambda: implies(heating["oven0"] >= 2, heating["oven1"] <= 3),
    "or of formulas": lambda: (heating["oven0"] <= 3) | hot["oven1"],
    "and": lambda: (heating["oven0"] <= 3) & (heating["oven1"] <= 3),
}
REFUSED = {
    "or": lambda: (heating["oven0"] <= 3) | (heating["oven1"] <= 3),
    "exists": lambda: exists(Oven, lambda o: heating[o] <= 3),
    "between": lambda: ~((heating["oven0"] > 2) & (heating["oven0"] < 3)),
    "not equal": lambda: heating["oven0"] == 3,
    "iff": lambda: (heating["oven0"] >= 3) == hot["oven0"],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_property_with_one_strict_comparison_is_taken(name: str) -> None:
    assert claimed(ALLOWED[name]).time.unit in (1, 2, 3, 5)


def test_the_one_with_equality_is_a_disjunction_where_it_is_false() -> None:
    """`clock == 3` is false below or above 3: one strict comparison at a time, which ticks can keep."""
    assert claimed(REFUSED["not equal"]).time.unit == 1


@pytest.mark.parametrize("name", sorted(REFUSED.keys() - {"not equal"}))
def test_a_property_with_two_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="more than one strict comparison"):
        claimed(REFUSED[name])


def test_a_strict_limit_is_told_from_a_closed_one() -> None:
    run_ = Run(ovens).fire("light", 0).wait(5)
    below, at_most = claimed(ALLOWED["less"]), claimed(ALLOWED["at most"])
    state = _same_state(run_, below)
    assert below.breaking(below.system.properties[0], state) is not None
    assert at_most.breaking(at_most.system.properties[0], _same_state(run_, at_most)) is None


def _same_state(run_: Run, semantics: Semantics) -> State:
    """The run's state in another system with some of its slots, in ticks of that system."""
    scale = semantics.time.unit / run_.semantics.time.unit
    found = []
    for slot in semantics.layout.slots:
        value = run_[f"{slot.symbol.name}{''.join(map(str, slot.args))}"]
        found.append(value if slot.symbol.name == "hot" else int(value / scale))
    return tuple(found)


# --- states


def test_every_initial_state_is_given_once_and_in_order() -> None:
    free = Variable("free", Oven, to=Int.between(1, 3), init=ANYTHING)
    still = Variable("still", to=Bool, init=True)

    @action
    def go(o: Oven) -> None:
        require(still.value)
        free[o] = 1

    states = list(Semantics(System("free", (go,))).initial())
    assert sorted(states) == states
    assert len(set(states)) == 9


def test_a_system_that_lacks_something_cannot_be_run() -> None:
    class Open(Index):
        pass

    free = Variable("free", Open, to=Bool, init=False)
    nap = Duration("nap")

    @action
    def go(o: Open) -> None:
        require(total.value >= nap)
        free[o] = True

    system = System("open", (go,))
    assert system.missing == ("elements of sort Open", "seconds of nap")
    with pytest.raises(ModelError, match="elements of sort Open, the seconds of nap"):
        Semantics(system)
    whole = system.at(Instance(elements={"Open": ("a",)}, durations={"nap": Fraction(1)}))
    assert whole.missing == ()
    assert len(search(whole).states) == 3  # at 0 and at 1 s and later, and with a taken
