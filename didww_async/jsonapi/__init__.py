"""
A JSON:API 1.0 codec on cattrs, for any API: it knows nothing of HTTP.

Declare resource types with a `Registry`, give that to a `JsonApiSerializer`, and
bytes become typed documents.
"""

from didww_async.jsonapi.decoding import Fieldsets
from didww_async.jsonapi.document import Document, ErrorObject, Identifier, Link, Relationship
from didww_async.jsonapi.errors import DocumentError, InvalidInputError, NotLoadedError
from didww_async.jsonapi.model import (
    NestedObject,
    ReadModel,
    Resource,
    UnknownObject,
    UnknownResource,
    from_meta,
    optional,
    to_many,
    to_one,
)
from didww_async.jsonapi.registry import Registry, new_nested, new_resource, relationship
from didww_async.jsonapi.serializer import MEDIA_TYPE, JsonApiSerializer, Serializer
from didww_async.jsonapi.structure import make_converter, parse_decimal
from didww_async.jsonapi.types import UNSET, OpenStrEnum, Unset

__all__ = [
    "MEDIA_TYPE",
    "UNSET",
    "Document",
    "DocumentError",
    "ErrorObject",
    "Fieldsets",
    "Identifier",
    "InvalidInputError",
    "JsonApiSerializer",
    "Link",
    "NestedObject",
    "NotLoadedError",
    "OpenStrEnum",
    "ReadModel",
    "Registry",
    "Relationship",
    "Resource",
    "Serializer",
    "UnknownObject",
    "UnknownResource",
    "Unset",
    "from_meta",
    "make_converter",
    "new_nested",
    "new_resource",
    "optional",
    "parse_decimal",
    "relationship",
    "to_many",
    "to_one",
]
