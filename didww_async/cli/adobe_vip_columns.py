"""The order file of Adobe's VIP Marketplace: one order of one line a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from didww_async.cli.cells import reference, text, whole_number
from didww_async.cli.columns import Column, Columns
from didww_async.cli.members import fields_of, made, members_of
from didww_async.errors import InvalidRequestError
from didww_async.jsonapi.errors import is_array
from didww_async.plainjson import camel_case

if TYPE_CHECKING:
    from didww_async.providers.adobe_vip import CustomerOrder

__all__ = ["ADOBE_VIP"]

_OF_NEITHER = frozenset({"customer_id", "order_type"})


def _request(values: Mapping[str, object]) -> CustomerOrder:
    order_type, kind, line_kind = _kinds("order_type", values.get("order_type", "NEW"))
    of_line, of_order = fields_of(line_kind), fields_of(kind)
    line: dict[str, object] = {}
    order: dict[str, object] = {}
    for name, value in values.items():
        if name in of_line:
            line[name] = value
        elif name in of_order:
            order[name] = value
        elif name not in _OF_NEITHER:
            raise InvalidRequestError(name, f"is not of an order that is {order_type}; empty it")
    if order_type != "RETURN":  # which repeats the number of the line that is returned
        line.setdefault("ext_line_item_number", 1)
    made_order = made(kind, {**order, "line_items": [made(line_kind, line)]})
    return _for_customer(values, "customer_id", made_order)


def _request_of_body(body: Mapping[str, object]) -> CustomerOrder:
    members = {name: value for name, value in body.items() if name != "customerId"}
    _, kind, line_kind = _kinds("orderType", members.pop("orderType", "NEW"))
    lines = members["lineItems"]
    if not is_array(lines):
        raise InvalidRequestError("lineItems", "takes an array")
    members["lineItems"] = [
        made(
            line_kind,
            members_of(line, f"lineItems[{index}]"),
            path=f"lineItems[{index}].",
            rename=camel_case,
        )
        for index, line in enumerate(lines)
    ]
    return _for_customer(body, "customerId", made(kind, members, rename=camel_case))


def _kinds(name: str, value: object) -> tuple[str, type[Any], type[Any]]:
    """A type of order, its class and that of its lines."""
    from didww_async.providers import adobe_vip  # noqa: PLC0415  # a client that not all need

    kinds: dict[object, tuple[str, type[Any], type[Any]]] = {
        "NEW": ("NEW", adobe_vip.NewOrder, adobe_vip.NewLineItem),
        "RENEWAL": ("RENEWAL", adobe_vip.RenewalOrder, adobe_vip.RenewalLineItem),
        "RETURN": ("RETURN", adobe_vip.ReturnOrder, adobe_vip.ReturnLineItem),
    }
    if not isinstance(value, str) or value not in kinds:
        raise InvalidRequestError(name, f"takes {', '.join(map(str, kinds))}, not {value!r}")
    return kinds[value]


def _for_customer(values: Mapping[str, object], name: str, order: object) -> CustomerOrder:
    from didww_async.providers.adobe_vip import CustomerOrder  # noqa: PLC0415  # see above

    if name not in values:
        raise InvalidRequestError(name, "is missing")
    try:
        return CustomerOrder(customer_id=cast("Any", values[name]), order=cast("Any", order))
    except InvalidRequestError as error:
        raise InvalidRequestError(name, error.problem) from None


def _code(cell: str) -> list[str]:
    return [cell.strip()]


def _order_type(cell: str) -> str:
    return cell.strip().upper()


ADOBE_VIP: Columns[CustomerOrder] = Columns(
    by_name={
        "customer_id": Column(text, "whom the order is for"),
        "offer_id": Column(text, "what to order"),
        "quantity": Column(whole_number, "how many licences"),
        "currency_code": Column(text, "three capital letters, such as USD"),
        "order_type": Column(_order_type, "NEW, RENEWAL or RETURN; NEW if empty"),
        "external_reference_id": Column(
            reference, "your own name of the order, unique, 35 characters at most"
        ),
        "ext_line_item_number": Column(
            whole_number, "your own number of the line, 0 to 999999; 1 if empty"
        ),
        "subscription_id": Column(text, "of a renewal: what to renew"),
        "reference_order_id": Column(text, "of a return: the order whose line is given back"),
        "deployment_id": Column(text, "for customers with deployments all over the world"),
        "discount_code": Column(text, "for customers that were migrated with a discount"),
        "flex_discount_codes": Column(_code, "the code of a flexible discount"),
    },
    needed=(("customer_id",), ("offer_id",), ("quantity",)),
    request=_request,
    body_members=frozenset({"lineItems"}),
    request_of_body=_request_of_body,
    name_column="external_reference_id",
    name=lambda request: request.order.external_reference_id or None,
)
"""Columns are named as in the API, with underscores; an empty cell is left out of the request."""
