"""The spelling of a callback URL that DIDWW signs: raw parts, with the port always written."""

import re
from typing import Final, NamedTuple

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_PORT: Final = 65535
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")
_AUTHORITY_END: Final = re.compile(r"[/?#]")
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@\\]+)(?::([0-9]{0,5}))?")
# `urllib.parse.urlsplit` deletes tabs and line ends without a word, lower-cases the host and
# raises only when the port is read, so the text that was signed cannot be rebuilt from its parts.
_NOT_IN_A_URL: Final = re.compile(r"[\x00-\x20\x7f]")


class SignedUrl(NamedTuple):
    """A callback URL taken apart without changing the spelling of any part."""

    scheme: str
    """`http` or `https`, in lower case."""
    userinfo: str
    """`user:password@` as written, or empty."""
    host: str
    """As written; an IPv6 address keeps its brackets."""
    port: int
    """As written, or the default of the scheme."""
    tail: str
    """Path, query and fragment as written."""

    def text(self) -> str:
        """Return the URL as it is signed."""
        return f"{self.scheme}://{self.userinfo}{self.host}:{self.port}{self.tail}"

    def texts(self) -> tuple[str, ...]:
        """
        Return the spellings under which the URL may have been signed.

        There are two when the path is empty: a web server sees `/` and cannot tell, and DIDWW's
        own SDKs differ on which is signed (Ruby has shipped both, TypeScript writes the slash).
        """
        path = _AUTHORITY_END.split(self.tail.removeprefix("/"), maxsplit=1)[0]
        if path or self.tail.startswith("//"):
            return (self.text(),)
        bare = self._replace(tail=self.tail.removeprefix("/"))
        return bare.text(), bare._replace(tail=f"/{bare.tail}").text()

    def query(self) -> str:
        """Return the raw query, without its question mark."""
        return self.tail.partition("#")[0].partition("?")[2]


def split_url(url: str) -> SignedUrl:
    """
    Return the parts of a callback URL, each as written.

    A URL without a scheme counts as http (DIDWW docs, Callbacks details).

    Raises:
        ValueError: The text is not an http or https URL with a host and a valid port.

    """
    if _NOT_IN_A_URL.search(url):
        raise ValueError("a callback URL cannot hold spaces or control characters")
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else "http"
    if scheme not in _DEFAULT_PORTS:
        raise ValueError("a callback URL must be http or https")
    rest = url[found.end() :] if found else url
    end = _AUTHORITY_END.search(rest)
    authority, tail = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    userinfo, at, host_and_port = authority.rpartition("@")
    parts = _HOST.fullmatch(host_and_port)
    if parts is None:
        raise ValueError("a callback URL needs a host, and its port is a number")
    port = int(parts[2]) if parts[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port <= _MAX_PORT:
        raise ValueError("the port of a callback URL is out of range")
    return SignedUrl(scheme, userinfo + at, parts[1], port, tail)
