"""What DIDWW's answers mean to placement, and what the journal keeps of orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from didww_async import (
    ApiStatusError,
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    DidwwError,
    InsufficientBalanceError,
    InvalidRequestError,
    NewCapacityOrderItem,
    NewDidOrderItem,
    NewEmergencyOrderItem,
    NewOrder,
    NotFoundError,
    Order,
    OrderUnconfirmedError,
    PaginationError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    UnknownOrderItem,
    ValidationError,
)
from didww_async.errors import (
    ChangedRequestError,
    JournalError,
    OrderNotPlacedError,
    OrderRejectedError,
)
from didww_async.jsonapi import ErrorObject, JsonApiSerializer
from didww_async.models.base import registry
from didww_async.placement import (
    Accepted,
    Answered,
    CannotTell,
    Found,
    Intent,
    MemoryJournal,
    NoAnswer,
    NoSuchOrder,
    NotAttempted,
    NotSent,
    Outcome,
    Placed,
    PutOff,
    Refused,
    Rejected,
    Unconfirmed,
)
from didww_async.providers.didww import DidwwProvider
from didww_async.providers.didww.provider import CANCEL_AGAIN_SECONDS
from didww_async.providers.runs import _placed_or_raised, bulk_run
from didww_async.transport import Response

NEW = NewOrder(items=[NewDidOrderItem(sku_id="s1", qty=2)], external_reference_id="ref-1")
URL = "https://api.didww.com/v3/orders"
BORN = datetime(2026, 4, 16, tzinfo=UTC)
ITEMS: Sequence[dict[str, Any]] = [
    {
        "type": "did_order_items",
        "attributes": {
            "qty": 1,
            "nrc": "1.10",
            "mrc": "0.20",
            "prorated_mrc": False,
            "billed_from": "2026-04-16",
            "billed_to": None,
            "did_group_id": "g1",
        },
    },
    {
        "type": "did_order_items",
        "attributes": {
            "qty": 3,
            "nrc": "1.10",
            "mrc": "0.20",
            "prorated_mrc": True,
            "setup_price": "0.0",
            "monthly_price": "0.5",
        },
    },
    {
        "type": "capacity_order_items",
        "attributes": {
            "qty": 9,
            "nrc": "0",
            "mrc": "12.0",
            "prorated_mrc": True,
            "capacity_pool_id": "c1",
        },
    },
    {
        "type": "emergency_order_items",
        "attributes": {
            "qty": 1,
            "nrc": "0",
            "mrc": "1",
            "prorated_mrc": False,
            "emergency_calling_service_id": "e1",
        },
    },
    {
        "type": "generic_order_items",
        "attributes": {"qty": 1, "nrc": "0.01", "mrc": "0", "prorated_mrc": False},
    },
    {"type": "pigeon_order_items", "attributes": {"qty": 1, "colour": {"of": ["grey", None]}}},
]


def order(
    identity: str = "o1",
    items: Sequence[dict[str, Any]] = (),
    created_at: datetime = BORN,
    **attributes: object,
) -> Order:
    """An order as the server tells of it."""
    body = {
        "data": {
            "id": identity,
            "type": "orders",
            "attributes": {
                "reference": "KTH-1",
                "description": "DID",
                "amount": "3.60",
                "status": "pending",
                "created_at": created_at.isoformat().replace("+00:00", "Z"),
                "external_reference_id": "ref-1",
                "items": list(items),
                **attributes,
            },
        }
    }
    return JsonApiSerializer(registry).decode_one(json.dumps(body).encode(), Order).data


class Orders:
    """The collection; it answers what it was given."""

    base_url = "https://api.example.com/v3"
    serializer = JsonApiSerializer(registry)

    def __init__(self, *answers: Order | DidwwError | list[Order]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def _next(self) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, DidwwError):
            raise answer
        return answer

    def body(self, new: NewOrder) -> bytes:
        """What its serializer makes of it."""
        return self.serializer.encode_new(new)

    async def post(self, body: bytes, reference: str | None) -> Response:
        """The next answer."""
        self.asked.append({"post": json.loads(body), "reference": reference})
        document = JsonApiSerializer(registry).encode_resource(self._next())
        return Response(201, {}, document)

    def read(self, status: int, document: bytes, reference: str | None) -> Order:
        """The order of an answer."""
        assert (status, reference) == (201, self.asked[-1]["reference"])
        return JsonApiSerializer(registry).decode_one(document, Order).data

    async def cancel(self, identity: str) -> None:
        """The next answer."""
        self.asked.append({"cancel": identity})
        self._next()

    async def get(self, identity: str) -> Any:
        """The next answer."""
        self.asked.append({"get": identity})
        return self._next()

    async def list(self, **query: Any) -> AsyncIterator[Order]:
        """The next answer, one by one."""
        self.asked.append(query)
        for found in self._next():
            yield found


class Priced:
    """A collection with prices; it counts how often it is read."""

    def __init__(self, *found: Any) -> None:
        self.found = found
        self.read = 0

    async def list(self, **_: Any) -> AsyncIterator[Any]:
        """All of them."""
        self.read += 1
        await asyncio.sleep(0)
        for item in self.found:
            yield item


def price(identity: str, setup: str, monthly: str) -> Any:
    """A SKU or a capacity pool."""
    return SimpleNamespace(
        id=identity,
        name=identity,
        minimum_qty_per_order=1,
        setup_price=Decimal(setup),
        monthly_price=Decimal(monthly),
    )


def group(*skus: Any) -> Any:
    """A DID group with SKUs."""
    return SimpleNamespace(area_name="Area", prefix="1", total_count=5, stock_keeping_units=skus)


def wanted(request: NewOrder, began_at: float | None = None) -> Intent[NewOrder]:
    """The intent of a request."""
    text = JsonApiSerializer(registry).encode_new(request).decode()
    return Intent(key="k", request=request, text=text, attempts=1, began_at=began_at)


def provider(*answers: Order | DidwwError | list[Order]) -> DidwwProvider:
    """With a stub of the orders."""
    return with_orders(Orders(*answers))


def with_orders(orders: Orders) -> DidwwProvider:
    """With prices, too."""
    groups = Priced(
        group(price("s1", "1.00", "0.10")),
        group(price("s2", "0", "2.5"), price("s3", "3", "0")),
    )
    pools: Any = Priced(price("c1", "0", "12.00"))
    made: Any = orders
    balances: Any = None
    return DidwwProvider(made, groups, pools, balances)  # type: ignore[arg-type]


def status_error(kind: type[ApiStatusError], status: int) -> ApiStatusError:
    """An answer of this status."""
    return kind("POST", URL, status, (ErrorObject(detail="no"),))


# Submitting.


async def test_a_stored_order_is_accepted() -> None:
    """It is the answer's order, and the journal is to have the answer as it came."""
    made = order()
    placing = provider(made)

    answer = await placing.submit(wanted(NEW))

    assert isinstance(answer, Answered)
    assert answer.read() == Accepted(made, placing.dump_order(made))


async def test_what_is_sent_is_what_the_journal_has() -> None:
    """To the letter."""
    orders = Orders(order())
    kept = wanted(NEW)

    await with_orders(orders).submit(kept)

    assert orders.asked == [{"post": json.loads(kept.text), "reference": "ref-1"}]


async def test_a_serializer_of_the_users_writes_what_is_sent() -> None:
    """What the journal has can be read without it."""

    class Shouting(JsonApiSerializer):
        def encode_new(self, new: object) -> bytes:
            return super().encode_new(new).upper()

    orders = Orders(order())
    orders.serializer = Shouting(registry)

    answer = await with_orders(orders).submit(wanted(NEW))

    assert isinstance(answer, Answered)
    assert answer.read() == Accepted(order())
    assert orders.asked[0]["post"]["DATA"]["TYPE"] == "ORDERS"


@pytest.mark.parametrize(
    "error",
    [
        status_error(BadRequestError, 400),
        status_error(NotFoundError, 404),
        status_error(ConflictError, 409),
        status_error(ValidationError, 422),
        status_error(ApiStatusError, 418),
        InvalidRequestError("items", "no"),
    ],
)
async def test_a_refusal_is_of_this_order_only(error: DidwwError) -> None:
    """The others may be placed."""
    assert await provider(error).submit(wanted(NEW)) == Refused(error)


async def test_a_refusal_without_a_word_of_the_api_may_pass() -> None:
    """It is the page of a gateway, and the API never saw the order."""
    error = NotFoundError("POST", URL, 404, (), "<html>no such page</html>")

    assert await provider(error).submit(wanted(NEW)) == Refused(error, may_pass=True)


@pytest.mark.parametrize(
    "error",
    [
        status_error(AuthenticationError, 401),
        status_error(PermissionDeniedError, 403),
        status_error(InsufficientBalanceError, 400),
    ],
)
async def test_a_refusal_of_the_account_stops_all_orders(error: DidwwError) -> None:
    """The reason names the error."""
    answer = await provider(error).submit(wanted(NEW))

    assert isinstance(answer, Refused)
    assert answer.stop.startswith(type(error).__name__)


async def test_an_order_that_may_exist_has_no_answer() -> None:
    """Whatever hid the answer."""
    error = OrderUnconfirmedError(ConnectionLostError("POST", URL, "cut"), "ref-1")

    assert await provider(error).submit(wanted(NEW)) == NoAnswer(error)


async def test_a_server_that_was_not_reached_was_sent_nothing() -> None:
    """It may be tried again."""
    error = ConnectError("POST", URL, "refused")

    assert await provider(error).submit(wanted(NEW)) == NotSent(error)


@pytest.mark.parametrize(("asked", "pause"), [(7.0, 7.0), (None, 1.0)])
async def test_a_429_puts_an_order_off(asked: float | None, pause: float) -> None:
    """As long as the server asks for, or a second; it says nothing of the order."""
    error = RateLimitedError("POST", URL, 429, retry_after=asked)

    assert await provider(error).submit(wanted(NEW)) == PutOff(error, pause)


async def test_a_429_for_hours_is_not_waited_out() -> None:
    """Nothing was carried out."""
    error = RateLimitedError("POST", URL, 429, retry_after=3600.0)

    assert await provider(error).submit(wanted(NEW)) == NotSent(error, stop=str(error))


async def test_a_reference_with_a_comma_is_refused() -> None:
    """The filter would part it there, so nothing is sent."""
    orders = Orders()

    request = NewOrder(items=NEW.items, external_reference_id="a,b")

    answer = await with_orders(orders).submit(wanted(request))

    assert isinstance(answer, Refused)
    assert isinstance(answer.error, InvalidRequestError)
    assert not answer.stop
    assert orders.asked == []


# Looking.


async def test_a_look_asks_for_the_reference() -> None:
    """And for nothing else, the eldest first."""
    orders = Orders([])

    assert await with_orders(orders).look_up(wanted(NEW)) == NoSuchOrder()
    assert orders.asked == [{"filter": {"external_reference_id": "ref-1"}, "sort": "created_at"}]


async def test_a_look_leaves_out_what_is_much_older() -> None:
    """An order from before the request, by more than clocks can differ, is another one."""
    orders = Orders([])

    await with_orders(orders).look_up(wanted(NEW, began_at=BORN.timestamp()))

    assert orders.asked[0]["filter"]["created_at_gteq"] == BORN - timedelta(days=1)


OLD = order("old", created_at=BORN - timedelta(hours=1))
OURS = order("ours", created_at=BORN + timedelta(seconds=1))
GONE = order("gone", created_at=BORN - timedelta(hours=2), status="canceled")
UNDONE = order("undone", created_at=BORN + timedelta(seconds=2), status="canceled")


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ([OLD, OURS], Found((OURS,))),
        ([GONE, OURS], Found((OURS,))),
        ([OLD], Found((OLD,), is_doubtful=True)),
        ([GONE, OLD], Found((OLD,), is_doubtful=True)),
        ([GONE], NoSuchOrder()),
        ([GONE, UNDONE], Found((UNDONE,))),
    ],
)
async def test_a_look_tells_older_orders_from_those_of_the_request(
    listed: list[Order], told: object
) -> None:
    """References are not unique, and clocks are seldom wrong by more than a minute."""
    assert await provider(listed).look_up(wanted(NEW, began_at=BORN.timestamp())) == told


async def test_a_look_that_adopts_takes_what_stands() -> None:
    """However old it is."""
    intent = attrs.evolve(wanted(NEW, began_at=BORN.timestamp()), adopts=True)

    assert await provider([GONE, OLD, OURS]).look_up(intent) == Found((OLD, OURS))


async def test_a_look_finds_the_eldest_first() -> None:
    """Even if the server forgets to sort; equal ages by id."""
    young, old, other = (
        order("a", created_at=BORN + timedelta(seconds=1)),
        order("c"),
        order("b"),
    )

    found = await provider([young, old, other]).look_up(wanted(NEW))

    assert isinstance(found, Found)
    assert [one.id for one in found.orders] == ["b", "c", "a"]


@pytest.mark.parametrize(
    "error",
    [
        ConnectError("GET", URL, "refused"),
        RequestTimeoutError("GET", URL, "slow"),
        ServerError("GET", URL, 503),
        RateLimitedError("GET", URL, 429),
        AuthenticationError("GET", URL, 401),
        DecodeError("GET", URL, 200, "no list", "$"),
    ],
)
async def test_a_look_that_fails_tells_nothing(error: DidwwError) -> None:
    """Least of all that there is no order."""
    assert await provider(error).look_up(wanted(NEW)) == CannotTell(error)


async def test_a_look_that_fails_on_its_second_page_tells_nothing() -> None:
    """Half a list is none."""

    class Halved(Orders):
        async def list(self, **query: Any) -> AsyncIterator[Order]:
            yield order()
            raise PaginationError("GET", URL)

    answer = await with_orders(Halved()).look_up(wanted(NEW))

    assert isinstance(answer, CannotTell)


async def test_a_cancelled_order_is_cancelled() -> None:
    """By its id."""
    orders = Orders([])

    assert await with_orders(orders).cancel(order("o9"))
    assert orders.asked == [{"cancel": "o9"}]


NO_CONNECTION = ConnectError("DELETE", URL, "refused")
NOT_PENDING = status_error(ValidationError, 422)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([NOT_PENDING, order(status="completed")], False),
        ([status_error(NotFoundError, 404)], False),
        ([NO_CONNECTION] * len(CANCEL_AGAIN_SECONDS), None),
        ([NO_CONNECTION, NOT_PENDING, order(status="canceled")], True),
        ([NO_CONNECTION, NOT_PENDING, NO_CONNECTION], None),
    ],
)
async def test_a_refusal_to_cancel_is_looked_into(
    answers: list[Any], *, told: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt before it, whose answer was lost, may have cancelled the order."""

    async def at_once(_: float) -> None: ...

    monkeypatch.setattr("asyncio.sleep", at_once)
    assert await provider(*answers).cancel(order()) is told


@pytest.mark.parametrize(
    ("status", "live"),
    [("pending", True), ("completed", True), ("canceled", False), ("paused", True)],
)
def test_an_order_stands_until_it_is_cancelled(status: str, live: bool) -> None:  # noqa: FBT001
    """A status that nobody knows is none of those that end it."""
    assert provider().is_live(order(status=status)) is live


# Names.


def test_the_callers_reference_is_the_key() -> None:
    """And the reference; it stays."""
    made = provider()

    assert made.key(NEW) == made.reference(NEW) == "ref-1"
    assert made.prepare(NEW) is NEW


@pytest.mark.parametrize("given_reference", [{}, {"external_reference_id": None}])
def test_an_order_without_a_reference_gets_one(given_reference: dict[str, Any]) -> None:
    """A new one each time; it is no key."""
    made, new = provider(), NewOrder(items=NEW.items, **given_reference)

    references = {made.reference(made.prepare(new)) for _ in range(50)}

    assert made.key(new) is None
    assert len(references) == 50
    assert "" not in references


# Prices.


@pytest.mark.parametrize(
    ("items", "sum_"),
    [
        ([NewDidOrderItem(sku_id="s1")], "1.10"),
        ([NewDidOrderItem(sku_id="s1", qty=3)], "3.30"),
        ([NewDidOrderItem(sku_id="s1", available_did_id="d")], "1.10"),
        ([NewCapacityOrderItem(capacity_pool_id="c1", qty=2)], "24.00"),
        ([NewCapacityOrderItem(capacity_pool_id="c1")], "12.00"),
        ([NewDidOrderItem(sku_id="s2", qty=2), NewDidOrderItem(sku_id="s3")], "8.0"),
        ([NewDidOrderItem(sku_id="s1"), NewDidOrderItem(sku_id="s1")], "2.20"),
        ([NewDidOrderItem(sku_id="s9")], None),
        ([NewDidOrderItem(sku_id="s1"), NewCapacityOrderItem(capacity_pool_id="c9")], None),
        ([NewEmergencyOrderItem()], None),
        ([UnknownOrderItem("pigeon_order_items", {"qty": 1})], None),
    ],
)
async def test_a_quote_is_the_sum_of_the_items(items: list[Any], sum_: str | None) -> None:
    """Set-up and first month of each; none if one is unknown."""
    quoted = await provider().quote(NewOrder(items=items))

    assert quoted == (None if sum_ is None else Decimal(sum_))


async def test_prices_are_read_once() -> None:
    """Though many ask at the same time."""
    made = provider()

    quotes = await asyncio.gather(*(made.quote(NEW) for _ in range(20)))

    groups: Any = made._catalogue._did_groups
    assert set(quotes) == {Decimal("2.20")}
    assert groups.read == 1


# What the journal keeps.

relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

IDS = st.text("abc-123", min_size=1, max_size=8)
NEW_ITEMS = st.one_of(
    st.builds(NewDidOrderItem, sku_id=IDS),
    st.builds(NewDidOrderItem, sku_id=IDS, qty=st.integers(1, 99), nanpa_prefix_id=IDS),
    st.builds(NewDidOrderItem, sku_id=IDS, available_did_id=IDS),
    st.builds(NewDidOrderItem, sku_id=IDS, did_reservation_id=IDS),
    st.builds(
        NewDidOrderItem,
        sku_id=IDS,
        billing_cycles_count=st.none() | st.integers(0, 999),
        prorate_days_qty=st.integers(1, 99),
    ),
    st.builds(NewCapacityOrderItem, capacity_pool_id=IDS),
    st.builds(NewCapacityOrderItem, capacity_pool_id=IDS, qty=st.integers(1, 99)),
    st.builds(NewEmergencyOrderItem),
    st.builds(NewEmergencyOrderItem, emergency_calling_service_id=IDS, qty=st.integers(1, 9)),
    st.builds(
        UnknownOrderItem,
        st.just("pigeon_order_items"),
        st.dictionaries(IDS, st.none() | st.integers(0, 9) | st.lists(IDS, max_size=2), max_size=3),
    ),
)
CALLBACKS = st.sampled_from(
    [
        {},
        {"callback_url": None},
        {"callback_url": "https://example.com/ü?a=1", "callback_method": "post"},
        {"callback_url": None, "callback_method": None},
    ]
)


@relaxed
@given(
    items=st.lists(NEW_ITEMS, min_size=1, max_size=4),
    callbacks=CALLBACKS,
    waits=st.sampled_from([{}, {"allow_back_ordering": True}, {"allow_back_ordering": False}]),
    reference=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=100),
)
def test_a_request_comes_back_from_the_journal_as_it_was(
    items: list[Any], callbacks: dict[str, Any], waits: dict[str, Any], reference: str
) -> None:
    """Every kind of item; and what is sent then is the same to the letter."""
    made = provider()
    new = NewOrder(items=items, external_reference_id=reference, **callbacks, **waits)

    text = made.dump_request(new)
    again = made.load_request(text)

    assert again == new
    assert made.dump_request(again) == text


@relaxed
@given(
    items=st.lists(st.sampled_from(ITEMS), max_size=6),
    amount=st.decimals(0, 10**9, allow_nan=False, places=4),
    extra=st.sampled_from(
        [
            {},
            {"callback_url": "https://example.com/", "callback_method": "get"},
            {"external_reference_id": None, "callback_url": None, "callback_method": None},
            {"status": "paused"},
        ]
    ),
)
def test_an_order_comes_back_from_the_journal_as_it_was(
    items: list[dict[str, Any]], amount: Decimal, extra: dict[str, Any]
) -> None:
    """Every kind of item, unknown ones and money among them."""
    made = provider()
    stored = order(items=items, amount=str(amount), **extra)

    again = made.load_order(made.dump_order(stored))

    assert again == stored
    assert made.dump_order(again) == made.dump_order(stored)
    assert str(made.cost(again)) == str(stored.amount)


async def test_an_unknown_item_is_placed() -> None:
    """It goes out as it is, after a journal, too."""
    orders = Orders(order())
    new = NewOrder(items=[UnknownOrderItem("pigeon_order_items", {"qty": 1})])

    report = await bulk_run(
        with_orders(orders),
        [new],
        journal=MemoryJournal(),
        settle_seconds=0.0,
        adopt_existing=False,
    )

    assert len(report.placed) == 1
    [sent] = orders.asked[0]["post"]["data"]["attributes"]["items"]
    assert sent == {"type": "pigeon_order_items", "attributes": {"qty": 1}}


def test_a_report_names_the_order() -> None:
    """Its columns are values that a table can hold."""
    assert provider().describe(order()) == {
        "order_id": "o1",
        "reference": "KTH-1",
        "status": "pending",
        "amount": Decimal("3.60"),
        "created_at": BORN,
    }


# One order.

BASE: dict[str, Any] = {"key": "k", "position": 0, "external_reference": "r", "attempts": 1}
REFUSAL = status_error(ValidationError, 422)


def test_a_placed_order_is_returned() -> None:
    """As it is."""
    placed: Placed[Order] = Placed(order=order(), **BASE)

    assert _placed_or_raised(placed) is placed


@pytest.mark.parametrize(
    ("outcome", "kind", "text"),
    [
        (Rejected(reason="no", error=REFUSAL, **BASE), ValidationError, "422"),
        (Rejected(reason="no", **BASE), OrderRejectedError, "no"),
        (NotAttempted(reason="later", **BASE), OrderNotPlacedError, "later"),
        (Unconfirmed(reason="lost", **BASE), OrderUnconfirmedError, "lost"),
        (Unconfirmed(reason="lost", error=REFUSAL, **BASE), OrderUnconfirmedError, "422"),
        (Unconfirmed(reason="l", error=ValueError("l"), **BASE), OrderUnconfirmedError, "l"),
    ],
)
def test_an_order_that_is_not_placed_raises(
    outcome: Outcome[Order], kind: type[Exception], text: str
) -> None:
    """The error that says why not."""
    with pytest.raises(kind, match=text):
        _placed_or_raised(outcome)


async def test_a_changed_request_is_an_error_of_this_package() -> None:
    """And so is whatever else a journal says."""
    journal = MemoryJournal()
    options: dict[str, Any] = {"journal": journal, "settle_seconds": 0.0, "adopt_existing": False}
    await bulk_run(provider(order()), [NEW], **options)
    changed = NewOrder(items=[NewDidOrderItem(sku_id="s2")], external_reference_id="ref-1")

    with pytest.raises(ChangedRequestError, match="ref-1") as caught:
        await bulk_run(provider(), [changed], **options)
    assert isinstance(caught.value, JournalError)


# What is wrong so far.


async def test_a_look_does_not_take_the_orders_of_others() -> None:
    """A server, or what stands before it, that drops the filter lists all the account's orders."""
    answer = await provider([order(external_reference_id="another")]).look_up(wanted(NEW))

    assert isinstance(answer, CannotTell)


async def test_a_closed_client_sends_nothing() -> None:
    """So the order need not be looked for."""
    answer = await provider(ClientStateError("closed")).submit(wanted(NEW))

    assert isinstance(answer, NotSent)


async def test_a_429_for_hours_ends_the_run() -> None:
    """It is no outcome of a row, and the next one would meet it, too."""
    orders = Orders(*[RateLimitedError("POST", URL, 429, retry_after=3600.0)] * 3)

    await bulk_run(
        with_orders(orders),
        [NewOrder(items=NEW.items)] * 3,
        journal=None,
        settle_seconds=0.0,
        adopt_existing=False,
        concurrency=1,
    )

    assert len(orders.asked) == 1


async def test_a_row_that_is_no_order_is_refused_by_what_it_is() -> None:
    """And stops no other one."""
    rows: Any = [{"sku_id": "s1"}, NEW]
    report = await bulk_run(with_orders(Orders(order())), rows)

    assert [row.reason for row in report.rejected] == [
        "the row can't be read: order: takes a NewOrder, not dict"
    ]
    assert len(report.placed) == 1
