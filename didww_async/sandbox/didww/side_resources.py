"""The resource types that only come inside other answers, through `include`."""

from __future__ import annotations

from didww_async.sandbox.didww.schema import Relationship, Resource

_LABELS = ("external_reference_id", "created_at")
_CALLBACK = ("callback_url", "callback_method")

SIDE_RESOURCES = (
    Resource(
        "stock_keeping_units",
        attributes=("setup_price", "monthly_price", "channels_included_count"),
    ),
    Resource("qty_based_pricings", attributes=("qty", "setup_price", "monthly_price")),
    Resource(
        "voice_in_trunks",
        attributes=(
            "name",
            "description",
            "priority",
            "weight",
            "capacity_limit",
            "cli_format",
            "cli_prefix",
            "ringing_timeout",
            "configuration",
            *_LABELS,
        ),
        relationships={
            "voice_in_trunk_group": Relationship("voice_in_trunk_groups"),
            "pop": Relationship("pops"),
        },
        includes=frozenset({"voice_in_trunk_group", "pop"}),
    ),
    Resource(
        "voice_in_trunk_groups",
        attributes=("name", "capacity_limit", *_LABELS),
        relationships={"voice_in_trunks": Relationship("voice_in_trunks", many=True)},
        includes=frozenset({"voice_in_trunks"}),
    ),
    Resource(
        "shared_capacity_groups",
        attributes=("name", "shared_channels_count", "metered_channels_count", *_LABELS),
        relationships={
            "capacity_pool": Relationship("capacity_pools"),
            "dids": Relationship("dids", many=True),
        },
        includes=frozenset({"capacity_pool", "dids"}),
    ),
    Resource(
        "emergency_calling_services",
        attributes=(
            "name",
            "reference",
            "status",
            "activated_at",
            "canceled_at",
            "renew_date",
            "created_at",
        ),
        relationships={
            "country": Relationship("countries"),
            "did_group_type": Relationship("did_group_types"),
            "order": Relationship("orders"),
            "emergency_requirement": Relationship("emergency_requirements"),
            "emergency_verification": Relationship("emergency_verifications"),
            "dids": Relationship("dids", many=True),
        },
        includes=frozenset({"country", "did_group_type", "order", "dids"}),
    ),
    Resource(
        "emergency_verifications",
        attributes=(
            "reference",
            "status",
            "reject_reasons",
            "reject_comment",
            *_CALLBACK,
            *_LABELS,
        ),
    ),
    Resource(
        "address_verifications",
        attributes=(
            "reference",
            "status",
            "reject_reasons",
            "reject_comment",
            "service_description",
            *_CALLBACK,
            *_LABELS,
        ),
    ),
    Resource(
        "address_requirements",
        attributes=(
            "identity_type",
            "personal_area_level",
            "business_area_level",
            "address_area_level",
            "personal_proof_qty",
            "business_proof_qty",
            "address_proof_qty",
            "personal_mandatory_fields",
            "business_mandatory_fields",
            "service_description_required",
            "restriction_message",
        ),
        relationships={
            "country": Relationship("countries"),
            "did_group_type": Relationship("did_group_types"),
        },
        includes=frozenset({"country", "did_group_type"}),
    ),
    Resource(
        "identities",
        attributes=(
            "identity_type",
            "first_name",
            "last_name",
            "phone_number",
            "contact_email",
            "company_name",
            "company_reg_number",
            "vat_id",
            "id_number",
            "personal_tax_id",
            "birth_date",
            "description",
            "verified",
            *_LABELS,
        ),
    ),
    Resource(
        "areas",
        attributes=("name",),
        relationships={"country": Relationship("countries")},
        includes=frozenset({"country"}),
    ),
    Resource("pops", attributes=("name",)),
    Resource("emergency_requirements"),
)
