"""Placing many intents at once: one bad row never stops the others, and no row is lost."""

from __future__ import annotations

import time
import warnings
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Sized,
)
from contextlib import AbstractContextManager, aclosing, closing, nullcontext
from decimal import Decimal
from inspect import isawaitable
from typing import Generic, TypeAlias, TypeVar

import attrs

from didww_async.placement.crew import Crew
from didww_async.placement.intent import Outcome
from didww_async.placement.journal import Journal, JournalError, PassingJournal
from didww_async.placement.placer import Placer, Stop
from didww_async.placement.provider import Provider
from didww_async.placement.report import Counts, JournalOutcomes, Report
from didww_async.placement.rows import OpenRows, Rows

__all__ = ["BulkRun", "Options"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

OnOutcome: TypeAlias = Callable[[Outcome[OrderT]], "Awaitable[None] | None"]
OpenJournal: TypeAlias = Callable[[], AbstractContextManager[Journal | None]]


def _same(error: JournalError) -> Exception:
    return error


@attrs.frozen(kw_only=True)
class Options(Generic[OrderT]):
    """How a bulk run goes about it."""

    concurrency: int = 16
    budget: Decimal | None = None
    """Nothing more is begun once the orders placed and under way would cost more."""
    pack: int = 1
    """How many rows may become one order, where the provider can pack them."""
    dry_run: bool = False
    """Whether to send no order, and only tell what would speak against each."""
    stop_on: Callable[[Outcome[OrderT]], bool] | None = None
    """Ends the run cleanly after an outcome for which it returns true."""
    on_outcome: OnOutcome[OrderT] | None = None
    """Called, and awaited, with every outcome."""
    progress: Callable[[Counts], None] | None = None
    """Called after every outcome."""
    translate: Callable[[JournalError], Exception] = _same
    """Makes of a journal's error the one to raise."""
    run: str = ""
    """Tells runs that share a journal apart, where rows have no names of their own."""

    def __attrs_post_init__(self) -> None:
        for name in ("concurrency", "pack"):
            number = getattr(self, name)
            if type(number) is not int or number < 1:
                raise ValueError(f"{name}: takes a whole number from 1, not {number!r}")
        for name in ("stop_on", "on_outcome", "progress"):
            hook = getattr(self, name)
            if hook is not None and not callable(hook):
                raise ValueError(f"{name}: takes a function or None, not {hook!r}")
        money: object = self.budget
        is_money = isinstance(money, Decimal) and money.is_finite() and money >= 0
        if money is not None and not is_money:
            raise ValueError(f"budget: takes a Decimal from 0 or None, not {money!r}")


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
        journal: OpenJournal,
        make_placer: Callable[[Journal], Placer[RequestT, OrderT]],
        options: Options[OrderT],
    ) -> None:
        self._provider = provider
        self._requests = requests
        self._journal = journal
        self._make_placer = make_placer
        self._options = options
        self._stop = Stop()
        self._is_watched = bool(options.on_outcome or options.progress)
        self._began = False
        self._told: list[Outcome[OrderT]] = []
        self._kept: JournalOutcomes[RequestT, OrderT] | None = None
        self.counts = Counts(total=len(requests) if isinstance(requests, Sized) else None)
        """How far it is."""

    def __del__(self) -> None:
        if not getattr(self, "_began", True):  # it has none if it was refused when it was made
            warnings.warn(
                "a bulk run was never awaited, so nothing was ordered", RuntimeWarning, stacklevel=2
            )

    def __repr__(self) -> str:
        return f"<a bulk run: `await` it for its report, `async for` its outcomes; {self.counts!r}>"

    @property
    def report(self) -> Report[OrderT]:
        """
        What came of an awaited run, also after it failed.

        During a run it tells what was told so far; with a journal, what that has by now.
        """
        outcomes = sorted(self._told, key=lambda outcome: outcome.position)
        return Report(
            outcomes=outcomes if self._kept is None else self._kept,
            counts=self.counts,
            stop_reason=self._stop.reason,
            describe=self._provider.describe,
        )

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
        try:
            async with aclosing(self._outcomes()) as told:
                async for outcome in told:
                    if self._kept is None:
                        self._told.append(outcome)
                    else:
                        self._kept.remember(outcome)
        except Exception as error:
            error.add_note(f"until then: {self.report}; the run's `report` has them")
            raise
        return self.report

    async def _outcomes(self) -> AsyncGenerator[Outcome[OrderT], None]:
        if self._began:
            raise RuntimeError("a bulk run runs once; make another one to resume it")
        self._began = True
        began = time.monotonic()
        try:
            with self._open_journal() as given, closing(PassingJournal()) as passing:
                crew = await self._crew(passing if given is None else given)
                async with aclosing(crew.ready()) as ready:
                    async for _ in ready:
                        self.counts.requests = crew.requests
                        self.counts.elapsed_seconds = time.monotonic() - began
                        while (told := crew.take()) is not None:
                            outcome, cost = told
                            self.counts.add(outcome, cost)
                            if self._is_watched:
                                await self._announce(outcome)
                            yield outcome
                self.counts.requests = crew.requests
            if self._stop.failure is not None:
                raise self._stop.failure
        except JournalError as error:
            failure = self._options.translate(error)
            if failure is error:
                raise
            raise failure from None

    def _open_journal(self) -> AbstractContextManager[Journal | None]:
        return nullcontext(None) if self._options.dry_run else self._journal()

    async def _crew(self, journal: Journal) -> Crew[RequestT, OrderT]:
        placer = self._make_placer(journal)
        placer.stop = self._stop
        run = await journal.begin_run(self._provider.place)
        options = self._options
        rows: Rows[RequestT, OrderT] | OpenRows[RequestT, OrderT]
        if self._requests is None:
            rows = OpenRows(self._provider, journal, run=run)
        else:
            rows = Rows(
                self._provider,
                journal,
                self._requests,
                run=run,
                name=options.run,
                pack=options.pack,
            )
        if journal.keeps_orders:
            self._kept = JournalOutcomes(self._provider, journal, run)
        return Crew(
            self._provider,
            journal,
            placer,
            rows,
            run=run,
            concurrency=options.concurrency,
            budget=options.budget,
            dry_run=options.dry_run,
            stop_on=options.stop_on,
        )

    async def _announce(self, outcome: Outcome[OrderT]) -> None:
        options = self._options
        if options.on_outcome is not None and isawaitable(told := options.on_outcome(outcome)):
            await told
        if options.progress is not None:
            options.progress(self.counts)
