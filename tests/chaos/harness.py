"""Starts the ledger and the runner, and holds the one's report against the other's orders."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import attrs

__all__ = [
    "BOUND_SECONDS",
    "ORDERS",
    "OTHER_ORDERS",
    "SEEDS",
    "Audit",
    "LedgerProcess",
    "check",
    "finish",
    "runner",
    "started",
    "stop_at",
    "tell",
]

ROOT = Path(__file__).parents[2]
ORDERS = int(os.environ.get("CHAOS_ORDERS", "300"))
OTHER_ORDERS = int(os.environ.get("CHAOS_OTHER_ORDERS", "300"))
SEEDS = range(int(os.environ.get("CHAOS_SEEDS", "3")))
BOUND_SECONDS = 60 + max(ORDERS, OTHER_ORDERS) / 5
"""No run takes that long unless it hangs."""

Row = Mapping[str, Any]


@attrs.frozen
class Audit:
    """What the ledger really has."""

    orders: list[dict[str, Any]]
    requests: dict[str, int]
    faults: dict[str, int]
    outstanding: int

    def by_sku(self, *, live: bool = True) -> dict[str, list[dict[str, Any]]]:
        """The orders of each row, the eldest first; a row has a SKU of its own."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for order in sorted(self.orders, key=lambda order: (order["created_at"], order["id"])):
            if not live or order["status"] != "canceled":
                found[order["sku_id"]].append(order)
        return found


@attrs.frozen
class LedgerProcess:
    """A ledger that runs."""

    url: str
    audit_url: str

    async def audit(self, path: str = "/") -> Audit:
        """Ask for all orders."""
        return Audit(**await asyncio.to_thread(self._ask, path))

    async def reach(self, requests: int) -> Audit:
        """Wait until so many requests have begun to be served."""
        return await self.audit(f"/after/{requests}")

    async def settled(self) -> Audit:
        """Wait until no late order is to come any more."""
        async with asyncio.timeout(BOUND_SECONDS):
            while (audit := await self.audit()).outstanding:
                await asyncio.sleep(0.05)
            return audit

    def _ask(self, path: str) -> Any:
        with urlopen(self.audit_url + path, timeout=BOUND_SECONDS) as answer:
            return json.load(answer)


@asynccontextmanager
async def started(*options: object) -> AsyncIterator[LedgerProcess]:
    """A ledger in a process of its own."""
    process = await _start("ledger", *options, stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        async with asyncio.timeout(BOUND_SECONDS):
            urls = json.loads(await process.stdout.readline())
        yield LedgerProcess(urls["api"], urls["audit"])
    finally:
        process.stdin.close()
        async with asyncio.timeout(BOUND_SECONDS):
            _, errors = await process.communicate()
    assert not errors, errors.decode()
    assert process.returncode == 0


def tell(seed: int, text: str) -> None:
    """Say how far it is; pytest shows it with `-s`, as long runs like to have it."""
    sys.stdout.write(f"\n  seed {seed}: {text} ")
    sys.stdout.flush()


async def runner(*options: object) -> asyncio.subprocess.Process:
    """Start the program that places the orders."""
    return await _start("runner", *options, "--orders", ORDERS)


async def _start(
    module: str, *options: object, stdin: int = subprocess.DEVNULL
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        f"tests.chaos.{module}",
        *map(str, options),
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def finish(process: asyncio.subprocess.Process) -> tuple[int, str]:
    """Wait for the end of a program: its exit code, and what it complained of."""
    try:
        async with asyncio.timeout(BOUND_SECONDS):
            _, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, errors.decode()


async def stop_at(
    process: asyncio.subprocess.Process,
    ledger: LedgerProcess,
    number: int,
    seconds: float | None,
    requests: int,
) -> bool:
    """Send a signal after so many seconds, or requests; false if the program ended before."""
    came = asyncio.sleep(seconds) if seconds is not None else ledger.reach(requests)
    tasks = {asyncio.ensure_future(process.wait()), asyncio.ensure_future(came)}
    try:
        async with asyncio.timeout(BOUND_SECONDS):
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if process.returncode is not None:
        return False
    process.send_signal(number)
    return True


def check(rows: Iterable[Row], audit: Audit, skus: Iterable[str]) -> None:
    """Every row owns one live order, the eldest of those that were not cancelled as twins."""
    reported = {row["order_id"]: row for row in rows if row["outcome"] == "placed"}
    others = [row for row in rows if row["outcome"] != "placed"]
    assert not others, f"{len(others)} rows were not placed: {others[:3]}"
    live, ever = audit.by_sku(), audit.by_sku(live=False)
    problems = []
    for sku in skus:
        orders = live.get(sku, [])
        row = reported.pop(orders[0]["id"], None) if orders else None
        if not orders:
            problems.append(f"{sku} is lost: {ever.get(sku)}")
        elif row is None:
            problems.append(f"{sku}: the report has none of {ever[sku]}")
        elif row["external_reference"] != orders[0]["reference"]:
            problems.append(f"{sku}: the report has another reference: {row}")
        elif len(orders) > 1 and not all(order["id"] in row["note"] for order in orders[1:]):
            problems.append(f"{sku} is ordered twice and nobody says so: {ever[sku]}, {row}")
        elif len(orders) == 1 and row["note"]:
            problems.append(f"{sku} has one live order, yet: {row['note']}")
    problems += [f"nobody ordered this, or it was canceled: {row}" for row in reported.values()]
    text = "\n".join(problems[:10])
    assert not problems, f"{len(problems)} rows are wrong\n{text}\n{audit.faults}"
