"""What the answers of DIDWW mean: by their status first, and only then by their body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from didww_async.errors import (
    ApiStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DidwwError,
    InsufficientBalanceError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RedirectError,
    ServerError,
    ValidationError,
)
from didww_async.jsonapi import ErrorObject, Serializer, parse_decimal
from didww_async.transport import Judge, Response, retry_after, visible_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from yarl import URL

__all__ = ["make_judge"]

SHOWN_CHARACTERS = 200
CHECK_THE_KEY = (
    " (check api_key and environment: production and sandbox have separate keys, a key may "
    "be bound to source addresses, and an account raised to API version 2026-11-19 or later "
    "refuses keys)"
)

_BY_STATUS: Mapping[int, Callable[..., ApiStatusError]] = {
    400: BadRequestError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationError,
}


def make_judge(serializer: Serializer) -> Judge:
    """The judge of answers whose errors `serializer` reads."""

    def judge(method: str, sent_to: URL, response: Response) -> DidwwError | None:
        status = response.status
        if 200 <= status < 300:  # noqa: PLR2004
            return None
        url = visible_url(sent_to)
        try:
            errors = serializer.decode_errors(response.body)
        except Exception:  # noqa: BLE001  # a serializer of the user's must not hide the status
            errors = ()
        text = "" if errors else _beginning(response.body)
        if status == 429 or status >= 500:  # noqa: PLR2004
            kind = RateLimitedError if status == 429 else ServerError  # noqa: PLR2004
            return kind(method, url, status, errors, text, retry_after(response.headers))
        if status in {400, 422} and (sums := _balance_sums(errors)) is not None:
            return InsufficientBalanceError(method, url, status, errors, text, *sums)
        if status == 401:  # noqa: PLR2004
            return AuthenticationError(method, url, status, errors, text, CHECK_THE_KEY)
        if 300 <= status < 400:  # noqa: PLR2004
            return RedirectError(method, url, status, errors, text)
        return _BY_STATUS.get(status, ApiStatusError)(method, url, status, errors, text)

    return judge


def _beginning(body: bytes) -> str:
    text = body[: SHOWN_CHARACTERS * 4].decode("utf-8", "replace")
    return " ".join(text.split())[:SHOWN_CHARACTERS]


def _balance_sums(errors: Iterable[ErrorObject]) -> tuple[Decimal, Decimal] | None:
    """
    Cost and balance of an order that is too dear, or `None` for any other refusal.

    Told by the members of `meta`: the title has changed between versions, and
    2026-11-19 leaves open whether the status is still 400.
    """
    for error in errors:
        cost, balance = error.meta.get("total_cost"), error.meta.get("available_balance")
        if isinstance(cost, str) and isinstance(balance, str):
            try:
                return parse_decimal(cost), parse_decimal(balance)
            except ValueError:
                continue
    return None
