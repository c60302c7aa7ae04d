"""JSON text to values and back: orjson where it is installed, else the standard library."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from didww_async.jsonapi.errors import DocumentError

__all__ = ["dumps", "loads", "standard_dumps", "standard_loads"]

_NOT_JSON = "the body is not JSON"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def standard_loads(body: bytes) -> Any:
    """Parse with the standard library, as strictly as orjson does."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        if _SURROGATE.search(body):  # half a pair can't be written as UTF-8 again
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise DocumentError(_NOT_JSON) from None
    return value


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
        try:
            return orjson.loads(body)
        except (ValueError, RecursionError):
            raise DocumentError(_NOT_JSON) from None

    def dumps(value: object) -> bytes:
        """Write a value as JSON text."""
        return orjson.dumps(value)
