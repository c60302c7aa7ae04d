"""How many requests leave in any window, in which order, and what a pause stops."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrate_limiter import InMemoryBucket, Rate, RateItem, SQLiteBucket

from didww_async import ConfigurationError, Pace
from tests.unit.transport import virtual_time


class LoopTimeBucket(InMemoryBucket):
    """Counts by the loop's clock, so that virtual time moves it."""

    def now(self) -> int:
        return round(asyncio.get_running_loop().time() * 1000)


def paced(requests: int, *, shared: bool = False) -> Pace:
    """A pace of so many requests a second, by its own window or by that of a bucket."""
    if shared:
        return Pace(requests, bucket=LoopTimeBucket([Rate(requests, 1000)]))
    return Pace(requests, 1.0, margin=0.0)


async def passing(pace: Pace) -> None:
    """Wait for a place and use it at once."""
    (await pace.acquire()).sent()


def most_in_any_window(stamps: list[float], seconds: float) -> int:
    """The largest number of stamps that any half-open window of this length holds."""
    return max(sum(start <= stamp < start + seconds for stamp in stamps) for start in stamps)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 6),
    st.lists(st.integers(0, 1500).map(lambda ms: ms / 1000), min_size=1, max_size=40),
    st.booleans(),
)
def test_no_window_holds_more_than_its_number(
    requests: int,
    gaps: list[float],
    shared: bool,  # noqa: FBT001
) -> None:
    """However the callers come."""
    stamps: list[float] = []

    async def caller(pace: Pace) -> None:
        (await pace.acquire()).sent()
        stamps.append(asyncio.get_running_loop().time())

    async def main() -> None:
        pace = paced(requests, shared=shared)
        async with asyncio.TaskGroup() as group:
            for gap in gaps:
                await asyncio.sleep(gap)
                group.create_task(caller(pace))

    virtual_time.run(main())

    assert len(stamps) == len(gaps)
    assert most_in_any_window(stamps, 1.0 - 1e-6) <= requests


def test_the_pace_is_used_up_to_its_bound() -> None:
    """Thirty requests at ten a second take two full windows and no third one."""
    stamps: list[float] = []

    async def main() -> None:
        pace = paced(10)
        for _ in range(30):
            (await pace.acquire()).sent()
            stamps.append(asyncio.get_running_loop().time())

    virtual_time.run(main())

    assert 2.0 <= stamps[-1] - stamps[0] <= 2.1


async def test_the_default_bucket_keeps_the_window_by_the_clock() -> None:
    """By stamps of the loop that were taken when each caller passed."""
    pace = Pace(5, 0.1)
    loop = asyncio.get_running_loop()
    stamps: list[float] = []

    async def caller() -> None:
        (await pace.acquire()).sent()
        stamps.append(loop.time())

    await asyncio.gather(*(caller() for _ in range(20)))

    assert all(later - first >= 0.1 for first, later in zip(stamps, stamps[5:], strict=False))


def test_callers_pass_in_the_order_in_which_they_came() -> None:
    """First come, first served."""
    passed: list[int] = []

    async def caller(pace: Pace, number: int) -> None:
        (await pace.acquire()).sent()
        passed.append(number)

    async def main() -> None:
        pace = paced(3)
        await asyncio.gather(*(caller(pace, number) for number in range(20)))

    virtual_time.run(main())

    assert passed == list(range(20))


def test_a_pause_stops_those_who_wait_already() -> None:
    """Nobody passes before it is over, whoever is first in the queue."""
    stamps: list[float] = []

    async def caller(pace: Pace) -> None:
        (await pace.acquire()).sent()
        stamps.append(asyncio.get_running_loop().time())

    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = paced(2)
        callers = [asyncio.create_task(caller(pace)) for _ in range(6)]
        await asyncio.sleep(0.1)
        pace.pause(30)
        until = loop.time() + 30
        await asyncio.gather(*callers)
        return until

    until = virtual_time.run(main())

    assert [stamp < until for stamp in stamps] == [True, True, False, False, False, False]


def test_a_place_counts_from_when_the_request_leaves() -> None:
    """A slow connection in between does not let two bursts meet at the server."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = paced(1)
        slot = await pace.acquire()
        await asyncio.sleep(5)
        slot.sent()
        left_at = loop.time()
        await passing(pace)
        return loop.time() - left_at

    assert virtual_time.run(main()) == pytest.approx(1.0)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("gap", [0.5, 0.95, 0.999])
def test_a_place_is_held_for_the_whole_window(gap: float, *, shared: bool) -> None:
    """Also for one who comes just before its end."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = paced(1, shared=shared)
        await passing(pace)
        begin = loop.time()
        await asyncio.sleep(gap)
        await passing(pace)
        return loop.time() - begin

    assert virtual_time.run(main()) >= 1.0 - 1e-6


def test_a_place_that_is_not_used_is_free_at_once() -> None:
    """A request that failed to connect costs the others nothing."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = paced(1)
        slot = await pace.acquire()
        begin = loop.time()
        next_one = asyncio.create_task(passing(pace))
        await asyncio.sleep(0.25)
        assert not next_one.done()
        slot.release()
        await next_one
        return loop.time() - begin

    assert virtual_time.run(main()) == pytest.approx(0.25)


def test_a_place_is_given_back_once() -> None:
    """Neither using it twice nor releasing it afterwards makes room for another."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = paced(2)
        begin = loop.time()
        for _ in range(4):
            slot = await pace.acquire()
            slot.sent()
            slot.sent()
            slot.release()
        return loop.time() - begin

    assert virtual_time.run(main()) == pytest.approx(1.0)


def test_a_longer_pause_is_not_cut_short_by_a_shorter_one() -> None:
    """Two 429 may ask for different waits."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = paced(2)
        begin = loop.time()
        pace.pause(30)
        pace.pause(5)
        (await pace.acquire()).sent()
        return loop.time() - begin

    assert virtual_time.run(main()) == pytest.approx(30)


def test_a_pause_during_a_pause_extends_it() -> None:
    """Also for the one who sleeps through the first."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = paced(2)
        begin = loop.time()
        pace.pause(5)
        waiting = asyncio.create_task(passing(pace))
        await asyncio.sleep(1)
        pace.pause(30)
        await waiting
        return loop.time() - begin

    assert virtual_time.run(main()) == pytest.approx(31)


@pytest.mark.parametrize("cancelled", [0, 3, 5])
def test_a_caller_that_leaves_loses_nothing_for_the_others(cancelled: int) -> None:
    """Whether it was the next in turn or not: the rest pass, at the full pace and in order."""
    passed: list[int] = []

    async def caller(pace: Pace, number: int) -> None:
        (await pace.acquire()).sent()
        passed.append(number)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = paced(1)
        (await pace.acquire()).sent()
        begin = loop.time()
        callers = [asyncio.create_task(caller(pace, number)) for number in range(6)]
        await asyncio.sleep(0.5)
        callers[cancelled].cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        return loop.time() - begin

    seconds = virtual_time.run(main())

    assert passed == [number for number in range(6) if number != cancelled]
    assert seconds == pytest.approx(5, abs=0.1)


def test_a_bucket_with_coroutines_is_awaited() -> None:
    """As those for Redis have."""

    class Async(LoopTimeBucket):
        def now(self) -> Any:
            return _later(super().now())

        def put(self, item: Any) -> Any:
            return _later(super().put(item))

        def leak(self, current_timestamp: int | None = None) -> Any:
            return _later(super().leak(current_timestamp))

    stamps: list[float] = []

    async def main() -> None:
        pace = Pace(2, bucket=Async([Rate(2, 1000)]))
        for _ in range(5):
            (await pace.acquire()).sent()
            stamps.append(asyncio.get_running_loop().time())

    virtual_time.run(main())

    assert len(stamps) == 5
    assert most_in_any_window(stamps, 1.0 - 1e-6) <= 2


async def _later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


class NotedStore(SQLiteBucket):
    """Notes when each request was let through, by the clock of the store."""

    passed: ClassVar[list[int]]

    def put(self, item: RateItem) -> bool:
        admitted = bool(super().put(item))
        if admitted:
            self.passed.append(item.timestamp)
        return admitted


@pytest.mark.parametrize("files", [1, 2], ids=["one bucket", "two buckets on one file"])
async def test_two_paces_share_a_store(tmp_path: Path, files: int) -> None:
    """Together they stay within the one rate, and everybody passes."""
    NotedStore.passed = []
    path = str(tmp_path / "pace.db")
    buckets = [NotedStore.init_from_file([Rate(4, 100)], db_path=path) for _ in range(files)]
    paces = [Pace(bucket=buckets[number % files]) for number in range(2)]

    try:
        await asyncio.gather(*(passing(paces[number % 2]) for number in range(16)))
    finally:
        for bucket in buckets:
            bucket.close()  # type: ignore[no-untyped-call]

    passed = sorted(NotedStore.passed)
    assert len(passed) == 16
    assert all(later - first >= 100 for first, later in zip(passed, passed[4:], strict=False))


def test_a_pace_serves_one_loop_after_another() -> None:
    """It belongs to a key, and may outlive an `asyncio.run`."""
    pace = Pace(2, 0.01)

    async def main() -> None:
        await asyncio.gather(*(passing(pace) for _ in range(5)))

    asyncio.run(main())
    asyncio.run(main())


@pytest.mark.parametrize("requests", [0, -1, True, 1.5, "10", None])
def test_a_number_of_requests_that_is_none_is_refused(requests: Any) -> None:
    """ConfigurationError names it."""
    with pytest.raises(ConfigurationError, match="requests"):
        Pace(requests)


@pytest.mark.parametrize(
    ("seconds", "margin"),
    [(0, 0), (-1, 0), (1, -0.1), (float("nan"), 0), (float("inf"), 0), (1, float("nan"))],
)
def test_a_window_that_is_none_is_refused(seconds: float, margin: float) -> None:
    """ConfigurationError names both."""
    with pytest.raises(ConfigurationError, match="seconds"):
        Pace(1, seconds, margin=margin)


def test_a_pace_shows_its_rate() -> None:
    """For notebooks and logs."""
    assert repr(Pace(20)) == "Pace(20, 1)"
