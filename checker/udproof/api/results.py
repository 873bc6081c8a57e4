"""What `verify` returns: answers to ask, to print, and to look at in a notebook.

A result is never true or false by itself. There are four answers to each property, and `if verify(...)` would have to choose two of
them in silence; so it is refused, and one asks for what is meant: `holds`, `passed`, or the outcome of one property.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import NoReturn

import click

from udproof.cli import report_text
from udproof.cli.exits import Code
from udproof.cli.runs import Run
from udproof.counterexamples import explain
from udproof.counterexamples.picture import timing_svg
from udproof.counterexamples.sequence import sequence_svg
from udproof.counterexamples.table import plain
from udproof.counterexamples.trace import Trace
from udproof.engines.verdict import Figures, Outcome, Verdict

_WIDTH = 120  # columns of a text


class NotPassed(AssertionError):
    """A verification that did not pass; the text is what the command would have printed."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, as the text of an SVG file. A notebook shows it."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one property. `str` gives the verdict and, of a violation, its cause and its steps."""

    verdict: Verdict

    @property
    def name(self) -> str:
        """The name of the property."""
        return self.verdict.property.name

    @property
    def statement(self) -> str:
        """The property in a sentence."""
        return self.verdict.property.statement

    @property
    def outcome(self) -> Outcome:
        """PROVED, VIOLATED, UNKNOWN or VACUOUS."""
        return self.verdict.outcome

    @property
    def reason(self) -> str:
        """One sentence: the evidence, or what is missing."""
        return self.verdict.reason

    @property
    def trace(self) -> Trace | None:
        """The shortest run that breaks it, of a violation."""
        return self.verdict.trace

    @property
    def cause(self) -> str | None:
        """Why it is false at the end of that run, in one sentence."""
        return None if self.trace is None else explain.cause(self.trace, self.verdict.property)

    @property
    def steps(self) -> str | None:
        """That run step by step, as a table of text."""
        return None if self.trace is None else explain.step_table(self.trace, [self.verdict.property]).as_text(_WIDTH)

    @property
    def picture(self) -> Picture | None:
        """The timing diagram of that run."""
        return None if self.trace is None else Picture(timing_svg(self.trace, self.verdict.property))

    @property
    def sequence(self) -> Picture | None:
        """The sequence chart of that run."""
        return None if self.trace is None else Picture(sequence_svg(self.trace, self.verdict.property))

    def __bool__(self) -> NoReturn:
        raise TypeError(f"the answer for {self.name} is {self.outcome.name}, neither true nor false; compare .outcome.")

    def __str__(self) -> str:
        lines = [f"{self.outcome.name}  {self.name}  {self.statement} ({self.reason})", self.cause, self.steps]
        return "\n".join(line.rstrip("\n") for line in lines if line)

    def _repr_html_(self) -> str:
        row = _row(self)
        drawn = "" if self.picture is None else f"<p>{_shown(self.cause or '')}</p>{self.picture.svg}"
        return f"<table>{row}</table>{drawn}"


@dataclass(frozen=True, slots=True)
class Result:
    """The answers of one run, in the order of the system's properties: iterate over them, or take one by its name."""

    run: Run

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers."""
        return tuple(Answer(verdict) for verdict in self.run.result.verdicts)

    @property
    def violations(self) -> tuple[Answer, ...]:
        """Those that say VIOLATED."""
        return tuple(answer for answer in self.answers if answer.outcome is Outcome.VIOLATED)

    @property
    def holds(self) -> bool:
        """Is every property that was asked for PROVED?"""
        return all(answer.outcome is Outcome.PROVED for answer in self.answers)

    @property
    def passed(self) -> bool:
        """Would the command end with 0: is everything proved, or did it end as the fleet file's `expect` says?"""
        return self.run.code is Code.HOLDS

    @property
    def code(self) -> Code:
        """The exit code of the command."""
        return self.run.code

    @property
    def complete(self) -> bool:
        """Was every reachable state looked into?"""
        return self.run.result.complete

    @property
    def figures(self) -> Figures:
        """How far the search got: states, depth, seconds, bytes."""
        return self.run.result.figures

    @property
    def fired(self) -> Mapping[str, int]:
        """How many transitions each action made."""
        return self.run.result.fired

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What every answer rests on, in sentences."""
        return self.run.assumptions

    def text(self, width: int = _WIDTH) -> str:
        """What the command would print, without colours."""
        return click.unstyle("\n".join(report_text.text(self.run, width)))

    def check(self) -> Result:
        """The result itself if it passed. NotPassed, with the text, if not: whatever is not decided has not passed."""
        if not self.passed:
            raise NotPassed(f"{self!r}\n\n{self.text()}")
        return self

    def __getitem__(self, name: str) -> Answer:
        for answer in self.answers:
            if answer.name == name:
                return answer
        asked = ", ".join(answer.name for answer in self.answers)
        raise KeyError(f"{name} was not asked for; there are answers for {asked}")

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.answers)

    def __len__(self) -> int:
        return len(self.answers)

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self!r} is neither true nor false; ask for .holds (all proved), .passed, or one property's .outcome.")

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        counts = self.run.counts
        told = ", ".join(f"{counts[outcome.value]} {outcome.name}" for outcome in Outcome if counts[outcome.value])
        return f"<Result of {self.run.subject.system.name!r}: {told}>"

    def _repr_html_(self) -> str:
        rows = "".join(_row(answer) for answer in self)
        drawn = "".join(
            f"<h4>{_shown(answer.name)}</h4><p>{_shown(answer.cause or '')}</p>{answer.picture.svg}"
            for answer in self
            if answer.picture is not None
        )
        assumed = "".join(f"<li>{_shown(line)}</li>" for line in self.assumptions)
        return (
            f"<p><b>{_shown(report_text.title(self.run.subject))}</b></p><table>{rows}</table>{drawn}"
            f"<details><summary>Assumed</summary><ul>{assumed}</ul></details>"
        )


def _row(answer: Answer) -> str:
    cells = (answer.outcome.name, answer.name, answer.statement, answer.reason)
    return "<tr>" + "".join(f'<td style="text-align:left">{_shown(cell)}</td>' for cell in cells) + "</tr>"


def _shown(text: str) -> str:
    """A text for a page: a name from a fleet file is shown and never obeyed."""
    return escape(plain(text))
