"""
The query string of a request, checked against the tables and turned into values.

Rules: DIDWW documentation, API 2026-04-16 (Filtering, Sorting, Inclusion, Pagination).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from didww_async.sandbox.didww import refusals
from didww_async.sandbox.didww.resources import RESOURCES
from didww_async.sandbox.wire import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from didww_async.sandbox.didww.schema import Filter, Kind, Resource

Pairs: TypeAlias = "Sequence[tuple[str, str]]"
IncludeTree: TypeAlias = "dict[str, IncludeTree]"

DEFAULT_PAGE_SIZE = 50
_FAMILY = re.compile(r"(filter|fields|page)\[([^\[\]]+)\]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_INTEGER = re.compile(r"-?\d{1,18}")
_COVERAGE = frozenset({"country.id", "region.id", "city.id", "did_group.id"})
_SHORTEST_SEARCH = 3


@frozen
class Query:
    """What a request asked for; the defaults ask for everything."""

    filters: tuple[tuple[str, tuple[object, ...]], ...] = ()
    """Filter names with their values; None stands for a blank."""
    sort: tuple[tuple[str, bool], ...] = ()
    """Sort names, and whether they descend."""
    include: IncludeTree = field(factory=dict[str, "IncludeTree"])
    fields: Mapping[str, frozenset[str]] = field(factory=dict[str, frozenset[str]])
    page_number: int = 1
    page_size: int = DEFAULT_PAGE_SIZE
    unpaged: tuple[tuple[str, str], ...] = ()
    """The parameters as sent, without those of the page: what page links carry on."""


def parse(
    resource: Resource, pairs: Pairs, *, families: Iterable[str], page_size_limit: int
) -> Query:
    """The query for this resource; families that are not listed are refused as unknown."""
    grouped = _grouped(pairs, frozenset(families))
    page_number, page_size = _page(grouped["page"], page_size_limit)
    return Query(
        filters=_filters(resource, grouped["filter"]),
        sort=_sort(resource, grouped["sort"].get("")),
        include=_include(resource, grouped["include"].get("")),
        fields=_fields(grouped["fields"]),
        page_number=page_number,
        page_size=page_size,
        unpaged=tuple(pair for pair in pairs if not pair[0].startswith("page[")),
    )


def _grouped(pairs: Pairs, families: frozenset[str]) -> dict[str, dict[str, str]]:
    grouped: dict[str, dict[str, str]] = {
        family: {} for family in ("filter", "fields", "page", "include", "sort")
    }
    for key, value in pairs:
        family, name = _family(key)
        if family not in families:
            raise refusals.not_allowed(key, parameter=key)
        if name in grouped[family]:
            raise refusals.bad_request(
                refusals.PARAMETER_NOT_ALLOWED,
                "Param not allowed",
                f"{key} is sent more than once.",
                parameter=key,
            )
        grouped[family][name] = value
    return grouped


def _family(key: str) -> tuple[str, str]:
    if key in {"include", "sort"}:
        return key, ""
    match = _FAMILY.fullmatch(key)
    if match is not None:
        return match[1], match[2]
    if key.startswith("filter"):
        raise refusals.bad_request(
            refusals.INVALID_FILTER_SYNTAX,
            "Invalid filters syntax",
            f"{key} is not a valid syntax for filtering.",
            parameter=key,
        )
    if key.startswith("page"):
        raise refusals.bad_request(
            refusals.INVALID_PAGE, "Invalid Page Object", f"{key} is not a page.", parameter=key
        )
    return key, ""


def _filters(
    resource: Resource, sent: Mapping[str, str]
) -> tuple[tuple[str, tuple[object, ...]], ...]:
    found: list[tuple[str, tuple[object, ...]]] = []
    for name, text in sent.items():
        rule = resource.filters.get(name)
        if rule is None:
            raise refusals.bad_request(
                refusals.FILTER_NOT_ALLOWED,
                "Filter not allowed",
                f"{name} is not allowed.",
                parameter=f"filter[{name}]",
            )
        found.append((name, _filter_values(name, rule, text)))
    search = sent.get("number_contains")
    if search is not None and len(search) < _SHORTEST_SEARCH and not _COVERAGE & sent.keys():
        raise _bad_filter_value("number_contains", search)
    return tuple(found)


def _filter_values(name: str, rule: Filter, text: str) -> tuple[object, ...]:
    if text == "":
        if not rule.blank:
            raise _bad_filter_value(name, text)
        return (None,)
    parts = text.split(",")
    if len(parts) > 1 and not rule.many:
        raise _bad_filter_value(name, text)
    values: list[object] = []
    for part in parts:
        if part == "" or (rule.choices and part not in rule.choices):
            raise _bad_filter_value(name, part)
        try:
            value = _READERS[rule.kind](part)
        except ValueError:
            raise _bad_filter_value(name, part) from None
        if rule.compare == "lteq" and isinstance(value, str) and len(part) == len("2026-01-01"):
            # A bare date as the end of a span takes in the whole of that day.
            value = timestamp(datetime.combine(date.fromisoformat(part), time.max, UTC))
        values.append(value.casefold() if rule.fold and isinstance(value, str) else value)
    return tuple(values)


def _uuid(text: str) -> str:
    if _UUID.fullmatch(text) is None:
        raise ValueError(text)
    return text.lower()


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


_READERS: Mapping[Kind, Callable[[str], object]] = {
    "string": str,
    "enum": str,
    "uuid": _uuid,
    "boolean": _boolean,
    "integer": _integer,
    "datetime": _moment,
}


def _bad_filter_value(name: str, value: str) -> refusals.RefusalError:
    return refusals.bad_request(
        refusals.INVALID_FILTER_VALUE,
        "Invalid filter value",
        f"{value} is not a valid value for {name}.",
        parameter=f"filter[{name}]",
    )


def _sort(resource: Resource, text: str | None) -> tuple[tuple[str, bool], ...]:
    if text is None:
        return ()
    found: list[tuple[str, bool]] = []
    for part in text.split(","):
        name = part.removeprefix("-")
        if name not in resource.sorts:
            raise refusals.bad_request(
                refusals.INVALID_SORT,
                "Invalid sort criteria",
                f"{name} is not a valid sort criteria for {resource.type}",
                parameter="sort",
            )
        found.append((name, part.startswith("-")))
    return tuple(found)


def _include(resource: Resource, text: str | None) -> IncludeTree:
    tree: IncludeTree = {}
    for path in [] if text is None else text.split(","):
        at, branch = resource, tree
        for name in path.split("."):
            if name not in at.includes:
                raise refusals.bad_request(
                    refusals.INVALID_INCLUDE,
                    "Invalid field",
                    f"{name} is not a valid includable relationship of {at.type}",
                    parameter="include",
                )
            at, branch = RESOURCES[at.relationships[name].type], branch.setdefault(name, {})
    return tree


def _fields(sent: Mapping[str, str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for type_, text in sent.items():
        resource = RESOURCES.get(type_)
        if resource is None:
            raise refusals.bad_request(
                refusals.INVALID_RESOURCE,
                "Invalid resource",
                f"{type_} is not a valid resource.",
                parameter=f"fields[{type_}]",
            )
        names = frozenset(text.split(",")) if text else frozenset[str]()
        shown = {name for name, link in resource.relationships.items() if not link.hidden}
        for name in sorted(names - shown.union(resource.attributes)):
            raise refusals.bad_request(
                refusals.INVALID_FIELD,
                "Invalid field",
                f"{name} is not a valid field for {type_}.",
                parameter=f"fields[{type_}]",
            )
        found[type_] = names
    return found


def _page(sent: Mapping[str, str], size_limit: int) -> tuple[int, int]:
    for name in sent:
        if name not in {"number", "size"}:
            raise refusals.bad_request(
                refusals.INVALID_PAGE,
                "Invalid Page Object",
                f"page[{name}] is not a page parameter.",
                parameter=f"page[{name}]",
            )
    number = _page_value(sent, "number", 1, limit=10**12)
    return number, _page_value(sent, "size", min(DEFAULT_PAGE_SIZE, size_limit), limit=size_limit)


def _page_value(sent: Mapping[str, str], name: str, default: int, *, limit: int) -> int:
    text = sent.get(name)
    if text is None:
        return default
    if _INTEGER.fullmatch(text) is None or not 1 <= int(text) <= limit:
        raise refusals.bad_request(
            refusals.INVALID_PAGE_VALUE,
            "Invalid page value",
            f"{text} is not a valid value for {name} page parameter.",
            parameter=f"page[{name}]",
        )
    return int(text)
