"""The file of the embedded journal: made, taken for one process, and checked before it is used."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from didww_async.placement.journal import JournalError

__all__ = ["identity", "note_closed", "open_file"]

SCHEMA_VERSION = 2
APPLICATION_ID = 0x64696477  # tells our files from other SQLite files
_FORMAT = (4).to_bytes(4, "big")
_UTF8 = (1).to_bytes(4, "big")
_SOUND: dict[tuple[int, int], tuple[int, int]] = {}
"""How journals were when they were closed here, so that they need no second look."""
_SCHEMA = """
CREATE TABLE entry (
    key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, request TEXT NOT NULL, rows INTEGER NOT NULL,
    adopts INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    began_at REAL NOT NULL, was_found INTEGER NOT NULL, settled INTEGER NOT NULL,
    result TEXT NOT NULL, note TEXT NOT NULL, try_again INTEGER NOT NULL
);
CREATE TABLE place (name TEXT NOT NULL);
CREATE TABLE run (number INTEGER PRIMARY KEY, process TEXT NOT NULL);
CREATE TABLE run_row (
    run INTEGER NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', was_refused INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE INDEX run_row_by_key ON run_row (run, key);
"""


def identity(path: Path) -> tuple[int, int]:
    """What tells a file from others, whatever it is called; nothing if there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return (0, 0)
    return (found.st_dev, found.st_ino)


def note_closed(path: Path) -> None:
    """Remember how a file was that is closed, so that it needs no search for damage again."""
    _SOUND[identity(path)] = _version(path)


def _version(path: Path) -> tuple[int, int]:
    """What changes with the file's content: when it was written, and its size."""
    try:
        found = path.stat()
    except OSError:
        return (0, -1)
    return (found.st_mtime_ns, found.st_size)


def open_file(path: Path) -> sqlite3.Connection:
    """Open or make the file, take it for this process, and check that it is one of ours."""
    try:
        # Orders may tell of people, so a new file is for its owner alone.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        is_new = path.stat().st_size == 0
        if not is_new:
            _check_header(path)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=0.2)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise JournalError(
            f"the journal {path} can't be opened ({error}); give a path that can be written"
        ) from None
    try:
        _take(path, connection, is_new=is_new)
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


def _take(path: Path, connection: sqlite3.Connection, *, is_new: bool) -> None:
    """Take the file for this connection; make its tables, or check those it has."""
    if not is_new:
        _check_what_was_left(path)
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


def _check_header(path: Path) -> None:
    """Look at the file without SQLite, which would touch what it opens."""
    with path.open("rb") as file:
        header = file.read(100)
    ours = APPLICATION_ID.to_bytes(4, "big")
    if not header.startswith(b"SQLite format 3\0") or header[68:72] != ours:
        raise JournalError(
            f"{path} is no journal and was left as it is; give the path of another file"
        )
    if header[44:48] != _FORMAT or header[56:60] != _UTF8:  # SQLite would not mind
        raise JournalError(
            f"the journal {path} is damaged (its header) and was left as it is; restore it from a "
            "copy, or start a new one with adopt_existing"
        )


def _check_what_was_left(path: Path) -> None:
    """
    Look at a file whose process was killed through a connection that can't write.

    One that can would move the log into the file when it closes, and a damaged journal may
    have to be mended from the two as they are.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0.2)) as reader:
            _check_schema(path, reader)


def _check_schema(path: Path, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        raise JournalError(
            f"the journal {path} has schema {version}, this release knows {SCHEMA_VERSION}; "
            "finish it with the release that made it, or give another path"
        )
    if _SOUND.get(identity(path)) == _version(path):
        return
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise sqlite3.DatabaseError(problem)
