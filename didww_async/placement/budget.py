"""The money that a run may spend: parallel orders can overdraw it together, so it is held here."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import Generic, TypeVar

from didww_async.placement.provider import Provider

__all__ = ["NOTHING", "Budget"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")
NOTHING = Decimal(0)


class Budget(Generic[RequestT, OrderT]):
    """
    What orders cost that were placed, and those under way may cost, held against a bound.

    An order counts with its price, or with its quote if the API tells none. Quotes are
    held with the mark-up that orders showed so far, such as their VAT.
    """

    def __init__(self, provider: Provider[RequestT, OrderT], most: Decimal | None) -> None:
        self._provider = provider
        self.most = most
        """The bound; `None` if there is none."""
        self.is_spent = False
        """Whether an order was not begun because it would have passed the bound."""
        self._committed = NOTHING
        self._mark_up = Decimal(1)
        self._uncounted = 0
        self._is_counted = asyncio.Event()
        self._is_counted.set()
        """Whether all that an earlier run placed, as far as it was read, is in the sum."""

    def cost(self, order: OrderT) -> Decimal:
        """What an order cost; nothing if that can't be told: there is an order all the same."""
        try:
            return self._provider.cost(order)
        except Exception:  # noqa: BLE001  # see above
            return NOTHING

    async def quote(self, request: RequestT) -> Decimal:
        """
        What an order will cost before its mark-up; the budget `is_spent` if that is too much.

        Raises:
            LookupError: No price is known for it, so no budget can hold it.
            Exception: Whatever the provider raises.
        """
        quoted = await self._provider.quote(request)
        await self._is_counted.wait()
        if quoted is None:
            raise LookupError("no price is known for it, so no budget can hold it")
        if self.most is not None and self._committed + quoted * self._mark_up > self.most:
            self.is_spent = True
        return quoted

    def hold(self, quoted: Decimal) -> Decimal:
        """Hold the money of an order that is begun; how much that is."""
        held = quoted * self._mark_up
        self._committed += held
        return held

    def release(self, held: Decimal) -> None:
        """Give back what was held, the order's fate being known."""
        self._committed -= held

    async def spend(self, order: OrderT, request: RequestT, quoted: Decimal | None) -> None:
        """Count an order; one that was not quoted was placed by an earlier run."""
        cost = self.cost(order)
        if quoted and cost > quoted:
            self._mark_up = max(self._mark_up, cost / quoted)
        cost = cost or quoted or NOTHING
        if cost or quoted is not None:
            self._committed += cost
            return
        self._uncounted += 1
        self._is_counted.clear()
        try:
            with suppress(Exception):
                cost = await self._provider.quote(request) or NOTHING
        finally:
            self._uncounted -= 1
            self._committed += cost
            if not self._uncounted:
                self._is_counted.set()
