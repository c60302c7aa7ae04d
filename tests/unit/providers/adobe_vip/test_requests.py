"""What can be ordered: each rule of the documents, before anything is sent."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from didww_async import InvalidRequestError
from didww_async.plainjson import PlainJsonSerializer
from didww_async.providers.adobe_vip import (
    AnyNewOrder,
    NewLineItem,
    NewOrder,
    OrderPreview,
    RenewalLineItem,
    RenewalOrder,
    RenewalPreview,
    ReturnLineItem,
    ReturnOrder,
)

PLAIN = PlainJsonSerializer()
FIELDS: dict[str, Any] = {"ext_line_item_number": 4, "offer_id": "80004567EA01A12", "quantity": 1}


def line(**fields: Any) -> NewLineItem:
    """A good line, but for these fields."""
    return NewLineItem(**{**FIELDS, **fields})


def renewal_line(**fields: Any) -> RenewalLineItem:
    """A good line of a renewal, but for these fields."""
    return RenewalLineItem(**{**FIELDS, "subscription_id": "86756309", **fields})


def return_line(**fields: Any) -> ReturnLineItem:
    """A good line of a return, but for these fields."""
    return ReturnLineItem(**{**FIELDS, **fields})


def order(**fields: Any) -> NewOrder:
    """A good order, but for these fields."""
    return NewOrder(**{"line_items": [line()], **fields})


def refused_field(make: Any, **fields: Any) -> str:
    """Return the field that is named in the refusal."""
    with pytest.raises(InvalidRequestError) as caught:
        make(**fields)
    return caught.value.field


def test_an_order_in_full() -> None:
    """Every field goes out under its own name, and the type of the order is its class."""
    full = NewOrder(
        external_reference_id="759",
        line_items=[
            line(
                currency_code="USD",
                deployment_id="12345",
                discount_code="HVD_L18_PRE",
                flex_discount_codes=["SPRING_SALE"],
            )
        ],
    )
    assert PLAIN.write(full) == {
        "externalReferenceId": "759",
        "orderType": "NEW",
        "lineItems": [
            {
                "extLineItemNumber": 4,
                "offerId": "80004567EA01A12",
                "quantity": 1,
                "currencyCode": "USD",
                "deploymentId": "12345",
                "discountCode": "HVD_L18_PRE",
                "flexDiscountCodes": ["SPRING_SALE"],
            }
        ],
    }


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (order(), {"orderType": "NEW"}),
        (order(currency_code="EUR"), {"orderType": "NEW", "currencyCode": "EUR"}),
        (OrderPreview(line_items=[line()]), {"orderType": "PREVIEW"}),
        (RenewalPreview(), {"orderType": "PREVIEW_RENEWAL"}),
        (RenewalPreview(line_items=[renewal_line()]), {"orderType": "PREVIEW_RENEWAL"}),
        (RenewalOrder(line_items=[renewal_line()]), {"orderType": "RENEWAL"}),
        (
            ReturnOrder(reference_order_id="5120008001", line_items=[return_line()]),
            {"orderType": "RETURN", "referenceOrderId": "5120008001"},
        ),
    ],
)
def test_each_class_is_a_type_of_order(made: AnyNewOrder, expected: dict[str, str]) -> None:
    """What was left out stays out, an original's id included."""
    sent = PLAIN.write(made)
    lines = sent.pop("lineItems", [])
    assert sent == expected
    assert all(("subscriptionId" in each) == ("RENEWAL" in expected["orderType"]) for each in lines)


def test_only_a_return_names_an_original() -> None:
    """No other class takes a `reference_order_id`, and a return can't do without."""
    with pytest.raises(TypeError):
        NewOrder(line_items=[line()], reference_order_id="1")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        ReturnOrder(line_items=[return_line()])  # type: ignore[call-arg]


def test_only_a_renewal_names_a_subscription() -> None:
    """No other line takes a `subscription_id`, and a renewal's can't do without."""
    with pytest.raises(TypeError):
        NewLineItem(**FIELDS, subscription_id="1")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        RenewalLineItem(**FIELDS)


@pytest.mark.parametrize("number", [0, 1, 999_999])
def test_line_numbers(number: int) -> None:
    """A line's number is from 0 to 999999."""
    assert line(ext_line_item_number=number).ext_line_item_number == number


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("ext_line_item_number", value) for value in (-1, 1_000_000, "1", 1.0, True, None)),
        *(("quantity", value) for value in (0, -1, 1.5, "1", True, None)),
        *(("offer_id", value) for value in ("", "a b", "a\n", 5, None, "x" * 101)),
        *(("currency_code", value) for value in ("", "usd", "US", "USDX", "US\u00d6", 5, None)),
        *(("deployment_id", value) for value in ("", "a b", 5, None)),
        *(("discount_code", value) for value in ("", "a b", "x" * 41, None)),
        *(
            ("flex_discount_codes", value)
            for value in (["A", "B"], "A", [""], ["a b"], [5], None, {"A": 1})
        ),
    ],
)
def test_what_cannot_stand_in_a_line(field: str, value: Any) -> None:
    """The refusal names the field."""
    assert refused_field(line, **{field: value}) == field


def test_longest_discount_code() -> None:
    """A discount code has at most 40 characters."""
    assert line(discount_code="x" * 40).discount_code == "x" * 40


@pytest.mark.parametrize("value", ["", "a b", 5, None])
def test_what_is_no_subscription(value: Any) -> None:
    """A renewal's line names its subscription by an id."""
    assert refused_field(renewal_line, subscription_id=value) == "subscription_id"


@pytest.mark.parametrize("reference", ["7", "x" * 35, "crm 42/é'", "0" * 32])
def test_references(reference: str) -> None:
    """A reference has up to 35 characters."""
    assert order(external_reference_id=reference).external_reference_id == reference


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "  ",
        " a",
        "a ",
        "a\u2003",
        "x" * 36,
        "a<b",
        "a>b",
        "a[b",
        "a\\b",
        'a"b',
        "a\nb",
        "a\x00b",
        "\ud800",
        5,
        None,
    ],
)
def test_what_is_no_reference(reference: Any) -> None:
    """A longer one, or one with a character that is not allowed, is refused."""
    assert refused_field(order, external_reference_id=reference) == "external_reference_id"


def test_a_uuid_with_dashes_is_too_long() -> None:
    """The refusal of a UUID says how to shorten it."""
    with pytest.raises(InvalidRequestError, match="without dashes"):
        order(external_reference_id="7f0c3f0e-6a1f-4c0b-9a0d-2f6d5f1f9b11")


@pytest.mark.parametrize("original", ["", "a b", "x" * 41, None, 5])
def test_what_is_no_original(original: Any) -> None:
    """A return names an order by an id of at most 40 characters."""
    field = refused_field(ReturnOrder, reference_order_id=original, line_items=[return_line()])
    assert field == "reference_order_id"


@pytest.mark.parametrize("count", [1, 499])
def test_how_many_lines(count: int) -> None:
    """An order has 1 to 499 lines, from any iterable."""
    made = order(line_items=(line(ext_line_item_number=number) for number in range(count)))
    assert len(made.line_items) == count


@pytest.mark.parametrize(
    "lines",
    [[], [line(ext_line_item_number=number) for number in range(500)], line(), "lines", None, 5],
)
def test_what_are_no_lines(lines: Any) -> None:
    """None, too many, or something that is no list of them is refused."""
    assert refused_field(order, line_items=lines) == "line_items"


@pytest.mark.parametrize("other", [renewal_line(), return_line(), {"offerId": "x"}, None])
def test_lines_of_another_order(other: Any) -> None:
    """A line of another type of order is refused by its place."""
    assert refused_field(order, line_items=[line(), other]) == "line_items[1]"


def test_the_same_number_twice() -> None:
    """Two lines can't share a number."""
    lines = [line(ext_line_item_number=1), line(ext_line_item_number=1)]
    assert refused_field(order, line_items=lines) == "line_items[1].ext_line_item_number"


def test_currency_on_one_level_only() -> None:
    """It is the order's or each line's, not both."""
    field = refused_field(order, currency_code="USD", line_items=[line(currency_code="USD")])
    assert field == "line_items[0].currency_code"


def test_orders_can_be_changed_by_copy_only() -> None:
    """An order that was checked stays as it is, and a copy is checked again."""
    made = order()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.currency_code = "x"  # type: ignore[misc]
    with pytest.raises(InvalidRequestError):
        attrs.evolve(made, currency_code="x")


@pytest.mark.parametrize(
    "made",
    [
        order(external_reference_id="759", line_items=[line(flex_discount_codes=["A"])]),
        RenewalOrder(line_items=[renewal_line()]),
        RenewalPreview(),
        ReturnOrder(reference_order_id="1", line_items=[return_line()]),
    ],
)
def test_orders_read_back_as_they_were(made: AnyNewOrder) -> None:
    """What was written is read as an equal order of the same class."""
    assert PLAIN.decode(PLAIN.encode(made), type(made)) == made
