"""
The same engine at the two other order APIs: every row owns one order, and the report says which.

`CHAOS_OTHER_ORDERS` and `CHAOS_SEEDS` set the size of the run (300 orders, 3 seeds; `make chaos`:
2,000 and 20).
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from didww_async.providers.plum import TokenFile, TokenPair
from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from didww_async.sandbox.faults import Faults
from didww_async.sandbox.plum import PlumSandbox
from tests.chaos.harness import BOUND_SECONDS, OTHER_ORDERS, ROOT, SEEDS, tell

KILLS = 5
MOST_RESUMED = 5
SHARE = 0.2 / 8


def _break(faults: Faults) -> None:
    """One answer in five goes wrong, before or after the request took effect."""
    always: dict[str, Any] = {"times": None, "probability": SHARE}
    faults.drop_before(**always)
    faults.drop_after(**always)
    faults.cut_body(**always)
    faults.answer(502, body="<html>", content_type="text/html", **always)
    faults.answer(502, body="<html>", content_type="text/html", applied=True, **always)
    faults.answer(500, body=b"{}", content_type="application/json", applied=True, **always)
    faults.delay(1.0, applied=True, **always)
    faults.delay(1.0, **always)


async def _killed_and_started(
    api: str, settings: dict[str, str], ledger: Callable[[], list[str]], seed: int, folder: Path
) -> list[dict[str, Any]]:
    """Kill the runner at random points of its progress; the rows of the run that ended."""
    random_, rows = random.Random(seed), list[dict[str, Any]]()
    command = [sys.executable, "-W", "error", "-m", "tests.chaos.other_runner", api]
    files = [str(folder / "journal"), str(folder / "report")]
    for kills in range(KILLS + MOST_RESUMED):
        process = await asyncio.create_subprocess_exec(
            *command, json.dumps(settings), *files, str(OTHER_ORDERS), cwd=ROOT, stderr=-1
        )
        async with asyncio.timeout(BOUND_SECONDS):
            goal = len(ledger()) + random_.randint(1, OTHER_ORDERS // 6)
            while kills < KILLS and len(ledger()) < goal and process.returncode is None:
                await asyncio.sleep(0.01)
            if kills < KILLS and process.returncode is None:
                process.kill()
            _, errors = await process.communicate()
        assert process.returncode in {0, -9}, errors.decode()
        tell(seed, f"{'killed' if process.returncode else 'ended'} at {len(ledger())} orders")
        if process.returncode == 0:
            lines = (folder / "report").read_text().splitlines()
            rows = [json.loads(line) for line in lines]
            if all(row["outcome"] == "placed" for row in rows):
                break
    return rows


def _check(rows: list[dict[str, Any]], ledger: dict[str, str]) -> None:
    """`ledger` has the reference of each order by its id."""
    told = {row["order_id"]: row["external_reference"] for row in rows}
    assert [row for row in rows if row["outcome"] != "placed"] == []
    assert [name for name, count in Counter(ledger.values()).items() if count > 1] == []
    assert told == ledger
    assert set(ledger.values()) == {f"row-{number}" for number in range(OTHER_ORDERS)}


@pytest.mark.parametrize("seed", SEEDS)
async def test_adobe_has_one_order_for_each_row(seed: int, tmp_path: Path) -> None:
    """Through faults, kills, and tokens that expire meanwhile."""
    async with AdobeVipSandbox(seed=seed, record_requests=False, token_seconds=20) as sandbox:
        _break(sandbox.faults)
        settings = {
            "url": sandbox.url,
            "token_url": sandbox.token_url,
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "customer_id": sandbox.customer_id,
        }
        orders = sandbox.state.orders

        rows = await _killed_and_started("adobe", settings, lambda: [*orders], seed, tmp_path)

        _check(rows, {order.id: order.reference for order in orders.values()})


@pytest.mark.parametrize("seed", SEEDS)
async def test_plum_has_one_order_for_each_row(seed: int, tmp_path: Path) -> None:
    """Through faults, kills, details that are visible late, and tokens that end meanwhile."""
    async with PlumSandbox(
        seed=seed,
        balance=10_000_000,
        record_requests=False,
        details_after=0.2,
        access_seconds=2,
        refresh_grace=3600,  # or a kill during a refresh would need somebody at the dashboard
    ) as sandbox:
        tokens = tmp_path / "tokens"
        newest = sandbox.tokens.newest
        pair = TokenPair(access_token=newest.access, refresh_token=newest.refresh)
        TokenFile(tokens).store(pair)
        _break(sandbox.faults)
        settings = {
            "url": sandbox.url,
            "client_id": sandbox.tokens.client_id,
            "client_secret": sandbox.tokens.client_secret,
            "tokens": str(tokens),
        }

        rows = await _killed_and_started(
            "plum",
            settings,
            lambda: [str(order.id) for order in sandbox.orders],
            seed,
            tmp_path,
        )

        _check(rows, {str(order.id): order.po_number for order in sandbox.orders})
        assert sandbox.tokens.refreshes > 0
