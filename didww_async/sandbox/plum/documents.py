"""
How Plum writes what it knows.

Its types are loose: a discount may be `""`, `"0"` or `0`, an amount a number or a text, an id
either. Which one comes is drawn from the seed, so every form turns up in a run of some orders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from didww_async.sandbox.plum.orders import CANCELED, PENDING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal
    from random import Random

    from didww_async.sandbox.plum.catalogue import Product
    from didww_async.sandbox.plum.orders import PlacedOrder

_SPELLINGS_OF_CANCELED = ("canceled", "Cancelled", "Canceled", "cancelled")


class Writer:
    """Writes orders and products, as loosely as the documents show."""

    def __init__(self, random: Random, *, loose: bool) -> None:
        self._random = random
        self._loose = loose

    def order(self, order: PlacedOrder) -> dict[str, object]:
        """The answer to `placeOrder`."""
        return {
            "orderId": self._identity(order.id),
            "orderTotal": self._amount(order.total),
            "rawOrderTotal": self._amount(order.total),
            "orderDiscount": self._nothing(),
            "rawOrderDiscount": self._nothing(),
            "discountPercent": self._nothing(),
            "currencyCode": order.product.currency,
            "currencyValue": self._pick(1, "1"),
            "amountCharged": self._amount(order.total),
            "orderStatus": "complete",
            "deliveryStatus": self._status(order.status),
            "tag": order.tag,
            "quantity": self._pick(order.quantity, str(order.quantity)),
            "vouchers": self._vouchers(order),
            "voucherDetails": [self._detail(order)],
            "orderMeta": {"email": order.email},
        }

    def details(self, order: PlacedOrder) -> dict[str, object]:
        """The answer to `getOrderDetails`."""
        document = self.order(order)
        detail = self._detail(order)
        detail["cancelledQuantity"] = order.quantity if order.status == CANCELED else 0
        document["voucherDetails"] = [detail]
        document["orderDate"] = stamp(order.placed_at)
        finished = order.finished_at
        document["deliveryDate"] = "" if finished is None else stamp(finished)
        return document

    def history(self, order: PlacedOrder) -> dict[str, object]:
        """One item of the answer to `getOrderHistory`."""
        return {
            "orderId": self._identity(order.id),
            "orderDate": stamp(order.placed_at),
            "email": order.email,
            "deliveryStatus": self._status(order.status),
            "poNumber": order.po_number,
            "tag": order.tag or None,
            "orderTotal": self._amount(order.total),
            "rawOrderTotal": self._pick(None, self._amount(order.total)),
            "orderDiscount": self._nothing(),
            "amountCharged": self._amount(order.total),
            "currencyValue": self._pick(1, "1"),
            "currencyCode": order.product.currency,
            "products": [
                {
                    "productId": self._identity(order.product.id),
                    "productName": order.product.name,
                    "receiverMobileNumber": order.phone,
                    "receiverEmail": order.email,
                    "price": self._amount(order.denomination),
                    "quantity": order.quantity,
                    "orderProductStatus": self._status(order.status),
                    "currency": order.product.currency,
                }
            ],
            "voucherDetails": [self._detail(order)],
        }

    def product(self, product: Product) -> dict[str, object]:
        """One item of the answer to `getVouchers`."""
        fixed = bool(product.denominations) or product.is_operator
        return {
            "productId": self._identity(product.id),
            "name": product.name,
            "description": "",
            "orderQuantityLimit": self._pick(product.quantity_limit, str(product.quantity_limit)),
            "imageUrl": "",
            "currencyCode": product.currency,
            "countryName": product.country_name,
            "countryCode": product.country,
            "valueType": "fixed_denomination" if fixed else "open_value",
            "minValue": self._amount(product.smallest),
            "maxValue": self._amount(product.largest),
            "valueDenominations": ",".join(str(value) for value in product.denominations),
            "deliveryType": product.delivery,
            "tatInDays": self._pick(0, "0"),
            "fee": self._nothing(),
            "discount": self._nothing(),
            "exchangeRate": self._pick(1, "1"),
            "isPhoneNumberMandatory": product.category == "topup",
            "parentProductId": product.parent_id,
        }

    def balance(self, amount: Decimal, currency: str) -> dict[str, object]:
        """The answer to `getBalance`."""
        return {"value": self._amount(amount), "currency": currency}

    def _detail(self, order: PlacedOrder) -> dict[str, object]:
        return {
            "orderId": self._identity(order.id),
            "productId": self._identity(order.product.id),
            "productName": order.product.name,
            "currencyCode": order.product.currency,
            "productStatus": "cancelled" if order.status == CANCELED else order.status,
            "denomination": self._amount(order.denomination),
            "vendorLogo": "",
        }

    def _vouchers(self, order: PlacedOrder) -> list[dict[str, object]]:
        if order.product.category == "topup" or order.status == PENDING:
            return []
        return [
            {
                "productId": self._identity(order.product.id),
                "orderId": self._identity(order.id),
                "voucherCode": f"DEMO-{order.id}-{number}",
                "pin": f"{order.id % 10000:04d}",
                "validity": "2030-12-31",
                "amount": self._amount(order.denomination),
                "currency": order.product.currency,
            }
            for number in range(order.quantity)
        ]

    def _pick(self, usual: object, *others: object) -> object:
        return self._random.choice((usual, *others)) if self._loose else usual

    def _identity(self, number: int) -> object:
        return self._pick(number, number, str(number))

    def _nothing(self) -> object:
        return self._pick("", "0", 0)

    def _amount(self, amount: Decimal) -> object:
        whole = int(amount)
        number = whole if whole == amount else float(amount)
        return self._pick(number, str(amount), f"{amount:.2f}")

    def _status(self, status: str) -> object:
        if status == CANCELED:
            return self._pick(*_SPELLINGS_OF_CANCELED)
        return self._pick(status, status.capitalize())


def stamp(moment: datetime) -> str:
    """A time as Plum writes it; the documents name no time zone."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
