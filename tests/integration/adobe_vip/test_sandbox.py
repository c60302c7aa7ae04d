"""The sandbox as a witness: what the documents say, asked for without this package's client."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from tests.integration.adobe_vip.conftest import OFFER, Clock

LINE: dict[str, object] = {"extLineItemNumber": 1, "offerId": OFFER, "quantity": 2}
NEW = {"orderType": "NEW", "lineItems": [LINE]}


class Caller:
    """Sends what it is told to, with good headers unless told otherwise."""

    def __init__(self, sandbox: AdobeVipSandbox, http: aiohttp.ClientSession, token: str) -> None:
        self.sandbox = sandbox
        self.http = http
        self.token = token
        self.sent = 0
        self.path = f"/v3/customers/{sandbox.customer_id}/orders"

    async def __call__(
        self,
        method: str = "GET",
        path: str = "",
        body: object = None,
        **headers: str | None,
    ) -> tuple[int, Any]:
        self.sent += 1
        given: dict[str, str | None] = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Api-Key": self.sandbox.client_id,
            "Authorization": f"Bearer {self.token}",
            "X-Correlation-Id": f"c-{self.sent}",
            "X-Request-Id": f"r-{self.sent}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        async with self.http.request(
            method,
            self.sandbox.url + (path or self.path),
            json=body,
            headers={name: value for name, value in given.items() if value is not None},
            skip_auto_headers=["Accept", "Content-Type"],
        ) as response:
            return response.status, await response.json()

    async def order(self, **members: Any) -> tuple[int, Any]:
        return await self("POST", body={**NEW, **members})

    async def code(self, **members: Any) -> str:
        """The code of an order that is refused."""
        status, body = await self.order(**members)
        assert status >= 400
        return str(body["code"])


async def token_of(sandbox: AdobeVipSandbox, http: aiohttp.ClientSession, **changes: str) -> Any:
    """What the token service answers."""
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "scope": "openid",
        **changes,
    }
    async with http.post(sandbox.token_url, data=form) as response:
        return response.status, await response.json()


@pytest.fixture
async def call(sandbox: AdobeVipSandbox) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as http:
        _, granted = await token_of(sandbox, http)
        yield Caller(sandbox, http, granted["access_token"])


async def test_tokens(sandbox: AdobeVipSandbox, call: Caller, clock: Clock) -> None:
    """They are for the right client, live for a day, and their errors have a shape of their own."""
    status, granted = await token_of(sandbox, call.http)
    assert (status, granted["token_type"], granted["expires_in"]) == (200, "bearer", 86399)
    assert (await call())[0] == 200
    clock.move(seconds=86399)
    assert (await call())[1]["code"] == "4116"
    for changes, error in (
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": "x"}, "invalid_client"),
        ({"grant_type": "x"}, "unsupported_grant_type"),
        ({"scope": ""}, "invalid_scope"),
    ):
        status, refused = await token_of(sandbox, call.http, **changes)
        assert (status, refused["error"]) == (400, error)


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("X_Api_Key", None, 403, "4115"),
        ("X_Api_Key", "wrong", 403, "4115"),
        ("Authorization", None, 403, "4117"),
        ("Authorization", "Bearer wrong", 401, "4116"),
        ("X_Correlation_Id", None, 400, "4119"),
        ("X_Correlation_Id", "", 400, "4119"),
        ("Accept", "text/html", 400, "1117"),
        ("Content_Type", "text/plain", 400, "1117"),
    ],
)
async def test_headers_are_required(
    call: Caller, header: str, value: str | None, status: int, code: str
) -> None:
    """A request without one of them, a read too, is refused."""
    headers: Any = {header: value}
    answered, body = await call("GET", **headers)
    assert (answered, body["code"]) == (status, code)


async def test_a_request_id_is_used_once(call: Caller) -> None:
    """Another intent with the same request id is refused; one without any is not."""
    assert (await call(X_Request_Id="same"))[0] == 200
    status, body = await call(X_Request_Id="same")
    assert (status, body["code"]) == (400, "4120")
    assert (await call(X_Request_Id=None))[0] == 200
    assert (await call(X_Request_Id=None))[0] == 200


async def test_an_intent_is_answered_once(
    sandbox: AdobeVipSandbox, call: Caller, clock: Clock
) -> None:
    """Whatever comes with its id gets the first answer, before the request id is looked at."""
    first = await call("POST", body=NEW, X_Correlation_Id="c", X_Request_Id="r")
    clock.move(seconds=60)
    again = await call("POST", body={"orderType": "?"}, X_Correlation_Id="c", X_Request_Id="r")
    assert again == first
    assert len(sandbox.state.orders) == 1
    shown = await call("GET", f"{call.path}/{first[1]['orderId']}", X_Correlation_Id="c")
    assert shown[1]["status"] == "1000"  # another operation is another use of the id


async def test_refusals_are_remembered_too(sandbox: AdobeVipSandbox, call: Caller) -> None:
    """A mended request needs another id."""
    bad = {**NEW, "lineItems": []}
    assert (await call("POST", body=bad, X_Correlation_Id="c"))[1]["code"] == "2119"
    assert (await call("POST", body=NEW, X_Correlation_Id="c"))[1]["code"] == "2119"
    assert sandbox.state.orders == {}


async def test_what_the_gateway_says_is_not_remembered(
    sandbox: AdobeVipSandbox, call: Caller
) -> None:
    """A refused token or a lost answer leaves the id as it was."""
    await call("POST", body=NEW, X_Correlation_Id="c", Authorization="Bearer old")
    sandbox.faults.gateway_timeout(applied=True, method="POST")
    assert (await call("POST", body=NEW, X_Correlation_Id="c"))[1]["error_code"] == "504001"
    status, body = await call("POST", body=NEW, X_Correlation_Id="c")
    assert (status, body["orderId"]) == (201, "5120008001")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"orderType": "SWITCH"}, "1117"),
        ({"orderType": None}, "1122"),
        ({"lineItems": None}, "1122"),
        ({"lineItems": []}, "2119"),
        ({"lineItems": [LINE] * 500}, "2119"),
        ({"lineItems": [LINE, LINE]}, "2121"),
        ({"lineItems": [5]}, "1117"),
        ({"lineItems": [{"offerId": OFFER, "quantity": 1}]}, "1122"),
        ({"lineItems": [{**LINE, "extLineItemNumber": 1_000_000}]}, "2123"),
        ({"lineItems": [{**LINE, "quantity": 0}]}, "2120"),
        ({"lineItems": [{**LINE, "offerId": "none"}]}, "2122"),
        ({"lineItems": [{**LINE, "currencyCode": "EUR"}]}, "2128"),
        ({"lineItems": [{**LINE, "currencyCode": "USD"}], "currencyCode": "USD"}, "2140"),
        ({"lineItems": [{**LINE, "deploymentId": "1"}]}, "2138"),
        ({"lineItems": [{**LINE, "discountCode": "1"}]}, "5135"),
        ({"lineItems": [{**LINE, "flexDiscountCodes": ["1"]}]}, "2141"),
        ({"lineItems": [{**LINE, "flexDiscountCodes": ["1", "2"]}]}, "2147"),
        ({"lineItems": [{**LINE, "subscriptionId": "1"}]}, "1121"),
        ({"lineItems": [{**LINE, "new": 1}]}, "1121"),
        ({"new": 1}, "1121"),
        ({"externalReferenceId": "x" * 36}, "2126"),
        ({"externalReferenceId": "<"}, "1117"),
        ({"externalReferenceId": 5}, "1117"),
        ({"referenceOrderId": "1"}, "1121"),
        ({"orderType": "RETURN"}, "1122"),
        ({"orderType": "RETURN", "referenceOrderId": "1"}, "2115"),
        ({"orderType": "RENEWAL"}, "1122"),
        (
            {"orderType": "RENEWAL", "lineItems": [{**LINE, "subscriptionId": "1"}]},
            "3115",
        ),
        ({"orderType": "PREVIEW_RENEWAL", "lineItems": None}, "2136"),
    ],
)
async def test_what_cannot_be_ordered(call: Caller, members: dict[str, Any], code: str) -> None:
    """Each rule of the order has a code of its own."""
    whole = {name: value for name, value in {**NEW, **members}.items() if value is not None}
    status, body = await call("POST", body=whole)
    assert status >= 400
    assert body["code"] == code


async def test_a_customer_that_is_not_there(call: Caller) -> None:
    """An order or a history of an unknown customer is refused."""
    for method, body in (("POST", NEW), ("GET", None)):
        status, refused = await call(method, "/v3/customers/1/orders", body)
        assert (status, refused["code"]) == (404, "1116")
    assert (await call(path="/v3/customers/1/orders/1"))[1]["code"] == "2115"
    assert (await call(path="/v3/else"))[0] == 404


async def test_the_codes_of_a_return(sandbox: AdobeVipSandbox, call: Caller, clock: Clock) -> None:
    """What does not match the original, or comes too late, is refused."""
    original = (await call.order())[1]["orderId"]
    other = {"orderType": "RETURN", "referenceOrderId": original}
    assert await call.code(**other) == "2116"
    clock.move(seconds=60)
    assert await call.code(**other, lineItems=[{**LINE, "extLineItemNumber": 9}]) == "2131"
    assert await call.code(**other, lineItems=[{**LINE, "offerId": "x"}]) == "2130"
    status, body = await call.order(**other, lineItems=[{**LINE, "quantity": 3}])
    assert (status, body["code"]) == (422, "RETURN_QTY_EXCEEDS_REMAINING")
    assert "additionalDetails" not in body
    back = (await call.order(**other))[1]["orderId"]
    assert await call.code(**other) == "2133"
    assert await call.code(orderType="RETURN", referenceOrderId=back) == "2127"
    clock.move(seconds=60)
    assert await call.code(**other) == "2118"
    second = (await call.order())[1]["orderId"]
    clock.move(days=15)
    _, granted = await token_of(sandbox, call.http)
    call.token = granted["access_token"]
    assert await call.code(orderType="RETURN", referenceOrderId=second) == "2117"


async def test_a_return_that_fails_gives_nothing_back(
    sandbox: AdobeVipSandbox, call: Caller, clock: Clock
) -> None:
    """What was to be returned remains where it was."""
    original = (await call.order())[1]["orderId"]
    clock.move(seconds=60)
    back = (await call.order(orderType="RETURN", referenceOrderId=original))[1]["orderId"]
    sandbox.finish(back, "1004")
    _, shown = await call(path=f"{call.path}/{original}")
    assert shown["lineItems"][0]["remainingQuantity"] == 2
    with pytest.raises(LookupError):
        sandbox.finish(back)


async def test_orders_end_as_they_are_told_to(
    sandbox: AdobeVipSandbox, call: Caller, clock: Clock
) -> None:
    """An order is accepted at once and may fail later."""
    sandbox.end_orders_with("1022")
    order = (await call.order())[1]
    assert order["status"] == "1002"
    clock.move(seconds=60)
    _, shown = await call(path=f"{call.path}/{order['orderId']}")
    assert shown["status"] == shown["lineItems"][0]["status"] == "1022"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("offset=1", "1133"),
        ("limit=x", "1132"),
        ("status=1008", "1132"),
        ("order-type=GIFT", "1132"),
        ("start-date=soon", "1132"),
        ("externalReferenceId=x", "1132"),
    ],
)
async def test_bad_searches(call: Caller, query: str, code: str) -> None:
    """A value that can't be searched for, or a page past the end, is refused."""
    status, body = await call(path=f"{call.path}?{query}")
    assert (status, body["code"]) == (400, code)


async def test_pages(call: Caller) -> None:
    """25 orders unless told otherwise, 100 at most, with links that are there if the page is."""
    for _ in range(103):
        await call.order()
    _, first = await call()
    assert (first["totalCount"], first["count"], first["limit"], first["offset"]) == (
        103,
        25,
        25,
        0,
    )
    assert set(first["links"]) == {"self", "next"}
    _, large = await call(path=f"{call.path}?limit=500")
    assert large["limit"] == large["count"] == 100
    _, last = await call(path=large["links"]["next"]["uri"])
    assert last["count"] == 3
    assert set(last["links"]) == {"self", "prev"}


async def test_history_may_lag(clock: Clock) -> None:
    """An order can be fetched by its id before it appears in the list."""
    async with (
        AdobeVipSandbox(history_lag=5, clock=clock) as sandbox,
        aiohttp.ClientSession() as http,
    ):
        _, granted = await token_of(sandbox, http)
        call = Caller(sandbox, http, granted["access_token"])
        order = (await call.order())[1]["orderId"]
        assert (await call(path=f"{call.path}/{order}"))[0] == 200
        assert (await call())[1]["totalCount"] == 0
        clock.move(seconds=5)
        assert (await call())[1]["totalCount"] == 1


async def test_what_can_be_patched(call: Caller) -> None:
    """The reference and nothing else."""
    path = f"{call.path}/{(await call.order())[1]['orderId']}"
    status, body = await call("PATCH", path, {"externalReferenceId": "new"})
    assert (status, body["externalReferenceId"]) == (200, "new")
    for changes, code in (
        ({"status": "1000"}, "1121"),
        ({}, "1122"),
        ({"externalReferenceId": "x" * 36}, "2126"),
    ):
        assert (await call("PATCH", path, changes))[1]["code"] == code


async def test_a_token_is_redacted_in_the_record(sandbox: AdobeVipSandbox, call: Caller) -> None:
    """What was asked is kept, without the credentials of its headers."""
    await call()
    headers = sandbox.requests[-1].headers
    assert headers["authorization"] == headers["x-api-key"] == "[redacted]"
    assert sandbox.requests[-1].authorized
    assert sandbox.requests[-1].time.tzinfo is dt.UTC
