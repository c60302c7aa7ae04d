"""
Adobe's VIP Marketplace behind placement.

An order has two names here. Its correlation id is the idempotency key: the server answers
it again, for 10 days, as it answered it first, so a lost answer is asked for again with it.
Any answer uses it up, though, an error too. Then the order is looked for in the customer's
history by its `external_reference_id`, which every order gets here that has none, before it
is sent with another correlation id (VIP Marketplace docs, Idempotency).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, cast
from uuid import uuid4

import attrs

from didww_async.collections.fate import hides_the_fate
from didww_async.errors import (
    ApiStatusError,
    AuthenticationError,
    ClientStateError,
    ConnectError,
    DidwwError,
    InvalidRequestError,
    OrderUnconfirmedError,
    PermissionDeniedError,
    RateLimitedError,
    ResponseTooLargeError,
    TokenError,
    TryAgainLaterError,
)
from didww_async.jsonapi import UNSET, DocumentError, Unset
from didww_async.jsonapi.structure import decimal_text
from didww_async.placement import (
    Accepted,
    Answer,
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
)
from didww_async.plainjson import PlainJsonSerializer, camel_case, loads
from didww_async.plainjson.structure import make_plain_converter
from didww_async.providers.adobe_vip.answers import STILL_PROCESSING, code_of
from didww_async.providers.adobe_vip.client import AdobeVipClient
from didww_async.providers.adobe_vip.models import LineItem, Order, OrderStatus, OrderType
from didww_async.providers.adobe_vip.queries import check_correlation_id, checked_id
from didww_async.providers.adobe_vip.requests import (
    NewLineItem,
    NewOrder,
    OrderPreview,
    RenewalOrder,
    ReturnLineItem,
    ReturnOrder,
    class_of,
)
from didww_async.transport import RequestCount

__all__ = ["AdobeVipProvider", "CustomerOrder", "RealOrder"]

REMEMBERED_SECONDS = 10 * 24 * 3600.0
"""How long the server knows a correlation id."""
REMEMBERED_MARGIN_SECONDS = 3600.0
CLOCK_SKEW_SECONDS = 600.0
"""How far the clocks here and there may be apart, when the history is searched."""
FIRST_DAY = dt.date(2000, 1, 1)
"""Before any order: without a start the history begins with the current term."""
STILL_PROCESSING_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
PRODUCT_CHARACTERS = 8
MOST_REFUSED_TOKENS = 3
"""Each of them fresh: after that it is not the token."""
NOT_ALLOWED_HERE = "4121"
"""Not allowed for this customer, which says nothing of others."""

RealOrder: TypeAlias = NewOrder | ReturnOrder | RenewalOrder
"""What can be placed: every class of order but the previews."""


@attrs.frozen(kw_only=True)
class CustomerOrder:
    """
    One order, and whom it is for.

    Raises:
        InvalidRequestError: The customer's id is none, or the order only a preview.
    """

    customer_id: str
    order: RealOrder
    correlation_id: str | Unset = UNSET
    """By which the server knows this order; made when it is placed."""

    def __attrs_post_init__(self) -> None:
        checked_id("customer_id", self.customer_id)
        if not isinstance(self.order, (NewOrder, ReturnOrder, RenewalOrder)):
            raise InvalidRequestError(
                "order", f"takes a NewOrder, RenewalOrder or ReturnOrder, not {self.order!r}"
            )
        if self.correlation_id is not UNSET:
            check_correlation_id(self.correlation_id)


class AdobeVipProvider(Provider[CustomerOrder, Order]):
    """
    Places orders through one client.

    `pause_seconds` is how long to wait when the server is too busy to take orders and does
    not say for how long. `now` tells seconds since 1970.
    """

    settle_seconds = 30.0
    # A repetition with the same id can't; one with another id can, if the first order
    # appears in the history only after the window in which it is looked for.
    repeats_can_double = True

    def __init__(
        self,
        client: AdobeVipClient,
        *,
        pause_seconds: float = 5.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._pause_seconds = pause_seconds
        self._now = now
        self._plain = _journal_serializer()
        # By intent, as several of them meet one old token at once. A token that is accepted
        # anywhere shows that the credentials are good, so it counts for all.
        self._refused_tokens: Counter[str] = Counter()
        self._previewed: tuple[CustomerOrder, Order | DidwwError | None] | None = None

    @property
    def place(self) -> str:
        """The URL of the API."""
        return self._client.base_url

    def reference(self, request: CustomerOrder) -> str:
        """The `external_reference_id`."""
        return request.order.external_reference_id or ""

    def prepare(self, request: CustomerOrder) -> CustomerOrder:
        """The order with a reference and a correlation id of its own."""
        order, correlation_id = request.order, request.correlation_id
        if not order.external_reference_id:
            # A UUID with its dashes is one character too long.
            order = attrs.evolve(cast("Any", order), external_reference_id=uuid4().hex)
        return attrs.evolve(request, order=order, correlation_id=correlation_id or str(uuid4()))

    def renew(self, request: CustomerOrder) -> CustomerOrder:
        """The same order with another correlation id, which nobody answered yet."""
        return attrs.evolve(request, correlation_id=str(uuid4()))

    def repeats_safely(self, intent: Intent[CustomerOrder]) -> bool:
        """Whether the server still knows the correlation id: 10 days, less an hour."""
        if intent.began_at is None:
            return False
        age = self._now() - intent.began_at
        return -REMEMBERED_MARGIN_SECONDS < age < REMEMBERED_SECONDS - REMEMBERED_MARGIN_SECONDS

    def dump_request(self, request: CustomerOrder) -> str:
        """The order as JSON, with its customer and correlation id."""
        return self._plain.encode(request).decode()

    def load_request(self, text: str) -> CustomerOrder:
        """The order of such a text."""
        members = loads(text.encode())
        order = members["order"]
        kind = class_of(order["orderType"])
        if kind is None:
            raise DocumentError("expected a type of order, got another text", "$.order.orderType")
        return CustomerOrder(
            customer_id=members["customerId"],
            order=self._plain.read(order, kind, "$.order"),
            correlation_id=members.get("correlationId", UNSET),
        )

    def dump_order(self, order: Order) -> str:
        """The order as JSON, prices digit by digit."""
        return self._plain.encode(order).decode()

    def load_order(self, text: str) -> Order:
        """The order of such a text."""
        return self._plain.decode(text.encode(), Order)

    async def submit(self, intent: Intent[CustomerOrder]) -> Answer[Order]:
        """Send the order with its correlation id, again if it is still being processed."""
        request = intent.request
        waited = False
        for pause in (*STILL_PROCESSING_PAUSES, None):
            try:
                order = await self._client.create_order(
                    request.customer_id,
                    request.order,
                    correlation_id=request.correlation_id or None,
                )
            except DidwwError as error:
                if code_of(error) != STILL_PROCESSING or pause is None:
                    return self._answer_to(error, intent, waited=waited)
            else:
                self._refused_tokens.clear()
                if waited or intent.attempts > 1:
                    order = await self._as_it_is_now(request.customer_id, order)
                return Accepted(order)
            # Not put off: an order with this id may be on its way, so there must be no
            # other id until its fate is known. The same one can't order twice, however
            # often it is sent, and gets the answer of the first as soon as there is one.
            waited = True
            await asyncio.sleep(pause)
        raise AssertionError("the last pause is none")

    async def look_up(self, intent: Intent[CustomerOrder]) -> LookUp[Order]:
        """Search the customer's history for the order, as there is no filter for its reference."""
        request = intent.request
        start: dt.date = FIRST_DAY
        if intent.began_at is not None and not intent.adopts:
            start = dt.datetime.fromtimestamp(intent.began_at - CLOCK_SKEW_SECONDS, dt.UTC)
        history = self._client.order_history(request.customer_id, start_date=start)
        try:
            # By their ids: an order that is pushed on to the next page by a newer one while
            # the pages are read comes twice, and is one all the same.
            named = {o.order_id: o async for o in history if _may_be(o, request.order)}
        except DidwwError as error:
            return CannotTell(error)
        found = [order for order in named.values() if _has_lines_of(order, request.order)]
        if found:
            eldest = sorted(found, key=lambda o: (o.creation_date or _NEVER, o.order_id))
            return Found(tuple(eldest))
        if named:
            # "None" would be wrong if Adobe only tells the lines in another way than the request
            # did, and licences would be bought twice.
            problem = (
                f"with the reference {self.reference(request)!r} and other lines there is order "
                f"{', '.join(sorted(named))}; see whether it is the one that was meant"
            )
            return CannotTell(DidwwError(problem))
        return NoSuchOrder()

    def order_id(self, order: Order) -> str:
        """The order's id."""
        return order.order_id

    def is_live(self, order: Order) -> bool:
        """Whether the order neither failed nor was given back in full."""
        status = order.status
        return status is None or not (status.is_failed or status == OrderStatus.CANCELLED)

    async def cancel(self, order: Order) -> bool | None:  # noqa: ARG002
        """False: giving licences back is an order of its own, and somebody's decision."""
        return False

    def cost(self, order: Order) -> Decimal:
        """The order's price where it came with one, which it does when it is completed; else 0."""
        if order.order_type == OrderType.RETURN:
            return Decimal(0)
        sums = [each.total_line_item_partner_price for each in order.pricing_summary]
        return sum((price for price in sums if price is not None), Decimal(0))

    def describe(self, order: Order) -> Mapping[str, object]:
        """The order's columns of a report."""
        return {
            "order_id": order.order_id,
            "customer_id": order.customer_id or "",
            "order_type": order.order_type.value,
            "reference": order.external_reference_id or "",
            "status": order.status.value if order.status is not None else "",
            "created_at": order.creation_date,
        }

    async def quote(self, request: CustomerOrder) -> Decimal | None:
        """
        The price that a preview of a new order tells; `None` for others, or if it is refused.

        Raises:
            DidwwError: Nobody was asked, and no other order would fare better.
        """
        told = await self._preview(request)
        self._previewed = (request, told)
        return self.cost(told) if isinstance(told, Order) and told.pricing_summary else None

    async def problem(self, request: CustomerOrder) -> str:
        """Why a preview of a new order is refused; empty if it is not, and for other orders."""
        known, self._previewed = self._previewed, None
        # A quote asks the same, most often just before.
        told = known[1] if known and known[0] == request else await self._preview(request)
        return str(told) if isinstance(told, DidwwError) else ""

    async def _preview(self, request: CustomerOrder) -> Order | DidwwError | None:
        """What a new order would become, or what it is refused with; `None` for other orders."""
        order = request.order
        if not isinstance(order, NewOrder):
            return None
        preview = OrderPreview(line_items=order.line_items, currency_code=order.currency_code)
        try:
            return await self._client.create_order(request.customer_id, preview, fetch_price=True)
        except (AuthenticationError, ClientStateError, ConnectError, TokenError):
            raise
        except DidwwError as error:
            return error

    def count_requests(self) -> Callable[[], int]:
        """Begin to count the requests of the running task."""
        count = RequestCount()
        return lambda: count.sent

    async def _as_it_is_now(self, customer_id: str, order: Order) -> Order:
        """The order read anew: an answer that was repeated tells the status of then."""
        try:
            return await self._client.get_order(customer_id, order.order_id)
        except DidwwError:
            return order  # it exists, and that is what was asked

    def _answer_to(
        self, error: DidwwError, intent: Intent[CustomerOrder], *, waited: bool
    ) -> Answer[Order]:
        repeated = waited or intent.attempts > 1
        answer: Answer[Order]
        match error:
            case OrderUnconfirmedError():
                answer = NoAnswer(error, used_up=_was_answered(error))
            case ClientStateError() | TokenError() | ConnectError():
                answer = NoAnswer(error) if waited else NotSent(error, stop=_why_stop(error))
            case RateLimitedError() | TryAgainLaterError() | AuthenticationError():
                answer = self._answer_to_passing(error, intent, repeated=repeated)
            case ApiStatusError() | InvalidRequestError() if not hides_the_fate(error):
                # The server is to repeat its first answer before it looks at the request; if
                # it looks first, a refusal may come of the very order that was placed.
                answer = Refused(error, stop=_why_stop(error), unsure=repeated)
                if not answer.stop and code_of(
                    error
                ):  # of the order: the token was looked at first
                    self._refused_tokens.clear()
            case _:
                answer = NoAnswer(error, used_up=True)
        return answer

    def _answer_to_passing(
        self, error: ApiStatusError, intent: Intent[CustomerOrder], *, repeated: bool
    ) -> Answer[Order]:
        """
        What to do about a refusal that says nothing of the order.

        This request did nothing, and its correlation id was answered and needs to be
        replaced. If an earlier one with the same id was lost, that one may have done
        something, so the order is looked for before it gets another id.
        """
        if code_of(error) == STILL_PROCESSING:
            return NoAnswer(error)
        seconds = self._pause_seconds
        if isinstance(error, AuthenticationError):
            self._refused_tokens[intent.key] += 1
            if not repeated and self._refused_tokens[intent.key] >= MOST_REFUSED_TOKENS:
                self._refused_tokens.clear()  # a run that comes later begins anew
                return Refused(error, stop=f"{type(error).__name__}: {error}")
            seconds = 0.0  # there is a fresh token by now
        elif isinstance(error, RateLimitedError) and error.retry_after is not None:
            seconds = error.retry_after
        return NoAnswer(error, used_up=True) if repeated else PutOff(error, seconds, used_up=True)


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def _journal_serializer() -> PlainJsonSerializer:
    """Writes a decimal as text: a number of JSON might round what the server told."""
    converter = make_plain_converter(camel_case)
    converter.register_unstructure_hook(Decimal, decimal_text)
    return PlainJsonSerializer(converter=converter)


def _was_answered(error: OrderUnconfirmedError) -> bool:
    """Whether there was an answer, which would be the answer to the correlation id again."""
    return error.status is not None or isinstance(error.cause, ResponseTooLargeError)


def _why_stop(error: DidwwError) -> str:
    """Why no other order stands a chance either; empty if this one was out of luck."""
    match error:
        case TokenError(cause=ApiStatusError(status=400 | 401 | 403) | ClientStateError()):
            stops = True
        case PermissionDeniedError():
            stops = code_of(error) != NOT_ALLOWED_HERE
        case _:
            stops = isinstance(error, ClientStateError)
    return f"{type(error).__name__}: {error}" if stops else ""


def _may_be(order: Order, request: RealOrder) -> bool:
    """Whether an order can be the one that was asked for: by reference, type and original."""
    original = request.reference_order_id if isinstance(request, ReturnOrder) else None
    return (
        order.external_reference_id == request.external_reference_id
        and order.order_type == request.order_type
        and (original is None or order.reference_order_id in {original, None})
    )


def _has_lines_of(order: Order, request: RealOrder) -> bool:
    # A list that leaves the lines out speaks of it all the same: nothing is ordered twice.
    return not order.line_items or _line_marks(order) == _line_marks(request)


def _line_marks(order: Order | RealOrder) -> set[tuple[int, str, int]]:
    return {_line_mark(line) for line in order.line_items}


def _line_mark(line: LineItem | NewLineItem | ReturnLineItem) -> tuple[int, str, int]:
    # The end of an offer's id tells its discount level, which Adobe may set to another.
    return line.ext_line_item_number, line.offer_id[:PRODUCT_CHARACTERS], line.quantity
