"""Documents with anything wrong in them: a decode error or a document, and never a surprise."""

import copy
import pickle
from collections.abc import Iterator
from contextlib import suppress
from json import dumps
from typing import Any

import attrs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from didww_async.jsonapi import (
    Document,
    DocumentError,
    ErrorObject,
    NotLoadedError,
    ReadModel,
    Resource,
    UnknownResource,
)
from tests.unit.jsonapi.blog import SERIALIZER, Article, article, compound
from tests.unit.jsonapi.hostile import JUNK, mutations, positions, relaxed

many_examples = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
KEPT = ("meta", "links", "relationships", "unknown_attributes", "identifier")


def values(model: ReadModel) -> Iterator[object]:
    """Read everything that a model has; what is not loaded says so and no more."""
    for field in model._fields:
        with suppress(NotLoadedError):
            yield getattr(model, field.name)
    if isinstance(model, Resource):
        for name in KEPT:
            yield getattr(model, name)
    if isinstance(model, UnknownResource):
        yield from (model.type, model.attributes)


def explored(document: Document[Any]) -> None:
    """Read all that a document holds, and do all that one does with values."""
    data = document.data if isinstance(document.data, tuple) else (document.data,)
    for resource in (*data, *document.included):
        if resource is None:
            continue
        assert isinstance(resource, Resource)
        for value in values(resource):
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, ReadModel):
                    list(values(item))
        assert type(resource.id) is str
        assert resource.id
        resource.to_dict()
        hash(resource)
    assert repr(document)
    assert pickle.loads(pickle.dumps(document)) == document
    assert copy.deepcopy(document) == document


def read_anyhow(text: bytes, *, many: bool) -> None:
    """Read a body: a document that can be explored, or a decode error with a path."""
    read = SERIALIZER.decode_many if many else SERIALIZER.decode_optional
    refusal: DocumentError | None = None
    try:
        explored(read(text, Article))
    except DocumentError as error:
        refusal = error
    if refusal is not None:
        assert refusal.path.startswith("$") or refusal.problem == "the body is not JSON"
        assert pickle.loads(pickle.dumps(refusal)).args == refusal.args


@many_examples
@given(mutations(compound()))
def test_a_mutated_page_is_read_or_refused(document: object) -> None:
    """A page with a few places spoilt is a page or a decode error."""
    read_anyhow(dumps(document).encode(), many=True)


@many_examples
@given(mutations({"data": compound()["data"][0], "included": compound()["included"]}))
def test_a_mutated_resource_is_read_or_refused(document: object) -> None:
    """A single resource with a few places spoilt is a resource or a decode error."""
    read_anyhow(dumps(document).encode(), many=False)


@relaxed
@given(JUNK)
def test_any_json_is_read_or_refused(document: object) -> None:
    """Any JSON value is a document or a decode error."""
    read_anyhow(dumps(document).encode(), many=True)
    read_anyhow(dumps({"data": document}).encode(), many=False)
    read_anyhow(dumps({"data": [document]}).encode(), many=True)


@relaxed
@given(st.binary(max_size=64))
@example(b"\xef\xbb\xbf{}")
@example(b'{"data":[]}')
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    """Any bytes are a document or a decode error."""
    read_anyhow(text, many=True)


@relaxed
@given(st.data())
def test_a_body_with_a_wrong_byte_is_read_or_refused(data: st.DataObject) -> None:
    """A body in which a byte was changed, lost or added is a document or a decode error."""
    text = bytearray(dumps({"data": [article()]}).encode())
    place = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 2))
    text[place : place + length] = data.draw(st.binary(max_size=2))
    read_anyhow(bytes(text), many=True)


def test_every_single_place_is_checked() -> None:
    """Each place of a document, holding each kind of value, is a document or a decode error."""
    kinds: list[object] = [None, True, 0, 1.5, "", "x", [], {}, [None], {"type": "people"}]
    for number in range(len(positions(compound()))):
        for kind in kinds:
            document = compound()
            holder, key = positions(document)[number]
            holder[key] = kind
            read_anyhow(dumps(document).encode(), many=True)


def test_every_single_place_may_be_missing() -> None:
    """Each place of a document, missing, is a document or a decode error."""
    for number in range(len(positions(compound()))):
        document = compound()
        holder, key = positions(document)[number]
        del holder[key]
        read_anyhow(dumps(document).encode(), many=True)


def test_an_unspoilt_document_is_read() -> None:
    """The document that the others are made from is itself read, and wholly explored."""
    document = SERIALIZER.decode_many(dumps(compound()).encode(), Article)
    explored(document)
    assert (len(document.data), len(document.included)) == (2, 5)


ERRORS = {
    "errors": [
        {
            "id": "e1",
            "status": "422",
            "code": "105",
            "title": "Invalid",
            "detail": "is wrong",
            "source": {"pointer": "/data", "parameter": "sort"},
            "meta": {"a": 1},
            "links": {"about": "https://blog.test/errors/105"},
        },
        {"title": "Other"},
    ]
}


@settings(relaxed, max_examples=300)
@given(mutations(ERRORS) | JUNK)
def test_mutated_errors_are_read(document: object) -> None:
    """Reading errors gives error objects of texts, whatever came, and never raises."""
    for error in SERIALIZER.decode_errors(dumps(document).encode()):
        assert type(error) is ErrorObject
        assert isinstance(str(error), str)
        for name, value in attrs.asdict(error, recurse=False).items():
            assert type(value) is dict if name == "meta" else value is None or type(value) is str


@relaxed
@given(st.binary(max_size=64))
def test_errors_of_any_bytes_are_read(text: bytes) -> None:
    """Reading errors of any bytes never raises."""
    assert isinstance(SERIALIZER.decode_errors(text), tuple)
