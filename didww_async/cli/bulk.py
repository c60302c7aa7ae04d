"""Carries a bulk run out under the eyes of whoever started it."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

import attrs

from didww_async.cli.connection import Connection
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.interruption import Interruption, interruptible
from didww_async.cli.messages import say
from didww_async.cli.order_apis import OrderApi
from didww_async.cli.progress import showing
from didww_async.cli.rows import BadFileError
from didww_async.errors import JournalError, TokenError
from didww_async.placement.bulk import BulkRun
from didww_async.placement.provider import Provider
from didww_async.placement.report import Counts, Report

__all__ = ["Recovery", "carry_out", "sums"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")


@attrs.frozen(kw_only=True)
class Recovery(Generic[RequestT, OrderT]):
    """Where a run goes, and how to go on after one that ended early."""

    api: OrderApi[RequestT, OrderT]
    connection: Connection
    journal: Path | None
    concurrency: int
    began_at: datetime = attrs.field(factory=lambda: datetime.now(UTC))

    @property
    def advice(self) -> str:
        """The command to type next."""
        if self.journal is not None:
            return (
                "Run the same command again, or: didww orders resume "
                f"{shlex.quote(str(self.journal))}{self.api.option}{self.connection.options}"
            )
        since = self.began_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        look = self.api.look.format(since=since, options=self.connection.options)
        return (
            "Without a journal only the account knows what exists; before ordering again, look: "
            f"{look}"
        )


@attrs.frozen
class _Placing:
    """A run, as the display of its progress reads it."""

    _what: str
    counts: Counts
    _interruption: Interruption
    in_percent: bool = False

    @property
    def what(self) -> str:
        """What the run does, or that it is being stopped: the rest is still noted."""
        return "Stopping" if self._interruption.is_clean else self._what

    @property
    def done(self) -> int:
        """How many orders have an outcome."""
        return self.counts.done

    @property
    def total(self) -> int | None:
        """How many there are, if that is known."""
        return self.counts.total

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


async def carry_out(
    start: Callable[[Provider[RequestT, OrderT]], BulkRun[RequestT, OrderT]],
    what: str,
    recovery: Recovery[RequestT, OrderT],
) -> tuple[Report[OrderT], str]:
    """
    The report of a run, and what went wrong after it; empty if nothing did.

    Raises:
        CommandError: It ended hard, or its journal or its input failed on the way.
    """
    ended: Report[OrderT] | CommandError | None = None
    trouble = ""
    with interruptible() as interruption:
        try:
            async with recovery.api.open(recovery.connection) as provider:
                run = start(provider)
                interruption.stops(run)
                try:
                    ended = await _carried_out(run, what, recovery, interruption)
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
    interruption: Interruption,
) -> Report[OrderT]:
    with showing(_Placing(what, run.counts, interruption)):
        try:
            return await run
        except JournalError as error:
            raise CommandError(_ended(str(error), run.counts), ExitCode.JOURNAL) from None
        except BadFileError as error:
            message = _ended(str(error), run.counts, recovery.advice)
            raise CommandError(message, ExitCode.UNFINISHED) from None
        except BaseException:
            if not interruption.is_hard:
                raise
            flight = f"Up to {recovery.concurrency} orders were in flight: they may exist."
            message = _ended("Ended hard.", run.counts, f"{flight} {recovery.advice}")
            raise CommandError(message, ExitCode.INTERRUPTED) from None


def _ended(why: str, counts: Counts, advice: str = "") -> str:
    told = [why]
    if counts.done:
        told.append(f"So far: {sums(counts)}.")
    if advice:
        told.append(advice)
    return "\n".join(told)
