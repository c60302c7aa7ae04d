"""Where the API is, and who asks."""

from __future__ import annotations

import enum
import os

from didww_async.errors import ConfigurationError

__all__ = ["SCOPE", "AdobeVipEnvironment", "credential"]

# As Adobe's own reference application asks for it; the documents name no scope.
SCOPE = "openid,AdobeID,read_organizations"


class AdobeVipEnvironment(enum.Enum):
    """Where the API and its token service are (VIP Marketplace docs, Authentication)."""

    PRODUCTION = ("https://partners.adobe.io", "https://ims-na1.adobelogin.com/ims/token/v3")
    SANDBOX = (
        "https://partnersandbox-stage.adobe.io",
        "https://ims-na1-stg1.adobelogin.com/ims/token/v3",
    )

    @property
    def base_url(self) -> str:
        """The URL that every path is appended to."""
        return self.value[0]

    @property
    def token_url(self) -> str:
        """Where tokens are had."""
        return self.value[1]


def credential(name: str, given: str | None) -> str:
    """What was given, or what the environment has under this name."""
    variable = f"ADOBE_VIP_{name.upper()}"
    found = (os.environ.get(variable) or None) if given is None else given
    if found is None:
        raise ConfigurationError(
            f"there is no {name}: pass it, or set the environment variable {variable}"
        )
    return found
