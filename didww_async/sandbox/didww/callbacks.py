"""
Telling the caller's server that an order has finished.

Rules: DIDWW documentation, API 2026-04-16 (Callbacks): parameters in the query or as a form,
signed, repeated until a 2xx answers or ten attempts are spent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

import aiohttp
from attrs import frozen
from yarl import URL

from didww_async.webhooks.signature import SIGNATURE_HEADER, sign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from didww_async.sandbox.didww.records import Record

DOCUMENTED_WAITS = (60.0, 600.0, 1800.0, 3600.0, 10800.0, 21600.0, 43200.0, 86400.0, 172800.0)
"""Seconds before the second to the tenth attempt, as the DIDWW documentation gives them."""
DOCUMENTED_TIMEOUT = 60.0


@frozen
class CallbackAttempt:
    """One attempt to deliver a callback."""

    order_id: str
    attempt: int
    """1 for the first."""
    method: Literal["get", "post"]
    url: str
    """As requested: for `get` with the parameters in the query."""
    payload: Mapping[str, str]
    signature: str
    """What was sent in `X-DIDWW-Signature`."""
    status: int | None = None
    """What the receiver answered; None if it did not."""
    error: str | None = None
    """Why there was no answer."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver accepted it."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004


class Callbacks:
    """Delivers callbacks in the background of one event loop."""

    def __init__(self, *, secret: str, waits: Sequence[float], timeout: float) -> None:
        self.attempts: list[CallbackAttempt] = []
        self._secret = secret
        self._waits = tuple(waits)
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Deliver from the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        """Stop, and leave undelivered what is undelivered."""
        self._loop = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def announce(self, order: Record) -> None:
        """Start to deliver the order's status, if it asked for that; callable from any thread."""
        url = order.attributes["callback_url"]
        if self._loop is None or not isinstance(url, str):
            return
        payload = {
            "id": order.id,
            "type": "orders",
            "status": str(order.attributes["status"]),
        }
        method: Literal["get", "post"] = (
            "get" if order.attributes["callback_method"] == "get" else "post"
        )
        self._loop.call_soon_threadsafe(self._spawn, url, method, payload)

    def _spawn(self, url: str, method: Literal["get", "post"], payload: dict[str, str]) -> None:
        if self._loop is None:
            return
        task = self._loop.create_task(self._deliver(url, method, payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self, url: str, method: Literal["get", "post"], payload: dict[str, str]
    ) -> None:
        address = url if "://" in url else f"http://{url}"
        if method == "get":
            address = with_parameters(address, payload)
        signature = sign(address, payload, self._secret)
        for number, wait in enumerate((0.0, *self._waits), start=1):
            if wait:
                await asyncio.sleep(wait)
            status, error = await self._attempt(address, method, payload, signature)
            attempt = CallbackAttempt(
                payload["id"], number, method, address, payload, signature, status, error
            )
            self.attempts.append(attempt)
            if attempt.delivered:
                return

    async def _attempt(
        self, address: str, method: str, payload: dict[str, str], signature: str
    ) -> tuple[int | None, str | None]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._session.request(
                method.upper(),
                # Encoded as it stands: a changed byte would break the signature.
                URL(address, encoded=True),
                data=payload if method == "post" else None,
                headers={SIGNATURE_HEADER: signature},
                allow_redirects=False,
            ) as response:
                return response.status, None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            return None, f"{type(problem).__name__}: {problem}"


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """The URL with the parameters added to its query, before any fragment."""
    base, hash_mark, fragment = url.partition("#")
    joint = "" if base.endswith(("?", "&")) else "&" if "?" in base else "?"
    return f"{base}{joint}{urlencode(parameters)}{hash_mark}{fragment}"
