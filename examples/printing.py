"""How the examples print: headings and tables. By itself it does nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

__all__ = ["Row", "heading", "table"]

Row = Sequence[object]


def heading(text: str) -> None:
    """A line that says what comes next."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def table(header: Row, rows: Iterable[Row]) -> None:
    """Columns, each as wide as it has to be."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  " + "  ".join(cells).rstrip())


if __name__ == "__main__":
    print(__doc__)
