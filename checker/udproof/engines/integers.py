"""Ground formulas over integers in known ranges, made shorter.

A slot holds integers of a known range, and a clock counted in ticks holds integers too. So more can be decided before the search
than `algebra` decides, which must be right for clocks in dense time as well: "3 <= x" is "not x <= 2", "x + 1 <= 3" is "x <= 2",
a comparison that no value of its range makes false is true, and of "p or x <= 2" and "p or x <= 3" the first says it all. What
this is for: an action is checked to leave no integer outside its range, and in most actions that check is decided here.

Every function returns a formula that is true in the same states; a state is taken to have each slot within its range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from udproof.engines.algebra import At, Ground, Op, add, choose, conjoin, disjoin, equal, negate

Span: TypeAlias = tuple[int, int]
_Upper: TypeAlias = tuple[frozenset[Ground], Ground]  # the other alternatives of "... or x <= k", and x


class Integers:
    """Shortens formulas about slots, each with a least and a most value."""

    def __init__(self, span: Callable[[int], Span]) -> None:
        self._span = span
        self._done: dict[Op, Ground] = {}
        self._spans: dict[Op, Span] = {}

    def short(self, a: Ground) -> Ground:
        """The formula or number, shortened."""
        if not isinstance(a, Op):
            return a
        known = self._done.get(a)
        if known is None:
            known = self._done[a] = self._rebuilt(a)
        return known

    def _rebuilt(self, a: Op) -> Ground:
        args = [self.short(arg) for arg in a.args]
        match a.operator:
            case "not":
                return negate(args[0])
            case "and":
                return self.all(args)
            case "or":
                return self.some(args)
            case "eq":
                return self._equal(args[0], args[1])
            case "le":
                return self.at_most(args[0], args[1])
            case "add" | "sub":
                return add(args[0], args[1], 1 if a.operator == "add" else -1)
            case "ite":
                return self._either(args[0], args[1], args[2])

    # --- comparisons

    def span(self, a: Ground) -> Span:
        """The least and the most value that a can have."""
        match a:
            case int():
                return a, a
            case At(slot=slot):
                return self._span(slot)
        known = self._spans.get(a)
        if known is None:
            known = self._spans[a] = self._span_of(a)
        return known

    def _span_of(self, a: Op) -> Span:
        if a.operator not in ("add", "sub", "ite"):
            return 0, 1
        (low, high), (least, most) = (self.span(arg) for arg in a.args[-2:])
        match a.operator:
            case "add":
                return low + least, high + most
            case "sub":
                return low - most, high - least
            case _:
                return min(low, least), max(high, most)

    def at_most(self, a: Ground, b: Ground) -> Ground:
        """a <= b; with a number on one side it is said as "x <= k" or "not x <= k"."""
        (low, high), (least, most) = self.span(a), self.span(b)
        if high <= least or a == b:
            return 1
        if low > most:
            return 0
        if isinstance(a, int):
            return negate(self.at_most(b, a - 1))
        if isinstance(b, int):
            match a:
                case Op("add", (first, int() as second)) | Op("add", (int() as second, first)):
                    return self.at_most(first, b - second)
                case Op("sub", (first, int() as second)):
                    return self.at_most(first, b + second)
                case Op("ite", (condition, first, other)):
                    return self._either(condition, self.at_most(first, b), self.at_most(other, b))
                case Op("not" | "and" | "or" | "eq" | "le"):
                    return negate(a)  # a truth that is at most 0, since what is certain has been said above
        return Op("le", (a, b))

    def _equal(self, a: Ground, b: Ground) -> Ground:
        (low, high), (least, most) = self.span(a), self.span(b)
        return 0 if high < least or most < low else equal(a, b)

    def _either(self, condition: Ground, then: Ground, other: Ground) -> Ground:
        """then if the condition holds, else other; a choice of truths of which one is certain is no choice."""
        low, high = zip(self.span(then), self.span(other), strict=True)
        if min(low) >= 0 and max(high) <= 1:
            if then == 1:
                return self.some([condition, other])
            if then == 0:
                return self.all([negate(condition), other])
            if other == 1:
                return self.some([negate(condition), then])
            if other == 0:
                return self.all([condition, then])
        return choose(condition, then, other)

    # --- all and some

    def all(self, parts: Iterable[Ground]) -> Ground:
        """All of the parts, but none that another one implies."""
        whole = conjoin(parts)
        if not (isinstance(whole, Op) and whole.operator == "and"):
            return whole
        if _contradictory(whole.args):
            return 0
        facts = _uppers(whole.args)
        left: list[Ground] = []
        for part in whole.args:
            if isinstance(part, Op) and part.operator == "not":  # what the facts imply cannot be what fails of the denied
                denied = _conjuncts(part.args[0])
                doubtful = [arg for arg in denied if arg not in whole.args and not _weaker(arg, facts, strictly=False)]
                left.append(negate(conjoin(doubtful)))
            elif not _weaker(part, facts, strictly=True):
                left.append(part)
        return conjoin(left)

    def some(self, parts: Iterable[Ground]) -> Ground:
        """Some of the parts."""
        whole = disjoin(parts)
        if not (isinstance(whole, Op) and whole.operator == "or"):
            return whole
        return 1 if _contradictory([negate(part) for part in whole.args]) else whole


def _conjuncts(a: Ground) -> tuple[Ground, ...]:
    return a.args if isinstance(a, Op) and a.operator == "and" else (a,)


def _contradictory(parts: Iterable[Ground]) -> bool:
    """Is one part, or a part of it, denied by another?"""
    flat: set[Ground] = set()
    for part in parts:
        flat.add(part)
        if isinstance(part, Op) and part.operator == "and":
            flat.update(part.args)
    return any(negate(part) in flat for part in flat)


def _upper(a: Ground) -> tuple[_Upper, int] | None:
    """(p, q, ..., x) and k of "p or q or ... or x <= k"."""
    alternatives = a.args if isinstance(a, Op) and a.operator == "or" else (a,)
    bounds = [part for part in alternatives if isinstance(part, Op) and part.operator == "le" and isinstance(part.args[1], int)]
    if len(bounds) != 1:
        return None
    x, k = bounds[0].args
    assert isinstance(k, int)
    return (frozenset(part for part in alternatives if part != bounds[0]), x), k


def _uppers(parts: Iterable[Ground]) -> dict[_Upper, int]:
    """The least bound of each kind that the parts state."""
    least: dict[_Upper, int] = {}
    for part in parts:
        found = _upper(part)
        if found is not None:
            least[found[0]] = min(found[1], least.get(found[0], found[1]))
    return least


def _weaker(part: Ground, facts: dict[_Upper, int], strictly: bool) -> bool:
    """Do the facts imply the part (by a bound that is tighter, if strictly so)?"""
    found = _upper(part)
    if found is None or found[0] not in facts:
        return False
    return facts[found[0]] < found[1] if strictly else facts[found[0]] <= found[1]
