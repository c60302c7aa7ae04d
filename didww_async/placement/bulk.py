"""Placing many intents at once: one bad row never stops the others, and no row is lost."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Sized,
)
from contextlib import AbstractContextManager, aclosing
from decimal import Decimal
from inspect import isawaitable
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from didww_async.placement.intent import Entry, Outcome, Placed, Rejected, State
from didww_async.placement.journal import Journal, JournalError, MemoryJournal
from didww_async.placement.placer import Placer, outcome_of
from didww_async.placement.provider import Provider
from didww_async.placement.report import Counts, Report

__all__ = ["BulkRun", "ChangedRequestError", "Intents", "Options"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

OnOutcome: TypeAlias = Callable[[Outcome[OrderT]], "Awaitable[None] | None"]


class ChangedRequestError(JournalError):
    """The journal has another request under the same key; nothing was sent for this one."""


@attrs.frozen(kw_only=True)
class Options(Generic[OrderT]):
    """How a bulk run goes about it."""

    concurrency: int = 16
    budget: Decimal | None = None
    """Nothing more is begun once the orders placed and under way would cost more."""
    stop_on: Callable[[Outcome[OrderT]], bool] | None = None
    """Ends the run cleanly after an outcome for which it returns true."""
    on_outcome: OnOutcome[OrderT] | None = None
    """Called, and awaited, with every outcome."""
    progress: Callable[[Counts], None] | None = None
    """Called after every outcome."""
    translate: Callable[[JournalError], Exception] = lambda error: error
    """Makes of a journal's error the one to raise."""
    run: str = ""
    """Tells runs that share a journal apart, where rows have no names of their own."""


class Intents(Generic[RequestT, OrderT]):
    """Turns requests into journal entries: new ones, or those that are there already."""

    def __init__(
        self, provider: Provider[RequestT, OrderT], journal: Journal, run: str = ""
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._run = run

    def key(self, request: RequestT, position: int) -> str:
        """What the caller calls it, or else its place in the run."""
        return self._provider.key(request) or f"{self._run}#{position}"

    async def entry(self, request: RequestT, position: int, key: str) -> Entry:
        """
        The entry of a request.

        Raises:
            ChangedRequestError: The key stands for another request.
        """
        digest = _digest(self._provider.dump_request(request))
        known = await self._journal.get(key)
        if known is None:
            prepared = self._provider.dump_request(self._provider.prepare(request))
            return Entry(key=key, run=self._run, position=position, digest=digest, request=prepared)
        if known.digest != digest:
            raise ChangedRequestError(
                f"row {position} ({key}) is not the request that the journal has under this key; "
                "give it a key of its own, or use another journal"
            )
        return known


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class BulkRun(Generic[RequestT, OrderT]):
    """
    A bulk run that starts when it is looked at, once.

    `await` it for its `Report`, or iterate it with `async for` for the outcomes as they
    come. `stop(reason)` ends it cleanly: what is under way is finished, the rest stays
    `NotAttempted`. Without requests, it finishes what the journal has open.

    Raises:
        JournalError: The journal can't be used any more. Nothing is lost: run it again.
    """

    def __init__(
        self,
        provider: Provider[RequestT, OrderT],
        requests: Iterable[RequestT] | AsyncIterable[RequestT] | None,
        journal: Callable[[], AbstractContextManager[Journal | None]],
        make_placer: Callable[[Journal], Placer[RequestT, OrderT]],
        options: Options[OrderT],
    ) -> None:
        if type(options.concurrency) is not int or options.concurrency < 1:
            raise ValueError(
                f"concurrency: takes a whole number from 1, not {options.concurrency!r}"
            )
        self._provider = provider
        self._requests = requests
        self._journal = journal
        self._make_placer = make_placer
        self._options = options
        self._stop = _Stop()
        self._began = False
        self.counts = Counts(total=len(requests) if isinstance(requests, Sized) else None)
        """How far it is."""

    def stop(self, reason: str) -> None:
        """Begin nothing more; what is under way is finished."""
        self._stop.because(reason)

    def __await__(self) -> Generator[object, None, Report[OrderT]]:
        return self._report().__await__()

    async def __aiter__(self) -> AsyncIterator[Outcome[OrderT]]:
        async with aclosing(self._outcomes()) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _report(self) -> Report[OrderT]:
        outcomes = [outcome async for outcome in self._outcomes()]
        outcomes.sort(key=lambda outcome: outcome.position)
        return Report(
            outcomes=outcomes,
            counts=self.counts,
            stop_reason=self._stop.reason,
            describe=self._provider.describe,
        )

    async def _outcomes(self) -> AsyncGenerator[Outcome[OrderT], None]:
        if self._began:
            raise RuntimeError("a bulk run runs once; make another one to resume it")
        self._began = True
        try:
            async with aclosing(self._run()) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        except JournalError as error:
            failure = self._options.translate(error)
            if failure is error:
                raise
            raise failure from None

    async def _run(self) -> AsyncGenerator[Outcome[OrderT], None]:
        began = time.monotonic()
        with self._journal() as given:
            journal = MemoryJournal() if given is None else given
            work = _Work(
                self._provider, journal, self._make_placer(journal), self._options, self._stop
            )
            rows: AsyncGenerator[_Row[RequestT], None] = (
                _open_rows(journal) if self._requests is None else _new_rows(self._requests)
            )
            async with aclosing(work.outcomes(rows)) as outcomes:
                async for outcome in outcomes:
                    unnamed = outcome.key.startswith(f"{self._options.run}#")
                    if isinstance(journal, MemoryJournal) and given is None and unnamed:
                        journal.forget(outcome.key)  # nobody can ask for it again
                    self.counts.add(outcome)
                    if isinstance(outcome, Placed):
                        self.counts.spent += self._provider.cost(outcome.order)
                    self.counts.elapsed_seconds = time.monotonic() - began
                    await self._announce(outcome)
                    yield outcome
        if self._stop.failure is not None:
            raise self._stop.failure

    async def _announce(self, outcome: Outcome[OrderT]) -> None:
        options = self._options
        if options.on_outcome is not None and isawaitable(told := options.on_outcome(outcome)):
            await told
        if options.progress is not None:
            options.progress(self.counts)
        if options.stop_on is not None and options.stop_on(outcome):
            self.stop("stop_on asked for it")


@attrs.define
class _Stop:
    """Whether a run is to end before its input does."""

    reason: str = ""
    failure: Exception | None = None

    def because(self, reason: str, failure: Exception | None = None) -> None:
        """Stop, unless it is done already."""
        self.reason = self.reason or reason
        self.failure = self.failure or failure


@attrs.frozen
class _Row(Generic[RequestT]):
    """One row of the input: a request, or the key of one that the journal has."""

    position: int
    request: RequestT | None
    key: str = ""


async def _new_rows(
    requests: Iterable[RequestT] | AsyncIterable[RequestT],
) -> AsyncGenerator[_Row[RequestT], None]:
    position = 0
    if isinstance(requests, AsyncIterable):
        async for request in requests:
            yield _Row(position, request)
            position += 1
    else:
        for request in requests:
            yield _Row(position, request)
            position += 1


async def _open_rows(journal: Journal) -> AsyncGenerator[_Row[Any], None]:
    for key in await journal.open_keys():
        yield _Row(0, None, key)


class _Work(Generic[RequestT, OrderT]):
    """The workers of one run: they take rows from the input and hand over outcomes."""

    def __init__(
        self,
        provider: Provider[RequestT, OrderT],
        journal: Journal,
        placer: Placer[RequestT, OrderT],
        options: Options[OrderT],
        stop: _Stop,
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._placer = placer
        self._options = options
        self._stop = stop
        self._intents = Intents(provider, journal, options.run)
        self._input_turn = asyncio.Lock()
        self._room = asyncio.Semaphore(2 * options.concurrency)
        self._repeated: list[str] = []
        self._committed = Decimal(0)

    async def outcomes(
        self, rows: AsyncGenerator[_Row[RequestT], None]
    ) -> AsyncGenerator[Outcome[OrderT], None]:
        """The outcome of each row; not in their order."""
        # Without a bound of its own, so that the end always gets in; `_room` bounds the rows.
        ready: asyncio.Queue[Outcome[OrderT] | None] = asyncio.Queue()
        crew = asyncio.create_task(self._crew(rows, ready))
        crew.add_done_callback(lambda _: ready.put_nowait(None))
        try:
            while (outcome := await ready.get()) is not None:
                self._room.release()
                yield outcome
            await crew
        finally:
            crew.cancel()
            await asyncio.gather(crew, return_exceptions=True)
            await rows.aclose()

    async def _crew(
        self,
        rows: AsyncGenerator[_Row[RequestT], None],
        ready: asyncio.Queue[Outcome[OrderT] | None],
    ) -> None:
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._options.concurrency):
                workers.create_task(self._worker(rows, ready))
        # Whatever was repeated, now or by an earlier run that did not come this far.
        mine = set(self._repeated)
        repeated = dict.fromkeys([*self._repeated, *await self._journal.unsettled()])
        if repeated:
            await self._placer.wait_for_twins()
        left = iter(repeated)
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._options.concurrency):
                workers.create_task(self._settler(left, mine, ready))

    async def _worker(
        self,
        rows: AsyncGenerator[_Row[RequestT], None],
        ready: asyncio.Queue[Outcome[OrderT] | None],
    ) -> None:
        while True:
            await self._room.acquire()  # until the consumer has taken what is ready
            async with self._input_turn:
                try:
                    row = await anext(rows)
                except StopAsyncIteration:
                    return
                except Exception as error:  # noqa: BLE001  # the input's own; raised at the end
                    self._stop.because(f"the input failed: {error}", error)
                    return
            outcome = await self._row(row)
            if outcome is None:
                self._room.release()
            else:
                ready.put_nowait(outcome)

    async def _row(self, row: _Row[RequestT]) -> Outcome[OrderT] | None:
        key = row.key or f"{self._options.run}#{row.position}"
        try:
            if row.request is not None:
                key = self._intents.key(row.request, row.position)
            outcome = await self._outcome_of_row(row, key)
        except Exception as error:  # noqa: BLE001  # one bad row never stops the others
            return Rejected(
                key=key,
                position=row.position,
                external_reference="",
                attempts=0,
                reason=f"the row can't be read: {error}",
                error=error,
            )
        if outcome is None or row.request is None:
            return outcome
        return attrs.evolve(outcome, position=row.position)

    async def _outcome_of_row(self, row: _Row[RequestT], key: str) -> Outcome[OrderT] | None:
        async with self._journal.turn(key):
            try:
                entry = await self._entry(row, key)
                entry, error = await self._attempt(entry)
            except JournalError as failure:
                self._stop.because(str(failure), failure)
                return None
        self._stop.because(self._placer.stop_reason)
        if not entry.settled:  # told when it is certain that there is no second order
            self._repeated.append(key)
            return None
        return self._outcome(entry, error)

    async def _entry(self, row: _Row[RequestT], key: str) -> Entry:
        if row.request is not None:
            return await self._intents.entry(row.request, row.position, key)
        entry = await self._journal.get(key)
        assert entry is not None, "a journal forgets nothing"
        return entry

    async def _attempt(self, entry: Entry) -> tuple[Entry, Exception | None]:
        """Place an intent, if the run may still spend what it costs."""
        if entry.state is State.PLACED:
            self._committed += self._cost(entry)
            return entry, None
        if entry.state is State.REJECTED and not entry.try_again:
            return entry, None
        cost, problem = await self._affordable(entry)
        if problem is not None or self._stop.reason:
            await self._journal.add([entry])
            return entry, problem
        self._committed += cost
        error: Exception | None = None
        try:
            entry, error = await self._placer.place(entry)
        except JournalError:
            raise
        except Exception as failure:  # noqa: BLE001  # one bad row never stops the others
            entry, error = await self._journal.get(entry.key) or entry, failure
        finally:
            self._committed -= cost
        if entry.state is State.SENT:
            self._committed += cost  # it may exist, so its money is not free
        elif entry.state is State.PLACED:
            self._committed += self._cost(entry)
        return entry, error

    async def _affordable(self, entry: Entry) -> tuple[Decimal, Exception | None]:
        """What an intent may cost; stops the run if that is more than the budget has left."""
        budget = self._options.budget
        if budget is None or self._stop.reason:
            return Decimal(0), None
        try:
            quoted = await self._provider.quote(self._provider.load_request(entry.request))
        except Exception as failure:  # noqa: BLE001  # one bad row never stops the others
            return Decimal(0), failure
        if quoted is None:
            return Decimal(0), LookupError("no price is known for it, so no budget can hold it")
        if self._committed + quoted > budget:
            self._stop.because(f"the budget of {budget} is spent")
        return quoted, None

    def _cost(self, entry: Entry) -> Decimal:
        return self._provider.cost(self._provider.load_order(entry.result))

    async def _settler(
        self, keys: Iterator[str], mine: set[str], ready: asyncio.Queue[Outcome[OrderT] | None]
    ) -> None:
        for key in keys:
            error: Exception | None = None
            entry: Entry | None = None
            async with self._journal.turn(key):
                try:
                    entry = await self._journal.get(key)
                    if entry is None:
                        continue
                    entry = await self._placer.settle(entry)
                except JournalError as failure:
                    self._stop.because(str(failure), failure)
                    return
                except Exception as failure:  # noqa: BLE001  # the journal still has it as open
                    error = failure
            if entry is not None and key in mine:
                ready.put_nowait(self._outcome(entry, error))

    def _outcome(self, entry: Entry, error: Exception | None) -> Outcome[OrderT]:
        why = str(error) if error is not None else self._stop.reason
        outcome = outcome_of(self._provider, entry, why)
        if isinstance(outcome, Placed) or error is None:
            return outcome
        return attrs.evolve(outcome, error=error)
