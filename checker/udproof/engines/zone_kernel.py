"""The kernel of the zone search: difference bound matrices and the list of symbolic states, in WebAssembly. One text for every
model.

A *node* is a symbolic state in memory: links, the words of its state, a bit for each clock that runs, and its zone. Nodes stand
one after the other in the order in which they were found; the search goes through them from `cur`, so it is breadth first, and a
level ends at `level_end`. A hash table leads from the words of a state to the chain of its nodes. A new zone that lies inside one
of the chain is dropped; those that lie inside the new one are taken out of the chain, and if they have not been expanded they
never are.

What a model adds (`zone_emit`): its actions and what is watched, as functions over the words of a state, and for each clock the
deadline and the bounds that hold in a state. An action leaves the cut zone in region W or where `wsrc` says, the words of the new
state in T, and in TM and FM which clocks run and which of them start; `finish` does the rest: it gathers the new zone, lets time
pass, extrapolates, brings interchangeable blocks into order, and puts the node where it belongs.

*Two ways to search* (`eager`). Eagerly, a node holds every reading that waiting leads to, which makes for the fewest nodes.
Patiently, waiting is a step of its own, so that the level at which something is found is the least number of steps to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from udproof.engines import dbm
from udproof.engines.wat import Signature, Type, functions
from udproof.engines.zone_layout import ZoneLayout
from udproof.engines.zone_matrices import BY_HAND, MATRICES
from udproof.engines.zone_order import ORDER

PAGE = 1 << 16
MOST_PAGES = 1 << 16
LEVEL_DONE, MORE, ASKED, OUT_OF_MEMORY = range(4)  # what `run` returns
WAITED, DEAD = 1 << 30, 1 << 29  # marks beside the number of the action that led to a node
WAIT = (1 << 24) - 1  # the number that stands for waiting
START = WAIT - 1  # and for an initial state


GLOBALS: dict[str, tuple[Type, int]] = {
    "cur": ("i32", 0),  # the node that is, or will next be, expanded
    "level_end": ("i32", 0),
    "end": ("i32", 0),
    "arena": ("i32", 0),  # where nodes begin
    "eager": ("i32", 1),
    "oom": ("i32", 0),
    "asked": ("i32", 0),
    "known": ("i64", 0),  # bits that nobody asks for any more
    "seen": ("i64", 0),
    "zones": ("i32", 0),  # nodes that are in a chain
    "states": ("i32", 0),  # chains
    "expanded": ("i32", 0),
    "waiting": ("i32", 0),  # nodes that are still to be expanded
    "d": ("i32", 0),  # rows of the present zone
    "sb": ("i32", 0),  # bytes of one of its rows
    "z": ("i32", 0),
    "wsrc": ("i32", 0),  # the zone that the new one is gathered from
    "tbase": ("i32", 0),
    "tsize": ("i32", 0),
    "held": ("i64", 0),
    "limit": ("i64", 0),
}

TEXT = '''
def meets(x, upper, b):
    """can the clock keep the bound in the present zone?"""
    r = load(POS + 4 * x)
    return plus(load(z + 4 * r) if upper else load(z + r * sb), b) >= ZERO

def take_copy():
    copy(W, z, d * sb)
    wsrc = W

def keep(x, upper, b):
    r = load(POS + 4 * x)
    if upper:
        return tighten(W, d, sb, r, 0, b)
    return tighten(W, d, sb, 0, r, b)

def begin():
    copy(TM, cur + ZONE - 8 * MASK, 8 * MASK)
    fill(FM, 0, 8 * MASK)

def clock(x, after, keeps):
    word = 8 * (x >> 6)
    one = wide(1)
    bit = one << wide(x & 63)
    if after:
        store64(TM + word, load64(TM + word) | bit)
        if not keeps:
            store64(FM + word, load64(FM + word) | bit)
    else:
        store64(TM + word, load64(TM + word) & (bit ^ -1))

def rows():
    """the clocks that run afterwards get rows; MAP says from which row each is gathered"""
    e = 1
    k = 0
    store(MAP, 0)
    while k < MASK:
        bits = load64(TM + 8 * k)
        fresh = load64(FM + 8 * k)
        while bits != 0:
            bit = bits & -bits
            x = 64 * k + narrow(ctz(bits))
            store(CLK + 4 * e, x)
            store(NPOS + 4 * x, e)
            if (fresh & bit) != 0:
                store(MAP + 4 * e, 0)
            else:
                store(MAP + 4 * e, load(POS + 4 * x))
            e += 1
            bits = bits ^ bit
        k += 1
    return e

def finish(action):
    e = rows()
    gather(X, e, stride(e), wsrc, sb)
    arrive(action, e)
    forget()

def forget():
    k = 0
    while k < MASK:
        bits = load64(TM + 8 * k)
        while bits != 0:
            store(NPOS + 4 * (64 * k + narrow(ctz(bits))), 0)
            bits = bits & (bits - 1)
        k += 1

def bounds(e):
    r = 1
    store(LO, 0)
    store(UP, 0)
    while r < e:
        info(load(CLK + 4 * r), 4 * r)
        r += 1

def arrive(action, e):
    es = stride(e)
    bounds(e)
    if not eager:
        extrapolate(X, e, es)
        put(action, X, e, es, 0)
        return
    frozen = time_stands()
    late = frozen
    r = 1
    while r < e:
        if load(X + r * es) > load(INV + 4 * r):
            late = 1
        r += 1
    if late:
        copy(Y, X, e * es)
        extrapolate(Y, e, es)
        put(action, Y, e, es, 0)
    if not frozen:
        if pass_time(X, e, es):
            extrapolate(X, e, es)
            put(action, X, e, es, WAITED)

def wait():
    copy(T, cur + 16, 8 * WORDS)
    begin()
    e = rows()
    es = stride(e)
    gather(X, e, es, z, sb)
    bounds(e)
    if not time_stands():
        if pass_time(X, e, es):
            extrapolate(X, e, es)
            put(WAIT, X, e, es, WAITED)
    forget()

def hash(words):
    h = load64(words) * MIX
    k = 1
    while k < WORDS:
        h = ((h ^ (h >> 32)) + load64(words + 8 * k)) * MIX
        k += 1
    h = (h ^ (h >> 29)) * MIX
    return narrow(h >> 32)

def same(a, b):
    k = 0
    while k < WORDS:
        if load64(a + 8 * k) != load64(b + 8 * k):
            return 0
        k += 1
    return 1

def find(words):
    """where the table has the chain of a state, or would have it"""
    h = hash(words)
    while 1:
        slot = tbase + 4 * (h & (tsize - 1))
        p = table(slot)
        if p == 0 or same(p + 16, words):
            return slot
        h += 1

def put(action, m, e, es, waited):
    """the state in T with clocks TM and this zone becomes a node, unless one has all of it"""
    order(m, es)
    hold(end + ZONE + e * es + 16)
    if oom:
        return
    k = 0
    r = 1
    moved = 0
    store(MAP, 0)
    while k < MASK:
        bits = load64(TM + 8 * k)
        while bits != 0:
            p = load(NPOS + 4 * (64 * k + narrow(ctz(bits))))
            store(MAP + 4 * r, p)
            if p != r:
                moved = 1
            r += 1
            bits = bits & (bits - 1)
        k += 1
    new = end + ZONE
    size = e * es
    if moved:
        gather(new, e, es, m, es)
    else:
        copy(new, m, size)
    slot = find(T)
    p = table(slot)
    if p == 0:
        states += 1
        weigh(T)
    while p != 0:
        if inside(new, p + ZONE, size):
            return
        p = load(p)
    before = 0
    p = table(slot)
    while p != 0:
        next = load(p)
        if (eager or not below(p, level_end) or below(p, cur)) and inside(p + ZONE, new, size):
            store(p + 8, load(p + 8) | DEAD)
            zones -= 1
            if below(cur, p):
                waiting -= 1
            if before:
                store(before, next)
            else:
                set_table(slot, next)
        else:
            before = p
        p = next
    store(end, table(slot))
    store(end + 4, cur)
    store(end + 8, action | waited)
    store(end + 12, e)
    copy(end + 16, T, 8 * WORDS)
    copy(end + 16 + 8 * WORDS, TM, 8 * MASK)
    set_table(slot, end)
    end = new + size
    zones += 1
    waiting += 1
    if states * 2 > tsize:
        larger()

def larger():
    old = tbase
    stop = tbase + 4 * tsize
    hold_table(stop + 8 * tsize)
    if oom:
        return
    tbase = stop
    tsize = 2 * tsize
    while below(old, stop):
        p = table(old)
        if p:
            set_table(find(p + 16), p)
        old += 4

def hold(bytes):
    need = ((bytes + 65535) >> 16) - pages()
    if need > 0:
        more = need + 16 + (pages() >> 3)
        if not affordable(more + pages(), more):
            more = need
        if not affordable(more + pages(), more):
            oom = 1
            return
        if grow(more) == -1:
            oom = 1
            return
        held = held + (wide(more) << 16)

def hold_table(bytes):
    need = ((bytes + 65535) >> 16) - table_pages()
    if need > 0:
        if not affordable(need + table_pages(), need):
            oom = 1
            return
        if grow_table(need) == -1:
            oom = 1
            return
        held = held + (wide(need) << 16)

def affordable(pages, more):
    if pages > 32767:
        return 0
    return held + (wide(more) << 16) <= limit

def see(bit):
    one = wide(1)
    if ((known | seen) >> wide(bit)) & one == 0:
        store(FOUND + 4 * bit, cur)
        seen = seen | (one << wide(bit))

def start(at, first, room: i64):
    """export"""
    arena = first
    end = first
    cur = 0
    eager = at
    limit = room
    tsize = 4096
    hold_table(4 * tsize)

def begin_with():
    """export"""
    fill(FM, 255, 8 * MASK)
    store(W, ZERO)
    sb = 16
    d = 1
    wsrc = W
    cur = 0
    e = rows()
    gather(X, e, stride(e), wsrc, sb)
    arrive(START, e)
    forget()

def first():
    """export"""
    cur = arena

def turn():
    """export"""
    level_end = end

def run(budget):
    """export"""
    while below(cur, level_end):
        d = load(cur + 12)
        sb = stride(d)
        z = cur + ZONE
        if load(cur + 8) & DEAD == 0:
            if oom:
                return OUT_OF_MEMORY
            if budget == 0:
                return MORE
            budget -= 1
            k = 0
            r = 1
            while k < MASK:
                bits = load64(z - 8 * MASK + 8 * k)
                while bits != 0:
                    store(POS + 4 * (64 * k + narrow(ctz(bits))), r)
                    r += 1
                    bits = bits & (bits - 1)
                k += 1
            watch(cur + 16)
            ask = 0
            if asked != cur:
                ask = doubt(cur + 16)
            if not ask:
                expand(cur + 16)
                if not eager and load(cur + 8) & WAITED == 0:
                    wait()
                expanded += 1
                waiting -= 1
            k = 0
            while k < MASK:
                bits = load64(z - 8 * MASK + 8 * k)
                while bits != 0:
                    store(POS + 4 * (64 * k + narrow(ctz(bits))), 0)
                    bits = bits & (bits - 1)
                k += 1
            if ask:
                asked = cur
                return ASKED
        cur = z + d * sb
    return OUT_OF_MEMORY if oom else LEVEL_DONE
'''

_ELSEWHERE: dict[str, Signature] = {
    "minplus": (("i32", "i32", "i32", "i32"), ""),
    "wipe": (("i32", "i32"), ""),
    "forget_far": (("i32", "i32", "i32"), "i32"),
    "forget_columns": (("i32", "i32", "i32"), ""),
    "inside": (("i32", "i32", "i32"), "i32"),
    "pages": ((), "i32"),
    "table_pages": ((), "i32"),
    "grow": (("i32",), "i32"),
    "grow_table": (("i32",), "i32"),
    "info": (("i32", "i32"), ""),
    "time_stands": ((), "i32"),
    "order": (("i32", "i32"), ""),
    "weigh": (("i32",), ""),
    "watch": (("i32",), ""),
    "doubt": (("i32",), "i32"),
    "expand": (("i32",), ""),
}


def zone_kernel(layout: ZoneLayout, model: str) -> str:
    """The module; `model` is what `zone_emit` has written for this layout."""
    held = "\n  ".join(
        f'(global ${name} (export "{name}") (mut {kind}) ({kind}.const {value}))' for name, (kind, value) in GLOBALS.items()
    )
    pages = layout.at["ARENA"] // PAGE + 1
    return f"""(module
  (memory $M (export "M") {pages} {MOST_PAGES}) (memory $T (export "T") 0 {MOST_PAGES})
  {held}
  {BY_HAND}
  {_text(layout.words, layout.clocks, layout.counters + 63 & -64)}
  {model})"""


@lru_cache(maxsize=64)
def _text(words: int, clocks: int, counters: int) -> str:
    """The kernel's functions; they are the same for many models."""
    layout = ZoneLayout(words, clocks, counters, 0)
    constants: Mapping[str, int] = {
        **layout.at,
        "INF": dbm.INFINITY, "ZERO": dbm.ZERO, "WORDS": layout.words, "MASK": layout.mask, "ZONE": layout.zone,
        "WAITED": WAITED, "DEAD": DEAD, "WAIT": WAIT, "START": START, "MIX": 0x9E3779B97F4A7C15 - (1 << 64),
        "LEVEL_DONE": LEVEL_DONE, "MORE": MORE, "ASKED": ASKED, "OUT_OF_MEMORY": OUT_OF_MEMORY,
    }  # fmt: skip
    return functions(MATRICES + ORDER + TEXT, constants, {name: kind for name, (kind, _) in GLOBALS.items()}, _ELSEWHERE)
