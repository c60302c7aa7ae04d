"""A request and its reply, free of any HTTP library, and what answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Request:
    """What has been asked."""

    method: str
    path: str
    """As sent, percent-encoding included."""
    query: str = ""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    """Names in lower case."""
    body: bytes = b""


@frozen
class Reply:
    """What to send back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    after: float = 0.0
    """How many seconds it takes to come."""


class App(Protocol):
    """An API without a socket."""

    def handle(self, request: Request) -> Reply:
        """Answer one request; whatever it asks for has happened when this returns."""
        ...

    def authorized(self, request: Request) -> bool:
        """Whether the request carries the right credentials."""
        ...
