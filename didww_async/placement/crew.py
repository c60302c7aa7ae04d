"""The workers of one bulk run: they take rows from the input and hand over outcomes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

import attrs

from didww_async.placement.budget import NOTHING, Budget
from didww_async.placement.intent import Entry, NotAttempted, Outcome, Placed, Rejected, State
from didww_async.placement.journal import Journal, JournalError, Row, Turn
from didww_async.placement.placer import Placement, Placer, outcome_of, storable, unreadable
from didww_async.placement.provider import Provider
from didww_async.placement.rows import ChangedRequestError, OpenRows, Rows, Unit

__all__ = ["Crew"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

MOST_READ = 64
Told: TypeAlias = tuple[Outcome[OrderT], Decimal]
"""An outcome, and what it adds to the money spent."""
_Repeated: TypeAlias = tuple[Unit[RequestT], Placement[RequestT, OrderT]]


class Crew(Generic[RequestT, OrderT]):
    """Places the rows of one run, several at a time, and looks for twins at its end."""

    def __init__(
        self,
        provider: Provider[RequestT, OrderT],
        journal: Journal,
        placer: Placer[RequestT, OrderT],
        rows: Rows[RequestT, OrderT] | OpenRows[RequestT, OrderT],
        *,
        run: int,
        concurrency: int,
        budget: Decimal | None,
        dry_run: bool,
        stop_on: Callable[[Outcome[OrderT]], bool] | None,
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._placer = placer
        self._stop = placer.stop
        self._rows = rows
        self._run = run
        self._concurrency = concurrency
        self._budget = Budget(provider, budget)
        self._dry_run = dry_run
        self._stop_on = stop_on
        self._read: asyncio.Queue[Unit[RequestT] | None] = asyncio.Queue()
        self._at_once = min(concurrency, MOST_READ) if rows.is_ready else 1
        self._few = self._at_once // 2
        self._runs_low = asyncio.Event()
        self._split_off: deque[Unit[RequestT]] = deque()
        # Bounded, so that no more is begun until the consumer has taken what is ready.
        self._ready: asyncio.Queue[list[Told[OrderT]]] = asyncio.Queue(concurrency)
        self._repeated: dict[str, list[_Repeated[RequestT, OrderT]]] = {}
        self._count: Callable[[], int] = int

    @property
    def requests(self) -> int:
        """How many requests all of it took so far."""
        return self._count()

    async def outcomes(self) -> AsyncGenerator[Told[OrderT], None]:
        """The outcome of each row and the money that it adds; not in the order of the rows."""
        work = asyncio.create_task(self._work())
        work.add_done_callback(self._wake)
        try:
            while not (work.done() and self._ready.empty()):
                for told in await self._ready.get():
                    yield told
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await self._rows.close()

    def _wake(self, _: object) -> None:
        """Wake a consumer that waits though the work is done; one with outcomes left does not."""
        if not self._ready.full():
            self._ready.put_nowait([])

    async def _work(self) -> None:
        self._count = self._provider.count_requests()
        async with asyncio.TaskGroup() as workers:
            leaving = workers.create_task(self._leave_when_stopped())
            reading = workers.create_task(self._reader())
            reading.add_done_callback(lambda _: leaving.cancel())
            for _ in range(self._concurrency):
                workers.create_task(self._worker())
        if (failure := reading.result()) is not None:  # what came before it is placed by now
            self._stop.because(f"the input failed: {failure}", failure)
        # Whatever was repeated, now or by an earlier run that did not come this far.
        while self._repeated:
            await self._placer.wait_for_twins()
            repeated, self._repeated = self._repeated, {}
            left = iter(repeated.items())
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(self._concurrency, len(repeated))):
                    workers.create_task(self._settler(left))

    async def _worker(self) -> None:
        while (unit := await self._next()) is not None:
            try:
                told = await self._place(unit)
            except JournalError as failure:
                self._stop.because(str(failure), failure)
                continue
            if told is not None:
                await self._hand_over(told)

    async def _hand_over(self, told: list[Told[OrderT]]) -> None:
        """Give outcomes to the consumer; whether they end the run is asked before the next one."""
        if self._stop_on is not None:
            try:
                for outcome, _ in told:
                    if self._stop_on(outcome):
                        self._stop.because("stop_on asked for it")
            except Exception as failure:  # noqa: BLE001  # the caller's own; raised at the end
                self._stop.because(f"stop_on failed: {failure}", failure)
        await self._ready.put(told)

    async def _next(self) -> Unit[RequestT] | None:
        if self._split_off:
            return self._split_off.popleft()
        unit = await self._read.get()
        if self._read.qsize() <= self._few:
            self._runs_low.set()
        return unit

    async def _leave_when_stopped(self) -> None:
        """An input that is awaited may have no end."""
        await self._stop.is_asked.wait()
        self._rows.leave()

    async def _reader(self) -> Exception | None:
        """
        Read the input a little ahead of the workers, so that none of them has to wait.

        Returns the input's own failure, if it had one.
        """
        failed: Exception | None = None
        try:
            while units := await self._rows.read(self._at_once):
                for unit in units:
                    self._read.put_nowait(unit)
                while self._read.qsize() > self._few:
                    self._runs_low.clear()
                    await self._runs_low.wait()
        except JournalError as failure:
            self._stop.because(str(failure), failure)
        except Exception as error:  # noqa: BLE001  # raised at the end
            failed = error
        for _ in range(self._concurrency):
            self._read.put_nowait(None)
        return failed

    async def _place(self, unit: Unit[RequestT]) -> list[Told[OrderT]] | None:
        """What became of the rows of a unit; `None` if that is told later."""
        if unit.problem is not None:
            return await self._refused(unit, unit.problem)
        turn = unit.turn
        assert turn is not None, "a unit is read with its turn"
        await turn.acquire()
        try:
            placement = self._placement(unit)
            if isinstance(placement, Exception):
                return await self._refused(unit, placement)
            if self._dry_run:
                return await self._tried(unit, placement)
            try:
                await self._attempt(unit, placement)
            except JournalError:
                raise
            except Exception as error:  # noqa: BLE001  # its entry tells how far it is
                placement.error = error
            finally:
                self._leave(turn, placement.entry)
            if not placement.entry.settled:  # told when it is certain that there is no second order
                self._repeated.setdefault(unit.key, []).append((unit, placement))
                return None
        finally:
            turn.release()
        if self._splits(unit, placement.entry):
            await self._split(unit)
            return None
        return await self._tell(unit, placement)

    def _placement(self, unit: Unit[RequestT]) -> Placement[RequestT, OrderT] | Exception:
        """Where a unit stands, or what is wrong with it; one bad row never stops the others."""
        try:
            return self._rows.placement(unit)
        except ChangedRequestError as error:
            if unit.is_first:  # the wrong file, or the wrong journal
                raise
            return error
        except Exception as error:  # noqa: BLE001  # see above
            return error

    def _leave(self, turn: Turn, entry: Entry) -> None:
        """Show an entry to whoever is next, unless the order that it stands for is not kept."""
        is_kept = self._journal.keeps_orders or entry.state is not State.PLACED or entry.result
        turn.entry = entry if is_kept else None
        turn.was_left = True

    async def _attempt(self, unit: Unit[RequestT], placement: Placement[RequestT, OrderT]) -> None:
        """Place an intent, if the run may still spend what it costs."""
        entry, quoted = placement.entry, None
        if entry.state is State.PLACED:
            with suppress(Exception):  # it is told with its outcome
                placement.order = self._provider.load_order(entry.result)
        elif entry.state is not State.REJECTED or entry.try_again:
            quoted = await self._affordable(placement)
            is_spent = self._budget.is_spent or placement.error is not None
            looks = entry.state is State.SENT and is_spent
            if quoted is not None or looks:
                await self._try(placement, quoted)
            elif self._stop.failure is None:  # what is refused as a whole is not to be resumed
                await self._note(placement)
        was_begun = placement.entry.attempts > entry.attempts
        is_new = entry.state is not State.PLACED and (was_begun or not placement.follows)
        placement.counts = unit.is_first or is_new
        is_bound = self._budget.most is not None
        if is_bound and placement.order is not None and self._counts(unit, placement):
            await self._budget.spend(placement.order, placement.request, quoted)

    async def _note(self, placement: Placement[RequestT, OrderT]) -> None:
        """Let an intent that is not attempted be there when the journal is resumed."""
        if placement.corrects:
            await self._journal.put(placement.entry)
        else:
            await self._journal.add([placement.entry])

    def _counts(self, unit: Unit[RequestT], placement: Placement[RequestT, OrderT]) -> bool:
        """Whether the money of the order counts with this row; with one of its name it does."""
        turn = unit.turn
        assert turn is not None, "a unit is read with its turn"
        if placement.counts and not placement.is_counted and not turn.is_counted:
            placement.is_counted = turn.is_counted = True
        return placement.is_counted

    async def _try(self, placement: Placement[RequestT, OrderT], quoted: Decimal | None) -> None:
        """Place an intent while its money is held, and hold on to it if the order may exist."""
        held = self._budget.hold(quoted) if quoted else NOTHING
        try:
            await self._placer.place(placement, may_submit=quoted is not None)
        except JournalError:
            raise
        except Exception as failure:  # noqa: BLE001  # one bad row never stops the others
            placement.error = failure
        finally:
            if held and placement.entry.state is not State.SENT:
                self._budget.release(held)

    async def _affordable(self, placement: Placement[RequestT, OrderT]) -> Decimal | None:
        """What an intent is quoted at; `None` if it is not to be ordered."""
        if self._stop.reason:
            return None
        if self._budget.most is None:
            return NOTHING
        try:
            quoted = await self._budget.quote(placement.request)
        except Exception as failure:  # noqa: BLE001  # one bad row never stops the others
            placement.error = failure
            return None
        if self._budget.is_spent:
            self._stop.because(f"the budget of {self._budget.most} is spent")
        return None if self._stop.reason else quoted

    async def _tried(
        self, unit: Unit[RequestT], placement: Placement[RequestT, OrderT]
    ) -> list[Told[OrderT]]:
        """What a dry run says."""
        try:
            told = await self._foretold(unit, placement)
        except Exception as error:  # noqa: BLE001  # one bad row never stops the others
            return await self._refused(unit, error)
        return [
            (
                NotAttempted(
                    key=unit.key,
                    position=position,
                    external_reference=self._provider.reference(unit.request),
                    attempts=0,
                    reason=f"dry run: {told}",
                ),
                NOTHING,
            )
            for position in unit.positions
        ]

    async def _foretold(self, unit: Unit[RequestT], placement: Placement[RequestT, OrderT]) -> str:
        if not unit.is_first:
            return unit.repeats
        if problem := await self._provider.problem(placement.request):
            raise ValueError(problem)
        price = await self._provider.quote(placement.request)
        return "no price is known for it" if price is None else f"it would cost {price}"

    async def _refused(self, unit: Unit[RequestT], error: Exception) -> list[Told[OrderT]]:
        """A unit that did not get as far as its entry, or whose entry can't be read."""
        entry = unit.entry
        reason = f"the row can't be read: {error}" if unit.problem is not None else str(error)
        is_certain = isinstance(error, ChangedRequestError) or unit.problem is not None
        told: list[Told[OrderT]] = []
        for position in unit.positions:
            outcome: Outcome[OrderT]
            if entry is None or is_certain:
                outcome = Rejected(
                    key=unit.key,
                    position=position,
                    external_reference="",
                    attempts=0,
                    reason=reason,
                    error=error,
                )
            else:
                outcome = unreadable(entry, position, error)
            told.append((outcome, NOTHING))
        was_refused = entry is None or is_certain
        why = storable(reason)
        rows = [Row(at, unit.key, None, why, was_refused=was_refused) for at in unit.positions]
        await self._journal.tell(self._run, rows)
        return told

    def _splits(self, unit: Unit[RequestT], entry: Entry) -> bool:
        """Whether a pack was refused, so that its rows are tried one by one."""
        refused = entry.state is State.REJECTED and not entry.try_again
        return refused and entry.rows > 1 and isinstance(self._rows, Rows) and bool(unit.requests)

    async def _split(self, unit: Unit[RequestT]) -> None:
        assert isinstance(self._rows, Rows), "what is resumed has no rows to split into"
        singles = [self._rows.single(unit, index) for index in range(len(unit.positions))]
        await self._rows.admit(singles)
        self._split_off += singles

    async def _tell(
        self, unit: Unit[RequestT], placement: Placement[RequestT, OrderT]
    ) -> list[Told[OrderT]]:
        """The outcome of each row of a unit; the money of one order counts once."""
        first, *others = unit.positions
        outcome = outcome_of(self._provider, placement, first, self._stop.reason)
        cost = NOTHING
        if isinstance(outcome, Placed):
            counts = self._counts(unit, placement)
            cost = self._budget.cost(outcome.order) if counts else NOTHING
        elif not isinstance(outcome, Rejected):
            why = storable(outcome.reason)
            rows = [Row(position, unit.key, None, why) for position in unit.positions]
            await self._journal.tell(self._run, rows)
        told: list[Told[OrderT]] = [(outcome, cost)]
        told += [(attrs.evolve(outcome, position=position), NOTHING) for position in others]
        return told

    async def _settler(
        self, repeated: Iterator[tuple[str, list[_Repeated[RequestT, OrderT]]]]
    ) -> None:
        for key, waiting in repeated:
            try:
                told = await self._settle(key, waiting)
            except JournalError as failure:
                self._stop.because(str(failure), failure)
                return
            for outcomes in told:
                await self._hand_over(outcomes)

    async def _settle(
        self, key: str, waiting: list[_Repeated[RequestT, OrderT]]
    ) -> list[list[Told[OrderT]]]:
        """Search for twins; what became of the rows that waited for it, if it is over."""
        (_, placement), *_ = waiting
        turn = self._journal.turn(key)
        async with turn:
            entry = await self._journal.get(key)
            if entry is not None and entry != placement.entry:
                # Another call was at it meanwhile, so that its window begins anew.
                if entry.result != placement.entry.result:
                    placement.order = None
                placement.entry = entry
                if not entry.settled:
                    self._repeated[key] = waiting
                    return []
            try:
                await self._placer.settle(placement)
            except JournalError:
                raise
            except Exception as failure:  # noqa: BLE001  # the journal still has it as open
                placement.error = failure
            finally:
                self._leave(turn, placement.entry)
        told: list[list[Told[OrderT]]] = []
        for unit, each in waiting:
            each.entry, each.order, each.error = placement.entry, placement.order, placement.error
            told.append(await self._tell(unit, each))
        return told
