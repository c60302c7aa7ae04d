"""Many intents at once: none is lost, none is placed twice, and the report is right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from didww_async.placement import (
    Entry,
    Intent,
    NotAttempted,
    Outcome,
    Placed,
    Rejected,
    State,
    Unconfirmed,
)
from didww_async.placement.bulk import BulkRun
from didww_async.placement.journal import JournalError, MemoryJournal, PassingJournal
from didww_async.placement.report import Counts, Report
from didww_async.placement.sqlite_journal import SqliteJournal, open_journal
from tests.unit.placement.shop import (
    BROKE,
    CRASH,
    LOST,
    NOT_SENT,
    REFUSED,
    SETTLE,
    STORED,
    Durable,
    Parcel,
    Shop,
    Wish,
    bulk,
    ended,
    instant,
    late,
    wishes,
)


def kinds(report: Report[Parcel]) -> list[str]:
    """What became of the rows, in their order."""
    return [type(outcome).__name__ for outcome in report.outcomes]


@pytest.mark.parametrize("concurrency", [1, 2, 7, 64])
async def test_every_row_has_one_order(concurrency: int) -> None:
    """However many are under way, with faults among them."""
    shop = Shop(STORED, LOST, late(3.0), NOT_SENT, late(SETTLE + 1))

    report = await ended(bulk(shop, wishes(30), concurrency=concurrency))

    assert kinds(report).count("Placed") == 29
    assert len(shop.live()) == 29
    assert [row.position for row in report.outcomes] == list(range(30))


async def test_no_more_are_under_way_than_asked_for() -> None:
    """The most at a time is the concurrency."""

    class Busy(Shop):
        now = most = 0

        async def submit(self, intent: Intent[Wish]) -> Any:
            self.now += 1
            self.most = max(self.most, self.now)
            answer = await super().submit(intent)
            self.now -= 1
            return answer

    shop = Busy()

    await ended(bulk(shop, wishes(40), concurrency=5))

    assert shop.most == 5


async def test_unnamed_rows_are_told_apart_by_their_place() -> None:
    """Equal wishes are as many orders."""
    shop = Shop()

    report = await ended(bulk(shop, [Wish("lamp")] * 5))

    assert len(set(shop.live())) == 5
    assert len(report.placed) == 5


async def test_an_empty_input_has_an_empty_report() -> None:
    """And no stop reason."""
    report = await ended(bulk(Shop(), []))

    assert (list(report.outcomes), report.stop_reason, report.counts.total) == ([], "", 0)


async def test_an_async_input_is_read() -> None:
    """Its length is not known."""

    async def rows() -> AsyncIterator[Wish]:
        for wish in wishes(5):
            yield wish

    report = await ended(bulk(Shop(), rows()))

    assert len(report.placed) == 5
    assert report.counts.total is None


async def test_a_generator_is_read_as_far_as_it_is_needed() -> None:
    """Nobody reads a million rows ahead."""
    read = 0

    def rows() -> Iterator[Wish]:
        nonlocal read
        for wish in wishes(1000):
            read += 1
            yield wish

    run = bulk(Shop(), rows(), concurrency=4)
    async for _ in run:
        break

    assert read < 20


async def test_outcomes_come_one_by_one() -> None:
    """Each row once."""
    run = bulk(Shop(), wishes(9), concurrency=3)

    seen = [outcome.key async for outcome in run]

    assert sorted(seen) == sorted(wish.name for wish in wishes(9))
    assert run.counts.done == run.counts.placed == 9


async def test_one_bad_row_stops_no_other() -> None:
    """A refused one, and one at which the provider makes a mistake."""
    shop = Shop(REFUSED, CRASH)

    report = await ended(bulk(shop, wishes(4), concurrency=1))

    assert kinds(report) == ["Rejected", "Unconfirmed", "Placed", "Placed"]
    assert isinstance(report.unconfirmed[0].error, ZeroDivisionError)


async def test_an_empty_account_ends_the_run() -> None:
    """What was not tried says so."""
    shop = Shop(*[BROKE] * 9)

    report = await ended(bulk(shop, wishes(4), concurrency=1))

    assert kinds(report) == ["NotAttempted"] * 4
    assert [row.reason for row in report.not_attempted] == ["no money", *["the purse is empty"] * 3]
    assert report.stop_reason == "the purse is empty"
    assert shop.submitted == 1


@pytest.mark.parametrize("rows", [True, False])
async def test_a_run_that_an_empty_account_ended_is_resumed(*, rows: bool) -> None:
    """By the same call, and without the input."""
    shop, journal = Shop(BROKE), Durable()
    await ended(bulk(shop, wishes(4), journal, concurrency=1))

    report = await ended(bulk(shop, wishes(4) if rows else None, journal.restarted()))

    assert kinds(report) == ["Placed"] * 4
    assert len(shop.live()) == 4


async def test_placed_rows_are_not_sent_again() -> None:
    """The report has them nevertheless."""
    shop, journal = Shop(), Durable()
    first = await ended(bulk(shop, wishes(5), journal))

    again = await ended(bulk(shop, wishes(5), journal.restarted()))

    assert again.outcomes == first.outcomes
    assert shop.submitted == 5


async def test_new_rows_are_added_to_a_journal() -> None:
    """Those before them stay as they are."""
    shop, journal = Shop(), Durable()
    await ended(bulk(shop, wishes(2), journal))

    report = await ended(bulk(shop, wishes(3), journal.restarted()))

    assert len(report.placed) == 3
    assert shop.submitted == 3


async def test_the_budget_is_not_passed() -> None:
    """Not even by those that are under way together."""
    shop = Shop()

    report = await ended(bulk(shop, wishes(20), budget=Decimal(52), concurrency=8))

    assert (len(report.placed), len(report.not_attempted)) == (10, 10)
    assert report.counts.spent == 50
    assert report.stop_reason == "the budget of 52 is spent"


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_budget_holds_where_orders_come_without_their_price(
    runs: int, concurrency: int
) -> None:
    """Then an order counts as it was quoted, also one that an earlier run placed."""

    class Silent(Shop):
        def cost(self, order: Parcel) -> Decimal:
            return Decimal(0)

        async def quote(self, request: Wish) -> Decimal | None:
            await instant()
            if self.submitted and request.name in {"w0", "w1"}:
                await instant()  # those that are placed are the last to be priced
            return await super().quote(request)

    shop, journal = Silent(), Durable()
    for _ in range(runs):
        await ended(bulk(shop, wishes(4), journal, budget=Decimal(10), concurrency=concurrency))
        journal = journal.restarted()

    assert len(shop.live()) == 2


async def test_a_budget_holds_what_may_have_been_spent() -> None:
    """An unconfirmed order keeps its money."""
    shop = Shop(STORED, looks=["fails"] * 99)

    report = await ended(bulk(shop, wishes(3), budget=Decimal(10), concurrency=1))

    assert kinds(report) == ["Unconfirmed", "Placed", "NotAttempted"]


async def test_a_refused_order_gives_its_budget_back() -> None:
    """It cost nothing."""
    report = await ended(bulk(Shop(REFUSED, REFUSED), wishes(4), budget=Decimal(10), concurrency=1))

    assert kinds(report) == ["Rejected", "Rejected", "Placed", "Placed"]


async def test_an_order_of_no_known_price_is_not_placed_within_a_budget() -> None:
    """It says so."""
    shop = Shop()
    shop.quotes = None

    report = await ended(bulk(shop, wishes(1), budget=Decimal(10)))

    assert "no price is known" in report.not_attempted[0].reason
    assert shop.submitted == 0


async def test_a_run_ends_when_stop_on_says_so() -> None:
    """After the outcome for which it returned true."""
    shop, journal = Shop(REFUSED), Durable()

    report = await ended(
        bulk(
            shop,
            wishes(9),
            journal,
            concurrency=1,
            stop_on=lambda outcome: isinstance(outcome, Rejected),
        )
    )

    assert report.stop_reason == "stop_on asked for it"
    assert report.not_attempted
    assert len(shop.live()) == len(report.placed)
    assert set(journal.entries) == {wish.name for wish in wishes(9)}


async def test_stop_ends_a_run_and_finishes_what_is_under_way() -> None:
    """The lost one is found, the others are not begun."""
    shop, journal = Shop(*[STORED] * 9), Durable()
    run = bulk(shop, wishes(9), journal, concurrency=2)
    task = asyncio.create_task(run._report())
    while not shop.submitted:
        await asyncio.sleep(0)
    run.stop("enough")

    report = await ended(task)

    assert report.stop_reason == "enough"
    assert len(report.placed) == len(shop.live()) == 2
    assert len(report.not_attempted) == 7


async def test_a_sent_row_stays_unconfirmed_when_the_run_was_stopped() -> None:
    """Nothing is begun for it, and nothing is forgotten."""
    shop, journal = Shop(STORED, looks=["fails"] * 99), Durable()
    await ended(bulk(shop, wishes(1), journal))
    run = bulk(shop, wishes(1), journal.restarted())
    run.stop("not now")

    report = await ended(run)

    assert isinstance(report.outcomes[0], Unconfirmed)
    assert report.outcomes[0].reason == "not now"
    assert journal.entries["w0"].state is State.SENT


async def test_twins_are_searched_for_when_the_run_was_stopped() -> None:
    """A stopped run leaves no second order either."""
    shop = Shop(late(SETTLE + 1))

    report = await ended(
        bulk(shop, wishes(9), concurrency=1, stop_on=lambda outcome: True),
    )

    assert len(shop.live()) == len(report.placed)


@pytest.mark.parametrize("waits", [True, False])
async def test_every_outcome_is_announced(*, waits: bool) -> None:
    """To a function, and to one that is awaited."""
    told: list[str] = []

    async def later(outcome: Outcome[Parcel]) -> None:
        await asyncio.sleep(0)
        told.append(outcome.key)

    def now(outcome: Outcome[Parcel]) -> None:
        told.append(outcome.key)

    await ended(bulk(Shop(REFUSED), wishes(5), on_outcome=later if waits else now))

    assert sorted(told) == [wish.name for wish in wishes(5)]


async def test_progress_is_told_after_every_outcome() -> None:
    """The counts only grow."""
    told: list[int] = []

    await ended(bulk(Shop(), wishes(5), progress=lambda counts: told.append(counts.done)))

    assert told == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("hook", ["on_outcome", "progress", "stop_on"])
async def test_a_hook_that_raises_ends_the_run(hook: str) -> None:
    """Its error comes out, nothing is left running, and the journal is resumed."""

    def raises(_: object) -> bool:
        raise ZeroDivisionError(hook)

    shop, journal = Shop(), Durable()
    hooks: dict[str, Any] = {hook: raises}
    before = asyncio.all_tasks()
    with pytest.raises(ZeroDivisionError, match=hook):
        await ended(bulk(shop, wishes(20), journal, **hooks))
    assert asyncio.all_tasks() == before

    report = await ended(bulk(shop, wishes(20), journal.restarted()))

    assert len(report.placed) == len(shop.live()) == 20


async def test_an_input_that_fails_ends_the_run() -> None:
    """What came before it is placed, and its error comes out."""

    def rows() -> Iterator[Wish]:
        yield from wishes(3)
        raise ZeroDivisionError("line 4")

    shop = Shop()
    with pytest.raises(ZeroDivisionError, match="line 4"):
        await ended(bulk(shop, rows()))

    assert len(shop.live()) == 3


async def test_a_consumer_that_breaks_out_leaves_nothing_running() -> None:
    """And the journal is resumed."""
    shop, journal = Shop(STORED, LOST), Durable()
    before = asyncio.all_tasks()
    async for _ in bulk(shop, wishes(20), journal, concurrency=3):
        break
    for _ in range(100):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before

    report = await ended(bulk(shop, wishes(20), journal.restarted()))

    assert len(report.placed) == len(shop.live()) == 20


async def test_a_run_runs_once() -> None:
    """Whichever way it is looked at the second time."""
    run = bulk(Shop(), wishes(1))
    await ended(run)

    with pytest.raises(RuntimeError, match="runs once"):
        await ended(run)
    with pytest.raises(RuntimeError, match="runs once"):
        async for _ in run:
            pass


async def test_the_same_request_twice_is_one_order() -> None:
    """If they have the same name; with a journal."""
    shop = Shop()

    report = await ended(bulk(shop, [*wishes(1), *wishes(1)], Durable(), concurrency=2))

    assert shop.live() == ["P1"]
    assert [row.order.id for row in report.placed] == ["P1", "P1"]


@pytest.mark.parametrize("in_file", [True, False])
async def test_a_journal_is_of_one_place(tmp_path: Path, *, in_file: bool) -> None:
    """What is placed at one shop is not placed at another, so nothing is sent there."""

    class Branch(Shop):
        place = "the branch"

    journal = SqliteJournal(tmp_path / "j") if in_file else MemoryJournal()
    here, there = Shop(), Branch()
    with journal if isinstance(journal, SqliteJournal) else nullcontext():
        await ended(bulk(here, wishes(2), nullcontext(journal)))
        with pytest.raises(JournalError, match="go to the branch"):
            await ended(bulk(there, wishes(2), nullcontext(journal)))

    assert (len(here.live()), len(there.live())) == (2, 0)


async def test_two_runs_share_a_journal() -> None:
    """At the same time, with the same names: each order once."""
    shop, journal = Shop(STORED, LOST), Durable()

    reports = await asyncio.gather(
        *(ended(bulk(shop, wishes(10), journal, concurrency=4)) for _ in range(3))
    )

    assert len(shop.live()) == 10
    assert [len(report.placed) for report in reports] == [10] * 3


class Failing(Durable):
    """A journal that keeps so many entries and no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    async def put(self, *entries: Entry) -> None:
        self.room -= len(entries)
        if self.room < 0:
            raise JournalError("no room")
        await super().put(*entries)


@pytest.mark.parametrize("room", range(9))
async def test_a_journal_that_fails_loses_nothing(room: int) -> None:
    """The run ends with its error, and the next one finishes all."""
    shop, journal = Shop(STORED), Failing(room)
    with pytest.raises(JournalError, match="no room"):
        await ended(bulk(shop, wishes(6), journal, concurrency=2))

    report = await ended(bulk(shop, wishes(6), journal.restarted()))

    assert len(report.placed) == len(shop.live()) == 6


async def test_a_journal_of_a_file_is_closed_with_the_run(tmp_path: Path) -> None:
    """So the same path is opened again by the next one."""
    path, shop = tmp_path / "j", Shop()
    for _ in range(2):
        report = await bulk(shop, wishes(5), SqliteJournal(path))

    assert len(report.placed) == len(shop.live()) == 5


async def test_a_run_without_a_journal_keeps_nothing_of_unnamed_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its memory stays flat."""
    most = 0
    put = PassingJournal.put

    async def watched(journal: PassingJournal, *entries: Entry) -> None:
        nonlocal most
        await put(journal, *entries)
        most = max(most, len(journal._entries))

    monkeypatch.setattr(PassingJournal, "put", watched)

    await ended(bulk(Shop(), [Wish("lamp")] * 200, concurrency=4))

    assert most < 20


# What is wrong so far.


async def test_the_same_request_twice_is_one_order_without_a_journal() -> None:
    """The second line of that name comes when the first is done."""
    shop = Shop()

    await ended(bulk(shop, [*wishes(9), *wishes(1)], concurrency=1))

    assert shop.live("w0") == ["P1"]


async def test_a_resumed_run_has_the_budget_of_the_first() -> None:
    """The same call spends no more than one would have."""
    shop, journal = Shop(), Durable()
    await ended(bulk(shop, wishes(4), journal, budget=Decimal(10)))

    report = await ended(bulk(shop, wishes(4), journal.restarted(), budget=Decimal(10)))

    assert report.counts.spent <= 10


async def test_a_budget_holds_an_order_at_which_the_provider_made_a_mistake() -> None:
    """It was sent, so it may exist."""
    shop = Shop(CRASH)

    await ended(bulk(shop, wishes(3), budget=Decimal(10), concurrency=1))

    assert len(shop.live()) <= 2


async def test_a_quote_that_fails_is_a_rows_error() -> None:
    """It is not placed, and the others are."""
    shop = Shop()
    shop.quotes = ZeroDivisionError("no prices today")

    report = await ended(bulk(shop, wishes(3), budget=Decimal(10)))

    assert kinds(report) == ["NotAttempted"] * 3


async def test_a_row_that_is_no_request_stops_no_other() -> None:
    """It is refused, and says why."""
    run: BulkRun[Wish, Parcel] = bulk(Shop(), [None, *wishes(1)])  # type: ignore[list-item]

    assert kinds(await ended(run)) == ["Rejected", "Placed"]


async def test_a_request_that_cannot_be_read_again_stops_no_other() -> None:
    """It can be written and not read, so it is not sent, and the others are."""

    class Forgetful(Shop):
        def load_request(self, text: str) -> Wish:
            wish = super().load_request(text)
            if wish.name == "w1":
                raise ValueError("no such item")
            return wish

    shop = Forgetful()

    report = await ended(bulk(shop, wishes(3), Durable()))

    assert len(report.placed) == len(shop.live()) == 2


async def test_a_journal_that_cannot_be_read_while_settling_is_an_error() -> None:
    """As it is everywhere else."""

    class Blind(Durable):
        async def get(self, key: str) -> Entry | None:
            found = await super().get(key)
            if found is not None and not found.settled:
                raise JournalError("no page")
            return found

    with pytest.raises(JournalError, match="no page"):
        await ended(bulk(Shop(LOST), wishes(1), Blind()))


async def test_a_journal_that_fails_while_settling_is_an_error() -> None:
    """The row's outcome must not say that all is well."""

    class Late(Durable):
        searched = 0

        async def put(self, *entries: Entry) -> None:
            for entry in entries:
                if entry.state is State.PLACED and entry.settled and entry.attempts > 1:
                    raise JournalError("no room")
            await super().put(*entries)

    with pytest.raises(JournalError, match="no room"):
        await ended(bulk(Shop(LOST), wishes(1), Late()))


async def test_a_failed_last_search_is_in_the_outcome() -> None:
    """There may be a second order."""

    class Blinded(Shop):
        async def look_up(self, intent: Intent[Wish]) -> Any:
            if len(self.ledger) > 1:
                self.looks.append("fails")
            return await super().look_up(intent)

    shop = Blinded(late(SETTLE + 1))

    report = await ended(bulk(shop, wishes(1)))

    assert len(shop.live()) == 1 or report.placed[0].note


@pytest.mark.parametrize("concurrency", [0, -1])
async def test_no_worker_is_refused(concurrency: int) -> None:
    """Else every row is lost, and the report says that all is well."""
    with pytest.raises(ValueError, match="concurrency"):
        await ended(bulk(Shop(), wishes(3), concurrency=concurrency))


async def test_the_report_is_in_the_order_of_its_own_input() -> None:
    """A row was put before the others since."""
    shop, journal = Shop(), Durable()
    await ended(bulk(shop, wishes(3), journal))
    rows = [Wish("chair", "new"), *wishes(3)]

    report = await ended(bulk(shop, rows, journal.restarted()))

    assert [outcome.key for outcome in report.outcomes] == ["new", "w0", "w1", "w2"]


async def test_the_same_request_twice_is_two_rows() -> None:
    """Each with its own place."""
    report = await ended(bulk(Shop(), [*wishes(1), *wishes(1)], Durable()))

    assert [outcome.position for outcome in report.outcomes] == [0, 1]


async def test_the_same_request_twice_is_paid_once() -> None:
    """There is one order."""
    report = await ended(bulk(Shop(), [*wishes(1), *wishes(1)], Durable()))

    assert report.counts.spent == 5


async def test_the_same_request_twice_has_two_outcomes_when_it_was_repeated() -> None:
    """No row is lost."""
    report = await ended(bulk(Shop(LOST), [*wishes(1), *wishes(1)], Durable(), concurrency=2))

    assert len(report.outcomes) == 2


async def test_a_row_without_a_price_can_be_resumed() -> None:
    """`NotAttempted` says: resume to place it."""
    shop, journal = Shop(), Durable()
    shop.quotes = None
    await ended(bulk(shop, wishes(1), journal, budget=Decimal(10)))

    report = await ended(bulk(shop, None, journal.restarted()))

    assert len(report.placed) == 1


async def test_a_sent_row_is_looked_for_although_the_budget_is_spent() -> None:
    """A look costs nothing, and the order may be there already."""
    shop, journal = Shop(STORED, looks=["fails"] * 99), Durable()
    await ended(bulk(shop, wishes(1), journal))
    shop.looks.clear()

    report = await ended(bulk(shop, wishes(1), journal.restarted(), budget=Decimal(1)))

    assert isinstance(report.outcomes[0], Placed)


async def test_a_path_can_be_used_as_soon_as_the_consumer_broke_out(tmp_path: Path) -> None:
    """The loop is left, so the run is over; what is under way ends beside the next run."""
    path, shop = tmp_path / "j", Shop()
    async for _ in bulk(shop, wishes(9), open_journal(path)):
        break

    report = await bulk(shop, wishes(9), open_journal(path))

    assert len(report.placed) == len(shop.live()) == 9


async def test_a_name_is_never_that_of_an_unnamed_row() -> None:
    """The caller may call an order `#1`."""
    report = await ended(bulk(Shop(), [Wish("lamp", "#1"), Wish("lamp")], Durable()))

    assert len(report.placed) == 2


def test_counts_begin_with_nothing() -> None:
    """Each kind."""
    assert attrs.astuple(Counts())[:4] == (0, 0, 0, 0)


def test_not_attempted_is_an_outcome_of_its_own() -> None:
    """It has a reason, and no order."""
    outcome = NotAttempted(key="k", position=0, external_reference="r", attempts=0, reason="why")

    assert (outcome.reason, outcome.error) == ("why", None)
