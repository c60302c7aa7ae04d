"""
Every row owns one live order, whatever breaks, and the report says which.

`CHAOS_ORDERS` and `CHAOS_SEEDS` set the size of the run (300 orders, 3 seeds; `make chaos`: 5,000
and 20).
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from didww_async import DidwwClient, Order
from didww_async.placement.report import Report
from tests.chaos import harness
from tests.chaos.harness import LedgerProcess
from tests.chaos.runner import INTERRUPTED, client, generate

STOPS = 5
INTERRUPTS = 3
MOST_RESUMED = 5
MOST_AT_ONCE = 4
SKUS = [f"sku-{number}" for number in range(harness.ORDERS)]


def _seconds(random_: random.Random, number: int) -> float | None:
    """Now and then an instant before the first request; Ctrl-C is not ours that early."""
    early = number == signal.SIGKILL and random_.random() < 0.25
    return random_.uniform(0, 0.5) if early else None


def _requests_more(random_: random.Random) -> int:
    return random_.randint(1, max(2, harness.ORDERS // 6))


async def _requests(ledger: LedgerProcess) -> int:
    return sum((await ledger.audit()).requests.values())


async def _stopped_and_started(seed: int, folder: Path, number: int) -> None:
    random_ = random.Random(seed)
    journal, report = folder / "journal", folder / "report"
    async with harness.started("--seed", seed) as ledger:
        stopped = 0
        while stopped < (STOPS if number == signal.SIGKILL else INTERRUPTS):
            process = await harness.runner(ledger.url, journal, report)
            seconds = _seconds(random_, number)
            goal = await _requests(ledger) + _requests_more(random_)
            stopped += await harness.stop_at(process, ledger, number, seconds, goal)
            code, errors = await harness.finish(process)
            assert errors == ""
            harness.tell(seed, f"{'ended' if code == 0 else 'stopped'} at request {goal}")
            if code == 0:
                break
            assert code in {-number, INTERRUPTED}
        for _ in range(MOST_RESUMED):  # an unconfirmed row says: run it again
            process = await harness.runner(ledger.url, journal, report)
            assert await harness.finish(process) == (0, "")
            rows = [json.loads(line) for line in report.read_text().splitlines()]
            if all(row["outcome"] == "placed" for row in rows):
                break
        assert [row["row"] for row in rows] == list(range(harness.ORDERS))
        harness.check(rows, await ledger.settled(), SKUS)
        assert stopped, "the runner was never stopped"


async def _all_seeds(try_one: Callable[[int], Awaitable[None]]) -> None:
    """Try seeds side by side: most of their time they wait for the window to pass."""
    at_once = asyncio.Semaphore(MOST_AT_ONCE)

    async def one(seed: int) -> None:
        async with at_once:
            try:
                await try_one(seed)
                harness.tell(seed, "one live order for each row")
            except AssertionError as error:
                error.add_note(f"seed {seed}")
                raise

    async with asyncio.TaskGroup() as tasks:
        for seed in harness.SEEDS:
            tasks.create_task(one(seed))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
async def test_stopped_at_any_instant(number: int, tmp_path: Path) -> None:
    """By `kill -9`, and by Ctrl-C."""

    async def one(seed: int) -> None:
        folder = tmp_path / str(seed)
        folder.mkdir()
        await _stopped_and_started(seed, folder, number)

    await _all_seeds(one)


async def _run(didww: DidwwClient, journal: Path) -> Report[Order]:
    return await didww.place_orders(
        generate(harness.ORDERS), journal=journal, concurrency=32, settle_seconds=2.0
    )


async def _cancelled_and_started(seed: int, journal: Path) -> None:
    random_ = random.Random(seed)
    async with harness.started("--seed", seed) as ledger, client(ledger.url) as didww:
        for _ in range(STOPS):
            goal = await _requests(ledger) + _requests_more(random_)
            task = asyncio.create_task(_run(didww, journal))
            reached = asyncio.create_task(ledger.reach(goal))
            await asyncio.wait({task, reached}, return_when=asyncio.FIRST_COMPLETED)
            for _ in range(random_.randint(0, 20)):  # any await, not only one behind an answer
                await asyncio.sleep(0)
            task.cancel()
            reached.cancel()
            async with asyncio.timeout(harness.BOUND_SECONDS):
                await asyncio.wait({task, reached})
            assert task.cancelled() or not task.exception()
        async with asyncio.timeout(harness.BOUND_SECONDS):
            for _ in range(MOST_RESUMED):
                report = await _run(didww, journal)
                if len(report.placed) == harness.ORDERS:
                    break
        rows = [json.loads(line) for line in report.to_json_lines().splitlines()]
        harness.check(rows, await ledger.settled(), SKUS)


async def test_cancelled_at_any_instant(tmp_path: Path) -> None:
    """The task is cancelled, and the same process goes on with the journal."""
    before = asyncio.all_tasks()
    await _all_seeds(lambda seed: _cancelled_and_started(seed, tmp_path / f"journal-{seed}"))
    assert asyncio.all_tasks() == before
    assert not [thread for thread in threading.enumerate() if "journal" in thread.name]


async def _twins(seed: int) -> None:
    late = ("--late-from", 1.2, "--late-to", 1.5, "--late-once")
    orders = harness.ORDERS
    async with harness.started("--seed", seed, *late) as ledger, client(ledger.url) as didww:
        report = await didww.place_orders(generate(orders), settle_seconds=1.0, concurrency=32)
        audit = await ledger.settled()
    rows = [json.loads(line) for line in report.to_json_lines().splitlines()]
    harness.check(rows, audit, SKUS)
    assert any(order["status"] == "canceled" for order in audit.orders), "there were no twins"


async def test_twins_are_cancelled() -> None:
    """Orders that turn up after they were sent again: the window is too short for them."""
    await _all_seeds(_twins)


async def test_a_twin_that_can_not_be_cancelled_is_named() -> None:
    """The eldest is kept, and the outcome says which one is too many."""
    options = ("--chance", 0, "--script", "late", "--late-from", 0.8, "--late-to", 0.8)
    async with (
        harness.started(*options, "--completes") as ledger,
        client(ledger.url) as didww,
    ):
        report = await didww.place_orders(generate(1), settle_seconds=0.5)
        audit = await ledger.settled()
    assert len(audit.orders) == 2
    (placed,) = report.placed
    eldest, twin = sorted(audit.orders, key=lambda order: str(order["created_at"]))
    assert placed.order.id == eldest["id"]
    assert twin["id"] in placed.note


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param("patience,patience,late", id="put-off-before"),
        pytest.param("late_silence", id="answered-never"),
    ],
)
async def test_the_window_begins_when_the_request_ends(faults: str) -> None:
    """However long a request took, its order has the whole window to turn up."""
    options = ("--chance", 0, "--script", faults, "--late-from", 0.3, "--late-to", 0.3)
    async with harness.started(*options) as ledger, client(ledger.url) as didww:
        report = await didww.place_orders(generate(1), settle_seconds=0.7)
        audit = await ledger.settled()
    assert [placed.order.id for placed in report.placed] == [order["id"] for order in audit.orders]
    assert report.placed[0].was_found
