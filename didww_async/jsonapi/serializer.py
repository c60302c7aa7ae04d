"""The codec as a client sees it: bytes in, documents out, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from didww_async.jsonapi import json
from didww_async.jsonapi.decoding import DocumentReader, Fieldsets, read_errors
from didww_async.jsonapi.document import Document, ErrorObject
from didww_async.jsonapi.encoding import DocumentWriter
from didww_async.jsonapi.errors import DocumentError, InvalidInputError
from didww_async.jsonapi.model import Resource
from didww_async.jsonapi.structure import make_converter

if TYPE_CHECKING:
    import cattrs

    from didww_async.jsonapi.registry import Registry

__all__ = ["MEDIA_TYPE", "JsonApiSerializer", "Serializer"]

MEDIA_TYPE = "application/vnd.api+json"

ResourceT = TypeVar("ResourceT", bound=Resource)


class Serializer(Protocol):
    """
    What a client needs of a codec.

    Whatever is wrong with a body is a `DocumentError`, and whatever can't be
    written an `InvalidInputError`; nothing else may be raised.
    """

    media_type: str
    """The media type that is read and written, without parameters."""

    def encode_new(self, new: object) -> bytes:
        """The body that creates `new`."""
        ...

    def encode_changes(
        self, model: type[Resource], identity: str, changes: Mapping[str, object]
    ) -> bytes:
        """The body that changes the named fields of one resource; `None` clears one."""
        ...

    def decode_one(
        self, body: bytes, model: type[ResourceT], fields: Fieldsets | None = None
    ) -> Document[ResourceT]:
        """The document whose primary data is one resource."""
        ...

    def decode_many(
        self, body: bytes, model: type[ResourceT], fields: Fieldsets | None = None
    ) -> Document[tuple[ResourceT, ...]]:
        """The document whose primary data is an array of resources."""
        ...

    def decode_errors(self, body: bytes) -> tuple[ErrorObject, ...]:
        """The error objects of a body; none if it is no error document. Never raises."""
        ...


class JsonApiSerializer:
    """
    JSON:API 1.0, with the resource types of a registry.

    Pass a `converter` from `make_converter()` to add hooks of your own.
    Both directions use orjson where it is installed.
    """

    media_type = MEDIA_TYPE

    def __init__(self, registry: Registry, converter: cattrs.Converter | None = None) -> None:
        self.has_own_hooks = converter is not None
        """Whether hooks of the user's have a say in what is written."""
        converter = converter or make_converter()
        self._reader = DocumentReader(registry, converter)
        self._writer = DocumentWriter(converter)

    def encode_new(self, new: object) -> bytes:
        """The document that creates `new`, an instance of a class made by `new_resource`."""
        return _dump(self._writer.new(new))

    def encode_changes(
        self, model: type[Resource], identity: str, changes: Mapping[str, object]
    ) -> bytes:
        """The document that changes the named fields of one resource; `None` clears one."""
        return _dump(self._writer.changes(model, identity, changes))

    def encode_resource(self, resource: Resource) -> bytes:
        """A resource that was read, as a document that reads back as an equal one."""
        return _dump(self._writer.resource(resource))

    def decode_one(
        self, body: bytes, model: type[ResourceT], fields: Fieldsets | None = None
    ) -> Document[ResourceT]:
        """The document whose primary data is one resource; null is a `DocumentError`."""
        document = self._reader.one(json.loads(body), model, fields)
        if document.data is None:
            raise DocumentError.expected("a resource object", None, "$.data")
        return document  # type: ignore[return-value]  # mypy can't narrow a member's type

    def decode_optional(
        self, body: bytes, model: type[ResourceT], fields: Fieldsets | None = None
    ) -> Document[ResourceT | None]:
        """The document whose primary data is one resource or null."""
        return self._reader.one(json.loads(body), model, fields)

    def decode_many(
        self, body: bytes, model: type[ResourceT], fields: Fieldsets | None = None
    ) -> Document[tuple[ResourceT, ...]]:
        """The document whose primary data is an array of resources."""
        return self._reader.many(json.loads(body), model, fields)

    def decode_errors(self, body: bytes) -> tuple[ErrorObject, ...]:
        """The error objects of a body; none if it is no error document. Never raises."""
        try:
            return tuple(read_errors(json.loads(body)))
        except DocumentError:
            return ()


def _dump(document: object) -> bytes:
    try:
        return json.dumps(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError("body", f"can't be written as JSON: {error}") from None
