"""A ground system as WebAssembly text: what the search kernel needs to know of a model.

The kernel (`kernel`) is one text for every model; a model supplies the pieces of `Model`. They get a packed state in the locals
`$s0`, `$s1`, ... and write successors at `$o`. A conjunction of "slot = value" becomes one mask and one comparison a word, an
assignment of a constant one mask and one `or`, so that an action costs a handful of instructions.

The state is put into memory first, and everything reads it there, by its address `$s`: so the code of an action is as long as what
it reads and writes, however many words a state has, and can be cut into functions, which are compiled fast and in parallel. What
occurs in several places, and is not small, is a function of its own (`$e0`, ...). Where small parts decide (of a conjunction, say),
the larger ones are not evaluated.

Nothing of a user's file reaches the text: it is made of slot numbers and integers only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from udproof.engines.algebra import At, Ground, Op, conjoin, disjoin, negate
from udproof.engines.algebra import at_most as le
from udproof.engines.canonical import Canonical
from udproof.engines.ground import GroundAction, GroundSystem
from udproof.engines.instantiate import Look
from udproof.engines.integers import Integers, Span
from udproof.engines.packing import ALWAYS, MARK, WORD, Packing
from udproof.language import ModelError
from udproof.language import expressions as ex

FULL = (1 << WORD) - 1
SHARED = 12  # an expression of this size that occurs twice is a function of its own ...
LONG = 400  # ... and one of this size in any case
INLINE = 8  # words that are copied one by one where a state is copied
CHUNK = 40  # actions in one function
COMMON = 3  # guards that have a part in common, for it to be tested once for all


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
    counters: tuple[str, ...]  # the actions counted, in the order of their counters in memory, and some more that begin with #


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
                text = _fold("i32.or", small) if small else large.pop(0)
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
        text = _fold("i32.and", tests) if tests else large.pop(0)
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
        field = f"(i64.and {_word(state, word)} {_i64(mask)})"
        return f"(i64.eqz {field})" if bits == 0 else f"(i64.eq {field} {_i64(bits)})"

    def _read(self, slot: int, state: str) -> str:
        field = self.packing.fields.get(slot)
        if field is None:
            return f"(i32.const {self.packing.value(slot)})"
        moved = _word(state, field.word)
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
            text = _word(state, word)
            if mask[word]:
                text = f"(i64.and {text} {_i64(FULL & ~mask[word])})"
            for part in [_i64(fixed[word])] * bool(fixed[word]) + moving.get(word, []):
                text = f"(i64.or {text} {part})"
            lines.append(_store(word, text))
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


def emit(ground: GroundSystem, packing: Packing, canonical: Canonical | None, counters: int, look: Look = lambda: None) -> Model:
    """The pieces of a model. `counters` is the address of 8-byte action counters in the kernel's memory.

    The state that is expanded stands before them. `look` is called again and again, and may raise to end the work. ModelError if a
    state is too large.
    """
    state = counters - 8 * packing.words
    if state <= 0:
        raise ModelError(f"a state takes {packing.bits} bits, more than the {WORD * (counters // 8 - 1)} there is room for.")
    emitter = Emitter(ground, packing, canonical, look)
    integers = Integers(lambda slot: _span(ground, slot))
    alike = _alike(_shortened(ground.actions, integers, look))
    timed = bool(ground.semantics.system.clocks)
    bits = _bits(ground, integers)
    blocked, tick = integers.short(ground.blocked), {slot: integers.short(value) for slot, value in ground.tick.items()}
    for action, *_ in alike:
        for part in (action.guard, *action.post.values()):
            for inner in part.args if isinstance(part, Op) else ():
                emitter.expect(inner)
    for formula in (*(formula for _, formula in bits), blocked, *tick.values()):
        emitter.expect(formula)
    names = tuple(dict.fromkeys(action.firing.action.name for action in ground.actions))
    lines = [f"(i64.store (i32.const {state + 8 * word}) (local.get $s{word}))" for word in range(packing.words)]
    lines.append(f"(local.set $s (i32.const {state})) (local.set $first (local.get $o))")
    lines.append(_count(counters + 8 * len(names)))
    weights = canonical.weights() if canonical is not None else []
    for place, weight in enumerate(weights):
        lines.append(_count(counters + 8 * (len(names) + 1 + place), weight))
    tree = _Tree.of(alike)
    lines.append(_tried(emitter, tree, {name: counters + 8 * place for place, name in enumerate(names)}))
    if timed:
        lines.append(_wait(emitter, blocked, tick))
    watch = _watch(emitter, bits)
    caps = max(ground.semantics.time.caps.values(), default=0) if timed else 0
    return Model(
        words=packing.words,
        timed=timed,
        expand="\n".join(lines),
        watch=watch,
        locals=LOCALS + (canonical.locals() if canonical is not None else ""),
        functions="\n".join([*([_copy(packing.words)] if packing.words > INLINE else []), *emitter.functions]),
        fanout=len(alike) + caps + 1,
        counters=(*names, EXPANDED, *(f"{WEIGHT} {place}" for place in range(len(weights)))),
    )


def in_range(action: GroundAction) -> Ground:
    """Do all integers that the action sets stay within their ranges?"""
    bounds = [(low, action.post[slot], high) for slot, low, high in action.ranges]
    return conjoin([part for low, value, high in bounds for part in (le(low, value), le(value, high))])


def _span(ground: GroundSystem, slot: int) -> Span:
    """The least and the most value of a slot."""
    symbol = ground.semantics.layout.slots[slot].symbol
    if isinstance(symbol, ex.ClockSymbol):
        return 0, ground.semantics.time.caps[symbol]
    values = ground.semantics.values(symbol.sort)
    return values[0], values[-1]


def _shortened(actions: Iterable[GroundAction], integers: Integers, look: Look) -> Iterator[GroundAction]:
    """The actions with the check of ranges in their guards, and all formulas shortened."""
    for action in actions:
        look()
        guard = integers.short(conjoin([action.guard, in_range(action)]))
        yield GroundAction(action.firing, guard, {slot: integers.short(value) for slot, value in action.post.items()}, ())


def _alike(actions: Iterable[GroundAction]) -> list[list[GroundAction]]:
    """The firings of an action, those together that do the same: whoever approves an event, it is approved."""
    found: dict[object, list[GroundAction]] = {}
    for action in actions:
        does = (action.firing.action.name, action.guard, tuple(sorted(action.post.items())), action.ranges)
        found.setdefault(does, []).append(action)
    return list(found.values())


@dataclass(slots=True)
class _Tree:
    """Firings in the order in which their guards are tested: what many guards share is tested once for all.

    Each firing goes down by those parts of its guard that others have too, the most common first (a frequent-pattern tree, Han, Pei
    and Yin 2000); `here` are those that end at this node, each with what is left of its guard.
    """

    inside: dict[Ground, _Tree] = field(default_factory=dict)
    here: list[tuple[Ground, list[GroundAction]]] = field(default_factory=list)

    @staticmethod
    def of(alike: Iterable[list[GroundAction]]) -> _Tree:
        """The tree of all firings; those that do the same come together."""
        parts = [(list(_conjuncts(firings[0].guard)), firings) for firings in alike]
        times = Counter(part for guard, _ in parts for part in guard)
        order = {part: place for place, (part, _) in enumerate(times.most_common())}
        tree = _Tree()
        for guard, firings in parts:
            node = tree
            for part in sorted((part for part in guard if times[part] >= COMMON), key=order.__getitem__):
                node = node.inside.setdefault(part, _Tree())
            node.here.append((conjoin(part for part in guard if times[part] < COMMON), firings))
        return tree

    @property
    def size(self) -> int:
        """How many sets of like firings it holds."""
        return len(self.here) + sum(node.size for node in self.inside.values())


def _conjuncts(guard: Ground) -> tuple[Ground, ...]:
    return guard.args if isinstance(guard, Op) and guard.operator == "and" else (guard,)


def _tried(emitter: Emitter, tree: _Tree, counters: Mapping[str, int]) -> str:
    """Appends the successors by the firings of a tree. What is long is cut into functions of some `CHUNK` firings."""
    texts: list[str] = []
    room = CHUNK
    for rest, firings in tree.here:
        emitter.look()
        texts.append(_when(emitter, rest, _made(emitter, firings, counters[firings[0].firing.action.name])))
        room -= 1
        if room <= 0:
            texts, room = [_in_function(emitter, texts)], CHUNK
    for part, node in tree.inside.items():
        if node.size == 1 and not node.inside:  # no other has come this way
            (rest, firings) = node.here[0]
            text = _when(emitter, conjoin([part, rest]), _made(emitter, firings, counters[firings[0].firing.action.name]))
        else:
            text = _when(emitter, part, _tried(emitter, node, counters))
        texts.append(text)
        room -= node.size
        if room <= 0:
            texts, room = [_in_function(emitter, texts)], CHUNK
    return "\n".join(texts)


def _in_function(emitter: Emitter, texts: Sequence[str]) -> str:
    name, made = f"$act{len(emitter.functions)}", "\n".join(texts)
    emitter.functions.append(f"(func {name} (param $s i32) (param $o i32) (result i32) (local $n i32)\n{made}\n(local.get $o))")
    return f"(local.set $o (call {name} (local.get $s) (local.get $o)))"


def _when(emitter: Emitter, condition: Ground, text: str) -> str:
    if condition == 1:
        return text
    return f"(if {emitter.computed(condition) if isinstance(condition, Op) else emitter.value(condition)} (then {text}))"


def _made(emitter: Emitter, firings: Sequence[GroundAction], counter: int) -> str:
    """One successor for firings that do the same, and the count of those that are not left to their like."""
    action = firings[0]
    made = f"{emitter.after(action.post, 's')} {emitter.sorted(action.post)} {emitter.next()}"
    tests = [emitter.first_of_equals(firing) for firing in firings]
    certain = sum(1 for row in tests if not row)
    doubtful = [_fold("i32.and", row) for row in tests if row]
    if len(firings) == 1:
        made = f"{made} {_count(counter)}"
        for test in reversed(tests[0]):
            made = f"(if {test} (then {made}))"
        return made
    number = _fold("i32.add", [f"(i32.const {certain})", *doubtful])
    made = f"{made} {_count(counter, '(i64.extend_i32_u (local.get $n))')}"
    return f"(local.set $n {number}) (if (local.get $n) (then {made}))"


def _count(address: int, by: str = "(i64.const 1)") -> str:
    return f"(i64.store offset={address} (i32.const 0) (i64.add (i64.load offset={address} (i32.const 0)) {by}))"


def _wait(emitter: Emitter, blocked_at: Ground, tick: Mapping[int, Ground]) -> str:
    """From a state that no wait has reached, every later tick, each marked as reached by a wait.

    A state that was reached by a wait (`$mark`) has its later ticks from where that wait began. `$stuck` is set where time is
    stopped by a deadline and no action has appended anything.
    """
    last = emitter.packing.words - 1
    # in a canonical state a tick that changes nothing leaves it canonical, so "unchanged" can be seen before sorting
    unchanged = [f"(i64.eq {_word('p', word)} {_word('o', word)})" for word in emitter.changed(tick)] or ["(i32.const 1)"]
    blocked = emitter.value(blocked_at, "p")
    emitter.functions.append(f"""(func $waits (param $p i32) (param $o i32) (result i32)
        (block $end (loop $tick
          (br_if $end {blocked})
          {emitter.after(tick, "p")}
          (br_if $end {_fold("i32.and", unchanged)})
          {emitter.sorted(tick)}
          {_store(last, f"(i64.or {_word('o', last)} {_i64(MARK)})")}
          (local.set $p (local.get $o)) {emitter.next()}
          (br $tick)))
        (local.get $o))""")
    return f"""
    (local.set $stuck (i64.const 0)) (local.set $p (local.get $s))
    (if {blocked} (then (local.set $stuck (i64.extend_i32_u (i32.eq (local.get $o) (local.get $first)))))
      (else (if (i32.eqz (local.get $mark)) (then (local.set $o (call $waits (local.get $s) (local.get $o)))))))"""


def _bits(ground: GroundSystem, integers: Integers) -> list[tuple[int, Ground]]:
    """The formula for each bit of `watch`, but for time that has stopped."""
    bits: list[tuple[int, Ground]] = []
    for number, prop in enumerate(ground.properties):
        if not prop.property.watches_time:
            bits.append((number, negate(prop.body)))
        bits.append((32 + number, prop.premise))
    overflow = disjoin([conjoin([action.guard, negate(in_range(action))]) for action in ground.actions if action.ranges])
    bits += [(DOUBT, ground.doubtful), (OVERFLOW, overflow)]
    shortened = [(place, integers.short(formula)) for place, formula in bits]
    return [(place, formula) for place, formula in shortened if formula != 0]


def _watch(emitter: Emitter, bits: list[tuple[int, Ground]]) -> str:
    stopped = [number for number, prop in enumerate(emitter.ground.properties) if prop.property.watches_time]
    texts = [f"(i64.shl (local.get $stuck) (i64.const {place}))" for place in stopped]
    for place, formula in bits:
        bit = f"(i64.shl (i64.extend_i32_u {emitter.value(formula)}) (i64.const {place}))"
        texts.append(_until_known(place, bit) if place >= 32 else bit)
    return _fold("i64.or", texts or ["(i64.const 0)"])


def _until_known(place: int, bit: str) -> str:
    """A bit that is computed only until it is known: most premises are reached early, and then cost no more than this test."""
    known = f"(i64.and (i64.shr_u (global.get $known) (i64.const {place})) (i64.const 1))"
    return f"(if (result i64) (i64.eqz {known}) (then {bit}) (else (i64.const 0)))"


def _copy(words: int) -> str:
    """A function that copies a state."""
    pairs = [
        f"(v128.store offset={8 * word} (local.get $to) (v128.load offset={8 * word} (local.get $from)))"
        for word in range(0, words - 1, 2)
    ]
    if words % 2:
        at = 8 * (words - 1)
        pairs.append(f"(i64.store offset={at} (local.get $to) (i64.load offset={at} (local.get $from)))")
    return f"(func $copy (param $to i32) (param $from i32) {' '.join(pairs)})"


DOUBT = 30  # the bit of `watch` for `GroundSystem.doubtful`
OVERFLOW = 31  # the bit of `watch` for an integer that leaves its range
MOST_PROPERTIES = 30
EXPANDED = "#expanded"  # the name of one more counter: states expanded
WEIGHT = "#weight"  # how the names of the others begin: how many states those stand for, see `Canonical.weights`
LOCALS = "(local $s i32) (local $p i32) (local $n i32) (local $first i32) (local $stuck i64) "


def _size(a: Ground) -> int:
    return a.size if isinstance(a, Op) else 1


def _word(state: str, word: int) -> str:
    return f"(i64.load offset={8 * word} (local.get ${state}))"


def _store(word: int, text: str) -> str:
    return f"(i64.store offset={8 * word} (local.get $o) {text})"


def _fold(operator: str, parts: Sequence[str]) -> str:
    return f"({operator} " * (len(parts) - 1) + parts[0] + "".join([f" {part})" for part in parts[1:]])


def _i64(value: int) -> str:
    return f"(i64.const 0x{value & FULL:x})"


__all__ = ["ALWAYS", "Emitter", "Model", "emit"]
