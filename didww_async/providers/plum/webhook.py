"""
Deliveries that Plum tells of by itself.

A webhook carries no signature and no time, only a key that you chose in the dashboard
(Rewards API, Webhooks): whoever has seen one can send another. So take an event as a hint and
fetch the order with `get_order(po_number=...)` before anything depends on it. Plum tries an
event up to 3 times, then switches the webhook off until somebody switches it on again in the
dashboard: answer 200 at once, and know events that come twice by their `id`.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

import attrs

from didww_async.errors import WebhookPayloadError, WebhookSignatureError
from didww_async.jsonapi import DocumentError
from didww_async.plainjson import Identity
from didww_async.providers.plum.models import DeliveryStatus, reader

__all__ = ["KEY_HEADER", "DeliveryEvent", "parse_delivery"]

KEY_HEADER = "x-api-key"
"""The header that the key comes in."""
LARGEST_BODY = 64 * 1024
_READER = reader()


@attrs.frozen(kw_only=True)
class _Delivery:
    order_id: Identity
    delivery_status: DeliveryStatus
    po_number: Identity | None = None
    order_date: str | None = None


@attrs.frozen(kw_only=True)
class _Event:
    id: Identity
    data: _Delivery
    created_at: str | None = None


@attrs.frozen(kw_only=True)
class DeliveryEvent:
    """An order was delivered or canceled, as a webhook says."""

    id: str
    """The same for every try to tell of it."""
    order_id: str
    delivery_status: DeliveryStatus
    po_number: str | None
    order_date: str | None
    """As sent, as `created_at`: the documents name no time zone."""
    created_at: str | None


def parse_delivery(
    body: bytes, *, key: str | None, expected_key: str | Sequence[str]
) -> DeliveryEvent:
    """
    The event of a raw request whose key is the one that you chose.

    `key` is what came in the header `x-api-key`, or `None`. Several expected keys are good
    while one replaces another.

    Raises:
        WebhookSignatureError: The key is missing or another one. Answer 403.
        WebhookPayloadError: The body is no such event.
        ValueError: An expected key is empty, or there is none.
    """
    keys = (expected_key,) if isinstance(expected_key, str) else tuple(expected_key)
    if not keys or not all(keys):
        raise ValueError("expected_key is empty; choose a key in the dashboard, and give it here")
    given = (key or "").encode("utf-8", "surrogateescape")
    # All of them are compared, each in constant time: the time taken tells nothing.
    matches = [hmac.compare_digest(given, known.encode()) for known in keys]
    if not any(matches):
        raise WebhookSignatureError("the request does not carry the expected x-api-key")
    if len(body) > LARGEST_BODY:
        raise WebhookPayloadError(f"the event has more than {LARGEST_BODY} bytes")
    try:
        event = _READER.decode(body, _Event)
    except DocumentError as error:
        problem = f"the event can't be read: {error}"
    else:
        told = event.data
        return DeliveryEvent(
            id=event.id,
            order_id=told.order_id,
            delivery_status=told.delivery_status,
            po_number=told.po_number,
            order_date=told.order_date,
            created_at=event.created_at,
        )
    raise WebhookPayloadError(problem)
