"""A run as a person reads it in a terminal: verdicts, then each violation, then what was looked at and on what it rests.

Every verdict is one line, so that a search through a log finds it whole. The word PROVED stands there only if the engine
finished its search; `runs.judged` has made sure of that before anything is shown.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click

from udproof.cli.console import clean
from udproof.cli.runs import Run, amount, far, when
from udproof.cli.sources import Subject
from udproof.counterexamples.explain import cause, duration, step_table
from udproof.counterexamples.trace import Trace
from udproof.engines.verdict import Outcome, Verdict
from udproof.language.time import TickTime

_COLOURS = {Outcome.PROVED: "green", Outcome.VIOLATED: "red", Outcome.UNKNOWN: "yellow", Outcome.VACUOUS: "magenta"}


def text(run: Run, width: int) -> Iterator[str]:
    """The run in lines."""
    yield click.style(title(run.subject), bold=True)
    yield ""
    yield from _verdicts(run)
    for verdict, trace in run.violations:
        yield ""
        yield from _violation(run, verdict, trace, width)
    yield ""
    yield from _coverage(run)
    yield "Assumed:" if run.assumptions else "Assumed: nothing beyond the model."
    yield from (f"  - {clean(line)}" for line in run.assumptions)
    figures = run.result.figures
    complete = "every reachable state was looked into" if run.result.complete else f"not complete: {run.result.stopped}"
    yield f"Searched: {far(figures)}, {figures.seconds:.2f} s, {amount(figures.memory)}; {complete}."
    if run.remark:
        yield run.remark


def title(subject: Subject) -> str:
    """The system with its hash, its size and its unit of time."""
    mutant = f" with the mistake {subject.mutant}" if subject.mutant else ""
    unit = f"; unit of time {duration(TickTime(subject.system).unit)}" if subject.system.clocks else ""
    return f"{clean(subject.system.name)}{mutant}, model {subject.system.hash}: {subject.size}{unit}"


def word(run: Run, outcome: Outcome) -> str:
    """The verdict in a word, with what it is about if it is a proof."""
    return f"PROVED ({run.scope})" if outcome is Outcome.PROVED else outcome.name


def _verdicts(run: Run) -> Iterator[str]:
    words = [word(run, verdict.outcome) for verdict in run.result.verdicts]
    names = [clean(verdict.property.name) for verdict in run.result.verdicts]
    for verdict, said, name in zip(run.result.verdicts, words, names, strict=True):
        label = click.style(said.ljust(max(map(len, words))), fg=_COLOURS[verdict.outcome], bold=True)
        yield f"{label}  {name.ljust(max(map(len, names)))}  {clean(verdict.property.statement)} ({clean(verdict.reason)})"
    if run.counts["skipped"]:
        yield f"{run.counts['skipped']} of {run.counts['available']} properties were not selected, and not checked."


def _violation(run: Run, verdict: Verdict, trace: Trace, width: int) -> Iterator[str]:
    name = clean(verdict.property.name)
    yield click.style(f"{name} is violated {when(trace)}", fg="red", bold=True)
    yield f"  {clean(cause(trace, verdict.property))}"
    yield ""
    yield step_table(trace, [verdict.property]).as_text(width, color=True).rstrip("\n")
    yield ""
    yield f"To draw it: {_again(run, verdict)} --report svg={shlex.quote(f'{name}.svg')}"


def _again(run: Run, verdict: Verdict) -> str:
    """The command that finds this violation and no other."""
    mutant = f" --mutant {run.subject.mutant}" if run.subject.mutant else ""
    return f"udproof verify {clean(shlex.quote(run.subject.source))}{mutant} --property {clean(shlex.quote(verdict.property.name))}"


def _coverage(run: Run) -> Iterator[str]:
    fired = [f"{clean(name)} {times}" for name, times in run.result.fired.items() if times]
    yield f"Fired: {', '.join(fired) or 'no action'}."
    if run.never_fired:
        yet = "" if run.result.complete else " so far"
        yield click.style(f"Warning: never fired{yet}: {', '.join(map(clean, run.never_fired))}.", fg="yellow")
