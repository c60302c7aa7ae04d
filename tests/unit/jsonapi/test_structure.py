"""The hooks: which JSON values become which Python values, and which do not."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from cattrs import StructureHandlerNotFoundError
from hypothesis import given
from hypothesis import strategies as st

from didww_async.jsonapi import DocumentError, JsonApiSerializer, Registry, Resource, make_converter
from didww_async.jsonapi.structure import MOST_KNOWN, failure_of, fill_plan, time_text
from tests.unit.jsonapi.blog import (
    Article,
    Image,
    Person,
    Quote,
    UnknownBlock,
    Visibility,
    body,
    identifier,
    image,
    quote,
)
from tests.unit.jsonapi.hostile import relaxed

CONVERTER = make_converter()


def read(value: object, type_: Any) -> Any:
    """Read a parsed value as a type."""
    return CONVERTER.structure(value, type_)


def refusal(value: object, type_: Any) -> tuple[str, str]:
    """Return what is wrong with a value, and where."""
    with pytest.raises(DocumentError) as caught:
        read(value, type_)
    return caught.value.problem, caught.value.path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("12.50", "12.50"),
        ("-3", "-3"),
        ("0.000001", "0.000001"),
        ("1e2", "1E+2"),
        ("1.5E-7", "1.5E-7"),
        ("00.10", "0.10"),
        ("9" * 40 + "." + "9" * 40, "9" * 40 + "." + "9" * 40),
    ],
)
def test_money_is_read_digit_by_digit(text: str, value: str) -> None:
    """A decimal number keeps all of its digits, trailing zeros too."""
    assert str(read(text, Decimal)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "+1",
        ".5",
        "1.",
        "1_0",
        "1,5",
        "0x1",
        "NaN",
        "sNaN",
        "Infinity",
        "-Inf",
        "1e999",
        "1e-100",
        "1" * 41,
        "0." + "1" * 41,
        "\u0661",
        "1\u0660",
        "--1",
        "1.2.3",
        "one",
    ],
)
def test_text_that_is_no_plain_number_is_refused(text: str) -> None:
    """What Python's `Decimal` takes beyond plain numbers is no price."""
    assert refusal(text, Decimal)[0] == ("expected a decimal number in a string, got another text")


@pytest.mark.parametrize("value", [1, 1.5, True, None, [], {}])
def test_money_comes_as_text(value: object) -> None:
    """A price that comes as a JSON number has gone through a float somewhere."""
    assert refusal(value, Decimal)[0].startswith("expected a decimal number in a string, got")


def test_a_date_is_read() -> None:
    """A date is read from its usual form."""
    read_date = read("2026-04-16", date)
    assert (type(read_date), read_date) == (date, date(2026, 4, 16))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260416",
        "2026-04-16T00:00:00Z",
        "2026-02-30",
        "2026-4-16",
        "0000-01-01",
        "16.04.2026",
        "2026/04/16",
        "2026-04-1\u0666",
        pytest.param(
            "2026-W16-4",
        ),
    ],
)
def test_another_form_of_a_date_is_refused(text: str) -> None:
    """Only years, months and days with hyphens between are a date."""
    assert refusal(text, date)[0] == "expected a date as YYYY-MM-DD in a string, got another text"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-04-16T10:00:00Z", datetime(2026, 4, 16, 10, tzinfo=UTC)),
        ("2026-04-16T10:00:00.000Z", datetime(2026, 4, 16, 10, tzinfo=UTC)),
        ("2026-04-16T10:00:00.123456Z", datetime(2026, 4, 16, 10, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-04-16T10:00:00+00:00", datetime(2026, 4, 16, 10, tzinfo=UTC)),
        ("2026-04-16T10:00:00+05:30", datetime(2026, 4, 16, 4, 30, tzinfo=UTC)),
        ("2026-01-01T00:30:00-01:00", datetime(2026, 1, 1, 1, 30, tzinfo=UTC)),
        ("2026-12-31T23:30:00-01:00", datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc(text: str, value: datetime) -> None:
    """A time of any offset becomes the same instant in UTC."""
    made = read(text, datetime)
    assert (made, made.tzinfo) == (value, UTC)


@pytest.mark.parametrize("text", ["2026-04-16T10:00:00", "2026-04-16 10:00", "2026-04-16"])
def test_a_time_without_offset_is_refused(text: str) -> None:
    """A time that could be anyone's is refused."""
    assert refusal(text, datetime)[0] == (
        "expected a time with its offset from UTC, got one without"
    )


@pytest.mark.parametrize("text", ["", "now", "10:00Z", "2026-04-16T25:00:00Z", "1765000000"])
def test_text_that_is_no_time_is_refused(text: str) -> None:
    """What is no time is refused."""
    assert refusal(text, datetime)[0] == "expected a time as in ISO 8601, got another text"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_beyond_the_years_is_refused(text: str) -> None:
    """A time that UTC has no year for is refused."""
    assert refusal(text, datetime)[0] == "expected a time of the years 1 to 9999, got another"


@pytest.mark.parametrize("value", [1765000000, 1.5, None, True, {}])
def test_a_time_comes_as_text(value: object) -> None:
    """A number of seconds is no time."""
    assert refusal(value, datetime)[0].startswith("expected a time in a string, got")


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (str, ""),
        (str, "\u0000"),
        (int, 0),
        (int, -5),
        (int, 2**63),
        (bool, False),
        (Mapping[str, object], {"a": [1]}),
        (dict[str, object], {}),
        (str | None, None),
        (str | None, "x"),
        (str | None, ""),
        (int | None, 0),
        (bool | None, False),
        (Any, [1, {"a": None}]),
    ],
)
def test_a_value_of_the_promised_type_is_taken_as_it_is(type_: Any, value: object) -> None:
    """A value of exactly the promised type is the value."""
    assert read(value, type_) is value


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (str, 1),
        (str, None),
        (str, []),
        (int, True),
        (int, 1.0),
        (int, "1"),
        (int, None),
        (bool, 0),
        (bool, 1),
        (bool, "true"),
        (Mapping[str, object], []),
        (Mapping[str, object], None),
        (tuple[str, ...], "abc"),
        (tuple[str, ...], {"a": 1}),
        (tuple[str, ...], None),
        (str | None, 5),
        (Visibility, 5),
        (Visibility, None),
        (Image, None),
    ],
)
def test_a_value_of_another_type_is_refused(type_: Any, value: object) -> None:
    """Nothing is converted: `1` is no `true`, and text is no list of letters."""
    problem, path = refusal(value, type_)
    assert problem.startswith("expected ")
    assert path == ""


LENIENT = [
    (float, "1.5"),
    (float, True),
    (float, "nan"),
    (Mapping, [["a", 1]]),
    (Mapping[str, Decimal], {"a": 5}),
]


@pytest.mark.parametrize(("type_", "value"), LENIENT)
def test_types_without_a_hook_of_ours_are_strict_too(type_: Any, value: object) -> None:
    """No annotation that a class may have makes the codec guess."""
    with pytest.raises(DocumentError):
        read(value, type_)


@pytest.mark.parametrize("type_", [list[str], list, set[str], tuple[str, int], tuple])
def test_other_containers_are_refused_when_declared(type_: Any) -> None:
    """Arrays are read as `tuple[X, ...]`; cattrs would take any iterable for another container."""
    with pytest.raises(StructureHandlerNotFoundError):
        make_converter().get_structure_hook(type_)


def test_an_array_becomes_a_tuple() -> None:
    """Every item of an array is read as the item's type."""
    assert read(["1.0", "2.50"], tuple[Decimal, ...]) == (Decimal("1.0"), Decimal("2.50"))


def test_a_nullable_array_of_nullable_items() -> None:
    """Null is taken exactly where it is allowed."""
    type_ = tuple[int | None, ...] | None
    assert (read(None, type_), read([1, None], type_)) == (None, (1, None))


def test_arrays_nest() -> None:
    """The path into nested arrays has all of the indices."""
    assert refusal([["a"], ["b", 5]], tuple[tuple[str, ...], ...])[1] == "[1][1]"


def test_an_enum_is_read_open() -> None:
    """Known values become members, others stay what they were."""
    assert read("Public", Visibility) is Visibility.PUBLIC
    assert read("friends", Visibility) == "friends"


def test_a_nested_object_is_read() -> None:
    """A nested object is read by its class."""
    assert read(image(width=5), Image) == Image(url="https://blog.test/a.png", width=5)


def test_a_nested_object_without_attributes_is_read() -> None:
    """A nested object may come without attributes; then the optional ones are left out."""
    made = read({"type": "images"}, Image)
    assert made.width is None
    assert not hasattr(made, "url")


def test_a_nested_object_of_another_type_is_refused() -> None:
    """A nested object that is of one type only has to be of that."""
    assert refusal(quote(), Image) == ("expected 'images', got another type", ".type")


def test_a_union_of_nested_objects_is_told_by_type() -> None:
    """The `type` decides between nested classes."""
    type_ = Image | Quote | UnknownBlock
    made = [read(one, type_) for one in (image(), quote(), {"type": "polls"})]
    assert [type(one) for one in made] == [Image, Quote, UnknownBlock]


def test_a_closed_union_refuses_unknown_types() -> None:
    """A union without a class for the unknown takes the declared types only."""
    assert refusal({"type": "polls"}, Image | Quote) == (
        "expected one of ['images', 'quotes'], got another type",
        ".type",
    )


def test_a_nullable_union_takes_null() -> None:
    """A union of nested classes may be null as well."""
    assert read(None, Image | Quote | None) is None


def test_an_error_of_ours_is_kept() -> None:
    """A decode error stays what it is."""
    error = DocumentError("wrong", ".a")
    assert failure_of(error) is error


def test_an_error_of_others_is_named_by_its_class() -> None:
    """Any other exception becomes a decode error that hides its text."""
    assert failure_of(KeyError("s3cr3t")).args == ("can't be read (KeyError)", "")


def test_a_plan_is_by_wire_names() -> None:
    """A class's fields are planned by their names on the wire, and by kind."""
    assert list(fill_plan(Article, CONVERTER, frozenset({"meta"}))) == ["likes", "share-count"]
    assert "reading-time" in fill_plan(Article, CONVERTER, frozenset({"optional"}))


def test_repeated_texts_are_parsed_once() -> None:
    """The same text gives the same value without another parse."""
    assert read("98765.4321", Decimal) is not None
    plan = fill_plan(Article, CONVERTER, frozenset({"attribute"}))
    known = plan["price"].known
    assert known is not None
    assert known["98765.4321"] == Decimal("98765.4321")


def test_refused_texts_are_not_remembered() -> None:
    """A text that is no price stays none at the second look."""
    for _ in range(2):
        assert refusal("odd", Decimal)[1] == ""


def test_memory_of_texts_is_bounded() -> None:
    """Ever new values fill no memory, and are read all the same."""
    converter = make_converter()
    for number in range(MOST_KNOWN + 100):
        assert converter.structure(f"{number}.5", Decimal) == Decimal(f"{number}.5")
    known = fill_plan(Article, converter, frozenset({"attribute"}))["price"].known
    assert known is not None
    assert len(known) == MOST_KNOWN


def test_values_read_after_the_memory_is_full_are_right() -> None:
    """A resource is read by its text where the memory has no room for it."""
    own = Registry()

    @own.resource("coins")
    class Coin(Resource):
        worth: Decimal
        weight: Decimal

    serializer = JsonApiSerializer(own)
    data = [
        identifier("coins", str(n)) | {"attributes": {"worth": f"{n}", "weight": f"{n}.5"}}
        for n in range(MOST_KNOWN)
    ]
    read_coins = serializer.decode_many(body({"data": data}), Coin).data
    assert all(
        (coin.worth, coin.weight) == (Decimal(coin.id), Decimal(coin.id) + Decimal("0.5"))
        for coin in read_coins
    )


@relaxed
@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9
    )
)
def test_money_goes_out_as_it_came_in(value: Decimal) -> None:
    """A decimal number that is written and read is the same, digit by digit."""
    assert str(read(CONVERTER.unstructure(value), Decimal)) == str(value)


@relaxed
@given(st.dates())
def test_dates_go_out_as_they_came_in(value: date) -> None:
    """A date that is written and read is the same."""
    assert read(CONVERTER.unstructure(value), date) == value


@relaxed
@given(
    st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001
        max_value=datetime(9998, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
    )
)
def test_times_go_out_to_the_millisecond(value: datetime) -> None:
    """A time that is written and read is the same instant, cut to milliseconds."""
    cut = value.replace(microsecond=value.microsecond // 1000 * 1000)
    assert read(CONVERTER.unstructure(value), datetime) == cut


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 4, 16, 10, tzinfo=UTC), "2026-04-16T10:00:00.000Z"),
        (datetime(2026, 4, 16, 10, 0, 0, 1999, tzinfo=UTC), "2026-04-16T10:00:00.001Z"),
        (
            datetime(2026, 4, 16, 10, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2026-04-16T04:30:00.000Z",
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_time_is_written_in_utc(time: datetime, text: str) -> None:
    """A time is written in UTC with milliseconds and a Z."""
    assert time_text(time) == text


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TYPES: list[Any] = [
    str,
    int,
    bool,
    Decimal,
    date,
    datetime,
    Visibility,
    str | None,
    Decimal | None,
    tuple[int, ...],
    tuple[date | None, ...] | None,
    Mapping[str, object],
    Image,
    Image | Quote | UnknownBlock,
    Image | Quote | None,
]


@relaxed
@given(st.sampled_from(TYPES), JUNK | st.text("0123456789-+:.TZeEW ", max_size=30))
def test_any_json_is_read_or_refused(type_: Any, value: object) -> None:
    """Any JSON value is read, or refused with a decode error and no other."""
    with suppress(DocumentError):
        read(value, type_)


def test_a_class_is_read_by_its_own_fields() -> None:
    """The fields of another class are unknown to a class."""
    assert set(fill_plan(Person, CONVERTER, frozenset({"attribute"}))) == {"name", "email"}
