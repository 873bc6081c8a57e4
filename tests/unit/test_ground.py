"""A ground system says the same as the reference semantics, state by state; and what can be computed beforehand is."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest
from tests.systems import known, search
from tests.systems.results import shipped

from udproof.engines.algebra import (
    At,
    Ground,
    Op,
    add,
    at_most,
    choose,
    conjoin,
    disjoin,
    equal,
    negate,
    slots_of,
    substitute,
)
from udproof.engines.explore import Explore
from udproof.engines.ground import GroundSystem
from udproof.engines.verdict import Limits, Outcome
from udproof.language import (
    Bool,
    Clock,
    Constant,
    Index,
    Int,
    System,
    Variable,
    action,
    count,
    deadline,
    definition,
    each,
    exists,
    forall,
    implies,
    invariant,
    require,
)
from udproof.language.semantics import Semantics, State


def value(a: Ground, state: State) -> int:
    """What a ground expression means, said once more."""
    if isinstance(a, int):
        return a
    if isinstance(a, At):
        return state[a.slot]
    args = [value(arg, state) for arg in a.args]
    meanings: dict[str, Callable[[], int]] = {
        "not": lambda: int(not args[0]),
        "and": lambda: int(all(args)),
        "or": lambda: int(any(args)),
        "eq": lambda: int(args[0] == args[1]),
        "le": lambda: int(args[0] <= args[1]),
        "add": lambda: args[0] + args[1],
        "sub": lambda: args[0] - args[1],
        "ite": lambda: args[1] if args[0] else args[2],
    }
    return meanings[a.operator]()


def posted(post: object, state: State) -> State:
    return tuple(value(post.get(slot, At(slot)), state) for slot in range(len(state)))  # type: ignore[attr-defined]


AGREEING = (
    "two-phase-commit",
    "fischer",
    "peterson",
    "wolf-goat-cabbage",
    "round-trip",
    "grid",
    "lamps",
    "two-timers",
    "any-start",
)


@pytest.mark.parametrize("name", AGREEING)
def test_it_says_what_the_semantics_says_in_every_state(name: str) -> None:
    _compare(known(name).build(), 300)


def test_it_says_what_the_semantics_says_of_the_protocol() -> None:
    _compare(shipped("lone-vm"), 200)


def _compare(system: System, most: int) -> None:
    semantics = Semantics(system)
    ground = GroundSystem(semantics, system.checks)
    for state in sorted(search(system).states)[:most]:
        enabled = {firing: semantics.fire(state, firing) for firing in semantics.enabled(state)}
        mine = {act.firing: posted(act.post, state) for act in ground.actions if value(act.guard, state)}
        assert mine == enabled
        assert bool(value(ground.blocked, state)) == bool(semantics.blocked_by(state))
        later = semantics.wait(state)
        if later is not None:
            assert posted(ground.tick, state) == later
        for prop in ground.properties:
            if not prop.property.watches_time:
                assert bool(value(prop.body, state)) == (semantics.breaking(prop.property, state) is None)
            assert bool(value(prop.premise, state)) == (semantics.reaches(prop.property, state) is not None)


# --- what is computed beforehand


class Room(Index, size=3):
    pass


locked = Constant("locked", Room, to=Bool, values=lambda r: r == 1)
beside = Constant("beside", Room, to=Room, values=lambda r: (r + 1) % 3)
lit = Variable("lit", Room, to=Bool, init=False)
at = Variable("at", to=Room, init="room0")
steps = Variable("steps", to=Int.between(0, 3), init=0)


@action
def light(r: Room) -> None:
    require(~locked[r])
    lit[r] = True


@action
def move() -> None:
    at.value = beside[at.value]
    lit[at.value] = False


@action
def step() -> None:
    require(steps.value <= 2)
    steps.value = steps.value + 1


@action
def step_back() -> None:
    steps.value = 0


def grounded(*actions: object) -> GroundSystem:
    system = System("rooms", actions)  # type: ignore[arg-type]
    return GroundSystem(Semantics(system), system.checks)


def test_a_guard_over_constants_costs_nothing() -> None:
    ground = grounded(light)
    assert [act.firing.args for act in ground.actions] == [(0,), (2,)]
    assert [act.guard for act in ground.actions] == [1, 1]
    assert [act.post for act in ground.actions] == [{0: 1}, {2: 1}]


def test_a_computed_index_is_a_case_for_each_element() -> None:
    [act] = grounded(move).actions
    semantics = Semantics(System("rooms", (move,)))
    names = {(slot.symbol.name, *slot.args): place for place, slot in enumerate(semantics.layout.slots)}
    assert set(act.post) == set(names.values())
    state = [0] * len(names)
    for room in range(3):
        state[names["lit", room]] = 1
    state[names["at",]] = 1
    after = posted(act.post, tuple(state))
    assert after[names["at",]] == 2
    assert [after[names["lit", room]] for room in range(3)] == [1, 0, 1]


def test_only_integers_that_could_leave_their_range_are_checked() -> None:
    by_name = {act.firing.action.name: act.ranges for act in grounded(step, step_back).actions}
    assert by_name == {"step": ((0, 0, 3),), "step_back": ()}


def test_the_elements_that_a_firing_speaks_of() -> None:
    assert [GroundSystem.spoken_of(act) for act in grounded(light).actions] == [{("Room", 0)}, {("Room", 2)}]


def test_a_clock_is_settled_in_the_post_state() -> None:
    warm = Variable("warm", to=Bool, init=True)
    since = Clock("since", during=lambda: warm.value)

    @action
    def cool() -> None:
        require(since.value >= 3)
        warm.value = False

    [act] = grounded(cool).actions
    assert act.post == {0: 0, 1: 0}


def test_a_count_of_equal_parts_counts_each() -> None:
    @invariant()
    def three() -> Bool:
        """Counting a condition that does not depend on the element gives 0 or 3."""
        return count(Room, lambda r: lit["room0"]) <= 2

    system = System("rooms", (light,), (three,))
    ground = GroundSystem(Semantics(system), system.checks)
    assert value(ground.properties[0].body, (0, 0, 0)) == 1
    assert value(ground.properties[0].body, (1, 0, 0)) == 0


def _worker(reads_own: bool) -> GroundSystem:
    at_it = Variable("at_it", to=Bool, init=True)
    own = Clock("own", during=lambda: at_it.value)
    alien = Clock("alien")

    @action
    def end() -> None:
        require(at_it.value)
        require((own if reads_own else alien).value >= 1)
        at_it.value = False

    due = deadline("due", during=lambda: at_it.value, limit=lambda: own.value <= 2)
    system = System("worker", (end,), (), (due,))
    return GroundSystem(Semantics(system), system.checks)


def test_time_is_in_doubt_only_where_another_clock_decides() -> None:
    states = list(itertools.product(range(2), range(4), range(4)))
    in_time = itertools.product(range(2), range(3))  # a reading of 3 is overdue: then even the clock itself is another matter
    assert not any(value(_worker(True).doubtful, state) for state in in_time)
    assert any(value(_worker(False).doubtful, state) for state in states)


def test_each_updates_every_element_that_the_condition_admits() -> None:
    @action
    def light_all() -> None:
        for r in each(Room, lambda r: ~locked[r]):
            lit[r] = ~lit[r]

    [act] = grounded(light_all).actions
    assert act.post == {0: Op("not", (At(0),)), 2: Op("not", (At(2),))}


class Enough(Exception):
    """Raised by a look that ends the work."""


def test_a_look_can_end_the_work_early() -> None:
    looks = itertools.count()

    def look() -> None:
        if next(looks) == 5:
            raise Enough

    semantics = Semantics(shipped("teaching"))
    with pytest.raises(Enough):
        GroundSystem(semantics, semantics.system.checks, look)
    assert next(looks) == 6


def test_a_time_limit_that_ends_before_the_search_begins_leaves_everything_undecided() -> None:
    system = shipped("teaching")
    result = Explore().verify(system, system.checks, Limits(seconds=0))
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.UNKNOWN}
    assert not result.complete
    assert result.figures.states == 0
    assert result.stopped == "the time limit of 0 s was reached while the search was being got ready"


class Team(Index, size=3):
    pass


class Member(Index, size=12):
    pass


team_of = Constant("team_of", Member, to=Team, values=lambda m: m % 3)
away = Variable("away", Member, to=Bool, init=False)
closed = Variable("closed", Team, to=Bool, init=False)


@action
def leave(m: Member) -> None:
    away[m] = True


@definition
def of_team(m: Member, t: Team) -> Bool:
    return team_of[m] == t


PAIRS = {
    "different teams": lambda m, n: implies(away[m] & away[n], team_of[m] == team_of[n]),
    "same team": lambda m, n: implies(away[m] & away[n], team_of[m] != team_of[n]),
    "one is enough": lambda m, n: implies(away[m], team_of[m] == team_of[n]),
    "the other is enough": lambda m, n: implies(away[n], team_of[m] == team_of[n]),
    "a third": lambda m, n: implies((team_of[m] == team_of[n]) & away[m], closed[team_of[n]] | away[n]),
    "by a definition": lambda m, n: implies(of_team(m, team_of[n]), ~away[m] | ~away[n]),
    "constants only": lambda m, n: (team_of[m] == team_of[n]) | (team_of[m] != team_of[n]),
    "a value of its own": lambda m, n: implies(closed[team_of[m]] == away[n], team_of[m] == team_of[n]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_property_of_pairs_says_the_same(name: str) -> None:
    formula = PAIRS[name]

    @invariant()
    def pair(m: Member, n: Member) -> Bool:
        """About two members."""
        return formula(m, n)

    @invariant()
    def nested(m: Member) -> Bool:
        """The same, and that it is so for some other."""
        return forall(Member, lambda n: formula(m, n)) | exists(Member, lambda n: ~formula(m, n))

    system = System("teams", (leave,), (pair, nested))
    semantics = Semantics(system)
    ground = GroundSystem(semantics, system.properties)
    dice = random.Random(name)
    for _ in range(40):
        few = dice.random()
        state = tuple(int(dice.random() < few) for _ in semantics.layout.slots)
        for one in ground.properties:
            assert bool(value(one.body, state)) == (semantics.breaking(one.property, state) is None)
            assert bool(value(one.premise, state)) == (semantics.reaches(one.property, state) is not None)


def _size_of_pairs(members: int, said: str) -> int:
    class Guest(Index, size=members):
        pass

    table_of = Constant("table_of", Guest, to=Bool, values=lambda g: g % 2 == 1)
    up = Variable("up", Guest, to=Bool, init=False)

    @action
    def rise(g: Guest) -> None:
        up[g] = True

    @invariant()
    def apart(g: Guest, h: Guest) -> Bool:
        """Guests who are up are of one table."""
        both_up = up[g] & up[h] & (table_of[g] != table_of[h])
        return ~both_up if said == "not and" else ~up[g] | ~up[h] | (table_of[g] == table_of[h])

    system = System("guests", (rise,), (apart,))
    body = GroundSystem(Semantics(system), system.properties).properties[0].body
    assert isinstance(body, Op)
    return body.size


@pytest.mark.parametrize("said", ["or", "not and"])
def test_a_property_of_pairs_grows_with_the_elements_and_not_with_their_square(said: str) -> None:
    small, middle, large = (_size_of_pairs(members, said) for members in (16, 32, 64))
    assert large - middle == 2 * (middle - small)  # of a square it would be four times


# --- building

A, B, C = At(0), At(1), At(2)


def test_constants_are_computed() -> None:
    assert (negate(0), negate(1), negate(negate(A))) == (1, 0, A)
    assert (conjoin([]), conjoin([1, A]), conjoin([A, 0, B]), conjoin([A, A])) == (1, A, 0, A)
    assert (disjoin([]), disjoin([0, A]), disjoin([A, 1, B]), disjoin([A, A])) == (0, A, 1, A)
    assert conjoin([A, conjoin([B, C])]) == Op("and", (A, B, C))
    assert disjoin([A, disjoin([B, C])]) == Op("or", (A, B, C))
    assert conjoin([A, disjoin([B, C])]) == Op("and", (A, Op("or", (B, C))))
    assert (equal(2, 2), equal(2, 3), equal(A, A), equal(3, A)) == (1, 0, 1, Op("eq", (A, 3)))
    assert (at_most(2, 2), at_most(3, 2), at_most(A, A)) == (1, 0, 1)
    assert (add(2, 3, 1), add(2, 3, -1), add(A, 0, -1), add(0, A, -1)) == (5, -1, A, Op("sub", (0, A)))
    assert (choose(1, A, B), choose(0, A, B), choose(C, A, A), choose(C, 1, 0)) == (A, B, A, C)
    assert choose(C, 0, 1) == Op("not", (C,))
    assert equal(choose(C, 1, 2), 1) == C


def test_slots_that_are_read() -> None:
    assert slots_of(7) == set()
    assert slots_of(choose(A, B, add(C, 1, 1))) == {0, 1, 2}


EXPRESSIONS: list[Ground] = [
    negate(A),
    conjoin([A, negate(B)]),
    disjoin([A, conjoin([B, C])]),
    equal(A, B),
    equal(choose(A, B, 1), 1),
    at_most(add(A, B, 1), C),
    at_most(add(A, B, -1), 0),
    choose(equal(A, 1), choose(B, C, A), negate(C)),
    conjoin([equal(A, 0), equal(A, 0), disjoin([equal(B, 1), equal(C, 1)])]),
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_substituting_is_evaluating_afterwards(expression: Ground) -> None:
    posts: list[dict[int, Ground]] = [{}, {0: 1}, {0: B, 1: A}, {2: negate(A)}, {0: 0, 1: 1, 2: 0}, {1: choose(A, C, B)}]
    for post in posts:
        for state in itertools.product(range(2), repeat=3):
            assert value(substitute(expression, post), state) == value(expression, posted(post, state))
