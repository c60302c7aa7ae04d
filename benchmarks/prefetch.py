"""
Walking a list whose pages take as long to come as to be worked on.

The bound is the larger of the two sums: 50 ms of the server's latency, or 50 ms of
the consumer's work, for each page.
"""

from __future__ import annotations

import asyncio
import time

from benchmarks.measure import Figure, interleave, ratio, report, server
from didww_async import DidwwClient

PAGES = 24
SIZE = 10
EACH = 0.05
ROUNDS = 5


async def _walk(url: str, *, prefetch: bool) -> float:
    async with DidwwClient("key", base_url=url, pace=None) as client:
        await client.list_orders(page_size=SIZE)
        started = time.perf_counter()
        pages = 0
        async for _ in client.list_orders(page_size=SIZE, prefetch=prefetch).pages():
            await asyncio.sleep(EACH)
            pages += 1
        assert pages == PAGES
        return time.perf_counter() - started


def run() -> list[Figure]:
    """Measure."""
    with server(orders=PAGES * SIZE, latency=EACH) as url:
        times = interleave(
            {
                "on": lambda: asyncio.run(_walk(url, prefetch=True)),
                "off": lambda: asyncio.run(_walk(url, prefetch=False)),
            },
            ROUNDS,
            warm_up=0,
        )
    bound = [PAGES * EACH] * ROUNDS
    print(f"   {PAGES} pages, {EACH * 1000:.0f} ms of latency and of work each")
    on, off = ratio(times["on"], bound), ratio(times["off"], bound)
    return [
        Figure("walk / the larger sum", on.value, at_most=1.15, spread=on.quartiles),
        Figure("the same with prefetch=False", off.value, spread=off.quartiles),
        Figure(
            "the least that is possible: one page ahead of the work",
            (PAGES + 1) / PAGES,
        ),
    ]


if __name__ == "__main__":
    report("prefetch: the next page comes while this one is worked on", run)
