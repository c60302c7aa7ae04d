"""Requests from what a file says, where nothing may be misspelt, missing or dropped."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import attrs

from didww_async.errors import InvalidRequestError
from didww_async.jsonapi.errors import is_object

__all__ = ["fields_of", "made", "members_of"]

ModelT = TypeVar("ModelT")


def fields_of(model: type[Any]) -> frozenset[str]:
    """The names of what an attrs class takes."""
    return frozenset(field.name for field in attrs.fields(model) if field.init)


def members_of(value: object, path: str) -> Mapping[str, object]:
    """
    The members of a JSON object.

    Raises:
        InvalidRequestError: It is none.
    """
    if not is_object(value):
        raise InvalidRequestError(path, "takes an object")
    return value


def made(
    model: type[ModelT],
    values: Mapping[str, object],
    *,
    path: str = "",
    rename: Callable[[str], str] = str,
) -> ModelT:
    """
    An object of an attrs class from its fields, which `rename` names as the file does.

    Raises:
        InvalidRequestError: It has no such field, lacks one, or refuses a value; the field is
            named as in the file, after `path`.
    """
    fields = {rename(field.name): field for field in attrs.fields(cast("Any", model)) if field.init}
    for name in values:
        if name not in fields:
            raise InvalidRequestError(path + name, _unknown(name, fields))
    for name, field in fields.items():
        if field.default is attrs.NOTHING and name not in values:
            raise InvalidRequestError(path + name, "is missing")
    arguments: dict[str, Any] = {fields[name].name: value for name, value in values.items()}
    try:
        return model(**arguments)
    except InvalidRequestError as error:
        raise InvalidRequestError(path + rename(error.field), error.problem) from None


def _unknown(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return "there is no such member" + (f"; did you mean {close[0]}?" if close else "")
