"""The client's life: opening, closing, other loops, sessions of the user's, logs."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any, NoReturn

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from didww_async import (
    ApiKeyAuth,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    DidwwClient,
    DidwwError,
    NotFoundError,
    RequestTimeoutError,
    Timeouts,
)
from tests.integration.hostile.scripted import (
    IMPATIENT,
    KEY,
    ORDER_ID,
    Peer,
    ScriptedServer,
    answer,
    client_of,
    html,
    ids_of,
    items,
    one,
    packed,
    page,
    refusal,
    reset,
    stall,
)

GOOD = answer(200, one())


async def test_a_client_that_is_not_open_says_how_to_open_it(server: ScriptedServer) -> None:
    """ClientStateError, and nothing is sent."""
    didww = client_of(server)

    with pytest.raises(ClientStateError, match="async with"):
        await didww.get_order(ORDER_ID)

    assert server.connections == 0


async def test_a_closed_client_says_so(server: ScriptedServer) -> None:
    """For every verb."""
    async with client_of(server) as didww:
        pass

    with pytest.raises(ClientStateError, match="closed"):
        await didww.create_order(items())
    with pytest.raises(ClientStateError, match="closed"):
        await ids_of(didww.list_orders())
    assert server.connections == 0


async def test_a_closed_client_is_not_opened_again(server: ScriptedServer) -> None:
    """The error says to make a new one."""
    async with client_of(server) as didww:
        pass

    with pytest.raises(ClientStateError, match="make a new one"):
        await didww.open()


async def test_closing_twice_is_no_error(server: ScriptedServer) -> None:
    """`close` may stand in a `finally` beside `async with`."""
    server.script = [GOOD]

    async with client_of(server) as didww:
        await didww.get_order(ORDER_ID)
        await didww.close()
        await didww.close()


async def test_open_and_close_work_without_async_with(server: ScriptedServer) -> None:
    """For notebooks; opening twice does no harm."""
    server.script = [GOOD]

    didww = await client_of(server).open()
    assert await didww.open() is didww
    await didww.get_order(ORDER_ID)
    await didww.close()


def test_plain_with_names_async_with() -> None:
    """TypeError, as Python raises for a missing protocol, with the remedy."""
    with pytest.raises(TypeError, match="async with"), DidwwClient("key"):
        pass


def test_a_client_of_another_loop_is_refused() -> None:
    """Its connections belong to the loop that it was opened on."""
    didww = DidwwClient("key", base_url="http://127.0.0.1:9/v3")

    async def call() -> None:
        await didww.get_order(ORDER_ID)

    asyncio.run(_open(didww))
    with pytest.raises(ClientStateError, match="another event loop"):
        asyncio.run(call())
    with pytest.raises(ClientStateError, match="another event loop"):
        asyncio.run(_open(didww))
    asyncio.run(didww.close())


async def _open(didww: DidwwClient) -> None:
    await didww.open()


async def test_a_client_without_a_request_opens_nothing(server: ScriptedServer) -> None:
    """No connection, and nothing to warn of when it is dropped."""
    async with client_of(server):
        pass

    assert server.connections == 0


async def test_the_users_session_is_not_closed(server: ScriptedServer) -> None:
    """It belongs to the user, and so do its connections."""
    server.otherwise = GOOD

    async with aiohttp.ClientSession() as session:
        async with client_of(server, session=session) as didww:
            await didww.get_order(ORDER_ID)
        assert not session.closed
        async with client_of(server, session=session) as didww:
            await didww.get_order(ORDER_ID)

    assert server.connections == 1


async def test_the_users_session_keeps_its_headers(server: ScriptedServer) -> None:
    """They go along with those of the client, and the session's are not changed."""
    server.script = [GOOD]

    async with aiohttp.ClientSession(headers={"X-Own": "1"}) as session:
        async with client_of(server, session=session) as didww:
            await didww.get_order(ORDER_ID)
        assert dict(session.headers) == {"X-Own": "1"}

    assert server.requests[0].header("X-Own") == "1"
    assert server.requests[0].header("Api-Key") == KEY


async def test_a_users_session_that_is_closed_is_an_error_of_this_package(
    server: ScriptedServer,
) -> None:
    """The user closed it too early: ClientStateError."""
    async with client_of(server, session=(session := aiohttp.ClientSession())) as didww:
        await session.close()
        with pytest.raises(ClientStateError):
            await didww.get_order(ORDER_ID)


@pytest.mark.parametrize("option", ["connector", "trace_configs", "trust_env"])
async def test_options_of_a_session_are_refused_beside_a_session(
    server: ScriptedServer, option: str
) -> None:
    """They would be ignored in silence."""
    async with aiohttp.ClientSession() as session:
        values: dict[str, Any] = {
            "connector": session.connector,
            "trace_configs": [aiohttp.TraceConfig()],
            "trust_env": True,
        }
        with pytest.raises(ConfigurationError, match=option):
            client_of(server, session=session, **{option: values[option]})


async def test_trace_configs_are_called(server: ScriptedServer) -> None:
    """Once for each attempt."""
    server.script = [html(502), GOOD]
    statuses = []

    async def note(_: object, __: object, params: aiohttp.TraceRequestEndParams) -> None:
        statuses.append(params.response.status)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(note)
    async with client_of(server, trace_configs=[trace]) as didww:
        await didww.get_order(ORDER_ID)

    assert statuses == [502, 200]


class NoNames(AbstractResolver):
    """A resolver that finds nothing."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        raise OSError(None, "no such name")

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_that_is_not_found_is_a_connect_error() -> None:
    """Repeated like any failure to connect; nothing was sent, so an order is not unconfirmed."""
    names = NoNames()
    server = ScriptedServer()

    async with client_of(
        server,
        base_url="http://api.invalid/v3",
        connector=aiohttp.TCPConnector(resolver=names),
    ) as didww:
        with pytest.raises(ConnectError):
            await didww.create_order(items(), external_reference_id="crm-42")

    assert names.asked == 3


async def test_a_host_that_is_no_name_is_an_error_of_this_package() -> None:
    """A label of a name has at most 63 characters."""
    async with client_of(ScriptedServer(), base_url=f"http://{'a' * 64}.invalid/v3") as didww:
        with pytest.raises(DidwwError):
            await didww.get_order(ORDER_ID)


async def test_a_refused_connection_is_repeated(server: ScriptedServer) -> None:
    """Every attempt opens a connection of its own."""
    await server.stop()
    opened: list[object] = []

    async def note(*_: object) -> None:
        opened.append(1)

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(note)
    async with client_of(server, trace_configs=[trace]) as didww:
        with pytest.raises(ConnectError):
            await didww.get_order(ORDER_ID)

    assert len(opened) == 3


async def test_a_tls_client_on_a_plain_server_is_a_connect_error(server: ScriptedServer) -> None:
    """The handshake failed, so nothing was sent: an order is not unconfirmed."""
    server.strict = False
    server.otherwise = stall()

    async with client_of(
        server,
        base_url=server.url.replace("http:", "https:"),
        timeouts=Timeouts(connect=0.2, read=5, total=10),
    ) as didww:
        with pytest.raises(ConnectError):
            await didww.create_order(items(), external_reference_id="crm-42")

    assert server.requests == []


async def test_a_proxy_that_refuses_shows_neither_key_nor_word(server: ScriptedServer) -> None:
    """The tunnel was refused, so nothing was sent; the proxy's password is in no error."""
    server.otherwise = html(407)

    async with client_of(
        server,
        base_url="https://api.invalid/v3",
        proxy=f"http://user:proxy-word@127.0.0.1:{server.port}",
    ) as didww:
        with pytest.raises(ConnectError) as caught:
            await didww.list_orders(filter={"external_reference_id": "private"})

    told = f"{caught.value} {caught.value!r} {vars(caught.value)!r}"
    for word in ("proxy-word", "private", KEY):
        assert word not in told
    assert all(seen.header("Api-Key") is None for seen in server.requests)


@pytest.mark.parametrize("sent", [b"", packed(200, b"{", length=9)], ids=["headers", "body"])
async def test_the_read_timeout_works_by_itself(server: ScriptedServer, sent: bytes) -> None:
    """A server that falls silent is given up, also without a limit to the whole."""
    server.script = [stall(sent)]
    timeouts = Timeouts(connect=5, read=0.1, total=None)

    async with client_of(server, timeouts=timeouts, retry=None) as didww, asyncio.timeout(5):
        with pytest.raises(RequestTimeoutError):
            await didww.get_order(ORDER_ID)


async def test_the_total_timeout_covers_a_dripping_answer(server: ScriptedServer) -> None:
    """Bytes that keep coming do not keep an attempt alive for ever."""

    async def drip(peer: Peer) -> None:
        await peer.send(packed(200, b"", length=1000))
        while True:
            await peer.send(b" ")
            await asyncio.sleep(0.01)

    server.script = [drip]
    timeouts = Timeouts(connect=5, read=5, total=0.2)

    async with client_of(server, timeouts=timeouts, retry=None) as didww:
        with pytest.raises(RequestTimeoutError):
            await didww.get_order(ORDER_ID)


async def test_logs_tell_method_path_outcome_and_attempt(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, one line for each attempt."""
    caplog.set_level(logging.DEBUG)
    server.script = [html(502), reset(), answer(200, page())]

    async with client_of(server) as didww:
        await didww.list_orders()

    told = [
        record.getMessage()
        for record in caplog.records
        if record.name == "didww_async" and record.levelno == logging.DEBUG
    ]
    for number, (text, outcome) in enumerate(
        zip(told, ["502", "ConnectionLostError", "200"], strict=True), start=1
    ):
        assert text.startswith(f"GET /v3/orders: {outcome} after ")
        assert text.endswith(f", attempt {number}")


async def test_logs_hold_neither_key_nor_query_nor_body(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a message and not in what hangs on a record."""
    caplog.set_level(logging.DEBUG)
    server.script = [
        html(502, b"the page of a proxy"),
        answer(200, page(["private-id"])),
        answer(404, refusal(404, "private detail")),
        reset(),
    ]

    async with client_of(server, timeouts=IMPATIENT) as didww:
        await didww.list_orders(filter={"external_reference_id": "private-filter"})
        with pytest.raises(NotFoundError):
            await didww.get_order(ORDER_ID)
        with pytest.raises(DidwwError):
            await didww.create_order(items(), external_reference_id="private-body")

    assert len([record for record in caplog.records if record.name == "didww_async"]) >= 4
    for record in caplog.records:
        told = f"{record.getMessage()} {vars(record)!r}"
        for secret in (KEY, "private", "page of a proxy", items()[0].sku_id):
            assert secret not in told


def test_the_key_is_in_no_repr() -> None:
    """Neither in the client's nor in that of its credentials."""
    auth = ApiKeyAuth(KEY)
    didww = DidwwClient(KEY)

    for thing in (auth, didww, didww.orders):
        assert KEY not in f"{thing!r} {thing!s}"


async def test_an_authentication_of_the_users_is_asked_for_each_attempt(
    server: ScriptedServer,
) -> None:
    """A token can be renewed between two attempts, and no other credential goes along."""

    class Tokens:
        count = 0

        async def headers(self) -> dict[str, str]:
            self.count += 1
            return {"Authorization": f"Bearer {self.count}"}

        def secrets(self) -> tuple[str, ...]:
            return ()

    server.script = [html(502), GOOD]

    async with client_of(server, api_key=None, auth=Tokens()) as didww:
        await didww.get_order(ORDER_ID)

    assert [seen.header("Authorization") for seen in server.requests] == ["Bearer 1", "Bearer 2"]
    assert [seen.header("Api-Key") for seen in server.requests] == [None, None]


async def test_a_credential_that_cannot_be_had_sends_nothing(server: ScriptedServer) -> None:
    """What the user's authentication raises comes out as it is, before anything is sent."""

    class Broken:
        async def headers(self) -> NoReturn:
            raise LookupError("no token")

        def secrets(self) -> tuple[str, ...]:
            return ()

    async with client_of(server, api_key=None, auth=Broken()) as didww:
        with pytest.raises(LookupError):
            await didww.create_order(items())

    assert server.requests == []
