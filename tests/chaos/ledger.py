"""
A server that loses answers, and a ledger that knows what it really stored.

It shares no code with the sandbox. `python -m tests.chaos.ledger` prints one line of JSON
with the URL of the API and that of the audit, and ends when its standard input does.
A seeded chance picks the answers that go wrong; a script of fault names, one for each
`POST`, makes them certain instead. The audit has no faults:

- `GET /` tells every order, how many requests and faults there were, and how many late
  orders are still to come.
- `GET /after/N` answers as soon as N requests have begun to be served.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import socket
import struct
import sys
import uuid
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

__all__ = ["main"]

MEDIA_TYPE = "application/vnd.api+json"
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
PRICE = Decimal("1.23")

POST_FAULTS = (
    "reset_before",
    "reset_after",
    "error_before",
    "error_after",
    "html_before",
    "html_after",
    "late",
    "late_silence",
    "cut",
    "slow",
    "burst",
)
OTHER_FAULTS = (
    "reset_before",
    "reset_after",
    "error_before",
    "error_after",
    "html_before",
    "cut",
    "slow",
    "burst",
)
# How a connection comes to its end; the last one when this program does.
_ENDS = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
BEFORE = {"reset_before", "error_before", "html_before"}


class _DroppedError(Exception):
    """The connection is not to be used any more."""


@attrs.define
class Stored:
    """One order of the ledger."""

    id: str
    sku_id: str
    reference: str | None
    created_at: str
    status: str = "pending"

    def document(self) -> dict[str, object]:
        """The order as a resource of JSON:API."""
        return {
            "id": self.id,
            "type": "orders",
            "attributes": {
                "reference": f"CHA-{self.id[:6]}",
                "amount": str(PRICE),
                "status": self.status,
                "description": "DID",
                "created_at": self.created_at,
                "items": [
                    {
                        "type": "did_order_items",
                        "attributes": {"sku_id": self.sku_id, "qty": 1},
                    }
                ],
                "callback_url": None,
                "callback_method": None,
                "external_reference_id": self.reference,
            },
        }


@attrs.define(kw_only=True)
class Faults:
    """Which answers go wrong, and how."""

    seed: int = 0
    chance: float = 0.2
    late_from: float = 0.0
    late_to: float = 1.0
    late_once: bool = False
    """Whether the repetition of a late order is never late itself."""
    silence: float = 1.0
    """How long a slow answer takes: longer than the client waits for it."""
    script: deque[str] = attrs.field(factory=deque)
    """What happens to the first orders, one name each; `-` for an answer that arrives."""
    _burst: int = 0
    seen: Counter[str] = attrs.field(factory=Counter)
    _random: random.Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def pick(self, method: str) -> str:
        """The name of the fault of the next answer; empty if it has none."""
        fault = self._pick(method)
        if fault:
            self.seen[f"{method} {fault}"] += 1
        return fault

    def _pick(self, method: str) -> str:
        if method == "POST" and self.script:
            return self.script.popleft().strip("-")
        if self._burst:
            self._burst -= 1
            return "burst"
        if self._random.random() >= self.chance:
            return ""
        fault = self._random.choice(POST_FAULTS if method == "POST" else OTHER_FAULTS)
        if fault == "burst":
            self._burst = self._random.randint(1, 8)
        return fault

    def late(self) -> float:
        """Seconds until a late order is stored."""
        return self._random.uniform(self.late_from, self.late_to)

    def error(self) -> int:
        """A status with which a server says that something broke."""
        return self._random.choice((500, 502, 503, 504))


class Ledger:
    """Every order, by its id."""

    def __init__(self, faults: Faults, *, completes: bool) -> None:
        self.faults = faults
        self.orders: dict[str, Stored] = {}
        self.requests = Counter[str]()
        self.late: set[asyncio.Task[None]] = set()
        self._by_reference: dict[str | None, list[Stored]] = {}
        self._completes = completes
        self._more = asyncio.Event()

    def count(self, method: str) -> None:
        """One more request is being served."""
        self.requests[method] += 1
        self._more.set()

    async def reach(self, requests: int) -> None:
        """Wait until so many requests have begun to be served."""
        while self.requests.total() < requests:
            self._more.clear()
            await self._more.wait()

    def store(self, document: Mapping[str, Any]) -> Stored:
        """Keep a new order."""
        attributes = document["data"]["attributes"]
        order = Stored(
            id=str(uuid.uuid4()),
            sku_id=attributes["items"][0]["attributes"]["sku_id"],
            reference=attributes.get("external_reference_id"),
            created_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            status="completed" if self._completes else "pending",
        )
        self.orders[order.id] = order
        self._by_reference.setdefault(order.reference, []).append(order)
        return order

    def store_late(self, document: Mapping[str, Any]) -> None:
        """Keep a new order in a while."""

        async def wait() -> None:
            await asyncio.sleep(self.faults.late())
            self.store(document)

        task = asyncio.create_task(wait())
        self.late.add(task)
        task.add_done_callback(self.late.discard)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, object]:
        """Do what is asked; the status and the document of the answer."""
        parts = urlsplit(target)
        identity = unquote(parts.path.removeprefix("/v3/orders").strip("/"))
        if not identity:
            if method == "POST":
                return 201, {"data": self.store(json.loads(body)).document()}
            return self._list(dict(parse_qsl(parts.query, keep_blank_values=True)))
        order = self.orders.get(identity)
        if order is None:
            return 404, _errors("404", "Record not found")
        if method == "GET":
            return 200, {"data": order.document()}
        if order.status != "pending":
            return 422, _errors("422", "base - Order not pending")
        order.status = "canceled"
        return 204, None

    def _list(self, query: dict[str, str]) -> tuple[int, object]:
        reference = query.pop("filter[external_reference_id]", None)
        since = query.pop("filter[created_at_gteq]", "")
        sort = query.pop("sort", "created_at")
        if reference is None or query or sort not in {"created_at", "-created_at"}:
            return 400, _errors("400", "Param not allowed")
        found = [
            order.document()
            for order in self._by_reference.get(reference, [])
            if order.created_at >= since  # of one format, so their texts are in order
        ]
        if sort.startswith("-"):
            found.reverse()
        return 200, {"data": found, "meta": {"total_records": len(found)}, "links": {}}

    def audit(self) -> dict[str, object]:
        """What was really stored."""
        return {
            "orders": [attrs.asdict(order) for order in self.orders.values()],
            "requests": dict(self.requests),
            "faults": dict(self.faults.seen),
            "outstanding": len(self.late),
        }


def _errors(code: str, detail: str) -> dict[str, object]:
    return {"errors": [{"title": detail, "detail": detail, "code": code, "status": code}]}


def _head(status: int, size: int, media_type: str = MEDIA_TYPE, extra: str = "") -> bytes:
    lines = f"HTTP/1.1 {status} Some\r\nContent-Type: {media_type}\r\n{extra}"
    if status != 204:
        lines += f"Content-Length: {size}\r\n"
    return f"{lines}\r\n".encode()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    raise _DroppedError


class _Api:
    """Answers one connection after the other, well or badly."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._faults = ledger.faults
        self._late: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(*_ENDS, _DroppedError):
            while True:
                method, target, body = await _request(reader)
                self._ledger.count(method)
                await self._respond(reader, writer, method, target, body)
                await writer.drain()
        writer.close()

    async def _respond(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        method: str,
        target: str,
        body: bytes,
    ) -> None:
        fault = self._faults.pick(method)
        if fault in {"burst", "patience"}:
            seconds = 1 if fault == "patience" else 0
            tells = fault == "patience" or self._ledger.requests.total() % 2
            writer.write(_head(429, 0, extra=f"Retry-After: {seconds}\r\n" if tells else ""))
        elif fault.startswith("late"):
            await self._lose(reader, writer, body, silently=fault == "late_silence")
        else:
            status, answered = 0, None
            if fault not in BEFORE:
                status, answered = self._ledger.answer(method, target, body)
            content = b"" if answered is None else json.dumps(answered).encode()
            await self._send(writer, fault, _head(status, len(content)), content)

    async def _lose(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        body: bytes,
        *,
        silently: bool,
    ) -> None:
        if silently:  # the server works on until the client stops waiting
            with contextlib.suppress(OSError):
                await reader.read()
        document = json.loads(body)
        sku_id = document["data"]["attributes"]["items"][0]["attributes"]["sku_id"]
        if not (self._faults.late_once and sku_id in self._late):
            self._late.add(sku_id)
            self._ledger.store_late(document)
        _reset(writer)

    async def _send(
        self, writer: asyncio.StreamWriter, fault: str, head: bytes, content: bytes
    ) -> None:
        if fault.startswith("reset"):
            _reset(writer)
        if fault.startswith("error"):
            code = self._faults.error()
            content = json.dumps(_errors(str(code), "Something broke")).encode()
            head = _head(code, len(content))
        if fault.startswith("html"):
            head, content = _head(502, len(HTML), "text/html"), HTML
        if fault == "slow":
            await asyncio.sleep(self._faults.silence)
        if fault == "cut":
            whole = head + content
            writer.write(whole[: len(whole) - len(content) // 2 - 1])
            await writer.drain()
            writer.close()
            raise _DroppedError
        writer.write(head + content)


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    size = 0
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            size = int(value)
    return method, target, await reader.readexactly(size)


class _Audit:
    """Tells the truth."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(*_ENDS):
            _, target, _ = await _request(reader)
            if target.startswith("/after/"):
                await self._ledger.reach(int(target.removeprefix("/after/")))
            content = json.dumps(self._ledger.audit()).encode()
            writer.write(_head(200, len(content), "application/json") + content)
            await writer.drain()
        writer.close()


async def _serve(ledger: Ledger) -> None:
    api = await asyncio.start_server(_Api(ledger).serve, "127.0.0.1", backlog=1024)
    audit = await asyncio.start_server(_Audit(ledger).serve, "127.0.0.1")
    urls = {
        name: f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}"
        for name, server, path in (("api", api, "/v3"), ("audit", audit, ""))
    }
    sys.stdout.write(json.dumps(urls) + "\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    ended = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(ended), sys.stdin)
    await ended.read()
    api.close()
    audit.close()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chance", type=float, default=0.2)
    parser.add_argument("--late-from", type=float, default=0.0)
    parser.add_argument("--late-to", type=float, default=1.0)
    parser.add_argument("--late-once", action="store_true")
    parser.add_argument("--silence", type=float, default=1.0)
    parser.add_argument("--script", default="", help="faults of the first orders, by commas")
    parser.add_argument("--completes", action="store_true", help="orders can't be canceled")
    given = parser.parse_args()
    faults = Faults(
        seed=given.seed,
        chance=given.chance,
        late_from=given.late_from,
        late_to=given.late_to,
        late_once=given.late_once,
        silence=given.silence,
        script=deque(given.script.split(",") if given.script else ()),
    )

    async def serve() -> None:
        await _serve(Ledger(faults, completes=given.completes))

    asyncio.run(serve())


if __name__ == "__main__":
    main()
