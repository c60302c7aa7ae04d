"""One request and its answer, as plain data."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["Request", "Response"]


@attrs.frozen
class Request:
    """What is asked of a server; the session adds the origin and the headers it owns."""

    method: str
    path: str
    """Below the base URL, from `/` on and percent-encoded."""
    query: str = ""
    """Percent-encoded."""
    body: bytes | None = None
    is_link: bool = False
    """Whether `path` is a link that the server gave: a URL, or a path below its origin."""
    authenticated: bool = True
    """Whether the credentials go along."""


@attrs.frozen
class Response:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    """Names compare without regard to case."""
    body: bytes
