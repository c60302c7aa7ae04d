"""JSON text to values and back, with every number digit by digit."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any, NoReturn

from didww_async.jsonapi.errors import DocumentError, InvalidInputError

__all__ = ["dumps", "loads"]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def loads(body: bytes) -> Any:
    """
    Parse a JSON text: a number with a point or an exponent becomes a `Decimal`, as it stands.

    The standard library's parser, as the faster ones make floats of prices.

    Raises:
        DocumentError: It is no JSON; NaN and Infinity are none.
    """
    with suppress(ValueError, ArithmeticError, RecursionError):
        text = body.decode("utf-8")
        value = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
        if "\\u" in text:  # half a surrogate pair can't be written as UTF-8 again
            json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
        return value
    # Raised out here, as the parser's own error holds the whole body.
    raise DocumentError("the body is not JSON", "$")


def dumps(value: object) -> bytes:
    """
    Write plain values compactly as UTF-8; equal values in equal order give equal bytes.

    Raises:
        InvalidInputError: A value is none that JSON has.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        # The text of a UnicodeEncodeError holds a part of the value.
        problem = type(error).__name__ if isinstance(error, UnicodeError) else str(error)
    raise InvalidInputError("body", f"can't be written as JSON: {problem}")
