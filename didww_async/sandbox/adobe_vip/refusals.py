"""Refusals in the shape and with the codes of Adobe's documentation (Error codes)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didww_async.sandbox.exchange import Reply
from didww_async.sandbox.wire import dumps

if TYPE_CHECKING:
    from collections.abc import Sequence

MEDIA_TYPE = "application/json"

_MESSAGES = {
    "1116": (404, "Invalid Customer"),
    "1117": (400, "Invalid Fields"),
    "1121": (400, "Unexpected Fields"),
    "1122": (400, "Missing Fields"),
    "1124": (500, "Internal Server Error"),
    "1132": (400, "Invalid Search Value"),
    "1133": (400, "Invalid Offset"),
    "2115": (404, "Invalid Customer or Order Id"),
    "2116": (400, "Order can not be cancelled in this status"),
    "2117": (400, "Cancellation window has closed"),
    "2118": (400, "Order was cancelled already"),
    "2119": (400, "Number of line items is out of range"),
    "2120": (400, "Quantity is out of range"),
    "2121": (400, "Duplicate external line item number"),
    "2122": (400, "Invalid Offer Id"),
    "2123": (400, "External line item number is out of range"),
    "2126": (400, "External reference id is too long"),
    "2127": (400, "Cancellation is not allowed"),
    "2128": (400, "Currency does not match"),
    "2130": (400, "Offer does not match the order that is returned"),
    "2131": (400, "Line item number does not match the order that is returned"),
    "2133": (400, "Line item was returned already"),
    "2134": (400, "Order has expired"),
    "2136": (400, "Nothing renews by itself"),
    "2138": (404, "Invalid Deployment"),
    "2139": (400, "Deployment is not allowed"),
    "2140": (400, "Currency is given for the order and for its line items"),
    "2141": (400, "Invalid flexible discount code"),
    "2147": (400, "Too many flexible discount codes"),
    "2148": (400, "Prices of one currency only"),
    "3115": (404, "Invalid Customer or Subscription Id"),
    "4115": (403, "Api Key is invalid or missing"),
    "4116": (401, "Invalid token"),
    "4117": (403, "Missing token"),
    "4118": (429, "Too many requests"),
    "4119": (400, "Correlation id is missing"),
    "4120": (400, "Duplicate request id"),
    "4122": (400, "Request is still being processed"),
    "5122": (400, "Ordering is unavailable"),
    "5135": (400, "Invalid discount code"),
    "RETURN_QTY_EXCEEDS_REMAINING": (422, "Quantity exceeds what remains"),
}


class RefusalError(Exception):
    """A request that is not carried out."""

    def __init__(self, code: str, *details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def reply(self) -> Reply:
        """The answer."""
        return error_reply(self.code, self.details)


def error_reply(code: str, details: Sequence[str] = (), status: int | None = None) -> Reply:
    """The answer with a documented code, of another status if one is given."""
    usual, message = _MESSAGES.get(code, (400, "Error"))
    body: dict[str, object] = {"code": code, "message": message}
    if not code.startswith("RETURN_"):  # those come with nothing else
        body["additionalDetails"] = list(details)
    return json_reply(usual if status is None else status, body)


def json_reply(status: int, body: object) -> Reply:
    """An answer in JSON."""
    return Reply(status, dumps(body), {"Content-Type": MEDIA_TYPE})
