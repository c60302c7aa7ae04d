"""Resources in memory: a record, and the table that keeps all of one type."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Link: TypeAlias = "str | tuple[str, ...] | None"
"""What a relationship points at: an id, several ids, or nothing."""


@define(eq=False)
class Record:
    """One resource as the server keeps it."""

    type: str
    """JSON:API type, which is also the name of its table."""
    id: str
    attributes: dict[str, object]
    """Wire values under their wire names."""
    links: dict[str, Link] = field(factory=dict[str, "Link"])
    """Relationships; one that is absent links to nothing."""
    meta: dict[str, object] = field(factory=dict[str, object])
    hidden: dict[str, object] = field(factory=dict[str, object])
    """Facts that filters read and answers never show."""
    visible: bool = True
    """False hides it from list and get, while includes still reach it."""


class Table:
    """All records of one type, in id order, with lookups on chosen values."""

    def __init__(self, indexes: Mapping[str, Callable[[Record], object]] | None = None) -> None:
        self.records: dict[str, Record] = {}
        self._readers = dict(indexes or {})
        self._indexes: dict[str, dict[object, dict[str, None]]] = {
            name: {} for name in self._readers
        }
        self._ids: list[str] = []
        self._unsorted: list[str] = []

    def add(self, record: Record) -> Record:
        """Keep the record; its indexed values must not change behind the table's back."""
        self.records[record.id] = record
        self._unsorted.append(record.id)
        for name, read in self._readers.items():
            self._indexes[name].setdefault(read(record), {})[record.id] = None
        return record

    def remove(self, record_id: str) -> Record:
        """Forget the record and return it."""
        record = self.records.pop(record_id)
        for name, read in self._readers.items():
            del self._indexes[name][read(record)][record_id]
        self._settle()
        at = bisect_left(self._ids, record_id)
        del self._ids[at]
        return record

    def change(self, record: Record, attributes: Mapping[str, object]) -> None:
        """Set attributes and keep the lookups in step."""
        before = {name: read(record) for name, read in self._readers.items()}
        record.attributes.update(attributes)
        for name, old in before.items():
            new = self._readers[name](record)
            if new != old:
                del self._indexes[name][old][record.id]
                self._indexes[name].setdefault(new, {})[record.id] = None

    def in_order(self) -> list[Record]:
        """All records by id: the API's default order."""
        self._settle()
        return [self.records[record_id] for record_id in self._ids]

    def has_index(self, name: str) -> bool:
        """Whether `found` can answer for this name."""
        return name in self._indexes or name == "id"

    def found(self, name: str, values: Iterable[object]) -> list[Record]:
        """The records whose indexed value is one of `values`, by id."""
        if name == "id":
            ids = {str(value) for value in values if value in self.records}
        else:
            index = self._indexes[name]
            ids = {record_id for value in values for record_id in index.get(value, ())}
        return [self.records[record_id] for record_id in sorted(ids)]

    def _settle(self) -> None:
        # Sorting a long sorted run with a short tail is close to linear, so a listing after a
        # burst of inserts costs one pass and a listing after none costs nothing.
        if self._unsorted:
            self._ids.extend(self._unsorted)
            self._ids.sort()
            self._unsorted.clear()
