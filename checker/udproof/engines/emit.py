"""A ground system as WebAssembly text: what the search kernel needs to know of a model.

The kernel (`kernel`) is one text for every model; a model supplies the pieces of `Model`. They read a packed state in the locals
`$s0`, `$s1`, ... and write successors at `$o`. A conjunction of "slot = value" becomes one mask and one comparison a word, an
assignment of a constant one mask and one `or`, so that an action costs a handful of instructions.

Nothing of a user's file reaches the text: it is made of slot numbers and integers only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from udproof.engines.algebra import At, Ground, conjoin, disjoin, negate
from udproof.engines.algebra import at_most as le
from udproof.engines.canonical import Canonical
from udproof.engines.ground import GroundAction, GroundSystem
from udproof.engines.packing import ALWAYS, MARK, WORD, Packing

FULL = (1 << WORD) - 1


@dataclass(frozen=True, slots=True)
class Model:
    """What the kernel is given.

    `expand` appends the successors of the state in `$s*` at `$o` (advancing it by 8 bytes a word); `watch` is an i64 expression
    with bit i set if property i is broken and bit 32 + i if its premise is reached; `fanout` bounds the successors of one state.
    """

    words: int
    timed: bool
    expand: str
    watch: str
    locals: str
    functions: str
    fanout: int
    counters: tuple[str, ...]  # the actions counted, in the order of their counters in memory, and two more


class Emitter:
    """Writes the pieces of one model."""

    def __init__(self, ground: GroundSystem, packing: Packing, canonical: Canonical | None) -> None:
        self.ground = ground
        self.packing = packing
        self.canonical = canonical  # None where every state is kept

    # --- expressions: truth and numbers are i32

    def value(self, a: Ground, state: str = "s") -> str:
        """A ground expression over the words $s0, ... (or another prefix)."""
        match a:
            case int():
                return f"(i32.const {a})"
            case At(slot=slot):
                return self._read(slot, state)
        match a.operator:
            case "not":
                return f"(i32.eqz {self.value(a.args[0], state)})"
            case "and":
                return self._all(a.args, state)
            case "or":
                return _fold("i32.or", [self.value(arg, state) for arg in a.args])
            case "ite":
                condition, then, other = (self.value(arg, state) for arg in a.args)
                return f"(select {then} {other} {condition})"
            case "eq" | "le" | "add" | "sub":
                if a.operator == "eq" and (test := self._test(a)) is not None:
                    word, mask, bits = test
                    return self._masked(state, word, mask, bits)
                name = {"eq": "i32.eq", "le": "i32.le_s", "add": "i32.add", "sub": "i32.sub"}[a.operator]
                return f"({name} {self.value(a.args[0], state)} {self.value(a.args[1], state)})"

    def _all(self, parts: tuple[Ground, ...], state: str) -> str:
        masks: dict[int, tuple[int, int]] = {}
        rest: list[str] = []
        for part in parts:
            test = self._test(part)
            if test is None:
                rest.append(self.value(part, state))
                continue
            word, mask, bits = test
            old_mask, old_bits = masks.get(word, (0, 0))
            if old_mask & mask & (old_bits ^ bits):
                return "(i32.const 0)"
            masks[word] = old_mask | mask, old_bits | bits
        tests = [self._masked(state, word, mask, bits) for word, (mask, bits) in sorted(masks.items())]
        return _fold("i32.and", tests + rest)

    def _test(self, a: Ground) -> tuple[int, int, int] | None:
        """(word, mask, wanted bits) of "slot = constant", or of a truth slot by itself; None for anything else."""
        if isinstance(a, At) and a.slot in self.packing.fields:
            field = self.packing.fields[a.slot]
            return (field.word, field.mask, field.mask) if field.bits == 1 and field.low == 0 else None
        if isinstance(a, int | At):
            return None
        if a.operator == "not" and isinstance(a.args[0], At) and (test := self._test(a.args[0])) is not None:
            return test[0], test[1], 0
        if a.operator != "eq" or not isinstance(a.args[0], At) or not isinstance(a.args[1], int):
            return None
        place = self.packing.fields.get(a.args[0].slot)
        if place is None:
            return None
        code = a.args[1] - place.low
        return (place.word, place.mask, code << place.shift) if 0 <= code < 1 << place.bits else None

    @staticmethod
    def _masked(state: str, word: int, mask: int, bits: int) -> str:
        field = f"(i64.and (local.get ${state}{word}) {_i64(mask)})"
        return f"(i64.eqz {field})" if bits == 0 else f"(i64.eq {field} {_i64(bits)})"

    def _read(self, slot: int, state: str) -> str:
        field = self.packing.fields.get(slot)
        if field is None:
            return f"(i32.const {self.packing.value(slot)})"
        moved = f"(local.get ${state}{field.word})"
        if field.shift:
            moved = f"(i64.shr_u {moved} (i64.const {field.shift}))"
        plain = f"(i32.and (i32.wrap_i64 {moved}) (i32.const {(1 << field.bits) - 1}))"
        return f"(i32.add {plain} (i32.const {field.low}))" if field.low else plain

    # --- successors

    def after(self, post: Mapping[int, Ground], state: str, target: str) -> str:
        """Sets the words ${target}* to the state after the substitution `post` of the words ${state}*."""
        lines: list[str] = []
        for word in range(self.packing.words):
            mask, fixed, moving = 0, 0, []
            for slot, value in sorted(post.items()):
                field = self.packing.fields.get(slot)
                if field is None or field.word != word:
                    continue
                mask |= field.mask
                if isinstance(value, int):
                    fixed |= (value - field.low) << field.shift
                else:
                    number = self.value(value, state)
                    number = f"(i32.sub {number} (i32.const {field.low}))" if field.low else number
                    moving.append(f"(i64.shl (i64.extend_i32_u {number}) (i64.const {field.shift}))")
            text = f"(local.get ${state}{word})"
            if mask:
                text = f"(i64.and {text} {_i64(FULL & ~mask)})"
            for part in [_i64(fixed)] * bool(fixed) + moving:
                text = f"(i64.or {text} {part})"
            lines.append(f"(local.set ${target}{word}n {text})")
        lines += [f"(local.set ${target}{word} (local.get ${target}{word}n))" for word in range(self.packing.words)]
        return " ".join(lines)

    def sorted(self, slots: Collection[int]) -> str:
        """Brings the state in $t* to its canonical form, given which slots have changed since it had it."""
        if self.canonical is None:
            return ""
        return " ".join(self.canonical.call(group) for group in self.canonical.touched(slots))

    def first_of_equals(self, action: GroundAction) -> list[str]:
        """Conditions under which this action is the one to stand for its like.

        Where an action speaks of one block of a group, and that block is equal to the one before it, exchanging the two maps this
        firing to the other's, so their successors are of one orbit and the other is enough.
        """
        if self.canonical is None:
            return []
        tests: list[str] = []
        spoken = self.ground.spoken_of(action)
        for group in self.canonical.groups:
            members = [at for at, slots in enumerate(group.member_elements) if not slots.isdisjoint(spoken)]
            if len(members) == 1 and members[0] > 0:
                tests.append(self.canonical.differs(group, members[0]))
        return tests

    def put(self, state: str, marked: bool) -> str:
        """Appends the words ${state}* as a successor."""
        last = self.packing.words - 1
        words = [f"(local.get ${state}{word})" for word in range(last + 1)]
        if marked:
            words[last] = f"(i64.or {words[last]} {_i64(MARK)})"
        stores = " ".join(f"(i64.store offset={8 * word} (local.get $o) {text})" for word, text in enumerate(words))
        return f"{stores} (local.set $o (i32.add (local.get $o) (i32.const {8 * (last + 1)})))"


def emit(ground: GroundSystem, packing: Packing, canonical: Canonical | None, counters: int) -> Model:
    """The pieces of a model. `counters` is the address of 8-byte action counters in the kernel's memory."""
    emitter = Emitter(ground, packing, canonical)
    names = tuple(dict.fromkeys(action.firing.action.name for action in ground.actions))
    lines = ["(local.set $first (local.get $o))"]
    lines.append(_count(counters + 8 * len(names)))
    if canonical is not None and canonical.countable:
        lines.append(_count(counters + 8 * len(names) + 8, canonical.weight()))
    for action in ground.actions:
        lines.append(_action(emitter, action, counters + 8 * names.index(action.firing.action.name)))
    timed = bool(ground.semantics.system.clocks)
    if timed:
        lines.append(_wait(emitter))
    locals_ = " ".join(f"(local $t{word} i64) (local $t{word}n i64)" for word in range(packing.words))
    caps = max(ground.semantics.time.caps.values(), default=0) if timed else 0
    return Model(
        words=packing.words,
        timed=timed,
        expand="\n".join(lines),
        watch=_watch(emitter),
        locals=f"{locals_} (local $first i32) (local $stuck i64)",
        functions=canonical.functions() if canonical is not None else "",
        fanout=len(ground.actions) + caps + 1,
        counters=(*names, EXPANDED, WEIGHT),
    )


def in_range(action: GroundAction) -> Ground:
    """Do all integers that the action sets stay within their ranges?"""
    bounds = [(low, action.post[slot], high) for slot, low, high in action.ranges]
    return conjoin([part for low, value, high in bounds for part in (le(low, value), le(value, high))])


def _action(emitter: Emitter, action: GroundAction, counter: int) -> str:
    tests = [emitter.value(conjoin([action.guard, in_range(action)])), *emitter.first_of_equals(action)]
    made = f"{emitter.after(action.post, 's', 't')} {emitter.sorted(action.post)} {emitter.put('t', False)} {_count(counter)}"
    for test in reversed(tests):
        made = f"(if {test} (then {made}))"
    return made


def _count(address: int, by: str = "(i64.const 1)") -> str:
    return f"(i64.store offset={address} (i32.const 0) (i64.add (i64.load offset={address} (i32.const 0)) {by}))"


def _wait(emitter: Emitter) -> str:
    """From a state that no wait has reached, every later tick, each marked as reached by a wait.

    A state that was reached by a wait (`$mark`) has its later ticks from where that wait began. `$stuck` is set where time is
    stopped by a deadline and no action has appended anything.
    """
    words = range(emitter.packing.words)
    # in a canonical state a tick that changes nothing leaves it canonical, so "unchanged" can be seen before sorting
    blocked = emitter.value(emitter.ground.blocked, "t")
    start = " ".join(f"(local.set $t{word} (local.get $s{word}))" for word in words)
    unchanged = _fold("i32.and", [f"(i64.eq (local.get $t{word}) (local.get $t{word}n))" for word in words])
    later = emitter.after(emitter.ground.tick, "t", "t")
    computed, moved = later.split("(local.set $t0 (local.get $t0n))")
    moved = f"(local.set $t0 (local.get $t0n)){moved}"
    return f"""
    (local.set $stuck (i64.const 0)) {start}
    (if {blocked} (then (local.set $stuck (i64.extend_i32_u (i32.eq (local.get $o) (local.get $first)))))
      (else (if (i32.eqz (local.get $mark)) (then
        (block $end (loop $tick
          (br_if $end {blocked})
          {computed}
          (br_if $end {unchanged})
          {moved}
          {emitter.sorted(emitter.ground.tick)}
          {emitter.put("t", True)}
          (br $tick)))))))"""


def _watch(emitter: Emitter) -> str:
    ground = emitter.ground
    bits: list[str] = []
    for number, prop in enumerate(ground.properties):
        for place, formula in ((number, negate(prop.body)), (32 + number, prop.premise)):
            if prop.property.watches_time and place < 32:
                bits.append(f"(i64.shl (local.get $stuck) (i64.const {place}))")
            elif formula != 0:
                bit = f"(i64.shl (i64.extend_i32_u {emitter.value(formula)}) (i64.const {place}))"
                bits.append(bit if place < 32 else _until_known(place, bit))
    overflow = disjoin([conjoin([action.guard, negate(in_range(action))]) for action in ground.actions if action.ranges])
    if ground.doubtful != 0:
        bits.append(f"(i64.shl (i64.extend_i32_u {emitter.value(ground.doubtful)}) (i64.const {DOUBT}))")
    if overflow != 0:
        bits.append(f"(i64.shl (i64.extend_i32_u {emitter.value(overflow)}) (i64.const {OVERFLOW}))")
    return _fold("i64.or", bits or ["(i64.const 0)"])


def _until_known(place: int, bit: str) -> str:
    """A bit that is computed only until it is known: most premises are reached early, and then cost no more than this test."""
    known = f"(i64.and (i64.shr_u (global.get $known) (i64.const {place})) (i64.const 1))"
    return f"(if (result i64) (i64.eqz {known}) (then {bit}) (else (i64.const 0)))"


DOUBT = 30  # the bit of `watch` for `GroundSystem.doubtful`
OVERFLOW = 31  # the bit of `watch` for an integer that leaves its range
MOST_PROPERTIES = 30
EXPANDED, WEIGHT = "#expanded", "#weight"  # names of two more counters: states expanded, and how many states those stand for


def _fold(operator: str, parts: list[str]) -> str:
    text = parts[0]
    for part in parts[1:]:
        text = f"({operator} {text} {part})"
    return text


def _i64(value: int) -> str:
    return f"(i64.const 0x{value & FULL:x})"


__all__ = ["ALWAYS", "Emitter", "Model", "emit"]
