"""What there is to buy: operators with their plans, and gift cards of any value."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@frozen(kw_only=True)
class Product:
    """An operator, a plan of one, or a gift card."""

    id: int
    name: str
    country: str
    """The ISO code; the documents call it `countryCode`."""
    country_name: str
    currency: str
    category: str = "topup"
    """`topup`, or `giftcard`."""
    parent_id: int | None = None
    """The operator of a plan."""
    denominations: tuple[Decimal, ...] = ()
    """What a plan costs; empty for a gift card, which costs what is asked."""
    smallest: Decimal = Decimal(0)
    largest: Decimal = Decimal(0)
    quantity_limit: int = 1
    delivery: str = "realtime"
    phone_code: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether it is there to be looked into, and can't be bought itself."""
        return self.category == "topup" and self.parent_id is None

    def has(self, denomination: Decimal) -> bool:
        """Whether it is sold at this value."""
        if self.denominations:
            return denomination in self.denominations
        return not self.is_operator and self.smallest <= denomination <= self.largest


# Operator, country, currency, phone code, and the values of its plans.
_OPERATORS = (
    (55132, "Indus Mobile", "IN", "India", "INR", "+91", (99, 199, 399, 719)),
    (55232, "Deccan Cellular", "IN", "India", "INR", "+91", (149, 249, 599)),
    (55332, "Lakeshore Wireless", "US", "United States", "USD", "+1", (10, 15, 25, 50)),
    (55432, "Thames Telecom", "GB", "United Kingdom", "GBP", "+44", (5, 10, 20)),
)
_GIFT_CARDS = (
    (29838, "Bookshop Gift Card", "IN", "India", "INR", 100, 10000),
    (29839, "Coffee Gift Card", "US", "United States", "USD", 5, 500),
)
_DELAYED = frozenset({"GB"})


def products() -> Mapping[int, Product]:
    """All products by id, the same every time."""
    return {product.id: product for product in _products()}


def _products() -> Iterable[Product]:
    for operator_id, name, code, country, currency, phone, values in _OPERATORS:
        operator = Product(
            id=operator_id,
            name=name,
            country=code,
            country_name=country,
            currency=currency,
            phone_code=phone,
            delivery="delayed" if code in _DELAYED else "realtime",
        )
        yield operator
        for place, value in enumerate(values, start=1):
            yield evolve(
                operator,
                id=operator_id + place,
                name=f"{name} {value} plan",
                parent_id=operator_id,
                denominations=(Decimal(value),),
                smallest=Decimal(value),
                largest=Decimal(value),
            )
    for card_id, name, code, country, currency, least, most in _GIFT_CARDS:
        yield Product(
            id=card_id,
            name=name,
            country=code,
            country_name=country,
            currency=currency,
            category="giftcard",
            smallest=Decimal(least),
            largest=Decimal(most),
            quantity_limit=10,
        )
