"""What every search keeps: the request that it can answer, and the limits of time and memory that it was given.

A search looks at its limits again and again (`Watch.look`), and ends with `Stop` when one is reached. Memory is looked at as it is
now, so that one large run does not end the ones that come after it.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from udproof.engines.verdict import Figures, Limits, Progress
from udproof.language import ModelError, Property, System

MOST_PROPERTIES = 30  # what one run checks: a word has bits for so many, beside a few of its own
_ROOM = 1 << 32  # bytes that a search may hold where no limit is given: what a 32-bit memory has
_SELDOM = 100  # looks at the clock for one at memory, while a search is got ready
_REPORT = 0.25  # seconds between two reports of progress


class Stop(Exception):
    """The search must end now; the text says why."""


def most_memory() -> int:
    """The most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_memory() -> int:
    """The memory that this process holds, in bytes; where the system does not tell (it is no Linux), the most that it has held."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * resource.getpagesize() if told.exists() else most_memory()


def check_request(system: System, properties: tuple[Property, ...]) -> None:
    """ModelError for properties that a search cannot check."""
    if not properties:
        raise ModelError("no property was given to check")
    if foreign := [prop.name for prop in properties if prop not in system.properties and not prop.watches_time]:
        raise ModelError(f"{', '.join(foreign)} is no property of {system.name}, whose clocks are counted for its own only")
    if len(properties) > MOST_PROPERTIES:
        raise ModelError(f"{len(properties)} properties were given; one run checks at most {MOST_PROPERTIES}")


@dataclass(slots=True)
class Watch:
    """Looks at the limits of a run that begins now, and tells how far it is."""

    limits: Limits
    progress: Progress | None = None
    began: float = field(default_factory=time.monotonic)
    _reported: float = 0.0
    _glances: count[int] = field(default_factory=count)

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self.began

    @property
    def room(self) -> int:
        """The bytes that a search may take from now on."""
        return _ROOM if self.limits.memory is None else max(self.limits.memory - resident_memory(), 0)

    def reached(self) -> str | None:
        """The limit that is reached, in words."""
        return self._out_of_time() or (self.memory_reached() if self._full() else None)

    def look(self) -> None:
        """Stop if a limit is reached."""
        if limit := self.reached():
            raise Stop(limit)

    def glance(self) -> None:
        """The same for the smallest steps of work: memory, which takes longer to look at, is looked at now and then only."""
        limit = self._out_of_time()
        if limit is None and next(self._glances) % _SELDOM == 0 and self._full():
            limit = self.memory_reached()
        if limit is not None:
            raise Stop(limit)

    def tell(self, figures: Callable[[], Figures]) -> None:
        """Report how far the search is, if that was long ago."""
        seconds = self.seconds
        if self.progress is not None and seconds - self._reported > _REPORT:
            self._reported = seconds
            self.progress(figures())

    def memory_reached(self) -> str:
        """What is said when memory ends."""
        limit = self.limits.memory if self.limits.memory is not None else _ROOM
        return f"the memory limit of {limit / 1e6:g} MB was reached"

    def _full(self) -> bool:
        return self.limits.memory is not None and resident_memory() > self.limits.memory

    def _out_of_time(self) -> str | None:
        if self.limits.seconds is not None and self.seconds > self.limits.seconds:
            return f"the time limit of {self.limits.seconds:g} s was reached"
        return None
