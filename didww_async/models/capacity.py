"""Channels: how many calls an account's numbers can carry at once."""

from datetime import date
from decimal import Decimal
from typing import TypedDict

from didww_async.jsonapi import UnknownResource, to_many
from didww_async.models.base import AnyOf, DidwwResource, registry
from didww_async.models.geography import Country

__all__ = ["CapacityPool", "CapacityPoolChanges", "CapacityPoolFilter", "QtyBasedPricing"]


@registry.resource("qty_based_pricings")
class QtyBasedPricing(DidwwResource):
    """The price of a channel from a quantity on; comes with a pool only, by `include`."""

    qty: int
    setup_price: Decimal
    monthly_price: Decimal


@registry.resource("capacity_pools")
class CapacityPool(DidwwResource):
    """Channels of a group of countries. An order with a `NewCapacityOrderItem` adds to them."""

    name: str
    renew_date: date
    total_channels_count: int
    assigned_channels_count: int
    minimum_limit: int
    minimum_qty_per_order: int
    setup_price: Decimal
    monthly_price: Decimal
    metered_rate: Decimal
    countries: tuple[Country, ...] = to_many("countries")
    shared_capacity_groups: tuple[UnknownResource, ...] = to_many("shared_capacity_groups")
    qty_based_pricings: tuple[QtyBasedPricing, ...] = to_many("qty_based_pricings")


CapacityPoolFilter = TypedDict(
    "CapacityPoolFilter",
    {"id": AnyOf[str], "name": str, "country.id": str, "has_unassigned_channels": bool},
    total=False,
)
"""Filters of a list of capacity pools."""


class CapacityPoolChanges(TypedDict, total=False):
    """What can be changed of a capacity pool."""

    total_channels_count: int
    """May only go down; an order raises it."""
