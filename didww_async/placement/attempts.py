"""What is done about one unit of a run, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

import attrs

from didww_async.placement.budget import NOTHING, Budget
from didww_async.placement.intent import NotAttempted, Outcome, Placed, Rejected, State
from didww_async.placement.journal import Journal, JournalError, Row
from didww_async.placement.placer import Placement, Placer, outcome_of, storable, unreadable
from didww_async.placement.provider import Provider
from didww_async.placement.rows import ChangedRequestError, TakenBackError, Unit

__all__ = ["Attempts", "Told", "completed", "failure_of"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

Told: TypeAlias = tuple[Outcome[OrderT], Decimal]
"""An outcome, and what it adds to the money spent."""


class Attempts(Generic[RequestT, OrderT]):
    """Places units one by one, within a budget, and tells what came of them."""

    def __init__(
        self,
        provider: Provider[RequestT, OrderT],
        journal: Journal,
        placer: Placer[RequestT, OrderT],
        *,
        run: int,
        budget: Decimal | None,
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._placer = placer
        self._stop = placer.stop
        self._run = run
        self._budget = Budget(provider, budget)

    async def attempt(
        self, unit: Unit[RequestT, OrderT], placement: Placement[RequestT, OrderT]
    ) -> None:
        """Place an intent whose turn is held, if the run may still spend what it costs."""
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

    async def _try(self, placement: Placement[RequestT, OrderT], quoted: Decimal | None) -> None:
        """Place an intent while its money is held, and hold on to it if the order may exist."""
        held = self._budget.hold(quoted) if quoted else NOTHING
        try:
            await completed(placement, self._placer.place(placement, may_submit=quoted is not None))
        finally:
            if held and placement.entry.state is not State.SENT:
                self._budget.release(held)

    async def _note(self, placement: Placement[RequestT, OrderT]) -> None:
        """Let an intent that is not attempted be there when the journal is resumed."""
        if placement.corrects:
            await self._journal.put(placement.entry)
        else:
            await self._journal.add([placement.entry])

    def _counts(self, unit: Unit[RequestT, OrderT], placement: Placement[RequestT, OrderT]) -> bool:
        """Whether the money of the order counts with this row; with one of its name it does."""
        turn = unit.turn
        assert turn is not None, "a unit is read with its turn"
        if placement.counts and not placement.is_counted and self not in turn.counted_by:
            placement.is_counted = True
            turn.counted_by = (*turn.counted_by, self)
        return placement.is_counted

    async def foretell(
        self, unit: Unit[RequestT, OrderT], placement: Placement[RequestT, OrderT]
    ) -> list[Told[OrderT]]:
        """What a dry run says."""
        try:
            told = await self._foretold(unit, placement)
        except asyncio.CancelledError as cancelled:
            return await self.refuse(unit, failure_of(cancelled))
        except Exception as error:  # noqa: BLE001  # one bad row never stops the others
            return await self.refuse(unit, error)
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

    async def _foretold(
        self, unit: Unit[RequestT, OrderT], placement: Placement[RequestT, OrderT]
    ) -> str:
        if not unit.is_first:
            return unit.repeats
        if problem := await self._provider.problem(placement.request):
            raise ValueError(problem)
        price = await self._provider.quote(placement.request)
        return "no price is known for it" if price is None else f"it would cost {price}"

    async def refuse(self, unit: Unit[RequestT, OrderT], error: Exception) -> list[Told[OrderT]]:
        """Tell of a unit that did not get as far as its entry, or whose entry can't be read."""
        entry = unit.entry
        reason = f"the row can't be read: {error}" if unit.problem is not None else str(error)
        is_open = isinstance(error, TakenBackError)
        is_certain = isinstance(error, ChangedRequestError) or unit.problem is not None
        was_refused = not is_open and (entry is None or is_certain)
        kind = Rejected if was_refused else NotAttempted
        told: list[Told[OrderT]] = []
        for position in unit.positions:
            outcome: Outcome[OrderT]
            if entry is None or is_certain:
                outcome = kind(
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
        why = storable(reason)
        rows = [Row(at, unit.key, None, why, was_refused=was_refused) for at in unit.positions]
        await self._journal.tell(self._run, rows)
        return told

    async def tell(
        self, unit: Unit[RequestT, OrderT], placement: Placement[RequestT, OrderT]
    ) -> list[Told[OrderT]]:
        """The outcome of each row of a unit, noted if it tells why an entry is no further."""
        told = self.outcome(unit, placement)
        outcome, _ = told
        if not isinstance(outcome, (Placed, Rejected)):
            why = storable(outcome.reason)
            rows = [Row(position, unit.key, None, why) for position in unit.positions]
            await self._journal.tell(self._run, rows)
        return [told, *self.others(unit, told)]

    def outcome(
        self, unit: Unit[RequestT, OrderT], placement: Placement[RequestT, OrderT]
    ) -> Told[OrderT]:
        """The outcome of a unit's first row, with the money of its order unless that is counted."""
        outcome = outcome_of(self._provider, placement, unit.positions[0], self._stop.reason)
        if isinstance(outcome, Placed) and self._counts(unit, placement):
            return outcome, self._budget.cost(outcome.order)
        return outcome, NOTHING

    def others(self, unit: Unit[RequestT, OrderT], told: Told[OrderT]) -> list[Told[OrderT]]:
        """The outcomes of its other rows."""
        outcome, _ = told
        return [(attrs.evolve(outcome, position=at), NOTHING) for at in unit.positions[1:]]


async def completed(placement: Placement[RequestT, OrderT], work: Awaitable[object]) -> None:
    """
    Do work on a placement; what breaks in it is the placement's error, and stops no other row.

    Raises:
        JournalError: Of a journal that can't be used, whatever the row.
    """
    try:
        await work
    except JournalError:
        raise
    except asyncio.CancelledError as cancelled:
        placement.error = failure_of(cancelled)
    except Exception as failure:  # noqa: BLE001  # its entry tells how far it is
        placement.error = failure


def failure_of(cancelled: asyncio.CancelledError) -> Exception:
    """
    What it means that a provider's own work was cancelled.

    Raises:
        CancelledError: It was this task that was cancelled.
    """
    task = asyncio.current_task()
    if task is None or task.cancelling():
        raise cancelled
    failure = RuntimeError("the provider's work was cancelled, and not by this run")
    failure.__cause__ = cancelled
    return failure
