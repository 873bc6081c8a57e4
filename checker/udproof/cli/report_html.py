"""Runs as one HTML page, to read, to step through and to send around: what `html` needs, told from runs.

The page's last part says on what the answers rest: what was assumed, how far the search went, and who has checked it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from udproof.cli.about import NAME, version
from udproof.cli.report_text import again, title, word
from udproof.cli.runs import Run, amount, far
from udproof.cli.sources import without_mistake
from udproof.cli.trust import sentences
from udproof.counterexamples.html import Answer, Chapter, Counterexample, document
from udproof.counterexamples.runnable import Runnable
from udproof.engines.page import runnable
from udproof.engines.verdict import Outcome


def text(runs: Sequence[Run]) -> str:
    """The page."""
    return document([_chapter(run) for run in runs])


def _chapter(run: Run) -> Chapter:
    system = run.subject.system
    mutant = f" with the mistake {run.subject.mutant}" if run.subject.mutant else ""
    answers = tuple(
        Answer(verdict.outcome.value, word(run, verdict), verdict.property.name, verdict.property.statement, verdict.reason)
        for verdict in run.result.verdicts
    )
    right = without_mistake(run.subject)
    models: dict[tuple[str, Fraction], Runnable | None] = {}
    examples = []
    for verdict, trace in run.violations:
        key = trace.system.hash, trace.semantics.time.unit
        if key not in models:
            models[key] = runnable(trace.semantics, [one.property for one in run.result.verdicts])
        examples.append(Counterexample(trace, verdict.property, again(run, verdict), right, models[key]))
    trust = (("Evidence", tuple(_evidence(run))), ("Assumed", run.assumptions or ("nothing beyond the model",)))
    return Chapter(f"{system.name}{mutant}", f"{title(run.subject)}.", answers, tuple(examples), trust)


def _evidence(run: Run) -> Iterator[str]:
    """What was looked at, and by whom it was checked."""
    result, figures = run.result, run.result.figures
    yield f"{NAME} {version()}, engine {result.engine}, on the model {run.subject.system.hash} of {run.subject.source}."
    complete = "Every reachable state was looked into" if result.complete else f"The search is not complete: {result.stopped}"
    yield f"{complete} ({far(figures)}, {figures.seconds:.2f} s, {amount(figures.memory)})."
    counts = run.counts
    left = f"; {counts['skipped']} were not, and nothing is said about them" if counts["skipped"] else ""
    yield f"{counts['selected']} of {counts['available']} properties were selected{left}."
    if any(verdict.outcome is Outcome.VIOLATED for verdict in result.verdicts):
        yield "Each counterexample was replayed step by step by the reference semantics, which shares no code with the engine."
    fired = ", ".join(f"{name} {times}" for name, times in result.fired.items() if times)
    yield f"Fired, with how often: {fired or 'no action'}."
    if run.never_fired:
        yield f"Never fired{'' if result.complete else ' so far'}: {', '.join(run.never_fired)}."
    yield from sentences(run)
    if run.remark:
        yield run.remark
