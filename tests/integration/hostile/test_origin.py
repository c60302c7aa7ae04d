"""The key stays with one server: redirects, foreign links, and what errors repeat of it."""

from __future__ import annotations

import json
import pickle

import pytest

from didww_async import (
    DecodeError,
    DidwwError,
    ForeignOriginError,
    OrderUnconfirmedError,
    RedirectError,
)
from tests.integration.hostile.scripted import (
    KEY,
    ORDER_ID,
    ScriptedServer,
    Step,
    answer,
    client_of,
    html,
    ids_of,
    items,
    packed,
    page,
    raw,
    raw_then_close,
)

REDIRECTS = pytest.mark.parametrize("status", [301, 302, 303, 307, 308])


@REDIRECTS
async def test_a_read_is_not_redirected(
    server: ScriptedServer, other: ScriptedServer, status: int
) -> None:
    """RedirectError; the other server sees no connection at all."""
    server.script = [answer(status, b"", {"Location": f"{other.url}/orders"})]

    async with client_of(server) as didww:
        with pytest.raises(RedirectError) as caught:
            await didww.list_orders()

    assert caught.value.status == status
    assert other.connections == 0
    assert len(server.requests) == 1


@REDIRECTS
async def test_an_order_is_not_redirected(
    server: ScriptedServer, other: ScriptedServer, status: int
) -> None:
    """The order is unconfirmed, and the other server sees no connection at all."""
    server.script = [answer(status, b"", {"Location": f"{other.url}/orders"})]

    async with client_of(server) as didww:
        with pytest.raises(OrderUnconfirmedError) as caught:
            await didww.create_order(items(), external_reference_id="crm-42")

    assert isinstance(caught.value.cause, RedirectError)
    assert other.connections == 0
    assert len(server.requests) == 1


async def test_a_redirect_within_the_origin_is_not_followed_either(server: ScriptedServer) -> None:
    """Nothing is sent that the caller did not ask for."""
    server.script = [answer(307, b"", {"Location": "/v3/elsewhere"})]

    async with client_of(server) as didww:
        with pytest.raises(RedirectError):
            await didww.get_order(ORDER_ID)

    assert len(server.requests) == 1


@pytest.mark.parametrize("prefetch", [True, False])
@pytest.mark.parametrize(
    "link",
    [
        "http://localhost:{own}/v3/orders?page=2",
        "http://127.0.0.1:{other}/v3/orders?page=2",
        "https://127.0.0.1:{own}/v3/orders?page=2",
        "ftp://127.0.0.1:{own}/v3/orders?page=2",
        "http://user:word@127.0.0.1:{own}/v3/orders?page=2",
        "http://user@127.0.0.1:{own}/v3/orders?page=2",
        "http://127.0.0.1:{own}@127.0.0.1:{other}/v3/orders",
        "http://127.0.0.1:{own}\\@127.0.0.1:{other}/v3/orders",
        "//127.0.0.1:{other}/v3/orders?page=2",
        "http://[::1/v3",
        "http://127.0.0.1:99999999/v3",
        *(
            pytest.param(link)
            for link in (
                "///127.0.0.1:{other}/v3/orders?page=2",
                "\\\\127.0.0.1:{other}\\v3",
                "http:127.0.0.1:{other}/v3",
                "?page=2",
                "javascript:alert(1)",
                "file:///etc/passwd",
            )
        ),
    ],
)
async def test_a_link_to_another_origin_is_not_followed(
    server: ScriptedServer, other: ScriptedServer, link: str, *, prefetch: bool
) -> None:
    """The first page's items come, then ForeignOriginError; nothing more is sent to anybody."""
    href = link.format(own=server.port, other=other.port)
    server.script = [answer(200, page(["a", "b"], next=href))]
    got = []

    async with client_of(server) as didww:
        with pytest.raises(ForeignOriginError):  # noqa: PT012
            async for order in didww.list_orders(prefetch=prefetch):
                got.append(order.id)  # noqa: PERF401  # what came before the error counts

    assert got == ["a", "b"]
    assert len(server.requests) == 1
    assert other.connections == 0


@pytest.mark.parametrize(
    "tail",
    [
        "?é",
        "?\U0001f600",
        "?a\nb",
        pytest.param("?a b"),
        pytest.param("?a\r\nX-Injected: 1"),
        pytest.param(" HTTP/1.1\r\n\r\n"),
        pytest.param("?\x00"),
    ],
)
async def test_a_link_with_odd_characters_injects_nothing(
    server: ScriptedServer, tail: str
) -> None:
    """Either an error of this package, or one request whose line has three words."""
    server.strict = False
    server.script = [
        answer(200, page(["a"], next=f"{server.url}/orders{tail}")),
        answer(200, page()),
    ]

    async with client_of(server) as didww:
        try:
            await ids_of(didww.list_orders(prefetch=False))
        except DidwwError:
            assert len(server.requests) == 1

    assert all(" " not in seen.target for seen in server.requests)
    assert all(seen.header("X-Injected") is None for seen in server.requests)


async def test_a_link_of_the_same_origin_is_followed_as_it_stands(server: ScriptedServer) -> None:
    """Not a character is decoded or encoded anew."""
    target = "/v3/orders?page%5Bnumber%5D=2&filter%5Bx%5D=a%2Cb%2fc+d&e[]=1"
    server.script = [
        answer(200, page(["a"], next=server.origin + target)),
        answer(200, page(["b"])),
    ]

    async with client_of(server) as didww:
        assert await ids_of(didww.list_orders()) == ["a", "b"]

    assert server.requests[1].target == target
    assert server.requests[1].header("Api-Key") == KEY


ECHOES = [
    pytest.param(html(502, f"<p>{KEY}</p>".encode()), id="502 HTML"),
    pytest.param(html(401, f"<p>{KEY}</p>".encode()), id="401 HTML"),
    pytest.param(html(200, f"<p>{KEY}</p>".encode()), id="200 HTML"),
    pytest.param(answer(401, {"errors": [{"detail": f"bad {KEY}"}]}), id="detail"),
    pytest.param(answer(400, {"errors": [{"title": KEY, "code": KEY, "id": KEY}]}), id="title"),
    pytest.param(
        answer(422, {"errors": [{"source": {"pointer": KEY}, "detail": "x"}]}), id="pointer"
    ),
    pytest.param(answer(422, {"errors": [{"detail": "x", "meta": {KEY: [KEY]}}]}), id="meta"),
    pytest.param(answer(404, b"x" * 190 + KEY.encode()), id="across the cut of the text"),
    pytest.param(answer(301, KEY.encode(), {"Location": f"/{KEY}"}), id="redirect"),
    pytest.param(answer(200, {"data": {"id": "1", "type": KEY}}), id="type of a document"),
    pytest.param(answer(200, {"data": {"id": 1, "type": "orders", KEY: 1}}), id="member"),
    pytest.param(
        answer(403, b'{"errors":[{"detail":"%s"}]}' % KEY.replace("-", "\\u002d").encode()),
        id="escaped detail",
    ),
    pytest.param(
        raw_then_close(f"HTTP/1.1 {KEY} x\r\n\r\n".encode()),
        id="status line",
    ),
    pytest.param(
        raw_then_close(f"HTTP/1.1 200 OK\r\nBad {KEY}: 1\r\n\r\n".encode()),
        id="header name",
    ),
    pytest.param(
        raw_then_close(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n".encode()),
        id="chunk size",
    ),
]


@pytest.mark.parametrize("verb", ["read", "order"])
@pytest.mark.parametrize("step", ECHOES)
async def test_a_key_that_the_server_repeats_is_in_no_error(
    server: ScriptedServer, step: Step, verb: str
) -> None:
    """Neither in str nor in repr nor in the pickle, of the error and of what it came from."""
    server.otherwise = step

    async with client_of(server) as didww:
        with pytest.raises(DidwwError) as caught:  # noqa: PT012
            if verb == "read":
                await didww.get_order(ORDER_ID)
            else:
                await didww.create_order(items())

    error: BaseException | None = caught.value
    while error is not None:
        assert KEY not in f"{error} {error!r} {error.args!r} {vars(error)!r}"
        assert KEY.encode() not in pickle.dumps(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


async def test_a_key_in_a_foreign_link_is_not_in_the_error(server: ScriptedServer) -> None:
    """The link's text comes from the server and may repeat the key."""
    server.script = [answer(200, page(["a"], next=f"http://192.0.2.1/{KEY}"))]

    async with client_of(server) as didww:
        with pytest.raises(ForeignOriginError) as caught:
            await ids_of(didww.list_orders())

    assert KEY not in str(caught.value)


async def test_no_error_holds_the_requests_headers(server: ScriptedServer) -> None:
    """Aiohttp's errors hold them, so none of those is in the chain of causes."""
    server.otherwise = raw(packed(200, b"not gzip", {"Content-Encoding": "gzip"}))

    async with client_of(server) as didww:
        with pytest.raises(DidwwError) as caught:
            await didww.get_order(ORDER_ID)

    error: BaseException | None = caught.value
    while error is not None:
        assert not type(error).__module__.startswith("aiohttp")
        error = error.__cause__ or error.__context__


async def test_a_query_is_in_no_error(server: ScriptedServer) -> None:
    """A filter may hold a customer's data: the URL of an error ends before it."""
    server.script = [answer(404, json.dumps({"errors": []}).encode()), html(200)]

    async with client_of(server) as didww:
        for _ in range(2):
            with pytest.raises(DidwwError) as caught:
                await didww.list_orders(filter={"external_reference_id": "private"})
            assert "private" not in f"{caught.value} {caught.value!r} {vars(caught.value)!r}"

    assert isinstance(caught.value, DecodeError)
    assert "private" in server.requests[0].target


async def test_a_proxys_page_of_any_shape_is_no_crash(server: ScriptedServer) -> None:
    """Bytes that are no UTF-8 and no JSON make an ordinary error."""
    server.script = [answer(503, b"\xff\xfe\x00<\x00h" * 400, {"Content-Type": "text/html"})] * 3

    async with client_of(server) as didww:
        with pytest.raises(DidwwError, match="503"):
            await didww.get_order(ORDER_ID)
