"""Each line that is marked must be an error to mypy and to pyright, and no other line."""

from __future__ import annotations

from didww_async import DidwwClient, NewDidOrderItem, Order
from didww_async.providers.adobe_vip import (
    AdobeVipClient,
    NewLineItem,
    NewOrder,
    RenewalLineItem,
    ReturnLineItem,
    ReturnOrder,
)


async def misspelt(didww: DidwwClient, order: Order) -> None:
    """Names that are wrong."""
    didww.list_orders(filter={"stauts": ["pending"]})  # refused
    didww.dids.list(filter={"order.idd": order.id})  # refused
    NewDidOrderItem(sku_id="sku", quantity=3)  # refused
    await didww.dids.update("id", descripton=None)  # refused
    await didww.create_order([], allow_backorder=True)  # refused
    assert order.amuont  # refused


async def mistyped(didww: DidwwClient, order: Order) -> None:
    """Values that are wrong."""
    didww.list_orders(filter={"created_at_gteq": "2026-01-01"})  # refused
    didww.did_groups.list(filter={"is_available": "yes"})  # refused
    didww.list_orders(page_size="100")  # refused
    NewDidOrderItem(sku_id="sku", qty="3")  # refused
    await didww.create_order([order.items[0]])  # refused
    await didww.orders.update("id", external_reference_id=3)  # refused
    order.description = "DID"  # refused


async def missing(didww: DidwwClient) -> None:
    """Verbs that the API does not have."""
    await didww.dids.delete("id")  # refused
    await didww.nanpa_prefixes.update("id")  # refused
    NewDidOrderItem(qty=3)  # refused


async def elsewhere(adobe: AdobeVipClient, line: NewLineItem, back: ReturnLineItem) -> None:
    """Fields of another type of Adobe's orders."""
    NewOrder(line_items=[line], reference_order_id="1")  # refused
    NewOrder(line_items=[back])  # refused
    ReturnOrder(line_items=[back])  # refused
    RenewalLineItem(ext_line_item_number=1, offer_id="o", quantity=1)  # refused
    await adobe.create_order("1", line)  # refused
