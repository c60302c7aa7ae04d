"""
The session manager: how a request leaves and how its answer comes back.

It owns the headers, the credentials and the connection, holds every URL against the
one origin that may see them, keeps the pace, repeats what may be repeated, and turns
every failure into an error of this package. This is the one module that imports the
aiohttp client.
"""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self, TypeVar

import aiohttp
import yarl
from multidict import CIMultiDict

from didww_async.config import RetryPolicy, Timeouts
from didww_async.errors import (
    AuthenticationError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DidwwError,
    ForeignOriginError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseTooLargeError,
    TokenError,
    TransportError,
)
from didww_async.transport.auth import RenewableAuth
from didww_async.transport.count import count_request
from didww_async.transport.deadline import Deadline, Deadlines
from didww_async.transport.exchange import Request, Response
from didww_async.transport.origin import BaseUrl, visible_url
from didww_async.transport.retry import wait_asked, with_retries

if TYPE_CHECKING:
    import ssl

    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    from didww_async.transport.auth import Auth
    from didww_async.transport.pace import Pace, Slot

__all__ = ["DEFAULT_MAX_RESPONSE_BYTES", "Judge", "Session"]

logger = logging.getLogger("didww_async")

DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024
DEFAULT_MAX_CONNECTIONS = 100
SMALL_BYTES = 64 * 1024
LARGE_BYTES = 1024 * 1024
PAUSE_WITHOUT_RETRY_AFTER = 1.0
"""Seconds to leave the server alone after a 429 that does not say for how long."""

DidwwErrorT = TypeVar("DidwwErrorT", bound=DidwwError)
Judge = Callable[[str, yarl.URL, Response], DidwwError | None]
"""Tells, by method and URL, which error an answer means; `None` if it is a success."""


class _Flight:
    """What is known of one attempt while it is under way."""

    __slots__ = ("_on_connected", "connected")

    def __init__(self, on_connected: Callable[[], None]) -> None:
        self.connected: bool | None = None
        """Whether there is a connection, and so bytes may have left; `None` if nobody told."""
        self._on_connected = on_connected

    def connect(self) -> None:
        """There is a connection, and the next thing that happens is that bytes leave."""
        self.connected = True
        self._on_connected()


# The attempt that the running task makes; its connector says when there is a connection.
_flight: ContextVar[_Flight | None] = ContextVar("flight", default=None)


class Session:
    """
    Sends requests to one API.

    Nothing happens in the constructor, and no event loop is needed for it. A
    `client_session` of the caller's is used as it is and never closed; the options
    that make one (`connector`, `proxy`, `ssl`, `trace_configs`, `trust_env`) can't be
    given along with it.

    `pace` bounds the requests, all of them together or each kind by a pace of its own;
    `attempt_headers` are made anew for every attempt, a repetition included.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth,
        judge: Judge,
        headers: Mapping[str, str],
        content_type: str,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        pace: Pace | Callable[[Request], Pace | None] | None = None,
        attempt_headers: Callable[[], Mapping[str, str]] | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        max_connections: int = DEFAULT_MAX_CONNECTIONS,
        client_session: aiohttp.ClientSession | None = None,
        connector: aiohttp.BaseConnector | None = None,
        proxy: str | None = None,
        ssl: ssl.SSLContext | bool | aiohttp.Fingerprint = True,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
        trust_env: bool = False,
    ) -> None:
        if client_session is not None and (connector is not None or trace_configs or trust_env):
            raise ConfigurationError(
                "connector, trace_configs and trust_env belong to a session that this client "
                "makes; set them on the session that you pass instead"
            )
        if proxy is not None:
            _check_proxy(proxy)
        for name, number in (
            ("max_connections", max_connections),
            ("max_response_bytes", max_response_bytes),
        ):
            if type(number) is not int or number < 1:
                raise ConfigurationError(f"{name} takes a whole number from 1, not {number!r}")
        self._base_url = BaseUrl(base_url)
        self._auth = auth
        self._renewable = auth if isinstance(auth, RenewableAuth) else None
        self._judge = judge
        self._headers = CIMultiDict(headers)
        self._body_headers = CIMultiDict({**headers, "Content-Type": content_type})
        limits = timeouts or Timeouts()
        self._total = Deadlines(limits.total)
        self._read_deadlines = Deadlines(limits.read)
        self._retry = retry or RetryPolicy(attempts=1)
        self._pace = pace
        self._attempt_headers = attempt_headers
        self._max_response_bytes = max_response_bytes
        self._max_connections = max_connections
        self._injected = client_session
        self._tells = client_session is None and connector is None
        """Whether the connector is ours, which tells when a request is about to be sent."""
        self._session_options: dict[str, Any] = {
            "connector": connector,
            "trace_configs": list(trace_configs),
            "trust_env": trust_env,
        }
        self._request_options: dict[str, Any] = {
            "proxy": proxy,
            "ssl": ssl,
            "allow_redirects": False,
            "raise_for_status": False,
            # The other limits are kept here: aiohttp sets two timers a request for each.
            "timeout": aiohttp.ClientTimeout(total=None, connect=limits.connect),
        }
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._session: aiohttp.ClientSession | None = None
        self._slots: asyncio.Semaphore | None = None

    @property
    def base_url(self) -> str:
        """What every path is appended to."""
        return str(self._base_url)

    @property
    def sends_once(self) -> bool:
        """Whether a GET or DELETE leaves once; aiohttp repeats them in a session of the user's."""
        return self._injected is None

    def open(self) -> Self:
        """Bind to the running event loop; connections are made when they are needed."""
        if self._closed:
            raise ClientStateError("the client was closed; make a new one")
        loop = asyncio.get_running_loop()
        if self._loop not in {None, loop}:
            raise ClientStateError("the client is open on another event loop; make one for each")
        self._loop = loop
        return self

    async def close(self) -> None:
        """Close what was opened here; may be called again."""
        self._closed = True
        session, self._session = self._session, None
        self._total.close()
        self._read_deadlines.close()
        if session is not None and session is not self._injected:
            await session.close()

    async def send(self, request: Request) -> Response:
        """
        Send a request and return its successful answer.

        Raises:
            ClientStateError: The session is not open, or open on another event loop.
            ForeignOriginError: The request is a link to another server.
            TransportError: No whole answer arrived.
            DidwwError: What the judge made of the answer.
        """
        session = self._usable_session()
        if request.is_link:
            url = self._base_url.follow(request.method, request.path)
        else:
            url = self._base_url.join(request.path, request.query)
        if isinstance(url, ForeignOriginError):
            raise self.redacted(url)
        shown: dict[str, str] = {}

        async def attempt(number: int) -> Response:
            return await self._attempt(session, request, url, number, shown)

        try:
            return await with_retries(self._retry, request, attempt)
        except AuthenticationError:
            renewable = self._renewable if request.authenticated else None
            renewed = renewable is not None and await renewable.renew(shown)
            if not (renewed and request.outlives_answers):
                raise
        return await with_retries(self._retry, request, attempt)

    def _usable_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ClientStateError("the client was closed; make a new one")
        if self._loop is None:
            raise ClientStateError("the client is not open; use `async with`, or await open()")
        if asyncio.get_running_loop() is not self._loop:
            raise ClientStateError(
                "the client is open on another event loop; make one for each loop"
            )
        if self._session is None:
            self._slots = asyncio.Semaphore(self._max_connections)
            self._session = self._injected or self._new_session()
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        options = dict(self._session_options)
        if options["connector"] is None:
            # The semaphore bounds the connections: waiting in aiohttp's pool would count
            # against the time to connect.
            options["connector"] = _TellingConnector(limit=0)
        return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), **options)

    async def _attempt(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        url: yarl.URL,
        number: int,
        shown: dict[str, str],
    ) -> Response:
        """Send a request once; `shown` gets the credentials that went along."""
        assert self._slots is not None
        pace = self._pace(request) if callable(self._pace) else self._pace
        async with self._slots:
            slot = None if pace is None else await pace.acquire()
            started = time.perf_counter()
            outcome: object = "cancelled"
            try:
                # Here and not earlier: the client may have been closed during any of the waits.
                if self._closed or session.closed:
                    raise ClientStateError("the client was closed; make a new one")
                response = await self._exchange(session, request, url, slot, shown)
                outcome = response.status
            except DidwwError as error:
                outcome = type(error).__name__
                if slot is not None and isinstance(error, _NOTHING_LEFT):
                    slot.release()
                raise
            finally:
                if slot is not None:  # at the latest: a connector of the user's tells nothing
                    slot.sent()
                if logger.isEnabledFor(logging.DEBUG):
                    logger.debug(
                        "%s %s: %s after %.0f ms, attempt %d",
                        request.method,
                        url.raw_path,
                        outcome,
                        (time.perf_counter() - started) * 1000,
                        number,
                    )
        failure = self._judge(request.method, url, self._blotted(request, response))
        if failure is None:
            return response
        if isinstance(failure, RateLimitedError):
            self._pause(failure, pace)
        raise self.redacted(failure)

    def _blotted(self, request: Request, response: Response) -> Response:
        """The answer; one that is no success without the secrets that it may repeat."""
        if response.status < 300:  # noqa: PLR2004
            return response
        # Before the judge cuts a text short in the middle of one. What the body escapes is
        # blotted out of the finished error.
        body = response.body
        for secret in (*self._auth.secrets(), *request.private):
            body = body.replace(secret.encode(), b"[redacted]")
        return Response(response.status, response.headers, body)

    def redacted(self, error: DidwwErrorT) -> DidwwErrorT:
        """The error without the secrets that the server may have repeated."""
        return error.redacted(self._auth.secrets())

    def _pause(self, failure: RateLimitedError, pace: Pace | None) -> None:
        seconds = wait_asked(failure)
        if seconds is None:
            seconds = PAUSE_WITHOUT_RETRY_AFTER
        if pace is not None:
            seconds = min(seconds, self._retry.max_retry_after)
            logger.warning("429: everybody pauses for %.0f s", seconds)
            pace.pause(seconds)

    def _headers_of(self, request: Request, shown: Mapping[str, str]) -> CIMultiDict[str]:
        headers = (self._headers if request.body is None else self._body_headers).copy()
        if self._attempt_headers is not None:
            headers.update(self._attempt_headers())
        if request.headers:
            headers.update(request.headers)
        headers.update(shown)
        return headers

    async def _exchange(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        url: yarl.URL,
        slot: Slot | None,
        shown: dict[str, str],
    ) -> Response:
        if request.authenticated:
            shown.update(await self._auth.headers())
        headers = self._headers_of(request, shown)
        count_request()
        repeats = request.method in _REPEATED_BY_AIOHTTP and session is not self._injected
        total = self._total.begin()
        reading = self._read_deadlines.prepare()

        def on_connected() -> None:
            self._read_deadlines.renew(reading)
            if slot is not None:
                slot.sent()

        flight = _Flight(on_connected)
        if not self._tells:
            self._read_deadlines.renew(reading)
        token = _flight.set(flight)
        failure: DidwwError
        try:
            async with session.request(
                request.method,
                url,
                data=_payload(request.body),
                headers=headers,
                middlewares=_NEVER_REPEAT if repeats else None,
                **self._request_options,
            ) as response:
                body = await self._read(request, url, response, reading)
                return Response(response.status, response.headers, body)
        except asyncio.CancelledError:
            if not (total.took_effect() or reading.took_effect()):
                raise
            failure = _timed_out(request.method, visible_url(url), flight)
        except DidwwError:
            raise
        except Exception as error:  # noqa: BLE001  # a trace hook of the user's may raise anything
            failure = self._translated(request.method, url, error, flight, session)
        finally:
            _flight.reset(token)
            self._total.end(total)
            self._read_deadlines.end(reading)
        # Raised out here, without the cause: an aiohttp error may hold the request's headers.
        raise self.redacted(failure)

    def _translated(
        self,
        method: str,
        url: yarl.URL,
        error: Exception,
        flight: _Flight,
        session: aiohttp.ClientSession,
    ) -> DidwwError:
        if flight.connected is not True:
            if session.closed and isinstance(error, RuntimeError):  # aiohttp's word for it
                return ClientStateError("the session was closed; make a new client")
            reason = _why_unsent(error)
            if reason or (flight.connected is False and isinstance(error, _NETWORK_ERRORS)):
                reason = reason or f"no connection ({type(error).__name__})"
                return ConnectError(method, visible_url(url), reason)
            if flight.connected is False:  # a mistake of the caller's, and nothing was sent
                raise error
        return ConnectionLostError(method, visible_url(url), f"no whole answer ({_name(error)})")

    async def _read(
        self,
        request: Request,
        url: yarl.URL,
        response: aiohttp.ClientResponse,
        reading: Deadline,
    ) -> bytes:
        limit = self._max_response_bytes
        announced = response.content_length
        if (
            announced is not None
            and announced <= min(limit, SMALL_BYTES)
            and "Content-Encoding" not in response.headers
        ):
            return await response.read()  # it arrives at once, within one time limit
        chunks: list[bytes] = []
        size = 0
        if (announced or 0) <= limit:
            async for chunk in response.content.iter_any():
                size += len(chunk)  # as decompressed: a small answer may unpack to a huge one
                if size > limit:
                    break
                chunks.append(chunk)
                self._read_deadlines.renew(reading)
            else:
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        response.close()
        raise ResponseTooLargeError(
            request.method,
            visible_url(url),
            f"the answer is larger than max_response_bytes ({limit} bytes)",
        )


class _ConnectionDroppedError(aiohttp.ClientError):
    """A lost connection, in a guise that aiohttp does not answer with a repetition."""


class _TellingConnector(aiohttp.TCPConnector):
    """
    Tells when a request has its connection, which is just before it is sent.

    Until then nothing can have taken effect, and from then on anything can. A place in
    the pace counts from then, too: requests that wait for a connection would otherwise
    reach the server together with those that were let through after them.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        """A connection for a request."""
        flight = _flight.get()
        if flight is not None:
            flight.connected = False
        connection = await super().connect(req, traces, timeout)
        if flight is not None:
            flight.connect()
        return connection


async def _never_repeat(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """
    Keep aiohttp from sending GET and DELETE again by itself.

    It does so once after a lost connection, past the pace and unseen by the count of
    attempts; it knows such a loss by these two classes.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _ConnectionDroppedError(type(error).__name__) from None


_NOTHING_LEFT = (ClientStateError, ConnectError, TokenError)
_REPEATED_BY_AIOHTTP = frozenset({"GET", "DELETE"})
_NEVER_REPEAT = (_never_repeat,)


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    # aiohttp warns of large bodies in one piece, which hold up the event loop.
    return io.BytesIO(body) if body is not None and len(body) > LARGE_BYTES else body


_NETWORK_ERRORS = (aiohttp.ClientError, OSError, TimeoutError, UnicodeError)


def _check_proxy(proxy: str) -> None:
    """Refuse what is no proxy's URL, without repeating it: it may hold a password."""
    try:
        parsed = yarl.URL(proxy)
        good = parsed.scheme in {"http", "https"} and parsed.host
    except (TypeError, ValueError):
        good = None
    if not good:
        raise ConfigurationError("proxy takes a URL such as http://proxy.example.com:3128")


def _name(error: BaseException) -> str:
    # Never an aiohttp error's text: it may hold parts of the answer, or the whole URL.
    return str(error) if isinstance(error, _ConnectionDroppedError) else type(error).__name__


def _timed_out(method: str, url: str, flight: _Flight) -> TransportError:
    if flight.connected is False:
        return ConnectError(method, url, "no connection in the time of timeouts.total")
    return RequestTimeoutError(
        method, url, "no whole answer in the time of timeouts.read or timeouts.total"
    )


def _why_unsent(error: BaseException) -> str:
    """Why no connection came about, as far as the error alone can tell; empty if it can't."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "no connection in the time of timeouts.connect"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy refused with status {error.status}"
        case aiohttp.ClientConnectorError():
            return f"no connection ({error})"
        case aiohttp.ServerFingerprintMismatch():
            return "the server's certificate is not the expected one"
        case aiohttp.InvalidURL():
            return "the URL is none that can be asked"
        case _:
            return ""
