"""How far something is, in words."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import pytest
from rich.console import Console

from didww_async.cli import progress
from didww_async.cli.progress import Speed, Steps, showing


def clock_of(*times: float) -> Callable[[], float]:
    left = iter(times)
    return lambda: next(left)


def test_speed_is_that_of_late() -> None:
    """What flew by at the start does not promise anything for the rest."""
    speed = Speed(clock_of(0, 1, 20, 40))
    assert speed.sample(0) == 0
    assert speed.sample(10_000) == 10_000
    speed.sample(10_200)
    assert speed.sample(10_400) == 10


def test_speed_needs_time_to_pass() -> None:
    """Two looks in the same instant tell nothing."""
    speed = Speed(clock_of(5, 5))
    speed.sample(1)
    assert speed.sample(2) == 0


@pytest.mark.parametrize(
    ("work", "speed", "line"),
    [
        (Steps("Reading", None, 1200), 0.0, "Reading: 1,200"),
        (Steps("Reading", None, 1200), 2.0, "Reading: 1,200; 2.0/s"),
        (Steps("Placing", 5000, 1400), 9.8, "Placing: 1,400 of 5,000; 9.8/s; 6:07 left"),
        (Steps("Placing", 90000, 0), 10.0, "Placing: 0 of 90,000; 10.0/s; 2:30:00 left"),
        (Steps("Checking", 200, 50, in_percent=True), 50.0, "Checking: 25%; 0:03 left"),
        (Steps("Placing", 2, 1, details="1 placed"), 0.0, "Placing: 1 of 2; 1 placed"),
    ],
)
def test_a_line_tells_what_is_known(work: Steps, speed: float, line: str) -> None:
    """Count, speed, time left and details, as far as they are known."""
    assert progress._line(work, speed) == line


def test_lines_come_where_nothing_can_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One for each work from time to time, also while the work itself is stuck."""
    told = threading.Event()
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        if len(lines) == 2:
            told.set()

    monkeypatch.setattr(progress, "FIRST_LINE_SECONDS", 0.01)
    monkeypatch.setattr(progress, "say", note)
    with showing(Steps("Waiting", 3, 1), Steps("Placing", 5, 2)):
        assert told.wait(60)
    assert lines[:2] == ["Waiting: 1 of 3", "Placing: 2 of 5"]


def test_short_work_is_not_mentioned(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed for what is done at once."""
    with showing(Steps("Reading")):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_picture_fits_on_a_narrow_terminal() -> None:
    """Two lines, cut rather than wrapped."""
    console = Console(file=io.StringIO(), width=60, force_terminal=True)
    work = Steps("Placing orders", 5000, 1400, details="1,400 placed, 0 rejected, " * 5)
    with console.capture() as captured:
        console.print(progress._picture(work, 9.8))
    assert captured.get().count("\n") == 2


def test_bars_begin_below_each_other() -> None:
    """However long the names of the works are."""
    console = Console(file=io.StringIO(), width=100, color_system=None)
    works = [Steps("Plum", 20, 7), Steps("Adobe VIP", 20, 9)]
    with console.capture() as captured:
        console.print(progress._pictures([(work, Speed()) for work in works]))
    plum, adobe = captured.get().splitlines()
    assert plum.index("7 of 20") == adobe.index("9 of 20")
