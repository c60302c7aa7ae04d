"""What a user's type checker sees of the public contract."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import assert_type

from didww_async import (
    UNSET,
    Balance,
    CapacityOrderItem,
    Did,
    DidGroup,
    DidOrderItem,
    DidwwClient,
    EmergencyOrderItem,
    GenericOrderItem,
    Identifier,
    Listing,
    NewCapacityOrderItem,
    NewDidOrderItem,
    NewOrder,
    Order,
    OrderStatus,
    OrderUnconfirmedError,
    Page,
    StockKeepingUnit,
    UnknownOrderItem,
    UnknownResource,
)
from didww_async.providers import adobe_vip, plum


async def orders(didww: DidwwClient) -> None:
    """Orders are typed from the call to the last attribute."""
    order = await didww.create_order(
        [NewDidOrderItem(sku_id="sku", qty=15), NewCapacityOrderItem(capacity_pool_id="pool")],
        allow_back_ordering=False,
        callback_url="https://example.com",
        callback_method="post",
        external_reference_id="crm-42",
    )
    assert_type(order, Order)
    assert_type(order.id, str)
    assert_type(order.amount, Decimal)
    assert_type(order.status, OrderStatus)
    assert_type(order.created_at, datetime)
    assert_type(order.external_reference_id, str | None)
    assert_type(order.is_final, bool)
    assert_type(
        order.items,
        tuple[
            DidOrderItem
            | CapacityOrderItem
            | EmergencyOrderItem
            | GenericOrderItem
            | UnknownOrderItem,
            ...,
        ],
    )
    assert_type(await didww.get_order(order.id), Order)
    assert_type(await didww.wait_for_order(order), Order)
    assert_type(await didww.orders.create(NewOrder(items=[NewDidOrderItem(sku_id="sku")])), Order)
    await didww.cancel_order(order.id)
    await didww.orders.update(order.id, external_reference_id=None)


def items(order: Order) -> None:
    """An item narrows by its class."""
    for item in order.items:
        if isinstance(item, DidOrderItem):
            assert_type(item.did_group_id, str | None)
            assert_type(item.nrc, Decimal)
            assert_type(item.billed_from, date | None)


async def lists(didww: DidwwClient, since: datetime) -> None:
    """A list is a page to `await` and items to `async for`."""
    listing = didww.list_orders(
        filter={"status": ["pending", OrderStatus.COMPLETED], "created_at_gteq": since},
        sort="-created_at",
    )
    assert_type(listing, Listing[Order])
    page = await listing
    assert_type(page, Page[Order])
    assert_type(page.items, tuple[Order, ...])
    assert_type(await listing.total(), int)
    async for order in listing:
        assert_type(order, Order)
    async for one in didww.orders.list().pages():
        assert_type(one, Page[Order])
    async for group in didww.did_groups.list(filter={"country.id": "x", "is_available": True}):
        assert_type(group, DidGroup)
        assert_type(group.stock_keeping_units, tuple[StockKeepingUnit, ...])


async def others(didww: DidwwClient) -> None:
    """The other collections are typed alike."""
    did = await didww.dids.update("id", description=None, voice_in_trunk=Identifier("t", "id"))
    assert_type(did, Did)
    assert_type(did.voice_in_trunk, UnknownResource | None)
    assert_type(did.order, Order | None)
    assert_type(await didww.balance.get(), Balance)


def unset(error: OrderUnconfirmedError) -> None:
    """`UNSET` goes wherever a value may be left out."""
    NewDidOrderItem(sku_id="sku", qty=UNSET, billing_cycles_count=None)
    NewOrder(items=[], callback_url=UNSET, external_reference_id=None)
    assert_type(error.external_reference_id, str | None)


async def adobe(client: adobe_vip.AdobeVipClient) -> None:
    """Adobe's orders are typed as well, whatever iterable their lines come in."""
    line = adobe_vip.NewLineItem(ext_line_item_number=1, offer_id="offer", quantity=2)
    order = await client.create_order("customer", adobe_vip.NewOrder(line_items=iter([line])))
    assert_type(order, adobe_vip.Order)
    assert_type(order.order_id, str)
    assert_type(order.status, adobe_vip.OrderStatus | None)
    assert_type(order.line_items, tuple[adobe_vip.LineItem, ...])
    for summary in order.pricing_summary:
        assert_type(summary.total_line_item_partner_price, Decimal | None)
    history = client.order_history("customer", status=["1000", adobe_vip.OrderStatus.FAILED])
    assert_type(history, Listing[adobe_vip.Order])


async def top_ups(client: plum.PlumClient) -> None:
    """Plum's orders are typed from the request to the last amount."""
    new = plum.NewTopUpOrder(
        product_id="55134",
        denomination=Decimal(199),
        phone_code="+91",
        phone_number="9800000001",
        email=UNSET,
    )
    order = await client.place_order(new)
    assert_type(order, plum.Order)
    assert_type(order.order_id, str)
    assert_type(order.amount_charged, Decimal | None)
    assert_type(order.delivery_status, plum.DeliveryStatus | None)
    assert_type(order.voucher_details, tuple[plum.VoucherDetail, ...])
    assert_type(await client.get_order(po_number="po"), plum.Order)
    assert_type(await client.wait_for_order(order), plum.Order)
    assert_type(client.order_history(tag="june"), Listing[plum.Order])
    async for product in client.vouchers(parent_product_id=55132):
        assert_type(product, plum.Product)
        assert_type(product.denominations, tuple[Decimal, ...])
    assert_type((await client.balance()).value, Decimal)
    event = plum.parse_delivery(b"", key=None, expected_key=["old", "new"])
    assert_type(event.delivery_status, plum.DeliveryStatus)
