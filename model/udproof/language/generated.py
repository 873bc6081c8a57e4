"""Mistakes that nobody has thought of: small changes made from the system itself, one place at a time.

Named mutants are mistakes that teams make. These are made by rule, one for each place in the text of the system's actions and
deadlines at which the rule applies: a conjunct of a guard is dropped or turned round, an update is dropped, a deadline is
dropped, a constant is one unit more or less (for a time, one tick). That is mutation testing (DeMillo, Lipton and Sayward 1978)
of the model's properties: a change that no property notices is either harmless, or shows what no property asks for. Which of
the two it is has to be judged by a person.

A constant is changed at one place only. The properties keep the true one, so that "one tick late" means late.

A mutant's name is made of where, which rule and which place (`begin/drop-guard-3`, `deadline/watchdog-fires/raise`), so it is
the same in every run, until the action itself changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from typing import Literal

from udproof.language import expressions as ex
from udproof.language.actions import Action, Guard, Update
from udproof.language.claims import Deadline
from udproof.language.instance import seconds_of
from udproof.language.mutation import Change
from udproof.language.printing import naming, show
from udproof.language.system import System
from udproof.language.time import TickTime, reads_clock

Rule = Literal["drop-guard", "negate-guard", "drop-update", "drop-deadline", "raise", "lower"]
Allows = Literal["more", "less", "other"]
_Variant = tuple[
    ex.Expr, str, Allows
]  # an expression with one place changed, that in words, and what a condition made of it allows
_Variants = Callable[[ex.Expr], Iterator[_Variant]]


@dataclass(frozen=True, slots=True)
class Generated:
    """A mistake made by rule; `story` says it in words, `change` makes it."""

    name: str
    rule: Rule
    story: str
    change: Change
    allows: Allows  # whatever the system can do, and more; nothing that it cannot do; neither is known
    where: str  # the name of the action or of the deadline
    text: Guard | Update | Deadline  # what is changed, as it is without the mistake


def generated(system: System) -> tuple[Generated, ...]:
    """Every mistake that the rules make of a system, in the order of its text. ModelError if the system's times are not given.

    What cannot be said in the language is left out: the opposite of a guard that reads a clock (it would be strict), and a time
    below zero.
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
    for place, said in enumerate(words):
        story = f"{action.name} does not ask whether {said}"
        yield _made(action, "drop-guard", place, story, _guarded(action, place), "more", action.guards[place])
    for place, (guard, said) in enumerate(zip(action.guards, words, strict=True)):
        if not reads_clock(guard.condition):
            other = _guarded(action, place, ex.Not(guard.condition))
            yield _made(action, "negate-guard", place, f"{action.name} asks for the opposite of: {said}", other, "other", guard)
    for place, update in enumerate(action.updates):
        other = replace(action, updates=(*action.updates[:place], *action.updates[place + 1 :]))
        yield _made(action, "drop-update", place, f"{action.name} leaves {update.target.name} as it is", other, "other", update)
    for rule, by in _SHIFTS:
        shifted, places = _shifted(by, system, tick), count()
        for at, guard in enumerate(action.guards):
            for condition, said, allows in _variants(guard.condition, shifted):
                story = f"{action.name} has {said}, in: {words[at]}"
                yield _made(action, rule, next(places), story, _guarded(action, at, condition), allows, guard)
        for at, update in enumerate(action.updates):
            if isinstance(update.target, ex.ClockSymbol):
                continue  # a clock is set to 0 and nothing else
            for value, said, _ in _variants(update.value, shifted):
                other = replace(action, updates=(*action.updates[:at], replace(update, value=value), *action.updates[at + 1 :]))
                story = f"{action.name} has {said}, for {update.target.name}"
                yield _made(action, rule, next(places), story, other, "other", update)


_SHIFTS: tuple[tuple[Rule, Literal[1, -1]], ...] = (("raise", 1), ("lower", -1))


def _guarded(action: Action, place: int, *instead: ex.Expr) -> Action:
    """The action without the conjunct of its guard at a place, or with another one there."""
    others = tuple(Guard(action.guards[place].label, condition) for condition in instead)
    return replace(action, guards=(*action.guards[:place], *others, *action.guards[place + 1 :]))


def _made(action: Action, rule: Rule, place: int, story: str, other: Action, allows: Allows, text: Guard | Update) -> Generated:
    def change(system: System) -> System:
        return replace(system, actions=tuple(other if one.name == action.name else one for one in system.actions))

    return Generated(f"{action.name}/{rule}-{place + 1}", rule, story, change, allows, action.name, text)


def _of_deadline(dead: Deadline, system: System, tick: Fraction) -> Iterator[Generated]:
    name = f"deadline/{dead.name}"
    yield Generated(
        f"{name}/drop", "drop-deadline", f"nothing sees to it that {dead.name}", _instead(dead), "more", dead.name, dead
    )
    for rule, by in _SHIFTS:
        for limit, said, allows in _shifted(by, system, tick)(dead.limit):
            assert isinstance(limit, ex.ClockIs)
            change = _instead(dead, replace(dead, limit=limit))
            yield Generated(f"{name}/{rule}", rule, f"deadline {dead.name} has {said}", change, allows, dead.name, dead)


def _instead(dead: Deadline, *others: Deadline) -> Change:
    def change(system: System) -> System:
        place = [one.name for one in system.deadlines].index(dead.name)
        return replace(system, deadlines=(*system.deadlines[:place], *others, *system.deadlines[place + 1 :]))

    return change


# --- constants


def _variants(node: ex.Expr, leaf: _Variants) -> Iterator[_Variant]:
    """The node with one place changed, for each place that `leaf` can change."""
    yield from leaf(node)
    for place, child in enumerate(ex.children(node)):
        for other, said, allows in _variants(child, leaf):
            yield _with_child(node, place, other), said, allows


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
    """A leaf with its constant one unit more or less: the bound of a clock, a number, a constant of the fleet.

    In a system whose time can be counted in ticks, a comparison with <= or >= never stands in a guard or deadline under a negation
    (it would be strict). So a bound moved in its favour allows more, and one moved against it less.
    """

    def leaf(node: ex.Expr) -> Iterator[_Variant]:
        match node:
            case ex.ClockIs(bound=bound, comparison=comparison):
                before = seconds_of(bound, system.instance)
                after = before + by * tick
                name = bound.name if isinstance(bound, ex.DurationSymbol) else "a bound"
                if after >= 0:
                    favour: dict[str, Allows] = {"<=": "more", ">=": "less"} if by > 0 else {"<=": "less", ">=": "more"}
                    yield replace(node, bound=after), f"{name} of {after} s instead of {before} s", favour.get(comparison, "other")
            case ex.Lit(value=int(value), sort=ex.IntSort()):
                yield _number(value + by), f"{value + by} instead of {value}", "other"
            case ex.Read(symbol=ex.ConstantSymbol(name=name), sort=ex.IntSort()):
                yield _sum(node, _number(1), by), f"{name} {'+' if by > 0 else '-'} 1", "other"

    return leaf


def _number(value: int) -> ex.Lit:
    return ex.Lit(value, ex.IntSort(value, value))
