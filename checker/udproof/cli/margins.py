"""`udproof margins`: how far each timing constant may go before a property breaks, as a table, as JSON, or as a chart of two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from udproof.cli.console import clean, note, say
from udproof.cli.exits import Code, Refused
from udproof.cli.margins_chart import drawing
from udproof.cli.sources import load
from udproof.cli.verify import installed_memory
from udproof.counterexamples.explain import duration
from udproof.counterexamples.files import write_atomically
from udproof.engines.margins import FINE, Edge, Margin, Prober, Undecided, margin, region, values_of
from udproof.engines.verdict import Limits


@dataclass(frozen=True, slots=True)
class MarginsRequest:
    """What `udproof margins` was asked for; the options by their names."""

    file: str | None
    properties: tuple[str, ...]
    constants: tuple[str, ...]
    step: float
    format: str
    chart: tuple[str, str] | None
    output: str | None
    points: int
    timeout: float | None
    quiet: bool


def margins(request: MarginsRequest) -> Code:
    """Find the margins, or draw the chart, and answer with 0; 5 if a limit ended the work."""
    subject = load(request.file)
    if (request.chart is None) != (request.output is None):
        raise Refused("--chart A B and --output PATH go together: the chart of two constants is an SVG file.")

    def told(values: Mapping[str, Fraction]) -> None:
        if not request.quiet:
            note(", ".join(f"{name} = {duration(value)}" for name, value in values.items()))

    limits = Limits(seconds=request.timeout, memory=installed_memory() * 3 // 4)
    with subject.blamed():
        prober = Prober(subject.system, subject.select(request.properties), limits, told=told)
        try:
            if request.chart is not None and request.output is not None:
                return _chart(request, prober, request.chart, request.output)
            return _table(request, prober)
        except Undecided as reason:
            note(f"{clean(subject.source)}: {clean(reason)}")
            return Code.UNDECIDED


def _table(request: MarginsRequest, prober: Prober) -> Code:
    step = Fraction(request.step).limit_denominator(1000)
    names = request.constants or tuple(values_of(prober.system))
    found = [margin(prober, name, step) for name in names]
    if request.format == "json":
        say(json.dumps({"step": str(step), "margins": [_as_data(item) for item in found]}, indent=2))
        return Code.HOLDS
    rows = [("constant", "now", "holds from", "holds to", "past the lower end", "past the upper end")]
    rows += [
        (
            item.name,
            duration(item.value),
            _end(item.low, "more than"),
            _end(item.high, "less than"),
            _past(item.low),
            _past(item.high),
        )
        for item in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        say("  ".join(clean(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return Code.HOLDS


def _end(edge: Edge, open_: str) -> str:
    """An end in words. Where it is sharp, one of its two values is the end itself and the other a little past it or before it."""
    if edge.fails is None:
        return "0 s" if edge.holds == 0 else f"{duration(edge.holds)} and no end seen"
    if not edge.exact:
        return f"{duration(edge.holds)} (not {duration(edge.fails)})"
    at_fails = (edge.fails * FINE).denominator <= (
        edge.holds * FINE
    ).denominator and edge.fails.denominator < edge.holds.denominator
    return f"{open_} {duration(edge.fails)}" if at_fails else duration(edge.holds)


def _past(edge: Edge) -> str:
    if edge.verdict is None or edge.fails is None:
        return "-"
    steps = f", {len(edge.verdict.trace.steps)} steps" if edge.verdict.trace is not None else ""
    return f"{duration(edge.fails)}: {edge.verdict.property.name} {edge.verdict.outcome.value}{steps}"


def _as_data(item: Margin) -> dict[str, Any]:
    def edge(end: Edge) -> dict[str, Any]:
        return {
            "holds": str(end.holds),
            "fails": None if end.fails is None else str(end.fails),
            "property": None if end.verdict is None else end.verdict.property.name,
            "outcome": None if end.verdict is None else end.verdict.outcome.value,
        }

    return {"constant": item.name, "value": str(item.value), "low": edge(item.low), "high": edge(item.high)}


def _chart(request: MarginsRequest, prober: Prober, names: tuple[str, str], output: str) -> Code:
    values = values_of(prober.system)
    axes: list[list[Fraction]] = []
    for name in names:
        most = 2 * values.get(name, Fraction(0)) or Fraction(10)
        axes.append([most * place / (request.points - 1) for place in range(request.points)])
    found = region(prober, names, axes[0], axes[1])
    try:
        write_atomically(Path(output), drawing(found))
    except OSError as problem:
        raise Refused(f"--output {clean(output)}: it cannot be written ({problem.strerror}).") from problem
    held = sum(problem is None for row in found.problems for problem in row)
    say(f"{clean(output)}: {held} of {len(found.across) * len(found.up)} pairs of values hold.")
    return Code.HOLDS
