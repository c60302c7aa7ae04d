"""`didww orders place` and `didww orders resume`: many orders, each once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import attrs
import click

from didww_async.cli.bulk import Recovery, carry_out
from didww_async.cli.connection import Connection, connection_options, finish
from didww_async.cli.didww_columns import DIDWW
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.messages import say
from didww_async.cli.orders_file import FORMATS, OrdersFile, checked_orders
from didww_async.cli.output import Output, output_option
from didww_async.cli.progress import Steps, showing
from didww_async.cli.quote import show_quote
from didww_async.cli.summary import exit_code, show_report, tell_how_to_go_on
from didww_async.client import DidwwClient
from didww_async.models.orders import NewOrder, Order
from didww_async.placement.bulk import BulkRun
from didww_async.placement.quote import Quote
from didww_async.placement.report import Report

__all__ = ["place", "resume"]

HANDFUL = 5


def _money(value: str) -> Decimal:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount >= 0):
        raise click.BadParameter(f"{value!r} is not an amount, such as 1000 or 12.50")
    return amount


_journal = click.Path(dir_okay=True, path_type=Path)
_concurrency = click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Orders in flight at once, at most.",
)
_settle_seconds = click.option(
    "--settle-seconds",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="How long an order whose answer was lost is looked for before it is sent again.",
)


@attrs.frozen(kw_only=True)
class _Wishes:
    """How the orders of a file are to be placed."""

    journal: Path | None
    concurrency: int
    budget: Decimal | None
    dry_run: bool
    adopt_existing: bool
    pack: int
    settle_seconds: float


_COLUMNS = "\n".join(f"  {name:23}{column.about}" for name, column in DIDWW.by_name.items())


@click.command(
    epilog="\b\nColumns of FILE:\n" + _COLUMNS,
    short_help="Place the orders of a file, each once.",
)
@click.argument("file", metavar="FILE")
@click.option(
    "--journal",
    type=_journal,
    metavar="FILE",
    help="Keeps what was sent, so that the same command goes on after a crash.",
)
@_concurrency
@click.option(
    "--budget", type=_money, metavar="MONEY", help="End before the orders cost more than this."
)
@click.option("--dry-run", is_flag=True, help="Tell what it would cost, and send no order.")
@click.option(
    "--adopt-existing",
    is_flag=True,
    help="Look for each reference first, and take over the order that has it.",
)
@click.option(
    "--pack",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Rows to put into one order, at most.",
)
@_settle_seconds
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FORMATS),
    help="What FILE is, where its name doesn't say so.",
)
@output_option
@connection_options
def place(
    *, file: str, file_format: str | None, output: Output, connection: Connection, **wishes: Any
) -> int:
    """
    Place the orders of FILE, each once.

    FILE is a CSV file with a header, a file with a JSON object a line, or - for standard
    input. It is checked as a whole before anything is sent. Ctrl-C finishes what is in flight
    and ends; a second one ends hard. Exit code: 0 all placed, 1 some refused, 2 bad input and
    nothing sent, 3 some unconfirmed or not attempted, 4 API or connection failed, 5 journal
    unusable, 130 ended hard.
    """
    wanted = _Wishes(**wishes)
    _refuse_overwriting(output, (file, wanted.journal))
    with checked_orders(file, file_format, DIDWW, _checking) as orders:
        if wanted.dry_run:
            return _quote(orders, wanted, output, connection)
        _warn(orders, wanted, connection)
        recovery = Recovery(
            connection=connection, journal=wanted.journal, concurrency=wanted.concurrency
        )

        def start(client: DidwwClient) -> BulkRun[NewOrder, Order]:
            return client.place_orders(
                orders,
                journal=wanted.journal,
                concurrency=wanted.concurrency,
                settle_seconds=wanted.settle_seconds,
                adopt_existing=wanted.adopt_existing,
                budget=wanted.budget,
                pack=wanted.pack,
            )

        return _run(start, "Placing orders", recovery, output, orders.line)


@click.command(short_help="Finish every order that a journal has open.")
@click.argument("journal", type=_journal, metavar="JOURNAL")
@_concurrency
@_settle_seconds
@output_option
@connection_options
def resume(
    *,
    journal: Path,
    concurrency: int,
    settle_seconds: float,
    output: Output,
    connection: Connection,
) -> int:
    """
    Finish every order that JOURNAL has open.

    Orders of unknown fate are looked for, those that were not placed are placed. The exit
    codes are those of `didww orders place`.
    """
    _refuse_overwriting(output, (journal,))
    if not journal.exists():
        raise CommandError(f"there is no journal {journal}\nNothing was sent.", ExitCode.JOURNAL)
    recovery = Recovery(connection=connection, journal=journal, concurrency=concurrency)

    def start(client: DidwwClient) -> BulkRun[NewOrder, Order]:
        return client.resume_orders(journal, concurrency=concurrency, settle_seconds=settle_seconds)

    return _run(start, "Finishing orders", recovery, output, None)


def _run(
    start: Callable[[DidwwClient], BulkRun[NewOrder, Order]],
    what: str,
    recovery: Recovery,
    output: Output,
    line: Callable[[int], int] | None,
) -> int:
    report: Report[Order] | None = None
    try:
        with output.open(ExitCode.UNFINISHED) as stream:
            report = finish(carry_out(start, what, recovery))
            for piece in output.text(report):
                stream.write(piece)
    except CommandError as error:
        if report is None or output.path is None:
            raise
        # The orders are placed, and here is the only list of them.
        say(f"{error.message}; the rows come here instead.")
        with Output("csv").open(ExitCode.UNFINISHED) as stream:
            stream.write(report.to_csv())
        tell_how_to_go_on(report, recovery)
        return ExitCode.UNFINISHED
    show_report(report, line, on_stderr=output.is_data)
    tell_how_to_go_on(report, recovery)
    return exit_code(report)


def _quote(
    orders: OrdersFile[NewOrder], wanted: _Wishes, output: Output, connection: Connection
) -> int:
    async def ask() -> Quote:
        async with connection.open() as client:
            steps = Steps("Asking for prices", len(orders))
            with showing(steps):
                return await client.quote_orders(orders, pack=wanted.pack, progress=steps.reached)

    with output.open(ExitCode.BAD_INPUT) as stream:
        quote = finish(ask())
        for piece in output.text(quote):
            stream.write(piece)
    return show_quote(quote, orders.line, wanted.budget, on_stderr=output.is_data)


@contextlib.contextmanager
def _checking(file: OrdersFile[NewOrder]) -> Generator[Callable[[int], None]]:
    steps = Steps(f"Checking {file.name}", file.size, in_percent=True)
    with showing(steps):
        yield steps.reached


def _refuse_overwriting(output: Output, others: tuple[str | Path | None, ...]) -> None:
    """A result that took the place of the orders or of their journal would lose them."""
    target = output.path
    for other in others:
        if target is not None and other is not None and target.resolve() == Path(other).resolve():
            raise CommandError(
                f"--output would overwrite {other}; give it another name\nNothing was sent.",
                ExitCode.BAD_INPUT,
            )


def _warn(orders: OrdersFile[NewOrder], wanted: _Wishes, connection: Connection) -> None:
    """Say what may be regretted later."""
    if not connection.sandbox and wanted.journal is None and len(orders) > HANDFUL:
        say(
            f"Without --journal nobody can tell after a crash which of the {len(orders):,} orders "
            "exist; --journal run.db would."
        )
