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


@dataclass
class _Rate:
    """States a second, since the last look."""

    states: int = 0
    seconds: float = 0.0

    def of(self, figures: Figures) -> str:
        passed = figures.seconds - self.seconds
        rate = (figures.states - self.states) / passed if passed > 0 else 0.0
        self.states, self.seconds = figures.states, figures.seconds
        return f"{rate:.0f} states/s"


def _line(figures: Figures, rate: _Rate) -> str:
    return f"{far(figures)}, {rate.of(figures)}, frontier {figures.frontier}, {amount(figures.memory)}, {figures.seconds:.0f} s"


@dataclass
class _Plain(AbstractContextManager["_Plain"]):
    """A line every ten seconds."""

    name: str
    rate: _Rate = field(default_factory=_Rate)
    told: float = field(default_factory=lambda: time.monotonic())

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, figures: Figures) -> None:
        now = time.monotonic()
        if now - self.told >= _EVERY:
            self.told = now
            note(f"{self.name}: {_line(figures, self.rate)}")


class _Live(AbstractContextManager["_Live"]):
    """A line that is drawn anew; it vanishes at the end, since the report says it all."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.status import Status
        from rich.text import Text

        self._name, self._rate, self._text = name, _Rate(), Text
        self._status = Status(Text(f"{name}: getting ready"), console=Console(stderr=True))

    def __enter__(self) -> _Live:
        self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._status.stop()

    def __call__(self, figures: Figures) -> None:
        self._status.update(self._text(f"{self._name}: {_line(figures, self._rate)}"))


def progress(name: str, quiet: bool) -> AbstractContextManager[_Plain | _Live | None]:
    """What to call with the figures of a search, while it is entered; None if nothing is to be told."""
    if quiet:
        return nullcontext(None)
    return _Live(clean(name)) if sys.stderr.isatty() else _Plain(clean(name))
