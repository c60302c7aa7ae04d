"""Runs every benchmark, each in a fresh process, and ends with one table of all figures."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ROOT, Figure, figure_table, machine

ALL = (
    "decode_page",
    "create_order",
    "list_orders",
    "prefetch",
    "import_time",
    "pace",
    "bulk_pace",
    "bulk_cost",
)


def main() -> None:
    """Run all of them, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="which; all by default")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a target is missed")
    options = parser.parse_args()
    if unknown := set(options.names) - set(ALL):
        parser.error(f"there is no {', '.join(sorted(unknown))}; use {', '.join(ALL)}")
    figures: list[Figure] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or ALL:
            told = Path(folder, name)
            command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(told)]
            if subprocess.run(command, cwd=ROOT, check=False).returncode:
                failed.append(name)
                continue
            figures += [Figure(**figure) for figure in json.loads(told.read_text())]
    print(f"== all\n   {machine()}\n\n{figure_table(figures)}")
    if failed:
        sys.exit(f"\ncould not be measured: {', '.join(failed)}")
    sys.exit(options.strict and any(figure.missed for figure in figures))


if __name__ == "__main__":
    main()
