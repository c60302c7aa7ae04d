"""
Orders of Adobe's VIP Marketplace.

::

    async with AdobeVipClient("…", "…") as adobe:
        line = NewLineItem(
            ext_line_item_number=1, offer_id="65304479CA01A12", quantity=20, currency_code="USD"
        )
        order = await adobe.create_order("1005550101", NewOrder(line_items=[line]))
        order = await adobe.wait_for_order("1005550101", order)
"""

from didww_async.providers.adobe_vip.client import AdobeVipClient
from didww_async.providers.adobe_vip.models import (
    FlexDiscount,
    LineItem,
    Link,
    Links,
    Order,
    OrderStatus,
    OrderType,
    Pricing,
    PricingSummary,
)
from didww_async.providers.adobe_vip.provider import AdobeVipProvider, CustomerOrder
from didww_async.providers.adobe_vip.requests import (
    AnyNewOrder,
    NewLineItem,
    NewOrder,
    OrderPreview,
    RenewalLineItem,
    RenewalOrder,
    RenewalPreview,
    ReturnLineItem,
    ReturnOrder,
)
from didww_async.providers.adobe_vip.settings import AdobeVipEnvironment

__all__ = [
    "AdobeVipClient",
    "AdobeVipEnvironment",
    "AdobeVipProvider",
    "AnyNewOrder",
    "CustomerOrder",
    "FlexDiscount",
    "LineItem",
    "Link",
    "Links",
    "NewLineItem",
    "NewOrder",
    "Order",
    "OrderPreview",
    "OrderStatus",
    "OrderType",
    "Pricing",
    "PricingSummary",
    "RenewalLineItem",
    "RenewalOrder",
    "RenewalPreview",
    "ReturnLineItem",
    "ReturnOrder",
]
