"""The requests and answers of Adobe's documents, field by field over a socket."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from didww_async import (
    ApiStatusError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    OrderUnconfirmedError,
    PermissionDeniedError,
    ValidationError,
)
from didww_async.providers.adobe_vip import (
    AdobeVipClient,
    AnyNewOrder,
    LineItem,
    Link,
    Links,
    NewLineItem,
    NewOrder,
    Order,
    OrderPreview,
    OrderStatus,
    OrderType,
    RenewalLineItem,
    RenewalOrder,
    RenewalPreview,
    ReturnLineItem,
    ReturnOrder,
)
from didww_async.sandbox.adobe_vip import AdobeVipSandbox

POST: Any = {"method": "POST", "path": "/v3/customers/*/orders"}
LINE: dict[str, Any] = {"ext_line_item_number": 4, "offer_id": "80004567EA01A12", "quantity": 1}
SENT_LINE = {"extLineItemNumber": 4, "offerId": "80004567EA01A12", "quantity": 1}
CREATED: dict[str, Any] = {
    "externalReferenceId": "759",
    "orderId": "0123456789",
    "customerId": "9876543210",
    "orderType": "NEW",
    "referenceOrderId": "",
    "currencyCode": "USD",
    "creationDate": "2019-05-02T22:49:54Z",
    "status": "1002",
    "source": "API",
    "lineItems": [
        {
            "extLineItemNumber": 4,
            "offerId": "80004567EA01A12",
            "quantity": 1,
            "subscriptionId": "",
            "status": "1002",
            "currencyCode": "USD",
            "deploymentId": "12345",
        }
    ],
    "links": {
        "self": {
            "uri": "/v3/customers/9876543210/orders/0123456789",
            "method": "GET",
            "headers": [],
        }
    },
}
READ = Order(
    external_reference_id="759",
    order_id="0123456789",
    customer_id="9876543210",
    order_type=OrderType.NEW,
    currency_code="USD",
    creation_date=dt.datetime(2019, 5, 2, 22, 49, 54, tzinfo=dt.UTC),
    status=OrderStatus.PROCESSING,
    source="API",
    line_items=(
        LineItem(
            ext_line_item_number=4,
            offer_id="80004567EA01A12",
            quantity=1,
            status=OrderStatus.PROCESSING,
            currency_code="USD",
            deployment_id="12345",
        ),
    ),
    links=Links(self_=Link(uri="/v3/customers/9876543210/orders/0123456789")),
)


async def test_an_order_as_documented(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """Create Order: every field, every header, and every field of the answer."""
    sandbox.faults.answer(201, body=json.dumps(CREATED), **POST)
    line = NewLineItem(
        **LINE, currency_code="USD", deployment_id="12345", discount_code="HVD_L18_PRE"
    )
    order = await client.create_order(
        "9876543210", NewOrder(external_reference_id="759", line_items=[line])
    )
    assert order == READ
    token, sent = sandbox.requests
    assert token.path == "/ims/token/v3"
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(token.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [sandbox.client_id],
        "client_secret": [sandbox.client_secret],
        "scope": ["openid,AdobeID,read_organizations"],
    }
    assert (sent.method, sent.path, sent.query) == ("POST", "/v3/customers/9876543210/orders", ())
    assert sent.json == {
        "externalReferenceId": "759",
        "orderType": "NEW",
        "lineItems": [
            {
                **SENT_LINE,
                "currencyCode": "USD",
                "deploymentId": "12345",
                "discountCode": "HVD_L18_PRE",
            }
        ],
    }
    assert sent.authorized  # by the bearer token and X-Api-Key
    assert sent.headers["accept"] == sent.headers["content-type"] == "application/json"
    assert sent.headers["x-correlation-id"] != sent.headers["x-request-id"] != ""


@pytest.mark.parametrize(
    ("order", "sent"),
    [
        (
            NewOrder(line_items=[NewLineItem(**LINE)], currency_code="USD"),
            {"orderType": "NEW", "currencyCode": "USD", "lineItems": [SENT_LINE]},
        ),
        (
            OrderPreview(line_items=[NewLineItem(**LINE)]),
            {"orderType": "PREVIEW", "lineItems": [SENT_LINE]},
        ),
        (
            ReturnOrder(reference_order_id="0123456789", line_items=[ReturnLineItem(**LINE)]),
            {"orderType": "RETURN", "referenceOrderId": "0123456789", "lineItems": [SENT_LINE]},
        ),
        (
            RenewalOrder(line_items=[RenewalLineItem(**LINE, subscription_id="86756309")]),
            {"orderType": "RENEWAL", "lineItems": [{**SENT_LINE, "subscriptionId": "86756309"}]},
        ),
        (RenewalPreview(), {"orderType": "PREVIEW_RENEWAL"}),
    ],
)
async def test_every_type_of_order(
    sandbox: AdobeVipSandbox, client: AdobeVipClient, order: AnyNewOrder, sent: object
) -> None:
    """What goes out is what was given, and a field that was left out is not there."""
    sandbox.faults.answer(201, body=json.dumps(CREATED), **POST)
    await client.create_order("9876543210", order)
    assert sandbox.requests[-1].json == sent


async def test_an_order_is_polled_to_its_end(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """Get Order: from 1002 to 1000, when its line has a subscription."""
    line = {**CREATED["lineItems"][0], "status": "1000", "subscriptionId": "86756309"}
    through = {**CREATED, "status": "1000", "lineItems": [{**line, "remainingQuantity": 1}]}
    for body in (CREATED, through):
        sandbox.faults.answer(200, body=json.dumps(body), method="GET")
    order = await client.wait_for_order("9876543210", READ, poll_interval=0.001)
    assert order.status == OrderStatus.COMPLETED
    assert order.line_items[0].subscription_id == "86756309"
    assert order.line_items[0].remaining_quantity == 1
    paths = [request.path for request in sandbox.requests if request.method == "GET"]
    assert paths == ["/v3/customers/9876543210/orders/0123456789"] * 2


async def test_a_page_of_the_history(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """Get Order History: its filters, and its next page by a relative link."""
    path = "/v3/customers/9876543210/orders"
    link = {"uri": f"{path}?limit=1&offset=1", "method": "GET", "headers": []}
    here = {"self": {**link, "uri": f"{path}?limit=1&offset=0"}, "next": link}
    page = {"totalCount": 2, "count": 1, "offset": 0, "limit": 1, "items": [CREATED], "links": here}
    last = {**page, "offset": 1, "links": {"self": link}}
    for body in (page, last):
        sandbox.faults.answer(200, body=json.dumps(body), method="GET")
    history = client.order_history(
        "9876543210",
        start_date=dt.datetime(2026, 3, 2, 22, 40, tzinfo=dt.UTC),
        status=["1000", OrderStatus.PROCESSING],
        order_type="NEW",
        reference_order_id="1",
        offer_id="2",
        reseller_id="3",
        end_date=dt.date(2026, 3, 4),
        limit=1,
    )
    assert [order async for order in history] == [READ, READ]
    first, second = (request for request in sandbox.requests if request.method == "GET")
    assert first.path == second.path == path
    assert first.query == (
        ("order-type", "NEW"),
        ("status", "1000"),
        ("status", "1002"),
        ("reference-order-id", "1"),
        ("offer-id", "2"),
        ("reseller-id", "3"),
        ("start-date", "2026-03-02T22:40:00Z"),
        ("end-date", "2026-03-04"),
        ("limit", "1"),
        ("offset", "0"),
    )
    assert second.query == (("limit", "1"), ("offset", "1"))


async def test_a_change_of_the_reference(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """Update Order: the one field that may be sent, and the whole order as the answer."""
    sandbox.faults.answer(200, body=json.dumps(CREATED), method="PATCH")
    assert await client.update_reference("9876543210", "0123456789", "759") == READ
    sent = sandbox.requests[-1]
    assert sent.path == "/v3/customers/9876543210/orders/0123456789"
    assert sent.json == {"externalReferenceId": "759"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (
            400,
            {
                "code": "2129",
                "message": "Customer is not eligible to purchase Offer ID",
                "additionalDetails": ["Line Item: 1, Reason: INELIGIBLE_ADD_ON"],
            },
            BadRequestError,
            "2129",
        ),
        (
            400,
            {
                "code": "4120",
                "message": "Duplicate request id, same requestId has already been processed",
                "additionalDetails": [],
            },
            BadRequestError,
            "4120",
        ),
        (401, {"code": "4116", "message": "Invalid token"}, AuthenticationError, "4116"),
        (403, {"code": "4115", "message": "Api Key is invalid"}, PermissionDeniedError, "4115"),
        (404, {"code": "1116", "message": "Invalid Customer"}, NotFoundError, "1116"),
        (
            422,
            {"code": "RETURN_QTY_EXCEEDS_REMAINING", "message": "..."},
            ValidationError,
            "RETURN_QTY_EXCEEDS_REMAINING",
        ),
        (
            500,
            {"code": "1124", "message": "Internal Server Error", "additionalDetails": []},
            OrderUnconfirmedError,
            "1124",
        ),
        (
            504,
            {"error_code": "504001", "message": "Gateway Timeout"},
            OrderUnconfirmedError,
            "504001",
        ),
    ],
)
async def test_documented_errors(
    sandbox: AdobeVipSandbox,
    client: AdobeVipClient,
    status: int,
    body: object,
    kind: type[ApiStatusError | OrderUnconfirmedError],
    code: str,
) -> None:
    """Each answer that is no success has its class, and keeps Adobe's code."""
    sandbox.faults.answer(status, body=json.dumps(body), times=None, **POST)
    with pytest.raises(kind) as caught:
        await client.create_order("9876543210", NewOrder(line_items=[NewLineItem(**LINE)]))
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.errors[0].code == code
