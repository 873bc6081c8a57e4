"""The canonical form of a packed state: interchangeable blocks, sorted.

Innermost blocks are sorted within theirs first, then blocks as wholes, each compared as the number that its bits make. The same
plan is read twice: `Canonical.words` sorts a state in Python, `Canonical.functions` writes WebAssembly that does it by a sorting
network (Batcher's odd-even merge, 1968). That the two agree is a test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import factorial, prod

from udproof.engines.packing import Packing, Part
from udproof.engines.symmetry import Element, Nest


@dataclass(frozen=True, slots=True)
class Group:
    """A group of interchangeable blocks: the pieces and the elements of each, and the slots in any of them."""

    number: int
    members: tuple[tuple[Part, ...], ...]
    member_elements: tuple[frozenset[Element], ...]
    slots: frozenset[int]


class Canonical:
    """The groups of a packing, innermost first."""

    def __init__(self, nest: Nest, packing: Packing) -> None:
        self._packing = packing
        found = sorted(self._groups(nest, 0), key=lambda item: -item[0])
        self.groups = tuple(
            Group(
                number,
                tuple(packing.parts[id(member)] for member in members),
                tuple(member.elements for member in members),
                frozenset(slot for member in members for slot in member.slots()),
            )
            for number, (_, members) in enumerate(found)
            if packing.parts[id(members[0])]
        )

    def _groups(self, nest: Nest, depth: int) -> Iterator[tuple[int, tuple[Nest, ...]]]:
        for group in nest.groups:
            yield depth, group
            for member in group:
                yield from self._groups(member, depth + 1)

    def touched(self, slots: Collection[int]) -> list[Group]:
        """The groups whose order may change when these slots do, innermost first."""
        return [group for group in self.groups if not group.slots.isdisjoint(slots)]

    def words(self, words: Sequence[int]) -> tuple[int, ...]:
        """The canonical form of a state."""
        new = list(words)
        for group in self.groups:
            records = sorted([tuple(_get(new, part) for part in parts) for parts in group.members])
            for parts, record in zip(group.members, records, strict=True):
                for part, value in zip(parts, record, strict=True):
                    _set(new, part, value)
        return tuple(new)

    @property
    def order(self) -> int:
        """How many exchanges of blocks there are in all: no orbit is larger."""
        return prod(factorial(len(group.members)) for group in self.groups)

    @property
    def countable(self) -> bool:
        """Is it certain that adding up the sizes of orbits stays within 63 bits?"""
        return self.order < 1 << 30

    def stands_for(self, words: Sequence[int]) -> int:
        """The size of a canonical state's orbit: for each group, the arrangements of its blocks that differ."""
        size = 1
        for group in self.groups:
            records = [tuple(_get(words, part) for part in parts) for parts in group.members]
            size *= factorial(len(records)) // prod(factorial(times) for times in Counter(records).values())
        return size

    # --- WebAssembly

    def functions(self) -> str:
        """A function per group, from the words of a state to the words with that group sorted, and one for its arrangements."""
        return "\n".join(f"{self._function(group)}\n{self._arrangements(group)}" for group in self.groups)

    def weight(self) -> str:
        """`stands_for`, as an i64 expression over the words $s*."""
        words = " ".join(f"(local.get $s{word})" for word in range(self._packing.words))
        text = "(i64.const 1)"
        for group in self.groups:
            text = f"(i64.mul {text} (call $ways{group.number} {words}))"
        return text

    def _arrangements(self, group: Group) -> str:
        """After i of the sorted blocks, `ways` is the number of arrangements of those i, so each division leaves no rest."""
        params = " ".join(f"(param $s{word} i64)" for word in range(self._packing.words))
        lines = ["(local.set $ways (i64.const 1)) (local.set $alike (i64.const 1))"]
        for place in range(1, len(group.members)):
            lines.append(
                f"(if {self.differs(group, place)} (then (local.set $alike (i64.const 1)) "
                f"(local.set $ways (i64.mul (local.get $ways) (i64.const {place + 1})))) "
                f"(else (local.set $alike (i64.add (local.get $alike) (i64.const 1))) (local.set $ways "
                f"(i64.div_u (i64.mul (local.get $ways) (i64.const {place + 1})) (local.get $alike)))))"
            )
        body = " ".join(lines)
        return f"(func $ways{group.number} {params} (result i64) (local $ways i64) (local $alike i64) {body} (local.get $ways))"

    def _function(self, group: Group) -> str:
        count, pieces = len(group.members), len(group.members[0])
        words = sorted({part.word for parts in group.members for part in parts})
        names = [[f"$r{at}_{piece}" for piece in range(pieces)] for at in range(count)]
        lines = [
            f"(local.set {names[at][piece]} {_extract(part)})"
            for at, parts in enumerate(group.members)
            for piece, part in enumerate(parts)
        ]
        lines += [_exchange(names[low], names[high]) for low, high in network(count)]
        for word in words:
            mask, text = 0, ""
            for at, parts in enumerate(group.members):
                for piece, part in enumerate(parts):
                    if part.word == word:
                        mask |= ((1 << part.bits) - 1) << part.shift
                        moved = f"(local.get {names[at][piece]})"
                        moved = f"(i64.shl {moved} (i64.const {part.shift}))" if part.shift else moved
                        text = f"(i64.or {text} {moved})" if text else moved
            kept = f"(i64.and (local.get $t{word}) (i64.const 0x{~mask & (1 << 64) - 1:x}))"
            lines.append(f"(local.set $t{word} (i64.or {kept} {text}))")
        total = self._packing.words
        params = " ".join(f"(param $t{word} i64)" for word in range(total))
        declared = " ".join(f"(local {name} i64)" for row in names for name in row)
        swaps = " ".join(f"(local $x{piece} i64)" for piece in range(pieces))
        results = " ".join(f"(local.get $t{word})" for word in range(total))
        return (
            f"(func $sort{group.number} {params} (result {'i64 ' * total}) {declared} {swaps} (local $less i32)\n"
            + "\n".join(lines)
            + f"\n{results})"
        )

    def call(self, group: Group) -> str:
        """Sorts one group of the state in the words $t*."""
        total = self._packing.words
        arguments = " ".join(f"(local.get $t{word})" for word in range(total))
        return f"(call $sort{group.number} {arguments}) " + " ".join(f"(local.set $t{word})" for word in reversed(range(total)))

    def differs(self, group: Group, member: int) -> str:
        """Is this block unlike the one before it, in the state in the words $s*? Of equal neighbours only the first need act."""
        tests = [
            f"(i64.ne {_extract(mine, 's')} {_extract(other, 's')})"
            for mine, other in zip(group.members[member], group.members[member - 1], strict=True)
        ]
        text = tests[0]
        for test in tests[1:]:
            text = f"(i32.or {text} {test})"
        return text


def network(count: int) -> list[tuple[int, int]]:
    """Batcher's odd-even merge sort for any number of places: the pairs to compare, in order."""
    pairs: list[tuple[int, int]] = []
    p = 1
    while p < count:
        k = p
        while k >= 1:
            for j in range(k % p, count - k, 2 * k):
                for i in range(min(k, count - j - k)):
                    if (i + j) // (p * 2) == (i + j + k) // (p * 2):
                        pairs.append((i + j, i + j + k))
            k //= 2
        p *= 2
    return pairs


def _exchange(low: list[str], high: list[str]) -> str:
    """Puts the smaller record into the low place."""
    less = ""
    for a, b in zip(reversed(high), reversed(low), strict=True):
        here = f"(i64.lt_u (local.get {a}) (local.get {b}))"
        equal = f"(i64.eq (local.get {a}) (local.get {b}))"
        less = f"(i32.or {here} (i32.and {equal} {less}))" if less else here
    lines = [f"(local.set $less {less})"]
    for piece, (a, b) in enumerate(zip(low, high, strict=True)):
        lines.append(f"(local.set $x{piece} (select (local.get {b}) (local.get {a}) (local.get $less)))")
        lines.append(f"(local.set {b} (select (local.get {a}) (local.get {b}) (local.get $less)))")
        lines.append(f"(local.set {a} (local.get $x{piece}))")
    return " ".join(lines)


def _extract(part: Part, state: str = "t") -> str:
    text = f"(local.get ${state}{part.word})"
    if part.shift:
        text = f"(i64.shr_u {text} (i64.const {part.shift}))"
    return text if part.shift + part.bits == 64 else f"(i64.and {text} (i64.const 0x{(1 << part.bits) - 1:x}))"


def _get(words: Sequence[int], part: Part) -> int:
    return words[part.word] >> part.shift & (1 << part.bits) - 1


def _set(words: list[int], part: Part, value: int) -> None:
    words[part.word] = words[part.word] & ~(((1 << part.bits) - 1) << part.shift) | value << part.shift
