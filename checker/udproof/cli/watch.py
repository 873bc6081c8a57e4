"""The limits hold from the first moment, whatever the engine is doing.

An engine looks at the clock and at memory while it searches. Getting ready for the search of a large fleet can take minutes by
itself, and `--timeout 1s` means about one second all the same. So until the engine first tells how far it is, a timer looks in
its place. The engine goes first, since it has figures to tell; only if it has not ended by itself a moment after the limit is the
work ended from here, with everything undecided and no figures.

The timer is a signal of the operating system, which Python attends to between two of its steps. Where there is none (in a thread,
on Windows) the engine's own looks must do.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from udproof.engines.limits import Watch, most_memory
from udproof.engines.verdict import Engine, Figures, Limits, Outcome, Progress, Result, Verdict
from udproof.language import Property, System

_EVERY = 0.05  # seconds between two looks
_PATIENCE = 1.0  # seconds that the engine gets to end by itself


class TooLong(Exception):
    """A limit is reached, and the engine has told nothing yet; the text says which."""


@dataclass
class _Timer(AbstractContextManager["_Timer"]):
    """Looks at the limits while it is entered, until `over` is called."""

    watch: Watch
    reached: float | None = None  # when a limit was seen to be reached

    def __enter__(self) -> _Timer:
        self.possible = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if self.possible:
            self.before = signal.signal(signal.SIGALRM, lambda *_: self._look())
            self.theirs = signal.setitimer(signal.ITIMER_REAL, _EVERY, _EVERY)
        return self

    def __exit__(self, *_: object) -> None:
        self.over()

    def over(self) -> None:
        """The engine has told how far it is: from now on it looks itself. A timer that somebody had set before goes on."""
        if not self.possible:
            return
        self.possible = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.before)
        left, every = self.theirs
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - self.watch.seconds, _EVERY), every)

    def _look(self) -> None:
        now, limit = time.monotonic(), self.watch.reached()
        if limit is None:
            return
        self.reached = now if self.reached is None else self.reached
        if now - self.reached > _PATIENCE:
            raise TooLong(limit)


def verify_within(
    engine: Engine, system: System, properties: tuple[Property, ...], limits: Limits, told: Progress | None
) -> Result:
    """What the engine answers; everything undecided if a limit ends it before it can answer. `told` hears its progress."""
    watch = Watch(limits)
    timer = _Timer(watch)
    within = "" if limits.memory is None else f" within the limit of {limits.memory / 1e6:g} MB"
    last = Figures(states=0, stored=0, transitions=0, depth=0, seconds=0.0, frontier=0, memory=0)

    def heard(figures: Figures) -> None:
        nonlocal last
        last = figures
        timer.over()
        if told is not None:
            told(figures)

    try:
        with timer:
            return engine.verify(system, properties, limits, heard)
    except (TooLong, MemoryError) as limit:
        ready = f"{limit} while the search was being got ready"
        stopped = ready if isinstance(limit, TooLong) else f"memory ran out{within}"
        return Result(
            engine=engine.name,
            scope="this fleet",
            verdicts=tuple(Verdict(prop, Outcome.UNKNOWN, f"not decided: {stopped}") for prop in properties),
            figures=replace(last, seconds=watch.seconds, memory=most_memory()),
            complete=False,
            fired=dict.fromkeys((action.name for action in system.actions), 0),
            stopped=stopped,
        )
