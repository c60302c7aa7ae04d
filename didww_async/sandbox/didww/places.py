"""The places that the catalogue sells numbers of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPENSIVE = "US Toll-free"
SOLD_OUT = "Frankfurt"

_VOICE = ("voice_in",)
_VOICE_BOTH = ("voice_in", "voice_out", "t38", "emergency")
_TEXT = ("voice_in", "voice_out", "sms_in", "p2p")


@frozen
class Area:
    """What one DID group covers."""

    name: str
    prefix: str
    region: str | None = None
    type: str = "Local"
    features: tuple[str, ...] = _VOICE
    browsable: bool = False
    """Its numbers are also offered one by one."""
    is_city: bool = True


@frozen
class Country:
    """A country, its regions by ISO code, and the areas in it."""

    name: str
    iso: str
    prefix: str
    regions: Mapping[str, str]
    areas: tuple[Area, ...]
    needs_registration: bool = False


def _elsewhere(name: str, prefix: str, type_: str, features: tuple[str, ...] = _VOICE) -> Area:
    return Area(name, prefix, type=type_, features=features, is_city=False)


COUNTRIES = (
    Country(
        "United States",
        "US",
        "1",
        {
            "US-CA": "California",
            "US-FL": "Florida",
            "US-IL": "Illinois",
            "US-NY": "New York",
            "US-TX": "Texas",
            "US-WA": "Washington",
        },
        (
            Area("New York", "212", "US-NY", features=_VOICE_BOTH, browsable=True),
            Area("Los Angeles", "310", "US-CA", features=_TEXT, browsable=True),
            Area("Chicago", "312", "US-IL", features=_VOICE_BOTH, browsable=True),
            Area("Houston", "713", "US-TX"),
            Area("Miami", "305", "US-FL", features=_TEXT),
            Area("Seattle", "206", "US-WA"),
            _elsewhere(EXPENSIVE, "800", "Toll-free"),
        ),
    ),
    Country(
        "Canada",
        "CA",
        "1",
        {"CA-BC": "British Columbia", "CA-ON": "Ontario", "CA-QC": "Quebec"},
        (
            Area("Toronto", "416", "CA-ON", features=_VOICE_BOTH),
            Area("Montreal", "514", "CA-QC"),
            Area("Vancouver", "604", "CA-BC"),
        ),
    ),
    Country(
        "United Kingdom",
        "GB",
        "44",
        {},
        (
            Area("London", "20", features=_VOICE_BOTH, browsable=True),
            Area("Manchester", "161"),
            Area("Birmingham", "121"),
            Area("Leeds", "113"),
            _elsewhere("GB Mobile", "7700", "Mobile", _TEXT),
            _elsewhere("GB National", "330", "National"),
        ),
    ),
    Country(
        "Germany",
        "DE",
        "49",
        {"DE-BE": "Berlin", "DE-BY": "Bavaria", "DE-HE": "Hesse", "DE-HH": "Hamburg"},
        (
            Area("Berlin", "30", "DE-BE", features=_VOICE_BOTH, browsable=True),
            Area("Munich", "89", "DE-BY"),
            Area("Hamburg", "40", "DE-HH"),
            Area(SOLD_OUT, "69", "DE-HE"),
            _elsewhere("DE Mobile", "1570", "Mobile", _TEXT),
        ),
        needs_registration=True,
    ),
    Country(
        "France",
        "FR",
        "33",
        {},
        (Area("Paris", "1"), Area("Lyon", "472"), Area("Marseille", "491")),
        needs_registration=True,
    ),
    Country(
        "Netherlands",
        "NL",
        "31",
        {},
        (Area("Amsterdam", "20", browsable=True), Area("Rotterdam", "10")),
    ),
    Country("Poland", "PL", "48", {}, (Area("Warsaw", "22"), Area("Krakow", "12"))),
    Country("Spain", "ES", "34", {}, (Area("Madrid", "91"), Area("Barcelona", "93"))),
)
"""A small part of the world, chosen so that every rule of the API has an example."""
