"""An Adobe on loopback whose time flies on demand, and a client of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest

from didww_async import RetryPolicy, Timeouts
from didww_async.providers.adobe_vip import AdobeVipClient, NewLineItem, NewOrder
from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from tests.integration.hostile.conftest import clean_loop

__all__ = ["clean_loop"]

OFFER = "65304479CA01A12"
QUICK = RetryPolicy(attempts=4, wait_initial=0.001, wait_max=0.002, wait_jitter=0.001)


class Clock:
    """The time of day in the sandbox; it stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 3, 2, 22, 49, 54, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += dt.timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[AdobeVipSandbox]:
    async with AdobeVipSandbox(complete_after=60, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
async def client(sandbox: AdobeVipSandbox) -> AsyncIterator[AdobeVipClient]:
    async with client_of(sandbox) as client:
        yield client


def client_of(sandbox: AdobeVipSandbox, **options: object) -> AdobeVipClient:
    """A client of this sandbox, with short waits unless told otherwise."""
    defaults: dict[str, object] = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "base_url": sandbox.url,
        "token_url": sandbox.token_url,
        "retry": QUICK,
        "timeouts": Timeouts(connect=5, read=5, total=10),
    }
    return AdobeVipClient(**{**defaults, **options})  # type: ignore[arg-type]


def line(number: int = 1, quantity: int = 20, **fields: str) -> NewLineItem:
    """A line of an order."""
    return NewLineItem(
        ext_line_item_number=number,
        offer_id=OFFER,
        quantity=quantity,
        currency_code="USD",
        **fields,
    )


def order(reference: str = "po-2026-000759", *lines: NewLineItem) -> NewOrder:
    """Something to order."""
    return NewOrder(external_reference_id=reference, line_items=lines or [line()])


def posts(sandbox: AdobeVipSandbox) -> list[dict[str, str]]:
    """The headers of every order that arrived."""
    return [
        dict(request.headers)
        for request in sandbox.requests
        if request.method == "POST" and request.path.endswith("/orders")
    ]
