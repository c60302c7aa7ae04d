"""
DIDWW behind placement.

The API has no idempotency key. An order is found again by its `external_reference_id`,
which every order gets here that has none; the filter is exact, the reference not unique
(DIDWW docs, Create Order, Get Orders).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

import attrs

from didww_async.collections.account import CapacityPools
from didww_async.collections.catalogue import DidGroups
from didww_async.collections.orders import Orders
from didww_async.errors import (
    ApiStatusError,
    AuthenticationError,
    ChangedRequestError,
    ClientStateError,
    ConnectError,
    DidwwError,
    InsufficientBalanceError,
    InvalidRequestError,
    JournalError,
    NotFoundError,
    OrderNotPlacedError,
    OrderRejectedError,
    OrderUnconfirmedError,
    PermissionDeniedError,
    RateLimitedError,
    ValidationError,
)
from didww_async.jsonapi import JsonApiSerializer, json
from didww_async.models.base import registry
from didww_async.models.order_items import NewCapacityOrderItem, NewDidOrderItem
from didww_async.models.orders import NewOrder, Order, OrderStatus
from didww_async.placement import (
    Accepted,
    Answer,
    CannotTell,
    Found,
    LookUp,
    NoAnswer,
    NoSuchOrder,
    NotAttempted,
    NotSent,
    Outcome,
    Placed,
    Refused,
    Rejected,
    Unconfirmed,
    bulk,
)
from didww_async.placement import journal as placement
from didww_async.placement.bulk import BulkRun, Options
from didww_async.placement.journal import Journal, SqliteJournal
from didww_async.placement.placer import Placer

__all__ = ["DidwwProvider", "bulk_run", "placed_or_raised"]

LONGEST_PAUSE_SECONDS = 60.0
CANCEL_AGAIN_SECONDS = (0.5, 2.0, 5.0)


class DidwwProvider:
    """Places orders through the collections of one client."""

    def __init__(
        self, orders: Orders, did_groups: DidGroups, capacity_pools: CapacityPools
    ) -> None:
        self._orders = orders
        self._did_groups = did_groups
        self._capacity_pools = capacity_pools
        self._codec = JsonApiSerializer(registry)
        self._prices: dict[str, Decimal] | None = None
        self._pricing = asyncio.Lock()

    def key(self, request: NewOrder) -> str | None:
        """The caller's own reference."""
        return request.external_reference_id or None

    def prepare(self, request: NewOrder) -> NewOrder:
        """The order with a reference of its own."""
        if request.external_reference_id:
            return request
        return attrs.evolve(cast("Any", request), external_reference_id=str(uuid4()))  # type: ignore[no-any-return]

    def reference(self, request: NewOrder) -> str:
        """The `external_reference_id`."""
        return request.external_reference_id or ""

    def dump_request(self, request: NewOrder) -> str:
        """The body of the request."""
        return self._codec.encode_new(request).decode()

    def load_request(self, text: str) -> NewOrder:
        """The order of such a body."""
        return NewOrder.from_json(json.loads(text.encode()), unknown_items=True)

    def dump_order(self, order: Order) -> str:
        """The order as the document that it came in."""
        return self._codec.encode_resource(order).decode()

    def load_order(self, text: str) -> Order:
        """The order of such a document."""
        return self._codec.decode_one(text.encode(), Order).data

    def order_id(self, order: Order) -> str:
        """The order's id."""
        return order.id

    def cost(self, order: Order) -> Decimal:
        """The order's amount, VAT included."""
        return order.amount

    def is_live(self, order: Order) -> bool:
        """Whether the order is not canceled."""
        return order.status != OrderStatus.CANCELED

    def describe(self, order: Order) -> Mapping[str, object]:
        """The order's columns of a report."""
        return {
            "order_id": order.id,
            "reference": order.reference,
            "status": order.status.value,
            "amount": order.amount,
            "created_at": order.created_at,
        }

    async def submit(self, request: NewOrder) -> Answer[Order]:
        """Place the order; a 429 is waited out, as it says nothing of this order."""
        if "," in self.reference(request):
            problem = "holds a comma, and a filter may part it there: it could not be found again"
            return Refused(InvalidRequestError("external_reference_id", problem))
        while True:
            try:
                return Accepted(await self._orders.create(request))
            except RateLimitedError as error:
                pause = 1.0 if error.retry_after is None else error.retry_after
                if pause > LONGEST_PAUSE_SECONDS:
                    return NotSent(error, stop=str(error))
            except DidwwError as error:
                return _answer_to(error)
            await asyncio.sleep(pause)

    async def look_up(self, request: NewOrder) -> LookUp[Order]:
        """List the orders with the request's reference, the eldest first."""
        listing = self._orders.list(
            filter={"external_reference_id": self.reference(request)}, sort="created_at"
        )
        try:
            orders = [order async for order in listing]
        except DidwwError as error:
            return CannotTell(error)
        reference = self.reference(request)
        if any(order.external_reference_id != reference for order in orders):
            # Somebody dropped the filter, so what else is or is not in the list says nothing.
            return CannotTell(DidwwError("the list of orders was not filtered by reference"))
        orders.sort(key=lambda order: (order.created_at, order.id))
        return Found(tuple(orders)) if orders else NoSuchOrder()

    async def cancel(self, order: Order) -> bool | None:
        """Cancel the order; false if it is not pending any more, `None` if nobody can tell."""
        for pause in CANCEL_AGAIN_SECONDS:
            try:
                await self._orders.cancel(order.id)
            except (ValidationError, NotFoundError):
                return False
            except DidwwError:
                await asyncio.sleep(pause)
            else:
                return True
        return None

    async def quote(self, request: NewOrder) -> Decimal | None:
        """The sum of the items' prices of the first month; `None` if one has no known price."""
        prices = await self._known_prices()
        total = Decimal(0)
        for item in request.items:
            match item:
                case NewDidOrderItem():
                    price, qty = prices.get(item.sku_id), item.qty
                case NewCapacityOrderItem():
                    price, qty = prices.get(item.capacity_pool_id), item.qty
                case _:
                    return None
            if price is None:
                return None
            total += price * (qty if isinstance(qty, int) else 1)
        return total

    async def _known_prices(self) -> Mapping[str, Decimal]:
        """Set-up and first month of every SKU and capacity pool, read once."""
        async with self._pricing:
            if self._prices is None:
                prices: dict[str, Decimal] = {}
                groups = self._did_groups.list(include="stock_keeping_units", page_size=100)
                async for group in groups:
                    for sku in group.stock_keeping_units:
                        prices[sku.id] = sku.setup_price + sku.monthly_price
                async for pool in self._capacity_pools.list():
                    prices[pool.id] = pool.setup_price + pool.monthly_price
                self._prices = prices
        return self._prices


def _answer_to(error: DidwwError) -> Answer[Order]:
    match error:
        case ConnectError():
            return NotSent(error)
        case ClientStateError():
            return NotSent(error, stop=str(error))
        case OrderUnconfirmedError():
            return NoAnswer(error)
        case AuthenticationError() | InsufficientBalanceError() | PermissionDeniedError():
            return Refused(error, stop=f"{type(error).__name__}: {error}")
        case ApiStatusError() | InvalidRequestError():
            return Refused(error)
        case _:
            return NoAnswer(error)


def bulk_run(
    provider: DidwwProvider,
    orders: Iterable[NewOrder] | AsyncIterable[NewOrder] | None,
    *,
    journal: str | os.PathLike[str] | Journal | None,
    settle_seconds: float,
    adopt_existing: bool,
    **options: Any,
) -> BulkRun[NewOrder, Order]:
    """A bulk run of orders, or without them of what the journal has open."""

    def make_placer(journal: Journal) -> Placer[NewOrder, Order]:
        return Placer(
            provider, journal, settle_seconds=settle_seconds, adopt_existing=adopt_existing
        )

    def open_journal() -> AbstractContextManager[Journal | None]:
        if isinstance(journal, (str, os.PathLike)):
            return SqliteJournal(journal)
        return nullcontext(journal)

    return BulkRun(
        provider, orders, open_journal, make_placer, Options(translate=_translated, **options)
    )


def _translated(error: placement.JournalError) -> JournalError:
    kind = ChangedRequestError if isinstance(error, bulk.ChangedRequestError) else JournalError
    return kind(str(error))


def placed_or_raised(outcome: Outcome[Order]) -> Placed[Order]:
    """The outcome if there is an order; else the error that says why not."""
    match outcome:
        case Placed():
            return outcome
        case Rejected():
            raise outcome.error or OrderRejectedError(outcome.reason)
        case NotAttempted():
            raise outcome.error or OrderNotPlacedError(outcome.reason)
        case Unconfirmed():
            cause = outcome.error
            if not isinstance(cause, DidwwError):
                cause = DidwwError(outcome.reason)
            raise OrderUnconfirmedError(cause, outcome.external_reference)
