"""The members of a JSON:API 1.0 document, as immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import attrs

__all__ = ["Document", "ErrorObject", "Identifier", "Link", "Relationship"]

T_co = TypeVar("T_co", covariant=True)


@attrs.frozen
class Identifier:
    """Names one resource by its type and id."""

    type: str
    id: str


@attrs.frozen
class Link:
    """Where something can be fetched."""

    href: str
    meta: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)


@attrs.frozen
class Relationship:
    """
    What a resource tells of its relation to others.

    `data` says something only if `has_data`; a relation that was not included
    comes with links alone.
    """

    has_data: bool
    data: Identifier | tuple[Identifier, ...] | None
    links: Mapping[str, Link | None] = attrs.field(hash=False)
    meta: Mapping[str, object] = attrs.field(hash=False)


@attrs.frozen
class ErrorObject:
    """
    One error of an answer; a member that the server left out is `None`.

    `code` is an open string: numbers of the server's framework, HTTP statuses and
    names occur side by side.
    `pointer` is a JSON pointer into the request, such as `/data/attributes/items/0/qty`.
    """

    title: str | None = None
    detail: str | None = None
    code: str | None = None
    status: str | None = None
    pointer: str | None = None
    parameter: str | None = None
    id: str | None = None
    meta: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)

    def __str__(self) -> str:
        told = self.detail or self.title or (self.code and f"code {self.code}") or ""
        where = self.pointer or self.parameter
        return f"{told} ({where})" if told and where else told


@attrs.frozen
class Document(Generic[T_co]):
    """A decoded document: the primary data, and what stands around it."""

    data: T_co
    meta: Mapping[str, object] = attrs.field(hash=False)
    links: Mapping[str, Link | None] = attrs.field(hash=False)
    jsonapi: Mapping[str, object] = attrs.field(hash=False)
    included: tuple[object, ...] = ()
