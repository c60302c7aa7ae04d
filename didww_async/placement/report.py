"""What came of a bulk run."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Generic, TypeVar

import attrs

from didww_async.placement.intent import NotAttempted, Outcome, Placed, Rejected, Unconfirmed

__all__ = ["Counts", "Report"]

OrderT = TypeVar("OrderT")
OrderT_co = TypeVar("OrderT_co", covariant=True)

_KINDS: Mapping[type, str] = {
    Placed: "placed",
    Rejected: "rejected",
    Unconfirmed: "unconfirmed",
    NotAttempted: "not_attempted",
}
_COLUMNS = (
    "row",
    "key",
    "outcome",
    "external_reference",
    "attempts",
    "was_found",
    "reason",
    "note",
)
SHOWN_ROWS = 20


@attrs.define(kw_only=True)
class Counts:
    """How far a run is; `total` is `None` while the input has no length."""

    placed: int = 0
    rejected: int = 0
    unconfirmed: int = 0
    not_attempted: int = 0
    total: int | None = None
    spent: Decimal = Decimal(0)
    elapsed_seconds: float = 0.0

    @property
    def done(self) -> int:
        """How many rows have an outcome."""
        return self.placed + self.rejected + self.unconfirmed + self.not_attempted

    def add(self, outcome: Outcome[object]) -> None:
        """Count an outcome."""
        kind = _KINDS[type(outcome)]
        setattr(self, kind, getattr(self, kind) + 1)


@attrs.frozen(kw_only=True)
class Report(Generic[OrderT_co]):
    """
    The outcomes of a bulk run, in the order of the input, and its sums.

    Each of `placed`, `rejected`, `unconfirmed` and `not_attempted` holds the outcomes
    of its kind.
    """

    outcomes: Sequence[Outcome[OrderT_co]]
    counts: Counts
    stop_reason: str
    """Why the run ended before its input did; empty if it did not."""
    describe: Callable[[OrderT_co], Mapping[str, object]] = attrs.field(repr=False)

    @property
    def placed(self) -> list[Placed[OrderT_co]]:
        """One order each."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Placed)]

    @property
    def rejected(self) -> list[Rejected]:
        """No order each, and the reason."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Rejected)]

    @property
    def unconfirmed(self) -> list[Unconfirmed]:
        """An order or none each: resume the run, or look for `external_reference`."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Unconfirmed)]

    @property
    def not_attempted(self) -> list[NotAttempted]:
        """No order each: resume the run to place them."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, NotAttempted)]

    def records(self) -> Iterator[dict[str, object]]:
        """A row each as a plain `dict`, such as `pandas.DataFrame(report.records())` takes."""
        for outcome in self.outcomes:
            order: Mapping[str, object] = {}
            if isinstance(outcome, Placed):
                order = self.describe(outcome.order)
            yield {
                "row": outcome.position,
                "key": outcome.key,
                "outcome": _KINDS[type(outcome)],
                "external_reference": outcome.external_reference,
                "attempts": outcome.attempts,
                "was_found": isinstance(outcome, Placed) and outcome.was_found,
                "reason": "" if isinstance(outcome, Placed) else outcome.reason,
                "note": outcome.note if isinstance(outcome, Placed) else "",
                **order,
            }

    def to_csv(self) -> str:
        """The rows as CSV, with a header."""
        rows = list(self.records())
        columns = list(dict.fromkeys((*_COLUMNS, *(name for row in rows for name in row))))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def to_json_lines(self) -> str:
        """The rows as JSON, one a line."""
        return "".join(json.dumps(row, default=str) + "\n" for row in self.records())

    def __str__(self) -> str:
        counts = self.counts
        text = (
            f"{counts.placed} placed, {counts.rejected} rejected, "
            f"{counts.unconfirmed} unconfirmed, "
            f"{counts.not_attempted} not attempted; {counts.spent} spent in "
            f"{counts.elapsed_seconds:.1f} s"
        )
        return f"{text}; stopped: {self.stop_reason}" if self.stop_reason else text

    def _repr_html_(self) -> str:
        rows = [row for _, row in zip(range(SHOWN_ROWS), self.records(), strict=False)]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        more = len(self.outcomes) - len(rows)
        tail = f"<p>and {more} more</p>" if more > 0 else ""
        head = _cells("th", columns)
        body = "".join(_cells("td", [row.get(name, "") for name in columns]) for row in rows)
        return f"<p>{html.escape(str(self))}</p><table>{head}{body}</table>{tail}"


def _cells(tag: str, values: Iterable[object]) -> str:
    inner = "".join(f"<{tag}>{html.escape(str(value))}</{tag}>" for value in values)
    return f"<tr>{inner}</tr>"
