"""Adobe's orders through the engine: each once, whatever breaks on the way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from didww_async import Timeouts
from didww_async.placement import Placed
from didww_async.providers.adobe_vip import AdobeVipProvider, CustomerOrder, NewOrder
from didww_async.providers.runs import bulk_run
from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from tests.integration.adobe_vip.conftest import client_of, line

ORDERS = 60
POST: Any = {"method": "POST", "path": "/v3/customers/*/orders"}


def upset(sandbox: AdobeVipSandbox) -> None:
    """Stage a few of every kind of trouble for the orders that come."""
    faults = sandbox.faults
    faults.drop_before(times=4, probability=0.3, **POST)
    faults.drop_after(times=4, probability=0.3, **POST)
    faults.cut_body(times=4, probability=0.3, **POST)
    faults.gateway_timeout(times=4, probability=0.3, **POST)
    faults.gateway_timeout(times=4, probability=0.3, applied=True, **POST)
    faults.rate_limit(0, times=4, probability=0.3, **POST)
    faults.answer(401, body='{"code":"4116"}', times=2, probability=0.3, **POST)
    faults.drop_before(times=20, probability=0.3, method="GET")
    faults.remembered("1124", times=4, probability=0.3, **POST)
    faults.remembered("1124", times=4, probability=0.3, applied=True, **POST)
    faults.remembered("5122", times=4, probability=0.3, **POST)
    faults.slow(0.02, times=4, probability=0.3, **POST)


@pytest.mark.parametrize("seed", range(3))
async def test_each_order_is_placed_once(tmp_path: Path, seed: int) -> None:
    """Every order of the batch is there once, found or answered, and none is left over."""
    async with AdobeVipSandbox(seed=seed, complete_after=0.05, history_lag=0.05) as sandbox:
        upset(sandbox)
        wanted = [
            CustomerOrder(
                customer_id=sandbox.customer_id, order=NewOrder(line_items=[line(quantity=each)])
            )
            for each in range(1, ORDERS + 1)
        ]
        timeouts = Timeouts(connect=5, read=5, total=10)
        async with client_of(sandbox, timeouts=timeouts) as client:
            provider = AdobeVipProvider(client, pause_seconds=0.01)
            for _ in range(3):  # whoever had bad luck five times is finished by the next run
                run = bulk_run(
                    provider, wanted, journal=tmp_path / "run.db", settle_seconds=0.3, concurrency=8
                )
                outcomes = [outcome async for outcome in run]
        assert all(isinstance(outcome, Placed) for outcome in outcomes)
        bought = Counter(order.lines[0].quantity for order in sandbox.state.orders.values())
        assert bought == Counter(range(1, ORDERS + 1))
        references = {outcome.external_reference for outcome in outcomes}
        assert references == {order.reference for order in sandbox.state.orders.values()}
