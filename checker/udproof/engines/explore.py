"""Exhaustive search, breadth first, level by level, exact, compiled.

The system is ground (`ground`), its states are packed (`packing`), brought to a canonical form (`symmetry`, `canonical`), and
searched by WebAssembly made for it (`emit`, `kernel`, `machine`). Every state is visited once, in order of the number of steps that
lead to it; a wait of any length is one step. So the first violation found is a shortest one, and "proved" means that every state
was looked into. States are compared whole: no answer depends on a hash being free of collisions.

A wait leads to every tick up to the next deadline, so a level is built from actions and from whole chains of ticks. A state that a
wait has reached is marked: the rest of its chain comes from where that wait began, with as few steps.

The levels are kept on disk, one after the other. A trace is found backwards through them: of the states of the level before, the
smallest that leads to this one. It is then made concrete forwards, through the reference semantics, which undoes the canonical
form and checks every step; the same run comes out whatever the number of workers.

The search ends early, and says so, on a time or memory limit, on the user's interrupt, once every property is violated, and, if
asked, after the level of the first violation. What is undecided then is UNKNOWN; it is never taken for proved.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.engines.canonical import Canonical
from udproof.engines.emit import DOUBT, EXPANDED, MOST_PROPERTIES, OVERFLOW, WEIGHT, Model, emit
from udproof.engines.ground import GroundSystem
from udproof.engines.kernel import COUNTERS
from udproof.engines.machine import Machine, Status
from udproof.engines.packing import Packing
from udproof.engines.symmetry import Nest, Symmetry
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Result, Verdict
from udproof.language import ModelError, Property, System
from udproof.language.semantics import Semantics, State

_BUDGET = 1 << 14  # states between two looks at the clock and at memory
_REPORT = 0.25  # seconds between two reports of progress
_PREMISE = 32  # bits of `watch` from here on are premises
_TABLE = 1 << 32  # bytes that a search may hold where no limit is given: what a 32-bit memory has


class Stop(Exception):
    """The search must end now; the text says why."""


def resident_memory() -> int:
    """The most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Compiled:
    """A system made ready to be searched: how its states are packed, what their canonical form is, and the code."""

    def __init__(self, system: System, properties: tuple[Property, ...], symmetry: bool) -> None:
        self.semantics = Semantics(system)
        self.ground = GroundSystem(self.semantics, properties)
        found = Symmetry(self.semantics) if symmetry else None
        self.notes = tuple(found.notes) if found is not None else ()
        nest = found.slots(self.semantics) if found is not None else Nest(tuple(range(len(self.semantics.layout.slots))))
        self.packing = Packing(self.ground, nest)
        self.canonical = Canonical(nest, self.packing)
        self.model: Model = emit(self.ground, self.packing, self.canonical if self.canonical.groups else None, COUNTERS)

    def key(self, state: State) -> tuple[int, ...]:
        """The canonical packed form of a state."""
        return self.canonical.words(self.packing.pack(state))


@dataclass(slots=True)
class _Levels:
    """The levels of a search, on disk: each a run of stored states with their marks."""

    file: IO[bytes]
    starts: list[int] = field(default_factory=lambda: [0])

    def save(self, machine: Machine) -> None:
        """Append the present frontier. Stop if the disk does not take it."""
        try:
            self.file.seek(self.starts[-1])
            for part in machine.frontier():
                self.file.write(part)
            self.file.flush()
        except OSError as problem:
            raise Stop(f"the levels of the search could not be written to disk ({problem.strerror})") from problem
        self.starts.append(self.file.tell())

    def read(self, level: int) -> bytes:
        self.file.seek(self.starts[level])
        return self.file.read(self.starts[level + 1] - self.starts[level])


@dataclass(slots=True)
class _Search:
    """One search: the machine that runs it, and what has been seen so far."""

    code: Compiled
    limits: Limits
    progress: Progress | None
    machine: Machine
    levels: _Levels
    began: float
    depth: int = 0
    seen: dict[int, tuple[int, tuple[int, ...]]] = field(default_factory=dict)  # bit of `watch` -> level and packed state
    reported: float = 0.0

    def explore(self) -> None:
        """Visit every reachable state. Stop if a limit ends the work."""
        try:
            self.machine.add(sorted({self.code.key(state) for state in self.code.semantics.initial()}))
        except MemoryError:
            raise Stop(self._memory_reached()) from None
        width = self._turn()
        while True:
            self.levels.save(self.machine)
            self._level()
            self._note()
            width = self._turn()
            if not width:
                return
            self.depth += 1

    def _turn(self) -> int:
        """End a level; the number of states of the next."""
        try:
            return self.machine.turn()
        except MemoryError:
            raise Stop(self._memory_reached()) from None

    def _level(self) -> None:
        while True:
            self._look()
            match self.machine.run(_BUDGET):
                case Status.LEVEL_DONE:
                    return
                case Status.OUT_OF_MEMORY:
                    raise Stop(self._memory_reached())

    def _note(self) -> None:
        """Keep what this level has shown for the first time, and stop if that is enough."""
        self.look_at_seen()
        if OVERFLOW in self.seen:
            self._raise_overflow()
        self.machine.know(sum(1 << bit for bit in self.seen))
        violated = self.violated
        if violated and self.limits.stop_at_first:
            raise Stop("it was told to stop at the first violation")
        if len(violated) == len(self.code.ground.properties):
            raise Stop("every property is violated")

    def look_at_seen(self) -> None:
        """Keep what this level, or the part of it that is done, has shown for the first time."""
        for bit, words in self.machine.seen().items():
            self.seen.setdefault(bit, (self.depth, words))

    @property
    def violated(self) -> list[int]:
        """The numbers of the violated properties."""
        return [bit for bit in self.seen if bit < MOST_PROPERTIES]

    def _raise_overflow(self) -> None:
        trace = self.trace(OVERFLOW)
        for firing in trace.semantics.enabled(trace.last):
            trace.semantics.fire(trace.last, firing)  # raises at the one that leaves its range, with its name
        raise AssertionError("the compiled code found an integer out of range, the reference semantics did not")

    def _look(self) -> None:
        seconds = time.monotonic() - self.began
        if self.limits.seconds is not None and seconds > self.limits.seconds:
            raise Stop(f"the time limit of {self.limits.seconds:g} s was reached")
        if self.limits.memory is not None and resident_memory() > self.limits.memory:
            raise Stop(self._memory_reached())
        if self.progress is not None and seconds - self.reported > _REPORT:
            self.reported = seconds
            self.progress(self.figures())

    def _memory_reached(self) -> str:
        limit = self.limits.memory if self.limits.memory is not None else _TABLE
        return f"the memory limit of {limit / 1e6:g} MB was reached"

    def figures(self) -> Figures:
        """How far the search is."""
        stored = self.machine.states
        counted = self.machine.counters()
        expanded, weight = counted[EXPANDED], counted[WEIGHT]
        return Figures(
            states=stored + weight - expanded if weight else stored,
            stored=stored,
            transitions=sum(times for name, times in counted.items() if name not in (EXPANDED, WEIGHT)),
            depth=self.depth,
            seconds=time.monotonic() - self.began,
            frontier=stored - expanded,
            memory=resident_memory(),
        )

    # --- traces

    def trace(self, bit: int) -> Trace:
        """The run to the state in which a bit of `watch` was first seen."""
        level, words = self.seen[bit]
        path = [words]
        for before in reversed(range(level)):
            found = self.machine.predecessor(self.levels.read(before), path[-1])
            if found is None:
                raise AssertionError(f"a state of level {before + 1} has no predecessor in level {before}")
            path.append(found)
        return self._concrete(path[::-1])

    def _concrete(self, path: Sequence[tuple[int, ...]]) -> Trace:
        """A run whose states have these canonical forms."""
        semantics, key = self.code.semantics, self.code.key
        start = next(state for state in semantics.initial() if key(state) == path[0])
        moves: list[Move] = []
        state = start
        for words in path[1:]:
            move, state = self._move(state, words)
            moves.append(move)
        return run(semantics, start, moves)

    def _move(self, state: State, words: tuple[int, ...]) -> tuple[Move, State]:
        """What leads from the state to one of this canonical form: an action, else a wait."""
        semantics, key = self.code.semantics, self.code.key
        for firing in semantics.enabled(state):
            after = semantics.fire(state, firing)
            if key(after) == words:
                return firing, after
        patience = semantics.patience(state)
        longest = max(semantics.time.caps.values(), default=0)  # after that many ticks every clock is at its cap
        running = semantics.running(state)
        for ticks in range(1, 1 + (longest if patience is None else min(patience, longest))):
            if key(later := semantics.advanced(state, running, ticks)) == words:
                return Wait(ticks), later
        raise AssertionError("the compiled code made a step that the reference semantics does not make")


class Explore:
    """The engine; see the module."""

    name = "explore"

    def verify(
        self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None
    ) -> Result:
        """Decide the properties by visiting every reachable state. ModelError if the system cannot be run in ticks."""
        if not properties:
            raise ModelError("no property was given to check")
        if foreign := [prop.name for prop in properties if prop not in system.properties and not prop.watches_time]:
            raise ModelError(f"{', '.join(foreign)} is no property of {system.name}, whose clocks are counted for its own only")
        if len(properties) > MOST_PROPERTIES:
            raise ModelError(f"{len(properties)} properties were given; one run checks at most {MOST_PROPERTIES}")
        began = time.monotonic()
        code = Compiled(system, properties, limits.symmetry)
        room = _TABLE if limits.memory is None else max(limits.memory - resident_memory(), 0)
        with Machine(code.model, limits.jobs, room) as machine, tempfile.TemporaryFile() as file:
            return _result(_Search(code, limits, progress, machine, _Levels(file), began))


def _result(search: _Search) -> Result:
    stopped, interrupted = None, False
    try:
        search.explore()
    except Stop as reason:
        stopped = str(reason)
    except KeyboardInterrupt:
        stopped, interrupted = "it was interrupted", True
    search.look_at_seen()
    figures = search.figures()
    code = search.code
    fired = dict.fromkeys((act.name for act in code.semantics.system.actions), 0)
    fired |= {name: times for name, times in search.machine.counters().items() if name in fired}
    return Result(
        engine=Explore.name,
        scope="this fleet",
        verdicts=tuple(_verdict(search, place, stopped, figures) for place in range(len(code.ground.properties))),
        figures=figures,
        complete=stopped is None,
        fired=fired,
        stopped=stopped,
        interrupted=interrupted,
        notes=code.notes,
    )


def _verdict(search: _Search, place: int, stopped: str | None, figures: Figures) -> Verdict:
    prop = search.code.ground.properties[place].property
    witness = search.trace(_PREMISE + place) if _PREMISE + place in search.seen else None
    if place in search.seen:
        trace = search.trace(place)
        if trace.semantics.breaking(prop, trace.last) is None:
            raise AssertionError(f"the search says that {prop.name} is violated, the reference semantics that it holds")
        return Verdict(prop, Outcome.VIOLATED, f"a shortest run that breaks it has {len(trace.steps)} steps", trace, witness)
    if stopped is not None:
        reason = f"not decided: in {figures.states} states to depth {figures.depth} it is not broken, then {stopped}"
        return Verdict(prop, Outcome.UNKNOWN, reason, None, witness)
    if prop.watches_time and DOUBT in search.seen:
        reason = (
            "at every whole tick some action can happen, but in some state only one that compares another clock than the one that "
            "is due, which between ticks may not be enabled"
        )
        return Verdict(prop, Outcome.UNKNOWN, reason, None, witness)
    if witness is None:
        reason = f"its premise holds in none of the {figures.states} reachable states, so nothing was tested"
        return Verdict(prop, Outcome.VACUOUS, reason)
    return Verdict(prop, Outcome.PROVED, f"it holds in all {figures.states} reachable states", None, witness)
