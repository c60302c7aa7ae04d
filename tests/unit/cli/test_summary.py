"""What a person is told after a run, and the exit code that it deserves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from didww_async.cli.bulk import Placing, Recovery, Source, in_words_of_the_command
from didww_async.cli.connection import Connection
from didww_async.cli.exit_codes import ExitCode
from didww_async.cli.interruption import Interruption
from didww_async.cli.order_apis import ORDER_APIS
from didww_async.cli.summary import exit_code, tell_how_to_go_on
from didww_async.errors import (
    AuthenticationError,
    ChangedRequestError,
    ConnectError,
    DidwwError,
    JournalError,
    PermissionDeniedError,
    TokenError,
)
from didww_async.placement.intent import NotAttempted, Outcome, Placed, Rejected, Unconfirmed
from didww_async.placement.report import Counts, Report

URL = "https://api.example/v3/orders"
NO_CONNECTION = ConnectError("POST", URL, "no connection")
REFUSED_KEY = AuthenticationError("POST", URL, 401)
NOT_ALLOWED = PermissionDeniedError("POST", URL, 403)
FILE = Source("orders.csv", lambda position: position + 2, "po_number")


def placed(position: int) -> Outcome[Any]:
    return Placed(
        key=f"row-{position}", position=position, external_reference="", attempts=1, order=None
    )


def other(kind: Any, position: int, error: DidwwError | None = None) -> Outcome[Any]:
    outcome: Outcome[Any] = kind(
        key=f"row-{position}",
        position=position,
        external_reference="",
        attempts=0,
        reason="because",
        error=error,
    )
    return outcome


def report_of(outcomes: Sequence[Outcome[Any]], stop_reason: str = "") -> Report[Any]:
    counts = Counts(total=len(outcomes))
    for outcome in outcomes:
        counts.add(outcome)
    return Report(outcomes=outcomes, counts=counts, stop_reason=stop_reason, describe=lambda _: {})


def recovery(journal: str | None = None, source: Source | None = FILE) -> Recovery[Any, Any]:
    connection = Connection(base_url=None, environment=None, sandbox=False, rate=None)
    return Recovery(
        api=ORDER_APIS["didww"],
        connection=connection,
        journal=Path(journal) if journal else None,
        concurrency=4,
        source=source,
    )


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([placed(0)], ExitCode.DONE),
        ([placed(0), other(Rejected, 1)], ExitCode.REJECTED),
        ([other(Rejected, 0, NOT_ALLOWED)], ExitCode.REJECTED),
        ([other(NotAttempted, 0, NO_CONNECTION)], ExitCode.API_FAILED),
        ([other(NotAttempted, 0, TokenError(NO_CONNECTION))], ExitCode.API_FAILED),
        ([other(NotAttempted, 0, REFUSED_KEY)], ExitCode.API_FAILED),
        ([other(NotAttempted, 0, NOT_ALLOWED)], ExitCode.API_FAILED),
        ([placed(0), other(NotAttempted, 1, NO_CONNECTION)], ExitCode.UNFINISHED),
        ([other(Unconfirmed, 0), other(NotAttempted, 1, NO_CONNECTION)], ExitCode.UNFINISHED),
        ([other(Rejected, 0), other(NotAttempted, 1)], ExitCode.UNFINISHED),
    ],
)
def test_the_exit_code_of_a_report(outcomes: Sequence[Outcome[Any]], code: ExitCode) -> None:
    """A refused row is never a failure of the API, whatever its error is called."""
    assert exit_code(report_of(outcomes)) == code


def test_with_a_journal_there_is_one_way_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    """The same command: rows that are taken to another file would be ordered by both."""
    outcomes = [other(Rejected, 0), other(Unconfirmed, 1), other(NotAttempted, 2)]
    tell_how_to_go_on(report_of(outcomes), recovery("run.db"))
    unfinished, rejected = capsys.readouterr().err.splitlines()
    assert unfinished == (
        "Unconfirmed: there may be an order. Not attempted: there is no order. "
        "Run the same command again, or: didww orders resume run.db"
    )
    assert "Correct these rows where they stand in orders.csv" in rejected
    assert "run the same command again" in rejected


@pytest.mark.parametrize(
    ("place", "options"),
    [
        ({"base_url": "http://h/a?b&c"}, " --base-url 'http://h/a?b&c' --rate 5"),
        ({"environment": "sandbox"}, " --environment sandbox --rate 5"),
        ({}, " --rate 5"),
    ],
)
def test_the_command_to_go_on_with_goes_there_as_fast(place: Any, options: str) -> None:
    """With the options of the one that ended, as a shell takes them."""
    given = {"base_url": None, "environment": None, "sandbox": False, "rate": 5, **place}
    ended = attrs.evolve(recovery("run.db"), connection=Connection(**given), settle_seconds=0.2)
    assert ended.advice.endswith(f" resume run.db{options} --settle-seconds 0.2")


def test_a_sandbox_that_ended_is_not_gone_on_with() -> None:
    """Whatever its journal has was placed nowhere else."""
    connection = Connection(base_url=None, environment=None, sandbox=True, rate=None)
    ended = attrs.evolve(recovery("run.db"), connection=connection)
    assert ended.advice == "The sandbox has ended, and its orders with it."


def test_a_resumed_journal_sends_to_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The rows are not at hand, so their file has to be placed again with the journal."""
    tell_how_to_go_on(report_of([other(Rejected, 0)]), recovery("run.db", None))
    assert "place that file again with this journal" in capsys.readouterr().err


@pytest.mark.parametrize("error", [REFUSED_KEY, NO_CONNECTION])
def test_what_stood_in_the_way_is_to_be_mended(
    capsys: pytest.CaptureFixture[str], error: DidwwError
) -> None:
    """The same command alone would meet it again."""
    tell_how_to_go_on(report_of([other(NotAttempted, 0, error)]), recovery("run.db"))
    assert "Mend the cause first. Run the same command again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        (FILE, "Raise --budget, and run the same command again."),
        (None, "Run the same command again: its --budget is for what that one places."),
    ],
)
def test_a_spent_budget_is_to_be_raised(
    capsys: pytest.CaptureFixture[str], source: Source | None, advice: str
) -> None:
    """The same command alone would end where it ended."""
    report = report_of([placed(0), other(NotAttempted, 1)], "the budget of 1 is spent")
    tell_how_to_go_on(report, recovery("run.db", source))
    assert advice in capsys.readouterr().err


def test_without_a_journal_the_lines_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Of what is to be corrected and of what was left out, and that the command would repeat."""
    outcomes = [
        placed(0),
        other(Rejected, 1),
        other(NotAttempted, 2),
        placed(3),
        *(other(NotAttempted, position) for position in range(4, 40)),
    ]
    tell_how_to_go_on(report_of(outcomes, "stopped by Ctrl-C"), recovery())
    rejected, left, again = capsys.readouterr().err.splitlines()
    assert rejected.endswith("place them from a file of their own: line 3.")
    assert left.endswith("place them from a file of their own: lines 4, 6-41.")
    assert again == "There is no journal, so the same command again would order all of it again."


def test_many_lines_are_not_all_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The first of them; --output has the others."""
    outcomes = [other(Rejected, position) for position in range(0, 40, 2)]
    tell_how_to_go_on(report_of(outcomes), recovery())
    told = capsys.readouterr().err
    assert "lines 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, and others, which --output FILE names" in told


def test_errors_of_a_journal_speak_of_the_command() -> None:
    """Options for arguments, and the line of the file for a position."""
    error = JournalError("it is damaged; use adopt_existing with a new one")
    assert in_words_of_the_command(error).endswith("use --adopt-existing with a new one")
    told = "row 3 (counted from 0) differs; give it a name that no order had"
    changed = in_words_of_the_command(ChangedRequestError(told, 3), FILE)
    assert changed == "line 5 of orders.csv differs; give it another po_number, which no order had"


def test_rows_that_are_left_out_are_no_progress() -> None:
    """Or a run that is being stopped would seem to be nearly done."""
    run: Any = None
    counts = Counts(placed=6, rejected=1, not_attempted=293, total=300)
    placing = Placing("Placing orders", counts, Interruption(run, run, is_clean=True), None)
    assert (placing.what, placing.done, placing.total) == ("Stopping", 7, 300)
