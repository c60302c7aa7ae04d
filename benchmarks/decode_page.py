"""
Decoding a page of 1,000 orders, beside bare `orjson.loads` and the official SDK.

Every round decodes another page, so that nothing but tariffs, dates and statuses
repeats. The SDKs are compared twice: without a network (`requests` gets its answer
from a mounted adapter, aiohttp's session is replaced by one that hands out the same
bytes, so both still run their whole call), and over loopback.
The official SDK wraps the parsed JSON and reads an attribute when it is asked for one:
here it is asked for four of each order. Ours has checked and typed every attribute by
then, items included; a second comparison reads all of them from both.
"""

from __future__ import annotations

import asyncio
import gc
import io
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast

import orjson
import requests
import urllib3
from didww.client import DidwwClient as OfficialClient
from didww.query_params import QueryParams
from requests.adapters import HTTPAdapter

from benchmarks.documents import order_page
from benchmarks.measure import Figure, interleave, ratio, report, server
from didww_async import DidwwClient, Order
from didww_async.jsonapi import JsonApiSerializer
from didww_async.models.base import registry

ORDERS = 1000
PAGES = 27
ROUNDS = 24
SDK_ROUNDS = 9

Read = Callable[[Any], tuple[object, ...]]


def _four(order: Any) -> tuple[object, ...]:
    return order.id, order.reference, order.amount, order.status


def _all(order: Any) -> tuple[object, ...]:
    return (
        *_four(order),
        order.created_at,
        order.description,
        order.callback_url,
        order.callback_method,
        order.external_reference_id,
        [(item.qty, item.nrc, item.mrc) for item in order.items],
    )


class _Canned:
    """The pages in turn, as an answer of aiohttp and as a `requests` adapter's."""

    def __init__(self, pages: Sequence[bytes]) -> None:
        self._pages = itertools.cycle(pages)
        self.status = 200
        self.closed = False
        self.headers: dict[str, str] = {}
        self.content_length = 0
        self._body = b""

    def request(self, *_: object, **__: object) -> Self:
        """Stand for `aiohttp.ClientSession.request`."""
        self._body = next(self._pages)
        self.content_length = len(self._body)
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def read(self) -> bytes:
        """Stand for `aiohttp.ClientResponse.read`."""
        return self._body


class _CannedAdapter(HTTPAdapter):
    def __init__(self, pages: Sequence[bytes]) -> None:
        super().__init__()
        self._pages = itertools.cycle(pages)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body = next(self._pages)
        headers = {
            "Content-Type": "application/vnd.api+json; charset=utf-8",
            "Content-Length": str(len(body)),
        }
        raw = urllib3.HTTPResponse(io.BytesIO(body), headers, 200, preload_content=False)
        return self.build_response(request, raw)


@contextmanager
def _official(
    url: str | None, pages: Sequence[bytes], four_or_all: Read
) -> Iterator[Callable[[], list[tuple[object, ...]]]]:
    client = OfficialClient("key", base_url=url or "http://canned.invalid/v3")
    if url is None:
        client._session.mount("http://", _CannedAdapter(pages))
    parameters = QueryParams().page(size=ORDERS)

    def read() -> list[tuple[object, ...]]:
        return [four_or_all(one) for one in client.orders().list(parameters).data]

    try:
        yield read
    finally:
        client._session.close()


@contextmanager
def _ours(
    url: str | None, pages: Sequence[bytes], four_or_all: Read
) -> Iterator[Callable[[], list[tuple[object, ...]]]]:
    session = cast("Any", _Canned(pages)) if url is None else None
    client = DidwwClient(
        "key", base_url=url or "http://canned.invalid/v3", session=session, pace=None
    )

    async def page() -> list[tuple[object, ...]]:
        return [four_or_all(one) for one in await client.list_orders(page_size=ORDERS)]

    with asyncio.Runner() as runner:
        runner.run(client.open())
        try:
            yield lambda: runner.run(page())
        finally:
            runner.run(client.close())


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        gc.collect()  # what others left behind is not this one's cost
        started = time.perf_counter()
        result = work()
        elapsed = time.perf_counter() - started
        del result
        return elapsed

    return measure


def _sdks(
    name: str,
    url: str | None,
    pages: Sequence[bytes],
    *,
    least: float | None = None,
    read: Read | None = None,
) -> Figure:
    with (
        _ours(url, pages, read or _four) as ours,
        _official(url, pages, read or _four) as official,
    ):
        assert len(ours()) == len(official()) == ORDERS
        times = interleave({"ours": _timed(ours), "official": _timed(official)}, SDK_ROUNDS)
    faster = ratio(times["official"], times["ours"])
    best = {which: min(taken) * 1000 for which, taken in times.items()}
    print(f"   {name}: ours {best['ours']:.1f} ms, official {best['official']:.1f} ms (least)")
    return Figure(name, faster.value, at_least=least, spread=faster.quartiles)


def _beside_loads(name: str, pages: Sequence[bytes], most: float | None) -> Figure:
    serializer = JsonApiSerializer(registry)
    ours, bare = itertools.cycle(pages), itertools.cycle(pages)
    times = interleave(
        {
            "decode": _timed(lambda: serializer.decode_many(next(ours), Order)),
            "loads": _timed(lambda: orjson.loads(next(bare))),
        },
        ROUNDS,
    )
    best = {which: min(taken) * 1000 for which, taken in times.items()}
    print(f"   {name}: {best['decode']:.2f} ms / {best['loads']:.2f} ms (least)")
    cost = ratio(times["decode"], times["loads"])
    return Figure(name, cost.value, at_most=most, spread=cost.quartiles)


def run() -> list[Figure]:
    """Measure."""
    pages = [order_page(ORDERS, number) for number in range(1, PAGES + 1)]
    print(f"   {ORDERS} orders, {len(pages[0]) / 1024:.0f} KiB, {PAGES} different pages")
    figures = [
        _beside_loads("decode / orjson.loads", pages, most=5.0),
        _beside_loads("decode / orjson.loads, the same page again", pages[:1], most=None),
    ]
    name = "faster than the official SDK, in memory"
    figures.append(_sdks(name, None, pages, least=8.0))
    figures.append(_sdks(f"{name}, all attributes read", None, pages, read=_all))
    with server(orders=ORDERS) as url:
        figures.append(_sdks("faster than the official SDK, loopback", url, pages))
    return figures


if __name__ == "__main__":
    report("decode_page: 1,000 orders from bytes to objects", run)
