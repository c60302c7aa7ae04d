"""
What an order buys, and what it was billed for.

An item goes out as one of the `New...OrderItem` classes and comes back as another
class: the answer tells prices and dates, and no longer the SKU or the number's
source. Nor does it keep the order of the request: never pair the two by position.
"""

from datetime import date
from decimal import Decimal
from typing import TypeAlias

from didww_async.errors import InvalidRequestError
from didww_async.jsonapi import UNSET, UnknownObject, Unset, new_nested, optional
from didww_async.jsonapi.model import read_model
from didww_async.models.base import DidwwObject, registry

__all__ = [
    "CapacityOrderItem",
    "DidOrderItem",
    "EmergencyOrderItem",
    "GenericOrderItem",
    "NewCapacityOrderItem",
    "NewDidOrderItem",
    "NewEmergencyOrderItem",
    "NewOrderItem",
    "OrderItem",
    "UnknownOrderItem",
]

MAX_BILLING_CYCLES = 999


@read_model()
class BilledItem(DidwwObject):
    """What every item of an answer tells."""

    qty: int
    nrc: Decimal
    """Setup charge for one unit, VAT included."""
    mrc: Decimal
    """Monthly charge for one unit, VAT included."""
    prorated_mrc: bool
    billed_from: date | None = optional()
    """First day that was billed; `None` until then."""
    billed_to: date | None = optional()


@registry.nested("did_order_items")
class DidOrderItem(BilledItem):
    """Numbers of one DID group."""

    did_group_id: str | None = optional()
    setup_price: Decimal | None = optional()
    """The old name of `nrc`; `None` where the server no longer sends it."""
    monthly_price: Decimal | None = optional()
    """The old name of `mrc`; `None` where the server no longer sends it."""


@registry.nested("capacity_order_items")
class CapacityOrderItem(BilledItem):
    """Channels of a capacity pool."""

    capacity_pool_id: str | None = optional()


@registry.nested("emergency_order_items")
class EmergencyOrderItem(BilledItem):
    """Emergency calling."""

    emergency_calling_service_id: str | None = optional()


@registry.nested("generic_order_items")
class GenericOrderItem(BilledItem):
    """Anything else that was billed, such as a payment processing fee."""


class UnknownOrderItem(UnknownObject):
    """An item of a type that this release does not know; it goes back out unchanged."""

    __slots__ = ()


OrderItem: TypeAlias = (
    DidOrderItem | CapacityOrderItem | EmergencyOrderItem | GenericOrderItem | UnknownOrderItem
)
"""An item of an order that was read."""


def _check_id(field: str, value: object) -> None:
    if not isinstance(value, str) or not value or value.strip() != value:
        given = repr(value) if isinstance(value, str) else type(value).__name__
        raise InvalidRequestError(field, f"takes an id as the API gave it, not {given}")


def _check_qty(value: object) -> None:
    if type(value) is not int or value < 1:
        raise InvalidRequestError("qty", f"takes a whole number from 1, not {value!r}")


@new_nested("did_order_items")
class NewDidOrderItem:
    """
    Numbers to buy: `qty` of a SKU, or one certain number of it.

    At most one of `qty`, `available_did_id` and `did_reservation_id`; with none of
    them, one number (DIDWW docs, Create Order).

    Raises:
        InvalidRequestError: A field can't be sent; it is named.
    """

    sku_id: str
    """From `did_groups`, with `include="stock_keeping_units"`."""
    qty: int | Unset = UNSET
    available_did_id: str | Unset = UNSET
    """Buys this very number."""
    did_reservation_id: str | Unset = UNSET
    """Buys the number that the reservation holds."""
    nanpa_prefix_id: str | Unset = UNSET
    """Only numbers of this NPA-NXX; for +1."""
    billing_cycles_count: int | None | Unset = UNSET
    """Renewals before the numbers expire, 0 to 999; `None` renews without end, as does `UNSET`."""
    prorate_days_qty: int | Unset = UNSET
    """Service days to include; ignored unless the account has prorated billing."""

    def __attrs_post_init__(self) -> None:
        _check_id("sku_id", self.sku_id)
        if self.qty is not UNSET:
            _check_qty(self.qty)
        if self.nanpa_prefix_id is not UNSET:
            _check_id("nanpa_prefix_id", self.nanpa_prefix_id)
        sources: list[str] = [] if self.qty is UNSET else ["qty"]
        if self.available_did_id is not UNSET:
            _check_id("available_did_id", self.available_did_id)
            sources.append("available_did_id")
        if self.did_reservation_id is not UNSET:
            _check_id("did_reservation_id", self.did_reservation_id)
            sources.append("did_reservation_id")
        if len(sources) > 1:
            raise InvalidRequestError(
                " + ".join(sources),
                "an item has one source of numbers; keep one of them, or make an item of each",
            )
        cycles = self.billing_cycles_count
        if not (
            cycles is UNSET
            or cycles is None
            or (type(cycles) is int and 0 <= cycles <= MAX_BILLING_CYCLES)
        ):
            raise InvalidRequestError(
                "billing_cycles_count",
                f"takes 0 to {MAX_BILLING_CYCLES}, or None for no end, not {cycles!r}",
            )
        days = self.prorate_days_qty
        if days is not UNSET and (type(days) is not int or days < 1):
            raise InvalidRequestError(
                "prorate_days_qty", f"takes a whole number from 1, not {days!r}"
            )


@new_nested("capacity_order_items")
class NewCapacityOrderItem:
    """
    Channels to add to a capacity pool.

    Raises:
        InvalidRequestError: A field can't be sent; it is named.
    """

    capacity_pool_id: str
    qty: int | Unset = UNSET
    """At least the pool's `minimum_qty_per_order`; left out, the server takes 1."""

    def __attrs_post_init__(self) -> None:
        _check_id("capacity_pool_id", self.capacity_pool_id)
        if self.qty is not UNSET:
            _check_qty(self.qty)


@new_nested("emergency_order_items")
class NewEmergencyOrderItem:
    """
    Emergency calling to pay for.

    DIDWW documents emergency verifications as the way to it, and whether an order
    may ask for it is not documented: a refusal by the server is to be expected.

    Raises:
        InvalidRequestError: A field can't be sent; it is named.
    """

    emergency_calling_service_id: str | Unset = UNSET
    qty: int | Unset = UNSET

    def __attrs_post_init__(self) -> None:
        if self.emergency_calling_service_id is not UNSET:
            _check_id("emergency_calling_service_id", self.emergency_calling_service_id)
        if self.qty is not UNSET:
            _check_qty(self.qty)


NewOrderItem: TypeAlias = (
    NewDidOrderItem | NewCapacityOrderItem | NewEmergencyOrderItem | UnknownOrderItem
)
"""An item of an order to place."""
