"""
The sandbox without a socket: a request goes in, a reply comes out.

It holds the world's lock for the whole of a request, so requests never see each other half done.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from attrs import frozen

from didww_async.sandbox.didww import query as queries
from didww_async.sandbox.didww import refusals
from didww_async.sandbox.didww.answers import Renderer
from didww_async.sandbox.didww.bodies import read_create, read_update
from didww_async.sandbox.didww.changes import change_capacity_pool, change_did
from didww_async.sandbox.didww.listings import Listings
from didww_async.sandbox.didww.resources import BY_PATH
from didww_async.sandbox.exchange import Reply, Request
from didww_async.sandbox.wire import MEDIA_TYPE, dumps, money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didww_async.sandbox.didww.orders import Orders
    from didww_async.sandbox.didww.query import Query
    from didww_async.sandbox.didww.records import Record
    from didww_async.sandbox.didww.reservations import Reservations
    from didww_async.sandbox.didww.schema import Resource
    from didww_async.sandbox.didww.world import World

ROOT = "/v3"
_NOTHING: frozenset[str] = frozenset()
_ON_ONE = frozenset({"include", "fields"})
_ON_MANY = frozenset({"include", "fields", "filter", "sort", "page"})
_WRITES = frozenset({"POST", "PATCH", "PUT"})
_WINDOW = timedelta(seconds=1)


@frozen
class Limits:
    """What an account may ask for."""

    rate_limit: int | None = None
    """Requests in any one second; None for no limit."""
    retry_after: float | None = None
    """Seconds in the `Retry-After` header of a 429; None for no header."""
    page_size: int = 100
    available_dids: int = 100


class App:
    """The routes of the API over one world."""

    def __init__(
        self,
        world: World,
        orders: Orders,
        reservations: Reservations,
        *,
        api_key: str,
        base_url: str,
        limits: Limits,
    ) -> None:
        self._world = world
        self._orders = orders
        self._reservations = reservations
        self._api_key = api_key
        self._limits = limits
        self._listings = Listings(world)
        self._renderer = Renderer(world.tables, base_url)
        self._arrivals: dict[str, deque[datetime]] = {}

    def authorized(self, request: Request) -> bool:
        """Whether the request carries the right key."""
        return request.headers.get("api-key") == self._api_key

    def handle(self, request: Request) -> Reply:
        """Answer one request; whatever it asks for has happened when this returns."""
        with self._world.lock:
            try:
                self._check_pace(request)
                if not self.authorized(request):
                    raise refusals.unauthorized()
                _check_headers(request)
                self._world.tick()
                return self._answer(request)
            except refusals.RefusalError as refusal:
                return error_reply(refusal)

    def _check_pace(self, request: Request) -> None:
        if self._limits.rate_limit is None:
            return
        now = self._world.clock()
        arrivals = self._arrivals.setdefault(request.headers.get("api-key", ""), deque())
        while arrivals and arrivals[0] <= now - _WINDOW:
            arrivals.popleft()
        if len(arrivals) >= self._limits.rate_limit:
            raise refusals.too_many_requests(self._limits.retry_after)
        arrivals.append(now)

    def _answer(self, request: Request) -> Reply:
        resource, record_id = _route(request)
        if resource.type == "balances":
            return self._balance(resource, request, record_id)
        if record_id is None:
            if request.method == "GET" and "list" in resource.verbs:
                return self._list(resource, request)
            if request.method == "POST" and "create" in resource.verbs:
                return self._create(resource, request)
        elif request.method == "GET" and "get" in resource.verbs:
            return self._get(resource, request, record_id)
        elif request.method in {"PATCH", "PUT"} and "update" in resource.verbs:
            return self._update(resource, request, record_id)
        elif request.method == "DELETE" and "delete" in resource.verbs:
            return self._delete(resource, request, record_id)
        raise refusals.method_not_allowed(request.method, request.path)

    def _balance(self, resource: Resource, request: Request, record_id: str | None) -> Reply:
        if record_id is not None:
            raise refusals.no_such_route(request.method, request.path)
        if request.method != "GET":
            raise refusals.method_not_allowed(request.method, request.path)
        query = self._query(resource, request, frozenset({"fields"}))
        world = self._world
        record = world.tables["balances"].in_order()[0]
        record.attributes = {
            "total_balance": money(world.balance + world.credit),
            "credit": money(world.credit),
            "balance": money(world.balance),
        }
        return _reply(200, self._renderer.one(record, query))

    def _list(self, resource: Resource, request: Request) -> Reply:
        query = self._query(resource, request, _ON_MANY)
        records = self._listings.select(resource, query)
        if resource.type == "available_dids":
            shown = records[: self._limits.available_dids]
            return _reply(200, self._renderer.many(shown, query, {"total_count": len(records)}))
        if not resource.paginated:
            meta: dict[str, Any] = {"total_records": len(records)}
            return _reply(200, self._renderer.many(records, query, meta))
        path = str(resource.path)
        return _reply(200, self._renderer.page(records, path, query, self._extra_meta(resource)))

    def _get(self, resource: Resource, request: Request, record_id: str) -> Reply:
        query = self._query(resource, request, _ON_ONE)
        record = self._record(resource, record_id)
        return _reply(200, self._renderer.one(record, query, self._extra_meta(resource)))

    def _create(self, resource: Resource, request: Request) -> Reply:
        query = self._query(resource, request, _ON_ONE)
        change = read_create(resource, request.body)
        made = self._orders if resource.type == "orders" else self._reservations
        record = made.place(change)
        return _reply(201, self._renderer.one(record, query))

    def _update(self, resource: Resource, request: Request, record_id: str) -> Reply:
        query = self._query(resource, request, _ON_ONE)
        record = self._record(resource, record_id)
        change = read_update(resource, record_id, request.body)
        if resource.type == "orders":
            self._orders.rename(record, change)
        elif resource.type == "dids":
            change_did(self._world, record, change)
        else:
            change_capacity_pool(self._world, record, change)
        return _reply(200, self._renderer.one(record, query))

    def _delete(self, resource: Resource, request: Request, record_id: str) -> Reply:
        self._query(resource, request, _NOTHING)
        record = self._record(resource, record_id)
        if resource.type == "orders":
            self._orders.cancel(record)
        else:
            self._reservations.delete(record)
        return Reply(204)

    def _record(self, resource: Resource, record_id: str) -> Record:
        record = self._world.tables[resource.type].records.get(record_id)
        if record is None or not record.visible:
            raise refusals.record_not_found(record_id)
        return record

    def _extra_meta(self, resource: Resource) -> dict[str, Any]:
        if resource.type == "did_reservations":
            return {"available_count": self._reservations.available_count}
        return {}

    def _query(self, resource: Resource, request: Request, families: frozenset[str]) -> Query:
        pairs = parse_qsl(request.query, keep_blank_values=True)
        return queries.parse(
            resource, pairs, families=families, page_size_limit=self._limits.page_size
        )


def error_reply(refusal: refusals.RefusalError) -> Reply:
    """The error document of a refusal."""
    reply = _reply(refusal.status, {"errors": refusal.errors})
    return Reply(reply.status, reply.body, {**reply.headers, **refusal.headers})


def _reply(status: int, document: Mapping[str, object]) -> Reply:
    return Reply(status, dumps(document), {"Content-Type": MEDIA_TYPE})


def _check_headers(request: Request) -> None:
    accept = request.headers.get("accept")
    if accept != MEDIA_TYPE:
        raise refusals.not_acceptable(accept)
    content_type = request.headers.get("content-type")
    if request.method in _WRITES and content_type != MEDIA_TYPE:
        raise refusals.unsupported_media_type(content_type)


def _route(request: Request) -> tuple[Resource, str | None]:
    """The resource type that the path names, and the id after it."""
    root, *segments = request.path.removeprefix("/").split("/")
    resource = BY_PATH.get(segments[0]) if segments else None
    if f"/{root}" != ROOT or resource is None or len(segments) > 2:  # noqa: PLR2004
        raise refusals.no_such_route(request.method, request.path)
    if len(segments) == 1:
        return resource, None
    return resource, unquote(segments[1])
