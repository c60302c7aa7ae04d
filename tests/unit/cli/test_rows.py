"""Lines of an order file become orders, or a numbered complaint."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async import NewCapacityOrderItem, NewDidOrderItem, NewOrder
from didww_async.cli import rows
from didww_async.cli.didww_columns import DIDWW
from didww_async.cli.rows import BadFileError, Problem, Row, csv_rows, json_rows, lines_of

IDS = st.uuids().map(str)
# The reader refuses blanks around a name, and a lone surrogate is no text.
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100).filter(
    lambda text: text == text.strip()
)
SOURCES = st.one_of(
    st.fixed_dictionaries({}, optional={"qty": st.integers(1, 999_999_999)}),
    st.fixed_dictionaries({"available_did_id": IDS}),
    st.fixed_dictionaries({"did_reservation_id": IDS}),
)
DID_ITEMS = st.builds(
    lambda item, source: {**item, **source},
    st.fixed_dictionaries(
        {"sku_id": IDS},
        optional={"nanpa_prefix_id": IDS, "billing_cycles_count": st.integers(0, 999)},
    ),
    SOURCES,
)
CAPACITY_ITEMS = st.fixed_dictionaries(
    {"capacity_pool_id": IDS}, optional={"qty": st.integers(1, 999_999_999)}
)
CALLBACKS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "callback_url": st.sampled_from(["https://example.com/?a=1,2;3", "http://a.example"]),
            "callback_method": st.sampled_from(["get", "post"]),
        }
    ),
)
OPTIONS = st.builds(
    lambda one, other: {**one, **other},
    st.fixed_dictionaries(
        {}, optional={"external_reference_id": NAMES, "allow_back_ordering": st.booleans()}
    ),
    CALLBACKS,
)
ROWS = st.lists(st.tuples(st.one_of(DID_ITEMS, CAPACITY_ITEMS), OPTIONS), min_size=1, max_size=8)
HEADER = list(DIDWW.by_name)


def order(item: dict[str, Any], options: dict[str, Any]) -> NewOrder:
    """The order that a row stands for, made without the reader."""
    kind: Any = NewCapacityOrderItem if "capacity_pool_id" in item else NewDidOrderItem
    return NewOrder(items=[kind(**item)], **options)


def cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def from_csv(text: str | bytes, delimiter: str | None = None) -> list[Row[NewOrder] | Problem]:
    data = text.encode() if isinstance(text, str) else text
    return list(csv_rows(lines_of(io.BytesIO(data)), DIDWW, delimiter))


def from_json(text: str | bytes) -> list[Row[NewOrder] | Problem]:
    data = text.encode() if isinstance(text, str) else text
    return list(json_rows(lines_of(io.BytesIO(data)), DIDWW))


@given(
    ROWS,
    st.sampled_from(rows.DELIMITERS),
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from(["\n", "\r\n"]),
    st.permutations(HEADER),
)
def test_orders_written_as_csv_read_back_the_same(
    orders: list[tuple[dict[str, Any], dict[str, Any]]],
    delimiter: str,
    mark: str,
    end: str,
    header: list[str],
) -> None:
    """Whatever the delimiter, the line ends, the order of columns and the byte order mark."""
    text = io.StringIO()
    # Python's writer leaves a lone CR unquoted unless told, and nobody could tell it from an end.
    names = "".join(str(options.get("external_reference_id", "")) for _, options in orders)
    quoting: Any = csv.QUOTE_ALL if "\r" in names else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(text, header, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writeheader()
    for item, options in orders:
        writer.writerow({name: cell(value) for name, value in {**item, **options}.items()})
    read = from_csv(mark + text.getvalue())
    assert [row.request for row in read if isinstance(row, Row)] == [order(*row) for row in orders]


@given(ROWS)
def test_orders_written_as_json_lines_read_back_the_same(
    orders: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    """One object a line, with the same names as in CSV."""
    text = "".join(json.dumps({**item, **options}) + "\n" for item, options in orders)
    read = from_json(text)
    assert [row.request for row in read if isinstance(row, Row)] == [order(*row) for row in orders]
    assert [row.line for row in read] == list(range(1, len(orders) + 1))


def test_whole_request_bodies_are_taken() -> None:
    """A line may be a request as the API's documentation has it, or its attributes."""
    item = {"type": "did_order_items", "attributes": {"sku_id": "s", "qty": 2}}
    attributes = {"items": [item, item], "external_reference_id": "a"}
    body = {"data": {"type": "orders", "attributes": attributes}}
    read = from_json(json.dumps(attributes) + "\n" + json.dumps(body) + "\n")
    expected = NewOrder.from_json(attributes)
    assert read == [Row(1, expected), Row(2, expected)]


def test_null_in_json_is_left_out() -> None:
    """What exports tables writes null for an empty cell."""
    assert from_json('{"sku_id": "s", "qty": null, "external_reference_id": null}') == [
        Row(1, NewOrder(items=[NewDidOrderItem(sku_id="s")]))
    ]


def test_lines_are_counted_as_an_editor_does() -> None:
    """Blank lines and cells of several lines count, before the header as well."""
    text = '\nsku_id,qty,external_reference_id\ns,1,"first\nsecond"\n\n,,\ns,0,\n'
    good, bad = from_csv(text)
    assert isinstance(good, Row)
    assert good.line == 3
    assert bad == Problem(7, "qty: takes a whole number from 1, not 0")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("s,two,,,", "qty: takes a whole number, not 'two'"),
        ("s,2.0,,,", "qty: takes a whole number, not '2.0'"),
        ("s,٣,,,", "qty: takes a whole number"),
        ("s,-1,,,", "qty: takes a whole number from 1, not -1"),
        ("s,12345678901,,,", "qty: takes a whole number"),
        (",1,,,", "sku_id: is missing; give it, or capacity_pool_id"),
        ("s,1,p,,", "capacity_pool_id + sku_id: a row orders channels or numbers, not both"),
        ("s,1,,yes,", "allow_back_ordering: takes true or false, not 'yes'"),
        ("s,1,,, a", "external_reference_id: begins or ends with a blank"),
        ("s,1,,," + "x" * 101, "external_reference_id: has 101 characters; shorten it to 100"),
        ("s,1", "has 2 cells, the header names 5 columns"),
        ("s,1,,,,", "has 6 cells, the header names 5 columns"),
        ('s,1,,,"a', "a quotation mark is opened and not closed"),
        ('s,1,,,"a"b', "is not CSV: "),
    ],
)
def test_a_bad_line_of_csv_is_named(line: str, complaint: str) -> None:
    """The complaint has the line, the column and what to do; the next line is read."""
    header = "sku_id,qty,capacity_pool_id,allow_back_ordering,external_reference_id\n"
    first, *rest = from_csv(header + line + "\n" + "s,1,,,\n")
    assert isinstance(first, Problem)
    assert first.line == 2
    assert complaint in first.text
    assert rest == [] if "not closed" in complaint else isinstance(rest[0], Row)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "is not JSON: "),
        ("[]", "is no JSON object"),
        ('"sku_id"', "is no JSON object"),
        ('{"sku": "s"}', "there is no column 'sku'; did you mean sku_id?"),
        ('{"sku_id": "s", "qty": "2"}', "qty: takes a whole number from 1, not '2'"),
        ('{"sku_id": "s", "qty": true}', "qty: takes a whole number from 1, not True"),
        ('{"sku_id": "s", "qty": NaN}', "NaN is no JSON"),
        ('{"sku_id": "s", "qty": 1, "qty": 2}', "qty stands there twice"),
        ('{"sku_id": "s", "items": []}', "attributes.sku_id: there is no such member"),
        ('{"sku_id": 7}', "sku_id: takes an id"),
        ('{"sku_id": "s", "external_reference_id": 7}', "external_reference_id: takes a text"),
        ('{"a":' * 100_000, "is not JSON that can be used"),
        (r'{"sku_id": "s", "external_reference_id": "\ud800"}', "external_reference_id: takes"),
        ('{"sku_id": "s", "external_reference_id": " a"}', "external_reference_id: begins or ends"),
        (
            json.dumps(
                {
                    "items": [{"type": "did_order_items", "attributes": {"sku_id": "s"}}],
                    "external_reference_id": "a ",
                }
            ),
            "external_reference_id: begins or ends",
        ),
    ],
)
def test_a_bad_line_of_json_is_named(line: str, complaint: str) -> None:
    """The complaint has the line, and the next line is read."""
    _, first, rest = from_json('{"sku_id": "s"}\n' + line + '\n{"sku_id": "s"}\n')
    assert isinstance(first, Problem)
    assert first.line == 2
    assert complaint in first.text
    assert isinstance(rest, Row)


@pytest.mark.parametrize("read", [from_csv, from_json])
def test_what_is_no_utf_8_is_named(read: Any) -> None:
    """The line of the first byte that is none."""
    prefix = b"sku_id,external_reference_id\n" if read is from_csv else b'{"sku_id": "s"}\n'
    line = b"s,caf\xe9\n" if read is from_csv else b'{"sku_id": "caf\xe9"}\n'
    problem = read(prefix + line)[-1]
    assert isinstance(problem, Problem)
    assert problem.line == 2
    assert "not UTF-8" in problem.text


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("sku_id,qtty", "no column 'qtty'; did you mean qty?"),
        ("SKU ID,qty", "no column 'SKU ID'; did you mean sku_id?"),
        ("sku_id,colour", "no column 'colour'; there are sku_id, qty"),
        ("sku_id,qty,qty", "qty stands there twice"),
        ("sku_id,,qty", "column 2 has no name"),
        ("qty,external_reference_id", "there is no column sku_id or capacity_pool_id"),
        ("99851b48-1ba6-46ab-b986-0f1743baeb31,2", "the first line has to name the columns"),
        ("\udcff\udcfes\0k\0u\0", "not UTF-8"),
    ],
)
def test_a_wrong_header_is_refused(header: str, complaint: str) -> None:
    """Nothing of the file is read, and the message says which columns there are."""
    with pytest.raises(BadFileError, match=complaint):
        from_csv((header + "\ns,1,\n").encode("utf-8", "surrogateescape"))


def test_a_json_array_is_refused_with_the_way_out() -> None:
    """One object a line is what a long file needs."""
    for text in ('[{"sku_id": "s"}]', '[\n{"sku_id": "s"}\n]'):
        with pytest.raises(BadFileError, match="jq -c"):
            from_json(text)


def test_an_endless_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of being read into memory."""
    monkeypatch.setattr(rows, "LONGEST_LINE", 20)
    with pytest.raises(BadFileError, match="line 2 is longer than 20 bytes"):
        from_csv("sku_id,qty\n" + "s" * 30)


def test_tabs_can_be_demanded() -> None:
    """A `.tsv` file has tabs, whatever else is in its header."""
    assert from_csv("sku_id\tqty\ns\t2\n", "\t") == [
        Row(2, NewOrder(items=[NewDidOrderItem(sku_id="s", qty=2)]))
    ]
