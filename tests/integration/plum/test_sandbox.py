"""The sandbox keeps to the documents by itself, whoever asks it."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from didww_async.providers.plum import KEY_HEADER, parse_delivery
from didww_async.sandbox import plum
from didww_async.sandbox.exchange import Request
from didww_async.sandbox.plum import DOCUMENTED_LIMITS, PlumSandbox
from tests.integration.plum.conftest import Clock, client_of, top_up


class Asker:
    """Asks the sandbox without a socket and without the client."""

    def __init__(self, sandbox: PlumSandbox) -> None:
        self.sandbox = sandbox
        self.app = sandbox._app("")

    def ask(self, name: str, data: object, **changes: object) -> tuple[int, Any]:
        envelope = {"query": f"plumProAPI.mutation.{name}", "tag": "plumProAPI"}
        body = json.dumps({**envelope, "variables": {"data": data}, **changes}).encode()
        token = self.sandbox.tokens.newest.access
        headers = {"authorization": f"Bearer {token}"}
        reply = self.app.handle(Request("POST", "/chef/v1/oauth/api", "", headers, body))
        return reply.status, json.loads(reply.body)

    def error(self, name: str, data: object) -> tuple[int, str]:
        status, answer = self.ask(name, data)
        return status, answer["errorId"]


ORDER: dict[str, Any] = {
    "productId": 55134,
    "quantity": 1,
    "denomination": 199,
    "email": "user@example.com",
    "poNumber": "po-1",
    "notifyReceiverEmail": 1,
    "notifyAdminEmail": 0,
    "topupData": {"topupPhoneCode": "+91", "topupPhoneNumber": "9800000001"},
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"productId": None}, (400, "PLE10001")),
        ({"poNumber": ""}, (400, "PLE10001")),
        ({"poNumber": "x" * 101}, (400, "PLE10001")),
        ({"quantity": 0}, (400, "PLE10001")),
        ({"notifyReceiverEmail": True}, (400, "PLE10001")),
        ({"topupData": None}, (400, "PLE10001")),
        ({"topupData": {"topupPhoneCode": "91"}}, (400, "PLE10001")),
        ({"productId": 1}, (404, "PLE10042")),
        ({"productId": 55132}, (404, "PLE10042")),
        ({"denomination": 198}, (400, "PLE10018")),
        ({"quantity": 2}, (409, "PLE10041")),
        ({"productId": 55333, "denomination": 10}, (401, "PLE10019")),
        ({"productId": 55135, "denomination": 399}, (502, "PLE10024")),
    ],
)
def test_order_is_refused_as_documented(change: dict[str, Any], expected: tuple[int, str]) -> None:
    """Each documented refusal comes with its id and status, and changes nothing."""
    sandbox = PlumSandbox(international=False)
    sandbox.state.out_of_stock.add(55135)
    assert Asker(sandbox).error("placeOrder", {**ORDER, **change}) == expected
    assert not sandbox.orders
    assert sandbox.state.balance == 100_000


def test_wallet_and_numbers_are_kept() -> None:
    """A number is good for one order, and the wallet for what is in it."""
    sandbox = PlumSandbox(balance=300)
    asker = Asker(sandbox)
    assert asker.ask("placeOrder", ORDER)[0] == 200
    assert asker.error("placeOrder", ORDER) == (422, "PLE10004")
    assert asker.error("placeOrder", {**ORDER, "poNumber": "po-2"}) == (422, "PLE10010")
    assert len(sandbox.orders) == 1
    assert sandbox.state.balance == 101
    sandbox.cancel(sandbox.orders[0].id)
    assert sandbox.state.balance == 300


def test_mails_are_counted() -> None:
    """Every mail to the receiver is remembered, with what asked for it."""
    sandbox = PlumSandbox()
    asker = Asker(sandbox)
    asker.ask("placeOrder", ORDER)
    for sends in (0, 1, 1):
        asker.ask("getOrderDetails", {"poNumber": "po-1", "sendMailToReceiver": sends})
    assert (sandbox.orders[0].mails, sandbox.orders[0].mails_sent_again) == (1, 2)


def test_types_are_loose_and_can_be_strict() -> None:
    """In a few dozen orders every form of an amount turns up; without looseness one does."""
    forms: dict[bool, set[type]] = {}
    for loose in (True, False):
        asker = Asker(PlumSandbox(loose=loose))
        answers = [asker.ask("placeOrder", {**ORDER, "poNumber": f"{n}"})[1] for n in range(40)]
        data = [answer["data"]["placeOrder"]["data"] for answer in answers]
        forms[loose] = {type(each["amountCharged"]) for each in data}
    assert forms == {True: {int, str}, False: {int}}


def test_limit_has_a_penalty(clock: Clock) -> None:
    """One request too many blocks its operation, and no other, until the penalty is over."""
    sandbox = PlumSandbox(limits=DOCUMENTED_LIMITS, clock=clock)
    asker = Asker(sandbox)
    assert {asker.ask("getBalance", {})[0] for _ in range(10)} == {200}
    status, answer = asker.ask("getBalance", {})
    assert (status, answer["errors"][0]["penaltySeconds"]) == (429, 60)
    clock.move(59)
    assert asker.ask("getBalance", {})[0] == 429
    assert asker.ask("getVouchers", {"categoryType": "topup"})[0] == 200
    clock.move(1)
    assert asker.ask("getBalance", {})[0] == 200
    assert sandbox.throttle.throttled == {"getBalance": 2}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"tag": "other"}, "tag"),
        ({"query": "placeOrder"}, "query"),
        ({"variables": {}}, "variables"),
        ({"query": "plumProAPI.mutation.buy"}, "operation"),
    ],
)
def test_envelope_is_checked(change: dict[str, object], text: str) -> None:
    """What is no envelope is refused in the bare shape."""
    status, answer = Asker(PlumSandbox()).ask("placeOrder", ORDER, **change)
    assert (status, answer["code"]) == (400, 400)
    assert text in answer["error"]


def test_token_expires(clock: Clock) -> None:
    """An access token is good for its time and no longer."""
    sandbox = PlumSandbox(access_seconds=100, clock=clock)
    asker = Asker(sandbox)
    clock.move(99)
    assert asker.ask("getBalance", {})[0] == 200
    clock.move(1)
    assert asker.ask("getBalance", {}) == (
        401,
        {"error": "invalid_token", "error_description": "invalid/expired token"},
    )


@asynccontextmanager
async def receiving(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """A receiver of webhooks on loopback; its URL."""
    app = web.Application()
    app.router.add_post("/hook", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/hook"
    finally:
        await runner.cleanup()


async def test_delivery_is_told_with_the_key() -> None:
    """A delivery reaches the receiver, which reads it and fetches the order."""
    received: asyncio.Queue[tuple[bytes, str | None]] = asyncio.Queue()

    async def receive(request: web.Request) -> web.Response:
        received.put_nowait((await request.read(), request.headers.get(KEY_HEADER)))
        return web.Response()

    async with (
        receiving(receive) as url,
        PlumSandbox(deliver_after=0, webhook_url=url) as sandbox,
        client_of(sandbox) as client,
    ):
        placed = await client.place_order(top_up())
        body, key = await asyncio.wait_for(received.get(), 10)
        event = parse_delivery(body, key=key, expected_key="sandbox0webhook0key")
        order = await client.get_order(po_number=event.po_number)
    assert event.order_id == placed.order_id == order.order_id
    assert event.delivery_status == order.delivery_status


async def test_webhook_that_fails_is_switched_off() -> None:
    """After three tries nobody is told any more, until it is switched on again."""

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=500)

    async with receiving(refuse) as url:
        waits = (0.001, 0.001)
        async with PlumSandbox(deliver_after=0, webhook_url=url, webhook_waits=waits) as sandbox:
            async with client_of(sandbox) as client:
                await client.place_order(top_up("po-1"))
                while sandbox.webhooks.enabled:
                    await asyncio.sleep(0.001)
                await client.place_order(top_up("po-2"))
            told = [(attempt.attempt, attempt.status) for attempt in sandbox.webhook_attempts]
    assert told == [(1, 500), (2, 500), (3, 500)]


def test_sandbox_knows_nothing_of_the_client() -> None:
    """The witness shares no code with what it is to judge."""
    for file in Path(plum.__file__).parent.glob("*.py"):
        modules = {
            node.module or ""
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.ImportFrom)
        }
        own = {module for module in modules if module.startswith("didww_async.")}
        assert all(module.startswith("didww_async.sandbox.") for module in own), file
