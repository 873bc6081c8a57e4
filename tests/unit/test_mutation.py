"""Planted mistakes: each function changes one thing and refuses to miss its target."""

from __future__ import annotations

import pytest
from tests.systems import search
from tests.systems.results import shipped

from udproof.language import (
    Bool,
    Clock,
    Constant,
    Index,
    Int,
    ModelError,
    System,
    Variable,
    action,
    bar,
    deadline,
    definition,
    each,
    implies,
    invariant,
    ite,
    lanes,
    require,
)
from udproof.language import expressions as ex
from udproof.language.generated import Generated, generated
from udproof.language.instance import Instance
from udproof.language.mutation import (
    Change,
    both,
    overriding,
    with_definition,
    without_action,
    without_deadline,
    without_guard,
)
from udproof.properties import ALL as PROPERTIES
from udproof.protocol.mutant import Mutant
from udproof.protocol.mutants import ALL, named


class Door(Index, size=2):
    pass


open_ = Variable("open_", Door, to=Bool, init=False)
alarm = Variable("alarm", Door, to=Bool, init=False)


@definition
def is_open(d: Door) -> Bool:
    return open_[d]


@definition
def is_shut(d: Door) -> Bool:
    return ~open_[d]


@definition
def same_as_open(d: Door) -> Bool:
    return open_[d]


@definition
def unsafe(d: Door) -> Bool:
    return is_open(d) & ~alarm[d]


open_for = Clock("open_for", Door, during=lambda d: is_open(d))


@action(says=lambda d: f"{d} opens ({is_open(d)})")
def open_up(d: Door) -> None:
    require(is_shut(d), "it is shut")
    open_[d] = True


@action
def shut(d: Door) -> None:
    require(is_open(d), "it is open")
    require(open_for[d] >= 2, "it has been open")
    open_[d] = False


@action
def ring(d: Door) -> None:
    require(open_for[d] >= 3)
    open_for[d] = 0
    alarm[d] = is_open(d)


@action
def shut_at_once(d: Door) -> None:
    require(is_open(d))
    open_[d] = False


@invariant(premise=lambda d: unsafe(d), cause=lambda d: f"{d} is unsafe: {unsafe(d)}, for {open_for[d]}")
def short(d: Door) -> Bool:
    """No door is open for more than 4 s."""
    return implies(is_open(d), open_for[d] <= 4)


due = deadline("due", Door, during=lambda d: is_open(d), limit=lambda d: open_for[d] <= 4)
doors = System("doors", (open_up, shut, ring), (short,), (due,), picture=lanes(Door, bars=[bar("open", "paused", is_open)]))


def actions(system: System) -> dict[str, list[str]]:
    return {act.name: [guard.label for guard in act.guards] for act in system.actions}


def test_dropping_a_guard() -> None:
    mutant = without_guard(shut, "it has been open")(doors)
    assert actions(mutant) == {"open_up": ["it is shut"], "shut": ["it is open"], "ring": [""]}
    assert actions(doors)["shut"] == ["it is open", "it has been open"]
    assert mutant.hash != doors.hash


def test_a_guard_of_the_same_label_takes_the_place_of_a_guard() -> None:
    @overriding(shut)
    def later(d: Door) -> None:
        require(open_for[d] >= 5, "it has been open")

    mutant = later(doors)
    assert actions(mutant) == actions(doors)
    before, after = doors.actions[1], mutant.actions[1]
    assert [guard.condition == other.condition for guard, other in zip(before.guards, after.guards, strict=True)] == [True, False]
    assert (after.updates, after.says, after.fairness) == (before.updates, before.says, before.fairness)
    assert search(mutant).fired == {"open_up", "ring"}  # no door is open for more than 4 s


def test_an_update_of_the_same_variable_takes_the_place_of_an_update_and_any_other_is_added() -> None:
    @overriding(ring, says=lambda d: f"{d} is silent")
    def silently(d: Door) -> None:
        alarm[d] = False
        for other in each(Door):
            open_[other] = False

    changed = silently(doors).actions[2]
    clock, silence, shutting = changed.updates
    assert (clock, silence.target, shutting.target) == (ring.updates[0], alarm.symbol, open_.symbol)
    assert (silence.value, len(shutting.binders)) == (ex.Lit(0, ex.BOOL), 1)
    assert changed.guards == ring.guards
    assert changed.says is not None
    assert changed.says.texts == ("", " is silent")
    assert doors.actions[2] == ring


def test_a_change_is_made_to_the_action_as_it_stands_in_the_system() -> None:
    """So that two changes of one action add up."""

    @overriding(shut)
    def with_alarm(d: Door) -> None:
        alarm[d] = True

    changed = both(without_guard(shut, "it has been open"), with_alarm)(doors).actions[1]
    assert ([guard.label for guard in changed.guards], len(changed.updates)) == (["it is open"], 2)


def test_a_change_takes_the_parameters_of_the_action() -> None:
    class Window(Index, size=2):
        pass

    with pytest.raises(ModelError, match=r"test_mutation\.py:\d+: neither must take the parameters of action shut"):

        @overriding(shut)
        def neither(w: Window) -> None:
            pass


def test_taking_an_action_away() -> None:
    mutant = without_action(shut)(doors)
    assert list(actions(mutant)) == ["open_up", "ring"]
    assert "time-can-pass" in search(without_action(ring)(mutant)).violated


def test_taking_deadlines_away() -> None:
    mutant = without_deadline("due")(doors)
    assert mutant.deadlines == ()
    assert "time-can-pass" not in {prop.name for prop in mutant.checks}
    assert search(mutant).violated == {"short": 2}
    assert search(doors).violated == {}


def test_one_change_after_the_other() -> None:
    mutant = both(without_deadline("due"), without_action(ring))(doors)
    assert (mutant.deadlines, list(actions(mutant))) == ((), ["open_up", "shut"])


def test_another_meaning_reaches_every_place_in_which_it_is_read() -> None:
    """Guards, updates, clocks, other definitions, deadlines, properties, premises, causes, sentences and pictures."""
    mutant = with_definition(is_open, is_shut)(doors)
    assert {one.name for one in mutant.definitions} == {"is_shut", "unsafe"}
    assert "is_open" not in mutant.text
    assert mutant.picture is not None
    assert "is_open" not in repr(mutant.picture)
    assert "is_open" not in repr([act.says for act in mutant.actions])
    assert "is_open" not in repr([prop.cause for prop in mutant.properties])
    assert "is_open" in doors.text


def test_another_meaning_reaches_the_clock_that_an_action_sets() -> None:
    mutant = with_definition(is_open, is_shut)(doors)
    [clock] = mutant.clocks
    assert mutant.actions[2].updates[0].target is clock
    assert clock.during != doors.clocks[0].during


def test_another_meaning_changes_what_happens() -> None:
    @definition
    def is_first(d: Door) -> Bool:
        return open_[d] & (d == "door0")

    mutant = with_definition(is_open, is_first)(doors)
    before, after = search(doors), search(mutant)
    assert "shut" in before.fired & after.fired
    assert len(before.states) != len(after.states)


@overriding(shut)
def lock(d: Door) -> None:
    require(is_open(d), "it is locked")


@overriding(shut)
def as_it_is(d: Door) -> None:
    require(open_for[d] >= 2, "it has been open")
    open_[d] = False


@overriding(shut_at_once)
def slam(d: Door) -> None:
    open_[d] = False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_guard(shut, "it is locked"), "action shut has no guard labelled 'it is locked'"),
        (without_guard(shut_at_once, ""), "no action 'shut_at_once'"),
        (lock, "action shut has no guard labelled 'it is locked'"),
        (as_it_is, "what as_it_is says of action shut is what it does already"),
        (slam, "no action 'shut_at_once'"),
        (without_action(shut_at_once), "no action 'shut_at_once'"),
        (without_deadline("due", "never"), "no deadline 'never'"),
        (with_definition(same_as_open, is_shut), "definition same_as_open is read nowhere"),
        (with_definition(is_open, is_open), "the same as its own"),
    ],
)
def test_a_change_that_misses_is_an_error(change: Change, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        change(doors)


def test_a_mutant_can_be_given_an_instance_and_keeps_the_one_it_has() -> None:
    system = shipped("teaching")
    mutant = named("EarlyStart").change(system)
    assert mutant.instance == system.instance
    assert mutant.missing == ()


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_every_mutant_of_the_protocol_changes_it_and_says_what_breaks(mutant: Mutant) -> None:
    system = shipped(mutant.fleet)
    changed = mutant.change(system)
    assert changed.hash != system.hash
    assert mutant.breaks in {prop.name for prop in system.properties}
    assert mutant.story
    assert not mutant.story.endswith(".")


def test_every_property_is_broken_by_some_mutant() -> None:
    assert {mutant.breaks for mutant in ALL} == {prop.name for prop in PROPERTIES}


def test_mutants_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in ALL}) == len(ALL)
    assert named("SilentFreeze").breaks == "notified-before-freeze"
    with pytest.raises(KeyError):
        named("Nobody")


# --- mistakes made by rule


def test_one_mistake_is_made_at_each_place_where_a_rule_applies() -> None:
    """Of the doors, by hand. A guard that reads a clock is not turned round, and a clock is set to 0 and to nothing else."""
    made = {one.name: one.story for one in generated(doors)}
    assert made == {
        "open_up/drop-guard-1": "open_up does not ask whether it is shut",
        "open_up/negate-guard-1": "open_up asks for the opposite of: it is shut",
        "open_up/drop-update-1": "open_up leaves open_ as it is",
        "shut/drop-guard-1": "shut does not ask whether it is open",
        "shut/drop-guard-2": "shut does not ask whether it has been open",
        "shut/negate-guard-1": "shut asks for the opposite of: it is open",
        "shut/drop-update-1": "shut leaves open_ as it is",
        "shut/raise-1": "shut has a bound of 3 s instead of 2 s, in: it has been open",
        "shut/lower-1": "shut has a bound of 1 s instead of 2 s, in: it has been open",
        "ring/drop-guard-1": "ring does not ask whether open_for[d] >= 3 s",
        "ring/drop-update-1": "ring leaves open_for as it is",
        "ring/drop-update-2": "ring leaves alarm as it is",
        "ring/raise-1": "ring has a bound of 4 s instead of 3 s, in: open_for[d] >= 3 s",
        "ring/lower-1": "ring has a bound of 2 s instead of 3 s, in: open_for[d] >= 3 s",
        "deadline/due/drop": "nothing sees to it that due",
        "deadline/due/raise": "deadline due has a bound of 5 s instead of 4 s",
        "deadline/due/lower": "deadline due has a bound of 3 s instead of 4 s",
    }


def test_each_mistake_made_by_rule_is_another_system_and_leaves_the_properties_alone() -> None:
    systems = [one.change(doors) for one in generated(doors)]
    assert len({system.hash for system in [doors, *systems]}) == 1 + len(systems)
    assert all(system.properties == doors.properties for system in systems)


@pytest.mark.parametrize("one", [one for one in generated(doors) if one.allows != "other"], ids=lambda one: one.name)
def test_what_is_said_to_allow_more_or_less_does(one: Generated) -> None:
    """By all states of the doors: a state is told by its variables alone, since clocks count to another cap."""
    before, after = ({state[:4] for state in search(system).states} for system in (doors, one.change(doors)))
    assert before <= after if one.allows == "more" else after <= before
    assert (one.allows == "more") == ("drop" in one.name or one.name in ("shut/lower-1", "ring/lower-1", "deadline/due/raise"))


def test_numbers_are_moved_with_the_ranges_that_they_are_in() -> None:
    n = Variable("n", to=Int.between(0, 9), init=0)
    most = Constant("most", to=Int.between(0, 5))

    @action
    def add() -> None:
        require(n.value + 1 <= most.value, "there is room")
        n.value = ite(n.value <= 3, n.value + 2, n.value)

    system = System("numbers", (add,), instance=Instance(constants={"most": {(): 5}}))
    made = {one.name: one.change(system).text for one in generated(system)}
    assert "  when (n.value + 2) <= most.value" in made["add/raise-1"]
    assert "  when (n.value + 1) <= (most.value + 1)" in made["add/raise-2"]
    assert "if n.value <= 4 then" in made["add/raise-3"]
    assert "then n.value + 3 else n.value" in made["add/raise-4"]
    (update,) = generated(system)[[*made].index("add/raise-4")].change(system).actions[0].updates
    assert update.value.sort == ex.IntSort(0, 12)
    assert [len(search(one.change(system)).states) for one in generated(system) if one.name in ("add/raise-3", "add/raise-4")] == [
        4,
        3,
    ]
