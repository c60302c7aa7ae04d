"""Rows that share a name, in a run, with an earlier run, and with what somebody cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

import pytest

from didww_async.placement import (
    Answer,
    CannotTell,
    Entry,
    Found,
    Intent,
    LookUp,
    NotAttempted,
    Placed,
    Refused,
    Rejected,
    State,
)
from didww_async.placement.rows import ChangedRequestError
from tests.unit.placement.shop import (
    ACCEPTED,
    BROKE,
    LOST,
    NOT_SENT,
    REFUSED,
    SETTLE,
    STORED,
    Act,
    Durable,
    Parcel,
    Shop,
    ShopError,
    Stored,
    Wish,
    bulk,
    drive,
    ended,
    late,
    placement,
)

LAMP, CHAIR = Wish("lamp", "w0"), Wish("chair", "w0")


# In one run.


@pytest.mark.parametrize("concurrency", [1, 2])
@pytest.mark.parametrize("lag", [0.0, SETTLE / 2])
@pytest.mark.parametrize("kept", [True, False])
async def test_one_order_is_the_outcome_of_both_rows(
    *, concurrency: int, lag: float, kept: bool
) -> None:
    """With a journal and without, and where orders are slow to show in a list."""
    shop = Shop()
    shop.lag = lag

    report = await ended(
        bulk(shop, [LAMP, LAMP], Durable() if kept else None, concurrency=concurrency)
    )

    assert [placed.order.id for placed in report.placed] == shop.live() * 2
    assert len(shop.live()) == 1
    assert report.counts.spent == 5


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("kept", [True, False])
async def test_another_request_of_the_same_name_is_refused(*, concurrency: int, kept: bool) -> None:
    """The row, that is; the others go on."""
    shop = Shop()
    rows = [LAMP, CHAIR, Wish("lamp", "w1")]

    report = await ended(bulk(shop, rows, Durable() if kept else None, concurrency=concurrency))

    assert [type(outcome) for outcome in report.outcomes] == [Placed, Rejected, Placed]
    assert "row 1 (counted from 0) differs" in report.rejected[0].reason
    assert len(shop.live()) == 2


async def test_a_budget_counts_an_order_once() -> None:
    """However many rows have its name."""
    shop = Shop()

    report = await ended(
        bulk(shop, [LAMP, LAMP, LAMP, Wish("lamp", "w1")], Durable(), budget=Decimal(10))
    )

    assert len(report.placed) == 4
    assert report.counts.spent == 10


async def test_the_money_of_an_order_counts_with_the_row_that_bought_it() -> None:
    """Which may be the second one of its name."""
    shop = Shop(NOT_SENT)

    report = await ended(bulk(shop, [LAMP, LAMP], None, concurrency=1))

    assert [type(outcome) for outcome in report.outcomes] == [NotAttempted, Placed]
    assert report.counts.spent == 5


@pytest.mark.parametrize("adopts", [True, False])
@pytest.mark.parametrize("lag", [0.0, SETTLE / 2])
@pytest.mark.parametrize("concurrency", [1, 2, 3])
@pytest.mark.parametrize("first", [ACCEPTED, NOT_SENT, LOST, STORED])
async def test_many_rows_of_a_name_without_a_journal_are_one_order(
    first: Act, concurrency: int, lag: float, *, adopts: bool
) -> None:
    """However far apart they are, and whatever becomes of the first one."""
    others = [Wish("lamp", f"x{number}") for number in range(3)]
    shop = Shop(first)
    shop.lag = lag

    report = await ended(
        bulk(
            shop,
            [LAMP, *others, LAMP, LAMP, LAMP],
            concurrency=concurrency,
            adopt_existing=adopts,
        )
    )

    assert len(shop.live("w0")) == 1
    assert report.counts.spent == 5 * len(shop.live())


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("concurrency", [1, 2])
async def test_an_order_counts_once_whoever_found_out_about_it(
    concurrency: int, *, kept: bool
) -> None:
    """Be it the first row of its name, or the second."""
    shop = Shop(LOST, LOST)
    report = await ended(
        bulk(shop, [LAMP, LAMP], Durable() if kept else None, concurrency=concurrency)
    )
    assert report.counts.spent == 5 * len(shop.live()) == 5


@pytest.mark.parametrize("kept", [True, False])
async def test_an_order_counts_once_though_both_rows_wait_for_its_twins(*, kept: bool) -> None:
    """The first one gave up on it, the second one got it."""

    class Blind(Shop):
        async def look_up(self, intent: Intent[Wish]) -> LookUp[Parcel]:
            is_blind = intent.attempts == 2 and self.flying.time < begun + 3.5 * SETTLE
            verdict = await super().look_up(intent)
            return CannotTell(ShopError("the look failed")) if is_blind else verdict

    shop = Blind(LOST, LOST)
    begun = shop.flying.time
    journal = Durable() if kept else None

    report = await ended(bulk(shop, [LAMP, LAMP], journal, concurrency=1))

    assert shop.submitted == 3
    assert [type(outcome) for outcome in report.outcomes] == [Placed, Placed]
    assert report.counts.spent == 5 * len(shop.live()) == 5


async def test_a_dry_run_tells_of_both() -> None:
    """One is ordered, the other stands for the same order or is refused."""
    report = await ended(bulk(Shop(), [LAMP, LAMP, CHAIR], dry_run=True))

    assert [getattr(outcome, "reason", "") for outcome in report.outcomes][:2] == [
        "dry run: it would cost 5",
        "dry run: a row before it has the same name, and there is one order for both",
    ]
    assert isinstance(report.outcomes[2], Rejected)


# With an earlier run.


async def test_a_refused_row_is_corrected_under_its_name() -> None:
    """There is no order, so the new request takes the place of the old one."""
    shop, journal = Shop(REFUSED), Durable()
    await ended(bulk(shop, [LAMP, Wish("lamp", "w1")], journal))

    report = await ended(bulk(shop, [CHAIR, Wish("lamp", "w1")], journal.restarted()))

    assert len(report.placed) == len(shop.live()) == 2
    assert shop.submitted == 3


@pytest.mark.parametrize("rows", [["good"], ["good", "b"], ["a", "good", "b"]])
@pytest.mark.parametrize("pack", [1, 3])
async def test_a_refused_row_without_a_name_is_not_corrected(rows: list[str], pack: int) -> None:
    """What stands in its place may be another row that moved there, and is placed already."""

    class Picky(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            if "bad" in intent.request.what:
                return Refused(ShopError("no such thing"))
            return await super().submit(intent)

        def pack_key(self, request: Wish) -> str | None:
            return "all" if not request.name else None

        def packed(self, requests: Sequence[Wish]) -> Wish:
            return Wish("+".join(request.what for request in requests))

    shop, journal = Picky(), Durable()
    await ended(bulk(shop, [Wish("a"), Wish("bad"), Wish("b")], journal, pack=pack))
    assert len(shop.live()) == 2

    with suppress(ChangedRequestError):
        await ended(bulk(shop, [Wish(what) for what in rows], journal.restarted(), pack=pack))
    assert len(shop.live()) == 2


async def test_a_row_that_was_never_sent_may_be_changed_under_its_name() -> None:
    """There is no order, and what was not sent is not to be bought by whoever resumes."""
    shop, journal = Shop(), Durable()
    run = bulk(shop, [LAMP], journal)
    run.stop("later")
    await ended(run)
    again = journal.restarted()

    report = await ended(bulk(shop, [CHAIR], again))

    assert len(report.placed) == len(shop.live()) == 1
    [sold] = again.entries.values()
    assert '"chair"' in sold.request


async def test_a_corrected_row_that_is_not_attempted_is_resumed_as_it_is_now() -> None:
    """And not as it was refused."""
    shop, journal = Shop(BROKE), Durable()
    await ended(bulk(shop, [LAMP], journal))
    again = journal.restarted()
    run = bulk(shop, [CHAIR], again)
    run.stop("later")
    report = await ended(run)
    assert [type(outcome) for outcome in report.outcomes] == [NotAttempted]

    await ended(bulk(shop, None, again.restarted()))

    [sold] = again.entries.values()
    assert '"chair"' in sold.request
    assert len(shop.live()) == 1


@pytest.mark.parametrize("act", [Shop().acts, [STORED], [LOST] * 9])
async def test_a_row_whose_order_may_exist_is_not_changed(act: list[object]) -> None:
    """Loudly, and nothing is sent for it or noted of what comes behind it."""
    shop, journal = Shop(*act, looks=["fails"] * 99), Durable()  # type: ignore[arg-type]
    await ended(bulk(shop, [LAMP], journal))
    sent, again = shop.submitted, journal.restarted()

    with pytest.raises(ChangedRequestError, match=r"row 0 .* differs from .* 'w0'") as refused:
        await ended(bulk(shop, [CHAIR, Wish("lamp", "w1")], again, concurrency=1))

    assert refused.value.position == 0
    assert shop.submitted == sent
    assert list(again.entries) == ["w0"]


async def test_a_refused_row_that_is_still_searched_for_twins_is_not_corrected() -> None:
    """What was sent for it before it was refused may turn up."""
    entry = Entry(
        key="w0",
        digest="of the lamp",
        request=Shop().dump_request(Wish("lamp", "w0", tag="w0")),
        state=State.REJECTED,
        attempts=2,
        settled=False,
        result="out of stock",
    )

    with pytest.raises(ChangedRequestError):
        await ended(bulk(Shop(), [CHAIR], Durable({"w0": entry})))


async def test_rows_without_names_must_keep_their_places() -> None:
    """The message says so."""
    shop, journal = Shop(), Durable()
    await ended(bulk(shop, [Wish("lamp")], journal))

    with pytest.raises(ChangedRequestError, match="told apart by their places, so keep these"):
        await ended(bulk(shop, [Wish("chair")], journal.restarted()))


# With what somebody cancelled.


@pytest.mark.parametrize("adopts", [True, False])
@pytest.mark.parametrize("lateness", [0.0, SETTLE / 2])
def test_a_cancelled_order_of_the_same_name_is_another(lateness: float, *, adopts: bool) -> None:
    """Not the one whose answer was lost, which may still turn up."""
    shop = Shop(late(lateness))
    shop.store("one").cancelled = True
    shop.flying.time += 1

    outcome = drive(placement(shop, Durable(), adopt_existing=adopts))

    assert isinstance(outcome, Placed)
    assert [outcome.order.id] == shop.live()
    assert not outcome.note


def test_a_cancelled_order_of_the_same_name_is_not_adopted() -> None:
    """Nor taken for an order that was never made."""
    shop = Shop(LOST)
    shop.store("one").cancelled = True
    shop.flying.time += 1

    outcome = drive(placement(shop, Durable(), adopt_existing=True))

    assert isinstance(outcome, Placed)
    assert [outcome.order.id] == shop.live()


class Dated(Shop):
    """Tells orders that are older than their request, as far as its clock is right."""

    async def look_up(self, intent: Intent[Wish]) -> LookUp[Parcel]:
        verdict = await super().look_up(intent)
        if not isinstance(verdict, Found):
            return verdict
        arrived = {stored.id: stored.arrives for stored in self.ledger}
        since = tuple(o for o in verdict.orders if arrived[o.id] >= (intent.began_at or 0.0))
        return Found(since or verdict.orders, is_doubtful=not since)


def test_an_older_order_is_not_taken_for_one_that_turns_up_late() -> None:
    """It would be paid, and nobody would know of it."""
    shop = Dated(late(SETTLE / 2))
    shop.store("one")
    shop.flying.time += 1

    outcome = drive(placement(shop, Durable()))

    assert isinstance(outcome, Placed)
    assert outcome.order.id == shop.live()[1]
    assert not outcome.note


def test_an_older_order_is_taken_at_the_end_and_said_to_be_older() -> None:
    """A clock may be wrong, and then another request would buy it twice."""
    shop = Dated(LOST)
    shop.store("one")
    shop.flying.time += 1

    outcome = drive(placement(shop, Durable()))

    assert isinstance(outcome, Placed)
    assert outcome.order.id == "P1"
    assert "seems older than its request" in outcome.note
    assert shop.submitted == 1


@pytest.mark.parametrize("is_listed", [True, False])
async def test_no_order_is_cancelled_that_may_be_anothers(*, is_listed: bool) -> None:
    """Ours was repeated; two older ones have its name, and a clock is wrong or ours hidden."""
    shop = Dated()
    older = [shop.store("w0"), shop.store("w0")]
    shop.flying.time += 60
    ours = shop.store("w0", after=0.0 if is_listed else 100 * SETTLE)
    known = Entry(
        key="w0",
        digest="d",
        request=shop.dump_request(Wish("lamp", "w0", tag="w0")),
        state=State.PLACED,
        attempts=2,
        began_at=shop.flying.time + 300,
        settled=False,
        result=shop.dump_order(Parcel(ours.id, "w0", 5)),
    )

    report = await ended(bulk(shop, None, Durable({"w0": known})))

    assert shop.live() == [older[0].id, older[1].id, ours.id]
    [placed] = report.placed
    assert placed.order.id == ours.id
    assert ("a second order may exist" in placed.note) == is_listed


def test_an_order_that_was_cancelled_since_is_told_as_it_is() -> None:
    """Whoever cancelled it does not want it sent again."""

    class Undone(Shop):
        def store(self, tag: str, price: int = 5, *, after: float = 0.0) -> Stored:
            made = super().store(tag, price, after=after)
            made.cancelled = True
            return made

    shop = Undone(STORED)

    outcome = drive(placement(shop, Durable()))

    assert isinstance(outcome, Placed)
    assert outcome.order == Parcel("P1", "one", 5, cancelled=True)
    assert "does not stand" in outcome.note
    assert shop.submitted == 1
