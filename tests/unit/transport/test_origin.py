"""The one origin that may see the credentials."""

from __future__ import annotations

from typing import Any

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st

from didww_async import ConfigurationError, ForeignOriginError
from didww_async.transport.origin import BaseUrl, visible_url

BASE = BaseUrl("https://api.didww.com/v3")


def joined(link: str) -> yarl.URL | None:
    """The URL of a link, or `None` if it is refused."""
    url = BASE.follow("GET", link)
    return None if isinstance(url, ForeignOriginError) else url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.didww.com/v3",
        "//api.didww.com/v3",
        "ftp://api.didww.com",
        "https://",
        "https:///v3",
        "https://api.didww.com/v3?a=b",
        "https://api.didww.com/v3#a",
        "https://user@api.didww.com/v3",
        "https://user:word@api.didww.com/v3",
        "https://:word@api.didww.com/v3",
        "https://api.didww.com:99999/v3",
        "https://[::1/v3",
        "v3",
        "/v3",
        5,
        None,
    ],
)
def test_what_cannot_be_a_base_url_is_refused(url: Any) -> None:
    """ConfigurationError names `base_url` and shows what one looks like."""
    with pytest.raises(ConfigurationError, match="base_url"):
        BaseUrl(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pass-word@api.didww.com/v3",
        "https://:pass-word@api.didww.com/v3",
        pytest.param(
            "https://user:pass-word@api.didww.com:99999/v3",
        ),
        pytest.param(
            "ftp:/user:pass-word@api.didww.com/v3",
        ),
    ],
)
def test_a_password_in_a_base_url_is_not_repeated(url: str) -> None:
    """Errors end up in logs."""
    with pytest.raises(ConfigurationError) as caught:
        BaseUrl(url)

    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://api.didww.com/v3/", "https://api.didww.com/v3//"])
def test_a_slash_at_the_end_of_a_base_url_does_not_matter(url: str) -> None:
    """It is not doubled."""
    assert str(BaseUrl(url).join("/orders", "")) == "https://api.didww.com/v3/orders"


def test_a_query_is_not_encoded_again() -> None:
    """It comes percent-encoded."""
    url = BASE.join("/orders", "filter%5Bx%5D=a%2Cb&y=%2B")

    assert isinstance(url, yarl.URL)
    assert url.raw_query_string == "filter%5Bx%5D=a%2Cb&y=%2B"


@pytest.mark.parametrize(
    "link",
    [
        "https://api.didww.com/v3/orders?page%5Bnumber%5D=2",
        "https://api.didww.com:443/v3/orders?page%5Bnumber%5D=2",
        "HTTPS://API.didww.com/v3/orders?page%5Bnumber%5D=2",
    ],
)
def test_a_link_to_the_same_origin_is_taken(link: str) -> None:
    """However its origin is written; the rest as it stands."""
    url = joined(link)

    assert url is not None
    assert (url.scheme, url.host, url.port) == ("https", "api.didww.com", 443)
    assert url.raw_path_qs == "/v3/orders?page%5Bnumber%5D=2"


@pytest.mark.parametrize(
    "link",
    [
        "http://api.didww.com/v3/orders",
        "http://api.didww.com:443/v3/orders",
        "https://api.didww.com:444/v3/orders",
        "https://api.didww.com.evil.example/v3",
        "https://evil.example/api.didww.com/v3",
        "https://evil.example\\@api.didww.com/v3",
        "https://api.didww.com@evil.example/v3",
        "https://user@api.didww.com/v3",
        "https://:word@api.didww.com/v3",
        "https://api.didww.com./v3",
        "https://\uff41pi.didww.com.evil/v3",
        "wss://api.didww.com/v3",
        "//evil.example/v3",
        "//api.didww.com/v3",
    ],
)
def test_a_link_to_another_origin_raises(link: str) -> None:
    """ForeignOriginError tells the one origin that may be asked, and no password."""
    error = BASE.follow("GET", link)

    assert isinstance(error, ForeignOriginError)
    assert error.origin == "https://api.didww.com:443"
    assert "word@" not in str(error)


@given(st.text())
def test_no_text_leads_a_request_elsewhere(link: str) -> None:
    """Whatever a link says: the one origin, or an error."""
    url = joined(link)
    if url is None:
        return

    assert (url.scheme, url.host, url.port) == ("https", "api.didww.com", 443)
    assert url.user is None


def test_links_below_the_base_are_not_kept() -> None:
    """A walk through any number of pages takes no more memory than one through two."""
    base = BaseUrl("https://api.didww.com/v3")

    for number in range(1000):
        base.follow("GET", f"/orders?page={number}")

    assert len(base._urls) < 100


def test_a_url_is_shown_without_what_may_be_secret() -> None:
    """No user, password, query or fragment."""
    url = yarl.URL("https://user:word@api.didww.com/v3/orders?secret=1#part")

    assert visible_url(url) == "https://api.didww.com/v3/orders"
