"""The data of the operations that read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from didww_async.errors import InvalidRequestError
from didww_async.providers.plum.requests import check_po_number, checked_product_id

__all__ = ["details_data", "history_data", "vouchers_data"]


def details_data(po_number: str | None, order_id: str | int | None) -> dict[str, Any]:
    """
    Which order is asked for.

    The receiver's mail is never asked for again: a look must change nothing.
    """
    if (po_number is None) == (order_id is None):
        raise InvalidRequestError("po_number", "give either po_number or order_id")
    if po_number is not None:
        check_po_number(po_number)
        return {"poNumber": po_number, "orderId": None, "sendMailToReceiver": 0}
    identity = checked_product_id("order_id", order_id)
    return {"poNumber": "", "orderId": int(identity), "sendMailToReceiver": 0}


def history_data(
    start_date: dt.date | None, end_date: dt.date | None, tag: str | None
) -> dict[str, Any]:
    """Which orders are asked for."""
    data: dict[str, Any] = {}
    for field, name, day in (
        ("start_date", "startDate", start_date),
        ("end_date", "endDate", end_date),
    ):
        if day is None:
            continue
        if not isinstance(day, dt.date) or isinstance(day, dt.datetime):
            problem = f"takes a date without a time of day, not {type(day).__name__}"
            raise InvalidRequestError(field, problem)
        data[name] = day.isoformat()
    if start_date is not None and end_date is not None and start_date > end_date:
        raise InvalidRequestError("start_date", "is later than end_date")
    if tag is not None:
        data["tag"] = _text("tag", tag)
    return data


def vouchers_data(
    category_type: str,
    parent_product_id: str | int | None,
    include_products: Iterable[str | int],
    exclude_products: Iterable[str | int],
    filters: Mapping[str, str] | None,
) -> dict[str, Any]:
    """Which products are asked for."""
    data: dict[str, Any] = {"categoryType": _text("category_type", category_type)}
    if parent_product_id is not None:
        field = "parent_product_id"
        data["parentProductId"] = int(checked_product_id(field, parent_product_id))
    for field, name, products in (
        ("include_products", "includeProducts", include_products),
        ("exclude_products", "excludeProducts", exclude_products),
    ):
        if isinstance(products, str):
            raise InvalidRequestError(field, "takes a list of ids; put brackets around it")
        identities = [checked_product_id(field, product) for product in products]
        if identities:
            data[name] = ",".join(identities)
    if filters:
        data["filters"] = [
            {"key": _text("filters", key), "value": _text("filters", value)}
            for key, value in filters.items()
        ]
    return data


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequestError(field, f"takes a text, not {value!r}")
    return value
