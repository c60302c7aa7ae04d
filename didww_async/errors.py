"""
Every error that this package raises.

::

    DidwwError
    ├── ConfigurationError        a setting of the client is missing or can't work
    ├── ClientStateError          not open yet, closed, or on another event loop
    ├── InvalidRequestError       refused before anything was sent; names the field
    ├── NotLoadedError            the value was not asked for; names `fields` or `include`
    ├── TransportError            no whole answer arrived
    │   ├── ConnectError          no connection, so nothing was sent
    │   ├── ConnectionLostError   the connection broke before the answer was whole
    │   ├── RequestTimeoutError   no answer in time
    │   └── ResponseTooLargeError the answer passed the bound and was not read further
    ├── TokenError                no token could be had, so the request was not sent
    ├── ForeignOriginError        a link points to another server; nothing was sent there
    ├── PaginationError           the links of a list lead in a circle
    ├── ApiStatusError            the server answered, and not with a success
    │   ├── BadRequestError           400
    │   │   ├── InsufficientBalanceError  with total_cost and available_balance
    │   │   └── TryAgainLaterError        the same may be asked again after a while
    │   ├── AuthenticationError       401
    │   ├── PermissionDeniedError     403
    │   ├── NotFoundError             404
    │   ├── ConflictError             409
    │   ├── ValidationError           422
    │   ├── RateLimitedError          429, with retry_after
    │   ├── RedirectError             3xx, which is never followed
    │   └── ServerError               5xx
    ├── DecodeError               the answer is not the promised document; has the JSON path
    ├── OrderUnconfirmedError     an order was sent, and no answer tells its fate
    ├── OrderRejectedError        an order was refused, as its journal tells
    ├── OrderNotPlacedError       an order was not sent, or certainly not carried out
    ├── JournalError              a journal can't be used; nothing is lost
    │   └── ChangedRequestError   it has another order under the same name
    ├── WaitTimeoutError          still not finished after the time given
    ├── WebhookSignatureError     a callback without the expected signature or key
    └── WebhookPayloadError       a callback that has it, of an unknown shape

All of them pickle, and none holds a key: the URL comes without its query, and
runs of digits that could be a phone number are masked wherever the server's
text is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self, cast

import attrs

from didww_async.jsonapi import errors as jsonapi
from didww_async.jsonapi.document import ErrorObject

__all__ = [
    "ApiStatusError",
    "AuthenticationError",
    "BadRequestError",
    "ChangedRequestError",
    "ClientStateError",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "DecodeError",
    "DidwwError",
    "ForeignOriginError",
    "InsufficientBalanceError",
    "InvalidRequestError",
    "JournalError",
    "NotFoundError",
    "NotLoadedError",
    "OrderNotPlacedError",
    "OrderRejectedError",
    "OrderUnconfirmedError",
    "PaginationError",
    "PermissionDeniedError",
    "RateLimitedError",
    "RedirectError",
    "RequestTimeoutError",
    "ResponseTooLargeError",
    "ServerError",
    "TokenError",
    "TransportError",
    "TryAgainLaterError",
    "ValidationError",
    "WaitTimeoutError",
    "WebhookPayloadError",
    "WebhookSignatureError",
]

# A run of 7 to 15 digits that is no part of a word or of a UUID: E.164 allows 15.
_PHONE_NUMBER = re.compile(r"(?<![\w-])\+?\d{7,15}(?![\w-])")


def _blotted(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "[redacted]")
        return value
    if isinstance(value, tuple):
        items = cast("Any", value)
        return tuple(_blotted(item, secrets) for item in items)
    if jsonapi.is_object(value):
        return {_blotted(k, secrets): _blotted(v, secrets) for k, v in value.items()}
    if jsonapi.is_array(value):
        return [_blotted(item, secrets) for item in value]
    if isinstance(value, ErrorObject):
        fields = attrs.asdict(value, recurse=False)
        return ErrorObject(**{name: _blotted(item, secrets) for name, item in fields.items()})
    return value


def _masked(text: str) -> str:
    return _PHONE_NUMBER.sub("[number]", text)


class DidwwError(Exception):
    """Base of every error that this package raises."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def redacted(self, secrets: Sequence[str]) -> Self:
        """The same error, with these texts blotted out wherever a server repeated them."""
        blotted = tuple(_blotted(value, secrets) for value in self.args)
        return self if blotted == self.args else type(self)(*blotted)


class ConfigurationError(DidwwError, ValueError):
    """A setting of the client is missing or can't work."""


class ClientStateError(DidwwError, RuntimeError):
    """The client is not open yet, is closed, or is used on another event loop."""


class InvalidRequestError(DidwwError, jsonapi.InvalidInputError):
    """
    The request was refused before anything was sent.

    `field` names the argument as it was written, `problem` says what to do.
    """


class NotLoadedError(DidwwError, jsonapi.NotLoadedError):
    """A value was read that the request had not asked for, or the server left out."""


class _ExchangeError(DidwwError):
    """An error of one exchange: knows its method and its URL."""

    def __init__(self, method: str, url: str, *details: Any) -> None:
        super().__init__(method, url, *details)
        self.method = method
        self.url = url


class TransportError(_ExchangeError):
    """No whole answer arrived; `reason` says why."""

    def __init__(self, method: str, url: str, reason: str) -> None:
        super().__init__(method, url, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.method} {self.url}: {self.reason}"


class ConnectError(TransportError):
    """No connection came about, so nothing was sent: the same call may be made again."""


class ConnectionLostError(TransportError):
    """The connection broke before the answer was whole; the server may have acted."""


class RequestTimeoutError(TransportError):
    """No whole answer arrived in time; the server may have acted."""


class ResponseTooLargeError(TransportError):
    """The answer is larger than `max_response_bytes` and was not read further."""


class TokenError(DidwwError):
    """
    The token service gave no token, so the request was not sent.

    `cause` is what happened on the way to it, `advice` what to do if asking again won't help.
    """

    def __init__(self, cause: DidwwError, advice: str = "") -> None:
        super().__init__(cause, advice)
        self.cause = cause
        self.advice = advice

    def redacted(self, secrets: Sequence[str]) -> Self:
        """The same error, with these texts blotted out of its cause."""
        return type(self)(self.cause.redacted(secrets), self.advice)

    def __str__(self) -> str:
        advice = f"; {self.advice}" if self.advice else ""
        return f"no token could be had, so nothing was sent: {self.cause}{advice}"


class ForeignOriginError(_ExchangeError):
    """A link of the answer points to another server; nothing was sent there."""

    def __init__(self, method: str, url: str, origin: str) -> None:
        super().__init__(method, url, origin)
        self.origin = origin

    def __str__(self) -> str:
        return (
            f"{self.method} {self.url} was not sent: it is outside of {self.origin}, "
            "the only origin that may see the credentials; if the API has moved, set base_url"
        )


class PaginationError(_ExchangeError):
    """The next page of a list is one that was already read, so the list would never end."""

    def __str__(self) -> str:
        return f"{self.method} {self.url}: the next page is one that was already read"


class ApiStatusError(_ExchangeError):
    """
    The server answered, and not with a success.

    `errors` holds every JSON:API error object of the answer, with its `pointer`.
    It is empty where the body was none, such as the HTML page of a proxy; then
    `body_text` has its beginning.
    """

    hint = ""

    def __init__(  # positional, so that every subclass can be unpickled
        self,
        method: str,
        url: str,
        status: int,
        errors: Sequence[ErrorObject] = (),
        body_text: str = "",
        *details: Any,
    ) -> None:
        super().__init__(method, url, status, tuple(errors), body_text, *details)
        self.status = status
        self.errors = tuple(errors)
        self.body_text = body_text

    def __str__(self) -> str:
        told = "; ".join(filter(None, (str(error) for error in self.errors)))
        told = _masked(told or self.body_text or "the answer gives no detail")
        return f"{self.status} on {self.method} {self.url}: {told}{self.hint}"


class BadRequestError(ApiStatusError):
    """400: the request is not one that the API accepts."""


class InsufficientBalanceError(BadRequestError):
    """
    The order costs more than the account has; nothing was bought.

    `total_cost` and `available_balance` are in the currency of the account.
    The API compares this one order's cost only: several orders that each fit can
    overdraw together (DIDWW docs, Create Order).
    """

    def __init__(
        self,
        method: str,
        url: str,
        status: int,
        errors: Sequence[ErrorObject] = (),
        body_text: str = "",
        total_cost: Decimal = Decimal(0),
        available_balance: Decimal = Decimal(0),
    ) -> None:
        super().__init__(method, url, status, errors, body_text, total_cost, available_balance)
        self.total_cost = total_cost
        self.available_balance = available_balance

    def __str__(self) -> str:
        return (
            f"{self.status} on {self.method} {self.url}: the order costs {self.total_cost}, "
            f"the available balance is {self.available_balance}"
        )


class TryAgainLaterError(BadRequestError):
    """
    For a reason that passes: the same may be asked again after a while.

    A 400, or whatever status Plum gives its error PLE10021; the documents have a 404.
    """


class AuthenticationError(ApiStatusError):
    """401: the credentials were refused; `hint` says what to check."""

    def __init__(
        self,
        method: str,
        url: str,
        status: int,
        errors: Sequence[ErrorObject] = (),
        body_text: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(method, url, status, errors, body_text, hint)
        self.hint = hint


class PermissionDeniedError(ApiStatusError):
    """403: the key is good, but the account may not do this."""


class NotFoundError(ApiStatusError):
    """404: no such resource, or another account's."""


class ConflictError(ApiStatusError):
    """
    The resource is in use, or there already.

    A 409, or whatever status Plum gives its errors of that meaning; the documents have a 422.
    """


class ValidationError(ApiStatusError):
    """422: a value was refused; `errors[n].pointer` names it."""


class RateLimitedError(ApiStatusError):
    """
    429: the API's rate limit was passed, and the request was not carried out.

    `retry_after` is what the server asked for, in seconds, or `None` if it did not say.
    """

    def __init__(
        self,
        method: str,
        url: str,
        status: int,
        errors: Sequence[ErrorObject] = (),
        body_text: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(method, url, status, errors, body_text, retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        wait = "" if self.retry_after is None else f" (retry after {self.retry_after:g} seconds)"
        return super().__str__() + wait


class RedirectError(ApiStatusError):
    """
    3xx: the API moved, or something between here and there answered.

    Redirects are not followed, because the key would go along.
    """

    hint = " (redirects are never followed, so that the key stays with one server; check base_url)"


class ServerError(ApiStatusError):
    """5xx: the server failed; it may or may not have acted. `retry_after` is in seconds."""

    def __init__(
        self,
        method: str,
        url: str,
        status: int,
        errors: Sequence[ErrorObject] = (),
        body_text: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(method, url, status, errors, body_text, retry_after)
        self.retry_after = retry_after


class DecodeError(_ExchangeError):
    """
    The answer came with a success status and is not the promised document.

    `path` leads to the offending value, as in `$.data[3].attributes.amount`.
    """

    def __init__(self, method: str, url: str, status: int, problem: str, path: str) -> None:
        super().__init__(method, url, status, problem, path)
        self.status = status
        self.problem = problem
        self.path = path

    def __str__(self) -> str:
        return f"{self.status} on {self.method} {self.url}: {self.problem} at {self.path or '$'}"


class OrderUnconfirmedError(DidwwError):
    """
    An order was sent, and no answer tells its fate: it may exist and be charged.

    Do not order it again before looking for it by its reference, more than once and over
    several seconds: at DIDWW with `list_orders(filter={"external_reference_id": ...})`.
    `cause` is the error that hid the answer; `external_reference_id` is the
    order's own, or `None` if it had none; `reference_name` is what the API calls it.
    `correlation_id` is what the request was sent with, where the API has such a thing: as
    long as there was no answer at all, the very same request may be sent again with it, and
    the server tells what it did with the first one.
    """

    def __init__(
        self,
        cause: DidwwError,
        external_reference_id: str | None = None,
        correlation_id: str | None = None,
        reference_name: str = "external_reference_id",
    ) -> None:
        super().__init__(cause, external_reference_id, correlation_id, reference_name)
        self.cause = cause
        self.external_reference_id = external_reference_id
        self.correlation_id = correlation_id
        self.reference_name = reference_name

    @property
    def method(self) -> str:
        """The HTTP method of the request, `POST`."""
        return str(getattr(self.cause, "method", "POST"))

    @property
    def url(self) -> str:
        """The URL of the request."""
        return str(getattr(self.cause, "url", ""))

    @property
    def status(self) -> int | None:
        """The status of the answer, or `None` if none arrived."""
        status = getattr(self.cause, "status", None)
        return status if isinstance(status, int) else None

    @property
    def errors(self) -> tuple[ErrorObject, ...]:
        """The JSON:API error objects of the answer, if it had any."""
        return self.cause.errors if isinstance(self.cause, ApiStatusError) else ()

    def __str__(self) -> str:
        if self.correlation_id is not None and self.status is None:
            return (
                f"the order may have been placed ({self.cause}); send the same again with "
                f"correlation_id {self.correlation_id!r}, and nothing is ordered twice"
            )
        if self.external_reference_id is None:
            look = f"it had no {self.reference_name}: look through the newest orders"
        else:
            look = f"look it up by {self.reference_name} {self.external_reference_id!r}"
        return f"the order may have been placed ({self.cause}); before ordering again, {look}"


class OrderRejectedError(DidwwError):
    """The order was refused when it was first placed, and was not sent again; says why."""


class OrderNotPlacedError(DidwwError):
    """Nothing was sent, or nothing that was carried out; the same call may be made again."""


class JournalError(DidwwError):
    """The journal of placed orders can't be used; the message says why and what to do."""


class ChangedRequestError(JournalError):
    """
    The journal has another order under the same reference or place; nothing was sent.

    `position` is that of the row in the input, counted from 0.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message, position)
        self.position = position

    def __str__(self) -> str:
        return str(self.args[0])


class WaitTimeoutError(DidwwError):
    """The order was still not finished after the time given; `order` is its last known state."""

    def __init__(self, order: object, seconds: float) -> None:
        super().__init__(order, seconds)
        self.order = order
        self.seconds = seconds

    def __str__(self) -> str:
        identity = getattr(self.order, "id", None) or getattr(self.order, "order_id", "")
        name = f"{getattr(self.order, 'reference', '')} (id {identity})".lstrip()
        return (
            f"order {name} was still not finished after {self.seconds:g} seconds; ask again later"
        )


class WebhookSignatureError(DidwwError):
    """The callback lacks the expected signature or key: answer 403 and use nothing of it."""


class WebhookPayloadError(DidwwError, ValueError):
    """The callback has its signature or key, and its payload is none that can be read."""
