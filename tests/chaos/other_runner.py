"""
Places a batch of orders at another order API, with a journal, and writes the report.

`python -m tests.chaos.other_runner adobe|plum SETTINGS JOURNAL REPORT COUNT` may be killed at
any time and started again on its journal. SETTINGS is JSON: what its sandbox is reached by.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from didww_async import RetryPolicy, Timeouts
from didww_async.placement import Provider
from didww_async.providers import bulk_run
from didww_async.providers.adobe_vip import (
    AdobeVipClient,
    AdobeVipProvider,
    CustomerOrder,
    NewLineItem,
    NewOrder,
)
from didww_async.providers.plum import NewTopUpOrder, PlumClient, PlumProvider, TokenFile

__all__ = ["main"]

IMPATIENT = Timeouts(connect=5, read=0.5, total=2)
QUICK = RetryPolicy(attempts=4, wait_initial=0.02, wait_max=0.2, wait_jitter=0.02)


def _adobe_orders(customer_id: str, count: int) -> Iterator[CustomerOrder]:
    for number in range(count):
        line = NewLineItem(
            ext_line_item_number=1,
            offer_id="65304479CA01A12",
            quantity=number % 9 + 1,
            currency_code="USD",
        )
        order = NewOrder(line_items=[line], external_reference_id=f"row-{number}")
        yield CustomerOrder(customer_id=customer_id, order=order)


def _plum_orders(count: int) -> Iterator[NewTopUpOrder]:
    for number in range(count):
        yield NewTopUpOrder(
            product_id=55134,
            denomination=199,
            phone_code="+91",
            phone_number="9800000001",
            email="user@example.com",
            po_number=f"row-{number}",
        )


async def _run(api: str, settings: Mapping[str, Any], journal: str, count: int) -> str:
    shared: dict[str, Any] = {
        "client_id": settings["client_id"],
        "client_secret": settings["client_secret"],
        "base_url": settings["url"],
        "timeouts": IMPATIENT,
        "retry": QUICK,
        "pace": None,
    }
    if api == "adobe":
        async with AdobeVipClient(token_url=settings["token_url"], **shared) as adobe:
            orders = _adobe_orders(settings["customer_id"], count)
            return await _placed(AdobeVipProvider(adobe, pause_seconds=0.1), orders, journal)
    async with PlumClient(tokens=TokenFile(settings["tokens"]), **shared) as plum:
        return await _placed(PlumProvider(plum), _plum_orders(count), journal)


async def _placed(provider: Provider[Any, Any], orders: Iterator[Any], journal: str) -> str:
    report = await bulk_run(provider, orders, journal=journal, concurrency=32, settle_seconds=1.0)
    return report.to_json_lines()


def main() -> None:
    """Place the orders."""
    api, settings, journal, report, count = sys.argv[1:]
    text = asyncio.run(_run(api, json.loads(settings), journal, int(count)))
    Path(report).write_text(text)


if __name__ == "__main__":
    main()
