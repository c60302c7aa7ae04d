"""How a run ends early, and what can not be read or taken: nothing is sent for it, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from contextvars import ContextVar
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from didww_async import InvalidRequestError
from didww_async import JournalError as JournalErrorOfTheClient
from didww_async.placement import (
    Accepted,
    Answer,
    Intent,
    NotAttempted,
    Outcome,
    Placed,
    PutOff,
    Unconfirmed,
)
from didww_async.providers.runs import bulk_run
from tests.unit.placement.shop import (
    ACCEPTED,
    LOST,
    NOT_SENT,
    Durable,
    Parcel,
    Shop,
    ShopError,
    Wish,
    bulk,
    ended,
    wishes,
)

# Stopping.


async def test_stop_on_is_asked_before_the_next_order_is_begun() -> None:
    """Also if whoever takes the outcomes takes its time."""
    shop = Shop()

    async def slow(_: Outcome[Parcel]) -> None:
        for _turn in range(50):
            await asyncio.sleep(0)

    report = await ended(
        bulk(shop, wishes(9), concurrency=1, stop_on=lambda _: True, on_outcome=slow)
    )

    assert len(shop.live()) == len(report.placed) == 1
    assert len(report.not_attempted) == 8


async def test_a_stop_on_that_fails_ends_the_run_with_its_error() -> None:
    """And its report is not lost."""

    def fails(_: Outcome[Parcel]) -> bool:
        raise ZeroDivisionError("no condition")

    shop = Shop()
    run = bulk(shop, wishes(9), concurrency=1, stop_on=fails)
    with pytest.raises(ZeroDivisionError, match="no condition") as failure:
        await ended(run)

    assert "1 placed" in failure.value.__notes__[0]
    assert len(run.report.placed) == len(shop.live()) == 1


async def test_nothing_is_sent_again_after_a_stop() -> None:
    """An order whose answer was lost, and that does not exist, stays for the next run."""

    class Stopping(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            run.stop("enough")
            return await super().submit(intent)

    shop, journal = Stopping(LOST), Durable()
    run = bulk(shop, wishes(1), journal, concurrency=1)

    [outcome] = (await ended(run)).outcomes

    assert isinstance(outcome, NotAttempted)
    assert shop.submitted == 1


async def test_a_stop_ends_a_wait_that_the_server_asked_for() -> None:
    """Though it asked for an hour, and would ask again."""

    class Full(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            self.submitted += 1
            run.stop("enough")
            return PutOff(ShopError("come back later"), 3600.0)

    shop = Full()
    begun = shop.flying.time
    run = bulk(shop, wishes(1), concurrency=1)

    [outcome] = (await ended(run)).outcomes

    assert isinstance(outcome, NotAttempted)
    assert shop.submitted == 1
    assert shop.flying.time == begun


@pytest.mark.parametrize("is_quiet", [True, False])
async def test_a_stop_leaves_an_input_that_has_no_end(*, is_quiet: bool) -> None:
    """Whether the next row comes or not."""

    async def rows() -> AsyncIterator[Wish]:
        number = 0
        try:
            while number < 3 or not is_quiet:
                yield Wish("lamp", f"w{number}")
                number += 1
            await asyncio.Event().wait()
        finally:
            left.append(number)

    def enough(_: Outcome[Parcel]) -> bool:
        return len(shop.live()) >= 3

    left: list[int] = []
    shop = Shop()

    report = await ended(bulk(shop, rows(), concurrency=1, stop_on=enough))

    assert len(report.placed) == len(shop.live()) == 3
    assert left
    assert report.stop_reason == "stop_on asked for it"


# What may be spent.


async def test_orders_that_cost_more_than_their_quotes_are_held_with_their_mark_up() -> None:
    """As VAT is not in a quote."""

    class Taxed(Shop):
        def cost(self, order: Parcel) -> Decimal:
            return Decimal(6)

    report = await ended(bulk(Taxed(), wishes(40), budget=Decimal(100), concurrency=4))

    assert report.counts.spent == 96


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("budget", "10"),
        ("budget", 10.5),
        ("budget", Decimal("NaN")),
        ("budget", Decimal(-1)),
        ("settle_seconds", -1),
        ("settle_seconds", "10"),
        ("settle_seconds", float("nan")),
        ("settle_seconds", float("inf")),
        ("journal", 5),
        ("concurrency", 0),
        ("pack", 0.5),
    ],
)
def test_an_option_that_can_not_be_meant_is_refused(name: str, value: object) -> None:
    """By its name, before anything is sent."""
    options: dict[str, Any] = {name: value}
    with pytest.raises(InvalidRequestError) as refused:
        bulk_run(Shop(), wishes(1), **options)
    assert refused.value.field == name


def test_requests_that_are_none_are_refused() -> None:
    """A single request, say."""
    one: Any = Wish("lamp")
    with pytest.raises(InvalidRequestError, match="requests: takes an iterable"):
        bulk_run(Shop(), one)


async def test_a_journal_to_resume_has_to_be_there(tmp_path: Path) -> None:
    """A slip of the pen makes no new one."""
    with pytest.raises(JournalErrorOfTheClient, match=r"there is no journal .*typo\.db"):
        await bulk_run(Shop(), None, journal=tmp_path / "typo.db")
    assert not list(tmp_path.iterdir())


# What the input does.


async def test_an_input_whose_await_is_cancelled_has_failed() -> None:
    """It must not leave everybody waiting."""

    async def rows() -> AsyncIterator[Wish]:
        yield wishes(1)[0]
        raise asyncio.CancelledError

    shop = Shop()
    with pytest.raises(RuntimeError, match="was cancelled"):
        await ended(bulk(shop, rows()))
    assert len(shop.live()) == 1


async def test_the_report_of_a_run_whose_input_fails_is_not_lost() -> None:
    """Its orders are placed, journal or not."""

    def rows() -> Iterator[Wish]:
        yield from wishes(3)
        raise ZeroDivisionError("line 4")

    run = bulk(Shop(), rows())
    with pytest.raises(ZeroDivisionError) as failure:
        await ended(run)

    assert "3 placed" in failure.value.__notes__[0]
    assert [placed.key for placed in run.report.placed] == ["w0", "w1", "w2"]


# What can't be read or written.


class Clumsy(Shop):
    """Its orders can't be read again, and have no price that can be told."""

    broken = False

    def load_order(self, text: str) -> Parcel:
        if self.broken:
            raise ZeroDivisionError("a newer release wrote it")
        return super().load_order(text)

    def cost(self, order: Parcel) -> Decimal:
        raise ZeroDivisionError("no price")


async def test_an_order_whose_price_can_not_be_told_is_placed() -> None:
    """For nothing, as far as anybody knows."""
    report = await ended(bulk(Clumsy(), wishes(2)))

    assert len(report.placed) == 2
    assert report.counts.spent == 0


async def test_a_placed_order_that_can_not_be_read_is_never_called_refused() -> None:
    """Nor sent again."""
    shop, journal = Clumsy(), Durable()
    await ended(bulk(shop, wishes(1), journal))
    shop.broken = True

    report = await ended(bulk(shop, wishes(1), journal.restarted()))

    [outcome] = report.outcomes
    assert isinstance(outcome, Unconfirmed)
    assert "it is placed, but" in outcome.reason
    assert shop.submitted == 1


@pytest.mark.parametrize(
    ("act", "kind"), [(ACCEPTED, Unconfirmed), (LOST, Unconfirmed), (NOT_SENT, NotAttempted)]
)
async def test_a_request_that_can_not_be_read_is_told_by_its_state(act: Any, kind: type) -> None:
    """An order may exist."""

    class Forgetful(Shop):
        def load_request(self, text: str) -> Wish:
            if self.submitted:
                raise ZeroDivisionError("a newer release wrote it")
            return super().load_request(text)

    shop, journal = Forgetful(act, looks=["fails"] * 99), Durable()
    await ended(bulk(shop, wishes(1), journal))

    report = await ended(bulk(shop, wishes(1), journal.restarted()))

    [outcome] = report.outcomes
    assert isinstance(outcome, kind)
    assert "can't be read: a newer release wrote it" in outcome.reason  # type: ignore[union-attr]
    assert shop.submitted == 1


async def test_an_error_with_half_a_character_is_kept(tmp_path: Path) -> None:
    """Of a text that no file takes; it must not fail the rows that are written with it."""

    class Odd(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            if intent.request.tag == "w1":
                raise ShopError("half: \ud800")
            return Accepted(Parcel(intent.request.tag, intent.request.tag, 5))

    report = await bulk_run(
        Odd(looks=["fails"] * 99), wishes(3), journal=tmp_path / "run.db", settle_seconds=0
    )

    assert [type(outcome) for outcome in report.outcomes] == [Placed, Unconfirmed, Placed]
    assert "half: \\ud800" in report.to_csv()


async def test_a_name_with_half_a_character_is_a_row_that_can_not_be_read(tmp_path: Path) -> None:
    """The others are placed."""
    rows = [Wish("lamp", "w0"), Wish("lamp", "w\ud800"), Wish("lamp", "w2")]

    report = await bulk_run(Shop(), rows, journal=tmp_path / "run.db")

    assert len(report.placed) == 2
    assert "can't be read" in report.rejected[0].reason


async def test_an_input_is_read_in_one_task() -> None:
    """A time limit in the caller's generator ends it, and what it sets is there the next time."""
    number: ContextVar[int] = ContextVar("number", default=0)

    async def rows() -> AsyncIterator[Wish]:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                while True:
                    number.set(number.get() + 1)
                    yield Wish("lamp", f"w{number.get()}")
                    if number.get() == 3:
                        await asyncio.Event().wait()

    report = await bulk(Shop(), rows())

    assert [placed.key for placed in report.placed] == ["w1", "w2", "w3"]


async def test_rows_of_a_pack_that_is_not_full_are_not_lost_in_a_stop() -> None:
    """They were read, so each has its outcome."""

    class Packing(Shop):
        def pack_key(self, request: Wish) -> str:
            return request.what

        def packed(self, requests: Sequence[Wish]) -> Wish:
            return requests[0]

    async def rows() -> AsyncIterator[Wish]:
        yield Wish("lamp")
        yield Wish("lamp")
        run.stop("enough")
        await asyncio.Event().wait()

    run = bulk(Packing(), rows(), pack=3)

    report = await ended(run)

    assert [type(outcome) for outcome in report.outcomes] == [NotAttempted] * 2


# What is refused before it begins.


@pytest.mark.parametrize("hook", ["stop_on", "on_outcome", "progress"])
def test_a_hook_that_is_no_function_is_refused(hook: str) -> None:
    """Before the first order, and not after it."""
    options: Any = {hook: True}
    with pytest.raises(InvalidRequestError, match=f"{hook}: takes a function or None, not True"):
        bulk_run(Shop(), wishes(1), **options)


def test_a_resume_without_a_journal_is_refused() -> None:
    """It would find that nothing was open."""
    with pytest.raises(InvalidRequestError, match="journal: takes the path of a journal"):
        bulk_run(Shop(), None)


def test_a_run_that_nobody_awaits_is_warned_of() -> None:
    """It orders nothing, as a coroutine that is forgotten does nothing."""
    run = bulk(Shop(), wishes(1))
    with pytest.warns(RuntimeWarning, match="never awaited, so nothing was ordered"):
        run.__del__()
    run._began = True
