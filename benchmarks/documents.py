"""Documents as the API sends them: varied, with every attribute that an order has."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from decimal import Decimal
from typing import Any

import orjson

__all__ = ["created_order", "order_page"]

_EPOCH = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
_MINUTES = 2 * 365 * 24 * 60
_PRICES = tuple(Decimal(cents) / 100 for cents in range(15, 4000, 85))
_STATUSES = ("completed", "completed", "completed", "completed", "pending", "canceled")


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _item(chance: random.Random, kind: str, since: dt.date) -> tuple[dict[str, Any], Decimal]:
    qty = chance.randint(1, 50)
    once, monthly = chance.choice(_PRICES), chance.choice(_PRICES)
    attributes: dict[str, Any] = {
        "qty": qty,
        "nrc": str(once),
        "mrc": str(monthly),
        "prorated_mrc": chance.random() < 0.2,
        "billed_from": since.isoformat(),
        "billed_to": (since + dt.timedelta(days=30)).isoformat(),
    }
    if kind == "did_order_items":
        attributes |= {
            "setup_price": str(once),
            "monthly_price": str(monthly),
            "did_group_id": _uuid(chance),
        }
    else:
        attributes["capacity_pool_id"] = _uuid(chance)
    return {"type": kind, "attributes": attributes}, qty * (once + monthly)


def _order(chance: random.Random) -> dict[str, Any]:
    created = _EPOCH + dt.timedelta(
        minutes=chance.randrange(_MINUTES), milliseconds=chance.randrange(60_000)
    )
    kinds = ["did_order_items"]
    if chance.random() < 0.5:
        kinds.append(chance.choice(("did_order_items", "capacity_order_items")))
    items, sums = zip(*(_item(chance, kind, created.date()) for kind in kinds), strict=True)
    called = chance.random() < 0.5
    return {
        "id": _uuid(chance),
        "type": "orders",
        "attributes": {
            "amount": str(sum(sums)),
            "status": chance.choice(_STATUSES),
            "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "description": "DID",
            "reference": f"{_letters(chance)}-{chance.randrange(1_000_000):06}",
            "items": list(items),
            "callback_url": "https://example.com/didww/callbacks" if called else None,
            "callback_method": "post" if called else None,
            "external_reference_id": f"crm-{chance.randrange(10**6)}" if called else None,
        },
    }


def _letters(chance: random.Random) -> str:
    return "".join(chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=3))


def order_page(size: int, number: int = 1, *, total: int | None = None, url: str = "") -> bytes:
    """Page `number` of a list of orders; no two pages hold the same ones."""
    chance = random.Random(number)
    total = number * size if total is None else total
    links = {"first": f"{url}?page%5Bnumber%5D=1&page%5Bsize%5D={size}"}
    if number * size < total:
        links["next"] = f"{url}?page%5Bnumber%5D={number + 1}&page%5Bsize%5D={size}"
    return orjson.dumps(
        {
            "data": [_order(chance) for _ in range(min(size, total - (number - 1) * size))],
            "meta": {"total_records": total, "api_version": "2026-04-16"},
            "links": links,
        }
    )


def created_order() -> bytes:
    """The answer to a new order of numbers."""
    chance = random.Random(7)
    order = _order(chance)
    since = dt.date(2026, 4, 16)
    items = [_item(chance, "did_order_items", since)[0]]
    order["attributes"] |= {
        "status": "pending",
        "items": items,
        "callback_url": "https://example.com/didww/callbacks",
        "callback_method": "post",
        "external_reference_id": "crm-42",
    }
    return orjson.dumps({"data": order, "meta": {"api_version": "2026-04-16"}})
