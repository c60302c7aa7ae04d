"""The app on a socket: aiohttp.web underneath, with faults staged where the bytes are."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from aiohttp import web
from attrs import evolve

from didww_async.sandbox.exchange import Reply, Request
from didww_async.sandbox.recorder import RecordedRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from didww_async.sandbox.exchange import App
    from didww_async.sandbox.faults import Fault, Faults

_SECRET_HEADERS = ("api-key", "authorization", "x-api-key")
_REDACTED = "[redacted]"
# How often a stalled answer looks whether its caller has hung up.
_STALL_POLL_SECONDS = 0.02


class Listener:
    """Serves one app on one address."""

    def __init__(
        self,
        app: App,
        faults: Faults,
        requests: list[RecordedRequest] | None,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._faults = faults
        self._requests = requests
        self._clock = clock
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    async def start(self, listening: socket.socket) -> None:
        """Accept connections on a bound socket, which belongs to the listener from now on."""
        server = web.Server(self._answer, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.SockSite(self._runner, listening, backlog=1024).start()

    async def close(self) -> None:
        """Hang up on everybody and free the port."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, incoming: web.BaseRequest) -> web.StreamResponse:
        request = await _read(incoming)
        slot = self._record(request)
        fault = self._faults.strike(request)
        if fault is None:
            reply = self._app.handle(request)
        else:
            staged = await self._stage(fault, request, incoming)
            if isinstance(staged, web.StreamResponse):
                return staged
            reply = staged
        if reply.after:
            await self._pause(reply.after)
        self._settle(slot, reply.status)
        return web.Response(status=reply.status, body=reply.body, headers=reply.headers)

    async def _stage(
        self, fault: Fault, request: Request, incoming: web.BaseRequest
    ) -> Reply | web.StreamResponse:
        """The reply that the fault lets through, or the remains of a broken one."""
        reply = self._app.handle(request) if fault.applied else None
        if fault.kind == "delay":
            await self._pause(fault.seconds)
            return reply or self._app.handle(request)
        if fault.kind == "answer":
            return Reply(fault.status, fault.body, fault.headers)
        if fault.kind == "drop":
            return _reset(incoming)
        if fault.kind == "stall_headers":
            await self._outwait(incoming)
            return _reset(incoming)
        # A body can only be cut or stall if there is one: without effect, an empty document does.
        whole = reply or Reply(200, b'{"data":[]}', {"Content-Type": "application/vnd.api+json"})
        response = await _send_half(incoming, whole)
        if fault.kind == "stall_body":
            await self._outwait(incoming)
            return _reset(incoming, response)
        if incoming.transport is not None:
            incoming.transport.close()
        return response

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return

    async def _outwait(self, incoming: web.BaseRequest) -> None:
        """Wait until the caller hangs up or the sandbox closes."""
        while not self._closing.is_set():
            if incoming.transport is None or incoming.transport.is_closing():
                return
            await self._pause(_STALL_POLL_SECONDS)

    def _record(self, request: Request) -> int | None:
        if self._requests is None:
            return None
        headers = dict(request.headers)
        for name in _SECRET_HEADERS:
            if name in headers:
                headers[name] = _REDACTED
        self._requests.append(
            RecordedRequest(
                method=request.method,
                path=request.path,
                query=tuple(parse_qsl(request.query, keep_blank_values=True)),
                headers=headers,
                authorized=self._app.authorized(request),
                body=request.body,
                time=self._clock(),
            )
        )
        return len(self._requests) - 1

    def _settle(self, slot: int | None, status: int) -> None:
        # A test may have emptied the list while the request was in work.
        if self._requests is not None and slot is not None and slot < len(self._requests):
            self._requests[slot] = evolve(self._requests[slot], status=status)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on this address; `OSError` if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            # Windows would let two servers share the port; elsewhere it only skips the wait
            # for old connections to fade.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


async def _read(incoming: web.BaseRequest) -> Request:
    path, _, query = incoming.raw_path.partition("?")
    headers: dict[str, str] = {}
    for name, value in incoming.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    body = await incoming.content.read() if incoming.can_read_body else b""
    return Request(incoming.method, path, query, headers, body)


def _reset(
    incoming: web.BaseRequest, response: web.StreamResponse | None = None
) -> web.StreamResponse:
    """Break the connection at once, so that the caller sees a reset and not an end."""
    transport = incoming.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            _do_not_linger(raw)
        transport.abort()
    return response or web.Response()


def _do_not_linger(raw: socket.socket) -> None:
    # Without lingering, closing a socket sends RST instead of FIN.
    off = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    try:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)
    except (AttributeError, TypeError):
        # uvloop hands out a stand-in that sets nothing; the option belongs to the connection,
        # so a twin of the descriptor sets it as well.
        with socket.socket(fileno=os.dup(raw.fileno())) as twin:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)


async def _send_half(incoming: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Send the headers of the whole reply and half of its body."""
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = len(reply.body)
    await response.prepare(incoming)
    await response.write(reply.body[: len(reply.body) // 2])
    return response
