"""Ground expressions and substitutions as WebAssembly text, over states that stand packed in memory.

A state is read where it stands, by its address `$s`: so the code of an action is as long as what it reads and writes, however many
words a state has, and can be cut into functions, which are compiled fast and in parallel. A conjunction of "slot = value" becomes
one mask and one comparison a word, an assignment of a constant one mask and one `or`, so that an action costs a handful of
instructions. What occurs in several places, and is not small, is a function of its own (`$e0`, ...). Where small parts decide (of a
conjunction, say), the larger ones are not evaluated.

Nothing of a user's file reaches the text: it is made of slot numbers and integers only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from udproof.engines.algebra import At, Ground, Op
from udproof.engines.canonical import Canonical
from udproof.engines.ground import GroundAction, GroundSystem
from udproof.engines.instantiate import Look
from udproof.engines.packing import Packing
from udproof.engines.text import FULL, fold, i64

SHARED = 12  # an expression of this size that occurs twice is a function of its own ...
LONG = 400  # ... and one of this size in any case
INLINE = 8  # words that are copied one by one where a state is copied


class Emitter:
    """Writes the pieces of one model."""

    def __init__(self, ground: GroundSystem, packing: Packing, canonical: Canonical | None, look: Look) -> None:
        self.ground = ground
        self.packing = packing
        self.canonical = canonical  # None where every state is kept
        self.functions: list[str] = [canonical.functions()] if canonical is not None else []
        self.look = look
        self._uses: Counter[Op] = Counter()
        self._named: dict[Op, str] = {}

    # --- expressions: truth and numbers are i32

    def expect(self, a: Ground) -> None:
        """Count what occurs in an expression that `value` will be asked for."""
        todo = [a]
        while todo:
            part = todo.pop()
            if isinstance(part, Op):
                self._uses[part] += 1
                if self._uses[part] == 1:
                    todo += part.args

    def expect_inside(self, action: GroundAction) -> None:
        """Count what occurs in the guard and the values of an action, which are written out where it is."""
        for part in (action.guard, *action.post.values()):
            for inner in part.args if isinstance(part, Op) else ():
                self.expect(inner)

    def value(self, a: Ground, state: str = "s") -> str:
        """A ground expression over the state at $s (or another address)."""
        match a:
            case int():
                return f"(i32.const {a})"
            case At(slot=slot):
                return self._read(slot, state)
        if a.size >= LONG or (a.size >= SHARED and self._uses[a] > 1):
            return self._called(a, state)
        return self.computed(a, state)

    def _called(self, a: Op, state: str) -> str:
        """The same, by a function of its own."""
        if a not in self._named:
            self.look()
            text = self.computed(a, "s")
            self._named[a] = f"$e{len(self._named)}"
            self.functions.append(f"(func {self._named[a]} (param $s i32) (result i32) {text})")
        return f"(call {self._named[a]} (local.get ${state}))"

    def _parts(self, whole: int, parts: Sequence[Ground], state: str) -> tuple[list[str], list[str]]:
        """The parts of a conjunction or disjunction of that size: small ones, and others. A very long one is cut into functions."""
        small = [self.value(part, state) for part in parts if _size(part) < SHARED]
        large = [part for part in parts if isinstance(part, Op) and part.size >= SHARED]
        return small, [self._called(part, state) if whole >= 4 * LONG else self.value(part, state) for part in large]

    def computed(self, a: Op, state: str = "s") -> str:
        """The same, written out here."""
        match a.operator:
            case "not":
                return f"(i32.eqz {self.value(a.args[0], state)})"
            case "and":
                return self._all(a, state)
            case "or":
                small, large = self._parts(a.size, a.args, state)
                text = fold("i32.or", small) if small else large.pop(0)
                ends = [f" (then (i32.const 1)) (else {part}))" for part in large]
                return "(if (result i32) " * len(large) + text + "".join(ends)
            case "ite":
                condition, then, other = (self.value(arg, state) for arg in a.args)
                return f"(select {then} {other} {condition})"
            case "eq" | "le" | "add" | "sub":
                if a.operator == "eq" and (test := self._test(a)) is not None:
                    word, mask, bits = test
                    return self._masked(state, word, mask, bits)
                name = {"eq": "i32.eq", "le": "i32.le_s", "add": "i32.add", "sub": "i32.sub"}[a.operator]
                return f"({name} {self.value(a.args[0], state)} {self.value(a.args[1], state)})"

    def _all(self, a: Op, state: str) -> str:
        masks: dict[int, tuple[int, int]] = {}
        rest: list[Ground] = []
        for part in a.args:
            test = self._test(part)
            if test is None:
                rest.append(part)
                continue
            word, mask, bits = test
            old_mask, old_bits = masks.get(word, (0, 0))
            if old_mask & mask & (old_bits ^ bits):
                return "(i32.const 0)"
            masks[word] = old_mask | mask, old_bits | bits
        tests = [self._masked(state, word, mask, bits) for word, (mask, bits) in sorted(masks.items())]
        small, large = self._parts(a.size, rest, state)
        tests += small
        text = fold("i32.and", tests) if tests else large.pop(0)
        ends = [f" (then {part}) (else (i32.const 0)))" for part in large]
        return "(if (result i32) " * len(large) + text + "".join(ends)

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
        field = f"(i64.and {word_at(state, word)} {i64(mask)})"
        return f"(i64.eqz {field})" if bits == 0 else f"(i64.eq {field} {i64(bits)})"

    def _read(self, slot: int, state: str) -> str:
        field = self.packing.fields.get(slot)
        if field is None:
            return f"(i32.const {self.packing.value(slot)})"
        moved = word_at(state, field.word)
        if field.shift:
            moved = f"(i64.shr_u {moved} (i64.const {field.shift}))"
        plain = f"(i32.and (i32.wrap_i64 {moved}) (i32.const {(1 << field.bits) - 1}))"
        return f"(i32.add {plain} (i32.const {field.low}))" if field.low else plain

    # --- successors

    def changed(self, post: Mapping[int, Ground]) -> list[int]:
        """The words that a substitution changes."""
        return sorted({self.packing.fields[slot].word for slot in post if slot in self.packing.fields})

    def after(self, post: Mapping[int, Ground], state: str) -> str:
        """Writes the state after the substitution `post` of the state at ${state} to $o."""
        mask, fixed = Counter[int](), Counter[int]()
        moving: dict[int, list[str]] = {}
        for slot, value in sorted(post.items()):
            field = self.packing.fields.get(slot)
            if field is None:
                continue
            mask[field.word] |= field.mask
            if isinstance(value, int):
                fixed[field.word] |= (value - field.low) << field.shift
            else:
                number = self.value(value, state)
                number = f"(i32.sub {number} (i32.const {field.low}))" if field.low else number
                moving.setdefault(field.word, []).append(f"(i64.shl (i64.extend_i32_u {number}) (i64.const {field.shift}))")
        words = self.packing.words
        lines = [f"(call $copy (local.get $o) (local.get ${state}))"] if words > INLINE else []
        for word in range(words) if words <= INLINE else self.changed(post):
            text = word_at(state, word)
            if mask[word]:
                text = f"(i64.and {text} {i64(FULL & ~mask[word])})"
            for part in [i64(fixed[word])] * bool(fixed[word]) + moving.get(word, []):
                text = f"(i64.or {text} {part})"
            lines.append(store(word, text))
        return " ".join(lines)

    def sorted(self, post: Mapping[int, Ground]) -> str:
        """Brings the state at $o to its canonical form; these slots have changed since it had it."""
        return self.canonical.sorted(post.keys(), "o") if self.canonical is not None else ""

    def first_of_equals(self, action: GroundAction) -> list[str]:
        """Conditions under which this action is the one to stand for its like.

        Where an action speaks of one block of a group, and that block is equal to the one before it, exchanging the two maps this
        firing to the other's, so their successors are of one orbit and the other is enough.
        """
        if self.canonical is None:
            return []
        alone = self.canonical.alone(self.ground.spoken_of(action))
        return [self.canonical.differs(group, member) for group, member in alone if member > 0]

    def next(self) -> str:
        """Keeps the successor at $o."""
        return f"(local.set $o (i32.add (local.get $o) (i32.const {8 * self.packing.words})))"


def _size(a: Ground) -> int:
    return a.size if isinstance(a, Op) else 1


def word_at(state: str, word: int) -> str:
    """A word of the state at an address."""
    return f"(i64.load offset={8 * word} (local.get ${state}))"


def store(word: int, text: str) -> str:
    """Writes a word of the state at $o."""
    return f"(i64.store offset={8 * word} (local.get $o) {text})"


def copy(words: int) -> str:
    """A function that copies a state."""
    pairs = [
        f"(v128.store offset={8 * word} (local.get $to) (v128.load offset={8 * word} (local.get $from)))"
        for word in range(0, words - 1, 2)
    ]
    if words % 2:
        at = 8 * (words - 1)
        pairs.append(f"(i64.store offset={at} (local.get $to) (i64.load offset={at} (local.get $from)))")
    return f"(func $copy (param $to i32) (param $from i32) {' '.join(pairs)})"
