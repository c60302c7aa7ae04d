"""Orders: what was bought, and how to say what to buy."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, cast
from urllib.parse import urlsplit

import attrs

from didww_async.errors import InvalidRequestError
from didww_async.jsonapi import UNSET, OpenStrEnum, Unset, new_resource, optional
from didww_async.jsonapi.errors import describe, is_object
from didww_async.models.base import AnyOf, DidwwResource, check, registry
from didww_async.models.order_items import (
    NewCapacityOrderItem,
    NewDidOrderItem,
    NewEmergencyOrderItem,
    NewOrderItem,
    OrderItem,
    UnknownOrderItem,
)

__all__ = ["CallbackMethod", "NewOrder", "Order", "OrderChanges", "OrderFilter", "OrderStatus"]

MAX_REFERENCE_LENGTH = 100
_NEW_ITEMS: Mapping[str, Any] = {
    "did_order_items": NewDidOrderItem,
    "capacity_order_items": NewCapacityOrderItem,
    "emergency_order_items": NewEmergencyOrderItem,
}


class OrderStatus(OpenStrEnum):
    """Where an order stands; `pending` is the only state that changes."""

    PENDING = "pending"
    COMPLETED = "completed"
    CANCELED = "canceled"


class CallbackMethod(OpenStrEnum):
    """How a callback is sent: its parameters in the query, or as a form."""

    GET = "get"
    POST = "post"


@registry.resource("orders")
class Order(DidwwResource):
    """One purchase (DIDWW docs, Order Object)."""

    reference: str
    """DIDWW's own number of the order, like `KTH-650932`."""
    description: str
    """What it is for, such as `DID` or `Capacity`."""
    amount: Decimal
    """What it costs in all, VAT included, in the currency of the account."""
    status: OrderStatus
    created_at: datetime
    callback_url: str | None = optional()
    callback_method: CallbackMethod | None = optional()
    external_reference_id: str | None = optional()
    """The customer's own label. Not unique: nothing stops two orders from sharing it."""
    items: tuple[OrderItem, ...]
    """Not in the order of the request."""

    @property
    def is_final(self) -> bool:
        """Whether the order is completed or canceled, and will not change again."""
        return self.status in {OrderStatus.COMPLETED, OrderStatus.CANCELED}


class OrderFilter(TypedDict, total=False):
    """Filters of a list of orders."""

    id: AnyOf[str]
    status: AnyOf[OrderStatus | str]
    reference: AnyOf[str]
    created_at_gteq: datetime
    created_at_lteq: datetime
    external_reference_id: str


class OrderChanges(TypedDict, total=False):
    """What can be changed of an order."""

    external_reference_id: str | None


_SINGLE = (NewDidOrderItem, NewCapacityOrderItem, NewEmergencyOrderItem, UnknownOrderItem)
_NO_LISTS = (*_SINGLE, str, bytes, dict)


def _items(items: Iterable[NewOrderItem]) -> tuple[NewOrderItem, ...]:
    single = _SINGLE
    if isinstance(items, _NO_LISTS):
        raise InvalidRequestError("items", "takes a list of items; put brackets around it")
    try:
        made = tuple(items)
    except TypeError:
        raise InvalidRequestError(
            "items", f"takes a list of items, not {type(items).__name__}"
        ) from None
    check(made, "items", "an order needs at least one item")
    for index, item in enumerate(made):
        if not isinstance(item, single):
            raise InvalidRequestError(
                f"items[{index}]",
                "takes NewDidOrderItem, NewCapacityOrderItem, NewEmergencyOrderItem or "
                f"UnknownOrderItem, not {type(item).__name__}",
            )
    return made


def check_reference(value: object) -> None:
    """Refuse what can't be an `external_reference_id`; `None` clears it."""
    if value is None or value is UNSET:
        return
    if not isinstance(value, str) or not value or not _is_utf_8(value):
        raise InvalidRequestError("external_reference_id", f"takes a text or None, not {value!r}")
    if len(value) > MAX_REFERENCE_LENGTH:
        raise InvalidRequestError(
            "external_reference_id",
            f"has {len(value)} characters; shorten it to {MAX_REFERENCE_LENGTH} at most",
        )


def _is_utf_8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


@functools.lru_cache(maxsize=64)  # a caller has few of them, and gives one with every order
def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(good) and not any(char.isspace() for char in url)


def _check_callback(url: object, method: object) -> None:
    has_url = url is not UNSET and url is not None
    if has_url and not (isinstance(url, str) and _is_web_url(url)):
        raise InvalidRequestError(
            "callback_url", "takes a full URL such as https://example.com/callbacks"
        )
    if has_url and (method is UNSET or method is None):
        raise InvalidRequestError(
            "callback_method", "is missing; give 'get' or 'post' with the URL"
        )
    if method is not UNSET and method is not None:
        if not isinstance(method, str) or method not in {"get", "post"}:
            raise InvalidRequestError("callback_method", f"takes 'get' or 'post', not {method!r}")
        check(
            has_url,
            "callback_method",
            "says how to call, and callback_url, which says where, is missing; give both",
        )


def _members(source: object, field: str, wire_type: str) -> Mapping[str, object]:
    """The attributes of `{type, attributes}`."""
    check(is_object(source), field, f"takes an object, not {describe(source)}")
    members = cast("dict[str, object]", source)
    _refuse_others(members, ("type", "attributes"), field)
    check(members.get("type") == wire_type, f"{field}.type", f"takes {wire_type!r}")
    attributes = members.get("attributes")
    check(is_object(attributes), f"{field}.attributes", f"an object, not {describe(attributes)}")
    return cast("dict[str, object]", attributes)


def _check_names(values: Mapping[str, object], cls: Any, field: str) -> None:
    _refuse_others(values, [known.name for known in attrs.fields(cls)], field)


def _refuse_others(values: Mapping[str, object], known: Iterable[str], field: str) -> None:
    for name in values:
        check(name in known, f"{field}.{name}", f"there is no such member; use {', '.join(known)}")


def _item_from_json(source: object, field: str, *, unknown: bool) -> NewOrderItem:
    wire_type = source.get("type") if is_object(source) else None
    cls = _NEW_ITEMS.get(wire_type) if isinstance(wire_type, str) else None
    if unknown and cls is None and is_object(source) and isinstance(wire_type, str):
        return UnknownOrderItem(wire_type, source.get("attributes", {}), raw=source)
    check(cls, f"{field}.type", f"takes one of {', '.join(_NEW_ITEMS)}")
    attributes = _members(source, field, cast("str", wire_type))
    _check_names(attributes, cls, f"{field}.attributes")
    for member in attrs.fields(cast("Any", cls)):
        required = member.default is attrs.NOTHING
        check(not required or member.name in attributes, f"{field}.{member.name}", "is missing")
    try:
        made: NewOrderItem = cast("Any", cls)(**attributes)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{field}.{error.field}", error.problem) from None
    return made


@new_resource("orders")
class NewOrder:
    """
    An order to place.

    Raises:
        InvalidRequestError: A field can't be sent; it is named.
    """

    items: Sequence[NewOrderItem] = attrs.field(converter=_items)
    allow_back_ordering: bool | Unset = UNSET
    """Whether to wait for numbers that are out of stock; left out, the server does wait."""
    callback_url: str | None | Unset = UNSET
    """An http or https URL to call when the order is completed or canceled."""
    callback_method: CallbackMethod | str | None | Unset = UNSET
    """`get` or `post`."""
    external_reference_id: str | None | Unset = UNSET
    """Your own label, of at most 100 characters; the one thing to find a lost order by."""

    def __attrs_post_init__(self) -> None:
        waits = self.allow_back_ordering
        if waits is not UNSET and not isinstance(waits, bool):
            raise InvalidRequestError("allow_back_ordering", f"takes True or False, not {waits!r}")
        _check_callback(self.callback_url, self.callback_method)
        check_reference(self.external_reference_id)

    @classmethod
    def from_json(cls, source: Mapping[str, object], *, unknown_items: bool = False) -> "NewOrder":
        """
        The order that a parsed request body describes, such as those in DIDWW's documentation.

        Takes the whole body, `{"data": {"type": "orders", "attributes": {...}}}`, or its
        attributes alone. An item of an unknown type is refused as misspelt, unless
        `unknown_items` lets it pass as it is.

        Raises:
            InvalidRequestError: It has an unknown or wrong member, which is named.
        """
        check(is_object(source), "order", f"takes an object, not {describe(source)}")
        data = source.get("data", {"type": "orders", "attributes": source})
        attributes = dict(_members(data, "data", "orders"))
        items = attributes.pop("items", ())
        check(isinstance(items, list), "items", f"takes an array, not {describe(items)}")
        made = [
            _item_from_json(item, f"items[{index}]", unknown=unknown_items)
            for index, item in enumerate(cast("list[object]", items))
        ]
        _check_names(attributes, cls, "attributes")
        return cls(items=made, **cast("Any", attributes))
