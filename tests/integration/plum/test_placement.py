"""Orders through the engine: each once, whatever the server does on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from didww_async.placement import Found, Intent, NoSuchOrder, Placed, Rejected, Unconfirmed
from didww_async.placement.provider import (
    Accepted,
    CannotTell,
    NoAnswer,
    NotSent,
    PutOff,
    Refused,
)
from didww_async.providers.plum import NewTopUpOrder, PlumClient, PlumProvider
from didww_async.providers.runs import bulk_run
from didww_async.sandbox.plum import PlumSandbox, operation
from tests.integration.plum.conftest import ONCE, client_of, top_up

PLACE = operation("placeOrder")
LOOK = operation("getOrderDetails")


def intent_of(provider: PlumProvider, request: NewTopUpOrder) -> Intent[NewTopUpOrder]:
    """The order as the engine hands it over, first time."""
    text = provider.dump_request(request)
    return Intent(key="po", request=request, text=text, attempts=1, began_at=1.0)


@pytest.mark.parametrize(
    ("error_id", "expected"),
    [
        ("PLE10001", "refused"),
        ("PLE10014", "refused"),
        ("PLE10015", "refused"),
        ("PLE10018", "refused"),
        ("PLE10019", "refused"),
        ("PLE10041", "refused"),
        ("PLE10042", "refused"),
        ("PIPE10015", "stop"),
        ("PIPE10016", "stop"),
        ("PIPE10017", "stop"),
        ("PLE10004", "unsure"),
        ("PLE10010", "unsure"),
        ("PLE10024", "unsure"),
        ("PLE10026", "unsure"),
        ("PLE10036", "unsure"),
        ("PLE10099", "unsure"),
        ("PLE10005", "no answer"),
        ("PLE10006", "no answer"),
        ("PLE10007", "no answer"),
        ("PLE10011", "no answer"),
        ("PLE10012", "no answer"),
        ("PLE10020", "no answer"),
        ("PLE10021", "no answer"),
        ("PLE10025", "no answer"),
        ("PLE10035", "no answer"),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 404, 422])
async def test_every_error_has_its_place(
    sandbox: PlumSandbox, client: PlumClient, error_id: str, expected: str, status: int
) -> None:
    """The answer to an order is judged by its `errorId`, as the provider's table says."""
    provider = PlumProvider(client)
    sandbox.faults.refuse(error_id, status=status, matching=PLACE)
    answer = await provider.submit(intent_of(provider, top_up()))
    if expected == "no answer":
        assert isinstance(answer, NoAnswer)
        assert not answer.used_up
    else:
        assert isinstance(answer, Refused)
        assert (answer.unsure, bool(answer.stop)) == (expected == "unsure", expected == "stop")


async def test_other_answers_have_their_place(sandbox: PlumSandbox) -> None:
    """A throttle, a 5xx, a lost answer, a refused token and a closed door are told apart."""
    async with client_of(sandbox, retry=ONCE, pace=None) as client:
        provider = PlumProvider(client)
        intent = intent_of(provider, top_up())
        sandbox.faults.throttle(7, status=401, matching=PLACE)
        throttled = await provider.submit(intent)
        assert isinstance(throttled, PutOff)
        assert throttled.seconds == 7
        sandbox.faults.answer(500, body="<html>", matching=PLACE)
        assert isinstance(await provider.submit(intent), NoAnswer)
        sandbox.faults.drop_before(matching=PLACE)
        assert isinstance(await provider.submit(intent), NoAnswer)
        sandbox.faults.refuse_token(times=2, matching=PLACE)
        barred = await provider.submit(intent)
        assert isinstance(barred, Refused)
        assert barred.stop
        accepted = await provider.submit(intent)
        assert isinstance(accepted, Accepted)
        assert provider.cost(accepted.order) == 199
        sandbox.tokens.revoke()
        unsent = await provider.submit(intent)
        assert isinstance(unsent, NotSent)
        assert "dashboard" in unsent.stop
    closed = await provider.submit(intent)
    assert isinstance(closed, NotSent)
    assert closed.stop


async def test_only_one_answer_proves_absence(sandbox: PlumSandbox) -> None:
    """PLE10016 says that there is no order; everything else says nothing."""
    async with client_of(sandbox, retry=ONCE, pace=None) as client:
        provider = PlumProvider(client)
        intent = intent_of(provider, top_up())
        assert await provider.look_up(intent) == NoSuchOrder()
        await client.place_order(top_up())
        stages: tuple[Callable[[], object], ...] = (
            lambda: sandbox.faults.refuse("PLE10021", matching=LOOK),
            lambda: sandbox.faults.refuse("PLE10034", matching=LOOK),
            lambda: sandbox.faults.answer(404, matching=LOOK),
            lambda: sandbox.faults.answer(404, body='{"code":404,"error":"x"}', matching=LOOK),
            lambda: sandbox.faults.answer(502, matching=LOOK),
            lambda: sandbox.faults.throttle(0, matching=LOOK),
            lambda: sandbox.faults.refuse_token(times=2, matching=LOOK),
            lambda: sandbox.faults.drop_before(matching=LOOK),
            lambda: sandbox.faults.answer(200, body="{}", matching=LOOK),
        )
        for stage in stages:
            stage()
            assert isinstance(await provider.look_up(intent), CannotTell)
            sandbox.faults.clear()
        found = await provider.look_up(intent)
        assert isinstance(found, Found)
        assert provider.order_id(found.orders[0]) == str(sandbox.orders[0].id)
        assert provider.is_live(found.orders[0])


async def test_order_of_another_content_is_not_taken_over(client: PlumClient) -> None:
    """An order that has the number and is of another product or value is nobody's to claim."""
    await client.place_order(top_up())
    provider = PlumProvider(client)
    for other in (top_up(product_id=55135), top_up(denomination=99)):
        verdict = await provider.look_up(intent_of(provider, other))
        assert isinstance(verdict, CannotTell)
        assert "po-7c1d0e" in str(verdict.error)


def test_window_is_as_long_as_an_order_may_take() -> None:
    """Nobody concludes "none" within two minutes, and a repetition can't double."""
    assert PlumProvider.settle_seconds == 120
    assert not PlumProvider.repeats_can_double


async def test_texts_of_the_journal_come_back(client: PlumClient) -> None:
    """What is written of a request and of an order is read back the same."""
    provider = PlumProvider(client)
    request = provider.prepare(
        NewTopUpOrder(
            product_id=55134,
            denomination="199.50",
            phone_code="+91",
            phone_number="9800000001",
            perform_operator_validation=True,
        )
    )
    text = provider.dump_request(request)
    assert provider.load_request(text) == request
    assert provider.dump_request(provider.load_request(text)) == text
    assert len(provider.reference(request)) == 32
    assert provider.key(request) == provider.reference(request)
    assert await provider.quote(request) == request.denomination
    order = await client.place_order(top_up())
    assert provider.load_order(provider.dump_order(order)) == order


async def test_every_order_once_through_a_storm(tmp_path: Path) -> None:
    """Lost, doubtful and throttled answers end with exactly the orders that were wanted."""
    async with PlumSandbox(details_after=0.1, record_requests=False) as sandbox:
        faults = sandbox.faults
        faults.drop_after(probability=0.1, times=None, matching=PLACE)
        faults.drop_before(probability=0.05, times=None, matching=PLACE)
        for error_id, applied in (("PLE10035", True), ("PLE10025", False), ("PLE10011", True)):
            faults.refuse(error_id, applied=applied, probability=0.05, times=None, matching=PLACE)
        faults.throttle(0, probability=0.05, times=None)
        faults.answer(502, body="<html>", probability=0.05, times=None, matching=LOOK)
        faults.refuse("PLE10021", probability=0.1, times=None, matching=LOOK)
        async with client_of(sandbox, pace=None) as client:
            orders = [top_up(f"po-{number}") for number in range(60)]
            run = bulk_run(
                PlumProvider(client),
                orders,
                journal=tmp_path / "run.db",
                settle_seconds=0.3,
                concurrency=16,
            )
            report = await run
            assert {type(outcome) for outcome in report.outcomes} == {Placed}
            placed = {outcome.external_reference for outcome in report.outcomes}
            assert placed == {order.po_number for order in sandbox.orders}
            assert len(sandbox.orders) == 60
            again = await bulk_run(PlumProvider(client), orders, journal=tmp_path / "run.db")
            assert len(again.placed) == 60
        assert len(sandbox.orders) == 60
        assert not any(order.mails_sent_again for order in sandbox.orders)


async def test_duplicate_of_a_lost_order_is_adopted(sandbox: PlumSandbox) -> None:
    """An order that was placed before the journal knew of it is found behind the refusal."""
    async with client_of(sandbox) as client:
        placed = await client.place_order(top_up())
        report = await bulk_run(PlumProvider(client), [top_up()], settle_seconds=0.05)
    [outcome] = report.outcomes
    assert isinstance(outcome, Placed)
    assert outcome.was_found
    assert outcome.order.order_id == placed.order_id
    assert len(sandbox.orders) == 1


async def test_refusals_and_doubts_are_reported(sandbox: PlumSandbox) -> None:
    """A bad value is rejected at once, and an order that nobody can see stays unconfirmed."""
    sandbox.state.balance *= 0
    async with client_of(sandbox) as client:
        provider = PlumProvider(client)
        poor = await bulk_run(provider, [top_up("poor")], settle_seconds=0.05)
        bad = await bulk_run(provider, [top_up("bad", denomination=198)], settle_seconds=0.05)
        sandbox.state.balance += 1000
        sandbox.faults.drop_after(matching=PLACE)
        sandbox.faults.refuse("PLE10021", times=None, matching=LOOK)
        dark = await bulk_run(provider, [top_up("dark")], settle_seconds=0.05)
    kinds = [type(run.outcomes[0]) for run in (poor, bad, dark)]
    assert kinds == [Rejected, Rejected, Unconfirmed]
    assert [order.po_number for order in sandbox.orders] == ["dark"]
