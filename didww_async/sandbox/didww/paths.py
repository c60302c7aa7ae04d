"""Reading a value at the end of a dotted path, such as `did_group.country.id`."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from didww_async.sandbox.didww.resources import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from didww_async.sandbox.didww.records import Record, Table

    Tables: TypeAlias = Mapping[str, Table]


def values_at(tables: Tables, record: Record, path: str) -> list[object]:
    """All values that the path reaches; a relationship to nothing reaches one None."""
    name, _, rest = path.partition(".")
    if not rest:
        return _own_values(tables, record, name)
    if name == "meta":
        return [record.meta.get(rest)]
    link = record.links.get(name)
    if link is None or link == ():
        return [None]
    ids = (link,) if isinstance(link, str) else link
    if rest == "id":
        return list(ids)
    table = tables[RESOURCES[record.type].relationships[name].type]
    return [value for one in ids for value in values_at(tables, table.records[one], rest)]


def value_at(tables: Tables, record: Record, path: str) -> object:
    """The first value that the path reaches."""
    return values_at(tables, record, path)[0]


def _own_values(tables: Tables, record: Record, name: str) -> list[object]:
    if name == "id":
        return [record.id]
    if name in record.attributes:
        value = record.attributes[name]
    elif name in record.hidden:
        value = record.hidden[name]
    else:
        computed = _COMPUTED.get((record.type, name))
        value = None if computed is None else computed(tables, record)
    return list(value) if isinstance(value, (list, tuple)) else [value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _has_stock(tables: Tables, record: Record) -> bool:
    return any(values_at(tables, record, "did_groups.meta.is_available"))


def _as_number(name: str) -> Callable[[Tables, Record], object]:
    return lambda _, record: Decimal(str(record.attributes[name]))


def _is_not_renewed(_: Tables, record: Record) -> bool:
    return record.attributes["billing_cycles_count"] == 0


def _has_unassigned_channels(_: Tables, record: Record) -> bool:
    total, assigned = (
        record.attributes["total_channels_count"],
        record.attributes["assigned_channels_count"],
    )
    return int(str(total)) > int(str(assigned))


_COMPUTED: Mapping[tuple[str, str], Callable[[Tables, Record], object]] = {
    ("countries", "is_available"): _has_stock,
    ("cities", "is_available"): _has_stock,
    ("orders", "amount_as_number"): _as_number("amount"),
    ("capacity_pools", "setup_price_as_number"): _as_number("setup_price"),
    ("capacity_pools", "monthly_price_as_number"): _as_number("monthly_price"),
    ("capacity_pools", "metered_rate_as_number"): _as_number("metered_rate"),
    ("capacity_pools", "has_unassigned_channels"): _has_unassigned_channels,
    ("dids", "pending_removal"): _is_not_renewed,
}
