"""The search kernel, as WebAssembly text: expanding states level by level. One text for every model.

`table` is the set of visited states; this module is the rest: what happens to a state of the frontier. The kernel is driven from
outside (`machine`), through the functions it exports:

    start        an empty table; which worker this is, of how many
    receive      stored states in memory I are inserted: initial states, other workers' states, saved levels
    run          expand so many states of the frontier
    settle       insert what still waits in buckets
    turn         the level is done: the next frontier becomes the frontier
    rewind       what was appended to the next frontier since `settle` is not to be expanded (known states of a saved level)
    seek, pred   the smallest state, among stored states in memory I, that has the state in region "target" as a successor

*Marks.* In a timed model a frontier entry says, by bit 62 of its last word, whether a wait led there. This is no part of the
state: it is taken off before states are mixed, compared or kept, and lives in frontier entries only. Of two ways to one state in
one level the first to come leaves its mark; both are right, since the ticks that a marked state does not follow are of the same
level.

*The watch.* After a state is expanded the model says which properties it breaks and which premises it reaches. For every bit that
is not known yet the smallest such state of the level is kept, in stored order, so that neither the order of expansion nor the
number of workers can be seen in a trace.
"""

from __future__ import annotations

from udproof.engines.emit import Model
from udproof.engines.packing import MARK
from udproof.engines.stored import mix, unmix
from udproof.engines.table import (
    COUNTERS,
    MOST_COUNTERS,
    MOST_PAGES,
    PAGE,
    Layout,
    copy,
    declared,
    load,
    table,
    take_mark,
    words_of,
)
from udproof.engines.text import fold, i64

LEVEL_DONE, MORE, OUT_OF_MEMORY = 0, 1, 2  # what `run` returns
FULL_OUTBOX = 1 << 21  # bytes for other workers at which `run` pauses, so that they are delivered


def layout_of(model: Model, batch: int = 512) -> Layout:
    """Where a model's kernel keeps things. `batch` successors are made before they are looked up."""
    assert len(model.counters) <= MOST_COUNTERS, f"{len(model.counters)} counters, of {MOST_COUNTERS} there is room for"
    assert model.words >= 2 or not model.timed, "a timed model needs a second word for marks"
    return Layout(model.words, model.timed, model.fanout, batch)


def kernel(model: Model, layout: Layout) -> str:
    """The module. `layout` is `layout_of` this model."""
    return f"""(module
  (memory $M (export "M") {layout.pages} {MOST_PAGES}) (memory $T (export "T") 0 {MOST_PAGES})
  (memory $X (export "X") 0 {MOST_PAGES}) (memory $I (export "I") 0 {MOST_PAGES})
  (global $me (mut i32) (i32.const 0)) (global $workers (mut i64) (i64.const 1))
  (global $limit (mut i64) (i64.const 0))                    ;; bytes that may be held
  (global $held (export "held") (mut i64) (i64.const {layout.held}))
  (global $oom (export "oom") (mut i32) (i32.const 0))       ;; something did not fit; stays set
  (global $cur (export "cur") (mut i32) (i32.const {layout.frontier}))      ;; the frontier: expanded up to here,
  (global $lend (export "lend") (mut i32) (i32.const {layout.frontier}))  ;; ends here, where the next frontier begins,
  (global $end (export "end") (mut i32) (i32.const {layout.frontier}))    ;; which ends here
  (global $settled (mut i32) (i32.const {layout.frontier}))  ;; where `settle` left the end
  (global $xend (export "xend") (mut i32) (i32.const 0))     ;; the end of the outbox
  (global $known (export "known") (mut i64) (i64.const 0))   ;; bits of the watch that nobody asks for any more
  (global $seen (export "seen") (mut i64) (i64.const 0))     ;; bits seen in this level
  (global $found (export "found") (mut i32) (i32.const 0))   ;; has `pred` found one since `seek`?
  {_holding()}
  {table(layout)}
  {model.functions}
  {_expand(model)}
  {_insertion(layout)}
  {_levels(layout)}
  {_run(layout)}
  {_watch(layout)}
  {_predecessor(layout)})"""


def _holding() -> str:
    slack = "(i64.extend_i32_u (i32.add (i32.const 16) (i32.shr_u (memory.size $M) (i32.const 4))))"
    return f"""
  ;; may a memory of $pages pages be made $more pages longer?
  (func $affordable (param $more i64) (param $pages i32) (result i32)
    (i32.and (i64.le_u (i64.add (global.get $held) (i64.shl (local.get $more) (i64.const 16))) (global.get $limit))
             (i64.le_u (i64.add (local.get $more) (i64.extend_i32_u (local.get $pages))) (i64.const {MOST_PAGES}))))
  {_hold("M", slack)}
  {_hold("T", "(i64.const 0)")}
  {_hold("X", "(i64.const 16)")}
  {_hold("I", "(i64.const 16)")}"""


def _hold(memory: str, slack: str) -> str:
    """The function that makes a memory at least so many bytes long, and somewhat longer if that can be afforded."""
    return f"""
  (func $hold{memory} (param $bytes i64) (local $need i64) (local $more i64)
    (local.set $need (i64.sub (i64.shr_u (i64.add (local.get $bytes) (i64.const {PAGE - 1})) (i64.const 16))
                              (i64.extend_i32_u (memory.size ${memory}))))
    (if (i64.le_s (local.get $need) (i64.const 0)) (then return))
    (local.set $more (i64.add (local.get $need) {slack}))
    (if (call $affordable (local.get $more) (memory.size ${memory})) (then (local.set $need (local.get $more))))
    (if (i32.eqz (call $affordable (local.get $need) (memory.size ${memory}))) (then (global.set $oom (i32.const 1)) (return)))
    (if (i32.eq (memory.grow ${memory} (i32.wrap_i64 (local.get $need))) (i32.const -1))
      (then (global.set $oom (i32.const 1)) (return)))
    (global.set $held (i64.add (global.get $held) (i64.shl (local.get $need) (i64.const 16)))))"""


def _expand(model: Model) -> str:
    """The model's part as a function: appends successors at $o; the new end, and what is seen and not known yet."""
    params = " ".join(f"(param $s{word} i64)" for word in range(model.words))
    return f"""
  (func $expand {params} (param $mark i32) (param $o i32) (result i32 i64) {model.locals}
    {model.expand}
    (local.get $o)
    (i64.and {model.watch} (i64.xor (global.get $known) (i64.const -1))))"""


def _state(layout: Layout, memory: str, pointer: str) -> str:
    """Sets $s* to the state whose stored form is at a pointer, and $mark to its mark."""
    return f"{load(memory, pointer, layout.words)} {take_mark(layout, 'mark')} {unmix(layout.words)}"


def _call_expand(layout: Layout, seen: str) -> str:
    """Appends the successors of $s* to region "out"; sets $o to their end."""
    words = " ".join(f"(local.get $s{word})" for word in range(layout.words))
    return f"(call $expand {words} (i64.ne (local.get $mark) (i64.const 0)) (local.get $o)) {seen} (local.set $o)"


def _insertion(layout: Layout) -> str:
    entry, words = layout.entry, layout.words
    return f"""
  ;; bring the states [$p, $o) of memory M into stored form, in place
  (func $mix (param $p i32) (param $o i32) {declared("x y mark " + words_of(words))}
    (loop $each
      {load("$M", "p", words)} {take_mark(layout, "mark")} {mix(words)}
      (i64.store (local.get $p) (local.get $x))
      (br_if $each (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const {entry}))) (local.get $o)))))
  ;; stored states [$p, $o) of memory M to the table: at once while it is small, through buckets later
  (func $take (param $p i32) (param $o i32)
    (if (i32.eq (local.get $o) (local.get $p)) (then return))
    (if (i32.and (i32.eqz (global.get $bucketed)) (i64.eq (global.get $workers) (i64.const 1)))
      (then (call $insert (local.get $p) (local.get $o)))
      (else (call $spread (local.get $p) (local.get $o)))))"""


def _levels(layout: Layout) -> str:
    start = layout.frontier
    return f"""
  (func (export "start") (param $slots i64) (param $limit i64) (param $me i32) (param $workers i64)
    (global.set $limit (local.get $limit)) (global.set $me (local.get $me)) (global.set $workers (local.get $workers))
    (call $empty_buckets)
    (if (i64.gt_u (global.get $held) (local.get $limit)) (then (global.set $oom (i32.const 1)) (return)))
    (call $resize (local.get $slots)))
  (func (export "inbox") (param $bytes i64) (call $holdI (local.get $bytes)))
  (func (export "sent") (global.set $xend (i32.const 0)))
  (func (export "settle") (call $drain) (global.set $settled (global.get $end)))
  (func (export "rewind") (call $drain) (global.set $end (global.get $settled)))
  (func (export "turn")
    (memory.copy (i32.const {start}) (global.get $lend) (i32.sub (global.get $end) (global.get $lend)))
    (global.set $end (i32.sub (global.get $end) (i32.sub (global.get $lend) (i32.const {start}))))
    (global.set $lend (global.get $end)) (global.set $settled (global.get $end))
    (global.set $cur (i32.const {start}))
    (global.set $seen (i64.const 0)))"""


def _run(layout: Layout) -> str:
    entry, words, out = layout.entry, layout.words, layout.at("out")
    most = layout.regions()["out"][1]
    return f"""
  ;; expand up to $budget states
  (func (export "run") (param $budget i32) (result i32) {declared("y mark new " + words_of(words), "o cur stop")}
    (local.set $cur (global.get $cur)) (local.set $stop (global.get $lend))
    (if (i32.gt_u (i32.div_u (i32.sub (local.get $stop) (local.get $cur)) (i32.const {entry})) (local.get $budget))
      (then (local.set $stop (i32.add (local.get $cur) (i32.mul (local.get $budget) (i32.const {entry}))))))
    (block $done (loop $batch
      (br_if $done (i32.ge_u (local.get $cur) (local.get $stop)))
      (if (i64.gt_u (global.get $workers) (i64.const 1))
        (then (call $holdX (i64.add (i64.extend_i32_u (global.get $xend)) (i64.const {most})))))
      (if (global.get $oom) (then (return (i32.const {OUT_OF_MEMORY}))))
      (br_if $done (i32.ge_u (global.get $xend) (i32.const {FULL_OUTBOX})))
      (local.set $o (i32.const {out}))
      (loop $next
        {_state(layout, "$M", "cur")}
        {_call_expand(layout, "(local.set $new)")}
        (if (i64.ne (local.get $new) (i64.const 0)) (then (call $note (local.get $cur) (local.get $new))))
        (local.set $cur (i32.add (local.get $cur) (i32.const {entry})))
        (br_if $next (i32.and (i32.lt_u (local.get $cur) (local.get $stop))
                              (i32.lt_u (local.get $o) (i32.const {out + entry * layout.batch})))))
      (if (i32.ne (local.get $o) (i32.const {out})) (then
        (call $mix (i32.const {out}) (local.get $o))
        (call $take (i32.const {out}) (local.get $o))))
      (global.set $cur (local.get $cur))
      (br $batch)))
    (if (global.get $oom) (then (return (i32.const {OUT_OF_MEMORY}))))
    (i32.lt_u (local.get $cur) (global.get $lend)))"""


def _watch(layout: Layout) -> str:
    entry, words = layout.entry, layout.words
    seen, candidate = layout.at("seen"), layout.at("candidate")
    compare = " ".join(
        f"(if (i64.ne (local.tee $a (i64.load offset={8 * word} (local.get $p))) "
        f"(local.tee $b (i64.load offset={8 * word} (local.get $q)))) "
        "(then (return (i64.lt_u (local.get $a) (local.get $b)))))"
        for word in range(words)
    )
    return f"""
  ;; is the stored state at $p before the one at $q?
  (func $before (param $p i32) (param $q i32) (result i32) (local $a i64) (local $b i64)
    {compare}
    (i32.const 0))
  ;; the state at $p shows the bits $new
  (func $note (param $p i32) (param $new i64) (local $slot i32) (local $bit i64)
    (local.set $slot (i32.const {candidate}))
    {copy("$M", "slot", "$M", "p", words)}
    {_unmarked(layout, "slot")}
    (loop $each
      (local.set $bit (i64.ctz (local.get $new)))
      (local.set $slot (i32.add (i32.const {seen}) (i32.mul (i32.wrap_i64 (local.get $bit)) (i32.const {entry}))))
      (if (i32.or (i64.eqz (i64.and (i64.shr_u (global.get $seen) (local.get $bit)) (i64.const 1)))
                  (call $before (i32.const {candidate}) (local.get $slot)))
        (then (memory.copy (local.get $slot) (i32.const {candidate}) (i32.const {entry}))))
      (global.set $seen (i64.or (global.get $seen) (i64.shl (i64.const 1) (local.get $bit))))
      (local.set $new (i64.and (local.get $new) (i64.sub (local.get $new) (i64.const 1))))
      (br_if $each (i64.ne (local.get $new) (i64.const 0)))))"""


def _unmarked(layout: Layout, pointer: str) -> str:
    """Takes the mark off the entry at a pointer into memory M."""
    if not layout.timed:
        return ""
    last, at = 8 * (layout.words - 1), f"(local.get ${pointer})"
    return f"(i64.store offset={last} {at} (i64.and (i64.load offset={last} {at}) {i64(~MARK)}))"


def _predecessor(layout: Layout) -> str:
    entry, words, last = layout.entry, layout.words, layout.words - 1
    target, answer, candidate, out = (layout.at(name) for name in ("target", "answer", "candidate", "out"))
    made = [f"(i64.load offset={8 * word} (local.get $p))" for word in range(words)]
    if layout.timed:
        made[last] = f"(i64.and {made[last]} {i64(~MARK)})"
    same = [f"(i64.eq {text} (i64.load offset={target + 8 * word} (i32.const 0)))" for word, text in enumerate(made)]
    return f"""
  (func (export "seek") (global.set $found (i32.const 0)))
  ;; $len bytes of stored states in memory I: has one of them the state at "target" (packed, without mark) as a successor? The
  ;; smallest since `seek` is kept at "answer". Only a state that is before the best one so far is expanded.
  (func (export "pred") (param $len i32) {declared("y mark " + words_of(words), "o cur p slot")}
    (local.set $slot (i32.const {candidate}))
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $cur) (local.get $len)))
      {copy("$M", "slot", "$I", "cur", words)}
      {_unmarked(layout, "slot")}
      (if (i32.or (i32.eqz (global.get $found)) (call $before (local.get $slot) (i32.const {answer}))) (then
        {_state(layout, "$I", "cur")}
        (local.set $o (i32.const {out}))
        {_call_expand(layout, "(drop)")}
        (local.set $p (i32.const {out}))
        (block $no (loop $each
          (br_if $no (i32.ge_u (local.get $p) (local.get $o)))
          (if {fold("i32.and", same)} (then
            (global.set $found (i32.const 1))
            (memory.copy (i32.const {answer}) (local.get $slot) (i32.const {entry}))
            (br $no)))
          (local.set $p (i32.add (local.get $p) (i32.const {entry})))
          (br $each)))))
      (local.set $cur (i32.add (local.get $cur) (i32.const {entry})))
      (br $next))))"""


__all__ = ["COUNTERS", "LEVEL_DONE", "MORE", "OUT_OF_MEMORY", "kernel", "layout_of"]
