"""Numbers, reservations and capacity pools over a socket."""

from typing import Any

import aiohttp
import pytest

from didww_async.sandbox import Sandbox
from tests.integration.sandbox.conftest import Caller, Clock, did_item

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def did(call: Caller, sku: str) -> str:
    """A purchased number."""
    await call.order(did_item(sku))
    call.sandbox.complete_all()
    [did_id] = call.sandbox.state.dids
    return did_id


@pytest.fixture
async def number(call: Caller) -> str:
    """A number on offer."""
    return str((await call.get("/available_dids")).ids[0])


def to(kind: str, id_: str | None) -> dict[str, Any]:
    """A relationship to one record, or to none."""
    return {"data": None if id_ is None else {"type": kind, "id": id_}}


# DIDs


async def test_a_did_can_be_described_and_cleared(call: Caller, did: str) -> None:
    """What is sent changes, null clears, the rest stays."""
    changed = await call.patch(
        "dids",
        did,
        attributes={
            "description": "desk",
            "capacity_limit": 2,
            "billing_cycles_count": 0,
            "dedicated_channels_count": 1,
        },
    )
    assert changed.status == 200
    attributes = changed.data["attributes"]
    assert (attributes["description"], attributes["capacity_limit"]) == ("desk", 2)
    cleared = await call.patch("dids", did, attributes={"description": None})
    assert cleared.data["attributes"]["description"] is None
    assert cleared.data["attributes"]["capacity_limit"] == 2
    assert (await call.get("/dids?filter[pending_removal]=true")).ids == [did]
    assert (await call.get("/dids?filter[billing_cycles_count]=0")).ids == [did]


async def test_terminating_a_did_shows(call: Caller, did: str) -> None:
    """`terminated` can be set and is filtered by."""
    await call.patch("dids", did, attributes={"terminated": True})
    assert (await call.get("/dids?filter[terminated]=true")).ids == [did]
    assert (await call.get("/dids?filter[terminated]=false")).ids == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("description", 5),
        ("terminated", "yes"),
        ("terminated", None),
        ("capacity_limit", 32768),
        ("capacity_limit", "2"),
        ("dedicated_channels_count", -1),
        ("dedicated_channels_count", None),
        ("billing_cycles_count", 1000),
    ],
)
async def test_a_bad_value_leaves_the_did_as_it_was(
    name: str, value: object, call: Caller, did: str
) -> None:
    """422 with the attribute's pointer, and none of the change is applied."""
    answer = await call.patch("dids", did, attributes={"description": "new", name: value})
    assert answer.status == 422
    assert answer.error["source"] == {"pointer": f"/data/attributes/{name}"}
    assert call.sandbox.state.dids[did].attributes["description"] is None


@pytest.mark.parametrize("name", ["number", "descripton", "expires_at"])
async def test_what_is_read_only_is_not_allowed(name: str, call: Caller, did: str) -> None:
    """400, code 105, for read-only names and typos alike."""
    answer = await call.patch("dids", did, attributes={name: "x"})
    assert (answer.status, answer.error["code"]) == (400, "105")


async def test_a_did_rings_at_a_trunk_or_at_a_group(call: Caller, did: str) -> None:
    """Assigning the one takes the other away; null takes it away as well."""
    marks = call.sandbox.state.landmarks
    links = "?include=voice_in_trunk,voice_in_trunk_group"

    async def assigned() -> list[str | None]:
        relationships = (await call.get(f"/dids/{did}{links}")).data["relationships"]
        linked = [relationships[n]["data"] for n in ("voice_in_trunk", "voice_in_trunk_group")]
        return [one and one["id"] for one in linked]

    trunk, group = marks.voice_in_trunk_ids[0], marks.voice_in_trunk_group_id
    await call.patch("dids", did, relationships={"voice_in_trunk": to("voice_in_trunks", trunk)})
    assert await assigned() == [trunk, None]
    assert (await call.get(f"/dids?filter[voice_in_trunk.id]={trunk}")).ids == [did]
    relationships = {"voice_in_trunk_group": to("voice_in_trunk_groups", group)}
    await call.patch("dids", did, relationships=relationships)
    assert await assigned() == [None, group]
    relationships = {"voice_in_trunk_group": to("voice_in_trunk_groups", None)}
    await call.patch("dids", did, relationships=relationships)
    assert await assigned() == [None, None]


async def test_a_did_cannot_have_trunk_and_group(call: Caller, did: str) -> None:
    """Both at once are refused."""
    marks = call.sandbox.state.landmarks
    answer = await call.patch(
        "dids",
        did,
        relationships={
            "voice_in_trunk": to("voice_in_trunks", marks.voice_in_trunk_ids[0]),
            "voice_in_trunk_group": to("voice_in_trunk_groups", marks.voice_in_trunk_group_id),
        },
    )
    assert answer.status == 422


async def test_an_unknown_trunk_group_is_reported_as_an_attribute(call: Caller, did: str) -> None:
    """The pointer is the attribute that holds the id."""
    answer = await call.patch(
        "dids",
        did,
        relationships={
            "voice_in_trunk_group": to("voice_in_trunk_groups", "invalid"),
            "voice_in_trunk": to("voice_in_trunks", None),
        },
    )
    assert answer.status == 422
    assert answer.error == {
        "title": "is invalid",
        "detail": "voice_in_trunk_group - is invalid",
        "code": "100",
        "status": "422",
        "source": {"pointer": "/data/attributes/voice_in_trunk_group_id"},
    }


@pytest.mark.parametrize(
    ("relationship", "code"),
    [
        ({"voice_in_trunk": to("voice_in_trunk_groups", UNKNOWN_ID)}, "116"),
        ({"voice_in_trunk": {}}, "115"),
        ({"voice_in_trunk": {"data": {"id": 5, "type": "voice_in_trunks"}}}, "115"),
        ({"voice_in_trunk": {"data": []}}, "115"),
        ({"voice_in_trunk": {"data": {"id": "1", "type": "voice_in_trunks", "x": 1}}}, "105"),
        ({"trunk": to("voice_in_trunks", None)}, "105"),
        ({"order": to("orders", UNKNOWN_ID)}, "105"),
    ],
)
async def test_a_bad_linkage_is_refused(
    relationship: dict[str, Any], code: str, call: Caller, did: str
) -> None:
    """400 with the code for what is wrong."""
    answer = await call.patch("dids", did, relationships=relationship)
    assert (answer.status, answer.error["code"]) == (400, code)


async def test_a_capacity_group_knows_its_dids(call: Caller, did: str) -> None:
    """Both ends of the relationship agree."""
    group = call.sandbox.state.landmarks.shared_capacity_group_id
    relationships = {"shared_capacity_group": to("shared_capacity_groups", group)}
    await call.patch("dids", did, relationships=relationships)
    answer = await call.get(f"/dids/{did}?include=shared_capacity_group.dids")
    [included] = answer.json["included"]
    assert included["relationships"]["dids"]["data"] == [{"type": "dids", "id": did}]

    relationships = {"shared_capacity_group": to("shared_capacity_groups", None)}
    await call.patch("dids", did, relationships=relationships)
    held = call.sandbox.state.tables["shared_capacity_groups"].records[group]
    assert held.links["dids"] == ()


# Capacity pools


async def test_a_pool_can_only_be_lowered(call: Caller) -> None:
    """Down to what is assigned, and never up."""
    pool = call.sandbox.state.landmarks.capacity_pool_id
    lowered = await call.patch("capacity_pools", pool, attributes={"total_channels_count": 4})
    assert lowered.data["attributes"]["total_channels_count"] == 4
    for count in (5, 3, "4", None):
        answer = await call.patch(
            "capacity_pools", pool, attributes={"total_channels_count": count}
        )
        assert answer.status == 422
        assert answer.error["source"] == {"pointer": "/data/attributes/total_channels_count"}
    answer = await call.patch("capacity_pools", pool, attributes={"name": "Mine"})
    assert (answer.status, answer.error["code"]) == (400, "105")


async def test_pools_tell_their_volume_prices(call: Caller) -> None:
    """Prices per quantity come with the include, and free channels can be filtered by."""
    answer = await call.get("/capacity_pools?include=qty_based_pricings&sort=-monthly_price")
    assert [pool["attributes"]["name"] for pool in answer.data] == ["Standard", "Extended"]
    assert len(answer.data[0]["relationships"]["qty_based_pricings"]["data"]) == 2
    pool = call.sandbox.state.landmarks.capacity_pool_id
    await call.patch("capacity_pools", pool, attributes={"total_channels_count": 4})
    free = await call.get("/capacity_pools?filter[has_unassigned_channels]=true")
    assert [pool["attributes"]["name"] for pool in free.data] == ["Extended"]
    country = (await call.get("/countries?filter[iso]=PL")).ids[0]
    assert len((await call.get(f"/capacity_pools?filter[country.id]={country}")).data) == 2


# Reservations


async def test_a_reservation_holds_its_number(call: Caller, number: str) -> None:
    """The number is offered no more, and counts as out of stock."""
    before = (await call.get("/available_dids")).json["meta"]["total_count"]
    made = await call.reserve(number, description="for Ann")
    assert made.status == 201
    assert made.data["attributes"] == {
        "expires_at": "2026-05-31T12:10:00.000Z",
        "created_at": "2026-05-31T12:00:00.000Z",
        "description": "for Ann",
    }
    assert made.json["meta"] == {"api_version": "2026-04-16"}
    assert (await call.get(f"/available_dids/{number}")).status == 404
    offered = await call.get("/available_dids")
    assert offered.json["meta"]["total_count"] == before - 1
    assert number not in offered.ids


async def test_a_reservation_shows_its_number(call: Caller, number: str) -> None:
    """The held number is reached by include; the meta counts what may still be held."""
    made = await call.reserve(number)
    path = f"/did_reservations/{made.data['id']}?include=available_did.did_group"
    shown = await call.get(path)
    assert shown.json["meta"]["available_count"] == 9
    assert [one["type"] for one in shown.json["included"]] == ["available_dids", "did_groups"]
    listed = await call.get("/did_reservations")
    assert listed.json["meta"] == {
        "total_records": 1,
        "available_count": 9,
        "api_version": "2026-04-16",
    }


async def test_a_number_is_held_once(call: Caller, number: str) -> None:
    """422 at the relationship for a number that is held, sold or unknown."""
    await call.reserve(number)
    for held in (number, UNKNOWN_ID):
        answer = await call.reserve(held)
        assert answer.status == 422
        assert answer.error["detail"] == "available_did - is invalid"
        assert answer.error["source"] == {"pointer": "/data/relationships/available_did"}


async def test_a_reservation_needs_a_number(call: Caller) -> None:
    """Without the relationship a parameter is missing."""
    answer = await call("POST", "/did_reservations", {"data": {"type": "did_reservations"}})
    assert (answer.status, answer.error["code"]) == (400, "106")


async def test_only_so_many_numbers_can_be_held(session: aiohttp.ClientSession) -> None:
    """The limit answers 422, until one is let go."""
    async with Sandbox(reservation_limit=2) as sandbox:
        call = Caller(sandbox, session)
        numbers = (await call.get("/available_dids")).ids
        made = [await call.reserve(number) for number in numbers[:2]]
        assert (await call.reserve(numbers[2])).status == 422
        await call("DELETE", f"/did_reservations/{made[0].data['id']}")
        assert (await call.reserve(numbers[2])).status == 201


async def test_a_reservation_can_be_given_up(call: Caller, number: str) -> None:
    """204, and the number is on offer again."""
    made = await call.reserve(number)
    path = f"/did_reservations/{made.data['id']}"
    deleted = await call("DELETE", path)
    assert (deleted.status, deleted.text) == (204, "")
    assert (await call.get(path)).status == 404
    assert (await call.get(f"/available_dids/{number}")).status == 200


async def test_a_reservation_ends_by_the_clock(call: Caller, number: str, clock: Clock) -> None:
    """After ten minutes it is gone and its number back."""
    made = await call.reserve(number)
    path = f"/did_reservations/{made.data['id']}"
    clock.advance(599.999)
    assert (await call.get(path)).status == 200
    clock.advance(0.001)
    assert (await call.get(path)).status == 404
    assert (await call.get(f"/available_dids/{number}")).status == 200


async def test_a_reservation_becomes_a_purchase(call: Caller, number: str, clock: Clock) -> None:
    """Ordering it delivers the held number, ends the reservation, and its expiry does nothing."""
    sku = await _sku_for(call, number)
    made = await call.reserve(number)
    placed = await call.order(did_item(sku, did_reservation_id=made.data["id"]))
    assert placed.status == 201
    assert (await call.get(f"/did_reservations/{made.data['id']}")).status == 404
    digits = call.sandbox.state.available_dids[number].attributes["number"]
    clock.advance(601)
    call.sandbox.complete_all()
    [did] = (await call.get("/dids")).data
    assert did["attributes"]["number"] == digits
    assert (await call.get(f"/available_dids/{number}")).status == 404


async def test_an_expired_reservation_cannot_be_bought(
    call: Caller, number: str, clock: Clock
) -> None:
    """422 at `did_reservation_id`."""
    sku = await _sku_for(call, number)
    made = await call.reserve(number)
    clock.advance(600)
    answer = await call.order(did_item(sku, did_reservation_id=made.data["id"]))
    assert answer.status == 422
    assert answer.error["source"] == {"pointer": "/data/attributes/items/0/did_reservation_id"}


async def test_a_held_number_cannot_be_bought_past_its_reservation(
    call: Caller, number: str
) -> None:
    """Its own id is not on offer while it is held."""
    sku = await _sku_for(call, number)
    await call.reserve(number)
    answer = await call.order(did_item(sku, available_did_id=number))
    assert answer.status == 422


@pytest.mark.parametrize("sort", ["expires_at", "-expire_at", "description"])
async def test_reservations_sort_by_old_and_new_names(sort: str, call: Caller) -> None:
    """`expire_at` is the old name of a sort that still works."""
    assert (await call.get(f"/did_reservations?sort={sort}")).status == 200


async def _sku_for(call: Caller, number: str) -> str:
    path = f"/available_dids/{number}?include=did_group.stock_keeping_units"
    included = (await call.get(path)).json["included"]
    return str(next(one["id"] for one in included if one["type"] == "stock_keeping_units"))
