"""An event loop in a thread of its own, for callers that have none to lend."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class ServingThread:
    """Opens something on a loop of its own, keeps the loop running, and closes it again."""

    def __init__(
        self, open_: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]]
    ) -> None:
        self._open = open_
        self._close = close
        self._thread = threading.Thread(target=self._run, name="didww-sandbox", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None

    def start_serving(self) -> None:
        """Return once it is open; whatever hindered it is raised here."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop_serving(self) -> None:
        """Return once it is closed and the thread has ended."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self._open()
        except BaseException as failure:  # noqa: BLE001 - it belongs to the thread that waits
            self._failure = failure
            return
        finally:
            self._ready.set()
        await self._stop.wait()
        await self._close()
