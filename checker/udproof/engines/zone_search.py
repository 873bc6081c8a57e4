"""One search over zones: the system made ready for it, its levels, and runs to what it has seen.

`Prepared` compiles a system; a `Search` takes it level by level. With a *horizon* the search looks no further in time than that,
after all of which nothing happens: a clock that is never set to zero has it as its deadline. That such a deadline holds up time
is not held against the system.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from udproof.counterexamples.trace import Trace
from udproof.engines.bounds import Bounds
from udproof.engines.canonical import Canonical
from udproof.engines.dbm import Matrix
from udproof.engines.limits import Stop, Watch, resident_memory
from udproof.engines.packing import Packing
from udproof.engines.symmetry import nest_of
from udproof.engines.verdict import Figures, Limits
from udproof.engines.zone_cases import Case
from udproof.engines.zone_emit import OVERFLOW, PREMISE, STUCK, ZoneModel
from udproof.engines.zone_graph import Node, ZoneGraph
from udproof.engines.zone_machine import CompiledZones, Stored, ZoneMachine, ZoneStatus
from udproof.engines.zone_runs import Final, Runs
from udproof.engines.zone_system import ZoneSystem
from udproof.language import Property, System
from udproof.language.semantics import State

_LEAST_BUDGET, _MOST_BUDGET = 64, 1 << 18  # nodes between two looks at the clock and at memory
_ROUND = 0.05  # seconds that should pass between them at most


class Prepared:
    """A system made ready to be searched by zones, as far as a horizon in seconds if there is one. Stop at a limit."""

    def __init__(
        self,
        system: System,
        properties: tuple[Property, ...],
        limits: Limits,
        watch: Watch,
        horizon: Fraction | None = None,
    ) -> None:
        self.system = ZoneSystem(system, properties, watch.glance, horizon)
        self.bounds = Bounds(self.system)
        semantics = self.system.semantics
        nest, self.notes = nest_of(semantics, limits.symmetry, watch.glance)
        self.packing = Packing(self.system.in_packing_terms(), nest)
        self.canonical = Canonical(nest, self.packing)
        self.model = ZoneModel(self.system, self.bounds, self.packing, self.canonical, nest, watch.glance)
        self.graph = ZoneGraph(self.system, self.bounds)
        watch.look()
        self.code = CompiledZones(self.model)

    def key(self, state: State) -> tuple[int, ...]:
        """The canonical packed form of a state of the variables."""
        return self.canonical.words(self.packing.pack(state))

    def node(self, stored: Stored) -> Node:
        """A node that the compiled search has stored."""
        clocks = tuple(self.system.clocks[number] for number in stored.clocks)
        return Node(self.packing.unpack(stored.words), clocks, stored.zone, stored.waited)


@dataclass(slots=True)
class Search:
    """One search, eager or patient."""

    code: Prepared
    watch: Watch
    machine: ZoneMachine
    eager: bool
    depth: int = 0
    found: dict[int, int] = field(default_factory=dict)  # bit -> the node that showed it first
    budget: int = _LEAST_BUDGET

    def levels(self) -> Iterator[None]:
        """Search, level by level. Stop if a limit ends the work."""
        system = self.code.system
        starts = [
            (self.code.packing.pack(state), [self.code.model.number[clock] for clock in self.code.graph.running(state)])
            for state in system.semantics.initial()
        ]
        self.machine.begin(sorted({words: (words, clocks) for words, clocks in starts}.values()))
        while self.machine.turn():
            self._level()
            yield
            self.depth += 1
        self.depth = max(self.depth - 1, 0)

    def _level(self) -> None:
        while True:
            self.watch.look()
            began = time.monotonic()
            status = self.machine.run(self.budget)
            took = time.monotonic() - began
            self.budget = min(2 * self.budget, _MOST_BUDGET) if took < _ROUND else max(self.budget // 2, _LEAST_BUDGET)
            self.note()
            match status:
                case ZoneStatus.LEVEL_DONE:
                    return
                case ZoneStatus.OUT_OF_MEMORY:
                    raise Stop(self.watch.memory_reached())
                case ZoneStatus.ASKED:
                    self._answer()
            self.watch.tell(self.figures)

    def _answer(self) -> None:
        """The kernel asks whether time may be held up in its present node."""
        address = self.machine["cur"]
        if self.code.graph.stuck(self.code.node(self.machine.node(address))):
            self.found[STUCK] = address
            self.machine.know([STUCK])

    def note(self) -> None:
        """Keep what has been shown for the first time."""
        for bit, address in self.machine.found().items():
            self.found.setdefault(bit, address)

    def figures(self) -> Figures:
        """How far the search is."""
        machine = self.machine
        return Figures(
            states=machine.states(),
            stored=machine["zones"],
            transitions=sum(machine.counters().values()),
            depth=self.depth,
            seconds=self.watch.seconds,
            frontier=machine["waiting"],
            memory=resident_memory(),
        )

    # --- runs

    def trace(self, bit: int) -> Trace:
        """A run to where a bit was first seen."""
        address = self.found[bit]
        runs = Runs(self.code.system, self.code.bounds, self.code.key, self.eager)
        names = [action.ground.firing.action.name for action in self.code.system.actions]
        path = [
            runs.mark(None if stored.action is None else names[stored.action], self.code.node(stored))
            for stored in self.machine.path(address)
        ]
        return runs.trace(path, self._final(bit))

    def _final(self, bit: int) -> Final:
        system, exact = self.code.system, ZoneGraph(self.code.system, None)

        def meeting(cases: Iterable[Case], node: Node) -> Iterator[Matrix]:
            return (zone for zone in (exact.kept(node, case) for case in cases) if zone is not None)

        def overflowing(node: Node) -> Iterator[Matrix]:
            for action in system.actions:
                if exact.overflows(node.state, action):
                    yield from meeting(action.cases, node)

        match bit:
            case _ if bit == STUCK:
                return lambda node: exact.held_up(node, system.doubtful)
            case _ if bit == OVERFLOW:
                return overflowing
            case _ if bit >= PREMISE:
                return lambda node: meeting(system.properties[bit - PREMISE].premise, node)
            case _:
                return lambda node: meeting(system.properties[bit].broken, node)
