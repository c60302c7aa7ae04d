"""Callbacks from DIDWW: check who signed them, and read them as typed events."""

from didww_async.webhooks.events import (
    AddressVerificationEvent,
    EmergencyVerificationEvent,
    ExportEvent,
    OrderEvent,
    UnknownEvent,
    VoiceOutTrunkEvent,
    WebhookEvent,
    parse,
)
from didww_async.webhooks.signature import SIGNATURE_HEADER, sign, sign_events, verify

__all__ = [
    "SIGNATURE_HEADER",
    "AddressVerificationEvent",
    "EmergencyVerificationEvent",
    "ExportEvent",
    "OrderEvent",
    "UnknownEvent",
    "VoiceOutTrunkEvent",
    "WebhookEvent",
    "parse",
    "sign",
    "sign_events",
    "verify",
]
