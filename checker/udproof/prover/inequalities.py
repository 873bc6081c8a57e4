"""What a proof may assume of the timing constants.

Found from the system: sums of deadlines' constants that stay below a constant of a property, and waits that are over before a
deadline. They are taken up as far as they are true of the seconds at hand, and minimisation keeps the few that a theorem needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from udproof.language import Property, System
from udproof.language import expressions as ex
from udproof.language.printing import show
from udproof.prover.lemmas import Inequality, conjuncts

MOST_SUMMANDS = 4  # a pause that ends in a roll-back, and the time until somebody finds out that the host hangs


def inequalities(system: System, durations: Mapping[str, Fraction], properties: Sequence[Property]) -> list[Inequality]:
    """What may be assumed of the timing constants, as far as it is true of these seconds.

    That a sum of deadlines' constants stays below a constant that a property compares a clock of the same elements with; and that
    what a guard waits for is over before the deadline of the same clock. Not whatever else happens to be true: a theorem should not
    rest on an accident.
    """
    limits: dict[tuple[ex.IndexSort, ...], dict[ex.Bound, None]] = {}
    for dead in system.deadlines:
        limits.setdefault(dead.limit.clock.domain, {})[dead.limit.bound] = None
    of_properties = dict.fromkeys((node.clock.domain, node.bound) for prop in properties for node in _bounds_in(prop.body))
    found = [
        Inequality(small, (large,), strict)
        for domain, large in of_properties
        for size in range(1, MOST_SUMMANDS + 1)
        for small in combinations(limits.get(domain, {}), size)
        for strict in (True, False)
        if large not in small
    ]
    found += [Inequality((), (large,), True) for _, large in of_properties]
    for act in system.actions:
        parts = [part for guard in act.guards for part in conjuncts(guard.condition)]
        waited = [part for part in parts if isinstance(part, ex.ClockIs) and part.comparison == ">="]
        for dead in system.deadlines:
            for part in waited:
                named = [_shape(one) for one in conjuncts(dead.condition)]
                if part.clock is dead.limit.clock and all(shape in map(_shape, parts) for shape in named):
                    found.append(Inequality((part.bound,), (dead.limit.bound,), False))
    unique = {(one.small, one.large, one.strict): one for one in found if set(one.small) != set(one.large)}
    return [one for one in unique.values() if one.holds(durations)]


def _shape(node: ex.Expr) -> str:
    """A formula as text, whatever its parameters are called."""
    params = sorted(ex.free_params(node), key=lambda param: param.serial)
    return show(node, {param: f"x{place}" for place, param in enumerate(params)})


def _bounds_in(node: ex.Expr) -> Iterator[ex.ClockIs]:
    for part in ex.walk(node):
        if isinstance(part, ex.ClockIs):
            yield part
        if isinstance(part, ex.Read) and isinstance(part.symbol, ex.DefinitionSymbol):
            yield from _bounds_in(part.symbol.body)
