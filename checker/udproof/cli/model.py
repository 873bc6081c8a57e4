"""Diagrams of a model on the command line: `udproof render --model`.

Which edges a life cycle has is decided by a search over the whole system (`lifecycle`): an action is drawn between two members if
it is taken there in some reachable state, and not otherwise. A system too large for that is refused, since a picture that lacks
an edge lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from udproof.cli.console import clean, note, pour
from udproof.cli.exits import Code, Refused
from udproof.cli.sources import load
from udproof.counterexamples.diagram import dot, mermaid
from udproof.counterexamples.files import write_atomically
from udproof.counterexamples.graph import NotDrawn, drawn
from udproof.counterexamples.lifecycle import Diagram, NoDiagram, candidates, life, parts, subject
from udproof.engines.explore import Explore
from udproof.engines.limits import MOST_PROPERTIES
from udproof.engines.verdict import Limits, Outcome
from udproof.language import System

FORMS = ("dot", "svg", "mermaid")
LIVES = {"event": "event", "host": "stage", "vm": "run", "walk": "progress"}  # what people call it, and the variable
_LIMITS = Limits(seconds=300)


@dataclass(frozen=True, slots=True)
class Asked:
    """The model to draw, which diagram of it, and a trace, of which there must be none."""

    model: str
    diagram: str | None
    trace: str | None


def render_model(asked: Asked, form: str, output: str | None, mutant: str | None, wanted: str | None, fleet: str | None) -> Code:
    """Draw a diagram of a fleet's or a system's model, into a file or to standard output."""
    if form not in FORMS:
        raise Refused(f"--to {form}: a model is drawn as {', '.join(FORMS)}; {form} is for a trace.")
    if asked.trace is not None or wanted is not None or fleet is not None:
        raise Refused("--model draws no trace; leave the trace away, and --property and --fleet with it.")
    if asked.diagram is None:
        raise Refused(f"--model: which diagram? Add --diagram with {', '.join(LIVES)}, parts, or the name of a variable.")
    about = load(asked.model, mutant)
    with about.blamed():
        try:
            diagram = diagram_of(about.system, asked.diagram)
            made = mermaid(diagram) if form == "mermaid" else dot(diagram) if form == "dot" else drawn(dot(diagram), "svg")
        except (NoDiagram, NotDrawn) as problem:
            raise Refused(f"{clean(about.source)}: {clean(problem)}.") from problem
    return _written(made, output)


def diagram_of(system: System, wanted: str) -> Diagram:
    """The diagram of that name: `parts`, one of `LIVES`, or the name of a variable. NoDiagram if it cannot be drawn."""
    if wanted == "parts":
        return parts(system)
    symbol = subject(system, LIVES.get(wanted, wanted))
    rest = iter(candidates(system, symbol))
    taken = []
    while batch := tuple(islice(rest, MOST_PROPERTIES)):
        asked = tuple(candidate.never for candidate in batch)
        verdicts = Explore().verify(replace(system, properties=asked), asked, _LIMITS).verdicts
        for candidate, verdict in zip(batch, verdicts, strict=True):
            if verdict.outcome is Outcome.UNKNOWN:
                raise NoDiagram(f"it is too large to find every step of {symbol.name} ({verdict.reason}); take a smaller fleet")
            if verdict.outcome is Outcome.VIOLATED:
                taken.append(candidate.edge)
    return life(system, symbol, taken)


def _written(made: str | bytes, output: str | None) -> Code:
    if output is None:
        pour(made)
        return Code.HOLDS
    shown = clean(output)
    try:
        write_atomically(output, made)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        raise Refused(f"{shown}: nothing can be written there ({clean(getattr(error, 'strerror', None) or error)}).") from error
    note(f"{shown}: written.")
    return Code.HOLDS
