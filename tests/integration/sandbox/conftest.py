"""A caller that speaks plain HTTP to the sandbox: no part of the SDK is involved."""

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from attrs import frozen

from didww_async.sandbox import Sandbox

MEDIA_TYPE = "application/vnd.api+json"


@frozen
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text)
        return document

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def error(self) -> dict[str, Any]:
        """The only error."""
        [error] = self.json["errors"]
        return dict(error)

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.data]


class Caller:
    """Sends requests with the right headers unless told otherwise."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        sent: dict[str, str | None] = {"Accept": MEDIA_TYPE, "Api-Key": self.sandbox.api_key}
        data = body if isinstance(body, bytes) else None
        if body is not None:
            sent["Content-Type"] = MEDIA_TYPE
            data = data if data is not None else json.dumps(body).encode()
        sent.update(headers or {})
        async with self.session.request(
            method,
            self.sandbox.url + path,
            # aiohttp warns of large bytes, not of large files.
            data=None if data is None else io.BytesIO(data),
            headers={name: value for name, value in sent.items() if value is not None},
            skip_auto_headers=("Accept", "Content-Type"),
            allow_redirects=False,
        ) as response:
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                await response.text(),
            )

    async def get(self, path: str) -> Answer:
        return await self("GET", path)

    async def order(self, *items: dict[str, Any], **attributes: Any) -> Answer:
        return await self("POST", "/orders", order_document(*items, **attributes))

    async def patch(self, type_: str, id_: str, **members: Any) -> Answer:
        data = {"type": type_, "id": id_, **members}
        return await self("PATCH", f"/{type_}/{id_}", {"data": data})

    async def reserve(self, available_did_id: str, **attributes: Any) -> Answer:
        linkage = {"type": "available_dids", "id": available_did_id}
        data = {
            "type": "did_reservations",
            "attributes": attributes,
            "relationships": {"available_did": {"data": linkage}},
        }
        return await self("POST", "/did_reservations", {"data": data})


def order_document(*items: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """The body that orders these items."""
    return {"data": {"type": "orders", "attributes": {"items": list(items), **attributes}}}


def did_item(sku_id: str, **attributes: Any) -> dict[str, Any]:
    """An item for numbers."""
    return {"type": "did_order_items", "attributes": {"sku_id": sku_id, **attributes}}


def capacity_item(pool_id: str, **attributes: Any) -> dict[str, Any]:
    """An item for channels."""
    attributes = {"capacity_pool_id": pool_id, **attributes}
    return {"type": "capacity_order_items", "attributes": attributes}


class Clock:
    """A time of day that moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[Sandbox]:
    """A sandbox whose orders stay pending and whose clock stands still."""
    async with Sandbox(complete_after=None, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP session."""
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield session


@pytest.fixture
async def call(sandbox: Sandbox, session: aiohttp.ClientSession) -> Caller:
    """A caller of that sandbox."""
    return Caller(sandbox, session)


@pytest.fixture
def sku(sandbox: Sandbox) -> str:
    """A cheap one: 0.5 a month."""
    return sandbox.state.landmarks.cheap_sku_id
