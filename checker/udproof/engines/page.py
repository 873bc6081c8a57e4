"""A model compiled to run in a page, one step at a time (`counterexamples.runnable`).

The pieces are those of the search (`ground`, `packing`, `emitter`), so the page goes by the one definition too. Here each firing is
a function of its own, nothing is reduced by symmetry, and a state says for every property whether it is broken. That the functions
do what the reference semantics says is a test.
"""

from __future__ import annotations

from collections.abc import Sequence

import wasmtime

from udproof.counterexamples.runnable import Place, Runnable
from udproof.engines.algebra import negate
from udproof.engines.emit import shortened
from udproof.engines.emitter import INLINE, Emitter, copy
from udproof.engines.ground import GroundSystem
from udproof.engines.integers import Integers
from udproof.engines.packing import Packing
from udproof.engines.symmetry import nest_of
from udproof.engines.text import fold
from udproof.language import Property
from udproof.language.semantics import Semantics

MOST_FIRINGS = 1200  # choices of arguments over all actions; a fleet with more gets no model in its page
MOST_CODE = 400_000  # bytes of code
_MOST_PROPERTIES = 30  # bits of the number that says which are broken
_MOST_WORDS = 2000  # of a state: two of them in a page of memory


def runnable(semantics: Semantics, properties: Sequence[Property]) -> Runnable | None:
    """The model for a page with those properties that speak of states, in the ticks of `semantics`. None if it is too large."""
    if len(semantics.firings) > MOST_FIRINGS:
        return None
    followed = tuple(prop for prop in properties if not prop.watches_time)[:_MOST_PROPERTIES]
    ground = GroundSystem(semantics, followed)
    packing = Packing(ground, nest_of(semantics, symmetry=False)[0])
    if packing.words > _MOST_WORDS:
        return None
    code = wasmtime.wat2wasm(_module(ground, packing))
    if len(code) > MOST_CODE:
        return None
    places = tuple(
        Place(field.word, field.shift, field.bits, field.low) if field is not None else Place(0, 0, 0, packing.value(slot))
        for slot in range(packing.size)
        for field in (packing.fields.get(slot),)
    )
    return Runnable(bytes(code), packing.words, semantics, places, tuple(action.firing for action in ground.actions), followed)


def _module(ground: GroundSystem, packing: Packing) -> str:
    emitter = Emitter(ground, packing, None, lambda: None)
    integers = Integers(ground.semantics.span)
    actions = list(shortened(ground.actions, integers, emitter.look))
    broken = [integers.short(negate(prop.body)) for prop in ground.properties]
    blocked, tick = integers.short(ground.blocked), {slot: integers.short(value) for slot, value in ground.tick.items()}
    for action in actions:
        emitter.expect_inside(action)
    for formula in (*broken, blocked, *tick.values()):
        emitter.expect(formula)
    made = [
        f'(func (export "a{number}") (param $s i32) (param $o i32) (result i32) (if (result i32) {emitter.value(action.guard)} '
        f"(then {emitter.after(action.post, 's')} (i32.const 1)) (else (i32.const 0))))"
        for number, action in enumerate(actions)
    ]
    bits = [f"(i32.shl {emitter.value(formula)} (i32.const {number}))" for number, formula in enumerate(broken)]
    made += [
        f'(func (export "w") (param $s i32) (result i32) {fold("i32.or", bits or ["(i32.const 0)"])})',
        f'(func (export "b") (param $s i32) (result i32) {emitter.value(blocked)})',
        f'(func (export "t") (param $s i32) (param $o i32) {emitter.after(tick, "s")})',
    ]
    copies = [copy(packing.words)] if packing.words > INLINE else []
    return "\n".join(['(module (memory (export "m") 1)', *copies, *emitter.functions, *made, ")"])
