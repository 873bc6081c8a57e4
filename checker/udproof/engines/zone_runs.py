"""From a path of zones to one timed run: the same steps, at instants that are fractions.

A path of the search says which states follow each other, up to exchanging what is interchangeable, and that some readings lead
along it. Here the same path is taken once more from the initial state, concretely and with nothing forgotten; then every step has
an instant, every bound on a clock is a bound on the difference of two instants, and such a system is solved by shortest paths
(Bellman 1958). The solution taken is the earliest one, so the run waits no longer than it must. Strict bounds need instants
between whole ones: the unit is divided into as few parts as there is a solution for. There always is one for as many parts as
there are instants, and one more.

The run is then made by the reference semantics, which checks every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.engines import dbm
from udproof.engines.bounds import Bounds
from udproof.engines.dbm import INFINITY, Matrix
from udproof.engines.zone_cases import Case, value_of
from udproof.engines.zone_graph import Node, ZoneGraph
from udproof.engines.zone_system import ZoneAction, ZoneSystem
from udproof.engines.zone_time import semantics_in_parts
from udproof.language.semantics import State

Edge: TypeAlias = tuple[int, int, int]  # instant a minus instant b keeps a bound
Fired: TypeAlias = tuple[ZoneAction, Case] | None
Final: TypeAlias = Callable[[Node], Iterable[Matrix]]


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a node of the path: the action that led to it (None for a wait, or the start), and what it looks like."""

    action: str | None
    key: object
    signature: object


@dataclass(frozen=True, slots=True)
class _Place:
    """A node of the concrete path, and the same with what the search forgets forgotten."""

    fired: Fired
    exact: Node
    abstract: Node


class Runs:
    """Makes runs of a system. `key` is what states that differ by exchanging interchangeable elements have in common."""

    def __init__(self, system: ZoneSystem, bounds: Bounds, key: Callable[[State], object], eager: bool) -> None:
        self._system = system
        self._exact = ZoneGraph(system, None)
        self._abstract = ZoneGraph(system, bounds)
        self._key = key
        self._eager = eager

    def mark(self, action: str | None, node: Node) -> Mark:
        """The mark of a node."""
        return Mark(action, self._key(node.state), self._signature(node))

    def _signature(self, node: Node) -> object:
        """The same for nodes that differ by exchanging interchangeable elements; different for most others."""
        slots, zone = self._system.semantics.layout.slots, node.zone
        return sorted(
            (slots[clock].symbol.name, zone[row][0], zone[0][row], sorted(zone[row]), sorted(line[row] for line in zone))
            for row, clock in enumerate(node.clocks, 1)
        )

    def trace(self, path: Sequence[Mark], final: Final) -> Trace:
        """The earliest run along a path to one of the final zones of its last node."""
        for places in self._along(path):
            for zone in final(places[-1].exact):
                return self._timed(places, zone)
        raise AssertionError("no run follows the path of the search")

    # --- the same path, concretely

    def _along(self, path: Sequence[Mark]) -> Iterator[list[_Place]]:
        """Every concrete path; those first that look like it in every node."""
        starts = list(self._paired(None, self._exact.initial(self._eager), list(self._abstract.initial(self._eager))))
        stack = [[place] for place in self._fitting(starts, path[0])]
        while stack:
            places = stack.pop()
            if len(places) == len(path):
                yield places
            else:
                mark = path[len(places)]
                found = self._fitting(self._successors(places[-1], mark), mark)
                stack += [[*places, place] for place in found]

    def _fitting(self, places: Iterable[_Place], mark: Mark) -> list[_Place]:
        """Those with the right key, the best fitting last."""
        found = [place for place in places if self._key(place.exact.state) == mark.key]
        return sorted(found, key=lambda place: self._signature(place.abstract) == mark.signature)

    def _successors(self, place: _Place, mark: Mark) -> Iterator[_Place]:
        if mark.action is None:
            exact, abstract = self._exact.wait(place.exact), self._abstract.wait(place.abstract)
            if exact is not None and abstract is not None:
                yield _Place(None, exact, abstract)
            return
        for action in self._system.actions:
            if action.ground.firing.action.name != mark.action:
                continue
            for case in action.cases:
                if value_of(case.condition, place.exact.state):
                    exacts = self._exact.fire(place.exact, action, case, self._eager)
                    abstracts = list(self._abstract.fire(place.abstract, action, case, self._eager))
                    yield from self._paired((action, case), exacts, abstracts)

    @staticmethod
    def _paired(fired: Fired, exacts: Iterable[Node], abstracts: list[Node]) -> Iterator[_Place]:
        for exact in exacts:
            yield from (_Place(fired, exact, abstract) for abstract in abstracts if abstract.covers(exact))

    # --- instants

    def _timed(self, places: Sequence[_Place], zone: Matrix) -> Trace:
        """The earliest run along these places."""
        edges, now, since = list[Edge](), 0, dict[int, int]()
        instants: list[int] = []  # by place: when it was reached
        for number, place in enumerate(places):
            node = place.exact
            if place.fired is not None:
                action, case = place.fired
                before = places[number - 1].exact
                for i, j, bound in self._exact.constraints(before, case) or []:
                    edges += _edge(i, j, bound, before.clocks, since, now)
                sources = self._exact.after(before, action)[2]
                since = {clock: since[clock] if source else now for clock, source in zip(node.clocks, sources, strict=True)}
            elif number == 0:
                since = dict.fromkeys(node.clocks, 0)
            instants.append(now)
            if node.waited:
                edges.append((now, now + 1, dbm.ZERO))
                now += 1
                for limit in self._exact.limits(node.state):
                    if limit.slot in since:
                        edges.append((now, since[limit.slot], dbm.bound(limit.ticks, False)))
        last = places[-1].exact
        for i, row in enumerate(zone):
            for j, bound in enumerate(row):
                if i != j and bound != INFINITY:
                    edges += _edge(i, j, bound, last.clocks, since, now)
        parts, when = _earliest(now + 1, edges)
        moves: list[Move] = []
        time = 0
        for place, at in zip(places, instants, strict=True):
            if when[at] > time:
                moves.append(Wait(when[at] - time))
                time = when[at]
            if place.fired is not None:
                moves.append(place.fired[0].ground.firing)
        if when[now] > time:
            moves.append(Wait(when[now] - time))
        return run(semantics_in_parts(self._system.system, parts), self._start(places[0].exact.state), moves)

    def _start(self, state: State) -> State:
        return next(start for start in self._system.semantics.initial() if start == state)


def _edge(i: int, j: int, bound: int, clocks: Sequence[int], since: dict[int, int], now: int) -> Iterator[Edge]:
    """A bound on two rows of a zone as one on two instants; clocks read how long ago they were zero."""
    a, b = (now if row == 0 else since[clocks[row - 1]] for row in (i, j))
    if a != b:
        yield b, a, bound  # (now - a) - (now - b) = b - a
    else:
        assert bound >= dbm.ZERO


def _earliest(instants: int, edges: Sequence[Edge]) -> tuple[int, list[int]]:
    """The least number of parts of the unit, and the earliest instants in them, that keep all bounds. The first instant is 0."""
    for parts in range(1, instants + 2):
        when = [0] * instants
        for _ in range(instants + 1):
            changed = False
            for a, b, bound in edges:
                least = when[a] - (bound >> 1) * parts + 1 - (bound & 1)  # of instant b
                if when[b] < least:
                    when[b], changed = least, True
            if not changed or when[0] > 0:
                break
        if not changed and when[0] == 0:
            return parts, when
    raise AssertionError("bounds that a zone keeps have no solution")
