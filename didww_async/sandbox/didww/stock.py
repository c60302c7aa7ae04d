"""The numbers on the shelf: counted per DID group, some of them offered one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from didww_async.sandbox.didww.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from didww_async.sandbox.didww.paths import Tables

# Coprime with 10, so that the numbers of a group look scattered and still never repeat.
_STRIDE = 7919
_SHOWCASE = 10


@define
class Allocation:
    """Numbers set aside for one line of an order."""

    group_id: str
    anonymous: int = 0
    """How many numbers that are not offered one by one."""
    listed: list[Record] = field(factory=list[Record])
    """Numbers that `available_dids` offered."""
    nanpa_prefix_id: str | None = None


class Stock:
    """What every DID group has left, kept in step with its `meta` and with `available_dids`."""

    def __init__(self, tables: Tables, new_id: Callable[[], str]) -> None:
        self._tables = tables
        self._new_id = new_id
        self._listed: dict[str, list[Record]] = {}
        self._serials: dict[str, int] = {}
        self._used: set[str] = set()

    def count(self, group_id: str) -> int:
        """How many numbers of the group can still be ordered."""
        return int(str(self._group(group_id).meta["total_count"]))

    def set(self, group_id: str, count: int) -> None:
        """Put exactly this many numbers on the shelf."""
        self._count(group_id, count)
        listed = self._listed.setdefault(group_id, [])
        while len(listed) > count:
            self._tables["available_dids"].remove(listed.pop().id)
        if self._group(group_id).meta["available_dids_enabled"]:
            while len(listed) < min(count, _SHOWCASE):
                listed.append(self._offer(group_id, len(listed)))

    def take(
        self, group_id: str, qty: int, nanpa_prefix_id: str | None = None
    ) -> Allocation | None:
        """Set `qty` numbers aside, those not offered singly first; None if there are too few."""
        free = self.count(group_id)
        if qty > free:
            return None
        listed = self._listed.setdefault(group_id, [])
        allocation = Allocation(group_id, nanpa_prefix_id=nanpa_prefix_id)
        allocation.anonymous = min(qty, free - len(listed))
        for _ in range(qty - allocation.anonymous):
            allocation.listed.append(listed.pop())
            allocation.listed[-1].visible = False
        self._count(group_id, free - qty)
        return allocation

    def hold(self, available_did: Record) -> Allocation:
        """Set this very number aside."""
        group_id = str(available_did.links["did_group"])
        self._listed[group_id].remove(available_did)
        available_did.visible = False
        self._count(group_id, self.count(group_id) - 1)
        return Allocation(group_id, listed=[available_did])

    def held(self, available_did: Record) -> Allocation:
        """The same, for a number that was set aside before."""
        return Allocation(str(available_did.links["did_group"]), listed=[available_did])

    def give_back(self, allocation: Allocation) -> None:
        """Put the numbers back on the shelf, under the ids they had."""
        for record in allocation.listed:
            record.visible = True
            self._listed[allocation.group_id].append(record)
        returned = allocation.anonymous + len(allocation.listed)
        self._count(allocation.group_id, self.count(allocation.group_id) + returned)

    def sell(self, allocation: Allocation) -> list[str]:
        """The numbers themselves, gone from the shelf for good."""
        numbers = [
            self._new_number(allocation.group_id, allocation.nanpa_prefix_id)
            for _ in range(allocation.anonymous)
        ]
        for record in allocation.listed:
            numbers.append(str(record.attributes["number"]))
            self._tables["available_dids"].remove(record.id)
        return numbers

    def _group(self, group_id: str) -> Record:
        return self._tables["did_groups"].records[group_id]

    def _count(self, group_id: str, count: int) -> None:
        self._group(group_id).meta.update(total_count=count, is_available=count > 0)

    def _offer(self, group_id: str, at: int) -> Record:
        prefixes = self._group(group_id).links.get("nanpa_prefixes") or ()
        nanpa_prefix = prefixes[at % len(prefixes)] if prefixes else None
        record = Record(
            "available_dids",
            self._new_id(),
            {"number": self._new_number(group_id, nanpa_prefix)},
            links={"did_group": group_id, "nanpa_prefix": nanpa_prefix},
        )
        return self._tables["available_dids"].add(record)

    def _new_number(self, group_id: str, nanpa_prefix_id: str | None) -> str:
        group = self._group(group_id)
        country = self._tables["countries"].records[str(group.links["country"])]
        head = f"{country.attributes['prefix']}{group.attributes['prefix']}"
        if nanpa_prefix_id is not None:
            nanpa = self._tables["nanpa_prefixes"].records[nanpa_prefix_id].attributes
            head = f"1{nanpa['npa']}{nanpa['nxx']}"
        digits = max(11 - len(head), 4)
        while True:
            serial = self._serials.get(head, 0) + 1
            self._serials[head] = serial
            tail = serial * _STRIDE % 10**digits
            # A head whose serials have run out grows longer numbers instead of repeating one.
            extra = str(serial // 10**digits) if serial >= 10**digits else ""
            number = f"{head}{tail:0{digits}d}{extra}"
            if number not in self._used:
                self._used.add(number)
                return number
