"""`didww balance` and `didww skus`: the money there is, and what there is for it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import click

from didww_async.cli.connection import Connection, connection_options, finish
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.output import Field, Output, output_option
from didww_async.cli.progress import Steps, showing
from didww_async.client import DidwwClient
from didww_async.models.balance import Balance
from didww_async.models.catalogue import DidGroup, DidGroupFilter
from didww_async.models.geography import Country

__all__ = ["balance", "skus"]

_ISO_LENGTH = 2
_BALANCE = (
    Field("balance", "balance", is_number=True),
    Field("credit", "credit", is_number=True),
    Field("total_balance", "to spend", is_number=True),
)
_SKUS = (
    Field("area", "area"),
    Field("prefix", "prefix", is_number=True),
    Field("sku_id", "sku_id", is_whole=True),
    Field("channels", "ch", is_number=True),
    Field("setup_price", "set-up", is_number=True),
    Field("monthly_price", "monthly", is_number=True),
    Field("in_stock", "stock", is_number=True),
)


@click.command(short_help="Show the money of the account.")
@output_option
@connection_options
def balance(*, output: Output, connection: Connection) -> int:
    """Show the money of the account, in its currency."""

    async def read() -> Balance:
        async with connection.open() as client:
            with showing(Steps("Reading the balance")):
                return await client.balance.get()

    found = finish(read())
    names = [field.name for field in _BALANCE]
    output.show_one({name: getattr(found, name) for name in names}, _BALANCE)
    return ExitCode.DONE


@click.command(short_help="List what can be ordered in a country.")
@click.argument("country")
@click.option("--available", is_flag=True, help="Only what is in stock.")
@output_option
@connection_options
def skus(*, country: str, available: bool, output: Output, connection: Connection) -> int:
    """
    List the SKUs of COUNTRY, an ISO code such as US or a name.

    A SKU is what an order of numbers names; its prices are for one number.
    """

    async def read() -> list[DidGroup]:
        async with connection.open() as client:
            steps = Steps("Reading groups of numbers")
            with showing(steps):
                place = await _find(client, country)
                wanted: DidGroupFilter = {"country.id": place.id}
                if available:
                    wanted["is_available"] = True
                groups: list[DidGroup] = []
                async for group in client.did_groups.list(
                    filter=wanted,
                    include="stock_keeping_units",
                    sort="area_name",
                    page_size=100,
                ):
                    groups.append(group)
                    steps.reached(len(groups))
                return groups

    output.show(_sku_records(finish(read())), _SKUS)
    return ExitCode.DONE


async def _find(client: DidwwClient, name: str) -> Country:
    """The country of an ISO code or a name."""
    if len(name) == _ISO_LENGTH:
        for country in await client.countries.list(filter={"iso": name.upper()}):
            return country
    countries = {country.name: country async for country in client.countries.list()}
    for found, country in countries.items():
        if found.casefold() == name.casefold():
            return country
    close = difflib.get_close_matches(name.title(), countries, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else "give an ISO code such as US"
    raise CommandError(f"there is no country {name!r}; {hint}", ExitCode.API_FAILED)


def _sku_records(groups: list[DidGroup]) -> Iterator[dict[str, object]]:
    for group in groups:
        for sku in group.stock_keeping_units:
            yield {
                "area": group.area_name,
                "prefix": group.prefix,
                "sku_id": sku.id,
                "channels": sku.channels_included_count,
                "setup_price": sku.setup_price,
                "monthly_price": sku.monthly_price,
                "in_stock": group.total_count,
                "is_available": group.is_available,
                "needs_registration": group.needs_registration,
                "did_group_id": group.id,
            }
