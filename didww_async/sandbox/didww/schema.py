"""The words in which a resource type is described: attributes, links, filters, sorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["string", "uuid", "boolean", "integer", "datetime", "enum"]
Comparison = Literal["one_of", "all_of", "gteq", "lteq", "contains"]
Verb = Literal["list", "get", "create", "update", "delete"]


@frozen
class Relationship:
    """Where a relationship leads."""

    type: str
    many: bool = False
    hidden: bool = False
    """Followed by filters, never shown."""


@frozen
class Filter:
    """How one `filter[...]` reads a record."""

    path: str
    """Dotted way from the record to the value: relationships, then an attribute, `id` or `meta`."""
    kind: Kind = "string"
    many: bool = False
    """A comma list means any of them."""
    blank: bool = False
    """An empty value is allowed, and matches what is null or empty."""
    fold: bool = False
    """Upper and lower case are the same."""
    compare: Comparison = "one_of"
    choices: frozenset[str] = frozenset()


@frozen
class Resource:
    """One resource type."""

    type: str
    path: str | None = None
    """Segment under `/v3`; None for a type that comes only inside other answers."""
    verbs: frozenset[Verb] = frozenset()
    attributes: tuple[str, ...] = ()
    relationships: Mapping[str, Relationship] = field(factory=dict[str, Relationship])
    filters: Mapping[str, Filter] = field(factory=dict[str, Filter])
    sorts: Mapping[str, str] = field(factory=dict[str, str])
    """Sort name to the path of the value."""
    includes: frozenset[str] = frozenset()
    paginated: bool = True
    create_attributes: frozenset[str] = frozenset()
    create_relationships: frozenset[str] = frozenset()
    update_attributes: frozenset[str] = frozenset()
    update_relationships: frozenset[str] = frozenset()


FEATURES = frozenset(
    {"voice_in", "voice_out", "t38", "sms_in", "p2p", "a2p", "emergency", "cnam_out"}
)
ORDER_STATUSES = frozenset({"pending", "completed", "canceled"})

READ: frozenset[Verb] = frozenset({"list", "get"})
ID = Filter("id", "uuid", many=True)


def ref(path: str, *, many: bool = True, blank: bool = True) -> Filter:
    """A filter by the id of a related resource."""
    return Filter(path, "uuid", many=many, blank=blank)


def flag(path: str) -> Filter:
    """A yes-or-no filter."""
    return Filter(path, "boolean")


def with_features(path: str) -> Filter:
    """A filter that wants every listed feature present."""
    return Filter(path, "enum", many=True, compare="all_of", choices=FEATURES)


def names(path: str, *, fold: bool = False) -> Filter:
    """A filter by text, any of several, or blank."""
    return Filter(path, many=True, blank=True, fold=fold)


def sorts(*names: str, **others: str) -> dict[str, str]:
    """Sort names that are attribute names, and `others` that are not."""
    return {**{name: name for name in names}, **others}
