"""The codec's exceptions: what they say, and that they survive pickling."""

import pickle

import pytest

from didww_async.jsonapi import DocumentError, InvalidInputError, NotLoadedError
from didww_async.jsonapi.errors import describe


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "a number"),
        (1.5, "a number"),
        ("1", "a string"),
        ([], "an array"),
        ({}, "an object"),
        (b"", "bytes"),
    ],
)
def test_a_value_is_described_by_its_json_type(value: object, name: str) -> None:
    """A value is described by what JSON calls its type, and another by its class."""
    assert describe(value) == name


def test_document_error_says_problem_and_path() -> None:
    """A decode error tells what is wrong and where."""
    error = DocumentError("expected a string, got null", "$.data.id")
    assert str(error) == "expected a string, got null at $.data.id"


def test_document_error_without_path_is_about_the_whole() -> None:
    """A decode error without a path is about the document."""
    assert str(DocumentError("the body is not JSON")) == "the body is not JSON at $"


def test_document_error_names_what_stood_there() -> None:
    """What was expected and the type that came stand side by side."""
    error = DocumentError.expected("an id in a string", 5, ".id")
    assert (error.problem, error.path) == ("expected an id in a string, got a number", ".id")


def test_document_error_moves_outwards() -> None:
    """Seen from further out, the problem is the same and the path longer."""
    error = DocumentError("wrong", "[3].id").under(".data").under("$")
    assert (error.problem, error.path) == ("wrong", "$.data[3].id")


def test_invalid_input_names_the_field() -> None:
    """A refused value is named as the caller wrote it."""
    assert str(InvalidInputError("filter['tag']", "is empty")) == "filter['tag']: is empty"


@pytest.mark.parametrize(
    "error",
    [
        DocumentError("wrong", "$.data"),
        InvalidInputError("sort", "unknown"),
        NotLoadedError("articles.author is not loaded"),
    ],
)
def test_errors_pickle(error: Exception) -> None:
    """A pickled error comes back with all it said."""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("error", [DocumentError, InvalidInputError])
def test_errors_are_value_errors(error: type[Exception]) -> None:
    """Who knows nothing of this package may catch `ValueError`."""
    assert issubclass(error, ValueError)


def test_not_loaded_is_an_attribute_error() -> None:
    """`hasattr` and `getattr` with a default work with what was not loaded."""
    assert issubclass(NotLoadedError, AttributeError)
