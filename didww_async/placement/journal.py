"""
Where intents are kept, so that no fault loses one.

A journal is a durable map from keys to entries: what `put` returned from is there
after a power cut. Beside that it remembers which rows a run had, for its report.
"""

from __future__ import annotations

import asyncio
import sqlite3
import weakref
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import attrs

from didww_async.placement.intent import Entry, State

__all__ = [
    "Admitted",
    "Journal",
    "JournalError",
    "MemoryJournal",
    "NewRow",
    "PassingJournal",
    "Row",
    "Turn",
    "Turns",
    "is_unnamed",
    "named_key",
    "unnamed_key",
]

UNNAMED = "#"
MOST_NAMES_IN_MEMORY = 10_000
OPEN_STATES = frozenset({State.WAITING, State.SENT})


def named_key(name: str) -> str:
    """The key of a row that has a name; never that of one without."""
    return UNNAMED + name if name.startswith(UNNAMED) else name


def unnamed_key(position: int, run: str) -> str:
    """The key of a row that has no name: its place in the run that is called so."""
    return f"{UNNAMED}{position}{f' of {run}' if run else ''}"


def is_unnamed(key: str) -> bool:
    """Whether a key is that of a row without a name."""
    return key.startswith(UNNAMED) and key[1:2] != UNNAMED


class JournalError(Exception):
    """The journal can't be used; the message says why and what to do."""


def elsewhere(journal: str, known: str, place: str) -> JournalError:
    """The error of a journal whose orders went somewhere else."""
    return JournalError(
        f"{journal} has orders of {known or 'nowhere'}, and these go to {place or 'nowhere'}; "
        "what is placed there is not placed here: give another path"
    )


@attrs.define(on_setattr=attrs.setters.frozen)
class Admitted:
    """What a journal has of a row that a run begins."""

    entry: Entry | None
    is_first: bool
    """Whether no row before it in this run has the same key."""
    digest: str = ""
    """Of the request that had the key before, if its entry is forgotten."""


UNKNOWN = Admitted(None, is_first=True)
"""Of a row whose key nobody has had; one for all of them, as there may be many."""
NewRow: TypeAlias = tuple[int, str, str]
"""The position of a row, its key, and the digest of its request."""


@attrs.frozen
class Row:
    """One row of a run, and what became of it."""

    position: int
    key: str
    entry: Entry | None
    reason: str = ""
    """Why its entry is no further, or why there is none."""
    was_refused: bool = False
    """It was refused before its entry was looked at."""


class Turn:
    """The lock that whoever works on a key holds, and what the last one left."""

    # Of the class, as long as they are so: there is one turn for each order.
    is_held = False
    """Whether somebody works on the key."""
    was_left = False
    """Whether somebody was at it since the lock was made: what the journal had is old."""
    entry: Entry | None = None
    """What the last one left; `None` if there is nothing, or its order is placed and not kept."""
    counted_by: tuple[object, ...] = ()
    """The runs in whose sums the money of its order is already."""
    _waiting: deque[asyncio.Future[None]] | None = None

    def show(self, entry: Entry | None) -> None:
        """Let whoever is next see what there is of the key now."""
        self.entry, self.was_left = entry, True

    def take(self) -> bool:
        """Hold it at once; false if somebody else does."""
        if self.is_held:
            return False
        self.is_held = True
        return True

    async def acquire(self) -> None:
        """Hold it as soon as whoever came before has had it."""
        if self.take():
            return
        waiter = asyncio.get_running_loop().create_future()
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(waiter)
        try:
            await waiter
        except BaseException:
            if not waiter.cancel() and not waiter.cancelled():  # it was handed over meanwhile
                self.release()
            raise

    def release(self) -> None:
        """Hand it to whoever waits the longest; nobody can take it in between."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.is_held = False

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()


class Journal(Protocol):
    """Keeps entries by their keys, and the rows of runs."""

    @property
    def keeps_orders(self) -> bool:
        """Whether anybody will ask for the text of an order that was placed."""
        ...

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, or `None`."""
        ...

    async def put(self, *entries: Entry) -> None:
        """
        Keep entries, in place of what their keys had; all are durable when this returns.

        If it fails, none of them is kept. There may be none to keep.
        """
        ...

    async def forget(self, keys: Iterable[str]) -> None:
        """Have no entries for these keys, as if they had never been put; durably, as `put`."""
        ...

    async def add(self, entries: Iterable[Entry]) -> None:
        """Keep entries whose keys are new; what is there already stays as it is."""
        ...

    async def open_keys(self) -> list[str]:
        """
        The keys of intents that have something to be done, eldest first.

        They are neither placed nor refused for good, or not searched for twins yet.
        """
        ...

    async def begin_run(self, place: str = "") -> int:
        """
        The number of a new run, whose orders go to a place.

        Raises:
            JournalError: What the journal has went to another place.
        """
        ...

    async def admit(self, run: int, rows: Sequence[NewRow]) -> list[Admitted]:
        """Note that a run has these rows, and tell what there is of them."""
        ...

    async def tell(self, run: int, rows: Sequence[Row]) -> None:
        """Note why rows of a run are no further."""
        ...

    def rows(self, run: int, after: int, limit: int) -> list[Row]:
        """The first rows of a run behind a position, in order of position."""
        ...

    def turn(self, key: str) -> Turn:
        """The lock of a key, the same one for as long as somebody has it."""
        ...


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of this thread, or `None` if nothing runs on one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Turns:
    """One lock a key, for as long as somebody holds or awaits it."""

    def __init__(self) -> None:
        self._turns: weakref.WeakValueDictionary[str, Turn] = weakref.WeakValueDictionary()
        self._loop: asyncio.AbstractEventLoop | None = None

    def turn(self, key: str) -> Turn:
        """
        The lock of a key.

        Raises:
            JournalError: Somebody on another event loop works with this journal.
        """
        loop = running_loop()
        if loop is not self._loop:
            if self._turns and self._loop is not None and not self._loop.is_closed():
                raise JournalError(
                    "the journal is in use on another event loop of this process; give every "
                    "event loop a journal of its own"
                )
            self._loop = loop
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = Turn()
        return turn


class MemoryJournal(Turns):
    """Keeps entries for as long as the process lives: once-only, but not beyond a crash."""

    keeps_orders = True

    def __init__(self, entries: Mapping[str, Entry] | None = None) -> None:
        super().__init__()
        self._entries = dict(entries or {})
        self._place = ""
        self._runs: list[dict[int, Row]] = []
        self._keys: list[set[str]] = []

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, or `None`."""
        return self._entries.get(key)

    async def put(self, *entries: Entry) -> None:
        """Keep entries, in place of what their keys had."""
        for entry in entries:
            self._entries[entry.key] = entry

    async def forget(self, keys: Iterable[str]) -> None:
        """Have no entries for these keys."""
        for key in keys:
            self._entries.pop(key, None)

    async def add(self, entries: Iterable[Entry]) -> None:
        """Keep entries whose keys are new."""
        for entry in entries:
            self._entries.setdefault(entry.key, entry)

    async def open_keys(self) -> list[str]:
        """The keys of intents that have something to be done, eldest first."""
        return [
            entry.key
            for entry in self._entries.values()
            if entry.try_again or entry.state in OPEN_STATES or not entry.settled
        ]

    async def begin_run(self, place: str = "") -> int:
        """The number of a new run."""
        if self._entries and place != self._place:
            raise elsewhere("this journal", self._place, place)
        self._place = place
        self._runs.append({})
        self._keys.append(set())
        return len(self._runs) - 1

    async def admit(self, run: int, rows: Sequence[NewRow]) -> list[Admitted]:
        """Note that a run has these rows, and tell what there is of them."""
        known, admitted = self._keys[run], list[Admitted]()
        for position, key, _ in rows:
            self._runs[run][position] = Row(position, key, None)
            admitted.append(Admitted(self._entries.get(key), key not in known))
            known.add(key)
        return admitted

    async def tell(self, run: int, rows: Sequence[Row]) -> None:
        """Note why rows of a run are no further."""
        for row in rows:
            self._runs[run][row.position] = attrs.evolve(row, entry=None)

    def rows(self, run: int, after: int, limit: int) -> list[Row]:
        """The first rows of a run behind a position, in order of position."""
        behind = sorted(position for position in self._runs[run] if position > after)
        rows = (self._runs[run][position] for position in behind[:limit])
        return [attrs.evolve(row, entry=self._entries.get(row.key)) for row in rows]


class PassingJournal(Turns):
    """
    Keeps what a run without a journal needs, and forgets what is finished.

    Of a named row its name remains, so that another of the same name is noticed.
    """

    keeps_orders = False

    def __init__(self) -> None:
        super().__init__()
        self._entries: dict[str, Entry] = {}
        self._names = _Names()

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, or `None`."""
        return self._entries.get(key)

    async def put(self, *entries: Entry) -> None:
        """Keep entries that are open."""
        for entry in entries:
            is_over = entry.state is State.PLACED or entry.state is State.REJECTED
            if entry.settled and is_over:
                self._entries.pop(entry.key, None)
            else:
                self._entries[entry.key] = entry

    async def forget(self, keys: Iterable[str]) -> None:
        """Have no entries for these keys."""
        for key in keys:
            self._entries.pop(key, None)

    async def add(self, entries: Iterable[Entry]) -> None:
        """Keep nothing: what was not attempted is not asked for again."""

    async def open_keys(self) -> list[str]:
        """None: there is nothing to resume."""
        return []

    async def begin_run(self, place: str = "") -> int:  # noqa: ARG002
        """The one run."""
        return 0

    async def admit(self, run: int, rows: Sequence[NewRow]) -> list[Admitted]:  # noqa: ARG002
        """Tell what there is of these rows."""
        admitted: list[Admitted] = []
        for _, key, digest in rows:
            known = None if is_unnamed(key) else self._names.add(key, digest)
            entry = self._entries.get(key)
            is_new = entry is None and known is None
            admitted.append(UNKNOWN if is_new else Admitted(entry, known is None, known or ""))
        return admitted

    async def tell(self, run: int, rows: Sequence[Row]) -> None:
        """Keep nothing: the report has it."""

    def rows(self, run: int, after: int, limit: int) -> list[Row]:  # noqa: ARG002
        """None: the report has them."""
        return []

    def close(self) -> None:
        """Forget the names."""
        self._names.close()


class _Names:
    """Names and the digests of what they stand for; beyond many, they are not in memory."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._connection: sqlite3.Connection | None = None

    def add(self, name: str, digest: str) -> str | None:
        """Remember a name; the digest that it had, or `None` if it is new."""
        known = self._first.get(name)
        if known is not None:
            return known
        if len(self._first) < MOST_NAMES_IN_MEMORY:
            self._first[name] = digest
            return None
        if self._connection is None:
            # A database without a name is a file of its own, which goes with the connection.
            self._connection = sqlite3.connect("", isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = OFF")
            self._connection.execute("CREATE TABLE name (name PRIMARY KEY, digest) WITHOUT ROWID")
            self._connection.execute("BEGIN")
        added = self._connection.execute("INSERT OR IGNORE INTO name VALUES (?, ?)", (name, digest))
        if added.rowcount == 1:
            return None
        found = self._connection.execute("SELECT digest FROM name WHERE name = ?", (name,))
        return str(found.fetchone()[0])

    def close(self) -> None:
        """Forget them all."""
        self._first.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
