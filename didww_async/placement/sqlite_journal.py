"""
The embedded journal: one SQLite file, for one process at a time.

Its log is synchronised with every commit (`WAL`, `synchronous = FULL`), so what a
commit holds is there after a power cut. Whatever is put while a commit is under way
shares the next one, so the disk is synchronised once for all of it.

Statements are carried out where they are asked for, and a thread does what may take its
time, such as the commits. A thread that comes back from SQLite waits until a busy event
loop lets go of the interpreter, for 5 ms at most (`sys.getswitchinterval`): once a
commit is little, once a statement would be the bottleneck.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
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
    running_loop,
)
from didww_async.placement.journal_file import identity, note_closed, open_file

__all__ = ["SqliteJournal", "open_journal"]

ResultT = TypeVar("ResultT")
Work: TypeAlias = Callable[[sqlite3.Connection], ResultT]

MOST_GROUPED = 512
"""Jobs a commit: an event loop has other things to do, too."""
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
_FORGET = "DELETE FROM entry WHERE key IN "
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
        self.is_closed = False
        self._asked: deque[_Job] = deque()
        """What is not begun yet, of all event loops, in the order in which it was asked for."""
        self._coming: set[asyncio.AbstractEventLoop] = set()
        """The event loops that will carry it out in their next turn."""
        self._using = threading.Lock()
        """Held by whoever uses the connection; by the thread from what it commits to its end."""
        self._commits: queue.SimpleQueue[_Commit | None] = queue.SimpleQueue()
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
        if self.is_closed:
            return
        self.is_closed = True
        if os.getpid() != self._process:  # nothing of it is this process's to close
            return
        with self._using:  # no commit is under way
            jobs = list(self._asked)
            self._asked.clear()
            self._finish(jobs, jobs)
        self._tell(jobs)
        self._commits.put(None)
        self._thread.join()
        self._connection.close()
        _OPEN_HERE.pop(self._resolved, None)
        note_closed(self.path)

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, or `None`."""
        row = await self._do(lambda db: db.execute(_GET, (key,)).fetchone())
        return None if row is None else _entry(row)

    async def put(self, *entries: Entry) -> None:
        """Keep entries, in place of what their keys had; they are durable when this returns."""
        await self._do(lambda db: _insert(db, _INSERT, entries, _OVER))

    async def forget(self, keys: Iterable[str]) -> None:
        """Have no entries for these keys."""
        gone = list(keys)

        def forget(db: sqlite3.Connection) -> None:
            for chunk in _chunks(gone):
                db.execute(f"{_FORGET}({', '.join('?' * len(chunk))})", chunk)

        await self._do(forget)

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
        found = await self._do(lambda db: db.execute(query, among).fetchall(), takes_long=True)
        return [row[0] for row in found]

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

        begun = await self._do(begin, takes_long=True)
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
        self._check()
        try:
            with self._using:
                found = self._connection.execute(_ROWS, (run, after, limit)).fetchall()
        except sqlite3.Error as error:
            raise self._failure(error) from None
        finally:
            self._tell(())
        return [
            Row(position, key, None if entry[0] is None else _entry(entry), reason, bool(refused))
            for position, key, reason, refused, *entry in found
        ]

    async def _do(self, work: Work[ResultT], *, takes_long: bool = False) -> ResultT:
        self._check()
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future(), takes_long)
        self._asked.append(job)
        self._come(loop)
        return cast("ResultT", await job.answer)

    def _come(self, loop: asyncio.AbstractEventLoop) -> None:
        """Carry out in this event loop's next turn what is asked for in this one, all together."""
        if loop not in self._coming:
            loop.call_soon(self._carry_out, loop)  # first: an interruption must not come between
            self._coming.add(loop)

    def _check(self) -> None:
        if self.is_closed:
            raise JournalError(f"the journal {self.path} is closed")
        if os.getpid() != self._process:
            raise JournalError(
                f"the journal {self.path} was opened before this process was forked; open it here"
            )

    def _carry_out(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do what was asked for, on whatever event loop, unless a commit is under way."""
        self._coming.discard(loop)
        if not self._asked or not self._using.acquire(blocking=False):
            return  # whoever uses the connection has somebody come back in the end
        jobs: list[_Job] = []
        is_handed_over = False
        try:
            quick = self._next_jobs(jobs)
            left = jobs[len(quick) :]
            if self._try(jobs, quick) and (left or self._connection.in_transaction):
                is_handed_over = True
                self._commits.put(_Commit(jobs, left))
        finally:  # also if Ctrl-C comes in between
            if not is_handed_over:
                self._using.release()
                self._tell(jobs)

    def _next_jobs(self, jobs: list[_Job]) -> Sequence[_Job]:
        """Fill a list with what goes into the next commit; what of it is done at once."""
        while self._asked and len(jobs) < MOST_GROUPED:
            jobs.append(self._asked.popleft())
            if jobs[-1].takes_long:
                return jobs[:-1]
        return jobs

    def _try(self, jobs: Sequence[_Job], begun: Sequence[_Job]) -> bool:
        """Do what is begun of some jobs; if any of it fails, none of the jobs is done."""
        try:
            for job in begun:
                job.result = job.work(self._connection)
        except BaseException as error:
            self._give_up(jobs, error)
            if not isinstance(error, Exception):
                raise
            return False  # whatever it is, the journal lives on
        return True

    def _finish(self, jobs: Sequence[_Job], left: Sequence[_Job]) -> None:
        """Do what is left of some jobs, and commit them all."""
        if self._try(jobs, left):
            try:
                self._connection.commit()
            except sqlite3.Error as error:
                self._give_up(jobs, error)

    def _give_up(self, jobs: Sequence[_Job], error: BaseException) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.rollback()
        failure = self._failure(error)
        for job in jobs:
            job.result = failure

    def _failure(self, error: BaseException) -> JournalError:
        return JournalError(
            f"the journal {self.path} can't be written ({error}); nothing of what was asked "
            "is lost: make room or mend the disk, and run the same again"
        )

    def _work(self) -> None:
        """The thread's: do what takes long, and commit."""
        while (commit := self._commits.get()) is not None:
            self._finish(commit.jobs, commit.left)
            self._using.release()
            self._tell(commit.jobs)
            del commit  # what it holds, such as an error's traceback, may wait long for the next

    def _tell(self, jobs: Sequence[_Job]) -> None:
        """Hand results over, and have those come back who asked for something meanwhile."""
        here = running_loop()
        waiting = tuple(self._asked)  # at once: other threads add to it
        done: dict[asyncio.AbstractEventLoop, list[_Job]] = {job.loop: [] for job in waiting}
        for job in jobs:
            done.setdefault(job.loop, []).append(job)
        for loop, theirs in done.items():
            if loop is here:
                self._told(loop, theirs)
                continue
            try:
                loop.call_soon_threadsafe(self._told, loop, theirs)
            except RuntimeError:  # it is closed: nobody waits any more
                self._coming.discard(loop)

    def _told(self, loop: asyncio.AbstractEventLoop, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            job.settle()
        self._come(loop)


@attrs.define
class _Job:
    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    takes_long: bool
    """Whether it is done by the thread, and not by an event loop."""
    result: Any = None

    def settle(self) -> None:
        """Hand the result over, unless whoever asked was cancelled."""
        if self.answer.done():
            return
        if isinstance(self.result, JournalError):
            self.answer.set_exception(self.result)
        else:
            self.answer.set_result(self.result)


@attrs.frozen
class _Commit:
    jobs: Sequence[_Job]
    left: Sequence[_Job]
    """Which of them are to be done before."""


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

    A statement for each row would take twice as long.
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
