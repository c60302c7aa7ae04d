"""
The items of a new order, checked one by one and turned into priced lines.

Rules: DIDWW documentation, API 2026-04-16 (Create Order, Order Items).
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import define, field, frozen

from didww_async.sandbox.didww import refusals
from didww_async.sandbox.wire import is_array, is_integer, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didww_async.sandbox.didww.records import Record
    from didww_async.sandbox.didww.refusals import ErrorObject
    from didww_async.sandbox.didww.stock import Allocation
    from didww_async.sandbox.didww.world import World

    Item: TypeAlias = "Mapping[str, object]"

LineKind = Literal["did_order_items", "capacity_order_items", "emergency_order_items"]

EMERGENCY_PRICE = Decimal("1.5")
MOST_BILLING_CYCLES = 999

_ALLOWED: Mapping[str, frozenset[str]] = {
    "did_order_items": frozenset(
        {
            "sku_id",
            "qty",
            "available_did_id",
            "did_reservation_id",
            "nanpa_prefix_id",
            "billing_cycles_count",
            "prorate_days_qty",
        }
    ),
    "capacity_order_items": frozenset({"capacity_pool_id", "qty"}),
    "emergency_order_items": frozenset({"emergency_calling_service_id", "qty"}),
}
_REQUIRED: Mapping[str, str] = {
    "did_order_items": "sku_id",
    "capacity_order_items": "capacity_pool_id",
    "emergency_order_items": "emergency_calling_service_id",
}
_SOURCES = ("available_did_id", "did_reservation_id")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@define
class Line:
    """One item of an order: what, how many, at which price."""

    kind: LineKind
    target_id: str
    """The DID group, the capacity pool or the emergency calling service."""
    qty: int
    setup_price: Decimal
    """For one of them, once."""
    monthly_price: Decimal
    """For one of them, every month."""
    available_did: Record | None = None
    """The very number that is wanted."""
    reservation: Record | None = None
    nanpa_prefix_id: str | None = None
    billing_cycles_count: int | None = None
    channels_included_count: int = 0
    allocation: Allocation | None = field(default=None)
    """The numbers set aside, once there were enough."""

    @property
    def cost(self) -> Decimal:
        """What the line charges at once."""
        return self.qty * (self.setup_price + self.monthly_price)


@frozen
class _Place:
    """Where in the body an item stands, to point at it in errors."""

    index: int

    def pointer(self, name: str) -> str:
        return f"/data/attributes/items/{self.index}/{name}"

    def invalid(self, name: str, message: str) -> ErrorObject:
        return refusals.invalid(name, message, pointer=self.pointer(name))


class LineReader:
    """Reads the items of one order; `errors` collects every 422 on the way."""

    def __init__(self, world: World, *, allow_back_ordering: bool) -> None:
        self.errors: list[ErrorObject] = []
        self._world = world
        self._back_ordering = allow_back_ordering
        self._wanted: Counter[str] = Counter()
        self._claimed: set[str] = set()

    def read(self, items: object) -> list[Line]:
        """The lines of the order, in the order of the request."""
        if not is_array(items) or not items:
            message = "can't be blank" if items in (None, []) else "is invalid"
            self.errors.append(refusals.invalid("items", message))
            return []
        lines: list[Line] = []
        # Names first, as for the rest of the body: a typo is told before any value is judged.
        for index, (kind, item) in enumerate([_named(i, one) for i, one in enumerate(items)]):
            line = self._line(kind, item, _Place(index))
            if line is not None:
                lines.append(line)
        return lines

    def _line(self, kind: LineKind, item: Item, place: _Place) -> Line | None:
        before = len(self.errors)
        if kind == "did_order_items":
            line = self._did_line(item, place)
        elif kind == "capacity_order_items":
            line = self._capacity_line(item, place)
        else:
            line = self._emergency_line(item, place)
        return line if len(self.errors) == before else None

    def _did_line(self, item: Item, place: _Place) -> Line | None:
        sku = self._find("stock_keeping_units", item["sku_id"])
        if sku is None:
            self.errors.append(place.invalid("sku_id", "is invalid"))
        qty = self._qty(item, place, minimum=1)
        cycles = self._count(item, "billing_cycles_count", place, most=MOST_BILLING_CYCLES)
        self._count(item, "prorate_days_qty", place, most=31)
        self._refuse_two_sources(item, place)
        if sku is None:
            return None
        group_id = str(sku.hidden["did_group_id"])
        line = Line(
            "did_order_items",
            group_id,
            qty,
            Decimal(str(sku.attributes["setup_price"])),
            Decimal(str(sku.attributes["monthly_price"])),
            billing_cycles_count=cycles,
            channels_included_count=int(str(sku.attributes["channels_included_count"])),
        )
        self._add_source(line, item, place)
        self._add_nanpa_prefix(line, item, place)
        self._check_stock(line, place)
        return line

    def _refuse_two_sources(self, item: Item, place: _Place) -> None:
        sources = [name for name in ("qty", *_SOURCES) if name in item]
        for name in sources[1:]:
            self.errors.append(place.invalid(name, f"can't be combined with {sources[0]}"))

    def _add_source(self, line: Line, item: Item, place: _Place) -> None:
        for name in _SOURCES:
            if name not in item:
                continue
            if name == "available_did_id":
                number = self._find("available_dids", item[name])
                free = number is not None and number.visible
            else:
                line.reservation = self._find("did_reservations", item[name])
                held = None if line.reservation is None else line.reservation.links["available_did"]
                number = self._find("available_dids", held)
                free = number is not None
            fits = number is not None and number.links["did_group"] == line.target_id
            if number is None or not free or not fits or number.id in self._claimed:
                self.errors.append(place.invalid(name, "is invalid"))
                continue
            self._claimed.add(number.id)
            line.available_did = number

    def _add_nanpa_prefix(self, line: Line, item: Item, place: _Place) -> None:
        if "nanpa_prefix_id" not in item:
            return
        prefix = self._find("nanpa_prefixes", item["nanpa_prefix_id"])
        group = self._world.tables["did_groups"].records[line.target_id]
        if prefix is None or prefix.links["country"] != group.links["country"]:
            self.errors.append(place.invalid("nanpa_prefix_id", "is invalid"))
            return
        line.nanpa_prefix_id = prefix.id

    def _check_stock(self, line: Line, place: _Place) -> None:
        if line.reservation is not None:
            return
        # Lines of one order share the shelf.
        self._wanted[line.target_id] += line.qty
        if self._back_ordering:
            return
        if self._wanted[line.target_id] > self._world.stock.count(line.target_id):
            self.errors.append(place.invalid("qty", "exceeds available DIDs count"))

    def _capacity_line(self, item: Item, place: _Place) -> Line | None:
        pool = self._find("capacity_pools", item["capacity_pool_id"])
        if pool is None:
            self.errors.append(place.invalid("capacity_pool_id", "is invalid"))
            self._qty(item, place, minimum=1)
            return None
        qty = self._qty(item, place, minimum=int(str(pool.attributes["minimum_qty_per_order"])))
        price = self._volume_price(pool, qty)
        return Line(
            "capacity_order_items",
            pool.id,
            qty,
            Decimal(str(price["setup_price"])),
            Decimal(str(price["monthly_price"])),
        )

    def _volume_price(self, pool: Record, qty: int) -> Mapping[str, object]:
        tiers = self._world.tables["qty_based_pricings"].records
        reached = [
            tiers[tier].attributes
            for tier in pool.links["qty_based_pricings"] or ()
            if int(str(tiers[tier].attributes["qty"])) <= qty
        ]
        return max(reached, key=lambda tier: int(str(tier["qty"])), default=pool.attributes)

    def _emergency_line(self, item: Item, place: _Place) -> Line | None:
        service_id = item["emergency_calling_service_id"]
        qty = self._qty(item, place, minimum=1)
        if not isinstance(service_id, str) or _UUID.fullmatch(service_id) is None:
            self.errors.append(place.invalid("emergency_calling_service_id", "is invalid"))
            return None
        return Line("emergency_order_items", service_id, qty, EMERGENCY_PRICE, EMERGENCY_PRICE)

    def _qty(self, item: Item, place: _Place, *, minimum: int) -> int:
        # Left out, the quantity is one, and a pool's minimum holds for it too.
        qty = item.get("qty", 1)
        if not is_integer(qty):
            self.errors.append(place.invalid("qty", "is not a number"))
            return minimum
        if qty < minimum:
            self.errors.append(place.invalid("qty", f"should be at least {minimum}"))
        return qty

    def _count(self, item: Item, name: str, place: _Place, *, most: int) -> int | None:
        value = item.get(name)
        if value is None:
            return None
        if not is_integer(value):
            self.errors.append(place.invalid(name, "is not a number"))
            return None
        if value < 0:
            self.errors.append(place.invalid(name, "must be greater than or equal to 0"))
        elif value > most:
            self.errors.append(place.invalid(name, f"must be less than or equal to {most}"))
        return value

    def _find(self, type_: str, record_id: object) -> Record | None:
        if not isinstance(record_id, str):
            return None
        return self._world.tables[type_].records.get(record_id)


def _named(index: int, item: object) -> tuple[LineKind, Item]:
    """The type and the attributes of one item, all of whose names are known."""
    pointer = f"/data/attributes/items/{index}"
    if not is_object(item):
        raise refusals.bad_request(
            refusals.INVALID_DATA_FORMAT,
            "Invalid data format",
            "An item has to be an object.",
            pointer=pointer,
        )
    for name in item:
        if name not in {"type", "attributes"}:
            raise refusals.not_allowed(name, pointer=f"{pointer}/{name}")
    if "type" not in item:
        raise refusals.missing("type", pointer=pointer)
    kind = item["type"]
    if not isinstance(kind, str) or kind not in _ALLOWED:
        raise refusals.bad_request(
            refusals.INVALID_FIELD_VALUE,
            "Invalid field value",
            f"{kind} is not a valid value for type.",
            pointer=f"{pointer}/type",
        )
    attributes = item.get("attributes", {})
    if not is_object(attributes):
        raise refusals.bad_request(
            refusals.INVALID_DATA_FORMAT,
            "Invalid data format",
            "attributes has to be an object.",
            pointer=f"{pointer}/attributes",
        )
    for name in attributes:
        if name not in _ALLOWED[kind]:
            raise refusals.not_allowed(name, pointer=f"{pointer}/attributes/{name}")
    if _REQUIRED[kind] not in attributes:
        raise refusals.missing(_REQUIRED[kind], pointer=f"{pointer}/attributes")
    return _line_kind(kind), attributes


def _line_kind(kind: str) -> LineKind:
    if kind == "did_order_items":
        return "did_order_items"
    return "capacity_order_items" if kind == "capacity_order_items" else "emergency_order_items"
