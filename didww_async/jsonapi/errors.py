"""What can go wrong in a JSON:API document or in a value bound for one."""

from __future__ import annotations

from typing import Any, TypeGuard

__all__ = [
    "DocumentError",
    "InvalidInputError",
    "NotLoadedError",
    "describe",
    "is_array",
    "is_object",
]

_JSON_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    str: "a string",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
}


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a parsed value is a JSON object."""
    return type(value) is dict


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a parsed value is a JSON array."""
    return type(value) is list


def describe(value: object) -> str:
    """The JSON name of a parsed value's type, without the value: it may be a secret."""
    return _JSON_NAMES.get(type(value), type(value).__name__)


class DocumentError(ValueError):
    """
    The bytes are no document of the promised shape.

    `path` leads to the offending value, as in `$.data[3].attributes.amount`.
    """

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem, path)
        self.problem = problem
        self.path = path

    @classmethod
    def expected(cls, what: str, value: object, path: str = "") -> DocumentError:
        """The error that says what stood where `what` should have been."""
        return cls(f"expected {what}, got {describe(value)}", path)

    def under(self, parent: str) -> DocumentError:
        """The same error, seen from one level further out."""
        return DocumentError(self.problem, parent + self.path)

    def __str__(self) -> str:
        return f"{self.problem} at {self.path or '$'}"


class InvalidInputError(ValueError):
    """
    A value of the caller can't become part of a request.

    `field` names it as the caller wrote it, such as `filter['status']`.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class NotLoadedError(AttributeError):
    """The value was read, but the document did not carry it."""
