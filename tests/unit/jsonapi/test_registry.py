"""Declaring which class stands for which type."""

import attrs
import pytest

from didww_async.jsonapi import (
    UNSET,
    JsonApiSerializer,
    NestedObject,
    Registry,
    Resource,
    UnknownResource,
    Unset,
    new_resource,
    optional,
    to_one,
)
from tests.unit.jsonapi.blog import (
    SERIALIZER,
    Article,
    Comment,
    Image,
    NewArticle,
    Person,
    article,
    body,
    registry,
)


def test_a_class_is_found_by_its_type() -> None:
    """A declared class is found by the type it stands for."""
    assert registry.get("articles") is Article


def test_an_undeclared_type_has_no_class() -> None:
    """A type that nobody declared has no class."""
    assert registry.get("badges") is None


def test_a_registry_lists_its_classes() -> None:
    """Iteration gives the classes in the order of their declaration, nested ones not."""
    assert list(registry) == [Article, Person, Comment]


def test_a_type_is_declared_once() -> None:
    """A second class for one type is refused by name."""
    again = registry.resource("articles")
    with pytest.raises(TypeError, match="'articles' is declared twice"):
        again(type("Other", (Resource,), {}))


def test_registries_are_apart() -> None:
    """The same document is of unknown types to the registry of another API."""
    other = JsonApiSerializer(Registry())
    assert isinstance(other.decode_one(body({"data": article()}), Resource).data, UnknownResource)


def test_a_type_may_be_declared_after_the_first_read() -> None:
    """A serializer sees a class that was declared after it met the type."""
    late = Registry()
    serializer = JsonApiSerializer(late)
    document = body({"data": {"type": "tags", "id": "1", "attributes": {"name": "sql"}}})
    serializer.decode_one(document, Resource)

    @late.resource("tags")
    class Tag(Resource):
        name: str

    assert serializer.decode_one(document, Tag).data.name == "sql"


def test_a_class_knows_its_type() -> None:
    """A declared class carries the type it stands for."""
    assert (Article.wire_type, Image.wire_type) == ("articles", "images")


def test_a_declared_class_has_slots() -> None:
    """Resources carry no dict: there may be very many of them."""
    assert not hasattr(Article.__new__(Article), "__dict__")


def test_what_is_sent_is_frozen() -> None:
    """A resource that is written can't be changed after its checks."""
    new = NewArticle(title="On joins")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        new.title = "Other"  # type: ignore[misc]


def test_what_is_sent_takes_names_only() -> None:
    """A resource that is written takes its fields by name."""
    with pytest.raises(TypeError):
        NewArticle("On joins")  # type: ignore[call-arg]


def test_a_misspelt_field_is_refused() -> None:
    """A field that is not declared is refused at once."""
    with pytest.raises(TypeError, match="titel"):
        NewArticle(titel="On joins")  # type: ignore[call-arg]


def test_what_is_sent_is_compared_by_value() -> None:
    """Two resources to write are equal if all their fields are."""
    assert NewArticle(title="a") == NewArticle(title="a") != NewArticle(title="b")


def test_a_written_class_may_have_checks_of_its_own() -> None:
    """Validators of attrs run when a resource to write is made."""

    @new_resource("tags")
    class NewTag:
        name: str = attrs.field(validator=attrs.validators.min_len(1))
        note: str | Unset = UNSET

    with pytest.raises(ValueError, match="name"):
        NewTag(name="")


def test_wire_names_never_become_code() -> None:
    """Any name may stand on the wire; none is run."""
    odd = Registry()
    wire = "x'); raise SystemExit  # \n\"\\"

    @odd.resource("odd")
    class Odd(Resource):
        one: str
        two: str
        three: str | None = optional(wire=wire)
        four: "Odd | None" = to_one("odd", wire="a.b c")

    data = {
        "type": "odd",
        "id": "1",
        "attributes": {"one": "1", "two": "2", wire: "3"},
        "relationships": {"a.b c": {"data": None}},
    }
    read = JsonApiSerializer(odd).decode_one(body({"data": data}), Odd).data
    assert (read.three, read.four) == ("3", None)


def test_annotations_may_be_text() -> None:
    """A class of a module with `from __future__ import annotations` reads like any other."""
    own = Registry()

    @own.resource("tags")
    class Tag(Resource):
        size: "int"

    data = {"type": "tags", "id": "1", "attributes": {"size": 3}}
    assert JsonApiSerializer(own).decode_one(body({"data": data}), Tag).data.size == 3


def test_a_type_that_no_hook_reads_is_refused_in_our_words() -> None:
    """A field of a type that can't be read is a `TypeError`, when declared or when read."""
    own = Registry()

    def declare_and_read() -> None:
        @own.resource("tags")
        class Tag(Resource):
            size: complex | bytes

        data = {"type": "tags", "id": "1", "attributes": {"size": 3}}
        JsonApiSerializer(own).decode_one(body({"data": data}), Tag)

    with pytest.raises(TypeError):
        declare_and_read()


def test_a_nested_object_is_no_resource() -> None:
    """Nested classes are not found by the type of a resource."""
    assert issubclass(Image, NestedObject)
    assert registry.get("images") is None


def test_a_base_class_reads_several_types() -> None:
    """Primary data may be of any class below the one that is asked for."""
    assert isinstance(SERIALIZER.decode_one(body({"data": article()}), Resource).data, Article)
