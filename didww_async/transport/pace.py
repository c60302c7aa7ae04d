"""How many requests may leave in any second."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, cast

from didww_async.errors import ConfigurationError

if TYPE_CHECKING:
    from pyrate_limiter import AbstractBucket

__all__ = ["Pace", "Slot"]

_MILLISECONDS = 1000


class Slot:
    """
    The right to send one request.

    It counts against the pace from when it is granted to one window after `sent`:
    between the two a connection may have to be made, and what counts is when the
    requests reach the server.
    """

    __slots__ = ("_pace", "_sent")

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._sent = False

    def sent(self) -> None:
        """The request leaves now; only the first call counts."""
        if not self._sent:
            self._sent = True
            self._pace.mark_sent()

    def release(self) -> None:
        """The request never left: its place is free again."""
        if not self._sent:
            self._sent = True
            self._pace.mark_unused()


class Pace:
    """
    Lets at most `requests` leave in any `seconds`, first come, first served.

    The window slides: there is no instant at which two full bursts meet. `margin`
    seconds are added to it, because requests that left apart may arrive closer
    together.
    A pause stops everybody, also those who wait already.

    Clients that share a key share its limit: give them the same object. Processes
    share one through `bucket`, a bucket of `pyrate-limiter` with its own rate, such
    as its `SQLiteBucket` on a common file or its `RedisBucket`; then the bucket alone
    decides, by when a request is about to be sent, and a pause stays in the process.

    Raises:
        ConfigurationError: A number is none that makes sense.
    """

    def __init__(
        self,
        requests: int = 10,
        seconds: float = 1.0,
        *,
        margin: float = 0.03,
        bucket: AbstractBucket | None = None,
    ) -> None:
        if type(requests) is not int or requests < 1:
            raise ConfigurationError(f"requests takes a whole number from 1, not {requests!r}")
        numbers = all(isinstance(number, (int, float)) for number in (seconds, margin))
        if not numbers or not (seconds > 0 and margin >= 0 and math.isfinite(seconds + margin)):
            raise ConfigurationError("seconds takes a number above 0, and margin one from 0")
        self.requests = requests
        self.seconds = seconds
        self.margin = margin
        self._bucket = bucket
        self._window = seconds + margin
        self._granted = 0
        self._left_at: deque[float] = deque()
        self._paused_until = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = asyncio.Lock()
        self._change = asyncio.Event()

    def __repr__(self) -> str:
        return f"Pace({self.requests}, {self.seconds:g})"

    async def acquire(self) -> Slot:
        """Wait until one more request may leave; call the slot's `sent` when it does."""
        loop = self._running_loop()
        # Whoever holds the lock is the only one that waits for a place, so the others pass in
        # the order in which they came, and waiting costs them nothing.
        async with self._turn:
            while True:
                wait = self._paused_until - loop.time()
                if wait <= 0:
                    wait = self._wait_for_place() if self._bucket is None else await self._ask()
                if wait <= 0:
                    break
                await self._sleep(wait)
            self._granted += 1
        return Slot(self)

    def pause(self, seconds: float) -> None:
        """Let nobody pass for so long; a longer pause that is under way stays."""
        until = self._running_loop().time() + seconds
        self._paused_until = max(self._paused_until, until)

    def mark_sent(self) -> None:
        """One of the requests that were let through has left."""
        self._granted -= 1
        if self._bucket is None:
            self._left_at.append(self._running_loop().time())
            self._change.set()

    def mark_unused(self) -> None:
        """One of the requests that were let through will not leave."""
        self._granted -= 1
        self._change.set()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the clock goes on from one event loop to the next, locks not
            self._loop, self._turn, self._change = loop, asyncio.Lock(), asyncio.Event()
        return loop

    def _wait_for_place(self) -> float:
        """Seconds until there may be a place; 0 if there is one."""
        now = self._running_loop().time()
        left_at = self._left_at
        while left_at and left_at[0] + self._window <= now:
            left_at.popleft()
        if self._granted + len(left_at) < self.requests:
            return 0.0
        # With none that has left, only a change can make room: another look then, or in a while.
        return left_at[0] + self._window - now if left_at else self._window

    async def _sleep(self, seconds: float) -> None:
        self._change.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._change.wait()
        except TimeoutError:
            pass

    async def _ask(self) -> float:
        """Take a place in the shared bucket, or tell how many seconds to wait for one."""
        from pyrate_limiter import RateItem  # noqa: PLC0415  # only who shares a pace needs it

        bucket: Any = self._bucket  # each of its methods may be a coroutine
        item = RateItem("request", await _now(bucket.now()))
        if await _now(bucket.put(item)):
            return 0.0
        wait = int(await _now(bucket.waiting(item)))
        await _now(bucket.leak(item.timestamp))
        return max(wait, 1) / _MILLISECONDS


async def _now(value: Any) -> Any:
    """A bucket's answer, which may be awaitable or not."""
    while isawaitable(value):
        value = await cast("Any", value)
    return value
