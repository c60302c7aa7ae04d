"""
Where Plum's tokens are kept between two runs of a program.

A refresh token works once: whoever loses the pair that it bought has to generate another one
in the dashboard (Rewards API, Token management). So a pair is stored before it is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol
from uuid import uuid4

import attrs

from didww_async.errors import ConfigurationError
from didww_async.jsonapi.errors import is_object

__all__ = ["MemoryTokens", "TokenFile", "TokenPair", "TokenStore"]

_OWNER_ONLY = 0o600


def _is_token(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    # The value is not repeated: a token with a line's end is a token still.
    good = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    if not good or not value:
        raise ConfigurationError(
            f"{attribute.name} is empty, or holds a space or a line's end; generate tokens in the "
            "dashboard under Settings > API"
        )


@attrs.frozen(kw_only=True)
class TokenPair:
    """An access token and the refresh token that replaces both; times in seconds since 1970."""

    access_token: str = attrs.field(validator=_is_token, repr=False)
    refresh_token: str = attrs.field(validator=_is_token, repr=False)
    access_expires_at: float | None = None
    """`None` if nobody knows; then it is replaced once it is refused."""
    refresh_expires_at: float | None = None
    renew_at: float | None = None
    """When to replace it, well before it expires; `None` if nobody knows."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a TokenPair holds secrets and does not pickle; keep it in a TokenFile")


class TokenStore(Protocol):
    """
    Keeps the newest pair; both methods may be coroutines.

    For a database or a secret manager of your own. Several processes may share one: a pair
    that another one has put there is taken over.
    """

    def load(self) -> TokenPair | Awaitable[TokenPair]:
        """The newest pair."""
        ...

    def store(self, pair: TokenPair) -> Awaitable[None] | None:
        """
        Keep a new pair for good; it is not used before this returns.

        The same pair may come again, if this failed or was cancelled.
        """
        ...


class MemoryTokens:
    """
    Keeps the pair in memory, for tests and sandboxes.

    After the first refresh the tokens it was made with are worth nothing, and when the
    process ends, the newest are gone with it.
    """

    def __init__(self, pair: TokenPair) -> None:
        self.pair = pair

    def load(self) -> TokenPair:
        """The newest pair."""
        return self.pair

    def store(self, pair: TokenPair) -> None:
        """Keep it."""
        self.pair = pair

    def __repr__(self) -> str:
        return f"{type(self).__name__}([redacted])"


class TokenFile:
    """
    Keeps the pair in a file that only its owner can read.

    Put the first pair there with `store`, or with `begin` where there may be one already. The
    file is replaced as a whole and on disk before `store` returns, so a crash leaves the old pair
    or the new one, never half of either. Of a symbolic link, that is the file that it leads to.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> TokenPair:
        """
        The pair in the file.

        Raises:
            ConfigurationError: There is no such file, or it holds none.
        """
        try:
            members = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            raise ConfigurationError(
                f"there is no {self._path}; put the tokens from the dashboard there with "
                "TokenFile(path).store(TokenPair(access_token=..., refresh_token=...))"
            ) from None
        except (OSError, ValueError) as error:
            # The text of a JSON error holds the whole file.
            problem = f"{self._path} can't be read as tokens ({type(error).__name__})"
            raise ConfigurationError(problem) from None
        return _pair(members, self._path)

    def begin(self, pair: TokenPair) -> bool:
        """
        Put the first pair there; whether it was, as a file that is there already stays.

        The pair in it is newer, however many processes begin at once.
        """
        final = self._final()
        with _written_beside(final, pair) as beside:
            try:
                final.hardlink_to(beside)
            except FileExistsError:
                return False
        _sync_folder(final.parent)
        return True

    def store(self, pair: TokenPair) -> None:
        """Replace the file; an `OSError` leaves it as it was."""
        final = self._final()
        try:
            with _written_beside(final, pair) as beside:
                beside.replace(final)
        except OSError as error:
            if error.errno is None:
                raise
            # Of itself it names the file beside, or none.
            raise OSError(error.errno, error.strerror, str(self._path)) from None
        _sync_folder(final.parent)

    def _final(self) -> Path:
        """The file itself, where the path is a link to it."""
        return Path(os.path.realpath(self._path))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._path)!r})"


@contextmanager
def _written_beside(final: Path, pair: TokenPair) -> Generator[Path]:
    """A file with the pair, on disk, to take the name of the final one; gone afterwards."""
    beside = final.with_name(f".{final.name}.{uuid4().hex}")
    text = json.dumps(attrs.asdict(pair), indent=1).encode()
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _pair(members: object, path: Path) -> TokenPair:
    known = {field.name for field in attrs.fields(TokenPair)}
    if not is_object(members) or not known >= set(members):
        raise ConfigurationError(f"{path} holds no pair of tokens")
    try:
        return TokenPair(**members)
    except TypeError:
        raise ConfigurationError(f"{path} lacks access_token or refresh_token") from None


def _sync_folder(folder: Path) -> None:
    """Let the new name of a file survive a loss of power, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
