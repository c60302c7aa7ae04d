"""Where numbers are from: countries, regions, cities."""

from typing import TypedDict

from didww_async.jsonapi import UnknownResource, to_many, to_one
from didww_async.models.base import AnyOf, DidwwResource, registry

__all__ = [
    "City",
    "CityFilter",
    "Country",
    "CountryFilter",
    "Region",
    "RegionFilter",
]


@registry.resource("countries")
class Country(DidwwResource):
    """A country with numbers."""

    name: str
    prefix: str | None
    """The dialling prefix, without `+`."""
    iso: str
    """ISO 3166-1 alpha-2."""
    regions: tuple["Region", ...] = to_many("regions")


@registry.resource("regions")
class Region(DidwwResource):
    """A part of a country."""

    name: str
    iso: str | None
    country: Country = to_one("countries")


@registry.resource("cities")
class City(DidwwResource):
    """A city with numbers."""

    name: str
    country: Country = to_one("countries")
    region: Region | None = to_one("regions")
    area: UnknownResource | None = to_one("areas")


class CountryFilter(TypedDict, total=False):
    """Filters of a list of countries."""

    id: AnyOf[str]
    iso: AnyOf[str]
    name: AnyOf[str]
    prefix: AnyOf[str]
    is_available: bool


RegionFilter = TypedDict(
    "RegionFilter",
    {"id": AnyOf[str], "iso": str, "name": AnyOf[str], "country.id": AnyOf[str]},
    total=False,
)
"""Filters of a list of regions."""

CityFilter = TypedDict(
    "CityFilter",
    {
        "id": AnyOf[str],
        "name": AnyOf[str],
        "is_available": bool,
        "country.id": AnyOf[str],
        "region.id": AnyOf[str],
        "area.id": str,
    },
    total=False,
)
"""Filters of a list of cities."""
