"""Writing documents: new resources and changes in, JSON values out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import attrs

from didww_async.jsonapi.document import Identifier
from didww_async.jsonapi.errors import InvalidInputError
from didww_async.jsonapi.model import KIND, TYPES, ReadModel, Resource, kind_of, wire_name
from didww_async.jsonapi.registry import RESOURCE_TYPE
from didww_async.jsonapi.structure import attributes_encoder
from didww_async.jsonapi.types import UNSET

if TYPE_CHECKING:
    import cattrs

__all__ = ["DocumentWriter"]

_AS_THEY_ARE = frozenset({str, int, bool})


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
        try:
            return {"data": encode(new)}
        except RecursionError:
            raise InvalidInputError("new", "it is nested too deeply") from None

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
            kind = kind_of(field)
            if kind == "meta":
                raise InvalidInputError(name, f"{model.wire_type} tells it and does not take it")
            if kind.startswith("to_"):
                member = data.setdefault("relationships", {})
                linkage = _linkage(name, value, field.metadata[TYPES], many=kind == "to_many")
                member[wire_name(field)] = {"data": linkage}
            else:
                member = data.setdefault("attributes", {})
                with _named(name):
                    member[wire_name(field)] = self._converter.unstructure(value)
        return {"data": data}

    def resource(self, resource: Resource) -> dict[str, Any]:
        """A resource that was read, as the document that it came in; without what it includes."""
        attributes = self._read_attributes(resource)
        return {
            "data": {"type": resource.wire_type, "id": resource.id, "attributes": attributes},
        }

    def _read_attributes(self, model: ReadModel) -> dict[str, Any]:
        wire = _wire_names(cast("Any", type(model)))
        written = {wire[name]: self._read_value(value) for name, value in model.loaded()}
        unknown = model.unknown_attributes
        return written | dict(unknown) if unknown else written

    def _read_value(self, value: Any) -> Any:
        if value is None or type(value) in _AS_THEY_ARE:
            return value
        if isinstance(value, tuple):
            items = cast("Any", value)
            return [self._read_value(item) for item in items]
        if isinstance(value, ReadModel):
            return {"type": value.wire_type, "attributes": self._read_attributes(value)}
        return self._converter.unstructure(value)

    def _encoder(self, cls: Any) -> Callable[[Any], dict[str, Any]]:
        wire_type = getattr(cls, RESOURCE_TYPE, None)
        if wire_type is None:
            raise InvalidInputError("new", f"{cls.__name__} is not something that can be created")
        attributes = attributes_encoder(cls, self._converter)
        links = [
            (field.name, wire_name(field), field.metadata[TYPES], field.metadata[KIND] == "to_many")
            for field in attrs.fields(cls)
            if field.metadata.get(KIND) in {"to_one", "to_many"}
        ]

        def encode(new: Any) -> dict[str, Any]:
            data: dict[str, Any] = {"type": wire_type, "attributes": attributes(new)}
            relationships = {
                wire: {"data": _linkage(name, value, types, many=many)}
                for name, wire, types, many in links
                if (value := getattr(new, name)) is not UNSET
            }
            if relationships:
                data["relationships"] = relationships
            return data

        return encode


@cache
def _wire_names(model: Any) -> Mapping[str, str]:
    return {field.name: wire_name(field) for field in attrs.fields(model)}


@contextmanager
def _named(name: str) -> Generator[None]:
    """Let a refusal of the converter's name the field that it is about."""
    try:
        yield
    except InvalidInputError as error:
        raise InvalidInputError(name, error.problem) from None
    except RecursionError:
        raise InvalidInputError(name, "it is nested too deeply") from None


def _linkage(name: str, value: Any, types: tuple[str, ...], *, many: bool) -> Any:
    if many:
        if not isinstance(value, (list, tuple)):
            raise InvalidInputError(name, f"takes a list, not {type(value).__name__}")
        items = enumerate(cast("list[Any]", value))
        return [_one_linkage(f"{name}[{index}]", item, types) for index, item in items]
    return None if value is None else _one_linkage(name, value, types)


def _one_linkage(name: str, value: Any, types: tuple[str, ...]) -> Any:
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
    if not isinstance(value.id, str):
        raise InvalidInputError(name, f"takes an id that is a text, not {value.id!r}")
    if not value.id:
        raise InvalidInputError(name, "the id is empty")
    return {"type": value.type, "id": value.id}
