"""
What `import didww_async` costs beside `import aiohttp, cattrs`, in fresh interpreters.

The time is taken inside of the interpreter, around the import statement, so that
Python's own start counts on neither side.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

from benchmarks.measure import ROOT, Figure, interleave, ratio, report, table

ROUNDS = 18
TRACES = 4
SHOWN = 10

OURS = "didww_async"
BASE = "aiohttp, cattrs"

_LINE = re.compile(r"import time: +(\d+) \| +\d+ \| +(\S+)")


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)


def _seconds(modules: str, cpu: list[float]) -> Callable[[], float]:
    code = (
        "import time; wall, cpu = time.perf_counter(), time.process_time()\n"
        f"import {modules}\n"
        "print(time.perf_counter() - wall, time.process_time() - cpu)"
    )

    def measure() -> float:
        wall_seconds, cpu_seconds = map(float, _python("-c", code).stdout.split())
        cpu.append(cpu_seconds)
        return wall_seconds

    return measure


def _own_times(modules: str) -> dict[str, int]:
    """The least time of each imported module itself, in microseconds."""
    least: dict[str, int] = {}
    for _ in range(TRACES):
        for line in _python("-X", "importtime", "-c", f"import {modules}").stderr.splitlines():
            if found := _LINE.match(line):
                spent, name = int(found[1]), found[2]
                least[name] = min(spent, least.get(name, spent))
    return least


def _tell(what: str, times: dict[str, int]) -> None:
    slowest = sorted(times.items(), key=lambda one: -one[1])[:SHOWN]
    rows = [(name, f"{spent / 1000:.2f}") for name, spent in slowest]
    total = sum(times.values()) / 1000
    print(f"\n   {what}: {len(times)} modules, {total:.1f} ms in all; the slowest, in ms:")
    print(table([("module", "itself"), *rows]))


def run() -> list[Figure]:
    """Measure."""
    cpu: dict[str, list[float]] = {OURS: [], BASE: []}
    times = interleave({name: _seconds(name, cpu[name]) for name in (OURS, BASE)}, ROUNDS)
    for name, taken in times.items():
        print(f"   import {name}: {min(taken) * 1000:.0f} ms (least)")
    wall = ratio(times[OURS], times[BASE])
    by_cpu = ratio(cpu[OURS][-ROUNDS:], cpu[BASE][-ROUNDS:])
    base = _own_times(BASE)
    ours = {name: spent for name, spent in _own_times(OURS).items() if name not in base}
    own = {name: spent for name, spent in ours.items() if name.partition(".")[0] == OURS}
    _tell("of its own", own)
    _tell("of others, beside the base", {n: spent for n, spent in ours.items() if n not in own})
    return [
        Figure("import / aiohttp, cattrs", wall.value, at_most=1.25, spread=wall.quartiles),
        Figure("the same by CPU time", by_cpu.value, spread=by_cpu.quartiles),
    ]


if __name__ == "__main__":
    report("import_time: the package in a fresh interpreter", run)
