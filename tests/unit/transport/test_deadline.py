"""Time limits that share one timer."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from didww_async.transport.deadline import MOST_STALE, Deadline, Deadlines


async def limited(deadlines: Deadlines, *, renewals: int = 0) -> str:
    """Wait for ever under a limit, and tell whether it ended the wait."""
    deadline = deadlines.begin()
    for _ in range(renewals):
        deadlines.renew(deadline)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        if not deadline.took_effect():
            raise
        return "out of time"
    finally:
        deadlines.end(deadline)
    raise AssertionError


async def test_a_limit_ends_its_task_and_takes_the_cancellation_back() -> None:
    """Nobody cancelled the task, and it is not cancelled afterwards."""
    assert await limited(Deadlines(0.001)) == "out of time"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_limit_that_is_renewed_within_a_tick_ends_its_task_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A coarse clock gives the same time twice."""
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    deadlines = Deadlines(0.001)
    waiting = asyncio.create_task(limited(deadlines, renewals=3))
    await asyncio.sleep(0)
    monkeypatch.undo()
    assert await waiting == "out of time"


async def test_a_cancellation_of_the_callers_is_not_the_limits() -> None:
    """It goes on as what it is."""
    waiting = asyncio.create_task(limited(Deadlines(60)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_cancellation_in_the_same_tick_wins() -> None:
    """Both happened: the task was asked to end, and it ends."""
    deadlines = Deadlines(0.001)
    waiting = asyncio.create_task(limited(deadlines))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_at(deadlines._running[0][0], waiting.cancel)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_both_limits_of_one_task_may_run_out_together() -> None:
    """The task is cancelled twice, and both cancellations are taken back."""
    one, other = Deadlines(0.001), Deadlines(0.001)
    first, second = one.begin(), other.begin()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.Event().wait()
    assert first.took_effect() or second.took_effect()
    one.end(first)
    other.end(second)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_timeout_around_a_limit_stays_its_own() -> None:
    """`asyncio.timeout` of the caller's raises TimeoutError, whatever the limit inside is."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await limited(Deadlines(60))


async def test_no_limit_sets_no_timer() -> None:
    """`None` gives all the time there is."""
    deadlines = Deadlines(None)
    deadlines.end(deadlines.begin())
    assert deadlines._timer is None


async def test_closing_keeps_the_limits_of_what_is_under_way() -> None:
    """A request that outlives its client still ends in time."""
    deadlines = Deadlines(0.001)
    waiting = asyncio.create_task(limited(deadlines))
    await asyncio.sleep(0)
    deadlines.close()
    assert await waiting == "out of time"
    assert deadlines._timer is None


async def test_what_has_ended_is_forgotten_behind_one_that_lasts() -> None:
    """A slow request at the head holds neither the others' tasks nor their places."""
    deadlines = Deadlines(60)
    lasting = deadlines.begin()
    tasks: list[weakref.ref[asyncio.Task[None]]] = []

    async def short() -> None:
        deadline: Deadline = deadlines.begin()
        deadlines.end(deadline)

    for _ in range(10 * MOST_STALE):
        task = asyncio.create_task(short())
        tasks.append(weakref.ref(task))
        await task
        del task
    await asyncio.sleep(0)  # the loop lets go of the last one
    gc.collect()
    assert [ref for ref in tasks if ref() is not None] == []
    assert len(deadlines._running) <= 2 * MOST_STALE
    deadlines.end(lasting)
    deadlines.close()
