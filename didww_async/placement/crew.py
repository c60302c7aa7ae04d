"""
The tasks of one bulk run: what comes in is sent by workers, and what came of it is noted.

An order that is new goes *straight*: it is begun together with others, a worker sends it,
and its answer is noted together with others. So many rows share a commit of the journal,
and no worker waits for a disk. What needs anything else, such as a look for an order that
may exist, is placed by one worker from its first step to its last.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from didww_async.placement.attempts import Attempts, Told, completed, failure_of
from didww_async.placement.intake import Intake
from didww_async.placement.intent import Entry, Outcome, State
from didww_async.placement.journal import Journal, JournalError
from didww_async.placement.placer import Placement, Placer
from didww_async.placement.provider import Accepted, Answer, Answered, NoAnswer, Provider
from didww_async.placement.rows import ChangedRequestError, OpenRows, Rows, Unit

__all__ = ["Crew"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

RESUMED = 1 / 8
"""What an order counts as whose fate was unknown before the run, which adds nothing to that."""
_Repeated: TypeAlias = tuple[Unit[RequestT, OrderT], Placement[RequestT, OrderT]]


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
        self._slots = placer.slots = asyncio.Semaphore(concurrency)
        self._stop = placer.stop
        self._rows = rows
        self._attempts = Attempts(provider, journal, placer, run=run, budget=budget)
        self._concurrency = concurrency
        self._dry_run = dry_run
        self._stop_on = stop_on
        # Otherwise something is to be known of each order before the next one is begun.
        self._may_go_straight = budget is None and stop_on is None and not dry_run
        self._answered: list[Unit[RequestT, OrderT]] = []
        self._has_answers = asyncio.Event()
        self._all_sent = False
        self._others = asyncio.TaskGroup()
        self._aside = 0.0
        self._done: deque[Unit[RequestT, OrderT] | Told[OrderT]] = deque()
        """Outcomes, and the units of those that are made when they are taken."""
        self._news = asyncio.Event()
        # No more is begun until the consumer has taken what is ready. What is begun is sent: its
        # turns are held, and whoever waits for them does not know of the consumer.
        self._most_done = concurrency
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._intake = Intake(
            journal,
            placer,
            rows,
            concurrency=concurrency,
            may_begin=self._may_go_straight,
            has_room=self._has_room,
        )
        self._repeated: dict[str, list[_Repeated[RequestT, OrderT]]] = {}
        self._count: Callable[[], int] = int

    @property
    def requests(self) -> int:
        """How many requests all of it took so far."""
        return self._count()

    async def ready(self) -> AsyncGenerator[None, None]:
        """Does the work, and says when there are outcomes to take; not in the order of the rows."""
        work = asyncio.create_task(self._work())
        work.add_done_callback(self._worked)
        try:
            while self._done or not work.done():
                if self._done:
                    yield
                else:
                    self._news.clear()
                    await self._news.wait()
            await work
        finally:
            work.cancel()
            await asyncio.wait({work})  # its end does not depend on whether this is cancelled

    def _worked(self, work: asyncio.Task[None]) -> None:
        """Whatever became of the work."""
        self._intake.let_go()
        if not work.cancelled():
            work.exception()  # raised to whoever still waits for it
        self._news.set()

    def take(self) -> Told[OrderT] | None:
        """
        The next outcome, and the money that it adds; `None` if none is ready by now.

        As long as many are ready, nothing more is begun.
        """
        if not self._done:
            return None
        done = self._done.popleft()
        if not self._has_room.is_set():
            self._check_room()
        if not isinstance(done, Unit):
            return done
        assert done.begun is not None, "it was placed"
        told = self._attempts.outcome(done, done.begun)
        if len(done.positions) > 1:
            self._done.extendleft(self._attempts.others(done, told))
        return told

    async def _work(self) -> None:
        self._count = self._provider.count_requests()
        try:
            await self._place_all()
        finally:
            try:
                await self._intake.put_back_unsent()
            finally:
                await self._rows.close()

    async def _place_all(self) -> None:
        async with self._others:
            self._others.create_task(self._note_answers())
            async with asyncio.TaskGroup() as workers:
                leaving = workers.create_task(self._intake.leave_when_stopped())
                reading = workers.create_task(self._intake.read())
                workers.create_task(self._intake.begin(workers))
                reading.add_done_callback(lambda _: leaving.cancel())
                for _ in range(self._concurrency):
                    workers.create_task(self._worker())
            self._all_sent = True
            self._has_answers.set()
        if (failure := reading.result()) is not None:  # what came before it is placed by now
            self._stop.because(f"the input failed: {failure}", failure)
        # Whatever was repeated, now or by an earlier run that did not come this far.
        while self._repeated:
            await self._placer.wait_for_twins()
            repeated, self._repeated = self._repeated, {}
            left = iter(repeated.items())
            async with asyncio.TaskGroup() as settlers:
                for _ in range(min(self._concurrency, len(repeated))):
                    settlers.create_task(self._settler(left))

    # Sending.

    async def _worker(self) -> None:
        while (unit := await self._intake.backlog.take()) is not None:
            if unit.begun is not None:
                await self._send(unit, unit.begun)
            elif self._may_go_straight and _is_unknown(unit.entry):
                self._set_aside(partial(self._place, unit), RESUMED)
            else:
                await self._finish(self._place(unit))

    async def _send(
        self, unit: Unit[RequestT, OrderT], placement: Placement[RequestT, OrderT]
    ) -> None:
        """Send what was begun; what was refused or put off is carried on with at once."""
        await self._slots.acquire()
        if self._stop.reason:
            self._slots.release()
            await self._finish(self._left_out(unit, placement))
            return
        work: Awaitable[None] | None = None
        unit.is_sent = True
        try:
            answer = await self._provider.submit(self._placer.intent(placement))
        except asyncio.CancelledError as cancelled:
            placement.error = failure_of(cancelled)
        except Exception as failure:  # noqa: BLE001  # its entry tells how far it is
            placement.error = failure
        else:
            if isinstance(answer, (Accepted, Answered)):
                unit.answer = answer
                self._answered.append(unit)
                self._has_answers.set()
                return
            if isinstance(answer, NoAnswer):
                self._set_aside(partial(self._carried_on, unit, placement, answer))
                return
            work = self._placer.go_on(placement, answer)
        finally:
            self._slots.release()
        await self._finish(self._concluded(unit, placement, work))

    async def _left_out(
        self, unit: Unit[RequestT, OrderT], placement: Placement[RequestT, OrderT]
    ) -> Sequence[Told[OrderT]]:
        """Take back what was begun and is not sent, as the run is stopped meanwhile."""
        kept = None
        try:
            if self._stop.failure is not None:  # what is refused as a whole is not to be resumed
                await self._intake.put_back([unit])
                self._placer.take_back(placement)
            else:
                self._placer.take_back(placement)
                await self._journal.put(placement.entry)
                kept = placement
        finally:
            self._intake.give_up(unit, kept)
        return await self._attempts.tell(unit, placement)

    async def _finish(self, told: Awaitable[Sequence[Told[OrderT]]]) -> None:
        try:
            self._hand_over(await told)
        except JournalError as failure:
            self._stop.because(str(failure), failure)

    async def _place(self, unit: Unit[RequestT, OrderT]) -> Sequence[Told[OrderT]]:
        """Place a unit whose turn is held; nothing if its outcome is told later."""
        if unit.problem is not None:
            return await self._attempts.refuse(unit, unit.problem)
        try:
            placement = self._rows.placement(unit)
        except Exception as error:
            self._intake.give_up(unit)
            if isinstance(error, ChangedRequestError) and unit.is_first:
                raise  # the wrong file, or the wrong journal
            return await self._attempts.refuse(unit, error)  # one bad row never stops the others
        if self._dry_run:
            self._intake.give_up(unit)
            return await self._attempts.foretell(unit, placement)
        return await self._concluded(unit, placement, self._attempts.attempt(unit, placement))

    async def _concluded(
        self,
        unit: Unit[RequestT, OrderT],
        placement: Placement[RequestT, OrderT],
        work: Awaitable[None] | None,
    ) -> Sequence[Told[OrderT]]:
        """Do the rest of the work on a unit, and give up its turn; what is to be told then."""
        try:
            if work is not None:
                await completed(placement, work)
        finally:
            self._intake.give_up(unit, placement)
        if not placement.entry.settled:  # told when it is certain that there is no second order
            self._repeated.setdefault(unit.key, []).append((unit, placement))
            return []
        if self._splits(unit, placement.entry):
            return await self._split(unit)
        return await self._attempts.tell(unit, placement)

    def _splits(self, unit: Unit[RequestT, OrderT], entry: Entry) -> bool:
        """Whether a pack was refused, so that its rows are tried one by one."""
        refused = entry.state is State.REJECTED and not entry.try_again
        return refused and entry.rows > 1 and isinstance(self._rows, Rows) and bool(unit.members)

    async def _split(self, unit: Unit[RequestT, OrderT]) -> Sequence[Told[OrderT]]:
        """Place the rows of a pack one by one; each is told as soon as it is placed."""
        assert isinstance(self._rows, Rows), "what is resumed has no rows to split into"
        singles = [self._rows.single(unit, index) for index in range(len(unit.positions))]
        await self._rows.admit(singles)
        for single in singles:
            if single.problem is None:
                await self._intake.wait_for(single)
            await self._finish(self._place(single))
        return []

    # Noting.

    async def _note_answers(self) -> None:
        """Read answers and note what was accepted, as many at a time as there are."""
        while self._answered or not self._all_sent:
            if self._answered:
                answered, self._answered = self._answered, []
                await self._note(answered)
            else:
                self._has_answers.clear()
                await self._has_answers.wait()

    async def _note(self, answered: Sequence[Unit[RequestT, OrderT]]) -> None:
        accepted: list[Unit[RequestT, OrderT]] = []
        entries: list[Entry] = []
        for unit in answered:
            if (placement := self._accepted(unit)) is not None:
                accepted.append(unit)
                entries.append(placement.entry)
        try:
            await self._journal.put(*entries)
        except BaseException as failure:
            placed = [unit.begun for unit in accepted if unit.begun is not None]
            for placement in placed:  # so that nobody takes for noted what is not
                placement.entry = placement.entry._replace(state=State.SENT, result="")
            if not isinstance(failure, Exception):
                raise
            for unit, placement, entry in zip(accepted, placed, entries, strict=True):
                work = self._placer.keep(placement, entry)  # it may be about one of them
                await self._finish(self._concluded(unit, placement, work))
            return
        for unit in accepted:
            self._intake.give_up(unit, unit.begun)
        self._done += accepted
        self._news.set()
        self._check_room()

    def _accepted(self, unit: Unit[RequestT, OrderT]) -> Placement[RequestT, OrderT] | None:
        """Read an answer; the placement if there is an order, which the journal is to know yet."""
        placement, answer = unit.begun, unit.answer
        assert placement is not None, "it was sent"
        assert answer is not None, "it was answered"
        unit.answer = None
        try:
            read = answer.read() if isinstance(answer, Answered) else answer
            if isinstance(read, Accepted):
                self._placer.accept(placement, read)
                return placement
        except Exception as failure:  # noqa: BLE001  # its entry tells how far it is
            placement.error, read = failure, None
        self._set_aside(partial(self._carried_on, unit, placement, read))
        return None

    def _set_aside(
        self, work: Callable[[], Awaitable[Sequence[Told[OrderT]]]], weight: float = 1.0
    ) -> None:
        """
        Let a task of its own find out what became of an order, which may take a window.

        Nothing more is begun while the weights of these orders come to `concurrency`.
        """
        self._aside += weight
        task = self._others.create_task(self._found_out(work))
        task.add_done_callback(lambda _: self._came_back(weight))
        self._check_room()

    async def _found_out(self, work: Callable[[], Awaitable[Sequence[Told[OrderT]]]]) -> None:
        await self._finish(work())

    def _came_back(self, weight: float) -> None:
        self._aside -= weight
        self._check_room()

    async def _carried_on(
        self,
        unit: Unit[RequestT, OrderT],
        placement: Placement[RequestT, OrderT],
        answer: Answer[OrderT] | None,
    ) -> Sequence[Told[OrderT]]:
        """What comes of an order whose answer tells nothing."""
        work = None if answer is None else self._placer.go_on(placement, answer)
        return await self._concluded(unit, placement, work)

    # Telling.

    def _hand_over(self, told: Sequence[Told[OrderT]]) -> None:
        """Give outcomes to the consumer; whether they end the run is asked before the next one."""
        if self._stop_on is not None:
            try:
                for outcome, _ in told:
                    if self._stop_on(outcome):
                        self._stop.because("stop_on asked for it")
            except Exception as failure:  # noqa: BLE001  # the caller's own; raised at the end
                self._stop.because(f"stop_on failed: {failure}", failure)
        self._done += told
        self._news.set()
        self._check_room()

    def _check_room(self) -> None:
        """Let more be begun unless too much waits for the consumer, or is set aside."""
        if len(self._done) + self._aside < self._most_done:
            self._has_room.set()
        else:
            self._has_room.clear()

    # Searching for twins.

    async def _settler(
        self, repeated: Iterator[tuple[str, list[_Repeated[RequestT, OrderT]]]]
    ) -> None:
        for key, waiting in repeated:
            try:
                self._hand_over(await self._settle(key, waiting))
            except JournalError as failure:
                self._stop.because(str(failure), failure)
                return

    async def _settle(
        self, key: str, waiting: list[_Repeated[RequestT, OrderT]]
    ) -> Sequence[Told[OrderT]]:
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
                await completed(placement, self._placer.settle(placement))
            finally:
                self._intake.show(turn, placement.entry)
        told: list[Told[OrderT]] = []
        for unit, each in waiting:
            each.entry, each.order, each.error = placement.entry, placement.order, placement.error
            if self._splits(unit, each.entry):
                told += await self._split(unit)
            else:
                told += await self._attempts.tell(unit, each)
        return told


def _is_unknown(entry: Entry | None) -> bool:
    """Whether a request for it was sent by an earlier run, or a call elsewhere, and is open."""
    return entry is not None and entry.state is State.SENT
