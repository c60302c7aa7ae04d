"""Orders as JSON, with their prices where they have any."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from didww_async.sandbox.adobe_vip.world import COMPLETED, OrderRecord

if TYPE_CHECKING:
    from datetime import datetime

    from didww_async.sandbox.adobe_vip.bodies import Wanted
    from didww_async.sandbox.adobe_vip.world import OrderLine, World

THOUSANDTH = 3


def timestamp(moment: datetime) -> str:
    """The moment in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def order_document(world: World, order: OrderRecord, *, with_prices: bool) -> dict[str, object]:
    """An order that was placed."""
    priced = with_prices and order.status == COMPLETED and len(_currencies(order.lines)) == 1
    document: dict[str, object] = {
        "externalReferenceId": order.reference,
        "orderId": order.id,
        "customerId": order.customer_id,
        "orderType": order.type,
        "referenceOrderId": order.original,
        "currencyCode": order.lines[0].currency,
        "creationDate": timestamp(order.created),
        "status": order.status,
        "source": "API",
        "lineItems": [_line(world, line, order, priced=priced) for line in order.lines],
        "links": {
            "self": {
                "uri": f"/v3/customers/{order.customer_id}/orders/{order.id}",
                "method": "GET",
                "headers": [],
            }
        },
    }
    if priced:
        document["pricingSummary"] = _summary(world, order.lines)
    return document


def preview_document(
    world: World, wanted: Wanted, customer_id: str, *, with_prices: bool
) -> dict[str, object]:
    """What an order would become."""
    document: dict[str, object] = {
        "externalReferenceId": wanted.reference,
        "orderId": "",
        "customerId": customer_id,
        "orderType": wanted.type,
        "referenceOrderId": "",
        "currencyCode": wanted.lines[0].currency,
        "creationDate": timestamp(world.clock()),
        "status": "",
        "lineItems": [_line(world, line, None, priced=with_prices) for line in wanted.lines],
    }
    if with_prices:
        document["pricingSummary"] = _summary(world, wanted.lines)
    return document


def _line(
    world: World, line: OrderLine, order: OrderRecord | None, *, priced: bool
) -> dict[str, object]:
    document: dict[str, object] = {
        "extLineItemNumber": line.number,
        "offerId": line.offer_id,
        "quantity": line.quantity,
        "subscriptionId": line.subscription_id,
        "status": "" if order is None else line.status,
        "currencyCode": line.currency,
    }
    if line.deployment_id is not None:
        document["deploymentId"] = line.deployment_id
    if line.discount_code is not None:
        document["discountCode"] = line.discount_code
    if line.flex_codes:
        document["flexDiscounts"] = [
            {"id": f"flex-{code.lower()}", "code": code, "result": "SUCCESS"}
            for code in line.flex_codes
        ]
    if order is not None and order.type in {"NEW", "RENEWAL"} and order.status != "1002":
        document["remainingQuantity"] = line.remaining
    if priced:
        price = world.prices[line.offer_id]
        document["proratedDays"] = 365
        document["pricing"] = {
            "partnerPrice": float(price),
            "discountedPartnerPrice": float(price),
            "netPartnerPrice": float(price),
            "lineItemPartnerPrice": float(round(price * line.quantity, THOUSANDTH)),
        }
    return document


def _summary(world: World, lines: list[OrderLine]) -> list[dict[str, object]]:
    total = sum((world.prices[line.offer_id] * line.quantity for line in lines), Decimal(0))
    amount = float(round(total, THOUSANDTH))
    return [{"totalLineItemPartnerPrice": amount, "currencyCode": lines[0].currency}]


def _currencies(lines: list[OrderLine]) -> set[str]:
    return {line.currency for line in lines}
