"""Which records a query selects, and in which order."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from didww_async.sandbox.didww.paths import value_at, values_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from didww_async.sandbox.didww.query import Query
    from didww_async.sandbox.didww.records import Record
    from didww_async.sandbox.didww.schema import Filter, Resource
    from didww_async.sandbox.didww.world import World

    Key: TypeAlias = "tuple[object, ...]"

_REMEMBERED = 16


class Listings:
    """Selections, remembered until the world changes: a walk through pages sorts only once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: OrderedDict[Key, tuple[int, list[Record]]] = OrderedDict()

    def select(self, resource: Resource, query: Query) -> list[Record]:
        """The visible records that pass all filters, sorted; by id unless the query says more."""
        key: Key = (resource.type, query.filters, query.sort)
        known = self._known.get(key)
        if known is None or known[0] != self._world.version:
            known = (self._world.version, self._selected(resource, query))
            self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known[1]

    def _selected(self, resource: Resource, query: Query) -> list[Record]:
        filters = [(resource.filters[name], values) for name, values in query.filters]
        records = [record for record in self._candidates(resource, filters) if record.visible]
        for rule, values in filters:
            accepts = self._test(rule, values)
            records = [record for record in records if accepts(record)]
        # Sorting by the last name first leaves the first in charge, and id order among equals.
        for name, descending in reversed(query.sort):
            records.sort(key=self._sort_key(resource.sorts[name]), reverse=descending)
        return records

    def _candidates(
        self, resource: Resource, filters: Iterable[tuple[Filter, tuple[object, ...]]]
    ) -> list[Record]:
        table = self._world.tables[resource.type]
        for rule, values in filters:
            if rule.compare == "one_of" and values != (None,) and table.has_index(rule.path):
                return table.found(rule.path, values)
        return table.in_order()

    def _sort_key(self, path: str) -> Callable[[Record], Any]:
        def key(record: Record) -> tuple[bool, object]:
            value = value_at(self._world.tables, record, path)
            return value is None, 0 if value is None else value

        return key

    def _test(self, rule: Filter, wanted: tuple[object, ...]) -> Callable[[Record], bool]:
        tables, path = self._world.tables, rule.path
        first: Any = wanted[0]

        def values(record: Record) -> list[Any]:
            found = cast("list[Any]", values_at(tables, record, path))
            return [one.casefold() for one in found if one is not None] if rule.fold else found

        if wanted == (None,):
            return lambda record: all(one in {None, ""} for one in values_at(tables, record, path))
        if rule.compare == "all_of":
            return lambda record: set(wanted) <= set(values(record))
        if rule.compare == "gteq":
            return lambda record: any(one >= first for one in values(record))
        if rule.compare == "lteq":
            return lambda record: any(one <= first for one in values(record))
        if rule.compare == "contains":
            return lambda record: any(first in one for one in values(record))
        accepted = set(wanted)
        return lambda record: any(one in accepted for one in values(record))
