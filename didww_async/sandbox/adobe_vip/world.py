"""What the sandbox remembers: customers, what they can buy, and what they bought."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable

COMPLETED = "1000"
PROCESSING = "1002"
CANCELLED = "1008"
FIRST_CUSTOMER = 1005550101
FIRST_ORDER = 5120008001
FIRST_SUBSCRIPTION = 86756309
TERM_BEGAN_BEFORE = timedelta(days=30)

PRICES = {
    "65304479CA01A12": Decimal("98.880"),
    "65304520CA01A12": Decimal("263.880"),
    "80004567EA01A12": Decimal("417.360"),
}
"""The price list: what a licence of an offer costs in a year, in any currency."""


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


@define
class Customer:
    """Somebody whom licences are bought for."""

    id: str
    currency: str = "USD"
    deployments: set[str] = field(factory=lambda: {"12345"})
    discount_codes: set[str] = field(factory=lambda: {"HVD_L18_PRE"})
    term_began: datetime | None = None


@define
class OrderLine:
    """One line of an order."""

    number: int
    offer_id: str
    quantity: int
    currency: str
    deployment_id: str | None = None
    discount_code: str | None = None
    flex_codes: list[str] = field(factory=list[str])
    subscription_id: str = ""
    status: str = PROCESSING
    remaining: int = 0
    """What may still be given back."""


@define(eq=False)
class OrderRecord:
    """One order, which was placed."""

    id: str
    customer_id: str
    type: str
    reference: str
    original: str
    """The id of the order that is returned; empty for other orders."""
    lines: list[OrderLine]
    created: datetime
    visible: datetime
    """When it appears in the history."""
    due: datetime | None
    """When it is through; None until somebody says so."""
    status: str = PROCESSING
    outcome: str = COMPLETED
    """The status that it is going to have."""


@define
class World:
    """All of it, behind one lock."""

    clock: Callable[[], datetime] = utc_now
    lock: threading.RLock = field(factory=threading.RLock)
    customers: dict[str, Customer] = field(factory=dict[str, Customer])
    prices: dict[str, Decimal] = field(factory=lambda: dict(PRICES))
    flex_codes: set[str] = field(factory=lambda: {"SPRING_SALE"})
    orders: dict[str, OrderRecord] = field(factory=dict[str, OrderRecord])
    """By their ids, in the order in which they were placed."""
    subscriptions: dict[str, OrderLine] = field(factory=dict[str, OrderLine])
    subscribers: dict[str, str] = field(factory=dict[str, str])
    """Which customer has a subscription."""

    def add_customer(self, *, currency: str = "USD") -> Customer:
        """One more customer."""
        with self.lock:
            customer = Customer(str(FIRST_CUSTOMER + len(self.customers)), currency)
            customer.term_began = self.clock() - TERM_BEGAN_BEFORE
            self.customers[customer.id] = customer
            return customer

    def orders_of(self, customer_id: str) -> list[OrderRecord]:
        """A customer's orders, the eldest first."""
        return [order for order in self.orders.values() if order.customer_id == customer_id]

    def new_order_id(self) -> str:
        """The id of the next order."""
        return str(FIRST_ORDER + len(self.orders))

    def subscribe(self, customer_id: str, line: OrderLine) -> None:
        """Give a line its subscription, unless it has one already."""
        if not line.subscription_id:
            line.subscription_id = str(FIRST_SUBSCRIPTION + len(self.subscriptions))
        self.subscriptions[line.subscription_id] = line
        self.subscribers[line.subscription_id] = customer_id
