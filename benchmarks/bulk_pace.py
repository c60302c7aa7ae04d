"""
Orders in bulk at a server that allows 100 requests in any second, as the server sees them.

It answers in 20 ms, 15 more or less, and everything over its limit with 429. `place_orders`
places 2,000 orders with `Pace(100)` and a journal; without a pause between two seconds of
100 requests that would be 20 seconds. Beside it: the official SDK, which knows no pace, on
16 threads. An order that it gets an error for is lost, unless its caller repeats it.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import orjson
from didww.client import DidwwClient as OfficialClient
from didww.exceptions import DidwwApiError
from didww.resources.order import Order as OfficialOrder
from didww.resources.order_item.did_order_item import DidOrderItem

from benchmarks.measure import Figure, report, server
from didww_async import DidwwClient, NewDidOrderItem, NewOrder, Pace

ORDERS = 2000
PERMITTED = 100
THREADS = 16
LATENCY = 0.020
JITTER = 0.015

SKU = "b6d9d793-578d-42d3-bc33-73dd8155e615"


async def _ours(url: str, journal: Path) -> float:
    orders = [
        NewOrder(items=[NewDidOrderItem(sku_id=SKU)], external_reference_id=f"crm-{number}")
        for number in range(ORDERS)
    ]
    async with DidwwClient("key", base_url=url, pace=Pace(PERMITTED)) as client:
        started = time.perf_counter()
        told = await client.place_orders(orders, journal=journal)
        seconds = time.perf_counter() - started
    assert len(told.placed) == ORDERS, told
    print(f"   place_orders: {told}")
    return seconds


def _official(url: str) -> float:
    """The share of the orders that the official SDK got an error for."""

    def work(client: OfficialClient) -> int:
        lost = 0
        for _ in range(ORDERS // THREADS):
            order = OfficialOrder()
            number = DidOrderItem()
            number.sku_id, number.qty = SKU, 1
            order.items = [number]
            try:
                client.orders().create(order)
            except DidwwApiError:
                lost += 1
        return lost

    clients = [OfficialClient("key", base_url=url) for _ in range(THREADS)]
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        lost = sum(pool.map(work, clients))
    seconds = time.perf_counter() - started
    for client in clients:
        client._session.close()
    print(f"   official SDK, {THREADS} threads: {lost} of {ORDERS} refused in {seconds:.1f} s")
    return lost / ORDERS


def _refused(url: str) -> float:
    """How many requests the server answered with 429."""
    with urlopen(f"{url.removesuffix('/v3')}/refused") as response:
        return float(orjson.loads(response.read()))


def run() -> list[Figure]:
    """Measure."""
    with (
        TemporaryDirectory() as folder,
        server(latency=LATENCY, jitter=JITTER, limit=PERMITTED) as url,
    ):
        seconds = asyncio.run(_ours(url, Path(folder, "journal")))
        refused = _refused(url)
    with server(latency=LATENCY, jitter=JITTER, limit=PERMITTED) as url:
        lost = _official(url)
    name = f"{ORDERS} orders, Pace({PERMITTED})"
    return [
        Figure(f"{name}: seconds / ideal", seconds / (ORDERS / PERMITTED), at_most=1.05),
        Figure(f"{name}: answered with 429", refused, at_most=0.0, unit="requests"),
        Figure(f"official SDK, {THREADS} threads: share of its orders lost", lost),
    ]


if __name__ == "__main__":
    report(f"bulk_pace: {ORDERS} orders at a server that allows {PERMITTED} a second", run)
