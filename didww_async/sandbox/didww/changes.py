"""
What a PATCH may change in a DID or in a capacity pool.

Rules: DIDWW documentation, API 2026-04-16 (Update DID, Update Capacity Pool).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from didww_async.sandbox.didww import refusals
from didww_async.sandbox.didww.order_lines import MOST_BILLING_CYCLES
from didww_async.sandbox.didww.resources import RESOURCES
from didww_async.sandbox.wire import is_integer

if TYPE_CHECKING:
    from didww_async.sandbox.didww.bodies import Change
    from didww_async.sandbox.didww.records import Record
    from didww_async.sandbox.didww.refusals import ErrorObject
    from didww_async.sandbox.didww.world import World

_MOST_CHANNELS = 32767
_TRUNKS = ("voice_in_trunk", "voice_in_trunk_group")


def change_did(world: World, did: Record, change: Change) -> None:
    """Apply the change to the DID, or refuse all of it."""
    errors = [*_did_attribute_errors(change), *_did_link_errors(world, change)]
    if errors:
        raise refusals.unprocessable(*errors)
    world.tables["dids"].change(did, change.attributes)
    links = dict(change.links)
    for name, other in (_TRUNKS, _TRUNKS[::-1]):
        # A number rings at one place: a new trunk takes the old group's place, and vice versa.
        if links.get(name) is not None:
            links[other] = None
    for name, target in links.items():
        _move(world, did, name, target)
    world.version += 1


def change_capacity_pool(world: World, pool: Record, change: Change) -> None:
    """Lower the number of channels; more of them have to be ordered."""
    if "total_channels_count" not in change.attributes:
        return
    wanted = change.attributes["total_channels_count"]
    total = int(str(pool.attributes["total_channels_count"]))
    assigned = int(str(pool.attributes["assigned_channels_count"]))
    least = max(assigned, int(str(pool.attributes["minimum_limit"])))
    errors: list[ErrorObject] = []
    _check_count(errors, "total_channels_count", wanted, most=total, least=least)
    if errors:
        raise refusals.unprocessable(*errors)
    world.tables["capacity_pools"].change(pool, {"total_channels_count": wanted})
    world.version += 1


def _did_attribute_errors(change: Change) -> list[ErrorObject]:
    errors: list[ErrorObject] = []
    for name, value in change.attributes.items():
        if name == "description":
            if value is not None and not isinstance(value, str):
                errors.append(refusals.invalid(name, "is invalid"))
        elif name == "terminated":
            if not isinstance(value, bool):
                errors.append(refusals.invalid(name, "is invalid"))
        elif name == "dedicated_channels_count":
            _check_count(errors, name, value, most=_MOST_CHANNELS)
        elif value is not None:
            most = MOST_BILLING_CYCLES if name == "billing_cycles_count" else _MOST_CHANNELS
            _check_count(errors, name, value, most=most)
    return errors


def _check_count(
    errors: list[ErrorObject], name: str, value: object, *, most: int, least: int = 0
) -> None:
    if not is_integer(value):
        errors.append(refusals.invalid(name, "is not a number"))
    elif value < least:
        errors.append(refusals.invalid(name, f"must be greater than or equal to {least}"))
    elif value > most:
        errors.append(refusals.invalid(name, f"must be less than or equal to {most}"))


def _did_link_errors(world: World, change: Change) -> list[ErrorObject]:
    errors = [
        _invalid_link(name)
        for name, target in change.links.items()
        if target is not None and target not in world.tables[_target_type(name)].records
    ]
    if all(change.links.get(name) is not None for name in _TRUNKS):
        errors.append(_invalid_link(_TRUNKS[1], f"can't be combined with {_TRUNKS[0]}"))
    return errors


def _invalid_link(name: str, message: str = "is invalid") -> ErrorObject:
    # The API reports a relationship as the attribute that holds its id.
    return refusals.invalid(name, message, pointer=f"/data/attributes/{name}_id")


def _target_type(name: str) -> str:
    return RESOURCES["dids"].relationships[name].type


def _move(world: World, did: Record, name: str, target: str | None) -> None:
    """Point the DID elsewhere, and keep the `dids` of both ends in step."""
    records = world.tables[_target_type(name)].records
    before = did.links.get(name)
    if isinstance(before, str):
        _set_dids(records[before], [one for one in _dids(records[before]) if one != did.id])
    did.links[name] = target
    if target is not None:
        _set_dids(records[target], [*_dids(records[target]), did.id])


def _dids(holder: Record) -> tuple[str, ...]:
    ids = holder.links.get("dids")
    return ids if isinstance(ids, tuple) else ()


def _set_dids(holder: Record, ids: list[str]) -> None:
    if "dids" in RESOURCES[holder.type].relationships:
        holder.links["dids"] = tuple(ids)
