"""Writing documents: new resources and changes in, JSON values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import attrs

from didww_async.jsonapi.document import Identifier
from didww_async.jsonapi.errors import InvalidInputError
from didww_async.jsonapi.model import KIND, TYPES, Resource, kind_of, wire_name
from didww_async.jsonapi.registry import RESOURCE_TYPE
from didww_async.jsonapi.structure import attributes_encoder
from didww_async.jsonapi.types import UNSET

if TYPE_CHECKING:
    import cattrs

__all__ = ["DocumentWriter"]


class DocumentWriter:
    """Writes the documents of one API."""

    def __init__(self, converter: cattrs.Converter) -> None:
        self._converter = converter
        self._encoders: dict[type, Callable[[Any], dict[str, Any]]] = {}

    def new(self, new: Any) -> dict[str, Any]:
        """The document that creates `new`, an instance of a class made by `new_resource`."""
        cls = cast("Any", type(new))
        encode = self._encoders.get(cls)
        if encode is None:
            encode = self._encoders[cls] = self._encoder(cls)
        return {"data": encode(new)}

    def changes(
        self, model: type[Resource], identity: str, changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The document that changes the named fields of one resource; `None` clears a field."""
        fields = {field.name: field for field in attrs.fields(cast("Any", model))}
        data: dict[str, Any] = {"type": model.wire_type, "id": identity}
        for name, value in changes.items():
            field = fields.get(name)
            if field is None:
                raise InvalidInputError(name, f"{model.wire_type} has no such field")
            if value is UNSET:
                continue
            if kind_of(field).startswith("to_"):
                member = data.setdefault("relationships", {})
                member[wire_name(field)] = {"data": _linkage(name, value, field.metadata[TYPES])}
            else:
                member = data.setdefault("attributes", {})
                member[wire_name(field)] = self._converter.unstructure(value)
        return {"data": data}

    def _encoder(self, cls: Any) -> Callable[[Any], dict[str, Any]]:
        wire_type = getattr(cls, RESOURCE_TYPE, None)
        if wire_type is None:
            raise InvalidInputError("new", f"{cls.__name__} is not something that can be created")
        attributes = attributes_encoder(cls, self._converter)
        links = [
            (field.name, wire_name(field), field.metadata[TYPES])
            for field in attrs.fields(cls)
            if field.metadata.get(KIND) in {"to_one", "to_many"}
        ]

        def encode(new: Any) -> dict[str, Any]:
            data: dict[str, Any] = {"type": wire_type, "attributes": attributes(new)}
            relationships = {
                wire: {"data": _linkage(name, value, types)}
                for name, wire, types in links
                if (value := getattr(new, name)) is not UNSET
            }
            if relationships:
                data["relationships"] = relationships
            return data

        return encode


def _linkage(name: str, value: Any, types: tuple[str, ...]) -> Any:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        items = enumerate(cast("list[Any]", value))
        return [_linkage(f"{name}[{index}]", item, types) for index, item in items]
    if isinstance(value, Resource):
        value = value.identifier
    if isinstance(value, str) and len(types) == 1:
        value = Identifier(types[0], value)
    if not isinstance(value, Identifier):
        raise InvalidInputError(
            name, f"give a resource, an Identifier or None, not {type(value).__name__}"
        )
    if types and value.type not in types:
        raise InvalidInputError(name, f"takes {' or '.join(types)}, not {value.type}")
    if not value.id:
        raise InvalidInputError(name, "the id is empty")
    return {"type": value.type, "id": value.id}
