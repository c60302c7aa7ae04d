"""
Plum behind placement.

An order is known by its `poNumber`, which every order gets here that has none. A second order
with the same one is refused (Plum docs, Concepts), so sending the same request again can't pay
twice; the refusal tells little, though, so the order is looked up by its `poNumber` before a
request is sent again, and its number is never replaced by another one.

What an answer to `placeOrder` leads to. The documents say of no error what it leaves behind,
except that after a 5xx the order may exist. So only what speaks of the request or of the account
itself counts as a refusal; all else is looked up, whatever the documents advise:

============================== ==================== ===============================================
answer                         becomes              because
============================== ==================== ===============================================
status 1                       Accepted
PLE10001, 10014, 10015, 10018, Refused              the request, or this account with this product:
10019, 10041, 10042                                 nothing was begun (PLE10019 is a 401, no token)
PIPE10015, 10016, 10017        Refused, stop        user or company disabled, address not allowed
a refused token, renewed once  Refused, stop        no other order would fare better
no token to be had             NotSent              and stop, if asking again at once can't help
PLE10004                       Refused, unsure      most likely the `poNumber` was used: by this
                                                    very order, if an earlier answer was lost, or
                                                    by the one that is to be adopted
PLE10004 to the first request  Refused              if an order has the number: it is somebody
of all for this order                               else's, and may top up another phone
PLE10010                       Refused, unsure      "redeem points failed": perhaps the wallet is
                                                    empty, and then another try fails as well
PLE10024                       Refused, unsure      out of stock, but sent with a 502
PLE10026, 10036                Refused, unsure      the order came to be and was canceled: it is
                                                    looked up, to be reported as what it is
PLE10005, 10006, 10007, 10011, NoAnswer             "try later" or "call place again": if the look
10012, 10020, 10025                                 finds nothing, that is what happens
PLE10035, any other 5xx        NoAnswer             the documented rule for 5xx
no whole answer, status 0, 408 NoAnswer             nobody but the server knows
any other 4xx                  Refused, unsure      a refusal by its status, of an unknown reason
throttled                      PutOff               for `penaltySeconds`; nothing was done
no connection                  NotSent
============================== ==================== ===============================================

A look proves that there is no order by PLE10016 and by nothing else. PLE10021 says "not yet", and
a throttle, a 5xx, a refused token or a bare 404 say nothing. An order may take 120 seconds to come
to be, counted from when its request was sent. The window of `settle_seconds` begins later, when
the answer is lost, so it is never too short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from uuid import uuid4

import attrs

from didww_async.errors import (
    ApiStatusError,
    AuthenticationError,
    ClientStateError,
    ConflictError,
    ConnectError,
    DidwwError,
    InvalidRequestError,
    NotFoundError,
    OrderUnconfirmedError,
    RateLimitedError,
    TokenError,
)
from didww_async.jsonapi import Unset
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
from didww_async.plainjson import PlainJsonSerializer
from didww_async.providers.plum.answers import DUPLICATE, NO_SUCH_ORDER, certainly_refused, code_of
from didww_async.providers.plum.client import PlumClient
from didww_async.providers.plum.models import DeliveryStatus, Order, Product, reader
from didww_async.providers.plum.requests import NewTopUpOrder, check_sold, private_texts
from didww_async.transport import RequestCount

__all__ = ["PlumProvider"]

PENALTY_SECONDS = 60.0
"""How long to stay away if a throttle does not say; the documents' example."""
_MAY_BE_FINAL = frozenset({"PLE10010", "PLE10024"})
_BARRED = frozenset({"PIPE10013", "PIPE10015", "PIPE10016", "PIPE10017"})


class PlumProvider(Provider[NewTopUpOrder, Order]):
    """Places top-ups through one client."""

    settle_seconds = 120.0
    repeats_can_double = False

    def __init__(self, client: PlumClient) -> None:
        self._client = client
        self._requests = PlainJsonSerializer()
        self._orders = reader()
        self._products: dict[str, Product | None] = {}
        self._looking = asyncio.Lock()

    @property
    def place(self) -> str:
        """The URL of the API."""
        return self._client.base_url

    def reference(self, request: NewTopUpOrder) -> str:
        """The `poNumber`."""
        return "" if isinstance(request.po_number, Unset) else request.po_number

    def prepare(self, request: NewTopUpOrder) -> NewTopUpOrder:
        """The order with a `poNumber`."""
        if self.reference(request):
            return request
        return attrs.evolve(request, po_number=uuid4().hex)

    def dump_request(self, request: NewTopUpOrder) -> str:
        """The order as JSON, the phone to top up included: a journal needs it to send it again."""
        return self._requests.encode(request).decode()

    def load_request(self, text: str) -> NewTopUpOrder:
        """The order of such a text."""
        return self._requests.decode(text.encode(), NewTopUpOrder)

    def dump_order(self, order: Order) -> str:
        """The order as JSON, without the codes of vouchers, which are as good as money."""
        return self._orders.encode(attrs.evolve(order, vouchers=())).decode()

    def load_order(self, text: str) -> Order:
        """The order of such a text."""
        return self._orders.decode(text.encode(), Order)

    async def submit(self, intent: Intent[NewTopUpOrder]) -> Answer[Order]:
        """Place the order."""
        try:
            return Accepted(await self._client.place_order(intent.request))
        except DidwwError as error:
            failure = error
        is_first = intent.attempts <= 1 and not intent.adopts
        if is_first and isinstance(failure, ConflictError) and code_of(failure) == DUPLICATE:
            return await self._taken(failure, self.reference(intent.request))
        return _answer_to(failure)

    async def _taken(self, error: DidwwError, po_number: str) -> Refused:
        """The refusal of a number that no earlier request for this order can have used."""
        taker = "an order that can't be seen now"
        try:
            order = await self._client.get_order(po_number=po_number)
            taker = f"order {order.order_id}"
        except DidwwError as failure:
            if isinstance(failure, NotFoundError) and code_of(failure) == NO_SUCH_ORDER:
                return Refused(error, unsure=True)  # so it was refused for another reason
        problem = (
            f"the po_number {po_number!r} was used before, by {taker}, and nothing was sent for "
            "this one then: give it another number, or take that order over with adopt_existing, "
            "without a journal that has this refusal"
        )
        return Refused(DidwwError(problem))

    async def look_up(self, intent: Intent[NewTopUpOrder]) -> LookUp[Order]:
        """Fetch the order by its `poNumber`."""
        po_number = self.reference(intent.request)
        try:
            order = await self._client.get_order(po_number=po_number)
        except DidwwError as error:
            if isinstance(error, NotFoundError) and code_of(error) == NO_SUCH_ORDER:
                return NoSuchOrder()
            # The server may have repeated whose order it is.
            return CannotTell(error.redacted(private_texts(intent.request)))
        difference = _difference(order, intent.request)
        if not difference:
            return Found((order,))
        # There can be no other order with this number, and none is sent under another number.
        # "None" would be wrong if the answer only tells the product in another way than the
        # request did, and a refusal would be reported of an order that was paid.
        problem = f"order {order.order_id} has the po_number {po_number!r} and {difference}"
        return CannotTell(DidwwError(f"{problem}; see whether it is the one that was meant"))

    def order_id(self, order: Order) -> str:
        """The order's id."""
        return order.order_id

    def is_live(self, order: Order) -> bool:
        """Whether the order is not canceled."""
        return order.delivery_status != DeliveryStatus.CANCELED

    async def cancel(self, order: Order) -> bool | None:  # noqa: ARG002
        """False: the API has no way to cancel an order."""
        return False

    def cost(self, order: Order) -> Decimal:
        """What was charged, or else the order's total; 0 if neither was told."""
        sums = (order.amount_charged, order.raw_order_total, order.order_total)
        return next((amount for amount in sums if amount is not None), Decimal(0))

    def describe(self, order: Order) -> Mapping[str, object]:
        """The order's columns of a report."""
        return {
            "order_id": order.order_id,
            "po_number": order.po_number or "",
            "delivery_status": order.delivery_status.value if order.delivery_status else "",
            "amount": self.cost(order),
            "currency": order.currency_code or "",
        }

    async def quote(self, request: NewTopUpOrder) -> Decimal | None:
        """The denomination times the quantity: what it costs without fee and discount."""
        return request.denomination * request.quantity

    async def problem(self, request: NewTopUpOrder) -> str:
        """Why the catalogue does not sell it; each product is looked up once."""
        async with self._looking:
            if request.product_id not in self._products:
                found = await self._client.product(request.product_id)
                self._products[request.product_id] = found
        try:
            check_sold(request, self._products[request.product_id])
        except InvalidRequestError as error:
            return str(error)
        return ""

    def count_requests(self) -> Callable[[], int]:
        """Begin to count the requests of the running task."""
        count = RequestCount()
        return lambda: count.sent


def _answer_to(error: DidwwError) -> Answer[Order]:
    """See the table of this module."""
    answer: Answer[Order]
    match error:
        case OrderUnconfirmedError(cause=cause):
            is_final = code_of(cause) in _MAY_BE_FINAL
            answer = Refused(cause, unsure=True) if is_final else NoAnswer(error)
        case RateLimitedError(retry_after=seconds):
            answer = PutOff(error, PENALTY_SECONDS if seconds is None else seconds)
        case ConnectError() | TokenError() | ClientStateError():
            answer = NotSent(error, stop=_why_stop(error))
        case ApiStatusError():
            unsure = not certainly_refused(error)
            answer = Refused(error, stop=_why_stop(error), unsure=unsure)
        case InvalidRequestError():
            answer = Refused(error)
        case _:
            answer = NoAnswer(error)
    return answer


def _why_stop(error: DidwwError) -> str:
    """Why no other order stands a chance either; empty if this one was out of luck."""
    match error:
        case TokenError():
            stops = bool(error.advice) or isinstance(error.cause, ClientStateError)
        case AuthenticationError() | ClientStateError():
            stops = True
        case _:
            stops = code_of(error) in _BARRED
    return f"{type(error).__name__}: {error}" if stops else ""


def _difference(order: Order, request: NewTopUpOrder) -> str:
    """What tells an order from the one that was requested; empty if nothing does."""
    for detail in order.voucher_details:
        if detail.product_id is not None and detail.product_id != request.product_id:
            return f"is of product {detail.product_id}, not {request.product_id}"
        if detail.denomination is not None and detail.denomination != request.denomination:
            return f"is of {detail.denomination}, not {request.denomination}"
    return ""
