"""Deliveries that are told by webhook are read only with the right key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async import WebhookPayloadError, WebhookSignatureError
from didww_async.providers.plum import DeliveryEvent, DeliveryStatus, parse_delivery

KEY = "a1p2z5b7v68b9"
BODY = json.dumps(
    {
        "id": 90210,
        "data": {
            "orderId": 6552967,
            "poNumber": "po-7c1d0e",
            "orderDate": "2026-02-07 12:25:45",
            "deliveryStatus": "Cancelled",
        },
        "createdAt": "2026-02-07 12:26:11",
    }
).encode()


def test_documented_event_is_read() -> None:
    """The documents' payload becomes a typed event."""
    assert parse_delivery(BODY, key=KEY, expected_key=["another", KEY]) == DeliveryEvent(
        id="90210",
        order_id="6552967",
        delivery_status=DeliveryStatus.CANCELED,
        po_number="po-7c1d0e",
        order_date="2026-02-07 12:25:45",
        created_at="2026-02-07 12:26:11",
    )


@pytest.mark.parametrize("key", [None, "", KEY.upper(), KEY + "x", KEY[:-1], "ключ", "\udcff"])
def test_other_key_is_refused(key: str | None) -> None:
    """A missing or another key is refused, and the right one is not told."""
    with pytest.raises(WebhookSignatureError) as caught:
        parse_delivery(BODY, key=key, expected_key=KEY)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("expected", ["", [], [KEY, ""]])
def test_empty_key_protects_nothing(expected: str | list[str]) -> None:
    """An empty expected key is a mistake, not a key."""
    with pytest.raises(ValueError, match="expected_key"):
        parse_delivery(BODY, key="", expected_key=expected)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"id":1,"data":{}}', b'{"id":1,"data":{"orderId":2}}', b"x" * 10**5],
)
def test_body_that_is_no_event_is_told(body: bytes) -> None:
    """The right key with another body is an error of its own."""
    with pytest.raises(WebhookPayloadError):
        parse_delivery(body, key=KEY, expected_key=KEY)


@given(st.binary(max_size=200), st.none() | st.text(max_size=20))
def test_nothing_else_is_raised(body: bytes, key: str | None) -> None:
    """Whatever a stranger sends ends in one of the two documented errors."""
    with pytest.raises((WebhookSignatureError, WebhookPayloadError)):
        parse_delivery(body, key=key, expected_key=KEY)
