"""Money: what an order and a cancellation do when the answer fails to come."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from didww_async import (
    BadRequestError,
    ClientStateError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    DidwwClient,
    DidwwError,
    InsufficientBalanceError,
    OrderStatus,
    OrderUnconfirmedError,
    Pace,
    RateLimitedError,
    RedirectError,
    RequestTimeoutError,
    ResponseTooLargeError,
    ServerError,
    ValidationError,
)
from tests.integration.hostile.scripted import (
    IMPATIENT,
    KEY,
    MEDIA_TYPE,
    ORDER_ID,
    TWO_MEMBER_ERROR,
    ScriptedServer,
    Step,
    answer,
    client_of,
    cut,
    cut_chunks,
    hang_up,
    html,
    items,
    one,
    order,
    packed,
    raw,
    raw_then_close,
    refusal,
    reset,
    stall,
    stalled_body,
)

ORDERS = "/v3/orders"
MEMBER = f"/v3/orders/{ORDER_ID}"

LOST = [
    pytest.param(reset(), ConnectionLostError, id="reset before any answer"),
    pytest.param(hang_up(), ConnectionLostError, id="closed before any answer"),
    pytest.param(
        raw_then_close(b"HTTP/1.1 201 Created\r\nContent-"), ConnectionLostError, id="cut headers"
    ),
    pytest.param(cut(201, one()), ConnectionLostError, id="cut body"),
    pytest.param(cut_chunks(201, one()), ConnectionLostError, id="cut chunks"),
    pytest.param(
        raw_then_close(b"\x16\x03\x01\x02\x00\r\n\r\n"), ConnectionLostError, id="no HTTP"
    ),
    pytest.param(
        raw_then_close(b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"),
        ConnectionLostError,
        id="broken chunk size",
    ),
    pytest.param(
        raw(packed(201, b"no gzip at all", {"Content-Encoding": "gzip"})),
        ConnectionLostError,
        id="broken gzip",
    ),
    pytest.param(
        raw_then_close(b"HTTP/1.1 201 OK\r\nContent-Length: x\r\n\r\n"),
        ConnectionLostError,
        id="a length that is no number",
    ),
    pytest.param(
        raw_then_close(b"HTTP/1.1 201 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        DidwwError,
        id="two lengths",
    ),
    pytest.param(
        raw_then_close(b"HTTP/1.1 201 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
        ConnectionLostError,
        id="huge header",
    ),
    pytest.param(
        raw_then_close(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        DidwwError,
        id="101",
    ),
    pytest.param(stall(), RequestTimeoutError, id="stalled headers"),
    pytest.param(stalled_body(201, one()), RequestTimeoutError, id="stalled body"),
    pytest.param(answer(500), ServerError, id="500 empty"),
    pytest.param(html(502), ServerError, id="502 HTML"),
    pytest.param(answer(503, b"", {"Retry-After": "0"}), ServerError, id="503 with Retry-After"),
    pytest.param(html(504), ServerError, id="504 HTML"),
    pytest.param(html(520), ServerError, id="520 of a proxy"),
    pytest.param(html(200), DecodeError, id="200 HTML"),
    pytest.param(answer(200), DecodeError, id="200 empty"),
    pytest.param(answer(204), DecodeError, id="204"),
    pytest.param(answer(201, b'{"data": null}'), DecodeError, id="201 null"),
    pytest.param(answer(201, b'{"data": {"type": "orders"}}'), DecodeError, id="201 without id"),
    pytest.param(answer(307, b"", {"Location": "/v3/other"}), RedirectError, id="307"),
    pytest.param(html(408), DidwwError, id="408"),
]


@pytest.mark.parametrize(("step", "kind"), LOST)
async def test_an_order_whose_answer_is_lost_is_unconfirmed_and_sent_once(
    server: ScriptedServer, step: Step, kind: type[DidwwError]
) -> None:
    """OrderUnconfirmedError, with the reason and the reference; one POST on the wire."""
    server.script = [step]

    async with client_of(server, timeouts=IMPATIENT) as didww:
        with pytest.raises(OrderUnconfirmedError) as caught:
            await didww.create_order(items(), external_reference_id="crm-42")

    assert server.wire == ["POST " + ORDERS]
    assert isinstance(caught.value.cause, kind)
    assert caught.value.external_reference_id == "crm-42"
    assert "crm-42" in str(caught.value)


async def test_a_lost_order_without_a_reference_says_so(server: ScriptedServer) -> None:
    """There is nothing to look it up by, and the error tells."""
    server.script = [reset()]

    async with client_of(server) as didww:
        with pytest.raises(OrderUnconfirmedError, match="no external_reference_id") as caught:
            await didww.create_order(items())

    assert caught.value.external_reference_id is None


async def test_an_order_answer_over_the_bound_is_unconfirmed(server: ScriptedServer) -> None:
    """The order may exist although its answer was refused."""
    server.script = [answer(201, one(description="x" * 3000))]

    async with client_of(server, max_response_bytes=1000) as didww:
        with pytest.raises(OrderUnconfirmedError) as caught:
            await didww.create_order(items(), external_reference_id="crm-42")

    assert isinstance(caught.value.cause, ResponseTooLargeError)
    assert server.wire == ["POST " + ORDERS]


async def test_an_order_reset_on_a_kept_connection_is_sent_once(server: ScriptedServer) -> None:
    """A connection that was good before and breaks under a POST makes it unconfirmed."""
    server.script = [answer(200, one()), reset()]

    async with client_of(server) as didww:
        await didww.get_order(ORDER_ID)
        with pytest.raises(OrderUnconfirmedError):
            await didww.create_order(items(), external_reference_id="crm-42")

    assert server.wire == ["GET " + MEMBER, "POST " + ORDERS]
    assert [seen.connection for seen in server.requests] == [1, 1]


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 20 Nov 99999999999999999999 08:49:37 GMT",
        "Mon, 20 Nov 1995 08:49:37 +99999999999999999999",
    ],
)
async def test_an_odd_retry_after_does_not_hide_a_lost_order(
    server: ScriptedServer, value: str
) -> None:
    """A 500 stays an unconfirmed order, whatever stands in its headers."""
    server.script = [answer(500, b"", {"Retry-After": value})]

    async with client_of(server) as didww:
        with pytest.raises(OrderUnconfirmedError):
            await didww.create_order(items(), external_reference_id="crm-42")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequestError), (422, ValidationError), (418, DidwwError)],
)
async def test_a_refused_order_is_not_unconfirmed(
    server: ScriptedServer, status: int, kind: type[DidwwError]
) -> None:
    """The server said no, so there is nothing to look for."""
    server.script = [answer(status, refusal(status, "items/0/qty - is invalid"))]

    async with client_of(server) as didww:
        with pytest.raises(kind) as caught:
            await didww.create_order(items(), external_reference_id="crm-42")

    assert not isinstance(caught.value, OrderUnconfirmedError)
    assert server.wire == ["POST " + ORDERS]


async def test_a_balance_too_low_is_told_with_both_sums(server: ScriptedServer) -> None:
    """InsufficientBalanceError, by its meta and whatever its title."""
    error = {
        "title": "Odd",
        "code": "400",
        "meta": {"total_cost": "44.35", "available_balance": "0.0"},
    }
    server.script = [answer(400, {"errors": [{"detail": "first"}, error]})]

    async with client_of(server) as didww:
        with pytest.raises(InsufficientBalanceError) as caught:
            await didww.create_order(items())

    assert caught.value.total_cost == Decimal("44.35")
    assert caught.value.available_balance == Decimal("0.0")


async def test_an_order_is_repeated_after_429(server: ScriptedServer) -> None:
    """429 means that nothing was done: the same bytes go out again."""
    server.script = [
        answer(429, TWO_MEMBER_ERROR, {"Retry-After": "0"}),
        answer(201, one(external_reference_id="crm-42")),
    ]

    async with client_of(server) as didww:
        order = await didww.create_order(items(), external_reference_id="crm-42")

    assert order.external_reference_id == "crm-42"
    assert server.wire == ["POST " + ORDERS] * 2
    assert server.requests[0].body == server.requests[1].body


async def test_an_order_lost_after_429_is_unconfirmed(server: ScriptedServer) -> None:
    """The repetition's loss counts, not the harmless first answer."""
    server.script = [answer(429, TWO_MEMBER_ERROR), reset()]

    async with client_of(server) as didww:
        with pytest.raises(OrderUnconfirmedError) as caught:
            await didww.create_order(items(), external_reference_id="crm-42")

    assert isinstance(caught.value.cause, ConnectionLostError)
    assert server.wire == ["POST " + ORDERS] * 2


async def test_an_order_always_rate_limited_was_never_placed(server: ScriptedServer) -> None:
    """RateLimitedError after the last attempt, not OrderUnconfirmedError."""
    server.script = [answer(429, TWO_MEMBER_ERROR)] * 3

    async with client_of(server) as didww:
        with pytest.raises(RateLimitedError):
            await didww.create_order(items(), external_reference_id="crm-42")

    assert server.wire == ["POST " + ORDERS] * 3


async def test_a_refused_connection_never_makes_an_order_unconfirmed(
    server: ScriptedServer,
) -> None:
    """ConnectError, after as many attempts as the policy has."""
    await server.stop()
    attempts: list[object] = []

    async def count(*_: object) -> None:
        attempts.append(1)

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(count)
    async with client_of(server, trace_configs=[trace]) as didww:
        with pytest.raises(ConnectError):
            await didww.create_order(items(), external_reference_id="crm-42")

    assert len(attempts) == 3


@pytest.mark.parametrize("interim", ["100 Continue", "103 Early Hints"])
async def test_an_interim_answer_is_not_the_answer(server: ScriptedServer, interim: str) -> None:
    """The one that follows tells what became of the order."""
    whole = packed(201, json.dumps(one()).encode())
    server.script = [raw(f"HTTP/1.1 {interim}\r\n\r\n".encode() + whole)]

    async with client_of(server) as didww:
        assert (await didww.create_order(items())).id == ORDER_ID


async def test_an_answer_that_nobody_asked_for_is_no_orders_answer(
    server: ScriptedServer,
) -> None:
    """A second answer sent along with the first does not become that of the next order."""
    stray = packed(201, json.dumps(one("stray")).encode())
    server.script = [
        raw(packed(201, json.dumps(one("first")).encode()) + stray),
        answer(201, one("second")),
    ]

    async with client_of(server) as didww:
        first = await didww.create_order(items())
        second = await didww.create_order(items())

    assert [first.id, second.id] == ["first", "second"]
    assert server.connections == 2


async def test_a_late_answer_is_not_taken_for_that_of_the_next_order(
    server: ScriptedServer,
) -> None:
    """A connection whose answer did not come in time is not used again."""
    server.script = [stall(), answer(201, one("second"))]

    async with client_of(server, timeouts=IMPATIENT) as didww:
        with pytest.raises(OrderUnconfirmedError):
            await didww.create_order(items())
        order = await didww.create_order(items())

    assert order.id == "second"
    assert [seen.connection for seen in server.requests] == [1, 2]


async def test_statuses_in_another_versions_spelling_are_known(server: ScriptedServer) -> None:
    """`Completed` is completed, and `Pending` pending."""
    server.script = [answer(200, one(status="Completed")), answer(200, one(status="Pending"))]

    async with client_of(server) as didww:
        first = await didww.get_order(ORDER_ID)
        second = await didww.get_order(ORDER_ID)

    assert (first.status, first.is_final) == (OrderStatus.COMPLETED, True)
    assert (second.status, second.is_final) == (OrderStatus.PENDING, False)


LOST_DELETES = [
    pytest.param(reset(), ConnectionLostError, id="reset"),
    pytest.param(hang_up(), ConnectionLostError, id="closed"),
    pytest.param(stall(), RequestTimeoutError, id="stalled"),
    pytest.param(html(502), ServerError, id="502"),
    pytest.param(answer(500), ServerError, id="500"),
]


@pytest.mark.parametrize(("step", "kind"), LOST_DELETES)
async def test_a_cancellation_whose_answer_is_lost_is_looked_up(
    server: ScriptedServer, step: Step, kind: type[DidwwError]
) -> None:
    """The order is canceled, so the call succeeds; one DELETE on the wire."""
    server.script = [step, answer(200, one(status="canceled"))]

    async with client_of(server, timeouts=IMPATIENT) as didww:
        await didww.cancel_order(ORDER_ID)

    assert server.wire == ["DELETE " + MEMBER, "GET " + MEMBER]


@pytest.mark.parametrize("status", ["pending", "completed", "Pending", "archived"])
@pytest.mark.parametrize(("step", "kind"), LOST_DELETES)
async def test_a_lost_cancellation_that_did_not_happen_raises(
    server: ScriptedServer, step: Step, kind: type[DidwwError], status: str
) -> None:
    """The order is not canceled, so the first failure is raised; one DELETE on the wire."""
    server.script = [step, answer(200, one(status=status))]

    async with client_of(server, timeouts=IMPATIENT) as didww:
        with pytest.raises(kind) as caught:
            await didww.cancel_order(ORDER_ID)

    assert getattr(caught.value, "method", None) == "DELETE"
    assert server.wire == ["DELETE " + MEMBER, "GET " + MEMBER]


async def test_a_cancellation_reset_on_a_kept_connection_is_sent_once(
    server: ScriptedServer,
) -> None:
    """A DELETE is not repeated behind the caller's back, as an idempotent method would be."""
    server.script = [answer(200, one()), reset(), answer(200, one(status="canceled"))]

    async with client_of(server) as didww:
        await didww.get_order(ORDER_ID)
        await didww.cancel_order(ORDER_ID)

    assert server.wire == ["GET " + MEMBER, "DELETE " + MEMBER, "GET " + MEMBER]


async def test_a_lost_cancellation_that_cannot_be_looked_up_is_not_called_unsent(
    server: ScriptedServer,
) -> None:
    """A DELETE that was sent never ends in ConnectError, which says that nothing was sent."""

    async def reset_and_close(peer: Any) -> None:
        server.close_door()
        peer.reset()

    server.script = [reset_and_close]

    async with client_of(server) as didww:
        with pytest.raises(DidwwError) as caught:
            await didww.cancel_order(ORDER_ID)

    assert not isinstance(caught.value, ConnectError)


@pytest.mark.parametrize("step", [html(200), html(408)], ids=["200 HTML", "408"])
async def test_a_page_in_place_of_an_answer_does_not_cancel(
    server: ScriptedServer, step: Step
) -> None:
    """A proxy's page says nothing of the order: it is fetched, and is still pending."""
    server.strict = False
    server.script = [step, answer(200, one(status="pending"))]

    async with client_of(server) as didww:
        with pytest.raises(DidwwError):
            await didww.cancel_order(ORDER_ID)

    assert server.wire == ["DELETE " + MEMBER, "GET " + MEMBER]


async def test_an_order_that_cannot_be_canceled_raises_without_another_request(
    server: ScriptedServer,
) -> None:
    """422 is the server's word."""
    server.script = [answer(422, refusal(422, "base - Order not pending"))]

    async with client_of(server) as didww:
        with pytest.raises(ValidationError, match="Order not pending"):
            await didww.cancel_order(ORDER_ID)


async def test_a_cancellation_is_repeated_after_429(server: ScriptedServer) -> None:
    """429 means that nothing was done."""
    server.script = [answer(429, TWO_MEMBER_ERROR), answer(204)]

    async with client_of(server) as didww:
        await didww.cancel_order(ORDER_ID)

    assert server.wire == ["DELETE " + MEMBER] * 2


async def test_a_users_session_that_repeats_a_cancellation_is_seen_through(
    server: ScriptedServer,
) -> None:
    """The repetition is refused because the first one worked: the order is canceled."""
    server.script = [
        reset(),
        answer(422, refusal(422, "base - Order not pending")),
        answer(200, one(status="canceled")),
    ]

    async with aiohttp.ClientSession() as session, client_of(server, session=session) as didww:
        await didww.cancel_order(ORDER_ID)

    assert server.wire == ["DELETE " + MEMBER, "DELETE " + MEMBER, "GET " + MEMBER]


async def test_a_users_session_does_not_repeat_an_order(server: ScriptedServer) -> None:
    """One POST on the wire, whoever made the session."""
    server.script = [reset()]

    async with aiohttp.ClientSession() as session, client_of(server, session=session) as didww:
        with pytest.raises(OrderUnconfirmedError):
            await didww.create_order(items(), external_reference_id="crm-42")

    assert server.wire == ["POST " + ORDERS]


@pytest.mark.parametrize("verb", ["create", "get"])
async def test_a_users_session_that_raises_for_status_changes_no_verdict(
    server: ScriptedServer, verb: str
) -> None:
    """A refusal stays a refusal where the session has `raise_for_status=True`."""
    server.strict = False
    server.script = [answer(422, refusal(422, "is invalid"))]
    server.otherwise = answer(422, refusal(422, "is invalid"))

    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        client_of(server, session=session) as didww,
    ):
        with pytest.raises(ValidationError, match="is invalid"):  # noqa: PT012
            if verb == "create":
                await didww.create_order(items(), external_reference_id="crm-42")
            else:
                await didww.get_order(ORDER_ID)


async def test_an_order_goes_out_as_documented(server: ScriptedServer) -> None:
    """Each header once and without parameters, and the body of the documentation."""
    server.script = [answer(201, one())]

    async with client_of(server) as didww:
        await didww.create_order(
            items(),
            allow_back_ordering=False,
            callback_url="https://example.com/c",
            callback_method="post",
            external_reference_id="crm-42",
        )

    [seen] = server.requests
    assert seen.header("Api-Key") == KEY
    assert seen.header("Content-Type") == MEDIA_TYPE
    assert seen.header("Accept") == MEDIA_TYPE
    assert json.loads(seen.body) == {
        "data": {
            "type": "orders",
            "attributes": {
                "allow_back_ordering": False,
                "callback_url": "https://example.com/c",
                "callback_method": "post",
                "external_reference_id": "crm-42",
                "items": [
                    {
                        "type": "did_order_items",
                        "attributes": {"sku_id": items()[0].sku_id, "qty": 1},
                    }
                ],
            },
        }
    }


async def test_closing_the_client_under_an_order_makes_it_unconfirmed(
    server: ScriptedServer,
) -> None:
    """The request was on its way, so nobody knows."""
    async with client_of(server) as didww:

        async def close_the_client(peer: Any) -> None:
            await didww.close()
            await peer.until_the_client_leaves()

        server.script = [close_the_client]
        with pytest.raises(OrderUnconfirmedError):
            async with asyncio.timeout(5):
                await didww.create_order(items(), external_reference_id="crm-42")


class ClosesTheClient(Pace):
    """Closes a client while it waits to repeat a request."""

    didww: DidwwClient
    closing: asyncio.Task[None]

    def pause(self, seconds: float) -> None:
        self.closing = asyncio.ensure_future(self.didww.close())


async def test_closing_the_client_before_a_repetition_is_a_client_state_error(
    server: ScriptedServer,
) -> None:
    """The 429 did nothing and the repetition finds a closed client: an error of this package."""
    server.script = [answer(429, TWO_MEMBER_ERROR)]
    pace = ClosesTheClient()

    async with client_of(server, pace=pace) as didww:
        pace.didww = didww
        with pytest.raises(ClientStateError):
            await didww.create_order(items(), external_reference_id="crm-42")


def test_the_document_of_an_order_is_itself() -> None:
    """The two helpers agree, so that the tests above test what they say."""
    assert one()["data"] == order()
