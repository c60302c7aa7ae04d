"""Both JSON backends: the same values, the same refusals, the same bytes."""

import json as reference
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from didww_async.jsonapi import UNSET, DocumentError, json
from tests.unit.jsonapi.blog import (
    Visibility,
)

HAS_ORJSON = json.loads is not json.standard_loads
needs_orjson = pytest.mark.skipif(not HAS_ORJSON, reason="there is one backend only")
both = pytest.mark.parametrize(
    ("loads", "dumps"),
    [
        pytest.param(json.loads, json.dumps, id="default"),
        pytest.param(json.standard_loads, json.standard_dumps, id="standard"),
    ],
)
Loads = Callable[[bytes], Any]
Dumps = Callable[[object], bytes]

REFUSED = {
    "nothing": b"",
    "spaces": b" \n",
    "nan": b"NaN",
    "nan inside": b'{"a":[NaN]}',
    "infinity": b"Infinity",
    "minus infinity": b"-Infinity",
    "5000 digits": b"9" * 5000,
    "lone high surrogate": rb'"\ud800"',
    "lone low surrogate": rb'"\uDFFF"',
    "surrogates the wrong way round": rb'"\udc00\ud800"',
    "surrogate in a name": rb'{"\ud800":1}',
    "surrogate after a pair": rb'["\ud83d\ude00","\udead"]',
    "surrogate in UTF-8": b'"\xed\xa0\x80"',
    "invalid UTF-8": b'"\xff"',
    "latin-1": '"é"'.encode("latin-1"),
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a":1}'.encode("utf-16-le"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "100,000 arrays": b"[" * 100_000,
    "100,000 closed arrays": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "two values": b"1 2",
    "a trailing comma": b"[1,]",
    "a leading zero": b"01",
    "a plus": b"+1",
    "a bare point": b"1.",
    "hexadecimal": b"0x10",
    "single quotes": b"{'a':1}",
    "a comment": b"{}//",
    "a control character": b'"\x01"',
    "a raw newline": b'"\n"',
    "an odd escape": rb'"\x41"',
    "a no-break space": "\u00a01".encode(),
    "a null byte": b"1\x00",
    "cut off": b'{"data":{"type":"art',
    "HTML": b"<html>502 Bad Gateway</html>",
}
TAKEN = {
    "duplicate names: the last one": (b'{"a":1,"a":2}', {"a": 2}),
    "a pair of surrogates": (rb'"\ud83d\ude00"', "\U0001f600"),
    "an escaped backslash before u": (rb'"\\ud800"', "\\ud800"),
    "a null character": (rb'"\u0000"', "\x00"),
    "the empty name": (b'{"":1}', {"": 1}),
    "spaces around": (b" \t\r\n1 ", 1),
    "the largest 64-bit number": (b"18446744073709551615", 2**64 - 1),
    "the smallest 64-bit number": (b"-9223372036854775808", -(2**63)),
    "too small for a float": (b"1e-999", 0.0),
    "many digits after the point": (b"1." + b"1" * 5000, 1.1111111111111112),
    "200 arrays": (b"[" * 200 + b"]" * 200, reference.loads("[" * 200 + "]" * 200)),
}


@pytest.fixture
def standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the codec use the standard library, as it does without orjson."""
    monkeypatch.setattr(json, "loads", json.standard_loads)
    monkeypatch.setattr(json, "dumps", json.standard_dumps)


@both
@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_not_json_is_refused(text: bytes, loads: Loads, dumps: Dumps) -> None:
    """Whatever is wrong with a text is a `DocumentError` about the whole."""
    with pytest.raises(DocumentError, match=r"^the body is not JSON at \$$"):
        loads(text)


@pytest.mark.parametrize("text", [b"1e999", b"-1e999", b"[1.0e400]", b"1e309"])
@pytest.mark.parametrize(
    "loads",
    [
        pytest.param(json.loads, marks=needs_orjson, id="orjson"),
        pytest.param(
            json.standard_loads,
            id="standard",
        ),
    ],
)
def test_a_number_beyond_floats_is_refused(text: bytes, loads: Loads) -> None:
    """A number that would become infinity is refused: it can't be written again."""
    with pytest.raises(DocumentError):
        loads(text)


@needs_orjson
@pytest.mark.parametrize("text", [b"18446744073709551616", b"-9223372036854775809"])
def test_numbers_beyond_64_bits_read_alike(text: bytes) -> None:
    """A whole number of more than 64 bits is a float to both backends."""
    assert repr(json.loads(text)) == repr(json.standard_loads(text)) == repr(float(text))


@both
@pytest.mark.parametrize(("text", "value"), TAKEN.values(), ids=TAKEN)
def test_unusual_json_is_read(text: bytes, value: object, loads: Loads, dumps: Dumps) -> None:
    """What JSON allows is read, however odd."""
    assert loads(text) == value


@both
def test_the_refusal_hides_the_text(loads: Loads, dumps: Dumps) -> None:
    """A body that is no JSON is not quoted: it may hold a secret."""
    with pytest.raises(DocumentError) as caught:
        loads(b'{"token": "s3cr3t')
    assert "s3cr3t" not in repr(caught.value)


@both
def test_text_is_written_as_utf_8(loads: Loads, dumps: Dumps) -> None:
    """Text is written compactly and as UTF-8, without escapes that need not be."""
    assert (
        dumps({"a": ["é", "\U0001f600", None, True]})
        == '{"a":["é","\U0001f600",null,true]}'.encode()
    )


@both
def test_an_enum_is_written_as_its_text(loads: Loads, dumps: Dumps) -> None:
    """Members of open enums are written as their text."""
    assert dumps([Visibility.PUBLIC, Visibility("friends")]) == b'["public","friends"]'


@both
@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", "\ud800", 1j])
def test_what_is_not_json_is_not_written(value: object, loads: Loads, dumps: Dumps) -> None:
    """A value that JSON has not raises one of the errors that the serializer expects."""
    with pytest.raises((TypeError, ValueError)):
        dumps(value)


UNLIKE = {
    "NaN, which orjson writes as null": float("nan"),
    "infinity, which orjson writes as null": float("inf"),
    "a number of 70 bits, which orjson refuses": 2**70,
    "a name that is a number, which the standard library turns into text": {1: 2},
    "a time, which orjson writes in its own way": datetime(2026, 4, 16, 10, tzinfo=UTC),
    "`UNSET`, which orjson writes as text": UNSET,
}


@pytest.mark.parametrize("value", UNLIKE.values(), ids=UNLIKE)
@pytest.mark.parametrize("within", [lambda value: value, lambda value: [{"a": [value]}]])
def test_what_the_backends_write_differently_is_not_writable(
    value: object, within: Callable[[object], object]
) -> None:
    """Raw values are checked before they go out, as each library would make its own of them."""
    with pytest.raises(ValueError, match=r"string|none|range"):
        json.check_writable(within(value))


@pytest.mark.parametrize("value", [None, True, 0, -1.5, "a", [1, [2]], {"a": {"b": []}}, 2**63])
def test_what_json_has_is_writable(value: object) -> None:
    """Nothing that JSON has is refused."""
    json.check_writable(value)
