"""Conditions over variables and clocks, taken apart: what the variables must be, and then which bounds the clocks must keep.

A zone is a conjunction of bounds, a guard is any formula. `cases` writes a formula as a disjunction of `Case`s: a condition over
variables alone, and bounds on clocks, each of which may be waived by another condition over variables ("every host of the step is
idle, or its clock has reached 5 s" stays one case, however many hosts there are). A disjunction of several bounds becomes several
cases; whatever cannot be said this way (a bound inside a sum, or inside an equation) is split by whether it holds.

Bounds compare one clock with a constant, as the language allows no other; that is what makes the extrapolation of zones exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from udproof.engines.algebra import At, Ground, Op, at_most, choose, conjoin, disjoin, negate, substitute
from udproof.language import ModelError

MOST_CASES = 4096  # of one formula; more are refused


@dataclass(frozen=True, slots=True)
class Bound:
    """A clock, by its slot, is at most (`upper`) or at least so many ticks; or, if strict, less or more."""

    slot: int
    upper: bool
    ticks: int
    strict: bool

    @property
    def negation(self) -> Bound:
        """The bound that holds exactly where this one does not."""
        return Bound(self.slot, not self.upper, self.ticks, not self.strict)

    def holds_at(self, reading: int) -> bool:
        """Does a clock that reads so many ticks keep it?"""
        if self.upper:
            return reading < self.ticks or (reading == self.ticks and not self.strict)
        return reading > self.ticks or (reading == self.ticks and not self.strict)


@dataclass(frozen=True, slots=True)
class Item:
    """A bound that must be kept, unless a condition over variables holds."""

    unless: Ground
    bound: Bound


@dataclass(frozen=True, slots=True)
class Case:
    """The condition over variables holds, and so does every item."""

    condition: Ground
    items: tuple[Item, ...] = ()


class Cases:
    """Takes formulas apart. `clocks` are the slots of clocks."""

    def __init__(self, clocks: frozenset[int]) -> None:
        self._clocks = clocks
        self._timed: dict[Ground, bool] = {}

    def timed(self, formula: Ground) -> bool:
        """Does the formula read a clock?"""
        match formula:
            case int():
                return False
            case At(slot=slot):
                return slot in self._clocks
            case Op(args=args):
                known = self._timed.get(formula)
                if known is None:
                    known = self._timed[formula] = any(self.timed(arg) for arg in args)
                return known

    def of(self, formula: Ground, holds: bool = True) -> tuple[Case, ...]:
        """Cases that together say that the formula holds, or that it does not. ModelError if there are too many."""
        found = tuple(case for case in self._split(formula, holds) if case.condition != 0)
        if len(found) > MOST_CASES:
            raise ModelError(f"a formula falls into {len(found)} cases of bounds on clocks; at most {MOST_CASES} are handled")
        return found

    def _inside(self, formula: Ground) -> Iterator[Bound]:
        """The bounds inside any formula or number."""
        if isinstance(formula, Op) and self.timed(formula):
            bound = self._bound(opened := self._opened(formula))
            if bound is not None:
                yield bound
            else:
                assert isinstance(opened, Op)
                for arg in opened.args:
                    yield from self._inside(arg)

    def variants(self, formulas: list[Ground]) -> Iterator[tuple[tuple[Bound, ...], list[Ground]]]:
        """The formulas without bounds, once for each way in which the bounds inside them can hold or not."""
        first = next((bound for formula in formulas for bound in self._inside(formula)), None)
        if first is None:
            yield (), formulas
            return
        for value, kept in ((1, first), (0, first.negation)):
            for more, rest in self.variants([self._decided(formula, first, value) for formula in formulas]):
                yield (kept, *more), rest

    # --- taking apart

    def _split(self, formula: Ground, holds: bool) -> list[Case]:
        if not self.timed(formula):
            return [Case(formula if holds else negate(formula))]
        assert isinstance(formula, Op)
        bound = self._bound(formula)
        if bound is not None:
            return [Case(1, (Item(0, bound if holds else bound.negation),))]
        match formula.operator:
            case "not":
                return self._split(formula.args[0], not holds)
            case "and" | "or" if (formula.operator == "and") == holds:
                return self._all([(arg, holds) for arg in formula.args])
            case "and" | "or":
                return self._some([(arg, holds) for arg in formula.args])
            case "ite" if not self.timed(formula.args[0]):
                condition, then, other = formula.args
                yes, no = self._split(then, holds), self._split(other, holds)
                if len(yes) == len(no) == 1:
                    return self._joined([_waived(yes[0], negate(condition)), _waived(no[0], condition)])
                return [*(_also(case, condition) for case in yes), *(_also(case, negate(condition)) for case in no)]
        opened = self._opened(formula)
        if opened != formula:
            return self._split(opened, holds)
        first = next(self._inside(formula))
        found: list[Case] = []
        for value, kept in ((1, first), (0, first.negation)):
            for case in self._split(self._decided(formula, first, value), holds):
                found.append(Case(case.condition, (Item(0, kept), *case.items)))
        return found

    def _all(self, parts: list[tuple[Ground, bool]]) -> list[Case]:
        found = [Case(1)]
        for part, holds in parts:
            found = [joined for case in found for more in self._split(part, holds) for joined in self._joined([case, more])]
            if len(found) > MOST_CASES:
                raise ModelError(f"a formula falls into more than {MOST_CASES} cases of bounds on clocks; say it with fewer")
        return found

    @staticmethod
    def _joined(cases: list[Case]) -> list[Case]:
        condition = conjoin(case.condition for case in cases)
        return [] if condition == 0 else [Case(condition, tuple(item for case in cases for item in case.items))]

    def _some(self, parts: list[tuple[Ground, bool]]) -> list[Case]:
        plain = disjoin(part if holds else negate(part) for part, holds in parts if not self.timed(part))
        timed = [case for part, holds in parts if self.timed(part) for case in self._split(part, holds)]
        if plain == 0:
            return timed
        if len(timed) == 1:
            return [_waived(timed[0], plain)]
        return [Case(plain), *(_also(case, negate(plain)) for case in timed)]

    def _bound(self, formula: Ground) -> Bound | None:
        """The bound that the formula is, if it is one."""
        if isinstance(formula, Op) and formula.operator == "le":
            left, right = formula.args
            if isinstance(left, At) and left.slot in self._clocks and isinstance(right, int):
                return Bound(left.slot, True, right, False)
            if isinstance(right, At) and right.slot in self._clocks and isinstance(left, int):
                return Bound(right.slot, False, left, False)
        return None

    def _opened(self, formula: Op) -> Ground:
        """A comparison of "a clock chosen by variables" as the choice of a comparison."""
        if formula.operator == "le":
            left, right = formula.args
            if isinstance(left, Op) and left.operator == "ite" and isinstance(right, int):
                return choose(left.args[0], self._again(left.args[1], right), self._again(left.args[2], right))
            if isinstance(right, Op) and right.operator == "ite" and isinstance(left, int):
                return choose(right.args[0], self._again(left, right.args[1]), self._again(left, right.args[2]))
        return formula

    def _again(self, left: Ground, right: Ground) -> Ground:
        made = at_most(left, right)
        return self._opened(made) if isinstance(made, Op) and self.timed(made) else made

    def _decided(self, formula: Ground, bound: Bound, value: int) -> Ground:
        """The formula where it is known whether the bound holds."""
        if not isinstance(formula, Op) or not self.timed(formula):
            return formula
        formula_or_choice = self._opened(formula)
        if not isinstance(formula_or_choice, Op):
            return formula_or_choice
        mine = self._bound(formula_or_choice)
        if mine is not None:
            return value if mine == bound else 1 - value if mine == bound.negation else formula_or_choice
        return rebuilt(formula_or_choice, [self._decided(arg, bound, value) for arg in formula_or_choice.args])


def rebuilt(formula: Op, args: list[Ground]) -> Ground:
    """The same operation on other arguments, simplified."""
    marks = {-1 - place: arg for place, arg in enumerate(args)}
    return substitute(Op(formula.operator, tuple(At(-1 - place) for place in range(len(args)))), marks)


def value_of(formula: Ground, state: tuple[int, ...]) -> int:
    """The value of a ground formula in a state."""
    match formula:
        case int():
            return formula
        case At(slot=slot):
            return state[slot]
    args = formula.args
    match formula.operator:
        case "not":
            return 1 - value_of(args[0], state)
        case "and":
            return int(all(value_of(arg, state) for arg in args))
        case "or":
            return int(any(value_of(arg, state) for arg in args))
        case "ite":
            return value_of(args[1] if value_of(args[0], state) else args[2], state)
        case "eq":
            return int(value_of(args[0], state) == value_of(args[1], state))
        case "le":
            return int(value_of(args[0], state) <= value_of(args[1], state))
        case "add":
            return value_of(args[0], state) + value_of(args[1], state)
        case "sub":
            return value_of(args[0], state) - value_of(args[1], state)


def _waived(case: Case, condition: Ground) -> Case:
    """The case, or else the condition."""
    return Case(
        disjoin([case.condition, condition]), tuple(Item(disjoin([item.unless, condition]), item.bound) for item in case.items)
    )


def _also(case: Case, condition: Ground) -> Case:
    return Case(conjoin([case.condition, condition]), case.items)
