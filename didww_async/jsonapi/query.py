"""
Query parameters: checked against what a resource type allows, then encoded exactly.

The filters of a type are a `TypedDict`, so that a checker refuses a misspelt one;
the same class is read here to refuse it at run time.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias, TypeGuard, Union, cast
from urllib.parse import quote

import attrs

from didww_async.jsonapi.errors import InvalidInputError, describe
from didww_async.jsonapi.model import TYPES, Resource, kind_of, wire_name
from didww_async.jsonapi.structure import decimal_text, time_text

if typing.TYPE_CHECKING:
    from didww_async.jsonapi.registry import Registry

__all__ = ["Names", "QueryEncoder", "check_members"]

Names: TypeAlias = str | Sequence[str]
"""Names as a list, or in one string with commas between them."""


class _Accepted(NamedTuple):
    """What one member of a `TypedDict` takes."""

    types: tuple[type, ...]
    many: bool
    nullable: bool


@functools.lru_cache(maxsize=256)
def _accepted_members(typed_dict: Any) -> Mapping[str, _Accepted]:
    hints = typing.get_type_hints(typed_dict)
    return {name: _accepted(hint) for name, hint in hints.items()}


def _accepted(hint: Any) -> _Accepted:
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        parts = [_accepted(member) for member in typing.get_args(hint)]
        return _Accepted(
            tuple(dict.fromkeys(type_ for part in parts for type_ in part.types)),
            any(part.many for part in parts),
            any(part.nullable for part in parts),
        )
    if origin is typing.Literal:
        values = typing.get_args(hint)
        kinds: set[type] = {type(value) for value in values}
        return _Accepted(tuple(kinds), many=False, nullable=False)
    if origin is not None and issubclass(origin, Sequence):
        return _accepted(typing.get_args(hint)[0])._replace(many=True)
    if hint is types.NoneType:
        return _Accepted((), many=False, nullable=True)
    return _Accepted((hint,), many=False, nullable=False)


def _is_one_of(value: object, accepted: tuple[type, ...]) -> bool:
    # To isinstance, `True` is an `int` and a time is a date.
    for narrow in (bool, dt.datetime):
        if isinstance(value, narrow):
            return narrow in accepted
    return isinstance(value, accepted)


def check_members(typed_dict: Any, values: Mapping[str, Any], field: str) -> None:
    """
    Refuse a member that `typed_dict` has not, or a value that it does not take.

    `field` is how the caller wrote a member, such as `filter[{!r}]`.
    """
    members = _accepted_members(typed_dict)
    for name, value in values.items():
        where = field.format(name)
        accepted = members.get(name)
        if accepted is None:
            raise InvalidInputError(where, f"there is no such name; use {_listed(members)}")
        if value is None and accepted.nullable:
            continue
        items: Sequence[object] = (value,)
        if accepted.many and _is_list(value):
            items = value
        if not items:
            raise InvalidInputError(where, "the list is empty; leave it out, or give a value")
        for item in items:
            if not _is_one_of(item, accepted.types):
                raise InvalidInputError(where, _takes(accepted, item))


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _takes(accepted: _Accepted, value: object) -> str:
    names = [type_.__name__ for type_ in accepted.types]
    if accepted.many:
        names.append("a list of them")
    if accepted.nullable:
        names.append("None")
    return f"takes {' or '.join(names)}, not {describe(value)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none: this type has none"


class QueryEncoder:
    """Encodes the query parameters that one resource type allows."""

    def __init__(
        self,
        registry: Registry,
        model: type[Resource],
        filters: Any = None,
        sorts: Collection[str] = (),
    ) -> None:
        self._registry = registry
        self._model = model
        self._filters = filters
        self._sorts = frozenset(sorts)

    def encode(
        self,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002  # JSON:API's own word
        sort: Names | None = None,
        include: Names | None = None,
        fields: Names | Mapping[str, Names] | None = None,
        page: Mapping[str, int | None] | None = None,
    ) -> str:
        """The query string, percent-encoded, without the question mark; "" if there is none."""
        pairs = [
            *self._filter_pairs(filter or {}),
            *self._joined("sort", self._sort_names(sort)),
            *self._joined("include", self.include_paths(include)),
        ]
        for type_, names in (self.fieldsets(fields) or {}).items():
            pairs.append((f"fields[{type_}]", ",".join(map(_quote, names))))
        for name, number in (page or {}).items():
            if number is not None:
                pairs.append((f"page[{name}]", str(_positive(f"page_{name}", number))))
        return "&".join(f"{_quote(name)}={value}" for name, value in pairs)

    def _joined(self, name: str, values: Sequence[str]) -> list[tuple[str, str]]:
        return [(name, ",".join(map(_quote, values)))] if values else []

    def _filter_pairs(self, filters: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        if not isinstance(cast("object", filters), Mapping):
            raise InvalidInputError("filter", f"takes a mapping, not {describe(filters)}")
        if filters:
            check_members(self._filters or _NoFilters, filters, "filter[{!r}]")
        members = _accepted_members(self._filters or _NoFilters)
        for name, value in filters.items():
            where = f"filter[{name!r}]"
            if _is_list(value):
                text = ",".join(_quote(_list_item(where, item)) for item in value)
            elif members[name].many and value != "":
                text = _quote(_list_item(where, value))  # the server would part it at a comma
            else:
                text = _quote(_scalar(where, value))
            yield f"filter[{name}]", text

    def _sort_names(self, sort: Names | None) -> Sequence[str]:
        names = _names("sort", sort)
        for name in names:
            if name.removeprefix("-") not in self._sorts:
                raise InvalidInputError(
                    "sort", f"{name!r} is no sort of this type; use {_listed(self._sorts)}"
                )
        return names

    def include_paths(self, include: Names | None) -> Sequence[str]:
        """The relationship paths to include, each checked as far as the types are known."""
        paths = _names("include", include)
        for path in paths:
            models: list[type[Resource]] = [self._model]
            for step in path.split("."):
                if not models:  # a type without a class: nobody knows what it relates to
                    break
                models = self._follow(models, path, step)
        return paths

    def _follow(self, models: list[type[Resource]], path: str, step: str) -> list[type[Resource]]:
        relationships: dict[str, tuple[str, ...]] = {}
        for model in models:
            for field in attrs.fields(cast("Any", model)):
                if kind_of(field).startswith("to_"):
                    known = relationships.get(wire_name(field), ())
                    relationships[wire_name(field)] = known + field.metadata[TYPES]
        if step not in relationships:
            names = " or ".join(model.wire_type for model in models)
            raise InvalidInputError(
                "include",
                f"{path!r}: {names} has no relationship {step!r}; use {_listed(relationships)}",
            )
        found = [self._registry.get(type_) for type_ in relationships[step]]
        classes = [model for model in found if model is not None]
        return classes if len(classes) == len(found) else []

    def fieldsets(
        self, fields: Names | Mapping[str, Names] | None
    ) -> Mapping[str, Sequence[str]] | None:
        """The sparse fieldsets by resource type; bare names are those of this type."""
        if fields is None:
            return None
        own = self._model.wire_type
        named = fields if isinstance(fields, Mapping) else {own: fields}
        checked: dict[str, Sequence[str]] = {}
        for type_, names in named.items():
            checked[type_] = _names(f"fields[{type_!r}]", names)
            model = self._registry.get(type_)
            if model is None:
                continue
            known = {
                wire_name(field)
                for field in attrs.fields(cast("Any", model))
                if kind_of(field) != "meta"
            }
            for name in checked[type_]:
                if name not in known:
                    raise InvalidInputError(
                        f"fields[{type_!r}]", f"has no field {name!r}; use {_listed(known)}"
                    )
        return checked


class _NoFilters(typing.TypedDict):
    pass


def _names(field: str, names: Names | None) -> Sequence[str]:
    if names is None:
        return ()
    if not isinstance(names, (str, Sequence)):
        raise InvalidInputError(field, f"takes names, not {describe(names)}")
    split = names.split(",") if isinstance(names, str) else list(names)
    if not split or not all(isinstance(cast("object", name), str) and name for name in split):
        raise InvalidInputError(field, "give names, with nothing empty between the commas")
    return split


def _positive(field: str, number: int) -> int:
    if type(number) is not int or number < 1:
        raise InvalidInputError(field, f"takes a whole number from 1, not {number!r}")
    return number


def _scalar(where: str, value: object) -> str:  # noqa: PLR0911  # one a type
    match value:
        case bool():
            return "true" if value else "false"
        case enum.Enum():
            return str(value.value)
        case str():
            return value
        case int():
            return str(value)
        case Decimal():
            return _refused(where, decimal_text, value)
        case dt.datetime():
            return _refused(where, time_text, value)
        case None:
            return ""
        case dt.date():
            return value.isoformat()
        case _:
            raise InvalidInputError(where, f"can't be written from {describe(value)}")


def _refused(where: str, write: Callable[[Any], str], value: object) -> str:
    try:
        return write(value)
    except InvalidInputError as error:
        raise InvalidInputError(where, error.problem) from None


def _list_item(where: str, value: object) -> str:
    text = _scalar(where, value)
    if "," in text or not text:
        raise InvalidInputError(
            where, "an item of a list may not be empty or hold a comma, which parts the items"
        )
    return text


def _quote(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidInputError("query", "the text has half a surrogate pair") from None
