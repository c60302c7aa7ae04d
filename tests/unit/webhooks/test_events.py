"""Signed requests as typed events."""

import copy
import json
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import attrs
import pytest

from didww_async import webhooks
from didww_async.errors import WebhookPayloadError, WebhookSignatureError
from didww_async.webhooks import (
    AddressVerificationEvent,
    EmergencyVerificationEvent,
    ExportEvent,
    OrderEvent,
    UnknownEvent,
    VoiceOutTrunkEvent,
    WebhookEvent,
    parse,
    sign,
    sign_events,
)

URL = "https://example.com/hook"
SECRET = "callback-secret"
TRUNK: dict[str, object] = {
    "id": "1",
    "type": "voice_out_trunks",
    "status": "blocked",
    "threshold_reached": True,
    "created_at": "2026-11-20T10:00:00.000Z",
}


def parse_form(payload: Mapping[str, str | None]) -> tuple[WebhookEvent, ...]:
    """Sign the payload and parse it as a form."""
    return parse(
        method="POST",
        url=URL,
        body=urlencode({name: value or "" for name, value in payload.items()}).encode(),
        content_type="application/x-www-form-urlencoded",
        signature=sign(URL, payload, SECRET),
        secret=SECRET,
    )


def parse_json(events: list[dict[str, object]]) -> tuple[WebhookEvent, ...]:
    """Sign the events and parse them as a JSON array."""
    return parse(
        method="POST",
        url=URL,
        body=json.dumps(events).encode(),
        content_type="application/json",
        signature=sign_events(URL, events, SECRET),
        secret=SECRET,
    )


def test_order() -> None:
    """An orders callback becomes an OrderEvent."""
    payload = {"id": "1", "type": "orders", "status": "completed"}
    assert (OrderEvent("1", "completed"),) == parse_form(payload)


def test_new_status_is_kept() -> None:
    """A status that this release does not know stays as sent."""
    payload = {"id": "1", "type": "orders", "status": "Teleported"}
    assert (OrderEvent("1", "Teleported"),) == parse_form(payload)


def test_export() -> None:
    """An exports callback becomes an ExportEvent with the address of the file."""
    payload = {"id": "1", "type": "exports", "status": "completed", "url": "https://e/x.gz"}
    assert (ExportEvent("1", "completed", "https://e/x.gz"),) == parse_form(payload)


def test_export_without_url() -> None:
    """An exports callback of older API versions has no address."""
    payload = {"id": "1", "type": "exports", "status": "completed"}
    assert (ExportEvent("1", "completed", None),) == parse_form(payload)


def test_address_verification() -> None:
    """An address_verifications callback carries reason and comment."""
    payload = {
        "id": "1",
        "type": "address_verifications",
        "status": "rejected",
        "reject_reason": "Expired, Unreadable",
        "reject_comment": "page 2",
    }
    expected = AddressVerificationEvent("1", "rejected", "Expired, Unreadable", "page 2")
    assert (expected,) == parse_form(payload)


def test_approved_address_verification() -> None:
    """An approved verification has empty reason and comment, sent or not."""
    payload = {"id": "1", "type": "address_verifications", "status": "approved"}
    payload["reject_reason"] = ""
    assert (AddressVerificationEvent("1", "approved", "", ""),) == parse_form(payload)


def test_emergency_verification() -> None:
    """An emergency_verifications callback names its calling service."""
    payload = {
        "id": "1",
        "type": "emergency_verifications",
        "status": "rejected",
        "reject_reasons": "Expired; Unreadable",
        "reject_comment": "page 2",
        "emergency_calling_service_id": "7",
    }
    expected = EmergencyVerificationEvent("1", "rejected", "Expired; Unreadable", "page 2", "7")
    assert (expected,) == parse_form(payload)


def test_emergency_verification_without_service() -> None:
    """An empty service id is None."""
    payload = {
        "id": "1",
        "type": "emergency_verifications",
        "status": "approved",
        "emergency_calling_service_id": "",
    }
    assert (EmergencyVerificationEvent("1", "approved"),) == parse_form(payload)


def test_voice_out_trunks() -> None:
    """A JSON array becomes its events, in order, with aware times."""
    later: dict[str, object] = {
        **TRUNK,
        "status": "active",
        "threshold_reached": False,
        "created_at": "2026-11-20T13:00:00+02:00",
    }
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    expected = (
        VoiceOutTrunkEvent("1", "blocked", threshold_reached=True, created_at=at),
        VoiceOutTrunkEvent("1", "active", threshold_reached=False, created_at=at.replace(hour=11)),
    )
    assert expected == parse_json([TRUNK, later])


def test_times_are_utc() -> None:
    """A time with another offset is given in UTC."""
    (event,) = parse_json([{**TRUNK, "created_at": "2026-11-20T13:00:00+02:00"}])
    assert isinstance(event, VoiceOutTrunkEvent)
    assert UTC is event.created_at.tzinfo


def test_unknown_type() -> None:
    """A type that this release does not know keeps everything that was sent."""
    payload = {"id": "1", "type": "portings", "phase": "2"}
    assert (UnknownEvent("portings", {**payload}),) == parse_form(payload)


def test_get_reads_the_signed_parameters_only() -> None:
    """The user's own query parameters are no part of an event."""
    url = f"{URL}?own=1&id=1&status=done&type=portings"
    payload = {"id": "1", "status": "done", "type": "portings"}
    events = parse(
        method="GET",
        url=url,
        body=b"",
        content_type=None,
        signature=sign(url, payload, SECRET),
        secret=SECRET,
    )
    assert (UnknownEvent("portings", {**payload}),) == events


def test_wrong_signature() -> None:
    """A request that is not signed with the secret raises, and the error holds neither."""
    with pytest.raises(WebhookSignatureError) as caught:
        parse(
            method="POST",
            url=URL,
            body=b"id=1&type=orders&status=completed",
            content_type="application/x-www-form-urlencoded",
            signature="ab" * 20,
            secret=SECRET,
        )
    shown = f"{caught.value!r} {caught.value} {caught.value.__dict__}"
    assert (SECRET in shown, "abab" in shown) == (False, False)


@pytest.mark.parametrize("missing", ["id", "type", "status"])
def test_missing_parameter(missing: str) -> None:
    """A signed callback without id, type or status raises an error that names it."""
    payload = {"id": "1", "type": "orders", "status": "completed"}
    del payload[missing]
    with pytest.raises(WebhookPayloadError, match=f"without `{missing}`"):
        parse_form(payload)


@pytest.mark.parametrize("name", ["id", "type", "status", "created_at"])
def test_boolean_for_text(name: str) -> None:
    """A boolean where text belongs raises an error that names the parameter."""
    with pytest.raises(WebhookPayloadError, match=f"boolean for `{name}`"):
        parse_json([{**TRUNK, name: True}])


@pytest.mark.parametrize("value", [None, "true", "", 1])
def test_threshold_is_a_boolean(value: object) -> None:
    """A threshold mark that is no boolean raises, because the text "false" would be true."""
    with pytest.raises(WebhookPayloadError, match="threshold_reached"):
        parse_json([{**TRUNK, "threshold_reached": value}])


@pytest.mark.parametrize(
    "value", ["yesterday", "2026-11-20T10:00:00", "0001-01-01T00:00:00+14:00", 5, None]
)
def test_malformed_time(value: object) -> None:
    """A time that is malformed, naive or out of range raises an error that names it."""
    with pytest.raises(WebhookPayloadError, match="created_at"):
        parse_json([{**TRUNK, "created_at": value}])


def test_empty_secret() -> None:
    """An empty secret raises before anything is parsed."""
    with pytest.raises(ValueError, match="secret is empty"):
        parse(method="POST", url=URL, body=b"", content_type=None, signature=None, secret="")


EVERY_EVENT: list[WebhookEvent] = [
    OrderEvent("1", "completed"),
    ExportEvent("1", "completed", "https://e/x.gz"),
    AddressVerificationEvent("1", "approved"),
    EmergencyVerificationEvent("1", "approved"),
    VoiceOutTrunkEvent(
        "1", "active", threshold_reached=True, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    ),
    UnknownEvent("portings", {"id": "1"}),
]


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: event.type)
def test_events_travel(event: WebhookEvent) -> None:
    """Every event can be pickled, copied and hashed, for a queue or a set of seen events."""
    copies = [pickle.loads(pickle.dumps(event)), copy.deepcopy(event)]
    assert ([event, event], {event}) == (copies, {event, *copies})


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: event.type)
def test_events_are_immutable(event: WebhookEvent) -> None:
    """No field of an event can be changed."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.type = "x"  # type: ignore[misc]


def test_unknown_parameters_are_read_only() -> None:
    """What an unknown event carries cannot be changed, nor does the source reach it."""
    source: dict[str, str | bool | None] = {"id": "1"}
    event = UnknownEvent("portings", source)
    source["id"] = "2"
    with pytest.raises(TypeError):
        event.parameters["id"] = "3"  # type: ignore[index]
    assert event.parameters == {"id": "1"}


def test_exports_are_documented() -> None:
    """Every exported class and function has a docstring of its own."""
    exported = {name: getattr(webhooks, name) for name in webhooks.__all__}
    bare = {name for name, value in exported.items() if callable(value) and not value.__doc__}
    assert set() == bare
