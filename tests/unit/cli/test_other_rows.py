"""Lines of an order file for Adobe VIP Marketplace or Plum become orders, or a complaint."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async.cli.adobe_vip_columns import ADOBE_VIP
from didww_async.cli.columns import Columns
from didww_async.cli.plum_columns import PLUM
from didww_async.cli.rows import BadFileError, Problem, Row, csv_rows, json_rows, lines_of
from didww_async.plainjson import camel_case
from didww_async.providers.adobe_vip import (
    CustomerOrder,
    NewLineItem,
    NewOrder,
    RenewalLineItem,
    RenewalOrder,
    ReturnLineItem,
    ReturnOrder,
)
from didww_async.providers.plum import NewTopUpOrder

CODES = st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E), min_size=1, max_size=20)
NAMES = st.text("abc-1,; é", min_size=1, max_size=35).filter(lambda text: text == text.strip())
LINES = st.fixed_dictionaries(
    {
        "offer_id": CODES,
        "quantity": st.integers(1, 999_999_999),
        "ext_line_item_number": st.integers(0, 999_999),
    },
    optional={"currency_code": st.sampled_from(["USD", "EUR"])},
)
BOUGHT = st.fixed_dictionaries(
    {}, optional={"deployment_id": CODES, "discount_code": CODES, "flex_discount_codes": CODES}
)
ADOBE_ROWS: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("NEW"), LINES, BOUGHT, st.just({})),
    st.tuples(
        st.just("RENEWAL"),
        LINES,
        st.builds(lambda one, other: {**one, "subscription_id": other}, BOUGHT, CODES),
        st.just({}),
    ),
    st.tuples(
        st.just("RETURN"),
        LINES,
        st.just({}),
        st.fixed_dictionaries({"reference_order_id": CODES}),
    ),
)
OPTIONS = st.fixed_dictionaries({}, optional={"external_reference_id": NAMES})
CLASSES: dict[str, tuple[Any, Any]] = {
    "NEW": (NewOrder, NewLineItem),
    "RENEWAL": (RenewalOrder, RenewalLineItem),
    "RETURN": (ReturnOrder, ReturnLineItem),
}
TOP_UPS = st.fixed_dictionaries(
    {
        "product_id": st.integers(1, 10**9).map(str),
        "denomination": st.decimals("0.01", "9999", places=2),
        "phone_code": st.sampled_from(["+91", "+1"]),
        "phone_number": st.from_regex(r"\A[0-9]{4,13}\Z"),
    },
    optional={
        "quantity": st.integers(1, 10),
        "po_number": NAMES,
        "email": st.just("user@example.com"),
        "tag": st.just("june"),
        "notify_admin_email": st.booleans(),
        "perform_operator_validation": st.booleans(),
    },
)


def from_csv(columns: Columns[Any], rows: list[dict[str, Any]]) -> list[Any]:
    """What is read of these rows, written as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns.by_name))
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return list(csv_rows(lines_of(io.BytesIO(text.getvalue().encode())), columns))


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def from_json(columns: Columns[Any], *lines: object) -> list[Any]:
    """What is read of these objects, written one a line."""
    text = "".join(json.dumps(line, default=float) + "\n" for line in lines)
    return list(json_rows(lines_of(io.BytesIO(text.encode())), columns))


@given(ADOBE_ROWS, OPTIONS)
def test_a_row_for_adobe_reads_back_the_same(
    row: tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]], options: dict[str, Any]
) -> None:
    """From CSV and from JSON, for every type of order, as the order that it stands for."""
    order_type, line, bought, order = row
    kind, line_kind = CLASSES[order_type]
    cells = {
        "customer_id": "1005550101",
        "order_type": order_type,
        **line,
        **bought,
        **order,
        **options,
    }
    codes = {name: [value] for name, value in bought.items() if name == "flex_discount_codes"}
    made = kind(line_items=[line_kind(**line, **{**bought, **codes})], **order, **options)
    wanted = CustomerOrder(customer_id="1005550101", order=made)
    assert from_csv(ADOBE_VIP, [cells]) == [Row(2, wanted)]
    assert from_json(ADOBE_VIP, {**cells, **codes}) == [Row(1, wanted)]


def test_an_order_for_adobe_is_new_unless_it_says_otherwise() -> None:
    """And its one line is number 1."""
    [row] = from_csv(ADOBE_VIP, [{"customer_id": "1", "offer_id": "o", "quantity": 2}])
    line = NewLineItem(ext_line_item_number=1, offer_id="o", quantity=2)
    assert row.request == CustomerOrder(customer_id="1", order=NewOrder(line_items=[line]))


ADOBE_ROW = {"customer_id": "1", "offer_id": "o", "quantity": 2}
ADOBE_LINE = {"extLineItemNumber": 1, "offerId": "o", "quantity": 2}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"quantity": None}, "quantity: is missing"),
        ({"quantity": "2"}, "quantity: takes a whole number from 1, not '2'"),
        ({"offer": "o"}, "there is no column 'offer'; did you mean offer_id?"),
        ({"customer_id": "a/b"}, "customer_id: "),
        ({"order_type": "PREVIEW"}, "order_type: takes NEW, RENEWAL, RETURN, not 'PREVIEW'"),
        ({"order_type": ["NEW"]}, "order_type: takes NEW, RENEWAL, RETURN, not ['NEW']"),
        ({"order_type": "RENEWAL"}, "subscription_id: is missing"),
        (
            {"order_type": "RETURN", "ext_line_item_number": 1},
            "reference_order_id: is missing",
        ),
        (
            {"order_type": "RETURN", "reference_order_id": "5", "deployment_id": "d"},
            "deployment_id: is not of an order that is RETURN",
        ),
        (
            {"order_type": "RETURN", "reference_order_id": "5"},
            "ext_line_item_number: is missing",
        ),
        ({"subscription_id": "s"}, "subscription_id: is not of an order that is NEW"),
        ({"flex_discount_codes": "a"}, "flex_discount_codes: takes a list of codes"),
    ],
)
def test_a_bad_row_for_adobe_is_named(changes: dict[str, object], complaint: str) -> None:
    """With the column, and the next line is read."""
    bad, good = from_json(ADOBE_VIP, {**ADOBE_ROW, **changes}, ADOBE_ROW)
    assert isinstance(bad, Problem)
    assert complaint in bad.text
    assert isinstance(good, Row)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"customerId": None}, "customerId: "),
        ({"orderType": "PREVIEW"}, "orderType: takes NEW, RENEWAL, RETURN"),
        ({"lineItems": {}}, "lineItems: takes an array"),
        ({"lineItems": []}, "lineItems: takes 1 to 499 lines, not 0"),
        ({"lineItems": ["o"]}, "lineItems[0]: takes an object"),
        ({"lineItems": [ADOBE_LINE, ADOBE_LINE]}, "lineItems[1].extLineItemNumber: 1 is another"),
        ({"lineItems": [{"offerId": "o", "quantity": 2}]}, "lineItems[0].extLineItemNumber: is mi"),
        (
            {"lineItems": [{**ADOBE_LINE, "offerID": "o"}]},
            "lineItems[0].offerID: there is no such member; did you mean offerId?",
        ),
        (
            {"lineItems": [{**ADOBE_LINE, "currencyCode": "USD"}], "currencyCode": "USD"},
            "lineItems[0].currencyCode: the order has one as well",
        ),
        ({"external_reference_id": "a"}, "external_reference_id: there is no such member"),
        ({"externalReferenceId": "x" * 36}, "externalReferenceId: has 36 characters"),
        ({"customer_id": "1"}, "customer_id: there is no such member"),
    ],
)
def test_a_bad_request_for_adobe_is_named(changes: dict[str, object], complaint: str) -> None:
    """With the member, as it is written there."""
    body = {"customerId": "1", "lineItems": [ADOBE_LINE]}
    bad, good = from_json(ADOBE_VIP, {**body, **changes}, body)
    assert isinstance(bad, Problem)
    assert complaint in bad.text
    assert isinstance(good, Row)


@given(TOP_UPS)
def test_a_row_for_plum_reads_back_the_same(row: dict[str, Any]) -> None:
    """From CSV and from JSON, to the last digit of its amount."""
    wanted = NewTopUpOrder(**row)
    assert from_csv(PLUM, [row]) == [Row(2, wanted)]
    assert from_json(PLUM, row) == [Row(1, wanted)]


@pytest.mark.parametrize("phone", ["topupData", "userMeta"])
@given(TOP_UPS)
def test_a_whole_request_for_plum_is_taken(phone: str, row: dict[str, Any]) -> None:
    """As the documentation has it, in its envelope or without, whichever the phone is called."""
    inner = {
        "topupPhoneCode": row["phone_code"],
        "topupPhoneNumber": row["phone_number"],
    }
    data: dict[str, Any] = {
        camel_case(name): int(value) if isinstance(value, bool) else value
        for name, value in row.items()
        if not name.startswith("phone_")
    }
    data = {**data, "productId": int(row["product_id"]), phone: inner}
    envelope = {
        "query": "plumProAPI.mutation.placeOrder",
        "tag": "plumProAPI",
        "variables": {"data": data},
    }
    wanted = NewTopUpOrder(**row)
    assert from_json(PLUM, data, envelope) == [Row(1, wanted), Row(2, wanted)]


PLUM_ROW = {
    "product_id": 55134,
    "denomination": 199,
    "phone_code": "+91",
    "phone_number": "9800000001",
}
PLUM_DATA = {
    "productId": 55134,
    "denomination": 199,
    "topupData": {"topupPhoneCode": "+91", "topupPhoneNumber": "9800000001"},
}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ({**PLUM_ROW, "phone_number": 9800000001}, "phone_number: takes a text, as it may begin"),
        ({**PLUM_ROW, "phone_code": None}, "phone_code: is missing"),
        ({**PLUM_ROW, "denomination": "1_000"}, "denomination: takes a Decimal"),
        ({**PLUM_ROW, "po_number": "a "}, "po_number: begins or ends with a blank"),
        ({**PLUM_DATA, "poNumber": " a"}, "poNumber: begins or ends with a blank"),
        ({**PLUM_ROW, "quantity": 11}, "quantity: takes a whole number from 1 to 10, not 11"),
        ({**PLUM_ROW, "notify_receiver_email": True}, "email: is missing, and notify_receiver"),
        ({**PLUM_ROW, "productId": 1}, "no column 'productId'; did you mean product_id?"),
        ({**PLUM_DATA, "amount": 1}, "amount: there is no such member"),
        ({**PLUM_DATA, "topupData": "+91"}, "topupData: takes an object"),
        ({**PLUM_DATA, "topupData": {"topupPhoneCode": "+91"}}, "topupData.topupPhoneNumber: is m"),
        ({**PLUM_DATA, "userMeta": {}}, "there is no such member"),
        (
            {**PLUM_DATA, "topupData": {"topupPhoneCode": "91", "topupPhoneNumber": "9800000001"}},
            "topupData.topupPhoneCode: takes a calling code",
        ),
        ({**PLUM_DATA, "notifyAdminEmail": 2}, "notifyAdminEmail: takes True or False, not 2"),
        ({"variables": {}}, "variables: takes the member data, and no other"),
        ({"variables": {"data": PLUM_DATA}, "query": "plumProAPI.mutation.getVouchers"}, "query: "),
        ({"variables": {"data": PLUM_DATA}, "queries": ""}, "queries: there is no such member"),
    ],
)
def test_a_bad_line_for_plum_is_named(line: object, complaint: str) -> None:
    """With the column or member, and without the phone number."""
    bad, good = from_json(PLUM, line, PLUM_ROW)
    assert isinstance(bad, Problem)
    assert complaint in bad.text
    assert "9800000001" not in bad.text
    assert isinstance(good, Row)


def test_an_amount_keeps_its_digits() -> None:
    """In CSV it is read as it is written."""
    [row] = from_csv(PLUM, [{**PLUM_ROW, "denomination": "12.50"}])
    assert str(row.request.denomination) == "12.50"
    [row] = from_json(PLUM, {**PLUM_ROW, "denomination": 0.1})
    assert row.request.denomination == Decimal("0.1")


@pytest.mark.parametrize(
    ("columns", "header", "complaint"),
    [
        (ADOBE_VIP, "customer_id,quantity", "there is no column offer_id"),
        (ADOBE_VIP, "sku_id,qty", "such as customer_id,offer_id,quantity,external_reference_id"),
        (PLUM, "product_id,denomination,phone_code", "there is no column phone_number"),
        (PLUM, "55134,199,+91,9800000001", "such as product_id,denomination,phone_code,phone_num"),
    ],
)
def test_a_wrong_header_is_refused(columns: Columns[Any], header: str, complaint: str) -> None:
    """With what it should be, and without what a file of no header begins with."""
    with pytest.raises(BadFileError, match=complaint) as caught:
        list(csv_rows(lines_of(io.BytesIO(f"{header}\n1,2,3\n".encode())), columns))
    assert "9800000001" not in str(caught.value)
