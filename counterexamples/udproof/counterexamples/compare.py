"""What two systems do differently: in what they declare, and in a shortest run that one of them can make and the other cannot.

The idea: both systems are walked together, by the reference semantics. In each pair of states the steps that are possible are
compared by name (the action with the names of its elements; time passing); those that both can make lead to the next pairs. The
first step that only one of them can make ends a shortest run that tells them apart. A wait of any length counts as one step, as
everywhere, so the pairs are searched by the number of steps and not of ticks (a breadth-first search in which going on waiting
costs nothing).

This is bounded: of two large systems only so many pairs are looked at, and `Compared` says how many, and whether that was all.
What is not found within them is not known not to exist.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import TypeAlias

from udproof.counterexamples.explain import duration
from udproof.counterexamples.trace import Move, Trace, Wait, describe, run
from udproof.language import System
from udproof.language.semantics import Firing, Semantics, State

PAIRS = 3_000  # pairs of states that are looked at, unless told otherwise
_LISTED = 6
_Pair: TypeAlias = tuple[State, State, bool]  # and whether the last step was a wait


@dataclass(frozen=True, slots=True)
class Apart:
    """A run that both can make, and the step after it that only one can: the second of the two, if `in_second`."""

    trace: Trace
    step: str
    in_second: bool
    why: str


@dataclass(frozen=True, slots=True)
class Compared:
    """The shortest run that tells two systems apart, if one was found, among how many pairs, and whether these were all."""

    apart: Apart | None
    pairs: int
    complete: bool


def told_apart(one: System, other: System, most: int = PAIRS) -> Compared:
    """Walk both together, up to `most` pairs of states. Their first initial states are taken, or those of equal values."""
    both = _in_step(one, other)
    first, second = (next(semantics.initial()) for semantics in both)
    parents: dict[_Pair, tuple[_Pair, Move] | None] = {(first, second, False): None}
    costs: dict[_Pair, int] = dict.fromkeys(parents, 0)
    waiting: deque[_Pair] = deque(parents)
    done: set[_Pair] = set()
    while waiting:
        pair = waiting.popleft()
        if pair in done:
            continue
        if len(done) >= most:
            return Compared(None, len(done), False)
        done.add(pair)
        moves = tuple(_moves(semantics, state) for semantics, state in zip(both, pair[:2], strict=True))
        for name in [*moves[0], *(name for name in moves[1] if name not in moves[0])]:
            if (name in moves[0]) is not (name in moves[1]):
                return Compared(_apart(both, pair, parents, name, name in moves[1]), len(done), False)
        for name, move in moves[0].items():
            after = (_made(both[0], pair[0], move), _made(both[1], pair[1], moves[1][name]), isinstance(move, Wait))
            free = pair[2] and after[2]
            cost = costs[pair] + (not free)
            if after[:2] == pair[:2] or cost >= costs.get(after, cost + 1):
                continue
            parents[after], costs[after] = (pair, move), cost
            (waiting.appendleft if free else waiting.append)(after)
    return Compared(None, len(done), True)


def _in_step(one: System, other: System) -> tuple[Semantics, Semantics]:
    """Both with the same unit of time: the longest that divides both of theirs. Clocks may saturate later than they have to."""
    both = Semantics(one), Semantics(other)
    units = [semantics.time.unit for semantics in both]
    unit = Fraction(gcd(*(u.numerator for u in units)), lcm(*(u.denominator for u in units)))
    for semantics in both:
        times = int(semantics.time.unit / unit)
        semantics.time.caps = {clock: cap * times for clock, cap in semantics.time.caps.items()}
        semantics.time.unit = unit
    return both


def _moves(semantics: Semantics, state: State) -> dict[str, Move]:
    """What can happen, by name. Time may pass where no deadline forbids it, also where every clock stands at its cap."""
    found: dict[str, Move] = {describe(semantics, firing): firing for firing in semantics.enabled(state)}
    if semantics.patience(state) != 0:
        found["time"] = Wait(1)
    return found


def _made(semantics: Semantics, state: State, move: Move) -> State:
    return semantics.passed(state, move.ticks) if isinstance(move, Wait) else semantics.fire(state, move)


def _apart(
    both: tuple[Semantics, Semantics], pair: _Pair, parents: dict[_Pair, tuple[_Pair, Move] | None], name: str, in_second: bool
) -> Apart:
    able, unable = (both[1], both[0]) if in_second else both
    states = (pair[1], pair[0]) if in_second else pair[:2]
    moves, at = [], pair
    while (before := parents[at]) is not None:
        at, move = before
        moves.append(move)
    path: list[Move] = []
    for move in reversed(moves):
        if isinstance(move, Wait) and path and isinstance(path[-1], Wait):
            path[-1] = Wait(path[-1].ticks + 1)
        else:
            path.append(move)
    renamed = [move if isinstance(move, Wait) else _same(able, both[0], move) for move in path]
    trace = run(able, next(able.initial()), renamed)
    return Apart(trace, "time passes" if name == "time" else name, in_second, _why(unable, states[1], able, states[0], name))


def _same(semantics: Semantics, other: Semantics, firing: Firing) -> Firing:
    """The firing of that name; the other system's elements may stand in another order."""
    name = describe(other, firing)
    return next(one for one in semantics.firings if describe(semantics, one) == name)


def _why(unable: Semantics, state: State, able: Semantics, at: State, name: str) -> str:
    """Why the one system cannot make the step."""
    if name == "time":
        held = [f"{deadline.name}({', '.join(_names(unable, env))})" for deadline, env in unable.blocked_by(state)]
        return f"time is held by the deadline {held[0]}" if len(held) == 1 else f"time is held by the deadlines {', '.join(held)}"
    firing = next((one for one in unable.firings if describe(unable, one) == name), None)
    if firing is None:
        return "there is no such action, or no such element"
    return f"it requires that {'; '.join(guard.label or 'an unnamed condition' for guard in unable.refused(state, firing))}"


def _names(semantics: Semantics, env: object) -> Iterator[str]:
    assert isinstance(env, dict)
    return (semantics.system.elements(node.sort)[place] for node, place in env.items())


# --- What they declare.


def declared(one: System, other: System) -> Iterator[str]:
    """The differences between the declarations, a sentence each: elements, times, constants, actions, deadlines."""
    a, b = one.instance, other.instance
    for sort in dict.fromkeys((*a.elements, *b.elements)):
        yield from _named(f"elements of {sort}", a.elements.get(sort, ()), b.elements.get(sort, ()))
    for name in dict.fromkeys((*a.durations, *b.durations)):
        before, after = a.durations.get(name), b.durations.get(name)
        if before != after:
            yield f"{name}: {_time(before)} → {_time(after)}"
    for name in dict.fromkeys((*a.constants, *b.constants)) if a.elements == b.elements else ():
        mine, yours = a.constants.get(name, {}), b.constants.get(name, {})
        if places := [place for place in dict.fromkeys((*mine, *yours)) if mine.get(place) != yours.get(place)]:
            yield f"{name}: other values at {len(places)} of {len(mine or yours)} places"
    yield from _named("actions", [act.name for act in one.actions], [act.name for act in other.actions])
    theirs = {act.name: act for act in other.actions}
    for act in one.actions:
        if (changed := theirs.get(act.name)) is not None and changed != act:
            labels = [[guard.label for guard in some.guards] for some in (act, changed)]
            told = list(_named("conditions", *labels)) or ["other conditions or effects"]
            yield from (f"action {act.name}: {sentence}" for sentence in told)
    yield from _named("deadlines", [dead.name for dead in one.deadlines], [dead.name for dead in other.deadlines])
    held = {dead.name: dead for dead in other.deadlines}
    yield from (f"deadline {dead.name}: another one" for dead in one.deadlines if held.get(dead.name, dead) != dead)


def _named(what: str, before: tuple[str, ...] | list[str], after: tuple[str, ...] | list[str]) -> Iterator[str]:
    lost, gained = [name for name in before if name not in after], [name for name in after if name not in before]
    for sign, names in (("without", lost), ("with", gained)):
        if names:
            more = f", … {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            yield f"{what}: {sign} {', '.join(names[:_LISTED])}{more}"


def _time(seconds: Fraction | None) -> str:
    return "none" if seconds is None else duration(seconds)
