"""Signatures that DIDWW or its own SDKs publish, and two of the JSON array form."""

import pytest

from didww_async.webhooks import sign, sign_events, verify

ORDER = {"status": "completed", "id": "1dd7a68b-e235-402b-8912-fe73ee14243a", "type": "orders"}
BLOCKED: dict[str, object] = {
    "id": "1dd7a68b-e235-402b-8912-fe73ee14243a",
    "type": "voice_out_trunks",
    "status": "blocked",
    "threshold_reached": True,
    "created_at": "2026-11-20T10:00:00.000Z",
}
ACTIVE: dict[str, object] = {
    **BLOCKED,
    "status": "active",
    "threshold_reached": False,
    "created_at": "2026-11-20T11:00:00.000Z",
}
GET_URL = (
    "http://example.com/callback.php?id=7ae7c48f-d48a-499f-9dc1-c9217014b457"
    "&reject_reason=&status=approved&type=address_verifications"
)
GET_SIGNATURE = "18050028b6b22d0ed516706fba1c1af8d6a8f9d5"


@pytest.mark.parametrize(
    ("secret", "url", "payload", "expected"),
    [
        (
            "szrdgh6547umt7tht7xbqhj6g9gdbyp7",
            "https://mycompany.com/didww_callbacks?opaque=123",
            {
                "id": "bf2cee72-6caa-4ae2-917e-bea01945691e",
                "status": "completed",
                "type": "orders",
            },
            "30f66e9d72eb5e193051fd02952f70d8e934b4ff",
        ),
        (
            "SOMEAPIKEY",
            "http://example.com/callbacks",
            ORDER,
            "fe99e416c3547f2f59002403ec856ea386d05b2f",
        ),
        (
            "OTHERAPIKEY",
            "http://example.com/callbacks?foo=bar#baz",
            ORDER,
            "32754ba93ac1207e540c0cf90371e7786b3b1cde",
        ),
        (
            "SOMEAPIKEY",
            GET_URL,
            {
                "status": "approved",
                "id": "7ae7c48f-d48a-499f-9dc1-c9217014b457",
                "type": "address_verifications",
                "reject_reason": "",
            },
            GET_SIGNATURE,
        ),
    ],
    ids=["own query", "plain", "query and fragment", "get"],
)
def test_published_signature(
    secret: str, url: str, payload: dict[str, str | None], expected: str
) -> None:
    """A published example is signed to the published value."""
    assert expected == sign(url, payload, secret)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://foo.com/bar", "4d1ce2be656d20d064183bec2ab98a2ff3981f73"),
        ("http://foo.com:80/bar", "4d1ce2be656d20d064183bec2ab98a2ff3981f73"),
        ("http://foo.com:443/bar", "904eaa65c0759afac0e4d8912de424e2dfb96ea1"),
        ("http://foo.com:8182/bar", "eb8fcfb3d7ed4b4c2265d73cf93c31ba614384d1"),
        ("http://foo.com/bar?baz=boo", "78b00717a86ce9df06abf45ff818aa94537e1729"),
        ("http://user:pass@foo.com/bar", "88615a11a78c021c1da2e1e0bfb8cc165170afc5"),
        ("http://foo.com/bar#test", "b1c4391fcdab7c0521bb5b9eb4f41f08529b8418"),
        ("https://foo.com/bar", "f26a771c302319a7094accbe2989bad67fff2928"),
        ("https://foo.com:443/bar", "f26a771c302319a7094accbe2989bad67fff2928"),
        ("https://foo.com:80/bar", "bd45af5253b72f6383c6af7dc75250f12b73a4e1"),
        ("https://foo.com:8384/bar", "9c9fec4b7ebd6e1c461cb8e4ffe4f2987a19a5d3"),
        ("https://foo.com/bar?qwe=asd", "4a0e98ddf286acadd1d5be1b0ed85a4e541c3137"),
        ("https://qwe:asd@foo.com/bar", "7a8cd4a6c349910dfecaf9807e56a63787250bbd"),
        ("https://foo.com/bar#baz", "5024919770ea5ca2e3ccc07cb940323d79819508"),
        ("http://[::1]/bar", "e0e9b83e4046d097f54b3ae64b08cbb4a539f601"),
        ("http://[::1]:80/bar", "e0e9b83e4046d097f54b3ae64b08cbb4a539f601"),
        ("http://[::1]:9090/bar", "ebec110ec5debd0e0fd086ff2f02e48ca665b543"),
        ("https://[::1]/bar", "f3cfe6f523fdf1d4eaadc310fcd3ed92e1e324b0"),
        ("http://foo.com/hello%20world", "eb64035b2e8f356ff1442898a39ec94d5c3e2fc8"),
        ("http://foo.com/foo%2Fbar", "db24428442b012fa0972a453ba1ba98e755bba10"),
    ],
)
def test_published_url_normalisation(url: str, expected: str) -> None:
    """A URL is signed in the published normal form."""
    assert expected == sign(url, ORDER, "SOMEAPIKEY")


@pytest.mark.parametrize("signature", ["fbdb1d1b18aa6c08324b7d64b71fb76370690e1d", ""])
def test_published_wrong_signature(signature: str) -> None:
    """The published wrong signatures do not verify."""
    assert not verify(
        method="POST",
        url="http://example.com/callbacks",
        body=b"status=completed&id=1dd7a68b-e235-402b-8912-fe73ee14243a&type=orders",
        content_type="application/x-www-form-urlencoded",
        signature=signature,
        secret="SOMEAPIKEY",
    )


def test_published_get_request_verifies() -> None:
    """The published GET example verifies as the raw request it describes."""
    assert verify(
        method="GET",
        url=GET_URL,
        body=b"",
        content_type=None,
        signature=GET_SIGNATURE,
        secret="SOMEAPIKEY",
    )


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([BLOCKED], "ee2f493ac4ff757139ba893b2d093192f519933b"),
        ([BLOCKED, ACTIVE], "bf5283f064cddc84128f2a82992805df70b742be"),
    ],
    ids=["one", "two"],
)
def test_array_signature(events: list[dict[str, object]], expected: str) -> None:
    """An array is signed entry by entry, members in name order, booleans in JSON spelling."""
    assert expected == sign_events("https://example.com/hook", events, "SOMESECRET")


def test_array_number_is_signed_in_json_spelling() -> None:
    """A number in an event is signed as JSON writes it."""
    assert sign("http://a.example/", {"n": "1.5"}, "s") == sign_events(
        "http://a.example/", [{"n": 1.5}], "s"
    )


def test_none_signs_as_empty() -> None:
    """A payload value of None is signed like the empty string."""
    url = "http://a.example/"
    assert sign(url, {"reject_reason": ""}, "s") == sign(url, {"reject_reason": None}, "s")


def test_missing_scheme_signs_as_http() -> None:
    """A URL without a scheme is signed as http."""
    assert sign("http://foo.com:8080/x", ORDER, "s") == sign("foo.com:8080/x", ORDER, "s")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "http:///path",
        "ftp://foo.com/bar",
        "http://foo.com:x/bar",
        "http://foo.com:-1/bar",
        "http://foo.com:٣/bar",
        "http://foo.com:0/bar",
        "http://foo.com:65536/bar",
        "http://foo.com:111111111/bar",
        "http://[::1/bar",
        "http://::1]/bar",
        "http://[::1]x/bar",
        "http://a:b:c/bar",
        "http://foo.com/a b",
        "http://foo.com/a\nb",
        "http://foo.com/\ud800",
    ],
)
def test_sign_refuses_what_is_no_url(url: str) -> None:
    """A text that cannot be a callback URL is a ValueError, not a signature."""
    with pytest.raises(ValueError):
        sign(url, ORDER, "s")


@pytest.mark.parametrize("value", [1, True, b"x", ["x"]])
def test_sign_refuses_values_that_are_no_text(value: object) -> None:
    """A form value that is neither str nor None is a TypeError."""
    with pytest.raises(TypeError, match="payload maps"):
        sign("http://foo.com/", {"id": value}, "s")  # type: ignore[dict-item]


@pytest.mark.parametrize("value", [b"x", ["x"], {"a": 1}])
def test_sign_events_refuses_nested_values(value: object) -> None:
    """A member that is no JSON scalar is a TypeError."""
    with pytest.raises(TypeError, match="JSON scalars"):
        sign_events("http://foo.com/", [{"id": value}], "s")


def test_sign_refuses_a_url_of_another_type() -> None:
    """A URL that is no str is a TypeError."""
    with pytest.raises(TypeError, match="URL is a str"):
        sign(b"http://foo.com/", ORDER, "s")  # type: ignore[arg-type]
