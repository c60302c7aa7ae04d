"""The resource types of DIDWW's API v3, and what all of their classes share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeAlias, TypeVar

from didww_async.errors import InvalidRequestError, NotLoadedError
from didww_async.jsonapi import NestedObject, Registry, Resource, errors

__all__ = ["AnyOf", "DidwwObject", "DidwwResource", "check", "registry"]

registry = Registry()

ValueT = TypeVar("ValueT")
AnyOf: TypeAlias = ValueT | Sequence[ValueT]
"""A filter that takes one value or a list, and then matches any of them."""


class DidwwResource(Resource):
    """A resource of DIDWW."""

    __slots__ = ()

    not_loaded_error: ClassVar[type[errors.NotLoadedError]] = NotLoadedError


class DidwwObject(NestedObject):
    """An object inside of an attribute of a DIDWW resource."""

    __slots__ = ()

    not_loaded_error: ClassVar[type[errors.NotLoadedError]] = NotLoadedError


def check(passed: object, field: str, problem: str) -> None:
    """Refuse a value that does not pass."""
    if not passed:
        raise InvalidRequestError(field, problem)
