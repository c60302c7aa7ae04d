"""
What can be ordered: a top-up of one mobile phone.

The rules are those of Plum's documentation (Rewards API, Mobile Top-Up: Place Order).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal

import attrs

from didww_async.errors import InvalidRequestError
from didww_async.jsonapi import UNSET, Unset
from didww_async.plainjson import Identity, PlainJsonSerializer, wire
from didww_async.providers.plum.models import Product

__all__ = [
    "NewTopUpOrder",
    "TopUpField",
    "check_po_number",
    "check_sold",
    "checked_product_id",
    "order_data",
    "private_texts",
]

TopUpField = Literal["topupData", "userMeta"]
"""The object of a request that holds the phone; the documents disagree on its name."""

LONGEST_PO_NUMBER = 100
LARGEST_QUANTITY = 10
MOST_DIGITS = 15
LONGEST_PHONE = 15

_PRODUCT_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]+@[^@\s\x00-\x1f\x7f\ud800-\udfff]+")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_PHONE_CODE = re.compile(r"\+[1-9][0-9]{0,3}", re.ASCII)
_PHONE_NUMBER = re.compile(r"[0-9]{4,14}", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PLAIN = PlainJsonSerializer()


def _product_id(value: object) -> Any:
    # A bool is a number to Python; what is none is refused later, by name.
    return str(value) if type(value) is int else value


def checked_product_id(field: str, value: object) -> str:
    """A product's id as text; it may be given as a number."""
    text = _product_id(value)
    if not isinstance(text, str) or not _PRODUCT_ID.fullmatch(text):
        raise InvalidRequestError(field, f"takes an id of the catalogue, a number, not {value!r}")
    return text


def check_po_number(value: object) -> None:
    """Refuse what can't be a `po_number`."""
    field = "po_number"
    if not isinstance(value, str) or not value.strip() or _UNPRINTABLE.search(value):
        raise InvalidRequestError(field, f"takes a text, not {value!r}")
    # An order is looked up by it, and nobody promises that the server keeps the blanks.
    if value != value.strip():
        raise InvalidRequestError(field, "begins or ends with a blank; take it away")
    if len(value) > LONGEST_PO_NUMBER:
        problem = f"has {len(value)} characters; shorten it to {LONGEST_PO_NUMBER} at most"
        raise InvalidRequestError(field, problem)


def _denomination(value: object) -> Any:
    if isinstance(value, str):  # Decimal() takes far more than what is an amount to people
        return Decimal(value) if _AMOUNT.fullmatch(value) else value
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check_denomination(value: object) -> None:
    field = "denomination"
    if not isinstance(value, Decimal):
        raise InvalidRequestError(field, f"takes a Decimal, such as Decimal('199'), not {value!r}")
    if not value.is_finite() or value <= 0:
        raise InvalidRequestError(field, f"takes an amount above 0, not {value}")
    # What a JSON number carries through any parser unchanged.
    if len(value.as_tuple().digits) > MOST_DIGITS or abs(value.adjusted()) > MOST_DIGITS:
        raise InvalidRequestError(field, f"has more than {MOST_DIGITS} digits")


@attrs.frozen(kw_only=True)
class NewTopUpOrder:
    """
    A top-up to order.

    Raises:
        InvalidRequestError: A field can't be sent; it is named.
    """

    product_id: Identity = attrs.field(converter=_product_id)
    """The plan's id, not the operator's, as the catalogue has it; a number will do."""
    denomination: Decimal = attrs.field(converter=_denomination)
    """One of the plan's values; a `float` is refused, as it may stand for another amount."""
    phone_code: str = attrs.field(metadata=wire("topupPhoneCode"))
    """The country's calling code, such as `+91`."""
    phone_number: str = attrs.field(metadata=wire("topupPhoneNumber"), repr=False)
    """The number without it, in digits only."""
    email: str | Unset = attrs.field(default=UNSET, repr=False)
    quantity: int = 1
    """
    1 for the plans of operators, as the catalogue's `order_quantity_limit` says, and nothing is
    sold more than 10 times in one order (error PLE10041).
    """
    tag: str | Unset = UNSET
    """A label of your own, by which the order history can be filtered."""
    po_number: str | Unset = UNSET
    """
    Your own number of the order, of at most 100 characters; one is made if you give none.

    It has to be another for every order, and is all that a lost order can be found by.
    """
    notify_receiver_email: bool = False
    """Whether the receiver gets a mail."""
    notify_admin_email: bool = False
    perform_operator_validation: bool | Unset = UNSET
    """Whether to refuse the order if the number is another operator's."""

    def __attrs_post_init__(self) -> None:
        checked_product_id("product_id", self.product_id)
        _check_denomination(self.denomination)
        quantity: object = self.quantity
        if type(quantity) is not int or not 1 <= quantity <= LARGEST_QUANTITY:
            problem = f"takes a whole number from 1 to {LARGEST_QUANTITY}, not {quantity!r}"
            raise InvalidRequestError("quantity", problem)
        # The number is not repeated: it is somebody's.
        if not isinstance(self.phone_code, str) or not _PHONE_CODE.fullmatch(self.phone_code):
            raise InvalidRequestError("phone_code", "takes a calling code such as '+91'")
        number: object = self.phone_number
        if not isinstance(number, str) or not _PHONE_NUMBER.fullmatch(number):
            problem = "takes 4 to 14 digits, without the calling code and without spaces"
            raise InvalidRequestError("phone_number", problem)
        if len(self.phone_code.removeprefix("+")) + len(number) > LONGEST_PHONE:
            problem = f"has more than {LONGEST_PHONE} digits together with the calling code (E.164)"
            raise InvalidRequestError("phone_number", problem)
        if self.po_number is not UNSET:
            check_po_number(self.po_number)
        self._check_mails()

    def _check_mails(self) -> None:
        email: object = self.email
        if email is not UNSET and not (isinstance(email, str) and _EMAIL.fullmatch(email)):
            raise InvalidRequestError("email", "takes an address such as 'user@example.com'")
        tag: object = self.tag
        if tag is not UNSET and (not isinstance(tag, str) or _UNPRINTABLE.search(tag)):
            raise InvalidRequestError("tag", f"takes a text, not {tag!r}")
        for field in ("notify_receiver_email", "notify_admin_email"):
            if not isinstance(value := getattr(self, field), bool):
                raise InvalidRequestError(field, f"takes True or False, not {value!r}")
        validates: object = self.perform_operator_validation
        if validates is not UNSET and not isinstance(validates, bool):
            field = "perform_operator_validation"
            raise InvalidRequestError(field, f"takes True or False, not {validates!r}")
        if self.notify_receiver_email and email is UNSET:
            raise InvalidRequestError("email", "is missing, and notify_receiver_email needs it")


def private_texts(order: NewTopUpOrder) -> tuple[str, ...]:
    """What a server may repeat in an error, and nobody else is to read."""
    mail = () if isinstance(order.email, Unset) else (order.email,)
    return (order.phone_number, *mail)


def check_sold(order: NewTopUpOrder, product: Product | None) -> Product:
    """The product, which is the order's in the catalogue; refuse what it is not sold as."""
    if product is None:
        raise InvalidRequestError("product_id", "is not in the catalogue of this account")
    if not product.sells(order.denomination):
        values = ", ".join(map(str, product.denominations)) or "another amount"
        raise InvalidRequestError("denomination", f"the product is sold at {values}")
    most = product.order_quantity_limit
    if most is not None and order.quantity > most:
        raise InvalidRequestError("quantity", f"the product is sold {most} times an order")
    return product


def order_data(order: NewTopUpOrder, top_up_field: TopUpField) -> dict[str, Any]:
    """The order as `placeOrder` takes it."""
    data: dict[str, Any] = _PLAIN.write(order)
    phone = {name: data.pop(name) for name in ("topupPhoneCode", "topupPhoneNumber")}
    flags = {name: int(value) for name, value in data.items() if isinstance(value, bool)}
    return {**data, **flags, "productId": int(order.product_id), top_up_field: phone}
