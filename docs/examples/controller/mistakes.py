"""Three mistakes of the kind that a review does not see, and the controller as it was: with all three, with two, with one."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from controller import NOTICE, TIME_OUT, Controller


class LostUpdate(Controller):
    """It reads that the lock is free and then writes its name: so may two, each over the other."""

    async def _claim(self, domain: str) -> bool:
        if await self._store.read() is not None:
            return False
        await self._store.write(domain)
        return True


class LostWakeUp(Controller):
    """It asks for the lock and then begins to listen: a release between the two is never heard of."""

    async def _take(self, domain: str) -> None:
        while not await self._claim(domain):
            await self._news.wait()


class StaleClock(Controller):
    """It reckons the host's time from when the update was asked for, which is no pause ago if the domain had to wait."""

    async def _until_done(self, domain: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._asked[domain] + NOTICE + TIME_OUT):
                await self._done[domain].wait()


class First(LostUpdate, StaleClock, LostWakeUp):
    """As it was written."""


class Second(StaleClock, LostWakeUp):
    """With one mistake mended."""


class Third(LostWakeUp):
    """With two mistakes mended."""
