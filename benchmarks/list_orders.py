"""
Listing 100,000 orders: how far memory grows while nothing is kept.

Each walk runs in a fresh process. Its peak resident memory (`ru_maxrss`) is taken
after the first page and at the end; a second walk runs under `tracemalloc`, which
sees Python's own allocations only, and those exactly.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
import tracemalloc
from typing import Any

from benchmarks.measure import ROOT, Figure, report, server
from didww_async import DidwwClient

ORDERS = 100_000
TRACED_ORDERS = 30_000
LIMIT = 20.0
MIB = 1024 * 1024


async def _walk(url: str, size: int, traced: bool) -> dict[str, float]:  # noqa: FBT001
    async with DidwwClient("key", base_url=url, pace=None) as client:
        await client.list_orders(page_size=size)
        before = _resident()
        if traced:
            tracemalloc.start()
        started = time.perf_counter()
        count = 0
        most_after_start = 0
        async for order in client.list_orders(page_size=size):
            count += bool(order.amount)
            if traced and count == 2 * size:
                most_after_start = tracemalloc.get_traced_memory()[1]
                tracemalloc.reset_peak()
    seconds = time.perf_counter() - started
    traced_growth = (tracemalloc.get_traced_memory()[1] - most_after_start) if traced else 0
    return {
        "count": count,
        "seconds": seconds,
        "resident_growth": (_resident() - before) / MIB,
        "resident": _resident() / MIB,
        "traced_growth": traced_growth / MIB,
        "traced_peak": (most_after_start + traced_growth) / MIB,
    }


def _resident() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _in_fresh_process(size: int, orders: int, *, traced: bool) -> dict[str, Any]:
    with server(orders=orders) as url:
        command = [sys.executable, "-m", "benchmarks.list_orders", "--walk", url, str(size)]
        command += ["--traced"] * traced
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["count"] == orders, result
    return result


def run() -> list[Figure]:
    """Measure."""
    figures: list[Figure] = []
    for size in (1000, 100):
        walk = _in_fresh_process(size, ORDERS, traced=False)
        print(
            f"   pages of {size}: {ORDERS} orders in {walk['seconds']:.1f} s, "
            f"peak {walk['resident']:.1f} MiB resident"
        )
        name = f"growth of peak memory, pages of {size}"
        figures.append(Figure(name, walk["resident_growth"], at_most=LIMIT, unit="MiB"))
        traced = _in_fresh_process(size, TRACED_ORDERS, traced=True)
        figures += [
            Figure(f"peak by tracemalloc, pages of {size}", traced["traced_peak"], unit="MiB"),
            Figure(
                f"its growth from page 2 to {TRACED_ORDERS // size}",
                traced["traced_growth"],
                unit="MiB",
            ),
        ]
    return figures


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--walk", nargs=2)
    parser.add_argument("--traced", action="store_true")
    options, _ = parser.parse_known_args()
    if options.walk:
        url, size = options.walk
        print(json.dumps(asyncio.run(_walk(url, int(size), options.traced))))
    else:
        report("list_orders: 100,000 orders, none kept", run)


if __name__ == "__main__":
    _main()
