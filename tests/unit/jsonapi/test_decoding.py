"""Reading documents: what is taken, and where exactly the rest goes wrong."""

import traceback
from typing import Any

import pytest

from didww_async.jsonapi import (
    DocumentError,
    Identifier,
    JsonApiSerializer,
    Link,
    Registry,
    Relationship,
    Resource,
    UnknownResource,
    from_meta,
    make_converter,
)
from tests.unit.jsonapi.blog import (
    SERIALIZER,
    Article,
    Comment,
    Person,
    article,
    attributes,
    body,
    comment,
    compound,
    failure,
    identifier,
    person,
    read_article,
    read_compound,
    read_one,
    required,
)

GONE = object()


def changed(document: Any, *steps: str | int, to: object) -> Any:
    """Return the document with another value at the end of these steps, or without it."""
    holder = document
    for step in steps[:-1]:
        holder = holder[step]
    if to is GONE:
        del holder[steps[-1]]
    else:
        holder[steps[-1]] = to
    return document


# --- primary data ---


def test_one_resource_is_read() -> None:
    """Primary data may be one resource."""
    assert SERIALIZER.decode_one(body({"data": article("5")}), Article).data.id == "5"


def test_many_resources_are_read_in_order() -> None:
    """Primary data may be an array; its order stays."""
    document = body({"data": [article("2"), article("1")]})
    assert [one.id for one in SERIALIZER.decode_many(document, Article).data] == ["2", "1"]


def test_no_resources_are_read() -> None:
    """Primary data may be an empty array."""
    assert SERIALIZER.decode_many(b'{"data":[]}', Article).data == ()


def test_null_is_read_where_it_is_allowed() -> None:
    """Primary data may be null where the caller is ready for that."""
    assert SERIALIZER.decode_optional(b'{"data":null}', Article).data is None


def test_a_resource_is_read_where_null_is_allowed() -> None:
    """Where null is allowed, a resource is read as well."""
    read = SERIALIZER.decode_optional(body({"data": article()}), Article).data
    assert read == read_article()


def test_an_absent_object_of_attributes_is_allowed() -> None:
    """A resource may come without attributes."""
    assert read_one(identifier("articles", "1"), Article).identifier == Identifier("articles", "1")


def test_unknown_members_are_ignored() -> None:
    """Members that JSON:API 1.0 does not know fail nothing, at any level."""
    document = compound() | {"extra": 1}
    document["data"][0]["extra"] = [1]
    document["data"][0]["relationships"]["author"]["extra"] = {}
    document["data"][0]["relationships"]["author"]["data"]["meta"] = {"a": 1}
    assert SERIALIZER.decode_many(body(document), Article) == read_compound()


def test_resources_of_several_classes_are_read_as_their_own() -> None:
    """An array of several types is read by the class of each one."""
    document = body({"data": [article(), person(), {"type": "badges", "id": "1"}]})
    read = SERIALIZER.decode_many(document, Resource).data
    assert [type(one) for one in read] == [Article, Person, UnknownResource]


def test_the_same_id_of_two_types_is_no_repetition() -> None:
    """Type and id together tell resources apart."""
    document = body({"data": [article("1"), person("1")]})
    assert len(SERIALIZER.decode_many(document, Resource).data) == 2


# --- beside the primary data ---


def test_a_document_has_its_meta() -> None:
    """The document's `meta` is kept as parsed."""
    assert read_compound().meta == {"total": 2}


def test_a_document_has_its_links() -> None:
    """Links may be strings, objects or null, and are told apart."""
    assert read_compound().links == {
        "self": Link("https://blog.test/articles"),
        "next": Link("https://blog.test/articles?page=2", {"count": 9}),
        "prev": None,
    }


def test_a_link_is_kept_letter_by_letter() -> None:
    """A link is followed as the server wrote it: nothing in it is decoded."""
    href = "HTTPS://Blog.test/a%2cb?x=%C3%A9&&y=+#top"
    read = SERIALIZER.decode_one(body({"data": article(), "links": {"self": href}}), Article)
    assert read.links["self"] == Link(href)


def test_a_document_tells_its_version() -> None:
    """The `jsonapi` member is kept as parsed."""
    assert read_compound().jsonapi == {"version": "1.0"}


def test_a_document_has_what_was_included() -> None:
    """Included resources are read, in their order, of unknown types, too."""
    included = read_compound().included
    assert [type(one) for one in included] == [Person, Person, Comment, Comment, UnknownResource]


@pytest.mark.parametrize("name", ["meta", "links", "jsonapi"])
@pytest.mark.parametrize("value", [GONE, None, {}], ids=["absent", "null", "empty"])
def test_what_is_not_there_is_empty(name: str, value: object) -> None:
    """An absent, null or empty member is an empty mapping."""
    read = SERIALIZER.decode_many(body(changed(compound(), name, to=value)), Article)
    assert getattr(read, name) == {}


@pytest.mark.parametrize("members", [{}, {"included": None}, {"included": []}])
def test_nothing_included_is_an_empty_tuple(members: Any) -> None:
    """A document without included resources has an empty tuple of them."""
    assert SERIALIZER.decode_one(body({"data": article()} | members), Article).included == ()


def test_a_resource_has_its_meta_and_links() -> None:
    """A resource's own `meta` and `links` are kept."""
    read = read_compound().data[0]
    assert read.meta == {"likes": 7, "share-count": 2, "rank": "high"}
    assert read.links == {"self": Link("https://blog.test/articles/1"), "next": None}


def test_a_resource_without_more_has_nothing_more() -> None:
    """A resource of type, id and attributes has empty meta, links and relationships."""
    read = read_article()
    assert (read.meta, read.links, read.relationships) == ({}, {}, {})


def test_a_relationship_is_told_in_full() -> None:
    """Linkage, links and meta of a relationship are kept."""
    assert read_compound().data[0].relationships["author"] == Relationship(
        has_data=True,
        data=Identifier("people", "1"),
        links={"related": Link("https://blog.test/1", {"a": 1})},
        meta={"since": 2020},
    )


def test_links_alone_are_no_linkage() -> None:
    """A relationship of links only says nothing of what it leads to."""
    found = read_compound().data[1].relationships["reviewed-by"]
    assert (found.has_data, found.data) == (False, None)


def test_null_linkage_is_linkage() -> None:
    """A relationship to nothing says so."""
    found = read_compound().data[0].relationships["reviewed-by"]
    assert (found.has_data, found.data) == (True, None)


def test_relationships_are_read_without_attributes() -> None:
    """A resource may tell its relationships and no attributes, as with a sparse fieldset."""
    data = identifier("articles", "1") | {"relationships": {"author": {"data": None}}}
    assert read_one(data, Article).author is None


def test_meta_is_read_without_attributes() -> None:
    """A resource may tell its meta and no attributes."""
    assert read_one(identifier("articles", "1") | {"meta": {"likes": 7}}, Article).likes == 7


def test_links_are_read_without_attributes() -> None:
    """A resource may tell its links and no attributes."""
    data = identifier("articles", "1") | {"links": {"self": "https://blog.test/1"}}
    assert read_one(data, Article).links == {"self": Link("https://blog.test/1")}


@pytest.mark.parametrize("name", ["relationships", "meta", "links"])
def test_wrong_members_are_refused_without_attributes(name: str) -> None:
    """What stands beside absent attributes is checked like everywhere."""
    document = {"data": identifier("articles", "1") | {name: 5}}
    assert failure(document, many=False)[1] == f"$.data.{name}"


def test_relationships_without_attributes_are_read_of_a_fuller_resource() -> None:
    """Relationships and links, and still no attributes, are read."""
    data = identifier("articles", "1") | {"relationships": {"author": {"data": None}}, "links": {}}
    assert read_one(data, Article).author is None


def test_an_unknown_resource_of_three_members_is_read() -> None:
    """A resource of an undeclared type keeps its relationships without attributes."""
    data = identifier("badges", "1") | {"relationships": {"owner": {"data": None}}}
    assert read_one(data, UnknownResource).relationships["owner"].has_data


def test_a_nullable_meta_field_may_be_null() -> None:
    """A member of `meta` that may be null is read as `None`."""
    assert read_article(meta={"share-count": None}).shares is None


# --- wrong shapes ---

D0 = ("data", 0)
D1 = ("data", 1)
A1 = (*D1, "attributes")
R0 = (*D0, "relationships")
I0 = ("included", 0)

WRONG: list[tuple[tuple[str | int, ...], object, str, str]] = [
    (("data",), 5, "$.data", "expected an array, got a number"),
    (("data",), None, "$.data", "expected an array, got null"),
    (("data",), {}, "$.data", "expected an array, got an object"),
    (("data",), GONE, "$", "expected a document with data, got one with neither data nor errors"),
    (("included",), {}, "$.included", "expected an array, got an object"),
    (("included",), "x", "$.included", "expected an array, got a string"),
    (("meta",), [], "$.meta", "expected an object, got an array"),
    (("jsonapi",), "1.0", "$.jsonapi", "expected an object, got a string"),
    (("links",), "x", "$.links", "expected an object, got a string"),
    (("links", "next"), 5, "$.links.next", "expected an object, got a number"),
    (("links", "next"), [], "$.links.next", "expected an object, got an array"),
    (("links", "next"), {}, "$.links.next.href", "expected a string, got null"),
    (("links", "next", "href"), 5, "$.links.next.href", "expected a string, got a number"),
    (("links", "next", "meta"), 5, "$.links.next.meta", "expected an object, got a number"),
    (D1, None, "$.data[1]", "expected a resource object, got null"),
    (D1, [], "$.data[1]", "expected a resource object, got an array"),
    (D0, "x", "$.data[0]", "expected a resource object, got a string"),
    ((*D1, "type"), GONE, "$.data[1].type", "expected a type in a string, got null"),
    ((*D1, "type"), 5, "$.data[1].type", "expected a type in a string, got a number"),
    ((*D1, "type"), "", "$.data[1].type", "expected a type in a string, got a string"),
    ((*D1, "type"), ["articles"], "$.data[1].type", "expected a type in a string, got an array"),
    ((*D1, "type"), "people", "$.data[1].type", "expected type 'articles', got another"),
    ((*D1, "type"), "badges", "$.data[1].type", "expected type 'articles', got another"),
    ((*D1, "id"), GONE, "$.data[1].id", "expected an id in a string, got null"),
    ((*D1, "id"), 2, "$.data[1].id", "expected an id in a string, got a number"),
    ((*D1, "id"), "", "$.data[1].id", "expected an id in a string, got a string"),
    ((*D1, "id"), "1", "$.data[1]", "a resource of this type and id stands here a second time"),
    (A1, None, "$.data[1].attributes", "expected an object, got null"),
    (A1, [], "$.data[1].attributes", "expected an object, got an array"),
    (A1, "title", "$.data[1].attributes", "expected an object, got a string"),
    ((*A1, "title"), None, "$.data[1].attributes.title", "expected a string, got null"),
    ((*A1, "title"), ["x"], "$.data[1].attributes.title", "expected a string, got an array"),
    (
        (*A1, "price"),
        12.5,
        "$.data[1].attributes.price",
        "expected a decimal number in a string, got a number",
    ),
    (
        (*A1, "price"),
        "NaN",
        "$.data[1].attributes.price",
        "expected a decimal number in a string, got another text",
    ),
    ((*A1, "visibility"), 1, "$.data[1].attributes.visibility", "expected a string, got a number"),
    ((*A1, "draft"), 1, "$.data[1].attributes.draft", "expected true or false, got a number"),
    ((*A1, "words"), True, "$.data[1].attributes.words", "expected a whole number, got a boolean"),
    ((*A1, "words"), 1.0, "$.data[1].attributes.words", "expected a whole number, got a number"),
    (
        (*A1, "published_at"),
        5,
        "$.data[1].attributes.published_at",
        "expected a time in a string, got a number",
    ),
    (
        (*A1, "due_on"),
        "soon",
        "$.data[1].attributes.due_on",
        "expected a date as YYYY-MM-DD in a string, got another text",
    ),
    (
        (*A1, "reading-time"),
        "6",
        "$.data[1].attributes.reading-time",
        "expected a whole number, got a string",
    ),
    ((*A1, "tags"), "sql", "$.data[1].attributes.tags", "expected an array, got a string"),
    ((*A1, "tags", 1), None, "$.data[1].attributes.tags[1]", "expected a string, got null"),
    ((*A1, "settings"), [], "$.data[1].attributes.settings", "expected an object, got an array"),
    ((*A1, "cover"), "x", "$.data[1].attributes.cover", "expected an object, got a string"),
    (
        (*A1, "cover", "type"),
        "quotes",
        "$.data[1].attributes.cover.type",
        "expected 'images', got another type",
    ),
    (
        (*A1, "cover", "attributes", "url"),
        5,
        "$.data[1].attributes.cover.attributes.url",
        "expected a string, got a number",
    ),
    (
        (*A1, "cover", "attributes"),
        None,
        "$.data[1].attributes.cover.attributes",
        "expected an object, got null",
    ),
    ((*A1, "blocks", 1), 5, "$.data[1].attributes.blocks[1]", "expected an object, got a number"),
    (
        (*A1, "blocks", 1, "type"),
        GONE,
        "$.data[1].attributes.blocks[1].type",
        "expected a string, got null",
    ),
    (
        (*A1, "blocks", 1, "attributes"),
        [],
        "$.data[1].attributes.blocks[1].attributes",
        "expected an object, got an array",
    ),
    (
        (*A1, "blocks", 1, "attributes", "said_on"),
        "1999-13-01",
        "$.data[1].attributes.blocks[1].attributes.said_on",
        "expected a date as YYYY-MM-DD in a string, got another text",
    ),
    (
        (*A1, "blocks", 2, "attributes"),
        "x",
        "$.data[1].attributes.blocks[2].attributes",
        "expected an object, got a string",
    ),
    ((*D0, "meta"), "x", "$.data[0].meta", "expected an object, got a string"),
    ((*D0, "meta", "likes"), "7", "$.data[0].meta.likes", "expected a whole number, got a string"),
    (
        (*D0, "meta", "share-count"),
        "2",
        "$.data[0].meta.share-count",
        "expected a whole number, got a string",
    ),
    ((*D0, "links"), [], "$.data[0].links", "expected an object, got an array"),
    ((*D0, "links", "self"), True, "$.data[0].links.self", "expected an object, got a boolean"),
    (R0, [], "$.data[0].relationships", "expected an object, got an array"),
    ((*R0, "author"), None, "$.data[0].relationships.author", "expected an object, got null"),
    (
        (*R0, "author", "data"),
        "1",
        "$.data[0].relationships.author.data",
        "expected an object, got a string",
    ),
    (
        (*R0, "author", "data"),
        [],
        "$.data[0].relationships.author.data",
        "expected an identifier or null, got an array",
    ),
    (
        (*R0, "author", "data", "type"),
        GONE,
        "$.data[0].relationships.author.data.type",
        "expected a string with something in it, got null",
    ),
    (
        (*R0, "author", "data", "id"),
        1,
        "$.data[0].relationships.author.data.id",
        "expected a string with something in it, got a number",
    ),
    (
        (*R0, "author", "links"),
        5,
        "$.data[0].relationships.author.links",
        "expected an object, got a number",
    ),
    (
        (*R0, "author", "links", "related", "href"),
        None,
        "$.data[0].relationships.author.links.related.href",
        "expected a string, got null",
    ),
    (
        (*R0, "author", "meta"),
        5,
        "$.data[0].relationships.author.meta",
        "expected an object, got a number",
    ),
    (
        (*R0, "comments", "data"),
        None,
        "$.data[0].relationships.comments.data",
        "expected an array of identifiers, got null",
    ),
    (
        (*R0, "comments", "data"),
        identifier("comments", "1"),
        "$.data[0].relationships.comments.data",
        "expected an array of identifiers, got an object",
    ),
    (
        (*R0, "comments", "data", 1, "id"),
        "",
        "$.data[0].relationships.comments.data[1].id",
        "expected a string with something in it, got a string",
    ),
    (
        (*R0, "badges", "data", 0),
        None,
        "$.data[0].relationships.badges.data[0]",
        "expected an object, got null",
    ),
    (I0, 5, "$.included[0]", "expected a resource object, got a number"),
    ((*I0, "id"), GONE, "$.included[0].id", "expected an id in a string, got null"),
    ((*I0, "type"), None, "$.included[0].type", "expected a type in a string, got null"),
    (
        (*I0, "id"),
        "2",
        "$.included[1]",
        "a resource of this type and id stands here a second time",
    ),
    (
        (*I0, "attributes", "name"),
        5,
        "$.included[0].attributes.name",
        "expected a string, got a number",
    ),
    (
        (*I0, "relationships", "mentor", "data", "id"),
        5,
        "$.included[0].relationships.mentor.data.id",
        "expected a string with something in it, got a number",
    ),
    (
        ("included", 4, "id"),
        5,
        "$.included[4].id",
        "expected a string with something in it, got a number",
    ),
    (
        ("included", 4, "attributes"),
        [],
        "$.included[4].attributes",
        "expected an object, got an array",
    ),
    (
        ("included", 4, "relationships", "owner", "data", "type"),
        "",
        "$.included[4].relationships.owner.data.type",
        "expected a string with something in it, got a string",
    ),
]


@pytest.mark.parametrize(
    ("steps", "value", "path", "problem"),
    WRONG,
    ids=[f"{row[2]}-{number}" for number, row in enumerate(WRONG)],
)
def test_a_wrong_shape_is_found(
    steps: tuple[str | int, ...], value: object, path: str, problem: str
) -> None:
    """Whatever is wrong is named, with the path to it."""
    assert failure(changed(compound(), *steps, to=value)) == (problem, path)


@pytest.mark.parametrize("document", [None, 5, "x", [], [article()], True])
def test_a_document_is_an_object(document: object) -> None:
    """Anything but an object at the top is no document."""
    assert failure(document)[1] == "$"


def test_an_error_document_has_no_data() -> None:
    """Errors where data is promised are said to be errors."""
    assert failure({"errors": []}) == (
        "expected a document with data, got one with errors",
        "$",
    )


def test_an_array_is_not_one_resource() -> None:
    """An array where one resource is promised is refused."""
    assert failure({"data": [article()]}, many=False) == (
        "expected a resource object, got an array",
        "$.data",
    )


def test_null_is_not_one_resource() -> None:
    """Null where a resource is promised is refused."""
    assert failure({"data": None}, many=False) == (
        "expected a resource object, got null",
        "$.data",
    )


def test_one_resource_has_a_path_without_a_number() -> None:
    """The path into a single resource has no index."""
    assert failure({"data": article(attributes=attributes(price=5))}, many=False)[1] == (
        "$.data.attributes.price"
    )


def test_a_primary_resource_may_not_be_included_again() -> None:
    """A resource stands in a document once."""
    document = {"data": article(), "included": [article()]}
    assert failure(document, many=False) == (
        "a resource of this type and id stands here a second time",
        "$.included[0]",
    )


@pytest.mark.parametrize("secret", ["s3cr3t", ["s3cr3t"], {"a": "s3cr3t"}], ids=type)
@pytest.mark.parametrize("steps", [row[0] for row in WRONG], ids=str)
def test_an_error_never_tells_the_value(steps: tuple[str | int, ...], secret: object) -> None:
    """The value that was refused is in no text of the error: it may be a secret."""
    told = ""
    try:
        SERIALIZER.decode_many(body(changed(compound(), *steps, to=secret)), Article)
    except DocumentError as error:
        told = f"{error!r} {''.join(traceback.format_exception(error))}"
    assert "s3cr3t" not in told


def test_a_hook_may_fail_as_it_likes() -> None:
    """Whatever a hook of the user's raises is a decode error without its text."""

    class Secret:
        pass

    def hook(value: object, _: object) -> Secret:
        raise KeyError(value)

    own = Registry()
    converter = make_converter()
    converter.register_structure_hook(Secret, hook)

    @own.resource("vaults")
    class Vault(Resource):
        content: Secret
        other: Secret = from_meta()

    serializer = JsonApiSerializer(own, converter)
    for members, path in (
        ({"attributes": {"content": "s3cr3t"}}, "$.data.attributes.content"),
        ({"attributes": {}, "meta": {"other": "s3cr3t"}}, "$.data.meta.other"),
    ):
        document = body({"data": identifier("vaults", "1") | members})
        with pytest.raises(DocumentError) as caught:
            serializer.decode_one(document, Vault)
        assert caught.value.args == ("can't be read (KeyError)", path)


def test_a_hook_of_the_user_is_used() -> None:
    """A converter with hooks of one's own reads types of one's own."""

    class Colour:
        def __init__(self, code: str) -> None:
            self.code = code

    own = Registry()
    converter = make_converter()
    converter.register_structure_hook(Colour, lambda value, _: Colour(value))

    @own.resource("paints")
    class Paint(Resource):
        colour: Colour
        under: Colour | None

    data = identifier("paints", "1") | {"attributes": {"colour": "#fff", "under": None}}
    read = JsonApiSerializer(own, converter).decode_one(body({"data": data}), Paint).data
    assert (read.colour.code, read.under) == ("#fff", None)


# --- size ---


def test_very_many_unknown_attributes_are_read() -> None:
    """200,000 attributes that no class knows are kept, beside those that one does."""
    unknown = {f"unknown-{number}": number for number in range(200_000)}
    read = read_article(required() | unknown)
    assert read.unknown_attributes == unknown
    assert read.title == "On joins"


def test_very_many_relationships_and_links_are_read() -> None:
    """50,000 relationships and links that no class knows are kept."""
    read = read_article(
        relationships={f"r{number}": {"data": None} for number in range(50_000)},
        links={f"l{number}": None for number in range(50_000)},
    )
    assert (len(read.relationships), len(read.links)) == (50_000, 50_000)


def test_very_many_types_are_not_remembered() -> None:
    """A server that sends ever new types does not fill the memory."""
    serializer = JsonApiSerializer(Registry())
    data = [{"type": f"type-{number}", "id": "1"} for number in range(1000)]
    assert len(serializer.decode_many(body({"data": data}), Resource).data) == 1000
    assert not serializer._reader._readers


def test_very_many_resources_are_joined() -> None:
    """20,000 comments of one author share that author."""
    data = [
        comment(str(number), relationships={"author": {"data": identifier("people", "1")}})
        for number in range(20_000)
    ]
    document = body({"data": data, "included": [person("1")]})
    read = SERIALIZER.decode_many(document, Comment).data
    assert len({id(one.author) for one in read}) == 1


# --- errors ---


def test_errors_are_read() -> None:
    """All members of an error object are read."""
    [error] = SERIALIZER.decode_errors(
        body(
            {
                "errors": [
                    {
                        "id": "e1",
                        "status": "422",
                        "code": "105",
                        "title": "Invalid",
                        "detail": "is wrong",
                        "source": {"pointer": "/data/attributes/price", "parameter": "sort"},
                        "meta": {"a": 1},
                    }
                ]
            }
        )
    )
    assert (error.id, error.status, error.code) == ("e1", "422", "105")
    assert (error.title, error.detail) == ("Invalid", "is wrong")
    assert (error.pointer, error.parameter) == ("/data/attributes/price", "sort")
    assert error.meta == {"a": 1}


def test_numbers_of_errors_become_text() -> None:
    """A status or code that comes as a number is read all the same."""
    [error] = SERIALIZER.decode_errors(b'{"errors":[{"status":422,"code":1.5}]}')
    assert (error.status, error.code) == ("422", "1.5")


def test_all_errors_are_read_in_order() -> None:
    """Every error object is read."""
    errors = SERIALIZER.decode_errors(b'{"errors":[{"title":"a"},{"title":"b"}]}')
    assert [error.title for error in errors] == ["a", "b"]


def test_an_odd_error_hides_no_other() -> None:
    """What is no error object is passed over."""
    errors = SERIALIZER.decode_errors(b'{"errors":[null,5,"x",[],{"title":"b"}]}')
    assert [error.title for error in errors] == ["b"]


@pytest.mark.parametrize("odd", [None, [], {}, {"a": 1}])
def test_an_odd_member_hides_no_other(odd: object) -> None:
    """A member of an odd type reads as absent, and the others stay."""
    names = ["id", "status", "code", "title", "source"]
    [error] = SERIALIZER.decode_errors(
        body({"errors": [dict.fromkeys(names, odd) | {"detail": "is wrong", "meta": 5}]})
    )
    assert error.detail == "is wrong"
    assert (error.id, error.status, error.code, error.title) == (None, None, None, None)
    assert (error.pointer, error.parameter, error.meta) == (None, None, {})


@pytest.mark.parametrize("source", [5, "x", ["pointer"], True])
def test_an_odd_source_hides_nothing(source: object) -> None:
    """A source that is no object reads as absent."""
    [error] = SERIALIZER.decode_errors(body({"errors": [{"title": "a", "source": source}]}))
    assert (error.title, error.pointer, error.parameter) == ("a", None, None)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"5",
        b"{}",
        b'{"errors":null}',
        b'{"errors":{}}',
        b'{"errors":"x"}',
        b'{"errors":[]}',
        b'{"data":[]}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_body_without_errors_has_none(text: bytes) -> None:
    """Any other body has no errors, and reading them raises none."""
    assert SERIALIZER.decode_errors(text) == ()


def test_errors_are_read_beside_data() -> None:
    """A document that holds data against the rules still tells its errors."""
    assert len(SERIALIZER.decode_errors(b'{"data":null,"errors":[{"title":"a"}]}')) == 1
