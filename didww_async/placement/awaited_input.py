"""An input that is awaited: read in a task of its own, so that it can be left at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Generic, TypeVar

__all__ = ["AwaitedInput"]

RequestT = TypeVar("RequestT")


class AwaitedInput(Generic[RequestT]):
    """
    The rows of an asynchronous iterable, of which one at most is read ahead.

    One task reads all of them, because a time limit, a task group or a context variable
    of the caller's generator belongs to the task that it runs in.
    """

    def __init__(self, requests: AsyncIterable[RequestT]) -> None:
        self._requests = requests
        self._read: asyncio.Queue[list[RequestT]] = asyncio.Queue()
        self._room = asyncio.Semaphore(1)
        self._reading: asyncio.Task[None] | None = None
        self._is_left = False

    async def rows(self) -> AsyncGenerator[RequestT, None]:
        """
        Each row; ends with the input, or with what was read when it was left.

        Raises:
            RuntimeError: What the input waited for was cancelled.
            Exception: Whatever the input raises.
        """
        self._reading = asyncio.create_task(self._read_all())
        self._reading.add_done_callback(lambda _: self._read.put_nowait([]))
        while row := await self._read.get():
            self._room.release()
            yield row[0]
        if not self._reading.cancelled():
            self._reading.result()
        elif not self._is_left:
            raise RuntimeError("what the input waited for was cancelled")

    def leave(self) -> None:
        """Read no more; what was read already is still given."""
        self._is_left = True
        if self._reading is not None:
            self._reading.cancel()

    async def close(self) -> None:
        """Leave the input, and wait for its own end."""
        self.leave()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_all(self) -> None:
        rows = aiter(self._requests)
        try:
            while not self._is_left:
                await self._room.acquire()  # before the row is read: it must not be lost here
                try:
                    row = await anext(rows)
                except StopAsyncIteration:
                    return
                self._read.put_nowait([row])
        finally:
            if isinstance(rows, AsyncGenerator):
                await rows.aclose()
