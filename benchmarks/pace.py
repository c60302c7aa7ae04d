"""
How much of the permitted pace is used, and whether it is ever exceeded.

64 callers send requests through a pace of 100 a second for five seconds. What counts
is what the server saw: all that arrived within five seconds of the first, and the
most in any second that slides over them. Beside it: the limiter of `pyrate-limiter`
with its defaults, in front of bare aiohttp.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable

import aiohttp
import orjson
from pyrate_limiter import Duration, Limiter, Rate

from benchmarks.measure import Figure, report, server
from didww_async import DidwwClient, Pace

PERMITTED = 100
SECONDS = 5.0
WAITERS = 64

Once = Callable[[], Awaitable[object]]


async def _ours(url: str) -> list[float]:
    async with DidwwClient("key", base_url=url, pace=Pace(PERMITTED)) as client:

        async def once() -> object:
            return await client.list_orders(page_size=1)

        return await _arrivals(url, once)


async def _pyrate_limiter(url: str) -> list[float]:
    limiter = Limiter(Rate(PERMITTED, Duration.SECOND))
    try:
        async with aiohttp.ClientSession() as session:

            async def once() -> object:
                await limiter.try_acquire_async("request")
                async with session.get(f"{url}/orders?page[size]=1") as response:
                    return await response.read()

            return await _arrivals(url, once)
    finally:
        limiter.close()


async def _arrivals(url: str, once: Once) -> list[float]:
    """Send from all callers for a little longer than is counted; when each request arrived."""

    async def work() -> None:
        while True:
            await once()

    tasks = [asyncio.create_task(work()) for _ in range(WAITERS)]
    done, pending = await asyncio.wait(tasks, timeout=SECONDS + 0.2)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:  # nobody stops by itself but for an error
        await task
    told = f"{url.removesuffix('/v3')}/arrivals"
    async with aiohttp.ClientSession() as session, session.get(told) as response:
        arrivals: list[float] = sorted(orjson.loads(await response.read()))
    return arrivals


def _most_in_a_second(arrivals: list[float]) -> int:
    return max(bisect_left(arrivals, at + 1.0) - index for index, at in enumerate(arrivals))


def run() -> list[Figure]:
    """Measure."""
    figures: list[Figure] = []
    ideal = PERMITTED * SECONDS
    for name, send, limit in (
        ("Pace", _ours, float(PERMITTED)),
        ("pyrate-limiter", _pyrate_limiter, None),
    ):
        with server() as url:
            arrivals = asyncio.run(send(url))
        passed = bisect_left(arrivals, arrivals[0] + SECONDS)
        lasting = (len(arrivals) - PERMITTED) / (arrivals[-1] - arrivals[0])
        print(
            f"   {name}: {passed} of {ideal:.0f} in {SECONDS:.0f} s; "
            f"after the first {PERMITTED}: {lasting:.1f}/s"
        )
        figures += [
            Figure(f"{name}: share of the permitted in {SECONDS:.0f} s", passed / ideal),
            Figure(f"{name}: share of it that lasts", lasting / PERMITTED),
            Figure(
                f"{name}: most in a sliding second",
                float(_most_in_a_second(arrivals)),
                at_most=limit,
                unit="requests",
            ),
        ]
    return figures


if __name__ == "__main__":
    report(f"pace: {PERMITTED} a second, {WAITERS} callers, as the server sees it", run)
