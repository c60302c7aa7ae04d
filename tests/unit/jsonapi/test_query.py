"""Query parameters: checked by name and type, and written exactly."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal, TypedDict
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async.jsonapi import InvalidInputError, Registry, Resource, to_many, to_one
from didww_async.jsonapi.query import QueryEncoder, check_members
from tests.unit.jsonapi.blog import Article, ArticleFilter, Comment, Visibility, registry
from tests.unit.jsonapi.hostile import relaxed

SORTS = ("title", "published_at", "price")
ARTICLES = QueryEncoder(registry, Article, ArticleFilter, SORTS)
COMMENTS = QueryEncoder(registry, Comment)


def encode(**parameters: Any) -> str:
    """Return the query with its percent signs resolved, for those who read it."""
    return unquote(ARTICLES.encode(**parameters))


def refused(**parameters: Any) -> tuple[str, str]:
    """Return the field and the problem that the parameters are refused with."""
    encoder = parameters.pop("encoder", ARTICLES)
    with pytest.raises(InvalidInputError) as caught:
        encoder.encode(**parameters)
    return caught.value.field, caught.value.problem


# --- the whole ---


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"filter": None, "sort": None, "include": None, "fields": None, "page": None},
        {"filter": {}, "page": {}, "fields": {}},
        {"page": {"size": None, "number": None}},
    ],
)
def test_nothing_is_an_empty_query(parameters: Any) -> None:
    """Without parameters there is no query."""
    assert ARTICLES.encode(**parameters) == ""


def test_the_whole_query() -> None:
    """All parameters, in their order, letter by letter."""
    query = ARTICLES.encode(
        filter={
            "title": "a&b=c d/é+%",
            "tag": ["sql", "x y"],
            "draft": False,
            "published_at_gteq": datetime(2026, 4, 16, 10, tzinfo=UTC),
        },
        sort=["-published_at", "title"],
        include=["author", "comments.author"],
        fields={"articles": ["title", "author"], "people": "name"},
        page={"number": 2, "size": 50},
    )
    assert query == (
        "filter%5Btitle%5D=a%26b%3Dc%20d%2F%C3%A9%2B%25"
        "&filter%5Btag%5D=sql,x%20y"
        "&filter%5Bdraft%5D=false"
        "&filter%5Bpublished_at_gteq%5D=2026-04-16T10%3A00%3A00.000Z"
        "&sort=-published_at,title"
        "&include=author,comments.author"
        "&fields%5Barticles%5D=title,author"
        "&fields%5Bpeople%5D=name"
        "&page%5Bnumber%5D=2"
        "&page%5Bsize%5D=50"
    )


# --- filters ---


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ({"title": "x"}, "filter[title]=x"),
        ({"title": ""}, "filter[title]="),
        ({"title": " "}, "filter[title]= "),
        ({"title": "\U0001f600"}, "filter[title]=\U0001f600"),
        ({"tag": "sql"}, "filter[tag]=sql"),
        ({"tag": ["sql"]}, "filter[tag]=sql"),
        ({"tag": ("sql", "sets")}, "filter[tag]=sql,sets"),
        ({"word": [1, 2]}, "filter[word]=1,2"),
        ({"words": 0}, "filter[words]=0"),
        ({"words": -5}, "filter[words]=-5"),
        ({"draft": True}, "filter[draft]=true"),
        ({"draft": False}, "filter[draft]=false"),
        ({"price": Decimal("12.50")}, "filter[price]=12.50"),
        ({"due_on": date(2026, 5, 1)}, "filter[due_on]=2026-05-01"),
        ({"visibility": Visibility.STAFF_ONLY}, "filter[visibility]=staff"),
        ({"visibility": Visibility("friends")}, "filter[visibility]=friends"),
        (
            {"visibility": [Visibility.PUBLIC, "members"]},
            "filter[visibility]=public,members",
        ),
        ({"words": 1, "title": "b"}, "filter[words]=1&filter[title]=b"),
    ],
)
def test_a_filter_is_written(filters: Any, text: str) -> None:
    """Each kind of value has one way of being written, and the order stays."""
    assert encode(filter=filters) == text


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 4, 16, 10, tzinfo=UTC), "2026-04-16T10:00:00.000Z"),
        (datetime(2026, 4, 16, 10, 0, 0, 123_999, tzinfo=UTC), "2026-04-16T10:00:00.123Z"),
        (
            datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))),
            "2025-12-31T22:30:00.000Z",
        ),
    ],
)
def test_a_time_is_written_in_utc(time: datetime, text: str) -> None:
    """A time of any zone is the same instant in UTC, with milliseconds and a Z."""
    assert encode(filter={"published_at_gteq": time}) == f"filter[published_at_gteq]={text}"


def test_a_time_without_zone_is_refused() -> None:
    """A naive time would be another instant on every machine."""
    assert refused(filter={"published_at_gteq": datetime(2026, 4, 16)}) == (  # noqa: DTZ001
        "filter['published_at_gteq']",
        "the time has no zone; give an aware one, such as datetime.now(UTC)",
    )


def test_an_unknown_filter_is_refused() -> None:
    """A misspelt filter is named, with those that there are."""
    assert refused(filter={"titel": "x"}) == (
        "filter['titel']",
        f"there is no such name; use {', '.join(sorted(ArticleFilter.__annotations__))}",
    )


def test_a_type_without_filters_says_so() -> None:
    """Where nothing can be filtered by, the error says that."""
    assert refused(encoder=COMMENTS, filter={"text": "x"}) == (
        "filter['text']",
        "there is no such name; use none: this type has none",
    )


@pytest.mark.parametrize(
    ("filters", "field", "problem"),
    [
        ({"words": True}, "filter['words']", "takes int, not a boolean"),
        ({"words": "1"}, "filter['words']", "takes int, not a string"),
        ({"words": 1.0}, "filter['words']", "takes int, not a number"),
        ({"words": None}, "filter['words']", "takes int, not null"),
        ({"words": [1]}, "filter['words']", "takes int, not an array"),
        ({"word": [1, True]}, "filter['word']", "takes int or a list of them, not a boolean"),
        ({"word": "12"}, "filter['word']", "takes int or a list of them, not a string"),
        ({"draft": 1}, "filter['draft']", "takes bool, not a number"),
        ({"draft": "true"}, "filter['draft']", "takes bool, not a string"),
        ({"title": b"x"}, "filter['title']", "takes str, not bytes"),
        ({"title": ["x"]}, "filter['title']", "takes str, not an array"),
        ({"tag": ["x", None]}, "filter['tag']", "takes str or a list of them, not null"),
        ({"tag": [["x"]]}, "filter['tag']", "takes str or a list of them, not an array"),
        ({"tag": {"x"}}, "filter['tag']", "takes str or a list of them, not set"),
        ({"price": 12.5}, "filter['price']", "takes Decimal, not a number"),
        ({"price": "12.50"}, "filter['price']", "takes Decimal, not a string"),
        ({"due_on": "2026-05-01"}, "filter['due_on']", "takes date, not a string"),
        (
            {"published_at_gteq": date(2026, 5, 1)},
            "filter['published_at_gteq']",
            "takes datetime, not date",
        ),
        (
            {"visibility": 5},
            "filter['visibility']",
            "takes Visibility or str or a list of them, not a number",
        ),
        (
            {"tag": []},
            "filter['tag']",
            "the list is empty; leave it out, or give a value",
        ),
    ],
)
def test_a_filter_of_another_type_is_refused(filters: Any, field: str, problem: str) -> None:
    """A value that the filter does not take is refused, with what it takes."""
    assert refused(filter=filters) == (field, problem)


@pytest.mark.parametrize("item", ["a,b", ",", ""])
def test_an_item_with_a_comma_or_nothing_in_it_is_refused(item: str) -> None:
    """An item that would come apart at the server is refused."""
    assert refused(filter={"tag": ["x", item]}) == (
        "filter['tag']",
        "an item of a list may not be empty or hold a comma, which parts the items",
    )


@pytest.mark.parametrize("value", ["a,b", "draft,public"])
def test_a_single_value_is_no_list(value: str) -> None:
    """Where the server reads lists, one text with a comma would be two, and is refused."""
    assert refused(filter={"tag": value})[0] == "filter['tag']"


@pytest.mark.parametrize("filters", ["title=x", ["title"], [("title", "x")], 5])
def test_filters_come_as_a_mapping(filters: object) -> None:
    """Anything but a mapping is refused as such."""
    field, problem = refused(filter=filters)
    assert field == "filter"
    assert problem.startswith("takes a mapping, not ")


def test_the_value_is_not_told() -> None:
    """A refused value is described by its type only."""
    assert "s3cr3t" not in str(refused(filter={"words": "s3cr3t"}))


def test_half_a_surrogate_pair_is_refused() -> None:
    """Text that UTF-8 can't hold is the caller's error."""
    assert refused(filter={"title": "\ud800"}) == ("query", "the text has half a surrogate pair")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Decimal("1E+2"), id="exponent"),
        pytest.param(Decimal("NaN"), id="NaN"),
        pytest.param(Decimal("Infinity"), id="infinity"),
    ],
)
def test_money_is_written_as_in_bodies_or_refused(value: Decimal) -> None:
    """A decimal number is written in plain digits, as it is in a body; others are refused."""
    try:
        text = encode(filter={"price": value})
    except InvalidInputError:
        return
    assert text == "filter[price]=100"


def test_a_time_is_no_date() -> None:
    """A filter that takes a date takes no time."""
    time = datetime(2026, 4, 16, 10, tzinfo=UTC)
    assert refused(filter={"due_on": time})[0] == "filter['due_on']"


class NullableFilter(TypedDict, total=False):
    """A filter that takes nothing as well."""

    parent: str | None


def test_an_error_does_not_offer_what_it_refuses() -> None:
    """A filter that may be None is written, or its error does not say that it takes None."""
    encoder = QueryEncoder(registry, Article, NullableFilter)
    _, problem = refused(encoder=encoder, filter={"parent": 5})
    assert "None" not in problem or encoder.encode(filter={"parent": None})


class LiteralFilter(TypedDict, total=False):
    """A filter of a few values."""

    kind: Literal["a", "b"]


def test_a_filter_may_be_of_a_few_values() -> None:
    """A filter may be declared as one of a few values."""
    encoder = QueryEncoder(registry, Article, LiteralFilter)
    assert encoder.encode(filter={"kind": "a"}) == "filter%5Bkind%5D=a"


# --- sort ---


@pytest.mark.parametrize(
    ("sort", "text"),
    [
        ("title", "sort=title"),
        ("-title", "sort=-title"),
        ("-published_at,title", "sort=-published_at,title"),
        (["-published_at", "title"], "sort=-published_at,title"),
        (("price",), "sort=price"),
    ],
)
def test_a_sort_is_written(sort: Any, text: str) -> None:
    """Sorts come as text or a list, and each may turn round."""
    assert encode(sort=sort) == text


@pytest.mark.parametrize("name", ["titel", "--title", "+title", " title", "Title", "author"])
def test_an_unknown_sort_is_refused(name: str) -> None:
    """A sort that the type has not is refused with those that it has."""
    assert refused(sort=f"price,{name}") == (
        "sort",
        f"{name!r} is no sort of this type; use price, published_at, title",
    )


def test_a_type_without_sorts_says_so() -> None:
    """Where nothing can be sorted by, the error says that."""
    assert refused(encoder=COMMENTS, sort="text")[1].endswith("use none: this type has none")


@pytest.mark.parametrize("names", ["", ",", "title,", ",title", "title,,price", [], [""], [5]])
@pytest.mark.parametrize("parameter", ["sort", "include"])
def test_nothing_between_commas_is_refused(parameter: str, names: object) -> None:
    """Names are names; an empty one is refused."""
    assert refused(**{parameter: names}) == (
        parameter,
        "give names, with nothing empty between the commas",
    )


@pytest.mark.parametrize("parameter", ["sort", "include", "fields"])
def test_names_that_are_no_list_are_refused(parameter: str) -> None:
    """What is neither text nor a list is the caller's error."""
    refused(**{parameter: 5})


# --- include ---


@pytest.mark.parametrize(
    ("include", "text"),
    [
        ("author", "include=author"),
        ("author,comments", "include=author,comments"),
        (["author", "comments"], "include=author,comments"),
        ("reviewed-by", "include=reviewed-by"),
        ("comments.author", "include=comments.author"),
        ("comments.author.mentor.mentor", "include=comments.author.mentor.mentor"),
        ("author.articles.comments", "include=author.articles.comments"),
    ],
)
def test_an_include_is_written(include: Any, text: str) -> None:
    """Paths of relationships are written as they are."""
    assert encode(include=include) == text


@pytest.mark.parametrize(
    ("path", "type_", "step", "names"),
    [
        ("autor", "articles", "autor", "author, comments, reviewed-by"),
        ("title", "articles", "title", "author, comments, reviewed-by"),
        ("reviewer", "articles", "reviewer", "author, comments, reviewed-by"),
        ("author.mentors", "people", "mentors", "articles, mentor"),
        ("comments.author.x", "people", "x", "articles, mentor"),
        ("comments.", "comments", "", "author, parent, subject"),
        (".author", "articles", "", "author, comments, reviewed-by"),
        ("comments..author", "comments", "", "author, parent, subject"),
        ("author mentor", "articles", "author mentor", "author, comments, reviewed-by"),
    ],
)
def test_an_unknown_include_is_refused(path: str, type_: str, step: str, names: str) -> None:
    """Each step of a path is checked against the class it starts from."""
    assert refused(include=path) == (
        "include",
        f"{path!r}: {type_} has no relationship {step!r}; use {names}",
    )


def test_a_path_through_an_undeclared_type_is_not_checked() -> None:
    """Where no class tells more, a path is taken at its word."""
    own = Registry()

    @own.resource("tags")
    class Tag(Resource):
        owner: object = to_one("owners")

    assert QueryEncoder(own, Tag).encode(include="owner.what.ever") == "include=owner.what.ever"


def test_a_path_through_several_types_is_checked_against_all() -> None:
    """A relationship of any type that may be linked can be included."""
    assert COMMENTS.encode(include="subject.parent") == "include=subject.parent"


def test_a_relationship_without_types_is_included() -> None:
    """A relationship that names no types may lead anywhere."""
    own = Registry()

    @own.resource("tags")
    class Tag(Resource):
        things: object = to_many()

    assert QueryEncoder(own, Tag).encode(include="things.author") == "include=things.author"


def test_include_paths_are_told() -> None:
    """The checked paths are given as a list."""
    assert list(ARTICLES.include_paths("author,comments.author")) == ["author", "comments.author"]
    assert list(ARTICLES.include_paths(None)) == []


# --- fields ---


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ("title", "fields[articles]=title"),
        ("title,author", "fields[articles]=title,author"),
        (["title", "reading-time"], "fields[articles]=title,reading-time"),
        ({"articles": "title"}, "fields[articles]=title"),
        ({"people": ["name"]}, "fields[people]=name"),
        (
            {"people": "name", "articles": ["title"]},
            "fields[people]=name&fields[articles]=title",
        ),
        ({"badges": "label,any"}, "fields[badges]=label,any"),
    ],
)
def test_fields_are_written(fields: Any, text: str) -> None:
    """Bare names are those of the own type; a mapping tells others."""
    assert encode(fields=fields) == text


KNOWN_FIELDS = (
    "author, blocks, comments, cover, draft, due_on, price, published_at, reading-time, "
    "reviewed-by, settings, subtitle, tags, title, visibility, words"
)


@pytest.mark.parametrize("name", ["titel", "reading_minutes", "likes", "share-count", "id"])
def test_an_unknown_field_is_refused(name: str) -> None:
    """A field that a declared type has not is refused; `meta` and id are none."""
    assert refused(fields=["title", name]) == (
        "fields['articles']",
        f"has no field {name!r}; use {KNOWN_FIELDS}",
    )


def test_an_unknown_field_of_another_type_is_refused() -> None:
    """The fields of every declared type are checked."""
    assert refused(fields={"people": "nam"}) == (
        "fields['people']",
        "has no field 'nam'; use articles, email, mentor, name",
    )


@pytest.mark.parametrize("names", ["", "title,", [], [""]])
def test_empty_fields_are_refused(names: Any) -> None:
    """A fieldset without a name is refused."""
    assert refused(fields=names)[0] == "fields['articles']"


def test_fieldsets_are_told_for_the_decoder() -> None:
    """The checked fieldsets are given by type, as the decoder takes them."""
    assert ARTICLES.fieldsets("title,author") == {"articles": ["title", "author"]}
    assert ARTICLES.fieldsets(None) is None


# --- page ---


@pytest.mark.parametrize("number", [1, 50, 10**6])
def test_a_page_is_written(number: int) -> None:
    """Numbers and sizes of pages are whole numbers from 1."""
    assert encode(page={"size": number, "number": None}) == f"page[size]={number}"


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1"])
def test_an_impossible_page_is_refused(number: object) -> None:
    """There is no page before the first one."""
    assert refused(page={"size": number}) == (
        "page_size",
        f"takes a whole number from 1, not {number!r}",
    )


# --- members of other mappings ---


class Changes(TypedDict, total=False):
    """What can be changed."""

    title: str | None
    words: int


def test_members_are_checked_under_their_own_words() -> None:
    """The check serves other mappings, too, in the words of their callers."""
    with pytest.raises(InvalidInputError) as caught:
        check_members(Changes, {"titel": "x"}, "{}")
    assert str(caught.value) == "titel: there is no such name; use title, words"


def test_a_nullable_member_takes_none() -> None:
    """A member that may be None takes it, and says so in its error."""
    check_members(Changes, {"title": None}, "{}")
    with pytest.raises(InvalidInputError, match=r"^title: takes str or None, not a number$"):
        check_members(Changes, {"title": 5}, "{}")


def test_a_member_that_is_not_nullable_refuses_none() -> None:
    """A member that may not be None refuses it."""
    with pytest.raises(InvalidInputError, match=r"^words: takes int, not null$"):
        check_members(Changes, {"words": None}, "{}")


# --- there and back ---

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ITEM = TEXT.filter(lambda text: text and "," not in text)
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXT,
        "tag": TEXT.filter(lambda text: "," not in text) | st.lists(ITEM, min_size=1),
        "visibility": st.sampled_from(Visibility) | st.lists(ITEM.map(Visibility), min_size=1),
        "words": st.integers(),
        "word": st.lists(st.integers(), min_size=1),
        "draft": st.booleans(),
        "price": st.decimals(allow_nan=False, allow_infinity=False),
        "due_on": st.dates(),
        "published_at_gteq": st.datetimes(
            min_value=datetime(2, 1, 1),  # noqa: DTZ001
            max_value=datetime(9998, 1, 1),  # noqa: DTZ001
            timezones=ZONES,
        ),
    },
)
BACK: dict[str, Callable[[str], Any]] = {
    "words": int,
    "word": lambda text: [int(item) for item in text.split(",")],
    "draft": {"true": True, "false": False}.__getitem__,
    "price": Decimal,
    "due_on": date.fromisoformat,
    "published_at_gteq": datetime.fromisoformat,
}


def as_sent(value: Any) -> Any:
    """Return a value as the server can know it: times have milliseconds."""
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value


@relaxed
@given(FILTERS)
def test_filters_come_back(filters: dict[str, Any]) -> None:
    """A server that decodes the query gets what went in."""
    query = ARTICLES.encode(filter=filters)
    decoded = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else [])
    assert list(decoded) == [f"filter[{name}]" for name in filters]
    for name, value in filters.items():
        text = decoded[f"filter[{name}]"]
        read = BACK.get(name)
        texts = text.split(",") if isinstance(value, list) else text
        assert (read(text) if read else texts) == as_sent(value)


@relaxed
@given(FILTERS)
def test_a_query_is_ascii_and_safe(filters: dict[str, Any]) -> None:
    """A query holds nothing that would end it, or that a URL can't hold."""
    query = ARTICLES.encode(filter=filters)
    assert query.isascii()
    assert not set(query) & set(" #?[]/\\\"'<>+;\r\n\t")
    assert query.count("&") == max(len(filters) - 1, 0)


PATHS = st.lists(
    st.sampled_from(["author", "reviewed-by", "comments", "comments.author", "author.mentor"]),
    min_size=1,
    unique=True,
)
NAMES = st.lists(st.sampled_from(["title", "price", "reading-time", "author"]), min_size=1)


@relaxed
@given(
    st.lists(st.sampled_from(["title", "-title", "-price", "published_at"]), min_size=1),
    PATHS,
    NAMES,
    st.integers(1, 10**9),
    st.booleans(),
)
def test_names_come_back(
    sort: list[str],
    include: list[str],
    fields: list[str],
    number: int,
    as_text: bool,  # noqa: FBT001
) -> None:
    """Names that went in as a list or as text come back, and so does the page."""
    shape: Callable[[list[str]], Any] = ",".join if as_text else list
    query = ARTICLES.encode(
        sort=shape(sort), include=shape(include), fields=shape(fields), page={"number": number}
    )
    assert parse_qsl(query, strict_parsing=True) == [
        ("sort", ",".join(sort)),
        ("include", ",".join(include)),
        ("fields[articles]", ",".join(fields)),
        ("page[number]", str(number)),
    ]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.lists(st.text() | st.integers() | st.none()),
    st.dictionaries(st.text(), st.integers()),
    st.sets(st.text()),
)


@relaxed
@given(st.dictionaries(st.sampled_from(sorted(ArticleFilter.__annotations__)) | st.text(), JUNK))
def test_any_filter_is_written_or_refused(filters: dict[str, Any]) -> None:
    """Any value is written, or refused as the caller's error and no other."""
    try:
        query = ARTICLES.encode(filter=filters)
    except InvalidInputError:
        return
    assert len(query.split("&")) == max(len(filters), 1)
