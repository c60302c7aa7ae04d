"""
Places a batch of orders from a journal; `examples/bulk.py` starts it, kills it and starts it again.

`python examples/placing.py didww|adobe|plum JOURNAL` reads a line of JSON from stdin (where the API
is, who asks, and the references of the orders; not as arguments, which everybody on the machine
sees) and prints a line of JSON for each outcome. It ends at once when stdin does, so that it
never outlives the one that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from typing import TypeVar

from didww_async import DidwwClient, NewDidOrderItem, NewOrder, RetryPolicy, Timeouts
from didww_async.placement import Outcome, Placed
from didww_async.providers import adobe_vip, bulk_run, plum

OrderT = TypeVar("OrderT")
Settings = Mapping[str, str]

CONCURRENCY = 8
SETTLE_SECONDS = 1.0
"""How long a lost order may still turn up. Real servers are given longer: 10 seconds and more."""
IMPATIENT = Timeouts(connect=5, read=0.5, total=2)
QUICK = RetryPolicy(attempts=4, wait_initial=0.02, wait_max=0.2, wait_jitter=0.02)


async def tell(outcomes: AsyncIterable[Outcome[OrderT]], order_id: Callable[[OrderT], str]) -> None:
    """Print what became of each row, as it is known."""
    async for outcome in outcomes:
        if isinstance(outcome, Placed):
            told = {"order_id": order_id(outcome.order)}
        else:
            told = {"why": f"{type(outcome).__name__}: {outcome.reason}"}
        print(json.dumps({"reference": outcome.external_reference, **told}), flush=True)


async def place_at_didww(settings: Settings, references: Sequence[str], journal: str) -> None:
    """One number each."""
    orders = [
        NewOrder(
            items=[NewDidOrderItem(sku_id=settings["sku_id"])], external_reference_id=reference
        )
        for reference in references
    ]
    async with DidwwClient(
        settings["api_key"], base_url=settings["url"], pace=None, timeouts=IMPATIENT, retry=QUICK
    ) as client:
        placing = client.place_orders(
            orders, journal=journal, concurrency=CONCURRENCY, settle_seconds=SETTLE_SECONDS
        )
        await tell(placing, lambda order: order.id)


async def place_at_adobe(settings: Settings, references: Sequence[str], journal: str) -> None:
    """A licence each."""
    line = adobe_vip.NewLineItem(
        ext_line_item_number=1, offer_id="65304479CA01A12", quantity=1, currency_code="USD"
    )
    orders = [
        adobe_vip.CustomerOrder(
            customer_id=settings["customer_id"],
            order=adobe_vip.NewOrder(line_items=[line], external_reference_id=reference),
        )
        for reference in references
    ]
    async with adobe_vip.AdobeVipClient(
        settings["client_id"],
        settings["client_secret"],
        base_url=settings["url"],
        token_url=settings["token_url"],
        timeouts=IMPATIENT,
        retry=QUICK,
    ) as client:
        placing = bulk_run(
            adobe_vip.AdobeVipProvider(client, pause_seconds=0.1),
            orders,
            journal=journal,
            concurrency=CONCURRENCY,
            settle_seconds=SETTLE_SECONDS,
        )
        await tell(placing, lambda order: order.order_id)


async def place_at_plum(settings: Settings, references: Sequence[str], journal: str) -> None:
    """A top-up each."""
    orders = [
        plum.NewTopUpOrder(
            product_id=55134,
            denomination=199,
            phone_code="+91",
            phone_number="9800000001",
            email="user@example.com",
            po_number=reference,
        )
        for reference in references
    ]
    async with plum.PlumClient(
        plum.TokenFile(settings["tokens"]),
        client_id=settings["client_id"],
        client_secret=settings["client_secret"],
        base_url=settings["url"],
        pace=None,
        timeouts=IMPATIENT,
        retry=QUICK,
    ) as client:
        placing = bulk_run(
            plum.PlumProvider(client),
            orders,
            journal=journal,
            concurrency=CONCURRENCY,
            settle_seconds=SETTLE_SECONDS,
        )
        await tell(placing, lambda order: order.order_id)


def end_with_stdin() -> None:
    """End the process when the one that started it is gone."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


PLACES = {"didww": place_at_didww, "adobe": place_at_adobe, "plum": place_at_plum}


def main() -> None:
    """Place the orders."""
    parser = argparse.ArgumentParser(
        description="Places the orders that a line of JSON on stdin names: see bulk.py, which "
        "starts this."
    )
    parser.add_argument("api", choices=PLACES)
    parser.add_argument("journal", help="the file that keeps what was sent")
    options = parser.parse_args()
    given = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_stdin, daemon=True).start()
    place = PLACES[options.api]
    asyncio.run(place(given["settings"], given["references"], options.journal))


if __name__ == "__main__":
    main()
