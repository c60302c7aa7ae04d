"""The requests and answers of Plum's documents, field by field over a socket."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from didww_async import NotFoundError, OrderUnconfirmedError, RateLimitedError, ValidationError
from didww_async.errors import DidwwError, TryAgainLaterError
from didww_async.providers.plum import (
    Balance,
    DeliveryStatus,
    MemoryTokens,
    NewTopUpOrder,
    Order,
    OrderMeta,
    PlumClient,
    TokenPair,
    VoucherDetail,
)
from didww_async.sandbox.plum import PlumSandbox, operation
from tests.integration.plum.conftest import ONCE, asked, client_of

PLACE, LOOK = operation("placeOrder"), operation("getOrderDetails")
ORDER = NewTopUpOrder(
    product_id=55140,
    quantity=1,
    denomination=199,
    email="user@example.com",
    tag="topup-june",
    po_number="po-7c1d0e",
    phone_code="+91",
    phone_number="9800000001",
)
PLACED: dict[str, Any] = {
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


def answer_of(name: str, data: object) -> str:
    """The envelope of a success."""
    return json.dumps({"data": {name: {"status": 1, "data": data}}})


def envelope(name: str, data: object, kind: str = "mutation") -> object:
    """The envelope of a request."""
    return {
        "query": f"plumProAPI.{kind}.{name}",
        "tag": "plumProAPI",
        "variables": {"data": data},
    }


@pytest.mark.parametrize("field", ["topupData", "userMeta"])
async def test_an_order_as_documented(sandbox: PlumSandbox, field: Any) -> None:
    """Place Order: every field of the request, and every field of the answer."""
    sandbox.faults.answer(200, body=answer_of("placeOrder", PLACED), matching=PLACE)
    async with client_of(sandbox, top_up_field=field) as client:
        order = await client.place_order(ORDER)
    [sent] = sandbox.requests
    assert (sent.method, sent.path) == ("POST", "/chef/v1/oauth/api")
    assert sent.headers["content-type"] == "application/json"
    assert sent.authorized
    assert sent.json == envelope(
        "placeOrder",
        {
            "productId": 55140,
            "quantity": 1,
            "denomination": 199,
            "email": "user@example.com",
            "tag": "topup-june",
            "poNumber": "po-7c1d0e",
            "notifyReceiverEmail": 0,
            "notifyAdminEmail": 0,
            field: {"topupPhoneCode": "+91", "topupPhoneNumber": "9800000001"},
        },
    )
    assert order == Order(
        order_id="6552967",
        po_number="po-7c1d0e",
        order_total=Decimal(199),
        raw_order_total=Decimal(199),
        discount_percent=Decimal(0),
        currency_code="INR",
        currency_value=Decimal(1),
        amount_charged=Decimal(199),
        order_status="complete",
        delivery_status=DeliveryStatus.PENDING,
        tag="topup-june",
        quantity=1,
        voucher_details=(
            VoucherDetail(
                order_id="6552967",
                product_id="55140",
                product_name="Operator 199 plan",
                currency_code="INR",
                product_status=DeliveryStatus.PENDING,
                denomination=Decimal(199),
            ),
        ),
        order_meta=OrderMeta(email="user@example.com"),
    )


async def test_a_look_as_documented(sandbox: PlumSandbox, client: PlumClient) -> None:
    """Get Order Details: by `poNumber`, without a mail, and what it tells of a delivery."""
    details = {
        **PLACED,
        "deliveryStatus": "delivered",
        "orderDate": "2026-02-07 12:25:45",
        "deliveryDate": "2026-02-07 12:26:10",
        "voucherDetails": [
            {**PLACED["voucherDetails"][0], "productStatus": "delivered", "cancelledQuantity": 0}
        ],
    }
    sandbox.faults.answer(200, body=answer_of("getOrderDetails", details), matching=LOOK)
    order = await client.get_order(po_number="po-7c1d0e")
    assert sandbox.requests[0].json == envelope(
        "getOrderDetails", {"poNumber": "po-7c1d0e", "orderId": None, "sendMailToReceiver": 0}
    )
    assert order.delivery_status is DeliveryStatus.DELIVERED
    assert order.is_final
    assert (order.order_date, order.delivery_date) == ("2026-02-07 12:25:45", "2026-02-07 12:26:10")
    assert order.voucher_details[0].product_status is DeliveryStatus.DELIVERED
    assert order.voucher_details[0].cancelled_quantity == 0


async def test_a_balance_as_documented(sandbox: PlumSandbox, client: PlumClient) -> None:
    """Get Balance: the one query among mutations."""
    body = answer_of("getBalance", {"value": "99801.50", "currency": "INR"})
    sandbox.faults.answer(200, body=body, matching=operation("getBalance"))
    assert await client.balance() == Balance(value=Decimal("99801.50"), currency="INR")
    assert sandbox.requests[0].json == envelope("getBalance", {}, "query")


async def test_lists_as_documented(sandbox: PlumSandbox, client: PlumClient) -> None:
    """Get Vouchers and Get Order History: pages by number."""
    await client.vouchers(parent_product_id=55132, filters={"country": "India"}, limit=20)
    await client.order_history(tag="topup-june", limit=20)
    vouchers, history = (request.json for request in sandbox.requests)
    assert vouchers == envelope(
        "getVouchers",
        {
            "categoryType": "topup",
            "parentProductId": 55132,
            "filters": [{"key": "country", "value": "India"}],
            "limit": 20,
            "page": 1,
        },
    )
    assert history == envelope("getOrderHistory", {"tag": "topup-june", "limit": 20, "page": 1})


@pytest.mark.parametrize(
    ("name", "status", "body", "kind"),
    [
        (
            "getOrderDetails",
            404,
            {"code": 404, "errorId": "PLE10016", "errorInfo": "Failed to get Order details"},
            NotFoundError,
        ),
        (
            "getOrderDetails",
            404,
            {"code": 404, "errorId": "PLE10021", "errorInfo": "Failed to find order details"},
            TryAgainLaterError,
        ),
        (
            "placeOrder",
            502,
            {"code": 502, "errorId": "PLE10035", "errorInfo": "Failed to get order details"},
            OrderUnconfirmedError,
        ),
        (
            "placeOrder",
            400,
            {"code": 400, "errorId": "PLE10018", "errorInfo": "Invalid denomination"},
            ValidationError,
        ),
        (
            "placeOrder",
            429,
            {"errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": 60}]},
            RateLimitedError,
        ),
    ],
)
async def test_documented_errors(
    sandbox: PlumSandbox, name: str, status: int, body: object, kind: type[DidwwError]
) -> None:
    """Each answer that is no success has its class, and is asked for once."""
    sandbox.faults.answer(status, body=json.dumps(body), times=None, matching=operation(name))
    async with client_of(sandbox, retry=ONCE, pace=None) as client:
        places = name == "placeOrder"
        call = client.place_order(ORDER) if places else client.get_order(po_number="po-7c1d0e")
        with pytest.raises(DidwwError) as caught:
            await call
    assert type(caught.value) is kind
    assert asked(sandbox) == [name]


async def test_a_refresh_as_documented(sandbox: PlumSandbox) -> None:
    """Token management: the request, and the pair that the store is handed."""
    pair = {
        "access_token": "A2",
        "token_type": "bearer",
        "expires_in": "1296000",
        "refresh_token": "R2",
        "access_token_expiry": "1772000000000",
        "refresh_token_expiry": "1773296000000",
    }
    body = json.dumps(pair)
    sandbox.faults.answer(200, body=body, matching=lambda asked: asked.path.endswith("/user"))
    refused = {"error": "invalid_token", "error_description": "invalid/expired token"}
    sandbox.faults.answer(401, body=json.dumps(refused), matching=operation("getBalance"))
    balance = answer_of("getBalance", {"value": 1, "currency": "INR"})
    sandbox.faults.answer(200, body=balance, matching=operation("getBalance"))
    store = MemoryTokens(TokenPair(access_token="A1", refresh_token="R1"))
    async with client_of(sandbox, tokens=store) as client:
        await client.balance()
    refused_, refresh, repeated = sandbox.requests
    assert (refused_.path, repeated.path) == ("/chef/v1/oauth/api",) * 2
    assert (refresh.method, refresh.path) == ("POST", "/chef/v1/oauth/token/user")
    assert "authorization" not in refresh.headers
    assert refresh.json == {
        "grant_type": "refresh_token",
        "refresh_token": "R1",
        "client_id": sandbox.tokens.client_id,
        "client_secret": sandbox.tokens.client_secret,
    }
    assert (store.pair.access_token, store.pair.refresh_token) == ("A2", "R2")
    assert store.pair.refresh_expires_at == 1773296000
    assert store.pair.access_expires_at is not None
    assert store.pair.renew_at == pytest.approx(store.pair.access_expires_at - 86400)
