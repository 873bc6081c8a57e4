"""The pictures of the model in `docs/pictures`: the life of an event, a host, a VM, the walk; and the parts.

Each is kept as DOT text, which is compared by its bytes, and as the drawing that Graphviz makes of it, which is compared by what
it says (`diagram.told`), since another version of Graphviz puts the same boxes elsewhere. So a machine without Graphviz can tell
whether a picture is current, and only one with it can draw it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from answers import DOCS

from udproof.cli.model import diagram_of
from udproof.cli.sources import load
from udproof.counterexamples.diagram import dot, telling, told
from udproof.counterexamples.graph import drawn
from udproof.counterexamples.lifecycle import Diagram

# Each picture, the model that it is of, and which diagram. The event's is of a fleet whose steps may be called off.
DIAGRAMS = {
    "life-of-event": ("cancellation", "event"),
    "life-of-host": ("teaching", "host"),
    "life-of-vm": ("teaching", "vm"),
    "life-of-walk": ("teaching", "walk"),
    "parts": (str(DOCS / "examples" / "everything.toml"), "parts"),
}


@cache
def diagram(name: str) -> Diagram:
    """A diagram, made anew from the model."""
    model, wanted = DIAGRAMS[name]
    return diagram_of(load(model).system, wanted)


def path(name: str, form: str) -> Path:
    """Where a picture is kept."""
    return DOCS / "pictures" / f"{name}.{form}"


def current(name: str) -> bool:
    """Does the kept drawing say what the diagram says?"""
    kept = path(name, "svg")
    return kept.exists() and told(kept.read_bytes()) == telling(diagram(name))


def files() -> Iterator[tuple[Path, str]]:
    """Every kept file, with the text that it should have. NotDrawn if one must be drawn anew and Graphviz is not there."""
    for name in DIAGRAMS:
        yield path(name, "dot"), dot(diagram(name))
        kept = path(name, "svg")
        yield kept, kept.read_text(encoding="utf-8") if current(name) else drawn(dot(diagram(name)), "svg").decode()
