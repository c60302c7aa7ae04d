"""The members of a document as values."""

import copy
import pickle
from typing import Any

import attrs
import pytest

from didww_async.jsonapi import Document, ErrorObject, Identifier, Link, Relationship
from tests.unit.jsonapi.blog import SERIALIZER, Article, article, body, read_compound

VALUES = [
    Identifier("articles", "1"),
    Link("https://blog.test/1"),
    Relationship(has_data=True, data=None, links={}, meta={}),
    ErrorObject(title="Invalid"),
    Document(data=(), meta={}, links={}, jsonapi={}),
]
names = [type(value).__name__ for value in VALUES]


@pytest.mark.parametrize("value", VALUES, ids=names)
def test_a_member_cannot_be_changed(value: Any) -> None:
    """No attribute of a document's member can be set."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, attrs.fields(type(value))[0].name, "other")


@pytest.mark.parametrize("value", VALUES, ids=names)
def test_a_member_pickles(value: object) -> None:
    """A pickled member is equal to itself afterwards."""
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", VALUES, ids=names)
def test_a_member_copies(value: object) -> None:
    """A deep copy of a member is equal to it."""
    assert copy.deepcopy(value) == value


@pytest.mark.parametrize(
    "value",
    [
        VALUES[0],
        *(pytest.param(value) for value in VALUES[1:]),
    ],
    ids=names,
)
def test_a_member_hashes(value: object) -> None:
    """An immutable member can stand in a set."""
    assert {value} == {value}


def test_identifiers_are_compared_by_type_and_id() -> None:
    """Two identifiers are the same if type and id are."""
    one = Identifier("articles", "1")
    assert one == Identifier("articles", "1")
    assert one not in {Identifier("articles", "2"), Identifier("people", "1")}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            ErrorObject(detail="is wrong", title="Invalid", pointer="/data/id"),
            "is wrong (/data/id)",
        ),
        (ErrorObject(title="Invalid", parameter="sort"), "Invalid (sort)"),
        (ErrorObject(title="Invalid", pointer="/data", parameter="sort"), "Invalid (/data)"),
        (ErrorObject(detail="is wrong"), "is wrong"),
        (ErrorObject(code="105"), "code 105"),
        (ErrorObject(pointer="/data/id"), ""),
        (ErrorObject(), ""),
    ],
)
def test_an_error_says_what_and_where(error: ErrorObject, text: str) -> None:
    """An error tells the best text that it has, and where that applies."""
    assert str(error) == text


def test_equal_documents_are_equal() -> None:
    """Two reads of one document are equal."""
    assert read_compound() == read_compound()


def test_documents_differ_by_their_meta() -> None:
    """Documents with other members are not equal."""
    document = read_compound()
    assert document != attrs.evolve(document, meta={"total": 3})


def test_a_compound_document_pickles() -> None:
    """A document whose resources refer to each other in circles survives pickling."""
    document = read_compound()
    assert pickle.loads(pickle.dumps(document)) == document


def test_a_compound_document_copies_deeply() -> None:
    """A deep copy joins its own resources, not those of the original."""
    document = read_compound()
    again = copy.deepcopy(document)
    assert again.data[0].author is again.included[0]
    assert again.included[0] is not document.included[0]


def test_a_document_shows_its_parts() -> None:
    """A document in circles prints, and ends."""
    assert "Person(id='1'" in repr(read_compound())


def test_documents_share_nothing() -> None:
    """What someone writes into one document's meta is not in the next document."""
    meta: Any = read_article_document().meta
    try:
        meta["leaked"] = True
    except TypeError:
        return
    try:
        assert read_article_document().meta == {}
    finally:
        meta.clear()


def read_article_document() -> Document[Any]:
    """Read a document that has data only."""
    return SERIALIZER.decode_one(body({"data": article()}), Article)
