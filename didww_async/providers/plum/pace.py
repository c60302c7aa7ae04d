"""How many requests of each operation may leave in a minute."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from didww_async.errors import ConfigurationError
from didww_async.transport import Pace

__all__ = ["DOCUMENTED_PACES", "PlumPace"]

DOCUMENTED_PACES: Mapping[str, int] = MappingProxyType(
    {
        "getOrderDetails": 200,
        "getOrderHistory": 200,
        "placeOrder": 100,
        "getVouchers": 50,
        "getFilters": 50,
        "getBalance": 10,
    }
)
"""Requests a minute (Rewards API, Rate limits, 2026-01-21)."""
_MINUTE = 60.0


class PlumPace:
    """
    Bounds the requests of each operation to a number a minute.

    Clients of one account share its limits: give them the same object. Which accounts, tokens
    or addresses share a limit at Plum is not documented.
    `a_minute` replaces single numbers of `DOCUMENTED_PACES`; `None` sets no bound. `a_second`
    takes the place of them all: so many requests a second, whatever they are for.

    Raises:
        ConfigurationError: There is no such operation, or a number is none that makes sense.
    """

    def __init__(
        self, a_minute: Mapping[str, int | None] | None = None, *, a_second: int | None = None
    ) -> None:
        if a_minute is not None and a_second is not None:
            raise ConfigurationError("a_second takes the place of a_minute; give one of the two")
        self._of_all = None if a_second is None else Pace(a_second)
        numbers: dict[str, int | None] = {**DOCUMENTED_PACES}
        for operation, number in (a_minute or {}).items():
            if operation not in numbers:
                known = ", ".join(DOCUMENTED_PACES)
                raise ConfigurationError(f"there is no pace of {operation!r}; use {known}")
            numbers[operation] = number
        self._paces = {
            operation: Pace(number, _MINUTE)
            for operation, number in numbers.items()
            if number is not None
        }

    def of(self, operation: str) -> Pace | None:
        """The pace of one operation; `None` if it has no bound."""
        return self._of_all or self._paces.get(operation)

    def __repr__(self) -> str:
        if self._of_all is not None:
            return f"{type(self).__name__}(a_second={self._of_all.requests})"
        numbers = {operation: pace.requests for operation, pace in self._paces.items()}
        return f"{type(self).__name__}({numbers!r})"
