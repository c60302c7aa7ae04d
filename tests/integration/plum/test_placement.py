"""Orders through the engine: each once, whatever the server does on the way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from didww_async.placement import Found, Intent, NoSuchOrder, Placed, Rejected, Unconfirmed
from didww_async.placement.intent import Entry, State
from didww_async.placement.journal import PassingJournal
from didww_async.placement.placer import Clock, Placement, Placer
from didww_async.placement.provider import (
    Accepted,
    CannotTell,
    NoAnswer,
    NotSent,
    PutOff,
    Refused,
)
from didww_async.providers.plum import (
    NewTopUpOrder,
    Order,
    PlumClient,
    PlumProvider,
    TokenFile,
    Voucher,
)
from didww_async.providers.runs import bulk_run
from didww_async.sandbox.plum import PlumSandbox, operation
from tests.integration.plum.conftest import ONCE, asked, client_of, pair_of, top_up

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


def test_journal_gets_no_voucher(client: PlumClient) -> None:
    """Its code and its PIN are as good as money, and a journal is kept for long."""
    order = Order(order_id="1", vouchers=(Voucher(voucher_code="4711-0815", pin="1234"),))
    text = PlumProvider(client).dump_order(order)
    assert "4711-0815" not in text
    assert "1234" not in text
    assert PlumProvider(client).load_order(text) == attrs.evolve(order, vouchers=())


async def test_dry_run_holds_orders_against_the_catalogue(
    sandbox: PlumSandbox, client: PlumClient
) -> None:
    """What is not sold so is told without ordering, and each product is asked for once."""
    orders = [
        *(top_up(f"good-{number}") for number in range(5)),
        top_up("value", denomination=198),
        top_up("number", quantity=2),
        top_up("none", product_id=1),
        top_up("none-2", product_id=1),
    ]
    report = await bulk_run(PlumProvider(client), orders, dry_run=True)
    reasons = [outcome.reason for outcome in report.outcomes if isinstance(outcome, Rejected)]
    fields = ("denomination", "quantity", "product_id", "product_id")
    assert len(reasons) == len(fields)
    assert all(field in reason for field, reason in zip(fields, reasons, strict=True))
    assert sandbox.orders == []
    assert set(asked(sandbox)) == {"getVouchers"}
    assert len(asked(sandbox)) <= 4  # a list may take two pages to end


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
            for _ in range(3):  # whoever could not be seen all the time is finished by the next run
                report = await bulk_run(
                    PlumProvider(client),
                    orders,
                    journal=tmp_path / "run.db",
                    settle_seconds=0.3,
                    concurrency=16,
                )
            assert [outcome for outcome in report.outcomes if not isinstance(outcome, Placed)] == []
            placed = {outcome.external_reference for outcome in report.outcomes}
            assert placed == {order.po_number for order in sandbox.orders}
            assert len(sandbox.orders) == 60
            again = await bulk_run(PlumProvider(client), orders, journal=tmp_path / "run.db")
            assert len(again.placed) == 60
        assert len(sandbox.orders) == 60
        assert not any(order.mails_sent_again for order in sandbox.orders)


async def test_number_of_another_order_is_refused(sandbox: PlumSandbox, client: PlumClient) -> None:
    """It may be another phone's; the reason names the order, which `adopt_existing` takes over."""
    placed = await client.place_order(top_up())
    row = top_up(phone_number="9800000002")
    run = functools.partial(bulk_run, PlumProvider(client), [row], settle_seconds=0.05)
    [refused] = (await run()).outcomes
    assert isinstance(refused, Rejected)
    assert f"'po-7c1d0e' was used before, by order {placed.order_id}" in refused.reason
    assert "give it another number, or take that order over with adopt_existing" in refused.reason
    [adopted] = (await run(adopt_existing=True)).outcomes
    assert isinstance(adopted, Placed)
    assert adopted.was_found
    assert adopted.order.order_id == placed.order_id
    assert len(sandbox.orders) == 1


async def test_number_of_an_order_that_can_not_be_seen_is_refused(
    sandbox: PlumSandbox, client: PlumClient
) -> None:
    """Nothing is sent again, and the order that has the number is not taken for this one."""
    await client.place_order(top_up())
    sandbox.faults.refuse("PLE10021", matching=LOOK)
    [refused] = (await bulk_run(PlumProvider(client), [top_up()], settle_seconds=0.05)).outcomes
    assert isinstance(refused, Rejected)
    assert "by an order that can't be seen now" in refused.reason
    assert asked(sandbox).count("placeOrder") == 2


async def test_number_that_an_earlier_run_has_sent_is_looked_up(
    sandbox: PlumSandbox, client: PlumClient
) -> None:
    """A refusal of a second request may come of the first one, whose order is this one."""
    await client.place_order(top_up())
    provider = PlumProvider(client)
    first = intent_of(provider, top_up())
    for intent in (attrs.evolve(first, attempts=2), attrs.evolve(first, adopts=True)):
        answer = await provider.submit(intent)
        assert isinstance(answer, Refused)
        assert answer.unsure


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


async def test_order_that_is_seen_too_late_is_adopted_behind_the_refusal() -> None:
    """Looks that wrongly say "none" lead to the same number again, which Plum refuses."""
    with PlumSandbox(details_after=0.3, details_error="PLE10016") as sandbox:
        lost = sandbox.faults.drop_after(matching=PLACE)
        async with client_of(sandbox) as client:
            [outcome] = (
                await bulk_run(PlumProvider(client), [top_up()], settle_seconds=0.25)
            ).outcomes
    assert lost.fired == 1
    assert asked(sandbox).count("placeOrder") == 2
    assert isinstance(outcome, Placed)
    assert outcome.was_found
    assert [str(order.id) for order in sandbox.orders] == [outcome.order.order_id]


async def taken_as_far_as_it_goes(client: PlumClient, naps: list[float]) -> State:
    """Let the engine place one order, in no time: the seconds that it would sleep are noted."""

    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    provider, request = PlumProvider(client), top_up()
    entry = Entry(key="po", digest="", request=provider.dump_request(request))
    placement: Placement[NewTopUpOrder, Order] = Placement(entry, request)
    await Placer(provider, PassingJournal(), clock=Clock(sleep=sleep)).place(placement)
    return placement.entry.state


@pytest.mark.parametrize("applied", [True, False])
async def test_only_the_order_itself_ends_the_window_early(
    sandbox: PlumSandbox, client: PlumClient, *, applied: bool
) -> None:
    """A look that finds nothing is repeated for 120 seconds before the order is sent again."""
    drop = sandbox.faults.drop_after if applied else sandbox.faults.drop_before
    drop(matching=PLACE)
    naps: list[float] = []
    assert await taken_as_far_as_it_goes(client, naps) is State.PLACED
    names = asked(sandbox)
    assert names.count("placeOrder") == 2 - applied
    if applied:
        assert (names, naps) == (["placeOrder", "getOrderDetails"], [])
    else:
        assert set(names[1:-1]) == {"getOrderDetails"}
        assert sum(naps) >= 120


@pytest.mark.parametrize(("times", "state"), [(3, State.PLACED), (None, State.SENT)])
async def test_throttle_in_the_middle_of_a_look_proves_nothing(
    sandbox: PlumSandbox, times: int | None, state: State
) -> None:
    """While Plum does not let look, nothing is concluded, and nothing is ordered again."""
    sandbox.faults.drop_after(matching=PLACE)
    throttle = sandbox.faults.throttle(0, times=times, matching=LOOK)
    async with client_of(sandbox, retry=ONCE, pace=None) as client:
        assert await taken_as_far_as_it_goes(client, []) is state
    assert throttle.fired >= 3
    assert asked(sandbox).count("placeOrder") == 1
    assert len(sandbox.orders) == 1


async def test_tokens_that_end_in_the_middle_of_a_run(tmp_path: Path) -> None:
    """Each time one refresh serves all, its pair is kept at once, and every order is placed."""
    path = tmp_path / "tokens.json"
    async with PlumSandbox(record_requests=False) as sandbox:
        TokenFile(path).store(pair_of(sandbox))
        async with client_of(sandbox, tokens=TokenFile(path), pace=None) as client:
            done = 0
            async for outcome in bulk_run(
                PlumProvider(client), [top_up(f"po-{n}") for n in range(60)], concurrency=8
            ):
                assert isinstance(outcome, Placed)
                done += 1
                if done % 20 == 10:
                    sandbox.tokens.expire_access()
                assert TokenFile(path).load().refresh_token == sandbox.tokens.newest.refresh
        assert (sandbox.tokens.refreshes, sandbox.tokens.refused) == (3, 0)
        assert len(sandbox.orders) == 60
