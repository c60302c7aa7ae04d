"""The orders of the account, the wallet that pays for them, and how they are delivered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, field

from didww_async.sandbox.plum.refusals import application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didww_async.sandbox.plum.bodies import Wanted
    from didww_async.sandbox.plum.catalogue import Product

PENDING = "pending"
DELIVERED = "delivered"
CANCELED = "canceled"
_FIRST_ORDER_ID = 6552001


def utc_now() -> datetime:
    """The time of day, aware."""
    return datetime.now(UTC)


@define(eq=False, kw_only=True)
class PlacedOrder:
    """One order, as the sandbox remembers it."""

    id: int
    po_number: str
    product: Product
    denomination: Decimal
    quantity: int
    phone: str = field(repr=False)
    """Code and number as sent."""
    email: str = field(repr=False)
    tag: str
    placed_at: datetime
    status: str = PENDING
    """`pending`, `delivered` or `canceled`."""
    finished_at: datetime | None = None
    mails: int = 0
    """How many mails the receiver got by `notifyReceiverEmail`."""
    mails_sent_again: int = 0
    """How many by `sendMailToReceiver`; a recovery that asks for one annoys somebody."""

    @property
    def total(self) -> Decimal:
        """What it costs."""
        return self.denomination * self.quantity


class Orders:
    """
    Everything that was ordered.

    Safe to read and to change from any thread while holding `lock`.
    """

    def __init__(
        self,
        products: Mapping[int, Product],
        *,
        balance: Decimal,
        country: str,
        international: bool,
        deliver_after: float | None,
        details_after: float,
        details_error: str,
        duplicate_error: str,
        low_balance_error: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.lock = threading.RLock()
        self.balance = balance
        self.placed: list[PlacedOrder] = []
        """All orders, the eldest first."""
        self.out_of_stock: set[int] = set()
        """Products that can't be had at the moment."""
        self.finished: Callable[[PlacedOrder], None] = lambda _: None
        """Called when an order is delivered or canceled."""
        self._products = products
        self._country = country
        self._international = international
        self._deliver_after = deliver_after
        self._details_after = timedelta(seconds=details_after)
        self._details_error = details_error
        self._duplicate_error = duplicate_error
        self._low_balance_error = low_balance_error
        self._clock = clock
        self._by_po_number: dict[str, PlacedOrder] = {}
        self._by_id: dict[int, PlacedOrder] = {}
        self._pending: dict[int, PlacedOrder] = {}

    def place(self, wanted: Wanted) -> PlacedOrder:
        """Take an order and its money, or refuse it and change nothing."""
        product = self._products.get(wanted.product_id)
        if product is None or product.is_operator:
            raise application("PLE10042")
        if wanted.po_number in self._by_po_number:
            raise application(self._duplicate_error, "poNumber was used before")
        if wanted.quantity > product.quantity_limit:
            raise application("PLE10041")
        if not product.has(wanted.denomination):
            raise application("PLE10018")
        if product.category == "topup" and not wanted.phone:
            raise application("PLE10001", "the phone to top up is missing")
        if product.country != self._country and not self._international:
            raise application("PLE10019")
        if product.id in self.out_of_stock:
            raise application("PLE10024")
        total = wanted.denomination * wanted.quantity
        if total > self.balance:
            raise application(self._low_balance_error, "the wallet has too little balance")
        self.balance -= total
        order = PlacedOrder(
            id=_FIRST_ORDER_ID + len(self.placed),
            po_number=wanted.po_number,
            product=product,
            denomination=wanted.denomination,
            quantity=wanted.quantity,
            phone=wanted.phone,
            email=wanted.email,
            tag=wanted.tag,
            placed_at=self._clock(),
            mails=int(wanted.notify_receiver),
        )
        self.placed.append(order)
        self._by_po_number[order.po_number] = order
        self._by_id[order.id] = order
        self._pending[order.id] = order
        self.tick()  # one that is delivered at once says so in its first answer
        return order

    def find(self, po_number: str, order_id: int) -> PlacedOrder:
        """The order of one of the two; the refusal if there is none or it can't be seen yet."""
        order = self._by_po_number.get(po_number) if po_number else self._by_id.get(order_id)
        if order is None:
            raise application("PLE10016")
        if self._clock() < order.placed_at + self._details_after:
            raise application(self._details_error)
        return order

    def with_po_number(self, po_number: str) -> PlacedOrder | None:
        """The order with this `poNumber`, whoever may see it."""
        return self._by_po_number.get(po_number)

    def finish(self, order_id: int, status: str) -> None:
        """End a pending order; a canceled one is paid back. `LookupError` if none is pending."""
        order = self._pending.pop(order_id, None)
        if order is None:
            raise LookupError(f"no order with this id is pending: {order_id}")
        order.status = status
        order.finished_at = self._clock()
        if status == CANCELED:
            self.balance += order.total
        self.finished(order)

    @property
    def pending(self) -> tuple[PlacedOrder, ...]:
        """The orders that are neither delivered nor canceled, the eldest first."""
        return tuple(self._pending.values())

    @property
    def next_due(self) -> datetime | None:
        """When the next order will be delivered; `None` if nothing is on its way."""
        eldest = next(iter(self._pending.values()), None)
        if eldest is None or self._deliver_after is None:
            return None
        return eldest.placed_at + timedelta(seconds=self._deliver_after)

    def tick(self) -> None:
        """Deliver what has fallen due."""
        while (due := self.next_due) is not None and due <= self._clock():
            self.finish(next(iter(self._pending)), DELIVERED)
