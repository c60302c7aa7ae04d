"""
What can be ordered: a class for each type of order, so that none has a field it can't have.

The rules are those of the Order resource of Adobe's VIP Marketplace documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypeAlias, cast

import attrs

from didww_async.errors import InvalidRequestError
from didww_async.jsonapi import UNSET, Unset
from didww_async.providers.adobe_vip.models import OrderType

__all__ = [
    "AnyNewOrder",
    "NewLineItem",
    "NewOrder",
    "OrderPreview",
    "RenewalLineItem",
    "RenewalOrder",
    "RenewalPreview",
    "ReturnLineItem",
    "ReturnOrder",
    "check_reference",
    "is_preview",
]

LONGEST_REFERENCE = 35
LONGEST_ORDER_ID = 40
LONGEST_DISCOUNT_CODE = 40
LARGEST_LINE_NUMBER = 999_999
MOST_LINES = 499
MOST_FLEX_CODES = 1

_REFERENCE = re.compile(r'[^<>\[\\"\x00-\x1f\x7f\ud800-\udfff]*')
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_CODE = re.compile(r"[!-~]+", re.ASCII)


def _refuse(field: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError(field, problem)


def _check_code(field: str, value: object, longest: int = 100) -> None:
    """Refuse what is no id or code: they are short, visible ASCII without spaces."""
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise _refuse(field, f"takes a text as Adobe gave it, not {value!r}")
    if len(value) > longest:
        raise _refuse(field, f"has {len(value)} characters; {longest} is the most")


def check_reference(value: object) -> None:
    """Refuse what can't be an `external_reference_id`."""
    field = "external_reference_id"
    # A blank one may count as none, and an order without a reference can't be found.
    if not isinstance(value, str) or not value.strip():
        raise _refuse(field, f"takes a text, not {value!r}")
    # An order is looked up by it, and nobody promises that the server keeps the blanks.
    if value != value.strip():
        raise _refuse(field, "begins or ends with a blank; take it away")
    if len(value) > LONGEST_REFERENCE:
        hint = ""
        if len(value) == LONGEST_REFERENCE + 1 and value.count("-") == 4:  # noqa: PLR2004
            hint = "; of a UUID take the 32 digits without dashes"
        problem = f"has {len(value)} characters; shorten it to {LONGEST_REFERENCE} at most{hint}"
        raise _refuse(field, problem)
    if not _REFERENCE.fullmatch(value):
        raise _refuse(field, "can't have < > [ \\ \" or a control character in it")


def _check_currency(field: str, value: object) -> None:
    if value is not UNSET and not (isinstance(value, str) and _CURRENCY.fullmatch(value)):
        raise _refuse(field, f"takes three capital letters such as 'USD', not {value!r}")


def _check_whole(field: str, value: object, least: int, most: int | None = None) -> None:
    if type(value) is not int or value < least or (most is not None and value > most):
        upto = "" if most is None else f" to {most}"
        raise _refuse(field, f"takes a whole number from {least}{upto}, not {value!r}")


def _flex_codes(value: Sequence[str] | Unset) -> tuple[str, ...] | Unset:
    # What is no list is refused later, by name.
    return tuple(value) if isinstance(value, list) else cast("tuple[str, ...] | Unset", value)


def _check_flex_codes(value: object) -> None:
    if value is UNSET:
        return
    if not isinstance(value, tuple):
        raise _refuse("flex_discount_codes", "takes a list of codes; put brackets around it")
    codes = cast("tuple[object, ...]", value)
    if len(codes) > MOST_FLEX_CODES:
        raise _refuse("flex_discount_codes", f"a line takes one code, not {len(codes)}")
    for code in codes:
        _check_code("flex_discount_codes", code)


@attrs.frozen(kw_only=True)
class _Line:
    """What every line has."""

    ext_line_item_number: int
    """Your own number of the line, from 0 to 999999, unique in the order."""
    offer_id: str
    quantity: int
    """From 1 on; how many are allowed at most depends on the offer."""
    currency_code: str | Unset = UNSET

    def __attrs_post_init__(self) -> None:
        _check_whole("ext_line_item_number", self.ext_line_item_number, 0, LARGEST_LINE_NUMBER)
        _check_code("offer_id", self.offer_id)
        _check_whole("quantity", self.quantity, 1)
        _check_currency("currency_code", self.currency_code)


@attrs.frozen(kw_only=True)
class NewLineItem(_Line):
    """A line of a new order."""

    deployment_id: str | Unset = UNSET
    """For customers with deployments all over the world."""
    discount_code: str | Unset = UNSET
    """For customers that were migrated with a high volume discount, at most 40 characters."""
    flex_discount_codes: tuple[str, ...] | Unset = attrs.field(default=UNSET, converter=_flex_codes)
    """At most one."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.deployment_id is not UNSET:
            _check_code("deployment_id", self.deployment_id)
        if self.discount_code is not UNSET:
            _check_code("discount_code", self.discount_code, LONGEST_DISCOUNT_CODE)
        _check_flex_codes(self.flex_discount_codes)


@attrs.frozen(kw_only=True)
class RenewalLineItem(NewLineItem):
    """A line of a renewal: it names the subscription."""

    subscription_id: str

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _check_code("subscription_id", self.subscription_id)


@attrs.frozen(kw_only=True)
class ReturnLineItem(_Line):
    """
    A line of a return.

    It repeats number and offer of the original order's line; `quantity` is at most that
    line's `remaining_quantity`.
    """


def _lines(value: object) -> Any:
    if isinstance(value, (str, bytes, dict)) or not isinstance(value, Iterable):
        return value  # pyright: ignore[reportUnknownVariableType]  # refused later, by name
    return tuple(cast("Iterable[object]", value))


# Type checkers learn from these what a field takes.
def _new_lines(value: Iterable[NewLineItem]) -> tuple[NewLineItem, ...]:
    return _lines(value)  # type: ignore[no-any-return]


def _return_lines(value: Iterable[ReturnLineItem]) -> tuple[ReturnLineItem, ...]:
    return _lines(value)  # type: ignore[no-any-return]


def _renewal_lines(value: Iterable[RenewalLineItem]) -> tuple[RenewalLineItem, ...]:
    return _lines(value)  # type: ignore[no-any-return]


def _renewal_lines_if_any(
    value: Iterable[RenewalLineItem] | Unset,
) -> tuple[RenewalLineItem, ...] | Unset:
    return value if isinstance(value, Unset) else _renewal_lines(value)


def _check_lines(order: _Order, lines: object, kind: type[_Line]) -> None:
    if not isinstance(lines, tuple):
        raise _refuse("line_items", "takes a list of lines; put brackets around it")
    made = cast("tuple[object, ...]", lines)
    if not 1 <= len(made) <= MOST_LINES:
        raise _refuse("line_items", f"takes 1 to {MOST_LINES} lines, not {len(made)}")
    numbers: set[int] = set()
    for index, line in enumerate(made):
        field = f"line_items[{index}]"
        if type(line) is not kind:
            raise _refuse(field, f"takes a {kind.__name__}, not {type(line).__name__}")
        assert isinstance(line, _Line)
        if line.ext_line_item_number in numbers:
            number = line.ext_line_item_number
            raise _refuse(f"{field}.ext_line_item_number", f"{number} is another line's, too")
        numbers.add(line.ext_line_item_number)
        if order.currency_code is not UNSET and line.currency_code is not UNSET:
            problem = "the order has one as well; give it to each line, and not to the order"
            raise _refuse(f"{field}.currency_code", problem)


@attrs.frozen(kw_only=True)
class _Order:
    """What every order has."""

    type: ClassVar[OrderType]

    external_reference_id: str | Unset = UNSET
    """
    Your own label, of at most 35 characters and without < > [ \\ and quotation marks.

    The one thing to find a lost order by, as long as you use each of them once: Adobe does
    not hold you to it.
    """
    currency_code: str | Unset = UNSET
    """Superseded by that of each line; not both."""

    def __attrs_post_init__(self) -> None:
        if self.external_reference_id is not UNSET:
            check_reference(self.external_reference_id)
        _check_currency("currency_code", self.currency_code)


@attrs.frozen(kw_only=True)
class NewOrder(_Order):
    """
    Licences to buy.

    Raises:
        InvalidRequestError: A field can't be sent; it is named.
    """

    type: ClassVar[OrderType] = OrderType.NEW
    order_type: OrderType = attrs.field(default=OrderType.NEW, init=False, repr=False)
    line_items: tuple[NewLineItem, ...] = attrs.field(converter=_new_lines)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _check_lines(self, self.line_items, NewLineItem)


@attrs.frozen(kw_only=True)
class OrderPreview(_Order):
    """What a `NewOrder` of the same lines would become, prices included; nothing is bought."""

    type: ClassVar[OrderType] = OrderType.PREVIEW
    order_type: OrderType = attrs.field(default=OrderType.PREVIEW, init=False, repr=False)
    line_items: tuple[NewLineItem, ...] = attrs.field(converter=_new_lines)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _check_lines(self, self.line_items, NewLineItem)


@attrs.frozen(kw_only=True)
class RenewalOrder(_Order):
    """Subscriptions to renew by hand."""

    type: ClassVar[OrderType] = OrderType.RENEWAL
    order_type: OrderType = attrs.field(default=OrderType.RENEWAL, init=False, repr=False)
    line_items: tuple[RenewalLineItem, ...] = attrs.field(converter=_renewal_lines)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _check_lines(self, self.line_items, RenewalLineItem)


@attrs.frozen(kw_only=True)
class RenewalPreview(_Order):
    """What a renewal would become; without lines, of all that renews by itself."""

    type: ClassVar[OrderType] = OrderType.PREVIEW_RENEWAL
    order_type: OrderType = attrs.field(default=OrderType.PREVIEW_RENEWAL, init=False, repr=False)
    line_items: tuple[RenewalLineItem, ...] | Unset = attrs.field(
        default=UNSET, converter=_renewal_lines_if_any
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.line_items is not UNSET:
            _check_lines(self, self.line_items, RenewalLineItem)


@attrs.frozen(kw_only=True)
class ReturnOrder(_Order):
    """
    Licences to give back, of one new or renewal order of the last 14 days.

    Some or all lines of it, more than once if something remains.
    """

    type: ClassVar[OrderType] = OrderType.RETURN
    order_type: OrderType = attrs.field(default=OrderType.RETURN, init=False, repr=False)
    reference_order_id: str
    """The id of the order that the licences came with."""
    line_items: tuple[ReturnLineItem, ...] = attrs.field(converter=_return_lines)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _check_code("reference_order_id", self.reference_order_id, LONGEST_ORDER_ID)
        _check_lines(self, self.line_items, ReturnLineItem)


AnyNewOrder: TypeAlias = NewOrder | ReturnOrder | RenewalOrder | OrderPreview | RenewalPreview


def is_preview(order: AnyNewOrder) -> bool:
    """Whether it only asks what an order would become."""
    return isinstance(order, (OrderPreview, RenewalPreview))


def class_of(order_type: object) -> type[Any] | None:
    """The class of a type of order, or `None` if there is none."""
    kinds = (NewOrder, ReturnOrder, RenewalOrder, OrderPreview, RenewalPreview)
    return next((kind for kind in kinds if kind.type == order_type), None)
