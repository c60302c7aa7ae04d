"""How many requests of each operation may come in a minute."""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from didww_async.sandbox.plum.refusals import RefusalError, throttle_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCUMENTED_LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "getOrderDetails": 200,
        "getOrderHistory": 200,
        "placeOrder": 100,
        "getVouchers": 50,
        "getFilters": 50,
        "getBalance": 10,
    }
)
"""Requests a minute, as the documents give them (Rewards API, Rate limits)."""
_WINDOW = timedelta(minutes=1)


class Throttle:
    """Counts in a sliding minute, and punishes whoever passes the limit."""

    def __init__(
        self,
        limits: Mapping[str, int],
        *,
        penalty_seconds: float,
        status: int,
        clock: Callable[[], datetime],
    ) -> None:
        self.throttled: dict[str, int] = {}
        """How many requests of each operation were turned away."""
        self._limits = dict(limits)
        self._penalty = timedelta(seconds=penalty_seconds)
        self._status = status
        self._clock = clock
        self._arrivals: dict[str, deque[datetime]] = {}
        self._blocked_until: dict[str, datetime] = {}

    def check(self, operation: str) -> None:
        """Count a request; the refusal if it is one too many."""
        limit = self._limits.get(operation)
        if limit is None:
            return
        now = self._clock()
        until = self._blocked_until.get(operation)
        if until is not None and now < until:
            raise self._refusal(operation, until - now)
        arrivals = self._arrivals.setdefault(operation, deque())
        while arrivals and arrivals[0] <= now - _WINDOW:
            arrivals.popleft()
        if len(arrivals) >= limit:
            self._blocked_until[operation] = now + self._penalty
            raise self._refusal(operation, self._penalty)
        arrivals.append(now)

    def _refusal(self, operation: str, wait: timedelta) -> RefusalError:
        self.throttled[operation] = self.throttled.get(operation, 0) + 1
        return RefusalError(throttle_reply(math.ceil(wait.total_seconds()), self._status))
