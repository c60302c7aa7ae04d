"""`didww orders list`, `get`, `cancel` and `wait`: orders that are there already."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import UTC, date, datetime, time
from typing import Any, cast

import click

from didww_async.cli.connection import Connection, connection_options, finish
from didww_async.cli.exit_codes import ExitCode
from didww_async.cli.messages import say
from didww_async.cli.output import Field, Output, moment_text, output_option
from didww_async.cli.progress import Steps, showing
from didww_async.collections.listing import Listing
from didww_async.errors import NotFoundError, TransportError, ValidationError, WaitTimeoutError
from didww_async.models.orders import Order, OrderFilter, OrderStatus

__all__ = ["cancel", "get", "list_orders", "wait"]

PAGE_SIZE = 100

_FIELDS = (
    Field("id", "id", is_whole=True),
    Field("reference", "reference", is_whole=True),
    Field("status", "status", is_whole=True),
    Field("amount", "amount", is_number=True),
    Field("created_at", "created"),
    Field("external_reference_id", "external reference"),
)


def _moment(value: str, of_a_day: time) -> datetime:
    """A time in ISO 8601, UTC unless it says otherwise; of a date, this time of the day."""
    try:
        with contextlib.suppress(ValueError):
            return datetime.combine(date.fromisoformat(value), of_a_day, UTC)
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not a time, such as 2026-11-25 or 2026-11-25T08:30Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _beginning(value: str) -> datetime:
    return _moment(value, time.min)


def _end(value: str) -> datetime:
    return _moment(value, time.max)


@click.command("list", short_help="List orders, the newest first.")
@click.option(
    "--status", multiple=True, type=click.Choice([status.value for status in OrderStatus])
)
@click.option("--reference", multiple=True, metavar="REF", help="DIDWW's own, like KTH-650932.")
@click.option("--external-reference-id", metavar="REF", help="Your own.")
@click.option("--since", type=_beginning, metavar="TIME", help="Created then or later.")
@click.option("--until", type=_end, metavar="TIME", help="Created then or earlier.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="The first N of them.")
@click.option(
    "--sort", default="-created_at", show_default=True, metavar="NAME", help="- before it reverses."
)
@output_option
@connection_options
def list_orders(
    *, output: Output, connection: Connection, limit: int | None, sort: str, **filters: Any
) -> int:
    """List orders. Times are in ISO 8601, such as 2026-11-25 or 2026-11-25T08:30Z; UTC."""
    chosen = _filter(**filters)

    async def read() -> list[Order]:
        async with connection.open() as client:
            page_size = min(limit or PAGE_SIZE, PAGE_SIZE)
            listing = client.list_orders(
                filter=chosen, sort=sort, page_size=page_size, prefetch=limit is None
            )
            return await _first(listing, limit, Steps("Reading orders"))

    output.show(map(_record, finish(read())), _FIELDS)
    return ExitCode.DONE


async def _first(listing: Listing[Order], limit: int | None, steps: Steps) -> list[Order]:
    found: list[Order] = []
    with showing(steps):
        async for page in listing.pages():
            found += page.items
            steps.reached(len(found))
            if limit is not None and len(found) >= limit:
                return found[:limit]
    return found


def _filter(
    *,
    status: tuple[str, ...],
    reference: tuple[str, ...],
    external_reference_id: str | None,
    since: datetime | None,
    until: datetime | None,
) -> OrderFilter:
    chosen: OrderFilter = {}
    if status:
        chosen["status"] = list(status)
    if reference:
        chosen["reference"] = list(reference)
    if external_reference_id is not None:
        chosen["external_reference_id"] = external_reference_id
    if since is not None:
        chosen["created_at_gteq"] = since
    if until is not None:
        chosen["created_at_lteq"] = until
    return chosen


@click.command(short_help="Show one order.")
@click.argument("order_id", metavar="ID")
@output_option
@connection_options
def get(*, order_id: str, output: Output, connection: Connection) -> int:
    """Show the order with this ID."""

    async def read() -> Order:
        async with connection.open() as client:
            with showing(Steps("Reading the order")):
                return await client.get_order(order_id)

    output.show_one(_record(finish(read())), _FIELDS)
    return ExitCode.DONE


@click.command(short_help="Cancel pending orders.")
@click.argument("order_ids", nargs=-1, required=True, metavar="ID...")
@click.option("--yes", is_flag=True, help="Don't ask.")
@output_option
@connection_options
def cancel(*, order_ids: tuple[str, ...], yes: bool, output: Output, connection: Connection) -> int:
    """
    Cancel these orders; their cost goes back to the balance.

    Only pending orders of numbers can be canceled. Exit code 1 if some could not be, 3 if
    nobody can tell of some.
    """
    if not yes and not _agreed(len(order_ids)):
        say("Nothing was sent.")
        return ExitCode.BAD_INPUT
    steps = Steps("Canceling orders", len(order_ids))

    async def cancel_all() -> list[dict[str, object]]:
        done: list[dict[str, object]] = []
        async with connection.open() as client:
            with showing(steps):
                for order_id in order_ids:
                    outcome, reason = "canceled", ""
                    try:
                        await client.cancel_order(order_id)
                    except (NotFoundError, ValidationError) as error:
                        outcome, reason = "refused", str(error)
                    except TransportError as error:
                        outcome, reason = "unclear", str(error)
                    done.append({"id": order_id, "outcome": outcome, "reason": reason})
                    steps.reached(len(done))
        return done

    rows = finish(cancel_all())
    fields = [
        Field("id", "id", is_whole=True),
        Field("outcome", "outcome"),
        Field("reason", "reason"),
    ]
    output.show(rows, fields)
    outcomes = {row["outcome"] for row in rows}
    if "unclear" in outcomes:
        say("Unclear: look with `didww orders get ID`, or cancel again.")
        return ExitCode.UNFINISHED
    return ExitCode.REJECTED if "refused" in outcomes else ExitCode.DONE


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("standard input is no terminal to ask on; give --yes")
    orders = "1 order" if count == 1 else f"{count} orders"
    return click.confirm(f"Cancel {orders}?", err=True)


@click.command(short_help="Wait until orders are completed or canceled.")
@click.argument("order_ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
)
@output_option
@connection_options
def wait(
    *, order_ids: tuple[str, ...], timeout: float, output: Output, connection: Connection
) -> int:
    """
    Wait until these orders are completed or canceled.

    Exit code 1 if some were canceled, 3 if some are still pending after the timeout.
    """
    steps = Steps("Waiting for orders", len(order_ids))

    async def wait_for_all() -> list[Order]:
        async with connection.open() as client:

            async def one(order_id: str) -> Order:
                try:
                    order = await client.wait_for_order(order_id, timeout=timeout)
                except WaitTimeoutError as error:
                    return cast("Order", error.order)  # its last state
                steps.reached(steps.done + 1)
                return order

            with showing(steps):
                return await asyncio.gather(*map(one, order_ids))

    orders = finish(wait_for_all())
    output.show(map(_record, orders), _FIELDS)
    if not all(order.is_final for order in orders):
        say(f"Still pending after {timeout:g} seconds: wait again, or look later.")
        return ExitCode.UNFINISHED
    canceled = any(order.status == OrderStatus.CANCELED for order in orders)
    return ExitCode.REJECTED if canceled else ExitCode.DONE


def _record(order: Order) -> dict[str, object]:
    """What is shown of an order."""
    return {
        "id": order.id,
        "reference": order.reference,
        "status": order.status.value,
        "amount": order.amount,
        "created_at": moment_text(order.created_at),
        "description": order.description,
        "external_reference_id": order.external_reference_id,
    }
