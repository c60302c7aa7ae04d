"""Orders as Adobe's documents show them, read field by field."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from didww_async.plainjson import PlainJsonSerializer
from didww_async.providers.adobe_vip import (
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

PLAIN = PlainJsonSerializer()
CREATED = b"""{
  "externalReferenceId": "759", "orderId": "0123456789", "customerId": "9876543210",
  "orderType": "NEW", "referenceOrderId": "", "currencyCode": "USD",
  "creationDate": "2019-05-02T22:49:54Z", "status": "1002", "source": "API",
  "lineItems": [{"extLineItemNumber": 4, "offerId": "80004567EA01A12", "quantity": 1,
    "subscriptionId": "", "status": "1002", "currencyCode": "USD", "deploymentId": "12345"}],
  "links": {"self": {"uri": "/v3/customers/9876543210/orders/0123456789", "method": "GET",
    "headers": []}}
}"""


def read(**members: Any) -> Order:
    """An order with these members."""
    return PLAIN.read({"orderType": "NEW", **members}, Order)


def test_the_answer_to_an_order() -> None:
    """The response of Create Order, field by field."""
    assert PLAIN.decode(CREATED, Order) == Order(
        external_reference_id="759",
        order_id="0123456789",
        customer_id="9876543210",
        order_type=OrderType.NEW,
        reference_order_id=None,
        currency_code="USD",
        creation_date=dt.datetime(2019, 5, 2, 22, 49, 54, tzinfo=dt.UTC),
        status=OrderStatus.PROCESSING,
        source="API",
        line_items=(
            LineItem(
                ext_line_item_number=4,
                offer_id="80004567EA01A12",
                quantity=1,
                subscription_id=None,
                status=OrderStatus.PROCESSING,
                currency_code="USD",
                deployment_id="12345",
            ),
        ),
        links=Links(self_=Link(uri="/v3/customers/9876543210/orders/0123456789", method="GET")),
    )


def test_prices_keep_their_digits() -> None:
    """They come as numbers of three decimals, and under more than one name."""
    body = b"""{"orderType": "PREVIEW", "orderId": "", "status": "",
      "lineItems": [{"extLineItemNumber": 1, "offerId": "a", "quantity": 20, "proratedDays": 180,
        "flexDiscounts": [{"id": "f", "code": "SPRING_SALE", "result": "SUCCESS"}],
        "pricing": {"partnerPrice": 98.880, "discountedPartnerPrice": 90.10,
          "proratedPartnerPrice": 44.431, "lineItemPrice": 888.620}}],
      "pricingSummary": [{"totalLineItemPrice": 888.620, "currencyCode": "USD"}]}"""
    order = PLAIN.decode(body, Order)
    (line,) = order.line_items
    assert line.pricing == Pricing(
        partner_price=Decimal("98.880"),
        discounted_partner_price=Decimal("90.10"),
        net_partner_price=Decimal("44.431"),
        line_item_partner_price=Decimal("888.620"),
    )
    assert str(line.pricing.partner_price) == "98.880"
    assert line.prorated_days == 180
    assert line.flex_discounts == (FlexDiscount(id="f", code="SPRING_SALE", result="SUCCESS"),)
    assert order.pricing_summary == (
        PricingSummary(total_line_item_partner_price=Decimal("888.620"), currency_code="USD"),
    )


def test_a_preview_has_neither_id_nor_status() -> None:
    """Both come as empty texts, and a preview changes no more."""
    preview = read(orderId="", status="")
    assert preview.order_id == ""
    assert preview.status is None
    assert preview.is_final


@pytest.mark.parametrize("name", ["referenceOrderId", "referencedOrderId"])
def test_the_original_has_two_names(name: str) -> None:
    """The documents show both."""
    assert read(**{name: "5120008001"}).reference_order_id == "5120008001"


def test_a_completed_order() -> None:
    """Its lines have subscriptions, and what remains to be given back."""
    line = {
        "extLineItemNumber": 1,
        "offerId": "65304479CA01A12",
        "quantity": 20,
        "subscriptionId": "86756309",
        "status": "1000",
        "remainingQuantity": 20,
    }
    order = read(orderId="5120008001", status="1000", lineItems=[line])
    assert order.line_items[0].subscription_id == "86756309"
    assert order.line_items[0].remaining_quantity == 20
    assert order.is_final


def test_members_of_a_later_release_are_ignored() -> None:
    """Fields are added about every month."""
    line = {"extLineItemNumber": 1, "offerId": "a", "quantity": 1, "new": {}}
    assert read(orderId="1", eligibleOffers=[{}], lineItems=[line]).line_items[0].quantity == 1


@pytest.mark.parametrize(
    ("code", "is_final", "is_failed"),
    [
        ("1000", True, False),
        ("1002", False, False),
        ("1004", True, True),
        ("1008", True, False),
        ("1010", True, True),
        ("1020", True, True),
        ("1022", True, True),
        ("1024", True, True),
        ("1026", True, True),
        ("1999", False, False),
    ],
)
def test_statuses(code: str, is_final: bool, is_failed: bool) -> None:  # noqa: FBT001
    """Only 1002 changes; of a status that nobody knows nothing is promised."""
    order = read(orderId="1", status=code)
    assert order.status is not None
    assert order.status == code
    assert order.is_final == is_final
    assert order.status.is_failed == is_failed


def test_types_of_a_later_release_stay_what_they_are() -> None:
    """An unknown type of order is kept."""
    order = read(orderType="GIFT", orderId="1")
    assert order.order_type == "GIFT"
    assert not order.order_type.is_known
