"""
Reading documents: parsed JSON in, typed resources out.

Everything is checked at once, `included` too, so that no error waits inside a
resource; only the joining of resources by their relationships is left to the
first look at one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import attrs

from didww_async.jsonapi.document import (
    Document,
    ErrorObject,
    Identifier,
    Link,
    Relationship,
)
from didww_async.jsonapi.errors import DocumentError, is_array, is_object
from didww_async.jsonapi.model import Resource, UnknownResource, kind_of, wire_name
from didww_async.jsonapi.structure import attributes_hook, failure_of, fill_plan

if TYPE_CHECKING:
    import cattrs

    from didww_async.jsonapi.registry import Registry

__all__ = ["DocumentReader", "Fieldsets", "read_errors"]

Fieldsets: TypeAlias = Mapping[str, Sequence[str]]
"""Sparse fieldsets: a resource type to the names of the fields that were asked for."""

Joined: TypeAlias = dict[tuple[str, str], Resource]
ReadResource: TypeAlias = Callable[[dict[str, Any], "Sequence[str] | None", Joined], Resource]
ResourceT = TypeVar("ResourceT", bound=Resource)


class DocumentReader:
    """Reads the documents of one API."""

    def __init__(self, registry: Registry, converter: cattrs.Converter) -> None:
        self._registry = registry
        self._converter = converter
        self._readers: dict[str, ReadResource] = {}

    def one(
        self, document: Any, model: type[ResourceT], fields: Fieldsets | None
    ) -> Document[ResourceT | None]:
        """Read a document whose primary data is one resource or null."""
        members = _members(document)
        joined: Joined = {}
        data = members["data"]
        resource = None if data is None else self._resource(data, model, fields, joined, "$.data")
        return self._document(members, resource, fields, joined)

    def many(
        self, document: Any, model: type[ResourceT], fields: Fieldsets | None
    ) -> Document[tuple[ResourceT, ...]]:
        """Read a document whose primary data is an array of resources."""
        members = _members(document)
        data = members["data"]
        if not is_array(data):
            raise DocumentError.expected("an array", data, "$.data")
        joined: Joined = {}
        read: list[ResourceT] = []
        try:
            for item in data:
                read.append(self._resource(item, model, fields, joined, ""))  # noqa: PERF401
        except DocumentError as error:  # the number of those read is the bad one's index
            raise error.under(f"$.data[{len(read)}]") from None
        return self._document(members, tuple(read), fields, joined)

    def _document(
        self, members: dict[str, Any], data: Any, fields: Fieldsets | None, joined: Joined
    ) -> Document[Any]:
        included: list[Resource] = []
        if (value := members.get("included")) is not None:
            for index, item in enumerate(_array(value, "$.included")):
                path = f"$.included[{index}]"
                included.append(self._resource(item, Resource, fields, joined, path))
        return Document(
            data,
            meta=_meta(members, "$"),
            links=_links(members.get("links"), "$.links"),
            jsonapi=_optional_object(members.get("jsonapi"), "$.jsonapi"),
            included=tuple(included),
        )

    def _resource(
        self,
        source: Any,
        model: type[ResourceT],
        fields: Fieldsets | None,
        joined: Joined,
        path: str,
    ) -> ResourceT:
        if not is_object(source):
            raise DocumentError.expected("a resource object", source, path)
        wire_type = source.get("type")
        if type(wire_type) is not str or not wire_type:
            raise DocumentError.expected("a type in a string", wire_type, f"{path}.type")
        read = self._readers.get(wire_type) or self._reader(wire_type)
        asked = None if fields is None else fields.get(wire_type)
        try:
            resource = read(source, asked, joined)
        except DocumentError as error:
            raise error.under(path) from None
        if not isinstance(resource, model):
            raise DocumentError(f"expected type {model.wire_type!r}, got another", f"{path}.type")
        key = (wire_type, resource.id)
        if key in joined:
            raise DocumentError("a resource of this type and id stands here a second time", path)
        joined[key] = resource
        return resource

    def _reader(self, wire_type: str) -> ReadResource:
        model = self._registry.get(wire_type)
        if model is None:  # not remembered: a server could send any number of types
            return _read_unknown
        read = self._readers[wire_type] = _make_reader(model, self._converter)
        return read


def _make_reader(model: type[Resource], converter: cattrs.Converter) -> ReadResource:
    cls = cast("Any", model)
    attributes = attributes_hook(model, converter)
    meta_plan = fill_plan(model, converter, frozenset({"meta"}))
    to_many = {
        wire_name(field): kind_of(field) == "to_many"
        for field in attrs.fields(cls)
        if kind_of(field).startswith("to_")
    }
    set_id = cls.id.__set__
    new = cls.__new__

    def read(source: dict[str, Any], asked: Sequence[str] | None, joined: Joined) -> Resource:
        identity = source.get("id")
        if type(identity) is not str or not identity:
            raise DocumentError.expected("an id in a string", identity, ".id")
        if "attributes" in source:
            try:
                resource = attributes(source["attributes"], asked)
            except DocumentError as error:
                raise error.under(".attributes") from None
        else:  # an answer may name a resource and tell nothing of it
            resource = new(cls)
        set_id(resource, identity)
        if len(source) > (3 if "attributes" in source else 2):  # more than type and id
            _fill(resource, source, joined, to_many)
            for name, field in meta_plan.items():
                if name in resource.meta:
                    try:
                        field.read(resource, resource.meta[name])
                    except Exception as error:  # noqa: BLE001  # a user's hook may raise anything
                        raise failure_of(error).under(f".meta.{name}") from None
        return cast("Resource", resource)

    return read


def _fill(
    resource: Resource, source: dict[str, Any], joined: Joined, to_many: Mapping[str, bool]
) -> None:
    """Set what a resource may have beside its attributes."""
    put = object.__setattr__
    if meta := _meta(source, ""):
        put(resource, "meta", meta)
    if links := _links(source.get("links"), ".links"):
        put(resource, "links", links)
    if (relationships := source.get("relationships")) is not None:
        put(resource, "_relationships", _relationships(relationships, to_many))
        put(resource, "_index", joined)


def _read_unknown(
    source: dict[str, Any], _asked: Sequence[str] | None, joined: Joined
) -> UnknownResource:
    resource = UnknownResource(
        id=_name(source.get("id"), ".id"),
        type=_name(source.get("type"), ".type"),
        attributes=_optional_object(source.get("attributes"), ".attributes"),
    )
    _fill(resource, source, joined, {})
    return resource


def _members(document: Any) -> dict[str, Any]:
    members = _object(document, "$")
    if "data" not in members:
        what = "errors" if "errors" in members else "neither data nor errors"
        raise DocumentError(f"expected a document with data, got one with {what}", "$")
    return members


def _object(value: Any, path: str) -> dict[str, Any]:
    if not is_object(value):
        raise DocumentError.expected("an object", value, path)
    return value


def _optional_object(value: Any, path: str) -> dict[str, Any]:
    return {} if value is None else _object(value, path)


def _array(value: Any, path: str) -> list[Any]:
    if not is_array(value):
        raise DocumentError.expected("an array", value, path)
    return value


def _name(value: Any, path: str) -> str:
    if type(value) is not str or not value:
        raise DocumentError.expected("a string with something in it", value, path)
    return value


def _links(value: Any, path: str) -> Mapping[str, Link | None]:
    if value is None:
        return {}
    return {name: _link(item, f"{path}.{name}") for name, item in _object(value, path).items()}


def _link(value: Any, path: str) -> Link | None:
    if value is None:
        return None
    if type(value) is str:
        return Link(value)
    link = _object(value, path)
    href = link.get("href")
    if type(href) is not str:
        raise DocumentError.expected("a string", href, f"{path}.href")
    return Link(href, _meta(link, path))


def _meta(holder: Mapping[str, Any], path: str) -> Mapping[str, object]:
    value = holder.get("meta")
    return {} if value is None else _object(value, f"{path}.meta")


def _relationships(value: Any, to_many: Mapping[str, bool]) -> Mapping[str, Relationship]:
    found: dict[str, Relationship] = {}
    for name, item in _object(value, ".relationships").items():
        path = f".relationships.{name}"
        relationship = _object(item, path)
        has_data = "data" in relationship
        data = _linkage(relationship["data"], f"{path}.data") if has_data else None
        if has_data and name in to_many:
            many = to_many[name]
            if isinstance(data, tuple) is not many:
                what = "an array of identifiers" if many else "an identifier or null"
                raise DocumentError.expected(what, relationship["data"], f"{path}.data")
        found[name] = Relationship(
            has_data=has_data,
            data=data,
            links=_links(relationship.get("links"), f"{path}.links"),
            meta=_meta(relationship, path),
        )
    return found


def _linkage(value: Any, path: str) -> Identifier | tuple[Identifier, ...] | None:
    if value is None:
        return None
    if is_array(value):
        items = enumerate(value)
        return tuple(_identifier(item, f"{path}[{index}]") for index, item in items)
    return _identifier(value, path)


def _identifier(value: Any, path: str) -> Identifier:
    identifier = _object(value, path)
    return Identifier(
        _name(identifier.get("type"), f"{path}.type"), _name(identifier.get("id"), f"{path}.id")
    )


def read_errors(document: Any) -> Iterator[ErrorObject]:
    """
    The error objects of a parsed document; none if it has none. Never raises.

    Read leniently: an odd member must not hide what the server said.
    """
    value = document.get("errors") if is_object(document) else None
    for item in value if is_array(value) else ():
        if not is_object(item):
            continue
        error = item
        source = error.get("source")
        source = source if is_object(source) else {}
        meta = error.get("meta")
        yield ErrorObject(
            title=_text(error.get("title")),
            detail=_text(error.get("detail")),
            code=_text(error.get("code")),
            status=_text(error.get("status")),
            pointer=_text(source.get("pointer")),
            parameter=_text(source.get("parameter")),
            id=_text(error.get("id")),
            meta=meta if is_object(meta) else {},
        )


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int, float)) else None
