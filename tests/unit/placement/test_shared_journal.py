"""Several calls, event loops and processes on one journal: none ends what another one began."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import nullcontext
from pathlib import Path

import pytest

from didww_async.placement import Entry, JournalError, SqliteJournal, State
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
)


def wishes(count: int) -> list[Wish]:
    """Named wishes."""
    return [Wish("lamp", f"w{n}") for n in range(count)]


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
