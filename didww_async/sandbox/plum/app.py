"""
The sandbox without a socket: a request goes in, a reply comes out.

It holds the orders' lock for the whole of a request, so requests never see each other half done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from didww_async.sandbox.exchange import Reply, Request
from didww_async.sandbox.plum import bodies
from didww_async.sandbox.plum.refusals import (
    RefusalError,
    application,
    json_reply,
    oauth_reply,
)
from didww_async.sandbox.wire import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from didww_async.sandbox.plum.catalogue import Product
    from didww_async.sandbox.plum.documents import Writer
    from didww_async.sandbox.plum.orders import Orders
    from didww_async.sandbox.plum.throttle import Throttle
    from didww_async.sandbox.plum.tokens import Tokens

ROOT = "/chef"
_API = "/v1/oauth/api"
_REFRESH = "/v1/oauth/token/user"
_VALIDATE = "/v1/oauth/token"

ItemT = TypeVar("ItemT")


class App:
    """The one endpoint, and the token service beside it."""

    def __init__(
        self,
        orders: Orders,
        products: Mapping[int, Product],
        tokens: Tokens,
        throttle: Throttle,
        writer: Writer,
        *,
        currency: str,
        top_up_field: bodies.TopUpField,
    ) -> None:
        self._orders = orders
        self._products = products
        self._tokens = tokens
        self._throttle = throttle
        self._writer = writer
        self._currency = currency
        self._top_up_field: bodies.TopUpField = top_up_field
        self._operations: Mapping[str, Callable[[Mapping[str, object]], object]] = {
            "placeOrder": self._place,
            "getOrderDetails": self._details,
            "getOrderHistory": self._history,
            "getVouchers": self._vouchers,
            "getFilters": self._filters,
            "getBalance": self._balance,
        }

    def authorized(self, request: Request) -> bool:
        """Whether the request carries a good access token."""
        return self._tokens.accepts(request.headers.get("authorization", ""))

    def handle(self, request: Request) -> Reply:
        """Answer one request; whatever it asks for has happened when this returns."""
        with self._orders.lock:
            self._orders.tick()
            try:
                return self._answer(request)
            except RefusalError as refusal:
                return refusal.reply

    def _answer(self, request: Request) -> Reply:
        route = (request.method, request.path.removeprefix(ROOT).rstrip("/"))
        if route == ("POST", _REFRESH):
            return self._tokens.refresh(request)
        if route == ("GET", _VALIDATE):
            return self._tokens.validate(request)
        if route != ("POST", _API):
            return json_reply(404, {"code": 404, "error": "no such route"})
        return self._operate(request)

    def _operate(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            raise application("PIPE10013")
        if not self.authorized(request):
            return oauth_reply(401, "invalid_token", "invalid/expired token")
        operation, data = bodies.envelope(request.body)
        answer = self._operations.get(operation)
        if answer is None:
            return json_reply(400, {"code": 400, "error": "no such operation"})
        self._throttle.check(operation)
        return json_reply(200, {"data": {operation: {"status": 1, "data": answer(data)}}})

    def _place(self, data: Mapping[str, object]) -> object:
        return self._writer.order(self._orders.place(bodies.wanted(data, self._top_up_field)))

    def _details(self, data: Mapping[str, object]) -> object:
        looked = bodies.looked(data)
        order = self._orders.find(looked.po_number, looked.order_id)
        order.mails_sent_again += looked.sends_mail
        return self._writer.details(order)

    def _history(self, data: Mapping[str, object]) -> object:
        asked = bodies.history_range(data)
        newest_first = reversed(self._orders.placed)
        found = [order for order in newest_first if asked.has(order.placed_at.date(), order.tag)]
        page = _page(found, asked.limit, asked.page)
        return [self._writer.history(order) for order in page]

    def _vouchers(self, data: Mapping[str, object]) -> object:
        error = "PLE10030"
        limit, page = bodies.paging(data, error)
        parent = bodies.optional_whole(data, "parentProductId", error)
        included = bodies.identities(data, "includeProducts")
        excluded = bodies.identities(data, "excludeProducts")
        category = data.get("categoryType") or "giftcard"
        found = [
            product
            for product in self._products.values()
            if product.category == category
            and (product.parent_id == parent or (parent is None and product.id in included))
            and (not included or product.id in included)
            and product.id not in excluded
            and _passes(product, data.get("filters"))
        ]
        return [self._writer.product(product) for product in _page(found, limit, page)]

    def _filters(self, data: Mapping[str, object]) -> object:
        code = data.get("filterGroupCode") or "country"
        if not isinstance(code, str) or code.lower() != "country":
            raise application("PLE10003", "the only filterGroupCode here is country")
        countries = sorted({(p.country_name, p.country) for p in self._products.values()})
        filters = [
            {"filterValue": name, "isoCode": iso, "filterValueCode": name.lower()}
            for name, iso in countries
        ]
        return [
            {
                "filterGroupName": "Country",
                "filterGroupDescription": "",
                "filterGroupCode": "country",
                "filters": filters,
            }
        ]

    def _balance(self, data: Mapping[str, object]) -> object:
        del data
        return self._writer.balance(self._orders.balance, self._currency)


def _passes(product: Product, filters: object) -> bool:
    """Whether it has the country that is asked for; other filters are not known here."""
    if not is_array(filters):
        return True
    for entry in filters:
        if not is_object(entry) or str(entry.get("key")).lower() != "country":
            raise application("PLE10031", "the only filter here is country")
        if str(entry.get("value")).lower() != product.country_name.lower():
            return False
    return True


def _page(items: Sequence[ItemT], limit: int, page: int) -> Sequence[ItemT]:
    return items[(page - 1) * limit : page * limit]
