"""What comes in to a bulk run: rows are read a little ahead, and new orders begun together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from didww_async.placement.backlog import Backlog
from didww_async.placement.intent import Entry, State
from didww_async.placement.journal import Journal, JournalError, Turn
from didww_async.placement.placer import Placement, Placer
from didww_async.placement.rows import ChangedRequestError, OpenRows, Rows, Unit

__all__ = ["Intake"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

MOST_READ = 64


class Intake(Generic[RequestT, OrderT]):
    """
    Reads rows, holds their turns, and lets workers have them in its `backlog`.

    A turn is held from before the row is worked on until it is given up. Where it
    `may_begin`, orders that are new are begun: many together, so that they share a commit.
    It takes no more in while there is no room.
    """

    def __init__(
        self,
        journal: Journal,
        placer: Placer[RequestT, OrderT],
        rows: Rows[RequestT, OrderT] | OpenRows[RequestT, OrderT],
        *,
        concurrency: int,
        may_begin: bool,
        has_room: asyncio.Event,
    ) -> None:
        self._journal = journal
        self._placer = placer
        self._stop = placer.stop
        self._rows = rows
        self._concurrency = concurrency
        self._may_begin = may_begin
        self._has_room = has_room
        self._at_once = min(concurrency, MOST_READ) if rows.is_ready else 1
        self._wanted = asyncio.Semaphore(1)
        self._noted: asyncio.Queue[Sequence[Unit[RequestT, OrderT]]] = asyncio.Queue()
        self.backlog: Backlog[Unit[RequestT, OrderT]] = Backlog(self._at_once // 2)
        self._held: dict[int, Unit[RequestT, OrderT]] = {}
        """The units whose turns are held, by the positions of their first rows."""
        self._waiting: set[asyncio.Task[None]] = set()

    async def leave_when_stopped(self) -> None:
        """An input that is awaited may have no end."""
        await self._stop.is_asked.wait()
        self._rows.leave()

    async def read(self) -> Exception | None:
        """
        Read the input a little ahead, so that the journal notes some rows while others are begun.

        Returns the input's own failure, if it had one.
        """
        failed: Exception | None = None
        try:
            while True:
                await self._wanted.acquire()
                units = await self._rows.read(self._at_once)
                if not units:
                    break
                self._noted.put_nowait(units)
        except JournalError as failure:
            self._stop.because(str(failure), failure)
        except Exception as error:  # noqa: BLE001  # raised at the end
            failed = error
        self._noted.put_nowait([])
        return failed

    async def begin(self, workers: asyncio.TaskGroup) -> None:
        """Begin what was read a little ahead of the workers, so that none of them has to wait."""
        while True:
            self._wanted.release()
            units = await self._noted.get()
            if not units:
                break
            await self._has_room.wait()
            await self._take(units, workers)
            await self.backlog.runs_low()
            while len(self._waiting) > self._concurrency:
                await asyncio.wait(self._waiting, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*self._waiting)
        self.backlog.end()

    async def _take(
        self, units: Sequence[Unit[RequestT, OrderT]], workers: asyncio.TaskGroup
    ) -> None:
        """Hold the turns of units, begin those that go straight, and let the workers have them."""
        ready = [unit for unit in units if self._hold(unit, workers)]
        if straight := self._straight(ready):
            for unit, placement in straight:
                self._placer.begin(placement)
                unit.begun = placement
            try:
                await self._journal.put(*[placement.entry for _, placement in straight])
            except Exception:  # noqa: BLE001  # it is told to each of them once more
                for unit, _ in straight:
                    unit.begun = None
        self.backlog.add(ready)

    def _hold(self, unit: Unit[RequestT, OrderT], workers: asyncio.TaskGroup) -> bool:
        """Hold the turn of a unit, if it needs one; false if it waits, and comes later."""
        turn = unit.turn
        assert turn is not None, "a unit is read with its turn"
        if unit.problem is not None:
            return True
        if turn.take():
            self._held[unit.positions[0]] = unit
            return True
        # Not in a worker: all of them may be needed by whoever holds the turns.
        waiting = workers.create_task(self._wait(unit))
        self._waiting.add(waiting)
        waiting.add_done_callback(self._waiting.discard)
        return False

    async def _wait(self, unit: Unit[RequestT, OrderT]) -> None:
        await self.wait_for(unit)
        self.backlog.add([unit])

    async def wait_for(self, unit: Unit[RequestT, OrderT]) -> None:
        """Hold the turn of a unit as soon as nobody else does."""
        assert unit.turn is not None, "a unit is read with its turn"
        await unit.turn.acquire()
        self._held[unit.positions[0]] = unit

    def _straight(
        self, units: Sequence[Unit[RequestT, OrderT]]
    ) -> list[tuple[Unit[RequestT, OrderT], Placement[RequestT, OrderT]]]:
        """Those whose order is new; none of them if one says that all of the input is wrong."""
        straight: list[tuple[Unit[RequestT, OrderT], Placement[RequestT, OrderT]]] = []
        for unit in units if self._may_begin else ():
            try:
                placement = self._opened(unit)
            except ChangedRequestError as error:
                if unit.is_first:
                    self._stop.because(str(error), error)
            except Exception:  # noqa: BLE001, S112  # whoever places it tells of it
                continue
            else:
                if placement is not None:
                    straight.append((unit, placement))
        return [] if self._stop.reason else straight

    def _opened(self, unit: Unit[RequestT, OrderT]) -> Placement[RequestT, OrderT] | None:
        """Where a unit stands, if its order is new and nobody has to look for it first."""
        if unit.problem is not None:
            return None
        known = unit.entry
        if known is not None and not _is_new(known) and not self._rows.corrects(unit):
            return None
        placement = self._rows.placement(unit)
        if not _is_new(placement.entry) or self._placer.looks_first(placement):
            return None
        placement.counts = True
        return placement

    async def put_back(self, units: Sequence[Unit[RequestT, OrderT]]) -> None:
        """Let the journal have what it had before orders were begun, of which none was sent."""
        known = [unit.entry for unit in units]
        await self._journal.put(*[entry for entry in known if entry is not None])
        both = list(zip(units, known, strict=True))
        await self._journal.forget([unit.key for unit, entry in both if entry is None])
        for unit, entry in both:
            if unit.turn is not None:  # whoever is next may have seen what is no more
                unit.turn.show(entry)

    async def put_back_unsent(self) -> None:
        """As `put_back`, for what is begun and not sent when a run is left."""
        unsent = [unit for unit in self._held.values() if unit.begun and not unit.is_sent]
        if unsent:
            with suppress(Exception):  # then they are looked up when the journal is resumed
                await self.put_back(unsent)
                for unit in unsent:
                    unit.begun = None

    def give_up(
        self,
        unit: Unit[RequestT, OrderT],
        placement: Placement[RequestT, OrderT] | None = None,
    ) -> None:
        """Let go of a unit's turn; whoever is next sees what the placement came to."""
        turn = unit.turn
        assert turn is not None, "a unit is read with its turn"
        if placement is not None:
            self.show(turn, placement.entry)
        turn.release()
        del self._held[unit.positions[0]]

    def show(self, turn: Turn, entry: Entry) -> None:
        """Show an entry to whoever is next, unless the order that it stands for is not kept."""
        is_kept = self._journal.keeps_orders or entry.state is not State.PLACED or entry.result
        turn.show(entry if is_kept else None)

    def let_go(self) -> None:
        """Give up every turn: nobody is to wait for one of a run that is over."""
        for unit in list(self._held.values()):
            self.give_up(unit, unit.begun)


def _is_new(entry: Entry) -> bool:
    """Whether nothing was sent for it, ever."""
    return entry.state is State.WAITING and not entry.attempts and entry.settled
