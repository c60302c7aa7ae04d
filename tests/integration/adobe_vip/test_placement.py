"""Adobe's orders through the engine: each once, whatever breaks on the way."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from didww_async import Timeouts
from didww_async.placement import Outcome, Placed
from didww_async.providers.adobe_vip import (
    AdobeVipClient,
    AdobeVipProvider,
    CustomerOrder,
    NewOrder,
    Order,
    OrderStatus,
)
from didww_async.providers.adobe_vip import provider as provider_module
from didww_async.providers.runs import bulk_run
from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from didww_async.sandbox.exchange import Request
from tests.integration.adobe_vip.conftest import Clock, client_of, line, posts

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


class Calendar:
    """The time of day, which can be moved ahead."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.ahead


@pytest.mark.parametrize("days", [1, 11])
@pytest.mark.parametrize("applied", [True, False])
async def test_an_old_journal_is_looked_up_and_not_resent(
    tmp_path: Path,
    days: float,
    applied: bool,  # noqa: FBT001
) -> None:
    """A row whose answer was lost is sent again with its id; after ten days only if not found."""
    calendar = Calendar()
    async with AdobeVipSandbox(clock=calendar) as sandbox:
        wanted = CustomerOrder(
            customer_id=sandbox.customer_id,
            order=NewOrder(external_reference_id="po-1", line_items=[line()]),
        )

        async def run() -> Outcome[Order]:
            async with client_of(sandbox) as client:
                provider = AdobeVipProvider(client, now=lambda: calendar().timestamp())
                [outcome] = (
                    await bulk_run(
                        provider, [wanted], journal=tmp_path / "run.db", settle_seconds=0.02
                    )
                ).outcomes
                return outcome

        stall = sandbox.faults.stall_headers(applied=applied, **POST)
        killed = asyncio.ensure_future(run())
        while not stall.fired:
            await asyncio.sleep(0.001)
        killed.cancel()
        await asyncio.wait({killed})
        sandbox.requests.clear()
        first = [order.id for order in sandbox.state.orders.values()]
        assert len(first) == applied
        calendar.ahead = dt.timedelta(days=days)
        outcome = await run()
        assert isinstance(outcome, Placed)
        assert [outcome.order.order_id] == list(sandbox.state.orders)
        assert not applied or list(sandbox.state.orders) == first
    sent = [request.method for request in sandbox.requests if request.path.endswith("/orders")]
    if days > 10:
        assert sent[0] == "GET"
        assert ("POST" in sent) != applied
    else:
        assert sent[0] == "POST"


@pytest.mark.parametrize("applied", [True, False])
async def test_a_failure_that_is_remembered_is_left_behind(
    applied: bool,  # noqa: FBT001
) -> None:
    """The id that a 5xx was answered to is never sent again; the history tells what to do."""
    async with AdobeVipSandbox() as sandbox, client_of(sandbox) as client:
        sandbox.faults.remembered("1124", applied=applied, **POST)
        wanted = CustomerOrder(customer_id=sandbox.customer_id, order=NewOrder(line_items=[line()]))
        [outcome] = (
            await bulk_run(AdobeVipProvider(client), [wanted], settle_seconds=0.02)
        ).outcomes
        assert isinstance(outcome, Placed)
        assert outcome.was_found == applied
        assert outcome.note == ""
        assert list(sandbox.state.orders) == [outcome.order.order_id]
        ids = [headers["x-correlation-id"] for headers in posts(sandbox)]
        assert len(set(ids)) == len(ids) == 2 - applied


async def test_an_order_in_work_is_waited_for(
    sandbox: AdobeVipSandbox,
    client: AdobeVipClient,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its duplicates are refused with 4122 for a while; they never get another id."""
    monkeypatch.setattr(provider_module, "STILL_PROCESSING_PAUSES", (0.001, 0.001))

    def goes_on_with_the_fifth(_: Request) -> bool:
        if len(posts(sandbox)) == 5:
            clock.move(seconds=60)
        return False

    sandbox.faults.drop_before(matching=goes_on_with_the_fifth, **POST)
    sandbox.faults.drop_after(**POST)
    sandbox.faults.slow(0.01, **POST)
    wanted = CustomerOrder(customer_id=sandbox.customer_id, order=NewOrder(line_items=[line()]))
    [outcome] = (await bulk_run(AdobeVipProvider(client), [wanted])).outcomes
    assert isinstance(outcome, Placed)
    assert outcome.order.status == OrderStatus.COMPLETED  # and not as it was answered first
    assert list(sandbox.state.orders) == [outcome.order.order_id]
    assert len({headers["x-correlation-id"] for headers in posts(sandbox)}) == 1
    answered = [request.status for request in sandbox.requests if request.path.endswith("/orders")]
    assert answered == [None, 400, 400, 400, 201]
