"""Ctrl-C on a bulk run: the first ends it cleanly, the second hard."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Generator
from types import FrameType
from typing import Any

import attrs

from didww_async.cli.messages import say
from didww_async.placement.bulk import BulkRun

__all__ = ["Interruption", "interruptible"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@attrs.define
class Interruption:
    """Whether somebody pressed Ctrl-C, and how often it counts."""

    _run: BulkRun[Any, Any]
    _task: asyncio.Task[Any]
    is_clean: bool = False
    is_hard: bool = False

    def press(self) -> None:
        """Stop cleanly at the first time, hard at the second."""
        if not self.is_clean:
            self.is_clean = True
            self._run.stop("stopped by Ctrl-C")
            say("Stopping: what is in flight is finished first. Ctrl-C again ends it hard.")
        elif not self.is_hard:
            self.is_hard = True
            self._task.cancel()


@contextlib.contextmanager
def interruptible(run: BulkRun[Any, Any]) -> Generator[Interruption]:
    """Let Ctrl-C, and what asks a process to end, stop the run instead of breaking it."""
    task = asyncio.current_task()
    assert task is not None, "a bulk run is placed from a task"
    interruption = Interruption(run, task)
    loop = asyncio.get_running_loop()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(interruption.press)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        try:
            # Wakes the loop even if the signal comes just as it falls asleep.
            loop.add_signal_handler(number, interruption.press)
        except NotImplementedError:  # Windows, whose loop is woken in any case
            signal.signal(number, on_signal)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)
