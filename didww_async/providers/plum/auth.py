"""
Bearer tokens that replace themselves, where a refresh token works only once.

The documents disagree on what becomes of a refresh token that was used: one page says that it
is invalid at once, another that it works for six more hours. Everything here holds for both.

*The answer to a refresh is lost.* The old refresh token may be used up, and the new one is
known to nobody. It is asked with the old one once more: if the first request never arrived, or
under the second reading, that brings a pair; under the first reading it is refused and nothing
is worse than before. A refused refresh token is never sent again. If the second answer is lost
as well, there is a pause before the next two, as too many refreshes end the validity of all tokens.

*The new pair can't be stored.* It is not used, as it would be lost with the process: it is kept
in memory and offered to the store again with the next request, and when the client is closed.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn, cast

import attrs

from didww_async.config import RetryPolicy
from didww_async.errors import (
    ApiStatusError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    DecodeError,
    DidwwError,
    RateLimitedError,
    TokenError,
)
from didww_async.jsonapi import DocumentError
from didww_async.jsonapi.errors import is_object
from didww_async.plainjson import PlainJsonSerializer, loads
from didww_async.providers.plum.answers import judge
from didww_async.providers.plum.tokens import TokenPair, TokenStore
from didww_async.transport import Request, Session

__all__ = ["RotatingTokens"]

logger = logging.getLogger("didww_async")

REFRESH_PATH = "/v1/oauth/token/user"
AHEAD_SHARE = 0.1
MOST_AHEAD_SECONDS = 86_400.0
AHEAD_SECONDS = 180.0
"""Where it is not known how long a token lives."""
PAUSE_AFTER_LOSS = 1.0
STORED_ELSEWHERE_PAUSES = (0.0, 0.25, 0.5, 1.0)
"""Processes that share a store find the same moment right for a refresh; one of them gets it."""
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 600.0
LAST_STORE_SECONDS = 5.0
KNOWN_SECRETS = 16
LARGEST_NUMBER = 10**15
_PLAIN = PlainJsonSerializer()

GENERATE_NEW = (
    "unless client_id and client_secret are another client's, the refresh token is used up or was "
    "revoked: generate new tokens in the dashboard under Settings > API, and put them into the "
    "token store, where a running client finds them; for the command `didww`, delete the file that "
    "PLUM_TOKEN_FILE names, and set PLUM_ACCESS_TOKEN and PLUM_REFRESH_TOKEN to the new ones"
)
ASK_LATER = (
    "the answer to a refresh was lost twice; it is asked for again after a pause, and if that is "
    "refused, new tokens have to be generated in the dashboard under Settings > API"
)
STORE_FAILED = (
    "the new tokens are kept in memory and offered to the store with the next request: let it "
    "work again before the process ends, or they are lost"
)


class RotatingTokens:
    """
    Sends a bearer token, and replaces it before it expires or once it is refused.

    However many requests wait for it, there is one refresh, which goes on if one of them is
    cancelled. The new pair is stored before it is used.

    - `store` keeps the pair: a `TokenFile`, or a `TokenStore` of your own.
    - `options` are those of `Session`, for the session that asks the token service.
    - `clock` tells the seconds since 1970.

    Raises:
        ConfigurationError: A setting is missing or can't work. Nothing was sent.
    """

    def __init__(
        self,
        store: TokenStore,
        *,
        base_url: str,
        client_id: str,
        client_secret: str,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        for name, value in (("client_id", client_id), ("client_secret", client_secret)):
            if not isinstance(value, str) or not value or not value.isprintable() or " " in value:
                raise ConfigurationError(f"{name} is empty, or holds a space or a line's end")
        if not all(callable(getattr(store, name, None)) for name in ("load", "store")):
            raise ConfigurationError(
                "tokens takes a TokenFile, or another store with load() and store(), "
                f"not {type(store).__name__}"
            )
        self._store = store
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._clock = clock
        self._pair: TokenPair | None = None
        self._unstored: TokenPair | None = None
        self._refused_access = ""
        self._dead: tuple[str, TokenError] | None = None
        self._failed: tuple[float, TokenError] | None = None
        self._pause = FIRST_PAUSE
        self._told = ""
        self._known: deque[str] = deque(maxlen=KNOWN_SECRETS)
        self._update: asyncio.Task[None] | None = None
        options.setdefault("retry", RetryPolicy())
        self._session = Session(
            base_url,
            auth=self,  # for its secrets: the one request that is sent goes without its headers
            judge=judge,
            headers={"Accept": "application/json"},
            content_type="application/json",
            **options,
        )

    async def headers(self) -> Mapping[str, str]:
        """
        The access token's header.

        Raises:
            TokenError: There is no token that is good, and none could be had.
        """
        if self._pair is None or self._is_due(self._pair):
            try:
                await self._updated()
            except TokenError as error:
                if self._pair is None or not self._is_good(self._pair):
                    raise
                if str(error) != self._told:  # not with every request
                    self._told = str(error)
                    logger.warning("the tokens were not renewed ahead of their end: %s", error)
        assert self._pair is not None
        return _header(self._pair)

    def secrets(self) -> Sequence[str]:
        """The client secret, and every token that may still be under way."""
        return (self._client["client_secret"], *self._known)

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """
        Get another access token than the one that was refused, unless somebody did so meanwhile.

        Raises:
            TokenError: None could be had.
        """
        pair = self._pair
        if pair is None or _header(pair) == refused:
            self._refused_access = "" if pair is None else pair.access_token
            await self._updated()
        return self._pair is not None and _header(self._pair) != refused

    async def close(self) -> None:
        """
        Close the connection to the token service; may be called again.

        A refresh that is under way is waited for, as its answer can't be had again, even by
        a task that is cancelled meanwhile.

        Raises:
            TokenError: New tokens could not be stored.
        """
        try:
            if self._update is not None:
                await _ended(self._update)
        finally:
            try:
                if self._unstored is not None:
                    await self._keep(self._unstored)
            finally:
                await self._session.close()

    def _is_good(self, pair: TokenPair) -> bool:
        """Whether the access token will do, as far as is known."""
        expires_at = pair.access_expires_at
        is_live = expires_at is None or self._clock() < expires_at
        return is_live and pair.access_token != self._refused_access

    def _is_due(self, pair: TokenPair) -> bool:
        """Whether it is time for another pair."""
        renew_at = pair.renew_at
        if renew_at is None and pair.access_expires_at is not None:
            renew_at = pair.access_expires_at - AHEAD_SECONDS
        is_early = renew_at is None or self._clock() < renew_at
        return not (self._is_good(pair) and is_early)

    async def _updated(self) -> None:
        """Wait for the one update that is under way."""
        if self._update is None:
            self._update = asyncio.ensure_future(self._find_better())
            self._update.add_done_callback(self._update_ended)
        await asyncio.shield(self._update)

    def _update_ended(self, update: asyncio.Task[None]) -> None:
        self._update = None
        if not update.cancelled():
            update.exception()  # whoever waited for it may have been cancelled

    async def _find_better(self) -> None:
        """Take over the newest pair that there is, or buy one."""
        if self._unstored is not None:
            await self._keep(self._unstored)
            return
        stored = await self._load()
        if stored != self._pair:  # the first one, or one that somebody has put there meanwhile
            self._adopt(stored)
            if not self._is_due(stored):
                return
        if self._dead is not None and self._dead[0] == stored.refresh_token:
            raise _anew(self._dead[1])
        if self._failed is not None and self._clock() < self._failed[0]:
            raise _anew(self._failed[1])
        try:
            bought = await self._buy(stored)
        except _RefusedError as refusal:
            await self._survive(stored, refusal.cause)
            return
        self._failed, self._pause = None, FIRST_PAUSE
        self._unstored = bought
        self._remember(bought)
        await self._keep(bought)

    def _adopt(self, pair: TokenPair) -> None:
        self._remember(pair)
        self._pair = pair

    def _remember(self, pair: TokenPair) -> None:
        """Let the tokens be blotted out of errors."""
        for secret in (pair.access_token, pair.refresh_token):
            if secret not in self._known:
                self._known.append(secret)

    async def _load(self) -> TokenPair:
        try:
            pair = await _now(self._store.load())
        except DidwwError as error:
            cause = error
        except Exception as error:  # noqa: BLE001  # a store of the user's may raise anything
            cause = DidwwError(f"the token store can't be read ({_reason(error)})")
        else:
            if isinstance(pair, TokenPair):
                return pair
            cause = DidwwError(f"the token store gave no TokenPair but {type(pair).__name__}")
        raise TokenError(cause)

    async def _keep(self, pair: TokenPair) -> None:
        """Store a new pair, and use it from then on."""
        try:
            try:
                await _now(self._store.store(pair))
            except asyncio.CancelledError:
                # Nobody who waits cancels an update, but the end of the loop does: it is the
                # last occasion to keep what can't be had again.
                async with asyncio.timeout(LAST_STORE_SECONDS):
                    await _now(self._store.store(pair))
                self._unstored = None
                raise
        except Exception as error:  # noqa: BLE001  # a store of the user's may raise anything
            cause = DidwwError(f"the new tokens could not be stored ({_reason(error)})")
        else:
            self._unstored = None
            self._adopt(pair)
            return
        failure = TokenError(cause, STORE_FAILED).redacted(self.secrets())
        logger.error("%s; %s", failure.cause, STORE_FAILED)
        raise failure

    async def _survive(self, tried: TokenPair, cause: DidwwError) -> None:
        """After a refusal: another process may have been faster, and is just storing its pair."""
        for pause in STORED_ELSEWHERE_PAUSES:
            await asyncio.sleep(pause)
            stored = await self._load()
            if stored.refresh_token != tried.refresh_token:
                self._adopt(stored)
                if self._is_good(stored):
                    return
                break
        error = TokenError(cause, GENERATE_NEW)
        self._dead = (tried.refresh_token, error)
        raise error

    async def _buy(self, pair: TokenPair) -> TokenPair:
        """Ask for a new pair; twice, if the first answer is lost."""
        try:
            return await self._ask(pair)
        except _LostError:
            await asyncio.sleep(PAUSE_AFTER_LOSS)
        try:
            return await self._ask(pair)
        except _LostError as loss:
            error = TokenError(loss.cause, ASK_LATER)
        self._rest(self._pause, error)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        raise error

    def _rest(self, seconds: float, error: TokenError) -> None:
        """Leave the token service alone for a while."""
        self._failed = (self._clock() + seconds, error)

    async def _ask(self, pair: TokenPair) -> TokenPair:
        body = _PLAIN.encode(
            {"grant_type": "refresh_token", "refresh_token": pair.refresh_token, **self._client}
        )
        # It is not safe to repeat, so the session sends it again only if nothing has left.
        request = Request(
            "POST", REFRESH_PATH, body=body, authenticated=False, outlives_answers=False
        )
        try:
            response = await self._session.open().send(request)
            return self._pair_of(response.body, response.status, pair)
        except (ConnectError, ClientStateError, RateLimitedError) as error:
            cause: DidwwError = error
        except DidwwError as error:
            raise (_RefusedError if _is_refusal(error) else _LostError)(error) from None
        failure = TokenError(cause)
        if isinstance(cause, RateLimitedError):
            self._rest(cause.retry_after or FIRST_PAUSE, failure)
        raise failure

    def _pair_of(self, body: bytes, status: int, old: TokenPair) -> TokenPair:
        """The pair in an answer; whatever else is odd about it, the tokens are not lost."""
        problem, path = "expected access_token, got none", "$"
        try:
            members = loads(body)
            if is_object(members):
                now = self._clock()
                seconds = _seconds(members.get("expires_in"))
                expires_at = _epoch_seconds(members.get("access_token_expiry"))
                if seconds is not None:
                    expires_at = now + seconds  # by this machine's clock
                life = None if expires_at is None else max(expires_at - now, 0.0)
                ahead = min((life or 0.0) * AHEAD_SHARE, MOST_AHEAD_SECONDS)
                return TokenPair(
                    access_token=members.get("access_token", ""),
                    # One that is not replaced stays valid (RFC 6749, 6).
                    refresh_token=members.get("refresh_token") or old.refresh_token,
                    access_expires_at=expires_at,
                    refresh_expires_at=_epoch_seconds(members.get("refresh_token_expiry")),
                    renew_at=None if expires_at is None else expires_at - ahead,
                )
        except DocumentError as error:
            problem, path = error.problem, error.path
        except ConfigurationError:
            pass  # a token that can't be one
        url = self._session.base_url + REFRESH_PATH
        raise DecodeError("POST", url, status, problem, path)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} holds secrets and does not pickle; make it where it is used"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}([redacted])"


@attrs.frozen
class _RefusedError(Exception):
    """The refresh token was refused."""

    cause: DidwwError


@attrs.frozen
class _LostError(Exception):
    """No answer tells whether the refresh token is used up."""

    cause: DidwwError


def _is_refusal(error: DidwwError) -> bool:
    """Whether the token service itself said no; a page of something in between says nothing."""
    return isinstance(error, ApiStatusError) and error.status < 500 and bool(error.errors)  # noqa: PLR2004


def _reason(error: Exception) -> str:
    """What a store of the user's met; only what the system says is safe to be shown."""
    if isinstance(error, DidwwError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return type(error).__name__


def _anew(error: TokenError) -> TokenError:
    return TokenError(error.cause, error.advice)  # with a traceback of its own


def _header(pair: TokenPair) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair.access_token}"}


def _seconds(value: object) -> float | None:
    """A whole number of seconds above 0, in whatever form: the one of 15 days comes as text."""
    with suppress(DocumentError):
        number = _PLAIN.read(value, int)
        return float(number) if 0 < number < LARGEST_NUMBER else None
    return None


def _epoch_seconds(value: object) -> float | None:
    milliseconds = _seconds(value)
    return None if milliseconds is None else milliseconds / 1000


async def _ended(task: asyncio.Task[None]) -> None:
    """Return when the task is done, however often whoever waits for it is cancelled meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def _now(value: Any) -> Any:
    """What a store's method gave, awaited if it has to be."""
    return await cast("Any", value) if inspect.isawaitable(value) else value
