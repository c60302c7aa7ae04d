"""How many requests something took."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["RequestCount", "count_request"]


class RequestCount:
    """Counts the requests that the running task, and the tasks that it starts, send from now on."""

    __slots__ = ("_outer", "sent")

    def __init__(self) -> None:
        self.sent = 0
        """How many left so far; a repetition is one more."""
        self._outer = _current.get()
        _current.set(self)

    def add(self) -> None:
        """One more request leaves."""
        self.sent += 1
        if self._outer is not None:
            self._outer.add()


_current: ContextVar[RequestCount | None] = ContextVar("request_count", default=None)


def count_request() -> None:
    """Tell whoever counts that a request leaves."""
    count = _current.get()
    if count is not None:
        count.add()
