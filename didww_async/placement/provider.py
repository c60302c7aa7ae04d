"""What placement asks of an order API, and the answers that it understands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

import attrs

from didww_async.placement.intent import Intent

__all__ = [
    "Accepted",
    "Answer",
    "Answered",
    "CannotTell",
    "Found",
    "LookUp",
    "NoAnswer",
    "NoSuchOrder",
    "NotSent",
    "Provider",
    "PutOff",
    "Refused",
    "Stock",
]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")
OrderT_co = TypeVar("OrderT_co", covariant=True)


@attrs.define(on_setattr=attrs.setters.frozen)
class Accepted(Generic[OrderT_co]):
    """The order exists."""

    order: OrderT_co
    text: str = ""
    """The order as `load_order` reads it, where that is at hand; else `dump_order` writes it."""


@attrs.frozen
class Refused:
    """The order does not exist, and the same request would be refused again by now."""

    error: Exception
    stop: str = ""
    """Why no other order stands a chance either, such as an empty account; else empty."""
    unsure: bool = False
    """Whether it may exist all the same, so that it is looked up before the refusal counts."""
    may_pass: bool = False
    """Whether the same request may be accepted another day, as it may whenever `stop` is set."""


@attrs.frozen
class NotSent:
    """Nothing can have taken effect: the server was not reached."""

    error: Exception
    stop: str = ""
    """Why no other order stands a chance either, such as a closed client; else empty."""


@attrs.frozen
class PutOff:
    """Nothing was done: the server asks to come back later, which is no outcome."""

    error: Exception
    seconds: float
    used_up: bool = False
    """Whether the request's idempotency key counts as used, so that it needs another one."""


@attrs.frozen
class NoAnswer:
    """The request may have taken effect."""

    error: Exception
    used_up: bool = False
    """
    Whether the server did answer, without telling the order's fate.

    What it said would be said again to the same idempotency key, so there has to be
    another one, once a look has told that there is no order.
    """


class Answered(Generic[OrderT_co]):
    """
    The server took the request, and its answer is there to be read.

    Who places many orders reads many answers at once, which takes less time than each of
    them between two requests.
    """

    __slots__ = ()

    def read(self) -> Accepted[OrderT_co] | NoAnswer:
        """What it says; `NoAnswer` if it can't be read. Called once."""
        raise NotImplementedError


Answer: TypeAlias = (
    Accepted[OrderT_co] | Answered[OrderT_co] | Refused | NotSent | PutOff | NoAnswer
)


@attrs.frozen
class Found(Generic[OrderT_co]):
    """The orders that came of the intent, the eldest first; at least one."""

    orders: tuple[OrderT_co, ...]
    is_doubtful: bool = False
    """
    Whether all of them seem older than the intent, as they would if a clock were wrong.

    They are taken for it only if no other one has turned up when the window has passed.
    """


@attrs.frozen
class NoSuchOrder:
    """The provider looked and has none, as far as it can see at this moment."""


@attrs.frozen
class CannotTell:
    """The look itself failed."""

    error: Exception


LookUp: TypeAlias = Found[OrderT_co] | NoSuchOrder | CannotTell


@attrs.frozen
class Stock:
    """How much a request takes of something, and how much there is for all requests."""

    name: str
    wanted: int
    available: int


class Provider(ABC, Generic[RequestT, OrderT]):
    """
    An order API behind the placer.

    `submit` and `look_up` answer every failure of the API with one of the classes of
    this module; an exception out of them is a mistake of the provider's. What is not
    abstract has an answer that is right for most APIs.
    """

    settle_seconds = 10.0
    """How long after a request its order may still turn up, unless a run says otherwise."""
    repeats_can_double = True
    """Whether the same request, sent twice, can make two orders."""

    @property
    def place(self) -> str:
        """Where the orders go, such as the URL of the API: a journal is of one place."""
        return ""

    @abstractmethod
    async def submit(self, intent: Intent[RequestT]) -> Answer[OrderT]:
        """Ask for the order, once."""

    @abstractmethod
    async def look_up(self, intent: Intent[RequestT]) -> LookUp[OrderT]:
        """
        Look for what came of an intent: of its requests from `began_at` on.

        An older order counts if the intent `adopts` it, and not if it was cancelled before.
        """

    @abstractmethod
    def reference(self, request: RequestT) -> str:
        """That by which the order of a request can be found; empty if it has none yet."""

    @abstractmethod
    def prepare(self, request: RequestT) -> RequestT:
        """The request with something unique in it by which its order can be found."""

    @abstractmethod
    def dump_request(self, request: RequestT) -> str:
        """The request as text for the journal; equal requests give equal texts."""

    @abstractmethod
    def load_request(self, text: str) -> RequestT:
        """The request of such a text."""

    def reads_back(self, request: RequestT) -> bool:  # noqa: ARG002
        """Whether its text can be read again for certain, so that nobody has to try it first."""
        return False

    @abstractmethod
    def dump_order(self, order: OrderT) -> str:
        """The order as text for the journal."""

    @abstractmethod
    def load_order(self, text: str) -> OrderT:
        """The order of such a text."""

    def key(self, request: RequestT) -> str | None:
        """What the caller calls the order by, or `None` if the request has no name."""
        return self.reference(request) or None

    def repeats_safely(self, intent: Intent[RequestT]) -> bool:  # noqa: ARG002
        """
        Whether the server would recognise this very request, and repeat its answer.

        Then a lost answer is asked for again at once, without looking for the order.
        """
        return False

    def renew(self, request: RequestT) -> RequestT:
        """The request with a fresh idempotency key, the one it has being used up."""
        return request

    def order_id(self, order: OrderT) -> str:
        """The provider's own name of the order."""
        return str(order)

    def is_live(self, order: OrderT) -> bool:  # noqa: ARG002
        """Whether the order stands: it is not cancelled."""
        return True

    async def cancel(self, order: OrderT) -> bool | None:  # noqa: ARG002
        """Cancel an order; whether it is cancelled now, or `None` if nobody can tell."""
        return False

    def cost(self, order: OrderT) -> Decimal:  # noqa: ARG002
        """What the order costs."""
        return Decimal(0)

    def describe(self, order: OrderT) -> Mapping[str, object]:
        """The columns that an order adds to a report."""
        return {"order_id": self.order_id(order)}

    async def quote(self, request: RequestT) -> Decimal | None:  # noqa: ARG002
        """What the order of a request will cost, or `None` if no price is known."""
        return None

    async def problem(self, request: RequestT) -> str:  # noqa: ARG002
        """Why the request would be refused, as far as it shows beforehand; else empty."""
        return ""

    async def stock(self, request: RequestT) -> Sequence[Stock]:  # noqa: ARG002
        """What the request takes of things that may run out."""
        return ()

    async def funds(self) -> Decimal | None:
        """What there is to spend, or `None` if nobody can tell."""
        return None

    def pack_key(self, request: RequestT) -> Hashable:  # noqa: ARG002
        """What the requests of one pack have in common; `None` if it can't be packed."""
        return None

    def packed(self, requests: Sequence[RequestT]) -> RequestT:
        """One request for all that these ask for; they have the same `pack_key`."""
        raise NotImplementedError(f"{type(self).__name__} packs nothing: {len(requests)} requests")

    def count_requests(self) -> Callable[[], int]:
        """Begin to count the requests of the running task; tells how many there were so far."""
        return lambda: 0
