"""Which error a status stands for, where the body doesn't say it better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from didww_async.errors import (
    ApiStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RedirectError,
    ServerError,
    ValidationError,
)
from didww_async.transport.origin import visible_url
from didww_async.transport.retry import retry_after

if TYPE_CHECKING:
    from yarl import URL

    from didww_async.jsonapi import ErrorObject
    from didww_async.transport.exchange import Response

__all__ = ["status_error"]

SHOWN_CHARACTERS = 200

_BY_STATUS: Mapping[int, Callable[..., ApiStatusError]] = {
    400: BadRequestError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationError,
}


def status_error(
    method: str,
    sent_to: URL,
    response: Response,
    errors: Sequence[ErrorObject] = (),
    *,
    hint: str = "",
) -> ApiStatusError:
    """
    The error of an answer that is no success.

    `errors` is what was read in its body; without them the error shows the body's beginning.
    `hint` tells what to check after a 401.
    """
    status, url = response.status, visible_url(sent_to)
    text = "" if errors else beginning(response.body)
    if status == 429 or status >= 500:  # noqa: PLR2004
        kind = RateLimitedError if status == 429 else ServerError  # noqa: PLR2004
        return kind(method, url, status, errors, text, retry_after(response.headers))
    if status == 401:  # noqa: PLR2004
        return AuthenticationError(method, url, status, errors, text, hint)
    if 300 <= status < 400:  # noqa: PLR2004
        return RedirectError(method, url, status, errors, text)
    return _BY_STATUS.get(status, ApiStatusError)(method, url, status, errors, text)


def beginning(body: bytes) -> str:
    """The first line's worth of a body that is no document, such as a proxy's HTML page."""
    text = body[: SHOWN_CHARACTERS * 4].decode("utf-8", "replace")
    return " ".join(text.split())[:SHOWN_CHARACTERS]
