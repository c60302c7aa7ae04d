"""How many requests something took."""

from __future__ import annotations

from contextvars import ContextVar
from weakref import ref

__all__ = ["RequestCount", "count_request"]


class RequestCount:
    """
    Counts the requests that the running task, and the tasks that it starts, send from now on.

    A count within the reach of another one is counted by both.
    """

    __slots__ = ("__weakref__", "outer", "sent")

    def __init__(self) -> None:
        self.sent = 0
        """How many left so far; a repetition is one more."""
        # Weakly: a task that counts one thing after the other would grow a chain without end.
        self.outer: tuple[ref[RequestCount], ...] = ()
        """Those within whose reach this one is, unless they are gone."""
        current = _current.get()
        if current is not None:
            self.outer = (*(outer for outer in current.outer if outer()), ref(current))
        _current.set(self)

    def add(self) -> None:
        """One more request leaves."""
        self.sent += 1
        for outer in self.outer:
            if (count := outer()) is not None:
                count.sent += 1


_current: ContextVar[RequestCount | None] = ContextVar("request_count", default=None)


def count_request() -> None:
    """Tell whoever counts that a request leaves."""
    count = _current.get()
    if count is not None:
        count.add()
