"""Orders that go straight: begun many at a time, sent one by one, noted many at a time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from didww_async.placement import (
    Accepted,
    Answer,
    Answered,
    Entry,
    Intent,
    LookUp,
    NotAttempted,
    Placed,
    SqliteJournal,
    State,
    Unconfirmed,
)
from didww_async.placement.journal import JournalError, Turn
from didww_async.placement.placer import Placer, Stop
from tests.unit.placement.shop import (
    ACCEPTED,
    BROKE,
    GARBLED,
    LOST,
    REFUSED,
    SETTLE,
    STORED,
    UNREAD,
    Durable,
    Parcel,
    Shop,
    Wish,
    bulk,
    ended,
    instant,
    late,
    opened,
    wishes,
)

MOST_TURNS = 2_000


async def some_turns(count: int = 200) -> None:
    """Let everybody get as far as they do."""
    for _ in range(count):
        await asyncio.sleep(0)


class Watched(Shop):
    """A shop that notes what the journal has of each order when its request comes in."""

    def __init__(self, journal: Durable, *acts: Any) -> None:
        super().__init__(*acts)
        self.journal = journal
        self.known: list[Entry | None] = []

    async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
        """As a shop, and a look into the journal."""
        self.known.append(self.journal.entries.get(intent.key))
        return await super().submit(intent)


@pytest.mark.parametrize("concurrency", [1, 3, 64])
async def test_the_journal_has_every_request_before_it_leaves(concurrency: int) -> None:
    """However many are begun together."""
    journal = Durable()
    shop = Watched(journal, ACCEPTED, LOST, UNREAD, GARBLED)

    report = await ended(bulk(shop, wishes(40), journal, concurrency=concurrency))

    assert len(report.placed) == 40
    assert [entry and entry.state for entry in shop.known] == [State.SENT] * len(shop.known)


async def test_an_answer_is_read_later_and_told_all_the_same() -> None:
    """As one that was read at once."""
    report = await ended(bulk(Shop(UNREAD, ACCEPTED), wishes(2)))

    assert [row.was_found for row in report.placed] == [False, False]


@pytest.mark.parametrize("concurrency", [1, 2, 16])
async def test_an_order_whose_answer_can_not_be_read_is_looked_up(concurrency: int) -> None:
    """Also if other rows of its name wait for it, and nothing else is left to do."""
    shop = Shop(GARBLED)
    rows = [*wishes(1) * 4, *wishes(3)]

    report = await ended(bulk(shop, rows, concurrency=concurrency))

    assert report.placed[0].was_found
    assert len(shop.live()) == 3
    assert len({row.order.id for row in report.placed}) == 3


async def test_answers_that_can_not_be_read_do_not_pile_up() -> None:
    """A proxy that answers everything with its own page: what is looked up is bounded."""
    journal = Durable()

    class Busy(Shop):
        now = most = most_open = 0

        async def look_up(self, intent: Intent[Wish]) -> LookUp[Parcel]:
            self.now += 1
            self.most = max(self.most, self.now)
            states = [entry.state for entry in journal.entries.values()]
            self.most_open = max(self.most_open, states.count(State.SENT))
            await some_turns(20)
            found = await super().look_up(intent)
            self.now -= 1
            return found

    shop = Busy(*[GARBLED] * 300)

    report = await ended(bulk(shop, wishes(300), journal, concurrency=4))

    assert len(report.placed) == len(shop.live()) == 300
    assert shop.most == 4
    assert shop.most_open <= 5 * 4


async def test_orders_of_unknown_fate_wait_for_their_window_together() -> None:
    """As many as a killed run had begun; the window is what a resume takes."""
    shop, journal = Shop(), Durable()
    for number in range(10):
        name = f"w{number}"
        request = shop.dump_request(Wish("lamp", name, tag=name))
        await journal.put(Entry(name, "", request, state=State.SENT, attempts=1))

    report = await ended(bulk(shop, None, journal, concurrency=4))

    assert len(report.placed) == len(shop.live()) == 10
    first_sent = next(at for at, told in enumerate(shop.seen) if told.startswith("submit"))
    assert len(set(shop.seen[:first_sent])) == 10


async def test_a_lost_answer_keeps_no_worker() -> None:
    """The next order is sent while the window of the first one lasts."""
    shop = Shop(LOST)

    await ended(bulk(shop, wishes(3), concurrency=2))

    again = [at for at, told in enumerate(shop.seen) if told == "submit w0"][1]
    assert max(shop.seen.index(f"submit w{n}") for n in (1, 2)) < again


async def test_a_provider_that_fails_while_it_reads_stops_no_other_row() -> None:
    """There may be an order, so it is unconfirmed."""

    class Failing(Answered[Parcel]):
        def read(self) -> Accepted[Parcel]:
            raise ZeroDivisionError

    class Mistaken(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            answer = await super().submit(intent)
            return Failing() if intent.key == "w1" else answer

    report = await ended(bulk(Mistaken(), wishes(4), concurrency=2))

    assert len(report.placed) == 3
    assert [type(row.error) for row in report.unconfirmed] == [ZeroDivisionError]


# Orders that are begun and not sent.


async def test_what_is_begun_is_not_sent_after_a_stop() -> None:
    """It is taken back: the next run has nothing to look for."""
    shop, journal = Shop(BROKE), Durable()

    report = await ended(bulk(shop, wishes(40), journal, concurrency=2))

    assert shop.submitted <= 2
    assert len(report.not_attempted) >= 39
    begun = [entry for entry in journal.entries.values() if entry.attempts]
    assert len(begun) <= 2

    again = await ended(bulk(shop, wishes(40), journal.restarted(), concurrency=2))

    assert shop.looked == 0
    assert len(again.placed) == len(shop.live()) == 40


async def test_what_is_begun_is_taken_back_when_the_run_is_left() -> None:
    """And nobody finds its turn taken."""

    class Slow(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            if self.is_slow and intent.key != "w0":
                await asyncio.Event().wait()
            return await super().submit(intent)

        is_slow = True

    shop, journal = Slow(), Durable()
    run = bulk(shop, wishes(40), journal, concurrency=4)
    outcomes = aiter(run)
    await anext(outcomes)
    await some_turns()
    sent = [entry for entry in journal.entries.values() if entry.state is State.SENT]
    assert len(sent) > 4
    await outcomes.aclose()  # type: ignore[attr-defined]

    states = [entry.state for entry in journal.entries.values()]
    assert sorted(states) == [State.PLACED] + [State.SENT] * 4
    assert not any(journal.turn(f"w{n}").is_held for n in range(40))

    shop.is_slow = False
    again = await ended(bulk(shop, wishes(40), journal, concurrency=4))

    assert len(again.placed) == len(shop.live()) == 40


async def test_what_was_sent_before_does_not_go_straight() -> None:
    """It may have a twin, so that somebody has to look."""
    shop = Shop()
    first, second = shop.store("w0"), shop.store("w0")
    journal = Durable(
        {"w0": Entry("w0", "", '{"what": "lamp", "name": "w0", "tag": "w0"}', attempts=1)}
    )

    [row] = (await ended(bulk(shop, None, journal))).placed

    assert row.order.id == first.id
    assert second.cancelled
    assert shop.live() == [first.id]


async def test_what_is_taken_back_is_as_it_was() -> None:
    """In the journal, and for whoever comes next."""
    shop, journal = Shop(), Durable()
    placer = Placer(shop, journal, clock=shop.flying.clock)
    at_work = await opened(shop, journal, Wish("lamp", "one"))
    before = at_work.entry

    placer.begin(at_work)
    assert at_work.entry.state is State.SENT
    placer.take_back(at_work)

    assert at_work.entry == before


async def test_a_row_that_was_taken_back_is_not_attempted() -> None:
    """With the reason of the stop, and without an attempt."""
    run = bulk(Shop(BROKE), wishes(9), Durable(), concurrency=1)

    *_, last = (await ended(run)).outcomes

    assert isinstance(last, NotAttempted)
    assert (last.attempts, last.reason, last.error) == (0, "the purse is empty", None)


async def test_a_run_that_is_killed_in_any_turn_is_resumed() -> None:
    """Whatever the journal has by then: the second run has one order a row."""
    acts = (STORED, UNREAD, GARBLED, LOST, late(SETTLE / 2))
    for turns in range(1, MOST_TURNS):
        shop, journal = Shop(*acts), Durable()
        task = asyncio.ensure_future(_await(bulk(shop, wishes(6), journal, concurrency=2)))
        await some_turns(turns)
        finished = task.done()
        left = journal.restarted()
        ledger = list(shop.ledger)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        shop.ledger = ledger  # what the dying process did after that instant is undone

        report = await ended(bulk(shop, wishes(6), left, concurrency=2))

        assert sorted(shop.live()) == sorted(row.order.id for row in report.placed)
        assert [row.key for row in report.placed] == [f"w{n}" for n in range(6)]
        if finished:
            return
    raise AssertionError("it never ends")


async def test_a_run_that_is_killed_while_it_puts_back_is_resumed() -> None:
    """Whichever of its entries are back by then: one order a row."""
    for begun, turns in itertools.product(range(4, 30), range(12)):
        shop, journal = Shop(), Durable()
        task = asyncio.ensure_future(_await(bulk(shop, wishes(12), journal, concurrency=4)))
        await some_turns(begun)
        task.cancel()
        await some_turns(turns)
        left, ledger = journal.restarted(), list(shop.ledger)
        await asyncio.gather(task, return_exceptions=True)
        shop.ledger = ledger

        report = await ended(bulk(shop, wishes(12), left, concurrency=4))

        assert len(report.placed) == len(shop.live()) == 12


async def _await(run: Any) -> Any:
    return await run


@pytest.mark.parametrize("at", [0, 5, 30])
async def test_a_file_that_is_wrong_is_not_resumed(at: int) -> None:
    """Of the rows that were begun with the wrong one, nothing is left to be bought later."""
    shop, journal = Shop(), Durable()
    rows = wishes(40)
    await ended(bulk(shop, [rows[at]], journal))
    rows[at] = Wish("chair", rows[at].name)

    with pytest.raises(JournalError, match="differs from the request"):
        await ended(bulk(shop, rows, journal, concurrency=16))
    assert shop.submitted == (1 if at < 16 else 17)
    sent = shop.submitted
    await ended(bulk(shop, None, journal))

    assert shop.submitted == sent


async def test_what_was_begun_before_a_file_proves_wrong_is_not_resumed() -> None:
    """Rows of an earlier batch whose turn to be sent comes after that."""

    class Slower(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            await some_turns(10 * int(intent.key[1:]))
            return await super().submit(intent)

    shop, journal = Slower(), Durable()
    rows = wishes(12)
    await ended(bulk(shop, [rows[9]], journal))
    rows[9] = Wish("chair", rows[9].name)

    with pytest.raises(JournalError, match="differs from the request"):
        await ended(bulk(shop, rows, journal, concurrency=4))
    sent = shop.submitted
    assert 1 + 4 < sent < 1 + 8
    await ended(bulk(shop, None, journal))

    assert shop.submitted == sent


def test_a_failure_without_a_text_stops() -> None:
    """Its class is the reason."""
    stop = Stop()
    stop.because("", TimeoutError())

    assert stop.reason == "TimeoutError"


async def test_a_corrected_row_that_was_begun_is_refused_as_before_after_a_stop() -> None:
    """What the journal had of it is put back."""
    shop, journal = Shop(REFUSED), Durable()
    await ended(bulk(shop, wishes(1), journal))
    before = journal.entries["w0"]

    class Slow(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            await asyncio.Event().wait()
            return await super().submit(intent)

    run = bulk(Slow(), [*wishes(5)[1:], Wish("chair", "w0")], journal, concurrency=4)
    task = asyncio.create_task(_await(run))
    await some_turns()
    assert journal.entries["w0"].state is State.SENT
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert journal.entries["w0"] == before


async def test_a_provider_whose_work_is_cancelled_leaves_its_workers() -> None:
    """By its own doing, and not by the run's."""

    class Cancelled(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            if intent.key in {"w1", "w2"}:
                raise asyncio.CancelledError
            return await super().submit(intent)

        async def look_up(self, intent: Intent[Wish]) -> LookUp[Parcel]:
            raise asyncio.CancelledError

    report = await ended(bulk(Cancelled(LOST), wishes(20), concurrency=2))

    assert len(report.placed) == 17
    assert len(report.unconfirmed) == 3
    assert {type(row.error) for row in report.unconfirmed} == {RuntimeError}


async def test_orders_are_told_that_a_journal_of_the_users_could_not_note() -> None:
    """Whatever it raises, with a text or without."""

    class Mistaken(Durable):
        async def put(self, *entries: Entry) -> None:
            if any(entry.state is State.PLACED for entry in entries):
                raise TimeoutError
            await super().put(*entries)

    shop = Shop()
    run = bulk(shop, wishes(20), Mistaken(), concurrency=4)

    told = [outcome async for outcome in run]

    assert [type(outcome) for outcome in told] == [Placed] * 20
    assert len(shop.live()) == 20


# Journals that fail, and journals that are shared.


async def test_nothing_is_sent_that_the_journal_can_not_take() -> None:
    """None of those that are begun together."""

    class Full(Durable):
        async def put(self, *entries: Entry) -> None:
            await instant()
            if any(entry.state is State.SENT for entry in entries):
                raise JournalError("no room")
            await super().put(*entries)

    shop = Shop()
    with pytest.raises(JournalError, match="no room"):
        await ended(bulk(shop, wishes(20), Full(), concurrency=4))

    assert shop.submitted == 0


async def test_an_order_that_the_journal_can_not_note_is_found_later() -> None:
    """The run fails, and the next one takes the order over."""

    class Full(Durable):
        async def put(self, *entries: Entry) -> None:
            await instant()
            if any(entry.state is State.PLACED for entry in entries):
                raise JournalError("no room")
            await super().put(*entries)

    shop, journal = Shop(), Full()
    with pytest.raises(JournalError, match="no room"):
        await ended(bulk(shop, wishes(20), journal, concurrency=4))
    assert shop.live()

    report = await ended(bulk(shop, wishes(20), journal.restarted(), concurrency=4))

    assert len(report.placed) == len(shop.live()) == 20


async def test_a_search_for_twins_that_could_not_be_noted_is_not_over() -> None:
    """Whoever is next in this process searches again."""

    class Full(Durable):
        async def put(self, *entries: Entry) -> None:
            if any(entry.state is State.PLACED and entry.settled for entry in entries):
                raise JournalError("no room")
            await super().put(*entries)

    shop, journal = Shop(), Full()
    at_work = await opened(shop, journal, Wish("lamp", "one"))
    stored = shop.store("one")
    at_work.entry = at_work.entry.begun(shop.flying.time, settled=False)
    at_work.entry = at_work.entry.placed(f'{{"id": "{stored.id}"}}', "", was_found=False)
    placer = Placer(shop, journal, clock=shop.flying.clock)

    with pytest.raises(JournalError):
        await placer.settle(at_work)

    assert not at_work.entry.settled


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_two_runs_in_opposite_order_do_not_wait_for_each_other(concurrency: int) -> None:
    """Each has begun what the other one comes to later."""
    shop, journal = Shop(LOST, STORED), Durable()
    rows = wishes(30)
    runs = [bulk(shop, some, journal, concurrency=concurrency) for some in (rows, rows[::-1])]

    reports = await ended(asyncio.gather(*map(_await, runs)))

    assert [len(report.placed) for report in reports] == [30, 30]
    assert len(shop.live()) == 30


async def test_an_order_is_noted_before_anybody_takes_its_outcome() -> None:
    """A consumer that sleeps keeps nothing out of the journal, and no more is sent meanwhile."""
    shop, journal = Shop(), Durable()
    run = bulk(shop, wishes(100), journal, concurrency=4)
    outcomes = aiter(run)
    await anext(outcomes)
    await some_turns()

    placed = [entry for entry in journal.entries.values() if entry.state is State.PLACED]
    assert len(placed) == shop.submitted <= 4 * 4

    assert len([await anext(outcomes) for _ in range(99)]) == 99


async def test_the_money_of_a_pack_is_told_once() -> None:
    """Of its rows, which are one order."""

    class Packing(Shop):
        def pack_key(self, request: Wish) -> str:
            return request.what

        def packed(self, requests: Any) -> Wish:
            return Wish(f"{len(requests)} lamps")

    shop = Packing(UNREAD)

    report = await ended(bulk(shop, [Wish("lamp")] * 6, pack=3, concurrency=2))

    assert [row.position for row in report.placed] == list(range(6))
    assert report.counts.spent == 10


async def test_a_turn_goes_to_whoever_waits_the_longest() -> None:
    """Nobody takes it in between."""
    turn, had = Turn(), list[int]()

    async def have(number: int) -> None:
        async with turn:
            had.append(number)
            await asyncio.sleep(0)

    assert turn.take()
    waiting = [asyncio.create_task(have(number)) for number in range(3)]
    await some_turns(3)
    turn.release()
    assert not turn.take()
    await asyncio.gather(*waiting)

    assert had == [0, 1, 2]
    assert turn.take()


async def test_a_turn_is_passed_on_by_whoever_was_cancelled_as_it_came() -> None:
    """And by those who were cancelled while they waited."""
    turn = Turn()
    assert turn.take()
    gone, handed, last = (asyncio.create_task(turn.acquire()) for _ in range(3))
    await some_turns(3)
    gone.cancel()
    await some_turns(3)
    turn.release()
    handed.cancel()
    async with asyncio.timeout(10):
        await last

    assert handed.cancelled()
    assert turn.is_held


# The file.


async def test_a_look_from_another_thread_stops_nobody(tmp_path: Path) -> None:
    """Whoever finds the file in use gets it afterwards."""
    with SqliteJournal(tmp_path / "run.db") as journal:
        run = await journal.begin_run()

        def look() -> Iterator[int]:
            for _ in range(200):
                yield len(journal.rows(run, -1, 5))

        looking = asyncio.create_task(asyncio.to_thread(list[int], look()))
        for n in range(200):
            await journal.put(Entry(f"k{n}", "d", "{}"))
        assert len(await looking) == 200


async def test_what_was_asked_for_during_a_look_is_done_after_it(tmp_path: Path) -> None:
    """It is not forgotten that the file was in use."""
    with SqliteJournal(tmp_path / "run.db") as journal:
        run = await journal.begin_run()
        journal._using.acquire()
        put = asyncio.create_task(journal.put(Entry("k", "d", "{}")))
        await some_turns(5)
        looking = asyncio.create_task(asyncio.to_thread(journal.rows, run, -1, 5))
        await some_turns(5)
        assert not put.done()
        journal._using.release()
        async with asyncio.timeout(10):
            await asyncio.gather(put, looking)


async def test_an_interrupted_statement_keeps_nobody_out(tmp_path: Path) -> None:
    """Ctrl-C may come anywhere, and the journal is closed after it."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with SqliteJournal(tmp_path / "run.db") as journal:
        loop = asyncio.get_running_loop()
        asked = asyncio.create_task(journal._do(interrupted))
        await asyncio.sleep(0)
        with pytest.raises(KeyboardInterrupt):
            journal._carry_out(loop)
        with pytest.raises(JournalError):
            await asked
        await journal.put(Entry("k", "d", "{}"))
        assert await journal.open_keys() == ["k"]


async def test_what_takes_long_comes_between_what_was_asked_before_and_after(
    tmp_path: Path,
) -> None:
    """All of it in one turn of the event loop."""
    with SqliteJournal(tmp_path / "run.db") as journal:
        _, before, _, after = await asyncio.gather(
            journal.put(Entry("a", "d", "{}")),
            journal.open_keys(),
            journal.put(Entry("b", "d", "{}")),
            journal.open_keys(),
        )

    assert (before, after) == (["a"], ["a", "b"])


async def test_an_outcome_that_may_exist_is_unconfirmed_when_looks_fail() -> None:
    """What could not be read is not forgotten."""
    shop = Shop(GARBLED, looks=["fails"] * 99)

    report = await ended(bulk(shop, wishes(1)))

    assert [type(row) for row in report.outcomes] == [Unconfirmed]
    assert not any(isinstance(row, Placed) for row in report.outcomes)
