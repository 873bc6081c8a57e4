"""A diagram as text for two programs that draw: Graphviz (DOT) and Mermaid; and what a drawing by Graphviz says.

Sources: https://graphviz.org/doc/info/lang.html, https://mermaid.js.org/syntax/stateDiagram.html.

Graphviz of another version, or with other fonts, puts the same boxes elsewhere. So a drawing that is kept is not compared by its
bytes but by what it says: `told` reads nodes and edges with their lines back from an SVG file, and `telling` is what they should
be.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from xml.etree import ElementTree

from udproof.counterexamples.lifecycle import Diagram
from udproof.counterexamples.mermaid import text
from udproof.counterexamples.table import plain

_WIDE = 30  # letters in a line of a label
_SVG = "{http://www.w3.org/2000/svg}"


def dot(diagram: Diagram) -> str:
    """The diagram as DOT text that ends in a newline."""
    return "\n".join(_dot(diagram)) + "\n"


def _dot(diagram: Diagram) -> Iterator[str]:
    yield f"digraph {_quoted(diagram.title)} {{"
    yield '  graph [rankdir=TB, nodesep=0.6, ranksep=0.7, bgcolor="#ffffff"];'
    yield '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", color="#5c6068", fontname="DejaVu Sans", fontsize=12];'
    yield '  edge [fontname="DejaVu Sans", fontsize=9, color="#5c6068"];'
    place = {node.name: f"n{number}" for number, node in enumerate(diagram.nodes)}
    for node in diagram.nodes:
        first = ', fillcolor="#e8eef9", penwidth=2' if node.first else ""
        yield f"  {place[node.name]} [label={_quoted(*_lines(node.name, node.lines))}{first}];"
    for edge in diagram.edges:
        yield f"  {place[edge.before]} -> {place[edge.after]} [label={_quoted(*_lines(edge.name, edge.lines))}];"
    yield "}"


def _lines(name: str, lines: tuple[str, ...]) -> list[str]:
    return [wrapped for line in (name, *lines) for wrapped in textwrap.wrap(plain(line), _WIDE) or [" "]]


def _quoted(*lines: str) -> str:
    escaped = (plain(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def mermaid(diagram: Diagram) -> str:
    """The diagram as a Mermaid state diagram that ends in a newline."""
    place = {node.name: f"n{number}" for number, node in enumerate(diagram.nodes)}
    lines = ["stateDiagram-v2"]
    for node in diagram.nodes:
        lines.append(f"    {place[node.name]} : {'<br/>'.join(text(line) for line in (node.name, *node.lines))}")
    lines += [f"    [*] --> {place[node.name]}" for node in diagram.nodes if node.first]
    for edge in diagram.edges:
        lines.append(
            f"    {place[edge.before]} --> {place[edge.after]} : {'<br/>'.join(text(line) for line in (edge.name, *edge.lines))}"
        )
    return "\n".join(lines) + "\n"


Telling = list[tuple[str, ...]]  # of each node its lines; of each edge the numbers of its two nodes and its lines


def telling(diagram: Diagram) -> Telling:
    """What a drawing of the diagram says."""
    place = {node.name: f"n{number}" for number, node in enumerate(diagram.nodes)}
    nodes = [(place[node.name], *_lines(node.name, node.lines)) for node in diagram.nodes]
    edges = [(f"{place[edge.before]}->{place[edge.after]}", *_lines(edge.name, edge.lines)) for edge in diagram.edges]
    return sorted(_bare(lines) for lines in (*nodes, *edges))


def told(drawing: bytes) -> Telling:
    """What a drawing that Graphviz made says. ElementTree.ParseError if it is no XML."""
    root = ElementTree.fromstring(drawing)
    groups = [group for group in root.iter(f"{_SVG}g") if group.get("class") in ("node", "edge")]
    return sorted(
        _bare((group.findtext(f"{_SVG}title") or "", *("".join(line.itertext()) for line in group.iter(f"{_SVG}text"))))
        for group in groups
    )


def _bare(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Graphviz writes some spaces as others."""
    return tuple(" ".join(line.split()) for line in lines)
