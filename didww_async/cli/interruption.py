"""Ctrl-C, and what asks a process to end: the first ends a bulk run cleanly, the second hard."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Generator
from types import FrameType
from typing import Any

import attrs
import click

from didww_async.cli.messages import say
from didww_async.placement.bulk import BulkRun

__all__ = ["Interruption", "ending_as_by_ctrl_c", "interruptible"]

_OTHERS = ("SIGTERM", "SIGHUP")
"""They count as Ctrl-C; Windows lacks the second."""


@attrs.define
class Interruption:
    """Whether somebody pressed Ctrl-C, and how often it counts."""

    _task: asyncio.Task[Any]
    _run: BulkRun[Any, Any] | None = None
    is_clean: bool = False
    is_hard: bool = False

    def stops(self, run: BulkRun[Any, Any]) -> None:
        """Let the first one stop this run; until then, and without a run, it ends hard."""
        self._run = run

    def press(self) -> None:
        """Stop cleanly at the first time, hard at the second; more of them change nothing."""
        if self._run is not None and not self.is_clean:
            self.is_clean = True
            self._run.stop("stopped by Ctrl-C")
            say("Stopping: what is in flight is finished first. Ctrl-C again ends it hard.")
        elif not self.is_hard:
            self.is_hard = True
            self._task.cancel()


@contextlib.contextmanager
def interruptible() -> Generator[Interruption]:
    """
    Let Ctrl-C, and what asks a process to end, stop what the running task does.

    It has to enclose the client as well: one that is being closed may wait for tokens that
    can't be had again.

    Raises:
        click.Abort: It ended hard.
    """
    task = asyncio.current_task()
    assert task is not None, "it is called from a task"
    interruption = Interruption(task)
    loop = asyncio.get_running_loop()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(interruption.press)

    numbers = (signal.SIGINT, *_others())
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        try:
            # Wakes the loop even if the signal comes just as it falls asleep.
            loop.add_signal_handler(number, interruption.press)
        except NotImplementedError:  # Windows, whose loop is woken in any case
            signal.signal(number, on_signal)
    try:
        yield interruption
    except asyncio.CancelledError:
        if not interruption.is_hard:
            raise
        raise click.Abort from None
    finally:
        for number, handler in before.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextlib.contextmanager
def ending_as_by_ctrl_c() -> Generator[None]:
    """Let what asks a process to end raise `KeyboardInterrupt`, so that nothing is left half."""
    before = {number: signal.getsignal(number) for number in _others()}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _others() -> list[signal.Signals]:
    """The signals that count as Ctrl-C; one that is ignored stays so, as `nohup` wants it."""
    found = [signal.Signals[name] for name in _OTHERS if hasattr(signal, name)]
    return [number for number in found if signal.getsignal(number) != signal.SIG_IGN]
