"""Asking again and again until an order is through."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from didww_async.errors import InvalidRequestError, WaitTimeoutError

__all__ = ["check_seconds", "until_final"]

SLOWEST_POLL_SECONDS = 30.0
POLL_SLOWDOWN = 1.5


class _Pollable(Protocol):
    @property
    def is_final(self) -> bool: ...


OrderT = TypeVar("OrderT", bound=_Pollable)


async def until_final(
    latest: OrderT,
    fetch: Callable[[], Awaitable[OrderT]],
    *,
    timeout: float | None,  # noqa: ASYNC109  # an error with the order in it, not a bare one
    poll_interval: float,
) -> OrderT:
    """
    The order as soon as it is final: fetched every `poll_interval` seconds, then ever more rarely.

    Raises:
        WaitTimeoutError: It is still not final after `timeout` seconds.
    """
    try:
        async with asyncio.timeout(timeout):
            while not latest.is_final:
                await asyncio.sleep(poll_interval)
                poll_interval = max(
                    poll_interval, min(poll_interval * POLL_SLOWDOWN, SLOWEST_POLL_SECONDS)
                )
                latest = await fetch()
    except TimeoutError:
        raise WaitTimeoutError(latest, timeout or 0.0) from None
    return latest


def check_seconds(field: str, value: object) -> None:
    """Refuse what is no number of seconds above 0."""
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
    if not 0 < number < math.inf:
        raise InvalidRequestError(field, f"takes a number of seconds above 0, not {value!r}")
