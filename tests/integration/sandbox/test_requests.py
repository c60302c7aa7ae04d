"""What the sandbox demands of any request, and what it remembers of it."""

import json
from typing import Any

import aiohttp
import pytest

from didww_async.sandbox import Sandbox
from tests.integration.sandbox.conftest import (
    MEDIA_TYPE,
    Caller,
    Clock,
    did_item,
    order_document,
)

ITEM_WITHOUT_ATTRIBUTES = json.dumps(
    order_document({"type": "did_order_items", "attributes": 1})
).encode()
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("key", [None, "", "wrong"])
async def test_a_wrong_key_is_refused(key: str | None, call: Caller) -> None:
    """401 with DIDWW's words."""
    answer = await call("GET", "/orders", headers={"Api-Key": key})
    assert answer.status == 401
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.error == {
        "title": "Unauthorized",
        "detail": "Authorization failed",
        "code": "401",
        "status": "401",
    }


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", f"{MEDIA_TYPE}; charset=utf-8"]
)
async def test_only_the_bare_media_type_is_acceptable(accept: str | None, call: Caller) -> None:
    """406 for anything else, parameters included."""
    answer = await call("GET", "/orders", headers={"Accept": accept})
    assert (answer.status, answer.error["code"]) == (406, "406")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("content_type", [None, "application/json", f"{MEDIA_TYPE}; charset=utf-8"])
async def test_a_write_needs_the_bare_media_type(
    content_type: str | None, method: str, call: Caller, sku: str
) -> None:
    """415 for anything else, parameters included."""
    path = "/orders" if method == "POST" else f"/orders/{UNKNOWN_ID}"
    body = order_document(did_item(sku))
    answer = await call(method, path, body, headers={"Content-Type": content_type})
    assert answer.status in ({415} if method == "POST" else {404, 415})
    assert not call.sandbox.state.orders


@pytest.mark.parametrize("version", ["2026-04-16", "2017-09-18", "nonsense"])
async def test_the_version_header_changes_nothing(version: str, call: Caller) -> None:
    """Whatever is asked for, the served version is in the meta, and the request is recorded."""
    answer = await call("GET", "/orders", headers={"X-DIDWW-API-Version": version})
    assert answer.json["meta"]["api_version"] == "2026-04-16"
    assert call.sandbox.requests[-1].headers["x-didww-api-version"] == version


@pytest.mark.parametrize(
    "path",
    ["/nonsense", "/stock_keeping_units", "/voice_in_trunks", "/balance/1", "/orders/1/items", "/"],
)
async def test_an_unknown_path_is_not_found(path: str, call: Caller) -> None:
    """404 as an error document."""
    answer = await call.get(path)
    assert (answer.status, answer.error["code"]) == (404, "404")


async def test_only_v3_is_served(call: Caller) -> None:
    """A path outside `/v3` is not found."""
    url = call.sandbox.url.removesuffix("/v3")
    headers = {"Api-Key": call.sandbox.api_key, "Accept": MEDIA_TYPE}
    async with call.session.get(f"{url}/v2/orders", headers=headers) as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/orders"),
        ("POST", "/dids"),
        ("DELETE", f"/dids/{UNKNOWN_ID}"),
        ("PATCH", f"/did_reservations/{UNKNOWN_ID}"),
        ("POST", "/balance"),
        ("PATCH", f"/countries/{UNKNOWN_ID}"),
    ],
)
async def test_a_verb_that_a_resource_lacks_is_refused(
    method: str, path: str, call: Caller
) -> None:
    """405 as an error document."""
    answer = await call(method, path, headers={"Content-Type": MEDIA_TYPE})
    assert (answer.status, answer.error["code"]) == (405, "405")


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("GET", "orders"),
        ("DELETE", "orders"),
        ("PATCH", "orders"),
        ("GET", "dids"),
        ("PATCH", "dids"),
        ("GET", "available_dids"),
        ("DELETE", "did_reservations"),
        ("GET", "countries"),
    ],
)
async def test_an_unknown_id_is_not_found(method: str, kind: str, call: Caller) -> None:
    """404 with a detail that names the id."""
    document = {"data": {"type": kind, "id": UNKNOWN_ID}} if method == "PATCH" else None
    answer = await call(method, f"/{kind}/{UNKNOWN_ID}", document)
    assert answer.status == 404
    assert answer.error == {
        "title": "Record not found",
        "detail": f"The record identified by {UNKNOWN_ID} could not be found.",
        "code": "404",
        "status": "404",
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "400"),
        (b"{", "400"),
        (b'{"data": NaN}', "400"),
        (b"[]", "122"),
        (b"{}", "106"),
        (b'{"data": []}', "122"),
        (b'{"data": null}', "122"),
        (b'{"data": {}}', "106"),
        (b'{"data": {"type": "order"}}', "116"),
        (b'{"data": {"type": "orders", "attributes": []}}', "122"),
        (b'{"data": {"type": "orders", "attributes": {"items": ["x"]}}}', "122"),
        (b'{"data": {"type": "orders", "attributes": {"items": [{}]}}}', "106"),
        (ITEM_WITHOUT_ATTRIBUTES, "122"),
        (b'{"data": {"type": "orders", "id": "1", "attributes": {}}}', "105"),
        (b'{"data": {"type": "orders", "attribute": {}}}', "105"),
        (b'{"data": {"type": "orders"}, "datum": 1}', "105"),
        (b'{"data": {"type": "orders", "attributes": {"amount": "1"}}}', "105"),
        (b'{"data": {"type": "orders", "relationships": {"did": {}}}}', "105"),
    ],
)
async def test_a_body_has_to_be_a_document(body: bytes, code: str, call: Caller) -> None:
    """400 with the code for what is wrong with it."""
    answer = await call("POST", "/orders", body, headers={"Content-Type": MEDIA_TYPE})
    assert answer.status == 400
    assert [error["code"] for error in answer.json["errors"]] == [code]


async def test_a_patch_names_its_record(call: Caller, sku: str) -> None:
    """The id in the body is required, and has to be the one in the URL."""
    placed = await call.order(did_item(sku))
    path = f"/orders/{placed.data['id']}"
    missing = await call("PATCH", path, {"data": {"type": "orders"}})
    assert (missing.status, missing.error["code"]) == (400, "109")
    other = await call("PATCH", path, {"data": {"type": "orders", "id": UNKNOWN_ID}})
    assert (other.status, other.error["code"]) == (400, "110")


async def test_a_long_order_is_read_whole(call: Caller, sku: str) -> None:
    """Bodies of several megabytes are fine."""
    items = [did_item(sku, qty=1) for _ in range(1500)]
    document = order_document(*items)
    document["meta"] = {"padding": "x" * 2_000_000}
    call.sandbox.state.balance *= 10
    assert (await call("POST", "/orders", document)).status == 201


# Rate limit


async def test_more_requests_than_allowed_are_refused(
    clock: Clock, session: aiohttp.ClientSession
) -> None:
    """429 with one error of two members; a second later there is room again."""
    async with Sandbox(rate_limit=2, clock=clock) as sandbox:
        call = Caller(sandbox, session)
        assert (await call.get("/balance")).status == 200
        clock.advance(0.6)
        assert (await call.get("/balance")).status == 200
        refused = await call.get("/balance")
        assert refused.status == 429
        assert refused.json == {"errors": [{"status": "429", "detail": "Too Many Requests"}]}
        assert "retry-after" not in refused.headers
        # The window slides: the first request leaves it, the second is still inside.
        clock.advance(0.4)
        assert (await call.get("/balance")).status == 200
        assert (await call.get("/balance")).status == 429


async def test_another_key_has_a_budget_of_its_own(
    clock: Clock, session: aiohttp.ClientSession
) -> None:
    """Requests with one key do not count against another."""
    async with Sandbox(rate_limit=1, clock=clock) as sandbox:
        call = Caller(sandbox, session)
        assert (await call("GET", "/balance", headers={"Api-Key": "other"})).status == 401
        assert (await call.get("/balance")).status == 200


async def test_a_rate_limit_can_say_how_long(clock: Clock, session: aiohttp.ClientSession) -> None:
    """`retry_after` goes into the header."""
    async with Sandbox(rate_limit=1, retry_after=2, clock=clock) as sandbox:
        call = Caller(sandbox, session)
        await call.get("/balance")
        assert (await call.get("/balance")).headers["retry-after"] == "2"


# Records of requests


async def test_requests_are_recorded(call: Caller, sku: str) -> None:
    """Method, path, query, body and status are kept, in order of arrival."""
    document = order_document(did_item(sku))
    await call("POST", "/orders?fields[orders]=amount", document)
    await call("GET", "/orders/x%20y")
    first, second = call.sandbox.requests
    assert (first.method, first.path, first.status) == ("POST", "/v3/orders", 201)
    assert first.query == (("fields[orders]", "amount"),)
    assert first.json == document
    assert json.loads(first.body) == document
    assert (second.method, second.path, second.status) == ("GET", "/v3/orders/x%20y", 404)
    assert second.json is None


async def test_the_key_is_never_recorded(call: Caller) -> None:
    """Only whether it was right."""
    await call.get("/balance")
    await call("GET", "/balance", headers={"Api-Key": "wrong-secret"})
    right, wrong = call.sandbox.requests
    assert (right.authorized, wrong.authorized) == (True, False)
    assert right.headers["api-key"] == "[redacted]"
    everything = repr([(one, dict(one.headers)) for one in call.sandbox.requests])
    assert call.sandbox.api_key not in everything
    assert "wrong-secret" not in everything


async def test_recording_can_be_switched_off(session: aiohttp.ClientSession) -> None:
    """`record_requests=False` keeps nothing."""
    async with Sandbox(record_requests=False) as sandbox:
        await Caller(sandbox, session).get("/balance")
        assert sandbox.requests == []


# Same seed, same world


async def test_the_same_seed_repeats_itself(session: aiohttp.ClientSession) -> None:
    """Catalogue, key, order ids, references and numbers are the same; another seed's are not."""

    async def world(seed: int) -> dict[str, Any]:
        async with Sandbox(seed=seed, complete_after=None) as sandbox:
            call = Caller(sandbox, session)
            item = did_item(sandbox.state.landmarks.cheap_sku_id, qty=2)
            placed = (await call.order(item)).data
            sandbox.complete_all()
            return {
                "key": sandbox.api_key,
                "groups": {
                    id_: (one.attributes, one.meta) for id_, one in sandbox.state.did_groups.items()
                },
                "order": (placed["id"], placed["attributes"]["reference"]),
                "dids": [one.attributes["number"] for one in sandbox.state.dids.values()],
            }

    first, again, other = await world(7), await world(7), await world(8)
    assert first == again
    assert first["key"] != other["key"]
    assert first["groups"].keys().isdisjoint(other["groups"])
    assert first["order"] != other["order"]
