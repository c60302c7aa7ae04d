"""What a person is told of a bulk run: the sums, what was not placed, and how to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TextIO

from didww_async.cli.bulk import Recovery, sums
from didww_async.cli.exit_codes import ExitCode
from didww_async.cli.messages import say
from didww_async.cli.output import Field, print_table, printed_on
from didww_async.errors import (
    AuthenticationError,
    ConnectError,
    PermissionDeniedError,
    TokenError,
)
from didww_async.placement.intent import Outcome, Placed
from didww_async.placement.report import Report

__all__ = ["exit_code", "show_report", "tell_how_to_go_on"]

SHOWN_ROWS = 20
_HOPELESS = (AuthenticationError, ConnectError, PermissionDeniedError, TokenError)


def show_report(report: Report[Any], line: Callable[[int], int] | None, *, on_stderr: bool) -> None:
    """
    Print the first orders that need somebody's attention, and the sums.

    Those that the end of the run left out are only counted: they all have its reason.
    """
    with printed_on(stderr=on_stderr) as stream:
        _write_report(report, line, stream)


def _write_report(report: Report[Any], line: Callable[[int], int] | None, stream: TextIO) -> None:
    needy = [
        outcome
        for outcome in report.outcomes
        if (reason := _trouble(outcome)) and reason != report.stop_reason
    ]
    if needy:
        place = Field("place", "line" if line else "row", is_number=True)
        fields = [
            place,
            Field("reference", "reference"),
            Field("outcome", "outcome"),
            Field("reason", "reason"),
        ]
        print_table(_rows(islice(needy, SHOWN_ROWS), line), fields, stream)
        if len(needy) > SHOWN_ROWS:
            more = len(needy) - SHOWN_ROWS
            stream.write(f"and {more:,} more; --output FILE keeps them all\n")
    stream.write(_sentence(report) + "\n")


def _rows(
    outcomes: Iterable[Outcome[Any]], line: Callable[[int], int] | None
) -> Iterable[dict[str, object]]:
    for outcome in outcomes:
        yield {
            "place": line(outcome.position) if line else outcome.position,
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
    if report.rejected:
        say(
            "Rejected: there is no order. Correct these rows in a file of their own, with a "
            "journal of its own."
        )
    if report.unconfirmed:
        say(f"Unconfirmed: there may be an order. {recovery.advice}")
    elif report.not_attempted:
        if recovery.journal is not None:
            say(f"Not attempted: there is no order. {recovery.advice}")
        else:
            say("Not attempted: there is no order. Place these rows from a file of their own.")


def exit_code(report: Report[Any]) -> ExitCode:
    """The exit code that a finished run deserves."""
    doubtful = any(outcome.note for outcome in report.placed)
    if not (report.placed or report.unconfirmed):
        errors = [outcome.error for outcome in report.rejected]
        errors += [outcome.error for outcome in report.not_attempted]
        if any(isinstance(error, _HOPELESS) for error in errors):
            return ExitCode.API_FAILED
    if doubtful or report.unconfirmed or report.not_attempted:
        return ExitCode.UNFINISHED
    return ExitCode.REJECTED if report.rejected else ExitCode.DONE
