"""
Placing orders on loopback, beside bare aiohttp and the official SDK on 16 threads.

Bare aiohttp is a session with its defaults that posts the same bytes with the same
headers, reads the answer and parses it with orjson; it neither checks nor types
anything. The official SDK is measured with a client for each thread and with one for
all, and the better of the two counts.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import aiohttp
import orjson
from didww.client import DidwwClient as OfficialClient
from didww.resources.order import Order as OfficialOrder
from didww.resources.order_item.did_order_item import DidOrderItem

from benchmarks.measure import Figure, interleave, ratio, report, server
from didww_async import DidwwClient, NewDidOrderItem, NewOrder, __version__
from didww_async.jsonapi import JsonApiSerializer
from didww_async.models.base import registry

ROUNDS = 16
REQUESTS = {1: 300, 64: 640}
SDK_ROUNDS = 5
SDK_REQUESTS = 320
THREADS = 16

SKU = "b6d9d793-578d-42d3-bc33-73dd8155e615"
OPTIONS: dict[str, Any] = {"allow_back_ordering": False, "external_reference_id": "crm-42"}

Once = Callable[[], Awaitable[object]]


def _items() -> tuple[NewDidOrderItem]:
    return (NewDidOrderItem(sku_id=SKU, qty=15),)


def _new_official_order() -> OfficialOrder:
    order = OfficialOrder()
    number = DidOrderItem()
    number.sku_id, number.qty = SKU, 15
    order.items = [number]
    for name, value in OPTIONS.items():
        setattr(order, name, value)
    return order


async def _rate(once: Once, requests: int, concurrency: int) -> float:
    """Requests a second."""
    left = itertools.repeat(None, requests)

    async def work() -> None:
        for _ in left:
            await once()

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return requests / (time.perf_counter() - started)


@contextmanager
def _asynchronous(url: str, runner: asyncio.Runner) -> Iterator[tuple[Once, Once]]:
    """One order by this package, and one by bare aiohttp."""

    async def start() -> tuple[DidwwClient, aiohttp.ClientSession]:
        return await DidwwClient("key", base_url=url, pace=None).open(), aiohttp.ClientSession()

    async def stop() -> None:
        await client.close()
        await session.close()

    client, session = runner.run(start())
    body = JsonApiSerializer(registry).encode_new(NewOrder(items=_items(), **OPTIONS))
    headers = {
        "Accept": "application/vnd.api+json",
        "X-DIDWW-API-Version": "2026-04-16",
        "User-Agent": f"didww-async/{__version__}",
        "Content-Type": "application/vnd.api+json",
        "Api-Key": "key",
    }

    async def ours() -> object:
        return await client.create_order(_items(), **OPTIONS)

    async def bare() -> object:
        async with session.post(f"{url}/orders", data=body, headers=headers) as response:
            return orjson.loads(await response.read())

    try:
        yield ours, bare
    finally:
        runner.run(stop())


def _official(clients: Sequence[OfficialClient], pool: ThreadPoolExecutor) -> Callable[[], float]:
    def work(client: OfficialClient) -> None:
        for _ in range(SDK_REQUESTS // THREADS):
            client.orders().create(_new_official_order())

    def measure() -> float:
        started = time.perf_counter()
        list(pool.map(work, clients))
        return SDK_REQUESTS / (time.perf_counter() - started)

    return measure


def _costs(
    url: str, runner: asyncio.Runner, concurrency: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Requests a second and seconds of this process's CPU a request, round by round."""
    requests = REQUESTS[concurrency]
    spent: dict[str, list[float]] = {"ours": [], "bare": []}
    with _asynchronous(url, runner) as (ours, bare):

        def measure(name: str, once: Once) -> float:
            gc.collect()
            cpu = time.process_time()
            rate = runner.run(_rate(once, requests, concurrency))
            spent[name].append((time.process_time() - cpu) / requests)
            return rate

        rates = interleave(
            {"ours": lambda: measure("ours", ours), "bare": lambda: measure("bare", bare)}, ROUNDS
        )
    return rates, {name: taken[-ROUNDS:] for name, taken in spent.items()}


def _beside_bare(url: str, runner: asyncio.Runner, concurrency: int) -> list[Figure]:
    rates, spent = _costs(url, runner, concurrency)
    for name, taken in rates.items():
        cpu = min(spent[name]) * 1e6
        print(
            f"   {concurrency:2} at once, {name}: {statistics.median(taken):.0f}/s "
            f"(best {max(taken):.0f}/s), {cpu:.0f} us of CPU a request (least)"
        )
    share = ratio(rates["ours"], rates["bare"])
    cpu_share = ratio(spent["bare"], spent["ours"])
    name = f"throughput / bare aiohttp, {concurrency} at once"
    return [
        Figure(name, share.value, at_least=0.8, spread=share.quartiles),
        Figure(f"{name}, by CPU time", cpu_share.value, spread=cpu_share.quartiles),
    ]


def _beside_official(url: str, runner: asyncio.Runner) -> Figure:
    clients = [OfficialClient("key", base_url=url) for _ in range(THREADS)]
    with (
        _asynchronous(url, runner) as (ours, _),
        ThreadPoolExecutor(THREADS) as each,
        ThreadPoolExecutor(THREADS) as shared,
    ):
        rates = interleave(
            {
                "ours": lambda: runner.run(_rate(ours, REQUESTS[64], 64)),
                "a client for each": _official(clients, each),
                "one client for all": _official(clients[:1] * THREADS, shared),
            },
            SDK_ROUNDS,
        )
    for client in clients:
        client._session.close()
    medians = {name: statistics.median(taken) for name, taken in rates.items()}
    del medians["ours"]
    better = max(medians, key=medians.__getitem__)
    told = ", ".join(f"{name} {rate:.0f}/s" for name, rate in medians.items())
    print(f"   official SDK on {THREADS} threads: {told}; the better counts")
    faster = ratio(rates["ours"], rates[better])
    name = f"throughput / official SDK, {THREADS} threads, {better}"
    return Figure(name, faster.value, at_least=3.0, spread=faster.quartiles)


def run() -> list[Figure]:
    """Measure."""
    figures: list[Figure] = []
    with server() as url, asyncio.Runner() as runner:
        for concurrency in REQUESTS:
            figures += _beside_bare(url, runner, concurrency)
        figures.append(_beside_official(url, runner))
    return figures


if __name__ == "__main__":
    report("create_order: orders placed on loopback", run)
