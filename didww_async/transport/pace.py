"""How many requests may leave in any second."""

from __future__ import annotations

import asyncio
import math
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, cast

from didww_async.errors import ConfigurationError

if TYPE_CHECKING:
    from pyrate_limiter import AbstractBucket

__all__ = ["Pace"]


class Pace:
    """
    Lets at most `requests` pass in any `seconds`, first come, first served.

    The window slides: there is no instant at which two full bursts meet. `margin`
    seconds are added to it, because requests that left apart may arrive closer
    together.
    A pause stops everybody, also those who wait already.

    Clients that share a key share its limit: give them the same object. Processes
    share one through `bucket`, a bucket of `pyrate-limiter` with its own rate, such
    as its `SQLiteBucket` on a common file or its `RedisBucket`; a pause stays within
    the process.
    """

    def __init__(
        self,
        requests: int = 10,
        seconds: float = 1.0,
        *,
        margin: float = 0.01,
        bucket: AbstractBucket | None = None,
    ) -> None:
        if type(requests) is not int or requests < 1:
            raise ConfigurationError(f"requests takes a whole number from 1, not {requests!r}")
        if not (seconds > 0 and margin >= 0 and math.isfinite(seconds + margin)):
            raise ConfigurationError("seconds takes a number above 0, and margin one from 0")
        self.requests = requests
        self.seconds = seconds
        self.margin = margin
        self._bucket = bucket
        self._turn = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._paused_until = 0.0

    def __repr__(self) -> str:
        return f"Pace({self.requests}, {self.seconds:g})"

    async def acquire(self) -> None:
        """Wait until one more request may leave."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the clock goes on from one event loop to the next, a lock not
            self._loop, self._turn = loop, asyncio.Lock()
        # Whoever holds the lock is the only one that asks the bucket, so waiting costs the
        # others nothing and they pass in the order in which they came.
        async with self._turn:
            while True:
                pause = self._paused_until - loop.time()
                if pause > 0:
                    await asyncio.sleep(pause)
                    continue
                wait = await self._take()
                if wait is None:
                    return
                await asyncio.sleep(wait)

    def pause(self, seconds: float) -> None:
        """Let nobody pass for so long; a longer pause that is under way stays."""
        until = asyncio.get_running_loop().time() + seconds
        self._paused_until = max(self._paused_until, until)

    async def _take(self) -> float | None:
        """Take a place in the window, or tell how many seconds to wait before trying again."""
        from pyrate_limiter import RateItem  # noqa: PLC0415  # costs an importer without a pace

        if self._bucket is None:
            self._bucket = self._own_bucket()
        bucket: Any = self._bucket  # each of its methods may be a coroutine
        item = RateItem("request", await _now(bucket.now()))
        if await _now(bucket.put(item)):
            return None
        wait = int(await _now(bucket.waiting(item)))
        await _now(bucket.leak(item.timestamp))
        return max(wait, 1) / 1000

    def _own_bucket(self) -> AbstractBucket:
        from pyrate_limiter import InMemoryBucket, Rate  # noqa: PLC0415

        window = math.ceil((self.seconds + self.margin) * 1000)
        return InMemoryBucket([Rate(self.requests, window)])


async def _now(value: Any) -> Any:
    """A bucket's answer, which may be awaitable or not."""
    while isawaitable(value):
        value = await cast("Any", value)
    return value
