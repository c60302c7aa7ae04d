"""Xoxoday's Plum Rewards API in the box: its operations, its tokens and its errors."""

from didww_async.sandbox.plum.faults import PlumFaults, operation
from didww_async.sandbox.plum.orders import PlacedOrder
from didww_async.sandbox.plum.server import PlumSandbox
from didww_async.sandbox.plum.throttle import DOCUMENTED_LIMITS
from didww_async.sandbox.plum.webhooks import WebhookAttempt

__all__ = [
    "DOCUMENTED_LIMITS",
    "PlacedOrder",
    "PlumFaults",
    "PlumSandbox",
    "WebhookAttempt",
    "operation",
]
