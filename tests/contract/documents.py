"""The exchanges that DIDWW's documentation of orders describes, in documents of our own."""

from __future__ import annotations

from typing import Any

from tests.contract.conftest import Exchange

SKU = "0c7e5a4e-57b7-4a0b-9f6c-2d1f6f4f0a01"
GROUP = "5f6e0c0e-8f49-4e7c-8f0e-51d8c4e7aa02"
POOL = "a1c0ffee-53a1-4f4a-8d59-0b8a27a9bb03"
NUMBER = "b2d0ffee-1111-4222-8333-444455556666"
ORDER = "c3e0ffee-7777-4888-9999-aaaabbbbcccc"


def did_item(**attributes: Any) -> dict[str, Any]:
    """A DID item to order."""
    return {"type": "did_order_items", "attributes": {"sku_id": SKU, **attributes}}


def billed(type_: str, **attributes: Any) -> dict[str, Any]:
    """An item of an answer."""
    prices = {"qty": 1, "nrc": "5.00", "mrc": "5.00", "prorated_mrc": True}
    dates = {"billed_from": "2018-08-15", "billed_to": "2018-09-15"}
    return {"type": type_, "attributes": prices | dates | attributes}


def order(*items: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """An order resource of an answer."""
    told = {
        "reference": "ABC-123456",
        "external_reference_id": None,
        "amount": "10.0",
        "status": "pending",
        "created_at": "2017-06-25T14:56:31.513Z",
        "description": "DID",
        "items": list(items) or [billed("did_order_items", did_group_id=GROUP)],
    }
    return {"id": ORDER, "type": "orders", "attributes": told | attributes}


def placed(attributes: dict[str, Any], answer: dict[str, Any], **members: Any) -> Exchange:
    """An order and its 201."""
    return exchange(
        "POST",
        "/orders",
        {"data": {"type": "orders", "attributes": attributes}},
        201,
        {"data": answer, **members},
    )


def exchange(method: str, path: str, sent: Any, status: int, body: Any) -> Exchange:
    """A request and its answer."""
    return {
        "request": {"method": method, "path": path, "query": {}, "body": sent},
        "response": {"status": status, "headers": {}, "body": body},
    }


VERSION = {"meta": {"api_version": "2026-04-16"}}
SPECIFIC = {"allow_back_ordering": False}
BY_EMERGENCY = billed(
    "emergency_order_items", nrc="1.5", mrc="1.5", emergency_calling_service_id=GROUP
)

DOCUMENTED: dict[str, Exchange] = {
    "one number of a SKU": placed(
        {"items": [did_item(qty=1)]},
        order(billed("did_order_items", qty=15, did_group_id=GROUP), amount="79.2"),
    ),
    "numbers without back ordering": placed(
        SPECIFIC | {"items": [did_item(qty=15)]},
        order(billed("did_order_items", qty=15, did_group_id=GROUP)),
    ),
    "an available number": placed(
        SPECIFIC | {"items": [did_item(available_did_id=NUMBER)]}, order()
    ),
    "a reserved number": placed(
        SPECIFIC | {"items": [did_item(did_reservation_id=NUMBER)]}, order()
    ),
    "a callback": placed(
        {
            "allow_back_ordering": True,
            "callback_url": "http://example.com",
            "callback_method": "get",
            "items": [did_item(qty=1)],
        },
        order(
            billed("did_order_items", billed_from=None, billed_to=None, did_group_id=GROUP),
            callback_method="get",
            callback_url="http://example.com",
        ),
        **VERSION,
    ),
    "capacity": placed(
        {
            "items": [
                {
                    "type": "capacity_order_items",
                    "attributes": {"capacity_pool_id": POOL, "qty": 1},
                }
            ]
        },
        order(
            billed("capacity_order_items", nrc="20.0", mrc="1.33", capacity_pool_id=POOL),
            amount="21.33",
            status="completed",
            description="Capacity",
        ),
    ),
    "a NANPA prefix": placed(SPECIFIC | {"items": [did_item(nanpa_prefix_id=NUMBER)]}, order()),
    "prorated days": placed(
        SPECIFIC | {"items": [did_item(available_did_id=NUMBER, prorate_days_qty=10)]},
        order(amount="0.03", callback_method=None, callback_url=None),
        **VERSION,
    ),
    "too little money": exchange(
        "POST",
        "/orders",
        {
            "data": {
                "type": "orders",
                "attributes": SPECIFIC | {"items": [did_item(qty=1)]},
            }
        },
        400,
        {
            "errors": [
                {
                    "title": "Insufficient balance",
                    "detail": "Insufficient balance",
                    "code": "400",
                    "status": "400",
                    "meta": {"available_balance": "1.5", "total_cost": "5.67"},
                }
            ]
        },
    ),
    "an order by its id": exchange(
        "GET", f"/orders/{ORDER}", None, 200, {"data": order(status="completed"), **VERSION}
    ),
    "an emergency order": exchange(
        "GET",
        f"/orders/{ORDER}",
        None,
        200,
        {"data": order(BY_EMERGENCY, description="Emergency"), **VERSION},
    ),
    "a list of orders": exchange(
        "GET",
        "/orders",
        None,
        200,
        {
            "data": [order()],
            "meta": {"total_records": 1, "api_version": "2026-04-16"},
            "links": {
                "first": "https://api.didww.com/v3/orders?page%5Bnumber%5D=1&page%5Bsize%5D=50",
                "last": "https://api.didww.com/v3/orders?page%5Bnumber%5D=1&page%5Bsize%5D=50",
            },
        },
    ),
    "spellings of an older version": exchange(
        "GET",
        f"/orders/{ORDER}",
        None,
        200,
        {"data": order(status="Completed", callback_method="GET", callback_url="http://a.example")},
    ),
}
