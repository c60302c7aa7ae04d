"""What an answer means: by its status first, then by its body."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st

from didww_async import errors
from didww_async.collections.answers import make_judge
from didww_async.jsonapi import JsonApiSerializer
from didww_async.models.base import registry
from didww_async.transport import Response

URL = yarl.URL("https://api.didww.com/v3/orders?page=2")
judge = make_judge(JsonApiSerializer(registry))


def judged(status: int, body: object = b"", **headers: str) -> errors.DidwwError | None:
    """The verdict on an answer of this body."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge("GET", URL, Response(status, headers, text))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_no_error(status: int) -> None:
    """Whatever its body, which is read later."""
    assert judged(status, b"<html>") is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, errors.RedirectError),
        (301, errors.RedirectError),
        (304, errors.RedirectError),
        (399, errors.RedirectError),
        (400, errors.BadRequestError),
        (401, errors.AuthenticationError),
        (402, errors.ApiStatusError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError),
        (406, errors.ApiStatusError),
        (409, errors.ConflictError),
        (415, errors.ApiStatusError),
        (422, errors.ValidationError),
        (429, errors.RateLimitedError),
        (500, errors.ServerError),
        (502, errors.ServerError),
        (599, errors.ServerError),
        (101, errors.ApiStatusError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"errors":[{"detail":"x"}]}', b"\xff", b"null"])
def test_a_status_has_its_class(status: int, kind: type[errors.DidwwError], body: bytes) -> None:
    """Whatever the body."""
    assert type(judged(status, body)) is kind


BALANCE = {"total_cost": "44.35", "available_balance": "0.0"}


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("before", [[], [{"detail": "x"}], [{"meta": {"total_cost": "1"}}]])
def test_a_low_balance_is_known_by_its_meta(status: int, before: list[Any]) -> None:
    """In whichever error object it stands, and whatever the title."""
    error = judged(status, {"errors": [*before, {"title": "Any", "meta": BALANCE}]})

    assert isinstance(error, errors.InsufficientBalanceError)
    assert (error.total_cost, error.available_balance) == (Decimal("44.35"), Decimal("0.0"))


@pytest.mark.parametrize(
    "meta",
    [
        {"total_cost": "1"},
        {"available_balance": "1"},
        {"total_cost": 1, "available_balance": 1},
        {"total_cost": "x", "available_balance": "1"},
        {"total_cost": None, "available_balance": "1"},
        [],
    ],
)
def test_another_refusal_is_no_low_balance(meta: Any) -> None:
    """Sums that can't be read are none."""
    assert type(judged(400, {"errors": [{"meta": meta}]})) is errors.BadRequestError


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500])
def test_a_low_balance_does_not_hide_another_status(status: int) -> None:
    """Least of all a 5xx, after which an order may exist."""
    error = judged(status, {"errors": [{"meta": BALANCE}]})

    assert not isinstance(error, errors.InsufficientBalanceError)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_comes_along(status: int) -> None:
    """In seconds."""
    error = judged(status, **{"Retry-After": "7"})

    assert isinstance(error, errors.RateLimitedError | errors.ServerError)
    assert error.retry_after == 7


def test_a_page_is_kept_by_its_beginning() -> None:
    """On one line and without the rest: enough to see whose page it is."""
    error = judged(502, b"<html>\n  <h1>Bad\tGateway</h1>" + b"x" * 5000)

    assert isinstance(error, errors.ServerError)
    assert error.body_text.startswith("<html> <h1>Bad Gateway</h1>xxx")
    assert len(error.body_text) == 200
    assert error.errors == ()


def test_a_body_with_error_objects_is_not_kept_as_text() -> None:
    """It would say the same twice."""
    error = judged(404, {"errors": [{"detail": "x"}]})

    assert isinstance(error, errors.NotFoundError)
    assert error.body_text == ""


@given(st.integers(100, 999), st.binary() | st.builds(lambda x: json.dumps(x).encode(), st.text()))
def test_any_answer_gets_a_verdict(status: int, body: bytes) -> None:
    """Never an exception, and an error exactly where the status is no success."""
    verdict = judged(status, body)

    assert (verdict is None) == (200 <= status < 300)
    if verdict is not None:
        assert str(status) in str(verdict)
