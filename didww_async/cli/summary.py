"""What a person is told of a bulk run: the sums, what was not placed, and how to go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TextIO

import attrs

from didww_async.cli.bulk import Recovery, Source, sums
from didww_async.cli.exit_codes import ExitCode
from didww_async.cli.messages import say
from didww_async.cli.output import Field, Record, print_table, printed_on
from didww_async.errors import (
    AuthenticationError,
    ConnectError,
    PermissionDeniedError,
    TokenError,
)
from didww_async.placement.intent import NotAttempted, Outcome, Placed, Rejected
from didww_async.placement.journal import is_unnamed
from didww_async.placement.report import Report

__all__ = ["EachOrderOnce", "exit_code", "show_report", "tell_how_to_go_on"]

SHOWN_ROWS = 20
SHOWN_RANGES = 10
_HOPELESS = (AuthenticationError, ConnectError, PermissionDeniedError, TokenError)


@attrs.frozen
class EachOrderOnce:
    """The rows of a report, with their lines, and an order's amount in the first of its rows."""

    _report: Report[Any]
    _source: Source | None

    def records(self) -> Iterator[Record]:
        """A row each; the sum of the amounts is what the orders cost."""
        told = set[object]()
        for record in self._report.records():
            line = self._source.line(int(str(record["row"]))) if self._source else None
            row = {"row": record["row"], "line": line, **record}
            if "amount" in record and record["key"] in told:
                row["amount"] = None
            told.add(record["key"])
            yield row

    def to_csv(self) -> str:
        """The rows as the report has them; the header at least."""
        return self._report.to_csv()


def show_report(report: Report[Any], source: Source | None, *, on_stderr: bool) -> None:
    """
    Print the first orders that need somebody's attention, and the sums.

    Those that the end of the run left out are only counted: they all have its reason.
    """
    with printed_on(stderr=on_stderr) as stream:
        _write_report(report, source, stream)


def _write_report(report: Report[Any], source: Source | None, stream: TextIO) -> None:
    needy = [
        outcome
        for outcome in report.outcomes
        if (reason := _trouble(outcome)) and reason != report.stop_reason
    ]
    if needy:
        fields = [
            Field("place", "line" if source else "row", is_number=True),
            Field("reference", "reference"),
            Field("outcome", "outcome"),
            Field("reason", "reason"),
        ]
        print_table(_rows(islice(needy, SHOWN_ROWS), source), fields, stream)
        if len(needy) > SHOWN_ROWS:
            more = len(needy) - SHOWN_ROWS
            stream.write(f"and {more:,} more; --output FILE keeps them all\n")
    is_idle = source is None and not report.counts.done
    stream.write("Nothing was open.\n" if is_idle else f"{_sentence(report)}\n")


def _rows(outcomes: Iterable[Outcome[Any]], source: Source | None) -> Iterable[dict[str, object]]:
    for outcome in outcomes:
        yield {
            "place": source.line(outcome.position) if source else outcome.position,
            "reference": outcome.external_reference,
            "outcome": _NAMES[type(outcome).__name__],
            "reason": _trouble(outcome),
        }


_NAMES = {
    "Placed": "placed",
    "Rejected": "rejected",
    "Unconfirmed": "unconfirmed",
    "NotAttempted": "not attempted",
}


def _trouble(outcome: Outcome[Any]) -> str:
    return outcome.note if isinstance(outcome, Placed) else outcome.reason


def _sentence(report: Report[Any]) -> str:
    text = f"{sums(report.counts)} in {report.counts.elapsed_seconds:.1f} s"
    return f"{text}; {report.stop_reason}" if report.stop_reason else text


def tell_how_to_go_on(report: Report[Any], recovery: Recovery[Any, Any]) -> None:
    """Say, on stderr, what is left to do for whoever wanted these orders."""
    if any(outcome.note for outcome in report.placed):
        say("More than one order exists where the reason above says so: cancel one of them.")
    if recovery.journal is None or recovery.connection.sandbox:
        _tell_without_journal(report, recovery)
    else:
        _tell_with_journal(report, recovery)


def _tell_with_journal(report: Report[Any], recovery: Recovery[Any, Any]) -> None:
    """One way for all: rows in another file or journal would be ordered by both."""
    counts = report.counts
    unfinished = [
        *(["Unconfirmed: there may be an order."] if counts.unconfirmed else ()),
        *(["Not attempted: there is no order."] if counts.not_attempted else ()),
    ]
    if unfinished:
        say(" ".join([*unfinished, _how_to_finish(report, recovery)]))
    if counts.rejected:
        again = "run the same command again"
        where = "in the file that they are from"
        if recovery.source is not None:
            where = f"where they stand in {recovery.source.name}"
            if any(is_unnamed(outcome.key) for outcome in report.rejected):
                where += f" (those without {recovery.source.name_column} need one for that)"
        else:
            again = "place that file again with this journal"
        say(
            f"Rejected: there is no order. Correct these rows {where}, and {again}. With the same "
            "journal nothing is placed twice; with another one everything would be."
        )


def _how_to_finish(report: Report[Any], recovery: Recovery[Any, Any]) -> str:
    if not report.stop_reason.startswith("the budget"):
        is_barred = any(outcome.error for outcome in report.not_attempted)
        return f"{'Mend the cause first. ' if is_barred else ''}{recovery.advice}"
    if recovery.source is None:
        return "Run the same command again: its --budget is for what that one places."
    return "Raise --budget, and run the same command again."


def _tell_without_journal(report: Report[Any], recovery: Recovery[Any, Any]) -> None:
    counts = report.counts
    if counts.unconfirmed:
        say(f"Unconfirmed: there may be an order. {recovery.advice}")
    for kind, name, what in (
        (Rejected, "Rejected", "Correct these rows"),
        (NotAttempted, "Not attempted", "Take these rows"),
    ):
        places = _ranges(report.outcomes, kind, recovery.source)
        if places:
            say(
                f"{name}: there is no order. {what} and place them from a file of their own: "
                f"{places}."
            )
    if counts.placed and not recovery.connection.sandbox:
        say("There is no journal, so the same command again would order all of it again.")


def _ranges(
    outcomes: Iterable[Outcome[Any]], kind: type[Rejected | NotAttempted], source: Source | None
) -> str:
    """Where the rows of a kind stand, such as `lines 3, 7-300`; empty if there are none."""
    runs: list[tuple[int, int]] = []
    for outcome in outcomes:
        if not isinstance(outcome, kind):
            continue
        position = outcome.position
        if runs and runs[-1][1] == position - 1:
            runs[-1] = (runs[-1][0], position)
        else:
            runs.append((position, position))
    if not runs or source is None:
        return ""
    lines = [(source.line(first), source.line(last)) for first, last in runs]
    shown = [
        str(first) if first == last else f"{first}-{last}" for first, last in lines[:SHOWN_RANGES]
    ]
    if len(lines) > SHOWN_RANGES:
        shown.append("and others, which --output FILE names")
    what = "line" if len(lines) == 1 and lines[0][0] == lines[0][1] else "lines"
    return f"{what} {', '.join(shown)}"


def exit_code(report: Report[Any]) -> ExitCode:
    """The exit code that a finished run deserves."""
    counts = report.counts
    # A refused row is the row's own fault, whatever its error is called.
    if not (counts.placed or counts.unconfirmed) and any(
        isinstance(outcome.error, _HOPELESS) for outcome in report.not_attempted
    ):
        return ExitCode.API_FAILED
    doubtful = any(outcome.note for outcome in report.placed)
    if doubtful or counts.unconfirmed or counts.not_attempted:
        return ExitCode.UNFINISHED
    return ExitCode.REJECTED if counts.rejected else ExitCode.DONE
