"""The parts of the sandbox that need no socket."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async.sandbox import wire
from didww_async.sandbox.didww.account_resources import ORDERS
from didww_async.sandbox.didww.app import App, Limits
from didww_async.sandbox.didww.callbacks import with_parameters
from didww_async.sandbox.didww.orders import Orders, _next_month
from didww_async.sandbox.didww.query import parse
from didww_async.sandbox.didww.records import Record, Table
from didww_async.sandbox.didww.refusals import RefusalError
from didww_async.sandbox.didww.reservations import Reservations
from didww_async.sandbox.didww.resources import RESOURCES
from didww_async.sandbox.didww.world import World
from didww_async.sandbox.exchange import Request
from didww_async.sandbox.faults import Faults

FAMILIES = ("filter", "sort", "page", "include", "fields")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("5", "5.0"),
        ("5.980", "5.98"),
        ("0", "0.0"),
        ("-0.50", "-0.5"),
        ("1E+3", "1000.0"),
        ("0.03", "0.03"),
    ],
)
def test_money_is_plain_digits(amount: str, text: str) -> None:
    """At least one decimal, no spare zeros, no exponent."""
    assert wire.money(Decimal(amount)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_money_keeps_its_value(amount: Decimal) -> None:
    """Read back, it is the same amount."""
    assert Decimal(wire.money(amount)) == amount


def test_times_are_utc_with_milliseconds() -> None:
    """Whatever the zone they come in."""
    moment = datetime(2026, 5, 1, 1, 0, 0, 7999, tzinfo=timezone(timedelta(hours=2)))
    assert wire.timestamp(moment) == "2026-04-30T23:00:00.007Z"


def test_the_standard_library_can_stand_in_for_orjson(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without orjson the same bytes go out, and NaN is still no JSON."""
    value = {"a": ["é", 1, None, True, 0.5]}
    fast = wire.dumps(value)
    monkeypatch.setattr(wire, "_fast", None)
    assert wire.dumps(value) == fast
    assert wire.loads(fast) == value
    with pytest.raises(ValueError, match="NaN"):
        wire.loads(b"[NaN]")


@pytest.mark.parametrize(
    ("day", "next_month"),
    [
        ((2026, 1, 31), (2026, 2, 28)),
        ((2028, 1, 31), (2028, 2, 29)),
        ((2026, 5, 31), (2026, 6, 30)),
        ((2026, 12, 15), (2027, 1, 15)),
        ((2026, 11, 30), (2026, 12, 30)),
    ],
)
def test_a_month_ends_on_a_day_that_exists(
    day: tuple[int, int, int], next_month: tuple[int, int, int]
) -> None:
    """The same day, or the last of a shorter month."""
    assert _next_month(date(*day)) == date(*next_month)


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("http://a/b", "http://a/b?x=1&y=%26"),
        ("http://a/b?", "http://a/b?x=1&y=%26"),
        ("http://a/b?c=d", "http://a/b?c=d&x=1&y=%26"),
        ("http://a/b?c=d#e?f", "http://a/b?c=d&x=1&y=%26#e?f"),
    ],
)
def test_parameters_go_before_the_fragment(url: str, full: str) -> None:
    """And after what the query has."""
    assert with_parameters(url, {"x": "1", "y": "&"}) == full


def test_a_table_keeps_ids_in_order_and_lookups_in_step() -> None:
    """Through adding, changing and removing."""
    table = Table({"label": lambda record: record.attributes["label"]})
    for id_, label in (("c", 1), ("a", 2), ("b", 1)):
        table.add(Record("orders", id_, {"label": label}))
    assert [one.id for one in table.in_order()] == ["a", "b", "c"]
    assert [one.id for one in table.found("label", [1])] == ["b", "c"]
    table.change(table.records["c"], {"label": 3})
    assert [one.id for one in table.found("label", [1, 3])] == ["b", "c"]
    table.remove("b")
    table.add(Record("orders", "aa", {"label": 1}))
    assert [one.id for one in table.in_order()] == ["a", "aa", "c"]
    assert [one.id for one in table.found("label", [1])] == ["aa"]
    assert [one.id for one in table.found("id", ["c", "zz"])] == ["c"]


def test_every_relationship_leads_to_a_known_type() -> None:
    """Includes and sorts name what exists."""
    for resource in RESOURCES.values():
        assert resource.includes <= resource.relationships.keys()
        assert resource.update_relationships <= resource.relationships.keys()
        assert resource.create_relationships <= resource.relationships.keys()
        for relationship in resource.relationships.values():
            assert relationship.type in RESOURCES


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["filter[id]", "filter[created_at_gteq]", "sort", "include", "page[size]"]
            )
            | st.text(max_size=12),
            st.text(max_size=12),
        ),
        max_size=4,
    )
)
def test_any_query_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    """Nothing but a refusal with 400 comes out of a bad query."""
    status = 200
    try:
        parse(ORDERS, pairs, families=FAMILIES, page_size_limit=100)
    except RefusalError as refusal:
        status = refusal.status
    assert status in {200, 400}


def app() -> tuple[App, World]:
    """An app without a socket, and its world."""
    world = World(seed=1, balance=Decimal(1000), credit=Decimal(0))
    made = App(
        world,
        Orders(world, complete_after=None),
        Reservations(world, seconds=600, limit=10),
        api_key="key",
        base_url="http://sandbox/v3",
        limits=Limits(),
    )
    return made, world


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "attributes", "relationships", "data", "items", "qty"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["/v3/orders", "/v3/did_reservations"]))
def test_any_body_is_taken_or_refused(body: object, path: str) -> None:
    """Whatever JSON is posted, the reply is a document and never an exception."""
    under_test, world = app_for_bodies
    headers = {"api-key": "key", "accept": wire.MEDIA_TYPE, "content-type": wire.MEDIA_TYPE}
    for sent in (
        body,
        {"data": body},
        {"data": {"type": path.removeprefix("/v3/"), "attributes": body}},
        {"data": {"type": "orders", "attributes": {"items": [body]}}},
        {
            "data": {
                "type": "orders",
                "attributes": {"items": [{"type": "did_order_items", "attributes": body}]},
            }
        },
    ):
        request = Request("POST", path, headers=headers, body=json.dumps(sent).encode())
        reply = under_test.handle(request)
        assert reply.status in {201, 400, 422}
        assert "errors" in json.loads(reply.body) or reply.status == 201
    assert not world.orders


app_for_bodies = app()


def test_chance_skips_a_fault_for_the_next() -> None:
    """A fault that does not strike lets the one behind it try."""
    faults = Faults(Random(0))
    never = faults.answer(500, probability=0.0)
    always = faults.answer(503)
    assert faults.strike(Request("GET", "/orders")) is always
    assert (never.fired, always.fired) == (0, 1)


def test_stock_never_repeats_a_number() -> None:
    """Thousands of numbers of one group are all different, and count down exactly."""
    _, world = app()
    sku = world.landmarks.cheap_sku_id
    group = str(world.tables["stock_keeping_units"].records[sku].hidden["did_group_id"])
    world.set_stock(sku, 5000)
    allocation = world.stock.take(group, 5000)
    assert allocation is not None
    assert len(set(world.stock.sell(allocation))) == 5000
    assert world.stock_of(group) == 0
    assert world.stock.take(group, 1) is None


def test_the_shelf_shows_ten_numbers_at_most() -> None:
    """And never more than there are; a smaller stock takes the rest away again."""
    _, world = app()
    sku = world.landmarks.cheap_sku_id
    others = len(world.available_dids) - 10
    shown: list[int] = []
    for count in (0, 2, 50, 3):
        world.set_stock(sku, count)
        shown.append(len(world.available_dids) - others)
    assert shown == [0, 2, 10, 3]


@pytest.mark.parametrize("call", [("unknown", 1, LookupError), (None, -1, ValueError)])
def test_impossible_stock_is_refused(call: tuple[str | None, int, type[Exception]]) -> None:
    """An unknown id is a LookupError, a negative count a ValueError."""
    id_, count, problem = call
    _, world = app()
    with pytest.raises(problem):
        world.set_stock(id_ or world.landmarks.cheap_sku_id, count)


def test_the_default_clock_is_utc() -> None:
    """`World.clock` tells an aware time."""
    _, world = app()
    assert world.clock().tzinfo is UTC


def test_importing_the_package_starts_nothing() -> None:
    """`import didww_async.sandbox` neither imports aiohttp.web nor starts a thread."""
    code = (
        "import sys, threading, didww_async.sandbox as s;"
        "assert 'aiohttp.web' not in sys.modules;"
        "assert threading.active_count() == 1;"
        "assert 'Sandbox' in dir(s) and s.Sandbox"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_sdk_does_not_import_the_sandbox() -> None:
    """`import didww_async` leaves it alone."""
    code = "import sys, didww_async; assert 'didww_async.sandbox' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy package complains like any other."""
    import didww_async.sandbox as package

    with pytest.raises(AttributeError, match="Nonsense"):
        _ = package.Nonsense
