"""
What an account has: its orders, numbers, reservations and balance.

Taken from the DIDWW documentation, API 2026-04-16: the pages of the resources name the
attributes, relationships, filters, sorts and includes, and say which filters take a list.
"""

from __future__ import annotations

from didww_async.sandbox.didww.schema import (
    ID,
    ORDER_STATUSES,
    Filter,
    Relationship,
    Resource,
    flag,
    names,
    ref,
    sorts,
    with_features,
)

ORDERS = Resource(
    "orders",
    path="orders",
    verbs=frozenset({"list", "get", "create", "update", "delete"}),
    attributes=(
        "amount",
        "status",
        "created_at",
        "description",
        "reference",
        "external_reference_id",
        "items",
        "callback_url",
        "callback_method",
    ),
    filters={
        "id": ID,
        "status": Filter("status", "enum", many=True, blank=True, choices=ORDER_STATUSES),
        "reference": Filter("reference", many=True),
        "created_at_gteq": Filter("created_at", "datetime", compare="gteq"),
        "created_at_lteq": Filter("created_at", "datetime", compare="lteq"),
        "external_reference_id": Filter("external_reference_id", blank=True),
    },
    sorts={
        **sorts("created_at", "description", "external_reference_id", "reference", "status"),
        # A text comparison would put "10.0" before "9.0".
        "amount": "amount_as_number",
    },
    create_attributes=frozenset(
        {"items", "allow_back_ordering", "callback_url", "callback_method", "external_reference_id"}
    ),
    update_attributes=frozenset({"external_reference_id"}),
)

DIDS = Resource(
    "dids",
    path="dids",
    verbs=frozenset({"list", "get", "update"}),
    attributes=(
        "number",
        "description",
        "blocked",
        "awaiting_registration",
        "terminated",
        "emergency_enabled",
        "capacity_limit",
        "channels_included_count",
        "dedicated_channels_count",
        "billing_cycles_count",
        "created_at",
        "expires_at",
    ),
    relationships={
        "did_group": Relationship("did_groups"),
        "order": Relationship("orders"),
        "capacity_pool": Relationship("capacity_pools"),
        "shared_capacity_group": Relationship("shared_capacity_groups"),
        "address_verification": Relationship("address_verifications"),
        "voice_in_trunk": Relationship("voice_in_trunks"),
        "voice_in_trunk_group": Relationship("voice_in_trunk_groups"),
        "emergency_calling_service": Relationship("emergency_calling_services"),
        "emergency_verification": Relationship("emergency_verifications"),
        "identity": Relationship("identities"),
    },
    filters={
        "id": ID,
        "number": names("number"),
        "description": names("description"),
        "terminated": flag("terminated"),
        "blocked": flag("blocked"),
        "awaiting_registration": flag("awaiting_registration"),
        "emergency_enabled": flag("emergency_enabled"),
        "pending_removal": flag("pending_removal"),
        "billing_cycles_count": Filter("billing_cycles_count", "integer"),
        "did_group.id": ref("did_group.id"),
        "did_group.features": with_features("did_group.features"),
        "country.id": ref("did_group.country.id"),
        "region.id": ref("did_group.region.id"),
        "city.id": ref("did_group.city.id"),
        "order.id": ref("order.id"),
        "order.reference": Filter("order.reference", many=True),
        "capacity_pool.id": ref("capacity_pool.id"),
        "shared_capacity_group.id": ref("shared_capacity_group.id"),
        "address_verification.id": ref("address_verification.id", blank=False),
        "voice_in_trunk.id": ref("voice_in_trunk.id"),
        "voice_in_trunk_group.id": ref("voice_in_trunk_group.id"),
        "trunk.id": ref("voice_in_trunk.id"),
        "trunk_group.id": ref("voice_in_trunk_group.id"),
        "emergency_calling_service.id": ref("emergency_calling_service.id", blank=False),
    },
    sorts=sorts(
        "awaiting_registration",
        "billing_cycles_count",
        "blocked",
        "capacity_limit",
        "channels_included_count",
        "created_at",
        "dedicated_channels_count",
        "description",
        "expires_at",
        "number",
        "terminated",
    ),
    includes=frozenset(
        {
            "did_group",
            "order",
            "capacity_pool",
            "shared_capacity_group",
            "address_verification",
            "voice_in_trunk",
            "voice_in_trunk_group",
            "emergency_calling_service",
            "emergency_verification",
            "identity",
        }
    ),
    update_attributes=frozenset(
        {
            "description",
            "terminated",
            "capacity_limit",
            "dedicated_channels_count",
            "billing_cycles_count",
        }
    ),
    update_relationships=frozenset(
        {
            "capacity_pool",
            "shared_capacity_group",
            "address_verification",
            "voice_in_trunk",
            "voice_in_trunk_group",
            "emergency_calling_service",
        }
    ),
)

DID_RESERVATIONS = Resource(
    "did_reservations",
    path="did_reservations",
    verbs=frozenset({"list", "get", "create", "delete"}),
    attributes=("expires_at", "created_at", "description"),
    relationships={"available_did": Relationship("available_dids")},
    filters={"id": ID, "description": Filter("description")},
    # `expire_at` is the name that this sort had before API 2026-04-16.
    sorts=sorts("created_at", "description", "expires_at", expire_at="expires_at"),
    includes=frozenset({"available_did"}),
    create_attributes=frozenset({"description"}),
    create_relationships=frozenset({"available_did"}),
)

BALANCES = Resource(
    "balances",
    path="balance",
    verbs=frozenset({"get"}),
    attributes=("total_balance", "credit", "balance"),
    paginated=False,
)
