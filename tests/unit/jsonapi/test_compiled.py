"""The fast path gives what the plain loop gives, for whatever comes."""

from copy import deepcopy
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from didww_async.jsonapi import (
    DocumentError,
    NestedObject,
    ReadModel,
    Registry,
    Resource,
    make_converter,
    optional,
    structure,
)
from didww_async.jsonapi.compiled import Hook, compile_reader
from tests.unit.jsonapi.blog import Article, Image, Quote, attributes, image, quote, required
from tests.unit.jsonapi.hostile import JUNK, mutations, relaxed


def readers(model: type[ReadModel]) -> tuple[Hook, Hook]:
    """Return the fast reader of a class and the plain one behind it."""
    plain: list[Hook] = []

    def keep(model: Any, plan: Any, optional: Any, explain: Hook) -> Hook:
        plain.append(explain)
        return compile_reader(model, plan, optional, explain)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "compile_reader", keep)
        fast = structure.attributes_hook(model, make_converter())
    return fast, plain[-1]


def outcome(read: Hook, value: object, asked: object) -> object:
    """Return all that a reader made of a value, or all it said against it."""
    try:
        made = read(value, asked)
    except DocumentError as error:
        return error.problem, error.path
    loaded = dict(made.loaded())
    return type(made), repr(loaded), loaded, dict(made.unknown_attributes)


ARTICLE = readers(Article)
QUOTE = readers(Quote)
FIELDSETS = st.none() | st.lists(
    st.sampled_from(["title", "subtitle", "reading-time", "due_on", "tags", "odd"]), max_size=4
)
VALID = st.fixed_dictionaries(
    {
        "title": st.text(),
        "price": st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
        "visibility": st.sampled_from(["public", "Public", "friends"]) | st.text(),
        "published_at": st.none() | st.sampled_from(["2026-04-16T10:00:00Z"]),
        "draft": st.booleans(),
        "words": st.integers(),
    },
    optional={
        "due_on": st.none() | st.dates().map(str),
        "subtitle": st.none() | st.text(),
        "reading-time": st.none() | st.integers(),
        "tags": st.none() | st.lists(st.text()),
        "blocks": st.none() | st.just([image(), quote(), {"type": "polls"}]),
        "cover": st.none() | st.just(image(width=3)),
        "settings": st.none() | st.dictionaries(st.text(), st.none()),
        "mood": st.none() | st.integers(),
        "reading_minutes": st.integers(),
    },
)


def shuffled(value: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the same object with its members in any order."""
    return st.permutations(list(value.items())).map(dict)


@relaxed
@given(VALID.flatmap(shuffled), FIELDSETS)
def test_valid_attributes_are_read_alike(value: dict[str, Any], asked: list[str] | None) -> None:
    """What is right is read to the same values by both."""
    fast, plain = ARTICLE
    assert outcome(fast, value, asked) == outcome(plain, value, asked)


@relaxed
@given(st.data(), FIELDSETS)
def test_fieldsets_mean_the_same_to_both(data: st.DataObject, asked: list[str] | None) -> None:
    """Whichever attributes are absent, both leave the same ones unloaded."""
    value = data.draw(VALID)
    absent = data.draw(st.sets(st.sampled_from(sorted(value))))
    sparse = {name: item for name, item in value.items() if name not in absent}
    fast, plain = ARTICLE
    assert outcome(fast, sparse, asked) == outcome(plain, sparse, asked)


@settings(relaxed, max_examples=300)
@given(mutations(attributes()), FIELDSETS)
def test_mutated_attributes_are_read_alike(value: object, asked: list[str] | None) -> None:
    """What is wrong is refused by both, in the same words and at the same place."""
    fast, plain = ARTICLE
    first = outcome(fast, deepcopy(value), asked)
    assert first == outcome(plain, value, asked)


@settings(relaxed, max_examples=200)
@given(mutations(quote()["attributes"]))
def test_mutated_nested_attributes_are_read_alike(value: object) -> None:
    """The same holds for nested objects."""
    fast, plain = QUOTE
    assert outcome(fast, value, None) == outcome(plain, value, None)


@relaxed
@given(JUNK)
@example([])
@example("title")
@example({})
def test_anything_is_read_alike(value: object) -> None:
    """Any JSON value at all is the same to both."""
    fast, plain = ARTICLE
    assert outcome(fast, value, None) == outcome(plain, value, None)


def test_a_second_read_is_like_the_first() -> None:
    """What is remembered from one read gives the same in the next one."""
    fast, plain = readers(Article)
    first = outcome(fast, attributes(), None)
    assert outcome(fast, attributes(), None) == first == outcome(plain, attributes(), None)


def test_texts_that_nearly_agree_are_remembered_apart() -> None:
    """Neither case nor trailing zeros of a value that was read before slip into another."""
    fast, _ = readers(Article)
    for visibility, price in (("Friends", "1.0"), ("friends", "1.00"), ("FRIENDS", "1")):
        made = fast(attributes(visibility=visibility, price=price), None)
        assert (str(made.visibility), str(made.price)) == (visibility, price)


@pytest.mark.parametrize(
    "name",
    ["price", "visibility", "due_on", "title", "draft", "published_at", "words", "reading-time"],
)
@pytest.mark.parametrize("value", [["a"], {"a": 1}, 1, True, 1.5, "", None])
def test_odd_values_do_not_trip_the_memory(name: str, value: object) -> None:
    """A value that can't be looked up in a dict is refused like any other."""
    fast, plain = ARTICLE
    outcome(fast, attributes(), None)
    odd = attributes(**{name: value})
    assert outcome(fast, odd, None) == outcome(plain, odd, None)


def test_the_fast_path_reads_what_was_declared() -> None:
    """An object that holds what was declared never reaches the plain loop."""
    model = cast("Any", Article)
    plan = structure.fill_plan(model, make_converter(), structure.ATTRIBUTE_KINDS)
    slow: list[object] = []
    names = frozenset({"due_on", "subtitle", "reading-time", "tags", "blocks", "cover", "settings"})
    read = compile_reader(model, plan, names, lambda value, _: slow.append(value))
    for value in (attributes(), required(), attributes(published_at=None, subtitle=None)):
        assert read(value, None).title == "On joins"
    assert slow == []


@pytest.mark.parametrize(
    "value", [attributes(mood=1), {"title": "x"}, attributes(price=5), None, [], "x"]
)
def test_everything_else_is_left_to_the_plain_loop(value: Any) -> None:
    """Unknown, missing and wrong attributes are told by the plain loop, as are other values."""
    model = cast("Any", Article)
    plan = structure.fill_plan(model, make_converter(), structure.ATTRIBUTE_KINDS)
    slow: list[tuple[object, object]] = []
    names = frozenset({"due_on", "subtitle", "reading-time", "tags", "blocks", "cover", "settings"})
    read = compile_reader(model, plan, names, lambda value, asked: slow.append((value, asked)))
    read(value, ["title"])
    assert slow == [(value, ["title"])]


def test_few_fields_need_no_fast_path() -> None:
    """A class of fewer than two required fields is read by the plain loop."""
    fast, plain = readers(Image)
    assert fast is plain


def test_a_class_without_fields_is_read() -> None:
    """A class that declares nothing keeps all as unknown."""
    own = Registry()

    @own.nested("nothing")
    class Nothing(NestedObject):
        pass

    @own.resource("empty")
    class Empty(Resource):
        pass

    for model in (Nothing, Empty):
        fast, _ = readers(model)
        assert fast({"a": 1}, None).unknown_attributes == {"a": 1}


def test_a_failed_read_leaves_nothing_behind() -> None:
    """An object that is refused half-way through spoils no later one."""
    fast, _ = readers(Article)
    with pytest.raises(DocumentError):
        fast(attributes(words="many"), None)
    assert dict(fast(required(price="1.00"), None).loaded())["price"] == Decimal("1.00")


def test_only_optional_fields_are_read() -> None:
    """A class whose fields are all optional is read, and tells absent from not asked for."""
    own = Registry()

    @own.nested("hints")
    class Hint(NestedObject):
        one: str | None = optional()
        two: str | None = optional()
        three: str | None = optional()

    fast, _ = readers(Hint)
    made = fast({"one": "x"}, ["one", "two"])
    assert dict(made.loaded()) == {"one": "x", "two": None}
