"""
Exchanges as documented and as recorded.

What leaves equals the request, and what comes back is all there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from didww_async import ApiStatusError, DidwwClient, InsufficientBalanceError, NewOrder
from didww_async.jsonapi import Identifier
from tests.contract.conftest import Exchange, Replay, recordings
from tests.contract.documents import DOCUMENTED
from tests.contract.equality import assert_says

Start = Callable[[Exchange], Awaitable[Replay]]
MakeClient = Callable[[str], DidwwClient]

MEDIA_TYPE = "application/vnd.api+json"
PATHS = {
    "available_dids",
    "balance",
    "capacity_pools",
    "cities",
    "countries",
    "did_group_types",
    "did_groups",
    "did_reservations",
    "dids",
    "nanpa_prefixes",
    "orders",
    "orders_with_callback",
    "regions",
}
EXCHANGES = [pytest.param(each, id=name) for name, each in DOCUMENTED.items()] + recordings(
    "seeds.json", *(f"didww/{path}/*.json" for path in sorted(PATHS))
)


async def perform(client: DidwwClient, exchange: Exchange) -> Any:  # one a verb
    """Call the client as the recorded request asks."""
    request = exchange["request"]
    method, path = request["method"], request["path"]
    name, _, identity = path.strip("/").partition("/")
    collection: Any = getattr(client, name)
    if method == "POST" and name == "orders":
        return await collection.create(NewOrder.from_json(request["body"]))
    if method == "POST":
        return await collection.create(reservation(request["body"]["data"]))
    if method == "PATCH":
        return await collection.update(identity, **changes(request["body"]["data"]))
    if method == "DELETE":
        verb = collection.cancel if name == "orders" else collection.delete
        return await verb(identity)
    if name == "balance":
        return await collection.get()
    if identity:
        return await collection.get(identity)
    return await collection.list()


def reservation(data: Any) -> Any:
    """The reservation that a recorded body asks for."""
    from didww_async import NewDidReservation

    linked = data["relationships"]["available_did"]["data"]
    return NewDidReservation(
        available_did=Identifier(linked["type"], linked["id"]), **data["attributes"]
    )


def changes(data: Any) -> dict[str, Any]:
    """The keywords of `update` that a recorded body stands for."""
    found: dict[str, Any] = dict(data.get("attributes", {}))
    for name, relationship in data.get("relationships", {}).items():
        linked = relationship["data"]
        found[name] = None if linked is None else Identifier(linked["type"], linked["id"])
    return found


def without_empty(body: Any) -> Any:
    """A body without the empty `attributes` that some recordings send along."""
    if body is None:
        return None
    data = {name: value for name, value in body["data"].items() if value != {}}
    return {"data": data}


@pytest.mark.parametrize("exchange", EXCHANGES)
async def test_recorded_request_leaves_as_recorded(
    exchange: Exchange, replay: Start, make_client: MakeClient
) -> None:
    """Method, path, body and headers are those of the recording."""
    server = await replay(exchange)
    async with make_client(server.url) as client:
        with suppress(ApiStatusError):  # a refusal was recorded
            await perform(client, exchange)
    (asked,) = server.asked
    request = exchange["request"]
    assert asked["method"] == request["method"]
    assert asked["path"] == request["path"]
    assert without_empty(asked["body"]) == without_empty(request["body"])
    assert asked["headers"]["Accept"] == MEDIA_TYPE
    assert asked["headers"]["Api-Key"] == "test-api-key"
    assert asked["headers"].get("Content-Type") == (MEDIA_TYPE if request["body"] else None)


@pytest.mark.parametrize("exchange", EXCHANGES)
async def test_recorded_answer_is_read_whole(
    exchange: Exchange, replay: Start, make_client: MakeClient
) -> None:
    """Every attribute, meta and linkage of the recorded answer is in the typed one."""
    server = await replay(exchange)
    response = exchange["response"]
    async with make_client(server.url) as client:
        if response["status"] >= 400:
            with pytest.raises(ApiStatusError) as caught:
                await perform(client, exchange)
            assert_refusal(caught.value, response)
            return
        answer = await perform(client, exchange)
    if response["status"] == 204:
        assert answer is None
        return
    data = response["body"]["data"]
    if isinstance(data, list):
        assert len(answer) == len(data)
        for resource, printed in zip(answer, data, strict=True):
            assert_says(resource, printed)
        assert answer.meta == response["body"].get("meta", {})
    else:
        assert_says(answer, data)


def assert_refusal(error: ApiStatusError, response: Any) -> None:
    """The error holds the status and every printed error object."""
    assert error.status == response["status"]
    printed = response["body"]["errors"]
    assert [one.title for one in error.errors] == [one.get("title") for one in printed]
    assert [one.code for one in error.errors] == [one.get("code") for one in printed]
    assert [one.detail for one in error.errors] == [one.get("detail") for one in printed]
    pointers = [one.get("source", {}).get("pointer") for one in printed]
    assert [one.pointer for one in error.errors] == pointers
    if "total_cost" in printed[0].get("meta", {}):
        assert isinstance(error, InsufficientBalanceError)
        assert str(error.total_cost) == printed[0]["meta"]["total_cost"]
        assert str(error.available_balance) == printed[0]["meta"]["available_balance"]
