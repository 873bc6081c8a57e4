"""Interchangeable blocks of a symbolic state, in order: the canonical form of a state with a zone, in WebAssembly.

A clock is set to zero and nothing else, so any two clocks of a zone are ordered, by which was set last. Blocks that are alike in
their variables are sorted by the bounds on their clocks and then by that order (Hendriks, Behrmann, Larsen, Niebert, Vaandrager
2003). Whatever order comes out is an exchange of interchangeable blocks, so it is sound, and sound together with runs and with
any number of properties; where bounds are forgotten the order need not be unique, and then a few more zones are kept than there
are orbits.

A block is described in memory by its parts (word, shift, mask) and the numbers of its clocks. The text is in the language of
`wat`.
"""

from __future__ import annotations

ORDER = '''
def compare(a, b, parts, clocks, m, es):
    """which of two blocks of the state in T comes first"""
    k = 0
    while k < parts:
        va = (load64(T + load(a)) >> wide(load(a + 4))) & load64(a + 8)
        vb = (load64(T + load(b)) >> wide(load(b + 4))) & load64(b + 8)
        if va != vb:
            return 1 if va > vb else -1
        a += 16
        b += 16
        k += 1
    k = 0
    while k < clocks:
        ra = load(NPOS + 4 * load(a + 4 * k))
        rb = load(NPOS + 4 * load(b + 4 * k))
        if ra == 0 or rb == 0:
            if ra != rb:
                return 1 if ra > rb else -1
        else:
            ca = load(m + ra * es)
            cb = load(m + rb * es)
            if ca != cb:
                return 1 if ca > cb else -1
            ca = load(m + 4 * ra)
            cb = load(m + 4 * rb)
            if ca != cb:
                return 1 if ca > cb else -1
        k += 1
    k = 0
    while k < clocks:
        ra = load(NPOS + 4 * load(a + 4 * k))
        rb = load(NPOS + 4 * load(b + 4 * k))
        if ra != 0:
            ca = load(m + ra * es + 4 * rb)
            cb = load(m + rb * es + 4 * ra)
            if ca != cb:
                return 1 if ca > cb else -1
        k += 1
    return 0

def swap(a, b, parts, clocks):
    k = 0
    while k < parts:
        differ = ((load64(T + load(a)) >> wide(load(a + 4))) ^ (load64(T + load(b)) >> wide(load(b + 4)))) & load64(a + 8)
        store64(T + load(a), load64(T + load(a)) ^ (differ << wide(load(a + 4))))
        store64(T + load(b), load64(T + load(b)) ^ (differ << wide(load(b + 4))))
        a += 16
        b += 16
        k += 1
    k = 0
    while k < clocks:
        xa = load(a + 4 * k)
        xb = load(b + 4 * k)
        ra = load(NPOS + 4 * xa)
        rb = load(NPOS + 4 * xb)
        if ra != rb:
            store(NPOS + 4 * xa, rb)
            store(NPOS + 4 * xb, ra)
            if ra == 0 or rb == 0:
                flip(xa)
                flip(xb)
        k += 1

def flip(x):
    word = TM + 8 * (x >> 6)
    one = wide(1)
    store64(word, load64(word) ^ (one << wide(x & 63)))

def sort(base, count, size, parts, clocks, m, es):
    """the blocks of a group, in order; `size` bytes describe one"""
    n = 1
    while n < count:
        b = base + n * size
        while below(base, b) and compare(b - size, b, parts, clocks, m, es) > 0:
            swap(b - size, b, parts, clocks)
            b -= size
        n += 1

def twins(a, b, parts, clocks):
    """are two blocks of the present node alike, with no clock running in either?"""
    k = 0
    while k < parts:
        va = (load64(cur + 16 + load(a)) >> wide(load(a + 4))) & load64(a + 8)
        vb = (load64(cur + 16 + load(b)) >> wide(load(b + 4))) & load64(b + 8)
        if va != vb:
            return 0
        a += 16
        b += 16
        k += 1
    k = 0
    while k < clocks:
        if load(POS + 4 * load(a + 4 * k)) or load(POS + 4 * load(b + 4 * k)):
            return 0
        k += 1
    return 1
'''
