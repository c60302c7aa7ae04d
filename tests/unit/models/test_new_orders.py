"""What can be ordered: what each class takes, keeps and sends."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async import (
    UNSET,
    InvalidRequestError,
    NewCapacityOrderItem,
    NewDidOrderItem,
    NewEmergencyOrderItem,
    NewOrder,
    UnknownOrderItem,
)
from didww_async.jsonapi import JsonApiSerializer
from didww_async.models.base import registry

SERIALIZER = JsonApiSerializer(registry)


def sent(order: NewOrder) -> dict[str, Any]:
    """The attributes that go out."""
    attributes: dict[str, Any] = json.loads(SERIALIZER.encode_new(order))["data"]["attributes"]
    return attributes


def test_what_was_not_said_is_not_sent() -> None:
    """Neither as null nor as a default of ours."""
    assert sent(NewOrder(items=[NewDidOrderItem(sku_id="s")])) == {
        "items": [{"type": "did_order_items", "attributes": {"sku_id": "s"}}]
    }


def test_null_is_sent_as_null() -> None:
    """It says something else than leaving out does."""
    order = NewOrder(
        items=[NewDidOrderItem(sku_id="s", billing_cycles_count=None)],
        callback_url=None,
        external_reference_id=None,
    )

    assert sent(order) == {
        "items": [
            {"type": "did_order_items", "attributes": {"sku_id": "s", "billing_cycles_count": None}}
        ],
        "callback_url": None,
        "external_reference_id": None,
    }


def test_each_kind_of_item_has_its_type() -> None:
    """The four wire types are the documented ones."""
    order = NewOrder(
        items=[
            NewDidOrderItem(sku_id="s", available_did_id="a"),
            NewCapacityOrderItem(capacity_pool_id="p", qty=2),
            NewEmergencyOrderItem(qty=1),
        ]
    )

    assert sent(order)["items"] == [
        {"type": "did_order_items", "attributes": {"sku_id": "s", "available_did_id": "a"}},
        {"type": "capacity_order_items", "attributes": {"capacity_pool_id": "p", "qty": 2}},
        {"type": "emergency_order_items", "attributes": {"qty": 1}},
    ]


@given(
    qty=st.integers(1, 10**6),
    reference=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100),
    back=st.booleans(),
)
def test_values_go_out_as_they_are(*, qty: int, reference: str, back: bool) -> None:
    """Any number and any text within the bounds."""
    order = NewOrder(
        items=[NewDidOrderItem(sku_id="s", qty=qty)],
        external_reference_id=reference,
        allow_back_ordering=back,
    )

    shown = sent(order)
    assert shown["items"][0]["attributes"]["qty"] == qty
    assert shown["external_reference_id"] == reference
    assert shown["allow_back_ordering"] is back


def test_items_may_come_from_any_iterable() -> None:
    """And are kept, so that an order can be sent again as it was."""
    order = NewOrder(items=(NewDidOrderItem(sku_id=str(n)) for n in range(3)))  # type: ignore[arg-type]

    assert [item["attributes"]["sku_id"] for item in sent(order)["items"]] == ["0", "1", "2"]
    assert sent(order) == sent(order)


@pytest.mark.parametrize(
    "thing",
    [
        NewOrder(items=(NewDidOrderItem(sku_id="s"),)),
        NewDidOrderItem(sku_id="s"),
        NewCapacityOrderItem(capacity_pool_id="p"),
        NewEmergencyOrderItem(),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_what_is_to_be_sent_cannot_be_changed(thing: Any) -> None:
    """It was checked when it was made."""
    for field in attrs.fields(type(thing)):
        with pytest.raises((AttributeError, TypeError)):
            setattr(thing, field.name, 1)


@pytest.mark.parametrize("cycles", [0, 1, 999, None, UNSET])
def test_the_bounds_of_billing_cycles_are_allowed(cycles: Any) -> None:
    """0 to 999, or no end."""
    assert NewDidOrderItem(sku_id="s", billing_cycles_count=cycles).billing_cycles_count is cycles


@pytest.mark.parametrize(
    "url", ["https://e.com", "http://e.com:8080/a?b=c#d", "https://[::1]/c", "HTTPS://E.com/"]
)
def test_a_callback_url_of_http_is_taken(url: str) -> None:
    """With or without TLS, on any host."""
    items = (NewDidOrderItem(sku_id="s"),)
    assert NewOrder(items=items, callback_url=url, callback_method="get").callback_url == url


@pytest.mark.parametrize("method", [UNSET, None])
def test_a_callback_url_without_a_method_is_refused(method: Any) -> None:
    """DIDWW takes the two together only."""
    with pytest.raises(InvalidRequestError, match="callback_method: is missing"):
        NewOrder(
            items=(NewDidOrderItem(sku_id="s"),),
            callback_url="https://example.com",
            callback_method=method,
        )


def test_a_prefix_goes_with_a_quantity() -> None:
    """It restricts the numbers and is no source of its own."""
    assert NewDidOrderItem(sku_id="s", qty=2, nanpa_prefix_id="n").qty == 2


def test_an_unknown_item_is_taken_to_be_sent() -> None:
    """A type that this release does not know can be ordered all the same."""
    body = json.dumps(
        {
            "data": {
                "id": "1",
                "type": "orders",
                "attributes": {"items": [{"type": "new_items", "attributes": {"x": [1]}}]},
            }
        }
    ).encode()
    from didww_async import Order

    item = SERIALIZER.decode_one(body, Order, {"orders": ["items"]}).data.items[0]
    assert isinstance(item, UnknownOrderItem)

    assert sent(NewOrder(items=(item,)))["items"] == [
        {"type": "new_items", "attributes": {"x": [1]}}
    ]


@pytest.mark.parametrize("channels", [{"qty": 0}, {"capacity_pool_id": ""}])
def test_a_capacity_item_is_checked(channels: dict[str, Any]) -> None:
    """Like one of numbers."""
    with pytest.raises(InvalidRequestError):
        NewCapacityOrderItem(**{"capacity_pool_id": "p", **channels})


@pytest.mark.parametrize("wrong", [{"qty": 0}, {"emergency_calling_service_id": ""}])
def test_an_emergency_item_is_checked(wrong: dict[str, Any]) -> None:
    """Like one of numbers."""
    with pytest.raises(InvalidRequestError):
        NewEmergencyOrderItem(**wrong)
