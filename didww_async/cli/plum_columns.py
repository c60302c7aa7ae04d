"""The order file of Plum: one top-up a row."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from didww_async.cli.cells import amount, reference, text, true_or_false, whole_number
from didww_async.cli.columns import Column, Columns
from didww_async.cli.members import made, members_of
from didww_async.errors import InvalidRequestError
from didww_async.plainjson import camel_case

if TYPE_CHECKING:
    from didww_async.providers.plum import NewTopUpOrder

__all__ = ["PLUM"]

_ENVELOPE = {"query": "plumProAPI.mutation.placeOrder", "tag": "plumProAPI", "variables": None}
_OF_PHONE = {"phone_code": "topupPhoneCode", "phone_number": "topupPhoneNumber"}
_FLAGS = frozenset({"notifyReceiverEmail", "notifyAdminEmail", "performOperatorValidation"})


def _request(values: Mapping[str, object]) -> NewTopUpOrder:
    from didww_async.providers.plum import NewTopUpOrder  # noqa: PLC0415  # its client is heavy

    if type(values.get("phone_number")) is int:
        problem = "takes a text, as it may begin with a 0; put quotation marks around it"
        raise InvalidRequestError("phone_number", problem)
    return made(NewTopUpOrder, _with_exact_denomination(values, "denomination"))


def _request_of_body(body: Mapping[str, object]) -> NewTopUpOrder:
    from didww_async.providers.plum import NewTopUpOrder  # noqa: PLC0415  # see above

    data = _data(body)
    phone = "userMeta" if "userMeta" in data else "topupData"

    def as_written(field: str) -> str:
        return f"{phone}.{_OF_PHONE[field]}" if field in _OF_PHONE else camel_case(field)

    members = {name: _flag(name, value) for name, value in data.items() if name != phone}
    for name, value in members_of(data.get(phone), phone).items():
        members[f"{phone}.{name}"] = value
    exact = _with_exact_denomination(members, "denomination")
    return made(NewTopUpOrder, exact, rename=as_written)


def _data(body: Mapping[str, object]) -> Mapping[str, object]:
    """What a request orders: all of it, or what is in the envelope that it may come in."""
    if "variables" not in body:
        return body
    for name, value in body.items():
        if name not in _ENVELOPE:
            raise InvalidRequestError(name, "there is no such member")
        if name != "variables" and value != _ENVELOPE[name]:
            raise InvalidRequestError(name, f"takes {_ENVELOPE[name]!r}")
    variables = members_of(body["variables"], "variables")
    if set(variables) != {"data"}:
        raise InvalidRequestError("variables", "takes the member data, and no other")
    return members_of(variables["data"], "variables.data")


def _flag(name: str, value: object) -> object:
    return bool(value) if name in _FLAGS and type(value) is int and value in {0, 1} else value


def _with_exact_denomination(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = values.get(name)
    if not isinstance(value, float):
        return values
    # Of the digits that an amount has, a float of JSON repeats every one.
    return {**values, name: Decimal(repr(value))}


PLUM: Columns[NewTopUpOrder] = Columns(
    by_name={
        "product_id": Column(text, "the plan to order, not its operator"),
        "denomination": Column(amount, "one of the values that the plan has"),
        "phone_code": Column(text, "the calling code, such as +91"),
        "phone_number": Column(text, "the number without it, in digits only"),
        "quantity": Column(whole_number, "how many, 1 to 10; one if empty"),
        "po_number": Column(
            reference, "your own number of the order, unique, 100 characters at most"
        ),
        "email": Column(text, "the receiver's address"),
        "tag": Column(text, "a label of your own, to filter by"),
        "notify_receiver_email": Column(true_or_false, "true or false: mail the receiver"),
        "notify_admin_email": Column(true_or_false, "true or false: mail the account's admin"),
        "perform_operator_validation": Column(
            true_or_false, "true or false: refuse another operator's number"
        ),
    },
    needed=(("product_id",), ("denomination",), ("phone_code",), ("phone_number",)),
    request=_request,
    # The documents disagree on the name of the object that holds the phone.
    body_members=frozenset({"variables", "topupData", "userMeta"}),
    request_of_body=_request_of_body,
    name_column="po_number",
    name=lambda order: order.po_number or None,
)
"""Columns are named as in the API, with underscores; an empty cell is left out of the request."""
