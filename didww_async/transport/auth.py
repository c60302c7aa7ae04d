"""What proves to the server who is asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol, runtime_checkable

from didww_async.errors import ConfigurationError

__all__ = ["ApiKeyAuth", "Auth", "NoAuth", "RenewableAuth"]


class Auth(Protocol):
    """Supplies the headers that authenticate a request."""

    async def headers(self) -> Mapping[str, str]:
        """The headers of one request."""
        ...

    def secrets(self) -> Sequence[str]:
        """Texts that are blotted out wherever a server repeats them in an error."""
        ...


@runtime_checkable
class RenewableAuth(Auth, Protocol):
    """Credentials that expire."""

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """
        Get fresh credentials in place of those in these headers.

        Whether there are others than those that were refused, so that another try makes sense.
        """
        ...


class NoAuth:
    """Sends nothing that tells who is asking."""

    async def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def secrets(self) -> Sequence[str]:
        """None."""
        return ()


class ApiKeyAuth:
    """Sends an API key in a header of its own, bare, as DIDWW takes it."""

    def __init__(self, api_key: str, header: str = "Api-Key") -> None:
        if not isinstance(api_key, str) or not api_key:
            raise ConfigurationError("api_key is empty; give the key from the DIDWW user panel")
        if not api_key.isascii() or not api_key.isprintable() or set(api_key) & set(' "\\'):
            raise ConfigurationError(
                "api_key holds a space, a line break or another character that no key has; "
                "was it read from a file with its line's end?"
            )
        self._headers = {header: api_key}

    async def headers(self) -> Mapping[str, str]:
        """The key's header."""
        return self._headers

    def secrets(self) -> Sequence[str]:
        """The key."""
        return tuple(self._headers.values())

    def __reduce__(self) -> NoReturn:
        raise TypeError("an ApiKeyAuth holds a key and does not pickle; make it where it is used")

    def __repr__(self) -> str:
        return f"{type(self).__name__}([redacted])"
