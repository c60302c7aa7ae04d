"""How far something long is: a live bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Protocol

import attrs
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from didww_async.cli.messages import printable, say

__all__ = ["Steps", "Work", "showing"]

FIRST_LINE_SECONDS = 2.0
LINE_SECONDS = 5.0
SPEED_WINDOW_SECONDS = 15.0
_BAR_WIDTH = 24


class Work(Protocol):
    """Something under way, as the display reads it."""

    @property
    def what(self) -> str:
        """What it does, such as `Placing orders`."""
        ...

    @property
    def done(self) -> int:
        """How much of it is done."""
        ...

    @property
    def total(self) -> int | None:
        """How much there is, or `None` if nobody knows."""
        ...

    @property
    def in_percent(self) -> bool:
        """Whether a share says more than the numbers, as with bytes."""
        ...

    @property
    def details(self) -> str:
        """More to say about it, or nothing."""
        ...


@attrs.define
class Steps:
    """Work that is counted step by step."""

    what: str
    total: int | None = None
    done: int = 0
    in_percent: bool = False
    details: str = ""

    def reached(self, done: int) -> None:
        """So much of it is done."""
        self.done = done


@attrs.define
class Speed:
    """
    How fast work goes of late.

    Rows that an earlier run placed fly by, and an average over everything would
    promise for hours what the rest can't keep.
    """

    _clock: Callable[[], float] = time.monotonic
    _samples: deque[tuple[float, int]] = attrs.field(init=False, factory=deque[tuple[float, int]])

    def sample(self, done: int) -> float:
        """Note how much is done now; the steps in a second, or 0 while nothing is known."""
        now = self._clock()
        self._samples.append((now, done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - SPEED_WINDOW_SECONDS:  # noqa: PLR2004  # two make a speed
            self._samples.popleft()
        began, done_then = self._samples[0]
        return (done - done_then) / (now - began) if now > began else 0.0


@contextlib.contextmanager
def showing(*works: Work) -> Generator[None]:
    """Show how far each work is, one below the other, on stderr, until the block ends."""
    console = Console(file=sys.stderr)
    watched = [(work, Speed()) for work in works]
    if console.is_terminal and not console.is_dumb_terminal:
        live = Live(
            get_renderable=lambda: _pictures(watched),
            console=console,
            transient=True,
            redirect_stdout=False,
            refresh_per_second=5,
        )
        # A terminal may go away; the work does not end for that.
        with contextlib.suppress(OSError):
            live.start()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                live.stop()
    else:
        with _lines(watched):
            yield


@contextlib.contextmanager
def _lines(watched: Sequence[tuple[Work, Speed]]) -> Generator[None]:
    """Lines from a thread, so that work which does not come round is shown, too."""
    ended = threading.Event()

    def tell() -> None:
        wait = FIRST_LINE_SECONDS
        while not ended.wait(wait):
            for work, speed in watched:
                say(_line(work, speed.sample(work.done)))
            wait = LINE_SECONDS

    for work, speed in watched:
        speed.sample(work.done)
    thread = threading.Thread(target=tell, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _line(work: Work, speed: float) -> str:
    parts = [f"{work.what}: {_count(work)}", *_pace(work, speed)]
    if work.details:
        parts.append(work.details)
    return "; ".join(parts)


def _pictures(watched: Sequence[tuple[Work, Speed]]) -> RenderableType:
    widest = max(len(work.what) for work, _ in watched)
    return Group(*(_picture(work, speed.sample(work.done), widest) for work, speed in watched))


def _picture(work: Work, speed: float, what_width: int = 0) -> RenderableType:
    line = Table.grid(padding=(0, 2, 0, 0))
    bar = ProgressBar(
        total=work.total,
        completed=work.done,
        width=_BAR_WIDTH,
        pulse=not work.total,
        animation_time=time.monotonic(),
    )
    line.add_row(
        _whole(work.what.ljust(what_width)), bar, *map(_whole, (_count(work), *_pace(work, speed)))
    )
    if not work.details:
        return line
    return Group(line, _whole(work.details))


def _whole(text: str) -> Text:
    return Text(printable(text), no_wrap=True, overflow="ellipsis")


def _count(work: Work) -> str:
    if work.total is None:
        return f"{work.done:,}"
    if work.in_percent:
        return f"{work.done / max(work.total, 1):.0%}"
    return f"{work.done:,} of {work.total:,}"


def _pace(work: Work, speed: float) -> list[str]:
    """How fast it goes, and when it will be done."""
    if not speed:
        return []
    told = [] if work.in_percent else [f"{speed:,.1f}/s"]
    if work.total is not None:
        told.append(f"{_duration((work.total - work.done) / speed)} left")
    return told


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
