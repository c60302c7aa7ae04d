"""The judge: Adobe's code counts, then the status."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from didww_async import errors
from didww_async.providers.adobe_vip.answers import code_of, judge
from didww_async.transport import Response

URL_ = URL("https://partners.adobe.io/v3/customers/1/orders?x=1")


def judged(status: int, body: object, headers: dict[str, str] | None = None) -> Any:
    """Judge an answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge("POST", URL_, Response(status, CIMultiDict(headers or {}), raw))


def body_of(code: str, *details: str) -> dict[str, object]:
    """An error body of the API."""
    return {"code": code, "message": "What went wrong", "additionalDetails": list(details)}


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_a_success(status: int) -> None:
    """The documents and the FAQ name different ones."""
    assert judged(status, b"") is None


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "1116", errors.NotFoundError),
        (400, "1117", errors.BadRequestError),
        (400, "2129", errors.BadRequestError),
        (404, "2115", errors.NotFoundError),
        (404, "3115", errors.NotFoundError),
        (400, "3115", errors.NotFoundError),
        (403, "4115", errors.PermissionDeniedError),
        (401, "4116", errors.AuthenticationError),
        (403, "4117", errors.PermissionDeniedError),
        (429, "4118", errors.RateLimitedError),
        (400, "4118", errors.RateLimitedError),
        (400, "4119", errors.BadRequestError),
        (400, "4120", errors.BadRequestError),
        (403, "4121", errors.PermissionDeniedError),
        (400, "4122", errors.TryAgainLaterError),
        (400, "5122", errors.TryAgainLaterError),
        (422, "RETURN_QTY_EXCEEDS_REMAINING", errors.ValidationError),
        (500, "1124", errors.ServerError),
        (500, "4122", errors.ServerError),
        (500, "4116", errors.ServerError),
    ],
)
def test_the_code_tells_the_error(
    status: int, code: str, kind: type[errors.ApiStatusError]
) -> None:
    """A 5xx is a failure of the server whatever its code."""
    error = judged(status, body_of(code))
    assert type(error) is kind
    assert error.status == status
    assert code_of(error) == code


def test_the_error_tells_everything() -> None:
    """Code, message and details are in the text, and the details apart as well."""
    error = judged(400, body_of("2129", "Line Item: 1, Reason: INELIGIBLE_ADD_ON"))
    assert str(error) == (
        "400 on POST https://partners.adobe.io/v3/customers/1/orders: "
        "2129: What went wrong: Line Item: 1, Reason: INELIGIBLE_ADD_ON"
    )
    assert error.errors[0].title == "What went wrong"
    assert error.errors[0].meta == {
        "additional_details": ("Line Item: 1, Reason: INELIGIBLE_ADD_ON",)
    }


def test_invalid_fields_are_details_too() -> None:
    """The text of 1117 speaks of a list of its own."""
    error = judged(400, {"code": "1117", "message": "no", "invalidFields": ["lineItems", 5]})
    assert error.errors[0].detail == "1117: no: lineItems"


@pytest.mark.parametrize(
    ("status", "body", "code", "kind"),
    [
        (504, {"error_code": "504001", "message": "Gateway Timeout"}, "504001", errors.ServerError),
        (
            401,
            {"error": "invalid_token", "error_description": "expired"},
            "invalid_token",
            errors.AuthenticationError,
        ),
        (400, {"code": 2129, "message": None}, "2129", errors.BadRequestError),
    ],
)
def test_gateway_and_token_service_have_other_bodies(
    status: int, body: object, code: str, kind: type[Exception]
) -> None:
    """Their members are read as well, and a code that is a number."""
    error = judged(status, body)
    assert type(error) is kind
    assert code_of(error) == code


@pytest.mark.parametrize("body", [b"<html>Bad\n Gateway</html>", b"", b"[]", b"{}", b"5", b"\xff"])
@pytest.mark.parametrize("status", [400, 404, 500, 502])
def test_a_body_that_is_no_error(status: int, body: bytes) -> None:
    """The status alone tells; the body's beginning is kept."""
    error = judged(status, body)
    assert error.status == status
    assert error.errors == ()
    assert code_of(error) == ""


def test_retry_after_is_kept() -> None:
    """Of a 429, and of one that comes as a 400."""
    assert judged(429, b"", {"Retry-After": "7"}).retry_after == 7
    assert judged(400, body_of("4118"), {"retry-after": "7"}).retry_after == 7


def test_redirects_are_errors() -> None:
    """Nothing is followed."""
    assert type(judged(302, b"")) is errors.RedirectError


def test_a_refused_token_says_what_to_check() -> None:
    """The credentials and the environment belong together."""
    assert "check client_id" in str(judged(401, body_of("4116")))


def test_other_errors_have_no_code() -> None:
    """What is no answer has none."""
    assert code_of(None) == code_of(errors.ConnectError("POST", "u", "why")) == ""


@given(st.integers(300, 599), st.binary())
def test_any_answer_is_judged(status: int, body: bytes) -> None:
    """Whatever comes, it is an error of the status."""
    assert judged(status, body).status == status


@given(st.dictionaries(st.sampled_from(["code", "message", "additionalDetails"]), st.none()
    | st.integers() | st.text() | st.lists(st.text() | st.integers())))  # fmt: skip
def test_any_members_are_judged(body: dict[str, object]) -> None:
    """Members of any type break nothing."""
    assert judged(400, json.dumps(body).encode()).status == 400
