"""
Places a generated batch of orders with a journal, and writes the report.

`python -m tests.chaos.runner URL JOURNAL REPORT` may be killed at any time and started
again on its journal. It ends with 0, or with 130 after Ctrl-C, and writes the report
only when it has come to its end.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from didww_async import DidwwClient, NewDidOrderItem, NewOrder, RetryPolicy, Timeouts

__all__ = ["INTERRUPTED", "client", "generate", "main"]

INTERRUPTED = 130
IMPATIENT = Timeouts(connect=5, read=0.5, total=2)
QUICK = RetryPolicy(attempts=6, wait_initial=0.02, wait_max=0.2, wait_jitter=0.02)


def generate(orders: int) -> Iterator[NewOrder]:
    """As many orders as asked for, the same ones every time; one in three has no reference."""
    for number in range(orders):
        item = NewDidOrderItem(sku_id=f"sku-{number}", qty=1)
        if number % 3:
            yield NewOrder(items=[item], external_reference_id=f"Zeile {number} & 100% ü+/?#")
        else:
            yield NewOrder(items=[item])


def client(url: str) -> DidwwClient:
    """A client without a pace that does not wait long for anything."""
    return DidwwClient("chaos-key", base_url=url, pace=None, timeouts=IMPATIENT, retry=QUICK)


async def _run(given: argparse.Namespace) -> str:
    async with client(given.url) as didww:
        report = await didww.place_orders(
            generate(given.orders),
            journal=given.journal,
            concurrency=given.concurrency,
            settle_seconds=given.settle_seconds,
        )
    text = report.to_json_lines()
    gc.collect()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left, f"tasks were left behind: {left}"
    threads = [thread.name for thread in threading.enumerate()]
    assert not any("journal" in name for name in threads), f"threads were left behind: {threads}"
    return text


def main() -> None:
    """Place the orders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("journal", type=Path)
    parser.add_argument("report", type=Path)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--settle-seconds", type=float, default=2.0)
    given = parser.parse_args()
    try:
        report = asyncio.run(_run(given))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    given.report.write_text(report)


if __name__ == "__main__":
    main()
