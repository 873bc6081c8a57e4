"""A controller as somebody might write it, on asyncio: a task for each update that was asked for, and a lock in a remote store.

It knows nothing of models. `mistakes.py` has three ways to get it wrong.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

NOTICE, TIME_OUT = 10, 20  # seconds


class Cloud(Protocol):
    """What the controller can do to the world."""

    def announce(self, domain: str) -> None:
        """Show an event to the tenants."""

    def pause(self, domain: str) -> None:
        """Pause the VMs of a domain."""

    def resume(self, domain: str) -> None:
        """Resume them."""


class Store:
    """A service elsewhere that holds the name of the domain that is under way. Each call takes its time."""

    def __init__(self) -> None:
        self._owner: str | None = None

    async def read(self) -> str | None:
        """The name; it is as old as the question when the answer arrives."""
        owner = self._owner
        await asyncio.sleep(0.5)
        return owner

    async def write(self, owner: str | None) -> None:
        """Write a name over whatever stands there."""
        await asyncio.sleep(0.2)
        self._owner = owner

    async def swap(self, old: str | None, new: str | None) -> bool:
        """Write a name if the old one still stands there. Was it so?"""
        await asyncio.sleep(0.2)
        if self._owner != old:
            return False
        self._owner = new
        return True


class Controller:
    """Updates domains that it is asked for, one at a time, in tasks of a loop."""

    def __init__(self, cloud: Cloud, loop: asyncio.AbstractEventLoop) -> None:
        self._cloud, self._loop = cloud, loop
        self._store = Store()
        self._news = asyncio.Event()  # the next release sets it, and a new one takes its place
        self._done: dict[str, asyncio.Event] = {}
        self._asked: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, domain: str) -> None:
        """Begin the update of a domain."""
        self._asked[domain] = self._loop.time()
        self._done[domain] = asyncio.Event()
        task = self._loop.create_task(self._update(domain))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def host_is_done(self, domain: str) -> None:
        """A host reports."""
        self._done[domain].set()

    async def _update(self, domain: str) -> None:
        await self._take(domain)
        self._cloud.announce(domain)
        await asyncio.sleep(NOTICE)
        self._cloud.pause(domain)
        await self._until_done(domain)
        self._cloud.resume(domain)
        await self._give_back()

    async def _take(self, domain: str) -> None:
        """Wait until it is this domain's turn."""
        while True:
            news = self._news  # taken first: a release from now on is noticed, even one while we ask
            if await self._claim(domain):
                return
            await news.wait()

    async def _claim(self, domain: str) -> bool:
        """Try to get the lock."""
        return await self._store.read() is None and await self._store.swap(None, domain)

    async def _give_back(self) -> None:
        await self._store.write(None)
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _until_done(self, domain: str) -> None:
        """The host has reported, or it has had its time, which begins now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TIME_OUT):
                await self._done[domain].wait()
