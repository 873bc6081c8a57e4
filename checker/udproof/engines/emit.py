"""A ground system as WebAssembly text: what the search kernel needs to know of a model.

The kernel (`kernel`) is one text for every model; a model supplies the pieces of `Model`. They get a packed state in the locals
`$s0`, `$s1`, ... and write successors at `$o`.

The state is put into memory first, and everything reads it there (`emitter`). Guards are tested as a tree: what many have in common
is tested once for all of them.

For each state that is expanded it is counted what that state stands for, and the same once more for each premise that holds in it:
so a search can say in how many states a property was put to the test. Premises that say the same are counted once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from udproof.engines.algebra import Ground, Op, conjoin, disjoin, negate
from udproof.engines.algebra import at_most as le
from udproof.engines.canonical import Canonical
from udproof.engines.emitter import INLINE, Emitter, copy, store, word_at
from udproof.engines.ground import GroundAction, GroundSystem
from udproof.engines.instantiate import Look
from udproof.engines.integers import Integers
from udproof.engines.packing import MARK, WORD, Packing
from udproof.engines.text import fold, i64
from udproof.language import ModelError

CHUNK = 40  # actions in one function
COMMON = 3  # guards that have a part in common, for it to be tested once for all


@dataclass(frozen=True, slots=True)
class Model:
    """What the kernel is given.

    `expand` appends the successors of the state in `$s*` at `$o` (advancing it by 8 bytes a word); `watch` is an i64 expression
    with bit i set if property i is broken and bit 32 + i if its premise is reached; `fanout` bounds the successors of one state.
    `premises` has for each property the name of what counts the states in which its premise holds; None if it holds in none.
    """

    words: int
    timed: bool
    expand: str
    watch: str
    locals: str
    functions: str
    fanout: int
    counters: tuple[str, ...]  # the actions counted, in the order of their counters in memory, and some more that begin with #
    premises: tuple[str | None, ...]


def emit(ground: GroundSystem, packing: Packing, canonical: Canonical | None, counters: int, look: Look = lambda: None) -> Model:
    """The pieces of a model. `counters` is the address of 8-byte action counters in the kernel's memory.

    The state that is expanded stands before them. `look` is called again and again, and may raise to end the work. ModelError if a
    state is too large.
    """
    state = counters - 8 * packing.words
    if state <= 0:
        raise ModelError(f"a state takes {packing.bits} bits, more than the {WORD * (counters // 8 - 1)} there is room for.")
    emitter = Emitter(ground, packing, canonical, look)
    integers = Integers(ground.semantics.span)
    alike = _alike(shortened(ground.actions, integers, look))
    timed = bool(ground.semantics.system.clocks)
    bits = _bits(ground, integers)
    premises = [integers.short(item.premise) for item in ground.properties]
    tested = [premise for premise in dict.fromkeys(premises) if not isinstance(premise, int)]
    blocked, tick = integers.short(ground.blocked), {slot: integers.short(value) for slot, value in ground.tick.items()}
    for action, *_ in alike:
        emitter.expect_inside(action)
    for formula in (*(formula for _, formula in bits), *tested, blocked, *tick.values()):
        emitter.expect(formula)
    names = tuple(dict.fromkeys(action.firing.action.name for action in ground.actions))
    lines = [f"(i64.store (i32.const {state + 8 * word}) (local.get $s{word}))" for word in range(packing.words)]
    lines.append(f"(local.set $s (i32.const {state})) (local.set $first (local.get $o))")
    lines.append(_count(counters + 8 * len(names)))
    weights = canonical.weights() if canonical is not None else ["(i64.const 1)"]
    lines += [f"(local.set $stands{place} {weight})" for place, weight in enumerate(weights)]
    start = counters + 8 * (len(names) + 1)
    lines.append(_stands(start, weights))
    for number, premise in enumerate(tested, 1):
        holds = f"(local.tee $holds{number} {emitter.value(premise)})"
        lines.append(f"(if {holds} (then {_stands(start + 8 * number * len(weights), weights)}))")
    tree = _Tree.of(alike)
    lines.append(_tried(emitter, tree, {name: counters + 8 * place for place, name in enumerate(names)}))
    if timed:
        lines.append(_wait(emitter, blocked, tick))
    watch = fold("i64.or", [*_watch(emitter, bits), *_reached(premises, tested)] or ["(i64.const 0)"])
    sums = (WEIGHT, *(f"{PREMISE} {number}" for number in range(1, 1 + len(tested))))
    caps = max(ground.semantics.time.caps.values(), default=0) if timed else 0
    return Model(
        words=packing.words,
        timed=timed,
        expand="\n".join(lines),
        watch=watch,
        locals=" ".join(
            [
                LOCALS,
                canonical.locals() if canonical is not None else "",
                *(f"(local $stands{place} i64)" for place in range(len(weights))),
                *(f"(local $holds{number} i32)" for number in range(1, 1 + len(tested))),
            ]
        ),
        functions="\n".join([*([copy(packing.words)] if packing.words > INLINE else []), *emitter.functions]),
        fanout=len(alike) + caps + 1,
        counters=(*names, EXPANDED, *(f"{name}, {place}" for name in sums for place in range(len(weights)))),
        premises=tuple(_sum_of(premise, tested) for premise in premises),
    )


def summed(counters: Mapping[str, int], name: str) -> list[int]:
    """The sums that counters have under that name, one for each of `Canonical.moduli` (or one)."""
    return [times for counter, times in counters.items() if counter.rpartition(",")[0] == name]


def in_range(action: GroundAction) -> Ground:
    """Do all integers that the action sets stay within their ranges?"""
    bounds = [(low, action.post[slot], high) for slot, low, high in action.ranges]
    return conjoin([part for low, value, high in bounds for part in (le(low, value), le(value, high))])


def shortened(actions: Iterable[GroundAction], integers: Integers, look: Look) -> Iterator[GroundAction]:
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
    doubtful = [fold("i32.and", row) for row in tests if row]
    if len(firings) == 1:
        made = f"{made} {_count(counter)}"
        for test in reversed(tests[0]):
            made = f"(if {test} (then {made}))"
        return made
    number = fold("i32.add", [f"(i32.const {certain})", *doubtful])
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
    unchanged = [f"(i64.eq {word_at('p', word)} {word_at('o', word)})" for word in emitter.changed(tick)] or ["(i32.const 1)"]
    blocked = emitter.value(blocked_at, "p")
    emitter.functions.append(f"""(func $waits (param $p i32) (param $o i32) (result i32)
        (block $end (loop $tick
          (br_if $end {blocked})
          {emitter.after(tick, "p")}
          (br_if $end {fold("i32.and", unchanged)})
          {emitter.sorted(tick)}
          {store(last, f"(i64.or {word_at('o', last)} {i64(MARK)})")}
          (local.set $p (local.get $o)) {emitter.next()}
          (br $tick)))
        (local.get $o))""")
    return f"""
    (local.set $stuck (i64.const 0)) (local.set $p (local.get $s))
    (if {blocked} (then (local.set $stuck (i64.extend_i32_u (i32.eq (local.get $o) (local.get $first)))))
      (else (if (i32.eqz (local.get $mark)) (then (local.set $o (call $waits (local.get $s) (local.get $o)))))))"""


def _bits(ground: GroundSystem, integers: Integers) -> list[tuple[int, Ground]]:
    """The formula for each bit of `watch`, but for premises and for time that has stopped."""
    bits: list[tuple[int, Ground]] = []
    for number, prop in enumerate(ground.properties):
        if not prop.property.watches_time:
            bits.append((number, negate(prop.body)))
    overflow = disjoin([conjoin([action.guard, negate(in_range(action))]) for action in ground.actions if action.ranges])
    bits += [(DOUBT, ground.doubtful), (OVERFLOW, overflow)]
    shortened = [(place, integers.short(formula)) for place, formula in bits]
    return [(place, formula) for place, formula in shortened if formula != 0]


def _watch(emitter: Emitter, bits: list[tuple[int, Ground]]) -> list[str]:
    """The bits of `watch` that are no premises."""
    stopped = [number for number, prop in enumerate(emitter.ground.properties) if prop.property.watches_time]
    texts = [f"(i64.shl (local.get $stuck) (i64.const {place}))" for place in stopped]
    return texts + [f"(i64.shl (i64.extend_i32_u {emitter.value(formula)}) (i64.const {place}))" for place, formula in bits]


def _reached(premises: Sequence[Ground], tested: Sequence[Ground]) -> list[str]:
    """The bits of `watch` that are premises."""
    masks: dict[Ground, int] = {}
    for place, premise in enumerate(premises, 32):
        masks[premise] = masks.get(premise, 0) | 1 << place
    texts = [f"(i64.const {masks[1]})"] if 1 in masks else []
    for number, premise in enumerate(tested, 1):
        texts.append(f"(i64.mul (i64.extend_i32_u (local.get $holds{number})) {i64(masks[premise])})")
    return texts


def _sum_of(premise: Ground, tested: Sequence[Ground]) -> str | None:
    if isinstance(premise, int):
        return WEIGHT if premise else None
    return f"{PREMISE} {tested.index(premise) + 1}"


def _stands(address: int, weights: Sequence[str]) -> str:
    """Adds what the state stands for to the counters at an address."""
    return " ".join(_count(address + 8 * place, f"(local.get $stands{place})") for place in range(len(weights)))


DOUBT = 30  # the bit of `watch` for `GroundSystem.doubtful`
OVERFLOW = 31  # the bit of `watch` for an integer that leaves its range
EXPANDED = "#expanded"  # the name of one more counter: states expanded
WEIGHT = "#weight"  # the name of some: how many states those stand for, see `Canonical.weights`
PREMISE = "#premise"  # how the names of the others begin: how many of these a premise holds in
LOCALS = "(local $s i32) (local $p i32) (local $n i32) (local $first i32) (local $stuck i64) "
