"""A Plum account on loopback whose time flies on demand, and a client of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest

from didww_async import RetryPolicy, Timeouts
from didww_async.providers.plum import MemoryTokens, NewTopUpOrder, PlumClient, TokenPair
from didww_async.sandbox.plum import PlumSandbox
from tests.integration.hostile.conftest import clean_loop

__all__ = ["clean_loop"]

PLAN = 55134
PHONE = "9800000001"
QUICK = RetryPolicy(attempts=4, wait_initial=0.001, wait_max=0.002, wait_jitter=0.001)
ONCE = RetryPolicy(attempts=1)


class Clock:
    """The time of day in the sandbox; it stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 2, 7, 12, 25, 45, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[PlumSandbox]:
    async with PlumSandbox(deliver_after=30, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
async def client(sandbox: PlumSandbox) -> AsyncIterator[PlumClient]:
    async with client_of(sandbox) as client:
        yield client


def pair_of(sandbox: PlumSandbox) -> TokenPair:
    """The pair that the dashboard shows."""
    newest = sandbox.tokens.newest
    return TokenPair(access_token=newest.access, refresh_token=newest.refresh)


def client_of(sandbox: PlumSandbox, **options: object) -> PlumClient:
    """A client of this sandbox, with short waits unless told otherwise."""
    defaults: dict[str, object] = {
        "tokens": MemoryTokens(pair_of(sandbox)),
        "client_id": sandbox.tokens.client_id,
        "client_secret": sandbox.tokens.client_secret,
        "base_url": sandbox.url,
        "retry": QUICK,
        "timeouts": Timeouts(connect=5, read=5, total=10),
    }
    return PlumClient(**{**defaults, **options})  # type: ignore[arg-type]


def top_up(po_number: str = "po-7c1d0e", **fields: object) -> NewTopUpOrder:
    """Something to order."""
    values: dict[str, object] = {
        "product_id": PLAN,
        "denomination": 199,
        "phone_code": "+91",
        "phone_number": PHONE,
        "email": "user@example.com",
        "po_number": po_number,
        **fields,
    }
    return NewTopUpOrder(**values)  # type: ignore[arg-type]


def asked(sandbox: PlumSandbox) -> list[str]:
    """The operations that the sandbox was asked for, in their order."""
    documents = [request.json for request in sandbox.requests]
    queries = [document.get("query") for document in documents if isinstance(document, dict)]
    return [query.rpartition(".")[2] for query in queries if isinstance(query, str)]
