"""`didww orders place` and `didww orders resume`: many orders, each once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from didww_async.cli.bulk import (
    Recovery,
    Source,
    StopOn,
    carry_out,
    in_words_of_the_command,
)
from didww_async.cli.cells import amount
from didww_async.cli.connection import Connection, connection_options, finish
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.interruption import interruptible
from didww_async.cli.messages import say
from didww_async.cli.order_apis import DEFAULT_API, ORDER_APIS, OrderApi
from didww_async.cli.orders_file import FORMATS, OrdersFile, checked_orders
from didww_async.cli.output import Output, output_option
from didww_async.cli.progress import Steps, showing
from didww_async.cli.quote import show_quote
from didww_async.cli.summary import (
    EachOrderOnce,
    exit_code,
    show_report,
    tell_how_to_go_on,
)
from didww_async.placement import journal as placement
from didww_async.placement.bulk import BulkRun
from didww_async.placement.intent import State
from didww_async.placement.provider import Provider
from didww_async.placement.quote import Quote, quote
from didww_async.placement.report import Report
from didww_async.placement.sqlite_journal import open_journal
from didww_async.providers import bulk_run

__all__ = ["place", "resume"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

HANDFUL = 5
READ_AT_ONCE = 500


def _money(value: str) -> Decimal:
    try:
        return amount(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not an amount, such as 1000 or 12.50") from None


_journal = click.Path(dir_okay=True, path_type=Path)
_provider = click.option(
    "--provider",
    type=click.Choice(list(ORDER_APIS)),
    default=DEFAULT_API,
    show_default=True,
    help="The API that the orders go to.",
)
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
    help="How long an order whose answer was lost is looked for before it is sent again; as the "
    "API needs it unless given: didww 10, adobe 30, plum 120.",
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
    settle_seconds: float | None


class _Place(click.Command):
    """A command whose help has the columns of one API: the one that the arguments name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the API before --help, which may stand anywhere, ends the parsing."""
        self.epilog = _explained(ORDER_APIS.get(_provider_among(args), ORDER_APIS[DEFAULT_API]))
        return super().parse_args(ctx, args)


def _provider_among(arguments: Sequence[str]) -> str:
    named = DEFAULT_API
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        option, mark, value = argument.partition("=")
        if option == "--provider":
            named = value if mark else following
    return named


def _explained(api: OrderApi[Any, Any]) -> str:
    others = " or ".join(f"--provider {name}" for name in ORDER_APIS if name != api.name)
    return "\n".join(
        [
            "\b",
            f"Columns of FILE with --provider {api.name}:",
            *(f"  {name:29}{column.about}" for name, column in api.columns.by_name.items()),
            "Its environment variables:",
            *(f"  {name}" for name in api.variables),
            "",
            "\b",
            f"For the others: {others}, and --help.",
        ]
    )


@click.command(cls=_Place, short_help="Place the orders of a file, each once.")
@click.argument("file", metavar="FILE")
@_provider
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
    help="Rows without a reference to put into one order, at most, so that fewer requests do; of "
    "DIDWW only.",
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
    *,
    file: str,
    provider: str,
    file_format: str | None,
    output: Output,
    connection: Connection,
    **wishes: Any,
) -> int:
    """
    Place the orders of FILE, each once.

    FILE is a CSV file with a header, a file with a JSON object a line, or - for standard
    input. It is checked as a whole before anything is sent. Ctrl-C finishes what is in flight
    and ends; a second one ends hard. With --journal, the same command again places what is not
    placed yet; without it, it orders everything again. Exit code: 0 all placed, 1 some refused,
    2 bad input and nothing sent, 3 some unconfirmed or not attempted, 4 API or connection
    failed, 5 journal unusable, 130 ended hard.
    """
    api, wanted = ORDER_APIS[provider], _Wishes(**wishes)
    if wanted.pack > 1 and not api.packs:
        raise click.UsageError(f"--pack is not for --provider {api.name}: every row is an order")
    _refuse_overwriting(output, (file, wanted.journal, *api.files))
    with checked_orders(file, file_format, api.columns, _checking) as orders:
        recovery = Recovery(
            api=api,
            connection=connection,
            journal=wanted.journal,
            concurrency=wanted.concurrency,
            source=Source(orders.name, orders.line, api.columns.name_column),
            settle_seconds=wanted.settle_seconds,
        )
        if wanted.dry_run:
            return _quote(orders, wanted, output, recovery)
        _warn(orders, wanted, connection)

        _, lost = _open_in(wanted.journal)

        def start(provider: Provider[Any, Any], stop_on: StopOn) -> BulkRun[Any, Any]:
            _tell_of_lost(lost, provider, wanted.settle_seconds)
            return bulk_run(
                provider,
                orders,
                stop_on=stop_on,
                journal=wanted.journal,
                concurrency=wanted.concurrency,
                settle_seconds=wanted.settle_seconds,
                adopt_existing=wanted.adopt_existing,
                budget=wanted.budget,
                pack=wanted.pack,
            )

        with _reading_the_journal():
            return _run(start, "Placing orders", recovery, output)


@click.command(short_help="Finish every order that a journal has open.")
@click.argument("journal", type=_journal, metavar="JOURNAL")
@_provider
@_concurrency
@click.option(
    "--budget",
    type=_money,
    metavar="MONEY",
    help="End before the orders that this command places cost more than this.",
)
@_settle_seconds
@output_option
@connection_options
def resume(
    *,
    journal: Path,
    provider: str,
    concurrency: int,
    budget: Decimal | None,
    settle_seconds: float | None,
    output: Output,
    connection: Connection,
) -> int:
    """
    Finish every order that JOURNAL has open.

    Orders of unknown fate are looked for, those that were not placed are placed. What ended
    hard left rows that were not begun, and JOURNAL does not know them: for those run the same
    `didww orders place` again. The exit codes are those of `didww orders place`.
    """
    api = ORDER_APIS[provider]
    _refuse_overwriting(output, (journal, *api.files))
    if not journal.exists():
        raise CommandError(f"there is no journal {journal}\nNothing was sent.", ExitCode.JOURNAL)
    recovery = Recovery(
        api=api, connection=connection, journal=journal, concurrency=concurrency, source=None
    )
    rows, lost = _open_in(journal)
    say(f"{_told_of(journal, rows)}; rows that it does not know are placed from their file only.")

    def start(provider: Provider[Any, Any], stop_on: StopOn) -> BulkRun[Any, Any]:
        _tell_of_lost(lost, provider, settle_seconds)
        return bulk_run(
            provider,
            None,
            journal=journal,
            concurrency=concurrency,
            budget=budget,
            settle_seconds=settle_seconds,
            stop_on=stop_on,
        )

    with _reading_the_journal():
        return _run(start, "Finishing orders", recovery, output, rows)


def _tell_of_lost(lost: int, provider: Provider[Any, Any], settle_seconds: float | None) -> None:
    """Say why nothing may seem to happen for a while."""
    if lost:
        window = provider.settle_seconds if settle_seconds is None else settle_seconds
        say(
            f"{lost:,} of the journal's orders may exist: their answers were lost. Each is looked "
            f"for, for {window:g} seconds at least unless it is found, before it is sent again."
        )


def _told_of(journal: Path, rows: int) -> str:
    if not rows:
        return f"{journal}: nothing is open"
    return f"{journal}: {rows:,} {'row is' if rows == 1 else 'rows are'} open"


def _open_in(journal: Path | None) -> tuple[int, int]:
    """How many rows a journal has open, and how many of its open orders may exist."""
    if journal is None or not journal.exists():
        return 0, 0

    async def count() -> tuple[int, int]:
        rows = lost = 0
        with open_journal(journal) as opened:
            keys = await opened.open_keys()
            for at in range(0, len(keys), READ_AT_ONCE):
                batch = keys[at : at + READ_AT_ONCE]
                for entry in await asyncio.gather(*map(opened.get, batch)):
                    if entry is not None:
                        rows += entry.rows
                        lost += entry.state is State.SENT
        return rows, lost

    try:
        return asyncio.run(count())
    except placement.JournalError as error:
        raise CommandError(in_words_of_the_command(error), ExitCode.JOURNAL) from None


def _run(
    start: Callable[[Provider[RequestT, OrderT], StopOn], BulkRun[RequestT, OrderT]],
    what: str,
    recovery: Recovery[RequestT, OrderT],
    output: Output,
    total: int | None = None,
) -> int:
    report: Report[OrderT] | None = None
    trouble = ""
    try:
        with output.open(ExitCode.UNFINISHED) as stream:
            report, trouble = finish(carry_out(start, what, recovery, total))
            for piece in output.text(EachOrderOnce(report, recovery.source)):
                stream.write(piece)
    except CommandError as error:
        if report is None or output.path is None:
            raise
        # The orders are placed, and here is the only list of them.
        say(f"{error.message}; the rows come here instead.")
        with Output("csv").open(ExitCode.UNFINISHED) as stream:
            for piece in Output("csv").text(EachOrderOnce(report, recovery.source)):
                stream.write(piece)
        tell_how_to_go_on(report, recovery)
        if trouble:
            say(trouble)
        return ExitCode.UNFINISHED
    show_report(report, recovery.source, on_stderr=output.is_data)
    tell_how_to_go_on(report, recovery)
    if trouble:
        say(trouble)
        return ExitCode.UNFINISHED
    return exit_code(report)


@contextlib.contextmanager
def _reading_the_journal() -> Generator[None]:
    """The report is read from the journal, which another process may have taken by then."""
    try:
        yield
    except placement.JournalError as error:
        raise CommandError(
            f"the run is over, and its rows can't be told: {in_words_of_the_command(error)}",
            ExitCode.JOURNAL,
        ) from None


def _quote(
    orders: OrdersFile[RequestT],
    wanted: _Wishes,
    output: Output,
    recovery: Recovery[RequestT, OrderT],
) -> int:
    async def ask() -> Quote:
        steps = Steps("Asking for prices", len(orders))
        with interruptible():
            async with recovery.api.open(recovery.connection) as provider:
                with showing(steps):
                    return await quote(provider, orders, pack=wanted.pack, progress=steps.reached)

    with output.open(ExitCode.BAD_INPUT) as stream:
        prices = finish(ask())
        for piece in output.text(prices):
            stream.write(piece)
    return show_quote(prices, orders.line, wanted.budget, on_stderr=output.is_data)


@contextlib.contextmanager
def _checking(file: OrdersFile[Any]) -> Generator[Callable[[int], None]]:
    steps = Steps(f"Checking {file.name}", file.size, in_percent=True)
    with showing(steps):
        yield steps.reached


def _refuse_overwriting(output: Output, others: tuple[str | Path | None, ...]) -> None:
    """A result that took the place of the orders, of their journal or of tokens would lose them."""
    target = output.path
    for other in others:
        if target is not None and other is not None and target.resolve() == Path(other).resolve():
            raise CommandError(
                f"--output would overwrite {other}; give it another name\nNothing was sent.",
                ExitCode.BAD_INPUT,
            )


def _warn(orders: OrdersFile[Any], wanted: _Wishes, connection: Connection) -> None:
    """Say what may be regretted later."""
    if connection.sandbox and wanted.journal is not None:
        say(
            f"The sandbox ends with this command, so {wanted.journal} can't be used again. (One of "
            "DIDWW's that stays is `didww sandbox`, in another terminal.)"
        )
    if not connection.sandbox and wanted.journal is None and len(orders) > HANDFUL:
        say(
            f"Without --journal nobody can tell after a crash which of the {len(orders):,} orders "
            "exist; --journal run.db would."
        )
