"""
The embedded journal: one SQLite file, for one process at a time.

Its log is synchronised with every commit (`WAL`, `synchronous = FULL`), so what a
commit holds is there after a power cut. Whatever is put while a commit is under way
shares the next one, so the disk is synchronised once for all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Self, TypeAlias, TypeVar, cast

import attrs

from didww_async.placement.intent import Entry, State
from didww_async.placement.journal import (
    UNKNOWN,
    Admitted,
    JournalError,
    NewRow,
    Row,
    Turns,
    elsewhere,
)
from didww_async.placement.journal_file import identity, note_closed, open_file

__all__ = ["SqliteJournal", "open_journal"]

ResultT = TypeVar("ResultT")
Work: TypeAlias = Callable[[sqlite3.Connection], ResultT]

MOST_GROUPED = 512
MOST_TOGETHER = 64
"""Rows a statement; SQLite takes 999 values in one wherever it was built."""
# POSIX drops a process's locks on a file as soon as it closes any handle of that file, so a
# second look at a journal that is open here would let other processes in.
_OPEN_HERE: dict[tuple[int, int], SqliteJournal] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_OPEN_HERE.clear)
_PROCESS = uuid.uuid4().hex
_COLUMNS = Entry._fields
_NAMES = ", ".join(_COLUMNS)
_INSERT = f"INSERT INTO entry ({_NAMES}) VALUES "  # noqa: S608
_OVER = " ON CONFLICT (key) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _COLUMNS[1:]
)
_UNLESS_THERE = " ON CONFLICT (key) DO NOTHING"
_GET = f"SELECT {_NAMES} FROM entry WHERE key = ?"  # noqa: S608
_GET_MANY = f"SELECT {_NAMES} FROM entry WHERE key IN "  # noqa: S608
_HAVE_ROWS = "SELECT key FROM run_row WHERE run = ? AND key IN "
_ADD_ROWS = "INSERT OR REPLACE INTO run_row (run, position, key) VALUES "
_TELL = "UPDATE run_row SET reason = ?, was_refused = ? WHERE run = ? AND position = ?"
_ROWS = (
    "SELECT position, run_row.key, reason, was_refused, "  # noqa: S608
    + ", ".join(f"entry.{name}" for name in _COLUMNS)
    + " FROM run_row LEFT JOIN entry ON entry.key = run_row.key"
    " WHERE run = ? AND position > ? ORDER BY position LIMIT ?"
)


class SqliteJournal(Turns):
    """
    A journal in a SQLite file, for one process at a time.

    A file that is damaged, of another program or of another schema is refused and left
    as it is.

    Raises:
        JournalError: The file can't be used; the message says what to do.
    """

    keeps_orders = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self.path = Path(path).absolute()
        self.users = 0
        """How many have it by its path; see `open_journal`."""
        self._jobs: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self.is_closed = False
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        if identity(self.path) in _OPEN_HERE:
            raise JournalError(
                f"the journal {self.path} is open in this process already; share that object"
            )
        self._process = os.getpid()
        self._connection = open_file(self.path)
        self._resolved = identity(self.path)
        _OPEN_HERE[self._resolved] = self
        self._thread = threading.Thread(
            target=self._work, name=f"journal {self.path.name}", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is outstanding and close the file; may be called again."""
        if not self.is_closed:
            self.is_closed = True
            for loop in list(self._gathered):
                self._hand_over(loop)
            self._jobs.put(None)
            self._thread.join()
            _OPEN_HERE.pop(self._resolved, None)
            note_closed(self.path)

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, or `None`."""
        row = await self._do(lambda db: db.execute(_GET, (key,)).fetchone())
        return None if row is None else _entry(row)

    async def put(self, *entries: Entry) -> None:
        """Keep entries, in place of what their keys had; they are durable when this returns."""
        loop = asyncio.get_running_loop()
        job = _Job(None, loop.create_future(), loop, entries)
        self._ask(job)
        await cast("asyncio.Future[object]", job.answer)

    async def add(self, entries: Iterable[Entry]) -> None:
        """Keep entries whose keys are new; what is there already stays as it is."""
        rows = list(entries)
        await self._do(lambda db: _insert(db, _INSERT, rows, _UNLESS_THERE))

    async def open_keys(self) -> list[str]:
        """The keys of intents that have something to be done, eldest first."""
        query = (
            "SELECT key FROM entry WHERE state IN (?, ?) OR try_again OR NOT settled ORDER BY rowid"
        )
        among = (State.WAITING.value, State.SENT.value)
        return [row[0] for row in await self._do(lambda db: db.execute(query, among).fetchall())]

    async def begin_run(self, place: str = "") -> int:
        """
        The number of a new run; the rows of those of other processes are forgotten.

        Raises:
            JournalError: What the journal has went to another place.
        """

        def begin(db: sqlite3.Connection) -> int | str:
            db.execute("INSERT INTO place SELECT ? WHERE NOT EXISTS (SELECT 1 FROM place)", [place])
            (known,) = db.execute("SELECT name FROM place").fetchone()
            if known != place:
                return str(known)
            theirs = "SELECT number FROM run WHERE process <> ?"
            db.execute(f"DELETE FROM run_row WHERE run IN ({theirs})", (_PROCESS,))  # noqa: S608
            db.execute("DELETE FROM run WHERE process <> ?", (_PROCESS,))
            (last,) = db.execute("SELECT coalesce(max(number), 0) FROM run").fetchone()
            db.execute("INSERT INTO run VALUES (?, ?)", (last + 1, _PROCESS))
            return cast("int", last) + 1

        begun = await self._do(begin)
        if isinstance(begun, str):
            raise elsewhere(f"the journal {self.path}", begun, place)
        return begun

    async def admit(self, run: int, rows: Sequence[NewRow]) -> list[Admitted]:
        """Note that a run has these rows, and tell what there is of them."""
        keys = {key for _, key, _ in rows}

        def admit(db: sqlite3.Connection) -> tuple[list[Any], list[Any]]:
            found = _among(db, _GET_MANY, (), keys)
            seen = _among(db, _HAVE_ROWS, (run,), keys)
            _insert(db, _ADD_ROWS, [(run, position, key) for position, key, _ in rows])
            return found, seen

        found, seen = await self._do(admit)
        entries = {row[0]: _entry(row) for row in found}
        known = {row[0] for row in seen}
        admitted: list[Admitted] = []
        for _, key, _ in rows:
            entry, is_first = entries.get(key), key not in known
            is_new = entry is None and is_first
            admitted.append(UNKNOWN if is_new else Admitted(entry, is_first))
            known.add(key)
        return admitted

    async def tell(self, run: int, rows: Sequence[Row]) -> None:
        """Note why rows of a run are no further."""
        told = [(row.reason, row.was_refused, run, row.position) for row in rows]

        def tell(db: sqlite3.Connection) -> None:  # a cursor let out would keep the file locked
            db.executemany(_TELL, told)

        await self._do(tell)

    def rows(self, run: int, after: int, limit: int) -> list[Row]:
        """The first rows of a run behind a position, in order of position; waits for them."""
        answer: Future[list[Any]] = Future()
        self._ask(_Job(lambda db: db.execute(_ROWS, (run, after, limit)).fetchall(), answer))
        return [
            Row(position, key, None if entry[0] is None else _entry(entry), reason, bool(refused))
            for position, key, reason, refused, *entry in answer.result()
        ]

    async def _do(self, work: Work[ResultT]) -> ResultT:
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future(), loop)
        self._ask(job)
        return cast("ResultT", await cast("asyncio.Future[object]", job.answer))

    def _ask(self, job: _Job) -> None:
        if self.is_closed:
            raise JournalError(f"the journal {self.path} is closed")
        if os.getpid() != self._process:
            raise JournalError(
                f"the journal {self.path} was opened before this process was forked; open it here"
            )
        if job.loop is None:
            self._jobs.put([job])
        elif (gathered := self._gathered.get(job.loop)) is not None:
            gathered.append(job)
        else:
            # What is asked for in one turn of the event loop wakes the writer once.
            self._gathered[job.loop] = [job]
            job.loop.call_soon(self._hand_over, job.loop)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs = self._gathered.pop(loop, None)
        if jobs:
            self._jobs.put(jobs)

    def _work(self) -> None:
        """The writer's thread: whatever is waiting goes into one transaction."""
        stopping = False
        while not stopping:
            jobs: list[_Job] = []
            while not jobs or (len(jobs) < MOST_GROUPED and not self._jobs.empty()):
                handed = self._jobs.get()
                if handed is None:
                    stopping = True
                    break
                jobs += handed
            self._commit(jobs)
        self._connection.close()

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            puts: list[tuple[object, ...]] = []
            for job in jobs:
                if job.work is None:
                    puts += job.entries
                    continue
                _insert(self._connection, _INSERT, puts, _OVER)
                puts.clear()
                job.result = job.work(self._connection)
            _insert(self._connection, _INSERT, puts, _OVER)
            self._connection.commit()
        except Exception as error:  # noqa: BLE001  # whatever it is, the writer lives on
            with contextlib.suppress(sqlite3.Error):
                self._connection.rollback()
            failure = JournalError(
                f"the journal {self.path} can't be written ({error}); nothing of what was asked "
                "is lost: make room or mend the disk, and run the same again"
            )
            for job in jobs:
                job.result = failure
        _answer(jobs)


@attrs.define
class _Job:
    work: Work[Any] | None
    """`None` if it is to put entries: those of one commit are written together."""
    answer: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None = None
    """The event loop of whoever awaits the answer; `None` if a thread waits for it."""
    entries: Sequence[Entry] = ()
    result: Any = None

    def settle(self) -> None:
        """Hand the result over, unless whoever asked was cancelled."""
        if self.answer.done():
            return
        if isinstance(self.result, JournalError):
            self.answer.set_exception(self.result)
        else:
            self.answer.set_result(self.result)


def _chunks(values: Sequence[ResultT]) -> Iterator[Sequence[ResultT]]:
    """Parts of few different lengths, so that few statements are prepared for all of them."""
    begin = 0
    while left := len(values) - begin:
        length = min(MOST_TOGETHER, 1 << left.bit_length() - 1)
        yield values[begin : begin + length]
        begin += length


def _insert(
    db: sqlite3.Connection, head: str, rows: Sequence[tuple[object, ...]], tail: str = ""
) -> None:
    """
    Insert rows with a statement for many of them.

    SQLite works on a statement while Python goes on; a statement each would have the writer
    and the event loop hand the interpreter to and fro for every row.
    """
    for chunk in _chunks(rows):
        marks = f"({', '.join('?' * len(chunk[0]))})"
        sql = f"{head}{', '.join([marks] * len(chunk))}{tail}"
        db.execute(sql, list(chain.from_iterable(chunk)))


def _among(
    db: sqlite3.Connection, head: str, given: tuple[object, ...], keys: Iterable[str]
) -> list[Any]:
    """The rows of a query whose key is one of these."""
    found: list[Any] = []
    for chunk in _chunks(list(keys)):
        found += db.execute(f"{head}({', '.join('?' * len(chunk))})", (*given, *chunk)).fetchall()
    return found


def _answer(jobs: Iterable[_Job]) -> None:
    """Tell whoever waits, those of an event loop all at once: waking it up costs the most."""
    waiting: dict[asyncio.AbstractEventLoop, list[_Job]] = defaultdict(list)
    for job in jobs:
        if job.loop is None:
            job.settle()
        else:
            waiting[job.loop].append(job)
    for loop, theirs in waiting.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle_all, theirs)


def _settle_all(jobs: Iterable[_Job]) -> None:
    for job in jobs:
        job.settle()


@contextmanager
def open_journal(
    path: str | os.PathLike[str], *, must_exist: bool = False
) -> Generator[SqliteJournal]:
    """
    The journal at a path: the one that is open here already, or else one for as long as needed.

    Raises:
        JournalError: The file can't be used, or is not there though it `must_exist`.
    """
    if must_exist and not Path(path).exists():
        raise JournalError(f"there is no journal {Path(path).absolute()}; nothing was sent")
    journal = _OPEN_HERE.get(identity(Path(path).absolute()))
    if journal is None:
        journal = SqliteJournal(path)
    elif not journal.users:  # somebody opened it by hand, and will close it
        yield journal
        return
    journal.users += 1
    try:
        yield journal
    finally:
        journal.users -= 1
        if not journal.users:
            journal.close()


def _entry(row: Sequence[Any]) -> Entry:
    key, digest, request, rows, adopts, state, attempts, began_at, *rest = row
    was_found, settled, result, note, try_again = rest
    try:
        known = State(state)
    except ValueError:
        raise JournalError(f"an entry of the journal has the state {state!r}") from None
    return Entry(
        key=key,
        digest=digest,
        request=request,
        rows=rows,
        adopts=bool(adopts),
        state=known,
        attempts=attempts,
        began_at=began_at,
        was_found=bool(was_found),
        settled=bool(settled),
        result=result,
        note=note,
        try_again=bool(try_again),
    )
