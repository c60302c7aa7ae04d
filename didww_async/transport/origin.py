"""Which server may see the credentials: one scheme, one host, one port."""

from __future__ import annotations

import yarl

from didww_async.errors import ConfigurationError, ForeignOriginError

__all__ = ["BaseUrl", "visible_url"]


def visible_url(url: yarl.URL) -> str:
    """The URL as errors and logs show it: without query, fragment and user info."""
    return str(url.with_user(None).with_query(None).with_fragment(None))


class BaseUrl:
    """The URL of an API: what paths are appended to, and what links are held against."""

    def __init__(self, url: str) -> None:
        problem = f"base_url takes a URL such as https://api.didww.com/v3, not {url!r}"
        try:
            parsed = yarl.URL(url)
            good = parsed.scheme in {"http", "https"} and parsed.host and parsed.port
        except (TypeError, ValueError):
            raise ConfigurationError(problem) from None
        if parsed.user is not None or parsed.password is not None:
            raise ConfigurationError("base_url holds a user or a password; use api_key or auth")
        if not good or parsed.raw_query_string or parsed.raw_fragment:
            raise ConfigurationError(problem)
        self._prefix = str(parsed).rstrip("/")
        self._origin = (parsed.scheme, parsed.host, parsed.port)
        self._urls: dict[str, yarl.URL] = {}

    def __str__(self) -> str:
        return self._prefix

    @property
    def origin(self) -> str:
        """The scheme, host and port."""
        return "{}://{}:{}".format(*self._origin)

    def join(self, method: str, path: str, query: str) -> yarl.URL:
        """
        The URL of a request: a path below the base, or a link of the same origin verbatim.

        Raises:
            ForeignOriginError: The link leads to another server.
        """
        if not path.startswith("/") or path.startswith("//"):
            return self._same_origin(method, path)
        if query:
            return yarl.URL(f"{self._prefix}{path}?{query}", encoded=True)
        url = self._urls.get(path)
        if url is None:
            url = yarl.URL(self._prefix + path, encoded=True)
            if path.count("/") == 1:  # a collection: there are few, and they are asked for often
                self._urls[path] = url
        return url

    def _same_origin(self, method: str, link: str) -> yarl.URL:
        try:
            url = yarl.URL(link, encoded=True)  # verbatim: yarl would decode %2C
            origin = (url.scheme, url.host, url.port)  # yarl.origin() tells :443 from the default
            foreign = origin != self._origin or url.user is not None or url.password is not None
        except ValueError:
            raise ForeignOriginError(method, "a link that is no URL", self.origin) from None
        if foreign:
            raise ForeignOriginError(method, visible_url(url), self.origin)
        return url
