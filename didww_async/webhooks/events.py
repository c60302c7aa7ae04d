"""
Typed events from signed callbacks.

DIDWW repeats a callback up to nine times, over about four days, until it is answered with 2xx
within a minute (DIDWW docs, Callbacks details). So an event can come late, twice and out of order.
No event carries the customer's own reference: fetch the object by its `id`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import ClassVar, Final, TypeAlias

import attrs

from didww_async.errors import WebhookPayloadError, WebhookSignatureError
from didww_async.webhooks.payload import Entry, Scalar
from didww_async.webhooks.signature import verified_reading


@attrs.frozen
class OrderEvent:
    """An order was completed or canceled."""

    type: ClassVar[str] = "orders"
    id: str
    status: str
    """`completed` or `canceled`, or what DIDWW adds later."""


@attrs.frozen
class ExportEvent:
    """The file of an export is ready."""

    type: ClassVar[str] = "exports"
    id: str
    status: str
    """`completed`, or what DIDWW adds later."""
    url: str | None = None
    """Where the file is, to be fetched with the API key; None when DIDWW did not say."""


@attrs.frozen
class AddressVerificationEvent:
    """An address verification was approved or rejected."""

    type: ClassVar[str] = "address_verifications"
    id: str
    status: str
    """`approved` or `rejected`, or what DIDWW adds later."""
    reject_reason: str = ""
    """As sent: several reasons are joined by a comma and a space. Empty when approved."""
    reject_comment: str = ""


@attrs.frozen
class EmergencyVerificationEvent:
    """An emergency verification was approved or rejected; activation then sends an order event."""

    type: ClassVar[str] = "emergency_verifications"
    id: str
    status: str
    """`approved` or `rejected`, or what DIDWW adds later."""
    reject_reasons: str = ""
    """As sent: several reasons are joined by a semicolon and a space. Empty when approved."""
    reject_comment: str = ""
    emergency_calling_service_id: str | None = None


@attrs.frozen
class VoiceOutTrunkEvent:
    """An outbound trunk was blocked or unblocked, or it reached its 24-hour threshold."""

    type: ClassVar[str] = "voice_out_trunks"
    id: str
    status: str
    """`active` or `blocked`, or what DIDWW adds later."""
    threshold_reached: bool
    created_at: datetime
    """When it happened, in UTC."""


def _read_only(parameters: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    return MappingProxyType(dict(parameters))


@attrs.frozen
class UnknownEvent:
    """An event of a type that this release does not know, with all that DIDWW sent."""

    type: str
    parameters: Mapping[str, Scalar] = attrs.field(converter=_read_only, hash=False)
    """Every parameter by name, `type` included; a JSON number stays text."""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle and copy by way of a dict: a read-only view can do neither."""
        return UnknownEvent, (self.type, dict(self.parameters))


WebhookEvent: TypeAlias = (
    OrderEvent
    | ExportEvent
    | AddressVerificationEvent
    | EmergencyVerificationEvent
    | VoiceOutTrunkEvent
    | UnknownEvent
)
"""What `parse` returns."""


def parse(
    *,
    method: str,
    url: str,
    body: bytes,
    content_type: str | None,
    signature: str | Sequence[str] | None,
    secret: str | Sequence[str],
) -> tuple[WebhookEvent, ...]:
    """
    Return the events of a raw request, in order, if the secret signed them.

    The arguments are those of `verify`. A form or a query holds one event, a JSON array several.
    Only parameters under the signature are read.

    Raises:
        WebhookSignatureError: `verify` is False for this request. Answer 403.
        WebhookPayloadError: The signature is right, but an event lacks a parameter or one has the
            wrong form. DIDWW will send it again, and it will fail again.
        ValueError: The secret is empty, or the sequence of secrets is.
        TypeError: The secret is neither a str nor a sequence of str.

    """
    reading = verified_reading(
        method=method,
        url=url,
        body=body,
        content_type=content_type,
        signature=signature,
        secret=secret,
    )
    if reading is None:
        raise WebhookSignatureError("the request is not a callback signed with the given secret")
    return tuple(_event(entry) for entry in reading)


def _event(entry: Entry) -> WebhookEvent:
    kind = _required(entry, "type", "a callback")
    reader = _READERS.get(kind)
    return reader(entry) if reader else UnknownEvent(kind, entry)


def _required(entry: Entry, name: str, kind: str) -> str:
    value = _text(entry, name, kind)
    if not value:
        raise WebhookPayloadError(f"{kind} came without `{name}`")
    return value


def _text(entry: Entry, name: str, kind: str) -> str:
    value = entry.get(name)
    if isinstance(value, bool):
        raise WebhookPayloadError(f"{kind} came with a boolean for `{name}`")
    return value or ""


def _identity(entry: Entry, kind: str) -> tuple[str, str]:
    return _required(entry, "id", kind), _required(entry, "status", kind)


def _order(entry: Entry) -> OrderEvent:
    return OrderEvent(*_identity(entry, OrderEvent.type))


def _export(entry: Entry) -> ExportEvent:
    kind = ExportEvent.type
    return ExportEvent(*_identity(entry, kind), url=_text(entry, "url", kind) or None)


def _address_verification(entry: Entry) -> AddressVerificationEvent:
    kind = AddressVerificationEvent.type
    return AddressVerificationEvent(
        *_identity(entry, kind),
        reject_reason=_text(entry, "reject_reason", kind),
        reject_comment=_text(entry, "reject_comment", kind),
    )


def _emergency_verification(entry: Entry) -> EmergencyVerificationEvent:
    kind = EmergencyVerificationEvent.type
    service = _text(entry, "emergency_calling_service_id", kind)
    return EmergencyVerificationEvent(
        *_identity(entry, kind),
        reject_reasons=_text(entry, "reject_reasons", kind),
        reject_comment=_text(entry, "reject_comment", kind),
        emergency_calling_service_id=service or None,
    )


def _voice_out_trunk(entry: Entry) -> VoiceOutTrunkEvent:
    kind = VoiceOutTrunkEvent.type
    identity = _identity(entry, kind)
    reached = entry.get("threshold_reached")
    if not isinstance(reached, bool):
        raise WebhookPayloadError(f"{kind} came without a boolean `threshold_reached`")
    created_at = _utc(_required(entry, "created_at", kind))
    if created_at is None:
        raise WebhookPayloadError(f"{kind} came with a `created_at` that is no time with an offset")
    return VoiceOutTrunkEvent(*identity, threshold_reached=reached, created_at=created_at)


def _utc(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        # A time without an offset would be read as this machine's local time.
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


_READERS: Final[dict[str, Callable[[Entry], WebhookEvent]]] = {
    OrderEvent.type: _order,
    ExportEvent.type: _export,
    AddressVerificationEvent.type: _address_verification,
    EmergencyVerificationEvent.type: _emergency_verification,
    VoiceOutTrunkEvent.type: _voice_out_trunk,
}
