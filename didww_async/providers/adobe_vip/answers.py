"""What the answers of Adobe mean: by the code in their body, and else by their status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from didww_async.errors import (
    ApiStatusError,
    AuthenticationError,
    DidwwError,
    NotFoundError,
    RateLimitedError,
    TryAgainLaterError,
)
from didww_async.jsonapi import DocumentError, ErrorObject
from didww_async.jsonapi.errors import is_array, is_object
from didww_async.plainjson import Identity, PlainJsonSerializer, loads, wire
from didww_async.transport import Response, retry_after, status_error, visible_url

if TYPE_CHECKING:
    from yarl import URL

__all__ = ["STILL_PROCESSING", "code_of", "judge"]

CHECK_THE_CLIENT = (
    " (check client_id, client_secret and environment: production and sandbox have separate "
    "credentials)"
)
STILL_PROCESSING = "4122"
"""The same request is still being processed; wait, and ask again (error codes, 4122)."""
_ORDERING_UNAVAILABLE = "5122"
_TOO_MANY_REQUESTS = "4118"
_BAD_TOKEN = "4116"  # noqa: S105  # an error code
# The documents give 3115 the status 404 in one place and 400 in another.
_NOT_FOUND = frozenset({"1116", "2115", "2138", "3115"})

_PLAIN = PlainJsonSerializer()


@attrs.frozen(kw_only=True)
class _Trouble:
    """
    An error body: of the API, of the gateway before it, or of the token service.

    They name their members differently.
    """

    code: Identity | None = attrs.field(default=None, metadata=wire("code", "error_code", "error"))
    message: str | None = attrs.field(default=None, metadata=wire("message", "error_description"))


def judge(method: str, sent_to: URL, response: Response) -> DidwwError | None:
    """The error that an answer stands for; `None` if it is a success."""
    if 200 <= response.status < 300:  # noqa: PLR2004
        return None
    errors = _errors(response.body)
    code = errors[0].code if errors else None
    if 400 <= response.status < 500:  # noqa: PLR2004
        url, status = visible_url(sent_to), response.status
        if code in _NOT_FOUND:
            return NotFoundError(method, url, status, errors)
        if code in {STILL_PROCESSING, _ORDERING_UNAVAILABLE}:
            return TryAgainLaterError(method, url, status, errors)
        if code == _TOO_MANY_REQUESTS:
            return RateLimitedError(method, url, status, errors, "", retry_after(response.headers))
        if code == _BAD_TOKEN:
            return AuthenticationError(method, url, status, errors, "", CHECK_THE_CLIENT)
    return status_error(method, sent_to, response, errors, hint=CHECK_THE_CLIENT)


def code_of(error: BaseException | None) -> str:
    """Adobe's own code of what went wrong, or the empty text."""
    if isinstance(error, ApiStatusError) and error.errors:
        return error.errors[0].code or ""
    return ""


def _errors(body: bytes) -> tuple[ErrorObject, ...]:
    """The error of a body, or none if the body is a page of something in between."""
    try:
        members = loads(body)
        trouble = _PLAIN.read(members, _Trouble)
    except DocumentError:
        return ()
    if trouble.code is None:
        return ()
    details = _texts(members, "additionalDetails") + _texts(members, "invalidFields")
    detail = ": ".join(filter(None, (trouble.code, trouble.message, ", ".join(details))))
    meta = {"additional_details": details} if details else {}
    return (ErrorObject(title=trouble.message, detail=detail, code=trouble.code, meta=meta),)


def _texts(members: object, name: str) -> tuple[str, ...]:
    """The texts in a list, of which an error may have any or none; what is no text is dropped."""
    found = members.get(name) if is_object(members) else None
    return tuple(text for text in found if isinstance(text, str)) if is_array(found) else ()
