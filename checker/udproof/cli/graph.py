"""The states of a small system as a graph: as a .dot file for Graphviz, or drawn by it."""

from __future__ import annotations

from pathlib import Path

from udproof.cli.console import clean, note, pour
from udproof.cli.exits import Code, Refused
from udproof.cli.sources import load
from udproof.counterexamples.files import write_atomically
from udproof.counterexamples.graph import NotDrawn, TooLarge, dot, drawn
from udproof.language.semantics import Semantics

_FORMS = (".svg", ".png", ".pdf")


def graph(source: str | None, mutant: str | None, output: str | None) -> Code:
    """Write the graph of a system. Refused if it is too large, or cannot be drawn here."""
    shown = clean(output or "")
    form = Path(output).suffix if output else ".dot"
    if form not in (".dot", ".gv", *_FORMS):
        raise Refused(f"{shown}: the ending {clean(form) or 'is missing and'} means no format; write .dot, {', '.join(_FORMS)}.")
    subject = load(source, mutant)
    with subject.blamed():
        semantics = Semantics(subject.system)
    try:
        text = dot(semantics, subject.system.checks)
        made = drawn(text, form[1:]) if form in _FORMS else text
    except (TooLarge, NotDrawn) as problem:
        raise Refused(f"{clean(subject.source)}: {clean(problem)}.") from problem
    if output is None:
        pour(text)
        return Code.HOLDS
    try:
        write_atomically(output, made)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        raise Refused(f"{shown}: nothing can be written there ({clean(getattr(error, 'strerror', None) or error)}).") from error
    note(f"{shown}: written.")
    return Code.HOLDS
