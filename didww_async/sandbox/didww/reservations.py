"""
Holding single numbers for a while.

Rules: DIDWW documentation, API 2026-04-16 (DID Reservations): so many at once, so long each.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from didww_async.sandbox.didww import refusals
from didww_async.sandbox.didww.records import Record
from didww_async.sandbox.wire import timestamp

if TYPE_CHECKING:
    from didww_async.sandbox.didww.bodies import Change
    from didww_async.sandbox.didww.world import World


class Reservations:
    """Makes and ends reservations; a number goes back on offer when its time is up."""

    def __init__(self, world: World, *, seconds: float, limit: int) -> None:
        self._world = world
        self._seconds = seconds
        self._limit = limit

    @property
    def available_count(self) -> int:
        """How many more numbers may be held."""
        return self._limit - len(self._world.tables["did_reservations"].records)

    def place(self, change: Change) -> Record:
        """Hold the number that the change names."""
        if "available_did" not in change.links:
            raise refusals.missing("available_did", pointer="/data/relationships")
        number = self._world.tables["available_dids"].records.get(
            change.links["available_did"] or ""
        )
        if number is None or not number.visible:
            pointer = "/data/relationships/available_did"
            raise refusals.unprocessable(
                refusals.invalid("available_did", "is invalid", pointer=pointer)
            )
        description = change.attributes.get("description")
        if description is not None and not isinstance(description, str):
            raise refusals.unprocessable(refusals.invalid("description", "is invalid"))
        if self.available_count <= 0:
            raise refusals.unprocessable(
                refusals.invalid("base", f"limit of {self._limit} reservations is reached")
            )
        self._world.stock.hold(number)
        now = self._world.clock()
        expires_at = now + timedelta(seconds=self._seconds)
        record = Record(
            "did_reservations",
            self._world.new_id("did_reservations"),
            {
                "expires_at": timestamp(expires_at),
                "created_at": timestamp(now),
                "description": description,
            },
            links={"available_did": number.id},
        )
        self._world.tables["did_reservations"].add(record)
        self._world.at(expires_at, partial(self._expire, record.id))
        self._world.version += 1
        return record

    def delete(self, record: Record) -> None:
        """Let the number go."""
        self._world.tables["did_reservations"].remove(record.id)
        number = self._world.tables["available_dids"].records[str(record.links["available_did"])]
        self._world.stock.give_back(self._world.stock.held(number))
        self._world.version += 1
        self._world.restocked()

    def _expire(self, record_id: str) -> None:
        # An order may have bought the number in the meantime.
        record = self._world.tables["did_reservations"].records.get(record_id)
        if record is not None:
            self.delete(record)
