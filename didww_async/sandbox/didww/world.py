"""Everything the sandbox remembers, and the clock it lives by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from heapq import heappop, heappush
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING
from uuid import UUID

from didww_async.sandbox.didww.catalogue import fill
from didww_async.sandbox.didww.paths import value_at
from didww_async.sandbox.didww.records import Table
from didww_async.sandbox.didww.resources import RESOURCES
from didww_async.sandbox.didww.stock import Stock

if TYPE_CHECKING:
    from decimal import Decimal

    from didww_async.sandbox.didww.records import Record

Clock = Callable[[], datetime]

# What lookups must find without a walk through all records.
_INDEXED = {
    "orders": ("external_reference_id", "reference"),
    "dids": ("order.id", "order.reference", "number"),
}


def utc_now() -> datetime:
    """The time of day, aware."""
    return datetime.now(UTC)


class World:
    """
    The sandbox's memory: tables, money, stock and what is due when.

    Safe to read and to change from any thread while holding `lock`.
    """

    def __init__(
        self,
        *,
        seed: int,
        balance: Decimal,
        credit: Decimal,
        clock: Clock = utc_now,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.credit = credit
        self.version = 0
        """Grows with every change, so that a cached listing knows when it is stale."""
        self.restocked: Callable[[], None] = lambda: None
        """Called when numbers have come back on the shelf."""
        self.scheduled: Callable[[], None] = lambda: None
        """Called when something will fall due."""
        self._balance = balance
        self._seed = seed
        self._streams: dict[str, Random] = {}
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._agenda_serial = 0
        self.tables: Mapping[str, Table] = {
            name: Table({path: self._reader(path) for path in _INDEXED.get(name, ())})
            for name in RESOURCES
        }
        self.stock = Stock(self.tables, lambda: self.new_id("available_dids"))
        self.landmarks = fill(self)

    # Money

    @property
    def balance(self) -> Decimal:
        """What is on the account; at most `credit` below zero."""
        return self._balance

    @balance.setter
    def balance(self, amount: Decimal) -> None:
        self._balance = amount
        self.version += 1

    # Records

    def records(self, type_: str) -> Mapping[str, Record]:
        """All records of a type by id: a live, read-only view."""
        return MappingProxyType(self.tables[type_].records)

    @property
    def orders(self) -> Mapping[str, Record]:
        """All orders by id."""
        return self.records("orders")

    @property
    def dids(self) -> Mapping[str, Record]:
        """All purchased numbers by id."""
        return self.records("dids")

    @property
    def did_groups(self) -> Mapping[str, Record]:
        """All DID groups by id."""
        return self.records("did_groups")

    @property
    def available_dids(self) -> Mapping[str, Record]:
        """All single numbers on offer or held, by id; one that is held is not `visible`."""
        return self.records("available_dids")

    @property
    def did_reservations(self) -> Mapping[str, Record]:
        """All reservations by id."""
        return self.records("did_reservations")

    @property
    def capacity_pools(self) -> Mapping[str, Record]:
        """All capacity pools by id."""
        return self.records("capacity_pools")

    def orders_labelled(self, external_reference_id: str | None) -> list[Record]:
        """The orders with this `external_reference_id`: more than one if it was ordered twice."""
        return self.tables["orders"].found("external_reference_id", [external_reference_id])

    def dids_of(self, order_id: str) -> list[Record]:
        """The numbers that an order brought."""
        return self.tables["dids"].found("order.id", [order_id])

    def stock_of(self, sku_or_did_group_id: str) -> int:
        """How many numbers are left."""
        return self.stock.count(self._group_id(sku_or_did_group_id))

    def set_stock(self, sku_or_did_group_id: str, count: int) -> None:
        """Put exactly so many numbers on the shelf; orders that waited for them get theirs."""
        if count < 0:
            raise ValueError("stock can't be less than 0")
        with self.changing():
            self.stock.set(self._group_id(sku_or_did_group_id), count)
            self.restocked()

    def _group_id(self, known_id: str) -> str:
        if known_id in self.tables["did_groups"].records:
            return known_id
        sku = self.tables["stock_keeping_units"].records.get(known_id)
        if sku is None:
            raise LookupError(f"neither a SKU nor a DID group: {known_id!r}")
        return str(sku.hidden["did_group_id"])

    def stream(self, purpose: str) -> Random:
        """The random numbers of one purpose: the same for the same seed, whatever others draw."""
        if purpose not in self._streams:
            # Not for secrets: a sandbox has to repeat itself.
            self._streams[purpose] = Random(f"{self._seed}/{purpose}")  # noqa: S311
        return self._streams[purpose]

    def new_id(self, purpose: str) -> str:
        """The next id of one purpose."""
        return str(UUID(int=self.stream(purpose).getrandbits(128), version=4))

    # Time

    def at(self, due: datetime, action: Callable[[], None]) -> None:
        """Do this once the clock has reached `due` and somebody looks."""
        self._agenda_serial += 1
        heappush(self._agenda, (due, self._agenda_serial, action))
        self.scheduled()

    @property
    def next_due(self) -> datetime | None:
        """When the next thing falls due."""
        return self._agenda[0][0] if self._agenda else None

    @contextmanager
    def changing(self) -> Generator[None, None, None]:
        """Keep requests out while a test or a timer changes something."""
        with self.lock:
            yield
            self.version += 1

    def tick(self) -> None:
        """Do what has fallen due."""
        now = self.clock()
        while self._agenda and self._agenda[0][0] <= now:
            heappop(self._agenda)[2]()
            self.version += 1

    def _reader(self, path: str) -> Callable[[Record], object]:
        return lambda record: value_at(self.tables, record, path)
