"""Counting dense time in ticks, and when that is exact.

Time is dense: clocks are real. For systems whose guards and deadlines are *closed* (they compare with <= and >= only), a run
with real instants can be rounded to one with whole ones that passes through the same discrete states and keeps every closed
comparison (Henzinger, Manna, Pnueli, "What good are digital clocks?", 1992); a bad state may even hold one strict comparison,
since the rounding can be steered to keep it. So it is enough to count ticks of the greatest common divisor of all constants,
and a clock can stop counting once no comparison can tell larger readings apart.

`TickTime` refuses a system outside that theorem, with the place. Whole-number runs are real runs, so a violation found in
ticks is always one; the theorem is what makes sure that none is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd

from udproof.language import expressions as ex
from udproof.language.actions import Action
from udproof.language.claims import Property
from udproof.language.errors import Location, ModelError
from udproof.language.instance import seconds_of
from udproof.language.printing import naming, show
from udproof.language.system import System

_MANY = 2  # more strict comparisons than a bad state may hold at once


class TickTime:
    """The unit of time of a concrete system, and where each clock saturates.

    `unit` is in seconds (1 for a system without clocks); `caps[clock]` is in ticks.
    """

    def __init__(self, system: System) -> None:
        check_closed(system)
        self._instance = system.instance
        comparisons = list(comparisons_of(system))
        bounds = [seconds_of(node.bound, system.instance) for node in comparisons]
        self.unit = divisor([bound for bound in bounds if bound]) if any(bounds) else Fraction(1)
        self.caps = dict.fromkeys(system.clocks, 0)
        for node in comparisons:
            beyond = 1 if node.comparison in ("<=", ">") else 0
            self.caps[node.clock] = max(self.caps[node.clock], self.ticks(node.bound) + beyond)

    def ticks(self, bound: ex.Bound) -> int:
        """A duration in ticks; it is a whole number of them."""
        return int(seconds_of(bound, self._instance) / self.unit)


def comparisons_of(system: System) -> Iterator[ex.ClockIs]:
    """Every comparison of a clock in guards, updates, deadlines and properties, with those inside definitions."""
    nodes: list[ex.Expr] = [definition.body for definition in system.definitions]
    for act in system.actions:
        nodes += [guard.condition for guard in act.guards]
        nodes += [node for update in act.updates for node in (update.where, *update.index, update.value)]
    for dead in system.deadlines:
        nodes += [dead.condition, dead.limit]
    for prop in system.properties:
        nodes += [prop.body, prop.premise]
    for node in nodes:
        yield from (part for part in ex.walk(node) if isinstance(part, ex.ClockIs))


def check_clocks(system: System) -> None:
    """ModelError, with the place, if it depends on a clock whether a clock runs."""
    for clock in system.clocks:
        if reads_clock(clock.during):
            condition = show(clock.during, naming(clock.params))
            raise ModelError(f"clock {clock.name} runs while {condition}, which reads a clock; it must not.", clock.location)


def check_deadlines(system: System) -> None:
    """ModelError, with the place, if a clock switches a deadline on."""
    for dead in system.deadlines:
        if reads_clock(dead.condition) or any(reads_clock(arg) for arg in dead.limit.args):
            raise ModelError(
                f"deadline {dead.name} is switched on by a clock; its condition may read variables and constants only.",
                dead.location,
            )


def check_picture(system: System) -> None:
    """ModelError if a clock decides whether a bar is drawn."""
    if system.picture is not None and any(reads_clock(bar.condition) for bar in system.picture.bars):
        raise ModelError("a bar of the picture is drawn by a clock; its condition may read variables and constants only.")


def check_closed(system: System) -> None:
    """ModelError, with the place, if counting ticks could miss something."""
    check_clocks(system)
    for act in system.actions:
        for guard in act.guards:
            if _strict(guard.condition, True):
                raise ModelError(_guard_complaint(act, guard.condition), act.location)
        for update in act.updates:
            if any(reads_clock(node) for node in (update.where, *update.index, update.value)):
                raise ModelError(
                    f"action {act.name} computes {update.target.name} from a clock, which compares it strictly on one side; "
                    "write two actions whose guards compare with <= and >=.",
                    act.location,
                )
    check_deadlines(system)
    for prop in system.properties:
        _check_property(prop)
    check_picture(system)


def _guard_complaint(act: Action, condition: ex.Expr) -> str:
    return (
        f"the guard {show(condition, naming(act.params))!r} of action {act.name} compares a clock strictly; counting time in ticks "
        "could then miss runs, so write <= or >= (and no negation of them)."
    )


def _check_property(prop: Property) -> None:
    where: Location | None = prop.location
    for what, strict in (("is false", _strict(prop.body, False)), ("is not vacuous", _strict(prop.premise, True))):
        if strict >= _MANY:
            raise ModelError(
                f"property {prop.name}: the states in which it {what} hold more than one strict comparison of clocks; counting "
                "time in ticks could then miss some, so state it with <= and >= such that at most one is strict.",
                where,
            )


def _strict(node: ex.Expr, positive: bool) -> int:
    """How many strict comparisons a state must keep at once to make the node true (`positive`) or false; _MANY is the most."""
    match node:
        case ex.ClockIs(args=args) | ex.Read(args=args) if any(reads_clock(arg) for arg in args):
            return _MANY  # which clock or value is meant depends on comparisons, both ways
        case ex.ClockIs(comparison=comparison):
            return int((comparison in ("<", ">")) == positive)
        case ex.Not(body=body):
            return _strict(body, not positive)
        case ex.And(parts=parts) | ex.Or(parts=parts):
            counts = [_strict(part, positive) for part in parts] or [0]
            return min(_MANY, sum(counts)) if isinstance(node, ex.And) == positive else max(counts)
        case ex.ForAll(body=body) | ex.Exists(body=body):
            inner = _strict(body, positive)
            return _MANY if inner and isinstance(node, ex.ForAll) == positive else inner
        case ex.Ite(condition=condition, then=then, other=other, sort=ex.BoolSort()):
            yes = _strict(condition, True) + _strict(then, positive)
            no = _strict(condition, False) + _strict(other, positive)
            return min(_MANY, max(yes, no))
        case ex.Read(symbol=ex.DefinitionSymbol(body=body, sort=ex.BoolSort())):
            return _strict(body, positive)
        case _:
            return _MANY if reads_clock(node) else 0


def reads_clock(node: ex.Expr) -> bool:
    """Does the expression compare a clock, perhaps inside a definition?"""
    for part in ex.walk(node):
        if isinstance(part, ex.ClockIs):
            return True
        if isinstance(part, ex.Read) and isinstance(part.symbol, ex.DefinitionSymbol) and reads_clock(part.symbol.body):
            return True
    return False


def divisor(times: list[Fraction]) -> Fraction:
    """The greatest common divisor of positive fractions."""
    common = 1
    for time in times:
        common = common * time.denominator // gcd(common, time.denominator)
    return Fraction(gcd(*(int(time * common) for time in times)), common)
