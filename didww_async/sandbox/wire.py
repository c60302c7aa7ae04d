"""How values look in JSON: numbers, times, and the guards that narrow a parsed body."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeGuard, cast

if TYPE_CHECKING:
    from decimal import Decimal

API_VERSION = "2026-04-16"
MEDIA_TYPE = "application/vnd.api+json"


class _FastJson(Protocol):
    def dumps(self, value: object, /) -> bytes: ...

    def loads(self, text: bytes, /) -> object: ...


def _fast_json() -> _FastJson | None:
    try:
        return cast("_FastJson", importlib.import_module("orjson"))
    except ImportError:
        return None


_fast = _fast_json()


def dumps(value: object) -> bytes:
    """Compact UTF-8 JSON."""
    if _fast is not None:
        return _fast.dumps(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def loads(text: bytes) -> object:
    """The value in a JSON text; `ValueError` when it isn't one."""
    if _fast is not None:
        return _fast.loads(text)
    return cast("object", json.loads(text, parse_constant=_no_constant))


def _no_constant(name: str) -> object:
    # The standard library reads NaN and Infinity, which are not JSON.
    raise ValueError(f"{name} is not JSON")


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """True for a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """True for a JSON array."""
    return isinstance(value, list)


def is_integer(value: object) -> TypeGuard[int]:
    """True for a JSON integer; `true` is none, though Python's `bool` is an `int`."""
    return isinstance(value, int) and not isinstance(value, bool)


def money(amount: Decimal) -> str:
    """
    The amount as the API writes it: plain digits, at least one decimal, no spare zeros.

    The number of decimals varies, as in the samples of the DIDWW documentation ("5.98", "6.0").
    """
    whole, _, decimals = format(amount, "f").partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def timestamp(moment: datetime) -> str:
    """The moment in UTC with milliseconds and `Z`."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )
