"""
The life of an order: placed and charged, then completed or canceled.

Rules: DIDWW documentation, API 2026-04-16 (Create Order, Cancel Order, Update Order).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import define

from didww_async.sandbox.didww import refusals
from didww_async.sandbox.didww.order_lines import Line, LineReader
from didww_async.sandbox.didww.records import Record
from didww_async.sandbox.wire import money, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from didww_async.sandbox.didww.bodies import Change
    from didww_async.sandbox.didww.refusals import ErrorObject
    from didww_async.sandbox.didww.world import World

LONGEST_REFERENCE = 100
_DESCRIPTIONS = {
    "did_order_items": "DID",
    "capacity_order_items": "Capacity",
    "emergency_order_items": "Emergency",
}
_TARGETS = {
    "did_order_items": "did_group_id",
    "capacity_order_items": "capacity_pool_id",
    "emergency_order_items": "emergency_calling_service_id",
}
_BARE_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?([/?#].*)?")


@define
class _OpenOrder:
    """A pending order and what it is made of."""

    record: Record
    lines: list[Line]
    cost: Decimal
    waits_for_stock: bool = False


class Orders:
    """Places, completes and cancels orders in a world."""

    def __init__(self, world: World, *, complete_after: float | None) -> None:
        self.finished: Callable[[Record], None] = lambda _: None
        """Called with every order that has become completed or canceled."""
        self._world = world
        self._complete_after = complete_after
        self._open: dict[str, _OpenOrder] = {}
        self._waiting: list[str] = []
        self._references: set[str] = set()
        self._to_call_back = 0

    @property
    def awaits_callback(self) -> bool:
        """Whether a pending order has somebody to call back."""
        return self._to_call_back > 0

    def place(self, change: Change) -> Record:
        """Check, charge and keep a new order; a refusal leaves everything as it was."""
        attributes = change.attributes
        if "items" not in attributes:
            raise refusals.missing("items", pointer="/data/attributes")
        back_ordering = attributes.get("allow_back_ordering", True)
        reader = LineReader(self._world, allow_back_ordering=back_ordering is not False)
        lines = reader.read(attributes["items"])
        errors = [*_attribute_errors(attributes), *reader.errors]
        if errors:
            raise refusals.unprocessable(*errors)
        cost = sum((line.cost for line in lines), Decimal(0))
        # Only this order counts: what earlier ones cost has left the balance already.
        available = self._world.balance + self._world.credit
        if cost > available:
            raise refusals.insufficient_balance(money(available), money(cost))
        self._world.balance -= cost
        order = _OpenOrder(self._record(attributes, lines, cost), lines, cost)
        self._world.tables["orders"].add(order.record)
        self._open[order.record.id] = order
        self._to_call_back += order.record.attributes["callback_url"] is not None
        self._world.version += 1
        self._start(order)
        return order.record

    def rename(self, record: Record, change: Change) -> None:
        """Set the caller's own reference."""
        errors = _reference_errors(change.attributes)
        if errors:
            raise refusals.unprocessable(*errors)
        self._world.tables["orders"].change(record, change.attributes)
        self._world.version += 1

    def cancel(self, record: Record) -> None:
        """Give the money and the numbers back; only a pending order for DIDs can be canceled."""
        order = self._open.pop(record.id, None)
        if order is None:
            raise refusals.unprocessable(refusals.invalid("base", "Order not pending"))
        if order.waits_for_stock:
            self._waiting.remove(record.id)
        self._world.balance += order.cost
        for line in order.lines:
            if line.allocation is not None:
                self._world.stock.give_back(line.allocation)
        self._finish(record, "canceled")
        self.serve_waiting()

    def complete(self, order_id: str) -> None:
        """
        Complete a pending order now.

        `LookupError` if no pending order has this id, or if it still waits for numbers.
        """
        order = self._open.get(order_id)
        if order is None:
            raise LookupError(f"no pending order has the id {order_id!r}")
        if order.waits_for_stock:
            raise LookupError(
                f"order {order_id!r} waits for stock: raise it with state.set_stock()"
            )
        self._complete(order)

    def complete_all(self) -> list[str]:
        """Complete every pending order that has its numbers; returns their ids."""
        ready = [order for order in self._open.values() if not order.waits_for_stock]
        for order in ready:
            self._complete(order)
        return [order.record.id for order in ready]

    def serve_waiting(self) -> None:
        """Let back orders have what is in stock now, the oldest first."""
        still_waiting: list[str] = []
        for order_id in self._waiting:
            order = self._open[order_id]
            if self._allocate(order):
                order.waits_for_stock = False
                self._schedule(order)
            else:
                still_waiting.append(order_id)
        self._waiting = still_waiting

    def _start(self, order: _OpenOrder) -> None:
        if not any(line.kind == "did_order_items" for line in order.lines):
            self._complete(order)
        elif self._allocate(order):
            self._schedule(order)
        else:
            order.waits_for_stock = True
            self._waiting.append(order.record.id)

    def _allocate(self, order: _OpenOrder) -> bool:
        """Set the numbers aside, those asked for by id first; False if a line still lacks some."""
        open_lines = [line for line in order.lines if line.kind == "did_order_items"]
        open_lines = [line for line in open_lines if line.allocation is None]
        stock = self._world.stock
        for line in sorted(open_lines, key=lambda line: line.available_did is None):
            if line.reservation is not None and line.available_did is not None:
                self._world.tables["did_reservations"].remove(line.reservation.id)
                line.allocation = stock.held(line.available_did)
            elif line.available_did is not None:
                line.allocation = stock.hold(line.available_did)
            else:
                line.allocation = stock.take(line.target_id, line.qty, line.nanpa_prefix_id)
        return all(line.allocation is not None for line in open_lines)

    def _schedule(self, order: _OpenOrder) -> None:
        if self._complete_after is not None:
            due = self._world.clock() + timedelta(seconds=self._complete_after)
            self._world.at(due, partial(self._complete_if_open, order.record.id))

    def _complete_if_open(self, order_id: str) -> None:
        order = self._open.get(order_id)
        if order is not None:
            self._complete(order)

    def _complete(self, order: _OpenOrder) -> None:
        del self._open[order.record.id]
        today = self._world.clock().date()
        for line, item in zip(reversed(order.lines), _items(order.record), strict=True):
            item.update(billed_from=today.isoformat(), billed_to=_next_month(today).isoformat())
            if line.kind == "did_order_items":
                self._deliver(order.record, line)
            elif line.kind == "capacity_order_items":
                pool = self._world.tables["capacity_pools"].records[line.target_id].attributes
                pool["total_channels_count"] = int(str(pool["total_channels_count"])) + line.qty
        self._finish(order.record, "completed")

    def _deliver(self, order: Record, line: Line) -> None:
        """Put the numbers of a line into the account."""
        assert line.allocation is not None
        world = self._world
        now = world.clock()
        group = world.tables["did_groups"].records[line.target_id]
        expires_at = datetime.combine(_next_month(now.date()), now.timetz())
        for number in world.stock.sell(line.allocation):
            attributes: dict[str, object] = {
                "number": number,
                "description": None,
                "blocked": False,
                "awaiting_registration": group.meta["needs_registration"],
                "terminated": False,
                "emergency_enabled": False,
                "capacity_limit": None,
                "channels_included_count": line.channels_included_count,
                "dedicated_channels_count": 0,
                "billing_cycles_count": line.billing_cycles_count,
                "created_at": timestamp(now),
                "expires_at": timestamp(expires_at),
            }
            links = {
                "did_group": group.id,
                "order": order.id,
                "capacity_pool": world.landmarks.capacity_pool_id,
            }
            world.tables["dids"].add(Record("dids", world.new_id("dids"), attributes, {**links}))

    def _finish(self, record: Record, status: str) -> None:
        self._world.tables["orders"].change(record, {"status": status})
        self._to_call_back -= record.attributes["callback_url"] is not None
        self._world.version += 1
        self.finished(record)

    def _record(self, attributes: Mapping[str, object], lines: list[Line], cost: Decimal) -> Record:
        kinds = {line.kind for line in lines}
        description = next(text for kind, text in _DESCRIPTIONS.items() if kind in kinds)
        return Record(
            "orders",
            self._world.new_id("orders"),
            {
                "amount": money(cost),
                "status": "pending",
                "created_at": timestamp(self._world.clock()),
                "description": description,
                "reference": self._reference(),
                "external_reference_id": attributes.get("external_reference_id"),
                # The API does not promise the request's order; turned round, nobody relies on it.
                "items": [_item(line) for line in reversed(lines)],
                "callback_url": attributes.get("callback_url"),
                "callback_method": attributes.get("callback_method"),
            },
        )

    def _reference(self) -> str:
        random = self._world.stream("references")
        while True:
            letters = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=3))
            reference = f"{letters}-{random.randrange(100_000, 1_000_000)}"
            if reference not in self._references:
                self._references.add(reference)
                return reference


def _item(line: Line) -> dict[str, object]:
    item: dict[str, object] = {
        "qty": line.qty,
        "nrc": money(line.setup_price),
        "mrc": money(line.monthly_price),
        "prorated_mrc": False,
        "billed_from": None,
        "billed_to": None,
        _TARGETS[line.kind]: line.target_id,
    }
    if line.kind == "did_order_items":
        item.update(setup_price=item["nrc"], monthly_price=item["mrc"])
    return {"type": line.kind, "attributes": item}


def _items(record: Record) -> list[dict[str, object]]:
    items = record.attributes["items"]
    return [item["attributes"] for item in items]  # type: ignore[attr-defined]


def _next_month(day: date) -> date:
    year, month = divmod(day.year * 12 + day.month, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _attribute_errors(attributes: Mapping[str, object]) -> list[ErrorObject]:
    errors = [*_reference_errors(attributes), *_callback_errors(attributes)]
    if not isinstance(attributes.get("allow_back_ordering", True), bool):
        errors.append(refusals.invalid("allow_back_ordering", "is invalid"))
    return errors


def _reference_errors(attributes: Mapping[str, object]) -> list[ErrorObject]:
    reference = attributes.get("external_reference_id")
    if reference is None:
        return []
    if not isinstance(reference, str):
        return [refusals.invalid("external_reference_id", "is invalid")]
    if len(reference) > LONGEST_REFERENCE:
        message = f"is too long (maximum is {LONGEST_REFERENCE} characters)"
        return [refusals.invalid("external_reference_id", message)]
    return []


def _callback_errors(attributes: Mapping[str, object]) -> list[ErrorObject]:
    url, method = attributes.get("callback_url"), attributes.get("callback_method")
    if url is None and method is None:
        return []
    errors: list[ErrorObject] = []
    if url is None:
        errors.append(refusals.invalid("callback_url", "can't be blank"))
    elif not isinstance(url, str) or not _is_web_address(url):
        errors.append(refusals.invalid("callback_url", "is invalid"))
    if method is None:
        errors.append(refusals.invalid("callback_method", "can't be blank"))
    elif method not in ("get", "post"):
        errors.append(refusals.invalid("callback_method", "is not included in the list"))
    return errors


def _is_web_address(url: str) -> bool:
    if "://" not in url:
        # The API takes an address without a scheme as http.
        return _BARE_HOST.fullmatch(url) is not None
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
