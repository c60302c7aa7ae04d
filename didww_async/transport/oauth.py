"""
Access tokens of OAuth 2.0's client credentials grant (RFC 6749, 4.4).

Kept apart from the rest of this room: only an API that takes such tokens loads it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote_plus, urlencode

import attrs

from didww_async.errors import (
    ClientStateError,
    ConfigurationError,
    DecodeError,
    DidwwError,
    TokenError,
)
from didww_async.jsonapi import DocumentError, ErrorObject, InvalidInputError
from didww_async.plainjson import PlainJsonSerializer, wire
from didww_async.transport.exchange import Request, Response
from didww_async.transport.session import Session
from didww_async.transport.status import status_error

if TYPE_CHECKING:
    from yarl import URL

__all__ = ["ClientCredentialsAuth"]

RENEWED_AHEAD_SECONDS = 180.0
SHORTEST_SHARE = 0.1
KNOWN_TOKENS = 16
CHECK_THE_CLIENT = " (check client_id and client_secret, and the environment that they are for)"
_PLAIN = PlainJsonSerializer()


@attrs.frozen
class _Grant:
    """What the token service answers (RFC 6749, 5.1)."""

    access_token: str = attrs.field(metadata=wire("access_token"), repr=False)
    expires_in: int | None = attrs.field(default=None, metadata=wire("expires_in"))

    def __attrs_post_init__(self) -> None:
        token = self.access_token
        if not token or not token.isascii() or not token.isprintable():
            raise InvalidInputError("access_token", "expected a token, got another text")


@attrs.frozen
class _Refusal:
    """What it answers instead (RFC 6749, 5.2)."""

    error: str
    error_description: str | None = attrs.field(default=None, metadata=wire("error_description"))


@attrs.frozen
class _Token:
    header: str = attrs.field(repr=False)
    renew_at: float
    expires_at: float


class ClientCredentialsAuth:
    """
    Sends a bearer token, and asks the token service for it when one is needed.

    However many requests wait for a token, it is asked for once, and the request for it goes
    on if one of them is cancelled. From 180 seconds before a token expires, or the last tenth
    of a short life, the next one is fetched while it is still used.

    - `options` are those of `Session`, for the session that asks the token service.
    - `clock` tells seconds that only grow.

    Raises:
        ConfigurationError: A setting is missing or can't work. Nothing was sent.
    """

    def __init__(
        self,
        token_url: str,
        *,
        client_id: str,
        client_secret: str,
        scope: str = "",
        clock: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        for name, value in (("client_id", client_id), ("client_secret", client_secret)):
            if not isinstance(value, str) or not value or not value.isprintable() or " " in value:
                raise ConfigurationError(f"{name} is empty, or holds a space or a line's end")
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        if scope:
            form["scope"] = scope
        self._form = urlencode(form).encode()
        self._secrets = {client_secret, quote_plus(client_secret), client_id}
        self._clock = clock
        self._token: _Token | None = None
        self._tokens: deque[str] = deque(maxlen=KNOWN_TOKENS)
        self._fetch: asyncio.Task[_Token] | None = None
        self._session = Session(
            token_url,
            auth=self,  # for its secrets: the one request that is sent goes without its headers
            judge=_judge,
            headers={"Accept": "application/json"},
            content_type="application/x-www-form-urlencoded",
            **options,
        )

    async def headers(self) -> Mapping[str, str]:
        """
        The token's header.

        Raises:
            TokenError: There is no token, and none could be had.
        """
        token = self._token
        now = self._clock()
        if token is None or token.expires_at <= now:
            token = await asyncio.shield(self._fetching())
        elif token.renew_at <= now:
            self._fetching()
        return {"Authorization": token.header}

    def secrets(self) -> Sequence[str]:
        """What the client is known by, and the tokens that may still be under way."""
        return (*self._secrets, *self._tokens)

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """
        Get another token than the one that was refused, unless somebody did so meanwhile.

        Raises:
            TokenError: None could be had.
        """
        header = refused.get("Authorization")
        if self._token is not None and self._token.header == header:
            self._token = None
        if self._token is None:
            token = await asyncio.shield(self._fetching())
            return token.header != header
        return True

    async def close(self) -> None:
        """Close the connection to the token service; may be called again."""
        if self._fetch is not None:
            await asyncio.sleep(0)  # one that has not begun would leave its callers cancelled
            self._fetch.cancel()
            await asyncio.wait({self._fetch})
        await self._session.close()

    def _fetching(self) -> asyncio.Task[_Token]:
        """The one request for a token that is under way."""
        if self._fetch is None:
            self._fetch = asyncio.ensure_future(self._fetched())
            self._fetch.add_done_callback(self._fetch_ended)
        return self._fetch

    def _fetch_ended(self, fetch: asyncio.Task[_Token]) -> None:
        self._fetch = None
        if fetch.cancelled() or fetch.exception() is None:
            return
        token = self._token
        if token is not None:  # it serves on, and the service is not asked with every request
            wait = (token.expires_at - self._clock()) * SHORTEST_SHARE
            self._token = attrs.evolve(token, renew_at=self._clock() + wait)

    async def _fetched(self) -> _Token:
        try:
            grant = await self._ask()
        except asyncio.CancelledError:  # by `close`: those who wait for it are not cancelled
            cause: DidwwError = ClientStateError("the client was closed; make a new one")
        except DidwwError as error:
            cause = error
        else:
            seconds = float("inf") if grant.expires_in is None else float(grant.expires_in)
            now = self._clock()
            ahead = min(RENEWED_AHEAD_SECONDS, seconds * SHORTEST_SHARE)
            token = _Token(f"Bearer {grant.access_token}", now + seconds - ahead, now + seconds)
            self._tokens.append(grant.access_token)
            self._token = token
            return token
        raise TokenError(cause)

    async def _ask(self) -> _Grant:
        # Asking twice does nothing twice, so a lost answer is asked for again.
        request = Request("POST", "", body=self._form, authenticated=False, is_safe=True)
        response = await self._session.open().send(request)
        try:
            return _PLAIN.decode(response.body, _Grant)
        except DocumentError as error:
            problem, path = error.problem, error.path
        raise DecodeError("POST", self._session.base_url, response.status, problem, path)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} holds a secret and does not pickle; make it where it is used"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}([redacted])"


def _judge(method: str, url: URL, response: Response) -> DidwwError | None:
    if 200 <= response.status < 300:  # noqa: PLR2004
        return None
    errors: tuple[ErrorObject, ...] = ()
    try:
        refusal = _PLAIN.decode(response.body, _Refusal)
    except DocumentError:
        pass
    else:
        detail = ": ".join(filter(None, (refusal.error, refusal.error_description)))
        errors = (ErrorObject(code=refusal.error, detail=detail),)
    return status_error(method, url, response, errors, hint=CHECK_THE_CLIENT)
