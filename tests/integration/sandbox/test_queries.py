"""Filters, sorts, includes, fieldsets and pages over a socket."""

from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from didww_async.sandbox import Sandbox
from tests.integration.sandbox.conftest import Caller, Clock, did_item

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def five(call: Caller, sku: str, clock: Clock) -> list[dict[str, Any]]:
    """Five orders, a minute apart, for 1, 2, 9, 10 and 11 numbers, labelled a to e."""
    orders: list[dict[str, Any]] = []
    for label, qty in zip("abcde", (1, 2, 9, 10, 11), strict=True):
        placed = await call.order(did_item(sku, qty=qty), external_reference_id=label)
        orders.append(placed.data)
        clock.advance(60)
    return orders


async def labels(call: Caller, query: str) -> str:
    """The labels of the orders that a query finds, in its order."""
    answer = await call.get(f"/orders?{query}")
    assert answer.status == 200, answer.text
    return "".join(order["attributes"]["external_reference_id"] for order in answer.data)


# Filters


async def test_without_a_sort_records_come_by_id(call: Caller, five: list[dict[str, Any]]) -> None:
    """The default order is by id."""
    assert (await call.get("/orders")).ids == sorted(order["id"] for order in five)


async def test_orders_are_found_by_reference_label(
    call: Caller, five: list[dict[str, Any]]
) -> None:
    """An exact `external_reference_id` finds its order only."""
    assert await labels(call, "filter[external_reference_id]=c") == "c"
    assert await labels(call, "filter[external_reference_id]=C") == ""


async def test_a_comma_list_means_any_of(call: Caller, five: list[dict[str, Any]]) -> None:
    """Ids and references can be listed."""
    ids = f"{five[3]['id']},{five[0]['id'].upper()},{UNKNOWN_ID}"
    assert await labels(call, f"filter[id]={ids}&sort=created_at") == "ad"
    references = ",".join(order["attributes"]["reference"] for order in five[1:3])
    assert await labels(call, f"filter[reference]={references}&sort=created_at") == "bc"


async def test_filters_narrow_each_other_down(call: Caller, five: list[dict[str, Any]]) -> None:
    """A record has to pass all filters."""
    call.sandbox.complete(five[0]["id"])
    call.sandbox.complete(five[1]["id"])
    await call("DELETE", f"/orders/{five[2]['id']}")
    assert await labels(call, "filter[status]=completed&filter[external_reference_id]=b") == "b"
    assert await labels(call, "filter[status]=completed,canceled&sort=created_at") == "abc"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[created_at_gteq]=2026-05-31T12:03:00.000Z", "de"),
        ("filter[created_at_lteq]=2026-05-31T12:01:00Z", "ab"),
        ("filter[created_at_gteq]=2026-05-31T14:03:00%2B02:00", "de"),
        ("filter[created_at_lteq]=2026-05-31", "abcde"),
        ("filter[created_at_lteq]=2026-05-30", ""),
        ("filter[created_at_gteq]=2026-05-31", "abcde"),
        ("filter[created_at_gteq]=2026-06-01", ""),
    ],
)
async def test_orders_are_found_by_time(
    query: str, found: str, call: Caller, five: list[dict[str, Any]]
) -> None:
    """Both ends belong to the span, and a bare date at the end takes in its whole day."""
    assert await labels(call, f"{query}&sort=created_at") == found


@pytest.mark.parametrize(
    ("path", "code", "parameter"),
    [
        ("/orders?filter[amount]=1", "102", "filter[amount]"),
        ("/dids?filter[order]=1", "102", "filter[order]"),
        ("/balance?filter[id]=1", "105", "filter[id]"),
        ("/orders?filter[external_reference_id]=a,b", "107", "filter[external_reference_id]"),
        ("/orders?filter[created_at_gteq]=", "107", "filter[created_at_gteq]"),
        ("/orders?filter[created_at_gteq]=yesterday", "107", "filter[created_at_gteq]"),
        (
            "/orders?filter[created_at_gteq]=2026-05-31T14:03:00+02:00",
            "107",
            "filter[created_at_gteq]",
        ),
        ("/orders?filter[id]=", "107", "filter[id]"),
        ("/orders?filter[id]=5", "107", "filter[id]"),
        ("/orders?filter[status]=Pending", "107", "filter[status]"),
        ("/orders?filter[reference]=a,,b", "107", "filter[reference]"),
        ("/dids?filter[terminated]=yes", "107", "filter[terminated]"),
        ("/dids?filter[terminated]=True", "107", "filter[terminated]"),
        ("/dids?filter[terminated]=true,false", "107", "filter[terminated]"),
        ("/did_groups?filter[features]=voice", "107", "filter[features]"),
        ("/did_groups?filter[meta.total_count_gteq]=few", "107", "filter[meta.total_count_gteq]"),
        ("/available_dids?filter[number_contains]=12", "107", "filter[number_contains]"),
        ("/orders?filter=a", "120", "filter"),
        ("/orders?filter[id][]=a", "120", "filter[id][]"),
        ("/orders?sort=items", "114", "sort"),
        ("/orders?sort=", "114", "sort"),
        ("/orders?sort=status,--amount", "114", "sort"),
        ("/orders?include=items", "112", "include"),
        ("/dids?include=trunk", "112", "include"),
        ("/dids?include=did_group.orders", "112", "include"),
        ("/dids?include=", "112", "include"),
        ("/orders?fields[orders]=amount,total", "104", "fields[orders]"),
        ("/did_groups?fields[did_groups]=nanpa_prefixes", "104", "fields[did_groups]"),
        ("/orders?fields[order]=amount", "101", "fields[order]"),
        ("/orders?page[offset]=1", "117", "page[offset]"),
        ("/orders?page=1", "117", "page"),
        ("/orders?page[number]=0", "118", "page[number]"),
        ("/orders?page[number]=x", "118", "page[number]"),
        ("/orders?page[size]=0", "118", "page[size]"),
        ("/orders?page[size]=101", "118", "page[size]"),
        ("/orders?limit=1", "105", "limit"),
        ("/orders?sort=amount&sort=status", "105", "sort"),
        ("/orders?filter[id]=&page[size]=1&page[size]=2", "105", "page[size]"),
    ],
)
async def test_a_bad_query_is_refused(path: str, code: str, parameter: str, call: Caller) -> None:
    """400 with the documented code, and the parameter in `source`."""
    answer = await call.get(path)
    assert answer.status == 400
    assert answer.error["code"] == code
    assert answer.error["status"] == "400"
    assert answer.error["source"] == {"parameter": parameter}


@pytest.mark.parametrize("query", ["filter[id]=a", "sort=amount", "page[size]=1"])
async def test_one_record_takes_no_list_parameters(query: str, call: Caller) -> None:
    """A get knows only `include` and `fields`."""
    answer = await call.get(f"/orders/{UNKNOWN_ID}?{query}")
    assert (answer.status, answer.error["code"]) == (400, "105")


async def test_names_ignore_case_where_documented(call: Caller) -> None:
    """Area names do, and so do country names; prefixes are exact."""
    groups = await call.get("/did_groups?filter[area_name]=LONDON,berlin&sort=area_name")
    assert [group["attributes"]["area_name"] for group in groups.data] == ["Berlin", "London"]
    countries = await call.get("/countries?filter[name]=germany")
    assert [country["attributes"]["iso"] for country in countries.data] == ["DE"]
    assert (await call.get("/countries?filter[iso]=de")).data == []


async def test_several_features_have_to_be_present_together(call: Caller) -> None:
    """A feature list means all of them."""
    answer = await call.get("/did_groups?filter[features]=sms_in,voice_out")
    assert answer.data
    for group in answer.data:
        assert {"sms_in", "voice_out"} <= set(group["attributes"]["features"])
    neither = await call.get("/did_groups?filter[features]=sms_in,t38")
    assert neither.data == []


async def test_groups_are_found_by_country_and_stock(call: Caller) -> None:
    """Dotted filters follow relationships and meta."""
    germany = (await call.get("/countries?filter[iso]=DE")).ids[0]
    path = f"/did_groups?filter[country.id]={germany}&sort=area_name"
    everything = await call.get(path)
    assert [group["attributes"]["area_name"] for group in everything.data] == [
        "Berlin",
        "DE Mobile",
        "Frankfurt",
        "Hamburg",
        "Munich",
    ]
    sold_out = await call.get(f"{path}&filter[is_available]=false")
    assert [group["attributes"]["area_name"] for group in sold_out.data] == ["Frankfurt"]
    stocked = await call.get("/did_groups?filter[meta.total_count_gteq]=100000")
    assert [group["attributes"]["area_name"] for group in stocked.data] == ["New York"]


async def test_groups_are_found_by_nanpa_prefix(call: Caller) -> None:
    """Both spellings of the prefix filter lead to the group of the area code."""
    prefix = (await call.get("/nanpa_prefixes?filter[npa]=310")).data[0]
    npanxx = prefix["attributes"]["npa"] + prefix["attributes"]["nxx"]
    for query in (f"nanpa_prefix.id]={prefix['id']}", f"nanpa_prefix.npanxx]={npanxx}"):
        answer = await call.get(f"/did_groups?filter[{query}")
        assert [group["attributes"]["area_name"] for group in answer.data] == ["Los Angeles"]
    assert (await call.get(f"/nanpa_prefixes?filter[npanxx]={npanxx}")).ids == [prefix["id"]]


async def test_a_blank_filter_finds_what_is_null(call: Caller) -> None:
    """Groups without a region answer to an empty `region.id`."""
    answer = await call.get("/did_groups?filter[region.id]=&page[size]=100&include=region")
    assert answer.data
    assert all(one["relationships"]["region"]["data"] is None for one in answer.data)


async def test_short_searches_need_a_place(call: Caller) -> None:
    """Two digits are enough beside a coverage filter, three are enough alone."""
    country = (await call.get("/countries?filter[iso]=US")).ids[0]
    near = await call.get(
        f"/available_dids?filter[number_contains]=21&filter[country.id]={country}"
    )
    assert near.status == 200
    alone = await call.get("/available_dids?filter[number_contains]=121")
    assert alone.data
    assert all("121" in number["attributes"]["number"] for number in alone.data)


@pytest.mark.parametrize("kind", ["countries", "cities"])
async def test_places_without_stock_are_not_available(kind: str, call: Caller) -> None:
    """`is_available` follows the stock of the groups in a place."""
    before = len((await call.get(f"/{kind}?filter[is_available]=true&page[size]=100")).data)
    group = (await call.get("/did_groups?filter[area_name]=Madrid")).ids[0]
    other = (await call.get("/did_groups?filter[area_name]=Barcelona")).ids[0]
    call.sandbox.state.set_stock(group, 0)
    call.sandbox.state.set_stock(other, 0)
    after = len((await call.get(f"/{kind}?filter[is_available]=true&page[size]=100")).data)
    assert before - after == (1 if kind == "countries" else 2)


# Sorts


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("created_at", "abcde"),
        ("-created_at", "edcba"),
        # 0.5, 1.0, 4.5, 5.0, 5.5: numbers, not text
        ("amount", "abcde"),
        ("-external_reference_id", "edcba"),
        ("status,-created_at", "caedb"),
    ],
)
async def test_orders_can_be_sorted(
    sort: str, found: str, call: Caller, five: list[dict[str, Any]]
) -> None:
    """By one name or several, up or down, amounts as numbers."""
    call.sandbox.complete(five[0]["id"])
    call.sandbox.complete(five[2]["id"])
    assert await labels(call, f"sort={sort}") == found


async def test_amounts_sort_as_numbers(call: Caller, sku: str) -> None:
    """10.0 comes after 9.0."""
    for qty in (20, 18):
        await call.order(did_item(sku, qty=qty), external_reference_id=str(qty))
    assert await labels(call, "sort=amount") == "1820"


async def test_a_sort_may_follow_a_relationship(call: Caller) -> None:
    """`country.name` sorts groups by their country."""
    answer = await call.get("/did_groups?sort=country.name,-area_name&include=country")
    names = {one["id"]: one["attributes"]["name"] for one in answer.json["included"]}
    keys = [
        (names[one["relationships"]["country"]["data"]["id"]], one["attributes"]["area_name"])
        for one in answer.data
    ]
    assert [country for country, _ in keys] == sorted(country for country, _ in keys)
    assert all(first[1] > second[1] for first, second in pairwise(keys) if first[0] == second[0])


async def test_nulls_sort_last(call: Caller, sku: str) -> None:
    """Ascending, records without a value come after those with one."""
    unnamed = await call.order(did_item(sku))
    named = await call.order(did_item(sku), external_reference_id="a")
    answer = await call.get("/orders?sort=external_reference_id")
    assert answer.ids == [named.data["id"], unnamed.data["id"]]


async def test_a_listing_shows_what_has_changed_since(call: Caller, sku: str) -> None:
    """A remembered selection never outlives a change."""
    assert (await call.get("/orders?sort=amount")).data == []
    placed = await call.order(did_item(sku), external_reference_id="a")
    assert (await call.get("/orders?sort=amount")).ids == [placed.data["id"]]
    assert (await call.get("/orders?filter[external_reference_id]=b")).data == []
    await call.patch("orders", placed.data["id"], attributes={"external_reference_id": "b"})
    assert await labels(call, "filter[external_reference_id]=b") == "b"


# Includes and fieldsets


async def test_without_include_there_is_no_linkage(call: Caller) -> None:
    """Relationships hold links only, and `included` is absent."""
    answer = await call.get("/did_groups?page[size]=1")
    assert "included" not in answer.json
    group = answer.data[0]
    base = f"{call.sandbox.url}/did_groups/{group['id']}"
    assert group["relationships"]["country"] == {
        "links": {"self": f"{base}/relationships/country", "related": f"{base}/country"}
    }
    assert set(group["relationships"]) == {
        "country",
        "city",
        "did_group_type",
        "region",
        "stock_keeping_units",
        "address_requirement",
    }


async def test_include_brings_full_linkage_without_doubles(call: Caller) -> None:
    """Every included resource is linked from the document, once."""
    path = "/available_dids?include=did_group.stock_keeping_units,did_group.country,nanpa_prefix"
    document = (await call.get(path)).json
    included = [(one["type"], one["id"]) for one in document["included"]]
    assert len(included) == len(set(included))
    linked: set[tuple[str, str]] = set()
    for resource in document["data"] + document["included"]:
        for relationship in resource.get("relationships", {}).values():
            data = relationship.get("data") or []
            linked |= {
                (one["type"], one["id"]) for one in (data if isinstance(data, list) else [data])
            }
    assert set(included) == linked
    assert {type_ for type_, _ in included} == {
        "did_groups",
        "stock_keeping_units",
        "countries",
        "nanpa_prefixes",
    }
    [group, *_] = [one for one in document["included"] if one["type"] == "did_groups"]
    assert "data" not in group["relationships"]["city"]
    assert set(group["meta"]) == {
        "available_dids_enabled",
        "needs_registration",
        "is_available",
        "total_count",
    }


async def test_an_include_of_nothing_is_null(call: Caller, sku: str) -> None:
    """An empty to-one has null as data, and `included` is an empty list."""
    await call.order(did_item(sku))
    call.sandbox.complete_all()
    answer = await call.get("/dids?include=voice_in_trunk,identity")
    assert answer.data[0]["relationships"]["voice_in_trunk"]["data"] is None
    assert answer.data[0]["relationships"]["identity"]["data"] is None
    assert answer.json["included"] == []


async def test_a_primary_record_is_never_included_too(call: Caller) -> None:
    """Regions reached over their country are not repeated among the included."""
    answer = await call.get("/regions?include=country.regions")
    assert {one["type"] for one in answer.json["included"]} == {"countries"}
    germany = next(one for one in answer.json["included"] if one["attributes"]["iso"] == "DE")
    assert len(germany["relationships"]["regions"]["data"]) == 4


async def test_include_works_for_one_record(call: Caller) -> None:
    """A get resolves nested includes too."""
    group = (await call.get("/did_groups?filter[area_name]=Berlin")).ids[0]
    answer = await call.get(f"/did_groups/{group}?include=city.region.country,stock_keeping_units")
    types = sorted(one["type"] for one in answer.json["included"])
    assert types == [
        "cities",
        "countries",
        "regions",
        "stock_keeping_units",
        "stock_keeping_units",
    ]


async def test_fieldsets_prune_attributes_and_relationships(call: Caller) -> None:
    """Only the fields that are named remain, in primary and in included resources."""
    path = (
        "/did_groups?page[size]=1&include=country,stock_keeping_units"
        "&fields[did_groups]=area_name,country&fields[countries]=iso"
    )
    answer = await call.get(path)
    [group] = answer.data
    assert set(group["attributes"]) == {"area_name"}
    assert set(group["relationships"]) == {"country"}
    [country] = [one for one in answer.json["included"] if one["type"] == "countries"]
    assert set(country["attributes"]) == {"iso"}
    assert "relationships" not in country


async def test_an_empty_fieldset_leaves_nothing(call: Caller) -> None:
    """`fields[orders]=` prunes every attribute."""
    answer = await call.get("/balance?fields[balances]=")
    assert answer.data["attributes"] == {}


# Pages


async def test_a_page_has_links_that_carry_the_query(
    call: Caller, five: list[dict[str, Any]]
) -> None:
    """Links are absolute, percent-encoded, and repeat the other parameters."""
    answer = await call.get("/orders?sort=created_at&page[size]=2&page[number]=2")
    base = f"{call.sandbox.url}/orders?sort=created_at&page%5Bnumber%5D="
    assert answer.json["links"] == {
        "first": f"{base}1&page%5Bsize%5D=2",
        "prev": f"{base}1&page%5Bsize%5D=2",
        "next": f"{base}3&page%5Bsize%5D=2",
        "last": f"{base}3&page%5Bsize%5D=2",
    }
    assert answer.json["meta"] == {"total_records": 5, "api_version": "2026-04-16"}


async def test_the_links_lead_through_everything_once(
    call: Caller, five: list[dict[str, Any]]
) -> None:
    """Following `next` meets every record; the last page has none, the first no `prev`."""
    path, seen = "/orders?page[size]=2&filter[status]=pending&sort=created_at", ""
    for _ in range(3):
        answer = await call.get(path)
        seen += "".join(one["attributes"]["external_reference_id"] for one in answer.data)
        links = answer.json["links"]
        assert ("prev" in links) == (len(seen) > 2)
        path = links.get("next", "").removeprefix(call.sandbox.url)
    assert (seen, path) == ("abcde", "")


async def test_link_parameters_survive_odd_characters(call: Caller) -> None:
    """What was decoded is encoded again."""
    answer = await call.get("/orders?filter[external_reference_id]=a%26b%20%C3%A9%2B")
    query = urlsplit(answer.json["links"]["first"]).query
    assert parse_qsl(query)[0] == ("filter[external_reference_id]", "a&b é+")


async def test_an_empty_list_has_one_page(call: Caller) -> None:
    """First and last are page one, with neither next nor prev."""
    answer = await call.get("/orders")
    url = f"{call.sandbox.url}/orders?page%5Bnumber%5D=1&page%5Bsize%5D=50"
    assert answer.json["links"] == {"first": url, "last": url}
    assert answer.json["meta"]["total_records"] == 0


async def test_beyond_the_last_page_there_is_nothing(
    call: Caller, five: list[dict[str, Any]]
) -> None:
    """A page after the last is empty and has no next."""
    answer = await call.get("/orders?page[number]=9")
    assert answer.data == []
    assert "next" not in answer.json["links"]


async def test_a_page_has_fifty_records_unless_told(call: Caller, sku: str) -> None:
    """The default page size is 50."""
    for _ in range(51):
        await call.order(did_item(sku))
    assert len((await call.get("/orders")).data) == 50
    assert len((await call.get("/orders?page[size]=100")).data) == 51


async def test_the_largest_page_can_be_set(session: aiohttp.ClientSession) -> None:
    """A smaller limit also lowers the default size."""
    async with Sandbox(page_size_limit=3) as sandbox:
        call = Caller(sandbox, session)
        assert len((await call.get("/did_groups")).data) == 3
        assert (await call.get("/did_groups?page[size]=4")).status == 400


@pytest.mark.parametrize("kind", ["countries", "regions"])
async def test_short_lists_come_whole(kind: str, call: Caller) -> None:
    """Types that are not paginated have no links and all of their records."""
    answer = await call.get(f"/{kind}")
    assert "links" not in answer.json
    assert len(answer.data) == len(call.sandbox.state.tables[kind].records)


async def test_numbers_on_offer_are_capped(session: aiohttp.ClientSession) -> None:
    """Few are shown, `meta.total_count` tells how many there are."""
    async with Sandbox(available_dids_limit=7) as sandbox:
        answer = await Caller(sandbox, session).get("/available_dids")
        assert len(answer.data) == 7
        assert "links" not in answer.json
        total = len(sandbox.state.available_dids)
        assert answer.json["meta"] == {"total_count": total, "api_version": "2026-04-16"}
