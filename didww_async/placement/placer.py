"""Moves one intent along the table of `didww_async.placement`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Generic, TypeVar

import attrs

from didww_async.placement.intent import (
    Entry,
    Intent,
    NotAttempted,
    Outcome,
    Placed,
    Rejected,
    State,
    Unconfirmed,
)
from didww_async.placement.journal import Journal, JournalError
from didww_async.placement.provider import (
    Accepted,
    Answer,
    Answered,
    CannotTell,
    Found,
    LookUp,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    Provider,
    PutOff,
    Refused,
)

__all__ = ["Clock", "Placement", "Placer", "Stop", "outcome_of", "storable", "unreadable"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

FIRST_LOOK_SECONDS = 0.25
LOOK_SLOWDOWN = 2.0
MOST_ATTEMPTS = 5
MOST_LOOKS_FOR_TWINS = 5
SHORTEST_PAUSE_SECONDS = 0.001
DOUBTFUL = "the order that was found seems older than its request; see whether it was meant"
LONGEST_NAP_SECONDS = 1.0
"""How long a pause that a stop is to end goes on without a look whether it came."""


@attrs.frozen
class Clock:
    """Time, so that tests can let it fly."""

    now: Callable[[], float] = time.time
    """Seconds since 1970: it is compared with what an earlier process wrote."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@attrs.define
class Stop:
    """Whether nothing more is to be begun, and why."""

    reason: str = ""
    failure: Exception | None = None
    """What is to be raised in the end; `None` for an end that is nobody's fault."""
    is_asked: asyncio.Event = attrs.field(factory=asyncio.Event, repr=False)

    def because(self, reason: str, failure: Exception | None = None) -> None:
        """Stop for a reason or a failure, unless there is none, or one already."""
        self.reason = self.reason or reason or (type(failure).__name__ if failure else "")
        self.failure = self.failure or failure
        if self.reason:
            self.is_asked.set()


@attrs.define
class Placement(Generic[RequestT, OrderT]):
    """An intent while somebody works on it: its entry, and what the entry's texts stand for."""

    entry: Entry
    request: RequestT
    began_as: State = State.WAITING
    """The state in which the request that is under way was begun."""
    order: OrderT | None = None
    """The order if it is placed, unless it was read from a journal and nobody looked at it yet."""
    error: Exception | None = None
    """What stood in the way, if it is no further."""
    used_up: bool = False
    """Whether the idempotency key was answered, so that it is of no use any more."""
    follows: bool = False
    """Whether the run had a row of this name before, whose order may not show yet."""
    corrects: bool = False
    """Whether it takes the place of a request that was refused."""
    counts: bool = False
    """Whether the money of its order counts, unless it did with another row of its name."""
    is_counted: bool = False
    """Whether it does count with this row."""


def outcome_of(
    provider: Provider[RequestT, OrderT],
    placement: Placement[RequestT, OrderT],
    position: int,
    why: str = "",
) -> Outcome[OrderT]:
    """The outcome that a placement stands for; `why` it is no further, if no error tells."""
    entry = placement.entry
    reference = provider.reference(placement.request)
    error = placement.error
    if entry.state is State.PLACED:
        order = placement.order
        try:
            order = provider.load_order(entry.result) if order is None else order
        except Exception as failure:  # noqa: BLE001  # an order that can't be read is one all the same
            error = failure
            why = f"it is placed, but what the journal has of its order can't be read: {failure}"
        else:
            return Placed(
                key=entry.key,
                position=position,
                external_reference=reference,
                attempts=entry.attempts,
                order=order,
                was_found=entry.was_found,
                note=entry.note,
            )
    reason = why if error is None or entry.state is State.PLACED else storable(error)
    kind: type[Rejected | Unconfirmed | NotAttempted] = Unconfirmed
    if entry.state is State.REJECTED:
        reason = entry.result
        kind = NotAttempted if entry.try_again else Rejected
    elif entry.state is State.WAITING:
        kind = NotAttempted
    return kind(
        key=entry.key,
        position=position,
        external_reference=reference,
        attempts=entry.attempts,
        reason=reason,
        error=error,
    )


def unreadable(entry: Entry, position: int, failure: Exception) -> Unconfirmed | NotAttempted:
    """The outcome of an entry that its provider can't read, be there an order or not."""
    is_open = entry.state in {State.SENT, State.PLACED}
    kind: type[Unconfirmed | NotAttempted] = Unconfirmed if is_open else NotAttempted
    return kind(
        key=entry.key,
        position=position,
        external_reference="",
        attempts=entry.attempts,
        reason=f"what the journal has of it ({entry.state}) can't be read: {failure}",
        error=failure,
    )


def storable(told: object) -> str:
    """A text about something that a journal takes, whatever characters are in it."""
    return str(told).encode("utf-8", "backslashreplace").decode()


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
        settle_seconds: float | None = None,
        adopt_existing: bool = False,
        clock: Clock = Clock(),  # a frozen value
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._settle_seconds = provider.settle_seconds if settle_seconds is None else settle_seconds
        self.adopts = adopt_existing
        """Whether an order that has an intent's reference already is taken over."""
        self._clock = clock
        self.slots: AbstractAsyncContextManager[object] = nullcontext()
        """Held during each request of a run, so that no more are under way than it may have."""
        self.stop = Stop()
        """Ends every wait that the server asked for; set by refusals that meet all orders."""

    async def place(
        self, placement: Placement[RequestT, OrderT], *, may_submit: bool = True
    ) -> None:
        """
        Take an intent as far as it goes; the entry says how far, the error what stood in the way.

        An entry that comes back as `waiting` was not placed and may be tried again, one
        that comes back as `sent` has to be looked up again before. Without `may_submit`,
        nothing is ordered: an order that may exist is looked for, and that is all.
        """
        self._reopen(placement)
        if self.looks_first(placement) and not await self._adopted(placement):
            return
        await self._go_on(placement, 0, may_submit=may_submit)

    def looks_first(self, placement: Placement[RequestT, OrderT]) -> bool:
        """Whether an order that has the intent's reference already is taken over."""
        return self.adopts or placement.entry.adopts

    def begin(self, placement: Placement[RequestT, OrderT]) -> None:
        """Note that a request leaves; the journal has to have the entry before it does."""
        entry = placement.entry
        placement.began_as = entry.state
        repeated = entry.attempts > 0
        doubles = repeated and entry.state is not State.SENT and self._provider.repeats_can_double
        began_at = entry.began_at if repeated else self._clock.now()
        placement.entry = entry.begun(began_at, settled=entry.settled and not doubles)
        placement.error = None

    def intent(self, placement: Placement[RequestT, OrderT]) -> Intent[RequestT]:
        """The intent as its provider sees it."""
        entry = placement.entry
        return Intent(
            key=entry.key,
            request=placement.request,
            text=entry.request,
            attempts=entry.attempts,
            began_at=entry.began_at or None,
            adopts=entry.adopts,
        )

    def take_back(self, placement: Placement[RequestT, OrderT]) -> None:
        """Note that what was begun certainly did nothing; the journal does not know yet."""
        entry = placement.entry
        # Attempts are counted that may have done something, and this one did not.
        placement.entry = entry._replace(
            state=placement.began_as,
            attempts=entry.attempts - 1,
            began_at=entry.began_at if entry.attempts > 1 else 0.0,
        )

    def accept(self, placement: Placement[RequestT, OrderT], accepted: Accepted[OrderT]) -> None:
        """Note that the order is placed; the journal does not know yet."""
        self._note_placed(placement, accepted.order, was_found=False, text=accepted.text)

    async def go_on(self, placement: Placement[RequestT, OrderT], answer: Answer[OrderT]) -> None:
        """Take an intent as far as it goes whose first request has its answer."""
        if await self._answered(placement, answer):
            await self._go_on(placement, 1, may_submit=True)

    async def _go_on(
        self, placement: Placement[RequestT, OrderT], first: int, *, may_submit: bool
    ) -> None:
        for begun in range(first, MOST_ATTEMPTS + 1):
            may_begin = may_submit and begun < MOST_ATTEMPTS and not (begun and self.stop.reason)
            if placement.entry.state is State.SENT and may_begin and self._recognised(placement):
                await self._back_off(begun)
            elif placement.entry.state is State.SENT and not await self._resolve(placement):
                break
            state = placement.entry.state
            is_open = state is State.WAITING or state is State.SENT
            if not (is_open and may_begin and await self._submit(placement)):
                break
        if placement.entry.state is State.PLACED and not placement.entry.settled:
            await self._search_twins(placement)

    async def wait_for_twins(self) -> None:
        """Wait until every twin must have turned up."""
        await self._clock.sleep(self._settle_seconds)

    async def settle(self, placement: Placement[RequestT, OrderT]) -> None:
        """Search for twins of an intent that was repeated, a window after its repetition."""
        for _ in range(MOST_LOOKS_FOR_TWINS):
            if placement.entry.settled:
                return
            await self._search_twins(placement, settled=True)
            if not placement.entry.settled:
                pause = self._settle_seconds / MOST_LOOKS_FOR_TWINS
                await self._clock.sleep(max(pause, SHORTEST_PAUSE_SECONDS))
        if not placement.entry.settled:
            note = "a second order may exist: the search for one failed; resume the journal"
            placement.entry = placement.entry._replace(note=placement.entry.note or note)

    def _reopen(self, placement: Placement[RequestT, OrderT]) -> None:
        """Begin anew with what was refused for a reason that may have passed."""
        entry = placement.entry
        if entry.state is State.REJECTED and entry.try_again:
            # The refused request certainly did nothing; what was sent before it still counts.
            only_one = entry.settled and entry.attempts <= 1
            attempts = 0 if only_one else entry.attempts
            placement.entry = entry._replace(
                state=State.WAITING, try_again=False, result="", attempts=attempts
            )

    async def _adopted(self, placement: Placement[RequestT, OrderT]) -> bool:
        """Take over an order that is there already, if asked to; false if nobody can tell."""
        entry = placement.entry
        if not entry.adopts:
            entry = placement.entry = entry._replace(adopts=True)
        if entry.state is not State.WAITING or entry.attempts:
            return True
        await self._journal.put(entry)
        look = self._look_until_settled if placement.follows else self._look
        match await look(placement):
            case Found(orders):
                live = [order for order in orders if self._provider.is_live(order)]
                if live:
                    await self._placed(placement, live[0], was_found=True)
            case CannotTell(error):
                placement.error = error
                return False
            case NoSuchOrder():
                pass
        return True

    async def _look(self, placement: Placement[RequestT, OrderT]) -> LookUp[OrderT]:
        async with self.slots:
            return await self._provider.look_up(self.intent(placement))

    async def submit(self, placement: Placement[RequestT, OrderT]) -> Answer[OrderT]:
        """Send the request of an order that is begun."""
        async with self.slots:
            return await self._provider.submit(self.intent(placement))

    def _recognised(self, placement: Placement[RequestT, OrderT]) -> bool:
        """Whether the server would answer the request again, instead of carrying it out again."""
        return not placement.used_up and self._provider.repeats_safely(self.intent(placement))

    async def _submit(self, placement: Placement[RequestT, OrderT]) -> bool:
        """Ask for the order; false if it is not to be asked for again in this run."""
        self.begin(placement)
        await self._journal.put(placement.entry)
        return await self._answered(placement, await self.submit(placement))

    async def _answered(
        self, placement: Placement[RequestT, OrderT], answer: Answer[OrderT]
    ) -> bool:
        """Do as the answer says; false if the order is not to be asked for again in this run."""
        while isinstance(answer, PutOff):
            placement.error = answer.error
            if answer.used_up:
                await self._renew(placement, State.SENT)
            if not await self._pause(answer.seconds):
                answer = NotSent(answer.error)
            else:
                answer = await self.submit(placement)
        match answer.read() if isinstance(answer, Answered) else answer:
            case Accepted(order, text):
                await self._placed(placement, order, was_found=False, text=text)
            case NotSent(error, stop):
                self.stop.because(stop)
                placement.error = error
                self.take_back(placement)
                await self._journal.put(placement.entry)
                return False
            case NoAnswer(error, used_up):
                placement.error, placement.used_up = error, used_up
            case Refused(error, stop, unsure, may_pass):
                self.stop.because(stop)
                placement.error = error
                placement.entry = placement.entry._replace(try_again=bool(stop) or may_pass)
                if unsure or self._may_have_acted(placement):
                    return await self._refused_again(placement, error)
                await self._rejected(placement, error)
        return True

    def _may_have_acted(self, placement: Placement[RequestT, OrderT]) -> bool:
        """Whether a request before this one may have made the order, which is now refused."""
        return placement.entry.attempts > 1 and placement.began_as is not State.SENT

    async def _refused_again(
        self, placement: Placement[RequestT, OrderT], error: Exception
    ) -> bool:
        """A refusal that may come of the order itself: it counts only if there is none."""
        match await self._look_until_settled(placement):
            case Found(orders, is_doubtful):
                await self._found(placement, orders, is_doubtful=is_doubtful)
            case NoSuchOrder():
                await self._rejected(placement, error)
            case CannotTell(failure):
                placement.error = failure
                return False
        return True

    async def _resolve(self, placement: Placement[RequestT, OrderT]) -> bool:
        """Find out what became of a request whose answer was lost; false if nobody can tell."""
        match await self._look_until_settled(placement):
            case Found(orders, is_doubtful):
                await self._found(placement, orders, is_doubtful=is_doubtful)
            case CannotTell(error):
                placement.error = error
                return False
            case NoSuchOrder():
                await self._renew(placement, State.WAITING)
        return True

    async def _renew(self, placement: Placement[RequestT, OrderT], state: State) -> None:
        """The same intent with an idempotency key that no request had before."""
        renewed = self._provider.renew(placement.request)
        text = placement.entry.request
        if renewed is not placement.request:
            text, placement.request = self._provider.dump_request(renewed), renewed
        placement.used_up = False
        placement.entry = placement.entry._replace(state=state, request=text)
        await self._journal.put(placement.entry)

    async def _look_until_settled(self, placement: Placement[RequestT, OrderT]) -> LookUp[OrderT]:
        """
        Look for the order until it must have turned up.

        The window begins here, when the answer is lost or the process is back: how long the
        request was under way before that, nobody knows. It is measured by what was slept,
        which no clock that is set can change.
        """
        waited = 0.0
        pause = min(FIRST_LOOK_SECONDS, self._settle_seconds)
        while True:
            verdict = await self._look(placement)
            may_go_on = not self.stop.reason
            match verdict:
                case Found(orders, is_doubtful) if not is_doubtful and self._any_live(orders):
                    return verdict
                # It may be another's, so the intent's own still has its time to turn up.
                case Found() | NoSuchOrder() if waited >= self._settle_seconds:
                    return verdict
                case CannotTell() if waited >= self._settle_seconds * (1 + may_go_on):
                    return verdict
                case _:
                    pass
            pause = max(pause, SHORTEST_PAUSE_SECONDS)
            await self._clock.sleep(pause)
            waited += pause
            left = self._settle_seconds - waited
            pause = min(pause * LOOK_SLOWDOWN, left if left > 0 else self._settle_seconds)

    async def _back_off(self, begun: int) -> None:
        if begun:
            await self._clock.sleep(FIRST_LOOK_SECONDS * LOOK_SLOWDOWN ** (begun - 1))

    async def _pause(self, seconds: float) -> bool:
        """Wait as long as the server asked for; false if the run is stopped meanwhile."""
        left = max(seconds, SHORTEST_PAUSE_SECONDS)
        while left > 0 and not self.stop.reason:
            nap = min(left, LONGEST_NAP_SECONDS)
            await self._clock.sleep(nap)
            left -= nap
        return not self.stop.reason

    async def _search_twins(
        self, placement: Placement[RequestT, OrderT], *, settled: bool = False
    ) -> None:
        """
        Keep the eldest of the orders that came of a repeated intent, and cancel the others.

        Raises:
            JournalError: The journal can't be used, and knows nothing of this search.
        """
        before = placement.entry
        try:
            await self._cancel_twins(placement, settled=settled)
        except JournalError:
            placement.entry = before
            raise

    async def _cancel_twins(self, placement: Placement[RequestT, OrderT], *, settled: bool) -> None:
        verdict = await self._look(placement)
        if not isinstance(verdict, Found) or verdict.is_doubtful:
            if settled and not isinstance(verdict, CannotTell):
                note = self._doubts(placement, verdict) or placement.entry.note
                placement.entry = placement.entry._replace(settled=True, note=note)
                await self._journal.put(placement.entry)
            return
        kept = self._eldest(verdict.orders)
        stuck: list[str] = []
        unsure: list[str] = []
        for order in verdict.orders:
            if order is kept or not self._provider.is_live(order):
                continue
            async with self.slots:
                done = await self._provider.cancel(order)
            if not done:
                (unsure if done is None else stuck).append(self._provider.order_id(order))
        notes: list[str] = []
        if stuck:
            notes.append(f"a second order exists and can't be cancelled: {', '.join(stuck)}")
        if unsure:  # the next look tells, in this run or in the one that resumes
            notes.append(f"a second order may exist: {', '.join(unsure)}; resume")
        entry = placement.entry
        placement.entry = entry._replace(settled=settled and not unsure, note="; ".join(notes))
        await self._placed(placement, kept, was_found=entry.was_found)

    def _doubts(
        self, placement: Placement[RequestT, OrderT], verdict: Found[OrderT] | NoSuchOrder
    ) -> str:
        """What may be twins where a clock is wrong, and nobody can tell them from other orders."""
        if isinstance(verdict, NoSuchOrder) or placement.order is None:
            return ""
        ours = self._provider.order_id(placement.order)
        live = {self._provider.order_id(o) for o in verdict.orders if self._provider.is_live(o)}
        if ours not in live or live == {ours}:
            return ""
        others = ", ".join(sorted(live - {ours}))
        return f"a second order may exist, as the clocks differ: see whether it is among {others}"

    async def _found(
        self,
        placement: Placement[RequestT, OrderT],
        orders: tuple[OrderT, ...],
        *,
        is_doubtful: bool,
    ) -> None:
        if is_doubtful:
            placement.entry = placement.entry._replace(note=DOUBTFUL)
        await self._placed(placement, self._eldest(orders), was_found=True)

    def _any_live(self, orders: tuple[OrderT, ...]) -> bool:
        return any(map(self._provider.is_live, orders))

    def _eldest(self, orders: tuple[OrderT, ...]) -> OrderT:
        """The eldest that stands, or the eldest of all if none does."""
        return next((order for order in orders if self._provider.is_live(order)), orders[0])

    async def _placed(
        self,
        placement: Placement[RequestT, OrderT],
        order: OrderT,
        *,
        was_found: bool,
        text: str = "",
    ) -> None:
        before = placement.entry
        self._note_placed(placement, order, was_found=was_found, text=text)
        placed, placement.entry = placement.entry, before
        await self.keep(placement, placed)

    async def keep(self, placement: Placement[RequestT, OrderT], placed: Entry) -> None:
        """
        Let the journal have the entry of an order that is placed, and then the placement.

        Raises:
            JournalError: The journal can't be used; the order is to be looked up.
        """
        try:
            await self._journal.put(placed)
        except Exception as failure:
            if not isinstance(failure, JournalError):
                placement.entry = placed  # it is known here, whatever a journal makes of it
            raise
        placement.entry = placed

    def _note_placed(
        self, placement: Placement[RequestT, OrderT], order: OrderT, *, was_found: bool, text: str
    ) -> None:
        entry = placement.entry
        note = entry.note
        if was_found and not self._provider.is_live(order):
            note = note or "the order that was found does not stand: it was cancelled, or it failed"
        result = self._text(order, text) if self._keeps(entry) else ""
        placement.order, placement.error = order, None
        placement.entry = entry.placed(result, note, was_found=was_found)

    def _keeps(self, entry: Entry) -> bool:
        """Whether somebody will ask for the order again: a search for twins may."""
        return self._journal.keeps_orders or not entry.settled

    def _text(self, order: OrderT, text: str) -> str:
        return text or self._provider.dump_order(order)

    async def _rejected(self, placement: Placement[RequestT, OrderT], error: Exception) -> None:
        placement.entry = placement.entry._replace(state=State.REJECTED, result=storable(error))
        await self._journal.put(placement.entry)
