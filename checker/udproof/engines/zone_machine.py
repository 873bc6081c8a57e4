"""The zone kernel at work: one WebAssembly instance, and the nodes that it has found.

Its user calls `turn` and then `run` for each level until the level is done. What was `found` for a bit of what is watched is an
address of a node; `path` leads from an initial node to it.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import wasmtime

from udproof.engines.zone_emit import ZoneModel
from udproof.engines.zone_kernel import ASKED, DEAD, LEVEL_DONE, MORE, OUT_OF_MEMORY, START, WAIT, WAITED, zone_kernel


class ZoneStatus(Enum):
    """What `ZoneMachine.run` ended with."""

    LEVEL_DONE = LEVEL_DONE
    MORE = MORE
    ASKED = ASKED  # may time be held up in the present node? Say so by `know`, or go on
    OUT_OF_MEMORY = OUT_OF_MEMORY


@dataclass(frozen=True, slots=True)
class Stored:
    """A node as it is stored: `action` is the number of the one that led to it, or None for a wait or the start."""

    address: int
    words: tuple[int, ...]
    clocks: tuple[int, ...]
    zone: tuple[tuple[int, ...], ...]
    action: int | None
    waited: bool
    start: bool
    parent: int


class CompiledZones:
    """The compiled kernel of a model."""

    def __init__(self, model: ZoneModel) -> None:
        self.model = model
        self.engine = wasmtime.Engine()
        self.module = wasmtime.Module(self.engine, zone_kernel(model.layout, model.text()))


class ZoneMachine:
    """One search. A context manager, since its memory is large."""

    def __init__(self, code: CompiledZones, eager: bool, memory_limit: int) -> None:
        self._layout = code.model.layout
        self._model = code.model
        self._store = wasmtime.Store(code.engine)
        exports = wasmtime.Instance(self._store, code.module, []).exports(self._store)
        memory = exports["M"]
        assert isinstance(memory, wasmtime.Memory)
        self._memory = memory
        self._functions: dict[str, wasmtime.Func] = {}
        self._globals: dict[str, wasmtime.Global] = {}
        for name, item in exports.items():
            if isinstance(item, wasmtime.Func):
                self._functions[name] = item
            elif isinstance(item, wasmtime.Global):
                self._globals[name] = item
        self._write(self._layout.at["TABLES"], bytes(code.model.tables))
        self._call("start", int(eager), self._layout.at["ARENA"], memory_limit)

    def __enter__(self) -> ZoneMachine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back. Nothing else may be called afterwards."""
        self._store.close()

    def _call(self, name: str, *args: int) -> int:
        result: int | None = self._functions[name](self._store, *args)
        return result or 0

    def __getitem__(self, name: str) -> int:
        """A global of the kernel, as an unsigned number."""
        value: int = self._globals[name].value(self._store)
        return value & 0xFFFFFFFF if name not in ("known", "seen", "held", "limit") else value & 0xFFFFFFFFFFFFFFFF

    def _address(self) -> int:
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def _read(self, start: int, size: int) -> bytes:
        return ctypes.string_at(self._address() + start, size)

    def _write(self, start: int, content: bytes) -> None:
        ctypes.memmove(self._address() + start, content, len(content))

    # --- the search

    def begin(self, states: Iterable[tuple[Sequence[int], Sequence[int]]]) -> None:
        """Add initial states: the words of each, and the numbers of the clocks that run in it."""
        at = self._layout.at
        for words, clocks in states:
            mask = sum(1 << clock for clock in clocks)
            self._write(at["T"], struct.pack(f"<{len(words)}Q", *words))
            self._write(at["TM"], mask.to_bytes(8 * self._layout.mask, "little"))
            self._call("begin_with")
        self._call("first")

    def turn(self) -> bool:
        """End a level. Is there a next one?"""
        self._call("turn")
        return self["cur"] != self["level_end"]

    def run(self, budget: int) -> ZoneStatus:
        """Expand about so many nodes of the level."""
        return ZoneStatus(self._call("run", budget))

    def know(self, bits: Iterable[int]) -> None:
        """Nobody asks for these bits any more."""
        value = self["known"]
        for bit in bits:
            value |= 1 << bit
        self._globals["known"].set_value(self._store, value - (1 << 64) if value >> 63 else value)

    # --- what was found

    def found(self) -> dict[int, int]:
        """For each bit that was seen, the first node that showed it."""
        seen, start = self["seen"], self._layout.at["FOUND"]
        addresses = struct.unpack("<64I", self._read(start, 256))
        return {bit: addresses[bit] for bit in range(64) if seen >> bit & 1}

    def counters(self) -> dict[str, int]:
        """How often each action fired."""
        names = self._model.names
        return dict(
            zip(names, struct.unpack(f"<{len(names)}Q", self._read(self._layout.at["COUNTERS"], 8 * len(names))), strict=True)
        )

    def states(self) -> int:
        """How many states of the variables were reached, those that stored ones stand for among them."""
        canonical, names = self._model.canonical, len(self._model.names)
        if not canonical.groups:
            return self["states"]
        sums = max(1, len(canonical.moduli))
        return canonical.total(struct.unpack(f"<{sums}Q", self._read(self._layout.at["COUNTERS"] + 8 * names, 8 * sums)))

    def node(self, address: int) -> Stored:
        """The node at an address."""
        layout = self._layout
        _, parent, info, size = struct.unpack("<IIII", self._read(address, 16))
        words = struct.unpack(f"<{layout.words}Q", self._read(address + 16, 8 * layout.words))
        mask = int.from_bytes(self._read(address + layout.zone - 8 * layout.mask, 8 * layout.mask), "little")
        stride = -(-size // 4) * 4
        flat = struct.unpack(f"<{size * stride}i", self._read(address + layout.zone, 4 * size * stride))
        action = info & (START | 1)
        return Stored(
            address,
            words,
            tuple(clock for clock in range(layout.clocks) if mask >> clock & 1),
            tuple(flat[row * stride : row * stride + size] for row in range(size)),
            None if action in (START, WAIT) else action,
            bool(info & WAITED),
            action == START,
            parent,
        )

    def nodes(self) -> Iterable[Stored]:
        """Every node that is kept, in the order in which they were found."""
        address = self._layout.at["ARENA"]
        while address != self["end"]:
            _, _, info, size = struct.unpack("<IIII", self._read(address, 16))
            if not info & DEAD:
                yield self.node(address)
            address += self._layout.zone + size * -(-size // 4) * 16

    def path(self, address: int) -> list[Stored]:
        """From an initial node to the one at an address."""
        found = [self.node(address)]
        while not found[-1].start:
            found.append(self.node(found[-1].parent))
        return found[::-1]
