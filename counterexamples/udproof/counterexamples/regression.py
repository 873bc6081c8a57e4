"""A counterexample as a regression test: a file for pytest that takes the same run through the design of tomorrow.

The idea: a review finds a run that must not be, the design is mended, and the run stays behind as a test, as in any other project.
What the test calls (`udproof.api.assert_mended`) says when it passes. Here it is only written: the steps by the names of actions
and elements, so that a person can read it and it outlives changes of the model, which a trace with its hash does not.

Names come from somebody's fleet file and end in a program. They stand in it as literals of strings or in comments without line
breaks, so none of them is ever run; and no comment stands in the first lines, where Python looks for the file's encoding.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from udproof.counterexamples.explain import cause, duration, place_name, word
from udproof.counterexamples.table import plain
from udproof.counterexamples.trace import Move, Trace, Wait
from udproof.language import Property
from udproof.language import expressions as ex

_WIDTH = 100  # columns of a comment


@dataclass(frozen=True, slots=True)
class Design:
    """Where the design is that the test asks: a path from the test's own folder, or the name of a shipped fleet.

    `mistake` is the one that was planted in it when it made the run; the test asks the design without it.
    """

    name: str
    is_path: bool
    mistake: str | None = None


def regression_test(trace: Trace, prop: Property, design: Design) -> str:
    """The text of a Python file with one test. ValueError if the property holds at the end of the run."""
    planted = f", with the mistake {design.mistake} planted" if design.mistake else ""
    remarks = (prop.statement, cause(trace, prop), f"A run of {trace.system.name}, model {trace.system.hash}{planted}.")
    path = ["from pathlib import Path", ""] if design.is_path else []
    place = f"Path(__file__).parent / {_literal(design.name)}" if design.is_path else _literal(design.name)
    chosen = dict(_chosen(trace))
    return "\n".join(
        [
            '"""Written by udproof from a counterexample: passes when the design no longer lets this run break the property."""',
            "",
            *path,
            "from udproof.api import assert_mended",
            "",
            f"DESIGN = {place}",
            "",
            "",
            f"def test_{re.sub(r'[^a-z0-9]+', '_', prop.name.lower()).strip('_') or 'run'}() -> None:",
            *(f"    # {line}" for remark in remarks for line in textwrap.wrap(plain(remark), _WIDTH)),
            "    assert_mended(",
            "        DESIGN,",
            f"        broke={_literal(prop.name)},",
            "        run=[",
            *(f"            {_event(trace, step.move)}," for step in trace.steps),
            "        ],",
            *(["        start={", *(f"            {k}: {v}," for k, v in chosen.items()), "        },"] if chosen else []),
            "    )",
            "",
        ]
    )


def _event(trace: Trace, move: Move) -> str:
    if isinstance(move, Wait):
        seconds = trace.seconds(move.ticks)
        told = duration(seconds)
        return _literal(f"{seconds} s" if "/" in told else told)
    names = (trace.system.elements(node.sort)[at] for node, at in zip(move.action.params, move.args, strict=True))
    parts = [_literal(move.action.name), *map(_literal, names)]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _chosen(trace: Trace) -> Iterator[tuple[str, str]]:
    """The values that the model leaves open at the start."""
    for slot, value in zip(trace.semantics.layout.slots, trace.start, strict=True):
        symbol = slot.symbol
        if isinstance(symbol, ex.VariableSymbol) and symbol.initial is None:
            yield _literal(place_name(trace.semantics, slot)), _literal(word(trace.semantics, symbol.sort, value))


def _literal(text: str) -> str:
    """A literal of Python with this value, in double quotes where the text has no quotes of its own."""
    shown = repr(text)
    return shown if "'" in text or '"' in text else f'"{shown[1:-1]}"'
