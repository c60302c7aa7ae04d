"""Recorded and printed exchanges, replayed over a real socket."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import web

from didww_async import DidwwClient

Exchange = Mapping[str, Any]


def recordings(*patterns: str) -> list[Any]:
    """The exchanges of the recordings folder as test parameters, or one that is skipped."""
    folder = os.environ.get("DIDWW_RECORDINGS")
    if not folder:
        reason = "DIDWW_RECORDINGS names no folder of recorded exchanges"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    found = []
    for pattern in patterns:
        for file in sorted(Path(folder).glob(pattern)):
            for number, exchange in enumerate(json.loads(file.read_text())):
                name = f"{file.parent.name}/{file.stem}-{number}"
                found.append(pytest.param(exchange, id=name))
    assert found, f"no recording matches {patterns} in {folder}"
    return found


@attrs.define
class Replay:
    """A server that gives one recorded answer and keeps what it was asked."""

    url: str
    asked: list[dict[str, Any]] = attrs.field(factory=list)


@pytest.fixture
async def replay() -> AsyncIterator[Callable[[Exchange], Awaitable[Replay]]]:
    """Starts a server for one exchange."""
    runners: list[web.AppRunner] = []

    async def start(exchange: Exchange) -> Replay:
        kept = Replay("")

        async def answer(request: web.Request) -> web.Response:
            body = await request.read()
            kept.asked.append(
                {
                    "method": request.method,
                    "path": request.path.removeprefix("/v3"),
                    "query": dict(request.query),
                    "headers": dict(request.headers),
                    "body": json.loads(body) if body else None,
                }
            )
            response = exchange["response"]
            text = "" if response["body"] is None else json.dumps(response["body"])
            content_type = response["headers"].get("Content-Type", "application/vnd.api+json")
            return web.Response(
                status=response["status"], text=text, headers={"Content-Type": content_type}
            )

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        kept.url = f"http://127.0.0.1:{port}/v3"
        return kept

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def make_client() -> Callable[[str], DidwwClient]:
    """Makes a client of a server."""
    return lambda url: DidwwClient("test-api-key", base_url=url, pace=None, retry=None)
