"""The client against the sandbox, over real sockets."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from didww_async import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    OrderUnconfirmedError,
    PaginationError,
    PermissionDeniedError,
    RateLimitedError,
    ValidationError,
    WaitTimeoutError,
)
from didww_async.errors import TryAgainLaterError
from didww_async.providers.plum import DeliveryStatus, NewTopUpOrder, Order, PlumClient, PlumPace
from didww_async.sandbox.plum import PlumSandbox, operation
from tests.integration.plum.conftest import ONCE, PHONE, PLAN, Clock, asked, client_of, top_up

PLACE = operation("placeOrder")


def bodies(sandbox: PlumSandbox, name: str) -> list[dict[str, Any]]:
    """The data of every request for an operation."""
    documents: list[Any] = [request.json for request in sandbox.requests]
    return [
        document["variables"]["data"]
        for document in documents
        if document.get("query", "").endswith(f".{name}")
    ]


async def test_order_is_placed_and_paid(sandbox: PlumSandbox, client: PlumClient) -> None:
    """One order takes its price from the wallet, and tells what it is."""
    order = await client.place_order(top_up(tag="topup-june"))
    assert order.order_id == str(sandbox.orders[0].id)
    assert (order.po_number, order.tag) == ("po-7c1d0e", "topup-june")
    assert order.amount_charged == order.order_total == Decimal(199)
    assert order.delivery_status is DeliveryStatus.PENDING
    assert not order.is_final
    assert order.order_status == "complete"
    assert (await client.balance()).value == Decimal(100_000 - 199)


async def test_request_is_the_documented_one(sandbox: PlumSandbox, client: PlumClient) -> None:
    """The body on the wire has every field of the documents, with their types."""
    await client.place_order(top_up(notify_receiver_email=True))
    assert sandbox.requests[0].json == {
        "query": "plumProAPI.mutation.placeOrder",
        "tag": "plumProAPI",
        "variables": {
            "data": {
                "productId": PLAN,
                "quantity": 1,
                "denomination": 199,
                "email": "user@example.com",
                "poNumber": "po-7c1d0e",
                "notifyReceiverEmail": 1,
                "notifyAdminEmail": 0,
                "topupData": {"topupPhoneCode": "+91", "topupPhoneNumber": PHONE},
            }
        },
    }
    assert sandbox.requests[0].path == "/chef/v1/oauth/api"


async def test_phone_can_be_sent_under_the_other_name() -> None:
    """A server that knows `userMeta` alone is served by one setting."""
    async with PlumSandbox(top_up_field="userMeta") as sandbox:
        async with client_of(sandbox) as client:
            with pytest.raises(ValidationError):
                await client.place_order(top_up())
        async with client_of(sandbox, top_up_field="userMeta") as client:
            await client.place_order(top_up())
        assert sandbox.orders[0].phone == "+91" + PHONE


async def test_number_is_made_where_none_is_given(sandbox: PlumSandbox, client: PlumClient) -> None:
    """Orders without a `po_number` get one each, and it is told."""
    unnamed = NewTopUpOrder(product_id=PLAN, denomination=199, phone_code="+91", phone_number=PHONE)
    made = await asyncio.gather(*(client.place_order(unnamed) for _ in range(3)))
    assert len({order.po_number for order in made}) == 3
    assert {order.po_number for order in made} == {order.po_number for order in sandbox.orders}


async def test_repeated_number_is_a_conflict(sandbox: PlumSandbox, client: PlumClient) -> None:
    """A second order with the same number is refused, and nothing more is paid."""
    await client.place_order(top_up())
    with pytest.raises(ConflictError) as caught:
        await client.place_order(top_up())
    assert caught.value.errors[0].code == "PLE10004"
    assert len(sandbox.orders) == 1


@pytest.mark.parametrize(
    ("error_id", "status", "kind"),
    [
        ("PLE10018", 400, ValidationError),
        ("PLE10018", 404, ValidationError),
        ("PLE10019", 401, PermissionDeniedError),
        ("PLE10042", 404, PermissionDeniedError),
        ("PLE10041", 409, ValidationError),
        ("PLE10012", 422, OrderUnconfirmedError),
        ("PLE10012", 502, OrderUnconfirmedError),
        ("PLE10020", 404, OrderUnconfirmedError),
        ("PLE10007", 422, OrderUnconfirmedError),
        ("PLE10021", 404, OrderUnconfirmedError),
        ("PLE10035", 502, OrderUnconfirmedError),
        ("PLE10036", 404, ConflictError),
    ],
)
async def test_error_id_decides_and_not_the_status(
    sandbox: PlumSandbox, client: PlumClient, error_id: str, status: int, kind: type[Exception]
) -> None:
    """The same `errorId` means the same with every HTTP status, and the order is sent once."""
    sandbox.faults.refuse(error_id, status=status, matching=PLACE)
    with pytest.raises(kind) as caught:
        await client.place_order(top_up())
    assert error_id in str(caught.value)
    assert len(bodies(sandbox, "placeOrder")) == 1
    assert sandbox.tokens.refreshes == 0


@pytest.mark.parametrize("applied", [True, False])
async def test_lost_answer_leaves_the_order_open(
    sandbox: PlumSandbox, client: PlumClient, *, applied: bool
) -> None:
    """After a lost answer the error tells the number to look the order up by."""
    drop = sandbox.faults.drop_after if applied else sandbox.faults.drop_before
    drop(matching=PLACE)
    with pytest.raises(OrderUnconfirmedError, match="by po_number 'po-7c1d0e'") as caught:
        await client.place_order(top_up())
    assert caught.value.external_reference_id == "po-7c1d0e"
    if applied:
        assert (await client.get_order(po_number="po-7c1d0e")).amount_charged == 199
    else:
        with pytest.raises(NotFoundError, match="PLE10016"):
            await client.get_order(po_number="po-7c1d0e")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "<html>",
        '{"data":{"placeOrder":{"status":0}}}',
        '{"success":0,"error_message_id":"order.odd"}',
    ],
)
async def test_unreadable_success_leaves_the_order_open(
    sandbox: PlumSandbox, client: PlumClient, body: str
) -> None:
    """A 200 without an order in it is no success, and no refusal either."""
    sandbox.faults.answer(200, body=body, applied=True, matching=PLACE)
    with pytest.raises(OrderUnconfirmedError):
        await client.place_order(top_up())


async def test_cancelled_task_says_what_may_have_happened(
    sandbox: PlumSandbox, client: PlumClient
) -> None:
    """A task that is cancelled while its order is out carries a note with the number."""
    stall = sandbox.faults.stall_headers(applied=True, matching=PLACE)
    task = asyncio.ensure_future(client.place_order(top_up()))
    while not stall.fired:
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert "po-7c1d0e" in caught.value.__notes__[0]


async def test_looking_never_sends_a_mail(sandbox: PlumSandbox, client: PlumClient) -> None:
    """However often and by whatever an order is fetched, its receiver gets no mail of it."""
    order = await client.place_order(top_up())
    await client.get_order(po_number="po-7c1d0e")
    await client.get_order(order_id=order.order_id)
    await client.get_order(order_id=int(order.order_id))
    sandbox.deliver(int(order.order_id))
    await client.wait_for_order(order, poll_interval=0.001)
    assert [data["sendMailToReceiver"] for data in bodies(sandbox, "getOrderDetails")] == [0] * 4
    assert sandbox.orders[0].mails_sent_again == 0


async def test_order_that_is_not_visible_yet_is_not_absent(clock: Clock) -> None:
    """While Plum says "not yet" the client does not say "not found"."""
    async with PlumSandbox(details_after=10, clock=clock) as sandbox, client_of(sandbox) as client:
        await client.place_order(top_up())
        with pytest.raises(TryAgainLaterError, match="PLE10021"):
            await client.get_order(po_number="po-7c1d0e")
        clock.move(10)
        assert (await client.get_order(po_number="po-7c1d0e")).po_number == "po-7c1d0e"


@pytest.mark.parametrize("status", [DeliveryStatus.DELIVERED, DeliveryStatus.CANCELED])
async def test_waiting_ends_with_the_delivery(
    sandbox: PlumSandbox, client: PlumClient, status: DeliveryStatus
) -> None:
    """The order is waited for through a look that can't see it, and both ends are ends."""
    order = await client.place_order(top_up())
    look = operation("getOrderDetails")
    sandbox.faults.refuse("PLE10021", times=2, matching=look)
    finish = sandbox.deliver if status is DeliveryStatus.DELIVERED else sandbox.cancel
    finish(int(order.order_id))
    finished = await client.wait_for_order(order, poll_interval=0.001)
    assert (finished.delivery_status, finished.po_number) == (status, "po-7c1d0e")
    assert finished.delivery_date == "2026-02-07 12:25:45"


async def test_waiting_has_an_end(sandbox: PlumSandbox, client: PlumClient) -> None:
    """An order that stays pending is handed back with the error."""
    order = await client.place_order(top_up())
    with pytest.raises(WaitTimeoutError) as caught:
        await client.wait_for_order(order, timeout=0.05, poll_interval=0.01)
    assert isinstance(caught.value.order, Order)
    assert caught.value.order.order_id == order.order_id


async def test_throttle_stops_the_caller_and_tells_the_seconds(clock: Clock) -> None:
    """One request too many is refused with the penalty, whatever HTTP status it comes with."""
    for status in (200, 401, 429, 503):
        limits = {"getBalance": 2}
        async with (
            PlumSandbox(limits=limits, throttle_status=status, clock=clock) as sandbox,
            client_of(sandbox, retry=ONCE, pace=None) as client,
        ):
            await client.balance()
            await client.balance()
            with pytest.raises(RateLimitedError) as caught:
                await client.balance()
            assert caught.value.retry_after == 60
            assert sandbox.tokens.refreshes == 0
            clock.move(60)
            await client.balance()


async def test_throttle_in_the_middle_is_waited_out(
    sandbox: PlumSandbox, client: PlumClient
) -> None:
    """A throttled order is sent again by itself, and placed once."""
    sandbox.faults.throttle(0, matching=PLACE)
    await client.place_order(top_up())
    assert len(bodies(sandbox, "placeOrder")) == 2
    assert len(sandbox.orders) == 1


async def test_reads_are_repeated_and_orders_are_not(
    sandbox: PlumSandbox, client: PlumClient
) -> None:
    """Both are POSTs; only one that changes nothing is sent again after a lost answer."""
    sandbox.faults.drop_before(times=2, matching=operation("getBalance"))
    assert (await client.balance()).currency == "INR"
    sandbox.faults.answer(503, times=1, matching=PLACE)
    with pytest.raises(OrderUnconfirmedError):
        await client.place_order(top_up())
    assert len(bodies(sandbox, "placeOrder")) == 1


async def test_history_is_walked_to_its_end(sandbox: PlumSandbox, client: PlumClient) -> None:
    """Every order comes once, in pages of any size, and filters hold."""
    for number in range(7):
        await client.place_order(top_up(f"po-{number}", tag="odd" if number % 2 else "even"))
    expected = {f"po-{number}" for number in range(7)}
    for limit in (1, 3, 7, 100):
        found = [order.po_number async for order in client.order_history(limit=limit)]
        assert (len(found), set(found)) == (7, expected)
    odd = client.order_history(tag="odd", start_date=dt.date(2026, 2, 7), limit=2)
    assert {order.po_number async for order in odd} == {"po-1", "po-3", "po-5"}
    assert [order async for order in client.order_history(start_date=dt.date(2026, 2, 8))] == []
    first = await client.order_history(limit=3)
    assert first[0].products[0].order_product_status is DeliveryStatus.PENDING


async def test_repeated_page_raises(sandbox: PlumSandbox, client: PlumClient) -> None:
    """A server that ignores the page number is not walked for ever."""
    for number in range(2):
        await client.place_order(top_up(f"po-{number}"))
    page = '{"data":{"getOrderHistory":{"status":1,"data":[{"orderId":2},{"orderId":1}]}}}'
    history = operation("getOrderHistory")
    sandbox.faults.answer(200, body=page, times=None, matching=history)
    with pytest.raises(PaginationError):
        [order async for order in client.order_history(limit=2)]
    # A single page that is short of the limit is all there is, though it comes again.
    assert [order.order_id async for order in client.order_history(limit=3)] == ["2", "1"]


async def test_server_with_smaller_pages_loses_nothing(
    sandbox: PlumSandbox, client: PlumClient
) -> None:
    """A first page that is short of what was asked for does not end the list."""
    history = operation("getOrderHistory")
    for items in ('{"orderId":3},{"orderId":2}', '{"orderId":1}'):
        page = '{"data":{"getOrderHistory":{"status":1,"data":[' + items + "]}}}"
        sandbox.faults.answer(200, body=page, matching=history)
    found = [order.order_id async for order in client.order_history(limit=100)]
    assert found == ["3", "2", "1"]


async def test_catalogue_leads_from_operators_to_plans(client: PlumClient) -> None:
    """Operators first, their plans by `parent_product_id`, with values to order."""
    operators = [product async for product in client.vouchers(filters={"country": "India"})]
    assert {operator.country_code for operator in operators} == {"IN"}
    plans = client.vouchers(parent_product_id=operators[0].product_id, limit=2)
    values = [plan.denominations async for plan in plans]
    assert (Decimal(199),) in values
    groups = await client.filters()
    assert "IN" in {entry.iso_code for entry in groups[0].filters}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"product_id": 1}, "product_id"),
        ({"denomination": 198}, "denomination"),
        ({"quantity": 2}, "quantity"),
    ],
)
async def test_order_is_checked_against_the_catalogue(
    client: PlumClient, fields: dict[str, Any], field: str
) -> None:
    """What the catalogue does not sell is named before it is ordered."""
    product = await client.check_order(top_up(), operator_id=55132)
    assert product.product_id == str(PLAN)
    with pytest.raises(InvalidRequestError) as caught:
        await client.check_order(top_up(**fields))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda plum: plum.place_order(None), "order"),
        (lambda plum: plum.place_order({"productId": 1}), "order"),
        (lambda plum: plum.check_order(None), "order"),
        (lambda plum: plum.product("x"), "product_id"),
        (lambda plum: plum.product(1, operator_id="x"), "parent_product_id"),
        (lambda plum: plum.get_order(), "po_number"),
        (lambda plum: plum.get_order(po_number="a", order_id=1), "po_number"),
        (lambda plum: plum.get_order(po_number="x" * 101), "po_number"),
        (lambda plum: plum.get_order(order_id="x"), "order_id"),
        (lambda plum: plum.wait_for_order(), "order"),
        (lambda plum: plum.wait_for_order(order_id=1, timeout=0), "timeout"),
        (lambda plum: plum.wait_for_order(order_id=1, poll_interval=-1), "poll_interval"),
        (lambda plum: plum.filters(""), "group"),
        (lambda plum: plum.vouchers(category_type=""), "category_type"),
        (lambda plum: plum.vouchers(parent_product_id=0), "parent_product_id"),
        (lambda plum: plum.vouchers(include_products=["x"]), "include_products"),
        (lambda plum: plum.vouchers(exclude_products="1"), "exclude_products"),
        (lambda plum: plum.vouchers(filters={"country": 5}), "filters"),
        (lambda plum: plum.vouchers(limit=0), "limit"),
        (lambda plum: plum.order_history(limit=True), "limit"),
        (lambda plum: plum.order_history(tag=5), "tag"),
        (lambda plum: plum.order_history(start_date="2026-01-01"), "start_date"),
        (
            lambda plum: plum.order_history(
                start_date=dt.date(2026, 1, 2), end_date=dt.date(2026, 1, 1)
            ),
            "start_date",
        ),
    ],
)
async def test_nothing_is_sent_of_what_can_not_be_asked(
    sandbox: PlumSandbox, client: PlumClient, call: Callable[[Any], Any], field: str
) -> None:
    """The refusal names the argument, and comes before any request, a refresh included."""
    sandbox.tokens.expire_access()
    with pytest.raises(InvalidRequestError) as caught:
        await call(client)
    assert caught.value.field == field
    assert sandbox.requests == []


async def test_each_operation_keeps_its_own_pace(sandbox: PlumSandbox) -> None:
    """A look at the balance that is one too many in a minute waits, and holds up no order."""
    async with client_of(sandbox, pace=PlumPace({"getBalance": 2})) as client:
        looks = [asyncio.ensure_future(client.balance()) for _ in range(3)]
        await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
        async with asyncio.timeout(30):  # or it would be a minute
            for number in range(5):
                await client.place_order(top_up(f"po-{number}"))
            await asyncio.wait(looks[:2])
        assert not looks[2].done()
        looks[2].cancel()
        await asyncio.wait(looks)
    assert sorted(asked(sandbox)) == ["getBalance"] * 2 + ["placeOrder"] * 5


async def test_a_penalty_holds_up_its_operation_only(sandbox: PlumSandbox) -> None:
    """Everybody who wants the same waits for as long as Plum asked; others go on."""
    sandbox.faults.throttle(30, matching=operation("getBalance"))
    async with client_of(sandbox) as client:
        looks = [asyncio.ensure_future(client.balance())]
        while not sandbox.requests or sandbox.requests[-1].status is None:
            await asyncio.sleep(0.001)
        await client.place_order(top_up())
        looks.append(asyncio.ensure_future(client.balance()))
        await client.get_order(po_number="po-7c1d0e")
        assert not any(look.done() for look in looks)
        for look in looks:
            look.cancel()
        await asyncio.wait(looks)
    assert asked(sandbox) == ["getBalance", "placeOrder", "getOrderDetails"]


async def test_refused_address_is_no_token_trouble(
    sandbox: PlumSandbox, client: PlumClient
) -> None:
    """An address that is not allowed is told as such, and no tokens are spent on it."""
    sandbox.faults.refuse("PIPE10017", status=401)
    with pytest.raises(PermissionDeniedError, match="PIPE10017"):
        await client.balance()
    assert sandbox.tokens.refreshes == 0


def test_order_may_take_its_time() -> None:
    """Unless told otherwise, the client gives an order more than two minutes to be answered."""
    timeouts = inspect.signature(PlumClient).parameters["timeouts"].default
    assert min(timeouts.read, timeouts.total) > 120


async def test_wrong_environment_is_told(sandbox: PlumSandbox) -> None:
    """Tokens that this server never gave out end in an error that says what to check."""
    sandbox.faults.refuse_token(times=None, matching=operation("getBalance"))
    async with client_of(sandbox) as client:
        with pytest.raises(AuthenticationError, match="dashboard"):
            await client.balance()
    assert sandbox.tokens.refreshes == 1
