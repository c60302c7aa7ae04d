"""Stopped at any instant and started again on its journal, a placement makes one order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from didww_async.placement import NotAttempted, Placed, Rejected
from tests.unit.placement.shop import (
    BROKE,
    LOST,
    NOT_SENT,
    REFUSED,
    SETTLE,
    STORED,
    Act,
    Durable,
    Killed,
    Shop,
    Wish,
    bulk,
    drive,
    ended,
    late,
    placement,
)

STOPS: Sequence[type[BaseException]] = (asyncio.CancelledError, Killed)
MOST_INSTANTS = 2_000

# What the shop does first, and the looks that fail.
SCRIPTS: dict[str, tuple[Sequence[Act], Sequence[str]]] = {
    "no fault": ((), ()),
    "no answer, stored": ((STORED,), ()),
    "no answer, not stored": ((LOST,), ()),
    "twice no answer": ((LOST, LOST), ()),
    "late": ((late(SETTLE / 2),), ()),
    "as late as can be": ((late(SETTLE),), ()),
    "late, and looks fail": ((late(SETTLE / 2),), ("fails",) * 3),
    "not sent": ((NOT_SENT,), ()),
    "not stored, then not sent": ((LOST, NOT_SENT), ()),
    "too late": ((late(SETTLE + 1),), ()),
    "too late, then no answer": ((late(SETTLE + 1), STORED), ()),
    "too late, then refused": ((late(SETTLE + 1), REFUSED), ()),
    "too late, then no money": ((late(SETTLE + 1), BROKE), ()),
}


def every_instant(
    make: Callable[[], Shop], stop: type[BaseException], check: Callable[[Shop, Durable], None]
) -> int:
    """Stop at the first, the second ... suspension, and check each time; how many there are."""
    for at in range(1, MOST_INSTANTS):
        shop, journal = make(), Durable()
        try:
            drive(placement(shop, journal), at, stop)
        except stop:
            check(shop, journal.restarted())
        else:
            check(shop, journal.restarted())
            return at
    raise AssertionError("it never ends")


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_one_order_whatever_the_instant(script: str, stop: type[BaseException]) -> None:
    """However the process ends, whatever the shop does: the journal's next run sees to it."""
    acts, looks = SCRIPTS[script]

    def check(shop: Shop, journal: Durable) -> None:
        outcome = drive(placement(shop, journal))
        if isinstance(outcome, NotAttempted):  # the script's "not sent" was met only now
            outcome = drive(placement(shop, journal.restarted()))
        if isinstance(outcome, Rejected):  # for the lack of money, or of the stock
            assert shop.live() == []
            return
        assert isinstance(outcome, Placed)
        assert shop.live() == [outcome.order.id]

    instants = every_instant(lambda: Shop(*acts, looks=looks), stop, check)

    assert instants >= 10


@pytest.mark.parametrize("stop", STOPS)
def test_no_order_for_a_refused_one_whatever_the_instant(stop: type[BaseException]) -> None:
    """A shop that refuses always never has an order."""

    def check(shop: Shop, journal: Durable) -> None:
        outcome = drive(placement(shop, journal))
        assert isinstance(outcome, Rejected)
        assert shop.live() == []

    every_instant(lambda: Shop(*[REFUSED] * 9), stop, check)


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("script", ["no answer, stored", "late", "too late"])
def test_one_order_when_stopped_twice(script: str, stop: type[BaseException]) -> None:
    """The run that takes up what the first one left may be stopped as well."""
    acts, looks = SCRIPTS[script]

    def check(shop: Shop, journal: Durable) -> None:
        for at in (1, 4, 7, 12, 20):
            try:
                drive(placement(shop, journal), at, stop)
            except stop:
                journal = journal.restarted()
            else:
                break
        outcome = drive(placement(shop, journal))
        assert isinstance(outcome, Placed)
        assert shop.live() == [outcome.order.id]

    every_instant(lambda: Shop(*acts, looks=looks), stop, check)


@pytest.mark.parametrize("stop", STOPS)
def test_one_order_when_it_was_adopted_whatever_the_instant(stop: type[BaseException]) -> None:
    """An order that was there before is taken over, and none is added."""

    def make() -> Shop:
        shop = Shop()
        shop.store("one")
        return shop

    for at in range(1, MOST_INSTANTS):
        shop, journal = make(), Durable()
        try:
            drive(placement(shop, journal, adopt_existing=True), at, stop)
        except stop:
            outcome = drive(placement(shop, journal.restarted(), adopt_existing=True))
            assert isinstance(outcome, Placed)
            assert shop.live() == ["P1"]
        else:
            return


async def test_a_bulk_run_that_is_cancelled_in_any_turn_is_resumed() -> None:
    """Each turn of the loop is tried; the second run has one order a row."""
    wishes = [Wish("lamp", name) for name in ("a", "b", "c", "d")]
    for turns in range(1, MOST_INSTANTS):
        shop, journal = Shop(STORED, LOST, late(SETTLE / 2)), Durable()
        run = bulk(shop, wishes, journal, concurrency=3)

        async def first(run: object = run) -> object:
            return await run  # type: ignore[misc]

        task = asyncio.create_task(first())
        for _ in range(turns):
            await asyncio.sleep(0)
        finished = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        report = await ended(bulk(shop, wishes, journal.restarted(), concurrency=3))
        assert sorted(shop.live()) == sorted(row.order.id for row in report.placed)
        assert [row.key for row in report.placed] == ["a", "b", "c", "d"]
        if finished:
            return
    raise AssertionError("it never ends")
