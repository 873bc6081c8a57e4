"""A system of zones as WebAssembly text and tables: what the zone kernel needs to know of a model.

Conditions over variables are written by the emitter that the search in ticks uses; what is here is about clocks: which bounds cut
the present zone, which clocks run afterwards, and for each clock the deadline and the bounds of a state, looked up by the few
bits that they depend on. Nothing of a user's file reaches the text: it is made of slot numbers and integers only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from udproof.engines import dbm
from udproof.engines.algebra import At, Ground, Op
from udproof.engines.bounds import NONE, Bounds
from udproof.engines.canonical import Canonical
from udproof.engines.emit import in_range
from udproof.engines.emitter import Emitter
from udproof.engines.instantiate import Look
from udproof.engines.packing import Packing
from udproof.engines.symmetry import Element, Nest
from udproof.engines.zone_cases import Bound, Case
from udproof.engines.zone_layout import ZoneLayout
from udproof.engines.zone_system import Limit, ZoneAction, ZoneSystem

PREMISE, OVERFLOW, STUCK = 32, 31, 30  # bits of what is watched: premises from 32 on, an integer out of its range, time held up


@dataclass(frozen=True, slots=True)
class _Group:
    """Interchangeable blocks in memory: where the first stands, how many there are, and of how many bytes, parts and clocks."""

    base: int
    count: int
    size: int
    parts: int
    clocks: int
    elements: tuple[frozenset[Element], ...]
    mask: int  # of all their clocks


class ZoneModel:
    """The text and the tables of a model."""

    def __init__(self, system: ZoneSystem, bounds: Bounds, packing: Packing, canonical: Canonical, nest: Nest, look: Look) -> None:
        self.system = system
        self._bounds = bounds
        self._packing = packing
        self.canonical = canonical
        self._emitter = Emitter(system.ground, packing, canonical if canonical.groups else None, look)
        self.number = {clock: place for place, clock in enumerate(system.clocks)}
        self.names = tuple(dict.fromkeys(action.ground.firing.action.name for action in system.actions))
        found = tuple(self._sortable(nest))
        size = sum(self._table_size(clock) for clock in system.clocks) + sum(
            len(members) * self._block_size(members[0]) for members in found
        )
        self.layout = ZoneLayout(
            packing.words, len(system.clocks), len(self.names) + len(canonical.moduli) + 1, size + 16 * len(system.clocks) + 16
        )
        self.tables = bytearray()
        self._table_at: dict[int, int] = {}
        for clock in system.clocks:
            self._table_at[clock] = self.layout.at["TABLES"] + len(self.tables)
            self.tables += self._table(clock)
        self._groups = [self._group(members) for members in found]

    # --- tables

    def _fields(self, clock: int) -> list[tuple[int, int, int]]:
        """The fields that a clock's bounds depend on: (slot, bits, lowest value)."""
        fields = (self._packing.fields.get(slot) for slot in self._bounds.of[clock].slots)
        return [(field.slot, field.bits, field.low) for field in fields if field is not None]

    def _table_size(self, clock: int) -> int:
        return 8 << sum(bits for _, bits, _ in self._fields(clock))

    def _table(self, clock: int) -> bytes:
        """The (lower, upper) bounds of a clock, by the bits of the fields that they depend on."""
        found = self._bounds.of[clock]
        fields = self._fields(clock)
        rows = [struct.pack("<ii", NONE, NONE)] * (self._table_size(clock) // 8)
        for values, pair in found.table.items():
            known = dict(zip(found.slots, values, strict=True))
            if any(slot not in self._packing.fields and known[slot] != self._packing.value(slot) for slot in found.slots):
                continue  # a slot that never changes has another value
            place, shift = 0, 0
            for slot, bits, low in fields:
                place |= (known[slot] - low) << shift
                shift += bits
            rows[place] = struct.pack("<ii", *pair)
        return b"".join(rows)

    def _sortable(self, nest: Nest) -> Iterator[tuple[Nest, ...]]:
        """Groups of interchangeable blocks, innermost first."""
        for group in nest.groups:
            for member in group:
                yield from self._sortable(member)
            if self._packing.parts[id(group[0])]:
                yield group

    def _clocks_of(self, member: Nest) -> list[int]:
        return [self.number[slot] for slot in member.slots() if slot in self.number]

    def _block_size(self, member: Nest) -> int:
        size = 16 * len(self._packing.parts[id(member)]) + 4 * len(self._clocks_of(member))
        return -(-size // 16) * 16

    def _group(self, members: tuple[Nest, ...]) -> _Group:
        base, size = self.layout.at["TABLES"] + len(self.tables), self._block_size(members[0])
        for member in members:
            block = b"".join(
                struct.pack("<iiQ", 8 * part.word, part.shift, (1 << part.bits) - 1) for part in self._packing.parts[id(member)]
            ) + b"".join(struct.pack("<i", clock) for clock in self._clocks_of(member))
            self.tables += block.ljust(size, b"\0")
        return _Group(
            base,
            len(members),
            size,
            len(self._packing.parts[id(members[0])]),
            len(self._clocks_of(members[0])),
            tuple(member.elements for member in members),
            sum(1 << clock for member in members for clock in self._clocks_of(member)),
        )

    # --- text; a function over a state gets its address as $s

    def text(self) -> str:
        """Everything that the kernel leaves open."""
        self._expect()
        words = range(self._packing.words)
        copied = " ".join(
            f"(i64.store offset={8 * word} (local.get $to) (i64.load offset={8 * word} (local.get $from)))" for word in words
        )
        parts = [f"(func $copy (param $to i32) (param $from i32) {copied})", self._weigh(), self._order(), self._time_stands()]
        parts += [*self._info(), *self._actions(), *self._watch(), self._doubt()]
        return "\n".join([*self._emitter.functions, *parts])

    def _expect(self) -> None:
        """Tell the emitter which formulas will be asked for, so that what occurs often is written once."""
        for action in self.system.actions:
            for case in action.cases:
                for formula in (case.condition, *(item.unless for item in case.items)):
                    for part in formula.args if isinstance(formula, Op) else ():
                        self._emitter.expect(part)
        for item in self.system.properties:
            for case in (*item.broken, *item.premise):
                self._emitter.expect(case.condition)
        for limit in self.system.limits:
            self._emitter.expect(limit.condition)

    def _weigh(self) -> str:
        """Add up how many states each canonical one stands for; see `Canonical.weights`."""
        if not self.canonical.groups:
            return "(func $weigh (param $s i32))"
        lines = []
        for place, weight in enumerate(self.canonical.weights()):
            at = f"offset={self.layout.at['COUNTERS'] + 8 * (len(self.names) + place)} (i32.const 0)"
            lines.append(f"(i64.store {at} (i64.add (i64.load {at}) {weight}))")
        return f"(func $weigh (param $s i32) {self.canonical.locals()} {' '.join(lines)})"

    def _order(self) -> str:
        calls = " ".join(
            f"(call $sort (i32.const {group.base}) (i32.const {group.count}) (i32.const {group.size}) (i32.const {group.parts}) "
            f"(select (i32.const {group.clocks}) (i32.const 0) {self._any_runs(group)}) (local.get $m) (local.get $es))"
            for group in self._groups
        )
        return f"(func $order (param $m i32) (param $es i32) {calls})"

    def _any_runs(self, group: _Group) -> str:
        """Does any clock of these blocks run in the new state? Where none does, blocks are told apart by their variables alone."""
        text = "(i32.const 0)"
        for word in range(self.layout.mask):
            part = group.mask >> 64 * word & (1 << 64) - 1
            if part:
                running = f"(i64.load offset={self.layout.at['TM'] + 8 * word} (i32.const 0))"
                text = f"(i32.or {text} (i64.ne (i64.and {running} (i64.const 0x{part:x})) (i64.const 0)))"
        return text

    def _time_stands(self) -> str:
        """Is there a deadline of zero on a clock at rest? Then time cannot pass at all."""
        tests = [
            f"(i32.and {self._value(limit.condition)} (i32.eqz (i32.load offset={self._npos(limit.slot)} (i32.const 0))))"
            for limit in self.system.limits
            if limit.ticks == 0
        ]
        body = "(i32.const 0)"
        for test in tests:
            body = f"(i32.or {body} {test})"
        return f"""
  (func $time_stands_in (param $s i32) (result i32) {body})
  (func $time_stands (result i32) (call $time_stands_in (i32.const {self.layout.at["T"]})))"""

    def _npos(self, clock: int) -> int:
        return self.layout.at["NPOS"] + 4 * self.number[clock]

    def _value(self, formula: Ground) -> str:
        return self._emitter.value(formula, "s")

    def _info(self) -> Iterator[str]:
        """For each clock: the deadline on it, and its lower and upper bound, in a state."""
        at = self.layout.at
        by_clock: dict[int, list[Limit]] = {clock: [] for clock in self.system.clocks}
        for limit in self.system.limits:
            by_clock[limit.slot].append(limit)
        for clock, number in self.number.items():
            due = f"(i32.const {dbm.INFINITY})"
            for limit in sorted(by_clock[clock], key=lambda item: -item.ticks):
                due = f"(select (i32.const {dbm.bound(limit.ticks, False)}) {due} {self._value(limit.condition)})"
            index, shift = "(i32.const 0)", 3
            for slot, bits, low in self._fields(clock):
                code = self._value(At(slot))
                code = f"(i32.sub {code} (i32.const {low}))" if low else code
                index = f"(i32.or {index} (i32.shl {code} (i32.const {shift})))"
                shift += bits
            table = self._table_at[clock]
            yield f"""(func $info{number} (param $s i32) (param $r i32) (local $i i32)
      (i32.store offset={at["INV"]} (local.get $r) {due})
      (local.set $i {index})
      (i32.store offset={at["LO"]} (local.get $r) (i32.load offset={table} (local.get $i)))
      (i32.store offset={at["UP"]} (local.get $r) (i32.load offset={table + 4} (local.get $i))))"""
        names = " ".join(f"$info{number}" for number in range(len(self.number)))
        if not names:
            yield "(func $info (param $x i32) (param $r i32))"
            return
        yield f"""(type $of_state (func (param $s i32) (param $r i32)))
  (table $infos funcref (elem {names}))
  (func $info (param $x i32) (param $r i32) (call_indirect $infos (type $of_state)
    (i32.const {at["T"]}) (local.get $r) (local.get $x)))"""

    # --- actions

    def _actions(self) -> Iterator[str]:
        calls = []
        for number, action in enumerate(self.system.actions):
            calls.append(f"(call $action{number} (local.get $s))")
            body = "\n    ".join(self._case(number, action, case) for case in action.cases)
            start = f"(local.set $o (i32.const {self.layout.at['T']}))"
            yield f"(func $action{number} (param $s i32) (local $o i32) {start}\n    {body})"
        yield f"(func $expand (param $s i32) {' '.join(calls)})"

    def _case(self, number: int, action: ZoneAction, case: Case) -> str:
        counter = self.layout.at["COUNTERS"] + 8 * self.names.index(action.ground.firing.action.name)
        lines = list(self._needless(action))
        if case.items:
            lines.append("(call $take_copy)")
            lines += [self._unless(item.unless, f"(br_if $no (i32.eqz {self._call('keep', item.bound)}))") for item in case.items]
        else:
            lines.append("(global.set $wsrc (global.get $z))")
        allowed = in_range(action.ground)
        if allowed != 1:
            lines.append(f"(if (i32.eqz {self._value(allowed)}) (then (call $see (i32.const {OVERFLOW})) (br $no)))")
        lines.append(self._emitter.after(action.post, "s"))
        lines.append("(call $begin)")
        for clock, runs in action.runs.items():
            lines.append(f"(call $clock (i32.const {self.number[clock]}) {self._value(runs)} {self._value(action.keeps[clock])})")
        lines.append(
            f"(i64.store offset={counter} (i32.const 0) "
            f"(i64.add (i64.load offset={counter} (i32.const 0)) (i64.const {action.alike})))"
        )
        lines.append(f"(call $finish (i32.const {number}))")
        inside = "\n      ".join(lines)
        return f"(if {self._value(case.condition)} (then (block $no\n      {inside})))"

    def _needless(self, action: ZoneAction) -> Iterator[str]:
        """Conditions under which the like of this action is done by another: its block is just as the block before it."""
        if action.alike > 1:
            return
        spoken = self.system.ground.spoken_of(action.ground)
        for group in self._groups:
            members = [place for place, elements in enumerate(group.elements) if not elements.isdisjoint(spoken)]
            if len(members) == 1 and members[0] > 0:
                b = group.base + members[0] * group.size
                yield (
                    f"(br_if $no (call $twins (i32.const {b - group.size}) (i32.const {b}) (i32.const {group.parts}) "
                    f"(i32.const {group.clocks})))"
                )

    def _unless(self, condition: Ground, text: str) -> str:
        return text if condition == 0 else f"(if (i32.eqz {self._value(condition)}) (then {text}))"

    def _call(self, name: str, bound: Bound) -> str:
        value = dbm.bound(bound.ticks if bound.upper else -bound.ticks, bound.strict)
        return f"(call ${name} (i32.const {self.number[bound.slot]}) (i32.const {int(bound.upper)}) (i32.const {value}))"

    # --- what is watched

    def _watch(self) -> Iterator[str]:
        watched: list[int] = []
        for place, item in enumerate(self.system.properties):
            for bit, cases in ((place, item.broken), (PREMISE + place, item.premise)):
                if cases:
                    watched.append(bit)
                    yield f"(func $watch{bit} (param $s i32) (result i32)\n    {self._some(cases)}\n    (i32.const 0))"
        calls = "\n    ".join(
            f"(if (i64.eqz (i64.and (i64.or (global.get $known) (global.get $seen)) (i64.const 0x{1 << bit:x})))"
            f" (then (if (call $watch{bit} (local.get $s)) (then (call $see (i32.const {bit}))))))"
            for bit in watched
        )
        yield f"(func $watch (param $s i32)\n    {calls})"

    def _some(self, cases: tuple[Case, ...]) -> str:
        """Returns 1 from the function if one of the cases holds for some reading of the present zone."""
        lines = []
        for case in cases:
            if len(case.items) == 1:
                [item] = case.items
                test = self._call("meets", item.bound)
                if item.unless != 0:
                    test = f"(i32.or {self._value(item.unless)} {test})"
                lines.append(f"(if (i32.and {self._value(case.condition)} {test}) (then (return (i32.const 1))))")
                continue
            inside = ["(call $take_copy)"] if case.items else []
            inside += [self._unless(item.unless, f"(br_if $no (i32.eqz {self._call('keep', item.bound)}))") for item in case.items]
            lines.append(f"(if {self._value(case.condition)} (then (block $no {' '.join(inside)} (return (i32.const 1)))))")
        return "\n    ".join(lines)

    def _doubt(self) -> str:
        """May time be held up in the present node? Then the kernel asks."""
        known = f"(i64.and (i64.or (global.get $known) (global.get $seen)) (i64.const {1 << STUCK}))"
        tests = "\n    ".join(
            f"(if (i32.and {self._value(limit.condition)} {self._call('meets', Bound(limit.slot, False, limit.ticks, False))}) "
            "(then (return (i32.const 1))))"
            for limit in self.system.doubtful
        )
        return f"""
  (func $doubt (param $s i32) (result i32)
    (if (i32.eqz (i64.eqz {known})) (then (return (i32.const 0))))
    {tests}
    (i32.const 0))"""
