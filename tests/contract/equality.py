"""Whether a typed resource says all that the printed one does."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from didww_async.jsonapi import ReadModel, Resource, UnknownObject, UnknownResource


def assert_says(resource: Any, printed: Mapping[str, Any]) -> None:
    """Every attribute, and the meta, of a printed resource object is in the typed one."""
    assert resource.id == printed["id"]
    assert resource.wire_type == printed["type"]
    attributes = printed.get("attributes", {})
    if isinstance(resource, UnknownResource):
        assert resource.attributes == attributes
    else:
        assert_attributes(resource, attributes)
    assert resource.meta == printed.get("meta", {})
    for name, relationship in printed.get("relationships", {}).items():
        held = resource.relationships[name]
        assert held.has_data is ("data" in relationship)
        assert plain_linkage(held.data) == relationship.get("data")


def assert_attributes(model: ReadModel, printed: Mapping[str, Any]) -> None:
    """Every printed attribute is in the model."""
    for name, value in printed.items():
        if hasattr(type(model), name):
            assert_equal(getattr(model, name), value, name)
        else:
            assert model.unknown_attributes[name] == value


def assert_equal(typed: Any, printed: Any, name: str) -> None:
    """A typed value says what the printed one does; capitals of old enum spellings aside."""
    match typed:
        case Decimal():
            assert isinstance(printed, str)
            assert typed == Decimal(printed), name
            assert str(typed) == printed, name
        case dt.datetime():
            assert typed.tzinfo is dt.UTC
            written = typed.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            assert written == printed, name
        case dt.date():
            assert typed.isoformat() == printed, name
        case enum.Enum():
            assert typed.value == printed.lower() or typed.value == printed, name
        case tuple():
            assert len(typed) == len(printed), name
            for one, other in zip(typed, printed, strict=True):
                assert_equal(one, other, name)
        case UnknownObject():
            assert typed.raw == printed
        case Resource():
            raise AssertionError(f"{name} is a relationship")
        case ReadModel():
            assert typed.wire_type == printed["type"]
            assert_attributes(typed, printed["attributes"])
        case _:
            assert type(typed) is type(printed), name
            assert typed == printed, name


def plain_linkage(data: Any) -> Any:
    """A relationship's identifiers as a document writes them."""
    if data is None:
        return None
    if isinstance(data, tuple):
        return [plain_linkage(one) for one in data]
    return {"type": data.type, "id": data.id}
