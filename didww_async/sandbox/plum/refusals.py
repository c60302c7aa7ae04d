"""What Plum says no with: one error, and several shapes to put it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didww_async.sandbox.exchange import Reply
from didww_async.sandbox.wire import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

# HTTP status and text of the errors that this sandbox gives, as the documents have them
# (Rewards API, Error codes).
_KNOWN: Mapping[str, tuple[int, str]] = {
    "PIPE10013": (401, "Authorization header is missing or malformed"),
    "PLE10001": (400, "Invalid payload for placing an order"),
    "PLE10002": (400, "Invalid payload for order details or history"),
    "PLE10003": (400, "Invalid payload for filters"),
    "PLE10004": (422, "Validation of externalOrderId failed"),
    "PLE10010": (422, "Failed to redeem points"),
    "PLE10016": (404, "Failed to get Order details"),
    "PLE10018": (400, "Invalid denomination for the product"),
    "PLE10019": (401, "International orders are disabled"),
    "PLE10021": (404, "Failed to find order details while fulfilling order"),
    "PLE10024": (502, "Product is out of stock"),
    "PLE10025": (502, "Failed to place order"),
    "PLE10030": (404, "Failed to get products"),
    "PLE10035": (502, "Failed to get order details to check status of order"),
    "PLE10041": (409, "Quantity limit exceeded"),
    "PLE10042": (404, "Product is not active for this client"),
}
_UNKNOWN = (400, "Request failed")


class RefusalError(Exception):
    """Why a request is not granted, with the answer that says so."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def json_reply(status: int, document: Mapping[str, object]) -> Reply:
    """An answer in JSON."""
    return Reply(status, dumps(document), {"Content-Type": "application/json; charset=utf-8"})


def application_reply(error_id: str, detail: str = "", *, status: int | None = None) -> Reply:
    """An error of an operation; its HTTP status is the documented one unless given."""
    known, title = _KNOWN.get(error_id, _UNKNOWN)
    code = known if status is None else status
    members = {"code": code, "errorId": error_id, "errorInfo": title, "error": detail or title}
    return json_reply(code, members)


def application(error_id: str, detail: str = "") -> RefusalError:
    """The refusal with this error of an operation."""
    return RefusalError(application_reply(error_id, detail))


def throttle_reply(seconds: int, status: int) -> Reply:
    """Too many requests; the documents leave the HTTP status open."""
    error = {"message": "auth.request_limit_exceeded", "penaltySeconds": seconds}
    return json_reply(status, {"errors": [error]})


def oauth_reply(status: int, error: str, description: str) -> Reply:
    """An error of the token service, or of a token that is not good."""
    return json_reply(status, {"error": error, "error_description": description})
