"""Which constants each clock is still compared with, by state: what the extrapolation of zones may forget.

A clock's lower bound in a state is the largest constant that it may be compared with from below (clock >= constant) before it is
next set to zero, starting from that state; likewise its upper bound (clock <= constant). Readings beyond them cannot be told apart
(Behrmann, Bouyer, Fleury, Larsen 2003, for bounds by location; Behrmann, Bouyer, Larsen, Pelanek 2006, for lower and upper ones).

States are too many to compute this for each. A clock's bounds depend on few variables: those that say whether it runs. So every
clock gets a small abstract system, the values of those variables with everything else left open, in which bounds flow backwards
along the actions until nothing changes. An abstract system can do whatever the real one can, so the bounds are large enough.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from udproof.engines.algebra import slots_of, substitute
from udproof.engines.zone_cases import Bound, Case, Item
from udproof.engines.zone_system import ZoneAction, ZoneSystem

NONE = -1  # never compared
_MOST = 4096  # values of the variables that a clock's bounds may depend on; beyond that they depend on none


@dataclass(frozen=True, slots=True)
class ClockBounds:
    """A clock's (lower, upper) bounds by the values of some slots; a value that is not listed has the clock at rest."""

    slots: tuple[int, ...]
    table: dict[tuple[int, ...], tuple[int, int]]

    def at(self, state: tuple[int, ...]) -> tuple[int, int]:
        """The bounds in a state."""
        return self.table[tuple(state[slot] for slot in self.slots)]


class Bounds:
    """The bounds of all clocks of a system, for the properties that it is checked for."""

    def __init__(self, system: ZoneSystem) -> None:
        self._system = system
        self._changing: dict[int, list[ZoneAction]] = defaultdict(list)  # by slot, those that may change it
        self._comparing: dict[int, list[ZoneAction]] = defaultdict(list)  # by clock, those that may compare it
        for action in system.actions:
            for slot in {*action.post, *action.runs}:
                self._changing[slot].append(action)
            for clock in {item.bound.slot for case in action.cases for item in case.items}:
                self._comparing[clock].append(action)
        self._claims: dict[int, list[tuple[Case, Item]]] = defaultdict(list)  # by clock: what properties and premises compare
        for claim in system.properties:
            for case in (*claim.broken, *claim.premise):
                for item in case.items:
                    self._claims[item.bound.slot].append((case, item))
        self.of = {clock: self._clock(clock) for clock in system.clocks}

    def _clock(self, clock: int) -> ClockBounds:
        system = self._system
        slots = tuple(sorted(slots_of(system.runs[clock])))
        domains = [system.semantics.values(system.semantics.layout.slots[slot].symbol.sort) for slot in slots]  # type: ignore[union-attr]
        if prod(map(len, domains)) > _MOST:
            slots, domains = (), []
        table: dict[tuple[int, ...], list[int]] = {}
        for values in product(*domains):
            known = dict(zip(slots, values, strict=True))
            if substitute(system.runs[clock], known) != 0:
                table[values] = [NONE, NONE]
                for bound in self._compared(clock, known):
                    place = int(bound.upper)
                    table[values][place] = max(table[values][place], bound.ticks)
        flows = {values: set(self._flows(clock, dict(zip(slots, values, strict=True)), slots, domains)) for values in table}
        changed = True
        while changed:
            changed = False
            for values, targets in flows.items():
                mine = table[values]
                for target in targets & table.keys():
                    for place in (0, 1):
                        if table[target][place] > mine[place]:
                            mine[place] = table[target][place]
                            changed = True
        return ClockBounds(slots, {values: (pair[0], pair[1]) for values, pair in table.items()})

    def _compared(self, clock: int, known: dict[int, int]) -> Iterator[Bound]:
        """Every bound on the clock that guards, deadlines and properties may need where these slots have these values."""
        system = self._system
        for action in self._comparing[clock]:
            for case in action.cases:
                if substitute(case.condition, known) == 0:
                    continue
                for item in case.items:
                    if item.bound.slot == clock and substitute(item.unless, known) != 1:
                        yield item.bound
                        if system.doubtful:  # "no action is enabled" is asked too
                            yield item.bound.negation
        for case, item in self._claims[clock]:
            if substitute(case.condition, known) != 0 and substitute(item.unless, known) != 1:
                yield item.bound
        for limit in system.limits:
            if limit.slot == clock and substitute(limit.condition, known) != 0:
                yield Bound(clock, True, limit.ticks, False)
                if limit in system.doubtful:
                    yield Bound(clock, False, limit.ticks, False)

    def _flows(self, clock: int, known: dict[int, int], slots: tuple[int, ...], domains: list[range]) -> Iterator[tuple[int, ...]]:
        """The values that these slots can have after an action that leaves the clock's reading as it is."""
        seen = set()
        for slot in (*slots, clock):
            for action in self._changing[slot]:
                if id(action) in seen:
                    continue
                seen.add(id(action))
                if all(substitute(case.condition, known) == 0 for case in action.cases):
                    continue
                if clock in action.keeps and 0 in (
                    substitute(action.keeps[clock], known),
                    substitute(action.runs[clock], known),
                ):
                    continue
                choices: list[list[int]] = []
                for place, domain in zip(slots, domains, strict=True):
                    value = substitute(action.post[place], known) if place in action.post else known[place]
                    choices.append([value] if isinstance(value, int) else list(domain))
                yield from product(*choices)
