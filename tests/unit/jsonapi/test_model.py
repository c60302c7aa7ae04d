"""Resources as values: three states, immutable, compared, copied, printed."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import attrs
import pytest

from didww_async.jsonapi import (
    Document,
    Identifier,
    JsonApiSerializer,
    NotLoadedError,
    Registry,
    Resource,
    UnknownObject,
    UnknownResource,
    from_meta,
    to_one,
)
from didww_async.jsonapi.model import kind_of, wire_name
from tests.unit.jsonapi.blog import (
    POLL,
    SERIALIZER,
    Article,
    Comment,
    Image,
    Person,
    Quote,
    UnknownBlock,
    article,
    attributes,
    body,
    identifier,
    image,
    person,
    quote,
    read_article,
    read_compound,
    read_one,
    required,
)

LINKS_ONLY = {"links": {"related": "https://blog.test/articles/1/author"}}


def related(**relationships: Any) -> Article:
    """Read an article with these relationships and two people included."""
    data = article(relationships=relationships)
    return read_one(data, Article, included=[person("1"), person("2")])


def read_comments(data: Any) -> tuple[Comment, ...]:
    """Read a page of comments."""
    return SERIALIZER.decode_many(body({"data": data}), Comment).data


# --- relationships ---


def test_a_linked_resource_is_read_from_included() -> None:
    """A to-one relationship gives the included resource."""
    found = related(author={"data": identifier("people", "2")}).author
    assert found is not None
    assert (type(found), found.id) == (Person, "2")


def test_a_null_relationship_is_none() -> None:
    """A to-one relationship to nothing is `None`."""
    assert related(author={"data": None}).author is None


@pytest.mark.parametrize("relationships", [{"author": LINKS_ONLY}, {"author": {}}, {}])
def test_a_relationship_without_data_is_not_loaded(relationships: Any) -> None:
    """Reading a relationship that was not asked for names the `include` to add."""
    with pytest.raises(NotLoadedError) as caught:
        _ = related(**relationships).author
    assert str(caught.value) == (
        "articles.author is not loaded: add 'author' to the request's `include`"
    )


def test_linkage_without_included_is_not_loaded() -> None:
    """A resource that is named and not included is not loaded, and its id is at hand."""
    with pytest.raises(NotLoadedError) as caught:
        _ = related(author={"data": identifier("people", "77")}).author
    assert str(caught.value) == (
        "articles.author is not loaded: add 'author' to the request's `include`; "
        "its id alone is in relationships['author'].data"
    )


def test_a_renamed_relationship_is_named_as_the_request_needs_it() -> None:
    """The error about a renamed relationship tells both of its names."""
    with pytest.raises(NotLoadedError, match=r"articles\.reviewer .* add 'reviewed-by' to"):
        _ = related().reviewer


def test_a_renamed_relationship_is_read() -> None:
    """A relationship whose name on the wire differs is read by its field."""
    assert related(**{"reviewed-by": {"data": identifier("people", "1")}}).reviewer == read_one(
        person("1"), Person
    )


def test_a_to_many_relationship_keeps_its_order() -> None:
    """A to-many relationship gives a tuple in the order of the linkage."""
    assert [one.id for one in read_compound().data[0].comments] == ["1", "2"]
    assert type(read_compound().data[0].comments) is tuple


def test_an_empty_to_many_relationship_is_empty() -> None:
    """A to-many relationship to nothing is an empty tuple."""
    assert related(comments={"data": []}).comments == ()


def test_a_to_many_relationship_is_loaded_whole_or_not() -> None:
    """One missing resource makes a to-many relationship not loaded: no part of it is hidden."""
    document = {
        "data": article(
            relationships={
                "comments": {"data": [identifier("comments", "1"), identifier("comments", "2")]}
            }
        ),
        "included": [{"type": "comments", "id": "1", "attributes": {"text": "a"}}],
    }
    read = read_one(document["data"], Article, included=document["included"])
    with pytest.raises(NotLoadedError, match="'comments'"):
        _ = read.comments


def test_a_resource_is_joined_by_type_and_id() -> None:
    """A resource of another type with the same id is not taken for the linked one."""
    read = related(author={"data": identifier("people", "1")})
    assert isinstance(read.author, Person)
    assert read.id == read.author.id


def test_primary_resources_are_joined() -> None:
    """A relationship may lead to another resource of the primary data."""
    data = [
        {
            "type": "comments",
            "id": id_,
            "attributes": {"text": id_},
            "relationships": {"parent": {"data": identifier("comments", parent)}},
        }
        for id_, parent in (("1", "2"), ("2", "1"))
    ]
    one, two = read_comments(data)
    assert one.parent is two
    assert two.parent is one


def test_a_resource_may_relate_to_itself() -> None:
    """A relationship may lead back to the very resource."""
    two = read_compound().included[3]
    assert isinstance(two, Comment)
    assert two.parent is two


def test_included_resources_are_joined_among_themselves() -> None:
    """Relationships of included resources lead on, in circles if need be."""
    author = read_compound().data[0].author
    assert author is not None
    assert author.mentor is not None
    assert author.mentor.mentor is author


def test_a_polymorphic_relationship_gives_either_class() -> None:
    """A relationship to several types gives the class of whichever is linked."""
    _, _, on_article, on_comment, _ = read_compound().included
    assert isinstance(on_article, Comment)
    assert isinstance(on_comment, Comment)
    assert [type(on_article.subject), type(on_comment.subject)] == [Article, Comment]


def test_joining_gives_the_same_object_each_time() -> None:
    """Two looks at a relationship give one and the same resource."""
    read = related(author={"data": identifier("people", "1")})
    assert read.author is read.author


def test_joining_waits_for_the_first_look() -> None:
    """Decoding joins nothing: that is left to who looks."""
    slot: Any = Article.author
    read = related(author={"data": identifier("people", "1")})
    with pytest.raises(AttributeError):
        slot.__get__(read)


def test_relationships_are_told_whether_included_or_not() -> None:
    """What the document says of a relationship is there without `include`."""
    read = related(author={"data": identifier("people", "77"), "meta": {"since": 2020}})
    assert read.relationships["author"].data == Identifier("people", "77")
    assert read.relationships["author"].meta == {"since": 2020}


def test_an_undeclared_relationship_is_kept() -> None:
    """A relationship that the class does not declare is among the `relationships`."""
    found = read_compound().data[0].relationships["badges"]
    assert found.data == (Identifier("badges", "9"),)


def test_a_relationship_gives_the_declared_types_only() -> None:
    """A `to_one("people")` never gives a resource of another class."""
    data = article(relationships={"author": {"data": identifier("articles", "1")}})
    with pytest.raises(NotLoadedError, match="articles"):
        _ = read_one(data, Article).author


# --- attributes in their three states ---


def test_an_absent_optional_attribute_is_none() -> None:
    """An attribute that the server may leave out is `None` when all was asked for."""
    assert read_article(required()).subtitle is None


def test_an_optional_attribute_outside_the_fieldset_is_not_loaded() -> None:
    """An attribute that was not asked for is not `None`."""
    read = read_article({"title": "x"}, {"articles": ["title"]})
    with pytest.raises(NotLoadedError) as caught:
        _ = read.subtitle
    assert str(caught.value) == (
        "articles.subtitle is not loaded: the server left it out, or the request's `fields` did; "
        "then add 'subtitle' to them"
    )


def test_an_absent_optional_attribute_in_the_fieldset_is_none() -> None:
    """An attribute that was asked for and left out is `None`."""
    assert read_article({"title": "x"}, {"articles": ["title", "subtitle"]}).subtitle is None


def test_fieldsets_use_the_names_on_the_wire() -> None:
    """A renamed attribute is asked for by its name on the wire."""
    read = read_article({}, {"articles": ["reading-time"]})
    assert read.reading_minutes is None


def test_fieldsets_are_those_of_the_own_type() -> None:
    """The fieldset of another type says nothing of this one."""
    assert read_article(required(), {"people": ["name"]}).subtitle is None


def test_a_fieldset_holds_for_included_resources() -> None:
    """The fieldset of an included type decides what is loaded of it."""
    read = read_one(
        person("1", relationships={"articles": {"data": [identifier("articles", "1")]}}),
        Person,
        {"articles": ["title"]},
        included=[article("1", attributes={"title": "x"})],
    )
    assert not hasattr(read.articles[0], "subtitle")


def test_an_absent_required_attribute_is_not_loaded() -> None:
    """An attribute that the class promises and the document lacks is not loaded."""
    with pytest.raises(NotLoadedError, match=r"^articles\.price is not loaded"):
        _ = read_article({"title": "x"}).price


def test_a_resource_without_attributes_tells_none_of_them() -> None:
    """Where the document only names a resource, even an optional attribute is not loaded."""
    read = read_one(identifier("articles", "1"), Article)
    assert not hasattr(read, "subtitle")


def test_attributes_of_a_resource_without_any_are_none() -> None:
    """An empty object of attributes says that the optional ones are left out."""
    assert read_article({}).subtitle is None


def test_a_default_can_stand_for_what_is_not_loaded() -> None:
    """`getattr` with a default gives the default."""
    assert getattr(read_article({}), "price", "unknown") == "unknown"


def test_a_misspelt_attribute_is_no_unloaded_one() -> None:
    """A name that is no field is an ordinary `AttributeError`."""
    with pytest.raises(AttributeError, match="'Article' object has no attribute 'titel'") as caught:
        _ = read_article().titel  # type: ignore[attr-defined]
    assert not isinstance(caught.value, NotLoadedError)


def test_a_nested_attribute_is_not_loaded_either() -> None:
    """A nested object tells what it was not sent."""
    [block] = (
        read_article(attributes(blocks=[{"type": "quotes", "attributes": {"text": "a"}}])).blocks
        or ()
    )
    with pytest.raises(NotLoadedError, match=r"^quotes\.source is not loaded"):
        _ = block.source  # type: ignore[union-attr]


def test_an_absent_meta_member_is_not_loaded() -> None:
    """A field of the resource's `meta` is not loaded where that lacks it."""
    with pytest.raises(NotLoadedError, match=r"articles\.likes"):
        _ = read_article().likes


def test_meta_members_are_fields() -> None:
    """Members of the resource's own `meta` are read as declared, renamed ones too."""
    read = read_compound().data[0]
    assert (read.likes, read.shares) == (7, 2)


def test_the_class_chooses_its_error() -> None:
    """A family of classes may have an error of its own."""

    class OwnError(NotLoadedError):
        pass

    class OwnResource(Resource):
        __slots__ = ()
        not_loaded_error: ClassVar[type[NotLoadedError]] = OwnError

    own = Registry()

    @own.resource("tags")
    class Tag(OwnResource):
        name: str
        parent: "Tag | None" = to_one("tags")

    read = JsonApiSerializer(own).decode_one(
        body({"data": {"type": "tags", "id": "1", "attributes": {}}}), Tag
    )
    for name in ("name", "parent"):
        with pytest.raises(OwnError):
            getattr(read.data, name)


def test_a_property_over_what_is_not_loaded_says_so() -> None:
    """A property that reads an unloaded attribute raises the error that names it."""
    with pytest.raises(NotLoadedError, match=r"articles\.title"):
        _ = read_article({}).headline


def test_a_property_reads_what_is_loaded() -> None:
    """A class may have properties over its fields."""
    assert read_article().headline == "ON JOINS"


# --- unknown things ---


def test_unknown_attributes_are_kept() -> None:
    """What the class has no field for is kept as it was parsed."""
    read = read_article(attributes(mood={"a": [1]}, tone=None))
    assert read.unknown_attributes == {"mood": {"a": [1]}, "tone": None}


def test_without_unknown_attributes_there_are_none() -> None:
    """An object with nothing unknown has an empty mapping."""
    assert read_article().unknown_attributes == {}


def test_unknown_attributes_of_nested_objects_are_kept() -> None:
    """A nested object keeps what its class has no field for."""
    read = read_article(attributes(cover=image(alt="A table")))
    assert read.cover is not None
    assert read.cover.unknown_attributes == {"alt": "A table"}


def test_a_wire_name_is_not_an_unknown_attribute_by_its_field() -> None:
    """An attribute that is spelt as a renamed field is unknown, and not taken for the field."""
    read = read_article(required(reading_minutes=9))
    assert (read.reading_minutes, read.unknown_attributes) == (None, {"reading_minutes": 9})


def test_an_unknown_type_is_a_resource_too() -> None:
    """A resource of an undeclared type comes with its type, id and raw attributes."""
    badge = read_compound().included[4]
    assert isinstance(badge, UnknownResource)
    assert (badge.type, badge.wire_type, badge.id) == ("badges", "badges", "9")
    assert badge.attributes == {"label": "Gold"}
    assert badge.meta == {"fresh": True}


def test_an_unknown_resource_has_its_relationships() -> None:
    """The linkage of an undeclared type is there to be followed by hand."""
    badge = read_compound().included[4]
    assert isinstance(badge, UnknownResource)
    assert badge.relationships["owner"].data == Identifier("people", "1")


def test_an_unknown_resource_is_plain_data() -> None:
    """An unknown resource becomes a dict of what it has."""
    badge = read_one(
        {"type": "badges", "id": "9", "attributes": {"label": "Gold"}}, UnknownResource
    )
    assert badge.to_dict() == {"id": "9", "type": "badges", "label": "Gold"}
    assert repr(badge) == "UnknownResource(id='9', type='badges', attributes={'label': 'Gold'})"


def test_unknown_resources_are_compared_by_all_they_have() -> None:
    """Two unknown resources are equal if type, id and attributes are."""

    def badge(type_: str = "badges", id_: str = "9", label: str = "Gold") -> UnknownResource:
        return UnknownResource(id=id_, type=type_, attributes={"label": label})

    assert badge() == badge()
    assert badge() not in [badge("medals"), badge(id_="8"), badge(label="Tin")]


def test_an_unknown_nested_object_is_kept_whole() -> None:
    """A nested object of an unknown type has its type, its attributes and all that came."""
    block = (read_article().blocks or ())[2]
    assert type(block) is UnknownBlock
    assert (block.type, block.attributes) == ("polls", {"question": "Why?"})
    assert block.raw == POLL


def test_an_unknown_object_made_by_hand_has_its_raw_form() -> None:
    """An unknown object that was not read is sent as type and attributes."""
    assert UnknownObject("polls", {"a": 1}).raw == {"type": "polls", "attributes": {"a": 1}}


def test_an_unknown_object_prints_and_becomes_a_dict() -> None:
    """An unknown object shows its type and attributes."""
    made = UnknownBlock("polls", {"a": 1})
    assert repr(made) == "UnknownBlock(type='polls', attributes={'a': 1})"
    assert made.to_dict() == {"type": "polls", "a": 1}


def test_an_unknown_object_hashes() -> None:
    """An unknown object can stand in a set, though its attributes can't."""
    assert len({UnknownBlock("polls", {"a": 1}), UnknownBlock("polls", {"a": 1})}) == 1


def test_unknown_objects_are_compared_by_attributes() -> None:
    """Two unknown objects with other attributes differ."""
    assert UnknownBlock("polls", {"a": 1}) != UnknownBlock("polls", {"a": 2})


# --- immutability ---


@pytest.mark.parametrize(
    "name", ["title", "id", "author", "likes", "meta", "links", "unknown_attributes", "other"]
)
def test_nothing_can_be_set(name: str) -> None:
    """What was read is fixed, and the error says so."""
    read = read_compound().data[0]
    with pytest.raises(AttributeError, match=rf"^Article\.{name} can't be set"):
        setattr(read, name, "x")


@pytest.mark.parametrize("name", ["title", "id", "author", "meta"])
def test_nothing_can_be_deleted(name: str) -> None:
    """Nothing that was read can be taken away."""
    read = read_compound().data[0]
    with pytest.raises(AttributeError, match=rf"^Article\.{name} can't be deleted"):
        delattr(read, name)


def test_nested_objects_are_fixed() -> None:
    """A nested object can't be changed either."""
    with pytest.raises(AttributeError, match=r"^Image\.url can't be set"):
        (read_article().blocks or ())[0].url = "x"  # type: ignore[misc,union-attr]


def test_unknown_objects_are_fixed() -> None:
    """An unknown nested object can't be changed either."""
    block: Any = UnknownBlock("polls")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        block.type = "x"


def test_sequences_are_tuples() -> None:
    """An array is read as a tuple, which nobody can append to."""
    assert read_article().tags == ("sql", "sets")


def test_a_model_with_a_validator_is_fixed_too() -> None:
    """A field with an attrs validator leaves the class immutable."""
    own = Registry()

    @own.resource("tags")
    class Tag(Resource):
        name: str = attrs.field(validator=attrs.validators.instance_of(str))
        size: int

    data = {"type": "tags", "id": "1", "attributes": {"name": "a", "size": 1}}
    tag: Any = JsonApiSerializer(own).decode_one(body({"data": data}), Tag).data
    with pytest.raises(AttributeError):
        tag.name = "b"


# --- equality and hash ---


def test_equal_reads_are_equal() -> None:
    """Two reads of the same resource are equal and hash alike."""
    assert len({read_article(), read_article()}) == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda: read_article(attributes(title="Other")),
        lambda: read_article(attributes(mood="odd")),
        lambda: read_article(attributes(cover=image(width=1))),
        lambda: read_article(
            {name: attributes()[name] for name in attributes() if name != "price"}
        ),
        lambda: read_article(meta={"likes": 1}),
        lambda: read_article(relationships={"author": {"data": None}}),
        lambda: read_one(article("2"), Article),
        lambda: read_one(person("1"), Person),
    ],
    ids=["attribute", "unknown", "nested", "unloaded", "meta", "relationships", "id", "type"],
)
def test_another_resource_is_not_equal(other: Callable[[], Resource]) -> None:
    """A resource with anything else in it is another one."""
    assert read_article() != other()


def test_a_look_at_a_relationship_changes_nothing() -> None:
    """Joining is no part of a resource's value."""
    looked, other = (read_compound().data[0] for _ in range(2))
    _ = looked.author
    assert looked == other


def test_null_and_not_loaded_differ() -> None:
    """An attribute that is null is not the same as one that is not loaded."""
    fields = {"articles": ["title"]}
    assert read_article({"title": "x"}, fields) != read_article(
        {"title": "x", "subtitle": None}, fields
    )


def test_a_resource_equals_nothing_else() -> None:
    """A resource is not equal to a value of another kind."""
    assert read_article() != "1"


def test_nested_objects_are_compared_by_value() -> None:
    """Nested objects are equal if their attributes are, and hash alike."""
    one, other = ((read_article().blocks or ())[1] for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != (read_article(attributes(blocks=[quote(text="No.")])).blocks or ())[0]


def test_a_resource_hashes_by_type_and_id() -> None:
    """Resources of a page spread over a set by their ids."""
    hashes = {hash(read_one(article(str(number)), Article)) for number in range(50)}
    assert len(hashes) == 50


def test_a_resource_names_itself() -> None:
    """A resource gives its identifier, as relationships take it."""
    assert read_article().identifier == Identifier("articles", "1")


# --- plain data and text ---


def test_a_resource_becomes_a_dict() -> None:
    """The id and all loaded attributes become a row; nested objects become dicts."""
    read = read_article(attributes(blocks=[image(), quote()]), meta={"likes": 7})
    assert read.to_dict() == {
        "id": "1",
        "title": "On joins",
        "price": Decimal("12.50"),
        "visibility": "public",
        "published_at": datetime(2026, 4, 16, 10, 0, 0, 250_000, tzinfo=UTC),
        "draft": False,
        "words": 1200,
        "due_on": date(2026, 5, 1),
        "subtitle": "Two tables meet",
        "reading_minutes": 6,
        "tags": ["sql", "sets"],
        "blocks": [
            {"url": "https://blog.test/a.png", "width": None},
            {"text": "So be it.", "source": "A book", "said_on": date(1999, 12, 31)},
        ],
        "cover": {"url": "https://blog.test/a.png", "width": 640},
        "settings": {"theme": {"dark": True}},
    } | {"likes": 7}


def test_a_dict_holds_what_is_loaded_only() -> None:
    """An attribute that is not loaded is not in the dict; a null one is."""
    assert read_article({"title": "x", "subtitle": None}, {"articles": ["title"]}).to_dict() == {
        "id": "1",
        "title": "x",
        "subtitle": None,
    }


def test_unknown_nested_objects_become_dicts() -> None:
    """A nested object of an unknown type becomes a dict like the known ones."""
    read = read_article(attributes(blocks=[dict(POLL)]))
    assert read.to_dict()["blocks"] == [{"type": "polls", "question": "Why?"}]


def test_a_resource_prints_what_is_loaded() -> None:
    """The id and the loaded attributes are shown, relationships not."""
    read = read_article({"title": "x"}, {"articles": ["title"]}, relationships={})
    assert repr(read) == "Article(id='1', title='x')"


def test_a_nested_object_prints() -> None:
    """A nested object shows its attributes."""
    assert repr(read_article().cover) == "Image(url='https://blog.test/a.png', width=640)"


def test_resources_in_circles_print() -> None:
    """Printing resources that lead to each other ends, after they were joined, too."""
    document = walked(read_compound())
    assert repr(document.data[0].author) == "Person(id='1', name='Person 1', email=None)"


# --- pickle and copy ---


def walked(document: Document[tuple[Article, ...]]) -> Document[tuple[Article, ...]]:
    """Look at every relationship of every resource, so that all are joined."""
    for resource in (*document.data, *document.included):
        for field in type(resource)._fields:  # type: ignore[attr-defined]
            getattr(resource, field.name, None)
    return document


def repickled(value: Any) -> Any:
    """Return what comes back from a pickle."""
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("prepare", [lambda it: it, walked], ids=["unjoined", "joined"])
@pytest.mark.parametrize("again", [repickled, copy.deepcopy])
def test_a_graph_in_circles_is_copied_whole(
    again: Callable[[Any], Any], prepare: Callable[[Any], Any]
) -> None:
    """A copy of a graph is equal to it, and its circles lead within the copy."""
    original = prepare(read_compound()).data[0]
    copied = again(original)
    assert copied == original
    assert copied.author.mentor.mentor is copied.author
    assert copied.author is not original.author


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_resource_pickles(protocol: int) -> None:
    """A resource survives every protocol of pickling, with all it holds."""
    original = read_compound().data[0]
    again = pickle.loads(pickle.dumps(original, protocol))
    assert again == original
    assert (again.links, again.meta) == (original.links, original.meta)


def test_a_shallow_copy_shares_its_relations() -> None:
    """A copy is equal, and leads to the same resources."""
    original = read_compound().data[0]
    copied = copy.copy(original)
    assert copied == original
    assert copied is not original
    assert copied.author is original.author


def test_a_copy_keeps_the_three_states() -> None:
    """What was not loaded is not loaded in the copy, and null is null."""
    fields = {"articles": ["title"]}
    again = repickled(read_article({"title": "x", "due_on": None}, fields))
    assert again.due_on is None
    with pytest.raises(NotLoadedError):
        _ = again.subtitle


def test_nested_objects_pickle() -> None:
    """Nested objects, unknown ones too, survive pickling."""
    blocks = read_article(attributes(blocks=[image(alt="a"), dict(POLL)])).blocks
    assert repickled(blocks) == blocks


def test_an_unknown_resource_pickles() -> None:
    """A resource of an undeclared type survives pickling."""
    badge = read_compound().included[4]
    assert repickled(badge) == badge


@pytest.mark.parametrize("again", [repickled, copy.deepcopy])
def test_a_long_chain_is_copied(again: Callable[[Any], Any]) -> None:
    """A page of resources that lead from one to the next is copied, however long."""
    number = 1500
    data = [
        {
            "type": "comments",
            "id": str(one),
            "attributes": {"text": "x"},
            "relationships": {"parent": {"data": identifier("comments", str((one + 1) % number))}},
        }
        for one in range(number)
    ]
    comments = read_comments(data)
    assert all(one.parent for one in comments)
    assert again(comments) == comments


# --- made by hand ---


def test_a_resource_can_be_made_by_hand() -> None:
    """Tests of users make resources of values, relationships too."""
    values: dict[str, Any] = {"id": "1", "title": "x", "author": None, "comments": ()}
    made = Article(**values)
    assert (made.id, made.title, made.author, made.comments) == ("1", "x", None, ())


def test_a_resource_made_by_hand_equals_a_read_one() -> None:
    """A resource is its values, wherever they are from."""
    values: dict[str, Any] = {"id": "1", "name": "Person 1", "email": None}
    assert Person(**values) == read_one(person("1"), Person)


@pytest.mark.parametrize("name", ["titel", "_index", "_fields"])
def test_a_misspelt_field_is_refused(name: str) -> None:
    """A resource made by hand takes its own fields only."""
    values: dict[str, Any] = {"id": "1", name: "x"}
    with pytest.raises(TypeError, match=f"Article has no field {name!r}"):
        Article(**values)


@pytest.mark.parametrize("name", ["to_dict", "identifier", "wire_type"])
def test_what_is_no_field_is_refused(name: str) -> None:
    """A method or a constant of the class is no field either."""
    values: dict[str, Any] = {"id": "1", name: "x"}
    with pytest.raises(TypeError, match=f"Article has no field {name!r}"):
        Article(**values)


def test_a_resource_without_an_id_prints() -> None:
    """A resource made by hand without its id still prints."""
    values: dict[str, Any] = {"title": "x"}
    assert "title='x'" in repr(Article(**values))


def test_a_nested_object_can_be_made_by_hand() -> None:
    """Nested objects are made of values, too."""
    assert Image(url="https://blog.test/a.png", width=640) == read_article().cover
    assert Quote(text="a", source="b", said_on=None).to_dict() == {
        "text": "a",
        "source": "b",
        "said_on": None,
    }


def test_kinds_and_wire_names_are_told() -> None:
    """Every field says which specifier declared it and how it is called on the wire."""
    told = {field.name: (kind_of(field), wire_name(field)) for field in Article._fields}
    assert told["title"] == ("attribute", "title")
    assert told["reading_minutes"] == ("optional", "reading-time")
    assert told["reviewer"] == ("to_one", "reviewed-by")
    assert told["comments"] == ("to_many", "comments")
    assert told["shares"] == ("meta", "share-count")


@pytest.mark.parametrize("name", ["meta", "links", "relationships", "identifier"])
def test_a_field_covers_nothing_of_the_base(name: str) -> None:
    """A field named like a member of every resource is refused, and asks for a `wire` name."""
    model = type("Tag", (Resource,), {"__annotations__": {name: str}, name: from_meta()})
    with pytest.raises(TypeError):
        Registry().resource("tags")(model)
