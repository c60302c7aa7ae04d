"""Plain JSON: what a loose API may send, what is refused, and what goes out."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async.jsonapi import UNSET, DocumentError, InvalidInputError, OpenStrEnum, Unset
from didww_async.plainjson import Identity, PlainJsonSerializer, camel_case, dumps, loads, wire


class Colour(OpenStrEnum):
    RED = "red"


@attrs.frozen(kw_only=True)
class Part:
    part_id: Identity
    count: int = 1


@attrs.frozen(kw_only=True)
class Thing:
    thing_name: str
    price: Decimal | None = None
    made_at: dt.datetime | None = None
    colour: Colour | None = None
    other_id: Identity | None = attrs.field(default=None, metadata=wire("otherID", "other"))
    parts: tuple[Part, ...] = ()
    is_new: bool = False


@attrs.frozen(kw_only=True)
class NewThing:
    thing_name: str
    amount: Decimal | Unset = UNSET
    note: str | None | Unset = UNSET
    other_id: str | Unset = attrs.field(default=UNSET, metadata=wire("otherID", "other"))
    parts: tuple[Part, ...] | Unset = UNSET


PLAIN = PlainJsonSerializer()
plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-1, max_value=1, places=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=8,
)


def thing(**members: Any) -> Thing:
    """Read a thing with these members beside its name."""
    return PLAIN.read({"thingName": "x", **members}, Thing)


def refusal(**members: Any) -> tuple[str, str]:
    """Return what is wrong with such a thing, and where."""
    with pytest.raises(DocumentError) as caught:
        thing(**members)
    return caught.value.problem, caught.value.path


def test_names_follow_the_rule() -> None:
    """A field's name on the wire is its own in camel case."""
    assert camel_case("ext_line_item_number") == "extLineItemNumber"
    assert camel_case("id") == "id"
    assert PLAIN.decode(b'{"thingName":"a","isNew":true}', Thing) == Thing(
        thing_name="a", is_new=True
    )


def test_another_rule_renames() -> None:
    """The rule can be replaced."""
    upper = PlainJsonSerializer(str.upper)
    part = upper.decode(b'{"PART_ID":7}', Part)
    assert part == Part(part_id="7")
    assert upper.encode(part) == b'{"PART_ID":"7","COUNT":1}'


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"otherID": "a"}, "a"),
        ({"other": "a"}, "a"),
        ({"otherID": "", "other": "a"}, "a"),
        ({"otherID": None, "other": "a"}, "a"),
        ({"otherID": "a", "other": "b"}, "a"),
        ({"otherID": ""}, None),
        ({}, None),
    ],
)
def test_a_field_may_have_several_names(members: dict[str, Any], expected: str | None) -> None:
    """All of its names are read; one with a value counts for more than an empty one."""
    assert thing(**members).other_id == expected


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("3", "3"),
        ("3.10", "3.10"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("1E+2", "1E+2"),
        ('"3.10"', "3.10"),
        ('" 3.10 "', "3.10"),
        ('"-1e2"', "-1E+2"),
    ],
)
def test_prices_keep_their_digits(text: str, digits: str) -> None:
    """A price is what was written, as a number or as a text."""
    body = f'{{"thingName":"x","price":{text}}}'.encode()
    assert str(PLAIN.decode(body, Thing).price) == digits


@given(st.decimals(-(10**9), 10**9, places=12))
def test_any_price_survives(price: Decimal) -> None:
    """A decimal in a JSON text is read as the same decimal."""
    for text in (f"{price:f}", f'"{price:f}"'):
        assert PLAIN.decode(f'{{"thingName":"x","price":{text}}}'.encode(), Thing).price == price


@pytest.mark.parametrize("value", [True, [], {}, "abc", "1_0", "NaN", "Infinity", 1.5, "1e400"])
def test_what_is_no_price_is_refused(value: Any) -> None:
    """A boolean, an array, a float of a careless parser or another text is no number."""
    assert refusal(price=value)[1] == "$.price"


@pytest.mark.parametrize("text", ["1e400", "1e999999999", "1" * 100, "0." + "1" * 100])
def test_numbers_of_no_sensible_size_are_refused(text: str) -> None:
    """A number that would fill the memory when written out is none."""
    with pytest.raises(DocumentError):
        PLAIN.decode(f'{{"thingName":"x","price":{text}}}'.encode(), Thing)


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("name", ["price", "madeAt", "colour", "otherID"])
def test_empty_is_none_where_optional(name: str, empty: str | None) -> None:
    """Null and the empty text stand for nothing."""
    assert thing(**{name: empty}) == Thing(thing_name="x")


def test_null_takes_the_default() -> None:
    """Null for what has another default counts as absent."""
    assert thing(parts=None, isNew=None) == Thing(thing_name="x")


@pytest.mark.parametrize(("sent", "read"), [(7, "7"), ("7", "7"), (2**70, str(2**70))])
def test_ids_become_texts(sent: Any, read: str) -> None:
    """An id may be written as a number of any length."""
    body = json.dumps({"partId": sent}).encode()
    assert PLAIN.decode(body, Part).part_id == read


@pytest.mark.parametrize(("sent", "read"), [(7, 7), ("7", 7), (" -7 ", -7)])
def test_counts_may_stand_in_quotes(sent: Any, read: int) -> None:
    """A whole number may be a text."""
    assert PLAIN.read({"partId": "1", "count": sent}, Part).count == read


@pytest.mark.parametrize("value", [True, "1.0", "x", Decimal("1.0"), None, [1]])
def test_what_is_no_count_is_refused(value: Any) -> None:
    """A boolean or a broken number is no count, and null is none where it is required."""

    @attrs.frozen
    class Counted:
        count: int

    with pytest.raises(DocumentError) as caught:
        PLAIN.read({"count": value}, Counted)
    assert caught.value.path == "$.count"


@pytest.mark.parametrize("value", [True, 1.5, [], Decimal(1)])
def test_what_is_no_id_is_refused(value: Any) -> None:
    """Only a text or a whole number is an id."""
    assert refusal(otherID=value)[1] == "$.otherID"


def test_times_are_aware() -> None:
    """A time comes with its offset and is read as UTC; one without is refused."""
    at = dt.datetime(2026, 3, 2, 22, 49, 54, tzinfo=dt.UTC)
    assert thing(madeAt="2026-03-02T22:49:54Z").made_at == at
    assert thing(madeAt="2026-03-02T23:49:54+01:00").made_at == at
    assert refusal(madeAt="2026-03-02T22:49:54")[1] == "$.madeAt"


def test_unknown_values_are_kept() -> None:
    """An enum value of a later release stays what it was."""
    colour = thing(colour="blue").colour
    assert colour == "blue"
    assert colour is not None
    assert not colour.is_known


def test_unknown_members_are_ignored() -> None:
    """A member that the class doesn't know is passed over, at any depth."""
    assert thing(new={"a": 1}, parts=[{"partId": 1, "new": []}]).parts == (Part(part_id="1"),)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"parts": [{"partId": "1"}, {}]}, "$.parts[1].partId"),
        ({"parts": [{"partId": "1", "count": "x"}]}, "$.parts[0].count"),
        ({"parts": {}}, "$.parts"),
        ({"parts": [5]}, "$.parts[0]"),
        ({"thingName": 5}, "$.thingName"),
        ({"thingName": None}, "$.thingName"),
        ({"isNew": 1}, "$.isNew"),
    ],
)
def test_errors_lead_to_the_value(members: dict[str, Any], path: str) -> None:
    """What can't be read is named by its path, and not shown."""
    assert refusal(**members)[1] == path


def test_refusals_of_the_class_keep_their_field() -> None:
    """A class that refuses a value while it is made names the field in the error."""

    @attrs.frozen
    class Picky:
        size: int

        def __attrs_post_init__(self) -> None:
            raise InvalidInputError("size", "is too small")

    with pytest.raises(DocumentError) as caught:
        PLAIN.read({"size": 1}, Picky)
    assert (caught.value.problem, caught.value.path) == ("is too small", "$.size")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", b'{"a":Infinity}', b'"\xff"', rb'"\ud800"', b"[" * 100_000, b"1 2"]
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Broken text, NaN and Infinity are a DocumentError of the whole body."""
    with pytest.raises(DocumentError) as caught:
        loads(body)
    assert caught.value.path == "$"
    assert caught.value.__context__ is None  # the parser's error would hold the body


@given(plain_values)
def test_numbers_are_parsed_as_written(value: Any) -> None:
    """Whatever the standard library writes is read back, with decimals as decimals."""
    text = json.dumps(value, default=lambda number: {"decimal": f"{number:f}"})
    expected = json.loads(text)
    assert json.loads(json.dumps(loads(text.encode()), default=str)) == expected


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_thing_or_an_error(body: bytes) -> None:
    """Nothing but a DocumentError comes out of a body that is none."""
    with suppress(DocumentError):
        PLAIN.decode(body, Thing)


@given(plain_values)
def test_any_value_gives_a_thing_or_an_error(value: Any) -> None:
    """Nothing but a DocumentError comes out of a JSON value that is of another shape."""
    for members in (value, {"thingName": value}, {"thingName": "x", "parts": value}):
        with suppress(DocumentError):
            PLAIN.read(members, Thing)


def test_unset_is_left_out_and_none_is_null() -> None:
    """On writing, what was not said does not appear, and `None` clears."""
    assert PLAIN.encode(NewThing(thing_name="x")) == b'{"thingName":"x"}'
    assert PLAIN.encode(NewThing(thing_name="é", note=None, other_id="1")) == (
        '{"thingName":"é","note":null,"otherID":"1"}'.encode()
    )
    assert PLAIN.write(NewThing(thing_name="x", parts=(Part(part_id="1"),))) == {
        "thingName": "x",
        "parts": [{"partId": "1", "count": 1}],
    }


@pytest.mark.parametrize(
    ("amount", "text"),
    [("199", b"199"), ("199.00", b"199"), ("0.1", b"0.1"), ("-3.5", b"-3.5"), ("1E+2", b"100")],
)
def test_decimals_are_written_as_numbers(amount: str, text: bytes) -> None:
    """A decimal goes out as the JSON number of the same value."""
    encoded = PLAIN.encode(NewThing(thing_name="x", amount=Decimal(amount)))
    assert encoded == b'{"thingName":"x","amount":' + text + b"}"


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6, places=4
    )
)
def test_any_amount_comes_back(amount: Decimal) -> None:
    """A decimal of a few places is written and read without a change."""
    body = PLAIN.encode(Thing(thing_name="x", price=amount))
    assert PLAIN.decode(body, Thing).price == amount


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "0.12345678901234567890123", "1E+400"])
def test_numbers_that_would_change_are_refused(amount: str) -> None:
    """What JSON lacks, or a float would round, is not sent."""
    with pytest.raises(InvalidInputError):
        PLAIN.encode(NewThing(thing_name="x", amount=Decimal(amount)))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), "\ud800", {1: {2}}])
def test_what_json_lacks_is_refused(value: object) -> None:
    """NaN, an object of Python's and half a surrogate pair can't be written."""
    with pytest.raises(InvalidInputError):
        dumps(value)


def test_what_was_left_unset_stays_unset() -> None:
    """What is written is read back as an equal object, absent members and nulls included."""
    for new in (
        NewThing(thing_name="x"),
        NewThing(thing_name="x", note=None, parts=()),
        NewThing(thing_name="x", amount=Decimal(2), note="n", parts=(Part(part_id="1"),)),
    ):
        assert PLAIN.decode(PLAIN.encode(new), NewThing) == new


def test_what_a_class_sets_by_itself_is_written() -> None:
    """A field that can't be given is sent all the same, and not read."""

    @attrs.frozen
    class Kind:
        size: int
        kind: str = attrs.field(default="big", init=False)

    assert PLAIN.encode(Kind(1)) == b'{"size":1,"kind":"big"}'
    assert PLAIN.decode(b'{"size":1,"kind":"small"}', Kind) == Kind(1)


def test_objects_come_back() -> None:
    """What was written reads as an equal object."""
    whole = Thing(
        thing_name="x",
        price=Decimal("1.5"),
        made_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
        colour=Colour.RED,
        other_id="9",
        parts=(Part(part_id="1", count=2),),
        is_new=True,
    )
    assert PLAIN.decode(PLAIN.encode(whole), Thing) == whole
