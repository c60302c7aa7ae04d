"""
Make and check the signature that DIDWW puts on its callbacks. Pure: no I/O, no clock.

The signature is HMAC-SHA1 over the normalised URL, then name and value of each parameter in name
order, with no separators (DIDWW docs, Callbacks details).
It covers neither time nor method, and not where one value ends and the next name begins.
So a captured callback can be sent again for ever, and its optional values regrouped:
make handlers idempotent, and fetch the object by its id before money depends on its status.
"""

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Final, cast

from didww_async.webhooks.payload import MAX_URL_CHARACTERS, Reading, readings
from didww_async.webhooks.url import split_url

SIGNATURE_HEADER: Final = "X-DIDWW-Signature"
"""The request header that carries the signature."""


def sign(url: str, payload: Mapping[str, str | None], secret: str) -> str:
    """
    Return the signature of a form or query callback: 40 lower-case hex digits.

    `url` is the callback URL in the spelling that DIDWW was given, percent-encoding included.
    For a GET callback it already holds the payload in its query, where it is signed once more.
    `payload` holds decoded values; None signs as empty.

    Raises:
        ValueError: The URL is not a callback URL, the secret is empty, or a text is not Unicode.
        TypeError: An argument or a value in the payload is of another type.

    """
    key = _key(secret)
    for name, value in cast("Mapping[object, object]", payload).items():
        if not isinstance(name, str) or not (value is None or isinstance(value, str)):
            raise TypeError("a payload maps str to str or None")
    return _signature(_signed_url(url), [payload], key)


def sign_events(url: str, events: Sequence[Mapping[str, object]], secret: str) -> str:
    """
    Return the signature of a JSON array callback, the form that outbound trunk events take.

    Entries count in their order, members in name order; numbers and booleans count in their JSON
    spelling, strings without quotes, None as empty.
    Unconfirmed: this follows the words of the DIDWW docs (Callbacks details), which publish no
    example of a signed array.

    Raises:
        ValueError: The URL is not a callback URL, the secret is empty, or a text is not Unicode.
        TypeError: An argument is of another type, or a member is not a JSON scalar.

    """
    key = _key(secret)
    return _signature(_signed_url(url), events, key)


def verify(
    *,
    method: str,
    url: str,
    body: bytes,
    content_type: str | None,
    signature: str | Sequence[str] | None,
    secret: str | Sequence[str],
) -> bool:
    """
    Return whether a raw request is a callback that somebody with the secret signed.

    Whatever a stranger can send, of any type, gives False and never an exception.
    A body over 1 MiB, a URL over 16 KiB, a repeated parameter, a content type or a method that
    DIDWW does not use, and a request without any parameter are False.

    `url` is the address that DIDWW was given, character for character; only an empty path and
    `/` count as the same.
    Behind a proxy it differs from what the web server saw: join the public scheme, host and port
    with the raw request target. For GET that holds the query as received. A fragment is signed
    but not sent: append it if the URL that DIDWW was given has one.
    For GET, own parameters in the URL must not bear a name of the callback's (`id`, `type`,
    `status` …): a name that occurs twice is False.

    `signature` is the value of `SIGNATURE_HEADER`, or a list of all its values, which must all be
    the same. Hex digits may be in either case.
    `secret` is the enabled callback secret; accounts from before callback secrets sign with the
    API key. Pass several while a secret is being changed: any of them will do.

    Raises:
        ValueError: The secret is empty, or the sequence of secrets is.
        TypeError: The secret is neither a str nor a sequence of str.

    """
    reading = verified_reading(
        method=method,
        url=url,
        body=body,
        content_type=content_type,
        signature=signature,
        secret=secret,
    )
    return reading is not None


def verified_reading(
    *,
    method: object,
    url: object,
    body: object,
    content_type: object,
    signature: object,
    secret: object,
) -> Reading | None:
    """Return the parameters that the signature covers, or None; the arguments are `verify`'s."""
    keys = _keys(secret)
    claim = _claim(signature)
    if (
        claim is None
        or not isinstance(method, str)
        or not isinstance(url, str)
        or not isinstance(body, bytes)
        or not (content_type is None or isinstance(content_type, str))
        or len(url) > MAX_URL_CHARACTERS
    ):
        return None
    try:
        parts = split_url(url)
        for reading in readings(method, parts, body, content_type):
            if _matches(parts.texts(), reading, keys, claim):
                return reading
    except (ValueError, RecursionError):
        # Malformed text, encodings and JSON all end here: the sender is a stranger as yet.
        return None
    return None


def _matches(urls: tuple[str, ...], reading: Reading, keys: list[bytes], claim: bytes) -> bool:
    found = False
    for key, url in product(keys, urls):
        expected = _signature(url, reading, key).encode()
        # No early exit: the time must not tell which secret was right.
        found |= hmac.compare_digest(expected, claim)
    return found


def _signature(url: str, entries: Iterable[Mapping[str, object]], key: bytes) -> str:
    parts = [url]
    for entry in entries:
        for name in sorted(entry):
            parts += (name, _spelling(entry[name]))
    return hmac.digest(key, "".join(parts).encode(), "sha1").hex()


def _spelling(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool() | int() | float():
            return json.dumps(value, allow_nan=False)
        case _:
            raise TypeError(f"a callback holds JSON scalars, not {type(value).__name__}")


def _signed_url(url: object) -> str:
    if not isinstance(url, str):
        raise TypeError(f"a callback URL is a str, not {type(url).__name__}")
    return split_url(url).text()


def _claim(signature: object) -> bytes | None:
    values: list[object] = [signature]
    if isinstance(signature, list | tuple):
        values = list(cast("Sequence[object]", signature))
    claims: set[bytes] = set()
    for value in values:
        if not isinstance(value, str) or not value.isascii():
            return None
        claims.add(value.encode().lower())
    return claims.pop() if len(claims) == 1 else None


def _keys(secret: object) -> list[bytes]:
    if isinstance(secret, str):
        return [_key(secret)]
    if isinstance(secret, bytes) or not isinstance(secret, Sequence):
        raise TypeError("a secret is a str or a sequence of str")
    keys = [_key(each) for each in cast("Sequence[object]", secret)]
    if not keys:
        raise ValueError("no secret was given: any callback would be refused")
    return keys


def _key(secret: object) -> bytes:
    if not isinstance(secret, str):
        raise TypeError(f"a secret is a str, not {type(secret).__name__}")
    if not secret.strip():
        raise ValueError("the secret is empty: anybody could sign callbacks with it")
    try:
        return secret.encode()
    except UnicodeEncodeError:
        pass
    # Raised outside the handler, because the encoding error carries the secret.
    raise ValueError("the secret holds characters that UTF-8 cannot encode")
