"""What goes wrong on this side of the wire never hides what became of an order."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from didww_async import (
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DidwwClient,
    NewDidOrderItem,
    OrderUnconfirmedError,
    Pace,
    ServerError,
    Timeouts,
)
from didww_async.jsonapi import ErrorObject, JsonApiSerializer
from didww_async.models.base import registry
from tests.integration.hostile.scripted import (
    KEY,
    QUICK,
    ScriptedServer,
    answer,
    one,
    stall,
)

ITEMS = [NewDidOrderItem(sku_id="sku")]


def broken_trace(error: Exception) -> aiohttp.TraceConfig:
    """A trace whose hook fails after the answer has come."""
    trace = aiohttp.TraceConfig()

    async def fail(*_: object) -> None:
        raise error

    trace.on_request_end.append(fail)
    return trace


@pytest.mark.parametrize(
    "error",
    [
        UnicodeError("x"),
        ValueError("x"),
        RuntimeError("x"),
        OSError("x"),
        aiohttp.ClientConnectorDNSError(
            aiohttp.client_reqrep.ConnectionKey("h", 1, False, True, None, None, None),  # noqa: FBT003
            OSError("x"),
        ),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_failing_hook_sends_an_order_once(server: ScriptedServer, error: Exception) -> None:
    """The order was answered, so it is neither sent again nor called unsent."""
    server.script = [answer(201, one())]
    client = DidwwClient(
        KEY, base_url=server.url, pace=None, retry=QUICK, trace_configs=[broken_trace(error)]
    )
    async with client as didww:
        with pytest.raises(OrderUnconfirmedError) as caught:
            await didww.create_order(ITEMS)
    assert isinstance(caught.value.cause, ConnectionLostError)
    assert [seen.method for seen in server.requests] == ["POST"]


class BrokenSerializer(JsonApiSerializer):
    """Fails at the errors of an answer."""

    def decode_errors(self, body: bytes) -> tuple[ErrorObject, ...]:
        """Fail."""
        raise KeyError(body)


async def test_a_failing_serializer_does_not_hide_a_status(server: ScriptedServer) -> None:
    """A 502 is a 502, whatever the serializer makes of its body."""
    server.script = [answer(502, b"{}")]
    client = DidwwClient(
        KEY, base_url=server.url, pace=None, serializer=BrokenSerializer(registry), retry=QUICK
    )
    async with client as didww:
        with pytest.raises(OrderUnconfirmedError) as caught:
            await didww.create_order(ITEMS)
    assert isinstance(caught.value.cause, ServerError)


async def test_nothing_is_sent_after_the_client_was_closed(server: ScriptedServer) -> None:
    """Orders that waited for the pace are not sent any more, also in a session of the user's."""
    server.script = [answer(201, one())]
    async with aiohttp.ClientSession() as session:
        didww = await DidwwClient(
            KEY, base_url=server.url, session=session, pace=Pace(1, 0.05)
        ).open()
        first, *others = [asyncio.create_task(didww.create_order(ITEMS)) for _ in range(4)]
        await first
        await didww.close()
        for error in await asyncio.gather(*others, return_exceptions=True):
            assert isinstance(error, ClientStateError)
    assert len(server.requests) == 1


async def test_a_request_that_outlives_its_client_still_ends_in_time(
    server: ScriptedServer,
) -> None:
    """A session of the user's goes on, and so do the limits."""
    server.script = [stall()]
    server.strict = False
    async with aiohttp.ClientSession() as session:
        didww = await DidwwClient(
            KEY, base_url=server.url, session=session, pace=None, timeouts=Timeouts(read=0.2)
        ).open()
        order = asyncio.create_task(didww.create_order(ITEMS))
        while not server.requests:
            await asyncio.sleep(0.01)
        await didww.close()
        with pytest.raises(OrderUnconfirmedError):
            await order


async def test_a_cancelled_order_tells_that_it_may_exist(server: ScriptedServer) -> None:
    """The cancellation stays what it is, with a note that names the reference."""
    server.script = [stall()]
    server.strict = False
    async with DidwwClient(KEY, base_url=server.url, pace=None) as didww:
        order = asyncio.create_task(didww.create_order(ITEMS, external_reference_id="crm-42"))
        while not server.requests:
            await asyncio.sleep(0.01)
        order.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await order
    assert "'crm-42'" in caught.value.__notes__[0]


@pytest.mark.parametrize("length", range(150, 260, 7))
@pytest.mark.parametrize("status", [401, 503])
async def test_no_part_of_a_key_is_in_a_text_that_was_cut(
    server: ScriptedServer, length: int, status: int
) -> None:
    """The key is blotted out before the text is cut short."""
    server.script = [answer(status, b"x" * length + KEY.encode())]
    async with DidwwClient(KEY, base_url=server.url, pace=None, retry=None) as didww:
        with pytest.raises(Exception) as caught:  # of either class
            await didww.balance.get()
    for size in range(6, len(KEY)):
        assert KEY[:size] not in str(caught.value)


async def test_a_host_that_takes_no_connection_leaves_the_order_unsent(
    unused_tcp_port: int,
) -> None:
    """Nothing listens there: nothing was sent, however often it was tried."""
    async with DidwwClient(
        KEY, base_url=f"http://127.0.0.1:{unused_tcp_port}/v3", pace=None, retry=QUICK
    ) as didww:
        with pytest.raises(ConnectError):
            await didww.create_order(ITEMS)


@pytest.mark.parametrize("proxy", ["user:pass-word@127.0.0.1:3128", "ftp://pass-word@h", "http://"])
def test_a_proxy_that_is_none_is_refused_without_repeating_it(proxy: str) -> None:
    """It may hold a password."""
    with pytest.raises(ConfigurationError, match="proxy") as caught:
        DidwwClient(KEY, proxy=proxy)
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize("sum_", ["NaN", "Infinity", "1_0", "1E+999999", "٣", ""])
async def test_a_sum_that_is_none_is_no_balance(server: ScriptedServer, sum_: str) -> None:
    """What is no amount of money is not taken for one."""
    error = {"title": "x", "meta": {"total_cost": sum_, "available_balance": "1.0"}}
    server.script = [answer(400, json.dumps({"errors": [error]}).encode())]
    async with DidwwClient(KEY, base_url=server.url, pace=None) as didww:
        with pytest.raises(Exception) as caught:  # its class is what is asserted
            await didww.create_order(ITEMS)
    assert type(caught.value).__name__ == "BadRequestError"
