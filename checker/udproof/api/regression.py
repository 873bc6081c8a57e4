"""Regression tests written from counterexamples (`udproof render TRACE --to pytest`): what they call.

A counterexample is a run that a design allowed and should not have. The test takes the same run through the design as it is
today, and passes in exactly two cases: the design refuses some step of it, or follows it to its end; and the property is true in
every state on the way. The test says nothing of other runs; that is what `verify` is for.

A test must not pass because it has lost its subject. If the run speaks of something that the design no longer has (an action,
a host, a property, a start), that is a `Stale` test, which fails and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import NoReturn, TypeAlias

from udproof.api.verify import Design, Mistake, found, refused
from udproof.counterexamples.explain import cause, place_name, step_table, word
from udproof.counterexamples.trace import BadTrace, Move, Trace, Wait
from udproof.counterexamples.trace import run as replay
from udproof.engines.zone_time import semantics_in_parts
from udproof.language import Action
from udproof.language.semantics import Firing, Semantics, State
from udproof.protocol.durations import DurationError, parse_duration

_FRACTION = re.compile(r"([0-9]{1,20}/[1-9][0-9]{0,19}) s")
Event: TypeAlias = str | Sequence[str]


class Stale(AssertionError):
    """The run speaks of something that the design no longer has, so that it cannot be asked whether it is mended."""


def assert_mended(
    design: Design, *, broke: str, run: Sequence[Event], start: Mapping[str, str] | None = None, mutant: str | None = None
) -> None:
    """Pass if the design does not allow this run, or allows it and the property that it `broke` is true in all its states.

    `run` lists the steps: `("announce", "step-0")`, an action with the names of its elements, or a time such as "25 s". `start`
    gives the values, by their places, that the model leaves open at the start. AssertionError, with the steps, if the run still
    breaks the property; `Stale` if the design no longer has what the run speaks of; `Mistake` if the design cannot be read.
    """
    __tracebackhide__ = True  # of pytest: the table says it all
    with refused():
        subject = found(design, mutant)
        with subject.blamed():
            semantics = semantics_in_parts(subject.system, 1)
    prop = next((prop for prop in subject.system.checks if prop.name == broke), None)
    if prop is None:
        _stale(f"the property {broke}")
    semantics, moves = _moves(semantics, run)
    first = _start(semantics, start or {})
    with refused(), subject.blamed():
        trace = _followed(semantics, first, moves)
    broken = next((number for number, state in enumerate(trace.states) if semantics.breaking(prop, state) is not None), None)
    if broken is not None:
        trace = replay(semantics, first, moves[:broken])
        table = step_table(trace, [prop]).as_text()
        raise AssertionError(f"{broke} is still violated, at step {broken}: {cause(trace, prop)}\n\n{table}")


def _followed(semantics: Semantics, first: State, moves: list[Move]) -> Trace:
    """The run as far as the design follows it."""
    for length in range(len(moves), 0, -1):
        with suppress(BadTrace):  # it refuses a step before this one
            return replay(semantics, first, moves[:length])
    return replay(semantics, first, [])


def _moves(semantics: Semantics, events: Sequence[Event]) -> tuple[Semantics, list[Move]]:
    """The steps in the model's terms, and a semantics whose ticks are fine enough for their times."""
    times = [_time(event) for event in events if isinstance(event, str)]
    parts = 1
    for time in times:
        parts *= (time / semantics.time.unit * parts).denominator
    fine = semantics if parts == 1 else semantics_in_parts(semantics.system, parts)
    return fine, [
        Wait(int(_time(event) / fine.time.unit)) if isinstance(event, str) else _firing(fine, event[0], event[1:])
        for event in events
    ]


def _time(text: str) -> Fraction:
    """The seconds of a duration, or of a fraction of seconds such as "1/3 s"."""
    try:
        fraction = _FRACTION.fullmatch(text)
        time = Fraction(fraction[1]) if fraction else parse_duration(text)
    except DurationError as error:
        raise Mistake(f"{error}; a step is a time or a tuple of an action and its elements.") from error
    if not time:
        raise Mistake("a time of 0 s is no step; leave it out.")
    return time


def _firing(semantics: Semantics, action: str, names: Sequence[str]) -> Firing:
    act: Action | None = next((act for act in semantics.system.actions if act.name == action), None)
    if act is None:
        _stale(f"the action {action}")
    if len(names) != len(act.params):
        _stale(f"{action} with {len(names)} elements, and it takes {len(act.params)}")
    places = []
    for node, name in zip(act.params, names, strict=True):
        elements = semantics.system.elements(node.sort)
        if name not in elements:
            _stale(f"the {node.sort.name} {name}")
        places.append(elements.index(name))
    return Firing(act, tuple(places))


def _start(semantics: Semantics, chosen: Mapping[str, str]) -> State:
    """The one initial state with these values. Stale unless there is exactly one."""
    open_places = {place_name(semantics, slot): at for at, slot in enumerate(semantics.layout.slots)}
    for place in chosen:
        if place not in open_places:
            _stale(f"{place} at the start")

    def said(state: State, place: str) -> str:
        slot = semantics.layout.slots[open_places[place]]
        return word(semantics, slot.symbol.sort, state[open_places[place]])  # type: ignore[union-attr]  # a clock is never open

    fitting = [state for state in semantics.initial() if all(said(state, place) == value for place, value in chosen.items())]
    if len(fitting) != 1:
        _stale(f"a start that {len(fitting)} initial states fit")
    return fitting[0]


def _stale(what: str) -> NoReturn:
    raise Stale(f"the run speaks of {what}; the design no longer has it. Find the counterexample anew, or remove this test.")
