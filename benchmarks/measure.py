"""
How things are measured and told here.

Variants are run in turn (A B A B …), so that a machine that is busy with other work is
so for all of them alike; each round gives one ratio, and the median of the ratios is
the figure. The quartiles beside it tell how noisy it was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

__all__ = ["ROOT", "Figure", "Ratio", "Row", "interleave", "ratio", "report", "server"]

ROOT = Path(__file__).resolve().parent.parent


@attrs.frozen
class Figure:
    """One measured figure, and what it is held against."""

    name: str
    value: float
    at_most: float | None = None
    at_least: float | None = None
    unit: str = "x"
    spread: tuple[float, float] | None = None
    """The quartiles."""

    @property
    def excess(self) -> float | None:
        """By how much the target is missed, as a share of it; `None` without a target."""
        if self.at_most is not None and not self.at_most:
            return math.inf if self.value else 0.0
        if self.at_most is not None:
            return self.value / self.at_most - 1
        if self.at_least is not None:
            return 1 - self.value / self.at_least
        return None

    @property
    def missed(self) -> bool:
        """Whether there is a target, and it is missed."""
        return self.excess is not None and self.excess > 0

    @property
    def cells(self) -> tuple[str, ...]:
        """The figure as a row of a table."""
        target, verdict = "", ""
        if self.at_most is not None:
            target = f"<= {self.at_most:g} {self.unit}"
        elif self.at_least is not None:
            target = f">= {self.at_least:g} {self.unit}"
        if self.excess is not None:
            verdict = "met"
            if self.missed:
                verdict = f"missed by {self.excess:.1%}" if self.at_most != 0 else "missed"
        spread = "{:.3g} .. {:.3g}".format(*self.spread) if self.spread else ""
        return self.name, f"{self.value:.3g} {self.unit}", spread, target, verdict


@attrs.frozen
class Ratio:
    """The median of ratios that were taken round by round."""

    value: float
    quartiles: tuple[float, float]


Row = tuple[str, ...]


def interleave(
    variants: Mapping[str, Callable[[], float]], rounds: int, *, warm_up: int = 1
) -> dict[str, list[float]]:
    """What each variant returned in each round; every other round goes backwards."""
    results: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(-warm_up, rounds):
        order = list(variants)[:: 1 if number % 2 else -1]
        for name in order:
            result = variants[name]()
            if number >= 0:
                results[name].append(result)
    return results


def ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """The median of `above / below`, pair by pair."""
    pairs = [one / other for one, other in zip(above, below, strict=True)]
    low, middle, high = statistics.quantiles(pairs, n=4, method="inclusive")
    return Ratio(middle, (low, high))


@contextlib.contextmanager
def server(
    *, orders: int = 1000, latency: float = 0.0, jitter: float = 0.0, limit: int = 0
) -> Iterator[str]:
    """The base URL of the trivial server, in a process of its own; see there for the options."""
    command = [sys.executable, "-m", "benchmarks.server"]
    command += ["--orders", str(orders), "--latency", str(latency)]
    command += ["--jitter", str(jitter), "--limit", str(limit)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v3"
        finally:
            process.stdin.close()


def table(rows: Sequence[Row]) -> str:
    """Rows as aligned text; the first one is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def figure_table(figures: Sequence[Figure]) -> str:
    """Figures with their targets."""
    head = ("figure", "measured", "quartiles", "target", "verdict")
    return table([head, *(figure.cells for figure in figures)])


def machine() -> str:
    """What the figures were taken on."""
    load = os.getloadavg()[0]
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, load {load:.1f}"
    )


def report(title: str, run: Callable[[], Sequence[Figure]]) -> None:
    """Run one benchmark as a script: measure, print the table, end with the exit code."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    print(f"== {title}\n   {machine()}\n", flush=True)
    figures = run()
    print(f"\n{figure_table(figures)}\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps([attrs.asdict(figure) for figure in figures]))
    sys.exit(options.strict and any(figure.missed for figure in figures))
