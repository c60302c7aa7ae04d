"""Xoxoday's Plum Rewards API: top-ups of mobile phones, each placed once."""

from didww_async.providers.plum.client import PlumClient
from didww_async.providers.plum.models import (
    Balance,
    DeliveryStatus,
    Filter,
    FilterGroup,
    Order,
    OrderedProduct,
    OrderMeta,
    Product,
    ValueType,
    Voucher,
    VoucherDetail,
)
from didww_async.providers.plum.pace import DOCUMENTED_PACES, PlumPace
from didww_async.providers.plum.provider import PlumProvider
from didww_async.providers.plum.requests import NewTopUpOrder
from didww_async.providers.plum.settings import PlumEnvironment
from didww_async.providers.plum.tokens import MemoryTokens, TokenFile, TokenPair, TokenStore
from didww_async.providers.plum.webhook import KEY_HEADER, DeliveryEvent, parse_delivery

__all__ = [
    "DOCUMENTED_PACES",
    "KEY_HEADER",
    "Balance",
    "DeliveryEvent",
    "DeliveryStatus",
    "Filter",
    "FilterGroup",
    "MemoryTokens",
    "NewTopUpOrder",
    "Order",
    "OrderMeta",
    "OrderedProduct",
    "PlumClient",
    "PlumEnvironment",
    "PlumPace",
    "PlumProvider",
    "Product",
    "TokenFile",
    "TokenPair",
    "TokenStore",
    "ValueType",
    "Voucher",
    "VoucherDetail",
    "parse_delivery",
]
