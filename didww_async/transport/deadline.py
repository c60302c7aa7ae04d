"""
Time limits for many requests with one timer.

All requests of a session get the same number of seconds, so they run out in the order
in which they began, and one timer for the first of them serves all.
"""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Deadline", "Deadlines"]

_NOT_RUNNING = -1.0
MOST_STALE = 64


class Deadline:
    """The time limit of one task; when it runs out, the task is cancelled."""

    __slots__ = ("_cancelling", "at", "expired", "task")

    def __init__(self, task: asyncio.Task[object]) -> None:
        self.task: asyncio.Task[object] | None = task
        self.at = _NOT_RUNNING
        self.expired = False
        self._cancelling = task.cancelling()

    def took_effect(self) -> bool:
        """
        Whether a `CancelledError` of the task came of this limit and of nothing else.

        If it did, the cancellation is taken back, as `asyncio.timeout` does.
        """
        if not self.expired or self.task is None:
            return False
        self.expired = False
        return self.task.uncancel() <= self._cancelling


class Deadlines:
    """Gives each task that asks the same number of seconds; `None` gives all the time."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        # In the order in which they run out. One that was renewed stands here again, and its
        # former place is known by its former time.
        self._running: deque[tuple[float, Deadline]] = deque()
        self._live = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def prepare(self) -> Deadline:
        """A limit of the current task that begins with its first `renew`; hand it to `end`."""
        task = asyncio.current_task()
        assert task is not None
        self._live += 1
        return Deadline(task)

    def begin(self) -> Deadline:
        """Limit the current task from now on; hand what is returned to `end`."""
        deadline = self.prepare()
        self.renew(deadline)
        return deadline

    def renew(self, deadline: Deadline) -> None:
        """Give the task its seconds anew."""
        if self._seconds is None or deadline.expired:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + self._seconds
        if at == deadline.at:  # within one tick of the clock
            return
        deadline.at = at
        self._running.append((at, deadline))
        if self._timer is None:
            self._timer = loop.call_at(at, self._expire)

    def end(self, deadline: Deadline) -> None:
        """The task is through with what was limited."""
        deadline.at = _NOT_RUNNING
        deadline.took_effect()  # if something else ended the task in the same moment
        deadline.task = None
        self._live -= 1
        running = self._running
        while running and running[0][0] != running[0][1].at:
            running.popleft()
        if len(running) > MOST_STALE + 2 * self._live:  # one that lasts holds up all the others
            self._running = deque(entry for entry in running if entry[0] == entry[1].at)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Forget the timer, as soon as nobody needs it."""
        self._closed = True
        if not self._live and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        running = self._running
        self._timer = None
        while running and (running[0][0] <= now or running[0][0] != running[0][1].at):
            at, deadline = running.popleft()
            if at == deadline.at and deadline.task is not None:
                deadline.at = _NOT_RUNNING
                deadline.expired = True
                deadline.task.cancel()
        if running:
            self._timer = loop.call_at(running[0][0], self._expire)
