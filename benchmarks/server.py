"""
A server that does as little as it can, so that it is not what a benchmark measures.

It answers `POST` with one canned order, `GET /v3/orders` with generated pages,
`GET /arrivals` with the instants at which the requests before it arrived, and
`GET /refused` with how many of them got a 429. It prints its port, and ends when its
standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import time
from collections import deque

import orjson

from benchmarks.documents import created_order, order_page

__all__ = ["main"]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_NUMBER = re.compile(rb"page(?:%5B|\[)number(?:%5D|\])=(\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"page(?:%5B|\[)size(?:%5D|\])=(\d+)", re.IGNORECASE)
_MOST_KEPT_PAGES = 8


def _answer(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/vnd.api+json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


class _Pages:
    def __init__(self, total: int) -> None:
        self.total = total
        self.url = ""
        self._kept: dict[tuple[int, int], bytes] = {}

    def answer(self, target: bytes) -> bytes:
        size, number = (
            int(found[1]) if (found := pattern.search(target)) else default
            for pattern, default in ((_SIZE, 50), (_NUMBER, 1))
        )
        kept = self._kept.get((size, number))
        if kept is None:
            page = order_page(size, number, total=self.total, url=self.url)
            kept = _answer(b"200 OK", page)
            if self.total <= size * _MOST_KEPT_PAGES:
                self._kept[size, number] = kept
        return kept


class _Limit:
    """At most so many requests in any second; what is refused does not count among them."""

    def __init__(self, requests: int) -> None:
        self.requests = requests
        self.refused = 0
        self._granted: deque[float] = deque()

    def refuses(self, now: float) -> bool:
        while self._granted and self._granted[0] <= now - 1.0:
            self._granted.popleft()
        if self.requests and len(self._granted) >= self.requests:
            self.refused += 1
            return True
        self._granted.append(now)
        return False


class _Connection(asyncio.Protocol):
    canned = _answer(b"201 Created", created_order())
    too_many = _answer(
        b"429 Too Many Requests", b'{"errors":[{"status":"429","detail":"Too Many Requests"}]}'
    )
    arrivals: list[float]
    pages: _Pages
    latency: float
    jitter: float
    limit: _Limit

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._received, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            request, self._received = self._received[:whole], self._received[whole:]
            self._serve(request)

    def _serve(self, request: bytes) -> None:
        assert self._transport is not None
        if request.startswith(b"GET /arrivals"):
            told = orjson.dumps(self.arrivals)
            self.arrivals.clear()
            self._transport.write(_answer(b"200 OK", told))
            return
        if request.startswith(b"GET /refused"):
            self._transport.write(_answer(b"200 OK", orjson.dumps(self.limit.refused)))
            return
        now = time.monotonic()
        self.arrivals.append(now)
        if self.limit.refuses(now):
            answer = self.too_many
        elif request.startswith(b"POST"):
            answer = self.canned
        else:
            answer = self.pages.answer(request[: request.index(b"\r\n")])
        if self.latency:
            seconds = self.latency + random.uniform(-self.jitter, self.jitter)
            asyncio.get_running_loop().call_later(seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def _serve(pages: _Pages) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pages.url = f"http://127.0.0.1:{port}/v3/orders"
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0, help="more or less than that")
    parser.add_argument("--limit", type=int, default=0, help="requests in any second; 0 for any")
    options = parser.parse_args()
    _Connection.arrivals, _Connection.pages = [], _Pages(options.orders)
    _Connection.latency, _Connection.jitter = options.latency, options.jitter
    _Connection.limit = _Limit(options.limit)
    asyncio.run(_serve(_Connection.pages))


if __name__ == "__main__":
    main()
