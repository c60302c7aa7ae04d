"""
What the answers of Plum mean: by their body, and by their status only where it has none.

One error comes with several HTTP statuses, depending on the document, and one status with
errors of several meanings: PLE10019 is a 401 that has nothing to do with a token, and a 200
may hold a failure. So the `errorId` decides (Rewards API, Error codes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from didww_async.errors import (
    ApiStatusError,
    AuthenticationError,
    ConflictError,
    DidwwError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    TryAgainLaterError,
    ValidationError,
)
from didww_async.jsonapi import DocumentError, ErrorObject
from didww_async.jsonapi.errors import is_array, is_object
from didww_async.plainjson import loads
from didww_async.transport import Response, retry_after, status_error, visible_url

if TYPE_CHECKING:
    from yarl import URL

__all__ = [
    "DUPLICATE",
    "NO_SUCH_ORDER",
    "certainly_refused",
    "code_of",
    "content",
    "judge",
    "leaves_open",
]

CHECK_THE_TOKENS = (
    " (check that the tokens are of this environment; new ones are generated in the dashboard "
    "under Settings > API)"
)
DUPLICATE = "PLE10004"
"""The `poNumber` was refused, most likely as it was used before."""
NO_SUCH_ORDER = "PLE10016"
"""The only answer that proves that there is no order with a `poNumber`."""

# After these no order exists, by what they say of the request or of the account.
_CERTAIN = frozenset(
    {"PLE10001", "PLE10014", "PLE10015", "PLE10018", "PLE10019", "PLE10041", "PLE10042"}
    | {"PIPE10013", "PIPE10015", "PIPE10016", "PIPE10017"}
)
_CANCELED = frozenset({"PLE10026", "PLE10036"})
# The server failed on the way. The documents give some of these a 4xx and "call place again":
# what had been done by then they don't say.
_FAILED = frozenset(
    {"PLE10005", "PLE10006", "PLE10007", "PLE10008", "PLE10009", "PLE10010", "PLE10011"}
    | {"PLE10012", "PLE10013", "PLE10020", "PLE10023", "PLE10024", "PLE10025", "PLE10034"}
    | {"PLE10035"}
)
_KINDS: Mapping[str, type[ApiStatusError]] = {
    **dict.fromkeys(_FAILED, ServerError),
    **dict.fromkeys(_CANCELED, ConflictError),
    **dict.fromkeys(("PLE10001", "PLE10002", "PLE10003", "PLE10018", "PLE10041"), ValidationError),
    **dict.fromkeys(("PLE10029", "PLE10031", "PLE10032", "PLE10033"), ValidationError),
    **dict.fromkeys(("PLE10014", "PLE10015", "PLE10019", "PLE10042"), PermissionDeniedError),
    **dict.fromkeys(("PIPE10015", "PIPE10016", "PIPE10017"), PermissionDeniedError),
    **dict.fromkeys((NO_SUCH_ORDER, "PLE10017", "PLE10022", "PLE10027"), NotFoundError),
    **dict.fromkeys(("PLE10028", "PLE10030"), NotFoundError),
    "PIPE10013": AuthenticationError,
    DUPLICATE: ConflictError,
    # "While fulfilling": the order may well exist, so this must not read as "not found".
    "PLE10021": TryAgainLaterError,
}
_LIMIT_EXCEEDED = "request_limit_exceeded"
_AUTH_MESSAGES = "auth."


def judge(method: str, sent_to: URL, response: Response) -> DidwwError | None:
    """The error that an answer stands for; `None` if it is a success."""
    members = _members(response.body)
    url, status = visible_url(sent_to), response.status
    limited = _limit(members)
    if limited is not None:
        message, seconds = limited
        wait = retry_after(response.headers) if seconds is None else seconds
        return RateLimitedError(method, url, status, (ErrorObject(detail=message),), "", wait)
    errors = tuple(_errors(members))
    code = errors[0].code if errors else None
    kind = _KINDS.get(code or "")
    if kind is AuthenticationError or (status < 500 and _speaks_of_a_token(members)):  # noqa: PLR2004
        return AuthenticationError(method, url, status, errors, "", CHECK_THE_TOKENS)
    if kind is not None:
        return kind(method, url, status, errors)
    if status == 401 and (code or "").startswith("PLE"):  # noqa: PLR2004
        # Errors of operations, such as PLE10019: none of them is about the token.
        return PermissionDeniedError(method, url, status, errors)
    if not 200 <= status < 300:  # noqa: PLR2004
        if "data" in members:  # an order, with codes in it: no part of it belongs into an error
            response = Response(status, response.headers, b"")
        return status_error(method, sent_to, response, errors, hint=CHECK_THE_TOKENS)
    return ApiStatusError(method, url, status, errors) if errors else None


def content(body: bytes, operation: str) -> Any:
    """
    What an operation answered, out of its envelope.

    Raises:
        DocumentError: It is no such answer.
    """
    document = loads(body)
    path = "$"
    for name in ("data", operation, "data"):
        if not is_object(document):
            raise DocumentError.expected("an object", document, path)
        path = f"{path}.{name}"
        if name not in document:
            raise DocumentError("expected a value, got none", path)
        document = document[name]
    return document


def code_of(error: BaseException | None) -> str:
    """Plum's own `errorId` of what went wrong, or the empty text."""
    if isinstance(error, ApiStatusError) and error.errors:
        return error.errors[0].code or ""
    return ""


def certainly_refused(error: ApiStatusError) -> bool:
    """Whether no order came of a request that was answered so, beyond doubt."""
    is_refusal = isinstance(error, (AuthenticationError, RateLimitedError))
    return is_refusal or code_of(error) in _CERTAIN


def leaves_open(error: ApiStatusError) -> bool:
    """Whether the order may exist for all that this answer tells."""
    if certainly_refused(error) or code_of(error) in _CANCELED or code_of(error) == DUPLICATE:
        return False
    if isinstance(error, (ServerError, TryAgainLaterError)):
        return True
    # Only a 4xx is a refusal, and 408 is none: it says that the request came in too slowly.
    return not 400 <= error.status < 500 or error.status == 408  # noqa: PLR2004


def _members(body: bytes) -> Mapping[str, Any]:
    """The members of a body; none of one that is a page of something in between."""
    try:
        document = loads(body)
    except DocumentError:
        return {}
    return document if is_object(document) else {}


def _limit(members: Mapping[str, Any]) -> tuple[str, float | None] | None:
    """The message of a throttle and the seconds to wait, if it is one."""
    for error in (*_objects(members.get("errors")), members):
        message = error.get("message")
        if "penaltySeconds" in error or (isinstance(message, str) and _LIMIT_EXCEEDED in message):
            return str(message or _LIMIT_EXCEEDED), _seconds(error.get("penaltySeconds"))
    return None


def _seconds(value: object) -> float | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return float(value) if number and 0 <= value < 10**9 else None  # type: ignore[arg-type,operator]


def _speaks_of_a_token(members: Mapping[str, Any]) -> bool:
    """Whether it is an error of the token service, or of a token."""
    if isinstance(members.get("error"), str) and isinstance(members.get("error_description"), str):
        return True
    return str(members.get("error_message_id")).startswith(_AUTH_MESSAGES)


def _errors(members: Mapping[str, Any]) -> Iterable[ErrorObject]:
    """The errors that a body tells of, whichever of Plum's shapes it has."""
    error_id = members.get("errorId")
    if isinstance(error_id, str):
        yield _error(error_id, members, ("errorInfo", "error"))
        return
    if isinstance(members.get("error"), str) or isinstance(members.get("error_message_id"), str):
        yield _error(None, members, ("error", "error_description", "error_message_id"))
        return
    for error in _objects(members.get("errors")):
        yield _error(error.get("errorId") or error.get("code"), error, ("message", "error"))
    data = members.get("data")
    for operation, answer in data.items() if is_object(data) else ():
        if is_object(answer) and "status" in answer and answer["status"] not in (1, "1"):
            texts = _error(answer.get("errorId"), answer, ("errorInfo", "error", "message"))
            told = texts.detail or f"{operation} failed and does not say why"
            yield ErrorObject(title=texts.title, detail=told, code=texts.code)


def _error(code: object, members: Mapping[str, Any], names: Iterable[str]) -> ErrorObject:
    texts = [text for name in names if isinstance(text := members.get(name), str) and text]
    identity = code if isinstance(code, str) else None
    distinct = dict.fromkeys(filter(None, (identity, *texts)))
    detail = ": ".join(distinct) or None
    return ErrorObject(title=texts[0] if texts else None, detail=detail, code=identity)


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if is_object(item)] if is_array(value) else []
