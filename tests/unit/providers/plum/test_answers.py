"""What the answers of Plum mean, whichever of its shapes they have."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st

from didww_async import (
    ApiStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    ValidationError,
)
from didww_async.errors import DidwwError, TryAgainLaterError
from didww_async.jsonapi import DocumentError
from didww_async.providers.plum.answers import certainly_refused, content, judge, leaves_open
from didww_async.transport import Response

URL = yarl.URL("https://accounts.example.com/chef/v1/oauth/api")


def judged(status: int, body: object) -> DidwwError | None:
    """The error of an answer."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge("POST", URL, Response(status, {}, text))


@pytest.mark.parametrize("status", [200, 400, 401, 404, 422, 502])
@pytest.mark.parametrize(
    ("error_id", "kind"),
    [
        ("PLE10001", ValidationError),
        ("PLE10004", ConflictError),
        ("PLE10010", ServerError),
        ("PLE10016", NotFoundError),
        ("PLE10018", ValidationError),
        ("PLE10019", PermissionDeniedError),
        ("PLE10021", TryAgainLaterError),
        ("PLE10025", ServerError),
        ("PLE10036", ConflictError),
        ("PIPE10013", AuthenticationError),
        ("PIPE10017", PermissionDeniedError),
    ],
)
def test_error_id_decides(status: int, error_id: str, kind: type[ApiStatusError]) -> None:
    """The same `errorId` is the same error with every status, 200 included."""
    error = judged(status, {"code": status, "errorId": error_id, "errorInfo": "i", "error": "e"})
    assert type(error) is kind
    assert error.errors[0].code == error_id
    assert error.errors[0].detail == f"{error_id}: i: e"


@pytest.mark.parametrize("status", [200, 401, 403, 429, 503])
@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": 60}]}, 60),
        ({"errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": "5"}]}, 5),
        ({"errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": None}]}, None),
        ({"message": "auth.request_limit_exceeded"}, None),
    ],
)
def test_throttle_is_known_by_its_body(status: int, body: object, seconds: float | None) -> None:
    """The documents give a throttle no status, so none is asked for."""
    error = judged(status, body)
    assert type(error) is RateLimitedError
    assert error.retry_after == seconds
    assert certainly_refused(error)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": "invalid_token", "error_description": "expired"}, AuthenticationError),
        (400, {"error": "invalid_request", "error_description": "x"}, AuthenticationError),
        (200, {"success": 0, "error_message_id": "auth.token_error"}, AuthenticationError),
        (400, {"success": 0, "error_message_id": "auth.token_error"}, AuthenticationError),
        (200, {"success": 0, "error_message_id": "order.odd"}, ApiStatusError),
        (422, {"success": 0, "error_message_id": "order.odd"}, ValidationError),
        (401, {"error": "Unauthorized"}, AuthenticationError),
        (401, {"code": 401, "errorId": "PLE10999", "error": "new"}, PermissionDeniedError),
        (500, {"code": 500, "error": "oops"}, ServerError),
        (502, {"error": "invalid_token", "error_description": "?"}, ServerError),
        (502, b"<html>", ServerError),
        (400, {"error": "bad"}, BadRequestError),
        (404, b"", NotFoundError),
        (200, {"errors": [{"message": "no"}]}, ApiStatusError),
        (200, {"data": {"placeOrder": {"status": 0, "error": "no"}}}, ApiStatusError),
        (200, {"data": {"placeOrder": {"status": "0"}}}, ApiStatusError),
        (200, {"data": {"placeOrder": {"status": [1]}}}, ApiStatusError),
    ],
)
def test_other_shapes(status: int, body: object, kind: type[ApiStatusError]) -> None:
    """The shapes without an `errorId` are told apart by what is in them, then by status."""
    assert type(judged(status, body)) is kind


@pytest.mark.parametrize("status", [1, "1"])
def test_success_needs_the_inner_status(status: object) -> None:
    """An inner status of 1 is a success, as a number or as text."""
    body = {"data": {"placeOrder": {"status": status, "data": {"orderId": 1}}}}
    assert judged(200, body) is None
    assert content(json.dumps(body).encode(), "placeOrder") == {"orderId": 1}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":1}', b'{"data":{"getBalance":{}}}'])
def test_answer_of_another_operation_is_none(body: bytes) -> None:
    """What is not the operation's answer is not read as one."""
    with pytest.raises(DocumentError):
        content(body, "placeOrder")


@pytest.mark.parametrize(
    ("status", "error_id", "is_open"),
    [
        (502, "PLE10018", False),
        (422, "PLE10011", True),
        (404, "PLE10020", True),
        (404, "PLE10021", True),
        (408, "", True),
        (500, "", True),
        (302, "", True),
        (404, "", False),
        (409, "PLE10004", False),
    ],
)
def test_which_answers_leave_an_order_open(status: int, error_id: str, *, is_open: bool) -> None:
    """Only what the server can't have begun is closed."""
    error = judged(status, {"errorId": error_id, "error": "x"} if error_id else b"")
    assert isinstance(error, ApiStatusError)
    assert leaves_open(error) is is_open


NAMES = st.sampled_from(
    ["data", "error", "errors", "errorId", "message", "penaltySeconds", "status", "success"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.integers(200, 599), JSON | st.binary(max_size=30))
def test_no_answer_breaks_the_judge(status: int, body: Any) -> None:
    """Whatever comes is an error of this package or a success; no success is above 299."""
    error = judged(status, body)
    assert error is None or isinstance(error, ApiStatusError)
    assert error is not None or status < 300
