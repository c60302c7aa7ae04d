"""What a request asks for, taken out of its envelope and checked as Plum checks it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from didww_async.sandbox.plum.refusals import RefusalError, application, json_reply
from didww_async.sandbox.wire import is_integer, is_object, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

TopUpField = Literal["topupData", "userMeta", "either"]

_QUERY = re.compile(r"plumProAPI\.(?:mutation|query)\.(\w+)")
_LONGEST_PO_NUMBER = 100
_LARGEST_PAGE = 100


@frozen(kw_only=True)
class Wanted:
    """One order to place."""

    product_id: int
    quantity: int
    denomination: Decimal
    po_number: str
    phone: str = field(repr=False)
    email: str = field(repr=False)
    tag: str
    notify_receiver: bool


def envelope(body: bytes) -> tuple[str, Mapping[str, object]]:
    """The operation and its data; the refusal if the envelope is none."""
    try:
        document = loads(body)
    except ValueError:
        raise _unreadable("the body is not JSON") from None
    if not is_object(document) or document.get("tag") != "plumProAPI":
        raise _unreadable("tag has to be plumProAPI")
    query = document.get("query")
    match = _QUERY.fullmatch(query) if isinstance(query, str) else None
    if match is None:
        raise _unreadable("query names no operation")
    variables = document.get("variables")
    data = variables.get("data") if is_object(variables) else None
    if not is_object(data):
        raise _unreadable("variables.data is missing")
    return match[1], data


def wanted(data: Mapping[str, object], top_up_field: TopUpField) -> Wanted:
    """The order in the data of `placeOrder`."""
    error = "PLE10001"
    po_number = data.get("poNumber")
    if not isinstance(po_number, str) or not 0 < len(po_number) <= _LONGEST_PO_NUMBER:
        raise application(error, "poNumber has to be a string of 1 to 100 characters")
    _flag(data, "notifyAdminEmail", error)
    quantity = _whole(data, "quantity", error)
    denomination = _number(data.get("denomination"))
    if quantity < 1 or denomination is None or denomination <= 0:
        raise application(error, "quantity and denomination have to be above 0")
    return Wanted(
        product_id=_whole(data, "productId", error),
        quantity=quantity,
        denomination=denomination,
        po_number=po_number,
        phone=_phone(data, top_up_field),
        email=_text(data, "email", error),
        tag=_text(data, "tag", error),
        notify_receiver=_flag(data, "notifyReceiverEmail", error),
    )


@frozen
class Looked:
    """Which order `getOrderDetails` asks for."""

    po_number: str
    order_id: int
    sends_mail: bool


def looked(data: Mapping[str, object]) -> Looked:
    """The question in the data of `getOrderDetails`."""
    error = "PLE10002"
    po_number = data.get("poNumber") or ""
    if not isinstance(po_number, str):
        raise application(error, "poNumber has to be a string")
    order_id = _whole({"orderId": data.get("orderId") or 0}, "orderId", error)
    if bool(po_number) == bool(order_id):
        raise application(error, "give poNumber or orderId")
    return Looked(po_number, order_id, _flag(data, "sendMailToReceiver", error))


@frozen
class Range:
    """Which part of the history is asked for."""

    start: date | None
    end: date | None
    tag: str
    limit: int
    page: int

    def has(self, day: date, tag: str) -> bool:
        """Whether an order of that day and tag is in it."""
        if self.tag and tag != self.tag:
            return False
        return (self.start or day) <= day <= (self.end or day)


def history_range(data: Mapping[str, object]) -> Range:
    """The question in the data of `getOrderHistory`."""
    error = "PLE10002"
    limit, page = paging(data, error)
    return Range(
        _day(data, "startDate"), _day(data, "endDate"), _text(data, "tag", error), limit, page
    )


def paging(data: Mapping[str, object], error: str) -> tuple[int, int]:
    """How many items a page has, and which page, from 1 on, is asked for."""
    limit = _whole({"limit": 10, **data}, "limit", error)
    page = _whole({"page": 1, **data}, "page", error)
    if not 1 <= limit <= _LARGEST_PAGE or page < 1:
        raise application(error, "limit has to be 1 to 100, page at least 1")
    return limit, page


def identities(data: Mapping[str, object], name: str) -> frozenset[int]:
    """A comma-separated list of product ids."""
    text = data.get(name) or ""
    if not isinstance(text, str) or not re.fullmatch(r"(?:\d+(?:,\d+)*)?", text):
        raise application("PLE10030", f"{name} has to be ids with commas between")
    return frozenset(int(part) for part in text.split(",") if part)


def optional_whole(data: Mapping[str, object], name: str, error: str) -> int | None:
    """A whole number that may be left out."""
    return None if data.get(name) is None else _whole(data, name, error)


def _unreadable(problem: str) -> RefusalError:
    return RefusalError(json_reply(400, {"code": 400, "error": problem}))


def _whole(data: Mapping[str, object], name: str, error: str) -> int:
    value = data.get(name)
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value):
        return int(value)
    if not is_integer(value):
        raise application(error, f"{name} has to be a whole number")
    return value


def _number(value: object) -> Decimal | None:
    if isinstance(value, str) and re.fullmatch(r"\d+(?:\.\d+)?", value):
        return Decimal(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Decimal(str(value))
    return None


def _text(data: Mapping[str, object], name: str, error: str) -> str:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise application(error, f"{name} has to be a string")
    return value or ""


def _flag(data: Mapping[str, object], name: str, error: str) -> bool:
    value = data.get(name, 0)
    if value not in {0, 1} or isinstance(value, bool):
        raise application(error, f"{name} has to be 0 or 1")
    return value == 1


def _day(data: Mapping[str, object], name: str) -> date | None:
    text = data.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise application("PLE10002", f"{name} has to be a date") from None


def _phone(data: Mapping[str, object], top_up_field: TopUpField) -> str:
    names = ("topupData", "userMeta") if top_up_field == "either" else (top_up_field,)
    given = next((data[name] for name in names if name in data), None)
    if given is None:
        return ""
    code = given.get("topupPhoneCode") if is_object(given) else None
    number = given.get("topupPhoneNumber") if is_object(given) else None
    if not isinstance(code, str) or not re.fullmatch(r"\+\d{1,4}", code):
        raise application("PLE10001", "topupPhoneCode has to be like +91")
    if not isinstance(number, str) or not re.fullmatch(r"\d{4,15}", number):
        raise application("PLE10001", "topupPhoneNumber has to be digits")
    return code + number
