"""Reads and the answers that they get: broken, late, huge, compressed, refused."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from didww_async import (
    ApiStatusError,
    AuthenticationError,
    ConflictError,
    ConnectionLostError,
    DecodeError,
    DidwwError,
    NotFoundError,
    Pace,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseTooLargeError,
    RetryPolicy,
    ServerError,
)
from tests.integration.hostile.scripted import (
    IMPATIENT,
    MEDIA_TYPE,
    ORDER_ID,
    TWO_MEMBER_ERROR,
    Peer,
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
    packed,
    raw,
    refusal,
    reset,
    stall,
    stalled_body,
)

GOOD = answer(200, one())


class NotedPace(Pace):
    """Notes the pauses instead of making them."""

    def __init__(self) -> None:
        super().__init__(1000)
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(reset(), id="reset"),
        pytest.param(hang_up(), id="closed"),
        pytest.param(cut(200, one()), id="cut body"),
        pytest.param(cut_chunks(200, one()), id="cut chunks"),
        pytest.param(stall(), id="stalled headers"),
        pytest.param(stalled_body(200, one()), id="stalled body"),
        pytest.param(answer(429, TWO_MEMBER_ERROR), id="429"),
        pytest.param(html(502), id="502"),
        pytest.param(answer(503), id="503"),
        pytest.param(html(504), id="504"),
    ],
)
async def test_a_read_is_repeated_after_a_passing_failure(
    server: ScriptedServer, step: Step
) -> None:
    """Two failures, then the answer: three requests and no error."""
    server.script = [step, step, GOOD]

    async with client_of(server, timeouts=IMPATIENT) as didww:
        order = await didww.get_order(ORDER_ID)

    assert order.id == ORDER_ID
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("step", "kind", "requests"),
    [
        pytest.param(reset(), ConnectionLostError, 3, id="reset"),
        pytest.param(stall(), RequestTimeoutError, 3, id="stalled"),
        pytest.param(html(502), ServerError, 3, id="502"),
        pytest.param(answer(429, TWO_MEMBER_ERROR), RateLimitedError, 3, id="429"),
        pytest.param(answer(500), ServerError, 1, id="500"),
        pytest.param(answer(501), ServerError, 1, id="501"),
        pytest.param(html(200), DecodeError, 1, id="200 HTML"),
        pytest.param(answer(200), DecodeError, 1, id="200 empty"),
        pytest.param(answer(204), DecodeError, 1, id="204"),
        pytest.param(answer(401, refusal(401)), AuthenticationError, 1, id="401"),
        pytest.param(answer(403, refusal(403)), PermissionDeniedError, 1, id="403"),
        pytest.param(answer(404, refusal(404)), NotFoundError, 1, id="404"),
        pytest.param(answer(409, refusal(409)), ConflictError, 1, id="409"),
        pytest.param(answer(418, b""), ApiStatusError, 1, id="418"),
    ],
)
async def test_a_failing_read_is_sent_as_often_as_the_policy_says(
    server: ScriptedServer, step: Step, kind: type[DidwwError], requests: int
) -> None:
    """A failure that could pass is tried three times, every other once."""
    server.script = [step] * requests

    async with client_of(server, timeouts=IMPATIENT) as didww:
        with pytest.raises(kind):
            await didww.get_order(ORDER_ID)

    assert len(server.requests) == requests


async def test_a_read_is_not_repeated_by_aiohttp_itself(server: ScriptedServer) -> None:
    """Without a retry policy a lost connection costs one request, on a kept connection too."""
    server.script = [GOOD, reset()]

    async with client_of(server, retry=None) as didww:
        await didww.get_order(ORDER_ID)
        with pytest.raises(ConnectionLostError):
            await didww.get_order(ORDER_ID)

    assert len(server.requests) == 2


async def test_an_update_is_not_repeated_after_a_lost_answer(server: ScriptedServer) -> None:
    """PATCH is a write: nobody knows whether it worked."""
    server.script = [reset()]

    async with client_of(server) as didww:
        with pytest.raises(ConnectionLostError):
            await didww.orders.update(ORDER_ID, external_reference_id="b")

    assert [seen.method for seen in server.requests] == ["PATCH"]


async def test_an_update_answered_with_204_is_read_again(server: ScriptedServer) -> None:
    """The caller gets the resource all the same."""
    server.script = [answer(204), answer(200, one(external_reference_id="b"))]

    async with client_of(server) as didww:
        order = await didww.orders.update(ORDER_ID, external_reference_id="b")

    assert order.external_reference_id == "b"
    assert [seen.method for seen in server.requests] == ["PATCH", "GET"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("60", 60.0),
        (None, 1.0),
        ("soon", 1.0),
        ("-5", 1.0),
        ("1.5", 1.0),
        (format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True), 0.0),
    ],
)
async def test_a_429_pauses_the_pace_for_as_long_as_it_asks(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, value: str | None, seconds: float
) -> None:
    """In seconds or as a date; a second where it does not say."""
    slept: list[float] = []
    real_sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await real_sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    server.script = [answer(429, TWO_MEMBER_ERROR, {"Retry-After": value} if value else {}), GOOD]
    pace = NotedPace()

    async with client_of(server, pace=pace) as didww:
        await didww.get_order(ORDER_ID)

    assert pace.pauses == [seconds]
    assert len(slept) == 1
    assert seconds <= slept[0] < seconds + 0.1 or value in {None, "soon", "-5", "1.5"}


class ShortPace(Pace):
    """Pauses for a twentieth of a second, whatever was asked for, and notes until when."""

    until = 0.0

    def pause(self, seconds: float) -> None:
        super().pause(0.05)
        self.until = asyncio.get_running_loop().time() + 0.05


async def test_a_429_on_an_order_pauses_everybody_of_the_same_pace(server: ScriptedServer) -> None:
    """Reads of another client, too: whatever comes later comes after the pause."""
    loop = asyncio.get_running_loop()
    pace = ShortPace(1000)
    arrivals: list[float] = []

    async def note(peer: Peer) -> None:
        arrivals.append(loop.time())
        await GOOD(peer)

    server.script = [answer(429, TWO_MEMBER_ERROR), *[note] * 6]

    async with client_of(server, pace=pace) as first, client_of(server, pace=pace) as second:
        ordering = asyncio.create_task(first.create_order(items()))
        while not pace.until:
            await asyncio.sleep(0)
        await asyncio.gather(ordering, *(second.get_order(ORDER_ID) for _ in range(5)))

    assert len(arrivals) == 6
    assert min(arrivals) >= pace.until - 1e-3


async def test_a_retry_after_that_is_a_date_is_told_in_seconds(server: ScriptedServer) -> None:
    """Counted from now, to a second's grain."""
    date = format_datetime(datetime.now(UTC) + timedelta(days=2), usegmt=True)
    server.script = [answer(429, TWO_MEMBER_ERROR, {"Retry-After": date})]

    async with client_of(server) as didww:
        with pytest.raises(RateLimitedError) as caught:
            await didww.get_order(ORDER_ID)

    assert caught.value.retry_after is not None
    assert 172_000 < caught.value.retry_after <= 172_800


@pytest.mark.parametrize("verb", ["read", "order"])
async def test_a_server_that_asks_for_a_day_is_not_waited_for(
    server: ScriptedServer, verb: str
) -> None:
    """RateLimitedError at once, with the day in it; the others pause for the most one waits."""
    server.script = [answer(429, TWO_MEMBER_ERROR, {"Retry-After": "86400"})]
    pace = NotedPace()

    async with client_of(server, pace=pace) as didww:
        with pytest.raises(RateLimitedError) as caught:  # noqa: PT012
            if verb == "read":
                await didww.get_order(ORDER_ID)
            else:
                await didww.create_order(items())

    assert caught.value.retry_after == 86400
    assert pace.pauses == [60.0]


async def test_a_429_without_retry_after_says_none(server: ScriptedServer) -> None:
    """And the two-member body is read."""
    server.script = [answer(429, TWO_MEMBER_ERROR)]

    async with client_of(server, retry=None) as didww:
        with pytest.raises(RateLimitedError, match="Too Many Requests") as caught:
            await didww.get_order(ORDER_ID)

    assert caught.value.retry_after is None
    assert [error.title for error in caught.value.errors] == [None]
    assert [error.code for error in caught.value.errors] == [None]


async def test_an_empty_429_is_a_rate_limit(server: ScriptedServer) -> None:
    """The status is judged before the body."""
    server.script = [answer(429, b"", {"Retry-After": "86400"})]

    async with client_of(server) as didww:
        with pytest.raises(RateLimitedError):
            await didww.get_order(ORDER_ID)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"errors": None}, "null"),
        ({"errors": []}, "errors"),
        ({"errors": {}}, "errors"),
        ({"errors": ["text", 1, None]}, "text"),
        ({"errors": [{"detail": None, "title": None}]}, "no detail"),
        ({"errors": [{"detail": ["x"], "title": "told"}]}, "told"),
        ({"errors": [{"detail": "told", "code": 105}]}, "told"),
        ({"errors": [{"detail": "told", "source": "x", "meta": []}]}, "told"),
        ({"errors": [{"detail": "told", "source": {"pointer": 5}}]}, "told"),
        ([], r"\[\]"),
        (None, "null"),
        ("text", "text"),
    ],
)
async def test_an_error_body_of_the_wrong_shape_hides_no_status(
    server: ScriptedServer, document: object, told: str
) -> None:
    """A 404 stays one, and as much as can be read is told."""
    server.script = [answer(404, json.dumps(document).encode())]

    async with client_of(server) as didww:
        with pytest.raises(NotFoundError, match=told):
            await didww.get_order(ORDER_ID)


async def test_a_code_that_is_a_number_is_read_as_text(server: ScriptedServer) -> None:
    """The documentation says string; servers differ."""
    server.script = [answer(404, {"errors": [{"code": 404, "status": 404, "detail": "x"}]})]

    async with client_of(server) as didww:
        with pytest.raises(NotFoundError) as caught:
            await didww.get_order(ORDER_ID)

    assert [(error.code, error.status) for error in caught.value.errors] == [("404", "404")]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_answer_is_read(server: ScriptedServer, encoding: str) -> None:
    """Aiohttp offers it, so servers may send it."""
    body = json.dumps(one()).encode()
    packed_body = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    server.script = [answer(200, packed_body, {"Content-Encoding": encoding})]

    async with client_of(server) as didww:
        assert (await didww.get_order(ORDER_ID)).id == ORDER_ID


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(
    server: ScriptedServer,
) -> None:
    """The bound counts what is unpacked."""
    server.script = [answer(200, gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"})]

    async with client_of(server, max_response_bytes=100_000) as didww:
        with pytest.raises(ResponseTooLargeError, match="100000"):
            await didww.get_order(ORDER_ID)


async def test_an_answer_announced_over_the_bound_is_refused_unread(
    server: ScriptedServer,
) -> None:
    """By its Content-Length alone: the body never has to come."""
    server.script = [stall(packed(200, b"", length=100_001))]

    async with client_of(server, max_response_bytes=100_000) as didww:
        with pytest.raises(ResponseTooLargeError):
            await didww.get_order(ORDER_ID)


@pytest.mark.parametrize("size", [100_000, 100_001])
@pytest.mark.parametrize("framing", ["length", "chunked", "gzip"])
async def test_the_bound_is_exact(server: ScriptedServer, size: int, framing: str) -> None:
    """An answer of just that many bytes is read, one of a byte more is not."""
    body = json.dumps(one()).encode()
    body += b" " * (size - len(body))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.script = [
        {
            "length": answer(200, body),
            "chunked": raw(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)),
            "gzip": answer(200, gzip.compress(body), {"Content-Encoding": "gzip"}),
        }[framing]
    ]

    async with client_of(server, max_response_bytes=100_000) as didww:
        if size == 100_000:
            await didww.get_order(ORDER_ID)
        else:
            with pytest.raises(ResponseTooLargeError):
                await didww.get_order(ORDER_ID)


async def test_an_endless_answer_is_cut_off_near_the_bound(server: ScriptedServer) -> None:
    """What the server can push is the bound and what sockets hold, not what it likes."""
    pushed = 0

    async def push(peer: Peer) -> None:
        nonlocal pushed
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while pushed < 500_000_000:
            await peer.send(chunk)
            pushed += 0x10000

    server.script = [push]

    async with client_of(server, max_response_bytes=1_000_000) as didww:
        with pytest.raises(ResponseTooLargeError):
            await didww.get_order(ORDER_ID)

    assert pushed + 0x10000 >= 1_000_000
    assert pushed < 20_000_000


async def test_a_read_on_a_connection_that_the_server_closed_meanwhile_succeeds(
    server: ScriptedServer,
) -> None:
    """A kept connection may be gone; the read goes out on another one."""
    closed = asyncio.Event()

    async def answer_and_close(peer: Peer) -> None:
        await GOOD(peer)
        peer.writer.close()
        await peer.writer.wait_closed()
        closed.set()

    server.script = [answer_and_close, answer_and_close, GOOD]

    async with client_of(server) as didww:
        for _ in range(3):
            closed.clear()
            await didww.get_order(ORDER_ID)
            if len(server.requests) < 3:
                await closed.wait()

    assert server.connections == 3


async def test_connections_are_kept(server: ScriptedServer) -> None:
    """Ten reads, one connection."""
    server.otherwise = GOOD

    async with client_of(server) as didww:
        for _ in range(10):
            await didww.get_order(ORDER_ID)

    assert server.connections == 1


async def test_a_hundred_callers_survive_drops(server: ScriptedServer) -> None:
    """Every third request loses its connection; every caller gets its answer."""
    count = 0

    async def sometimes(peer: Peer) -> None:
        nonlocal count
        count += 1
        if count % 3 == 0:
            peer.reset()
        else:
            target = server.requests[-1].target
            await answer(200, one(target.rpartition("/")[2]))(peer)

    async def by_target(peer: Peer) -> None:
        await sometimes(peer)

    server.otherwise = by_target
    policy = RetryPolicy(attempts=30, wait_initial=0.001, wait_max=0.002, wait_jitter=0.001)

    async with client_of(server, retry=policy) as didww:
        orders = await asyncio.gather(*(didww.get_order(f"order-{n}") for n in range(100)))

    assert [order.id for order in orders] == [f"order-{n}" for n in range(100)]
    drops = count // 3
    assert len(server.requests) == 100 + drops


async def test_a_mixed_crowd_gets_no_order_twice(server: ScriptedServer) -> None:
    """Each of a hundred orders is on the wire once, and ends placed or unconfirmed."""
    count = 0

    async def sometimes(peer: Peer) -> None:
        nonlocal count
        count += 1
        if count % 3 == 0:
            peer.reset()
        else:
            reference = server.requests[-1].attributes["external_reference_id"]
            await answer(201, one(external_reference_id=reference))(peer)

    server.otherwise = sometimes

    async with client_of(server) as didww:
        outcomes: list[Any] = await asyncio.gather(
            *(didww.create_order(items(), external_reference_id=f"ref-{n}") for n in range(100)),
            return_exceptions=True,
        )

    sent = [seen.attributes["external_reference_id"] for seen in server.requests]
    assert sorted(sent) == sorted(f"ref-{n}" for n in range(100))
    assert [outcome.external_reference_id for outcome in outcomes] == [
        f"ref-{n}" for n in range(100)
    ]
    assert sum(isinstance(outcome, DidwwError) for outcome in outcomes) == 33


async def test_reads_go_out_as_documented(server: ScriptedServer) -> None:
    """Each header once; no Content-Type where there is no body."""
    server.script = [GOOD, answer(204)]

    async with client_of(server) as didww:
        await didww.get_order(ORDER_ID)
        await didww.cancel_order(ORDER_ID)

    from didww_async import __version__

    for seen in server.requests:
        assert seen.header("Accept") == MEDIA_TYPE
        assert seen.header("X-DIDWW-API-Version") == "2026-04-16"
        assert seen.header("User-Agent") == f"didww-async/{__version__}"
        assert seen.header("Content-Type") is None
        assert seen.header("Cookie") is None
        assert seen.body == b""


async def test_cookies_are_not_kept(server: ScriptedServer) -> None:
    """A cookie of the server's would make requests depend on each other."""
    server.script = [answer(200, one(), {"Set-Cookie": "a=b"}), GOOD]

    async with client_of(server, base_url=server.url.replace("127.0.0.1", "localhost")) as didww:
        await didww.get_order(ORDER_ID)
        await didww.get_order(ORDER_ID)

    assert server.requests[1].header("Cookie") is None


async def test_a_large_body_is_sent_without_a_warning(server: ScriptedServer) -> None:
    """An order of thousands of items is one order."""
    server.strict = False
    server.script = [answer(201, one())]

    async with client_of(server) as didww:
        await didww.create_order(items() * 12_000)

    assert len(server.requests[0].body) > 1_048_576
