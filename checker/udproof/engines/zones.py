"""Exhaustive search in dense time: states of the variables with zones of clock readings, breadth first, exact, compiled.

A wait of 15 minutes costs one state here, whatever the unit of time: the readings that it leads to are one zone (Dill 1989). The
system is taken apart into variables and bounds on clocks (`zone_system`), the constants that matter are found (`bounds`), states
are packed and brought into order as in the search in ticks, and WebAssembly made for the system searches (`zone_emit`,
`zone_kernel`, `zone_machine`). Time is dense, so guards may compare strictly, and "time can pass" is decided for every instant
and not for whole ticks only.

The number of zones depends on what is forgotten: LU-extrapolation with bounds by state (Behrmann, Bouyer, Larsen, Pelanek 2006),
and a zone inside another is not kept. Which states of the variables are reached does not depend on that: `Figures.states` counts
them, `Figures.stored` the zones. The forgetting is exact for what is asked here: clocks are compared with constants only, and
every bound in a property is among those that are not forgotten.

Two searches are made at most. The first holds all readings that waiting leads to together, and decides. If it finds a violation,
the second takes waiting as a step, as runs count it, and finds a run of the fewest steps. A run is made concrete by `zone_runs`
and replayed by the reference semantics.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from udproof.counterexamples.trace import Trace
from udproof.engines.bounds import Bounds
from udproof.engines.canonical import Canonical
from udproof.engines.dbm import Matrix
from udproof.engines.limits import Stop, Watch, check_request, resident_memory
from udproof.engines.packing import Packing
from udproof.engines.symmetry import Nest, Symmetry
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Result, Verdict
from udproof.engines.zone_cases import Case
from udproof.engines.zone_emit import OVERFLOW, PREMISE, STUCK, ZoneModel
from udproof.engines.zone_graph import Node, ZoneGraph
from udproof.engines.zone_machine import CompiledZones, Stored, ZoneMachine, ZoneStatus
from udproof.engines.zone_runs import Final, Runs
from udproof.engines.zone_system import ZoneSystem
from udproof.language import ModelError, Property, System
from udproof.language.semantics import State

_LEAST_BUDGET, _MOST_BUDGET = 64, 1 << 18  # nodes between two looks at the clock and at memory
_ROUND = 0.05  # seconds that should pass between them at most
ABSTRACTION = "LU-extrapolation, inclusion"


class Prepared:
    """A system made ready to be searched by zones. `look` is called now and then, and may raise to end the work."""

    def __init__(self, system: System, properties: tuple[Property, ...], limits: Limits, watch: Watch) -> None:
        self.system = ZoneSystem(system, properties, watch.glance)
        self.bounds = Bounds(self.system)
        semantics = self.system.semantics
        found = Symmetry(semantics) if limits.symmetry else None
        self.notes = tuple(found.notes) if found is not None else ()
        nest = found.slots(semantics) if found is not None else Nest(tuple(range(len(semantics.layout.slots))))
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


class Zones:
    """The engine; see the module."""

    name = "zones"

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Decide the properties in dense time. ModelError if the system has no zones, or for a limit that is not kept here."""
        check_request(system, properties)
        if limits.checkpoints is not None:
            raise ModelError("the search by zones keeps no checkpoints; leave them out, or search in ticks (engine explore)")
        watch = Watch(limits, progress)
        run = _Run(system, properties, limits, watch)
        try:
            run.search()
        except Stop as reason:
            run.stopped = str(reason)
        except KeyboardInterrupt:
            run.stopped, run.interrupted = "it was interrupted", True
        try:
            return run.result()
        finally:
            run.close()


@dataclass(slots=True)
class _Run:
    """One call of the engine: the search that decides, and what came out of it."""

    system: System
    properties: tuple[Property, ...]
    limits: Limits
    watch: Watch
    code: Prepared | None = None
    first: Search | None = None
    stopped: str | None = None
    interrupted: bool = False

    def close(self) -> None:
        """Give memory back."""
        if self.first is not None:
            self.first.machine.close()

    def search(self) -> None:
        """Decide. Stop if something ends the work early."""
        self.watch.look()
        self.code = Prepared(self.system, self.properties, self.limits, self.watch)
        self.first = Search(self.code, self.watch, ZoneMachine(self.code.code, True, self.watch.room), True)
        for _ in self.first.levels():
            if OVERFLOW in self.first.found:
                self._raise_overflow()
            violated = self.violated
            if violated and self.limits.stop_at_first:
                raise Stop("it was told to stop at the first violation")
            if len(violated) == len(self.properties):
                raise Stop("every property is violated")

    @property
    def violated(self) -> dict[int, int]:
        """The numbers of the violated properties, each with the bit that showed it."""
        if self.first is None:
            return {}
        bits = {place: STUCK if prop.watches_time else place for place, prop in enumerate(self.properties)}
        return {place: bit for place, bit in bits.items() if bit in self.first.found}

    def _raise_overflow(self) -> None:
        assert self.first is not None
        trace = self.first.trace(OVERFLOW)
        for firing in trace.semantics.enabled(trace.last):
            trace.semantics.fire(trace.last, firing)  # raises at the one that leaves its range, with its name
        raise AssertionError("the compiled code found an integer out of range, the reference semantics did not")

    # --- the answer

    def result(self) -> Result:
        """What is known."""
        figures = Figures(0, 0, 0, 0, self.watch.seconds, 0, resident_memory())
        fired = dict.fromkeys((act.name for act in self.system.actions), 0)
        notes: tuple[str, ...] = ()
        if self.first is not None and self.code is not None:
            self.first.note()
            figures = self.first.figures()
            fired |= self.first.machine.counters()
            notes = (*self.code.notes, f"{figures.stored} zones over {figures.states} states of the variables ({ABSTRACTION})")
        violated = self.violated
        traces = self._traces(violated)
        return Result(
            engine=Zones.name,
            scope="this fleet",
            verdicts=tuple(self._verdict(place, figures, traces.get(place)) for place in range(len(self.properties))),
            figures=figures,
            complete=self.stopped is None,
            fired=fired,
            stopped=self.stopped,
            interrupted=self.interrupted,
            notes=notes,
            symmetry=self.limits.symmetry,
        )

    def _traces(self, violated: dict[int, int]) -> dict[int, tuple[Trace, str]]:
        """A run of the fewest steps for each violated property; if a limit ends the search for it, a run, and that this is so."""
        found: dict[int, tuple[Trace, str]] = {}
        if not violated:
            return found
        assert self.code is not None and self.first is not None
        problem = ""
        try:
            with ZoneMachine(self.code.code, False, self.watch.room) as machine:
                second = Search(self.code, self.watch, machine, False)
                try:
                    for _ in second.levels():
                        if all(bit in second.found for bit in violated.values()):
                            break
                except Stop as reason:
                    problem = str(reason)
                except KeyboardInterrupt:
                    problem = "it was interrupted"
                for place, bit in violated.items():
                    if bit in second.found:
                        trace = second.trace(bit)
                        found[place] = trace, f"a shortest run that breaks it has {len(trace.steps)} steps"
        except MemoryError:
            problem = self.watch.memory_reached()
        for place, bit in violated.items():
            if place not in found:
                trace = self.first.trace(bit)
                said = f"a run that breaks it has {len(trace.steps)} steps; the search for a shorter one ended: {problem}"
                found[place] = trace, said
        return found

    def _verdict(self, place: int, figures: Figures, broken: tuple[Trace, str] | None) -> Verdict:
        prop = self.properties[place]
        search = self.first
        witness = None
        if search is not None and PREMISE + place in search.found:
            witness = search.trace(PREMISE + place)
        if broken is not None:
            trace, reason = broken
            if trace.semantics.breaking(prop, trace.last) is None:
                raise AssertionError(f"the search says that {prop.name} is violated, the reference semantics that it holds")
            return Verdict(prop, Outcome.VIOLATED, reason, trace, witness)
        counted = f"{figures.stored} zones, over {figures.states} states of the variables"
        if self.stopped is not None:
            reason = f"not decided: in {counted}, to depth {figures.depth}, it is not broken, then {self.stopped}"
            return Verdict(prop, Outcome.UNKNOWN, reason, None, witness)
        if witness is None:
            return Verdict(prop, Outcome.VACUOUS, f"its premise holds in none of the {counted}, so nothing was tested")
        return Verdict(prop, Outcome.PROVED, f"it holds in all {counted} ({ABSTRACTION})", None, witness)
