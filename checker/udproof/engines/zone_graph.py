"""The zone graph, as plainly as it can be said: the reference for the compiled search, and what makes its runs concrete.

A symbolic state is a state without clocks, the clocks that run in it, and a zone of their readings. From it lead the actions, each
in the cases in which its guard can hold, and the passing of time. `Node.waited` says whether time has passed already, as far as it
may: the steps of a run are actions and waits, and two waits are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from udproof.engines import dbm
from udproof.engines.bounds import Bounds
from udproof.engines.dbm import Matrix
from udproof.engines.zone_cases import Bound, Case, value_of
from udproof.engines.zone_system import Limit, ZoneAction, ZoneSystem
from udproof.language.semantics import State

Constraint: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Node:
    """A symbolic state. `clocks` are the slots of the clocks that run, in order; row i + 1 of the zone is about clock i."""

    state: State
    clocks: tuple[int, ...]
    zone: tuple[tuple[int, ...], ...]
    waited: bool

    def matrix(self) -> Matrix:
        """A copy of the zone that may be changed."""
        return [list(row) for row in self.zone]

    def covers(self, other: Node) -> bool:
        """Is every reading of the other one of this?"""
        return self.state == other.state and dbm.included(other.matrix(), self.matrix())


class ZoneGraph:
    """The symbolic states of a system. Without `bounds` nothing is extrapolated, and there may be infinitely many."""

    def __init__(self, system: ZoneSystem, bounds: Bounds | None) -> None:
        self.system = system
        self.bounds = bounds

    def initial(self, eager: bool) -> Iterator[Node]:
        """The initial states, with all clocks at zero; `eager`: with every reading that waiting leads to."""
        for state in self.system.semantics.initial():
            clocks = self.running(state)
            yield from self._arrivals(state, clocks, dbm.origin(len(clocks)), eager)

    def running(self, state: State) -> tuple[int, ...]:
        """The clocks that run in a state."""
        return tuple(clock for clock in self.system.clocks if value_of(self.system.runs[clock], state))

    def successors(self, node: Node, eager: bool) -> Iterator[tuple[ZoneAction | None, Node]]:
        """What actions and, unless it has, waiting (None) lead to."""
        for action in self.system.actions:
            for case in action.cases:
                for after in self.fire(node, action, case, eager):
                    yield action, after
        if not (eager or node.waited):
            waited = self.wait(node)
            if waited is not None:
                yield None, waited

    def fire(self, node: Node, action: ZoneAction, case: Case, eager: bool) -> Iterator[Node]:
        """What one case of an action leads to. Nothing if an integer would leave its range; see `overflows`."""
        zone = self.kept(node, case)
        if zone is None or self.overflows(node.state, action):
            return
        state, clocks, sources = self.after(node, action)
        yield from self._arrivals(state, clocks, dbm.gathered(zone, sources), eager)

    def after(self, node: Node, action: ZoneAction) -> tuple[State, tuple[int, ...], list[int]]:
        """The state after an action, its clocks, and the row of each in the zone before; 0 for one that starts."""
        before = node.state
        new = list(before)
        for slot, value in action.post.items():
            new[slot] = value_of(value, before)
        row = {clock: place for place, clock in enumerate(node.clocks, 1)}
        clocks = sorted(
            {clock for clock in node.clocks if clock not in action.runs}
            | {clock for clock, runs in action.runs.items() if value_of(runs, before)}
        )
        sources = [row.get(clock, 0) if value_of(action.keeps.get(clock, 1), before) else 0 for clock in clocks]
        return tuple(new), tuple(clocks), sources

    def overflows(self, state: State, action: ZoneAction) -> bool:
        """Would the action take an integer out of its range?"""
        return any(not low <= value_of(action.ground.post[slot], state) <= high for slot, low, high in action.ground.ranges)

    def kept(self, node: Node, case: Case) -> Matrix | None:
        """The part of the zone in which a case holds; None if it does not."""
        constraints = self.constraints(node, case)
        return None if constraints is None else dbm.cut(node.matrix(), constraints)

    def constraints(self, node: Node, case: Case) -> list[Constraint] | None:
        """The bounds that a case asks for; None if the variables do not allow it."""
        if not value_of(case.condition, node.state):
            return None
        needed = [item.bound for item in case.items if not value_of(item.unless, node.state)]
        return [constraint(bound, node.clocks) for bound in needed]

    def holds_somewhere(self, node: Node, cases: Iterable[Case]) -> bool:
        """Does one of the cases hold for some reading?"""
        return any(self.kept(node, case) is not None for case in cases)

    # --- time

    def wait(self, node: Node) -> Node | None:
        """Every reading that waiting leads to; None if it leads nowhere."""
        zone = self.passed(node.state, node.clocks, node.matrix())
        return None if zone is None else self._node(node.state, node.clocks, zone, True)

    def limits(self, state: State) -> list[Limit]:
        """The deadlines that hold in a state."""
        return [limit for limit in self.system.limits if value_of(limit.condition, state)]

    def passed(self, state: State, clocks: tuple[int, ...], zone: Matrix) -> Matrix | None:
        """Every reading that waiting leads to, for any time that deadlines allow; None if they allow none from any reading."""
        limits = self.limits(state)
        if any(limit.slot not in clocks and limit.ticks == 0 for limit in limits):
            return None
        within = [constraint(Bound(limit.slot, True, limit.ticks, False), clocks) for limit in limits if limit.slot in clocks]
        start = dbm.cut(zone, within)
        if start is None:
            return None
        dbm.let_time_pass(start)
        return dbm.cut(start, within)

    def _arrivals(self, state: State, clocks: tuple[int, ...], zone: Matrix, eager: bool) -> Iterator[Node]:
        if not eager:
            yield self._node(state, clocks, zone, False)
            return
        waited = self.passed(state, clocks, zone)
        if waited is None or not dbm.included(zone, waited):
            yield self._node(state, clocks, [list(row) for row in zone], False)  # time stands still for some reading
        if waited is not None:
            yield self._node(state, clocks, waited, True)

    def _node(self, state: State, clocks: tuple[int, ...], zone: Matrix, waited: bool) -> Node:
        if self.bounds is not None:
            pairs = [self.bounds.of[clock].at(state) for clock in clocks]
            dbm.extrapolate(zone, [0, *(pair[0] for pair in pairs)], [0, *(pair[1] for pair in pairs)])
        return Node(state, clocks, tuple(map(tuple, zone)), waited)

    # --- time that cannot pass

    def stuck(self, node: Node) -> bool:
        """Is there a reading at which a deadline stops time and no action is enabled?"""
        return next(self.held_up(node, self.system.doubtful), None) is not None

    def held_up(self, node: Node, limits: Iterable[Limit]) -> Iterator[Matrix]:
        """The zones in which one of these deadlines is due and no action is enabled."""
        for limit in limits:
            if not value_of(limit.condition, node.state):
                continue
            due = dbm.cut(node.matrix(), [constraint(Bound(limit.slot, False, limit.ticks, False), node.clocks)])
            left = [] if due is None else [due]
            for action in self.system.actions:
                for case in action.cases:
                    enabled = self.constraints(node, case) if left else None
                    if enabled is not None:
                        left = [part for zone in left for part in dbm.subtracted(zone, enabled)]
            yield from left


def constraint(bound: Bound, clocks: tuple[int, ...]) -> Constraint:
    """A bound as (i, j, limit) on the rows of a zone; a clock at rest reads zero."""
    row = clocks.index(bound.slot) + 1 if bound.slot in clocks else 0
    if bound.upper:
        return row, 0, dbm.bound(bound.ticks, bound.strict)
    return 0, row, dbm.bound(-bound.ticks, bound.strict)
