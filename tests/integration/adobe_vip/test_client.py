"""The client against the sandbox, over real sockets."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import pickle
from decimal import Decimal
from typing import Any

import pytest

from didww_async import (
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    DidwwError,
    ForeignOriginError,
    InvalidRequestError,
    NotFoundError,
    OrderUnconfirmedError,
    PaginationError,
    RateLimitedError,
    ServerError,
    TokenError,
    TryAgainLaterError,
    ValidationError,
    WaitTimeoutError,
)
from didww_async.providers.adobe_vip import (
    AdobeVipClient,
    AdobeVipEnvironment,
    NewOrder,
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
from tests.integration.adobe_vip.conftest import OFFER, Clock, client_of, line, order, posts
from tests.integration.exposure import told_by

ORDERS = "/v3/customers/*/orders"
A, B = "7f0c3f0e-6a1f-4c0b-9a0d-2f6d5f1f9b11", "7f0c3f0e-6a1f-4c0b-9a0d-2f6d5f1f9b12"


async def completed(client: AdobeVipClient, sandbox: AdobeVipSandbox, clock: Clock) -> str:
    """Place an order, let it be completed, and return its id."""
    placed = await client.create_order(sandbox.customer_id, order())
    clock.move(seconds=60)
    return placed.order_id


async def test_an_order_is_placed_and_completed(
    sandbox: AdobeVipSandbox, client: AdobeVipClient, clock: Clock
) -> None:
    """It is in process first, and has its subscription at the end."""
    placed = await client.create_order(sandbox.customer_id, order())
    assert (placed.order_id, placed.status) == ("5120008001", OrderStatus.PROCESSING)
    assert placed.external_reference_id == "po-2026-000759"
    assert placed.creation_date == clock.now
    clock.move(seconds=60)
    through = await client.get_order(sandbox.customer_id, placed.order_id, fetch_price=True)
    assert through.status == OrderStatus.COMPLETED
    assert through.line_items[0].subscription_id == "86756309"
    assert through.line_items[0].remaining_quantity == 20
    assert through.pricing_summary[0].total_line_item_partner_price == Decimal("1977.6")


async def test_headers_of_an_order(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """Everything that the documents require, and ids that are used once."""
    for _ in range(2):
        await client.create_order(sandbox.customer_id, order())
    first, second = posts(sandbox)
    assert first["accept"] == first["content-type"] == "application/json"
    assert first["x-correlation-id"] != second["x-correlation-id"]
    assert first["x-request-id"] != second["x-request-id"]
    assert all(request.authorized for request in sandbox.requests if "/ims/" not in request.path)


async def test_a_return(sandbox: AdobeVipSandbox, client: AdobeVipClient, clock: Clock) -> None:
    """Licences are given back in parts; with the last of them the order is cancelled."""
    bought = await completed(client, sandbox, clock)

    async def give_back(quantity: int) -> Any:
        item = ReturnLineItem(ext_line_item_number=1, offer_id=OFFER, quantity=quantity)
        return await client.create_order(
            sandbox.customer_id, ReturnOrder(reference_order_id=bought, line_items=[item])
        )

    returned = await give_back(5)
    assert returned.reference_order_id == bought
    clock.move(seconds=60)
    assert (await client.get_order(sandbox.customer_id, bought)).line_items[
        0
    ].remaining_quantity == 15
    with pytest.raises(ValidationError, match="RETURN_QTY_EXCEEDS_REMAINING"):
        await give_back(16)
    await give_back(15)
    clock.move(seconds=60)
    assert (await client.get_order(sandbox.customer_id, bought)).status == OrderStatus.CANCELLED


async def test_previews_buy_nothing(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """A preview has prices, and neither id nor status; a lost answer is asked for again."""
    sandbox.faults.drop_after(path=ORDERS)
    sandbox.faults.gateway_timeout(path=ORDERS)
    preview = OrderPreview(line_items=[line()])
    told = await client.create_order(sandbox.customer_id, preview, fetch_price=True)
    assert (told.order_id, told.status) == ("", None)
    assert told.pricing_summary[0].total_line_item_partner_price == Decimal("1977.6")
    assert sandbox.state.orders == {}
    sandbox.faults.remembered("1124", path=ORDERS)
    with pytest.raises(ServerError):
        await client.create_order(sandbox.customer_id, preview)


async def test_renewals(sandbox: AdobeVipSandbox, client: AdobeVipClient, clock: Clock) -> None:
    """What a customer has is previewed without lines, and renewed by its subscription."""
    customer = sandbox.customer_id
    with pytest.raises(BadRequestError, match="2136"):
        await client.create_order(customer, RenewalPreview())
    await completed(client, sandbox, clock)
    told = await client.create_order(customer, RenewalPreview())
    assert told.order_type == OrderType.PREVIEW_RENEWAL
    subscription = told.line_items[0].subscription_id
    assert subscription is not None
    item = RenewalLineItem(
        ext_line_item_number=1, offer_id=OFFER, quantity=20, subscription_id=subscription
    )
    renewed = await client.create_order(customer, RenewalOrder(line_items=[item]))
    assert renewed.order_type == OrderType.RENEWAL


async def test_history_is_walked_page_by_page(
    sandbox: AdobeVipSandbox, client: AdobeVipClient, clock: Clock
) -> None:
    """The newest first, over relative links, with the filters on every page."""
    for number in range(5):
        await client.create_order(sandbox.customer_id, order(f"r{number}"))
        clock.move(seconds=61)
    sandbox.requests.clear()
    history = client.order_history(
        sandbox.customer_id, status=[OrderStatus.COMPLETED, "1002"], order_type="NEW", limit=2
    )
    assert [each.external_reference_id async for each in history] == ["r4", "r3", "r2", "r1", "r0"]
    assert await history.total() == 5
    queries = [request.query for request in sandbox.requests]
    assert len(queries) == 4
    assert all(("status", "1002") in query for query in queries)


async def test_history_begins_where_it_is_told_to(
    sandbox: AdobeVipSandbox, client: AdobeVipClient, clock: Clock
) -> None:
    """Without a start it begins with the term; a date counts from midnight."""
    customer = sandbox.state.customers[sandbox.customer_id]
    await client.create_order(customer.id, order("old"))
    clock.move(days=40)
    customer.term_began = clock.now - dt.timedelta(days=1)
    await client.create_order(customer.id, order("new"))

    async def references(**filters: Any) -> list[str | None]:
        history = client.order_history(customer.id, **filters)
        return [each.external_reference_id async for each in history]

    assert await references() == ["new"]
    assert await references(start_date=dt.date(2026, 1, 1)) == ["new", "old"]
    assert await references(start_date=clock.now - dt.timedelta(seconds=1)) == ["new"]
    assert await references(
        start_date=dt.date(2026, 1, 1), end_date=clock.now - dt.timedelta(days=1)
    ) == ["old"]


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": True}, "limit"),
        ({"status": 1000}, "status"),
        ({"status": [1000]}, "status"),
        ({"offer_id": ""}, "offer_id"),
        ({"start_date": "2026-01-01"}, "start_date"),
        ({"end_date": dt.datetime(2026, 1, 1)}, "end_date"),  # noqa: DTZ001
        ({"customer_id": "a/b"}, "customer_id"),
    ],
)
async def test_bad_filters_are_refused(
    client: AdobeVipClient, filters: dict[str, Any], field: str
) -> None:
    """Nothing is sent, and the filter is named."""
    with pytest.raises(InvalidRequestError) as caught:
        client.order_history(**{"customer_id": "1005550101", **filters})
    assert caught.value.field == field


@pytest.mark.parametrize("identity", ["", "..", "a/b", "a?b", "a b", "x" * 41, None, 5])
async def test_ids_stay_in_their_path(
    sandbox: AdobeVipSandbox, client: AdobeVipClient, identity: Any
) -> None:
    """What could lead to another URL is no id, and nothing is sent."""
    for call in (
        client.get_order(identity, "1"),
        client.get_order("1", identity),
        client.create_order(identity, order()),
        client.update_reference("1", identity, "x"),
    ):
        with pytest.raises(InvalidRequestError, match="_id"):
            await call
    assert sandbox.requests == []


async def test_links_to_another_server_are_not_followed(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """The token goes to one origin only."""
    body = '{"totalCount":9,"items":[],"links":{"next":{"uri":"https://evil.example.com/v3"}}}'
    sandbox.faults.answer(200, body=body, method="GET")
    with pytest.raises(ForeignOriginError):
        _ = [each async for each in client.order_history(sandbox.customer_id)]


async def test_links_in_a_circle_end(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """A page that leads back to an earlier one is an error, not an endless list."""
    body = '{"items":[],"links":{"self":{"uri":"/v3/a"},"next":{"uri":"/v3/b"}}}'
    again = '{"items":[],"links":{"self":{"uri":"/v3/b"},"next":{"uri":"/v3/b"}}}'
    sandbox.faults.answer(200, body=body, method="GET")
    sandbox.faults.answer(200, body=again, method="GET")
    with pytest.raises(PaginationError):
        _ = [each async for each in client.order_history(sandbox.customer_id)]


async def test_the_reference_can_be_changed(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """It is the only thing that can."""
    placed = await client.create_order(sandbox.customer_id, order())
    changed = await client.update_reference(sandbox.customer_id, placed.order_id, "new")
    assert changed.external_reference_id == "new"
    with pytest.raises(InvalidRequestError, match="external_reference_id"):
        await client.update_reference(sandbox.customer_id, placed.order_id, "x" * 36)
    with pytest.raises(NotFoundError):
        await client.update_reference(sandbox.customer_id, "1", "new")


async def test_a_change_without_a_body_is_read_anew(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """Where the server answers 204, the order is fetched."""
    placed = await client.create_order(sandbox.customer_id, order())
    sandbox.faults.answer(204, applied=True, method="PATCH")
    changed = await client.update_reference(sandbox.customer_id, placed.order_id, "new")
    assert changed.external_reference_id == "new"


async def test_waiting_ends_with_a_final_status(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """Also if the order failed; one that is through already costs no request."""
    placed = await client.create_order(sandbox.customer_id, order())
    waiting = asyncio.ensure_future(
        client.wait_for_order(sandbox.customer_id, placed.order_id, poll_interval=0.001)
    )
    while len(sandbox.requests) < 5:
        await asyncio.sleep(0.001)
    sandbox.finish(placed.order_id, "1024")
    through = await waiting
    assert through.status == OrderStatus.CUSTOMER_INACTIVE
    count = len(sandbox.requests)
    assert await client.wait_for_order(sandbox.customer_id, through) is through
    assert len(sandbox.requests) == count


async def test_waiting_has_an_end(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """After the timeout the error has the order's last state."""
    placed = await client.create_order(sandbox.customer_id, order())
    with pytest.raises(WaitTimeoutError, match="5120008001") as caught:
        await client.wait_for_order(sandbox.customer_id, placed, timeout=0.05, poll_interval=0.01)
    assert caught.value.order == placed


async def test_a_lost_answer_is_asked_for_again(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """The same order with the error's correlation id gets the first answer: there is one order."""
    sandbox.faults.drop_after(method="POST", path=ORDERS)
    with pytest.raises(OrderUnconfirmedError) as caught:
        await client.create_order(sandbox.customer_id, order())
    error = caught.value
    assert isinstance(error.cause, ConnectionLostError)
    assert error.external_reference_id == "po-2026-000759"
    assert error.correlation_id == posts(sandbox)[0]["x-correlation-id"]
    assert error.status is None
    again = await client.create_order(
        sandbox.customer_id, order(), correlation_id=error.correlation_id
    )
    assert list(sandbox.state.orders) == [again.order_id]


async def test_a_repeated_answer_is_of_then(clock: Clock) -> None:
    """It tells the first status, for ten days; after that the id is as new and orders again."""
    lasting = AdobeVipSandbox(token_seconds=10**7, clock=clock)
    async with lasting as sandbox, client_of(sandbox) as client:
        await client.create_order(sandbox.customer_id, order(), correlation_id=A)
        clock.move(days=9, hours=23)
        again = await client.create_order(sandbox.customer_id, order(), correlation_id=A)
        assert again.status == OrderStatus.PROCESSING
        assert len(sandbox.state.orders) == 1
        clock.move(hours=1)
        await client.create_order(sandbox.customer_id, order(), correlation_id=A)
        assert len(sandbox.state.orders) == 2


@pytest.mark.parametrize("applied", [True, False])
async def test_an_answered_failure_leaves_the_fate_open(
    sandbox: AdobeVipSandbox,
    client: AdobeVipClient,
    applied: bool,  # noqa: FBT001
) -> None:
    """After a 5xx the order may exist, and its correlation id is answered the same again."""
    sandbox.faults.remembered("1124", applied=applied, method="POST")
    for _ in range(2):
        with pytest.raises(OrderUnconfirmedError, match="look it up") as caught:
            await client.create_order(sandbox.customer_id, order(), correlation_id=A)
        assert caught.value.status == 500
    assert len(sandbox.state.orders) == applied
    found = [each.external_reference_id async for each in client.order_history(sandbox.customer_id)]
    assert found == ["po-2026-000759"] * applied


@pytest.mark.parametrize("body", ["<html>", "{}", '{"orderType":"NEW","orderId":""}', "[1"])
async def test_an_answer_that_cannot_be_read_leaves_the_fate_open(
    sandbox: AdobeVipSandbox, client: AdobeVipClient, body: str
) -> None:
    """A 201 that is no order is no proof of one."""
    sandbox.faults.answer(201, body=body, method="POST", path=ORDERS)
    with pytest.raises(OrderUnconfirmedError) as caught:
        await client.create_order(sandbox.customer_id, order())
    assert isinstance(caught.value.cause, DecodeError)


async def test_an_order_is_never_sent_again_by_itself(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """Not after a 5xx, a lost answer or a 429, all of which may be repeated for a GET."""
    sandbox.faults.drop_before(method="POST", path=ORDERS)
    sandbox.faults.gateway_timeout(method="POST", path=ORDERS)
    sandbox.faults.rate_limit(0.01, method="POST", path=ORDERS)
    for kind in (OrderUnconfirmedError, OrderUnconfirmedError, RateLimitedError):
        with pytest.raises(kind):
            await client.create_order(sandbox.customer_id, order())
    assert len(posts(sandbox)) == 3


async def test_cancelling_leaves_a_note(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """Whoever is cancelled meanwhile learns the correlation id."""
    sandbox.faults.stall_headers(applied=True, method="POST", path=ORDERS)
    task = asyncio.ensure_future(
        client.create_order(sandbox.customer_id, order(), correlation_id=A)
    )
    while not posts(sandbox):
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert A in caught.value.__notes__[0]


async def test_a_duplicate_of_what_is_in_work(
    sandbox: AdobeVipSandbox, client: AdobeVipClient, clock: Clock
) -> None:
    """It is refused for the time being, and answered like the first one in the end."""
    sandbox.faults.slow(0.05, method="POST")
    first = asyncio.ensure_future(
        client.create_order(sandbox.customer_id, order(), correlation_id=A)
    )
    while not posts(sandbox):
        await asyncio.sleep(0.001)
    with pytest.raises(TryAgainLaterError, match="4122"):
        await client.create_order(sandbox.customer_id, order(), correlation_id=A)
    clock.move(seconds=1)
    assert await client.create_order(sandbox.customer_id, order(), correlation_id=A) == await first


@pytest.mark.parametrize(
    ("code", "kind"), [("5122", TryAgainLaterError), ("2129", BadRequestError)]
)
async def test_refusals_are_told_by_their_code(
    sandbox: AdobeVipSandbox, client: AdobeVipClient, code: str, kind: type[BadRequestError]
) -> None:
    """A refusal is no doubt: nothing was ordered."""
    sandbox.faults.remembered(code, method="POST")
    with pytest.raises(kind) as caught:
        await client.create_order(sandbox.customer_id, order())
    assert caught.value.errors[0].code == code
    assert sandbox.state.orders == {}


async def test_a_token_that_ends_is_replaced_unseen(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """An order that is refused for its token goes out once more, with other ids."""
    await client.create_order(sandbox.customer_id, order())
    sandbox.revoke_tokens()
    await client.create_order(sandbox.customer_id, order("second"))
    headers = posts(sandbox)
    assert len({each["x-correlation-id"] for each in headers}) == len(headers) == 3
    assert len(sandbox.state.orders) == 2
    sandbox.revoke_tokens()
    assert len([each async for each in client.order_history(sandbox.customer_id)]) == 2


async def test_a_given_correlation_id_is_never_replaced(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """It may stand for an order whose answer was lost, so a refused token is raised."""
    await client.create_order(sandbox.customer_id, order())
    sandbox.revoke_tokens()
    with pytest.raises(AuthenticationError):
        await client.create_order(sandbox.customer_id, order(), correlation_id=A)
    await client.create_order(sandbox.customer_id, order(), correlation_id=B)
    assert [each["x-correlation-id"] for each in posts(sandbox)][1:] == [A, B]


async def test_a_token_that_is_refused_at_once(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """A fresh token is tried once; if it is refused too, that is the error."""
    body = '{"code":"4116","message":"Invalid token"}'
    sandbox.faults.answer(401, body=body, times=None, path="/v3/*")
    with pytest.raises(AuthenticationError, match="check client_id"):
        await client.create_order(sandbox.customer_id, order())
    with pytest.raises(AuthenticationError):
        await client.get_order(sandbox.customer_id, "1")
    assert len([each for each in sandbox.requests if each.path.startswith("/v3")]) == 4


async def test_tokens_expire_in_the_middle_of_a_run(clock: Clock) -> None:
    """Orders go on while their tokens last a moment only."""
    async with AdobeVipSandbox(token_seconds=1, complete_after=None) as sandbox:
        async with client_of(sandbox) as client:
            for number in range(30):
                await client.create_order(sandbox.customer_id, order(f"r{number}"))
                if number % 10 == 0:
                    sandbox.revoke_tokens()
        assert len(sandbox.state.orders) == 30


async def test_wrong_credentials(sandbox: AdobeVipSandbox) -> None:
    """The token service's refusal is told, and no order is sent."""
    async with client_of(sandbox, client_secret="p8e-wrong") as client:
        with pytest.raises(TokenError, match="invalid_client"):
            await client.create_order(sandbox.customer_id, order())
    assert posts(sandbox) == []


async def test_reads_are_repeated(sandbox: AdobeVipSandbox, client: AdobeVipClient) -> None:
    """With a correlation id of its own each: a failure that is remembered would come again."""
    placed = await client.create_order(sandbox.customer_id, order())
    sandbox.faults.gateway_timeout(method="GET")
    sandbox.faults.drop_before(method="GET")
    sandbox.faults.rate_limit(0, method="GET")
    found = await client.get_order(sandbox.customer_id, placed.order_id)
    assert found.order_id == placed.order_id
    ids = [each.headers["x-correlation-id"] for each in sandbox.requests if each.method == "GET"]
    assert len(set(ids)) == len(ids) == 4


async def test_nobody_is_there(sandbox: AdobeVipSandbox) -> None:
    """Without a connection nothing was ordered."""
    async with client_of(sandbox, base_url="http://127.0.0.1:9") as client:
        with pytest.raises(ConnectError):
            await client.create_order(sandbox.customer_id, order())


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("in_json", [True, False])
async def test_secrets_stay_secret(
    sandbox: AdobeVipSandbox,
    client: AdobeVipClient,
    caplog: pytest.LogCaptureFixture,
    status: int,
    in_json: bool,  # noqa: FBT001
) -> None:
    """Neither secret, id nor token is in a log, a repr, an error, its causes or a pickle of one."""
    caplog.set_level(logging.DEBUG)
    placed = await client.create_order(sandbox.customer_id, order())
    token = client._auth.secrets()[-1]
    assert token.startswith("sandbox-token-")
    echo = f"{token} {sandbox.client_secret} {sandbox.client_id}"
    members = {"code": "1117", "message": echo, "orderId": [echo], "items": echo}
    body = json.dumps(members) if in_json else echo
    sandbox.faults.answer(status, body=body, times=None, path="/v3/*")
    errors: list[DidwwError] = []
    for call in (
        lambda: client.create_order(sandbox.customer_id, order()),
        lambda: client.get_order(sandbox.customer_id, placed.order_id),
        lambda: client.update_reference(sandbox.customer_id, placed.order_id, "x"),
        lambda: client.order_history(sandbox.customer_id),
    ):
        with pytest.raises(DidwwError) as caught:
            await call()
        errors.append(caught.value)
    told = [told_by(error) for error in errors]
    told += [repr(client), repr(client._auth), caplog.text]
    assert "POST" in caplog.text
    for secret in (*client._auth.secrets(), token):
        assert not any(secret in text for text in told)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 500])
async def test_secrets_stay_secret_without_a_token(
    sandbox: AdobeVipSandbox, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """A token service that repeats what it was asked with reveals nothing by it."""
    caplog.set_level(logging.DEBUG)
    echo = f'{{"error":"invalid_client","error_description":"{sandbox.client_secret}"}}'
    sandbox.faults.answer(status, body=echo, times=None, path="/ims/token/v3")
    async with client_of(sandbox) as client:
        with pytest.raises(TokenError) as caught:
            await client.create_order(sandbox.customer_id, order())
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(client)
    told = told_by(caught.value) + repr(client) + caplog.text
    assert sandbox.client_secret not in told
    assert sandbox.client_id not in told


async def test_many_orders_that_meet_an_ended_token_share_the_next(
    sandbox: AdobeVipSandbox, client: AdobeVipClient
) -> None:
    """It is asked for once, however many orders and looks were refused with the old one."""
    placed = await client.create_order(sandbox.customer_id, order())
    sandbox.revoke_tokens()
    await asyncio.gather(
        *(client.create_order(sandbox.customer_id, order(f"r{number}")) for number in range(30)),
        *(client.get_order(sandbox.customer_id, placed.order_id) for _ in range(10)),
    )
    assert len(sandbox.state.orders) == 31
    assert [request.path for request in sandbox.requests].count("/ims/token/v3") == 2


@pytest.mark.parametrize("name", ["ADOBE_VIP_CLIENT_ID", "ADOBE_VIP_CLIENT_SECRET"])
def test_missing_credentials(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """They come from the environment if they are not given, and are asked for by name."""
    monkeypatch.setenv("ADOBE_VIP_CLIENT_ID", "a")
    monkeypatch.setenv("ADOBE_VIP_CLIENT_SECRET", "b")
    AdobeVipClient()
    monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=name):
        AdobeVipClient()


@pytest.mark.parametrize(
    "options",
    [
        {"environment": "sandbox"},
        {"timeouts": 5},
        {"retry": 5},
        {"pace": 5},
        {"base_url": "ftp://x"},
        {"token_url": "nothing"},
    ],
)
def test_settings_that_cannot_work(options: dict[str, Any]) -> None:
    """They are refused before anything is sent."""
    with pytest.raises(ConfigurationError):
        AdobeVipClient("a", "b", **options)


def test_environments_have_their_own_urls() -> None:
    """Of the API and of the token service (VIP Marketplace docs, Authentication)."""
    assert repr(AdobeVipClient("a", "b")) == "AdobeVipClient('https://partners.adobe.io')"
    test = AdobeVipEnvironment.SANDBOX
    assert "partnersandbox-stage" in repr(AdobeVipClient("a", "b", environment=test))
    assert test.token_url == "https://ims-na1-stg1.adobelogin.com/ims/token/v3"


async def test_it_is_asynchronous_and_needs_to_be_open(sandbox: AdobeVipSandbox) -> None:
    """`with` says what to write, and a client outside of its context says so."""
    client = client_of(sandbox)
    with pytest.raises(TypeError, match="async with"), client:
        pass
    with pytest.raises(ClientStateError):
        await client.get_order("1", "1")
    async with client:
        pass
    with pytest.raises(ClientStateError):
        await client.create_order("1", order())


@pytest.mark.parametrize("wrong", [None, {}, line(), "order"])
async def test_what_is_no_order(client: AdobeVipClient, wrong: Any) -> None:
    """Something else is refused, and nothing is sent."""
    with pytest.raises(InvalidRequestError, match="order"):
        await client.create_order("1005550101", wrong)


@pytest.mark.parametrize("wrong", ["", "a b", "a\n", "\u00e9", 5, "x" * 101])
async def test_what_is_no_correlation_id(client: AdobeVipClient, wrong: Any) -> None:
    """What can't stand in a header is refused."""
    with pytest.raises(InvalidRequestError, match="correlation_id"):
        await client.create_order("1005550101", order(), correlation_id=wrong)


def test_an_order_is_not_a_didww_order() -> None:
    """Both packages have a class of this name."""
    import didww_async

    assert NewOrder is not didww_async.NewOrder  # type: ignore[comparison-overlap]
