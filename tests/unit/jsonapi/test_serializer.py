"""The codec as a client sees it, DIDWW's models among others."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

import didww_async.jsonapi
from didww_async import NewCapacityOrderItem, NewDidOrderItem, NewOrder, Order
from didww_async.jsonapi import (
    MEDIA_TYPE,
    Document,
    DocumentError,
    InvalidInputError,
    JsonApiSerializer,
    Serializer,
)
from didww_async.models.base import registry as didww_registry
from didww_async.models.order_items import CapacityOrderItem, DidOrderItem, UnknownOrderItem
from tests.unit.jsonapi.blog import SERIALIZER, Article, NewArticle, article, body, registry

DIDWW = JsonApiSerializer(didww_registry)

ORDER: Any = {
    "data": {
        "id": "9df11dac-9d83-448c-8866-19c998be33db",
        "type": "orders",
        "attributes": {
            "amount": "25.07",
            "status": "Completed",
            "created_at": "2018-12-28T16:12:33.216Z",
            "description": "DID",
            "reference": "SPT-474057",
            "items": [
                {
                    "type": "did_order_items",
                    "attributes": {
                        "qty": 1,
                        "nrc": "0.0",
                        "mrc": "0.29",
                        "prorated_mrc": False,
                        "billed_from": None,
                        "billed_to": None,
                        "did_group_id": "1db5a9e6-1d3e-4f5e-8f6e-1c8f2c1d8a3b",
                    },
                },
                {
                    "type": "capacity_order_items",
                    "attributes": {
                        "qty": 1,
                        "nrc": "25.0",
                        "mrc": "0.0",
                        "prorated_mrc": True,
                        "billed_from": "2018-12-28",
                        "billed_to": "2018-12-31",
                        "capacity_pool_id": "b7522a31-4bf3-4c23-81e8-e7a14b23663f",
                    },
                },
                {"type": "fax_order_items", "attributes": {"pages": 3}, "note": None},
            ],
        },
    },
    "meta": {"api_version": "2026-04-16"},
}


def test_the_serializer_is_what_a_client_needs() -> None:
    """The codec fits the protocol, which checkers hold it to."""
    serializer: Serializer = SERIALIZER
    assert serializer.media_type == MEDIA_TYPE == "application/vnd.api+json"


def test_every_public_name_is_there() -> None:
    """The package exports what it lists, in order."""
    names = didww_async.jsonapi.__all__
    assert all(hasattr(didww_async.jsonapi, name) for name in names)
    assert len(set(names)) == len(names)


READS: list[Callable[[bytes], object]] = [
    lambda text: SERIALIZER.decode_one(text, Article),
    lambda text: SERIALIZER.decode_optional(text, Article),
    lambda text: SERIALIZER.decode_many(text, Article),
]


@pytest.mark.parametrize("read", READS, ids=["one", "optional", "many"])
@pytest.mark.parametrize("text", [b"", b"<html>", b"\xff", b"null", b"{}", b"[" * 100_000])
def test_a_broken_body_is_a_decode_error(read: Callable[[bytes], object], text: bytes) -> None:
    """Whatever is wrong with a body is a decode error."""
    with pytest.raises(DocumentError):
        read(text)


def test_fieldsets_reach_the_reader() -> None:
    """All three ways of reading take the fieldsets."""
    one = body({"data": article(attributes={"title": "x"})})
    many = body({"data": [article(attributes={"title": "x"})]})
    fields = {"articles": ["title"]}
    optional = SERIALIZER.decode_optional(one, Article, fields).data
    for read in (
        SERIALIZER.decode_one(one, Article, fields).data,
        optional,
        SERIALIZER.decode_many(many, Article, fields).data[0],
    ):
        assert not hasattr(read, "subtitle")


def test_serializers_do_not_share_what_they_learnt() -> None:
    """Two serializers of one registry read alike."""
    document = body({"data": article()})
    assert JsonApiSerializer(registry).decode_one(document, Article) == SERIALIZER.decode_one(
        document, Article
    )


def test_a_refused_body_tells_why() -> None:
    """What can't be JSON is told by the JSON library's own words."""
    title: Any = object()
    with pytest.raises(InvalidInputError) as caught:
        SERIALIZER.encode_new(NewArticle(title=title))
    assert caught.value.field == "body"
    assert "not JSON serializable" in caught.value.problem


# --- DIDWW's models ---


def test_an_order_of_didww_is_read() -> None:
    """An order with its polymorphic items is read, those of unknown types too."""
    order = DIDWW.decode_one(body(ORDER), Order).data
    assert (order.amount, order.status, order.callback_url) == (Decimal("25.07"), "completed", None)
    assert [type(item) for item in order.items] == [
        DidOrderItem,
        CapacityOrderItem,
        UnknownOrderItem,
    ]


def test_an_order_of_didww_is_written() -> None:
    """A new order goes out as DIDWW documents it, an unknown item unchanged."""
    order = DIDWW.decode_one(body(ORDER), Order).data
    unknown = order.items[2]
    assert isinstance(unknown, UnknownOrderItem)
    new = NewOrder(
        items=(
            NewDidOrderItem(sku_id="s1", qty=2),
            NewCapacityOrderItem(capacity_pool_id="p1"),
            unknown,
        ),
        allow_back_ordering=False,
        external_reference_id=None,
    )
    assert DIDWW.encode_new(new) == (
        b'{"data":{"type":"orders","attributes":{"items":['
        b'{"type":"did_order_items","attributes":{"sku_id":"s1","qty":2}},'
        b'{"type":"capacity_order_items","attributes":{"capacity_pool_id":"p1"}},'
        b'{"type":"fax_order_items","attributes":{"pages":3},"note":null}],'
        b'"allow_back_ordering":false,"external_reference_id":null}}}'
    )


def test_a_wrong_item_of_an_order_is_found() -> None:
    """The path leads through the items of an order."""
    document: Any = {"data": {**ORDER["data"], "attributes": {"items": [_item(qty="1")]}}}
    with pytest.raises(DocumentError) as caught:
        DIDWW.decode_one(body(document), Order)
    assert caught.value.path == "$.data.attributes.items[0].attributes.qty"


def _item(**changes: object) -> Mapping[str, object]:
    return {"type": "generic_order_items", "attributes": changes}


def test_documents_are_typed() -> None:
    """A document is of the class that was asked for."""
    document: Document[Order] = DIDWW.decode_one(body(ORDER), Order)
    assert document.meta == {"api_version": "2026-04-16"}
