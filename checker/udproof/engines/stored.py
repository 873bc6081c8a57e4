"""The stored form of a state: its first word is replaced by a mix of all of its words that can be undone.

So the first word is the hash of the state and needs no room of its own, and nothing is lost: the mix is a bijection, made of
multiplications by odd numbers and of exclusive-ors of a word with its own upper bits. It is said twice, in Python and as
WebAssembly text, and a test holds both to each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from udproof.engines.text import FULL, i64

MULTIPLIERS = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F  # odd, so that multiplying is a bijection
INVERSES = tuple(pow(multiplier, -1, 1 << 64) for multiplier in MULTIPLIERS[:2])


def stored(words: Sequence[int]) -> tuple[int, ...]:
    """The stored form of a state without mark: what `mix` computes."""
    x = (words[0] + 1 + _rest(words)) * MULTIPLIERS[0] & FULL
    return ((x ^ x >> 32) * MULTIPLIERS[1] & FULL, *words[1:])


def unstored(words: Sequence[int]) -> tuple[int, ...]:
    """The state, without mark, of a stored form without mark."""
    x = words[0] * INVERSES[1] & FULL
    return (((x ^ x >> 32) * INVERSES[0] - 1 - _rest(words)) & FULL, *words[1:])


def _rest(words: Sequence[int]) -> int:
    mixed = 0
    for word in words[1:]:
        mixed = (mixed ^ word) * MULTIPLIERS[2] & FULL
        mixed ^= mixed >> 29
    return mixed


def mix(words: int) -> str:
    """Sets $x to the first word of the stored form of $s0, $s1, ...; uses $y."""
    return f"""{_rest_text(words)}
      (local.set $x (i64.mul (i64.add (i64.add (local.get $s0) (i64.const 1)) (local.get $y)) {i64(MULTIPLIERS[0])}))
      (local.set $x (i64.mul (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 32))) {i64(MULTIPLIERS[1])}))"""


def unmix(words: int) -> str:
    """Sets $s0 from the first word of a stored form to that of the state; uses $y."""
    return f"""{_rest_text(words)}
      (local.set $s0 (i64.mul (local.get $s0) {i64(INVERSES[1])}))
      (local.set $s0 (i64.mul (i64.xor (local.get $s0) (i64.shr_u (local.get $s0) (i64.const 32))) {i64(INVERSES[0])}))
      (local.set $s0 (i64.sub (i64.sub (local.get $s0) (i64.const 1)) (local.get $y)))"""


def _rest_text(words: int) -> str:
    lines = ["(local.set $y (i64.const 0))"]
    for word in range(1, words):
        lines.append(f"(local.set $y (i64.mul (i64.xor (local.get $y) (local.get $s{word})) {i64(MULTIPLIERS[2])}))")
        lines.append("(local.set $y (i64.xor (local.get $y) (i64.shr_u (local.get $y) (i64.const 29))))")
    return " ".join(lines)
