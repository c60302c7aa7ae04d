"""Records as JSON:API documents, with the linkage, links and meta that DIDWW sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from didww_async.sandbox.didww.resources import RESOURCES
from didww_async.sandbox.wire import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from didww_async.sandbox.didww.paths import Tables
    from didww_async.sandbox.didww.query import IncludeTree, Query
    from didww_async.sandbox.didww.records import Link, Record
    from didww_async.sandbox.didww.schema import Relationship


Document: TypeAlias = dict[str, Any]
Identity: TypeAlias = tuple[str, str]


class Renderer:
    """Makes documents whose links start with `base_url`."""

    def __init__(self, tables: Tables, base_url: str) -> None:
        self._tables = tables
        self._base_url = base_url

    def one(self, record: Record, query: Query, meta: Document | None = None) -> Document:
        """The document of a single resource."""
        document = self._document([record], query)
        document["data"] = document["data"][0]
        document["meta"] = {**(meta or {}), "api_version": API_VERSION}
        return document

    def many(self, records: Sequence[Record], query: Query, meta: Document) -> Document:
        """The document of a collection that comes whole, without page links."""
        document = self._document(records, query)
        document["meta"] = {**meta, "api_version": API_VERSION}
        return document

    def page(
        self, records: Sequence[Record], path: str, query: Query, meta: Document | None = None
    ) -> Document:
        """The document of the page of `records` that the query asks for."""
        start = (query.page_number - 1) * query.page_size
        shown = records[start : start + query.page_size]
        counted = {"total_records": len(records), **(meta or {})}
        document = self.many(shown, query, counted)
        document["links"] = self._page_links(len(records), path, query)
        return document

    def _page_links(self, total: int, path: str, query: Query) -> dict[str, str]:
        last = max(1, -(-total // query.page_size))
        numbers = {"first": 1}
        if query.page_number > 1:
            numbers["prev"] = query.page_number - 1
        if query.page_number < last:
            numbers["next"] = query.page_number + 1
        numbers["last"] = last
        size = str(query.page_size)
        return {
            name: f"{self._base_url}/{path}?"
            + urlencode([*query.unpaged, ("page[number]", str(number)), ("page[size]", size)])
            for name, number in numbers.items()
        }

    def _document(self, records: Sequence[Record], query: Query) -> Document:
        linkage: dict[Identity, set[str]] = {}
        included: dict[Identity, Record] = {}
        if query.include:
            self._follow(records, query.include, linkage, included)
        primary = {(record.type, record.id) for record in records} if included else set[Identity]()
        document: Document = {
            "data": [self._resource(record, query, linkage) for record in records]
        }
        if query.include:
            document["included"] = [
                self._resource(record, query, linkage)
                for identity, record in included.items()
                if identity not in primary
            ]
        return document

    def _follow(
        self,
        records: Sequence[Record],
        tree: IncludeTree,
        linkage: dict[Identity, set[str]],
        included: dict[Identity, Record],
    ) -> None:
        for name, branch in tree.items():
            reached: dict[Identity, Record] = {}
            for record in records:
                linkage.setdefault((record.type, record.id), set()).add(name)
                type_ = RESOURCES[record.type].relationships[name].type
                for target_id in _ids(record.links.get(name)):
                    reached[type_, target_id] = self._tables[type_].records[target_id]
            included.update(reached)
            self._follow(list(reached.values()), branch, linkage, included)

    def _resource(
        self, record: Record, query: Query, linkage: dict[Identity, set[str]]
    ) -> Document:
        resource = RESOURCES[record.type]
        fields = query.fields.get(record.type)
        attributes = record.attributes
        if fields is not None:
            attributes = {name: attributes[name] for name in resource.attributes if name in fields}
        document: Document = {"id": record.id, "type": record.type, "attributes": attributes}
        shown = linkage.get((record.type, record.id), frozenset[str]())
        relationships = {
            name: self._relationship(record, name, rule, linked=name in shown)
            for name, rule in resource.relationships.items()
            if not rule.hidden and (fields is None or name in fields)
        }
        if relationships:
            document["relationships"] = relationships
        if record.meta:
            document["meta"] = record.meta
        return document

    def _relationship(
        self, record: Record, name: str, rule: Relationship, *, linked: bool
    ) -> Document:
        url = f"{self._base_url}/{record.type}/{record.id}"
        document: Document = {
            "links": {"self": f"{url}/relationships/{name}", "related": f"{url}/{name}"}
        }
        if linked:
            identifiers = [{"type": rule.type, "id": one} for one in _ids(record.links.get(name))]
            single = identifiers[0] if identifiers else None
            document["data"] = identifiers if rule.many else single
        return document


def _ids(link: Link) -> tuple[str, ...]:
    if link is None:
        return ()
    return (link,) if isinstance(link, str) else link
