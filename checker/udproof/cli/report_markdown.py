"""Runs as Markdown, for a pull request or a design review: the verdicts as a table, each violation with its cause and steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from udproof.cli.report_text import title, word
from udproof.cli.runs import Run, amount, ending, far, means, when
from udproof.cli.sources import without_mistake
from udproof.cli.trust import sentences
from udproof.counterexamples.explain import cause, step_table
from udproof.counterexamples.instead import parting
from udproof.counterexamples.table import markdown, plain


def text(runs: Sequence[Run]) -> str:
    """The document."""
    return "\n".join(line for run in runs for line in _run(run)).rstrip("\n") + "\n"


def _run(run: Run) -> Iterator[str]:
    yield f"# {_shown(title(run.subject))}"
    yield ""
    yield "| verdict | property | statement | evidence |"
    yield "| :-- | :-- | :-- | :-- |"
    for verdict in run.result.verdicts:
        cells = (f"**{word(run, verdict)}**", verdict.property.name, verdict.property.statement, verdict.reason)
        yield f"| {cells[0]} | {' | '.join(map(_shown, cells[1:]))} |"
    yield ""
    for verdict, trace in run.violations:
        yield f"## {_shown(verdict.property.name)} is violated {when(trace)}"
        yield ""
        yield _shown(cause(trace, verdict.property))
        yield ""
        if right := without_mistake(run.subject):
            yield _shown(parting(trace, right).sentence)
            yield ""
        yield step_table(trace, [verdict.property]).as_markdown()
    yield from _account(run)


def _account(run: Run) -> Iterator[str]:
    """What was looked at, and on what the verdicts rest."""
    figures = run.result.figures
    yield "## Account"
    yield ""
    yield f"- Searched: {far(figures)}, {figures.seconds:.2f} s, {amount(figures.memory)}{means(run)}; {_shown(ending(run))}."
    yield f"- {run.counts['selected']} of {run.counts['available']} properties were selected."
    if run.never_fired:
        warned = "Warning: never fired" if run.result.complete else "Not fired yet"
        yield f"- {warned}: {', '.join(map(_shown, run.never_fired))}."
    yield from (f"- {_shown(line)}" for line in sentences(run))
    yield from (f"- Assumed: {_shown(line)}." for line in run.assumptions)
    if run.remark:
        yield f"- {_shown(run.remark)}"
    yield ""


def _shown(text_from_outside: str) -> str:
    return markdown(plain(text_from_outside))
