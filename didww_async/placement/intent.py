"""One order that somebody wants once, and what has become of it."""

from __future__ import annotations

import enum
from typing import Generic, TypeAlias, TypeVar

import attrs

__all__ = [
    "Entry",
    "NotAttempted",
    "Outcome",
    "Placed",
    "Rejected",
    "State",
    "Unconfirmed",
]

OrderT_co = TypeVar("OrderT_co", covariant=True)


class State(enum.StrEnum):
    """What is known of an intent for certain; the table is in `didww_async.placement`."""

    WAITING = "waiting"
    """No request for it is under way, and none can have taken effect."""
    SENT = "sent"
    """A request left, or may have left, and no answer has told its fate."""
    PLACED = "placed"
    REJECTED = "rejected"


@attrs.frozen(kw_only=True)
class Entry:
    """What a journal keeps of one intent: everything that a restart needs, and no more."""

    key: str
    """Names the intent within the journal."""
    run: str = ""
    """The run that brought it."""
    position: int
    """Its place in the input of that run."""
    digest: str
    """Of the request as the caller gave it, to notice that it was changed."""
    request: str
    """As the provider writes it, with what it can be found by."""
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


@attrs.frozen(kw_only=True)
class _Outcome:
    key: str
    position: int
    external_reference: str
    """What the order can be found by at the provider."""
    attempts: int
    """How many requests to order were begun, in this run and before."""


@attrs.frozen(kw_only=True)
class Placed(_Outcome, Generic[OrderT_co]):
    """There is one order."""

    order: OrderT_co
    was_found: bool = False
    """It was looked up, not answered: it existed already, or its answer was lost."""
    note: str = ""
    """Not empty if more than one order exists and could not be cancelled; it says which."""


@attrs.frozen(kw_only=True)
class Rejected(_Outcome):
    """There is no order: the provider refused it; `reason` says why."""

    reason: str
    error: Exception | None = None
    """The refusal itself; `None` if it was read from a journal."""


@attrs.frozen(kw_only=True)
class Unconfirmed(_Outcome):
    """There may be an order, or not; look for `external_reference`, or resume later."""

    reason: str
    error: Exception | None = None
    """What stood in the way; `None` if it was read from a journal."""


@attrs.frozen(kw_only=True)
class NotAttempted(_Outcome):
    """There is no order: nothing was sent, or nothing that took effect; resume to place it."""

    reason: str
    error: Exception | None = None
    """What stood in the way; `None` if the run ended before its turn came."""


Outcome: TypeAlias = Placed[OrderT_co] | Rejected | Unconfirmed | NotAttempted
