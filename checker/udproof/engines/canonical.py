"""The canonical form of a packed state: interchangeable blocks, sorted.

Innermost blocks are sorted within theirs first, then blocks as wholes, each compared as the number that its bits make. The same
plan is read twice: `Canonical.words` sorts a state in Python, `Canonical.functions` writes WebAssembly that does it. That the two
agree is a test. An action changes few blocks of a state that was sorted before, so the compiled code sorts by insertion: a changed
block passes its neighbours until it stands right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from math import factorial, isqrt, prod

from udproof.engines.packing import Packing, Part
from udproof.engines.symmetry import Element, Nest

MOST_STORED = 1 << 40  # no search stores as many states
MOST_EXACT = 20  # blocks whose arrangements are a number of 63 bits


@dataclass(frozen=True, slots=True)
class Group:
    """A group of interchangeable blocks: the pieces, the elements and the slots of each."""

    number: int
    members: tuple[tuple[Part, ...], ...]
    member_elements: tuple[frozenset[Element], ...]
    member_slots: tuple[frozenset[int], ...]


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
                tuple(frozenset(member.slots()) for member in members),
            )
            for number, (_, members) in enumerate(found)
            if packing.parts[id(members[0])]
        )
        self._of_slot: dict[int, list[tuple[int, int]]] = {}  # the groups (by their place) and blocks that a slot is in
        self._of_element: dict[Element, list[tuple[int, int]]] = {}
        for place, group in enumerate(self.groups):
            for member, (slots, elements) in enumerate(zip(group.member_slots, group.member_elements, strict=True)):
                for slot in slots:
                    self._of_slot.setdefault(slot, []).append((place, member))
                for element in elements:
                    self._of_element.setdefault(element, []).append((place, member))

    def _groups(self, nest: Nest, depth: int) -> Iterator[tuple[int, tuple[Nest, ...]]]:
        for group in nest.groups:
            yield depth, group
            for member in group:
                yield from self._groups(member, depth + 1)

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

    @cached_property
    def moduli(self) -> tuple[int, ...]:
        """The moduli in which the sizes of orbits are added up.

        None where a sum stays within 63 bits, else primes below 2^31 whose product no sum reaches, so that the remainders tell it
        (Chinese remainder theorem).
        """
        most = self.order * MOST_STORED
        if most < 1 << 63:
            return ()
        found: list[int] = []
        for prime in _primes():
            found.append(prime)
            if prod(found) > most:
                break
        return tuple(found)

    def total(self, sums: Sequence[int]) -> int:
        """The sum of the sizes of orbits, from its sums in each of `moduli` (or from the sum itself where there are none)."""
        if not self.moduli:
            return sums[0]
        whole, total = prod(self.moduli), 0
        for modulus, part in zip(self.moduli, sums, strict=True):
            rest = whole // modulus
            total += part % modulus * pow(rest, -1, modulus) * rest
        return total % whole

    def stands_for(self, words: Sequence[int]) -> int:
        """The size of a canonical state's orbit: for each group, the arrangements of its blocks that differ."""
        size = 1
        for group in self.groups:
            records = [tuple(_get(words, part) for part in parts) for parts in group.members]
            size *= factorial(len(records)) // prod(factorial(times) for times in Counter(records).values())
        return size

    # --- WebAssembly; a function works on the state at the address $p

    def functions(self) -> str:
        """For each group the functions that `sorted` calls, one for its arrangements, and one that tells neighbours apart."""
        return "\n".join(text for group in self.groups for text in (*self._swaps(group), *_chains(group), *self._alike(group)))

    def weights(self) -> list[str]:
        """`stands_for` in each of `moduli`, or by itself: i64 expressions over the state at $s, to be evaluated in this order."""
        if not self.moduli:
            return [_product([f"(call $ways{group.number} (local.get $s))" for group in self.groups], None)]
        return [_product([self._ways(group, place) for group in self.groups], modulus) for place, modulus in enumerate(self.moduli)]

    def _ways(self, group: Group, place: int) -> str:
        """The arrangements of a group's blocks, as a number or as its remainder."""
        if len(group.members) > MOST_EXACT:
            return f"(call $ways{group.number}_{place} (local.get $s))"
        call = f"(call $ways{group.number} (local.get $s))"
        return f"(local.tee $w{group.number} {call})" if place == 0 else f"(local.get $w{group.number})"

    def locals(self) -> str:
        """The locals that `weights` uses."""
        return " ".join(f"(local $w{group.number} i64)" for group in self.groups)

    def sorted(self, slots: Iterable[int], pointer: str) -> str:
        """Sorts the groups of the state at a pointer, which was canonical before these slots changed."""
        changed: dict[int, set[int]] = {}
        for slot in slots:
            for place, member in self._of_slot.get(slot, ()):
                changed.setdefault(place, set()).add(member)
        lines: list[str] = []
        for place, members in sorted(changed.items()):
            number = self.groups[place].number
            if len(members) == 1:
                lines.append(f"(call $move{number} (local.get ${pointer}) (i32.const {members.pop()}))")
            else:
                lines.append(f"(call $sort{number} (local.get ${pointer}))")
        return " ".join(lines)

    def alone(self, elements: Iterable[Element]) -> list[tuple[Group, int]]:
        """The groups of which the elements are in one block only, each with that block."""
        found: dict[int, set[int]] = {}
        for element in elements:
            for place, member in self._of_element.get(element, ()):
                found.setdefault(place, set()).add(member)
        return [(self.groups[place], members.pop()) for place, members in sorted(found.items()) if len(members) == 1]

    def differs(self, group: Group, member: int) -> str:
        """Is this block unlike the one before it, in the state at $s? Of equal neighbours only the first need act."""
        return f"(call $unlike{group.number}_{member} (local.get $s))"

    def _alike(self, group: Group) -> Iterator[str]:
        for member in range(1, len(group.members)):
            tests = [
                f"(i64.ne {_extract(mine)} {_extract(other)})"
                for mine, other in zip(group.members[member], group.members[member - 1], strict=True)
            ]
            unlike = tests[0]
            for test in tests[1:]:
                unlike = f"(i32.or {unlike} {test})"
            yield f"(func $unlike{group.number}_{member} (param $p i32) (result i32) {unlike})"
        if len(group.members) <= MOST_EXACT:
            yield _arrangements(group, f"$ways{group.number}", "(i64.div_u (i64.mul {} {}) (local.get $alike))")
            return
        for place, modulus in enumerate(self.moduli):
            yield _inverses(f"$inverse{group.number}_{place}", len(group.members), modulus)
            times = f"(i64.rem_u (i64.mul {{}} {{}}) (i64.const {modulus}))"
            inverse = f"(call $inverse{group.number}_{place} (i32.wrap_i64 (local.get $alike)))"
            yield _arrangements(group, f"$ways{group.number}_{place}", times.format(times, inverse))

    def _swaps(self, group: Group) -> Iterator[str]:
        """For each block but the first: exchange it with the one before it if it is smaller, and say whether that was done."""
        for member in range(1, len(group.members)):
            pairs = list(zip(group.members[member - 1], group.members[member], strict=True))
            declared = " ".join(f"(local $a{piece} i64) (local $b{piece} i64)" for piece in range(len(pairs)))
            lines: list[str] = []
            for piece, (before, mine) in enumerate(pairs):
                lines.append(f"(local.set $a{piece} {_extract(before)}) (local.set $b{piece} {_extract(mine)})")
                lines.append(f"(br_if $smaller (i64.lt_u (local.get $b{piece}) (local.get $a{piece})))")
                if piece < len(pairs) - 1:
                    lines.append(f"(br_if $not (i64.gt_u (local.get $b{piece}) (local.get $a{piece})))")
            exchanged: dict[int, list[str]] = {}
            for piece, (before, mine) in enumerate(pairs):
                if piece:
                    lines_of = f"(local.set $a{piece} {_extract(before)}) (local.set $b{piece} {_extract(mine)})"
                    exchanged.setdefault(-1, []).append(lines_of)
                for part in (before, mine):
                    moved = f"(i64.xor (local.get $a{piece}) (local.get $b{piece}))"
                    moved = f"(i64.shl {moved} (i64.const {part.shift}))" if part.shift else moved
                    exchanged.setdefault(part.word, []).append(moved)
            done = exchanged.pop(-1, [])
            for word, moves in sorted(exchanged.items()):
                text = f"(i64.load offset={8 * word} (local.get $p))"
                for moved in moves:
                    text = f"(i64.xor {text} {moved})"
                done.append(f"(i64.store offset={8 * word} (local.get $p) {text})")
            yield (
                f"(func $swap{group.number}_{member} (param $p i32) (result i32) {declared}\n"
                f"(block $smaller (block $not {' '.join(lines)}) (return (i32.const 0)))\n{' '.join(done)} (i32.const 1))"
            )


def _chains(group: Group) -> Iterator[str]:
    """Insertion: `$move` brings one block to its place among the others, which are sorted; `$sort` begins with nothing sorted."""
    number, count = group.number, len(group.members)
    down = [(place, place) for place in range(count - 1, 0, -1)]
    up = [(place, place + 1) for place in range(count - 1)]
    yield f"(func $sink{number} (param $p i32) (param $i i32) (result i32) {_chain(number, down)})"
    yield f"(func $rise{number} (param $p i32) (param $i i32) (result i32) {_chain(number, up)})"
    yield (
        f"(func $move{number} (param $p i32) (param $i i32)\n"
        f"(if (i32.eqz (call $sink{number} (local.get $p) (local.get $i)))\n"
        f"(then (drop (call $rise{number} (local.get $p) (local.get $i))))))"
    )
    sinks = " ".join(
        f"(if {_may_pass(group, place)} (then (drop (call $sink{number} (local.get $p) (i32.const {place})))))"
        for place in range(1, count)
    )
    yield f"(func $sort{number} (param $p i32) {sinks})"


_KNOWN: list[int] = []  # primes below 2^31, the largest first, as far as they have been asked for


def _primes() -> Iterator[int]:
    """The primes below 2^31, the largest first."""
    for place in count():
        while place == len(_KNOWN):
            candidate = (_KNOWN[-1] if _KNOWN else 1 << 31) - 1
            while not all(candidate % divisor for divisor in range(2, isqrt(candidate) + 1)):
                candidate -= 1
            _KNOWN.append(candidate)
        yield _KNOWN[place]


def _arrangements(group: Group, name: str, extended: str) -> str:
    """A function that tells how many arrangements of a group's sorted blocks differ.

    After i blocks it holds the number for those i; `extended` makes of that number and i + 1 the one for i + 1 blocks, of which
    $alike at the end are alike: it multiplies by i + 1 and divides by $alike, which leaves no rest.
    """
    lines = ["(local.set $ways (i64.const 1)) (local.set $alike (i64.const 1))"]
    for place in range(1, len(group.members)):
        lines.append(
            f"(local.set $alike (if (result i64) (call $unlike{group.number}_{place} (local.get $p)) "
            "(then (i64.const 1)) (else (i64.add (local.get $alike) (i64.const 1))))) "
            f"(local.set $ways {extended.format('(local.get $ways)', f'(i64.const {place + 1})')})"
        )
    head = f"(func {name} (param $p i32) (result i64) (local $ways i64) (local $alike i64)"
    return f"{head} {' '.join(lines)} (local.get $ways))"


def _inverses(name: str, most: int, modulus: int) -> str:
    """A function that tells what to multiply by, in place of dividing by a number up to `most`, where a prime is the modulus."""
    text = f"(br_table {' '.join(f'$is{number}' for number in range(1, most + 1))} (i32.sub (local.get $i) (i32.const 1)))"
    for number in range(1, most + 1):
        text = f"(block $is{number} {text})\n(return (i64.const {pow(number, -1, modulus)}))"
    return f"(func {name} (param $i i32) (result i64)\n{text})"


def _product(factors: Sequence[str], modulus: int | None) -> str:
    text = "(i64.const 1)"
    for factor in factors:
        if modulus is None:
            text = f"(i64.mul {text} {factor})"
        else:
            text = f"(i64.rem_u (i64.mul {text} (i64.rem_u {factor} (i64.const {modulus}))) (i64.const {modulus}))"
    return text


def _may_pass(group: Group, member: int) -> str:
    """Might this block be smaller than the one before it? Told by their first pieces; most are in order, and cost no call."""
    order = "lt_u" if len(group.members[member]) == 1 else "le_u"
    return f"(i64.{order} {_extract(group.members[member][0])} {_extract(group.members[member - 1][0])})"


def _chain(number: int, steps: list[tuple[int, int]]) -> str:
    """Exchanges neighbours, beginning at the step of place $i, until two are in order. Has anything been exchanged?

    `steps` are the places in the order in which a block passes them, each with the number of its `$swap`.
    """
    entries = {place: f"$at{place}" for place, _ in steps}
    table = " ".join(entries.get(place, "$end") for place in range(len(steps) + 1))
    text = f"(br_table {table} (local.get $i))"
    for place, swap in steps:
        step = f"(br_if $end (i32.eqz (call $swap{number}_{swap} (local.get $p)))) (local.set $done (i32.const 1))"
        text = f"(block {entries[place]} {text})\n{step}"
    return f"(local $done i32)\n(block $end {text})\n(local.get $done)"


def _extract(part: Part) -> str:
    text = f"(i64.load offset={8 * part.word} (local.get $p))"
    if part.shift:
        text = f"(i64.shr_u {text} (i64.const {part.shift}))"
    return text if part.shift + part.bits == 64 else f"(i64.and {text} (i64.const 0x{(1 << part.bits) - 1:x}))"


def _get(words: Sequence[int], part: Part) -> int:
    return words[part.word] >> part.shift & (1 << part.bits) - 1


def _set(words: list[int], part: Part, value: int) -> None:
    words[part.word] = words[part.word] & ~(((1 << part.bits) - 1) << part.shift) | value << part.shift
