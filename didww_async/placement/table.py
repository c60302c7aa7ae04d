"""Rows of a report as text: CSV, JSON lines, and HTML for a notebook."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeAlias

__all__ = ["csv_text", "html_table", "json_lines", "written"]

Record: TypeAlias = Mapping[str, object]
SHOWN_ROWS = 20


def csv_text(records: Iterable[Record], columns: Sequence[str]) -> str:
    """The rows with a header: these columns first, then those that rows add."""
    rows = list(records)
    names = list(dict.fromkeys((*columns, *(name for row in rows for name in row))))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows({name: written(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    """Each row as one line of JSON, with its line end."""
    for row in records:
        yield json.dumps(row, default=lambda value: str(written(value))) + "\n"


def written(value: object) -> object:
    """A value as text has it: a time as in ISO 8601, in UTC with a Z as the API writes it."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def html_table(summary: str, records: Iterable[Record], total: int) -> str:
    """The first rows under a summary, and how many more there are."""
    rows = list(islice(records, SHOWN_ROWS))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    more = total - len(rows)
    tail = f"<p>and {more} more</p>" if more > 0 else ""
    head = _cells("th", columns)
    body = "".join(_cells("td", [row.get(name, "") for name in columns]) for row in rows)
    return f"<p>{html.escape(summary)}</p><table>{head}{body}</table>{tail}"


def _cells(tag: str, values: Iterable[object]) -> str:
    inner = "".join(f"<{tag}>{html.escape(str(written(value)))}</{tag}>" for value in values)
    return f"<tr>{inner}</tr>"
