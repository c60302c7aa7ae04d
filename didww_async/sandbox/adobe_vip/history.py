"""A customer's orders, filtered and page by page (Get order history)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from didww_async.sandbox.adobe_vip.documents import order_document
from didww_async.sandbox.adobe_vip.refusals import RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didww_async.sandbox.adobe_vip.world import Customer, OrderRecord, World

USUAL_LIMIT = 25
LARGEST_LIMIT = 100
_VALUES = {
    "order-type": {"NEW", "TRANSFER", "RENEWAL", "RETURN"},
    "status": {"1000", "1002", "1004", "1026"},  # the documented ones, which are not all
}
_FILTERS = ("order-type", "status", "reseller-id", "reference-order-id", "offer-id")
_OTHERS = ("start-date", "end-date", "limit", "offset", "fetch-price")


def history_document(world: World, customer: Customer, path: str, query: str) -> dict[str, object]:
    """One page of the customer's orders."""
    pairs = parse_qsl(query, keep_blank_values=True)
    given: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        if name not in (*_FILTERS, *_OTHERS) or not value:
            raise RefusalError("1132", name)
        if value not in _VALUES.get(name, {value}):
            raise RefusalError("1132", name)
        given[name].append(value)
    limit = min(max(_number(given, "limit", USUAL_LIMIT), 1), LARGEST_LIMIT)
    offset = _number(given, "offset", 0)
    found = [order for order in reversed(world.orders_of(customer.id)) if _visible(world, order)]
    first = _moment(given, "start-date") or customer.term_began or datetime.min.replace(tzinfo=UTC)
    last = _moment(given, "end-date") or world.clock()
    found = [
        order
        for order in found
        if first <= order.created.replace(microsecond=0) <= last and _matches(order, given)
    ]
    if offset > len(found):
        raise RefusalError("1133", "offset")
    shown = found[offset : offset + limit]
    with_prices = given["fetch-price"] == ["true"]
    links = {"self": _link(path, pairs, limit, offset)}
    if offset + limit < len(found):
        links["next"] = _link(path, pairs, limit, offset + limit)
    if offset > 0:
        links["prev"] = _link(path, pairs, limit, max(offset - limit, 0))
    return {
        "totalCount": len(found),
        "count": len(shown),
        "offset": offset,
        "limit": limit,
        "items": [order_document(world, order, with_prices=with_prices) for order in shown],
        "links": links,
    }


def _visible(world: World, order: OrderRecord) -> bool:
    return order.visible <= world.clock()


def _matches(order: OrderRecord, given: Mapping[str, list[str]]) -> bool:
    has = {
        "order-type": {order.type},
        "status": {order.status},
        "reference-order-id": {order.original},
        "offer-id": {line.offer_id for line in order.lines},
    }
    return all(has.get(name, set()) & set(given[name]) for name in _FILTERS if given.get(name))


def _link(path: str, pairs: list[tuple[str, str]], limit: int, offset: int) -> dict[str, object]:
    kept = [pair for pair in pairs if pair[0] not in {"limit", "offset"}]
    query = urlencode([*kept, ("limit", str(limit)), ("offset", str(offset))])
    return {"uri": f"{path}?{query}", "method": "GET", "headers": []}


def _number(given: Mapping[str, list[str]], name: str, usual: int) -> int:
    values = given.get(name, [str(usual)])
    if not values[-1].isdecimal():
        raise RefusalError("1132", name)
    return int(values[-1])


def _moment(given: Mapping[str, list[str]], name: str) -> datetime | None:
    values = given.get(name)
    if not values:
        return None
    try:
        moment = datetime.fromisoformat(values[-1])
    except ValueError:
        raise RefusalError("1132", name) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
