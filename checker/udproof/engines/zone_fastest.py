"""The run that breaks a property soonest: least elapsed time, by Dijkstra's algorithm over zones.

A clock that is never set to zero tells the time. Only its lower bound matters ("could this have been reached by then?"), so it is
extrapolated as a clock that is compared from above only, and of two zones the one that is reached sooner takes in the other.
Nodes are taken in the order of the soonest time that they hold; the first broken one is broken soonest. Where that time is only
approached (a strict bound), the run comes as near as instants in the fewest parts of the unit allow.

This is the reference search, not the compiled one: it is for a property that is known to be violated, and looks no further in
time than the violation.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count

from udproof.counterexamples.trace import Trace
from udproof.engines.bounds import NONE, Bounds, ClockBounds
from udproof.engines.dbm import MOST, Matrix
from udproof.engines.zone_graph import Node, ZoneGraph
from udproof.engines.zone_runs import Runs
from udproof.engines.zone_system import ZoneSystem
from udproof.language import Property, System
from udproof.language import expressions as ex


@dataclass(frozen=True, slots=True)
class _Way:
    """A node, and how it was reached."""

    node: Node
    action: str | None
    before: _Way | None


def fastest(system: System, prop: Property) -> Trace | None:
    """A run that breaks the property in the least time; None if there is no run that does."""
    clock = ex.ClockSymbol("(elapsed)", (), (), ex.TRUE)
    always = Property("(elapsed)", "", "", (), ex.ClockIs(clock, (), ">=", Fraction(0)), ex.TRUE, None, None)
    timed = ZoneSystem(replace(system, properties=(*system.properties, always)), (prop, always))
    bounds = Bounds(timed)
    [elapsed] = [slot for slot in timed.clocks if timed.semantics.layout.slots[slot].symbol is clock]
    bounds.of[elapsed] = ClockBounds((), {(): (NONE, MOST)})
    graph = ZoneGraph(timed, bounds)
    way = _soonest(graph, elapsed, prop)
    if way is None:
        return None
    ways = [way]
    while ways[-1].before is not None:
        ways.append(ways[-1].before)
    plain = ZoneSystem(system, (prop,))
    runs = Runs(plain, Bounds(plain), lambda state: state[: plain.semantics.layout.variables], True)
    exact = ZoneGraph(plain, None)
    path = [runs.mark(one.action, _without(one.node, elapsed)) for one in reversed(ways)]
    return runs.trace(path, lambda node: _broken(exact, node, prop))


def _soonest(graph: ZoneGraph, elapsed: int, prop: Property) -> _Way | None:
    order = count()
    waiting: list[tuple[int, int, bool, _Way]] = []  # by the soonest time, as a bound: 2 t - 1 for "from t on", 2 t for "after t"
    known: dict[object, list[Node]] = {}

    def add(way: _Way) -> None:
        chain = known.setdefault(way.node.state, [])
        if not any(other.covers(way.node) for other in chain):
            chain.append(way.node)
            heapq.heappush(waiting, (_since(way.node.matrix(), way.node, elapsed), next(order), False, way))

    for start in graph.initial(True):
        add(_Way(start, None, None))
    while waiting:
        _, _, goal, way = heapq.heappop(waiting)
        if goal:
            return way
        for zone in _broken(graph, way.node, prop):
            heapq.heappush(waiting, (_since(zone, way.node, elapsed), next(order), True, way))
        for action, after in graph.successors(way.node, True):
            assert action is not None
            add(_Way(after, action.ground.firing.action.name, way))
    return None


def _since(zone: Matrix, node: Node, elapsed: int) -> int:
    """The soonest time in a zone; larger is later."""
    return -zone[0][node.clocks.index(elapsed) + 1]


def _broken(graph: ZoneGraph, node: Node, prop: Property) -> Iterator[Matrix]:
    """The zones of a node in which the property is broken."""
    if prop.watches_time:
        yield from graph.held_up(node, graph.system.doubtful)
        return
    [found] = [item for item in graph.system.properties if item.property == prop]
    cut: Iterable[Matrix | None] = (graph.kept(node, case) for case in found.broken)
    yield from (zone for zone in cut if zone is not None)


def _without(node: Node, clock: int) -> Node:
    """The node without one clock."""
    row = node.clocks.index(clock) + 1
    zone = tuple(line[:row] + line[row + 1 :] for place, line in enumerate(node.zone) if place != row)
    return Node(node.state, tuple(other for other in node.clocks if other != clock), zone, node.waited)
