"""A blog's API: resource types that are nobody's, and documents of them."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from json import dumps
from typing import Any, TypeAlias, TypedDict, TypeVar

from didww_async.jsonapi import (
    UNSET,
    Document,
    DocumentError,
    Fieldsets,
    JsonApiSerializer,
    NestedObject,
    OpenStrEnum,
    Registry,
    Resource,
    UnknownObject,
    Unset,
    from_meta,
    new_nested,
    new_resource,
    optional,
    relationship,
    to_many,
    to_one,
)

ResourceT = TypeVar("ResourceT", bound=Resource)
Json: TypeAlias = Any

registry = Registry()


class Visibility(OpenStrEnum):
    """Who may read an article."""

    PUBLIC = "public"
    MEMBERS = "members"
    STAFF_ONLY = "staff"


@registry.nested("images")
class Image(NestedObject):
    """A picture in an article."""

    url: str
    width: int | None = optional()


@registry.nested("quotes")
class Quote(NestedObject):
    """Someone's words in an article."""

    text: str
    source: str
    said_on: date | None = optional()


class UnknownBlock(UnknownObject):
    """A part of an article that is of another type."""

    __slots__ = ()


Block: TypeAlias = Image | Quote | UnknownBlock


@registry.resource("articles")
class Article(Resource):
    """What is written."""

    title: str
    price: Decimal
    visibility: Visibility
    published_at: datetime | None
    draft: bool
    words: int
    due_on: date | None = optional()
    subtitle: str | None = optional()
    reading_minutes: int | None = optional(wire="reading-time")
    tags: tuple[str, ...] | None = optional()
    blocks: tuple[Block, ...] | None = optional()
    cover: Image | None = optional()
    settings: Mapping[str, object] | None = optional()
    author: "Person | None" = to_one("people")
    reviewer: "Person | None" = to_one("people", wire="reviewed-by")
    comments: tuple["Comment", ...] = to_many("comments")
    likes: int = from_meta()
    shares: int | None = from_meta(wire="share-count")

    @property
    def headline(self) -> str:
        """The title in capitals."""
        return self.title.upper()


@registry.resource("people")
class Person(Resource):
    """Who writes."""

    name: str
    email: str | None
    mentor: "Person | None" = to_one("people")
    articles: tuple[Article, ...] = to_many("articles")


@registry.resource("comments")
class Comment(Resource):
    """What is said of an article or of another comment."""

    text: str
    author: Person | None = to_one("people")
    parent: "Comment | None" = to_one("comments")
    subject: "Article | Comment | None" = to_one("articles", "comments")


@new_nested("images")
class NewImage:
    """A picture to send."""

    url: str
    width: int | Unset = UNSET


@new_resource("articles")
class NewArticle:
    """An article to send."""

    title: str | None | Unset = UNSET
    price: Decimal | Unset = UNSET
    visibility: Visibility | Unset = UNSET
    published_at: datetime | None | Unset = UNSET
    due_on: date | Unset = UNSET
    words: int | Unset = UNSET
    draft: bool | Unset = UNSET
    tags: tuple[str, ...] | Unset = UNSET
    blocks: tuple[object, ...] | Unset = UNSET
    score: float | Unset = UNSET
    settings: Mapping[str, object] | Unset = UNSET
    author: object = relationship("people", default=UNSET)
    reviewer: object = relationship("people", wire="reviewed-by", default=UNSET)
    subject: object = relationship("articles", "comments", default=UNSET)
    comments: object = relationship("comments", many=True, default=UNSET)


class ArticleFilter(TypedDict, total=False):
    """Filters of a list of articles."""

    title: str
    tag: str | Sequence[str]
    visibility: Visibility | str | Sequence[Visibility | str]
    words: int
    word: int | Sequence[int]
    draft: bool
    price: Decimal
    due_on: date
    published_at_gteq: datetime


SERIALIZER = JsonApiSerializer(registry)


def body(document: Json) -> bytes:
    """Return a document as bytes."""
    return dumps(document).encode()


def identifier(type_: str, id_: str) -> Json:
    """Return an identifier as JSON."""
    return {"type": type_, "id": id_}


def image(**changes: Json) -> Json:
    """Return a picture as JSON."""
    return {"type": "images", "attributes": {"url": "https://blog.test/a.png"} | changes}


def quote(**changes: Json) -> Json:
    """Return a quote as JSON."""
    attributes = {"text": "So be it.", "source": "A book", "said_on": "1999-12-31"}
    return {"type": "quotes", "attributes": attributes | changes}


POLL = {"type": "polls", "attributes": {"question": "Why?"}, "extra": [1, None]}


def attributes(**changes: Json) -> Json:
    """Return all attributes of an article as JSON, some of them changed."""
    return {
        "title": "On joins",
        "price": "12.50",
        "visibility": "public",
        "published_at": "2026-04-16T10:00:00.250Z",
        "draft": False,
        "words": 1200,
        "due_on": "2026-05-01",
        "subtitle": "Two tables meet",
        "reading-time": 6,
        "tags": ["sql", "sets"],
        "blocks": [image(), quote(), deepcopy(POLL)],
        "cover": image(width=640),
        "settings": {"theme": {"dark": True}},
    } | changes


def required(**changes: Json) -> Json:
    """Return the attributes that an article never lacks, and the changed ones."""
    optional_names = ("due_on", "subtitle", "reading-time", "tags", "blocks", "cover", "settings")
    names = attributes()
    return {name: names[name] for name in names if name not in optional_names} | changes


def article(id_: str = "1", **members: Json) -> Json:
    """Return an article as JSON, without relationships unless they are given."""
    return {"type": "articles", "id": id_, "attributes": attributes()} | members


def person(id_: str = "1", **members: Json) -> Json:
    """Return a person as JSON."""
    named = {"name": f"Person {id_}", "email": None}
    return {"type": "people", "id": id_, "attributes": named} | members


def comment(id_: str = "1", **members: Json) -> Json:
    """Return a comment as JSON."""
    return {"type": "comments", "id": id_, "attributes": {"text": f"Comment {id_}"}} | members


def compound() -> Json:
    """Return two articles with all that hangs on them, in circles, and more."""
    return {
        "data": [
            article(
                "1",
                meta={"likes": 7, "share-count": 2, "rank": "high"},
                links={"self": "https://blog.test/articles/1", "next": None},
                relationships={
                    "author": {
                        "data": identifier("people", "1"),
                        "links": {"related": {"href": "https://blog.test/1", "meta": {"a": 1}}},
                        "meta": {"since": 2020},
                    },
                    "reviewed-by": {"data": None},
                    "comments": {
                        "data": [identifier("comments", "1"), identifier("comments", "2")]
                    },
                    "badges": {"data": [identifier("badges", "9")]},
                },
            ),
            article(
                "2",
                attributes=attributes(subtitle=None, published_at=None, mood="odd"),
                meta={"likes": 0},
                relationships={
                    "author": {"data": identifier("people", "2")},
                    "reviewed-by": {"links": {"self": "https://blog.test/r"}},
                    "comments": {"data": []},
                },
            ),
        ],
        "included": [
            person(
                "1",
                relationships={
                    "mentor": {"data": identifier("people", "2")},
                    "articles": {"data": [identifier("articles", "1")]},
                },
                links={"self": "https://blog.test/people/1"},
            ),
            person(
                "2",
                relationships={"mentor": {"data": identifier("people", "1")}},
                meta={"seen": True},
            ),
            comment(
                "1",
                relationships={
                    "author": {"data": identifier("people", "1")},
                    "parent": {"data": identifier("comments", "2")},
                    "subject": {"data": identifier("articles", "1")},
                },
                meta={},
            ),
            comment(
                "2",
                relationships={
                    "author": {"data": identifier("people", "77")},
                    "parent": {"data": identifier("comments", "2")},
                    "subject": {"data": identifier("comments", "1")},
                },
                meta={},
            ),
            {
                "type": "badges",
                "id": "9",
                "attributes": {"label": "Gold"},
                "relationships": {"owner": {"data": identifier("people", "1")}},
                "meta": {"fresh": True},
            },
        ],
        "meta": {"total": 2},
        "links": {
            "self": "https://blog.test/articles",
            "next": {"href": "https://blog.test/articles?page=2", "meta": {"count": 9}},
            "prev": None,
        },
        "jsonapi": {"version": "1.0"},
    }


def read_one(
    data: Json, model: type[ResourceT], fields: Fieldsets | None = None, **members: Json
) -> ResourceT:
    """Read the one resource of a document."""
    return SERIALIZER.decode_one(body({"data": data} | members), model, fields).data


def read_article(
    attributes_: Json = None, fields: Fieldsets | None = None, **members: Json
) -> Article:
    """Read an article with these attributes and members."""
    values = attributes() if attributes_ is None else attributes_
    return read_one(article(attributes=values, **members), Article, fields)


def read_compound() -> Document[tuple[Article, ...]]:
    """Read the document with all in it."""
    return SERIALIZER.decode_many(body(compound()), Article)


def failure(document: Json, *, many: bool = True) -> tuple[str, str]:
    """Return the problem and the path of the error that a document is refused with."""
    read = SERIALIZER.decode_many if many else SERIALIZER.decode_one
    try:
        read(body(document), Article)
    except DocumentError as error:
        return error.problem, error.path
    return "", ""
