"""Callbacks as their receiver meets them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web
from attrs import define, field

from didww_async.sandbox import Sandbox
from didww_async.webhooks.signature import sign
from tests.integration.sandbox.conftest import Caller, did_item


@define
class Received:
    """One request to the receiver."""

    method: str
    url: str
    signature: str
    content_type: str
    body: str


@define
class Receiver:
    """A server that takes callbacks and answers with the statuses it is given."""

    url: str = ""
    statuses: list[int] = field(factory=list[int])
    received: "asyncio.Queue[Received]" = field(factory=asyncio.Queue)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        base = self.url.removesuffix("/callbacks")
        self.received.put_nowait(
            Received(
                request.method,
                base + request.raw_path,
                request.headers.get("X-DIDWW-Signature", ""),
                request.content_type,
                await request.text(),
            )
        )
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server for callbacks."""
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.answer, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    receiver.url = f"http://127.0.0.1:{port}/callbacks"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def quick() -> AsyncIterator[Sandbox]:
    """A sandbox that repeats callbacks almost at once."""
    waits = (0.001,) * 9
    async with Sandbox(complete_after=None, callback_waits=waits) as sandbox:
        yield sandbox


@pytest.fixture
async def quick_call(quick: Sandbox, session: aiohttp.ClientSession) -> Caller:
    """A caller of that sandbox."""
    return Caller(quick, session)


async def ordered(call: Caller, url: str, method: str) -> str:
    """The id of a pending order that wants a callback."""
    sku = call.sandbox.state.landmarks.cheap_sku_id
    placed = await call.order(did_item(sku), callback_url=url, callback_method=method)
    assert placed.status == 201, placed.text
    assert placed.data["attributes"]["callback_url"] == url
    assert placed.data["attributes"]["callback_method"] == method
    return str(placed.data["id"])


async def test_a_post_callback_is_a_signed_form(quick_call: Caller, receiver: Receiver) -> None:
    """The form holds id, status and type; the signature is made with the API key."""
    url = f"{receiver.url}?opaque=123"
    order_id = await ordered(quick_call, url, "post")
    quick_call.sandbox.complete(order_id)

    got = await receiver.received.get()
    payload = {"id": order_id, "type": "orders", "status": "completed"}
    assert (got.method, got.url) == ("POST", url)
    assert got.content_type == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(got.body)) == payload
    assert got.signature == sign(url, payload, quick_call.sandbox.api_key)


async def test_a_get_callback_has_its_parameters_in_the_query(
    quick_call: Caller, receiver: Receiver
) -> None:
    """They follow what the URL has, and the signature covers the URL with them."""
    order_id = await ordered(quick_call, f"{receiver.url}?a=%20b", "get")
    quick_call.sandbox.complete(order_id)

    got = await receiver.received.get()
    payload = {"id": order_id, "type": "orders", "status": "completed"}
    assert (got.method, got.body) == ("GET", "")
    assert got.url == f"{receiver.url}?a=%20b&id={order_id}&type=orders&status=completed"
    assert got.signature == sign(got.url, payload, quick_call.sandbox.api_key)


async def test_a_canceled_order_calls_back_too(quick_call: Caller, receiver: Receiver) -> None:
    """The status is `canceled`."""
    order_id = await ordered(quick_call, receiver.url, "post")
    await quick_call("DELETE", f"/orders/{order_id}")
    got = await receiver.received.get()
    assert dict(parse_qsl(got.body))["status"] == "canceled"


async def test_an_address_without_a_scheme_is_http(quick_call: Caller, receiver: Receiver) -> None:
    """The callback arrives over http."""
    order_id = await ordered(quick_call, receiver.url.removeprefix("http://"), "post")
    quick_call.sandbox.complete(order_id)
    assert dict(parse_qsl((await receiver.received.get()).body))["id"] == order_id


async def test_a_refused_callback_is_repeated(quick_call: Caller, receiver: Receiver) -> None:
    """Anything but 2xx is tried again, with the same signature, until 2xx comes."""
    receiver.statuses = [500, 302, 404, 204]
    order_id = await ordered(quick_call, receiver.url, "post")
    quick_call.sandbox.complete(order_id)
    got = [await receiver.received.get() for _ in range(4)]
    await until(lambda: len(quick_call.sandbox.callbacks) == 4)

    assert len({one.signature for one in got}) == 1
    attempts = quick_call.sandbox.callbacks
    assert [one.status for one in attempts] == [500, 302, 404, 204]
    assert [one.attempt for one in attempts] == [1, 2, 3, 4]
    assert [one.delivered for one in attempts] == [False, False, False, True]
    assert attempts[0].order_id == order_id
    assert attempts[0].signature == got[0].signature
    assert receiver.received.empty()


async def test_after_ten_attempts_it_is_over(quick_call: Caller, receiver: Receiver) -> None:
    """Ten attempts, and no eleventh."""
    receiver.statuses = [500] * 20
    order_id = await ordered(quick_call, receiver.url, "post")
    quick_call.sandbox.complete(order_id)
    await until(lambda: len(quick_call.sandbox.callbacks) == 10)
    await until(lambda: not quick_call.sandbox._callbacks._tasks)
    assert len(quick_call.sandbox.callbacks) == 10


async def test_a_receiver_that_is_away_is_recorded(quick_call: Caller) -> None:
    """An attempt without an answer has an error instead of a status."""
    order_id = await ordered(quick_call, "http://127.0.0.1:9/x", "post")
    quick_call.sandbox.complete(order_id)
    await until(lambda: bool(quick_call.sandbox.callbacks))
    attempt = quick_call.sandbox.callbacks[0]
    assert attempt.status is None
    assert attempt.error is not None
    assert "Connector" in attempt.error


async def test_a_silent_receiver_times_out(session: aiohttp.ClientSession) -> None:
    """The attempt fails once the time to answer is over."""
    # Connections are accepted by the system, and then nobody reads them.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings: dict[str, Any] = {"callback_timeout": 0.05, "callback_waits": ()}
        async with Sandbox(complete_after=None, **settings) as sandbox:
            order_id = await ordered(Caller(sandbox, session), url, "post")
            sandbox.complete(order_id)
            await until(lambda: bool(sandbox.callbacks))
            assert sandbox.callbacks[0].error is not None
            assert "Timeout" in sandbox.callbacks[0].error


async def test_the_secret_can_be_another(
    receiver: Receiver, session: aiohttp.ClientSession
) -> None:
    """`callback_secret` signs instead of the API key."""
    async with Sandbox(complete_after=None, callback_secret="s3cret") as sandbox:
        order_id = await ordered(Caller(sandbox, session), receiver.url, "post")
        sandbox.complete(order_id)
        got = await receiver.received.get()
    payload = {"id": order_id, "type": "orders", "status": "completed"}
    assert got.signature == sign(receiver.url, payload, "s3cret")


async def test_completion_by_time_calls_back_unasked(
    receiver: Receiver, session: aiohttp.ClientSession
) -> None:
    """Nobody has to read the order for its callback to be sent."""
    async with Sandbox(complete_after=0.02) as sandbox:
        order_id = await ordered(Caller(sandbox, session), receiver.url, "post")
        got = await receiver.received.get()
        assert dict(parse_qsl(got.body))["id"] == order_id
        assert len(sandbox.requests) == 1


async def test_a_back_order_calls_back_when_stock_arrives(
    receiver: Receiver, session: aiohttp.ClientSession
) -> None:
    """Even if something else was to fall due first, much later."""
    async with Sandbox(complete_after=0.01) as sandbox:
        call = Caller(sandbox, session)
        numbers = (await call.get("/available_dids")).ids
        await call.reserve(numbers[0])
        sold_out = sandbox.state.landmarks.sold_out_sku_id
        await call.order(did_item(sold_out), callback_url=receiver.url, callback_method="get")
        sandbox.state.set_stock(sold_out, 1)
        assert "status=completed" in (await receiver.received.get()).url


async def test_a_capacity_order_calls_back_at_once(quick_call: Caller, receiver: Receiver) -> None:
    """It is completed in its answer, so the callback follows."""
    pool = quick_call.sandbox.state.landmarks.capacity_pool_id
    item = {"type": "capacity_order_items", "attributes": {"capacity_pool_id": pool}}
    await quick_call.order(item, callback_url=receiver.url, callback_method="post")
    assert "status=completed" in (await receiver.received.get()).body


async def test_closing_stops_deliveries(receiver: Receiver, session: aiohttp.ClientSession) -> None:
    """A delivery that waits for its next attempt is given up."""
    receiver.statuses = [500]
    async with Sandbox(complete_after=None) as sandbox:
        order_id = await ordered(Caller(sandbox, session), receiver.url, "post")
        sandbox.complete(order_id)
        await receiver.received.get()
    # pytest turns a task that is left over into an error.
    assert not sandbox._callbacks._tasks


async def until(holds: Any) -> None:
    """Let other tasks run until it holds; the test's own timeout is the limit."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.001)
