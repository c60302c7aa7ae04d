"""The parts of a URL: ids in its path, filters in its query."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import cast
from urllib.parse import urlencode

from didww_async.errors import InvalidRequestError

__all__ = [
    "LARGEST_PAGE",
    "check_correlation_id",
    "checked_id",
    "history_query",
    "orders_path",
]

LARGEST_PAGE = 100
# An id becomes part of a path: what could lead out of it is no id.
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_CORRELATION_ID = re.compile(r"[!-~]{1,100}", re.ASCII)


def checked_id(field: str, value: object) -> str:
    """The id, which can become part of a path."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        given = repr(value) if isinstance(value, str) else type(value).__name__
        raise InvalidRequestError(field, f"takes an id as Adobe gave it, not {given}")
    return value


def orders_path(customer_id: object) -> str:
    """Where a customer's orders are."""
    return f"/v3/customers/{checked_id('customer_id', customer_id)}/orders"


def check_correlation_id(value: object) -> None:
    """Refuse what can't stand in a header; Adobe documents no other rule."""
    if not isinstance(value, str) or not _CORRELATION_ID.fullmatch(value):
        raise InvalidRequestError(
            "correlation_id", f"takes a unique text such as a UUID, not {value!r}"
        )


def history_query(
    filters: Mapping[str, object],
    times: Mapping[str, object],
    *,
    fetch_price: bool,
    limit: object,
) -> str:
    """The query of a list of orders, whose filters have the names of their arguments."""
    if type(limit) is not int or not 1 <= limit <= LARGEST_PAGE:
        raise InvalidRequestError("limit", f"takes 1 to {LARGEST_PAGE}, not {limit!r}")
    pairs = [
        (field.replace("_", "-"), value)
        for field, values in filters.items()
        for value in _texts(field, values)
    ]
    for field, time in times.items():
        if time is not None:
            pairs.append((field.replace("_", "-"), _time_text(field, time)))
    if fetch_price:
        pairs.append(("fetch-price", "true"))
    return urlencode([*pairs, ("limit", str(limit)), ("offset", "0")])


def _texts(field: str, values: object) -> list[str]:
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, Iterable):
        raise InvalidRequestError(field, f"takes a text or a list of them, not {values!r}")
    texts: list[str] = []
    for value in cast("Iterable[object]", values):
        if not isinstance(value, str) or not value or not value.isprintable():
            raise InvalidRequestError(field, f"takes texts, not {value!r}")
        texts.append(str(value))
    return texts


def _time_text(field: str, value: object) -> str:
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            problem = "has no zone; give an aware time, such as datetime.now(UTC)"
            raise InvalidRequestError(field, problem)
        text = value.astimezone(dt.UTC).isoformat(timespec="seconds")
        return text.replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    raise InvalidRequestError(field, f"takes a date or a time, not {value!r}")
