"""Opening and closing a sandbox, in a loop and in a thread."""

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from typing import Any

import aiohttp
import pytest

from didww_async.sandbox import Sandbox
from tests.integration.sandbox.conftest import MEDIA_TYPE, Caller, did_item, order_document


def get(sandbox: Sandbox, path: str) -> dict[str, Any]:
    """A document, fetched without an event loop."""
    headers = {"Accept": MEDIA_TYPE, "Api-Key": sandbox.api_key}
    request = urllib.request.Request(sandbox.url + path, headers=headers)
    with urllib.request.urlopen(request) as response:
        document: dict[str, Any] = json.load(response)
    return document


def post_order(sandbox: Sandbox, **attributes: Any) -> dict[str, Any]:
    """A new order, placed without an event loop."""
    item = did_item(sandbox.state.landmarks.cheap_sku_id)
    request = urllib.request.Request(
        sandbox.url + "/orders",
        data=json.dumps(order_document(item, **attributes)).encode(),
        headers={
            "Accept": MEDIA_TYPE,
            "Content-Type": MEDIA_TYPE,
            "Api-Key": sandbox.api_key,
        },
    )
    with urllib.request.urlopen(request) as response:
        document: dict[str, Any] = json.load(response)
    return document


def test_a_sync_caller_gets_a_thread() -> None:
    """`with` serves without a loop, and leaves no thread behind."""
    before = threading.active_count()
    with Sandbox() as sandbox:
        assert get(sandbox, "/balance")["data"]["attributes"]["balance"] == "1000.0"
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_served_thread_can_be_steered() -> None:
    """State, completion and stock work from the caller's thread."""
    with Sandbox(complete_after=None) as sandbox:
        placed = post_order(sandbox)["data"]
        sandbox.complete(placed["id"])
        shown = get(sandbox, f"/orders/{placed['id']}")
        assert shown["data"]["attributes"]["status"] == "completed"
        sandbox.state.balance = sandbox.state.balance * 2
        assert get(sandbox, "/balance")["data"]["attributes"]["balance"] == "1999.0"


def test_a_thread_delivers_callbacks() -> None:
    """Completion from another thread reaches the receiver."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    with Sandbox(complete_after=None) as sandbox, listening:
        placed = post_order(sandbox, callback_url=url, callback_method="get")["data"]
        sandbox.complete(placed["id"])
        connection, _ = listening.accept()
        with connection:
            assert placed["id"].encode() in connection.recv(1000)


async def test_a_thread_serves_a_caller_with_a_loop() -> None:
    """`with` works inside a coroutine as well."""
    with Sandbox() as sandbox:
        async with aiohttp.ClientSession() as session:
            assert (await Caller(sandbox, session).get("/balance")).status == 200


async def test_closing_frees_the_port(session: aiohttp.ClientSession) -> None:
    """The port refuses connections afterwards, and can be used again."""
    async with Sandbox() as sandbox:
        url = sandbox.url
        port = int(url.split(":")[2].removesuffix("/v3"))
        assert (await Caller(sandbox, session).get("/balance")).status == 200
    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get(url)
    async with Sandbox(port=port) as sandbox:
        assert sandbox.url == url


async def test_a_sandbox_leaves_no_tasks(session: aiohttp.ClientSession) -> None:
    """After closing, the tasks are those from before."""
    before = asyncio.all_tasks()
    async with Sandbox(complete_after=0) as sandbox:
        call = Caller(sandbox, session)
        sku = sandbox.state.landmarks.cheap_sku_id
        await call.order(did_item(sku), callback_url="http://127.0.0.1:9", callback_method="get")
        await call.get("/orders")
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_sandbox_can_be_opened_again(session: aiohttp.ClientSession) -> None:
    """What it remembers outlasts its closing."""
    sandbox = Sandbox()
    async with sandbox:
        await Caller(sandbox, session).order(did_item(sandbox.state.landmarks.cheap_sku_id))
    async with sandbox:
        assert len((await Caller(sandbox, session).get("/orders")).data) == 1


async def test_opening_twice_is_an_error() -> None:
    """A RuntimeError that says so."""
    async with Sandbox() as sandbox:
        with pytest.raises(RuntimeError, match="already"):
            await sandbox.__aenter__()


def test_a_notebook_starts_and_stops_it() -> None:
    """`start` and `stop` do what `with` does; a second `stop` does nothing."""
    sandbox = Sandbox().start()
    assert get(sandbox, "/balance")
    with pytest.raises(RuntimeError, match="already"):
        sandbox.start()
    assert get(sandbox, "/balance")
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(RuntimeError):
        _ = sandbox.url


def test_there_is_no_url_before_it_serves() -> None:
    """A RuntimeError that says what to do."""
    with pytest.raises(RuntimeError, match="async with"):
        _ = Sandbox().url


def test_a_port_in_use_is_an_os_error_for_the_caller() -> None:
    """The thread hands the problem to the one who opened it."""
    with Sandbox() as first:
        port = int(first.url.split(":")[2].removesuffix("/v3"))
        with pytest.raises(OSError, match="in use"), Sandbox(port=port):
            pass


async def test_it_listens_where_it_is_told() -> None:
    """`host` may be an IPv6 address."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    async with Sandbox(host="::1") as sandbox:
        assert sandbox.url.startswith("http://[::1]:")


def test_a_key_can_be_chosen() -> None:
    """`api_key` replaces the seeded one."""
    with Sandbox(api_key="mine") as sandbox:
        assert sandbox.api_key == "mine"
        assert get(sandbox, "/balance")


def test_parallel_orders_never_overspend() -> None:
    """Whatever the interleaving, money is counted exactly."""
    with Sandbox(balance=20, complete_after=None) as sandbox:
        outcomes: list[int] = []

        def place() -> None:
            for _ in range(10):
                try:
                    post_order(sandbox)
                    outcomes.append(201)
                except urllib.error.HTTPError as refused:
                    outcomes.append(refused.code)
                    refused.close()

        threads = [threading.Thread(target=place) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [201] * 40 + [400] * 10
        assert sandbox.state.balance == 0
