"""Which server may see the credentials: one scheme, one host, one port."""

from __future__ import annotations

import yarl

from didww_async.errors import ConfigurationError, ForeignOriginError

__all__ = ["BaseUrl", "visible_url"]

MOST_URLS = 64


def visible_url(url: yarl.URL) -> str:
    """The URL as errors and logs show it: without query, fragment and user info."""
    if not url.absolute:
        return url.path
    return str(url.with_user(None).with_query(None).with_fragment(None))


class BaseUrl:
    """The URL of an API: what paths are appended to, and what links are held against."""

    def __init__(self, url: str) -> None:
        example = "base_url takes a URL such as https://api.example.com/v3"
        try:
            parsed = yarl.URL(url)
            good = parsed.scheme in {"http", "https"} and parsed.host and parsed.port
        except (TypeError, ValueError):
            raise ConfigurationError(f"{example}; what was given is none") from None
        if "@" in url:  # which may come with a password, so the URL is not repeated
            raise ConfigurationError(f"{example}, without user and password; use api_key or auth")
        if not good or parsed.raw_query_string or parsed.raw_fragment:
            raise ConfigurationError(f"{example}, not {url!r}")
        self._prefix = str(parsed).rstrip("/")
        self._root = str(parsed.with_path("/")).rstrip("/")
        self._origin = (parsed.scheme, parsed.host, parsed.port)
        self._urls: dict[str, yarl.URL] = {}

    def __str__(self) -> str:
        return self._prefix

    @property
    def origin(self) -> str:
        """The scheme, host and port."""
        return "{}://{}:{}".format(*self._origin)

    def join(self, path: str, query: str) -> yarl.URL:
        """The URL of a path below the base."""
        if query:
            return yarl.URL(f"{self._prefix}{path}?{query}", encoded=True)
        url = self._urls.get(path)
        if url is None:
            url = yarl.URL(self._prefix + path, encoded=True)
            if len(self._urls) < MOST_URLS:  # a client asks for a few collections over and over
                self._urls[path] = url
        return url

    def follow(self, method: str, link: str) -> yarl.URL | ForeignOriginError:
        """
        The URL of a link that the server gave, verbatim.

        The error, to be raised, if it leads to another server.
        """
        if not (link.isascii() and link.isprintable()) or " " in link:
            return ForeignOriginError(method, "a link that is no URL", self.origin)
        if link.startswith("/") and not link.startswith("//"):
            link = self._root + link
        try:
            url = yarl.URL(link, encoded=True)  # verbatim: yarl would decode %2C
            origin = (url.scheme, url.host, url.port)  # yarl.origin() tells :443 from the default
            foreign = origin != self._origin or url.user is not None or url.password is not None
        except ValueError:
            return ForeignOriginError(method, "a link that is no URL", self.origin)
        if foreign:
            return ForeignOriginError(method, visible_url(url), self.origin)
        return url
