"""Runs as ITF JSON, the Informal Trace Format, which other tools' viewers open, and back.

Source: Apalache's ADR 015, https://apalache-mc.org/docs/adr/015adr-trace.html. A file has `vars` and `states`; a state maps each
variable to a value. A variable over index sorts is a `#map` from element names (a `#tup` of them, if there are several arguments),
an integer is `{"#bigint": "7"}` so that no reader rounds it, a member of an enumeration is its name. Clocks are variables too, read
in ticks; `#meta.tick` is the length of a tick in seconds, as a fraction. So every number is a whole one, also where instants are
not: a run of dense time at 1/2 s and 5/6 s is told in ticks of 1/6 s, and read back in the same (`tick_of`).

How a state came about stands in its own `#meta`: `action`, `args` and `actor`, or `wait` in ticks; `time` in ticks since the start;
the truth of each property. (`#meta.index` alone is a plain number, since the format's other readers want it so.)

A file is not believed. Reading takes only the start and the moves from it, replays them through the reference semantics, and
compares every state, time and truth that the file claims with what the model says. What disagrees, or is no such file, is a
`BadTrace` with one sentence; no other error comes from reading a document, whatever is in it.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

from udproof.counterexamples.explain import actor, arguments, word
from udproof.counterexamples.trace import BadTrace, Move, Trace, Wait, run
from udproof.language import ModelError, Property
from udproof.language import expressions as ex
from udproof.language.semantics import Firing, Semantics, State

_FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
_INTEGER = re.compile(r"-?[0-9]{1,40}", re.ASCII)  # no time or value of ours is longer, and int() of more is slow
_TICK = re.compile(r"[0-9]{1,40}(/[0-9]{1,40})?", re.ASCII)
_HUGE = 10**40
_Symbol: TypeAlias = ex.VariableSymbol | ex.ClockSymbol


# --- Writing.


def to_itf(trace: Trace, properties: Iterable[Property]) -> dict[str, Any]:
    """The run as an ITF document, ready for `json.dumps`; `properties` are those whose truth each state tells."""
    semantics, system = trace.semantics, trace.system
    asked = tuple(properties)
    states = [{"#meta": {"index": 0} | _truths(trace, 0, asked), **_values(semantics, trace.start)}]
    for number, step in enumerate(trace.steps, 1):
        meta = {"index": number} | _move(semantics, step.move) | _truths(trace, number, asked)
        states.append({"#meta": meta, **_values(semantics, step.state)})
    return {
        "#meta": {
            "format": "ITF",
            "format-description": _FORMAT,
            "description": f"a run of {len(trace.steps)} steps of the system {system.name}, written by udproof",
            "system": system.name,
            "hash": system.hash,
            "tick": str(semantics.time.unit),
        },
        "vars": [symbol.name for symbol in _symbols(semantics)],
        "states": states,
    }


def _symbols(semantics: Semantics) -> tuple[_Symbol, ...]:
    return (*semantics.system.variables, *semantics.system.clocks)


def _big(value: int) -> dict[str, str]:
    return {"#bigint": str(value)}


def _move(semantics: Semantics, move: Move) -> dict[str, Any]:
    if isinstance(move, Wait):
        return {"wait": _big(move.ticks)}
    names = [semantics.system.elements(node.sort)[at] for node, at in zip(move.action.params, move.args, strict=True)]
    return {"action": move.action.name, "args": names, "actor": actor(semantics, move)}


def _truths(trace: Trace, number: int, properties: tuple[Property, ...]) -> dict[str, Any]:
    time = trace.steps[number - 1].time if number else 0
    holds = {prop.name: trace.semantics.breaking(prop, trace.states[number]) is None for prop in properties}
    return {"time": _big(time), "properties": holds}


def _values(semantics: Semantics, state: State) -> dict[str, Any]:
    """The values of a state, each variable as ITF has it."""
    found: dict[str, Any] = {}
    for slot, value in zip(semantics.layout.slots, state, strict=True):
        shown = _value(semantics, slot.symbol, value)
        if not slot.args:
            found[slot.symbol.name] = shown
            continue
        names = arguments(semantics, slot)
        key: object = names[0] if len(names) == 1 else {"#tup": list(names)}
        found.setdefault(slot.symbol.name, {"#map": []})["#map"].append([key, shown])
    return found


def _value(semantics: Semantics, symbol: _Symbol, value: int) -> object:
    if isinstance(symbol, ex.ClockSymbol) or isinstance(symbol.sort, ex.IntSort):
        return _big(value)
    return bool(value) if isinstance(symbol.sort, ex.BoolSort) else word(semantics, symbol.sort, value)


# --- Reading.


def tick_of(document: object) -> Fraction | None:
    """The length of a tick in seconds that a document gives, None if it gives none. BadTrace if it is no positive fraction."""
    told = _dict(_dict(document, "the document").get("#meta"), "the #meta of the document").get("tick")
    if told is None:
        return None
    if isinstance(told, str) and _TICK.fullmatch(told):
        whole, _, parts = told.partition("/")
        if int(whole) and int(parts or 1):
            return Fraction(int(whole), int(parts or 1))
    raise BadTrace(f"the tick of the document is {_shown(told)}, where a positive fraction of seconds such as 5 or 1/6 is due")


def from_itf(document: object, semantics: Semantics) -> Trace:
    """The run that a document of `to_itf` tells, replayed by the semantics, whose ticks must be as long as the document's.

    Plain integers are accepted too. BadTrace if the document is malformed, is of another model, or says anything that the model
    does not.
    """
    whole = _dict(document, "the document")
    _check_model(_dict(whole.get("#meta"), "the #meta of the document"), semantics)
    states = [_dict(state, f"state {number}") for number, state in enumerate(_list(whole.get("states"), "states"))]
    if not states:
        raise BadTrace("the document has no state; a run has at least the one it starts in")
    metas = [_dict(state.get("#meta"), f"the #meta of state {number}") for number, state in enumerate(states)]
    claimed = [_state(semantics, state, number) for number, state in enumerate(states)]
    moves = [_read_move(semantics, meta, number) for number, meta in enumerate(metas) if number]
    try:
        trace = run(semantics, claimed[0], moves)
    except ModelError as problem:  # an integer leaves its range: the model itself is at fault
        raise BadTrace(f"the run cannot be replayed: {problem.sentence}") from problem
    for number, (meta, state) in enumerate(zip(metas, claimed, strict=True)):
        _check_state(trace, number, state)
        _check_claims(trace, number, meta)
    return trace


def _check_model(meta: dict[str, Any], semantics: Semantics) -> None:
    system, told = semantics.system, meta.get("hash")
    if not isinstance(told, str):
        raise BadTrace(f"the document does not say of which model it is; its #meta must have the model's hash, not {_shown(told)}")
    if told != system.hash:
        raise BadTrace(
            f"the file is of another model: it was made for the hash {_shown(told)}, and the system {system.name} has {system.hash}"
        )
    if meta.get("tick", str(semantics.time.unit)) != str(semantics.time.unit):
        raise BadTrace(f"a tick is {_shown(meta['tick'])} seconds in the file, but {semantics.time.unit} in the model")


def _read_move(semantics: Semantics, meta: dict[str, Any], number: int) -> Move:
    if "wait" in meta:
        return Wait(_integer(meta["wait"], f"the wait of step {number}"))
    name, args = meta.get("action"), _list(meta.get("args", []), f"the args of step {number}")
    for action in semantics.system.actions:
        if action.name == name:
            break
    else:
        raise BadTrace(f"step {number} is the action {_shown(name)}, which the model does not have")
    if len(args) != len(action.params):
        raise BadTrace(f"step {number} gives {len(args)} arguments to {action.name}, which takes {len(action.params)}")
    return Firing(action, tuple(_element(semantics, node.sort, arg, number) for node, arg in zip(action.params, args, strict=True)))


def _element(semantics: Semantics, sort: ex.IndexSort, name: object, number: int) -> int:
    names = semantics.system.elements(sort)
    if not isinstance(name, str) or name not in names:
        raise BadTrace(f"step {number} speaks of {_shown(name)}, which is no element of {sort.name}")
    return names.index(name)


def _state(semantics: Semantics, claimed: dict[str, Any], number: int) -> State:
    """The state that a file claims. BadTrace if a value is missing or of the wrong kind."""
    values: dict[tuple[_Symbol, tuple[int, ...]], int] = {}
    for symbol in _symbols(semantics):
        what = f"{symbol.name} in state {number}"
        if symbol.name not in claimed:
            raise BadTrace(f"state {number} lacks {symbol.name}; every state tells every variable and clock")
        table = _table(semantics, symbol, claimed[symbol.name], what) if symbol.domain else {(): claimed[symbol.name]}
        for args, value in table.items():
            values[symbol, args] = _code(semantics, symbol, value, what)
    return tuple(values[slot.symbol, slot.args] for slot in semantics.layout.slots)


def _table(semantics: Semantics, symbol: _Symbol, value: object, what: str) -> dict[tuple[int, ...], object]:
    """A `#map` by positions of elements. BadTrace unless it has each key exactly once."""
    names = [semantics.system.elements(sort) for sort in symbol.domain]
    keys = dict(zip(product(*names), product(*(range(len(some)) for some in names)), strict=True))
    found: dict[tuple[int, ...], object] = {}
    for pair in _list(_dict(value, what).get("#map"), f"the #map of {what}"):
        if not (isinstance(pair, list) and len(pair) == 2):
            raise BadTrace(f"the #map of {what} holds {_shown(pair)}, which is no pair of a key and a value")
        key = pair[0].get("#tup") if isinstance(pair[0], dict) else [pair[0]]
        if not isinstance(key, list) or not all(isinstance(part, str) for part in key) or tuple(key) not in keys:
            raise BadTrace(f"the #map of {what} has the key {_shown(pair[0])}, which names no element of the model")
        place = keys[tuple(key)]
        if place in found:
            raise BadTrace(f"the #map of {what} has the key {_shown(pair[0])} twice")
        found[place] = pair[1]
    if missing := [key for key, place in keys.items() if place not in found]:
        raise BadTrace(f"the #map of {what} lacks the key {_shown(', '.join(missing[0]))}")
    return found


def _code(semantics: Semantics, symbol: _Symbol, value: object, what: str) -> int:
    """The code of a value. BadTrace if it is none of the symbol's sort; its range is for the replay to check."""
    match None if isinstance(symbol, ex.ClockSymbol) else symbol.sort:
        case ex.BoolSort():
            if isinstance(value, bool):
                return int(value)
            raise BadTrace(f"{what} is {_shown(value)}, which is neither true nor false")
        case ex.EnumSort(members=names) as sort:
            pass
        case ex.IndexSort() as sort:
            names = semantics.system.elements(sort)
        case _:
            return _integer(value, what)
    if not isinstance(value, str) or value not in names:
        raise BadTrace(f"{what} is {_shown(value)}, which is no value of {sort.name}")
    return names.index(value)


# --- Comparing.


def _check_state(trace: Trace, number: int, claimed: State) -> None:
    semantics = trace.semantics
    for slot, told, true in zip(semantics.layout.slots, claimed, trace.states[number], strict=True):
        if told != true:
            names = arguments(semantics, slot)
            where = f"[{', '.join(names)}]" if names else ""
            file, model = (_spoken(semantics, slot.symbol, value) for value in (told, true))
            raise BadTrace(f"after step {number}, {slot.symbol.name}{where} is {file} in the file, but {model} in the model")


def _spoken(semantics: Semantics, symbol: _Symbol, value: int) -> str:
    return f"{value} ticks" if isinstance(symbol, ex.ClockSymbol) else word(semantics, symbol.sort, value)


def _check_claims(trace: Trace, number: int, meta: dict[str, Any]) -> None:
    """Compare number, time and truths, as far as the file tells them."""
    time = trace.steps[number - 1].time if number else 0
    for key, true in (("index", number), ("time", time)):
        if key in meta and (told := _integer(meta[key], f"the {key} of state {number}")) != true:
            raise BadTrace(f"after step {number}, the file gives {told} as the {key}, but the model has {true}")
    for name, told in _dict(meta.get("properties", {}), f"the properties of state {number}").items():
        known = next((prop for prop in trace.system.checks if prop.name == name), None)
        if known is None:
            raise BadTrace(f"state {number} speaks of the property {_shown(name)}, which the model does not have")
        holds = trace.semantics.breaking(known, trace.states[number]) is None
        if told is not holds:
            raise BadTrace(f"after step {number}, the property {name} is {_shown(told)} in the file, but {holds} in the model")


# --- Shapes. Every value of a document goes through one of these before it is used.


def _dict(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadTrace(f"{what} is {_shown(value)}, where ITF has an object")
    return value


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadTrace(f"{what} is {_shown(value)}, where ITF has a list")
    return value


def _integer(value: object, what: str) -> int:
    inner = value.get("#bigint") if isinstance(value, dict) else str(value) if type(value) is int and abs(value) < _HUGE else None
    if not (isinstance(inner, str) and _INTEGER.fullmatch(inner)):
        raise BadTrace(f"{what} is {_shown(value)}, where ITF has a whole number (of at most 40 digits)")
    return int(inner)


class _Brief(reprlib.Repr):
    """As `reprlib` has it, but Python refuses to write integers of thousands of digits (and older versions do not expect that)."""

    def repr_int(self, x: int, level: int) -> str:
        """Called by the class above."""
        return super().repr_int(x, level) if abs(x) < _HUGE else "a huge number"


def _shown(value: object) -> str:
    """A value for a sentence: short, on one line, without anything that a terminal would obey."""
    text = ascii(value[:60]) if isinstance(value, str) else _Brief().repr(value)
    text = text.encode("ascii", "backslashreplace").decode()
    return text if len(text) <= 120 else text[:117] + "..."
