"""How far a search is, told on standard error while it runs: a live line on a terminal, else a plain line every ten seconds.

rich is imported only where there is a terminal to draw on; what goes to standard output is never touched.
"""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import TracebackType

from udproof.cli.console import clean, note
from udproof.cli.runs import amount, far
from udproof.engines.verdict import Figures

_EVERY = 10.0  # seconds between two plain lines
_TELLING = 1_000  # a bound is told if it is not more than so many times what was found


@dataclass
class _Since:
    """The last look: from there on it is told how many states were found in a second, and where the frontier is going."""

    last: Figures | None = None

    def line(self, figures: Figures) -> str:
        """How far the search is. No time is foretold, since nobody knows it; a bound of the states, where one says something."""
        last, self.last = self.last, figures
        states, seconds, frontier = (last.states, last.seconds, last.frontier) if last is not None else (0, 0.0, figures.frontier)
        passed = figures.seconds - seconds
        rate = (figures.states - states) / passed if passed > 0 else 0.0
        trend = " growing" if figures.frontier > frontier else " shrinking" if figures.frontier < frontier else ""
        bound = figures.bound is not None and figures.bound <= _TELLING * figures.states
        parts = [
            far(figures),
            f"{rate:.0f} states/s",
            f"frontier {figures.frontier}{trend}",
            amount(figures.memory),
            *([f"{figures.workers} workers"] if figures.workers > 1 else []),
            *([f"at most {figures.bound} states exist"] if bound else []),
            f"{figures.seconds:.0f} s",
        ]
        return ", ".join(parts)


@dataclass
class _Plain(AbstractContextManager["_Plain"]):
    """A line every ten seconds."""

    name: str
    since: _Since = field(default_factory=_Since)
    told: float = field(default_factory=lambda: time.monotonic())

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, figures: Figures) -> None:
        now = time.monotonic()
        if now - self.told >= _EVERY:
            self.told = now
            note(f"{self.name}: {self.since.line(figures)}")


class _Live(AbstractContextManager["_Live"]):
    """A line that is drawn anew; it vanishes at the end, since the report says it all."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.status import Status
        from rich.text import Text

        self._name, self._since, self._text = name, _Since(), Text
        self._status = Status(Text(f"{name}: getting ready"), console=Console(stderr=True))

    def __enter__(self) -> _Live:
        self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._status.stop()

    def __call__(self, figures: Figures) -> None:
        self._status.update(self._text(f"{self._name}: {self._since.line(figures)}"))


def progress(name: str, quiet: bool) -> AbstractContextManager[_Plain | _Live | None]:
    """What to call with the figures of a search, while it is entered; None if nothing is to be told."""
    if quiet:
        return nullcontext(None)
    return _Live(clean(name)) if sys.stderr.isatty() else _Plain(clean(name))
