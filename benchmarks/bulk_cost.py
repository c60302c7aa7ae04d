"""
What once-only placement costs, beside `create_order` alone, which places and hopes.

Both post the same orders to the same trivial server, 64 at a time and without a pace;
every second run of placement keeps a journal on disk. And what a long run needs of
memory: a million rows from a generator, through a provider that answers at once.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import ROOT, Figure, interleave, ratio, report, server
from didww_async import DidwwClient, NewDidOrderItem, NewOrder
from didww_async.placement import Accepted, Intent, NoSuchOrder, Placed, Provider
from didww_async.providers import bulk_run

ORDERS = 1500
CONCURRENCY = 64
ROUNDS = 8
FEW_ROWS = 20_000
MANY_ROWS = 1_000_000
SKU = "b6d9d793-578d-42d3-bc33-73dd8155e615"


def _orders() -> Iterator[NewOrder]:
    for number in range(ORDERS):
        yield NewOrder(
            items=[NewDidOrderItem(sku_id=SKU, qty=15)], external_reference_id=f"crm-{number}"
        )


async def _create(client: DidwwClient) -> None:
    left = _orders()

    async def work() -> None:
        for order in left:
            await client.orders.create(order)

    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENCY):
            group.create_task(work())


async def _place(client: DidwwClient, folder: Path | None = None) -> None:
    journal = Path(tempfile.mkdtemp(dir=folder), "run.db") if folder else None
    placed = 0
    async for outcome in client.place_orders(_orders(), journal=journal, concurrency=CONCURRENCY):
        placed += isinstance(outcome, Placed)
    assert placed == ORDERS


def _cost() -> list[Figure]:
    with (
        server() as url,
        asyncio.Runner() as runner,
        tempfile.TemporaryDirectory(dir=ROOT) as folder,
    ):
        client = runner.run(DidwwClient("key", base_url=url, pace=None).open())
        variants: dict[str, Callable[[], Coroutine[None, None, None]]] = {
            "create_order": lambda: _create(client),
            "place_orders": lambda: _place(client),
            "place_orders with a journal": lambda: _place(client, Path(folder)),
        }
        spent: dict[str, list[float]] = {name: [] for name in variants}

        def measure(name: str) -> float:
            gc.collect()
            cpu, started = time.process_time(), time.perf_counter()
            runner.run(variants[name]())
            spent[name].append((time.process_time() - cpu) / ORDERS)
            return ORDERS / (time.perf_counter() - started)

        rates = interleave({name: partial(measure, name) for name in variants}, ROUNDS)
        runner.run(client.close())
    for name, taken in rates.items():
        cpu = min(spent[name]) * 1e6
        print(f"   {name}: {statistics.median(taken):.0f}/s, {cpu:.0f} us of CPU an order (least)")
    plain, *others = variants
    figures: list[Figure] = []
    for name, target in zip(others, (0.9, 0.6), strict=True):
        share = ratio(rates[name], rates[plain])
        cpu_share = ratio(spent[plain][-ROUNDS:], spent[name][-ROUNDS:])
        title = f"throughput of {name} / {plain}, {CONCURRENCY} at once"
        figures += [
            Figure(title, share.value, at_least=target, spread=share.quartiles),
            Figure(f"{title}, by CPU time", cpu_share.value, spread=cpu_share.quartiles),
        ]
    return figures


class _Immediate(Provider[str, str]):
    """Accepts whatever it gets."""

    async def submit(self, intent: Intent[str]) -> Accepted[str]:
        return Accepted(intent.request)

    async def look_up(self, intent: Intent[str]) -> NoSuchOrder:  # noqa: ARG002
        return NoSuchOrder()

    def reference(self, request: str) -> str:
        return request

    def prepare(self, request: str) -> str:
        return request

    def dump_request(self, request: str) -> str:
        return request

    def load_request(self, text: str) -> str:
        return text

    def dump_order(self, order: str) -> str:
        return order

    def load_order(self, text: str) -> str:
        return text


async def _many(rows: int) -> None:
    requests = (f"crm-{number}" for number in range(rows))
    done = 0
    async for _ in bulk_run(_Immediate(), requests, concurrency=CONCURRENCY):
        done += 1
    assert done == rows
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _peak(rows: int) -> float:
    """MiB that a process needs at most which places so many rows."""
    code = f"import asyncio; from benchmarks import bulk_cost; asyncio.run(bulk_cost._many({rows}))"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return int(told.stdout) / 1024


def run() -> list[Figure]:
    """Measure."""
    few, many = _peak(FEW_ROWS), _peak(MANY_ROWS)
    print(f"   peak memory: {few:.0f} MiB for {FEW_ROWS:,} rows, {many:.0f} for {MANY_ROWS:,}")
    return [
        *_cost(),
        Figure("peak memory of a million rows / of 20,000", many / few, at_most=1.1),
    ]


if __name__ == "__main__":
    report("bulk_cost: orders placed once only, beside create_order", run)
