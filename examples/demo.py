"""
The main job, from the balance to the numbers: `make demo`, or `python examples/demo.py`.

Without a key it runs on the sandbox in the box, and ends with orders in bulk, at DIDWW and then
at all three sandboxes: see `bulk.py`. With `DIDWW_API_KEY` (and `DIDWW_BASE_URL`, if not
production) it runs against the real API, where it only reads, unless `--really-order` lets it
spend money.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from printing import Row, heading, table

from didww_async import (
    DidGroup,
    DidGroupFilter,
    DidwwClient,
    DidwwError,
    InsufficientBalanceError,
    NewDidOrderItem,
    NewDidReservation,
    NewOrder,
    Order,
    OrderStatus,
)

REQUESTS = Path(__file__).with_name("orders.json")
PLACEHOLDERS = re.compile(r"\{([a-z_]+)\}")
PAGE_SIZE = 4


@contextmanager
def reported(what: str) -> Generator[None]:
    """Say what went wrong, and go on with the rest."""
    try:
        yield
    except InsufficientBalanceError as error:
        missing = error.total_cost - error.available_balance
        print(f"  {what}: not placed, costs {error.total_cost} and {missing} of it are missing")
    except DidwwError as error:
        print(f"  {what}: {type(error).__name__}: {error}")


async def show_balance(didww: DidwwClient) -> None:
    """The money there is."""
    heading("Balance")
    balance = await didww.balance.get()
    print(f"  {balance.total_balance} ({balance.balance} and a credit of {balance.credit})")


async def find_groups(didww: DidwwClient) -> list[DidGroup]:
    """What can be bought in the United States, the cheapest first."""
    heading("Numbers in the United States")
    [country] = await didww.countries.list(filter={"iso": "US"})
    groups = [
        group
        async for group in didww.did_groups.list(
            filter={"country.id": country.id, "needs_registration": False},
            include="stock_keeping_units",
        )
        if group.stock_keeping_units
    ]
    groups.sort(key=first_price)
    table(
        ("area", "in stock", "set-up", "monthly", "SKU"),
        [
            (group.area_name, group.total_count, sku.setup_price, sku.monthly_price, sku.id)
            for group in groups[:8]
            for sku in group.stock_keeping_units[:1]
        ],
    )
    return groups


def first_price(group: DidGroup) -> Decimal:
    """What one number of the group costs for its first month."""
    sku = group.stock_keeping_units[0]
    return sku.setup_price + sku.monthly_price


async def prepare(didww: DidwwClient, groups: list[DidGroup]) -> dict[str, str]:
    """The ids that the requests of the file need, by the names that stand for them there."""
    group = next(group for group in groups if group.total_count > 10)
    single = next(group for group in groups if group.available_dids_enabled)
    found = {
        "sku": group.stock_keeping_units[0].id,
        "single_sku": single.stock_keeping_units[0].id,
    }
    offered = await didww.available_dids.list(filter={"did_group.id": single.id})
    if len(offered) > 1:
        one, other = offered.items[:2]
        found["available_did"] = one.id
        reservation = await didww.did_reservations.create(NewDidReservation(available_did=other))
        found["did_reservation"] = reservation.id
    async for prefix in didww.nanpa_prefixes.list(filter={"did_group.is_available": True}):
        matching: DidGroupFilter = {"nanpa_prefix.id": prefix.id, "id": single.id}
        if len(await didww.did_groups.list(filter=matching)):
            found["nanpa_prefix"] = prefix.id
            break
    async for pool in didww.capacity_pools.list():
        if pool.minimum_qty_per_order == 1:
            found["capacity_pool"] = pool.id
            break
    return found


def filled(template: Mapping[str, object], ids: Mapping[str, str]) -> NewOrder:
    """A request of the file with real ids in it."""
    text = json.dumps(template)
    for name, identity in ids.items():
        text = text.replace(f"{{{name}}}", identity)
    return NewOrder.from_json(json.loads(text))


async def place_all(didww: DidwwClient, ids: Mapping[str, str]) -> list[Order]:
    """One order for each request of the file."""
    heading(f"Orders of {REQUESTS.name}")
    placed: list[Order] = []
    for entry in json.loads(REQUESTS.read_text()):
        missing = [name for name in PLACEHOLDERS.findall(json.dumps(entry)) if name not in ids]
        if missing:
            print(f"  {entry['about']}: skipped, this account offers no {', '.join(missing)}")
            continue
        with reported(entry["about"]):
            order = await didww.orders.create(filled(entry["request"], ids))
            placed.append(order)
            print(f"  {entry['about']}: {order.reference}, {order.amount}, {order.status.value}")
    return placed


async def overspend(didww: DidwwClient, groups: list[DidGroup]) -> None:
    """An order that costs more than there is."""
    heading("Too little money")
    dearest = groups[-1]
    count = max(dearest.total_count, 1)  # more than the stock would be refused for that
    if count * first_price(dearest) <= (await didww.balance.get()).total_balance:
        print("  this account could pay for it, so it was not tried")
        return
    with reported(f"all {count} of the dearest number"):
        items = [NewDidOrderItem(sku_id=dearest.stock_keeping_units[0].id, qty=count)]
        await didww.create_order(items, allow_back_ordering=False)


async def list_all(didww: DidwwClient) -> None:
    """Every order, page by page."""
    heading("All orders, page by page")
    listing = didww.list_orders(sort="-created_at", page_size=PAGE_SIZE)
    number = 0
    async for page in listing.pages():
        number += 1
        references = ", ".join(order.reference for order in page)
        print(f"  page {number}: {references or 'nothing'}")
        if number == 5:  # an account may have thousands
            break
    print(f"  {await listing.total()} in all")


async def cancel_one(didww: DidwwClient, sku: str) -> None:
    """An order that waits for numbers, and is taken back."""
    heading("A change of mind")
    with reported("an order to cancel"):
        order = await didww.create_order([NewDidOrderItem(sku_id=sku)], allow_back_ordering=True)
        await didww.cancel_order(order.id)
        print(f"  {order.reference}: {(await didww.get_order(order.id)).status.value}")


async def finish(didww: DidwwClient, placed: list[Order]) -> None:
    """Wait for every order, and show what came of it."""
    heading("Waiting for completion")
    waiting = [didww.wait_for_order(order, timeout=60, poll_interval=0.5) for order in placed]
    rows: list[Row] = []
    for order in await asyncio.gather(*waiting):
        numbers = [did.number async for did in didww.dids.list(filter={"order.id": order.id})]
        done = order.status is OrderStatus.COMPLETED
        shown = " ".join(numbers) or ("none" if done else "not yet")
        rows.append((order.reference, order.description, order.status.value, order.amount, shown))
    table(("order", "for", "status", "amount", "numbers"), rows)


async def run(didww: DidwwClient, ids: Mapping[str, str], *, spend: bool) -> None:
    """The whole demonstration on one client."""
    await show_balance(didww)
    groups = await find_groups(didww)
    if not groups:
        print("  this account can buy no numbers there")
        return
    if spend:
        ids = {**await prepare(didww, groups), **ids}
        placed = await place_all(didww, ids)
        await overspend(didww, groups)
        if "sold_out_sku" in ids:  # another would be delivered before it could be canceled
            await cancel_one(didww, ids["sold_out_sku"])
        await list_all(didww)
        await finish(didww, placed)
        await show_balance(didww)
    else:
        await list_all(didww)
        print("\nNothing was ordered: --really-order would spend money.")


async def run_on_sandbox() -> bool:
    """All of it on the sandbox in the box, then orders in bulk; whether each was placed once."""
    from didww_async.sandbox import Sandbox  # noqa: PLC0415  # not needed for the real API

    async with (
        Sandbox(complete_after=2) as sandbox,
        DidwwClient(sandbox.api_key, base_url=sandbox.url) as didww,
    ):
        print(f"On a sandbox at {sandbox.url}")
        landmarks = sandbox.state.landmarks
        ids = {
            "sold_out_sku": landmarks.sold_out_sku_id,
            "emergency_calling_service": landmarks.emergency_calling_service_id,
        }
        await run(didww, ids, spend=True)
    if find_spec("rich") is None:
        print('\nNo orders in bulk: their bars need rich, which `pip install ".[cli]"` brings.')
        return True
    from bulk import APIS, place_in_bulk  # noqa: PLC0415  # imports rich

    alone = await place_in_bulk(["didww"])
    return await place_in_bulk([*APIS]) and alone


async def main() -> int:
    """Run on the real API if there is a key, else on the sandbox."""
    parser = argparse.ArgumentParser(description="The main job, from the balance to the numbers.")
    parser.add_argument(
        "--really-order", action="store_true", help="spend money, where DIDWW_API_KEY is set"
    )
    options = parser.parse_args()
    started = perf_counter()
    went_well = True
    if os.environ.get("DIDWW_API_KEY"):
        async with DidwwClient() as didww:
            print(f"On {didww!r}")
            await run(didww, {}, spend=options.really_order)
    else:
        went_well = await run_on_sandbox()
    print(f"\nDone in {perf_counter() - started:.1f} seconds.")
    return 0 if went_well else 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except DidwwError as failure:
        sys.exit(f"{type(failure).__name__}: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
