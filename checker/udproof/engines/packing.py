"""States packed to the bit: where each slot of a state stands in a few 64-bit words.

A slot takes as many bits as its values need and never straddles two words; slots that never change take none. The two top bits of
the last word belong to the search: no state has all bits of a single word set, and a state of two or more words keeps the topmost
one set, so that none looks like an empty place of a table; the bit below it is free to mark a state with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from udproof.engines.ground import GroundSystem
from udproof.engines.symmetry import Nest
from udproof.language import expressions as ex
from udproof.language.semantics import State

WORD = 64
USABLE = WORD - 2  # bits of the last word that are not reserved
ALWAYS = 1 << 63
MARK = 1 << 62


@dataclass(frozen=True, slots=True)
class Field:
    """A slot's place: `bits` bits from bit `shift` of word `word`, holding its value minus `low`."""

    slot: int
    word: int
    shift: int
    bits: int
    low: int

    @property
    def mask(self) -> int:
        """Its bits, in place."""
        return ((1 << self.bits) - 1) << self.shift


@dataclass(frozen=True, slots=True)
class Part:
    """Some adjacent bits of one word."""

    word: int
    shift: int
    bits: int


class Packing:
    """How the states of a ground system are packed.

    `nest` says which slots belong together. A block that fits into a word stands in one, so that it can be read, compared and
    exchanged in one piece; a larger one is cut into its own slots and its inner blocks. `parts[id(nest)]` are a block's pieces, and
    those of interchangeable blocks correspond.
    """

    def __init__(self, ground: GroundSystem, nest: Nest) -> None:
        semantics = ground.semantics
        self._first = next(iter(semantics.initial()))
        self.size = len(semantics.layout.slots)
        constant = self._constant(ground)
        self._widths = {slot: self._width(ground, slot) for slot in range(self.size) if slot not in constant}
        self.fields: dict[int, Field] = {}
        self.parts: dict[int, tuple[Part, ...]] = {}
        self._word, self._used = 0, 0
        self._place(nest)
        timed = bool(semantics.system.clocks)
        if self._used > USABLE:
            self._word += 1
        self.words = max(self._word + 1, 2 if timed else 1)
        self.bits = sum(field.bits for field in self.fields.values())

    def _place(self, nest: Nest) -> tuple[Part, ...]:
        everything = [slot for slot in nest.slots() if slot in self._widths]
        if sum(self._widths[slot][0] for slot in everything) <= USABLE:
            parts = self._run(everything)
            self._inside(nest)
        else:
            parts = self._run([slot for slot in nest.own if slot in self._widths])
            for group in nest.groups:
                for member in group:
                    parts += self._place(member)
        self.parts[id(nest)] = parts
        return parts

    def _inside(self, nest: Nest) -> None:
        """The pieces of the inner blocks of a block that stands in one word already."""
        for group in nest.groups:
            for member in group:
                fields = [self.fields[slot] for slot in member.slots() if slot in self.fields]
                bits = sum(field.bits for field in fields)
                self.parts[id(member)] = (Part(fields[0].word, fields[0].shift, bits),) if bits else ()
                self._inside(member)

    def _run(self, slots: list[int]) -> tuple[Part, ...]:
        """Places slots one after the other; those that fit into one word together are kept in one."""
        parts: list[Part] = []
        while slots:
            taken, bits = [], 0
            while slots and bits + self._widths[slots[0]][0] <= USABLE:
                bits += self._widths[slots[0]][0]
                taken.append(slots.pop(0))
            if self._used + bits > WORD:
                self._word, self._used = self._word + 1, 0
            if bits:
                parts.append(Part(self._word, self._used, bits))
            for slot in taken:
                width, low = self._widths[slot]
                self.fields[slot] = Field(slot, self._word, self._used, width, low)
                self._used += width
        return tuple(parts)

    def pack(self, state: State) -> tuple[int, ...]:
        """The words of a state."""
        words = [0] * self.words
        for slot, field in self.fields.items():
            words[field.word] |= (state[slot] - field.low) << field.shift
        if self.words > 1:
            words[-1] |= ALWAYS
        return tuple(words)

    def unpack(self, words: Sequence[int]) -> State:
        """The state of some words; a mark is ignored."""
        state = list(self._first)
        for slot, field in self.fields.items():
            state[slot] = ((words[field.word] & field.mask) >> field.shift) + field.low
        return tuple(state)

    def value(self, slot: int) -> int:
        """The value of a slot that takes no bits."""
        return self._first[slot]

    def _constant(self, ground: GroundSystem) -> set[int]:
        """The slots that no action and no tick changes, and that have one initial value."""
        moving = {slot for action in ground.actions for slot in action.post} | set(ground.tick)
        for place, slot in enumerate(ground.semantics.layout.slots):
            if isinstance(slot.symbol, ex.VariableSymbol) and slot.symbol.initial is None:
                moving.add(place)
        return set(range(self.size)) - moving

    @staticmethod
    def _width(ground: GroundSystem, slot: int) -> tuple[int, int]:
        least, most = ground.semantics.span(slot)
        return (most - least).bit_length(), least
