"""Whether an error leaves open what became of an order."""

from __future__ import annotations

from didww_async.errors import (
    ApiStatusError,
    ConnectionLostError,
    DecodeError,
    DidwwError,
    RequestTimeoutError,
    ResponseTooLargeError,
    ServerError,
)

__all__ = ["LOST_ANSWERS", "hides_the_fate"]

# After these, nobody but the server knows whether it acted.
LOST_ANSWERS = (ConnectionLostError, RequestTimeoutError, ResponseTooLargeError, ServerError)
_REQUEST_TIMEOUT = 408


def hides_the_fate(error: DidwwError) -> bool:
    """Whether the order may exist for all that this error tells."""
    if isinstance(error, ApiStatusError):
        # Only a 4xx is a refusal, and 408 is none: it says that the request came in too slowly.
        refused = 400 <= error.status < 500 and error.status != _REQUEST_TIMEOUT  # noqa: PLR2004
        return not refused
    return isinstance(error, (*LOST_ANSWERS, DecodeError))
