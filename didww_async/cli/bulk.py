"""Carries a bulk run out under the eyes of whoever started it."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from didww_async.cli.connection import Connection
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.interruption import Interruption, interruptible
from didww_async.cli.messages import say
from didww_async.cli.order_apis import OrderApi
from didww_async.cli.progress import showing
from didww_async.cli.rows import BadFileError
from didww_async.errors import ChangedRequestError, ConnectError, JournalError, TokenError
from didww_async.placement.bulk import BulkRun
from didww_async.placement.intent import NotAttempted, Outcome
from didww_async.placement.provider import Provider
from didww_async.placement.report import Counts, Report

__all__ = [
    "Placing",
    "Recovery",
    "Source",
    "StopOn",
    "carry_out",
    "in_words_of_the_command",
    "sums",
]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")
StopOn: TypeAlias = Callable[[Outcome[Any]], bool]

MOST_FUTILE = 3
"""So many rows in a row that did not reach the server, and the others are not tried."""


@attrs.frozen
class Source:
    """The file whose rows are placed."""

    name: str
    line: Callable[[int], int]
    """The line of a position in the file, counted from 1."""
    name_column: str
    """The column that names an order."""


@attrs.frozen(kw_only=True)
class Recovery(Generic[RequestT, OrderT]):
    """Where a run goes, and how to go on after one that ended early."""

    api: OrderApi[RequestT, OrderT]
    connection: Connection
    journal: Path | None
    concurrency: int
    source: Source | None
    """`None` if the rows are those that the journal has open."""
    settle_seconds: float | None = None
    """As it was asked for."""
    began_at: datetime = attrs.field(factory=lambda: datetime.now(UTC))

    @property
    def advice(self) -> str:
        """What to do after a run whose every row is told of: with a journal all are in it."""
        if self.journal is None or self.source is None or self.connection.sandbox:
            return self.advice_after_a_break
        seconds = self.settle_seconds
        settling = "" if seconds is None else f" --settle-seconds {seconds:g}"
        return (
            "Run the same command again, or: didww orders resume "
            f"{shlex.quote(str(self.journal))}{self.api.option}{self.connection.options}{settling}"
        )

    @property
    def advice_after_a_break(self) -> str:
        """What to do after a run that ended anywhere: its journal may lack rows."""
        if self.connection.sandbox:
            return "The sandbox has ended, and its orders with it."
        if self.source is None:
            return "Run the same command again."
        if self.journal is not None:
            return (
                "Run the same command again: it places what is not placed yet. (`didww orders "
                "resume` would leave out the rows that were not begun.)"
            )
        since = self.began_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        look = self.api.look.format(since=since, options=self.connection.options)
        return (
            "Without a journal only the account knows what exists; before ordering again, look: "
            f"{look}"
        )


@attrs.frozen
class Placing:
    """A run, as the display of its progress reads it."""

    _what: str
    counts: Counts
    _interruption: Interruption
    _total: int | None
    in_percent: bool = False

    @property
    def what(self) -> str:
        """What the run does, or that it is being stopped: the rest is still noted."""
        return "Stopping" if self._interruption.is_clean else self._what

    @property
    def done(self) -> int:
        """How many orders are settled: those that a stop leaves out fly by, and are not."""
        return self.counts.done - self.counts.not_attempted

    @property
    def total(self) -> int | None:
        """How many there are, if that is known."""
        return self.counts.total if self._total is None else self._total

    @property
    def details(self) -> str:
        """The sums so far."""
        return sums(self.counts)


def sums(counts: Counts) -> str:
    """What became of the orders, in one line."""
    # An API may tell no price with an order, and then nobody knows what was spent.
    spent = f"; {counts.spent} spent" if counts.spent else ""
    return (
        f"{counts.placed:,} placed, {counts.rejected:,} rejected, "
        f"{counts.unconfirmed:,} unconfirmed, {counts.not_attempted:,} not attempted{spent}"
    )


@attrs.define
class _Futility:
    """Notices that the server can't be reached: what follows would not reach it either."""

    _count: int = 0
    run: BulkRun[Any, Any] | None = None

    def __call__(self, outcome: Outcome[Any]) -> bool:
        error = outcome.error if isinstance(outcome, NotAttempted) else None
        if isinstance(error, TokenError):
            error = error.cause
        self._count = self._count + 1 if isinstance(error, ConnectError) else 0
        if self._count < MOST_FUTILE or self.run is None:
            return False
        self.run.stop(f"the server was not reached {MOST_FUTILE} times in a row")
        return True


async def carry_out(
    start: Callable[[Provider[RequestT, OrderT], StopOn], BulkRun[RequestT, OrderT]],
    what: str,
    recovery: Recovery[RequestT, OrderT],
    total: int | None = None,
) -> tuple[Report[OrderT], str]:
    """
    The report of a run, and what went wrong after it; empty if nothing did.

    `total` is how many rows there are, where the run itself can't tell.

    Raises:
        CommandError: It ended hard, or its journal or its input failed on the way.
    """
    ended: Report[OrderT] | CommandError | None = None
    trouble = ""
    with interruptible() as interruption:
        try:
            async with recovery.api.open(recovery.connection) as provider:
                try:
                    futility = _Futility()
                    futility.run = run = start(provider, futility)
                    interruption.stops(run)
                    ended = await _carried_out(run, what, recovery, total, interruption)
                except CommandError as error:
                    ended = error
        # On leaving: what became of the orders is not to be lost beside the tokens.
        except (TokenError, CommandError) as error:
            if ended is None:
                raise
            trouble = str(error)
        except asyncio.CancelledError:
            if ended is None or not interruption.is_hard:
                raise
    if isinstance(ended, Report):
        return ended, trouble
    if trouble:
        say(trouble)
    assert ended is not None, "it ended or it raised"
    raise ended


async def _carried_out(
    run: BulkRun[RequestT, OrderT],
    what: str,
    recovery: Recovery[RequestT, OrderT],
    total: int | None,
    interruption: Interruption,
) -> Report[OrderT]:
    with showing(Placing(what, run.counts, interruption, total)):
        try:
            return await run
        except JournalError as error:
            told = in_words_of_the_command(error, recovery.source)
            raise CommandError(_ended(told, run.counts), ExitCode.JOURNAL) from None
        except BadFileError as error:
            message = _ended(str(error), run.counts, recovery.advice_after_a_break)
            raise CommandError(message, ExitCode.UNFINISHED) from None
        except BaseException:
            if not interruption.is_hard:
                raise
            flight = f"Up to {recovery.concurrency} orders were in flight: they may exist."
            advice = f"{flight} {recovery.advice_after_a_break}"
            message = _ended("Ended hard.", run.counts, advice)
            raise CommandError(message, ExitCode.INTERRUPTED) from None


def in_words_of_the_command(error: Exception, source: Source | None = None) -> str:
    """What is wrong with a journal, with options for arguments and lines for positions."""
    told = str(error).replace("adopt_existing", "--adopt-existing")
    if isinstance(error, ChangedRequestError) and error.position is not None and source:
        line = f"line {source.line(error.position)} of {source.name}"
        told = told.replace(f"row {error.position} (counted from 0)", line)
        told = told.replace("corrected a name", f"corrected its own {source.name_column}")
        told = told.replace("give it a name that", f"give it another {source.name_column}, which")
    return told


def _ended(why: str, counts: Counts, advice: str = "") -> str:
    told = [why]
    if counts.done:
        told.append(f"So far: {sums(counts)}.")
    if advice:
        told.append(advice)
    return "\n".join(told)
