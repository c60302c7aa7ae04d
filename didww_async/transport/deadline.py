"""
Time limits for many requests with one timer.

All requests of a session get the same number of seconds, so they run out in the order
in which they began, and one timer for the first of them serves all. A timer of its own
for each request costs a tenth of what a request costs altogether.
"""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Deadline", "Deadlines"]

_ENDED = -1.0


class Deadline:
    """The time limit of one task; when it runs out, the task is cancelled."""

    __slots__ = ("_cancelling", "at", "expired", "task")

    def __init__(self, task: asyncio.Task[object]) -> None:
        self.task = task
        self.at = _ENDED
        self.expired = False
        self._cancelling = task.cancelling()

    def took_effect(self) -> bool:
        """
        Whether a `CancelledError` of the task came of this limit and of nothing else.

        If it did, the cancellation is taken back, as `asyncio.timeout` does.
        """
        if not self.expired:
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
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        """Limit the current task from now on; hand what is returned to `end`."""
        task = asyncio.current_task()
        assert task is not None
        deadline = Deadline(task)
        self.renew(deadline)
        return deadline

    def renew(self, deadline: Deadline) -> None:
        """Give the task its seconds anew."""
        if self._seconds is None:
            return
        loop = asyncio.get_running_loop()
        deadline.at = loop.time() + self._seconds
        self._running.append((deadline.at, deadline))
        if self._timer is None:
            self._timer = loop.call_at(deadline.at, self._expire)

    def end(self, deadline: Deadline) -> None:
        """The task is through with what was limited."""
        deadline.at = _ENDED
        deadline.took_effect()  # if something else ended the task in the same moment
        running = self._running
        while running and running[0][0] != running[0][1].at:
            running.popleft()

    def close(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        running = self._running
        self._timer = None
        while running and (running[0][0] <= now or running[0][0] != running[0][1].at):
            at, deadline = running.popleft()
            if at == deadline.at:
                deadline.expired = True
                deadline.task.cancel()
        if running:
            self._timer = loop.call_at(running[0][0], self._expire)
