"""Which class stands for which `type` on the wire, in one API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast, dataclass_transform

import attrs

from didww_async.jsonapi.model import (
    KIND,
    TYPES,
    WIRE,
    NestedObject,
    Resource,
    read_model,
)

__all__ = ["NESTED_TYPE", "RESOURCE_TYPE", "Registry", "relationship"]

ResourceT = TypeVar("ResourceT", bound=Resource)
NestedT = TypeVar("NestedT", bound=NestedObject)
NewT = TypeVar("NewT")

RESOURCE_TYPE = "__jsonapi_resource_type__"
NESTED_TYPE = "__jsonapi_nested_type__"


def relationship(*types: str, many: bool = False, wire: str | None = None, **default: Any) -> Any:
    """
    A relationship of a class that is written.

    It takes a resource or an `Identifier`, or a bare id where `types` names one type only.
    """
    metadata = {KIND: "to_many" if many else "to_one", TYPES: types}
    if wire is not None:
        metadata[WIRE] = wire
    return attrs.field(metadata=metadata, **default)


class Registry:
    """The resource types of one API, and the decorators that declare them."""

    def __init__(self) -> None:
        self._resources: dict[str, type[Resource]] = {}

    def resource(self, wire_type: str) -> Callable[[type[ResourceT]], type[ResourceT]]:
        """Declare the class of a resource type."""

        def decorate(cls: type[ResourceT]) -> type[ResourceT]:
            if wire_type in self._resources:
                raise TypeError(f"{wire_type!r} is declared twice")
            model = read_model(wire_type)(cls)
            self._resources[wire_type] = model
            return model

        return decorate

    def nested(self, wire_type: str) -> Callable[[type[NestedT]], type[NestedT]]:
        """Declare the class of a nested object that is told from others by its `type`."""
        return read_model(wire_type)

    def get(self, wire_type: str) -> type[Resource] | None:
        """The class of a resource type, or `None` for a type that no class stands for."""
        return self._resources.get(wire_type)

    def __iter__(self) -> Iterator[type[Resource]]:
        return iter(self._resources.values())


def _written(marker: str, wire_type: str) -> Callable[[type[NewT]], type[NewT]]:
    def decorate(cls: type[NewT]) -> type[NewT]:
        written = cast("Any", attrs.frozen(cls, kw_only=True))
        setattr(written, marker, wire_type)
        return cast("type[NewT]", written)

    return decorate


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(relationship, attrs.field)
)
def new_resource(wire_type: str) -> Callable[[type[NewT]], type[NewT]]:
    """Declare what is sent to create a resource; a field left at `UNSET` is not sent."""
    return _written(RESOURCE_TYPE, wire_type)


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(relationship, attrs.field)
)
def new_nested(wire_type: str) -> Callable[[type[NewT]], type[NewT]]:
    """Declare a nested object `{type, attributes}` that is sent."""
    return _written(NESTED_TYPE, wire_type)
