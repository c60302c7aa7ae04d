"""Values that JSON:API needs and Python lacks: "nothing was said", and enums that stay open."""

from __future__ import annotations

import enum
from typing import Final, Literal, Self

__all__ = ["UNSET", "OpenStrEnum", "Unset"]


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""The caller said nothing: the member is left out, where `None` would clear it."""


class OpenStrEnum(enum.StrEnum):
    """
    A string enum that keeps a value that the server added after this release.

    Such a value becomes a member of the enum that equals its text and is not in
    `list(...)`; `is_known` tells it apart.
    A value that differs from a known one only by case is that known one: servers
    of older API versions spell some of them with capitals.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        lowered = value.lower()
        for known in cls:
            if known.value.lower() == lowered:
                return known
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether this release knows the value."""
        return self._value_ in type(self)._value2member_map_
