"""Moves one intent along the table of `didww_async.placement`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import attrs

from didww_async.placement.intent import (
    Entry,
    NotAttempted,
    Outcome,
    Placed,
    Rejected,
    State,
    Unconfirmed,
)
from didww_async.placement.journal import Journal
from didww_async.placement.provider import (
    Accepted,
    CannotTell,
    Found,
    LookUp,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    Provider,
    Refused,
)

__all__ = ["Clock", "Placer", "outcome_of"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

FIRST_LOOK_SECONDS = 0.25
LOOK_SLOWDOWN = 2.0
MOST_ATTEMPTS = 5
MOST_LOOKS_FOR_TWINS = 5


@attrs.frozen
class Clock:
    """Time, so that tests can let it fly."""

    now: Callable[[], float] = time.time
    """Seconds since 1970: it is compared with what an earlier process wrote."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def outcome_of(provider: Provider[RequestT, OrderT], entry: Entry, why: str) -> Outcome[OrderT]:
    """The outcome that a journal's entry stands for; `why` it is no further, if it is open."""
    reference = provider.reference(provider.load_request(entry.request))
    match entry.state:
        case State.PLACED:
            return Placed(
                key=entry.key,
                position=entry.position,
                external_reference=reference,
                attempts=entry.attempts,
                order=provider.load_order(entry.result),
                was_found=entry.was_found,
                note=entry.note,
            )
        case State.REJECTED:
            return Rejected(
                key=entry.key,
                position=entry.position,
                external_reference=reference,
                attempts=entry.attempts,
                reason=entry.result,
            )
        case State.SENT | State.WAITING:
            kind = Unconfirmed if entry.state is State.SENT else NotAttempted
            return kind(
                key=entry.key,
                position=entry.position,
                external_reference=reference,
                attempts=entry.attempts,
                reason=why,
            )


class Placer(Generic[RequestT, OrderT]):
    """
    Places intents through one provider, and keeps what happens to them in one journal.

    `settle_seconds` is how long after a request an order may still turn up: only a
    look made later than that counts as "there is none".
    """

    def __init__(
        self,
        provider: Provider[RequestT, OrderT],
        journal: Journal,
        *,
        settle_seconds: float,
        adopt_existing: bool = False,
        clock: Clock = Clock(),  # a frozen value
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._settle_seconds = settle_seconds
        self._adopt_existing = adopt_existing
        self._clock = clock
        self.stop_reason = ""
        """Why no other order stands a chance; empty as long as they do."""

    async def place(self, entry: Entry) -> tuple[Entry, Exception | None]:
        """
        Take an intent as far as it goes; the entry says how far, the error what stood in the way.

        An entry that comes back as `waiting` was not placed and may be tried again, one
        that comes back as `sent` has to be looked up again before.
        """
        request = self._provider.load_request(entry.request)
        if entry.state is State.REJECTED and entry.try_again:
            # The refused request certainly did nothing; what was sent before it still counts.
            only_one = entry.settled and entry.attempts <= 1
            attempts = 0 if only_one else entry.attempts
            entry = attrs.evolve(
                entry, state=State.WAITING, try_again=False, result="", attempts=attempts
            )
        if entry.state is State.WAITING and self._adopt_existing and not entry.attempts:
            entry = await self._adopt(entry, request)
        error: Exception | None = None
        begun = 0
        while entry.state in {State.WAITING, State.SENT}:
            if entry.state is State.SENT:
                entry, failure = await self._resolve(entry, request)
                if failure is not None:
                    error = failure
                    break
            if entry.state is State.WAITING:
                if begun >= MOST_ATTEMPTS:
                    break
                begun += 1
                entry, error = await self._submit(entry, request)
                if entry.state is State.WAITING:
                    break
        if not entry.settled and entry.state is State.PLACED:
            entry = await self._search_twins(entry, request)
        return entry, error

    async def wait_for_twins(self) -> None:
        """Wait until every twin must have turned up."""
        await self._clock.sleep(self._settle_seconds)

    async def settle(self, entry: Entry) -> Entry:
        """Search for twins of an intent that was repeated; wait for them before."""
        if entry.settled:
            return entry
        request = self._provider.load_request(entry.request)
        for _ in range(MOST_LOOKS_FOR_TWINS):
            entry = await self._search_twins(entry, request, settled=True)
            if entry.settled:
                return entry
            await self._clock.sleep(max(self._settle_seconds / MOST_LOOKS_FOR_TWINS, 0.001))
        note = "a second order may exist: the search for one failed; resume the journal"
        return attrs.evolve(entry, note=entry.note or note)

    async def _adopt(self, entry: Entry, request: RequestT) -> Entry:
        await self._journal.put(entry)
        match await self._provider.look_up(request):
            case Found(orders):
                live = [order for order in orders if self._provider.is_live(order)]
                return await self._placed(entry, live[0], was_found=True) if live else entry
            case CannotTell(error):
                raise error
            case NoSuchOrder():
                return entry

    async def _submit(self, entry: Entry, request: RequestT) -> tuple[Entry, Exception | None]:
        waiting = entry
        repeated = entry.attempts > 0
        entry = attrs.evolve(
            entry,
            state=State.SENT,
            attempts=entry.attempts + 1,
            began_at=entry.began_at if repeated else self._clock.now(),
            settled=not repeated,
        )
        await self._journal.put(entry)
        match await self._provider.submit(request):
            case Accepted(order):
                return await self._placed(entry, order, was_found=False), None
            case NotSent(error, stop):
                self.stop_reason = self.stop_reason or stop
                # Attempts are counted that may have done something, and this one did not.
                entry = attrs.evolve(waiting, settled=entry.settled)
                await self._journal.put(entry)
                return entry, error
            case NoAnswer(error):
                return entry, error
            case Refused(error, stop):
                self.stop_reason = self.stop_reason or stop
                entry = attrs.evolve(entry, try_again=bool(stop))
                if repeated:  # maybe because the request before it was carried out after all
                    return await self._refused_again(entry, request, error)
                return await self._rejected(entry, error), error

    async def _refused_again(
        self, entry: Entry, request: RequestT, error: Exception
    ) -> tuple[Entry, Exception | None]:
        verdict = await self._look_until_settled(request)
        match verdict:
            case Found(orders):
                return await self._placed(entry, self._eldest(orders), was_found=True), None
            case NoSuchOrder():
                return await self._rejected(entry, error), error
            case CannotTell(failure):
                return entry, failure

    async def _resolve(self, entry: Entry, request: RequestT) -> tuple[Entry, Exception | None]:
        """Find out what became of a request whose answer was lost."""
        match await self._look_until_settled(request):
            case Found(orders):
                return await self._placed(entry, self._eldest(orders), was_found=True), None
            case CannotTell(error):
                return entry, error
            case NoSuchOrder():
                entry = attrs.evolve(entry, state=State.WAITING)
                await self._journal.put(entry)
                return entry, None

    async def _look_until_settled(self, request: RequestT) -> LookUp[OrderT]:
        """
        Look for the order until it must have turned up.

        The window begins here, when the answer is lost or the process is back: how long the
        request was under way before that, nobody knows. It is measured by what was slept,
        which no clock that is set can change.
        """
        waited = 0.0
        pause = min(FIRST_LOOK_SECONDS, self._settle_seconds)
        while True:
            verdict = await self._provider.look_up(request)
            match verdict:
                case Found():
                    return verdict
                case NoSuchOrder() if waited >= self._settle_seconds:
                    return verdict
                case CannotTell() if waited >= 2 * self._settle_seconds:
                    return verdict
                case _:
                    pass
            pause = max(pause, 0.001)
            await self._clock.sleep(pause)
            waited += pause
            left = self._settle_seconds - waited
            pause = min(pause * LOOK_SLOWDOWN, left) if left > 0 else FIRST_LOOK_SECONDS

    async def _search_twins(
        self, entry: Entry, request: RequestT, *, settled: bool = False
    ) -> Entry:
        """Keep the eldest of the orders that came of a repeated intent, and cancel the others."""
        verdict = await self._provider.look_up(request)
        if not isinstance(verdict, Found):
            if settled and isinstance(verdict, NoSuchOrder):
                entry = attrs.evolve(entry, settled=True)
                await self._journal.put(entry)
            return entry
        kept = self._eldest(verdict.orders)
        stuck: list[str] = []
        unsure: list[str] = []
        for order in verdict.orders:
            if order is kept or not self._provider.is_live(order):
                continue
            done = await self._provider.cancel(order)
            if not done:
                (unsure if done is None else stuck).append(self._provider.order_id(order))
        note = f"a second order exists and can't be cancelled: {', '.join(stuck)}" if stuck else ""
        if unsure:  # the next look tells, in this run or in the one that resumes
            note += f"{'; ' if note else ''}a second order may exist: {', '.join(unsure)}; resume"
        entry = attrs.evolve(entry, settled=settled and not unsure, note=note)
        return await self._placed(entry, kept, was_found=entry.was_found)

    def _eldest(self, orders: tuple[OrderT, ...]) -> OrderT:
        """The eldest that stands, or the eldest of all if none does."""
        return next((order for order in orders if self._provider.is_live(order)), orders[0])

    async def _placed(self, entry: Entry, order: OrderT, *, was_found: bool) -> Entry:
        note = entry.note
        if was_found and not self._provider.is_live(order):
            note = note or "the order that was found had been cancelled before"
        entry = attrs.evolve(
            entry,
            note=note,
            state=State.PLACED,
            result=self._provider.dump_order(order),
            was_found=was_found,
            try_again=False,
        )
        await self._journal.put(entry)
        return entry

    async def _rejected(self, entry: Entry, error: Exception) -> Entry:
        entry = attrs.evolve(entry, state=State.REJECTED, result=str(error))
        await self._journal.put(entry)
        return entry
