"""The seeded catalogue: places, DID groups with prices and stock, pools, and a few trunks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from didww_async.sandbox.didww.places import COUNTRIES, EXPENSIVE, SOLD_OUT, Area
from didww_async.sandbox.didww.records import Record
from didww_async.sandbox.wire import money, timestamp

if TYPE_CHECKING:
    from random import Random

    from didww_async.sandbox.didww.places import Country
    from didww_async.sandbox.didww.world import World

CHEAP_STOCK = 100_000
_NANPA_PER_GROUP = 3
_GROUP_TYPES = ("Local", "Mobile", "National", "Toll-free")


@frozen
class Landmarks:
    """Ids that demos and tests reach for, whatever the seed."""

    cheap_sku_id: str
    """0.5 a month, no set-up price, 100 000 numbers in stock."""
    expensive_sku_id: str
    """5000.0 for the first month: more than the default balance."""
    sold_out_sku_id: str
    """Its DID group has no numbers left."""
    capacity_pool_id: str
    """Sold channel by channel."""
    bulk_capacity_pool_id: str
    """Sold by five channels or more."""
    voice_in_trunk_ids: tuple[str, ...]
    voice_in_trunk_group_id: str
    shared_capacity_group_id: str
    emergency_calling_service_id: str


def fill(world: World) -> Landmarks:
    """Put the whole catalogue into an empty world."""
    skus: dict[str, str] = {}
    types = {name: _add(world, "did_group_types", {"name": name}).id for name in _GROUP_TYPES}
    for country in COUNTRIES:
        _add_country(world, country, types, skus)
    pools = _add_pools(world)
    trunks, trunk_group = _add_trunks(world)
    _add(world, "balances", {})
    return Landmarks(
        cheap_sku_id=skus["New York"],
        expensive_sku_id=skus[EXPENSIVE],
        sold_out_sku_id=skus[SOLD_OUT],
        capacity_pool_id=pools[0].id,
        bulk_capacity_pool_id=pools[1].id,
        voice_in_trunk_ids=trunks,
        voice_in_trunk_group_id=trunk_group,
        shared_capacity_group_id=_add_shared_group(world, pools[0]).id,
        emergency_calling_service_id=_add_emergency_service(world).id,
    )


def _add(
    world: World, type_: str, attributes: dict[str, object], **links: str | tuple[str, ...] | None
) -> Record:
    record = Record(type_, world.new_id("catalogue"), attributes, dict(links))
    return world.tables[type_].add(record)


def _add_country(
    world: World, country: Country, types: dict[str, str], skus: dict[str, str]
) -> None:
    record = _add(
        world,
        "countries",
        {"name": country.name, "prefix": country.prefix, "iso": country.iso},
    )
    regions = {
        iso: _add(world, "regions", {"name": name, "iso": iso}, country=record.id)
        for iso, name in country.regions.items()
    }
    requirement = _add_requirement(world, record) if country.needs_registration else None
    groups = [
        _add_group(
            world,
            country,
            area,
            skus,
            country=record.id,
            region=regions[area.region].id if area.region else None,
            did_group_type=types[area.type],
            address_requirement=requirement,
        )
        for area in country.areas
    ]
    record.links["regions"] = tuple(region.id for region in regions.values())
    record.links["did_groups"] = tuple(groups)


def _add_group(
    world: World,
    place: Country,
    area: Area,
    skus: dict[str, str],
    **links: str | None,
) -> str:
    random = world.stream("catalogue-choices")
    units = _add_skus(world, area, random)
    skus[area.name] = units[0].id
    group = _add(
        world,
        "did_groups",
        {
            "prefix": area.prefix,
            "area_name": area.name,
            "features": list(area.features),
            "is_metered": area.type == "Toll-free",
            "allow_additional_channels": area.type != "Toll-free",
            "service_restrictions": None,
        },
        stock_keeping_units=tuple(unit.id for unit in units),
        **links,
    )
    for unit in units:
        unit.hidden["did_group_id"] = group.id
    group.meta = {
        "available_dids_enabled": area.browsable,
        "needs_registration": place.needs_registration,
        "is_available": False,
        "total_count": 0,
    }
    if area.is_city:
        city = _add(
            world, "cities", {"name": area.name}, country=links["country"], region=links["region"]
        )
        city.links["did_groups"] = (group.id,)
        group.links["city"] = city.id
    if place.prefix == "1" and area.is_city:
        _add_nanpa_prefixes(world, group, random)
    world.stock.set(group.id, _opening_stock(area, random))
    return group.id


def _opening_stock(area: Area, random: Random) -> int:
    drawn = random.randint(20, 500)
    if area.name == SOLD_OUT:
        return 0
    return CHEAP_STOCK if area.name == "New York" else drawn


def _add_skus(world: World, area: Area, random: Random) -> list[Record]:
    monthly = Decimal(random.randint(60, 990)) / 100
    setup = Decimal(random.choice((0, 0, 100, 250))) / 100
    if area.name == "New York":
        monthly, setup = Decimal("0.5"), Decimal(0)
    elif area.name == EXPENSIVE:
        monthly, setup = Decimal(4500), Decimal(500)
    prices = [(setup, monthly, 0)]
    if area.type == "Local":
        prices.append((setup, monthly * 2, 2))
    return [
        _add(
            world,
            "stock_keeping_units",
            {
                "setup_price": money(setup_price),
                "monthly_price": money(monthly_price),
                "channels_included_count": channels,
            },
        )
        for setup_price, monthly_price, channels in prices
    ]


def _add_nanpa_prefixes(world: World, group: Record, random: Random) -> None:
    prefixes: list[str] = []
    for nxx in sorted(random.sample(range(200, 999), _NANPA_PER_GROUP)):
        npa = str(group.attributes["prefix"])
        record = _add(
            world,
            "nanpa_prefixes",
            {"npa": npa, "nxx": str(nxx)},
            country=group.links["country"],
            region=group.links["region"],
            did_groups=(group.id,),
        )
        record.hidden["npanxx"] = f"{npa}{nxx}"
        prefixes.append(record.id)
    group.links["nanpa_prefixes"] = tuple(prefixes)


def _add_requirement(world: World, country: Record) -> str:
    return _add(
        world,
        "address_requirements",
        {
            "identity_type": "any",
            "personal_area_level": "world_wide",
            "business_area_level": "country",
            "address_area_level": "city",
            "personal_proof_qty": 1,
            "business_proof_qty": 1,
            "address_proof_qty": 1,
            "personal_mandatory_fields": ["birth_date"],
            "business_mandatory_fields": ["company_name"],
            "service_description_required": False,
            "restriction_message": f"An address in {country.attributes['name']} is needed.",
        },
        country=country.id,
    ).id


def _add_pools(world: World) -> list[Record]:
    countries = tuple(world.tables["countries"].records)
    pools: list[Record] = []
    for name, minimum, monthly in (("Standard", 1, "15.0"), ("Extended", 5, "9.5")):
        pricings = [
            _add(
                world,
                "qty_based_pricings",
                {"qty": qty, "setup_price": price, "monthly_price": price},
            ).id
            for qty, price in ((30, "8.0"), (300, "6.5"))
        ]
        attributes: dict[str, object] = {
            "name": name,
            "renew_date": (world.clock().date() + timedelta(days=30)).isoformat(),
            "total_channels_count": 30,
            "assigned_channels_count": 4,
            "minimum_limit": 0,
            "minimum_qty_per_order": minimum,
            "setup_price": "0.0",
            "monthly_price": monthly,
            "metered_rate": "1.0",
        }
        pools.append(
            _add(
                world,
                "capacity_pools",
                attributes,
                countries=countries,
                qty_based_pricings=tuple(pricings),
                shared_capacity_groups=(),
            )
        )
    return pools


def _add_shared_group(world: World, pool: Record) -> Record:
    group = _add(
        world,
        "shared_capacity_groups",
        {
            "name": "Support lines",
            "shared_channels_count": 4,
            "metered_channels_count": 0,
            "external_reference_id": None,
            "created_at": timestamp(world.clock()),
        },
        capacity_pool=pool.id,
        dids=(),
    )
    pool.links["shared_capacity_groups"] = (group.id,)
    return group


def _add_trunks(world: World) -> tuple[tuple[str, ...], str]:
    created_at = timestamp(world.clock())
    trunks = [
        _add(
            world,
            "voice_in_trunks",
            {
                "name": name,
                "description": None,
                "external_reference_id": None,
                "priority": 1,
                "weight": 65535,
                "capacity_limit": None,
                "cli_format": "e164",
                "cli_prefix": None,
                "ringing_timeout": 30,
                "configuration": {
                    "type": "pstn_configurations",
                    "attributes": {"dst": "37060000000"},
                },
                "created_at": created_at,
            },
        )
        for name in ("Office", "Call centre")
    ]
    ids = tuple(trunk.id for trunk in trunks)
    group = _add(
        world,
        "voice_in_trunk_groups",
        {
            "name": "Everyone",
            "capacity_limit": None,
            "external_reference_id": None,
            "created_at": created_at,
        },
        voice_in_trunks=ids,
    )
    group.meta["trunks_count"] = len(ids)
    for trunk in trunks:
        trunk.links["voice_in_trunk_group"] = group.id
    return ids, group.id


def _add_emergency_service(world: World) -> Record:
    now = timestamp(world.clock())
    service = _add(
        world,
        "emergency_calling_services",
        {
            "name": "Head office",
            "reference": "ECS-100001",
            "status": "active",
            "activated_at": now,
            "canceled_at": None,
            "renew_date": (world.clock().date() + timedelta(days=30)).isoformat(),
            "created_at": now,
        },
        dids=(),
    )
    service.meta.update(setup_price="1.5", monthly_price="1.5")
    return service
