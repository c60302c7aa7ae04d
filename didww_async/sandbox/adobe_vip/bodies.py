"""Reading what is ordered, field by field (Order resource)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from attrs import frozen

from didww_async.sandbox.adobe_vip.refusals import RefusalError
from didww_async.sandbox.adobe_vip.world import OrderLine
from didww_async.sandbox.wire import is_array, is_integer, is_object, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didww_async.sandbox.adobe_vip.world import Customer

TYPES = ("NEW", "RETURN", "PREVIEW", "PREVIEW_RENEWAL", "RENEWAL")
MOST_LINES = 499
MOST_LICENCES = 10_000
LONGEST_REFERENCE = 35
LARGEST_LINE_NUMBER = 999_999
_FIELDS = {"orderType", "externalReferenceId", "referenceOrderId", "currencyCode", "lineItems"}
_LINE_FIELDS = {
    "extLineItemNumber",
    "offerId",
    "quantity",
    "currencyCode",
    "deploymentId",
    "discountCode",
    "flexDiscountCodes",
    "subscriptionId",
}


@frozen
class Wanted:
    """An order as it was asked for."""

    type: str
    reference: str
    original: str
    lines: list[OrderLine]

    @property
    def is_preview(self) -> bool:
        """Whether nothing is bought."""
        return self.type.startswith("PREVIEW")


def read_object(body: bytes) -> dict[str, object]:
    """The JSON object of a body."""
    try:
        members = loads(body)
    except ValueError:
        members = None
    if not is_object(members):
        raise RefusalError("1117", "body")
    return members


def read_order(body: bytes, customer: Customer) -> Wanted:
    """The order of a request's body."""
    members = read_object(body)
    _refuse_others(members, _FIELDS)
    order_type = members.get("orderType")
    if order_type is None:
        raise RefusalError("1122", "orderType")
    if order_type not in TYPES:
        raise RefusalError("1117", "orderType")
    original = _text(members, "referenceOrderId")
    if (order_type == "RETURN") != bool(original):
        raise RefusalError("1121" if original else "1122", "referenceOrderId")
    currency = _text(members, "currencyCode")
    lines = _lines(members, str(order_type))
    read = [_line(line, str(order_type), currency, customer) for line in lines]
    numbers = [line.number for line in read]
    if len(set(numbers)) < len(numbers):
        raise RefusalError("2121", "extLineItemNumber")
    return Wanted(str(order_type), read_reference(members), original, read)


def read_reference(members: Mapping[str, object]) -> str:
    """The partner's own label, or the empty text."""
    reference = _text(members, "externalReferenceId")
    if len(reference) > LONGEST_REFERENCE:
        raise RefusalError("2126", "externalReferenceId")
    if re.search(r'[<>\[\\"]', reference):
        raise RefusalError("1117", "externalReferenceId")
    return reference


def _lines(members: Mapping[str, object], order_type: str) -> list[dict[str, object]]:
    lines = members.get("lineItems")
    if lines is None and order_type == "PREVIEW_RENEWAL":
        return []
    if lines is None:
        raise RefusalError("1122", "lineItems")
    if not is_array(lines) or not all(is_object(line) for line in lines):
        raise RefusalError("1117", "lineItems")
    if not 1 <= len(lines) <= MOST_LINES:
        raise RefusalError("2119", "lineItems")
    return cast("list[dict[str, object]]", lines)


def _line(
    line: dict[str, object], order_type: str, order_currency: str, customer: Customer
) -> OrderLine:
    _refuse_others(line, _LINE_FIELDS)
    for name in ("extLineItemNumber", "offerId", "quantity"):
        if name not in line:
            raise RefusalError("1122", f"lineItems.{name}")
    number, quantity = line["extLineItemNumber"], line["quantity"]
    if not is_integer(number) or not 0 <= number <= LARGEST_LINE_NUMBER:
        raise RefusalError("2123", "lineItems.extLineItemNumber")
    if not is_integer(quantity) or not 1 <= quantity <= MOST_LICENCES:
        raise RefusalError("2120", "lineItems.quantity")
    currency = _text(line, "currencyCode")
    if currency and order_currency:
        raise RefusalError("2140", "currencyCode")
    currency = currency or order_currency or customer.currency
    if currency != customer.currency:
        raise RefusalError("2128", "currencyCode")
    renews = order_type in {"RENEWAL", "PREVIEW_RENEWAL"}
    subscription = _text(line, "subscriptionId")
    if renews != bool(subscription):
        raise RefusalError("1122" if renews else "1121", "lineItems.subscriptionId")
    return OrderLine(
        number=number,
        offer_id=_text(line, "offerId"),
        quantity=quantity,
        currency=currency,
        deployment_id=_text(line, "deploymentId") or None,
        discount_code=_text(line, "discountCode") or None,
        flex_codes=_flex_codes(line),
        subscription_id=subscription,
    )


def _flex_codes(line: Mapping[str, object]) -> list[str]:
    codes = line.get("flexDiscountCodes", [])
    if not is_array(codes) or not all(isinstance(code, str) for code in codes):
        raise RefusalError("1117", "lineItems.flexDiscountCodes")
    if len(codes) > 1:
        raise RefusalError("2147", "lineItems.flexDiscountCodes")
    return cast("list[str]", codes)


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name, "")
    if not isinstance(value, str):
        raise RefusalError("1117", name)
    return value


def _refuse_others(members: Mapping[str, object], known: set[str]) -> None:
    others = sorted(set(members) - known)
    if others:
        raise RefusalError("1121", *others)
