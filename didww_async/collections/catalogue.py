"""What can be bought, and where."""

from __future__ import annotations

from didww_async.collections.base import Creates, Deletes, Gets, Lists
from didww_async.models.catalogue import (
    AvailableDid,
    AvailableDidFilter,
    DidGroup,
    DidGroupFilter,
    DidGroupType,
    DidGroupTypeFilter,
    DidReservation,
    DidReservationFilter,
    NanpaPrefix,
    NanpaPrefixFilter,
    NewDidReservation,
)
from didww_async.models.geography import (
    City,
    CityFilter,
    Country,
    CountryFilter,
    Region,
    RegionFilter,
)

__all__ = [
    "AvailableDids",
    "Cities",
    "Countries",
    "DidGroupTypes",
    "DidGroups",
    "DidReservations",
    "NanpaPrefixes",
    "Regions",
]


class Countries(Gets[Country], Lists[Country, CountryFilter]):
    """Countries with numbers; all in one answer."""

    model = Country
    filters = CountryFilter
    sorts = ("iso", "name", "prefix")
    paginated = False


class Regions(Gets[Region], Lists[Region, RegionFilter]):
    """Parts of countries; all in one answer."""

    model = Region
    filters = RegionFilter
    sorts = ("iso", "name")
    paginated = False


class Cities(Gets[City], Lists[City, CityFilter]):
    """Cities with numbers."""

    model = City
    filters = CityFilter
    sorts = ("name",)


class DidGroupTypes(Gets[DidGroupType], Lists[DidGroupType, DidGroupTypeFilter]):
    """Kinds of numbers."""

    model = DidGroupType
    filters = DidGroupTypeFilter
    sorts = ("name",)


class DidGroups(Gets[DidGroup], Lists[DidGroup, DidGroupFilter]):
    """The catalogue; `include="stock_keeping_units"` brings what an order needs."""

    model = DidGroup
    filters = DidGroupFilter
    sorts = (
        "allow_additional_channels",
        "area_name",
        "country.name",
        "did_group_type.name",
        "is_metered",
        "prefix",
        "service_restrictions",
    )


class AvailableDids(Gets[AvailableDid], Lists[AvailableDid, AvailableDidFilter]):
    """Single numbers in stock; one capped answer, whose `meta["total_count"]` counts all."""

    model = AvailableDid
    filters = AvailableDidFilter
    sorts = ("number",)
    paginated = False


class DidReservations(
    Gets[DidReservation],
    Lists[DidReservation, DidReservationFilter],
    Creates[DidReservation, NewDidReservation],
    Deletes[DidReservation],
):
    """Numbers that are held; a page's `meta["available_count"]` says how many more may be."""

    model = DidReservation
    filters = DidReservationFilter
    sorts = ("created_at", "description", "expires_at")


class NanpaPrefixes(Gets[NanpaPrefix], Lists[NanpaPrefix, NanpaPrefixFilter]):
    """Area codes and exchanges of +1."""

    model = NanpaPrefix
    filters = NanpaPrefixFilter
    sorts = ("npa", "nxx")
