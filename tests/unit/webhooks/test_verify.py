"""Which raw requests count as signed."""

from typing import TypedDict
from urllib.parse import urlencode

import pytest

from didww_async.webhooks import sign, verify

SECRET = "callback-secret"
URL = "https://example.com/hook?opaque=1"
PAYLOAD = {"id": "ab12", "status": "completed", "type": "orders"}
FORM = "application/x-www-form-urlencoded"


class Request(TypedDict):
    method: str
    url: str
    body: bytes
    content_type: str | None
    signature: str | list[str] | None


def post(body: bytes | None = None, *, content_type: str | None = FORM) -> Request:
    """A form request, signed."""
    return Request(
        method="POST",
        url=URL,
        body=urlencode(PAYLOAD).encode() if body is None else body,
        content_type=content_type,
        signature=sign(URL, PAYLOAD, SECRET),
    )


def get(query: str, payload: dict[str, str | None]) -> Request:
    """A request with this query, its payload signed."""
    url = f"https://example.com/hook?{query}"
    return Request(
        method="GET",
        url=url,
        body=b"",
        content_type=None,
        signature=sign(url, payload, SECRET),
    )


def test_form() -> None:
    """A form signed with the secret verifies."""
    assert verify(**post(), secret=SECRET)


def test_form_values_are_decoded_before_they_count() -> None:
    """Percent-encoding and plus signs of the body are undone; those of the URL are not."""
    url = "https://example.com/a%2Fb"
    payload: dict[str, str | None] = {**PAYLOAD, "reject_comment": "née, 50% + x"}
    assert verify(
        method="POST",
        url=url,
        body=urlencode(payload).encode(),
        content_type=FORM,
        signature=sign(url, payload, SECRET),
        secret=SECRET,
    )


@pytest.mark.parametrize(
    "content_type", [FORM, f"{FORM}; charset=utf-8", f"{FORM.upper()} ;charset=utf-8"]
)
def test_form_content_type_spellings(content_type: str) -> None:
    """Case and parameters of the content type do not matter."""
    assert verify(**post(content_type=content_type), secret=SECRET)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json"])
def test_form_under_another_content_type(content_type: str | None) -> None:
    """A form that does not say that it is one is refused."""
    assert not verify(**post(content_type=content_type), secret=SECRET)


def test_form_order_does_not_matter() -> None:
    """The fields of a form may come in any order."""
    assert verify(**post(b"type=orders&status=completed&id=ab12"), secret=SECRET)


@pytest.mark.parametrize("repeated", ["id=ab12", "id=other", "%69d=ab12"])
def test_repeated_form_field(repeated: str) -> None:
    """A repeated field is refused, with the same value too, before or behind the signed one."""
    form = urlencode(PAYLOAD)
    requests = [post(f"{form}&{repeated}".encode()), post(f"{repeated}&{form}".encode())]
    assert [verify(**request, secret=SECRET) for request in requests] == [False, False]


def test_unsigned_form_field() -> None:
    """A field that was added to a signed form makes it false."""
    assert not verify(**post(b"id=ab12&status=completed&type=orders&x=1"), secret=SECRET)


@pytest.mark.parametrize("body", [b"id=%FF", b"id=\xff"])
def test_form_that_is_not_utf_8(body: bytes) -> None:
    """Bytes that are not UTF-8 are refused, not replaced."""
    request = post(body)
    request["signature"] = sign(URL, {"id": "\ufffd"}, SECRET)
    assert not verify(**request, secret=SECRET)


def test_too_many_form_fields() -> None:
    """A form of more fields than any callback has is refused though its signature is right."""
    payload: dict[str, str | None] = {f"f{n}": "" for n in range(65)}
    request = post("&".join(payload).encode())
    request["signature"] = sign(URL, payload, SECRET)
    assert not verify(**request, secret=SECRET)


def test_form_body_over_the_bound() -> None:
    """A body over 1 MiB is refused though its signature is right."""
    payload: dict[str, str | None] = {**PAYLOAD, "x": "y" * 1024 * 1024}
    request = post(urlencode(payload).encode())
    request["signature"] = sign(URL, payload, SECRET)
    assert not verify(**request, secret=SECRET)


def test_url_over_the_bound() -> None:
    """A URL over 16 KiB is refused though its signature is right."""
    request = post()
    request["url"] = URL + "x" * 16 * 1024
    request["signature"] = sign(request["url"], PAYLOAD, SECRET)
    assert not verify(**request, secret=SECRET)


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"", FORM), (b"[]", "application/json"), (b"&&", FORM)]
)
def test_nothing_but_a_url(body: bytes, content_type: str) -> None:
    """A signature over the URL alone confirms no event."""
    request = post(body, content_type=content_type)
    request["signature"] = sign(URL, {}, SECRET)
    assert not verify(**request, secret=SECRET)


@pytest.mark.parametrize("method", ["PUT", "HEAD", "DELETE", "", "POST "])
def test_other_methods(method: str) -> None:
    """Only the two methods that DIDWW uses can verify."""
    request = post()
    request["method"] = method
    assert not verify(**request, secret=SECRET)


def test_get_with_own_parameters() -> None:
    """The user's own parameters are part of the URL and not of the payload."""
    query = "zone=9&opaque=1&opaque=2&id=ab12&status=completed&type=orders"
    assert verify(**get(query, {**PAYLOAD}), secret=SECRET)


def test_get_that_signs_own_parameters_as_payload() -> None:
    """A parameter out of name order is the user's own and cannot be signed as payload."""
    query = "zone=9&id=ab12&status=completed&type=orders"
    assert not verify(**get(query, {**PAYLOAD, "zone": "9"}), secret=SECRET)


def test_get_with_own_parameters_in_between() -> None:
    """The payload is found wherever it stands in the query."""
    query = "id=ab12&opaque=1&type=orders&status=completed"
    assert verify(**get(query, {**PAYLOAD}), secret=SECRET)


def test_get_with_an_own_parameter_of_a_known_name() -> None:
    """A name that belongs to another kind of callback may be the user's own."""
    query = "url=mine&id=ab12&status=completed&type=orders"
    assert verify(**get(query, {**PAYLOAD}), secret=SECRET)


def test_get_with_a_new_parameter() -> None:
    """A parameter that is newer than this release belongs to the payload it is sorted into."""
    payload: dict[str, str | None] = {**PAYLOAD, "region": "eu"}
    query = "zone=9&id=ab12&region=eu&status=completed&type=orders"
    assert verify(**get(query, payload), secret=SECRET)


def test_get_with_a_fragment() -> None:
    """The payload stands before the fragment, which is signed too."""
    query = "id=ab12&status=completed&type=orders#top"
    assert verify(**get(query, {**PAYLOAD}), secret=SECRET)


@pytest.mark.parametrize("repeated", ["id=ab12", "id=other", "status=canceled"])
def test_get_with_a_repeated_parameter(repeated: str) -> None:
    """A callback parameter that the query holds twice is refused, wherever it stands."""
    query = "id=ab12&status=completed&type=orders"
    first = get(f"{repeated}&{query}", {**PAYLOAD})
    last = get(f"{query}&{repeated}", {**PAYLOAD})
    assert [verify(**request, secret=SECRET) for request in (first, last)] == [False, False]


def test_get_without_payload() -> None:
    """A signature over a URL without callback parameters confirms no event."""
    assert not verify(**get("opaque=1", {}), secret=SECRET)


def test_get_with_a_body() -> None:
    """A GET with a body is refused, because the body is not signed."""
    request = get("id=ab12&status=completed&type=orders", {**PAYLOAD})
    request["body"] = b"status=canceled"
    assert not verify(**request, secret=SECRET)


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("https://example.com", "https://example.com/"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com?a=1", "https://example.com/?a=1"),
        ("HTTPS://example.com/x", "https://example.com:443/x"),
    ],
)
def test_same_url_in_another_spelling(told: str, seen: str) -> None:
    """An empty path is the same as a slash, and a default port the same as none."""
    request = post()
    request["url"] = seen
    request["signature"] = sign(told, PAYLOAD, SECRET)
    assert verify(**request, secret=SECRET)


@pytest.mark.parametrize(
    "seen",
    [
        "http://example.com/hook?opaque=1",
        "https://example.com:8443/hook?opaque=1",
        "https://internal/hook?opaque=1",
        "https://example.com/hook/?opaque=1",
        "https://example.com//hook?opaque=1",
        "https://example.com/hook",
        "https://example.com/hook?opaque=%31",
        "https://user@example.com/hook?opaque=1",
    ],
)
def test_another_url(seen: str) -> None:
    """A URL other than the one that DIDWW was given is refused, as behind an unheeded proxy."""
    request = post()
    request["url"] = seen
    assert not verify(**request, secret=SECRET)


def test_upper_case_signature() -> None:
    """Hex digits in upper case are the same signature."""
    request = post()
    request["signature"] = sign(URL, PAYLOAD, SECRET).upper()
    assert verify(**request, secret=SECRET)


def test_repeated_header() -> None:
    """A header that was repeated with one value verifies."""
    request = post()
    request["signature"] = [sign(URL, PAYLOAD, SECRET)] * 2
    assert verify(**request, secret=SECRET)


@pytest.mark.parametrize("digit", "0123456789abcdef")
def test_conflicting_headers(digit: str) -> None:
    """Two different signatures are refused, though one of them is right."""
    request = post()
    request["signature"] = [sign(URL, PAYLOAD, SECRET), digit * 40]
    assert not verify(**request, secret=SECRET)
