"""The states of a small system as a graph, in the DOT language of Graphviz.

Source: https://graphviz.org/doc/info/lang.html. A node is a state, told by what differs from the first one; an edge is an action,
or a tick of time. States that break a property are red, with a double border and the property's name. The graph is explored by
the reference semantics, breadth first, and must be small: `TooLarge` says how far it got.

Only the text is made here. To draw it takes the program `dot`; `drawn` calls it and says so clearly where there is none.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from udproof.counterexamples.explain import duration, place_name, word
from udproof.counterexamples.table import plain
from udproof.counterexamples.trace import describe
from udproof.language import Property
from udproof.language import expressions as ex
from udproof.language.semantics import Semantics, Slot, State

MOST = 300  # states; a larger graph is no picture
_LINES = 12  # differences in one node; more are counted


class TooLarge(Exception):
    """The system has more states than a picture can show; the sentence says what to do."""


class NotDrawn(Exception):
    """Graphviz could not draw a graph; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The reachable states in the order in which they were found, and the steps between them, by position, with their words."""

    states: tuple[State, ...]
    initial: int  # the first so many states are initial
    steps: tuple[tuple[int, int, str], ...]


def explored(semantics: Semantics, most: int = MOST) -> Graph:
    """All that can be reached. TooLarge if there are more than `most` states."""
    found: dict[State, int] = {}
    for state in semantics.initial():
        found.setdefault(state, len(found))
        _check(semantics, len(found), most)
    initial, steps, waiting = len(found), [], deque(found)
    while waiting:
        state = waiting.popleft()
        for after, text in _next(semantics, state):
            if after not in found:
                found[after] = len(found)
                _check(semantics, len(found), most)
                waiting.append(after)
            steps.append((found[state], found[after], text))
    return Graph(tuple(found), initial, tuple(dict.fromkeys(steps)))


def _check(semantics: Semantics, number: int, most: int) -> None:
    if number > most:
        raise TooLarge(
            f"{plain(semantics.system.name)} has more than {most} states, which is no picture; "
            "take a smaller fleet, or draw a run of it as a timing diagram"
        )


def _next(semantics: Semantics, state: State) -> Iterator[tuple[State, str]]:
    for firing in semantics.enabled(state):
        yield semantics.fire(state, firing), describe(semantics, firing)
    later = semantics.wait(state)
    if later is not None and later != state:
        yield later, f"{duration(semantics.time.unit)} later"


def dot(semantics: Semantics, properties: Sequence[Property], most: int = MOST) -> str:
    """The graph as DOT text that ends in a newline; equal systems give equal texts. TooLarge as for `explored`."""
    graph = explored(semantics, most)
    lines = [
        f"digraph {_quoted(semantics.system.name)} {{",
        '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="Helvetica"];',
    ]
    lines.append('  edge [fontname="Helvetica", fontsize=10, color="#5c6068"];')
    for number, state in enumerate(graph.states):
        broken = [prop.name for prop in properties if semantics.breaking(prop, state) is not None]
        label = [*_told(semantics, graph.states[0], state, number), *(f"FALSE: {name}" for name in broken)]
        looks = [f"label={_quoted(*label)}"]
        looks += ['color="#b3261e"', 'fontcolor="#b3261e"', "peripheries=2"] if broken else []
        looks += ['fillcolor="#f4f5f8"', "penwidth=2"] if number < graph.initial else []
        lines.append(f"  s{number} [{', '.join(looks)}];")
    lines += [f"  s{before} -> s{after} [label={_quoted(text)}];" for before, after, text in graph.steps]
    return "\n".join([*lines, "}"]) + "\n"


def drawn(text: str, form: str) -> bytes:
    """The DOT text as svg, png or pdf, by the program `dot`. NotDrawn if there is none or it fails."""
    program = shutil.which("dot")
    if program is None:
        raise NotDrawn(
            "there is no program dot here, which draws graphs; install Graphviz, or write a .dot file and draw it elsewhere"
        )
    done = subprocess.run([program, f"-T{form}"], input=text.encode(), capture_output=True, check=False)
    if done.returncode:
        raise NotDrawn(f"dot failed: {plain(done.stderr.decode(errors='replace'))}")
    return done.stdout


def _told(semantics: Semantics, first: State, state: State, number: int) -> Iterator[str]:
    """What a node says: its number, and where it differs from the first state."""
    yield f"state {number}"
    changed = [
        f"{place_name(semantics, slot)} = {_value(semantics, slot, value)}"
        for slot, value, old in zip(semantics.layout.slots, state, first, strict=True)
        if value != old or (number == 0 and len(state) <= _LINES)
    ]
    yield from changed[:_LINES]
    if len(changed) > _LINES:
        yield f"… {len(changed) - _LINES} more"


def _value(semantics: Semantics, slot: Slot, value: int) -> str:
    if isinstance(slot.symbol, ex.ClockSymbol):
        capped = value >= semantics.time.caps[slot.symbol]
        return duration(value * semantics.time.unit) + (" or more" if capped else "")
    return word(semantics, slot.symbol.sort, value)


def _quoted(*lines: str) -> str:
    """Lines as a quoted string: only quotes and backslashes mean something in one, and `\\n` breaks lines."""
    escaped = (plain(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
