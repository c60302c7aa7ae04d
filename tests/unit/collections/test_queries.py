"""What a collection asks for: paths, queries and bodies, seen on the wire of aioresponses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from didww_async import DidwwClient
from didww_async.jsonapi.query import QueryEncoder
from didww_async.models.base import registry
from didww_async.models.dids import Did, DidFilter
from didww_async.models.orders import Order, OrderFilter

ORDERS = QueryEncoder(registry, Order, OrderFilter, ("created_at", "status"))
DIDS = QueryEncoder(registry, Did, DidFilter, ())


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({"status": "pending"}, "filter%5Bstatus%5D=pending"),
        ({"status": ["pending", "completed"]}, "filter%5Bstatus%5D=pending,completed"),
        (
            {"external_reference_id": "a,b&c=d e+f"},
            "filter%5Bexternal_reference_id%5D=a%2Cb%26c%3Dd%20e%2Bf",
        ),
        ({"external_reference_id": ""}, "filter%5Bexternal_reference_id%5D="),
        (
            {"created_at_gteq": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
            "filter%5Bcreated_at_gteq%5D=2026-01-02T03%3A04%3A05.000Z",
        ),
        (
            {"created_at_gteq": datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))},
            "filter%5Bcreated_at_gteq%5D=2026-01-02T01%3A00%3A00.000Z",
        ),
    ],
)
def test_filters_of_orders_are_written_exactly(filters: Any, query: str) -> None:
    """The reference alone decides whether a lost order is found again."""
    assert ORDERS.encode(filter=filters) == query


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false")])
def test_booleans_are_json_s(*, value: bool, text: str) -> None:
    """Not Python's."""
    assert DIDS.encode(filter={"blocked": value}) == f"filter%5Bblocked%5D={text}"


def test_parts_of_a_query_stand_in_a_fixed_order() -> None:
    """Filter, sort, include, fields, page."""
    query = ORDERS.encode(
        page={"size": 5, "number": 2},
        fields="status",
        sort="-created_at,status",
        filter={"status": "pending"},
    )

    assert query == (
        "filter%5Bstatus%5D=pending&sort=-created_at,status&fields%5Borders%5D=status"
        "&page%5Bsize%5D=5&page%5Bnumber%5D=2"
    )


def test_every_collection_is_at_the_name_of_its_type() -> None:
    """But for the balance, of which there is one."""
    didww = DidwwClient("key")
    paths = {
        name: collection._path
        for name, collection in vars(didww).items()
        if not name.startswith("_")
    }

    assert paths.pop("balance") == "/balance"
    assert paths == {name: f"/{name}" for name in paths}
    assert len(paths) == 11
