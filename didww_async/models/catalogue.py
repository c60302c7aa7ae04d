"""What can be bought: DID groups with their SKUs, single numbers, reservations, prefixes."""

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from didww_async.jsonapi import (
    UNSET,
    Identifier,
    OpenStrEnum,
    UnknownResource,
    Unset,
    from_meta,
    new_resource,
    relationship,
    to_many,
    to_one,
)
from didww_async.models.base import AnyOf, DidwwResource, registry
from didww_async.models.geography import City, Country, Region

__all__ = [
    "AvailableDid",
    "AvailableDidFilter",
    "DidGroup",
    "DidGroupFilter",
    "DidGroupType",
    "DidGroupTypeFilter",
    "DidReservation",
    "DidReservationFilter",
    "Feature",
    "NanpaPrefix",
    "NanpaPrefixFilter",
    "NewDidReservation",
    "StockKeepingUnit",
]


class Feature(OpenStrEnum):
    """What the numbers of a DID group can do."""

    VOICE_IN = "voice_in"
    VOICE_OUT = "voice_out"
    T38 = "t38"
    SMS_IN = "sms_in"
    P2P = "p2p"
    A2P = "a2p"
    EMERGENCY = "emergency"
    CNAM_OUT = "cnam_out"


@registry.resource("stock_keeping_units")
class StockKeepingUnit(DidwwResource):
    """A way to buy a number of a DID group; comes with the group only, by `include`."""

    setup_price: Decimal
    monthly_price: Decimal
    channels_included_count: int


@registry.resource("did_group_types")
class DidGroupType(DidwwResource):
    """A kind of numbers, such as Local, Mobile or Toll-free."""

    name: str


@registry.resource("did_groups")
class DidGroup(DidwwResource):
    """Numbers of one kind and place, and what is known of their stock."""

    prefix: str
    area_name: str
    features: tuple[Feature, ...]
    is_metered: bool
    allow_additional_channels: bool
    service_restrictions: str | None
    country: Country = to_one("countries")
    city: City | None = to_one("cities")
    region: Region | None = to_one("regions")
    did_group_type: DidGroupType | None = to_one("did_group_types")
    stock_keeping_units: tuple[StockKeepingUnit, ...] = to_many("stock_keeping_units")
    address_requirement: UnknownResource | None = to_one("address_requirements")
    is_available: bool = from_meta()
    total_count: int = from_meta()
    """How many numbers are in stock."""
    available_dids_enabled: bool = from_meta()
    """Whether single numbers can be seen and reserved."""
    needs_registration: bool = from_meta()


@registry.resource("nanpa_prefixes")
class NanpaPrefix(DidwwResource):
    """An area code and exchange of the North American Numbering Plan; for +1."""

    npa: str
    nxx: str
    country: Country = to_one("countries")
    region: Region | None = to_one("regions")


@registry.resource("available_dids")
class AvailableDid(DidwwResource):
    """A single number in stock."""

    number: str
    """E.164 without `+`."""
    did_group: DidGroup = to_one("did_groups")
    nanpa_prefix: NanpaPrefix | None = to_one("nanpa_prefixes")


@registry.resource("did_reservations")
class DidReservation(DidwwResource):
    """
    Holds a single number until it is bought or the time is up.

    An account may hold 10 at once for 10 minutes each, unless told otherwise
    (DIDWW API documentation in Postman, DID Reservations).
    """

    description: str | None
    created_at: datetime
    expires_at: datetime
    available_did: AvailableDid = to_one("available_dids")


@new_resource("did_reservations")
class NewDidReservation:
    """A single number to hold."""

    available_did: AvailableDid | Identifier | str = relationship("available_dids")
    description: str | None | Unset = UNSET


class DidGroupTypeFilter(TypedDict, total=False):
    """Filters of a list of DID group types."""

    id: AnyOf[str]
    name: AnyOf[str]


DidGroupFilter = TypedDict(
    "DidGroupFilter",
    {
        "id": AnyOf[str],
        "prefix": AnyOf[str],
        "area_name": AnyOf[str],
        "features": AnyOf[Feature | str],
        "is_metered": bool,
        "allow_additional_channels": bool,
        "available_dids_enabled": bool,
        "needs_registration": bool,
        "is_available": bool,
        "meta.total_count_gteq": int,
        "country.id": AnyOf[str],
        "region.id": AnyOf[str],
        "city.id": AnyOf[str],
        "did_group_type.id": AnyOf[str],
        "nanpa_prefix.id": AnyOf[str],
        "nanpa_prefix.npanxx": AnyOf[str],
    },
    total=False,
)
"""Filters of a list of DID groups; several features must all be there."""

NanpaPrefixFilter = TypedDict(
    "NanpaPrefixFilter",
    {
        "id": AnyOf[str],
        "npa": AnyOf[str],
        "nxx": AnyOf[str],
        "npanxx": str,
        "country.id": AnyOf[str],
        "region.id": AnyOf[str],
        "did_group.is_available": bool,
        "did_group.features": AnyOf[Feature | str],
    },
    total=False,
)
"""Filters of a list of NANPA prefixes."""

AvailableDidFilter = TypedDict(
    "AvailableDidFilter",
    {
        "id": AnyOf[str],
        "number_contains": str,
        "did_group.id": AnyOf[str],
        "did_group.features": AnyOf[Feature | str],
        "did_group.needs_registration": bool,
        "did_group_type.id": AnyOf[str],
        "country.id": AnyOf[str],
        "region.id": AnyOf[str],
        "city.id": AnyOf[str],
        "nanpa_prefix.id": str,
    },
    total=False,
)
"""Filters of a list of single numbers; `number_contains` of fewer than 3 digits needs a place."""


class DidReservationFilter(TypedDict, total=False):
    """Filters of a list of reservations."""

    id: AnyOf[str]
    description: str
