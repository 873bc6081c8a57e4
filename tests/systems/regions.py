"""The region graph, by brute force: dense time as Alur and Dill (1994) made it finite, over the reference semantics.

A region keeps of each clock whether it reads a whole number of ticks, and which, or what lies between two; and the order of the
fractions. With readings in half ticks (whole ones even, what lies between odd) every comparison with a whole number of ticks is
decided by the reference semantics itself. So nothing is shared with zones but the language.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tests.systems.search import Found, TooLarge

from udproof.engines.zone_time import DenseSemantics
from udproof.language import System
from udproof.language import expressions as ex
from udproof.language.semantics import State

Region: TypeAlias = tuple[State, tuple[frozenset[int], ...]]  # with the clocks by fraction, the smallest first


class Regions:
    """The regions of a system."""

    def __init__(self, system: System) -> None:
        self.semantics = DenseSemantics(system, 2)
        slots = self.semantics.layout.slots
        self.caps = {
            place: self.semantics.time.caps[slot.symbol]
            for place, slot in enumerate(slots)
            if isinstance(slot.symbol, ex.ClockSymbol)
        }
        self.variables = len(slots) - len(self.caps)

    def initial(self) -> Iterator[Region]:
        for state in self.semantics.initial():
            yield state, ()

    def successors(self, region: Region, fired: set[str]) -> Iterator[Region]:
        state, order = region
        for firing in self.semantics.enabled(state):
            fired.add(firing.action.name)
            after = self.semantics.fire(state, firing)
            yield after, self._kept(order, after)
        later = self._later(region)
        if later is not None:
            yield later

    def _kept(self, order: tuple[frozenset[int], ...], state: State) -> tuple[frozenset[int], ...]:
        blocks = (frozenset(clock for clock in block if state[clock] % 2 and state[clock] < self.caps[clock]) for block in order)
        return tuple(block for block in blocks if block)

    def _later(self, region: Region) -> Region | None:
        """The region that time leads to next; None if a deadline forbids it, or nothing changes."""
        state, order = region
        patience = self.semantics.patience(state)
        if patience is not None and patience < 1:
            return None
        moving = [clock for clock in self.semantics.running(state) if state[clock] < self.caps[clock]]
        whole = frozenset(clock for clock in moving if state[clock] % 2 == 0)
        step = whole or (order[-1] if order else frozenset())
        if not step:
            return None
        after = tuple(reading + (place in step) for place, reading in enumerate(state))
        return after, self._kept((whole, *order) if whole else order[:-1], after)


def search_regions(system: System, limit: int) -> tuple[Found, set[State]]:
    """What `search` finds, in dense time; and the states of the variables. TooLarge beyond the limit. Steps are not counted."""
    regions, found = Regions(system), Found()
    semantics = regions.semantics
    todo = list(dict.fromkeys(regions.initial()))
    known = set(todo)
    for region in todo:
        for prop in system.checks:
            if semantics.breaking(prop, region[0]) is not None:
                found.violated.setdefault(prop.name, 0)
            if semantics.reaches(prop, region[0]) is not None:
                found.reached.setdefault(prop.name, 0)
        for after in regions.successors(region, found.fired):
            if after not in known:
                known.add(after)
                todo.append(after)
        if len(known) > limit:
            raise TooLarge(f"more than {limit} regions")
    return found, {state[: regions.variables] for state, _ in known}
