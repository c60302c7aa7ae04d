"""What DIDWW sells, read once: the prices and the stock behind an order's items."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import attrs

from didww_async.collections.account import CapacityPools
from didww_async.collections.catalogue import DidGroups
from didww_async.models.order_items import NewCapacityOrderItem, NewDidOrderItem, NewOrderItem

__all__ = ["Catalogue", "Offer", "item_id", "units"]


@attrs.frozen(kw_only=True)
class Offer:
    """A SKU or a capacity pool."""

    name: str
    price: Decimal
    """Of one unit: its set-up and its first month."""
    in_stock: int = 0
    """How many numbers there are of its DID group."""
    at_least: int = 1
    """The fewest units of an order."""

    def problem(self, wanted: int) -> str:
        """What speaks against so many units; empty if nothing does."""
        return f"takes {self.at_least} units at least" if wanted < self.at_least else ""


def item_id(item: NewOrderItem) -> str:
    """What an item names: its SKU, or its capacity pool."""
    match item:
        case NewDidOrderItem():
            return item.sku_id
        case NewCapacityOrderItem():
            return item.capacity_pool_id
        case _:
            return ""


def units(item: NewOrderItem) -> int:
    """How many units an item asks for: one, unless it says otherwise."""
    qty = getattr(item, "qty", 1)
    return qty if isinstance(qty, int) else 1


class Catalogue:
    """The offers by their ids."""

    def __init__(self, did_groups: DidGroups, capacity_pools: CapacityPools) -> None:
        self._did_groups = did_groups
        self._capacity_pools = capacity_pools
        self._offers: dict[str, Offer] | None = None
        self._reading = asyncio.Lock()

    async def offer(self, item: NewOrderItem) -> Offer | None:
        """What an item asks for; `None` if it is not on offer, or of a kind without a price."""
        return (await self._all()).get(item_id(item))

    async def _all(self) -> Mapping[str, Offer]:
        async with self._reading:
            if self._offers is None:
                self._offers = await self._read()
        return self._offers

    async def _read(self) -> dict[str, Offer]:
        offers: dict[str, Offer] = {}
        async for group in self._did_groups.list(include="stock_keeping_units", page_size=100):
            name = f"numbers of {group.area_name} ({group.prefix})"
            for sku in group.stock_keeping_units:
                price = sku.setup_price + sku.monthly_price
                offers[sku.id] = Offer(name=name, price=price, in_stock=group.total_count)
        async for pool in self._capacity_pools.list():
            offers[pool.id] = Offer(
                name=pool.name,
                price=pool.setup_price + pool.monthly_price,
                at_least=pool.minimum_qty_per_order,
            )
        return offers
