"""Deliveries told to the client: one static key, a few tries, and then silence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
from attrs import field, frozen

from didww_async.sandbox.plum.documents import stamp
from didww_async.sandbox.wire import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from didww_async.sandbox.plum.orders import PlacedOrder

_FIRST_EVENT_ID = 90210
_TIMEOUT_SECONDS = 10.0


@frozen
class WebhookAttempt:
    """One attempt to tell of a delivery."""

    event_id: int
    order_id: int
    attempt: int
    """1 for the first."""
    body: bytes = field(repr=False)
    status: int | None = None
    """What the receiver answered; `None` if it did not."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver accepted it; only 200 counts."""
        return self.status == 200  # noqa: PLR2004


class Webhooks:
    """Tells of deliveries in the background of one event loop."""

    def __init__(
        self,
        url: str | None,
        *,
        key: str,
        waits: Sequence[float],
        clock: Callable[[], datetime],
    ) -> None:
        self.attempts: list[WebhookAttempt] = []
        self.url = url
        self.enabled = True
        """False once an event was lost; the real one is switched on again by hand, too."""
        self._key = key
        self._waits = tuple(waits)
        self._clock = clock
        self._events = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Tell from the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        """Stop, and leave untold what is untold."""
        self._loop = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def announce(self, order: PlacedOrder) -> None:
        """Start to tell what became of an order; callable from any thread."""
        if self._loop is None or self.url is None or not self.enabled:
            return
        self._events += 1
        event = {
            "id": _FIRST_EVENT_ID + self._events,
            "data": {
                "orderId": order.id,
                "poNumber": order.po_number,
                "orderDate": stamp(order.placed_at),
                "deliveryStatus": order.status,
            },
            "createdAt": stamp(self._clock()),
        }
        self._loop.call_soon_threadsafe(self._spawn, self.url, order.id, event)

    def _spawn(self, url: str, order_id: int, event: Mapping[str, object]) -> None:
        if self._loop is None:
            return
        task = self._loop.create_task(self._tell(url, order_id, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, url: str, order_id: int, event: Mapping[str, object]) -> None:
        body = dumps(event)
        for number, wait in enumerate((0.0, *self._waits), start=1):
            if wait:
                await asyncio.sleep(wait)
            status = await self._post(url, body)
            attempt = WebhookAttempt(int(str(event["id"])), order_id, number, body, status)
            self.attempts.append(attempt)
            if attempt.delivered:
                return
        self.enabled = False

    async def _post(self, url: str, body: bytes) -> int | None:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        headers = {"Content-Type": "application/json", "x-api-key": self._key}
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None
