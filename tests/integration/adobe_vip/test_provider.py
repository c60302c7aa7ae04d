"""Adobe behind placement: what each answer says of the order's fate."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import attrs
import pytest

from didww_async import AuthenticationError, DidwwError, InvalidRequestError, TokenError
from didww_async.placement import (
    Accepted,
    CannotTell,
    Found,
    Intent,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    PutOff,
    Refused,
)
from didww_async.placement.quote import quote
from didww_async.providers.adobe_vip import (
    AdobeVipClient,
    AdobeVipProvider,
    CustomerOrder,
    NewLineItem,
    NewOrder,
    OrderPreview,
    OrderStatus,
    RenewalLineItem,
    RenewalOrder,
    ReturnLineItem,
    ReturnOrder,
)
from didww_async.providers.adobe_vip import provider as module
from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from tests.integration.adobe_vip.conftest import OFFER, Clock, client_of, line, order, posts

POST: Any = {"method": "POST", "path": "/v3/customers/*/orders"}
DAY = 24 * 3600.0


@pytest.fixture
def provider(client: AdobeVipClient, clock: Clock) -> AdobeVipProvider:
    return AdobeVipProvider(client, pause_seconds=7, now=lambda: clock().timestamp())


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for an order in process asks again at once."""
    monkeypatch.setattr(module, "STILL_PROCESSING_PAUSES", (0, 0))


@pytest.fixture
def wanted(provider: AdobeVipProvider, sandbox: AdobeVipSandbox) -> CustomerOrder:
    """An order with everything that it can be found by."""
    return provider.prepare(CustomerOrder(customer_id=sandbox.customer_id, order=order()))


def intent(
    provider: AdobeVipProvider,
    request: CustomerOrder,
    *,
    attempts: int = 1,
    began_at: float | None = None,
) -> Intent[CustomerOrder]:
    """What the engine hands over."""
    text = provider.dump_request(request)
    return Intent(key="k", request=request, text=text, attempts=attempts, began_at=began_at)


async def submit(provider: AdobeVipProvider, request: CustomerOrder, attempts: int = 1) -> Any:
    """Submit, as the engine does."""
    return await provider.submit(intent(provider, request, attempts=attempts))


async def test_an_order_is_accepted(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """It is sent with the correlation id that the journal has."""
    answer = await submit(provider, wanted)
    assert isinstance(answer, Accepted)
    assert provider.order_id(answer.order) == "5120008001"
    assert posts(sandbox)[0]["x-correlation-id"] == wanted.correlation_id


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "cut_body"])
async def test_a_lost_answer_is_asked_for_again(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder, fault: str
) -> None:
    """The id is not used up, and the same request makes one order in all."""
    getattr(sandbox.faults, fault)(**POST)
    lost = await submit(provider, wanted)
    assert lost == NoAnswer(lost.error, used_up=False)
    assert isinstance(await submit(provider, wanted, 2), Accepted)
    assert len(sandbox.state.orders) == 1


async def test_a_repeated_answer_is_read_anew(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder, clock: Clock
) -> None:
    """What the server remembers is the status of then; the order is fetched."""
    sandbox.faults.drop_after(**POST)
    await submit(provider, wanted)
    clock.move(seconds=60)
    answer = await submit(provider, wanted, 2)
    assert answer.order.status == OrderStatus.COMPLETED


async def test_a_repeated_answer_counts_even_if_it_cannot_be_read_anew(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """The order exists, whatever the look at it says."""
    sandbox.faults.drop_after(**POST)
    await submit(provider, wanted)
    sandbox.faults.answer(500, method="GET")
    assert isinstance(await submit(provider, wanted, 2), Accepted)


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("stage", ["remembered", "gateway_timeout"])
async def test_a_failure_uses_the_id_up(
    sandbox: AdobeVipSandbox,
    provider: AdobeVipProvider,
    wanted: CustomerOrder,
    stage: str,
    applied: bool,  # noqa: FBT001
) -> None:
    """A 5xx says nothing, and would be said again; the history tells whether there is an order."""
    getattr(sandbox.faults, stage)(applied=applied, **POST)
    answer = await submit(provider, wanted)
    assert answer == NoAnswer(answer.error, used_up=True)
    seen = await provider.look_up(intent(provider, wanted))
    assert isinstance(seen, Found if applied else NoSuchOrder)
    if not applied:
        renewed = provider.renew(wanted)
        assert renewed.order == wanted.order
        assert isinstance(await submit(provider, renewed, 2), Accepted)
    assert len(sandbox.state.orders) == 1


@pytest.mark.parametrize("body", ["<html>", '{"orderType":"NEW","orderId":""}'])
async def test_an_answer_that_cannot_be_read_uses_the_id_up(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder, body: str
) -> None:
    """It would be just as unreadable the next time."""
    sandbox.faults.answer(201, body=body, applied=True, **POST)
    answer = await submit(provider, wanted)
    assert answer == NoAnswer(answer.error, used_up=True)


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize(("code", "seconds"), [("5122", 7), ("4118", 7), ("4116", 0)])
async def test_a_refusal_that_passes(
    sandbox: AdobeVipSandbox,
    provider: AdobeVipProvider,
    wanted: CustomerOrder,
    code: str,
    seconds: float,
    repeated: bool,  # noqa: FBT001
) -> None:
    """It is put off with another id, unless an earlier request may have done something."""
    sandbox.faults.remembered(code, **POST)
    answer = await submit(provider, wanted, 2 if repeated else 1)
    if repeated:
        assert answer == NoAnswer(answer.error, used_up=True)
    else:
        assert answer == PutOff(answer.error, seconds, used_up=True)


async def test_a_server_may_say_for_how_long(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """The order is put off for the time that a 429 names."""
    sandbox.faults.rate_limit(33, **POST)
    answer = await submit(provider, wanted)
    assert answer == PutOff(answer.error, 33, used_up=True)


async def test_what_is_in_process_is_asked_for_with_the_same_id(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder, clock: Clock
) -> None:
    """Another id could order twice; the fate stays open until the first one is through."""
    sandbox.faults.slow(0.05, **POST)
    first = asyncio.ensure_future(submit(provider, wanted))
    while not posts(sandbox):
        await asyncio.sleep(0.001)
    answer = await submit(provider, wanted, 2)
    assert answer == NoAnswer(answer.error, used_up=False)
    assert len(posts(sandbox)) == 4
    clock.move(seconds=1)
    assert (await submit(provider, wanted, 2)).order == (await first).order


async def test_after_a_wait_nothing_is_certain(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """A refusal that comes after "still being processed" may hide the order."""
    sandbox.faults.answer(400, body='{"code":"4122","message":"wait"}', **POST)
    sandbox.faults.answer(400, body='{"code":"2129","message":"no"}', **POST)
    answer = await submit(provider, wanted)
    assert answer == Refused(answer.error, unsure=True)


@pytest.mark.parametrize(
    ("code", "stops"),
    [
        ("2129", False),
        ("1116", False),
        ("4119", False),
        ("4121", False),
        ("4115", True),
        ("4117", True),
        ("RETURN_QTY_EXCEEDS_REMAINING", False),
    ],
)
@pytest.mark.parametrize("attempts", [1, 2])
async def test_a_refusal_is_certain_unless_repeated(
    sandbox: AdobeVipSandbox,
    provider: AdobeVipProvider,
    wanted: CustomerOrder,
    code: str,
    stops: bool,  # noqa: FBT001
    attempts: int,
) -> None:
    """It ends the run only where every order would be refused the same."""
    sandbox.faults.remembered(code, **POST)
    answer = await submit(provider, wanted, attempts)
    assert isinstance(answer, Refused)
    assert bool(answer.stop) == stops
    assert answer.unsure == (attempts > 1)


async def test_a_token_is_refused_three_times(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """A token that has ended is replaced; if fresh ones are refused as well, the run ends."""
    body = '{"code":"4116","message":"Invalid token"}'
    sandbox.faults.answer(401, body=body, times=3, **POST)
    for _ in range(2):
        answer = await submit(provider, wanted)
        assert answer == PutOff(answer.error, 0, used_up=True)
    answer = await submit(provider, wanted)
    assert isinstance(answer.error, AuthenticationError)
    assert "4116" in answer.stop
    assert isinstance(await submit(provider, wanted), Accepted)


async def test_refusals_of_a_token_are_forgotten(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """An order that gets through in between counts anew."""
    for _ in range(4):
        sandbox.revoke_tokens()
        assert isinstance(await submit(provider, wanted), PutOff | Accepted)
        wanted = provider.renew(wanted)
        assert isinstance(await submit(provider, wanted), Accepted)


@pytest.mark.parametrize("refused", [False, True])
async def test_any_order_that_is_judged_proves_the_credentials(
    sandbox: AdobeVipSandbox,
    provider: AdobeVipProvider,
    wanted: CustomerOrder,
    refused: bool,  # noqa: FBT001
) -> None:
    """An unlucky order does not end a run in which others get through to Adobe meanwhile."""
    unlucky = attrs.evolve(intent(provider, wanted), key="unlucky")
    body = '{"code":"4116","message":"Invalid token"}'
    for _ in range(4):
        sandbox.faults.answer(401, body=body, **POST)
        assert isinstance(await provider.submit(unlucky), PutOff)
        if refused:
            sandbox.faults.remembered("2129", **POST)
        answer = await submit(provider, provider.renew(wanted))
        assert isinstance(answer, Refused if refused else Accepted)


async def test_trouble_on_the_way_proves_no_token(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """A gateway that fails in between has not looked at the token, so the count goes on."""
    body = '{"code":"4116","message":"Invalid token"}'
    for _ in range(2):
        sandbox.faults.answer(401, body=body, **POST)
        assert isinstance(await submit(provider, wanted), PutOff)
        sandbox.faults.gateway_timeout(**POST)
        assert isinstance(await submit(provider, wanted), NoAnswer)
    sandbox.faults.answer(401, body=body, **POST)
    answer = await submit(provider, wanted)
    assert isinstance(answer, Refused)
    assert "4116" in answer.stop


async def test_nothing_left(
    sandbox: AdobeVipSandbox, wanted: CustomerOrder, provider: AdobeVipProvider
) -> None:
    """No connection, no token and a closed client are certainly no order."""
    async with client_of(sandbox, base_url="http://127.0.0.1:9") as away:
        answer = await submit(AdobeVipProvider(away), wanted)
        assert answer == NotSent(answer.error, stop="")
    async with client_of(sandbox, client_secret="wrong") as wrong:
        answer = await submit(AdobeVipProvider(wrong), wanted)
        assert isinstance(answer, NotSent)
        assert isinstance(answer.error, TokenError)
        assert "invalid_client" in answer.stop
    answer = await submit(AdobeVipProvider(wrong), wanted)
    assert isinstance(answer, NotSent)
    assert "closed" in answer.stop
    sandbox.faults.answer(500, path="/ims/token/v3")
    async with client_of(sandbox) as tokenless:
        answer = await submit(AdobeVipProvider(tokenless), wanted)
        assert answer == NotSent(answer.error, stop="")
    assert posts(sandbox) == []


async def test_orders_are_found_by_reference_type_and_lines(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, client: AdobeVipClient, clock: Clock
) -> None:
    """References need not be unique, so the rest has to match as well; the eldest is first."""
    customer = sandbox.customer_id
    first = await client.create_order(customer, order("same", line(1, 5), line(2, 6)))
    clock.move(seconds=60)
    await client.create_order(customer, order("same", line(1, 5)))
    await client.create_order(customer, order("same", line(1, 5), line(2, 7)))
    await client.create_order(customer, order("other", line(1, 5), line(2, 6)))
    last = await client.create_order(customer, order("same", line(2, 6), line(1, 5)))
    back = ReturnLineItem(ext_line_item_number=1, offer_id=OFFER, quantity=5)
    more = ReturnLineItem(ext_line_item_number=2, offer_id=OFFER, quantity=6)
    await client.create_order(
        customer,
        ReturnOrder(
            reference_order_id=first.order_id,
            external_reference_id="same",
            line_items=[back, more],
        ),
    )
    wanted = CustomerOrder(customer_id=customer, order=order("same", line(1, 5), line(2, 6)))
    seen = await provider.look_up(intent(provider, wanted))
    assert isinstance(seen, Found)
    assert [each.order_id for each in seen.orders] == [first.order_id, last.order_id]


@pytest.mark.parametrize("lines", [[line(1, 6)], [line(2, 5)], [line(1, 5), line(2, 1)]])
async def test_order_of_other_lines_is_nobodys_to_claim(
    sandbox: AdobeVipSandbox,
    provider: AdobeVipProvider,
    client: AdobeVipClient,
    lines: list[NewLineItem],
) -> None:
    """Nor does it prove that there is none: nothing is ordered beside it."""
    there = await client.create_order(sandbox.customer_id, order("same", *lines))
    wanted = CustomerOrder(customer_id=sandbox.customer_id, order=order("same", line(1, 5)))
    seen = await provider.look_up(intent(provider, wanted))
    assert isinstance(seen, CannotTell)
    assert f"other lines there is order {there.order_id}" in str(seen.error)


async def test_an_order_that_is_listed_twice_is_one(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """Newer orders push it on to the next page while the history is read; that is no twin."""
    placed = (await submit(provider, wanted)).order
    item = json.dumps(
        {
            "orderId": placed.order_id,
            "orderType": "NEW",
            "externalReferenceId": wanted.order.external_reference_id,
            "lineItems": [{"extLineItemNumber": 1, "offerId": OFFER, "quantity": 20}],
        }
    )
    following = f"/v3/customers/{sandbox.customer_id}/orders?limit=100&offset=100"
    for links in (f'{{"next":{{"uri":"{following}"}}}}', "{}"):
        page = f'{{"totalCount":101,"items":[{item}],"links":{links}}}'
        sandbox.faults.answer(200, body=page, method="GET")
    seen = await provider.look_up(intent(provider, wanted))
    assert isinstance(seen, Found)
    assert [each.order_id for each in seen.orders] == [placed.order_id]


async def test_a_list_without_lines_still_tells_of_an_order(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """Where its lines are left out, type and reference have to do."""
    for order_type, kind in (("NEW", Found), ("RENEWAL", NoSuchOrder)):
        item = {"orderId": "1", "orderType": order_type, "externalReferenceId": "po-2026-000759"}
        sandbox.faults.answer(200, body=json.dumps({"items": [item]}), method="GET")
        assert isinstance(await provider.look_up(intent(provider, wanted)), kind)


async def test_returns_of_other_orders_are_other_orders(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, client: AdobeVipClient, clock: Clock
) -> None:
    """Two returns may look the same but for what they give back."""
    customer = sandbox.customer_id
    first = await client.create_order(customer, order("a"))
    second = await client.create_order(customer, order("b"))
    clock.move(seconds=60)
    item = ReturnLineItem(ext_line_item_number=1, offer_id=OFFER, quantity=20)
    returns = [
        ReturnOrder(
            reference_order_id=original.order_id, external_reference_id="back", line_items=[item]
        )
        for original in (first, second)
    ]
    placed = await client.create_order(customer, returns[0])
    looks = [
        await provider.look_up(intent(provider, CustomerOrder(customer_id=customer, order=back)))
        for back in returns
    ]
    assert looks == [Found((placed,)), NoSuchOrder()]


async def test_the_discount_level_of_an_offer_does_not_matter(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """An order whose offer came back with another level is the one that was asked for."""
    await submit(provider, wanted)
    sandbox.state.orders["5120008001"].lines[0].offer_id = "65304479CA02A12"
    assert isinstance(await provider.look_up(intent(provider, wanted)), Found)


async def test_the_search_begins_before_the_first_request(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder, clock: Clock
) -> None:
    """Clocks may differ by minutes; without a first request orders of any age count."""
    await submit(provider, wanted)
    now = clock.now.timestamp()
    for began_at, kind in ((now + 500, Found), (now + 700, NoSuchOrder), (None, Found)):
        seen = await provider.look_up(intent(provider, wanted, began_at=began_at))
        assert isinstance(seen, kind)
    sandbox.state.orders["5120008001"].created -= dt.timedelta(days=3650)
    assert isinstance(await provider.look_up(intent(provider, wanted)), Found)


async def test_a_search_that_fails_tells_nothing(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """An error is not "no such order"."""
    sandbox.faults.answer(500, method="GET")
    assert isinstance(await provider.look_up(intent(provider, wanted)), CannotTell)


@pytest.mark.parametrize(
    ("age", "safe"),
    [
        (0.0, True),
        (-60.0, True),
        (10 * DAY - 3601, True),
        (10 * DAY - 3599, False),
        (11 * DAY, False),
        (-DAY, False),
    ],
)
def test_how_long_a_repetition_is_safe(
    provider: AdobeVipProvider,
    wanted: CustomerOrder,
    clock: Clock,
    age: float,
    safe: bool,  # noqa: FBT001
) -> None:
    """For ten days, less a margin, from the first request on; of no known time, never."""
    began_at = clock.now.timestamp() - age
    assert provider.repeats_safely(intent(provider, wanted, began_at=began_at)) == safe
    assert not provider.repeats_safely(intent(provider, wanted))


def test_orders_get_what_they_are_found_by(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider
) -> None:
    """A reference of 32 digits and a correlation id, unless they have their own."""
    bare = CustomerOrder(customer_id="1", order=NewOrder(line_items=[line()]))
    assert provider.key(bare) is None
    one, two = provider.prepare(bare), provider.prepare(bare)
    assert len(provider.reference(one)) == 32
    assert provider.reference(one) != provider.reference(two)
    assert one.correlation_id != two.correlation_id
    assert provider.prepare(one) == one
    named = provider.prepare(CustomerOrder(customer_id="1", order=order("mine")))
    assert (provider.key(named), provider.reference(named)) == ("mine", "mine")


@pytest.mark.parametrize(
    "made",
    [
        order(),
        NewOrder(line_items=[line(discount_code="A", deployment_id="B")]),
        ReturnOrder(
            reference_order_id="1",
            line_items=[ReturnLineItem(ext_line_item_number=1, offer_id=OFFER, quantity=1)],
        ),
        RenewalOrder(
            line_items=[
                RenewalLineItem(
                    ext_line_item_number=1, offer_id=OFFER, quantity=1, subscription_id="1"
                )
            ]
        ),
    ],
)
def test_requests_survive_the_journal(
    provider: AdobeVipProvider, made: NewOrder | ReturnOrder | RenewalOrder
) -> None:
    """Prepared or not, of every type, and equal requests give equal texts."""
    bare = CustomerOrder(customer_id="1005550101", order=made)
    for request in (bare, provider.prepare(bare)):
        text = provider.dump_request(request)
        assert provider.load_request(text) == request
        assert provider.dump_request(attrs.evolve(request)) == text


async def test_orders_survive_the_journal(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, client: AdobeVipClient, clock: Clock
) -> None:
    """With all their prices."""
    placed = await client.create_order(sandbox.customer_id, order())
    clock.move(seconds=60)
    through = await client.get_order(sandbox.customer_id, placed.order_id, fetch_price=True)
    odd = attrs.evolve(
        through, pricing_summary=(attrs.evolve(
            through.pricing_summary[0],
            total_line_item_partner_price=Decimal("0.1000000000000000055511151231257827")),),
    )  # fmt: skip
    for each in (placed, through, odd):
        assert provider.load_order(provider.dump_order(each)) == each
    assert provider.cost(placed) == 0
    assert provider.cost(through) == Decimal("1977.6")
    assert provider.describe(through) == {
        "order_id": "5120008001",
        "customer_id": sandbox.customer_id,
        "order_type": "NEW",
        "reference": "po-2026-000759",
        "status": "1000",
        "created_at": placed.creation_date,
    }


@pytest.mark.parametrize(("status", "live"), [("1000", True), ("1004", False), ("1008", False)])
async def test_failed_orders_do_not_stand(
    sandbox: AdobeVipSandbox,
    provider: AdobeVipProvider,
    wanted: CustomerOrder,
    status: str,
    live: bool,  # noqa: FBT001
) -> None:
    """Neither do those that were given back."""
    placed = (await submit(provider, wanted)).order
    assert provider.is_live(placed)
    sandbox.finish(placed.order_id, status)
    seen: Any = await provider.look_up(intent(provider, wanted))
    assert provider.is_live(seen.orders[0]) == live


async def test_nothing_is_given_back_by_itself(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """A return is somebody's decision."""
    placed = (await submit(provider, wanted)).order
    sent = len(sandbox.requests)
    assert await provider.cancel(placed) is False
    assert len(sandbox.requests) == sent


async def test_a_quote_is_a_preview(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """It buys nothing; without a price there is none."""
    assert await provider.quote(wanted) == Decimal("1977.6")
    bad = attrs.evolve(wanted, customer_id="1")
    assert await provider.quote(bad) is None
    assert sandbox.state.orders == {}


async def test_a_quote_tells_what_speaks_against_an_order(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """By one preview an order; nothing speaks against a good one."""
    named = attrs.evolve(wanted.order, external_reference_id="another")
    bad = attrs.evolve(wanted, customer_id="1", order=named)
    told = await quote(provider, [bad, wanted])
    assert len(posts(sandbox)) == 2
    assert [row.problem for row in told.problems] == [await provider.problem(bad)]
    assert "Customer: 1" in told.problems[0].problem


async def test_requests_are_counted(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """The one for the token, too."""
    count = provider.count_requests()
    await submit(provider, wanted)
    assert count() == len(sandbox.requests) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_id": "a/b"},
        {"order": OrderPreview(line_items=[line()])},
        {"order": None},
        {"correlation_id": "a b"},
    ],
)
def test_what_cannot_be_placed(changes: dict[str, Any]) -> None:
    """A preview is no order, and an id has to be one."""
    with pytest.raises(InvalidRequestError, match=next(iter(changes))):
        CustomerOrder(**{"customer_id": "1", "order": order(), **changes})


async def test_errors_of_answers_are_of_this_package(
    sandbox: AdobeVipSandbox, provider: AdobeVipProvider, wanted: CustomerOrder
) -> None:
    """Whatever the server says, the provider answers and raises nothing."""
    answers: list[Any] = []
    for status in (300, 302, 400, 404, 408, 409, 418, 422, 500, 599):
        sandbox.faults.answer(status, body="what?", **POST)
        answers.append(await submit(provider, wanted))
    assert all(isinstance(answer.error, DidwwError) for answer in answers)
    kinds = [type(answer).__name__ for answer in answers]
    assert kinds == [
        *["NoAnswer"] * 2,
        *["Refused"] * 2,
        "NoAnswer",
        *["Refused"] * 3,
        *["NoAnswer"] * 2,
    ]
