"""Trouble in DIDWW's own shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didww_async.sandbox.faults import Fault, Faults, When
from didww_async.sandbox.wire import MEDIA_TYPE

if TYPE_CHECKING:
    from typing import Unpack


class DidwwFaults(Faults):
    """The faults of a DIDWW sandbox; see `Faults`."""

    def rate_limit(self, retry_after: float | str | None = None, **when: Unpack[When]) -> Fault:
        """Answer 429 in DIDWW's shape; `retry_after` in seconds, or an HTTP date as text."""
        headers = {"Content-Type": MEDIA_TYPE}
        if retry_after is not None:
            text = retry_after if isinstance(retry_after, str) else f"{retry_after:g}"
            headers["Retry-After"] = text
        body = b'{"errors":[{"status":"429","detail":"Too Many Requests"}]}'
        return self.add(
            Fault("answer", applied=False, status=429, body=body, headers=headers, **when)
        )
