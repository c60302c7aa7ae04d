"""What a raw callback request says, before anybody knows whether to believe it."""

import json
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias, cast
from urllib.parse import parse_qsl

from didww_async.webhooks.url import SignedUrl

Scalar: TypeAlias = str | bool | None
"""A callback's value; a JSON number is kept as the text that was sent and signed."""
Entry: TypeAlias = dict[str, Scalar]
"""The parameters of one event."""
Reading: TypeAlias = tuple[Entry, ...]
"""One way to read a request: its events, in order."""

PARAMETER_NAMES: Final = frozenset(
    {
        "emergency_calling_service_id",
        "id",
        "reject_comment",
        "reject_reason",
        "reject_reasons",
        "status",
        "type",
        "url",
    }
)
"""The parameters that DIDWW adds to a form or to a query (DIDWW docs, Callbacks details)."""

MAX_BODY_BYTES: Final = 1024 * 1024
"""A larger body is refused unread: a callback is some hundred bytes, a batch some thousand."""
MAX_URL_CHARACTERS: Final = 16 * 1024
"""A longer URL is refused; web servers stop at 8 to 16 KiB."""
_MAX_FIELDS: Final = 64


def readings(method: str, url: SignedUrl, body: bytes, content_type: str | None) -> list[Reading]:
    """
    Return every way in which DIDWW may have meant the request; none if it sends no such request.

    Raises:
        ValueError: The body or the query is malformed.
        RecursionError: The JSON is nested too deeply to read.

    """
    verb = method.upper()
    if len(body) > MAX_BODY_BYTES:
        return []
    if verb == "GET":
        # A body would be outside the signature, and DIDWW sends none with GET.
        return [] if body else list(_query_readings(_fields(url.query())))
    if verb != "POST" or content_type is None:
        return []
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        form = _unique(_fields(body.decode()))
        return [(form,)] if form else []
    if media_type == "application/json":
        return [_json_reading(body.decode())]
    return []


def _fields(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)


def _unique(fields: Iterable[tuple[str, Scalar]]) -> Entry:
    # Of two values for one name only one can be the signed one, and frameworks differ on which
    # they read, so the request is refused.
    entry: Entry = {}
    for name, value in fields:
        if name in entry:
            raise ValueError("a parameter is repeated")
        entry[name] = value
    return entry


def _query_readings(fields: list[tuple[str, str]]) -> Iterator[Reading]:
    """
    Yield the payloads that the query may hold beside the parameters of the user's own URL.

    Only the payload is signed twice, and nothing marks where it begins.
    First reading: the parameters of known name, in any order.
    Further ones: each tail of the query that is in name order, which is how the payload is
    appended; this finds parameters that are newer than this release, and own parameters that
    happen to bear a known name.
    """
    names = [name for name, _ in fields]
    chosen = [[field for field in fields if field[0] in PARAMETER_NAMES]]
    for start in range(len(fields) - 1, -1, -1):
        if start + 1 < len(fields) and names[start] >= names[start + 1]:
            break
        chosen.append(fields[start:])
    for payload in chosen:
        own = [name for name, _ in payload]
        if {"id", "type"}.issubset(own) and all(names.count(name) == 1 for name in own):
            yield (dict(payload),)


def _json_reading(text: str) -> Reading:
    document = cast(
        "object",
        json.loads(
            text,
            # The spelling is what was signed; it also keeps numbers of any size harmless.
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_json_object,
        ),
    )
    if not isinstance(document, list) or not document:
        raise ValueError("the JSON is not an array of events")
    entries = cast("list[object]", document)
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("an event is not a JSON object")
    return tuple(cast("list[Entry]", entries))


def _json_object(members: list[tuple[str, object]]) -> Entry:
    scalars: list[tuple[str, Scalar]] = []
    for name, value in members:
        if value is not None and not isinstance(value, str | bool):
            raise ValueError("an event holds a nested value, for which no signed form is defined")
        scalars.append((name, value))
    return _unique(scalars)


def _refuse_constant(_: str) -> object:
    raise ValueError("NaN and Infinity are not JSON")
