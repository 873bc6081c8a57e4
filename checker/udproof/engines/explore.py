"""Exhaustive search, breadth first, level by level, exact, compiled.

The system is ground (`ground`), its states are packed (`packing`), brought to a canonical form (`symmetry`, `canonical`), and
searched by WebAssembly made for it (`emit`, `kernel`, `machine`). Every state is visited once, in order of the number of steps that
lead to it; a wait of any length is one step. So the first violation found is a shortest one, and "proved" means that every state
was looked into. States are compared whole: no answer depends on a hash being free of collisions.

A wait leads to every tick up to the next deadline, so a level is built from actions and from whole chains of ticks. A state that a
wait has reached is marked: the rest of its chain comes from where that wait began, with as few steps.

The levels are kept on disk, one after the other. A trace is found backwards through them: of the states of the level before, the
smallest that leads to this one. It is then made concrete forwards, through the reference semantics, which undoes the canonical
form and checks every step; the same run comes out whatever the number of workers. If asked, checkpoints are kept at the ends of
levels (`checkpoint`); a search that goes on from one ends with the same counts, verdicts and runs as one that was never killed.

The search ends early, and says so, on a time or memory limit, on the user's interrupt, once every property is violated, and, if
asked, after the level of the first violation. What is undecided then is UNKNOWN; it is never taken for proved.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from math import prod

from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.engines.canonical import Canonical
from udproof.engines.checkpoint import Folder, Identity, Levels, Saved
from udproof.engines.emit import DOUBT, EXPANDED, OVERFLOW, WEIGHT, Model, emit, summed
from udproof.engines.ground import GroundSystem
from udproof.engines.instantiate import Look
from udproof.engines.kernel import COUNTERS
from udproof.engines.limits import MOST_PROPERTIES, Stop, Watch, check_request, most_memory, resident_memory
from udproof.engines.machine import Machine, Status
from udproof.engines.overflow import raise_overflow
from udproof.engines.packing import Packing
from udproof.engines.stored import MULTIPLIERS
from udproof.engines.symmetry import nest_of
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Result, Verdict, breaks
from udproof.engines.zone_time import in_whole_ticks
from udproof.language import Property, System
from udproof.language.semantics import State

_LEAST_BUDGET, _MOST_BUDGET = 1 << 8, 1 << 20  # states between two looks at the clock and at memory
_ROUND = 0.05  # seconds that should pass between two looks; much less, and workers wait for each other too often
_SAVE = 1.0  # seconds between two checkpoints at least ...
_SAVE_SHARE = 25  # ... and so many times what the last one took: checkpoints cost 4 % of the time at most
_PREMISE = 32  # bits of `watch` from here on are premises


class Compiled:
    """A system made ready to be searched: how its states are packed, what their canonical form is, and the code."""

    def __init__(self, system: System, properties: tuple[Property, ...], symmetry: bool, look: Look = lambda: None) -> None:
        """`look` is called again and again while the work goes on, and may raise to end it."""
        self.semantics = in_whole_ticks(system)
        self.ground = GroundSystem(self.semantics, properties, look)
        nest, self.notes = nest_of(self.semantics, symmetry, look)
        self.packing = Packing(self.ground, nest)
        self.canonical = Canonical(nest, self.packing)
        self.model: Model = emit(self.ground, self.packing, self.canonical if self.canonical.groups else None, COUNTERS, look)
        spans = map(self.semantics.span, self.packing.fields)
        self.bound = prod(most - least + 1 for least, most in spans)  # of states, reachable or not
        self.identity = Identity(
            system.name, system.hash, tuple(prop.name for prop in properties), symmetry, _digest(self.model, MULTIPLIERS)
        )

    def key(self, state: State) -> tuple[int, ...]:
        """The canonical packed form of a state."""
        return self.canonical.words(self.packing.pack(state))


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass(slots=True)
class _Search:
    """One search: the machine that runs it, and what has been seen so far."""

    code: Compiled
    watch: Watch
    machine: Machine
    levels: Levels
    folder: Folder | None
    depth: int = 0
    resumed: int | None = None  # the depth at which the search was resumed
    seen: dict[int, tuple[int, tuple[int, ...]]] = field(default_factory=dict)  # bit of `watch` -> level and packed state
    budget: int = _LEAST_BUDGET
    moves: dict[tuple[State, tuple[int, ...]], tuple[Move, State]] = field(default_factory=dict)  # by state and what it led to
    pending: Saved | None = None  # what the next checkpoint says
    due: float = 0.0  # when it is to be written

    def explore(self) -> None:
        """Visit every reachable state. Stop if a limit ends the work, BadCheckpoint if there is nothing to resume from."""
        try:
            if not self._resume():
                self.machine.add(sorted({self.code.key(state) for state in self.code.semantics.initial()}))
                self.machine.turn()
                self._save()
            while True:
                self._mark()
                self._level()
                self._note()
                if not self.machine.turn():
                    return
                self.depth += 1
                self._save()
        except MemoryError:
            raise Stop(self.watch.memory_reached()) from None

    def _level(self) -> None:
        while True:
            self._look()
            began = time.monotonic()
            match self.machine.run(self.budget):
                case Status.LEVEL_DONE:
                    return
                case Status.OUT_OF_MEMORY:
                    raise Stop(self.watch.memory_reached())
            took = time.monotonic() - began
            if took < _ROUND / 2:
                self.budget = min(2 * self.budget, _MOST_BUDGET)
            elif took > 2 * _ROUND:
                self.budget = max(self.budget // 2, _LEAST_BUDGET)

    # --- the disk

    def _save(self) -> None:
        """Append the frontier to the levels on disk."""
        try:
            self.levels.append(self.machine.frontier())
        except OSError as problem:
            raise Stop(f"the levels of the search could not be written to disk ({problem.strerror})") from problem

    def _mark(self) -> None:
        """A level begins: remember what a checkpoint of this moment says, and write it if it is time."""
        if self.folder is None:
            return
        self.pending = Saved(tuple(self.levels.sizes), self.levels.digest, self.machine.counters(), dict(self.seen))
        began = time.monotonic()
        if began >= self.due:
            self.write_checkpoint()
            ended = time.monotonic()
            self.due = ended + max(_SAVE, _SAVE_SHARE * (ended - began))

    def write_checkpoint(self) -> None:
        """Write the checkpoint of the beginning of this level, if it is not there yet. Stop if the disk does not take it."""
        if self.folder is None or self.pending is None:
            return
        saved, self.pending = self.pending, None
        try:
            self.folder.write(self.code.identity, saved)
        except OSError as problem:
            raise Stop(f"the checkpoint could not be written ({problem.strerror})") from problem

    def _resume(self) -> bool:
        """Take the search up where the checkpoint in the folder says. False if there is none."""
        saved = self.folder.saved(self.code.identity) if self.folder is not None else None
        if saved is None:
            return False
        self.machine.expect(sum(saved.sizes) // self.levels.entry)
        last = len(saved.sizes) - 1
        for level, piece in self.levels.restore(saved):
            self.machine.load_level(piece, frontier=level == last)
            self._look()
        self.depth = self.resumed = last  # and not before: now all of it is known to be whole
        self.seen = dict(saved.seen)
        self.machine.know(sum(1 << bit for bit in self.seen))
        self.machine.count_from(saved.counters)
        self.machine.turn()
        if self.machine.states * self.levels.entry != sum(saved.sizes):
            raise AssertionError("a checkpoint with a right checksum holds a state twice")
        return True

    # --- what was seen, and limits

    def _note(self) -> None:
        """Keep what this level has shown for the first time, and stop if that is enough."""
        self.look_at_seen()
        if OVERFLOW in self.seen:
            raise_overflow(self.trace(OVERFLOW))
        self.machine.know(sum(1 << bit for bit in self.seen))
        violated = self.violated
        if violated and self.watch.limits.stop_at_first:
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

    def _look(self) -> None:
        self.watch.look()
        self.watch.tell(self.figures)

    def figures(self) -> Figures:
        """How far the search is."""
        stored = self.machine.states
        counted = self.machine.counters()
        expanded = counted[EXPANDED]
        return Figures(
            states=stored - expanded + self.code.canonical.total(summed(counted, WEIGHT)),
            stored=stored,
            transitions=sum(times for name, times in counted.items() if not name.startswith("#")),
            depth=self.depth,
            seconds=self.watch.seconds,
            frontier=stored - expanded,
            memory=resident_memory(),
            workers=self.machine.team,
            bound=self.code.bound,
        )

    def reached(self, place: int) -> int:
        """In how many of the states looked into the premise of a property holds."""
        name = self.code.model.premises[place]
        return 0 if name is None else self.code.canonical.total(summed(self.machine.counters(), name))

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
            step = (state, words)
            if step not in self.moves:  # runs of one search begin alike
                self.moves[step] = self._move(state, words)
            move, state = self.moves[step]
            moves.append(move)
        return run(semantics, start, moves)

    def _move(self, state: State, words: tuple[int, ...]) -> tuple[Move, State]:
        """What leads from the state to one of this canonical form: an action, else a wait."""
        semantics, key = self.code.semantics, self.code.key
        for firing in semantics.each_enabled(state):
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

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Decide the properties by visiting every reachable state.

        ModelError if the system cannot be run in ticks, BadCheckpoint if checkpoints can be neither resumed from nor written.
        """
        check_request(system, properties)
        watch = Watch(limits, progress)
        with ExitStack() as stack:
            folder = None
            if limits.checkpoints is not None:
                folder = stack.enter_context(Folder(limits.checkpoints, limits.resume))
            try:
                code = Compiled(system, properties, limits.symmetry, watch.glance)
            except Stop as reason:
                return _unready(system, properties, watch, f"{reason} while the search was being got ready")
            machine = stack.enter_context(Machine(code.model, limits.jobs, watch.room))
            file = folder.file if folder is not None else stack.enter_context(tempfile.TemporaryFile(buffering=0))
            levels = Levels(file, 8 * code.model.words, checked=folder is not None)
            return _result(_Search(code, watch, machine, levels, folder))


def _unready(system: System, properties: tuple[Property, ...], watch: Watch, stopped: str) -> Result:
    """What is said when a limit ends the work before the first state is looked into."""
    return Result(
        engine=Explore.name,
        scope="this fleet",
        verdicts=tuple(Verdict(prop, Outcome.UNKNOWN, f"not decided: {stopped}") for prop in properties),
        figures=Figures(0, 0, 0, 0, watch.seconds, 0, most_memory()),
        complete=False,
        fired=dict.fromkeys((act.name for act in system.actions), 0),
        stopped=stopped,
        symmetry=watch.limits.symmetry,
    )


def _result(search: _Search) -> Result:
    stopped, interrupted = None, False
    try:
        search.explore()
    except Stop as reason:
        stopped = str(reason)
    except KeyboardInterrupt:
        stopped, interrupted = "it was interrupted", True
    if stopped is not None:
        try:
            search.write_checkpoint()
        except Stop as also:
            stopped = f"{stopped}, and {also}"
    search.look_at_seen()
    figures = replace(search.figures(), memory=most_memory())
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
        symmetry=search.watch.limits.symmetry,
        resumed=search.resumed,
    )


def _verdict(search: _Search, place: int, stopped: str | None, figures: Figures) -> Verdict:
    return replace(_answer(search, place, stopped, figures), reached=search.reached(place))


def _answer(search: _Search, place: int, stopped: str | None, figures: Figures) -> Verdict:
    prop = search.code.ground.properties[place].property
    witness = search.trace(_PREMISE + place) if _PREMISE + place in search.seen else None
    if place in search.seen:
        trace = search.trace(place)
        if trace.semantics.breaking(prop, trace.last) is None:
            raise AssertionError(f"the search says that {prop.name} is violated, the reference semantics that it holds")
        return Verdict(prop, Outcome.VIOLATED, breaks(trace), trace, witness)
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
