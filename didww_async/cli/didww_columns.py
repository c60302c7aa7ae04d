"""The order file of DIDWW: one order of one item a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import attrs

from didww_async.cli.cells import reference, text, true_or_false, whole_number
from didww_async.cli.columns import Column, Columns
from didww_async.errors import InvalidRequestError
from didww_async.models.order_items import NewCapacityOrderItem, NewDidOrderItem, NewOrderItem
from didww_async.models.orders import NewOrder

__all__ = ["DIDWW"]

_OF_CAPACITY = frozenset({"capacity_pool_id", "qty"})
_OF_ITEMS = frozenset(
    field.name
    for item in (NewDidOrderItem, NewCapacityOrderItem)
    for field in attrs.fields(cast("Any", item))
)


def _request(values: Mapping[str, object]) -> NewOrder:
    item = {name: value for name, value in values.items() if name in _OF_ITEMS}
    order = {name: value for name, value in values.items() if name not in _OF_ITEMS}
    return NewOrder(items=[_item(item)], **cast("Any", order))


def _item(values: Mapping[str, object]) -> NewOrderItem:
    if "capacity_pool_id" not in values:
        if "sku_id" not in values:
            raise InvalidRequestError("sku_id", "is missing; give it, or capacity_pool_id")
        return NewDidOrderItem(**cast("Any", values))
    others = [name for name in values if name not in _OF_CAPACITY]
    if others:
        raise InvalidRequestError(
            f"capacity_pool_id + {others[0]}",
            "a row orders channels or numbers, not both; make two rows of it",
        )
    return NewCapacityOrderItem(**cast("Any", values))


DIDWW: Columns[NewOrder] = Columns(
    by_name={
        "sku_id": Column(text, "what to order: the SKU of numbers, see `didww skus`"),
        "qty": Column(whole_number, "how many; one if empty"),
        "available_did_id": Column(text, "this very number of the SKU"),
        "did_reservation_id": Column(text, "the number that this reservation holds"),
        "nanpa_prefix_id": Column(text, "only numbers of this NPA-NXX, for +1"),
        "billing_cycles_count": Column(
            whole_number, "renewals before the numbers expire, 0 to 999; without end if empty"
        ),
        "capacity_pool_id": Column(text, "instead of a SKU: channels for this pool"),
        "external_reference_id": Column(
            reference, "your own name of the order, unique, 100 characters at most"
        ),
        "allow_back_ordering": Column(
            true_or_false, "true or false: wait for numbers that are out of stock"
        ),
        "callback_url": Column(text, "called when the order is completed or canceled"),
        "callback_method": Column(text, "get or post; needed with callback_url"),
    },
    needed=(("sku_id", "capacity_pool_id"),),
    request=_request,
    body_members=frozenset({"data", "items"}),
    request_of_body=NewOrder.from_json,
    name_column="external_reference_id",
    name=lambda order: order.external_reference_id or None,
)
"""Columns are named as in the API; an empty cell is left out of the request."""
