"""A server that answers what its script says, byte for byte, and records what it was sent."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from typing import Any, Self

import attrs

from didww_async import DidwwClient, NewDidOrderItem, RetryPolicy, Timeouts

KEY = "secret-key-5f3a9c"
MEDIA_TYPE = "application/vnd.api+json"
ORDER_ID = "11111111-1111-4111-8111-111111111111"
HTML = b"<html><body>Bad Gateway</body></html>"
TWO_MEMBER_ERROR = b'{"errors":[{"status":"429","detail":"Too Many Requests"}]}'
QUICK = RetryPolicy(attempts=3, wait_initial=0.001, wait_max=0.002, wait_jitter=0.001)
IMPATIENT = Timeouts(connect=5, read=0.2, total=5)


@attrs.frozen
class Seen:
    """One request as it stood on the wire."""

    connection: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1, f"{name} was sent {len(found)} times"
        return found[0] if found else None

    @property
    def attributes(self) -> dict[str, Any]:
        attributes: dict[str, Any] = json.loads(self.body)["data"]["attributes"]
        return attributes


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.sent = 0

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        self.sent += len(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Drop the connection with a RST instead of a FIN."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def until_the_client_leaves(self) -> None:
        await self.reader.read()


Step = Callable[[Peer], Awaitable[None]]


class ScriptedServer:
    """
    Takes one step of its script for each request.

    A request beyond the script, or a step that nobody asked for, fails the test.
    """

    def __init__(self, *steps: Step, otherwise: Step | None = None) -> None:
        self.script = list(steps)
        self.otherwise = otherwise
        self.requests: list[Seen] = []
        self.connections = 0
        self.strict = True
        self._surprises: list[str] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v3"

    @property
    def wire(self) -> list[str]:
        """What was asked, such as `POST /v3/orders`, without queries."""
        return [f"{seen.method} {seen.target.partition('?')[0]}" for seen in self.requests]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        await self.stop()
        if kind is None:
            assert self._surprises == []
            assert not (self.strict and self.script), "steps that nobody asked for are left"

    async def stop(self) -> None:
        """Close the door and every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close_door(self) -> None:
        """Refuse new connections; those that are open stay."""
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        number = self.connections
        try:
            while True:
                seen = await _read_request(reader, number)
                self.requests.append(seen)
                step = self.script.pop(0) if self.script else self.otherwise
                if step is None:
                    self._surprises.append(f"{seen.method} {seen.target}")
                    return
                await step(Peer(reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            pass  # the server is stopped; Python 3.11 would report it as an error
        finally:
            writer.close()
            self._tasks.discard(task)


async def _read_request(reader: asyncio.StreamReader, number: int) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, _, rest = first.partition(" ")
    target = rest.rpartition(" ")[0]
    headers = tuple((name, value.strip()) for name, _, value in (x.partition(":") for x in lines))
    length = int({name.lower(): value for name, value in headers}.get("content-length", "0"))
    return Seen(number, method, target, headers, await reader.readexactly(length))


def packed(
    status: int, body: bytes = b"", headers: Mapping[str, str] | None = None, length: int = -1
) -> bytes:
    """An answer as bytes; `length` announces another one than the body's."""
    fields = {"Content-Type": MEDIA_TYPE, **(headers or {})}
    if status != 204:
        fields["Content-Length"] = str(len(body) if length < 0 else length)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode("latin-1") + body


def answer(
    status: int = 200, body: bytes | Mapping[str, Any] = b"", headers: Mapping[str, str] = {}
) -> Step:
    """Answer this and keep the connection."""
    return raw(
        packed(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)
    )


def html(status: int, body: bytes = HTML) -> Step:
    """Answer a page, as a proxy does."""
    return answer(status, body, {"Content-Type": "text/html"})


def raw(data: bytes) -> Step:
    """Send these bytes and keep the connection."""

    async def step(peer: Peer) -> None:
        await peer.send(data)

    return step


def raw_then_close(data: bytes) -> Step:
    """Send these bytes and hang up in good order."""

    async def step(peer: Peer) -> None:
        await peer.send(data)
        peer.writer.close()
        await peer.until_the_client_leaves()

    return step


def reset() -> Step:
    """Read the request and reset the connection without a word."""

    async def step(peer: Peer) -> None:
        peer.reset()

    return step


def hang_up() -> Step:
    """Read the request and close the connection without a word."""
    return raw_then_close(b"")


def cut(status: int, body: Mapping[str, Any]) -> Step:
    """Announce the whole body, send half of it and hang up."""
    whole = json.dumps(body).encode()
    return raw_then_close(packed(status, whole[: len(whole) // 2], length=len(whole)))


def cut_chunks(status: int, body: Mapping[str, Any]) -> Step:
    """Send a body in chunks, without the last one, and hang up."""
    whole = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} Scripted\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return raw_then_close(head + b"%x\r\n%s\r\n" % (len(whole), whole))


def stall(data: bytes = b"") -> Step:
    """Send these bytes and fall silent."""

    async def step(peer: Peer) -> None:
        if data:
            await peer.send(data)
        await peer.until_the_client_leaves()

    return step


def stalled_body(status: int, body: Mapping[str, Any]) -> Step:
    """Announce the whole body, send half of it and fall silent."""
    whole = json.dumps(body).encode()
    return stall(packed(status, whole[: len(whole) // 2], length=len(whole)))


def order(id_: str = ORDER_ID, status: str = "pending", **attributes: Any) -> dict[str, Any]:
    """An order as the API shows it."""
    shown = {
        "reference": "KTH-650932",
        "description": "DID",
        "amount": "5.98",
        "status": status,
        "created_at": "2026-04-20T10:00:00.000Z",
        "items": [],
        **attributes,
    }
    return {"id": id_, "type": "orders", "attributes": shown}


def one(id_: str = ORDER_ID, status: str = "pending", **attributes: Any) -> dict[str, Any]:
    """The document of one order."""
    return {"data": order(id_, status, **attributes), "meta": {"api_version": "2026-04-16"}}


def page(ids: Iterable[str] = (), **links: Any) -> dict[str, Any]:
    """One page of orders with these links."""
    document: dict[str, Any] = {"data": [order(id_) for id_ in ids], "meta": {"total_records": 9}}
    if links:
        document["links"] = links
    return document


def refusal(status: int, detail: str = "no") -> dict[str, Any]:
    """An error document."""
    return {"errors": [{"title": detail, "detail": detail, "code": "100", "status": str(status)}]}


def client_of(server: ScriptedServer, **options: Any) -> DidwwClient:
    """A client of this server, without a pace and with short waits, unless told otherwise."""
    defaults = {
        "api_key": KEY,
        "base_url": server.url,
        "pace": None,
        "retry": QUICK,
        "timeouts": Timeouts(connect=5, read=5, total=10),
    }
    return DidwwClient(**{**defaults, **options})


def items() -> list[NewDidOrderItem]:
    """Something to order."""
    return [NewDidOrderItem(sku_id="22222222-2222-4222-8222-222222222222", qty=1)]


async def ids_of(listing: AsyncIterable[Any]) -> list[str]:
    """The ids of everything in a listing."""
    return [item.id async for item in listing]
