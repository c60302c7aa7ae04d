"""The body of a write, checked for its shape before anybody acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from didww_async.sandbox.didww import refusals
from didww_async.sandbox.wire import is_object, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didww_async.sandbox.didww.schema import Resource

_TOP_LEVEL = frozenset({"data", "meta", "jsonapi", "links", "included"})
_RESOURCE_OBJECT = frozenset({"type", "id", "attributes", "relationships", "links", "meta"})
_IDENTIFIER = frozenset({"type", "id", "meta"})


@frozen
class Change:
    """What a write asks for."""

    attributes: Mapping[str, object]
    links: Mapping[str, str | None]
    """To-one relationships by name: an id, or None to clear."""


def read_create(resource: Resource, body: bytes) -> Change:
    """The attributes and relationships of a resource to create."""
    data = _resource_object(resource, body)
    if "id" in data:
        raise refusals.not_allowed("id", pointer="/data/id")
    return Change(
        _attributes(data, resource.create_attributes),
        _links(resource, data, resource.create_relationships),
    )


def read_update(resource: Resource, record_id: str, body: bytes) -> Change:
    """The attributes and relationships to change in the resource with this id."""
    data = _resource_object(resource, body)
    if "id" not in data:
        raise refusals.bad_request(
            refusals.KEY_MISSING, "A key is required", "The resource object does not contain a key."
        )
    if data["id"] != record_id:
        raise refusals.bad_request(
            refusals.KEY_NOT_IN_URL,
            "Key is not included in URL",
            f"The URL does not support the key {data['id']}",
            pointer="/data/id",
        )
    return Change(
        _attributes(data, resource.update_attributes),
        _links(resource, data, resource.update_relationships),
    )


def _resource_object(resource: Resource, body: bytes) -> dict[str, object]:
    try:
        document = loads(body)
    except ValueError:
        raise refusals.bad_request("400", "Bad Request", "The body is not valid JSON.") from None
    if not is_object(document):
        raise _bad_format("The body has to be a JSON object.")
    _refuse_unknown(document, _TOP_LEVEL, "")
    if "data" not in document:
        raise refusals.missing("data")
    data = document["data"]
    if not is_object(data):
        raise _bad_format("data has to be a resource object.", "/data")
    _refuse_unknown(data, _RESOURCE_OBJECT, "/data")
    if "type" not in data:
        raise refusals.missing("type", pointer="/data")
    if data["type"] != resource.type:
        raise refusals.type_mismatch(data["type"], resource.type, pointer="/data/type")
    return data


def _attributes(data: Mapping[str, object], allowed: frozenset[str]) -> dict[str, object]:
    attributes = data.get("attributes", {})
    if not is_object(attributes):
        raise _bad_format("attributes has to be an object.", "/data/attributes")
    _refuse_unknown(attributes, allowed, "/data/attributes")
    return attributes


def _links(
    resource: Resource, data: Mapping[str, object], allowed: frozenset[str]
) -> dict[str, str | None]:
    relationships = data.get("relationships", {})
    if not is_object(relationships):
        raise _bad_format("relationships has to be an object.", "/data/relationships")
    _refuse_unknown(relationships, allowed, "/data/relationships")
    return {
        name: _linked_id(value, resource.relationships[name].type, f"/data/relationships/{name}")
        for name, value in relationships.items()
    }


def _linked_id(relationship: object, expected: str, pointer: str) -> str | None:
    if not is_object(relationship) or "data" not in relationship:
        raise _bad_linkage(pointer)
    data = relationship["data"]
    if data is None:
        return None
    if not is_object(data) or not isinstance(data.get("id"), str) or "type" not in data:
        raise _bad_linkage(pointer)
    _refuse_unknown(data, _IDENTIFIER, f"{pointer}/data")
    if data["type"] != expected:
        raise refusals.type_mismatch(data["type"], expected, pointer=f"{pointer}/data/type")
    return str(data["id"])


def _refuse_unknown(sent: Mapping[str, object], allowed: frozenset[str], pointer: str) -> None:
    for name in sent:
        if name not in allowed:
            raise refusals.not_allowed(name, pointer=f"{pointer}/{name}")


def _bad_format(detail: str, pointer: str = "") -> refusals.RefusalError:
    return refusals.bad_request(
        refusals.INVALID_DATA_FORMAT, "Invalid data format", detail, pointer=pointer
    )


def _bad_linkage(pointer: str) -> refusals.RefusalError:
    return refusals.bad_request(
        refusals.INVALID_LINKAGE,
        "Invalid Links Object",
        "Data is not a valid Links Object.",
        pointer=pointer,
    )
