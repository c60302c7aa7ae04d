"""What the API tells of orders (Adobe VIP Marketplace documentation, Order resource)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs

from didww_async.jsonapi import OpenStrEnum
from didww_async.plainjson import Identity, wire

__all__ = [
    "FlexDiscount",
    "LineItem",
    "Link",
    "Links",
    "Order",
    "OrderStatus",
    "OrderType",
    "Pricing",
    "PricingSummary",
]


class OrderType(OpenStrEnum):
    """What an order is for."""

    NEW = "NEW"
    RETURN = "RETURN"
    RENEWAL = "RENEWAL"
    SWITCH = "SWITCH"
    REVERT_SWITCH = "REVERT_SWITCH"
    TRANSFER = "TRANSFER"
    """Comes of a migration to this program; it can't be ordered."""
    PREVIEW = "PREVIEW"
    PREVIEW_RENEWAL = "PREVIEW_RENEWAL"
    PREVIEW_SWITCH = "PREVIEW_SWITCH"
    PREVIEW_REVERT_SWITCH = "PREVIEW_REVERT_SWITCH"


class OrderStatus(OpenStrEnum):
    """Where an order or one of its lines stands."""

    COMPLETED = "1000"
    PROCESSING = "1002"
    FAILED = "1004"
    CANCELLED = "1008"
    """Given back: a line in full, an order with all of its lines."""
    INVALID_ADDRESS = "1010"
    DISTRIBUTOR_INACTIVE = "1020"
    RESELLER_INACTIVE = "1022"
    CUSTOMER_INACTIVE = "1024"
    INVALID_CUSTOMER = "1026"

    @property
    def is_final(self) -> bool:
        """Whether it changes no more by itself; of a status of a later release, nobody knows."""
        return self.is_known and self != OrderStatus.PROCESSING

    @property
    def is_failed(self) -> bool:
        """Whether it ended without the licences, and not because they were given back."""
        return self.is_final and self not in {OrderStatus.COMPLETED, OrderStatus.CANCELLED}


@attrs.frozen(kw_only=True)
class Link:
    """Where something else can be asked for."""

    uri: str
    method: str = "GET"


@attrs.frozen(kw_only=True)
class Links:
    """Where an order or a page came from, and the pages beside it."""

    self_: Link | None = attrs.field(default=None, alias="self_", metadata=wire("self"))
    next: Link | None = None
    prev: Link | None = None


@attrs.frozen(kw_only=True)
class FlexDiscount:
    """A flexible discount that was asked for."""

    id: Identity | None = None
    code: str | None = None
    result: str | None = None


@attrs.frozen(kw_only=True)
class Pricing:
    """What a line costs; without `currency_code` of the line it is of no use."""

    partner_price: Decimal | None = None
    """Of one licence and a whole year."""
    discounted_partner_price: Decimal | None = None
    net_partner_price: Decimal | None = attrs.field(
        default=None, metadata=wire("netPartnerPrice", "proratedPartnerPrice")
    )
    """Of one licence, discounted, for the rest of the term."""
    line_item_partner_price: Decimal | None = attrs.field(
        default=None, metadata=wire("lineItemPartnerPrice", "lineItemPrice")
    )
    """Of all licences of the line."""


@attrs.frozen(kw_only=True)
class PricingSummary:
    """What an order costs in one currency."""

    total_line_item_partner_price: Decimal | None = attrs.field(
        default=None, metadata=wire("totalLineItemPartnerPrice", "totalLineItemPrice")
    )
    currency_code: str | None = None


@attrs.frozen(kw_only=True)
class LineItem:
    """One line of an order."""

    ext_line_item_number: int
    offer_id: Identity
    """May differ from what was ordered by the discount level, which Adobe sets."""
    quantity: int
    status: OrderStatus | None = None
    """`None` in a preview."""
    subscription_id: Identity | None = None
    """`None` until the line is completed."""
    currency_code: str | None = None
    deployment_id: Identity | None = None
    discount_code: str | None = None
    flex_discounts: tuple[FlexDiscount, ...] = ()
    prorated_days: int | None = None
    pricing: Pricing | None = None
    remaining_quantity: int | None = None
    """What can still be given back; of new and renewal orders only."""


@attrs.frozen(kw_only=True)
class Order:
    """
    An order as the API tells it.

    Prices come along only if they were asked for with `fetch_price`, and the order has one
    currency and is a preview or completed.
    """

    order_id: Identity = ""
    """Empty in a preview."""
    order_type: OrderType
    customer_id: Identity | None = None
    """`None` where a list leaves it out."""
    external_reference_id: str | None = None
    """The partner's own label, which need not be unique."""
    reference_order_id: Identity | None = attrs.field(
        default=None, metadata=wire("referenceOrderId", "referencedOrderId")
    )
    """Of a return: the order that the licences came with."""
    currency_code: str | None = None
    creation_date: dt.datetime | None = None
    status: OrderStatus | None = None
    """`None` in a preview."""
    source: str | None = None
    """`API`, or `System` for an order that Adobe made by itself."""
    line_items: tuple[LineItem, ...] = ()
    pricing_summary: tuple[PricingSummary, ...] = ()
    links: Links | None = None

    @property
    def is_final(self) -> bool:
        """Whether it changes no more by itself; a preview never does."""
        return not self.order_id or (self.status is not None and self.status.is_final)


@attrs.frozen(kw_only=True)
class HistoryPage:
    """One page of a customer's orders."""

    total_count: int | None = None
    items: tuple[Order, ...] = ()
    links: Links | None = None
