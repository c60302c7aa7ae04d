"""What is ready to be worked on, between one task that adds to it and many that take from it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

__all__ = ["Backlog"]

ItemT = TypeVar("ItemT")


class Backlog(Generic[ItemT]):
    """
    A queue of items that are added many at once.

    It differs from `asyncio.Queue` in what that costs an item, in that it ends, and in that
    the one who adds can wait until it runs `low`. All who take from it are cancelled together.
    """

    def __init__(self, low: int) -> None:
        self._low = low
        self._items: deque[ItemT] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._runs_low = asyncio.Event()
        self._has_ended = False

    def add(self, items: Iterable[ItemT]) -> None:
        """Let waiting tasks have these, one each."""
        self._items.extend(items)
        for _ in range(min(len(self._idle), len(self._items))):
            self._wake()

    def end(self) -> None:
        """Say that nothing will be added any more."""
        self._has_ended = True
        while self._idle:
            self._wake()

    def _wake(self) -> None:
        waiter = self._idle.popleft()
        if not waiter.done():
            waiter.set_result(None)

    async def take(self) -> ItemT | None:
        """The next item as soon as there is one; `None` at the end."""
        while not self._items:
            if self._has_ended:
                return None
            waiter = asyncio.get_running_loop().create_future()
            self._idle.append(waiter)
            await waiter
        item = self._items.popleft()
        if len(self._items) <= self._low:
            self._runs_low.set()
        return item

    async def runs_low(self) -> None:
        """Wait until few are left."""
        while len(self._items) > self._low:
            self._runs_low.clear()
            await self._runs_low.wait()
