"""
DIDWW behind placement.

The API has no idempotency key. An order is found again by its `external_reference_id`,
which every order gets here that has none; the filter is exact, the reference not unique
(DIDWW docs, Create Order, Get Orders).
"""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from secrets import token_hex
from typing import Any, cast

import attrs

from didww_async.collections.account import Balances, CapacityPools
from didww_async.collections.catalogue import DidGroups
from didww_async.collections.orders import Orders
from didww_async.errors import (
    ApiStatusError,
    AuthenticationError,
    ClientStateError,
    ConnectError,
    DidwwError,
    InsufficientBalanceError,
    InvalidRequestError,
    NotFoundError,
    OrderUnconfirmedError,
    PermissionDeniedError,
    RateLimitedError,
    TokenError,
    ValidationError,
)
from didww_async.jsonapi import JsonApiSerializer, json
from didww_async.models.base import registry
from didww_async.models.order_items import (
    NewCapacityOrderItem,
    NewDidOrderItem,
    NewEmergencyOrderItem,
)
from didww_async.models.orders import NewOrder, Order, OrderFilter, OrderStatus
from didww_async.placement import (
    Accepted,
    Answer,
    Answered,
    CannotTell,
    Found,
    Intent,
    LookUp,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    Provider,
    PutOff,
    Refused,
    Stock,
)
from didww_async.providers.didww.catalogue import Catalogue, item_id, units
from didww_async.transport import RequestCount

__all__ = ["DidwwProvider"]

FIRST_PAUSE_SECONDS = 1.0
"""How long to wait after a 429 that does not say for how long."""
LONGEST_PAUSE_SECONDS = 60.0
CLOCKS_SHOULD_DIFFER_BY = dt.timedelta(minutes=1)
CLOCKS_MAY_DIFFER_BY = dt.timedelta(days=1)
"""A clock that shows local time as UTC is wrong by 14 hours at most."""
CANCEL_AGAIN_SECONDS = (0.5, 2.0, 5.0)
_COMMA = "holds a comma, and a filter may part it there: it could not be found again"
_PLAIN = frozenset({NewDidOrderItem, NewCapacityOrderItem, NewEmergencyOrderItem})


class DidwwProvider(Provider[NewOrder, Order]):
    """Places orders through the collections of one client."""

    def __init__(
        self,
        orders: Orders,
        did_groups: DidGroups,
        capacity_pools: CapacityPools,
        balances: Balances,
    ) -> None:
        self._orders = orders
        self._balances = balances
        self._catalogue = Catalogue(did_groups, capacity_pools)
        self._codec = _plain_codec()
        serializer = orders.serializer
        # Then what the journal has is sent as it stands, and what is answered is kept so.
        self._sends_what_is_kept = (
            type(serializer) is JsonApiSerializer and not serializer.has_own_hooks
        )

    @property
    def place(self) -> str:
        """The URL of the API."""
        return self._orders.base_url

    def prepare(self, request: NewOrder) -> NewOrder:
        """The order with a reference of its own."""
        if request.external_reference_id:
            return request
        # Not evolved, which would check once more what was checked when it was made.
        prepared = copy.copy(request)
        object.__setattr__(prepared, "external_reference_id", token_hex(16))
        return prepared

    def key(self, request: NewOrder) -> str | None:
        """The `external_reference_id`."""
        if not isinstance(request, NewOrder):
            raise InvalidRequestError("order", f"takes a NewOrder, not {type(request).__name__}")
        return request.external_reference_id or None

    def reference(self, request: NewOrder) -> str:
        """The `external_reference_id`."""
        return request.external_reference_id or ""

    def dump_request(self, request: NewOrder) -> str:
        """The body of the request."""
        return self._codec.encode_new(request).decode()

    def load_request(self, text: str) -> NewOrder:
        """The order of such a body."""
        return NewOrder.from_json(json.loads(text.encode()), unknown_items=True)

    def reads_back(self, request: NewOrder) -> bool:
        """Whether it is of plain items alone."""
        return type(request) is NewOrder and all(type(item) in _PLAIN for item in request.items)

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

    async def submit(self, intent: Intent[NewOrder]) -> Answer[Order]:
        """Place the order."""
        reference = self.reference(intent.request)
        if "," in reference:
            return Refused(InvalidRequestError("external_reference_id", _COMMA))
        kept = self._sends_what_is_kept
        try:
            body = intent.text.encode() if kept else self._orders.body(intent.request)
            response = await self._orders.post(body, reference)
        except DidwwError as error:
            return _answer_to(error)
        return _Posted(self._orders, reference, response.status, response.body, keeps_document=kept)

    async def look_up(self, intent: Intent[NewOrder]) -> LookUp[Order]:
        """List the orders with the request's reference, the eldest first."""
        reference = self.reference(intent.request)
        query: OrderFilter = {"external_reference_id": reference}
        began_at = dt.datetime.fromtimestamp(intent.began_at or 0.0, dt.UTC)
        if intent.began_at is not None and not intent.adopts:
            # References are not unique: what is older by so much that no clock can be to blame
            # is another order.
            query["created_at_gteq"] = began_at - CLOCKS_MAY_DIFFER_BY
        listing = self._orders.list(filter=query, sort="created_at")
        try:
            orders = [order async for order in listing]
        except DidwwError as error:
            return CannotTell(error)
        if any(order.external_reference_id != reference for order in orders):
            # Somebody dropped the filter, so what else is or is not in the list says nothing.
            return CannotTell(DidwwError("the list of orders was not filtered by reference"))
        orders.sort(key=lambda order: (order.created_at, order.id))
        before = began_at - CLOCKS_SHOULD_DIFFER_BY
        came_since = tuple(order for order in orders if order.created_at >= before)
        # A reference whose order was canceled before is free to be used again.
        live = tuple(order for order in orders if self.is_live(order))
        if intent.adopts and live:
            return Found(live)
        if came_since:
            return Found(came_since)
        return Found(live, is_doubtful=True) if live else NoSuchOrder()

    async def cancel(self, order: Order) -> bool | None:
        """Cancel the order; false if it is not pending any more, `None` if nobody can tell."""
        for pause in CANCEL_AGAIN_SECONDS:
            try:
                await self._orders.cancel(order.id)
            except NotFoundError:
                return False
            except ValidationError:
                return await self._is_canceled(order.id)
            except DidwwError:
                await asyncio.sleep(pause)
            else:
                return True
        return None

    async def _is_canceled(self, identity: str) -> bool | None:
        """Whether it is canceled, as by a request whose answer was lost; `None` if nobody knows."""
        try:
            return (await self._orders.get(identity)).status == OrderStatus.CANCELED
        except DidwwError:
            return None

    async def quote(self, request: NewOrder) -> Decimal | None:
        """The sum of the items' prices of the first month; `None` if one has no known price."""
        total = Decimal(0)
        for item in request.items:
            offer = await self._catalogue.offer(item)
            if offer is None:
                return None
            total += offer.price * units(item)
        return total

    async def problem(self, request: NewOrder) -> str:
        """Names what can't be found again, or the first item that can't be ordered."""
        if "," in self.reference(request):
            return f"external_reference_id: {_COMMA}"
        for index, item in enumerate(request.items):
            if isinstance(item, (NewDidOrderItem, NewCapacityOrderItem)):
                offer = await self._catalogue.offer(item)
                problem = "" if offer is None else offer.problem(units(item))
                if offer is None:
                    problem = "is not in the catalogue of this account"
                if problem:
                    return f"items[{index}]: {item_id(item)} {problem}"
        return ""

    async def stock(self, request: NewOrder) -> Sequence[Stock]:
        """What it takes of numbers in stock, unless it may wait for them."""
        taken: list[Stock] = []
        if request.allow_back_ordering is False:
            for item in request.items:
                offer = await self._catalogue.offer(item)
                if isinstance(item, NewDidOrderItem) and offer is not None:
                    taken.append(Stock(offer.name, units(item), offer.in_stock))
        return taken

    async def funds(self) -> Decimal | None:
        """The total balance: with credit."""
        return (await self._balances.get()).total_balance

    def pack_key(self, request: NewOrder) -> Hashable:
        """The SKU and the options; `None` for what has a reference, or is not one such item."""
        [item, *others] = request.items
        if others or request.external_reference_id or not isinstance(item, NewDidOrderItem):
            return None
        if item.available_did_id or item.did_reservation_id:
            return None
        return (
            item.sku_id,
            request.allow_back_ordering,
            request.callback_url,
            request.callback_method,
        )

    def packed(self, requests: Sequence[NewOrder]) -> NewOrder:
        """One order with the items of all."""
        items = [item for request in requests for item in request.items]
        return attrs.evolve(cast("Any", requests[0]), items=items)  # type: ignore[no-any-return]

    def count_requests(self) -> Callable[[], int]:
        """Begin to count the requests of the running task."""
        count = RequestCount()
        return lambda: count.sent


@functools.cache
def _plain_codec() -> JsonApiSerializer:
    """What a journal is written with; one for all, as making it takes longer than an order."""
    return JsonApiSerializer(registry)


@attrs.define
class _Posted(Answered[Order]):
    orders: Orders
    reference: str
    status: int
    document: bytes
    keeps_document: bool

    def read(self) -> Accepted[Order] | NoAnswer:
        try:
            order = self.orders.read(self.status, self.document, self.reference)
        except OrderUnconfirmedError as error:
            return NoAnswer(error)
        return Accepted(order, self.document.decode() if self.keeps_document else "")


def _answer_to(error: DidwwError) -> Answer[Order]:  # noqa: PLR0911  # a table
    match error:
        case RateLimitedError(retry_after=asked):
            pause = FIRST_PAUSE_SECONDS if asked is None else asked
            if pause > LONGEST_PAUSE_SECONDS:
                return NotSent(error, stop=str(error))
            return PutOff(error, pause)
        case ConnectError():
            return NotSent(error)
        case ClientStateError() | TokenError():
            return NotSent(error, stop=str(error))
        case OrderUnconfirmedError():
            return NoAnswer(error)
        case AuthenticationError() | InsufficientBalanceError() | PermissionDeniedError():
            return Refused(error, stop=f"{type(error).__name__}: {error}")
        case ApiStatusError(errors=told):  # without any it is the word of a gateway, not of DIDWW
            return Refused(error, may_pass=not told)
        case InvalidRequestError():
            return Refused(error)
        case _:
            return NoAnswer(error)
