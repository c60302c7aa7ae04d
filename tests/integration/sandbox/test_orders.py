"""Ordering over a socket: what is accepted, charged, refused, completed and canceled."""

import json
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from didww_async.sandbox import Sandbox
from tests.integration.sandbox.conftest import (
    Caller,
    Clock,
    capacity_item,
    did_item,
    order_document,
)

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


async def test_an_order_for_numbers_is_pending_and_priced(call: Caller, sku: str) -> None:
    """The answer is 201, pending, with the amount of quantity times set-up plus month."""
    answer = await call.order(did_item(sku, qty=15), external_reference_id="crm-42")

    assert answer.status == 201
    assert answer.data["type"] == "orders"
    attributes = answer.data["attributes"]
    assert attributes["amount"] == "7.5"
    assert attributes["status"] == "pending"
    assert attributes["description"] == "DID"
    assert attributes["external_reference_id"] == "crm-42"
    assert attributes["created_at"] == "2026-05-31T12:00:00.000Z"
    letters, digits = attributes["reference"].split("-")
    assert (len(letters), len(digits)) == (3, 6)
    assert answer.json["meta"] == {"api_version": "2026-04-16"}


async def test_a_pending_item_is_not_billed_yet(call: Caller, sku: str) -> None:
    """Items carry no id; their dates are null until the order completes."""
    answer = await call.order(did_item(sku, qty=2))

    group = call.sandbox.state.tables["stock_keeping_units"].records[sku].hidden["did_group_id"]
    assert answer.data["attributes"]["items"] == [
        {
            "type": "did_order_items",
            "attributes": {
                "qty": 2,
                "nrc": "0.0",
                "mrc": "0.5",
                "prorated_mrc": False,
                "billed_from": None,
                "billed_to": None,
                "did_group_id": group,
                "setup_price": "0.0",
                "monthly_price": "0.5",
            },
        }
    ]


async def test_items_come_back_in_another_order(call: Caller, sku: str) -> None:
    """The answer lists items in the opposite order of the request."""
    answer = await call.order(did_item(sku, qty=2), did_item(sku, qty=1))
    assert [item["attributes"]["qty"] for item in answer.data["attributes"]["items"]] == [1, 2]


async def test_a_missing_qty_is_one(call: Caller, sku: str) -> None:
    """An item without qty orders one number."""
    answer = await call.order(did_item(sku))
    assert answer.data["attributes"]["items"][0]["attributes"]["qty"] == 1


async def test_an_order_is_charged_at_once(call: Caller, sku: str) -> None:
    """The balance falls by the amount before the order completes."""
    await call.order(did_item(sku, qty=10))
    answer = await call.get("/balance")
    assert answer.data["attributes"] == {
        "total_balance": "995.0",
        "credit": "0.0",
        "balance": "995.0",
    }


async def test_an_order_beyond_balance_is_refused(call: Caller) -> None:
    """400 with both amounts as decimal strings, and nothing is kept."""
    call.sandbox.state.balance = Decimal("1.50")
    answer = await call.order(did_item(call.sandbox.state.landmarks.expensive_sku_id))

    assert answer.status == 400
    assert answer.error == {
        "title": "Insufficient balance",
        "detail": "Insufficient balance",
        "code": "400",
        "status": "400",
        "meta": {"available_balance": "1.5", "total_cost": "5000.0"},
    }
    assert call.sandbox.state.balance == Decimal("1.50")
    assert not call.sandbox.state.orders


async def test_credit_covers_what_the_balance_does_not(session: aiohttp.ClientSession) -> None:
    """Balance plus credit is what an order may cost."""
    async with Sandbox(balance=1, credit=Decimal("0.5")) as sandbox:
        call = Caller(sandbox, session)
        answer = await call.order(did_item(sandbox.state.landmarks.cheap_sku_id, qty=3))
        assert answer.status == 201
        balance = await call.get("/balance")
        assert balance.data["attributes"]["balance"] == "-0.5"
        assert balance.data["attributes"]["total_balance"] == "0.0"


async def test_a_capacity_order_completes_in_its_answer(call: Caller) -> None:
    """Channels are there at once: completed, billed, and counted in the pool."""
    pool = call.sandbox.state.landmarks.capacity_pool_id
    answer = await call.order(capacity_item(pool, qty=2))

    attributes = answer.data["attributes"]
    assert (attributes["status"], attributes["description"]) == ("completed", "Capacity")
    assert attributes["amount"] == "30.0"
    assert attributes["items"] == [
        {
            "type": "capacity_order_items",
            "attributes": {
                "qty": 2,
                "nrc": "0.0",
                "mrc": "15.0",
                "prorated_mrc": False,
                "billed_from": "2026-05-31",
                "billed_to": "2026-06-30",
                "capacity_pool_id": pool,
            },
        }
    ]
    shown = await call.get(f"/capacity_pools/{pool}")
    assert shown.data["attributes"]["total_channels_count"] == 32


async def test_many_channels_cost_less_each(call: Caller) -> None:
    """The volume price with the highest quantity reached applies."""
    pool = call.sandbox.state.landmarks.capacity_pool_id
    answer = await call.order(capacity_item(pool, qty=30))
    item = answer.data["attributes"]["items"][0]["attributes"]
    assert (item["nrc"], item["mrc"]) == ("8.0", "8.0")


async def test_an_emergency_order_completes_at_once(call: Caller) -> None:
    """Emergency items are taken with a fixed price and named in the description."""
    service = call.sandbox.state.landmarks.emergency_calling_service_id
    attributes = {"emergency_calling_service_id": service, "qty": 1}
    answer = await call.order({"type": "emergency_order_items", "attributes": attributes})

    order = answer.data["attributes"]
    assert (order["status"], order["description"], order["amount"]) == (
        "completed",
        "Emergency",
        "3.0",
    )
    assert order["items"][0]["attributes"]["emergency_calling_service_id"] == service


async def test_a_mixed_order_waits_for_its_numbers(call: Caller, sku: str) -> None:
    """Channels ordered with numbers arrive when the order completes."""
    pool = call.sandbox.state.landmarks.capacity_pool_id
    answer = await call.order(did_item(sku), capacity_item(pool, qty=1))

    assert answer.data["attributes"]["status"] == "pending"
    before = (await call.get(f"/capacity_pools/{pool}")).data["attributes"]
    call.sandbox.complete(answer.data["id"])
    after = (await call.get(f"/capacity_pools/{pool}")).data["attributes"]
    assert after["total_channels_count"] == before["total_channels_count"] + 1


# Completion


async def test_completion_delivers_numbers(call: Caller, sku: str) -> None:
    """A completed order has billing dates, and its numbers point back at it."""
    placed = await call.order(did_item(sku, qty=2, billing_cycles_count=3))
    order_id = placed.data["id"]
    assert (await call.get(f"/dids?filter[order.id]={order_id}")).data == []

    call.sandbox.complete(order_id)

    order = (await call.get(f"/orders/{order_id}")).data["attributes"]
    assert order["status"] == "completed"
    item = order["items"][0]["attributes"]
    assert (item["billed_from"], item["billed_to"]) == ("2026-05-31", "2026-06-30")
    dids = await call.get(f"/dids?filter[order.id]={order_id}&include=order")
    assert len(dids.data) == 2
    assert len({did["attributes"]["number"] for did in dids.data}) == 2
    attributes = dids.data[0]["attributes"]
    assert attributes["number"].startswith("1212")
    assert attributes["billing_cycles_count"] == 3
    assert attributes["expires_at"] == "2026-06-30T12:00:00.000Z"
    assert dids.data[0]["relationships"]["order"]["data"] == {"type": "orders", "id": order_id}


async def test_numbers_are_found_by_the_reference_of_their_order(call: Caller, sku: str) -> None:
    """`order.reference` finds what the order brought, and nothing else."""
    first, second = await call.order(did_item(sku)), await call.order(did_item(sku))
    call.sandbox.complete_all()
    reference = first.data["attributes"]["reference"]
    found = await call.get(f"/dids?filter[order.reference]={reference}&include=order")
    assert [did["relationships"]["order"]["data"]["id"] for did in found.data] == [first.data["id"]]
    assert second.data["id"] != first.data["id"]


@pytest.mark.parametrize("seconds", [0, 3])
async def test_completion_comes_by_the_clock(
    seconds: float, clock: Clock, session: aiohttp.ClientSession
) -> None:
    """The first read at or after the due moment shows the order completed, none before."""
    async with Sandbox(complete_after=seconds, clock=clock) as sandbox:
        call = Caller(sandbox, session)
        placed = await call.order(did_item(sandbox.state.landmarks.cheap_sku_id))
        path = f"/orders/{placed.data['id']}"
        assert placed.data["attributes"]["status"] == "pending"
        if seconds:
            clock.advance(seconds - 0.001)
            assert (await call.get(path)).data["attributes"]["status"] == "pending"
            clock.advance(0.001)
        assert (await call.get(path)).data["attributes"]["status"] == "completed"


async def test_complete_names_an_order_that_is_not_pending(call: Caller) -> None:
    """Completing what is not pending is a LookupError with the id."""
    with pytest.raises(LookupError, match=UNKNOWN_ID):
        call.sandbox.complete(UNKNOWN_ID)


async def test_complete_all_completes_each_pending_order(call: Caller, sku: str) -> None:
    """`complete_all` returns the ids of the orders it completed."""
    ids = [(await call.order(did_item(sku))).data["id"] for _ in range(3)]
    assert call.sandbox.complete_all() == ids
    assert call.sandbox.complete_all() == []


# Stock


async def test_a_shortage_is_refused_without_back_ordering(call: Caller, sku: str) -> None:
    """422 at the item's qty; the stock is as before."""
    call.sandbox.state.set_stock(sku, 4)
    answer = await call.order(did_item(sku, qty=5), allow_back_ordering=False)

    assert answer.status == 422
    assert answer.error == {
        "title": "exceeds available DIDs count",
        "detail": "qty - exceeds available DIDs count",
        "code": "100",
        "status": "422",
        "source": {"pointer": "/data/attributes/items/0/qty"},
    }
    assert call.sandbox.state.stock_of(sku) == 4


async def test_the_last_numbers_can_be_ordered(call: Caller, sku: str) -> None:
    """Exactly what is in stock is no shortage."""
    call.sandbox.state.set_stock(sku, 4)
    answer = await call.order(did_item(sku, qty=4), allow_back_ordering=False)
    assert answer.status == 201
    assert call.sandbox.state.stock_of(sku) == 0


async def test_items_of_one_order_share_the_stock(call: Caller, sku: str) -> None:
    """The item that goes over the stock is the one that is refused."""
    call.sandbox.state.set_stock(sku, 4)
    answer = await call.order(did_item(sku, qty=3), did_item(sku, qty=2), allow_back_ordering=False)
    assert answer.error["source"]["pointer"] == "/data/attributes/items/1/qty"


async def test_ordered_numbers_leave_the_stock(call: Caller, sku: str) -> None:
    """The group's meta counts what is left, and says when nothing is."""
    call.sandbox.state.set_stock(sku, 3)
    group = call.sandbox.state.tables["stock_keeping_units"].records[sku].hidden["did_group_id"]
    await call.order(did_item(sku, qty=2))
    meta = (await call.get(f"/did_groups/{group}")).data["meta"]
    assert (meta["total_count"], meta["is_available"]) == (1, True)
    await call.order(did_item(sku))
    meta = (await call.get(f"/did_groups/{group}")).data["meta"]
    assert (meta["total_count"], meta["is_available"]) == (0, False)


async def test_a_back_order_waits_for_stock(clock: Clock, session: aiohttp.ClientSession) -> None:
    """By default a shortage leaves the order pending until there is stock."""
    async with Sandbox(complete_after=0, clock=clock) as sandbox:
        call = Caller(sandbox, session)
        sold_out = sandbox.state.landmarks.sold_out_sku_id
        placed = await call.order(did_item(sold_out, qty=2))
        path = f"/orders/{placed.data['id']}"
        assert placed.status == 201
        assert (await call.get(path)).data["attributes"]["status"] == "pending"
        with pytest.raises(LookupError, match="stock"):
            sandbox.complete(placed.data["id"])

        sandbox.state.set_stock(sold_out, 2)

        assert (await call.get(path)).data["attributes"]["status"] == "completed"
        assert sandbox.state.stock_of(sold_out) == 0
        assert len(sandbox.state.dids_of(placed.data["id"])) == 2


async def test_back_orders_are_served_oldest_first(call: Caller) -> None:
    """The stock that arrives goes to the order that has waited longest."""
    sold_out = call.sandbox.state.landmarks.sold_out_sku_id
    first = await call.order(did_item(sold_out, qty=2))
    await call.order(did_item(sold_out, qty=2))
    call.sandbox.state.set_stock(sold_out, 3)
    assert call.sandbox.complete_all() == [first.data["id"]]


# Cancel and rename


async def test_canceling_gives_money_and_numbers_back(call: Caller, sku: str) -> None:
    """204 without a body; status canceled, balance and stock as before."""
    before = call.sandbox.state.stock_of(sku)
    placed = await call.order(did_item(sku, qty=4))
    canceled = await call("DELETE", f"/orders/{placed.data['id']}")

    assert (canceled.status, canceled.text) == (204, "")
    order = await call.get(f"/orders/{placed.data['id']}")
    assert order.data["attributes"]["status"] == "canceled"
    assert call.sandbox.state.balance == Decimal(1000)
    assert call.sandbox.state.stock_of(sku) == before
    assert not call.sandbox.state.dids


async def test_a_finished_order_cannot_be_canceled(call: Caller, sku: str) -> None:
    """422 `Order not pending`, for a completed order and for a canceled one."""
    placed = await call.order(did_item(sku))
    call.sandbox.complete(placed.data["id"])
    answer = await call("DELETE", f"/orders/{placed.data['id']}")
    assert answer.status == 422
    assert answer.error == {
        "title": "Order not pending",
        "detail": "base - Order not pending",
        "code": "100",
        "status": "422",
        "source": {"pointer": "/data/attributes/base"},
    }
    other = await call.order(did_item(sku))
    await call("DELETE", f"/orders/{other.data['id']}")
    assert (await call("DELETE", f"/orders/{other.data['id']}")).status == 422


async def test_a_canceled_order_frees_stock_for_one_that_waits(call: Caller, sku: str) -> None:
    """What a cancel puts back goes to back orders."""
    call.sandbox.state.set_stock(sku, 1)
    first, second = await call.order(did_item(sku)), await call.order(did_item(sku))
    await call("DELETE", f"/orders/{first.data['id']}")
    assert call.sandbox.complete_all() == [second.data["id"]]


async def test_a_waiting_order_can_be_canceled(call: Caller) -> None:
    """A back order gives up its place in the queue."""
    sold_out = call.sandbox.state.landmarks.sold_out_sku_id
    first, second = await call.order(did_item(sold_out)), await call.order(did_item(sold_out))
    assert (await call("DELETE", f"/orders/{first.data['id']}")).status == 204
    call.sandbox.state.set_stock(sold_out, 1)
    assert call.sandbox.complete_all() == [second.data["id"]]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_the_reference_can_be_changed_and_cleared(
    method: str, call: Caller, sku: str
) -> None:
    """PATCH sets `external_reference_id`, null clears it; PUT is taken as PATCH."""
    placed = await call.order(did_item(sku), external_reference_id="old")
    path = f"/orders/{placed.data['id']}"
    for value in ("new", None):
        data = {
            "type": "orders",
            "id": placed.data["id"],
            "attributes": {"external_reference_id": value},
        }
        answer = await call(method, path, {"data": data})
        assert answer.status == 200
        assert answer.data["attributes"]["external_reference_id"] == value
        assert (await call.get("/orders?filter[external_reference_id]=old")).data == []
    assert (await call.get("/orders?filter[external_reference_id]=new")).data == []
    assert (await call.get("/orders?filter[external_reference_id]=")).ids == [placed.data["id"]]


async def test_nothing_else_of_an_order_can_be_changed(call: Caller, sku: str) -> None:
    """Any other attribute in a PATCH is a parameter that is not allowed."""
    placed = await call.order(did_item(sku))
    answer = await call.patch("orders", placed.data["id"], attributes={"status": "canceled"})
    assert answer.status == 400
    assert answer.error["code"] == "105"
    assert answer.error["source"] == {"pointer": "/data/attributes/status"}


@pytest.mark.parametrize("write", ["create", "update"])
async def test_a_reference_has_at_most_100_characters(write: str, call: Caller, sku: str) -> None:
    """100 are fine, 101 are a 422 that names the limit."""
    placed = await call.order(did_item(sku), external_reference_id="x" * 100)
    assert placed.status == 201
    if write == "create":
        answer = await call.order(did_item(sku), external_reference_id="x" * 101)
    else:
        attributes = {"external_reference_id": "x" * 101}
        answer = await call.patch("orders", placed.data["id"], attributes=attributes)
    assert answer.status == 422
    assert answer.error["title"] == "is too long (maximum is 100 characters)"
    assert answer.error["source"] == {"pointer": "/data/attributes/external_reference_id"}


async def test_a_reference_may_be_used_twice(call: Caller, sku: str) -> None:
    """The same reference makes a second order and a second charge: nothing is idempotent."""
    await call.order(did_item(sku), external_reference_id="same")
    await call.order(did_item(sku), external_reference_id="same")
    assert len(call.sandbox.state.orders_labelled("same")) == 2
    assert call.sandbox.state.balance == Decimal(999)


# Refused items


@pytest.mark.parametrize(
    ("attributes", "field", "message"),
    [
        ({"qty": 0}, "qty", "should be at least 1"),
        ({"qty": -1}, "qty", "should be at least 1"),
        ({"qty": "2"}, "qty", "is not a number"),
        ({"qty": 1.5}, "qty", "is not a number"),
        ({"qty": True}, "qty", "is not a number"),
        ({"qty": None}, "qty", "is not a number"),
        ({"sku_id": UNKNOWN_ID}, "sku_id", "is invalid"),
        ({"sku_id": None}, "sku_id", "is invalid"),
        ({"sku_id": 5}, "sku_id", "is invalid"),
        (
            {"billing_cycles_count": -1},
            "billing_cycles_count",
            "must be greater than or equal to 0",
        ),
        (
            {"billing_cycles_count": 1000},
            "billing_cycles_count",
            "must be less than or equal to 999",
        ),
        ({"billing_cycles_count": "1"}, "billing_cycles_count", "is not a number"),
        ({"nanpa_prefix_id": UNKNOWN_ID}, "nanpa_prefix_id", "is invalid"),
        ({"available_did_id": UNKNOWN_ID}, "available_did_id", "is invalid"),
        ({"available_did_id": None}, "available_did_id", "is invalid"),
        ({"did_reservation_id": UNKNOWN_ID}, "did_reservation_id", "is invalid"),
    ],
)
async def test_a_bad_value_in_an_item_is_pointed_at(
    attributes: dict[str, Any], field: str, message: str, call: Caller, sku: str
) -> None:
    """422, title the message, detail with the field, pointer to the item's place."""
    answer = await call.order(did_item(sku), did_item(**{"sku_id": sku, **attributes}))
    assert answer.status == 422
    assert answer.error == {
        "title": message,
        "detail": f"{field} - {message}",
        "code": "100",
        "status": "422",
        "source": {"pointer": f"/data/attributes/items/1/{field}"},
    }
    assert not call.sandbox.state.orders


@pytest.mark.parametrize("cycles", [0, 999, None])
async def test_billing_cycles_may_be_none_to_999(
    cycles: int | None, call: Caller, sku: str
) -> None:
    """0 and 999 are fine, and null means for ever."""
    placed = await call.order(did_item(sku, billing_cycles_count=cycles))
    call.sandbox.complete(placed.data["id"])
    [did] = call.sandbox.state.dids.values()
    assert did.attributes["billing_cycles_count"] == cycles


async def test_several_mistakes_are_told_at_once(call: Caller, sku: str) -> None:
    """Every wrong item and attribute gets an error of its own."""
    answer = await call.order(
        did_item(sku, qty=0), did_item(UNKNOWN_ID), external_reference_id="x" * 101
    )
    pointers = {error["source"]["pointer"] for error in answer.json["errors"]}
    assert pointers == {
        "/data/attributes/external_reference_id",
        "/data/attributes/items/0/qty",
        "/data/attributes/items/1/sku_id",
    }


async def test_a_pool_has_a_minimum_per_order(call: Caller) -> None:
    """Fewer channels than the pool's minimum are refused, a missing qty included."""
    pool = call.sandbox.state.landmarks.bulk_capacity_pool_id
    for item in (capacity_item(pool, qty=4), capacity_item(pool)):
        answer = await call.order(item)
        assert answer.status == 422
        assert answer.error["title"] == "should be at least 5"
        assert answer.error["source"] == {"pointer": "/data/attributes/items/0/qty"}
    assert (await call.order(capacity_item(pool, qty=5))).status == 201


async def test_an_unknown_pool_is_refused(call: Caller) -> None:
    """422 at `capacity_pool_id`."""
    answer = await call.order(capacity_item(UNKNOWN_ID))
    assert answer.error["source"] == {"pointer": "/data/attributes/items/0/capacity_pool_id"}


@pytest.mark.parametrize(
    ("kind", "attributes", "missing"),
    [
        ("did_order_items", {"qty": 1}, "sku_id"),
        ("capacity_order_items", {"qty": 1}, "capacity_pool_id"),
        ("emergency_order_items", {"qty": 1}, "emergency_calling_service_id"),
    ],
)
async def test_a_missing_id_is_a_missing_parameter(
    kind: str, attributes: dict[str, Any], missing: str, call: Caller
) -> None:
    """400, code 106, with the name that is missing."""
    answer = await call.order({"type": kind, "attributes": attributes})
    assert (answer.status, answer.error["code"]) == (400, "106")
    assert missing in answer.error["detail"]


@pytest.mark.parametrize(
    "kind", ["generic_order_items", "available_did_order_items", "DidOrderItem", None, 5]
)
async def test_an_unknown_item_type_is_refused(kind: object, call: Caller, sku: str) -> None:
    """Only the types that can be ordered are taken."""
    answer = await call.order({"type": kind, "attributes": {"sku_id": sku}})
    assert answer.status == 400
    assert answer.error["source"] == {"pointer": "/data/attributes/items/0/type"}


@pytest.mark.parametrize(
    ("item", "pointer"),
    [
        ({"attributes": {"quantity": 1}}, "/data/attributes/items/0/attributes/quantity"),
        ({"id": "1"}, "/data/attributes/items/0/id"),
        ({"qty": 1}, "/data/attributes/items/0/qty"),
    ],
)
async def test_a_typo_inside_an_item_is_not_allowed(
    item: dict[str, Any], pointer: str, call: Caller, sku: str
) -> None:
    """400, code 105, wherever in the item it stands."""
    attributes = {"sku_id": sku, **item.pop("attributes", {})}
    answer = await call.order({"type": "did_order_items", "attributes": attributes, **item})
    assert (answer.status, answer.error["code"]) == (400, "105")
    assert answer.error["source"] == {"pointer": pointer}


@pytest.mark.parametrize("items", [[], None, "x", {}])
async def test_an_order_needs_items(items: object, call: Caller) -> None:
    """No items, or something that is no list of them, is a 422 at `items`."""
    document = order_document()
    document["data"]["attributes"]["items"] = items
    answer = await call("POST", "/orders", document)
    assert answer.status == 422
    assert answer.error["source"] == {"pointer": "/data/attributes/items"}


async def test_an_order_without_the_word_items_misses_a_parameter(call: Caller) -> None:
    """400, code 106."""
    answer = await call("POST", "/orders", {"data": {"type": "orders", "attributes": {}}})
    assert (answer.status, answer.error["code"]) == (400, "106")


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({"callback_url": "https://example.com/x"}, "callback_method"),
        ({"callback_method": "post"}, "callback_url"),
        ({"callback_url": "ftp://example.com", "callback_method": "post"}, "callback_url"),
        ({"callback_url": "https://", "callback_method": "post"}, "callback_url"),
        ({"callback_url": "not a url", "callback_method": "post"}, "callback_url"),
        ({"callback_url": "https://example.com", "callback_method": "POST"}, "callback_method"),
        ({"callback_url": "https://example.com", "callback_method": "put"}, "callback_method"),
        ({"allow_back_ordering": "no"}, "allow_back_ordering"),
        ({"external_reference_id": 5}, "external_reference_id"),
    ],
)
async def test_a_bad_attribute_of_an_order_is_pointed_at(
    attributes: dict[str, Any], field: str, call: Caller, sku: str
) -> None:
    """422 with the attribute's pointer."""
    answer = await call.order(did_item(sku), **attributes)
    assert answer.status == 422
    assert answer.error["source"] == {"pointer": f"/data/attributes/{field}"}


async def test_back_ordering_is_never_returned(call: Caller, sku: str) -> None:
    """`allow_back_ordering` is for writing only."""
    answer = await call.order(did_item(sku), allow_back_ordering=True)
    assert "allow_back_ordering" not in answer.data["attributes"]


# Single numbers


async def test_a_single_number_can_be_bought(call: Caller) -> None:
    """The very number arrives, and is on offer no more."""
    offered = await call.get("/available_dids?include=did_group.stock_keeping_units")
    number, sku = _number_and_sku(offered.json)
    answer = await call.order(did_item(sku, available_did_id=number["id"]))

    assert answer.status == 201
    assert (await call.get(f"/available_dids/{number['id']}")).status == 404
    call.sandbox.complete_all()
    [did] = (await call.get("/dids")).data
    assert did["attributes"]["number"] == number["attributes"]["number"]


async def test_a_number_cannot_be_sold_twice(call: Caller) -> None:
    """A number that is taken is refused, in the same order and in another one."""
    offered = await call.get("/available_dids?include=did_group.stock_keeping_units")
    number, sku = _number_and_sku(offered.json)
    item = did_item(sku, available_did_id=number["id"])
    pointer = {"pointer": "/data/attributes/items/1/available_did_id"}
    assert (await call.order(item, item)).error["source"] == pointer

    assert (await call.order(item)).status == 201
    answer = await call.order(item)
    assert (answer.status, answer.error["title"]) == (422, "is invalid")


@pytest.mark.parametrize("at", [0, 1])
async def test_a_wanted_number_is_not_given_to_another_item(at: int, call: Caller) -> None:
    """Numbers wanted by id are set aside before others are taken from the shelf."""
    group = (await call.get("/did_groups?filter[area_name]=Amsterdam")).ids[0]
    call.sandbox.state.set_stock(group, 2)
    path = f"/available_dids?filter[did_group.id]={group}&include=did_group.stock_keeping_units"
    document = (await call.get(path)).json
    _, sku = _number_and_sku(document)
    wanted = document["data"][at]
    placed = await call.order(did_item(sku, qty=1), did_item(sku, available_did_id=wanted["id"]))
    assert placed.status == 201
    assert call.sandbox.complete_all() == [placed.data["id"]]
    numbers = {did["attributes"]["number"] for did in (await call.get("/dids")).data}
    assert numbers == {one["attributes"]["number"] for one in document["data"]}


async def test_a_number_needs_a_sku_of_its_group(call: Caller) -> None:
    """A number of one group can't be bought at the price of another."""
    offered = await call.get("/available_dids?include=did_group.stock_keeping_units")
    number, _ = _number_and_sku(offered.json)
    other = call.sandbox.state.landmarks.expensive_sku_id
    call.sandbox.state.balance = Decimal(100_000)
    answer = await call.order(did_item(other, available_did_id=number["id"]))
    assert answer.error["source"] == {"pointer": "/data/attributes/items/0/available_did_id"}


async def test_an_item_has_one_source(call: Caller) -> None:
    """A quantity and a number exclude each other."""
    offered = await call.get("/available_dids?include=did_group.stock_keeping_units")
    number, sku = _number_and_sku(offered.json)
    answer = await call.order(did_item(sku, qty=1, available_did_id=number["id"]))
    assert answer.status == 422
    assert answer.error["source"] == {"pointer": "/data/attributes/items/0/available_did_id"}


async def test_a_canceled_order_offers_its_number_again(call: Caller) -> None:
    """The number is back under the id that it had."""
    offered = await call.get("/available_dids?include=did_group.stock_keeping_units")
    number, sku = _number_and_sku(offered.json)
    placed = await call.order(did_item(sku, available_did_id=number["id"]))
    await call("DELETE", f"/orders/{placed.data['id']}")
    assert (await call.get(f"/available_dids/{number['id']}")).status == 200


async def test_a_nanpa_prefix_decides_how_numbers_begin(call: Caller, sku: str) -> None:
    """Numbers of the order start with the prefix that was asked for."""
    [prefix, *_] = (await call.get("/nanpa_prefixes?filter[npa]=212")).data
    await call.order(did_item(sku, qty=3, nanpa_prefix_id=prefix["id"]))
    call.sandbox.complete_all()
    start = f"1{prefix['attributes']['npa']}{prefix['attributes']['nxx']}"
    numbers = [did["attributes"]["number"] for did in (await call.get("/dids")).data]
    assert len(set(numbers)) == 3
    assert all(number.startswith(start) for number in numbers)


async def test_a_nanpa_prefix_fits_its_country_only(call: Caller) -> None:
    """A prefix of the United States can't narrow down numbers of London."""
    [prefix, *_] = (await call.get("/nanpa_prefixes?filter[npa]=212")).data
    groups = await call.get("/did_groups?filter[area_name]=London&include=stock_keeping_units")
    london = groups.json["included"][0]["id"]
    answer = await call.order(did_item(london, nanpa_prefix_id=prefix["id"]))
    assert answer.error["source"] == {"pointer": "/data/attributes/items/0/nanpa_prefix_id"}


def _number_and_sku(document: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A number on offer, and a SKU of its group."""
    number = document["data"][0]
    included = {one["id"]: one for one in document["included"]}
    group = included[number["relationships"]["did_group"]["data"]["id"]]
    sku = group["relationships"]["stock_keeping_units"]["data"][0]["id"]
    assert json.dumps(included[sku])
    return number, str(sku)
