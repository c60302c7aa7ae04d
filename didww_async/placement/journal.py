"""
Where intents are kept, so that no fault loses one.

A journal is a durable map from keys to entries: what `put` returned from is there
after a power cut. `open_journal` makes the embedded one, a SQLite file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, Self

import attrs

from didww_async.placement.intent import Entry, State

__all__ = [
    "Journal",
    "JournalError",
    "MemoryJournal",
    "SqliteJournal",
]

SCHEMA_VERSION = 1
APPLICATION_ID = 0x64696477  # "didw": tells our files from other SQLite files
MOST_GROUPED = 512
OPEN_STATES = (State.WAITING, State.SENT)
# POSIX drops a process's locks on a file as soon as it closes any handle of that file, so a
# second look at a journal that is open here would let other processes in.
_OPEN_HERE: set[tuple[int, int]] = set()
_COLUMNS = [field.name for field in attrs.fields(Entry)]
_SCHEMA = """
CREATE TABLE entry (
    key TEXT PRIMARY KEY, run TEXT NOT NULL, position INTEGER NOT NULL, digest TEXT NOT NULL,
    request TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    began_at REAL NOT NULL, was_found INTEGER NOT NULL, settled INTEGER NOT NULL,
    result TEXT NOT NULL, note TEXT NOT NULL, try_again INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX entry_by_position ON entry (run, position);
CREATE INDEX entry_unsettled ON entry (key) WHERE NOT settled;
"""


class JournalError(Exception):
    """The journal can't be used; the message says why and what to do."""


class Journal(Protocol):
    """Keeps entries by their keys."""

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, or `None`."""
        ...

    async def put(self, entry: Entry) -> None:
        """Keep an entry, in place of what its key had; it is durable when this returns."""
        ...

    async def add(self, entries: Iterable[Entry]) -> None:
        """Keep entries whose keys are new; what is there already stays as it is."""
        ...

    async def page(self, run: str, states: frozenset[State], after: int, limit: int) -> list[Entry]:
        """The first entries of a run behind a position, in order of position."""
        ...

    async def unsettled(self) -> list[str]:
        """The keys of repeated intents that have still to be searched for twins."""
        ...

    async def open_keys(self) -> list[str]:
        """The keys of intents that are neither placed nor refused for good."""
        ...

    def turn(self, key: str) -> asyncio.Lock:
        """The lock that whoever works on a key holds."""
        ...


class _Turns:
    """One lock a key, for as long as somebody holds or awaits it."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def turn(self, key: str) -> asyncio.Lock:
        """The lock of a key."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


class MemoryJournal(_Turns):
    """Keeps entries for as long as the process lives: once-only, but not beyond a crash."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: dict[str, Entry] = {}

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, or `None`."""
        return self._entries.get(key)

    async def put(self, entry: Entry) -> None:
        """Keep an entry, in place of what its key had."""
        self._entries[entry.key] = entry

    async def add(self, entries: Iterable[Entry]) -> None:
        """Keep entries whose keys are new."""
        for entry in entries:
            self._entries.setdefault(entry.key, entry)

    async def page(self, run: str, states: frozenset[State], after: int, limit: int) -> list[Entry]:
        """The first entries of a run behind a position, in order of position."""
        found = [
            entry
            for entry in self._entries.values()
            if entry.run == run and entry.position > after and entry.state in states
        ]
        found.sort(key=lambda entry: entry.position)
        return found[:limit]

    def forget(self, key: str) -> None:
        """Drop what nobody will ask for again, so that a long run does not fill the memory."""
        self._entries.pop(key, None)

    async def unsettled(self) -> list[str]:
        """The keys of repeated intents that have still to be searched for twins."""
        return [entry.key for entry in self._entries.values() if not entry.settled]

    async def open_keys(self) -> list[str]:
        """The keys of intents that are neither placed nor refused for good."""
        entries = sorted(self._entries.values(), key=lambda entry: (entry.run, entry.position))
        return [entry.key for entry in entries if entry.try_again or entry.state in OPEN_STATES]


class SqliteJournal(_Turns):
    """
    A journal in a SQLite file, for one process at a time.

    Entries that are put while a commit is under way share the next one, so the disk is
    synchronised once for all of them. A file that is damaged, of another program or of
    another schema is refused and left as it is.

    Raises:
        JournalError: The file can't be used; the message says what to do.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self.path = Path(path).absolute()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._failure: JournalError | None = None
        if _identity(self.path) in _OPEN_HERE:
            raise JournalError(
                f"the journal {self.path} is open in this process already; share that object"
            )
        self._connection = _open(self.path)
        self._resolved = _identity(self.path)
        _OPEN_HERE.add(self._resolved)
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
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()
            _OPEN_HERE.discard(self._resolved)

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, or `None`."""
        rows = await self._do("SELECT {} FROM entry WHERE key = ?", [(key,)])
        return _entry(rows[0]) if rows else None

    async def put(self, entry: Entry) -> None:
        """Keep an entry, in place of what its key had; it is durable when this returns."""
        await self._do("REPLACE INTO entry ({}) VALUES ({marks})", [_row(entry)])

    async def add(self, entries: Iterable[Entry]) -> None:
        """Keep entries whose keys are new; what is there already stays as it is."""
        await self._do("INSERT OR IGNORE INTO entry ({}) VALUES ({marks})", map(_row, entries))

    async def page(self, run: str, states: frozenset[State], after: int, limit: int) -> list[Entry]:
        """The first entries of a run behind a position, in order of position."""
        among = [state.value for state in states]
        places = ",".join("?" * len(among))
        rows = await self._do(
            f"SELECT {{}} FROM entry WHERE run = ? AND position > ? AND state IN ({places})"  # noqa: S608
            " ORDER BY position LIMIT ?",
            [(run, after, *among, limit)],
        )
        return [_entry(row) for row in rows]

    async def unsettled(self) -> list[str]:
        """The keys of repeated intents that have still to be searched for twins."""
        rows = await self._do("SELECT key FROM entry WHERE NOT settled", [()])
        return [str(row[0]) for row in rows]

    async def open_keys(self) -> list[str]:
        """The keys of intents that are neither placed nor refused for good."""
        among = [state.value for state in OPEN_STATES]
        rows = await self._do(
            "SELECT key FROM entry WHERE state IN (?, ?) OR try_again ORDER BY run, position",
            [tuple(among)],
        )
        return [str(row[0]) for row in rows]

    async def _do(self, sql: str, rows: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
        if not self._thread.is_alive():
            raise self._failure or JournalError(f"the journal {self.path} is closed")
        columns = ", ".join(_COLUMNS)
        marks = ", ".join("?" * len(_COLUMNS))
        loop = asyncio.get_running_loop()
        job = _Job(sql.format(columns, marks=marks), list(rows), loop, loop.create_future())
        self._jobs.put(job)
        return await job.done

    def _work(self) -> None:
        """The writer's thread: whatever is waiting goes into one transaction."""
        stopping = False
        while not stopping:
            jobs = [self._jobs.get()]
            while len(jobs) < MOST_GROUPED and not self._jobs.empty():
                jobs.append(self._jobs.get())
            stopping = None in jobs
            self._commit([job for job in jobs if job is not None])
        self._connection.close()

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            results = [self._execute(job) for job in jobs]
            self._connection.commit()
        except Exception as error:  # noqa: BLE001  # whatever it is, the writer lives on
            self._connection.rollback()
            failure = JournalError(
                f"the journal {self.path} can't be written ({error}); nothing of what was asked "
                "is lost: make room or mend the disk, and run the same again"
            )
            for job in jobs:
                job.finish(failure)
        else:
            for job, result in zip(jobs, results, strict=True):
                job.finish(result)

    def _execute(self, job: _Job) -> list[tuple[object, ...]]:
        if job.sql.startswith("SELECT"):
            return self._connection.execute(job.sql, job.rows[0]).fetchall()
        self._connection.executemany(job.sql, job.rows)
        return []


@attrs.define
class _Job:
    sql: str
    rows: list[tuple[object, ...]]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[list[tuple[object, ...]]]

    def finish(self, result: list[tuple[object, ...]] | Exception) -> None:
        """Tell whoever awaits it, on their event loop."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._settle, result)

    def _settle(self, result: list[tuple[object, ...]] | Exception) -> None:
        if self.done.done():  # cancelled
            return
        if isinstance(result, Exception):
            self.done.set_exception(result)
        else:
            self.done.set_result(result)


def _identity(path: Path) -> tuple[int, int]:
    """What tells a file from others, whatever it is called; nothing if there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return (0, 0)
    return (found.st_dev, found.st_ino)


def _open(path: Path) -> sqlite3.Connection:
    """Open or make the file, take it for this process, and check that it is one of ours."""
    try:
        is_new = not path.exists() or path.stat().st_size == 0
        if not is_new:
            _check_header(path)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=0.2)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise JournalError(
            f"the journal {path} can't be opened ({error}); give a path that can be written"
        ) from None
    try:
        # Held until the connection closes: a second process fails here, at its start.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA synchronous = FULL")
        if is_new:  # straight into the file, not into its log, or it looks like nobody's
            connection.execute("BEGIN EXCLUSIVE")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if not is_new:
            _check_schema(path, connection)
        connection.commit()
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" in str(error):
            raise JournalError(
                f"the journal {path} is in use by another process; wait for its end, or give "
                "this run a journal of its own"
            ) from None
        raise JournalError(f"the journal {path} can't be used ({error})") from None
    except sqlite3.DatabaseError as error:
        connection.close()
        raise JournalError(
            f"the journal {path} is damaged ({error}) and was left as it is; restore it from a "
            "copy, or start a new one with adopt_existing"
        ) from None
    except JournalError:
        connection.close()
        raise
    return connection


def _check_header(path: Path) -> None:
    """Look at the file without SQLite, which would touch what it opens."""
    with path.open("rb") as file:
        header = file.read(100)
    ours = APPLICATION_ID.to_bytes(4, "big")
    if not header.startswith(b"SQLite format 3\0") or header[68:72] != ours:
        raise JournalError(
            f"{path} is no journal and was left as it is; give the path of another file"
        )


def _check_schema(path: Path, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        raise JournalError(
            f"the journal {path} has schema {version}, this release knows {SCHEMA_VERSION}; "
            "finish it with the release that made it, or give another path"
        )
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise sqlite3.DatabaseError(problem)


def _row(entry: Entry) -> tuple[object, ...]:
    return tuple(
        int(value) if isinstance(value, bool) else str(value) if isinstance(value, State) else value
        for value in (getattr(entry, name) for name in _COLUMNS)
    )


def _entry(row: Iterable[object]) -> Entry:
    values = dict(zip(_COLUMNS, row, strict=True))
    try:
        values["state"] = State(str(values["state"]))
    except ValueError:
        raise JournalError(f"an entry of the journal has the state {values['state']!r}") from None
    for flag in ("was_found", "settled", "try_again"):
        values[flag] = bool(values[flag])
    return Entry(**values)  # type: ignore[arg-type]
