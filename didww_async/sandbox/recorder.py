"""What has been asked of the sandbox, for tests to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from didww_async.sandbox.wire import loads

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@frozen
class RecordedRequest:
    """One request as it arrived; credentials in headers are never kept."""

    method: str
    path: str
    """Without the query, percent-encoding as sent."""
    query: tuple[tuple[str, str], ...]
    """Decoded names and values in the order of the URL."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case; the values of those that hold credentials are "[redacted]"."""
    authorized: bool
    """Whether the credentials were the right ones."""
    body: bytes = field(repr=False)
    time: datetime
    status: int | None = None
    """The status that was answered; None while it is in work, or when it got no answer."""

    @property
    def json(self) -> object:
        """The body as JSON; None if it is empty or isn't JSON."""
        try:
            return loads(self.body) if self.body else None
        except ValueError:
            return None
