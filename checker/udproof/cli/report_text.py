"""A run as a person reads it in a terminal: verdicts, then each violation, then what was looked at and on what it rests.

Every verdict is one line, so that a search through a log finds it whole; on a terminal it is wrapped. The word PROVED stands there
only if the engine finished its search; `runs.judged` has made sure of that before anything is shown.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import click

from udproof.cli.console import clean
from udproof.cli.runs import Run, amount, ending, far, means, when
from udproof.cli.sources import Subject, without_mistake
from udproof.cli.trust import sentences
from udproof.counterexamples.explain import cause, duration, step_table
from udproof.counterexamples.instead import failing, parting
from udproof.counterexamples.trace import Trace
from udproof.engines.verdict import Outcome, Verdict
from udproof.engines.zone_time import unit_of
from udproof.language import System

Fold: TypeAlias = "Callable[..., list[str]]"

_NARROWEST = 40  # columns that a wrapped sentence gets at least
_COLOURS = {Outcome.PROVED: "green", Outcome.VIOLATED: "red", Outcome.UNKNOWN: "yellow", Outcome.VACUOUS: "magenta"}


def text(run: Run, width: int, wrap: bool = False) -> Iterator[str]:
    """The run in lines. Tables are `width` columns wide at most; sentences too, if they are to be wrapped."""
    fold = partial(_folded, width=width if wrap else None)
    yield from (click.style(line, bold=True) for line in fold(title(run.subject)))
    yield ""
    yield from _verdicts(run, fold)
    right = without_mistake(run.subject) if run.violations else None
    for verdict, trace in run.violations:
        yield ""
        yield from _violation(run, verdict, trace, right, width, fold)
    for verdict in run.result.verdicts:
        if verdict.obstacle:
            yield ""
            yield click.style(f"{clean(verdict.property.name)} is not decided:", fg="yellow", bold=True)
            for line in verdict.obstacle:
                yield from fold(f"  {clean(line)}", indent=4)
    yield ""
    yield from _coverage(run, fold)
    yield "Assumed:" if run.assumptions else "Assumed: nothing beyond the model."
    for line in run.assumptions:
        yield from fold(f"  - {clean(line)}", indent=4)
    figures = run.result.figures
    cost = f"{figures.seconds:.2f} s, {amount(figures.memory)}{means(run)}"
    yield from fold(f"Searched: {far(figures)}, {cost}; {clean(ending(run))}.")
    if run.result.searched is not None and any(verdict.engine for verdict in run.result.verdicts):
        yield from fold(f"Engines: {clean(run.result.searched)}.")
    yield from (part for line in _certificate(run) for part in fold(line))
    if run.remark:
        yield from fold(run.remark)


def _certificate(run: Run) -> Iterator[str]:
    """Where something for others to check was written, and what it is worth."""
    proof = run.result.evidence.certificate if run.result.evidence is not None else None
    if proof is not None:
        yield f"Certificate: {clean(str(proof))}; udproof certify checks it with another solver."
    if run.result.recipe is not None:
        yield (
            f"Certificate: {clean(str(run.result.recipe))}, a recipe for making this search again (udproof certify, with --fleet), "
            "which is weaker than a proof."
        )


def _folded(line: str, indent: int = 2, width: int | None = None) -> list[str]:
    """A line, broken into several where it is wider than that; all but the first are indented."""
    if width is None or len(line) <= width:
        return [line]
    hanging = " " * (indent if indent <= width - _NARROWEST else 4)
    return textwrap.wrap(line, max(width, _NARROWEST), subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def title(subject: Subject) -> str:
    """The system with its hash, its size and its unit of time."""
    mutant = f" with the mistake {subject.mutant}" if subject.mutant else ""
    unit = f"; unit of time {duration(unit_of(subject.system))}" if subject.system.clocks else ""
    return f"{clean(subject.system.name)}{mutant}, model {subject.system.hash}: {subject.size}{unit}"


def word(run: Run, verdict: Verdict) -> str:
    """The verdict in a word, with what it is about if it is a proof."""
    return f"PROVED ({run.scope_of(verdict)})" if verdict.outcome is Outcome.PROVED else verdict.outcome.name


def _verdicts(run: Run, fold: Fold) -> Iterator[str]:
    words = [word(run, verdict) for verdict in run.result.verdicts]
    names = [clean(verdict.property.name) for verdict in run.result.verdicts]
    for verdict, said, name in zip(run.result.verdicts, words, names, strict=True):
        label = said.ljust(max(map(len, words)))
        head = f"{label}  {name.ljust(max(map(len, names)))}  "
        first, *others = fold(f"{head}{clean(verdict.property.statement)} ({clean(verdict.reason)})", indent=len(head))
        yield click.style(label, fg=_COLOURS[verdict.outcome], bold=True) + first[len(label) :]
        yield from others
    if run.counts["skipped"]:
        yield f"{run.counts['skipped']} of {run.counts['available']} properties were not selected, and not checked."


def _violation(run: Run, verdict: Verdict, trace: Trace, right: System | None, width: int, fold: Fold) -> Iterator[str]:
    name = clean(verdict.property.name)
    yield click.style(f"{name} is violated {when(trace)}", fg="red", bold=True)
    yield from fold(f"  {clean(cause(trace, verdict.property))}")
    if (false := failing(trace, verdict.property)) is not None:
        values = ", ".join(f"{read} is {value}" for read, value in false.values)
        yield from fold(clean(f"  False there: {false.formula}" + (f", where {values}." if values else ".")))
    if right is not None:
        yield from fold(f"  {clean(parting(trace, right).sentence)}")
    yield ""
    yield step_table(trace, [verdict.property]).as_text(width, color=True).rstrip("\n")
    if run.subject.named:
        yield ""
        yield f"To draw it: {again(run, verdict)} --report svg={shlex.quote(f'{name}.svg')}"


def again(run: Run, verdict: Verdict) -> str:
    """The command that finds this violation and no other."""
    mutant = f" --mutant {run.subject.mutant}" if run.subject.mutant else ""
    named = (
        f"udproof verify {clean(shlex.quote(run.subject.source))}{mutant} --property {clean(shlex.quote(verdict.property.name))}"
    )
    return f"{named}{_engine(run, verdict)}"


def _engine(run: Run, verdict: Verdict) -> str:
    """The options for the same engine, and for a run of the same kind."""
    if run.result.engine == "explore":  # the usual one for a file
        return ""
    bounded = (verdict.engine or run.result.engine) == "bounded"
    depth = f" --depth {max(1, len(verdict.trace.steps))}" if bounded and verdict.trace is not None else ""
    return f" --engine {run.result.engine}{depth}{' --minimum time' if run.result.minimum == 'time' else ''}"


def _coverage(run: Run, fold: Fold) -> Iterator[str]:
    fired = [f"{clean(name)} {times}" for name, times in run.result.fired.items() if times]
    yield from fold(f"Fired: {', '.join(fired) or 'no action'}.")
    never = ", ".join(map(clean, run.never_fired))
    if never and run.result.complete:
        yield from (click.style(line, fg="yellow") for line in fold(f"Warning: never fired: {never}."))
    elif never:  # nothing to be warned of: the search was not over
        yield from fold(f"Not fired yet: {never}.")
    for line in sentences(run):
        yield from fold(clean(line))
