"""Difference bound matrices in WebAssembly: what `dbm` says, four bounds at a time.

`MATRICES` is in the language of `wat`; `BY_HAND` are its innermost loops, over one row, in vectors of 128 bits. A row takes a
multiple of 16 bytes, and what is behind its last bound is no bound. A test compares with the reference zone by zone.
"""

from __future__ import annotations

from udproof.engines import dbm

MATRICES = '''
def stride(d):
    return ((d + 3) >> 2) << 4

def plus(a, b):
    if a == INF or b == INF:
        return INF
    return a + b - ((a | b) & 1)

def tighten(m, d, sb, i, j, b):
    """clock i minus clock j keeps the bound b; 0 if nothing is left"""
    if plus(load(m + j * sb + 4 * i), b) < ZERO:
        return 0
    if b < load(m + i * sb + 4 * j):
        p = 0
        while p < d:
            c = plus(load(m + p * sb + 4 * i), b)
            if c != INF:
                minplus(m + p * sb, m + j * sb, sb, c)
            p += 1
    return 1

def gather(to, e, es, m, sb):
    r = 0
    while r < e:
        row = m + load(MAP + 4 * r) * sb
        c = 0
        while c < e:
            store(to + 4 * c, load(row + 4 * load(MAP + 4 * c)))
            c += 1
        while 4 * c < es:
            store(to + 4 * c, INF)
            c += 1
        to += es
        r += 1

def extrapolate(m, d, sb):
    """forget, and close again: only rows in which something was forgotten can become tighter"""
    far = 0
    r = 0
    while r < d:
        least = -(load(m + 4 * r) >> 1)
        store(ROW + 4 * r, least > load(LO + 4 * r) and r > 0)
        gone = least > load(UP + 4 * r)
        store(COL + 4 * r, -gone)
        if gone:
            up = load(UP + 4 * r)
            store(m + 4 * r, -2 * up if up >= 0 else ZERO)
            far = 1
        r += 1
    while 4 * r < sb:
        store(COL + 4 * r, 0)
        r += 1
    store(ROW, 1)
    near = 0
    i = 1
    while i < d:
        row = m + i * sb
        if load(ROW + 4 * i):
            wipe(row, sb)
        else:
            most = 2 * load(LO + 4 * i) + 1
            if forget_far(row, sb, most):
                near = 1
                store(ROW + 4 * i, -1)
            if far:
                forget_columns(row, COL, sb)
        store(row + 4 * i, ZERO)
        i += 1
    k = 0
    while k < d and near:
        i = 1
        while i < d:
            row = m + i * sb
            c = load(row + 4 * k)
            if i != k and load(ROW + 4 * i) == -1 and c != INF:
                minplus(row, m + k * sb, sb, c)
            i += 1
        k += 1
    i = 1
    while i < d and far:
        row = m + i * sb
        c = load(row)
        if load(ROW + 4 * i) != 1 and c != INF:
            minplus(row, m, sb, c)
        i += 1

def pass_time(m, d, sb):
    """every reading that waiting leads to; 0 if there is none"""
    r = 1
    while r < d:
        b = load(INV + 4 * r)
        if b != INF:
            if not tighten(m, d, sb, r, 0, b):
                return 0
        r += 1
    r = 1
    while r < d:
        store(m + r * sb, INF)
        r += 1
    r = 1
    while r < d:
        b = load(INV + 4 * r)
        if b != INF:
            if not tighten(m, d, sb, r, 0, b):
                return 0
        r += 1
    return 1
'''

INFINITIES = f"(v128.const i32x4{4 * f' {dbm.INFINITY}'})"
BY_HAND = f"""
  ;; the bounds of row $p become at most $c plus those of row $j: four at a time
  (func $minplus (param $p i32) (param $j i32) (param $sb i32) (param $c i32) (local $q i32) (local $x v128) (local $v v128)
    (local $cc v128)
    (local.set $cc (i32x4.splat (local.get $c)))
    (loop $next
      (local.set $x (v128.load (i32.add (local.get $j) (local.get $q))))
      (local.set $v (i32x4.sub (i32x4.add (local.get $x) (local.get $cc))
        (v128.and (v128.or (local.get $x) (local.get $cc)) (v128.const i32x4 1 1 1 1))))
      (local.set $v (v128.bitselect (local.get $x) (local.get $v)
        (i32x4.eq (local.get $x) {INFINITIES})))
      (v128.store (i32.add (local.get $p) (local.get $q))
        (i32x4.min_s (local.get $v) (v128.load (i32.add (local.get $p) (local.get $q)))))
      (br_if $next (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const 16))) (local.get $sb)))))
  ;; no bound is left in row $p
  (func $wipe (param $p i32) (param $sb i32) (local $q i32)
    (loop $next
      (v128.store (i32.add (local.get $p) (local.get $q)) {INFINITIES})
      (br_if $next (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const 16))) (local.get $sb)))))
  ;; bounds of row $p above $most are forgotten; was one?
  (func $forget_far (param $p i32) (param $sb i32) (param $most i32) (result i32) (local $q i32) (local $x v128) (local $above v128)
    (local $any v128)
    (loop $next
      (local.set $x (v128.load (i32.add (local.get $p) (local.get $q))))
      (local.set $above (i32x4.gt_s (local.get $x) (i32x4.splat (local.get $most))))
      (local.set $any (v128.or (local.get $any) (v128.and (local.get $above) (i32x4.ne (local.get $x) {INFINITIES}))))
      (v128.store (i32.add (local.get $p) (local.get $q)) (v128.bitselect {INFINITIES} (local.get $x) (local.get $above)))
      (br_if $next (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const 16))) (local.get $sb))))
    (v128.any_true (local.get $any)))
  ;; the bounds of row $p are forgotten where $columns says so
  (func $forget_columns (param $p i32) (param $columns i32) (param $sb i32) (local $q i32)
    (loop $next
      (v128.store (i32.add (local.get $p) (local.get $q)) (v128.bitselect {INFINITIES}
        (v128.load (i32.add (local.get $p) (local.get $q))) (v128.load (i32.add (local.get $columns) (local.get $q)))))
      (br_if $next (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const 16))) (local.get $sb)))))
  ;; is every bound of $a, of $n bytes, at most that of $b?
  (func $inside (param $a i32) (param $b i32) (param $n i32) (result i32)
    (loop $next
      (if (v128.any_true (i32x4.gt_s (v128.load (local.get $a)) (v128.load (local.get $b)))) (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (local.set $b (i32.add (local.get $b) (i32.const 16)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 16)))))
    (i32.const 1))
  (func $pages (result i32) (memory.size $M))
  (func $table_pages (result i32) (memory.size $T))
  (func $grow (param $n i32) (result i32) (memory.grow $M (local.get $n)))
  (func $grow_table (param $n i32) (result i32) (memory.grow $T (local.get $n)))"""
