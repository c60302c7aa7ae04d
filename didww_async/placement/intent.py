"""One order that somebody wants once, and what has become of it."""

from __future__ import annotations

import enum
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import attrs

__all__ = [
    "Entry",
    "Intent",
    "NotAttempted",
    "Outcome",
    "Placed",
    "Rejected",
    "State",
    "Unconfirmed",
]

RequestT_co = TypeVar("RequestT_co", covariant=True)
OrderT_co = TypeVar("OrderT_co", covariant=True)


class State(enum.StrEnum):
    """What is known of an intent for certain; the table is in `didww_async.placement`."""

    WAITING = "waiting"
    """No request for it is under way, and none can have taken effect."""
    SENT = "sent"
    """A request left, or may have left, and no answer has told its fate."""
    PLACED = "placed"
    REJECTED = "rejected"


class Entry(NamedTuple):
    """
    What a journal keeps of one intent: everything that a restart needs, and no more.

    It is a row of the journal, and like one it is replaced rather than changed.
    """

    key: str
    """Names the intent within the journal."""
    digest: str
    """Of the request as the caller gave it, to notice that it was changed."""
    request: str
    """As the provider writes it, with what it can be found by."""
    rows: int = 1
    """How many rows of the input are packed into it."""
    adopts: bool = False
    """Whether an order that has its reference already is to be taken over."""
    state: State = State.WAITING
    attempts: int = 0
    """How often a request was begun."""
    began_at: float = 0.0
    """When the first one was begun, in seconds since 1970."""
    was_found: bool = False
    """The order was looked up, not answered."""
    settled: bool = True
    """False while a repeated intent has still to be searched for twins."""
    result: str = ""
    """The order as the provider writes it if placed, the refusal if rejected."""
    note: str = ""
    """What else there is to say, such as a twin that could not be cancelled."""
    try_again: bool = False
    """It was refused for a reason of the account's, such as its balance, which may pass."""

    # What happens to every order is written out: `_replace` takes twice as long.

    def begun(self, began_at: float, *, settled: bool) -> Entry:
        """With one more request under way."""
        return Entry(
            self.key,
            self.digest,
            self.request,
            self.rows,
            self.adopts,
            State.SENT,
            self.attempts + 1,
            began_at,
            self.was_found,
            settled,
            self.result,
            self.note,
            self.try_again,
        )

    def placed(self, result: str, note: str, *, was_found: bool) -> Entry:
        """With an order, whose text is the result."""
        return Entry(
            self.key,
            self.digest,
            self.request,
            self.rows,
            self.adopts,
            State.PLACED,
            self.attempts,
            self.began_at,
            was_found,
            self.settled,
            result,
            note,
        )


@attrs.define(kw_only=True, on_setattr=attrs.setters.frozen)
class Intent(Generic[RequestT_co]):
    """One order that somebody wants once, as its provider sees it."""

    key: str
    request: RequestT_co
    """With what its order can be found by, and with its idempotency key where there is one."""
    text: str
    """The request as the provider wrote it, and as the journal has it."""
    attempts: int
    """How many requests for it were begun, in this run and before."""
    began_at: float | None
    """When the first of them was begun, in seconds since 1970; `None` if none was."""
    adopts: bool = False
    """Whether an order of any age counts, and not only what came of these requests."""


@attrs.define(kw_only=True, on_setattr=attrs.setters.frozen)
class _Outcome:
    key: str
    position: int
    external_reference: str
    """What the order can be found by at the provider."""
    attempts: int
    """How many requests to order were begun, in this run and before."""


@attrs.define(kw_only=True, on_setattr=attrs.setters.frozen)
class Placed(_Outcome, Generic[OrderT_co]):
    """There is one order."""

    order: OrderT_co
    was_found: bool = False
    """It was looked up, not answered: it existed already, or its answer was lost."""
    note: str = ""
    """Not empty if more than one order exists and could not be cancelled; it says which."""


@attrs.define(kw_only=True, on_setattr=attrs.setters.frozen)
class Rejected(_Outcome):
    """There is no order: the provider refused it for good; `reason` says why."""

    reason: str
    error: Exception | None = None
    """The refusal itself; `None` if it was read from a journal."""


@attrs.define(kw_only=True, on_setattr=attrs.setters.frozen)
class Unconfirmed(_Outcome):
    """There may be an order, or not; look for `external_reference`, or resume later."""

    reason: str
    error: Exception | None = None
    """What stood in the way; `None` if it was read from a journal."""


@attrs.define(kw_only=True, on_setattr=attrs.setters.frozen)
class NotAttempted(_Outcome):
    """There is no order: nothing was sent, or nothing that took effect; resume to place it."""

    reason: str
    error: Exception | None = None
    """
    What stood in the way; `None` if the run ended before its turn came.

    A refusal for a reason of the account's, such as its balance, is one: it may pass.
    """


Outcome: TypeAlias = Placed[OrderT_co] | Rejected | Unconfirmed | NotAttempted
