"""
What the API tells of orders and products (Plum Rewards API: Place Order, Order Details, Catalog).

Its types are loose, so all but the ids may be missing: an amount that is absent, empty or no
number is `None`, and never a reason to lose sight of an order.
"""

from __future__ import annotations

import types
import typing
from decimal import Decimal
from typing import Any, Self

import attrs

from didww_async.jsonapi import OpenStrEnum
from didww_async.jsonapi.errors import DocumentError, is_array
from didww_async.plainjson import Identity, PlainJsonSerializer, camel_case, wire
from didww_async.plainjson.structure import make_plain_converter

if typing.TYPE_CHECKING:
    import cattrs

__all__ = [
    "Balance",
    "DeliveryStatus",
    "Filter",
    "FilterGroup",
    "Order",
    "OrderMeta",
    "OrderedProduct",
    "Product",
    "ValueType",
    "Voucher",
    "VoucherDetail",
    "reader",
]


class DeliveryStatus(OpenStrEnum):
    """
    How far an order has come; the one status to judge it by.

    Plum's `orderStatus` is `complete` also while nothing is delivered yet. Capitals make no
    difference, nor does the second l of `cancelled`: the documents have every spelling.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    CANCELED = "canceled"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if isinstance(value, str) and value.lower() == "cancelled":
            return cls("canceled")
        return super()._missing_(value)


class ValueType(OpenStrEnum):
    """Whether a product has set values or takes any between two."""

    FIXED = "fixed_denomination"
    OPEN = "open_value"


@attrs.frozen(kw_only=True)
class VoucherDetail:
    """What became of one product of an order."""

    order_id: Identity | None = None
    product_id: Identity | None = None
    product_name: str | None = None
    currency_code: str | None = None
    product_status: DeliveryStatus | None = None
    denomination: Decimal | None = None
    cancelled_quantity: int | None = None
    vendor_logo: str | None = None


@attrs.frozen(kw_only=True)
class Voucher:
    """A gift card that was delivered; a top-up has none."""

    product_id: Identity | None = None
    order_id: Identity | None = None
    voucher_code: Identity | None = attrs.field(default=None, repr=False)
    pin: Identity | None = attrs.field(default=None, repr=False)
    validity: str | None = None
    amount: Decimal | None = None
    currency: str | None = None


@attrs.frozen(kw_only=True)
class OrderMeta:
    """What the request said beside the product."""

    email: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class OrderedProduct:
    """A product as the order history tells of it."""

    product_id: Identity | None = None
    product_name: str | None = None
    receiver_mobile_number: Identity | None = attrs.field(default=None, repr=False)
    receiver_email: str | None = attrs.field(default=None, repr=False)
    price: Decimal | None = None
    quantity: int | None = None
    order_product_status: DeliveryStatus | None = None
    currency: str | None = None


@attrs.frozen(kw_only=True)
class Order:
    """
    One purchase.

    Placing and fetching tell more of it than the order history does, and only the history
    tells its `products`; what the one or the other leaves out is `None` or empty.
    """

    order_id: Identity
    delivery_status: DeliveryStatus | None = None
    order_status: str | None = None
    """`complete` as soon as the order is taken; see `delivery_status`."""
    po_number: Identity | None = None
    """The one that it was placed or fetched by; `None` if it was fetched by its id."""
    order_total: Decimal | None = None
    """Rounded; `raw_order_total` is not."""
    raw_order_total: Decimal | None = None
    order_discount: Decimal | None = None
    raw_order_discount: Decimal | None = None
    discount_percent: Decimal | None = None
    currency_code: str | None = None
    currency_value: Decimal | None = None
    """What the currency was converted with."""
    amount_charged: Decimal | None = None
    tag: Identity | None = None
    quantity: int | None = None
    order_date: str | None = None
    """As sent, such as `2026-02-07 12:25:45`: the documents name no time zone."""
    delivery_date: str | None = None
    """As sent; `None` while nothing is delivered."""
    vouchers: tuple[Voucher, ...] = attrs.field(default=(), repr=False)
    """Always empty for a top-up."""
    voucher_details: tuple[VoucherDetail, ...] = ()
    products: tuple[OrderedProduct, ...] = ()
    order_meta: OrderMeta | None = None
    email: str | None = attrs.field(default=None, repr=False)

    @property
    def is_final(self) -> bool:
        """Whether it is delivered or canceled, and will not change again."""
        return self.delivery_status in {DeliveryStatus.DELIVERED, DeliveryStatus.CANCELED}


@attrs.frozen(kw_only=True)
class Product:
    """Something of the catalogue: an operator, a plan of one, or a gift card."""

    product_id: Identity
    name: str | None = None
    description: str | None = attrs.field(default=None, repr=False)
    order_quantity_limit: int | None = None
    currency_code: str | None = None
    country_code: str | None = None
    country_name: str | None = None
    value_type: ValueType | None = None
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    value_denominations: str | None = None
    """As sent, with commas between; see `denominations`."""
    delivery_type: str | None = None
    """`realtime` or `delayed`."""
    tat_in_days: Decimal | None = None
    fee: Decimal | None = None
    """In percent, as `discount`."""
    discount: Decimal | None = None
    exchange_rate: Decimal | None = None
    is_phone_number_mandatory: bool | None = None
    parent_product_id: Identity | None = None
    """The operator of a plan."""
    image_url: str | None = attrs.field(default=None, repr=False)

    @property
    def denominations(self) -> tuple[Decimal, ...]:
        """The values it is sold at; empty if it takes any, or tells none."""
        texts = (self.value_denominations or "").split(",")
        values = (_decimal_or_none(text) for text in texts)
        return tuple(value for value in values if value is not None)

    def sells(self, denomination: Decimal) -> bool:
        """Whether it can be ordered at this value."""
        if self.value_type != ValueType.OPEN or self.denominations:
            return denomination in self.denominations
        above = self.min_value is None or denomination >= self.min_value
        return above and (self.max_value is None or denomination <= self.max_value)


@attrs.frozen(kw_only=True)
class Filter:
    """One value that the catalogue can be filtered by."""

    filter_value: str | None = None
    iso_code: str | None = None
    filter_value_code: str | None = None


@attrs.frozen(kw_only=True)
class FilterGroup:
    """What the catalogue can be filtered by, such as the country."""

    filter_group_name: str | None = None
    filter_group_description: str | None = None
    filter_group_code: str | None = None
    filters: tuple[Filter, ...] = ()


@attrs.frozen(kw_only=True)
class Balance:
    """What is in the wallet."""

    value: Decimal = attrs.field(metadata=wire("value", "points"))
    currency: str | None = None


def _is_loose(type_: Any) -> bool:
    """Whether a field is a scalar or `None`."""
    return typing.get_origin(type_) in _UNIONS and _scalar_of(type_) in _SCALARS


def _scalar_of(type_: Any) -> Any:
    """The type beside `None`; a text is read as loosely as an id."""
    scalar, *_ = (member for member in typing.get_args(type_) if member is not types.NoneType)
    return Identity if scalar is str else scalar


def _is_tuple(type_: Any) -> bool:
    return typing.get_origin(type_) is tuple


def _loose_hook(type_: Any, converter: cattrs.Converter) -> Any:
    """Reads a value that nothing hinges on; one of another form than expected is `None`."""
    scalar = _scalar_of(type_)
    hook = converter.get_structure_hook(scalar)

    def structure(value: Any, _: Any) -> Any:
        try:
            return None if value is None or value == "" else hook(value, scalar)
        except DocumentError:
            return None

    return structure


def _tuple_hook(type_: Any, converter: cattrs.Converter) -> Any:
    """Reads a list, where the API may write an empty one as text or as null."""
    item_type = typing.get_args(type_)[0]
    hook = converter.get_structure_hook(item_type)

    def structure(value: Any, _: Any) -> tuple[Any, ...]:
        if value is None or value == "":
            return ()
        if not is_array(value):
            raise DocumentError.expected("an array", value)
        return tuple(hook(item, item_type) for item in value)

    return structure


_UNIONS = (typing.Union, types.UnionType)
_SCALARS = (Decimal, int, bool, Identity, DeliveryStatus, ValueType)


def reader() -> PlainJsonSerializer:
    """What reads these models, and writes them with every digit of their amounts."""
    converter = make_plain_converter(camel_case)
    converter.register_structure_hook_factory(_is_loose, _loose_hook)
    converter.register_structure_hook_factory(_is_tuple, _tuple_hook)
    converter.register_unstructure_hook(Decimal, str)
    return PlainJsonSerializer(converter=converter)


def _decimal_or_none(text: str) -> Decimal | None:
    try:
        return _READER.read(text, Decimal)
    except DocumentError:
        return None


_READER = reader()
