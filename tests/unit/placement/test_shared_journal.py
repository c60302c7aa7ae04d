"""Several calls, event loops and processes on one journal: none ends what another one began."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path

import pytest

from didww_async.placement import Answer, Entry, Intent, JournalError, SqliteJournal, State
from didww_async.placement.bulk import BulkRun
from didww_async.placement.journal import Journal
from didww_async.placement.sqlite_journal import open_journal
from tests.unit.placement.shop import (
    LOST,
    SETTLE,
    Durable,
    Parcel,
    Shop,
    Wish,
    bulk,
    ended,
    wishes,
)


def repeated(shop: Shop, name: str, attempts: int = 2) -> Entry:
    """What a journal has of an order that was sent again, and placed."""
    kept = shop.store(name)
    return Entry(
        key=name,
        digest="d",
        request=shop.dump_request(Wish("lamp", name, tag=name)),
        state=State.PLACED,
        attempts=attempts,
        began_at=shop.flying.time,
        settled=False,
        result=shop.dump_order(Parcel(kept.id, name, 5)),
    )


async def test_another_call_leaves_a_repeated_order_alone() -> None:
    """Its twin may still turn up, and only whoever repeated it knows until when."""
    shop = Shop()
    journal = Durable({"w9": repeated(shop, "w9")})

    await ended(bulk(shop, wishes(2), journal))

    assert not journal.entries["w9"].settled
    assert shop.looked == 0


async def test_what_resumes_searches_for_the_twins_of_all() -> None:
    """Whoever repeated them is not there any more."""
    shop = Shop()
    journal = Durable({"w9": repeated(shop, "w9")})
    twin = shop.store("w9")

    await ended(bulk(shop, None, journal))

    assert twin.cancelled
    assert journal.entries["w9"].settled


async def test_the_window_begins_anew_if_another_call_repeats_it_meanwhile() -> None:
    """A twin that turns up after the first window is still found."""

    class Busy(Durable):
        gets = 0

        async def get(self, key: str) -> Entry | None:
            self.gets += 1
            if self.gets == 2:  # when it is to be settled
                shop.store("w9", after=SETTLE / 2)
                self.entries[key] = self.entries[key]._replace(attempts=3)
            return await super().get(key)

    shop = Shop()
    journal = Busy({"w9": repeated(shop, "w9")})
    [first] = shop.live("w9")

    await ended(bulk(shop, None, journal))

    assert shop.live("w9") == [first]
    assert journal.entries["w9"].settled


async def test_an_event_loop_of_its_own_is_refused(tmp_path: Path) -> None:
    """Locks of one loop are no locks on another: told at once, instead of waiting for ever."""
    with SqliteJournal(tmp_path / "run.db") as journal:
        turn = journal.turn("w0")

        async def elsewhere() -> None:
            journal.turn("w0")

        with pytest.raises(JournalError, match="on another event loop"):
            await asyncio.to_thread(asyncio.run, elsewhere())
        del turn


def test_one_event_loop_after_the_other_is_served(tmp_path: Path) -> None:
    """As by several calls of `asyncio.run`."""
    shop = Shop()
    with SqliteJournal(tmp_path / "run.db") as journal:
        for _ in range(2):
            asyncio.run(_placed(shop, journal))
    assert len(shop.live()) == 2


async def _placed(shop: Shop, journal: Journal) -> int:
    return len((await bulk(shop, wishes(2), nullcontext(journal))).placed)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_is_told(tmp_path: Path) -> None:
    """Its copy of the journal has no writer, so that it would wait for ever."""
    with SqliteJournal(tmp_path / "run.db") as journal:
        child = os.fork()
        if not child:
            try:
                asyncio.run(journal.get("w0"))
            except JournalError as error:
                os._exit(0 if "before this process was forked" in str(error) else 1)
            finally:
                os._exit(2)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


async def test_a_report_whose_rows_another_process_dropped_is_no_empty_one(tmp_path: Path) -> None:
    """It says what happened."""
    shop, path = Shop(), tmp_path / "run.db"
    report = await bulk(shop, wishes(3), open_journal(path))
    assert len(report.placed) == 3
    with SqliteJournal(path) as journal:
        await journal._do(lambda db: db.execute("UPDATE run SET process = 'another'").fetchall())
        await journal.begin_run()

    with pytest.raises(JournalError, match="3 rows of this run are not in its journal any more"):
        list(report.outcomes)


async def test_a_report_whose_file_is_gone_makes_no_new_one(tmp_path: Path) -> None:
    """It says so."""
    path = tmp_path / "run.db"
    report = await bulk(Shop(), wishes(3), open_journal(path))
    path.unlink()

    with pytest.raises(JournalError, match=r"there is no journal .*run\.db"):
        list(report.outcomes)
    assert not path.exists()


async def test_a_journal_that_was_closed_here_is_not_searched_for_damage_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call with a path takes as long with a large journal as with a small one."""
    path = tmp_path / "run.db"
    await bulk(Shop(), wishes(3), open_journal(path))
    asked: list[str] = []

    def watched(*arguments: object, **options: object) -> object:
        made = connect(*arguments, **options)  # type: ignore[call-overload]
        made.set_trace_callback(asked.append)
        return made

    connect = sqlite3.connect
    monkeypatch.setattr("sqlite3.connect", watched)
    SqliteJournal(path).close()
    assert not [statement for statement in asked if "quick_check" in statement]

    path.touch()
    SqliteJournal(path).close()
    assert [statement for statement in asked if "quick_check" in statement]


async def test_lost_answers_on_a_shared_journal_are_one_order_each() -> None:
    """Two runs at once, with names of their own."""
    shop, journal = Shop(*[LOST] * 6), Durable()

    first, second = await ended(
        asyncio.gather(
            _awaited(bulk(shop, wishes(4), journal)),
            _awaited(bulk(shop, [Wish("chair", f"c{n}") for n in range(4)], journal)),
        )
    )

    assert first == second == 4
    assert len(shop.live()) == 8


async def _awaited(run: BulkRun[Wish, Parcel]) -> int:
    return len((await run).placed)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_does_not_close_its_parents_journal(tmp_path: Path) -> None:
    """What the parent commits afterwards is there, also if the parent is killed."""
    code = """
        import asyncio, os, signal, sys
        from didww_async.placement import Entry, SqliteJournal

        async def main():
            journal = SqliteJournal(sys.argv[1])
            await journal.put(Entry("before", "d", "{}"))
            child = os.fork()
            if not child:
                journal.close()
                os._exit(0)
            os.waitpid(child, 0)
            await journal.put(Entry("after", "d", "{}"))
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
    """
    path = tmp_path / "run.db"
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), str(path)]
    subprocess.run(command, capture_output=True, check=False)

    with SqliteJournal(path) as journal:
        assert asyncio.run(journal.open_keys()) == ["before", "after"]


def test_what_a_closed_event_loop_left_comes_before_what_was_asked_later(tmp_path: Path) -> None:
    """It is not written over it when the journal is closed."""
    path = tmp_path / "run.db"
    with SqliteJournal(path) as journal:

        async def leave() -> None:
            journal._using.acquire()  # as while a commit is under way
            put = asyncio.create_task(journal.put(Entry("k", "d", "{}", state=State.WAITING)))
            await asyncio.sleep(0)
            put.cancel()
            await asyncio.gather(put, return_exceptions=True)

        asyncio.run(leave())
        journal._using.release()
        asyncio.run(journal.put(Entry("k", "d", "{}", state=State.PLACED)))

    with SqliteJournal(path) as journal:
        kept = asyncio.run(journal.get("k"))
    assert kept is not None
    assert kept.state is State.PLACED


def test_an_event_loop_that_stands_still_holds_up_no_other(tmp_path: Path) -> None:
    """Its commit ends, though it does not hear of that."""
    with SqliteJournal(tmp_path / "run.db") as journal, asyncio.Runner() as still:
        journal._using.acquire()

        async def ask() -> asyncio.Task[None]:
            put = asyncio.create_task(journal.put(Entry("a", "d", "{}")))
            await asyncio.sleep(0)
            return put

        put = still.run(ask())

        async def elsewhere() -> Entry | None:
            asked = asyncio.create_task(journal.put(Entry("b", "d", "{}")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            journal._using.release()
            journal.rows(0, -1, 1)
            async with asyncio.timeout(10):
                await asked
                return await journal.get("a")

        assert asyncio.run(elsewhere()) is not None

        async def hear() -> None:
            async with asyncio.timeout(10):
                await put

        still.run(hear())


async def test_what_a_run_took_back_is_not_resumed_beside_it() -> None:
    """Whoever read of it before sees that it is no more."""

    class Slower(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            for _ in range(10 * int(intent.key[1:])):
                await asyncio.sleep(0)
            return await super().submit(intent)

    async def refused(shop: Shop, journal: Durable) -> None:
        rows = wishes(12)
        await bulk(shop, [rows[9]], journal)
        rows[9] = Wish("chair", rows[9].name)
        with pytest.raises(JournalError, match="differs from the request"):
            await bulk(shop, rows, journal, concurrency=4)

    alone = Slower()
    await ended(refused(alone, Durable()))
    for turns in range(90, 300, 3):
        shop, journal = Slower(), Durable()
        running = asyncio.create_task(refused(shop, journal))
        for _ in range(turns):
            await asyncio.sleep(0)
        await ended(bulk(shop, None, journal))
        await ended(running)

        assert len(shop.live()) == len(alone.live())
        assert shop.looked == 0


async def test_the_money_of_an_order_counts_in_each_of_two_runs() -> None:
    """Each has a row for it, and tells its own sum."""
    shop, journal = Shop(), Durable()
    runs = [bulk(shop, wishes(10), journal, concurrency=3) for _ in range(2)]

    async def reported(run: BulkRun[Wish, Parcel]) -> Decimal:
        return (await run).counts.spent

    assert await ended(asyncio.gather(*map(reported, runs))) == [50, 50]
    assert len(shop.live()) == 10


async def test_a_row_ahead_of_a_consumer_that_pauses_can_be_placed_by_another_call() -> None:
    """Whatever the run has begun already: its consumer is what waits for that call."""
    shop, journal = Shop(), Durable()
    others: list[str] = []

    async def consume() -> None:
        async for outcome in bulk(shop, wishes(40), journal, concurrency=4):
            ahead = Wish("lamp", f"w{(int(outcome.key[1:]) + 7) % 40}")
            [other] = (await bulk(shop, [ahead], journal, concurrency=1)).placed
            others.append(other.key)

    await ended(consume())

    assert len(others) == 40
    assert len(shop.live()) == 40


@pytest.mark.parametrize("cancels", [1, 2, 3])
async def test_nobody_waits_for_a_run_that_was_cancelled_more_than_once(cancels: int) -> None:
    """As time limits within each other, or a scope that goes on cancelling, do."""

    class Stuck(Shop):
        is_stuck = True

        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            while self.is_stuck:
                try:
                    await asyncio.sleep(0)
                finally:
                    await asyncio.sleep(0)
            return await super().submit(intent)

    shop, journal = Stuck(), Durable()

    async def first() -> None:
        await bulk(shop, wishes(5), journal, concurrency=2)

    running = asyncio.create_task(first())
    for _ in range(50):
        await asyncio.sleep(0)
    for _ in range(cancels):
        running.cancel()
        await asyncio.sleep(0)
    await asyncio.gather(running, return_exceptions=True)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(journal.entries) == 2  # the two in flight: what was begun with them is put back
    shop.is_stuck = False

    report = await ended(bulk(shop, wishes(5), journal, concurrency=2))

    assert len(report.placed) == len(shop.live()) == 5


async def test_an_order_that_could_not_be_noted_is_looked_up_by_whoever_is_next() -> None:
    """It is in nobody's memory as placed: what the journal has is what counts."""

    class Full(Durable):
        is_full = True

        async def put(self, *entries: Entry) -> None:
            if self.is_full and any(entry.state is State.PLACED for entry in entries):
                raise JournalError("no room")
            await super().put(*entries)

    shop, journal = Shop(), Full()
    turn = journal.turn("w0")
    with pytest.raises(JournalError):
        await ended(bulk(shop, wishes(1), journal))
    journal.is_full = False

    [row] = (await ended(bulk(shop, wishes(1), journal))).placed

    assert row.was_found
    assert journal.entries["w0"].state is State.PLACED
    assert not turn.is_held
