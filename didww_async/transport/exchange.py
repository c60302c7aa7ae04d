"""One request and its answer, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

__all__ = ["Request", "Response"]


def _is_get(request: Request) -> bool:
    return request.method == "GET"


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
    headers: Mapping[str, str] | None = None
    """Beside those of the session, and in place of those."""
    is_safe: bool = attrs.field(default=attrs.Factory(_is_get, takes_self=True))
    """Whether it changes nothing, so that it may be repeated when its answer was lost: a GET."""
    outlives_answers: bool = True
    """
    Whether it may be sent again, as it is, after an answer that says that nothing was done:
    a 429, or a 401 once the credentials are renewed. Not so where its headers or its body are
    for one answer.
    """
    private: Sequence[str] = attrs.field(default=(), repr=False)
    """What an answer may repeat of it, and no error is to show."""


@attrs.frozen
class Response:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    """Names compare without regard to case."""
    body: bytes
