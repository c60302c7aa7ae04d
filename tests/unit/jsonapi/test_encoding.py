"""Writing documents: what goes out, and what is refused before it does."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from json import loads
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async.jsonapi import (
    UNSET,
    Identifier,
    InvalidInputError,
    JsonApiSerializer,
    Registry,
    UnknownResource,
    Unset,
    make_converter,
    new_nested,
    new_resource,
    optional,
)
from tests.unit.jsonapi.blog import (
    POLL,
    SERIALIZER,
    Article,
    NewArticle,
    NewImage,
    UnknownBlock,
    Visibility,
    attributes,
    comment,
    identifier,
    image,
    person,
    read_article,
    read_one,
)
from tests.unit.jsonapi.blog import Comment as CommentRead
from tests.unit.jsonapi.blog import Person as PersonRead
from tests.unit.jsonapi.hostile import JUNK, relaxed


def created(**values: Any) -> Any:
    """Return the data of the document that creates an article."""
    return loads(SERIALIZER.encode_new(NewArticle(**values)))["data"]


def sent(**values: Any) -> Any:
    """Return the attributes of the document that creates an article."""
    return created(**values)["attributes"]


def linked(**values: Any) -> Any:
    """Return the relationships of the document that creates an article."""
    return created(**values)["relationships"]


def altered(**changes: Any) -> Any:
    """Return the data of the document that changes an article."""
    return loads(SERIALIZER.encode_changes(Article, "1", changes))["data"]


def refused(function: Callable[..., Any], **values: Any) -> tuple[str, str]:
    """Return the field and the problem of the error that values are refused with."""
    with pytest.raises(InvalidInputError) as caught:
        function(**values)
    return caught.value.field, caught.value.problem


BOTH = pytest.mark.parametrize("write", [created, altered])


# --- the whole ---


def test_a_new_resource_has_a_type_and_no_id() -> None:
    """The server gives the id."""
    assert created() == {"type": "articles", "attributes": {}}


def test_bytes_are_compact_and_in_the_order_of_the_fields() -> None:
    """The document's exact bytes."""
    new = NewArticle(words=5, title="é", author="1")
    assert (
        SERIALIZER.encode_new(new)
        == (
            '{"data":{"type":"articles","attributes":{"title":"é","words":5},'
            '"relationships":{"author":{"data":{"type":"people","id":"1"}}}}}'
        ).encode()
    )


def test_changes_name_the_resource() -> None:
    """The document that changes a resource names it."""
    assert altered(title="x") == {
        "type": "articles",
        "id": "1",
        "attributes": {"title": "x"},
    }


def test_no_changes_name_the_resource_only() -> None:
    """Without changes, nothing is sent of the resource."""
    assert altered() == {"type": "articles", "id": "1"}


def test_changes_of_relationships_and_attributes_go_apart() -> None:
    """Attributes and relationships stand in members of their own."""
    assert altered(title="x", author=None) == {
        "type": "articles",
        "id": "1",
        "attributes": {"title": "x"},
        "relationships": {"author": {"data": None}},
    }


def test_a_new_resource_without_relationships_has_no_member_for_them() -> None:
    """Relationships that are left out leave nothing behind."""
    assert "relationships" not in created(title="x")


# --- three states ---


def test_unset_is_left_out() -> None:
    """A field that says nothing is not sent."""
    assert sent(title=UNSET, words=5) == {"words": 5}


def test_none_is_null() -> None:
    """`None` clears a field."""
    assert sent(title=None) == {"title": None}


@pytest.mark.parametrize("value", ["", "x"])
def test_a_value_is_sent(value: str) -> None:
    """A value is sent, an empty one too."""
    assert sent(title=value) == {"title": value}


@pytest.mark.parametrize(("name", "value"), [("draft", False), ("words", 0), ("tags", ())])
def test_a_false_value_is_a_value(name: str, value: Any) -> None:
    """What is false to Python is sent nevertheless."""
    assert sent(**{name: value}) == {name: list(value) if name == "tags" else value}


def test_unset_changes_nothing() -> None:
    """`UNSET` among changes is left out, of attributes and of relationships."""
    assert altered(title=UNSET, author=UNSET) == {"type": "articles", "id": "1"}


def test_none_clears_by_a_change() -> None:
    """`None` among changes clears an attribute."""
    assert altered(subtitle=None)["attributes"] == {"subtitle": None}


def test_an_unset_relationship_is_left_out() -> None:
    """A relationship that says nothing is not sent."""
    assert "relationships" not in created(author=UNSET)


@pytest.mark.parametrize("write", [created, altered])
def test_unset_within_a_value_is_refused(write: Callable[..., Any]) -> None:
    """`UNSET` inside of a value is the caller's error."""
    with pytest.raises(InvalidInputError):
        write(settings={"theme": UNSET})


# --- values ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.50", "12.50"),
        ("0", "0"),
        ("-0.10", "-0.10"),
        ("1E+2", "100"),
        ("1E-7", "0.0000001"),
        ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
    ],
)
@BOTH
def test_money_is_plain_text(write: Callable[..., Any], value: str, text: str) -> None:
    """A decimal number is sent as text without an exponent, digit by digit."""
    assert write(price=Decimal(value))["attributes"] == {"price": text}


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_money_is_a_number(value: str) -> None:
    """A decimal that is no number is the caller's error."""
    with pytest.raises(InvalidInputError):
        sent(price=Decimal(value))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_float_is_a_number(value: float) -> None:
    """A float that is no number is the caller's error, and clears nothing."""
    with pytest.raises(InvalidInputError):
        sent(score=value)


def test_a_date_is_text() -> None:
    """A date is sent as years, months and days."""
    assert sent(due_on=date(2026, 5, 1)) == {"due_on": "2026-05-01"}


def test_a_time_is_text_in_utc() -> None:
    """A time of any zone is sent in UTC with milliseconds."""
    time = datetime(2026, 4, 16, 12, 0, 0, 250_900, tzinfo=timezone(timedelta(hours=2)))
    assert sent(published_at=time) == {"published_at": "2026-04-16T10:00:00.250Z"}


@BOTH
def test_a_time_without_zone_is_refused(write: Callable[..., Any]) -> None:
    """A naive time would mean another instant on every machine, and is refused."""
    with pytest.raises(InvalidInputError):
        write(published_at=datetime(2026, 4, 16, 10))  # noqa: DTZ001


def test_a_time_beyond_the_years_is_refused() -> None:
    """A time that UTC has no year for is the caller's error."""
    time = datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))
    with pytest.raises(InvalidInputError):
        sent(published_at=time)


@BOTH
def test_a_value_that_is_too_deep_is_refused(write: Callable[..., Any]) -> None:
    """Nesting without end is the caller's error."""
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(InvalidInputError):
        write(settings={"a": deep})


def test_an_enum_is_its_text() -> None:
    """Known and unknown values of an enum are sent as their text."""
    assert sent(visibility=Visibility.STAFF_ONLY) == {"visibility": "staff"}
    assert sent(visibility=Visibility("friends")) == {"visibility": "friends"}


def test_values_within_objects_are_written_too() -> None:
    """Decimals, dates and enums inside of free objects are sent like elsewhere."""
    settings = {"a": [Decimal("1.50"), date(2026, 5, 1)], "b": {"c": Visibility.PUBLIC}}
    expected = {"a": ["1.50", "2026-05-01"], "b": {"c": "public"}}
    assert sent(settings=settings) == {"settings": expected}
    assert altered(settings=settings)["attributes"] == {"settings": expected}


@pytest.mark.parametrize("value", [{1, 2}, object(), b"x", "\ud800", {"a": "\udead"}])
@BOTH
def test_what_json_has_not_is_refused(write: Callable[..., Any], value: object) -> None:
    """A value that can't be JSON is the caller's error."""
    field, problem = refused(write, title=value)
    assert field == "body"
    assert problem.startswith("can't be written as JSON: ")


# --- nested objects ---


def test_a_nested_object_has_its_type() -> None:
    """A nested object goes out as type and attributes, without what is unset."""
    assert sent(blocks=(NewImage(url="u"), NewImage(url="v", width=3)))["blocks"] == [
        {"type": "images", "attributes": {"url": "u"}},
        {"type": "images", "attributes": {"url": "v", "width": 3}},
    ]


def test_a_nested_object_may_be_changed_to() -> None:
    """Changes take nested objects that are written."""
    assert altered(cover=NewImage(url="u"))["attributes"]["cover"] == {
        "type": "images",
        "attributes": {"url": "u"},
    }


def test_an_unknown_object_goes_out_unchanged() -> None:
    """A nested object of an unknown type goes back out as it came, members and all."""
    blocks = read_article(attributes(blocks=[dict(POLL)])).blocks
    assert sent(blocks=blocks)["blocks"] == [POLL]
    assert altered(blocks=blocks)["attributes"]["blocks"] == [POLL]


@relaxed
@given(st.dictionaries(st.text(max_size=4), JUNK, max_size=3), JUNK)
def test_any_unknown_object_goes_out_unchanged(inner: dict[str, Any], extra: object) -> None:
    """Whatever stands in an object of an unknown type goes back out."""
    block = {"type": "polls", "attributes": inner, "more": extra}
    [read] = read_article(attributes(blocks=[block])).blocks or ()
    again = SERIALIZER.encode_new(NewArticle(blocks=(read,)))
    assert loads(again)["data"]["attributes"]["blocks"] == [block]


def test_an_unknown_object_made_by_hand_goes_out() -> None:
    """A type that this release does not know can be sent."""
    assert sent(blocks=(UnknownBlock("polls", {"a": 1}),))["blocks"] == [
        {"type": "polls", "attributes": {"a": 1}}
    ]


@BOTH
def test_a_nested_object_that_was_read_keeps_its_type_or_is_refused(
    write: Callable[..., Any],
) -> None:
    """A known nested object that was read never goes out as something else."""
    blocks = read_article(attributes(blocks=[image(width=3)])).blocks
    try:
        written = write(blocks=blocks)
    except InvalidInputError:
        return
    assert written["attributes"]["blocks"] == [image(width=3)]


def test_a_nested_object_that_lacks_something_is_refused() -> None:
    """A nested object that was read in part is the caller's error."""
    part = {"type": "quotes", "attributes": {"text": "a"}}
    blocks = read_article(attributes(blocks=[part])).blocks
    with pytest.raises(InvalidInputError):
        sent(blocks=blocks)


# --- relationships ---


@BOTH
def test_a_resource_is_linked(write: Callable[..., Any]) -> None:
    """A relationship takes a resource that was read."""
    author = read_one(person("7"), PersonRead)
    assert write(author=author)["relationships"] == {"author": {"data": identifier("people", "7")}}


@BOTH
def test_an_identifier_is_linked(write: Callable[..., Any]) -> None:
    """A relationship takes a type with an id."""
    written = write(author=Identifier("people", "7"))["relationships"]
    assert written == {"author": {"data": identifier("people", "7")}}


@BOTH
def test_a_bare_id_is_linked_where_the_type_is_clear(write: Callable[..., Any]) -> None:
    """A relationship to one type takes an id alone."""
    assert write(author="7")["relationships"] == {"author": {"data": identifier("people", "7")}}


@BOTH
def test_none_unlinks(write: Callable[..., Any]) -> None:
    """`None` clears a to-one relationship."""
    assert write(author=None)["relationships"] == {"author": {"data": None}}


@BOTH
@pytest.mark.parametrize("kind", [list, tuple])
def test_many_are_linked(write: Callable[..., Any], kind: Callable[[Any], Any]) -> None:
    """A to-many relationship takes a list of any of these."""
    read = read_one(comment("3"), CommentRead)
    assert write(comments=kind(["1", Identifier("comments", "2"), read]))["relationships"] == {
        "comments": {"data": [identifier("comments", number) for number in "123"]}
    }


@BOTH
def test_an_empty_list_unlinks_all(write: Callable[..., Any]) -> None:
    """An empty list clears a to-many relationship."""
    assert write(comments=[])["relationships"] == {"comments": {"data": []}}


@BOTH
def test_a_relationship_is_renamed(write: Callable[..., Any]) -> None:
    """A relationship goes out by its name on the wire."""
    assert list(write(reviewer="7")["relationships"]) == ["reviewed-by"]


def test_an_unknown_resource_is_linked() -> None:
    """A resource of an undeclared type is linked where its type is taken."""
    read = UnknownResource(id="7", type="people", attributes={})
    assert linked(author=read) == {"author": {"data": identifier("people", "7")}}


@BOTH
def test_a_resource_of_another_type_is_refused(write: Callable[..., Any]) -> None:
    """A relationship takes its own types only."""
    assert refused(write, author=read_article()) == ("author", "takes people, not articles")


def test_an_identifier_of_another_type_is_refused() -> None:
    """The types that a relationship takes are listed."""
    assert refused(created, subject=Identifier("people", "1")) == (
        "subject",
        "takes articles or comments, not people",
    )


def test_a_bare_id_is_refused_where_the_type_is_open() -> None:
    """A relationship to several types needs to be told which."""
    assert refused(created, subject="1") == (
        "subject",
        "give a resource, an Identifier or None, not str",
    )


@pytest.mark.parametrize("value", [5, True, {"type": "people", "id": "1"}, object(), NewArticle()])
@BOTH
def test_what_is_no_resource_is_refused(write: Callable[..., Any], value: object) -> None:
    """A relationship takes nothing else, and says so."""
    assert refused(write, author=value) == (
        "author",
        f"give a resource, an Identifier or None, not {type(value).__name__}",
    )


@pytest.mark.parametrize("value", ["", Identifier("people", "")])
@BOTH
def test_an_empty_id_is_refused(write: Callable[..., Any], value: object) -> None:
    """An empty id leads nowhere."""
    assert refused(write, author=value) == ("author", "the id is empty")


def test_a_wrong_item_is_named_by_its_index() -> None:
    """A wrong item of a list is told by its place."""
    assert refused(created, comments=["1", 5])[0] == "comments[1]"


def test_unset_within_a_list_is_refused() -> None:
    """`UNSET` is no resource of a list."""
    assert refused(created, comments=[UNSET])[0] == "comments[0]"


@pytest.mark.parametrize("value", [[], ["1"], ("1",)])
@BOTH
def test_a_list_is_refused_where_one_is_linked(write: Callable[..., Any], value: object) -> None:
    """A to-one relationship takes no list."""
    with pytest.raises(InvalidInputError, match=r"^author: "):
        write(author=value)


@pytest.mark.parametrize("value", [None, "1", Identifier("comments", "1")], ids=str)
@BOTH
def test_a_list_is_demanded_where_many_are_linked(write: Callable[..., Any], value: object) -> None:
    """A to-many relationship takes a list only."""
    with pytest.raises(InvalidInputError, match=r"^comments: "):
        write(comments=value)


@pytest.mark.parametrize("value", [[None], [["1"]]])
@BOTH
def test_items_are_single_resources(write: Callable[..., Any], value: object) -> None:
    """An item of a to-many relationship is one resource, not null and not a list."""
    with pytest.raises(InvalidInputError, match=r"^comments\[0\]"):
        write(comments=value)


def test_an_id_that_is_no_text_is_refused() -> None:
    """An id that is a number is no id in JSON:API."""
    number: Any = 5
    with pytest.raises(InvalidInputError):
        linked(author=Identifier("people", number))


# --- refusals ---


def test_an_unknown_change_is_refused() -> None:
    """A change of a field that the type has not is refused by name."""
    assert refused(altered, titel="x") == ("titel", "articles has no such field")


def test_a_change_by_wire_name_is_refused() -> None:
    """Changes are named by the fields, and not as on the wire."""
    assert refused(altered, **{"reading-time": 5})[0] == "reading-time"


def test_a_renamed_attribute_is_changed() -> None:
    """An attribute goes out by its name on the wire."""
    assert altered(reading_minutes=5)["attributes"] == {"reading-time": 5}


def test_meta_cannot_be_changed() -> None:
    """A field of the resource's `meta` is no attribute, and can't be changed as one."""
    with pytest.raises(InvalidInputError):
        altered(likes=5)


@pytest.mark.parametrize("new", [None, 5, "x", {}, NewImage(url="u"), object()])
def test_only_new_resources_are_created(new: object) -> None:
    """What was not made by `new_resource` can't be created."""
    with pytest.raises(InvalidInputError, match=r"^new: \w+ is not something that can be created"):
        SERIALIZER.encode_new(new)


def test_a_resource_that_was_read_is_not_created() -> None:
    """A resource from a document is nothing to create."""
    with pytest.raises(InvalidInputError, match=r"^new: Article is not something"):
        SERIALIZER.encode_new(read_article())


# --- declarations ---


def test_a_written_attribute_may_be_renamed() -> None:
    """A written attribute goes out by the name that its metadata gives."""
    wire = optional(wire="reading-time").metadata

    @new_resource("articles")
    class Short:
        minutes: int | Unset = attrs.field(default=UNSET, metadata=wire)

    written = loads(SERIALIZER.encode_new(Short(minutes=5)))
    assert written["data"]["attributes"] == {"reading-time": 5}


def test_a_default_that_is_a_value_is_sent() -> None:
    """Only `UNSET` is left out; another default goes out."""

    @new_resource("articles")
    class Short:
        title: str = "Untitled"
        subtitle: str | None = None

    written = loads(SERIALIZER.encode_new(Short()))
    assert written["data"]["attributes"] == {"title": "Untitled", "subtitle": None}


def test_nested_objects_nest() -> None:
    """Nested objects of nested objects have their types."""

    @new_nested("frames")
    class Frame:
        picture: NewImage
        caption: str | Unset = UNSET

    assert sent(blocks=(Frame(picture=NewImage(url="u")),))["blocks"] == [
        {
            "type": "frames",
            "attributes": {"picture": {"type": "images", "attributes": {"url": "u"}}},
        }
    ]


def test_a_hook_of_the_user_writes() -> None:
    """A converter with hooks of one's own writes types of one's own."""

    class Colour:
        code = "#fff"

    @new_resource("paints")
    class Paint:
        colour: Colour

    converter = make_converter()
    converter.register_unstructure_hook(Colour, lambda colour: colour.code)
    serializer = JsonApiSerializer(Registry(), converter)
    written = loads(serializer.encode_new(Paint(colour=Colour())))
    assert written["data"]["attributes"] == {"colour": "#fff"}


def test_two_classes_may_create_one_type() -> None:
    """Each class is written by its own fields."""

    @new_resource("articles")
    class Short:
        title: str

    assert created(words=5)["attributes"] == {"words": 5}
    assert loads(SERIALIZER.encode_new(Short(title="x")))["data"]["attributes"] == {"title": "x"}


# --- there and back ---

NEW_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "title": st.none() | st.text(),
        "price": st.decimals(allow_nan=False, allow_infinity=False, places=2).filter(
            lambda value: abs(value) < 10**30
        ),
        "visibility": st.text().map(Visibility),
        "due_on": st.dates(),
        "words": st.integers(-(2**63), 2**63 - 1),
        "draft": st.booleans(),
        "tags": st.lists(st.text()).map(tuple),
        "settings": st.dictionaries(st.text(), st.integers(-5, 5)),
    },
)


@relaxed
@given(NEW_VALUES)
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    """What a server echoes is read as what was sent."""
    written = created(**values)
    assert set(written["attributes"]) == set(values)
    expected = {"id": "1"} | values | ({"tags": list(values["tags"])} if "tags" in values else {})
    if values.get("title", "") is None:  # may be cleared, and is never read as null
        del written["attributes"]["title"], expected["title"]
    assert read_one({"id": "1", **written}, Article, {"articles": []}).to_dict() == expected


def as_changes(article: Article) -> Mapping[str, object]:
    """Return the loaded attributes of an article as changes."""
    return {name: value for name, value in article.loaded() if name not in {"likes", "shares"}}


def test_attributes_that_were_read_go_out_as_they_came() -> None:
    """What was read and is sent back is letter by letter what came."""
    source = attributes(blocks=[dict(POLL)], mood="odd")
    del source["cover"]
    changes = dict(as_changes(read_article(source)))
    del changes["cover"]
    del source["mood"]
    assert loads(SERIALIZER.encode_changes(Article, "1", changes))["data"]["attributes"] == source


def test_linkage_that_was_read_goes_out_as_it_came() -> None:
    """Relationships that were read can be sent back."""
    relationships = {"author": {"data": identifier("people", "1")}, "comments": {"data": []}}
    read = read_article(relationships=relationships)
    changes = {name: one.data for name, one in read.relationships.items()}
    assert altered(**changes)["relationships"] == relationships


def test_quotes_are_written_as_they_are() -> None:
    """Text with quotes and backslashes comes out of JSON as it went in."""
    text = 'a"b\\c/\n\u2028'
    assert sent(title=text) == {"title": text}
