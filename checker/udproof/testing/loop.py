"""An event loop for asyncio whose time is virtual: what runs on it is the same program, and every run of it is the same.

A controller that sleeps and waits with time-outs is hard to test, since its test sleeps too, and since what happens first depends
on the machine. On this loop `asyncio.sleep`, `wait_for`, timers and `loop.time()` go by a time that stands still until somebody
calls `advance`, which takes the loop from one timer to the next. Between two timers everything that is ready runs, in the order
that asyncio keeps, until nothing is. So a run is a function of the calls of `advance` and of what the test does in between.

It relies on documented behaviour of asyncio only: a loop asks `time()`, and calls `call_soon` and `call_at` of itself. Threads
and sockets have no virtual time: a controller that waits for one is not for this loop, and `settle` would not wait for them
either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from heapq import heappop, heappush
from itertools import count
from typing import TypeVarTuple, Unpack

_Ts = TypeVarTuple("_Ts")

_ENDLESS = 100_000  # turns of the loop at one instant


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module. Its time begins at 0 and is in seconds. Close it when the test is over, as any loop."""

    def __init__(self) -> None:
        self._now = 0.0
        self._soon = 0  # how many callbacks were handed to `call_soon`
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = count()
        super().__init__()

    def time(self) -> float:
        """The virtual time."""
        return self._now

    def call_soon(self, callback: Callable[[Unpack[_Ts]], object], *args: *_Ts, context: Context | None = None) -> asyncio.Handle:
        """As every loop has it."""
        self._soon += 1
        return super().call_soon(callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[Unpack[_Ts]], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As every loop has it."""
        handle = super().call_at(when, callback, *args, context=context)
        heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def settle(self) -> None:
        """Run everything that is ready now, and what becomes ready by it, until nothing is; no time passes.

        RuntimeError if it never ends, since some task gives way and comes back at once, for ever.
        """
        for _ in range(_ENDLESS):
            self.call_soon(self.stop)
            before = self._soon
            self.run_forever()
            if self._soon == before and not self._due():
                return
        raise RuntimeError(f"after {_ENDLESS} turns at {self._now:g} s something is still ready; does a task wait by asking again?")

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, from one timer to the next; at each, and at the end, everything settles."""
        self.settle()
        until = self._now + float(seconds)
        while (when := self._next()) is not None and when <= until:
            self._now = max(when, self._now)
            self.settle()
        self._now = until
        self.settle()

    def close(self) -> None:
        """Cancel what still runs, let it end, and close the loop."""
        if not self.is_closed():
            for task in asyncio.all_tasks(self):
                task.cancel()
            self.settle()
        super().close()

    def _next(self) -> float | None:
        """When the next timer falls due that nobody has cancelled."""
        while self._timers and (self._timers[0][2].cancelled() or self._timers[0][0] < self._now):
            heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def _due(self) -> bool:
        """Is a timer due that asyncio has not taken up yet? It does so at the next turn."""
        when, found = self._next(), False
        while when is not None and when <= self._now:
            heappop(self._timers)
            when, found = self._next(), True
        return found
