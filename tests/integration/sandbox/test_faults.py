"""Faults as a caller meets them on the socket."""

import asyncio
import json

import aiohttp
import pytest

from didww_async.sandbox import Sandbox
from tests.integration.sandbox.conftest import MEDIA_TYPE, Caller, did_item


@pytest.mark.parametrize("applied", [False, True])
async def test_a_dropped_connection_is_a_reset(call: Caller, sku: str, *, applied: bool) -> None:
    """The caller sees a reset; whether there is an order depends on when it came."""
    drop = call.sandbox.faults.drop_after if applied else call.sandbox.faults.drop_before
    fault = drop(method="POST", path="/orders")
    with pytest.raises(aiohttp.ClientOSError) as caught:
        await call.order(did_item(sku))
    assert "reset" in str(caught.value).lower()
    assert len(call.sandbox.state.orders) == applied
    assert fault.fired == 1
    assert call.sandbox.requests[-1].status is None
    assert (await call.order(did_item(sku))).status == 201


@pytest.mark.parametrize("applied", [False, True])
async def test_any_answer_can_be_staged(call: Caller, sku: str, *, applied: bool) -> None:
    """Status, body, type and headers are the given ones."""
    call.sandbox.faults.answer(
        502,
        body="<h1>Bad gateway</h1>",
        content_type="text/html",
        headers={"X-Proxy": "edge"},
        applied=applied,
    )
    answer = await call.order(did_item(sku))
    assert (answer.status, answer.text) == (502, "<h1>Bad gateway</h1>")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-proxy"] == "edge"
    assert len(call.sandbox.state.orders) == applied
    assert call.sandbox.requests[-1].status == 502


async def test_an_answer_may_be_empty(call: Caller) -> None:
    """A 500 without a body."""
    call.sandbox.faults.answer(500)
    answer = await call.get("/balance")
    assert (answer.status, answer.text) == (500, "")


async def test_a_staged_rate_limit_has_the_shape_of_the_real_one(call: Caller) -> None:
    """429 with the two members, `Retry-After` if asked for."""
    call.sandbox.faults.rate_limit()
    call.sandbox.faults.rate_limit(retry_after=3)
    call.sandbox.faults.rate_limit(retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    answers = [await call.get("/balance") for _ in range(3)]
    assert {answer.status for answer in answers} == {429}
    assert answers[0].error == {"status": "429", "detail": "Too Many Requests"}
    assert [answer.headers.get("retry-after") for answer in answers] == [
        None,
        "3",
        "Wed, 21 Oct 2026 07:28:00 GMT",
    ]


async def test_a_redirect_points_elsewhere(call: Caller) -> None:
    """The location is the given one."""
    call.sandbox.faults.redirect("http://127.0.0.1:9/v3/orders", status=307)
    answer = await call.get("/orders")
    assert (answer.status, answer.headers["location"]) == (307, "http://127.0.0.1:9/v3/orders")


@pytest.mark.parametrize("applied", [False, True])
async def test_a_cut_body_announces_more_than_it_sends(
    call: Caller, sku: str, *, applied: bool
) -> None:
    """The status arrives, half the body too, then the connection ends."""
    call.sandbox.faults.cut_body(applied=applied)
    with pytest.raises(aiohttp.ClientPayloadError):
        await call.order(did_item(sku))
    assert len(call.sandbox.state.orders) == applied
    assert (await call.get("/balance")).status == 200


@pytest.mark.parametrize("applied", [False, True])
async def test_a_stalled_answer_never_comes(call: Caller, sku: str, *, applied: bool) -> None:
    """Nothing arrives until the caller gives up."""
    call.sandbox.faults.stall_headers(applied=applied)
    waiting = asyncio.ensure_future(call.order(did_item(sku)))
    await arrival(call)
    assert await asyncio.wait({waiting}, timeout=0.1) == (set(), {waiting})
    waiting.cancel()
    assert len(call.sandbox.state.orders) == applied


async def test_a_stalled_body_stops_half_way(call: Caller) -> None:
    """Headers arrive, the rest of the body does not."""
    call.sandbox.faults.stall_body()
    headers = {"Accept": MEDIA_TYPE, "Api-Key": call.sandbox.api_key}
    async with call.session.get(f"{call.sandbox.url}/balance", headers=headers) as response:
        assert response.status == 200
        assert response.content_length is not None
        half = await response.content.readexactly(response.content_length // 2)
        assert half.startswith(b'{"data"')
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.content.read(1), 0.1)


async def test_closing_ends_stalled_answers(session: aiohttp.ClientSession) -> None:
    """A sandbox does not wait for callers that it keeps waiting."""
    async with Sandbox() as sandbox:
        sandbox.faults.stall_headers()
        sandbox.faults.delay(3600)
        call = Caller(sandbox, session)
        waiting = [asyncio.ensure_future(call.get("/balance")) for _ in range(2)]
        while len(sandbox.requests) < 2:
            await asyncio.sleep(0)
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(
        isinstance(one, aiohttp.ClientError) or getattr(one, "status", 0) == 200 for one in outcomes
    )


@pytest.mark.parametrize("applied", [False, True])
async def test_a_late_answer_takes_effect_before_or_after_the_wait(
    call: Caller, sku: str, *, applied: bool
) -> None:
    """The answer comes in the end; the order exists early or late."""
    call.sandbox.faults.delay(0.1, method="POST", applied=applied)
    waiting = asyncio.ensure_future(call.order(did_item(sku)))
    await arrival(call)
    assert len(call.sandbox.state.orders) == applied
    assert (await waiting).status == 201
    assert len(call.sandbox.state.orders) == 1


async def test_a_late_request_takes_effect_although_the_caller_has_gone(
    call: Caller, sku: str
) -> None:
    """The order appears after the caller's timeout: the late twin of a retry."""
    call.sandbox.faults.delay(0.5, method="POST")
    waiting = asyncio.ensure_future(call.order(did_item(sku)))
    await arrival(call)
    waiting.cancel()
    assert not call.sandbox.state.orders
    async with asyncio.timeout(10):
        while not call.sandbox.state.orders:
            await asyncio.sleep(0.005)


async def test_a_fault_strikes_the_requests_it_names(call: Caller, sku: str) -> None:
    """Method and path have to match; `*` stands for anything."""
    fault = call.sandbox.faults.answer(500, method="get", path="/v3/orders/*", times=None)
    assert (await call.get("/balance")).status == 200
    assert (await call.get("/orders")).status == 200
    assert (await call.order(did_item(sku))).status == 201
    assert [(await call.get(f"/orders/{one}")).status for one in "ab"] == [500, 500]
    assert fault.fired == 2


async def test_faults_strike_in_the_order_they_were_added(call: Caller) -> None:
    """The first that matches is used up before the next."""
    call.sandbox.faults.answer(500)
    call.sandbox.faults.answer(503, times=2)
    statuses = [(await call.get("/balance")).status for _ in range(4)]
    assert statuses == [500, 503, 503, 200]


async def test_cleared_faults_strike_no_more(call: Caller) -> None:
    """`clear` forgets all of them."""
    call.sandbox.faults.answer(500, times=None)
    assert (await call.get("/balance")).status == 500
    call.sandbox.faults.clear()
    assert (await call.get("/balance")).status == 200


async def test_chance_repeats_with_the_seed(session: aiohttp.ClientSession) -> None:
    """The same seed strikes the same requests; about as many as the probability says."""

    async def pattern() -> list[bool]:
        async with Sandbox(seed=3) as sandbox:
            sandbox.faults.answer(500, times=None, probability=0.5)
            call = Caller(sandbox, session)
            return [(await call.get("/balance")).status == 500 for _ in range(40)]

    first = await pattern()
    assert first == await pattern()
    assert 8 < sum(first) < 32


@pytest.mark.parametrize("when", [{"times": 0}, {"probability": 1.5}, {"probability": -0.1}])
async def test_an_impossible_fault_is_refused(when: dict[str, float], call: Caller) -> None:
    """A ValueError at once, instead of a fault that never strikes."""
    with pytest.raises(ValueError, match="has to be"):
        call.sandbox.faults.drop_before(**when)  # type: ignore[arg-type]


async def test_a_staged_answer_to_a_list_is_still_json(call: Caller) -> None:
    """A cut of a request without effect cuts an empty document."""
    call.sandbox.faults.cut_body(applied=False)
    with pytest.raises(aiohttp.ClientPayloadError):
        await call.get("/orders")
    assert json.loads((await call.get("/orders")).text)["data"] == []


async def arrival(call: Caller) -> None:
    """Return once the sandbox has seen a request."""
    async with asyncio.timeout(10):
        while not call.sandbox.requests:
            await asyncio.sleep(0)
