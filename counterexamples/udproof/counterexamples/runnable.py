"""A model that runs in a page: what a reader needs to leave a run and to go another way, as far as he likes.

The idea: the code is WebAssembly, made from the same ground system that the search is compiled from (`engines.page`), and only
says what is possible in a packed state and what comes of it. Everything in words is told here, once for the whole model: who acts,
what each value is called, how long a wait is. The page's script (`report.js`) puts the two together.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from udproof.counterexamples.explain import actor, duration, fill, word
from udproof.counterexamples.table import plain
from udproof.counterexamples.trace import describe
from udproof.language import Property
from udproof.language import expressions as ex
from udproof.language.semantics import Firing, Semantics, State


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slot stands in a packed state: `bits` bits from bit `shift` of word `word`, holding its value minus `least`.

    A slot of no bits has the value `least` always.
    """

    word: int
    shift: int
    bits: int
    least: int


@dataclass(frozen=True, slots=True)
class Runnable:
    """The code of a model, and what its numbers mean.

    The code exports a memory `m` and functions over addresses of packed states: `a0`, `a1`, ... write the state after the firing of
    that number and say 1 if it is possible, else 0; `w` has bit i set if property i is broken; `b` says whether a deadline stops
    time; `t` writes the state one tick later.
    """

    code: bytes
    words: int
    semantics: Semantics
    places: tuple[Place, ...]
    firings: tuple[Firing, ...]
    properties: tuple[Property, ...]

    def pack(self, state: State) -> tuple[int, ...]:
        """The words of a state."""
        words = [0] * self.words
        for place, value in zip(self.places, state, strict=True):
            if place.bits:
                words[place.word] |= (value - place.least) << place.shift
        return tuple(words)


def told(model: Runnable) -> dict[str, Any]:
    """The data of a model. Keys:

    - `code`: the WebAssembly module in base64; `words`: how many 64-bit words a state has;
    - `places`: for each slot `[word, shift, bits, least]`, and `speaks`: the list of `vocabulary` with its values, the least first;
    - `firings`: `[who, action]` in the order of the code's functions; `properties`: their names, in the order of its bits;
    - `waits`: how long a wait is, by its ticks less one.
    """
    semantics = model.semantics
    symbols = list(dict.fromkeys(slot.symbol for slot in semantics.layout.slots))
    speaks = [symbols.index(slot.symbol) for slot in semantics.layout.slots]
    longest = max(semantics.time.caps.values(), default=0) if semantics.system.clocks else 0
    return {
        "code": base64.b64encode(model.code).decode("ascii"),
        "words": model.words,
        "places": [[at.word, at.shift, at.bits, at.least] for at in model.places],
        "speaks": speaks,
        "vocabulary": [_words(semantics, speaks.index(number)) for number in range(len(symbols))],
        "firings": [[plain(actor(semantics, firing)), plain(_said(semantics, firing))] for firing in model.firings],
        "properties": [plain(prop.name) for prop in model.properties],
        "waits": [duration((ticks + 1) * semantics.time.unit) for ticks in range(longest)],
    }


def packed(model: Runnable, states: Sequence[State]) -> list[list[str]]:
    """The words of the states of a run, in hexadecimal."""
    return [[hex(word) for word in model.pack(state)] for state in states]


def _words(semantics: Semantics, slot: int) -> list[str]:
    """The values of a slot in words, the least first; the greatest value of a clock stands for all from there on."""
    least, most = semantics.span(slot)
    symbol = semantics.layout.slots[slot].symbol
    if isinstance(symbol, ex.ClockSymbol):
        return [duration(ticks * semantics.time.unit) for ticks in range(most)] + [
            f"{duration(most * semantics.time.unit)} or more"
        ]
    return [plain(word(semantics, symbol.sort, value)) for value in range(least, most + 1)]


def _said(semantics: Semantics, firing: Firing) -> str:
    """What the action says of itself, if it says the same in every state; else its name and arguments."""
    says = firing.action.says
    if says is None or not all(_steady(part) for whole in says.parts for part in ex.walk(whole)):
        return describe(semantics, firing)
    return fill(says, semantics, next(iter(semantics.initial())), semantics.env(firing))


def _steady(node: ex.Expr) -> bool:
    """Is this node, without its parts, the same in every state?"""
    return not (
        isinstance(node, ex.ClockIs | ex.ClockValue)
        or (isinstance(node, ex.Read) and not isinstance(node.symbol, ex.ConstantSymbol))
    )
