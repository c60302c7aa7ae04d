"""Where the API is, and who asks."""

from __future__ import annotations

import enum
import os

from didww_async.config import RetryPolicy, Timeouts
from didww_async.errors import ConfigurationError
from didww_async.jsonapi import UNSET
from didww_async.providers.plum.pace import PlumPace

__all__ = ["PlumEnvironment", "check_settings", "credential"]


class PlumEnvironment(enum.StrEnum):
    """Where the API is; each environment has accounts and tokens of its own."""

    PRODUCTION = "https://accounts.xoxoday.com/chef"
    SANDBOX = "https://stagingstores.xoxoday.com/chef"

    @property
    def base_url(self) -> str:
        """The URL that every path is appended to."""
        return self.value


def credential(name: str, given: str | None) -> str:
    """What was given, or what the environment has under this name."""
    variable = f"PLUM_{name.upper()}"
    found = (os.environ.get(variable) or None) if given is None else given
    if found is None:
        raise ConfigurationError(
            f"there is no {name}: pass it, or set the environment variable {variable}"
        )
    return found


def check_settings(
    environment: object, timeouts: object, retry: object, pace: object, top_up_field: object
) -> None:
    """Refuse what can't be a setting of a client; it is named."""
    if not isinstance(environment, PlumEnvironment):
        raise ConfigurationError(
            "environment takes PlumEnvironment.PRODUCTION or PlumEnvironment.SANDBOX, "
            f"not {environment!r}"
        )
    if not isinstance(timeouts, Timeouts):
        raise ConfigurationError(f"timeouts takes a Timeouts, not {timeouts!r}")
    if retry is not None and not isinstance(retry, RetryPolicy):
        raise ConfigurationError(f"retry takes a RetryPolicy or None, not {retry!r}")
    if pace is not None and pace is not UNSET and not isinstance(pace, PlumPace):
        raise ConfigurationError(f"pace takes a PlumPace or None, not {pace!r}")
    if top_up_field not in ("topupData", "userMeta"):
        raise ConfigurationError(
            f"top_up_field takes 'topupData' or 'userMeta', not {top_up_field!r}"
        )
