"""JSON text to values and back: orjson where it is installed, else the standard library."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import Any, NoReturn, cast

from didww_async.jsonapi.errors import DocumentError, is_object

__all__ = ["check_writable", "dumps", "loads", "standard_dumps", "standard_loads"]

LONGEST_WHOLE = 20
_NOT_JSON = "the body is not JSON"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("out of range")
    return number


def _whole(text: str) -> int | float:
    # As orjson does: a number of more than 64 bits is a float, and refused where one counts.
    number = int(text) if len(text) <= LONGEST_WHOLE else _finite(text)
    return number if -(2**63) <= number < 2**64 else float(number)


def check_writable(value: object) -> None:
    """
    Refuse what is no JSON, with a `ValueError`: the two libraries would each make something of it.

    For values that no converter has written; orjson turns NaN into null, which would clear.
    """
    if is_object(value):
        if not all(isinstance(cast("object", name), str) for name in value):
            raise ValueError("the name of a member is no string")
        for item in value.values():
            check_writable(item)
    elif isinstance(value, (list, tuple)):
        for item in cast("list[object]", value):
            check_writable(item)
    elif not _is_scalar(value):
        raise ValueError(f"{type(value).__name__} is none, or is out of range")


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    return value is None or isinstance(value, str)


def standard_loads(body: bytes) -> Any:
    """Parse with the standard library, as strictly as orjson does."""
    with suppress(ValueError, RecursionError):
        value = json.loads(
            body.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
        if _SURROGATE.search(body):  # half a pair can't be written as UTF-8 again
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    # Raised out here, as the parser's own error holds the whole body.
    raise DocumentError(_NOT_JSON)


def standard_dumps(value: object) -> bytes:
    """Write with the standard library, compactly and as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


try:
    import orjson
except ImportError:
    loads, dumps = standard_loads, standard_dumps
else:

    def loads(body: bytes) -> Any:
        """Parse a JSON text; whatever is wrong with it is a `DocumentError`."""
        with suppress(ValueError, RecursionError):
            return orjson.loads(body)
        raise DocumentError(_NOT_JSON)

    def dumps(value: object) -> bytes:
        """Write a value as JSON text."""
        return orjson.dumps(value)
