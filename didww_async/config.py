"""Settings of a client, as frozen values."""

from __future__ import annotations

import enum
import math
from typing import Any

import attrs

from didww_async.errors import ConfigurationError

__all__ = ["ApiVersion", "Environment", "RetryPolicy", "Timeouts"]


class Environment(enum.StrEnum):
    """Where the API is; each environment has accounts and keys of its own."""

    PRODUCTION = "https://api.didww.com/v3"
    SANDBOX = "https://sandbox-api.didww.com/v3"

    @property
    def base_url(self) -> str:
        """The URL that every path is appended to."""
        return self.value


class ApiVersion(enum.StrEnum):
    """
    The dated version of the API that is asked for.

    A server ignores one that is older than the account's own version: it can't be
    lowered. Which one served an answer stands in its `meta["api_version"]`.
    """

    V2026_04_16 = "2026-04-16"


def _positive(_: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    # A bool is a number to Python, and NaN compares with nothing.
    number = value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
    if not number or (value is not None and not (value > 0 and math.isfinite(value))):
        raise ConfigurationError(
            f"{attribute.name} takes a number of seconds above 0, or None for no limit, "
            f"not {value!r}"
        )


def _wait(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not (value >= 0 and math.isfinite(value)):
        raise ConfigurationError(
            f"{attribute.name} takes a number of seconds from 0, not {value!r}"
        )


def _whole(_: object, attribute: attrs.Attribute[Any], value: int) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{attribute.name} takes a whole number from 1, not {value!r}")


@attrs.frozen(kw_only=True)
class Timeouts:
    """
    How long one attempt may take, in seconds; `None` sets no limit.

    Waiting for the pace, and between attempts, does not count.
    """

    connect: float | None = attrs.field(default=10.0, validator=_positive)
    """For a connection, with its TLS handshake."""
    read: float | None = attrs.field(default=30.0, validator=_positive)
    """For the next bytes of the answer; for a small answer, until all of it is there."""
    total: float | None = attrs.field(default=60.0, validator=_positive)
    """For the attempt as a whole."""


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """
    How often and how patiently a request is repeated.

    What may be repeated is not a matter of policy: a GET after a failure to connect,
    a lost connection, a timeout, 429, 502, 503 or 504; everything else only after a
    failure to connect or 429, when the server provably did nothing.
    Between attempts passes the server's `Retry-After`, or else a wait that doubles
    from `wait_initial` to `wait_max`; and up to `wait_jitter` more. All in seconds.
    """

    attempts: int = attrs.field(default=4, validator=_whole)
    """In all, with the first; 1 repeats nothing."""
    wait_initial: float = attrs.field(default=0.5, validator=_wait)
    wait_max: float = attrs.field(default=20.0, validator=_wait)
    wait_jitter: float = attrs.field(default=0.5, validator=_wait)
    max_retry_after: float = attrs.field(default=60.0, validator=_wait)
    """A server that asks for a longer wait is not waited for: the error is raised at once."""
