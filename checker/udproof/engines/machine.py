"""The search kernel at work: one or several WebAssembly instances, driven level by level.

A `Machine` holds the visited states and the frontier of one search. Its user adds the initial states, calls `turn`, and then for
each level: `run` until it is done, look at what was `seen`, save the `frontier` if a trace may be wanted, `turn`. A saved level
gives the `predecessor` of a state of the next one, and can be loaded again (`load_level`) when a search is resumed.

*Workers.* Every state belongs to one worker, by its hash, so workers share nothing: each expands its part of the frontier and puts
what belongs to others into its outbox; then outboxes are delivered. Both phases run in threads, since wasmtime releases Python's
lock. A small search is quicker alone, so a team forms only when the frontier is worth it, and takes over the states found so far.

*Guarantee.* The number of states, the levels, the counters of actions, what is seen and every predecessor are the same whatever the
number of workers, the size of batches and the order in which states come. (Marks may differ; see "Marks" in `kernel`.)
When memory ends, `run` says so, now and ever after, and whatever else would have to go on raises `MemoryError`: an empty frontier
can never mean that states were dropped.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Literal, TypeAlias, TypeVar

import wasmtime

from udproof.engines.emit import Model
from udproof.engines.kernel import kernel, layout_of
from udproof.engines.packing import MARK
from udproof.engines.stored import stored, unstored
from udproof.engines.table import PAD, Layout

Memory: TypeAlias = Literal["M", "T", "X", "I"]
Words: TypeAlias = tuple[int, ...]
Buffer: TypeAlias = bytes | bytearray | memoryview
T = TypeVar("T")

UNLIMITED = 1 << 62
CHUNK = 1 << 20  # bytes that pass between Python and an instance at a time, about


class Status(Enum):
    """What `Machine.run` ended with."""

    LEVEL_DONE = 0
    MORE = 1
    OUT_OF_MEMORY = 2


@dataclass(frozen=True, slots=True)
class Tuning:
    """Figures that change how fast a search is and nothing else."""

    batch: int = 512  # successors made before they are looked up
    slots: int = 4096  # of the table at first
    team_frontier: int = 10_000  # a team forms at a level of so many states ...
    team_states: int = 100_000  # ... when so many are known


class _Worker:
    """One instance of the kernel."""

    def __init__(self, module: _Module, number: int, of: int, slots: int, limit: int) -> None:
        self.layout = module.layout
        self._store = wasmtime.Store(module.engine)
        exports = wasmtime.Instance(self._store, module.code, []).exports(self._store)
        self._functions: dict[str, wasmtime.Func] = {}
        self._globals: dict[str, wasmtime.Global] = {}
        self._memories: dict[str, wasmtime.Memory] = {}
        for name, item in exports.items():
            match item:
                case wasmtime.Func():
                    self._functions[name] = item
                case wasmtime.Global():
                    self._globals[name] = item
                case wasmtime.Memory():
                    self._memories[name] = item
        self.call("start", slots, limit, number, of)
        self.call("inbox", CHUNK)  # now, so that there is room for finding traces when memory has ended

    def call(self, name: str, *args: int) -> int:
        """Call a function of the kernel; what it returns, or 0."""
        result: int | None = self._functions[name](self._store, *args)
        return result or 0

    def __getitem__(self, name: str) -> int:
        """A global of the kernel, read as an unsigned number."""
        value: int = self._globals[name].value(self._store)
        return value & (0xFFFFFFFF if name in _NARROW else 0xFFFFFFFFFFFFFFFF)

    def know(self, mask: int) -> None:
        """Set the known bits of the watch."""
        self._globals["known"].set_value(self._store, mask - (1 << 64) if mask >> 63 else mask)

    def read(self, memory: Memory, start: int, size: int) -> bytes:
        """Bytes of a memory."""
        assert start + size <= self._memories[memory].data_len(self._store)
        return ctypes.string_at(self._address(memory) + start, size)

    def write(self, memory: Memory, start: int, content: bytes) -> None:
        """Write bytes into a memory."""
        assert start + len(content) <= self._memories[memory].data_len(self._store)
        ctypes.memmove(self._address(memory) + start, content, len(content))

    def _address(self, memory: Memory) -> int:
        return ctypes.addressof(self._memories[memory].data_ptr(self._store).contents)

    def entry(self, start: int) -> Words:
        """The words of an entry in memory M."""
        return struct.unpack(f"<{self.layout.words}Q", self.read("M", start, self.layout.entry))

    def receive(self, content: bytes) -> None:
        """Insert those of some stored states that are mine. At most `CHUNK` bytes."""
        if self["oom"]:  # perhaps there was no room even for the inbox
            return
        self.write("I", 0, content)
        self.call("receive", len(content))

    def load(self, content: bytes) -> None:
        """The same, but what is new is known only, and not to be expanded."""
        self.call("settle")
        self.receive(content)
        self.call("rewind")

    def deliver(self, others: Sequence[_Worker]) -> None:
        """Insert what others have for me."""
        sizes = [other["xend"] for other in others]
        if not sum(sizes):
            return
        self.call("inbox", sum(sizes))
        if self["oom"]:
            return
        at = self._address("I")
        for other, size in zip(others, sizes, strict=True):
            ctypes.memmove(at, other._address("X"), size)
            at += size
        self.call("receive", sum(sizes))

    def frontier(self) -> Iterator[bytes]:
        """The stored states of the frontier."""
        yield from self._pieces("M", self.layout.frontier, self["lend"])

    def table(self) -> Iterator[bytes]:
        """The slots of the table, empty ones too."""
        yield from self._pieces("T", 0, (self["size"] + PAD) * self.layout.entry)

    def _pieces(self, memory: Memory, start: int, end: int) -> Iterator[bytes]:
        step = _step(self.layout)
        for at in range(start, end, step):
            yield self.read(memory, at, min(step, end - at))

    def close(self) -> None:
        """Give its memories back now."""
        self._store.close()


_NARROW = {"states", "oom", "cur", "lend", "end", "xend", "found"}  # globals of 32 bits


class _Module:
    """The compiled kernel of a model."""

    def __init__(self, model: Model, batch: int) -> None:
        self.layout = layout_of(model, batch)
        self.engine = wasmtime.Engine()
        self.code = wasmtime.Module(self.engine, kernel(model, self.layout))


class Machine:
    """One search: a model, its visited states, its frontier. A context manager, since its memories are large."""

    def __init__(self, model: Model, workers: int = 1, memory_limit: int | None = None, tuning: Tuning | None = None) -> None:
        """`memory_limit` is in bytes, for all workers together."""
        self.workers = workers
        self._tuning = tuning or Tuning()
        self._limit = UNLIMITED if memory_limit is None else memory_limit
        self._model = model
        self._module = _Module(model, self._tuning.batch)
        self._layout = self._module.layout
        self._team = [_Worker(self._module, 0, 1, self._tuning.slots, self._limit)]
        self._pool: ThreadPoolExecutor | None = None
        self._stay_alone = workers == 1
        self._known = 0
        self._before = [0] * len(model.counters)  # counters of the one that a team has replaced, and of a search that is resumed

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give threads and memories back. Nothing else may be called afterwards."""
        if self._pool is not None:
            self._pool.shutdown()
        for worker in self._team:
            worker.close()

    # --- levels

    def add(self, states: Iterable[Sequence[int]]) -> None:
        """Add packed states to the next frontier, unless they are known. MemoryError if they do not fit."""
        form = struct.Struct(f"<{self._layout.words}Q")
        waiting = bytearray()
        for words in states:
            waiting += form.pack(*stored(words))
            if len(waiting) >= _step(self._layout):
                self._receive(bytes(waiting))
                waiting.clear()
        self._receive(bytes(waiting))

    def _receive(self, content: bytes) -> None:
        for worker in self._team:
            worker.receive(content)
            worker.call("settle")
        self._check_memory()

    def _check_memory(self) -> None:
        if any(worker["oom"] for worker in self._team):
            raise MemoryError(f"the search needs more than its limit of {self._limit} bytes, or than 4 GiB for one of its memories")

    def run(self, budget: int) -> Status:
        """Expand about `budget` states of the frontier, or what is left of it."""
        share = max(1, min(budget // len(self._team), 1 << 30))
        team = self._team
        done = self._each(lambda worker: worker.call("run", share))
        if len(team) > 1:
            self._each(lambda worker: worker.deliver([other for other in team if other is not worker]))
            for worker in team:
                worker.call("sent")
        if all(Status(status) is Status.LEVEL_DONE for status in done):
            self._each(lambda worker: worker.call("settle"))
        if any(worker["oom"] for worker in team):
            return Status.OUT_OF_MEMORY
        return Status.LEVEL_DONE if all(Status(status) is Status.LEVEL_DONE for status in done) else Status.MORE

    def turn(self) -> int:
        """End the level: the next frontier becomes the frontier. The number of its states.

        RuntimeError if states of the present frontier are still to be expanded, MemoryError if memory has ended.
        """
        self._check_memory()
        if any(worker["cur"] != worker["lend"] for worker in self._team):
            raise RuntimeError("a level was ended before all of its states had been expanded; call run until it says LEVEL_DONE")
        for worker in self._team:
            worker.call("turn")
        width = sum(worker["lend"] - self._layout.frontier for worker in self._team) // self._layout.entry
        if not self._stay_alone and width >= self._tuning.team_frontier and self.states >= self._tuning.team_states:
            self._form_team()
        return width

    def _form_team(self) -> None:
        """Hand the states over to a team, if memory allows that both are there for a moment."""
        self._stay_alone = True
        (old,) = self._team
        if 3 * self.memory() > self._limit:
            return
        slots = max(self._tuning.slots, old["size"] // self.workers)
        team = [_Worker(self._module, number, self.workers, slots, self._limit // self.workers) for number in range(self.workers)]

        def take_over(worker: _Worker) -> None:
            worker.know(self._known)
            for content in old.frontier():
                worker.receive(content)
            worker.call("settle")
            worker.call("turn")
            for content in old.table():
                worker.load(content)

        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="worker")
        _together(self._pool, take_over, team)
        if any(worker["oom"] for worker in team):
            for worker in team:
                worker.close()
            return
        taken = sum(worker["states"] for worker in team), sum(worker["lend"] - self._layout.frontier for worker in team)
        assert taken == (old["states"], old["lend"] - self._layout.frontier), "a state was lost on the way to the team"
        self._before = self._sum(self._before, self._counted(self._team))
        self._team = team
        old.close()

    def _each(self, task: Callable[[_Worker], T]) -> list[T]:
        if len(self._team) == 1 or self._pool is None:
            return [task(worker) for worker in self._team]
        return _together(self._pool, task, self._team)

    # --- figures

    @property
    def states(self) -> int:
        """States found so far."""
        return sum(worker["states"] for worker in self._team)

    def count_from(self, counters: Mapping[str, int]) -> None:
        """The counters of the search that is resumed here."""
        self._before = [counters[name] for name in self._model.counters]

    def counters(self) -> dict[str, int]:
        """The model's counters: how often each action has fired."""
        return dict(zip(self._model.counters, self._sum(self._before, self._counted(self._team)), strict=True))

    @property
    def team(self) -> int:
        """How many workers search just now."""
        return len(self._team)

    def _counted(self, team: Sequence[_Worker]) -> list[int]:
        start, size = self._layout.at("counters"), 8 * len(self._before)
        rows = [struct.unpack(f"<{len(self._before)}Q", worker.read("M", start, size)) for worker in team]
        return [sum(column) for column in zip(*rows, strict=True)]

    @staticmethod
    def _sum(left: Sequence[int], right: Sequence[int]) -> list[int]:
        return [one + other for one, other in zip(left, right, strict=True)]

    def memory(self) -> int:
        """Bytes held by all memories together."""
        return sum(worker["held"] for worker in self._team)

    # --- what was seen

    def seen(self) -> dict[int, Words]:
        """For every bit of the watch that a state of this level has shown: the first such state in stored order, packed."""
        found: dict[int, Words] = {}
        for worker in self._team:
            mask = worker["seen"]
            for bit in range(64):
                if mask >> bit & 1:
                    state = worker.entry(self._layout.at("seen") + bit * self._layout.entry)
                    found[bit] = min(found.get(bit, state), state)
        return {bit: unstored(found[bit]) for bit in sorted(found)}

    def know(self, mask: int) -> None:
        """Stop looking for these bits of the watch."""
        self._known |= mask
        for worker in self._team:
            worker.know(self._known)

    # --- levels, saved and loaded

    def frontier(self) -> Iterator[bytes]:
        """The stored states of the frontier, with marks, in pieces."""
        for worker in self._team:
            yield from worker.frontier()

    def expect(self, states: int) -> None:
        """So many states will be loaded: if they are worth a team, it forms now."""
        if not self._stay_alone and states >= self._tuning.team_states:
            self._form_team()

    def load_level(self, level: Buffer, frontier: bool = False) -> None:
        """Insert the states of a saved level, or of a piece of one: as known ones, or into the next frontier (then call `turn`).

        MemoryError if they do not fit.
        """
        for content in _cut(level, _step(self._layout)):
            if frontier:
                self._receive(content)
            else:
                self._each(partial(_Worker.load, content=content))
                self._check_memory()

    def predecessor(self, level: Iterable[Buffer], words: Sequence[int]) -> Words | None:
        """The first state in stored order, of a level in pieces, that has a packed state as a successor; marks are ignored."""
        target = struct.pack(f"<{self._layout.words}Q", *words[:-1], _unmarked(self._layout, words[-1]))
        counters = [worker.read("M", *self._layout.regions()["counters"]) for worker in self._team]
        for worker in self._team:
            worker.write("M", self._layout.at("target"), target)
            worker.call("seek")
        contents = (content for piece in level for content in _cut(piece, _step(self._layout)))
        found: set[Words] = set()
        while batch := dict(zip(self._team, contents)):  # noqa: B905 - a piece for each worker, while there are some
            self._each(partial(_seek, batch=batch))
        for worker, before in zip(self._team, counters, strict=True):
            worker.write("M", self._layout.at("counters"), before)  # these firings are no part of the search
            if worker["found"]:
                found.add(worker.entry(self._layout.at("answer")))
        return unstored(min(found)) if found else None


def _seek(worker: _Worker, batch: Mapping[_Worker, bytes]) -> None:
    """Look for a predecessor in a worker's piece of a batch, if it has one."""
    if worker in batch:
        worker.write("I", 0, batch[worker])
        worker.call("pred", len(batch[worker]))


def _together(pool: ThreadPoolExecutor, task: Callable[[_Worker], T], team: Sequence[_Worker]) -> list[T]:
    """Run a task for each worker. An interrupt is let through only when no thread is inside an instance."""
    futures = [pool.submit(task, worker) for worker in team]
    try:
        return [future.result() for future in futures]
    finally:
        wait(futures)


def _step(layout: Layout) -> int:
    """`CHUNK`, in whole entries."""
    return CHUNK - CHUNK % layout.entry


def _cut(level: Buffer, step: int) -> Iterator[bytes]:
    view = memoryview(level).cast("B")
    for at in range(0, len(view), step):
        yield bytes(view[at : at + step])


def _unmarked(layout: Layout, word: int) -> int:
    return word & ~MARK if layout.timed else word
