"""Orders of Adobe's VIP Marketplace in the box: stateful, on loopback, with a token service."""

from didww_async.sandbox.adobe_vip.server import AdobeVipSandbox
from didww_async.sandbox.adobe_vip.world import Customer, OrderLine, OrderRecord, World

__all__ = ["AdobeVipSandbox", "Customer", "OrderLine", "OrderRecord", "World"]
