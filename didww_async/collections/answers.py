"""What the answers of DIDWW mean: by their status first, and only then by their body."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from didww_async.errors import DidwwError, InsufficientBalanceError
from didww_async.jsonapi import ErrorObject, Serializer, parse_decimal
from didww_async.transport import Judge, Response, status_error, visible_url

if TYPE_CHECKING:
    from yarl import URL

__all__ = ["make_judge"]

CHECK_THE_KEY = (
    " (check api_key and environment: production and sandbox have separate keys, a key may "
    "be bound to source addresses, and an account raised to API version 2026-11-19 or later "
    "refuses keys)"
)


def make_judge(serializer: Serializer) -> Judge:
    """The judge of answers whose errors `serializer` reads."""

    def judge(method: str, sent_to: URL, response: Response) -> DidwwError | None:
        status = response.status
        if 200 <= status < 300:  # noqa: PLR2004
            return None
        try:
            errors = serializer.decode_errors(response.body)
        except Exception:  # noqa: BLE001  # a serializer of the user's must not hide the status
            errors = ()
        if status in {400, 422} and (sums := _balance_sums(errors)) is not None:
            return InsufficientBalanceError(method, visible_url(sent_to), status, errors, "", *sums)
        return status_error(method, sent_to, response, errors, hint=CHECK_THE_KEY)

    return judge


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
