"""Numbers that were bought."""

from datetime import datetime
from typing import TypedDict

from didww_async.jsonapi import Identifier, UnknownResource, optional, to_one
from didww_async.models.base import AnyOf, DidwwResource, registry
from didww_async.models.capacity import CapacityPool
from didww_async.models.catalogue import DidGroup, Feature
from didww_async.models.orders import Order

__all__ = ["Did", "DidChanges", "DidFilter"]


@registry.resource("dids")
class Did(DidwwResource):
    """A number of the account."""

    number: str
    """E.164 without `+`."""
    description: str | None
    blocked: bool
    awaiting_registration: bool
    terminated: bool
    emergency_enabled: bool | None = optional()
    """`None` where an older version of the API answers."""
    capacity_limit: int | None
    channels_included_count: int
    dedicated_channels_count: int
    billing_cycles_count: int | None = optional()
    """Renewals left; `None` renews without end."""
    created_at: datetime
    expires_at: datetime | None
    did_group: DidGroup = to_one("did_groups")
    order: Order | None = to_one("orders")
    capacity_pool: CapacityPool | None = to_one("capacity_pools")
    shared_capacity_group: UnknownResource | None = to_one("shared_capacity_groups")
    address_verification: UnknownResource | None = to_one("address_verifications")
    voice_in_trunk: UnknownResource | None = to_one("voice_in_trunks")
    voice_in_trunk_group: UnknownResource | None = to_one("voice_in_trunk_groups")
    emergency_calling_service: UnknownResource | None = to_one("emergency_calling_services")
    emergency_verification: UnknownResource | None = to_one("emergency_verifications")
    identity: UnknownResource | None = to_one("identities")


DidFilter = TypedDict(
    "DidFilter",
    {
        "id": AnyOf[str],
        "number": AnyOf[str],
        "description": AnyOf[str],
        "blocked": bool,
        "terminated": bool,
        "awaiting_registration": bool,
        "emergency_enabled": bool,
        "pending_removal": bool,
        "billing_cycles_count": int,
        "order.id": AnyOf[str],
        "order.reference": AnyOf[str],
        "did_group.id": AnyOf[str],
        "did_group.features": AnyOf[Feature | str],
        "country.id": AnyOf[str],
        "region.id": AnyOf[str],
        "city.id": AnyOf[str],
        "capacity_pool.id": AnyOf[str],
        "shared_capacity_group.id": AnyOf[str],
        "address_verification.id": str,
        "emergency_calling_service.id": AnyOf[str],
        "voice_in_trunk.id": AnyOf[str],
        "voice_in_trunk_group.id": AnyOf[str],
    },
    total=False,
)
"""Filters of a list of numbers."""


class DidChanges(TypedDict, total=False):
    """
    What can be changed of a number: leaving a field out leaves it alone, `None` clears it.

    `voice_in_trunk` and `voice_in_trunk_group` exclude each other.
    """

    description: str | None
    terminated: bool
    """True cancels the number."""
    capacity_limit: int | None
    dedicated_channels_count: int
    billing_cycles_count: int | None
    capacity_pool: CapacityPool | Identifier | str | None
    shared_capacity_group: UnknownResource | Identifier | str | None
    address_verification: UnknownResource | Identifier | str | None
    emergency_calling_service: UnknownResource | Identifier | str | None
    voice_in_trunk: UnknownResource | Identifier | str | None
    voice_in_trunk_group: UnknownResource | Identifier | str | None
