"""
What the endpoints of a resource type share: one small class for each verb.

A collection is put together from the verbs that the API allows for its type, so a
verb that it does not allow is missing, not failing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar, cast

import attrs

from didww_async.collections.listing import Listing, Page
from didww_async.errors import DecodeError, InvalidRequestError
from didww_async.jsonapi import Document, DocumentError, InvalidInputError, Resource, Serializer
from didww_async.jsonapi.query import Names, QueryEncoder, check_members
from didww_async.models.base import registry
from didww_async.transport import Request, Session

__all__ = ["Api", "Collection", "Creates", "Deletes", "Gets", "Lists", "Updates"]

ResourceT = TypeVar("ResourceT", bound=Resource)
FilterT = TypeVar("FilterT")
NewT = TypeVar("NewT")

# An id becomes part of a path: what could lead out of it is no id.
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._~-]{0,99}", re.ASCII)


@attrs.frozen
class Api:
    """What every collection of a client works with."""

    session: Session
    serializer: Serializer


@contextmanager
def refusing() -> Generator[None]:
    """Let the codec's refusals of bad input out as errors of this package."""
    try:
        yield
    except InvalidInputError as error:
        raise InvalidRequestError(error.field, error.problem) from None


class Collection(Generic[ResourceT]):
    """The endpoint of one resource type."""

    model: ClassVar[type[Resource]]
    path: ClassVar[str] = ""
    """Where it is, if not at the name of its type."""
    filters: ClassVar[Any] = None
    """The `TypedDict` of the filters."""
    sorts: ClassVar[tuple[str, ...]] = ()
    paginated: ClassVar[bool] = True

    def __init__(self, api: Api) -> None:
        self._session = api.session
        self._serializer = api.serializer
        self._path = self.path or f"/{self.model.wire_type}"
        self._query = QueryEncoder(registry, self.model, self.filters, self.sorts)

    @property
    def base_url(self) -> str:
        """The URL of the API."""
        return self._session.base_url

    @property
    def serializer(self) -> Serializer:
        """What writes and reads its bodies."""
        return self._serializer

    @property
    def _model(self) -> type[ResourceT]:
        return cast("type[ResourceT]", self.model)

    def _member_path(self, identity: str) -> str:
        if not isinstance(identity, str) or not _ID.fullmatch(identity):
            given = repr(identity) if isinstance(identity, str) else type(identity).__name__
            more = "; give its `id`" if isinstance(identity, Resource) else ""
            raise InvalidRequestError(
                "id", f"takes an id as the API gave it, such as a UUID, not {given}{more}"
            )
        return f"{self._path}/{identity}"

    async def _one(self, request: Request, fields: Any = None) -> ResourceT:
        response = await self._session.send(request)
        return self._resource(request.method, response.status, response.body, fields)

    def _resource(self, method: str, status: int, body: bytes, fields: Any = None) -> ResourceT:
        document: Document[ResourceT] = self._decoded(
            method, status, lambda: self._serializer.decode_one(body, self._model, fields)
        )
        return document.data

    def _decoded(
        self, method: str, status: int, decode: Callable[[], Document[Any]]
    ) -> Document[Any]:
        try:
            return decode()
        except DocumentError as error:
            problem, path = error.problem, error.path
        except Exception as error:  # noqa: BLE001  # whatever breaks here, the request was answered
            problem, path = f"the serializer failed with {type(error).__name__}", ""
        url = self._session.base_url + self._path
        failure = DecodeError(method, url, status, problem, path)
        raise self._session.redacted(failure)


class Gets(Collection[ResourceT]):
    """Resources that can be fetched one by one."""

    async def get(
        self,
        id: str,  # noqa: A002  # JSON:API's own word
        *,
        include: Names | None = None,
        fields: Names | Mapping[str, Names] | None = None,
    ) -> ResourceT:
        """
        One resource by its id.

        `include` names relationships to send along, dotted for those of an included
        one; `fields` keeps the answer to the named ones, of this type or by type.

        Raises:
            InvalidRequestError: The id is none, or a name is unknown; nothing was sent.
            NotFoundError: There is no such resource in this account.
        """
        path = self._member_path(id)
        with refusing():
            query = self._query.encode(include=include, fields=fields)
            fieldsets = self._query.fieldsets(fields)
        return await self._one(Request("GET", path, query), fieldsets)


class Lists(Collection[ResourceT], Generic[ResourceT, FilterT]):
    """Resources that can be listed."""

    def list(
        self,
        *,
        filter: FilterT | None = None,  # noqa: A002  # JSON:API's own word
        sort: Names | None = None,
        include: Names | None = None,
        fields: Names | Mapping[str, Names] | None = None,
        page_size: int | None = None,
        page_number: int | None = None,
        prefetch: bool = True,
    ) -> Listing[ResourceT]:
        """
        The resources that match, page by page; nothing is sent before it is looked at.

        `sort` names fields, with `-` in front for descending order. The server's own
        page size is 50, and 100 is the most that every account may ask for.

        Raises:
            InvalidRequestError: A filter, sort, name or number is none that the API
                takes; nothing was sent.
        """
        if not self.paginated and (page_size is not None or page_number is not None):
            raise InvalidRequestError(
                "page_size" if page_size is not None else "page_number",
                f"{self.model.wire_type} come in one answer, without pages; leave it out",
            )
        with refusing():
            query = self._query.encode(
                filter=cast("Mapping[str, Any] | None", filter),
                sort=sort,
                include=include,
                fields=fields,
                page={"size": page_size, "number": page_number},
            )
            fieldsets = self._query.fieldsets(fields)

        async def load(link: str | None) -> Page[ResourceT]:
            request = Request("GET", self._path, query)
            if link is not None:
                request = Request("GET", link, is_link=True)
            response = await self._session.send(request)
            document: Document[tuple[ResourceT, ...]] = self._decoded(
                request.method,
                response.status,
                lambda: self._serializer.decode_many(response.body, self._model, fieldsets),
            )
            url = self._session.base_url + self._path
            return Page(document.data, document.meta, document.links, url)

        return Listing(load, prefetch=prefetch)


class Creates(Collection[ResourceT], Generic[ResourceT, NewT]):
    """Resources that can be created."""

    async def create(self, new: NewT) -> ResourceT:
        """
        Create a resource and return it as the server stored it.

        Raises:
            ValidationError: A value was refused; `errors[n].pointer` names it.
            TransportError: No answer arrived. Unless it is a `ConnectError`, the
                resource may exist.
        """
        return await self._one(Request("POST", self._path, body=self.body(new)))

    def body(self, new: NewT) -> bytes:
        """What is sent to create it."""
        try:
            return self._serializer.encode_new(new)
        except InvalidInputError as error:
            raise InvalidRequestError(error.field, error.problem) from None


class Updates(Gets[ResourceT]):
    """Resources that can be changed; each has an `update` of its own, typed by what it takes."""

    changes: ClassVar[Any]
    """The `TypedDict` of what can be changed."""

    async def _update(self, identity: str, changes: Mapping[str, Any]) -> ResourceT:
        path = self._member_path(identity)
        if not changes:
            raise InvalidRequestError("changes", "name at least one field to change")
        with refusing():
            check_members(self.changes, changes, "{}")
            body = self._serializer.encode_changes(self.model, identity, changes)
        request = Request("PATCH", path, body=body)
        response = await self._session.send(request)
        if response.status == 204:  # noqa: PLR2004  # done, and nothing to read (JSON:API 1.0)
            return await self.get(identity)
        return self._resource(request.method, response.status, response.body)


class Deletes(Collection[ResourceT]):
    """Resources that can be deleted."""

    async def delete(self, id: str) -> None:  # noqa: A002  # JSON:API's own word
        """
        Delete a resource.

        Raises:
            NotFoundError: There is no such resource in this account.
            TransportError: No answer arrived. Unless it is a `ConnectError`, it may be
                deleted.
        """
        await self._session.send(Request("DELETE", self._member_path(id)))
