"""Answers as the documents show them, and as loose as their types may get."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async.jsonapi import DocumentError
from didww_async.providers.plum import DeliveryStatus, Order, Product, ValueType, Voucher
from didww_async.providers.plum.answers import content
from didww_async.providers.plum.models import reader

READER = reader()
DOCUMENTED = {
    "orderId": 6552967,
    "orderTotal": 199,
    "rawOrderTotal": 199.0,
    "orderDiscount": "",
    "rawOrderDiscount": "",
    "discountPercent": "0",
    "currencyCode": "INR",
    "currencyValue": 1,
    "amountCharged": 199,
    "orderStatus": "complete",
    "deliveryStatus": "pending",
    "tag": "topup-june",
    "quantity": 1,
    "vouchers": [],
    "voucherDetails": [
        {
            "orderId": 6552967,
            "productId": 55140,
            "productName": "Operator 199 plan",
            "currencyCode": "INR",
            "productStatus": "pending",
            "denomination": 199,
            "vendorLogo": "",
        }
    ],
    "orderMeta": {"email": "user@example.com"},
}
AMOUNTS = (
    "orderTotal",
    "rawOrderTotal",
    "orderDiscount",
    "rawOrderDiscount",
    "discountPercent",
    "currencyValue",
    "amountCharged",
)


def read(members: object) -> Order:
    """The order of these members."""
    return READER.decode(json.dumps(members).encode(), Order)


def test_documented_order_is_read_in_full() -> None:
    """Every field of the documents' response schema has its place and its type."""
    body = {"data": {"placeOrder": {"status": 1, "data": DOCUMENTED}}}
    order = READER.read(content(json.dumps(body).encode(), "placeOrder"), Order)
    assert (order.order_id, order.currency_code, order.tag) == ("6552967", "INR", "topup-june")
    assert (order.order_total, order.amount_charged) == (Decimal(199), Decimal(199))
    assert (order.raw_order_total, order.currency_value) == (Decimal("199.0"), Decimal(1))
    assert (order.order_discount, order.raw_order_discount) == (None, None)
    assert (order.discount_percent, order.quantity, order.vouchers) == (Decimal(0), 1, ())
    assert (order.order_status, order.delivery_status) == ("complete", DeliveryStatus.PENDING)
    [detail] = order.voucher_details
    assert (detail.order_id, detail.product_id) == ("6552967", "55140")
    assert (detail.product_name, detail.currency_code) == ("Operator 199 plan", "INR")
    assert (detail.product_status, detail.denomination) == (DeliveryStatus.PENDING, Decimal(199))
    assert detail.vendor_logo is None
    assert order.order_meta is not None
    assert order.order_meta.email == "user@example.com"


def test_documented_details_are_read() -> None:
    """The answer to a look tells the dates, and how much was canceled."""
    details = {
        "orderId": "6552967",
        "deliveryStatus": "delivered",
        "orderDate": "2026-02-07 12:25:45",
        "deliveryDate": "",
        "voucherDetails": [{"productId": "55140", "cancelledQuantity": 0}],
    }
    order = read(details)
    assert (order.order_date, order.delivery_date) == ("2026-02-07 12:25:45", None)
    assert order.voucher_details[0].cancelled_quantity == 0
    assert order.is_final


@pytest.mark.parametrize("text", ["canceled", "Canceled", "cancelled", "Cancelled", "CANCELLED"])
def test_every_spelling_of_canceled_is_one(text: str) -> None:
    """Capitals and the second l make no difference."""
    order = read({"orderId": 1, "deliveryStatus": text})
    assert order.delivery_status is DeliveryStatus.CANCELED
    assert order.is_final


def test_status_of_a_later_release_is_kept() -> None:
    """An unknown status is what it is, and not an end."""
    order = read({"orderId": 1, "deliveryStatus": "held"})
    assert order.delivery_status == "held"
    assert not order.is_final


@pytest.mark.parametrize("members", [{}, {"orderId": None}, {"orderId": True}, [], "x", None])
def test_order_needs_an_id(members: object) -> None:
    """An answer that names no order is none."""
    with pytest.raises(DocumentError):
        read(members)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
)


@given(
    st.dictionaries(st.sampled_from([name for name in DOCUMENTED if name != "orderId"]), SCALARS)
)
def test_nothing_but_the_id_can_hide_an_order(odd: dict[str, Any]) -> None:
    """An odd value where none is needed never keeps an order from being read."""
    lists = {"vouchers", "voucherDetails", "orderMeta"}
    order = read({**DOCUMENTED, **{name: odd[name] for name in odd if name not in lists}})
    assert order.order_id == "6552967"
    for name in AMOUNTS:
        snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
        assert isinstance(getattr(order, snake), Decimal | None)


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from(AMOUNTS))
def test_amounts_are_exact_in_every_form(amount: Decimal, name: str) -> None:
    """As text or as a number, an amount has every digit that was sent."""
    for form in (f'"{amount}"', str(amount)):
        body = f'{{"orderId":1,"{name}":{form}}}'.encode()
        order = READER.decode(body, Order)
        assert amount in {order.order_total, order.raw_order_total, order.order_discount} | {
            order.raw_order_discount,
            order.discount_percent,
            order.currency_value,
            order.amount_charged,
        }


@given(st.integers(min_value=0, max_value=10**11))
def test_ids_are_texts_in_every_form(number: int) -> None:
    """A numeric id and a text one are the same id."""
    assert read({"orderId": number}).order_id == read({"orderId": str(number)}).order_id


def test_codes_and_people_are_in_no_repr() -> None:
    """What is worth money or is somebody's own is not shown."""
    order = read(
        {
            "orderId": 1,
            "email": "me@example.com",
            "orderMeta": {"email": "me@example.com"},
            "vouchers": [{"voucherCode": "SECRET-1", "pin": "4711"}],
            "products": [{"receiverMobileNumber": "+919800000001", "receiverEmail": "me@e.com"}],
        }
    )
    assert isinstance(order.vouchers[0], Voucher)
    assert (order.vouchers[0].voucher_code, order.vouchers[0].pin) == ("SECRET-1", "4711")
    shown = repr(order) + repr(order.vouchers) + repr(order.products)
    assert not [text for text in ("SECRET", "4711", "98000", "me@") if text in shown]


@pytest.mark.parametrize(
    ("members", "denomination", "sells"),
    [
        ({"valueType": "fixed_denomination", "valueDenominations": "20,30"}, "30.00", True),
        ({"valueType": "fixed_denomination", "valueDenominations": "20, 30"}, "25", False),
        ({"valueType": "fixed_denomination", "valueDenominations": ""}, "25", False),
        ({"valueType": "open_value", "minValue": "100", "maxValue": 500}, "100", True),
        ({"valueType": "open_value", "minValue": "100", "maxValue": 500}, "500.01", False),
        ({"valueType": "open_value", "minValue": "100", "maxValue": 500}, "99", False),
        ({"valueType": "open_value"}, "1", True),
        ({"valueDenominations": "20,x"}, "20", True),
    ],
)
def test_product_knows_what_it_sells(
    members: dict[str, object], denomination: str, *, sells: bool
) -> None:
    """Set values are sold as they are, open ones between their bounds."""
    product = READER.decode(json.dumps({"productId": 1, **members}).encode(), Product)
    assert product.sells(Decimal(denomination)) is sells
    assert product.value_type is None or isinstance(product.value_type, ValueType)
