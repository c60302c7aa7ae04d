"""What came of a bulk run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Generic, TypeVar, cast, overload

import attrs

from didww_async.placement.intent import NotAttempted, Outcome, Placed, Rejected, Unconfirmed
from didww_async.placement.journal import Journal, JournalError, Row
from didww_async.placement.placer import Placement, outcome_of, unreadable
from didww_async.placement.provider import Provider
from didww_async.placement.sqlite_journal import SqliteJournal, open_journal
from didww_async.placement.table import csv_text, html_table, json_lines

__all__ = ["Counts", "JournalOutcomes", "Report"]

RequestT = TypeVar("RequestT")
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
READ_AT_ONCE = 500
MOST_KEPT_ERRORS = 1000


@attrs.define(kw_only=True)
class Counts:
    """How far a run is; `total` is `None` while the input has no length."""

    placed: int = 0
    rejected: int = 0
    unconfirmed: int = 0
    not_attempted: int = 0
    total: int | None = None
    spent: Decimal = Decimal(0)
    requests: int = 0
    """Sent to the API for all of it, looks and repetitions included."""
    elapsed_seconds: float = 0.0

    @property
    def done(self) -> int:
        """How many rows have an outcome."""
        return self.placed + self.rejected + self.unconfirmed + self.not_attempted

    def add(self, outcome: Outcome[object], cost: Decimal = Decimal(0)) -> None:
        """Count an outcome, and the money that it adds."""
        if type(outcome) is Placed:
            self.placed += 1
        else:
            kind = _KINDS[type(outcome)]
            setattr(self, kind, getattr(self, kind) + 1)
        self.spent += cost


class JournalOutcomes(Sequence[Outcome[OrderT]], Generic[RequestT, OrderT]):
    """
    The outcomes of a run, read from its journal whenever somebody looks.

    They tell what the journal has by then: a row that a later run placed is placed here,
    too. The errors of the first rows that were not placed are kept beside them.
    """

    def __init__(self, provider: Provider[RequestT, OrderT], journal: Journal, run: int) -> None:
        self._provider = provider
        self._journal = journal
        self._run = run
        self._count = 0
        self._errors: dict[int, Exception] = {}

    def remember(self, outcome: Outcome[OrderT]) -> None:
        """Count a row of the run, and keep its error."""
        self._count += 1
        error = None if isinstance(outcome, Placed) else outcome.error
        if error is not None and len(self._errors) < MOST_KEPT_ERRORS:
            self._errors[outcome.position] = error

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Outcome[OrderT]]:
        last, left = -1, self._count
        while left > 0:
            rows = self._rows(last, READ_AT_ONCE)
            if not rows:
                raise JournalError(
                    f"{left} rows of this run are not in its journal any more: another process "
                    "began a run there since; run the same again to see what the journal has"
                )
            for row in rows:
                yield self._outcome(row)
            last, left = rows[-1].position, left - len(rows)

    @overload
    def __getitem__(self, index: int) -> Outcome[OrderT]: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Outcome[OrderT]]: ...

    def __getitem__(self, index: int | slice) -> Outcome[OrderT] | Sequence[Outcome[OrderT]]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        rows = self._rows(at - 1, 1) if at >= 0 else []
        if not rows:
            raise IndexError(f"there is no row {index}")
        return self._outcome(rows[0])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(cast("Sequence[object]", other))

    __hash__ = None  # type: ignore[assignment]  # as of every mutable sequence

    def _rows(self, after: int, limit: int) -> list[Row]:
        if not isinstance(self._journal, SqliteJournal) or not self._journal.is_closed:
            return self._journal.rows(self._run, after, limit)
        with open_journal(self._journal.path, must_exist=True) as journal:
            return journal.rows(self._run, after, limit)

    def _outcome(self, row: Row) -> Outcome[OrderT]:
        error = self._errors.get(row.position)
        if row.entry is None and not row.was_refused:
            return NotAttempted(
                key=row.key,
                position=row.position,
                external_reference="",
                attempts=0,
                reason=row.reason or "the run ended before its turn came",
                error=error,
            )
        if row.was_refused or row.entry is None:
            return Rejected(
                key=row.key,
                position=row.position,
                external_reference="",
                attempts=0,
                reason=row.reason,
                error=error,
            )
        try:
            request = self._provider.load_request(row.entry.request)
        except Exception as failure:  # noqa: BLE001  # one bad row never hides the others
            return unreadable(row.entry, row.position, failure)
        placement: Placement[RequestT, OrderT] = Placement(row.entry, request, error=error)
        return outcome_of(self._provider, placement, row.position, row.reason)


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
        return csv_text(self.records(), _COLUMNS)

    def to_json_lines(self) -> str:
        """The rows as JSON, one a line."""
        return "".join(json_lines(self.records()))

    def __str__(self) -> str:
        counts = self.counts
        text = (
            f"{counts.placed} placed, {counts.rejected} rejected, "
            f"{counts.unconfirmed} unconfirmed, "
            f"{counts.not_attempted} not attempted; {counts.spent} spent in "
            f"{counts.elapsed_seconds:.1f} s, {counts.requests} requests"
        )
        return f"{text}; stopped: {self.stop_reason}" if self.stop_reason else text

    def _repr_html_(self) -> str:
        return html_table(str(self), self.records(), len(self.outcomes))
