"""
The API without a socket: a request goes in, a reply comes out.

It holds the world's lock for the whole of a request, so requests never see each other half done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from didww_async.sandbox.adobe_vip.bodies import Wanted, read_object, read_order, read_reference
from didww_async.sandbox.adobe_vip.documents import order_document, preview_document
from didww_async.sandbox.adobe_vip.history import history_document
from didww_async.sandbox.adobe_vip.refusals import MEDIA_TYPE, RefusalError, json_reply
from didww_async.sandbox.exchange import Reply, Request

if TYPE_CHECKING:
    from didww_async.sandbox.adobe_vip.faults import AdobeVipFaults
    from didww_async.sandbox.adobe_vip.idempotency import Memory
    from didww_async.sandbox.adobe_vip.orders import Orders
    from didww_async.sandbox.adobe_vip.tokens import Tokens
    from didww_async.sandbox.adobe_vip.world import Customer, World

TOKEN_PATH = "/ims/token/v3"  # noqa: S105  # a path
_CREATED = 201


class App:
    """The routes of the API over one world."""

    def __init__(
        self,
        world: World,
        orders: Orders,
        tokens: Tokens,
        memory: Memory,
        faults: AdobeVipFaults,
    ) -> None:
        self._world = world
        self._orders = orders
        self._tokens = tokens
        self._memory = memory
        self._faults = faults

    def authorized(self, request: Request) -> bool:
        """Whether the request carries the right credentials."""
        has_key = request.headers.get("x-api-key") == self._tokens.client_id
        return has_key and self._tokens.accepts(request.headers.get("authorization", ""))

    def handle(self, request: Request) -> Reply:
        """Answer one request; whatever it asks for has happened when this returns."""
        with self._world.lock:
            if (request.method, request.path) == ("POST", TOKEN_PATH):
                return self._tokens.grant(request)
            try:
                self._check_headers(request)
                reply = self._answer_once(request)
            except RefusalError as refusal:
                reply = refusal.reply()
        request_id = request.headers.get("x-request-id")
        if request_id:
            reply = evolve(reply, headers={**reply.headers, "X-Request-Id": request_id})
        return reply

    def _check_headers(self, request: Request) -> None:
        headers = request.headers
        if headers.get("x-api-key") != self._tokens.client_id:
            raise RefusalError("4115")
        if "authorization" not in headers:
            raise RefusalError("4117")
        if not self._tokens.accepts(headers["authorization"]):
            raise RefusalError("4116")
        for name in ("accept", "content-type"):  # required of reads as well
            if headers.get(name) != MEDIA_TYPE:
                raise RefusalError("1117", name)
        if not headers.get("x-correlation-id"):
            raise RefusalError("4119")

    def _answer_once(self, request: Request) -> Reply:
        """What this intent was answered before, or a new answer, which is remembered."""
        correlation_id = request.headers["x-correlation-id"]
        operation = _operation(request)
        earlier = self._memory.recall(correlation_id, operation)
        if earlier is not None:
            return evolve(earlier, after=0.0)
        try:
            self._memory.meet(request.headers.get("x-request-id", ""))
            reply = self._answer(request)
        except RefusalError as refusal:
            reply = refusal.reply()
        writes = request.method != "GET"
        self._memory.remember(correlation_id, operation, reply, writes=writes)
        return reply

    def _answer(self, request: Request) -> Reply:
        """A new answer, unless a fault strikes."""
        fault = self._faults.inside.strike(request)
        self._orders.tick()
        if fault is None:
            return self._routed(request)
        if fault.kind == "delay":
            return evolve(self._routed(request), after=fault.seconds)
        if fault.applied:
            self._routed(request)
        return Reply(fault.status, fault.body, fault.headers)

    def _routed(self, request: Request) -> Reply:
        match request.path.split("/")[1:], request.method:
            case ["v3", "customers", customer_id, "orders"], "POST":
                return self._create(self._customer(customer_id), request)
            case ["v3", "customers", customer_id, "orders"], "GET":
                customer = self._customer(customer_id)
                page = history_document(self._world, customer, request.path, request.query)
                return json_reply(200, page)
            case ["v3", "customers", customer_id, "orders", order_id], "GET":
                return self._shown(customer_id, order_id, request)
            case ["v3", "customers", customer_id, "orders", order_id], "PATCH":
                return self._rename(customer_id, order_id, request)
            case _:
                return json_reply(404, {"error_code": "404000", "message": "Not Found"})

    def _customer(self, customer_id: str) -> Customer:
        customer = self._world.customers.get(customer_id)
        if customer is None:
            raise RefusalError("1116", customer_id)
        return customer

    def _create(self, customer: Customer, request: Request) -> Reply:
        wanted = read_order(request.body, customer)
        with_prices = "fetch-price=true" in request.query.split("&")
        if wanted.type == "PREVIEW_RENEWAL" and not wanted.lines:
            wanted = self._renewing(wanted, customer)
        self._orders.check(wanted, customer)
        if wanted.is_preview:
            if with_prices and len({line.currency for line in wanted.lines}) > 1:
                raise RefusalError("2148")
            document = preview_document(self._world, wanted, customer.id, with_prices=with_prices)
            return json_reply(_CREATED, document)
        order = self._orders.place(wanted, customer)
        return json_reply(_CREATED, order_document(self._world, order, with_prices=False))

    def _renewing(self, wanted: Wanted, customer: Customer) -> Wanted:
        """The preview of all that the customer has."""
        mine = [
            line
            for number, line in self._world.subscriptions.items()
            if self._world.subscribers[number] == customer.id and line.remaining
        ]
        if not mine:
            raise RefusalError("2136")
        lines = [evolve(line, number=number) for number, line in enumerate(mine, 1)]
        return Wanted(wanted.type, wanted.reference, "", lines)

    def _shown(self, customer_id: str, order_id: str, request: Request) -> Reply:
        order = self._world.orders.get(order_id)
        if order is None or order.customer_id != customer_id:
            raise RefusalError("2115", order_id)
        with_prices = "fetch-price=true" in request.query.split("&")
        return json_reply(200, order_document(self._world, order, with_prices=with_prices))

    def _rename(self, customer_id: str, order_id: str, request: Request) -> Reply:
        members = read_object(request.body)
        if set(members) - {"externalReferenceId"}:
            raise RefusalError("1121", *sorted(set(members) - {"externalReferenceId"}))
        reference = read_reference(members)
        if not reference:
            raise RefusalError("1122", "externalReferenceId")
        reply = self._shown(customer_id, order_id, request)
        if reply.status == 200:  # noqa: PLR2004
            self._world.orders[order_id].reference = reference
        return self._shown(customer_id, order_id, request)


def _operation(request: Request) -> str:
    """What is done, whomever to: a correlation id is good for one use of each operation."""
    depth = request.path.count("/")
    return f"{request.method} {depth}"
