"""What placement asks of an order API, and the answers that it understands."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Generic, Protocol, TypeAlias, TypeVar

import attrs

__all__ = [
    "Accepted",
    "Answer",
    "CannotTell",
    "Found",
    "LookUp",
    "NoAnswer",
    "NoSuchOrder",
    "NotSent",
    "Provider",
    "Refused",
]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")
OrderT_co = TypeVar("OrderT_co", covariant=True)


@attrs.frozen
class Accepted(Generic[OrderT_co]):
    """The order exists."""

    order: OrderT_co


@attrs.frozen
class Refused:
    """The order does not exist, and the same request would be refused again."""

    error: Exception
    stop: str = ""
    """Why no other order stands a chance either, such as an empty account; else empty."""


@attrs.frozen
class NotSent:
    """Nothing can have taken effect: the server was not reached, or put the request off."""

    error: Exception
    stop: str = ""
    """Why no other order stands a chance either, such as a closed client; else empty."""


@attrs.frozen
class NoAnswer:
    """The request may have taken effect."""

    error: Exception


Answer: TypeAlias = Accepted[OrderT_co] | Refused | NotSent | NoAnswer


@attrs.frozen
class Found(Generic[OrderT_co]):
    """The orders that came of the intent, the eldest first; at least one."""

    orders: tuple[OrderT_co, ...]


@attrs.frozen
class NoSuchOrder:
    """The provider looked and has none, as far as it can see at this moment."""


@attrs.frozen
class CannotTell:
    """The look itself failed."""

    error: Exception


LookUp: TypeAlias = Found[OrderT_co] | NoSuchOrder | CannotTell


class Provider(Protocol[RequestT, OrderT]):
    """
    An order API behind the placer.

    `submit` and `look_up` answer every failure of the API with one of the classes of
    this module; an exception out of them is a mistake of the provider's.
    """

    def key(self, request: RequestT) -> str | None:
        """What the caller calls the order by, or `None` if the request has no name."""
        ...

    def prepare(self, request: RequestT) -> RequestT:
        """The request with something unique in it by which its order can be found."""
        ...

    def reference(self, request: RequestT) -> str:
        """That by which the order of a prepared request can be found."""
        ...

    def dump_request(self, request: RequestT) -> str:
        """The request as text for the journal; equal requests give equal texts."""
        ...

    def load_request(self, text: str) -> RequestT:
        """The request of such a text."""
        ...

    def dump_order(self, order: OrderT) -> str:
        """The order as text for the journal."""
        ...

    def load_order(self, text: str) -> OrderT:
        """The order of such a text."""
        ...

    def cost(self, order: OrderT) -> Decimal:
        """What the order costs."""
        ...

    async def quote(self, request: RequestT) -> Decimal | None:
        """What the order of a request will cost, or `None` if no price is known."""
        ...

    def describe(self, order: OrderT) -> Mapping[str, object]:
        """The columns that an order adds to a report."""
        ...

    def is_live(self, order: OrderT) -> bool:
        """Whether the order stands: it is not cancelled."""
        ...

    def order_id(self, order: OrderT) -> str:
        """The provider's own name of the order."""
        ...

    async def submit(self, request: RequestT) -> Answer[OrderT]:
        """Ask for the order, once."""
        ...

    async def look_up(self, request: RequestT) -> LookUp[OrderT]:
        """Look for what came of a request."""
        ...

    async def cancel(self, order: OrderT) -> bool | None:
        """Cancel an order; whether it is cancelled now, or `None` if nobody can tell."""
        ...
