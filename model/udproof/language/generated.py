"""Mistakes that nobody has thought of: small changes made from the system itself, one place at a time.

Named mutants are mistakes that teams make. These are made by rule, one for each place in the text of the system's actions and
deadlines at which the rule applies: a conjunct of a guard is dropped or turned round, an update is dropped, a deadline is dropped,
a constant is one unit more or less (for a time, one tick). That is mutation testing (DeMillo, Lipton and Sayward 1978) of the model's
properties: a change that no property notices is either harmless, or shows what no property asks for. Which of the two it is has to be
judged by a person.

A constant is changed at one place only. The properties keep the true one, so that "one tick late" means late.

A mutant's name is made of where, which rule and which place (`begin/drop-guard-3`, `deadline/watchdog-fires/raise`), so it is the same
in every run, until the action itself changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from typing import Literal

from udproof.language import expressions as ex
from udproof.language.actions import Action, Guard
from udproof.language.claims import Deadline
from udproof.language.instance import seconds_of
from udproof.language.mutation import Change
from udproof.language.printing import naming, show
from udproof.language.system import System
from udproof.language.time import TickTime, reads_clock

Rule = Literal["drop-guard", "negate-guard", "drop-update", "drop-deadline", "raise", "lower"]
_Variants = Callable[[ex.Expr], Iterator[tuple[ex.Expr, str]]]


@dataclass(frozen=True, slots=True)
class Generated:
    """A mistake made by rule. `allows_more`: whatever the system can do, the changed one can do too."""

    name: str
    rule: Rule
    story: str
    change: Change

    @property
    def allows_more(self) -> bool:
        """Is the behaviour of the system among that of the changed one, because only a condition fell away?"""
        return self.rule in ("drop-guard", "drop-deadline")


def generated(system: System) -> tuple[Generated, ...]:
    """Every mistake that the rules make of a system, in the order of its text. ModelError if the system is not concrete in its times.

    What cannot be said in the language is left out: the opposite of a guard that reads a clock (it would be strict), a time below zero.
    """
    made: list[Generated] = []
    tick = TickTime(system).unit
    for action in system.actions:
        made += _of_action(action, system, tick)
    for dead in system.deadlines:
        made += _of_deadline(dead, system, tick)
    return tuple(made)


def _of_action(action: Action, system: System, tick: Fraction) -> Iterator[Generated]:
    names = naming(action.params)
    words = [guard.label or show(guard.condition, names) for guard in action.guards]
    for place, (guard, said) in enumerate(zip(action.guards, words, strict=True)):
        kept = (*action.guards[:place], *action.guards[place + 1 :])
        story = f"{action.name} does not ask whether {said}"
        yield _made(action, "drop-guard", place, story, replace(action, guards=kept))
    for place, (guard, said) in enumerate(zip(action.guards, words, strict=True)):
        if reads_clock(guard.condition):
            continue
        turned = Guard(guard.label, ex.Not(guard.condition))
        guards = (*action.guards[:place], turned, *action.guards[place + 1 :])
        story = f"{action.name} asks for the opposite of: {said}"
        yield _made(action, "negate-guard", place, story, replace(action, guards=guards))
    for place, update in enumerate(action.updates):
        updates = (*action.updates[:place], *action.updates[place + 1 :])
        story = f"{action.name} leaves {update.target.name} as it is"
        yield _made(action, "drop-update", place, story, replace(action, updates=updates))
    for rule, by in _SHIFTS:
        places = count()
        for at, guard in enumerate(action.guards):
            for condition, said in _variants(guard.condition, _shifted(by, system, tick)):
                guards = (*action.guards[:at], replace(guard, condition=condition), *action.guards[at + 1 :])
                yield _made(action, rule, next(places), f"{action.name} has {said}, in: {words[at]}", replace(action, guards=guards))
        for at, update in enumerate(action.updates):
            for value, said in _variants(update.value, _shifted(by, system, tick)):
                updates = (*action.updates[:at], replace(update, value=value), *action.updates[at + 1 :])
                story = f"{action.name} has {said}, for {update.target.name}"
                yield _made(action, rule, next(places), story, replace(action, updates=updates))


_SHIFTS: tuple[tuple[Rule, Literal[1, -1]], ...] = (("raise", 1), ("lower", -1))


def _made(action: Action, rule: Rule, place: int, story: str, other: Action) -> Generated:
    def change(system: System) -> System:
        return replace(system, actions=tuple(other if one.name == action.name else one for one in system.actions))

    return Generated(f"{action.name}/{rule}-{place + 1}", rule, story, change)


def _of_deadline(dead: Deadline, system: System, tick: Fraction) -> Iterator[Generated]:
    def without(changed: System) -> System:
        return replace(changed, deadlines=tuple(one for one in changed.deadlines if one.name != dead.name))

    yield Generated(f"deadline/{dead.name}/drop", "drop-deadline", f"nothing makes sure that {dead.name}", without)
    for rule, by in _SHIFTS:
        for limit, said in _shifted(by, system, tick)(dead.limit):
            assert isinstance(limit, ex.ClockIs)
            other = replace(dead, limit=limit)
            yield Generated(f"deadline/{dead.name}/{rule}", rule, f"deadline {dead.name} has {said}", _instead(dead, other))


def _instead(dead: Deadline, other: Deadline) -> Change:
    return lambda system: replace(system, deadlines=tuple(other if one.name == dead.name else one for one in system.deadlines))


# --- constants


def _variants(node: ex.Expr, leaf: _Variants) -> Iterator[tuple[ex.Expr, str]]:
    """The node with one place changed, for each place that `leaf` can change, with what it says of it."""
    yield from leaf(node)
    for place, child in enumerate(ex.children(node)):
        for other, said in _variants(child, leaf):
            yield _with_child(node, place, other), said


def _with_child(node: ex.Expr, place: int, other: ex.Expr) -> ex.Expr:
    places = count()
    return _ranged(ex.rebuild(node, lambda child: other if next(places) == place else child))


def _ranged(node: ex.Expr) -> ex.Expr:
    """The node with the range of its integers as it follows from its parts, one of which has changed."""
    match node:
        case ex.Sum(left=left, right=right, factor=factor):
            return _sum(left, right, factor)
        case ex.Ite(then=then, other=other) if isinstance(node.sort, ex.IntSort):
            one, two = _range(then), _range(other)
            return replace(node, sort=ex.IntSort(min(one.low, two.low), max(one.high, two.high)))
    return node


def _sum(left: ex.Expr, right: ex.Expr, factor: Literal[1, -1]) -> ex.Sum:
    one, two = _range(left), _range(right)
    ends = (factor * two.low, factor * two.high)
    return ex.Sum(left, right, factor, ex.IntSort(one.low + min(ends), one.high + max(ends)))


def _range(node: ex.Expr) -> ex.IntSort:
    assert isinstance(node.sort, ex.IntSort)
    return node.sort


def _shifted(by: Literal[1, -1], system: System, tick: Fraction) -> _Variants:
    """A leaf with its constant one unit more or less: the bound of a clock, a number, a constant of the fleet."""

    def leaf(node: ex.Expr) -> Iterator[tuple[ex.Expr, str]]:
        match node:
            case ex.ClockIs(bound=bound):
                before = seconds_of(bound, system.instance)
                after = before + by * tick
                name = bound.name if isinstance(bound, ex.DurationSymbol) else "a bound"
                if after >= 0:
                    yield replace(node, bound=after), f"{name} of {after} s instead of {before} s"
            case ex.Lit(value=int(value), sort=ex.IntSort()):
                yield _number(value + by), f"{value + by} instead of {value}"
            case ex.Read(symbol=ex.ConstantSymbol(name=name), sort=ex.IntSort()):
                yield _sum(node, _number(1), by), f"{name} {'+' if by > 0 else '-'} 1"

    return leaf


def _number(value: int) -> ex.Lit:
    return ex.Lit(value, ex.IntSort(value, value))
