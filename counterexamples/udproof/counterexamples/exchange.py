"""Who acts on whom in a run: the parties, and each step as a message from the one who acts to those whom it changes.

The idea: a timing diagram says who was in which phase when; the order of commands and reports between the parties is told better
by a sequence chart. The model does not declare messages. But each action says who does it (`Action.by`), and whom it touches is
what it changes: the elements whose variables have other values after the step.

Two rules keep the chart small. Elements that do nothing and are touched by the same steps stand together ("web-0, web-2, … 38
more"). And an element that does nothing is left out if all that happens to it happens, in the same steps, to another one of
another kind: the walk's step beside the event that announces it.

`mermaid` and `sequence` draw what is gathered here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from udproof.counterexamples.explain import actor, cause, concerned, decisive, duration, told
from udproof.counterexamples.trace import Trace, Wait
from udproof.language import Property
from udproof.language import expressions as ex
from udproof.language.semantics import Firing

_LISTED = 3  # so many names of those who stand together; of more, the first two are named and the rest is counted
_Element = tuple[ex.IndexSort, int]


@dataclass(frozen=True, slots=True)
class Message:
    """A step: the number of the party that acts, and of those that it changes besides; `at` is when, where time matters."""

    number: int
    by: int
    to: tuple[int, ...]
    text: str
    at: str
    decisive: bool


@dataclass(frozen=True, slots=True)
class Passing:
    """A step in which time passes."""

    number: int
    text: str
    decisive: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A run as messages. `about` are the parties that the violation is about."""

    title: str
    parties: tuple[str, ...]
    events: tuple[Message | Passing, ...]
    cause: str
    about: tuple[int, ...]


def exchange(trace: Trace, prop: Property | None) -> Exchange:
    """The run as messages. ValueError if there is a property and it holds at the end."""
    number = decisive(trace, prop) if prop else None
    acting = [None if isinstance(step.move, Wait) else _who(trace, step.move) for step in trace.steps]
    touched = [_touched(trace, place) for place in range(len(trace.steps))]
    lines = _lifelines(trace, [who for who in acting if who is not None], touched)
    home = {member: place for place, line in enumerate(lines) for member in line}
    events = tuple(_events(trace, acting, touched, home, number))
    about = dict.fromkeys(home[element] for element in (concerned(trace, prop) if prop else ()) if element in home)
    title = f"{trace.system.name}: {prop.name} is violated" if prop else f"{trace.system.name}: a run"
    names = tuple(_name(trace, line) for line in lines)
    return Exchange(title, names, events, cause(trace, prop) if prop else "", tuple(about))


_Member = str | _Element


def _who(trace: Trace, firing: Firing) -> _Member:
    for node, place in zip(firing.action.params, firing.args, strict=True):
        if node.name == firing.action.by:
            return node.sort, place
    return actor(trace.semantics, firing)


def _touched(trace: Trace, place: int) -> tuple[_Element, ...]:
    """The elements of which the step changes a variable, each once, in the order of the state."""
    before, after = trace.states[place], trace.states[place + 1]
    found: dict[_Element, None] = {}
    for slot, old, new in zip(trace.semantics.layout.slots, before, after, strict=True):
        if old != new and isinstance(slot.symbol, ex.VariableSymbol):
            found.update(dict.fromkeys(zip(slot.symbol.domain, slot.args, strict=True)))
    return tuple(found)


def _lifelines(trace: Trace, acting: Sequence[_Member], touched: Sequence[tuple[_Element, ...]]) -> list[tuple[_Member, ...]]:
    """The parties: those who act, by when they first do, words before elements; then who is only acted upon, gathered."""
    actors = sorted(dict.fromkeys(acting), key=lambda member: not isinstance(member, str))
    when: dict[_Element, list[int]] = {}
    for step, elements in enumerate(touched):
        for element in elements:
            if element not in actors:
                when.setdefault(element, []).append(step)
    together: dict[tuple[ex.IndexSort, tuple[int, ...]], list[_Element]] = {}
    for element, steps in when.items():
        together.setdefault((element[0], tuple(steps)), []).append(element)
    kept = [key for key in together if not any(_covers(other, key) for other in together)]
    order = {sort: place for place, sort in enumerate(trace.system.index_sorts)}
    kept.sort(key=lambda key: (key[1][0], order[key[0]]))
    return [*((member,) for member in actors), *(tuple(together[key]) for key in kept)]


def _covers(one: tuple[ex.IndexSort, tuple[int, ...]], other: tuple[ex.IndexSort, tuple[int, ...]]) -> bool:
    """Does all that happens to the other happen in steps of this one, which is of another kind and sees more?"""
    return one[0] != other[0] and set(other[1]) < set(one[1])


def _events(
    trace: Trace,
    acting: Sequence[_Member | None],
    touched: Sequence[tuple[_Element, ...]],
    home: dict[_Member, int],
    number: int | None,
) -> Iterator[Message | Passing]:
    texts = told(trace)
    for place, step in enumerate(trace.steps):
        who, last = acting[place], place + 1 == number
        if who is None:
            yield Passing(place + 1, f"{texts[place]}, until {duration(trace.seconds(step.time))}", last)
            continue
        to = dict.fromkeys(home[element] for element in touched[place] if element in home and home[element] != home[who])
        at = duration(trace.seconds(step.time)) if trace.system.clocks else ""
        yield Message(place + 1, home[who], tuple(to), texts[place], at, last)


def _name(trace: Trace, line: Sequence[_Member]) -> str:
    names = [member if isinstance(member, str) else trace.system.elements(member[0])[member[1]] for member in line]
    return ", ".join(names) if len(names) <= _LISTED else f"{names[0]}, {names[1]}, … {len(names) - 2} more"
