"""
What can be ordered, and where.

Taken from the DIDWW documentation, API 2026-04-16: the pages of the resources name the
attributes, relationships, filters, sorts and includes, and say which filters take a list.
"""

from __future__ import annotations

from didww_async.sandbox.didww.schema import (
    ID,
    READ,
    Filter,
    Relationship,
    Resource,
    flag,
    names,
    ref,
    sorts,
    with_features,
)

DID_GROUPS = Resource(
    "did_groups",
    path="did_groups",
    verbs=READ,
    attributes=(
        "prefix",
        "area_name",
        "features",
        "is_metered",
        "allow_additional_channels",
        "service_restrictions",
    ),
    relationships={
        "country": Relationship("countries"),
        "city": Relationship("cities"),
        "did_group_type": Relationship("did_group_types"),
        "region": Relationship("regions"),
        "stock_keeping_units": Relationship("stock_keeping_units", many=True),
        "address_requirement": Relationship("address_requirements"),
        "nanpa_prefixes": Relationship("nanpa_prefixes", many=True, hidden=True),
    },
    filters={
        "id": ID,
        "prefix": names("prefix"),
        "area_name": names("area_name", fold=True),
        "is_metered": flag("is_metered"),
        "allow_additional_channels": flag("allow_additional_channels"),
        "available_dids_enabled": flag("meta.available_dids_enabled"),
        "needs_registration": flag("meta.needs_registration"),
        "is_available": flag("meta.is_available"),
        "features": with_features("features"),
        "country.id": ref("country.id"),
        "region.id": ref("region.id"),
        "city.id": ref("city.id"),
        "did_group_type.id": ref("did_group_type.id"),
        "nanpa_prefix.id": ref("nanpa_prefixes.id"),
        "nanpa_prefix.npanxx": names("nanpa_prefixes.npanxx"),
        "meta.total_count_gteq": Filter("meta.total_count", "integer", compare="gteq"),
    },
    sorts={
        **sorts(
            "allow_additional_channels", "area_name", "is_metered", "prefix", "service_restrictions"
        ),
        "country.name": "country.name",
        "did_group_type.name": "did_group_type.name",
    },
    includes=frozenset(
        {
            "country",
            "city",
            "did_group_type",
            "region",
            "stock_keeping_units",
            "address_requirement",
        }
    ),
)

AVAILABLE_DIDS = Resource(
    "available_dids",
    path="available_dids",
    verbs=READ,
    attributes=("number",),
    relationships={
        "did_group": Relationship("did_groups"),
        "nanpa_prefix": Relationship("nanpa_prefixes"),
    },
    filters={
        "id": ID,
        "number_contains": Filter("number", compare="contains"),
        "did_group.id": ref("did_group.id", blank=False),
        "did_group.features": with_features("did_group.features"),
        "did_group.needs_registration": flag("did_group.meta.needs_registration"),
        "did_group_type.id": ref("did_group.did_group_type.id", blank=False),
        "country.id": ref("did_group.country.id", blank=False),
        "region.id": ref("did_group.region.id", blank=False),
        "city.id": ref("did_group.city.id", blank=False),
        "nanpa_prefix.id": ref("nanpa_prefix.id", many=False, blank=False),
    },
    sorts=sorts("number"),
    includes=frozenset({"did_group", "nanpa_prefix"}),
    paginated=False,
)

NANPA_PREFIXES = Resource(
    "nanpa_prefixes",
    path="nanpa_prefixes",
    verbs=READ,
    attributes=("npa", "nxx"),
    relationships={
        "country": Relationship("countries"),
        "region": Relationship("regions"),
        "did_groups": Relationship("did_groups", many=True, hidden=True),
    },
    filters={
        "id": ID,
        "npa": names("npa"),
        "nxx": names("nxx"),
        "npanxx": Filter("npanxx"),
        "country.id": ref("country.id"),
        "region.id": ref("region.id"),
        "did_group.is_available": flag("did_groups.meta.is_available"),
        "did_group.features": with_features("did_groups.features"),
    },
    sorts=sorts("npa", "nxx"),
    includes=frozenset({"country", "region"}),
)

CAPACITY_POOLS = Resource(
    "capacity_pools",
    path="capacity_pools",
    verbs=frozenset({"list", "get", "update"}),
    attributes=(
        "name",
        "renew_date",
        "total_channels_count",
        "assigned_channels_count",
        "minimum_limit",
        "minimum_qty_per_order",
        "setup_price",
        "monthly_price",
        "metered_rate",
    ),
    relationships={
        "countries": Relationship("countries", many=True),
        "shared_capacity_groups": Relationship("shared_capacity_groups", many=True),
        "qty_based_pricings": Relationship("qty_based_pricings", many=True),
    },
    filters={
        "id": ID,
        "name": Filter("name"),
        "country.id": ref("countries.id", blank=False),
        "has_unassigned_channels": flag("has_unassigned_channels"),
    },
    sorts={
        **sorts(
            "assigned_channels_count",
            "minimum_limit",
            "minimum_qty_per_order",
            "name",
            "renew_date",
            "total_channels_count",
        ),
        "metered_rate": "metered_rate_as_number",
        "monthly_price": "monthly_price_as_number",
        "setup_price": "setup_price_as_number",
    },
    includes=frozenset({"countries", "shared_capacity_groups", "qty_based_pricings"}),
    update_attributes=frozenset({"total_channels_count"}),
)

COUNTRIES = Resource(
    "countries",
    path="countries",
    verbs=READ,
    attributes=("name", "prefix", "iso"),
    relationships={
        "regions": Relationship("regions", many=True),
        "did_groups": Relationship("did_groups", many=True, hidden=True),
    },
    filters={
        "id": ID,
        "name": names("name", fold=True),
        "prefix": names("prefix"),
        "iso": names("iso"),
        "is_available": flag("is_available"),
    },
    sorts=sorts("iso", "name", "prefix"),
    includes=frozenset({"regions"}),
    paginated=False,
)

REGIONS = Resource(
    "regions",
    path="regions",
    verbs=READ,
    attributes=("name", "iso"),
    relationships={"country": Relationship("countries")},
    filters={
        "id": ID,
        "name": names("name", fold=True),
        "iso": Filter("iso"),
        "country.id": ref("country.id"),
    },
    sorts=sorts("iso", "name"),
    includes=frozenset({"country"}),
    paginated=False,
)

CITIES = Resource(
    "cities",
    path="cities",
    verbs=READ,
    attributes=("name",),
    relationships={
        "country": Relationship("countries"),
        "region": Relationship("regions"),
        "area": Relationship("areas"),
        "did_groups": Relationship("did_groups", many=True, hidden=True),
    },
    filters={
        "id": ID,
        "name": names("name", fold=True),
        "country.id": ref("country.id"),
        "region.id": ref("region.id"),
        "area.id": ref("area.id"),
        "is_available": flag("is_available"),
    },
    sorts=sorts("name"),
    includes=frozenset({"country", "region", "area"}),
)

DID_GROUP_TYPES = Resource(
    "did_group_types",
    path="did_group_types",
    verbs=READ,
    attributes=("name",),
    filters={"id": ID, "name": Filter("name", many=True)},
    sorts=sorts("name"),
)
