"""The set of visited states, as WebAssembly text: exact, growing in place, fast when it is larger than the processor's caches.

*Idea.* A state is kept in its stored form (`stored`), whose first word x is its hash. Slots are ordered by x: the home of a state
is floor(hash * slots), a collision moves on to the right, and a run of states is kept sorted. This is Knuth's ordered table (Amble
and Knuth, 1974) with linear probing: a search ends at the first larger x; and a table of another size has the same order, so
growing is one pass downwards and one upwards through memory, in place.

New states go to 256 buckets by the upper bits of their hash first, and a bucket is inserted when it is full. What one bucket
touches is a 256th of the table, which stays in the caches meanwhile (the "radix partitioning" of database joins). Of each group of
states the places in the table are loaded once before the first is looked up, so that the processor waits for all of them at once
and not for one after the other (the "group prefetching" of Chen, Ailamaki, Gibbons and Mowry, 2004).

How full the table may be, and by how much it grows, is a bargain of speed for memory: at these figures a state of one word takes
9 to 10 bytes of the table.

*Regions* of the memories are laid out by `Layout`, which sees to it that they do not overlap:

    memory M   counters, cursors, seen states, one batch of successors, the buckets, and to the end: the frontier, the next frontier
    memory T   the table, PAD slots longer than its size, so that no run has to go round
    memory X   states that belong to other workers;  memory I   states that come from outside

*Guarantee.* Two states are one exactly if all their words are equal: no answer depends on hashes. No memory grows without asking
`hold`, which counts every byte against a limit; what does not fit sets `$oom`, which nothing resets, and the search ends as "out of
memory". Addresses stay below 2^32 - 2^16, so that sums of an address and an entry cannot wrap; sums of more are made in 64 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from udproof.engines.packing import MARK
from udproof.engines.text import fold, i64

PAGE = 1 << 16
MOST_PAGES = 65_535  # one less than 4 GiB, see "Guarantee"
BUCKET_BITS = 8
BUCKETS = 1 << BUCKET_BITS
PAD = 4096  # slots behind the table
LOAD = 57, 64  # fuller than this, it grows ...
GROWTH = 9, 8  # ... by this factor
QUICK_GROWTH = 1 << 18  # below so many slots by a factor of four
SHARE = 32  # all buckets together take this part of what the table takes
GROUP = 16  # states whose places in the table are asked for together
LEAST_ROOM = 64  # states that fit into a bucket at least
COUNTERS = 4096  # the address of the action counters; `emit` writes it into the code
MOST_COUNTERS = 512


# --- where things stand


@dataclass(frozen=True, slots=True)
class Layout:
    """The regions of memory M, for states of `words` words, `batch` + `fanout` successors at a time."""

    words: int
    timed: bool
    fanout: int
    batch: int

    def __post_init__(self) -> None:
        regions = sorted(self.regions().values())
        assert all(start + size <= following for (start, size), (following, _) in pairwise(regions)), "regions of memory M overlap"
        assert self.frontier <= MOST_PAGES * PAGE, "memory M has no place for a frontier"

    @property
    def entry(self) -> int:
        """Bytes of one state."""
        return 8 * self.words

    @property
    def direct_slots(self) -> int:
        """A table is small up to 1 MiB, and while a bucket would be less than `LEAST_ROOM` states."""
        return max((1 << 20) // self.entry, 4 * BUCKETS * LEAST_ROOM)

    @property
    def stride(self) -> int:
        """Bytes from one bucket to the next, a power of two: 16,384 states, but 512 KiB at most, and some states in any case."""
        return _power(max(min(self.entry << 14, 1 << 19), (LEAST_ROOM + 1) * self.entry))

    def regions(self) -> dict[str, tuple[int, int]]:
        """Every region of memory M with a fixed place: address and size."""
        sizes = {
            "counters": 8 * MOST_COUNTERS,
            "fill": 4 * BUCKETS,  # where the next state of a bucket goes
            "kept": 4 * BUCKETS,  # how many states of a bucket the table holds
            "seen": 64 * self.entry,  # for each bit of the watch, the smallest state of this level that shows it
            "target": self.entry,
            "answer": self.entry,
            "candidate": self.entry,
            "out": (self.batch + self.fanout) * self.entry,
            "buckets": BUCKETS * self.stride,
        }
        found: dict[str, tuple[int, int]] = {}
        address = COUNTERS
        for name, size in sizes.items():
            found[name] = (address, size)
            address += -(-size // 64) * 64
        return found

    def at(self, name: str) -> int:
        """The address of a region."""
        return self.regions()[name][0]

    @property
    def frontier(self) -> int:
        """The address of the frontier, which has no fixed size."""
        start, size = self.regions()["buckets"]
        return start + size

    @property
    def pages(self) -> int:
        """Pages of memory M at first."""
        return -(-self.frontier // PAGE)

    @property
    def held(self) -> int:
        """Bytes of memory M held at first. Of the buckets counts what is used: `$room` bytes of each are ever touched."""
        return self.pages * PAGE - BUCKETS * (self.stride - LEAST_ROOM * self.entry)


def _power(least: int) -> int:
    return 1 << (least - 1).bit_length()


# --- small pieces of text


def declared(i64s: str = "", i32s: str = "") -> str:
    """Declarations of locals."""
    return " ".join([f"(local ${name} i64)" for name in i64s.split()] + [f"(local ${name} i32)" for name in i32s.split()])


def words_of(words: int, first: int = 0) -> str:
    """The names s0, s1, ..."""
    return " ".join(f"s{word}" for word in range(first, words))


def load(memory: str, pointer: str, words: int, first: int = 0) -> str:
    """Sets $s* to the words at a pointer."""
    return " ".join(
        f"(local.set $s{word} (i64.load {memory} offset={8 * word} (local.get ${pointer})))" for word in range(first, words)
    )


def store(memory: str, pointer: str, words: int) -> str:
    """Writes the stored form $x, $s1, ... to a pointer."""
    names = ["x", *words_of(words, 1).split()]
    return " ".join(
        f"(i64.store {memory} offset={8 * word} (local.get ${pointer}) (local.get ${name}))" for word, name in enumerate(names)
    )


def copy(memory: str, to: str, source: str, at: str, words: int) -> str:
    """Copies one entry between memories."""
    return " ".join(
        f"(i64.store {memory} offset={8 * word} (local.get ${to}) (i64.load {source} offset={8 * word} (local.get ${at})))"
        for word in range(words)
    )


def take_mark(layout: Layout, into: str) -> str:
    """Moves the mark of the last word of $s* into an i64 local."""
    if not layout.timed:
        return ""
    last = f"$s{layout.words - 1}"
    return f"""(local.set ${into} (i64.and (local.get {last}) {i64(MARK)}))
      (local.set {last} (i64.and (local.get {last}) {i64(~MARK)}))"""


def owned(x: str) -> str:
    """The worker that a state belongs to (upper half) and its hash there (lower half): the upper 32 bits of x times the workers."""
    return f"(i64.mul (i64.shr_u {x} (i64.const 32)) (local.get $workers))"


# --- the table


def table(layout: Layout) -> str:
    """Functions: `$resize`, `$insert` (into the table), `$spread` and "receive" (into buckets), `$drain` (from buckets)."""
    return f"""
  (global $size (export "size") (mut i64) (i64.const 0))  ;; slots, without the PAD behind them
  (global $n (export "states") (mut i32) (i32.const 0))   ;; states in the table
  (global $most (mut i32) (i32.const 0))                  ;; grow when there are more
  (global $warm (mut i64) (i64.const 0))                  ;; says nothing: what is loaded early must seem to be of use
  (global $bucketed (mut i32) (i32.const 0))              ;; is the table large enough for buckets to pay?
  (global $room (mut i32) (i32.const {LEAST_ROOM * layout.entry})) ;; bytes of a bucket in use
  {_resize(layout)}
  {_bigger(layout)}
  {_insert(layout)}
  {_buckets(layout)}"""


def _home(entry: int) -> str:
    """The address of the slot that the state with first word $x belongs to, in a table of $z slots."""
    inner = f"(i64.and {owned('(local.get $x)')} (i64.const 0xffffffff))"
    return f"(i32.mul (i32.wrap_i64 (i64.shr_u (i64.mul {inner} (local.get $z)) (i64.const 32))) (i32.const {entry}))"


def _resize(layout: Layout) -> str:
    entry, words, last = layout.entry, layout.words, 8 * (layout.words - 1)
    clear = " ".join(f"(i64.store $T offset={8 * word} (local.get $w) (i64.const 0))" for word in range(words))
    return f"""
  ;; make the table $z slots long
  (func $resize (param $z i64) {declared("x workers " + words_of(words, 1), "r w p top used free want")}
    (call $holdT (i64.mul (i64.add (local.get $z) (i64.const {PAD})) (i64.const {entry})))
    (if (global.get $oom) (then return))
    (local.set $workers (global.get $workers))
    (if (i64.ne (global.get $size) (i64.const 0)) (then
      (local.set $r (i32.mul (i32.add (i32.wrap_i64 (global.get $size)) (i32.const {PAD})) (i32.const {entry})))))
    (local.set $used (local.get $r))
    (local.set $top (i32.mul (i32.add (i32.wrap_i64 (local.get $z)) (i32.const {PAD})) (i32.const {entry})))
    (global.set $size (local.get $z))
    (global.set $most (i32.wrap_i64 (i64.div_u (i64.mul (local.get $z) (i64.const {LOAD[0]})) (i64.const {LOAD[1]}))))
    (global.set $bucketed (i64.gt_u (local.get $z) (i64.const {layout.direct_slots})))
    (call $widen)
    ;; 1. downwards: push every state to the top
    (local.set $w (i32.sub (local.get $top) (i32.const {entry})))
    (block $pushed (loop $down
      (br_if $pushed (i32.eqz (local.get $r)))
      (local.set $r (i32.sub (local.get $r) (i32.const {entry})))
      {copy("$T", "w", "$T", "r", words)}
      (local.set $w (i32.sub (local.get $w)
        (i32.mul (i64.ne (i64.load $T offset={last} (local.get $w)) (i64.const 0)) (i32.const {entry}))))
      (br $down)))
    (local.set $w (i32.add (local.get $w) (i32.const {entry})))
    (memory.fill $T (i32.const 0) (i32.const 0)
      (select (local.get $used) (local.get $w) (i32.lt_u (local.get $used) (local.get $w))))
    ;; 2. upwards: put every state where it belongs; their order is kept, so this never overtakes itself unless a run outgrows PAD
    (block $placed (loop $up
      (br_if $placed (i32.eq (local.get $w) (local.get $top)))
      (local.set $x (i64.load $T (local.get $w)))
      (local.set $p {_home(entry)})
      (local.set $p (select (local.get $p) (local.get $free) (i32.gt_u (local.get $p) (local.get $free))))
      (if (i32.gt_u (local.get $p) (local.get $w)) (then unreachable))
      {load("$T", "w", words, 1)}
      {clear}
      {store("$T", "p", words)}
      (local.set $free (i32.add (local.get $p) (i32.const {entry})))
      (local.set $w (i32.add (local.get $w) (i32.const {entry})))
      (br $up))))
  ;; all buckets together may take a part of what the table takes
  (func $widen (local $want i64) (local $cost i64)
    (local.set $want (i64.div_u (global.get $size) (i64.const {SHARE * BUCKETS})))
    (if (i64.gt_u (local.get $want) (i64.const {layout.stride // entry - 1}))
      (then (local.set $want (i64.const {layout.stride // entry - 1}))))
    (local.set $want (i64.mul (local.get $want) (i64.const {entry})))
    (if (i64.le_u (local.get $want) (i64.extend_i32_u (global.get $room))) (then return))
    (local.set $cost (i64.mul (i64.sub (local.get $want) (i64.extend_i32_u (global.get $room))) (i64.const {BUCKETS})))
    (if (i64.gt_u (i64.add (global.get $held) (local.get $cost)) (global.get $limit)) (then return))
    (global.set $held (i64.add (global.get $held) (local.get $cost)))
    (global.set $room (i32.wrap_i64 (local.get $want))))"""


def _bigger(layout: Layout) -> str:
    kept = layout.at("kept")
    return f"""
  ;; a larger table: by the usual factor, or, near the limit, by half of what is left for it and the frontier together
  (func $bigger (local $z i64) (local $most i64) (local $b i32) (local $was i32)
    (local.set $was (global.get $bucketed))
    (local.set $z (select (i64.shl (global.get $size) (i64.const 2))
      (i64.div_u (i64.mul (global.get $size) (i64.const {GROWTH[0]})) (i64.const {GROWTH[1]}))
      (i64.lt_u (global.get $size) (i64.const {QUICK_GROWTH}))))
    (local.set $most (i64.add (global.get $size)
      (i64.div_u (i64.sub (global.get $limit) (global.get $held)) (i64.const {2 * layout.entry}))))
    (if (i64.gt_u (local.get $z) (local.get $most)) (then (local.set $z (local.get $most))))
    (if (i64.gt_u (local.get $z) (i64.const {MOST_PAGES * PAGE // layout.entry - PAD}))
      (then (local.set $z (i64.const {MOST_PAGES * PAGE // layout.entry - PAD}))))
    ;; growing by less than a 64th would cost more than it gives
    (if (i64.lt_u (local.get $z) (i64.add (global.get $size) (i64.shr_u (global.get $size) (i64.const 6))))
      (then (global.set $oom (i32.const 1)) (return)))
    (call $resize (local.get $z))
    (if (i32.gt_u (global.get $bucketed) (local.get $was)) (then (loop $each
      (i32.store offset={kept} (local.get $b) (i32.shr_u (global.get $n) (i32.const {BUCKET_BITS})))
      (br_if $each (i32.lt_u (local.tee $b (i32.add (local.get $b) (i32.const 4))) (i32.const {4 * BUCKETS})))))))"""


def _insert(layout: Layout) -> str:
    entry, words, last = layout.entry, layout.words, layout.words - 1
    names = ["x", *words_of(words, 1).split()]
    compared = [f"(i64.eq (i64.load $T offset={8 * word} (local.get $q)) (local.get $s{word}))" for word in range(1, words)]
    same = "(i64.eq (local.get $e) (local.get $x))"
    if words == 1:
        found = f"(br_if $found {same})"
        passed = "(i64.ge_u (i64.sub (local.get $e) (i64.const 1)) (local.get $x))"  # empty, which is 0, or larger
    else:
        found = f"(if {same} (then (br_if $found {fold('i32.and', compared)})))"
        passed = f"(i32.or (i64.gt_u (local.get $e) (local.get $x)) (i64.eqz (i64.load $T offset={8 * last} (local.get $q))))"
    exchange = " ".join(
        f"(local.set $e (i64.load $T offset={8 * word} (local.get $q))) "
        f"(i64.store $T offset={8 * word} (local.get $q) (local.get ${name})) (local.set ${name} (local.get $e))"
        for word, name in enumerate(names)
    )
    marked = ""
    if layout.timed:
        marked = f"(i64.store offset={8 * last} (local.get $end) (i64.or (local.get $s{last}) (local.get $mark)))"
    return f"""
  ;; insert the stored states [$p, $o) of memory M; those that are new are appended to the next frontier
  (func $insert (param $p i32) (param $o i32) {declared("x e z mark workers warm " + words_of(words, 1), "q end m lastq stop")}
    (if (i32.eq (local.get $o) (local.get $p)) (then return))
    (local.set $m (i32.div_u (i32.sub (local.get $o) (local.get $p)) (i32.const {entry})))
    (block $fits (loop $more
      (br_if $fits (i32.or (global.get $oom) (i32.le_u (i32.add (global.get $n) (local.get $m)) (global.get $most))))
      (call $bigger)
      (br $more)))
    (call $holdM (i64.add (i64.extend_i32_u (global.get $end)) (i64.extend_i32_u (i32.sub (local.get $o) (local.get $p)))))
    (if (global.get $oom) (then return))
    (local.set $lastq (i32.mul (i32.add (i32.wrap_i64 (global.get $size)) (i32.const {PAD - 1})) (i32.const {entry})))
    (local.set $end (global.get $end)) (local.set $z (global.get $size)) (local.set $workers (global.get $workers))
    (loop $group
    (local.set $stop (i32.add (local.get $p) (i32.const {GROUP * entry})))
    (if (i32.gt_u (local.get $stop) (local.get $o)) (then (local.set $stop (local.get $o))))
    (local.set $q (local.get $p))
    (loop $touch
      (local.set $x (i64.load (local.get $q)))
      (local.set $warm (i64.xor (local.get $warm) (i64.load $T {_home(entry)})))
      (br_if $touch (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const {entry}))) (local.get $stop))))
    (loop $each
      (local.set $x (i64.load (local.get $p)))
      {load("$M", "p", words, 1)}
      {take_mark(layout, "mark")}
      (local.set $q {_home(entry)})
      (block $found
        (block $new (loop $probe
          (local.set $e (i64.load $T (local.get $q)))
          {found}
          (br_if $new {passed})
          (local.set $q (i32.add (local.get $q) (i32.const {entry})))
          (br $probe)))
        {store("$M", "end", words)} {marked}
        (local.set $end (i32.add (local.get $end) (i32.const {entry})))
        (loop $shift  ;; put it here, and carry on with what stood here, up to an empty slot
          {exchange}
          (local.set $q (i32.add (local.get $q) (i32.const {entry})))
          (br_if $shift (i64.ne (local.get ${names[-1]}) (i64.const 0))))
        (if (i32.gt_u (local.get $q) (local.get $lastq)) (then unreachable)))
      (br_if $each (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const {entry}))) (local.get $stop))))
    (br_if $group (i32.lt_u (local.get $p) (local.get $o))))
    (global.set $warm (local.get $warm))
    (global.set $n (i32.add (global.get $n) (i32.div_u (i32.sub (local.get $end) (global.get $end)) (i32.const {entry}))))
    (global.set $end (local.get $end)))"""


def _buckets(layout: Layout) -> str:
    entry, words = layout.entry, layout.words
    fill, kept, buckets, stride = layout.at("fill"), layout.at("kept"), layout.at("buckets"), layout.stride
    bucket = f"(i32.and (i32.wrap_i64 (i64.shr_u (local.get $t) (i64.const {32 - BUCKET_BITS - 2}))) (i32.const {4 * BUCKETS - 4}))"
    to_bucket = f"""
          (local.set $b {bucket})
          (local.set $f (i32.load offset={fill} (local.get $b)))
          {store("$M", "f", words)}
          (local.set $f (i32.add (local.get $f) (i32.const {entry})))
          (if (i32.ge_u (i32.and (i32.sub (local.get $f) (i32.const {buckets})) (i32.const {stride - 1})) (global.get $room))
            (then (local.set $f (call $flush (local.get $f) (local.get $b)))))
          (i32.store offset={fill} (local.get $b) (local.get $f))"""
    mine = fold(
        "i32.and",
        [
            f"(i64.ne (local.get ${['x', *words_of(words, 1).split()][-1]}) (i64.const 0))",
            "(i32.eq (i32.wrap_i64 (i64.shr_u (local.get $t) (i64.const 32))) (local.get $me))",
        ],
    )
    return f"""
  (func $empty_buckets (local $b i32)
    (loop $each
      (i32.store offset={fill} (local.get $b)
        (i32.add (i32.const {buckets}) (i32.mul (i32.shr_u (local.get $b) (i32.const 2)) (i32.const {stride}))))
      (br_if $each (i32.lt_u (local.tee $b (i32.add (local.get $b) (i32.const 4))) (i32.const {4 * BUCKETS})))))
  ;; the stored states [$p, $o) of memory M to their buckets, or to the outbox if another worker owns them
  (func $spread (param $p i32) (param $o i32) {declared("x t workers " + words_of(words, 1), "b f me xend")}
    (local.set $me (global.get $me)) (local.set $xend (global.get $xend)) (local.set $workers (global.get $workers))
    (loop $each
      (local.set $x (i64.load (local.get $p)))
      {load("$M", "p", words, 1)}
      (local.set $t {owned("(local.get $x)")})
      (if (i32.ne (i32.wrap_i64 (i64.shr_u (local.get $t) (i64.const 32))) (local.get $me))
        (then
          {store("$X", "xend", words)}
          (local.set $xend (i32.add (local.get $xend) (i32.const {entry}))))
        (else {to_bucket}))
      (br_if $each (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const {entry}))) (local.get $o))))
    (global.set $xend (local.get $xend)))
  ;; the stored states in the first $o bytes of memory I to their buckets, if they are mine (and no empty slots of another's table)
  (func (export "receive") (param $o i32) {declared("x t workers " + words_of(words, 1), "p b f me")}
    (local.set $me (global.get $me)) (local.set $workers (global.get $workers))
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $p) (local.get $o)))
      (local.set $x (i64.load $I (local.get $p)))
      {load("$I", "p", words, 1)}
      (local.set $t {owned("(local.get $x)")})
      (if {mine} (then {to_bucket}))
      (local.set $p (i32.add (local.get $p) (i32.const {entry})))
      (br $each))))
  ;; insert bucket $b, which is filled up to $f; its beginning. No 256th of a large table may become much fuller than the others
  (func $flush (param $f i32) (param $b i32) (result i32) (local $start i32) (local $m i32) (local $before i32)
    (local.set $start (i32.add (i32.const {buckets}) (i32.mul (i32.shr_u (local.get $b) (i32.const 2)) (i32.const {stride}))))
    (local.set $m (i32.div_u (i32.sub (local.get $f) (local.get $start)) (i32.const {entry})))
    (block $fits (loop $more
      (br_if $fits (i32.or (global.get $oom) (i32.eqz (global.get $bucketed))))
      (br_if $fits (i32.le_u (i32.add (i32.load offset={kept} (local.get $b)) (local.get $m))
                             (i32.shr_u (global.get $most) (i32.const {BUCKET_BITS}))))
      (call $bigger)
      (br $more)))
    (local.set $before (global.get $n))
    (call $insert (local.get $start) (local.get $f))
    (i32.store offset={kept} (local.get $b)
      (i32.add (i32.load offset={kept} (local.get $b)) (i32.sub (global.get $n) (local.get $before))))
    (local.get $start))
  (func $drain (local $b i32)
    (loop $each
      (i32.store offset={fill} (local.get $b) (call $flush (i32.load offset={fill} (local.get $b)) (local.get $b)))
      (br_if $each (i32.lt_u (local.tee $b (i32.add (local.get $b) (i32.const 4))) (i32.const {4 * BUCKETS})))))"""
