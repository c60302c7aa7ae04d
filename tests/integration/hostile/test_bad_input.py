"""Bad input is refused before anything is sent; the error names the field and the remedy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

import pytest

from didww_async import (
    DidOrderItem,
    DidwwClient,
    InvalidRequestError,
    NewCapacityOrderItem,
    NewDidOrderItem,
    NewOrder,
)
from tests.integration.hostile.scripted import (
    ORDER_ID,
    ScriptedServer,
    answer,
    client_of,
    items,
    one,
)

SKU = "22222222-2222-4222-8222-222222222222"
Call = Callable[[Any], object]
"""Takes the client as `Any`: a type checker would refuse most of these calls."""


def item(**fields: Any) -> NewDidOrderItem:
    """An item of these fields, whatever they are."""
    return NewDidOrderItem(**{"sku_id": SKU, **fields})


def ordering(**options: Any) -> Call:
    """Orders something sensible with these options."""
    return lambda didww: didww.create_order(items(), **options)


def listing(**options: Any) -> Call:
    """Lists orders with these options."""
    return lambda didww: didww.list_orders(**options)


REFUSED: list[tuple[str, Call, str, str]] = [
    ("no items", lambda d: d.create_order([]), "items", "at least one"),
    ("a single item", lambda d: d.create_order(item()), "items", "brackets"),
    ("a text", lambda d: d.create_order("abc"), "items", "brackets"),
    ("a mapping", lambda d: d.create_order({"type": "x"}), "items", "brackets"),
    ("a mapping inside", lambda d: d.create_order([{"type": "x"}]), "items[0]", "NewDidOrderItem"),
    ("nothing inside", lambda d: d.create_order([item(), None]), "items[1]", "NewDidOrderItem"),
    ("a class", lambda d: d.create_order([NewDidOrderItem]), "items[0]", "NewDidOrderItem"),
    *(
        (f"qty {qty!r}", lambda d, qty=qty: d.create_order([item(qty=qty)]), "qty", "from 1")
        for qty in (0, -1, True, "3", 1.5, None, 1.0)
    ),
    *(
        (
            f"channels {qty!r}",
            lambda d, qty=qty: d.create_order(
                [NewCapacityOrderItem(capacity_pool_id="p", qty=qty)]
            ),
            "qty",
            "from 1",
        )
        for qty in (0, -1, True, "3", 1.5, None)
    ),
    (
        "two sources",
        lambda d: d.create_order([item(qty=1, available_did_id="a")]),
        "qty + available_did_id",
        "keep one",
    ),
    (
        "two other sources",
        lambda d: d.create_order([item(did_reservation_id="b", available_did_id="a")]),
        "available_did_id + did_reservation_id",
        "keep one",
    ),
    (
        "qty and a reservation",
        lambda d: d.create_order([item(qty=1, did_reservation_id="b")]),
        "qty + did_reservation_id",
        "keep one",
    ),
    *(
        (f"sku {sku!r}", lambda d, sku=sku: d.create_order([item(sku_id=sku)]), "sku_id", "an id")
        for sku in ("", " ", None, 7, "a ", "\n")
    ),
    *(
        (
            f"{field} None",
            lambda d, field=field: d.create_order([item(**{field: None})]),
            field,
            "an id",
        )
        for field in ("available_did_id", "did_reservation_id", "nanpa_prefix_id")
    ),
    *(
        (
            f"cycles {cycles!r}",
            lambda d, cycles=cycles: d.create_order([item(billing_cycles_count=cycles)]),
            "billing_cycles_count",
            "0 to 999",
        )
        for cycles in (-1, 1000, True, "1", 1.5)
    ),
    *(
        (
            f"days {days!r}",
            lambda d, days=days: d.create_order([item(prorate_days_qty=days)]),
            "prorate_days_qty",
            "from 1",
        )
        for days in (0, True, "1", None)
    ),
    *(
        (
            f"back ordering {value!r}",
            ordering(allow_back_ordering=value),
            "allow_back_ordering",
            "True or False",
        )
        for value in (1, 0, "yes", None)
    ),
    ("long reference", ordering(external_reference_id="x" * 101), "external_reference_id", "100"),
    ("empty reference", ordering(external_reference_id=""), "external_reference_id", "None"),
    ("reference 5", ordering(external_reference_id=5), "external_reference_id", "a text"),
    *(
        (f"callback {url!r}", ordering(callback_url=url), "callback_url", "https://")
        for url in (
            "example.com/c",
            "ftp://example.com/c",
            "http://exa mple.com",
            "http://",
            "",
            5,
            "http://example.com/a b",
            "https://[::1",
            "javascript:alert(1)",
            "http://e.com/\n",
        )
    ),
    ("method alone", ordering(callback_method="post"), "callback_method", "callback_url"),
    (
        "method beside None",
        ordering(callback_url=None, callback_method="get"),
        "callback_method",
        "callback_url",
    ),
    *(
        (
            f"method {method!r}",
            ordering(callback_url="https://e.com", callback_method=method),
            "callback_method",
            "'get' or 'post'",
        )
        for method in ("put", "POST", "", 5)
    ),
    (
        "no zone",
        listing(filter={"created_at_gteq": datetime(2026, 1, 1)}),  # noqa: DTZ001
        "created_at_gteq",
        "UTC",
    ),
    (
        "a date",
        listing(filter={"created_at_gteq": date(2026, 1, 1)}),
        "created_at_gteq",
        "datetime",
    ),
    ("unknown filter", listing(filter={"statos": "x"}), "filter['statos']", "status"),
    ("number status", listing(filter={"status": 5}), "filter['status']", "str"),
    ("no statuses", listing(filter={"status": []}), "filter['status']", "empty"),
    ("odd statuses", listing(filter={"status": ["a", 5]}), "filter['status']", "str"),
    ("comma", listing(filter={"status": ["a,b"]}), "filter['status']", "comma"),
    ("a list of one", listing(filter={"external_reference_id": ["a"]}), "external_refe", "str"),
    ("null filter", listing(filter={"status": None}), "filter['status']", "str"),
    ("filter text", listing(filter="status"), "filter", "mapping"),
    ("unknown sort", listing(sort="creatd_at"), "sort", "created_at"),
    ("double minus", listing(sort="--created_at"), "sort", "created_at"),
    ("empty sort", listing(sort=""), "sort", "names"),
    ("half a sort", listing(sort="status,"), "sort", "names"),
    ("unknown field", listing(fields="statos"), "fields['orders']", "status"),
    ("unknown fields", listing(fields={"orders": ["a"]}), "fields['orders']", "status"),
    ("empty fields", listing(fields=""), "fields['orders']", "names"),
    *(
        (f"size {size!r}", listing(page_size=size), "page_size", "from 1")
        for size in (0, -1, True, "50", 1.5)
    ),
    ("page 0", listing(page_number=0), "page_number", "from 1"),
    ("unknown include", lambda d: d.dids.list(include="ordr"), "include", "order"),
    ("deep include", lambda d: d.dids.list(include="did_group.citty"), "include", "city"),
    ("order include", lambda d: d.orders.get(ORDER_ID, include="items"), "include", "none"),
    ("size of countries", lambda d: d.countries.list(page_size=5), "page_size", "leave it out"),
    ("page of regions", lambda d: d.regions.list(page_number=1), "page_number", "leave it out"),
    ("size of numbers", lambda d: d.available_dids.list(page_size=5), "page_size", "leave it out"),
    *(
        (f"{verb} {id_!r}", call, "id", "UUID")
        for id_ in (
            "",
            "../balance",
            "a/b?c",
            ".",
            "..",
            None,
            "\u00fc",
            "a b",
            "%2e%2e",
            "a#b",
            "a\n",
            5,
            "\u0661",
            "a;b",
            "a\\b",
            b"a",
        )
        for verb, call in (
            ("get", lambda d, id_=id_: d.get_order(id_)),
            ("cancel", lambda d, id_=id_: d.cancel_order(id_)),
            ("update", lambda d, id_=id_: d.orders.update(id_, external_reference_id="x")),
            ("delete", lambda d, id_=id_: d.did_reservations.delete(id_)),
            ("wait", lambda d, id_=id_: d.wait_for_order(id_)),
        )
    ),
    (
        "both trunks",
        lambda d: d.dids.update("x", voice_in_trunk="a", voice_in_trunk_group="b"),
        "voice_in_trunk + voice_in_trunk_group",
        "None for one",
    ),
    ("no change", lambda d: d.dids.update("x"), "changes", "at least one"),
    ("unknown change", lambda d: d.dids.update("x", descripton="a"), "descripton", "description"),
    ("read-only change", lambda d: d.orders.update("x", status="a"), "status", "external_refe"),
    ("number change", lambda d: d.dids.update("x", description=5), "description", "str"),
    ("bool change", lambda d: d.dids.update("x", capacity_limit=True), "capacity_limit", "int"),
    ("null change", lambda d: d.dids.update("x", terminated=None), "terminated", "bool"),
    (
        "long changed reference",
        lambda d: d.orders.update("x", external_reference_id="x" * 101),
        "external_reference_id",
        "100",
    ),
    ("order 5", lambda d: d.orders.create(5), "order", "NewOrder"),
    ("order of items", lambda d: d.orders.create(items()), "order", "NewOrder"),
    *(
        (
            f"interval {seconds!r}",
            lambda d, seconds=seconds: d.wait_for_order(ORDER_ID, poll_interval=seconds),
            "poll_interval",
            "above 0",
        )
        for seconds in (0, -1, float("nan"))
    ),
]


@pytest.mark.parametrize(
    ("call", "field", "remedy"), [pytest.param(*rest, id=name) for name, *rest in REFUSED]
)
async def test_bad_input_is_refused_before_anything_is_sent(
    server: ScriptedServer, call: Call, field: str, remedy: str
) -> None:
    """InvalidRequestError with the field and what to do; the server sees no connection."""
    async with client_of(server) as didww:
        with pytest.raises(InvalidRequestError) as caught:
            await _done(call(didww))

    assert field in caught.value.field
    assert remedy in caught.value.problem
    assert server.connections == 0


async def _done(result: object) -> None:
    if isinstance(result, Awaitable):
        await result


async def test_a_fetched_item_is_no_item_to_order(server: ScriptedServer) -> None:
    """The error names the classes that are."""
    billed = {"qty": 1, "nrc": "0.0", "mrc": "1.0", "prorated_mrc": False}
    server.script = [answer(200, one(items=[{"type": "did_order_items", "attributes": billed}]))]

    async with client_of(server) as didww:
        order = await didww.get_order(ORDER_ID)
        assert isinstance(order.items[0], DidOrderItem)
        with pytest.raises(InvalidRequestError, match="not DidOrderItem") as caught:
            await didww.create_order(order.items)  # type: ignore[arg-type]

    assert caught.value.field == "items[0]"
    assert len(server.requests) == 1


@pytest.mark.parametrize("wrong", [NewOrder(items=tuple(items())), None, 5])
async def test_what_is_no_list_of_items_is_refused(server: ScriptedServer, wrong: Any) -> None:
    """InvalidRequestError names `items`; a NewOrder belongs to `orders.create`."""
    async with client_of(server) as didww:
        with pytest.raises(InvalidRequestError) as caught:
            await didww.create_order(wrong)

    assert caught.value.field == "items"


@pytest.mark.parametrize(
    "call",
    [
        lambda d: d.create_order(items(), external_refrence_id="x"),
        lambda d: d.create_order([NewDidOrderItem(sku_id=SKU, quantity=1)]),  # type: ignore[call-arg]
        lambda d: d.create_order(),
        lambda d: d.list_orders(filters={}),
        lambda d: d.orders.create(items=items()),
        lambda d: d.dids.get("x", includes="order"),
    ],
)
async def test_a_misspelt_keyword_is_a_type_error(server: ScriptedServer, call: Call) -> None:
    """As for any function of Python."""
    async with client_of(server) as didww:
        with pytest.raises(TypeError):
            await _done(call(didww))

    assert server.connections == 0


@pytest.mark.parametrize(
    ("collection", "verb"),
    [
        ("orders", "delete_all"),
        ("balance", "list"),
        ("dids", "create"),
        ("dids", "delete"),
        ("countries", "create"),
        ("capacity_pools", "delete"),
        ("available_dids", "update"),
    ],
)
def test_a_verb_that_the_api_lacks_is_missing(collection: str, verb: str) -> None:
    """AttributeError, which a checker and an editor tell beforehand."""
    assert not hasattr(getattr(DidwwClient("key"), collection), verb)


async def test_a_reference_of_100_characters_is_sent(server: ScriptedServer) -> None:
    """The bound itself is allowed."""
    server.script = [answer(201, one())]

    async with client_of(server) as didww:
        await didww.create_order(items(), external_reference_id="x" * 100)

    assert server.requests[0].attributes["external_reference_id"] == "x" * 100


@pytest.mark.parametrize("reference", ["\ud800", "a\udfffb"])
async def test_half_a_character_in_a_text_is_refused(
    server: ScriptedServer, reference: str
) -> None:
    """It can't be written as UTF-8: InvalidRequestError, whichever JSON library is in use."""
    async with client_of(server) as didww:
        with pytest.raises(InvalidRequestError):
            await didww.create_order(items(), external_reference_id=reference)
        with pytest.raises(InvalidRequestError):
            didww.list_orders(filter={"external_reference_id": reference})

    assert server.connections == 0
