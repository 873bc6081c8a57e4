"""The physical limit: how fast keys can be looked up and inserted at all, by a bare compiled loop.

A loop in C makes as many look-ups and as many insertions as the search did, of keys of the same width (whole words of 64 bits),
in a table of 8/5 slots a key, which is about as full as the search keeps its own on average. It has no states, no guards, no
frontier, no growth; where the next key comes from costs three instructions. The table is open addressing with linear probing,
zero is empty. What is new is new by construction, and what is looked up again is any of the earlier keys with equal chance.

The time is that of the loop alone: neither the compiler nor the start of the process counts. gcc compiles it with -O2.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.benchmark import Sample, agree
from benchmarks.measure import cost

_LOOP = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct { uint64_t word[WORDS]; } Key;

static inline uint64_t scrambled(uint64_t i) {          /* a bijection, so that different numbers are different keys */
    i *= 0xD1342543DE82EF95ull; i ^= i >> 32; i *= 0xBF58476D1CE4E5B9ull;
    return i;
}

int main(int count, char **given) {
    uint64_t keys = strtoull(given[1], 0, 10), lookups = strtoull(given[2], 0, 10), slots = keys * 8 / 5 + 64;
    Key *table = calloc(slots + 1, sizeof(Key));
    if (count != 3 || !table) return 2;
    clock_t began = clock();
    uint64_t fresh = 0, made = 0, random = 1, again = lookups / keys, left = lookups % keys, owed = 0;
    for (uint64_t i = 1; i <= keys; i++) {
        uint64_t due = again;
        owed += left;
        if (owed >= keys) { owed -= keys; due++; }
        for (uint64_t turn = 0; turn < due; turn++) {   /* the first turn inserts key i, the others look earlier keys up */
            uint64_t which = i;
            if (turn) { random = random * 6364136223846793005ull + 1; which = 1 + (((random >> 32) * i) >> 32); }
            uint64_t hash = scrambled(which), place = ((unsigned __int128)hash * slots) >> 64;
            for (;;) {
                int same = table[place].word[0] == hash, empty = !table[place].word[0];
                for (int word = 1; word < WORDS; word++) same &= table[place].word[word] == which;
                if (same) break;
                if (empty) {
                    table[place].word[0] = hash;
                    for (int word = 1; word < WORDS; word++) table[place].word[word] = which;
                    fresh++;
                    break;
                }
                if (++place == slots) place = 0;
            }
            made++;
        }
    }
    printf("%.6f %llu %llu\n", (double)(clock() - began) / CLOCKS_PER_SEC, (unsigned long long)fresh, (unsigned long long)made);
    return 0;
}
"""


def available() -> bool:
    """Is there a compiler?"""
    return shutil.which("gcc") is not None


def sample(benchmark: str, search: Sample, words: int) -> Sample:
    """As many look-ups and insertions as a search made, of keys of so many words."""
    assert search.successors is not None, "the number of look-ups is not known"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "loop.c").write_text(_LOOP, encoding="utf-8")
        cost(["gcc", "-O2", f"-DWORDS={words}", "-o", "loop", "loop.c"], folder)
        spent = cost(["./loop", str(search.stored), str(search.successors + 1)], folder)
    seconds, fresh, made = spent.said.split()
    agree(search.case, "the bare loop", int(fresh), search.stored)
    agree(search.case, "the bare loop (look-ups)", int(made), search.successors + 1)
    return Sample(
        benchmark,
        "physical limit",
        search.case,
        search.stored,
        search.stored,
        spent.wall,
        spent.cpu,
        spent.memory,
        core=float(seconds),
        successors=search.successors,
        setting=f"C, gcc -O2, keys of {words} word{'s' if words > 1 else ''}",
    )
