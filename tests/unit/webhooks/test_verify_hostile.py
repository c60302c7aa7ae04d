"""What strangers send: `verify` answers with a bool, and only the untouched request is True."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import assume, example, given
from hypothesis import strategies as st

from didww_async.webhooks import sign, sign_events, verify

SIGNATURE = "0" * 40
FORM = "application/x-www-form-urlencoded"

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(),
    st.text(st.characters()),
    st.lists(st.one_of(st.text(), st.none(), st.binary()), max_size=3),
    st.dictionaries(st.text(), st.text(), max_size=3),
)
ANY_TEXT = st.text(st.characters(), max_size=60)
METHODS = st.one_of(st.sampled_from(["GET", "POST", "get", "HEAD"]), ANYTHING)
URLS = st.one_of(
    st.builds("http://{}".format, ANY_TEXT),
    st.builds("http://example.com/cb?id=1&type=orders&{}".format, ANY_TEXT),
    st.builds("https://example.com:{}/".format, ANY_TEXT),
    st.builds("http://[{}]/".format, ANY_TEXT),
    ANYTHING,
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda text: f"[{text}]".encode(errors="surrogatepass"), ANY_TEXT),
    st.builds(lambda text: f'[{{"id": {text}}}]'.encode(errors="surrogatepass"), ANY_TEXT),
    ANYTHING,
)
TYPES = st.one_of(st.sampled_from([FORM, "application/json"]), ANYTHING)
SIGNATURES = st.one_of(
    st.just(SIGNATURE), st.text(st.characters(), min_size=40, max_size=40), ANYTHING
)

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PAYLOADS = st.dictionaries(WORDS, WORDS, min_size=1, max_size=6)
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
PATHS = st.builds(
    lambda path: f"https://example.com/{quote(path)}",
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
)
EVENTS = st.lists(
    st.dictionaries(WORDS, st.one_of(WORDS, st.booleans(), st.integers()), max_size=4),
    min_size=1,
    max_size=3,
)


def changed(text: str, position: int) -> str:
    """Return the text with one character replaced by a different one."""
    at = position % len(text)
    return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]


def verified(url: str, body: bytes, signature: str, secret: str, kind: str = FORM) -> bool:
    """Check a POST request."""
    return verify(
        method="POST",
        url=url,
        body=body,
        content_type=kind,
        signature=signature,
        secret=secret,
    )


@given(method=METHODS, url=URLS, body=BODIES, content_type=TYPES, signature=SIGNATURES)
@example(method="POST", url="http://a/", body=b"\xff", content_type=FORM, signature=SIGNATURE)
@example(method="POST", url="http://a/", body=b"id=%FF", content_type=FORM, signature=SIGNATURE)
@example(method="GET", url="http://a:99999/", body=b"", content_type="", signature=SIGNATURE)
@example(method="GET", url="http://[::1/", body=b"", content_type="", signature=SIGNATURE)
@example(method="POST", url="http://a/", body=b"a=1", content_type=FORM, signature="é" * 40)
@example(method="GET", url="http://a/", body=b"", content_type="", signature="\ud800" * 40)
@example(method="GET", url="http://a/?" + "&" * 9000, body=b"", content_type="", signature="é" * 40)
@example(
    method="GET",
    url="http://a/?id=\ud800&type=orders",
    body=b"",
    content_type=None,
    signature=SIGNATURE,
)
@example(
    method="POST",
    url="http://a/",
    body=b"[" * 500_000,
    content_type="application/json",
    signature=SIGNATURE,
)
@example(
    method="POST",
    url="http://a/",
    body=b'[{"a": ' * 100_000,
    content_type="application/json",
    signature=SIGNATURE,
)
@example(
    method="POST",
    url="http://a/",
    body=b'[{"a": ' + b"9" * 10_000 + b"}]",
    content_type="application/json",
    signature=SIGNATURE,
)
def test_any_request_is_false(
    method: Any, url: Any, body: Any, content_type: Any, signature: Any
) -> None:
    """A request of any type or content is False, never an exception."""
    assert False is verify(
        method=method,
        url=url,
        body=body,
        content_type=content_type,
        signature=signature,
        secret="secret",
    )


@given(name=st.sampled_from(["method", "url", "body", "content_type", "signature"]), value=ANYTHING)
def test_anything_in_one_place(name: str, value: Any) -> None:
    """A signed request with one argument replaced, by a value of any type, is False."""
    request: dict[str, Any] = {
        "method": "POST",
        "url": "https://example.com/cb",
        "body": b"id=1&type=orders",
        "content_type": FORM,
        "signature": sign("https://example.com/cb", {"id": "1", "type": "orders"}, "secret"),
    }
    assert (
        verify(**request, secret="secret"),
        verify(**{**request, name: value}, secret="secret"),
    ) == (True, False)


@given(url=PATHS, payload=PAYLOADS, secret=SECRETS)
def test_signed_form_verifies(url: str, payload: dict[str, str], secret: str) -> None:
    """What `sign` signed verifies as a form."""
    assert verified(url, urlencode(payload).encode(), sign(url, {**payload}, secret), secret)


@given(own=PAYLOADS, payload=PAYLOADS, secret=SECRETS)
def test_signed_query_verifies(own: dict[str, str], payload: dict[str, str], secret: str) -> None:
    """What `sign` signed verifies as a query with its names in order after the user's own."""
    payload |= {"id": "1", "type": "orders"}
    assume(not own.keys() & payload.keys())
    query = urlencode(own) + "&" + urlencode(sorted(payload.items()))
    url = f"https://example.com/cb?{query}"
    assert verify(
        method="GET",
        url=url,
        body=b"",
        content_type=None,
        signature=sign(url, {**payload}, secret),
        secret=secret,
    )


@given(url=PATHS, events=EVENTS, secret=SECRETS)
def test_signed_array_verifies(url: str, events: list[dict[str, object]], secret: str) -> None:
    """What `sign_events` signed verifies as a JSON array."""
    signature = sign_events(url, events, secret)
    assert verified(url, json.dumps(events).encode(), signature, secret, "application/json")


@given(url=PATHS, payload=PAYLOADS, position=st.integers(0, 1000))
def test_changed_url(url: str, payload: dict[str, str], position: int) -> None:
    """One changed character of the URL makes a signed request False."""
    signature = sign(url, {**payload}, "secret")
    assert not verified(changed(url, position), urlencode(payload).encode(), signature, "secret")


@given(payload=PAYLOADS, name=st.integers(0, 5), position=st.integers(0, 1000))
def test_changed_body(payload: dict[str, str], name: int, position: int) -> None:
    """One changed character of a value makes a signed request False."""
    url = "https://example.com/cb"
    signature = sign(url, {**payload}, "secret")
    key = sorted(payload)[name % len(payload)]
    other = payload | {key: changed(payload[key] or "x", position)}
    assert not verified(url, urlencode(other).encode(), signature, "secret")


@given(payload=PAYLOADS, secret=SECRETS, position=st.integers(0, 1000))
def test_changed_secret(payload: dict[str, str], secret: str, position: int) -> None:
    """One changed character of the secret makes a signed request False."""
    url = "https://example.com/cb"
    signature = sign(url, {**payload}, secret)
    other = changed(secret, position)
    assert not verified(url, urlencode(payload).encode(), signature, other)


@given(payload=PAYLOADS, position=st.integers(0, 39))
def test_changed_signature(payload: dict[str, str], position: int) -> None:
    """One changed digit of the signature makes a signed request False."""
    url = "https://example.com/cb"
    signature = changed(sign(url, {**payload}, "secret"), position)
    assert not verified(url, urlencode(payload).encode(), signature, "secret")


@given(payload=PAYLOADS, length=st.integers(0, 39))
def test_cut_signature(payload: dict[str, str], length: int) -> None:
    """The beginning of a right signature is False."""
    url = "https://example.com/cb"
    signature = sign(url, {**payload}, "secret")[:length]
    assert not verified(url, urlencode(payload).encode(), signature, "secret")
