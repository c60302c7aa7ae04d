"""Waiting for an order, in virtual time and without sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from didww_async import (
    ConnectionLostError,
    DidwwClient,
    NewDidOrderItem,
    NotFoundError,
    Order,
    OrderStatus,
    OrderUnconfirmedError,
    WaitTimeoutError,
)
from tests.unit.collections.conftest import Answers
from tests.unit.transport import virtual_time

URL = "https://api.example.com/v3/orders/1"


def document(status: str) -> dict[str, Any]:
    """The order `1` in this status."""
    attributes = {
        "reference": "KTH-650932",
        "description": "DID",
        "amount": "5.98",
        "status": status,
        "created_at": "2026-04-20T10:00:00.000Z",
        "items": [],
    }
    return {"data": {"id": "1", "type": "orders", "attributes": attributes}}


def client() -> DidwwClient:
    """A client without a pace: the clock here is not the pace's."""
    return DidwwClient("key", base_url="https://api.example.com/v3", pace=None)


async def waited(order: str = "1", **options: Any) -> tuple[Order, float]:
    """The final order, and the seconds that it took."""
    loop = asyncio.get_running_loop()
    async with client() as didww:
        begin = loop.time()
        found = await didww.wait_for_order(order, **options)
        return found, loop.time() - begin


@pytest.mark.parametrize("status", ["completed", "canceled", "Completed"])
def test_a_final_order_costs_no_request(answers: Answers, status: str) -> None:
    """It is returned as it is."""
    answers.get(URL, payload=document(status))

    async def main() -> tuple[Order, Order]:
        async with client() as didww:
            order = await didww.get_order("1")
            return order, await didww.wait_for_order(order, timeout=None)

    first, second = virtual_time.run(main())

    assert first is second
    assert answers.count("GET") == 1


def test_an_order_is_returned_when_it_is_completed(answers: Answers) -> None:
    """By its id, after as many looks as it takes."""
    for status in ("pending", "pending", "completed"):
        answers.get(URL, payload=document(status))

    order, seconds = virtual_time.run(waited())

    assert order.status == OrderStatus.COMPLETED
    assert seconds == pytest.approx(1 + 1.5)


def test_an_order_that_is_passed_is_looked_at_after_an_interval(answers: Answers) -> None:
    """It was just read, so asking at once would tell nothing new."""
    answers.get(URL, payload=document("pending"))
    answers.get(URL, payload=document("canceled"))

    async def main() -> tuple[OrderStatus, float]:
        loop = asyncio.get_running_loop()
        async with client() as didww:
            order = await didww.get_order("1")
            begin = loop.time()
            final = await didww.wait_for_order(order, poll_interval=4)
            return final.status, loop.time() - begin

    assert virtual_time.run(main()) == (OrderStatus.CANCELED, 4.0)


def test_time_runs_out_with_the_last_order_in_the_error(answers: Answers) -> None:
    """WaitTimeoutError, at the time that was given."""
    answers.get(URL, payload=document("pending"), repeat=True)

    async def main() -> tuple[WaitTimeoutError, float]:
        loop = asyncio.get_running_loop()
        async with client() as didww:
            begin = loop.time()
            with pytest.raises(WaitTimeoutError) as caught:
                await didww.wait_for_order("1", timeout=10)
            return caught.value, loop.time() - begin

    error, seconds = virtual_time.run(main())

    assert isinstance(error.order, Order)
    assert (error.order.id, error.order.status) == ("1", OrderStatus.PENDING)
    assert error.seconds == 10
    assert seconds == pytest.approx(10)


def test_waiting_is_polite(answers: Answers) -> None:
    """An hour of waiting costs some 130 requests, not 3600."""
    answers.get(URL, payload=document("pending"), repeat=True)

    async def main() -> None:
        async with client() as didww:
            with pytest.raises(WaitTimeoutError):
                await didww.wait_for_order("1", timeout=3600)

    virtual_time.run(main())

    assert 3600 / 30 <= answers.count("GET") <= 3600 / 30 + 12


def test_a_slower_interval_is_kept(answers: Answers) -> None:
    """One over 30 seconds is not made faster."""
    answers.get(URL, payload=document("pending"), repeat=True)

    async def main() -> None:
        async with client() as didww:
            with pytest.raises(WaitTimeoutError):
                await didww.wait_for_order("1", timeout=1001, poll_interval=100)

    virtual_time.run(main())

    assert answers.count("GET") == 1 + 10


def test_without_a_timeout_it_waits_on(answers: Answers) -> None:
    """With back ordering that may be days."""
    for _ in range(300):
        answers.get(URL, payload=document("pending"))
    answers.get(URL, payload=document("completed"))

    order, seconds = virtual_time.run(waited(timeout=None))

    assert order.is_final
    assert seconds > 8000


def test_an_order_that_is_gone_ends_the_wait(answers: Answers) -> None:
    """What the server answers is raised."""
    answers.get(URL, payload=document("pending"))
    answers.get(URL, status=404, payload={"errors": []})

    with pytest.raises(NotFoundError):
        virtual_time.run(waited())


def test_a_status_of_a_later_release_is_waited_for(answers: Answers) -> None:
    """Only completed and canceled are known to be final."""
    for status in ("archiving", "completed"):
        answers.get(URL, payload=document(status))

    order, _ = virtual_time.run(waited())

    assert order.status == OrderStatus.COMPLETED


@pytest.mark.parametrize("error", [OSError("broken pipe"), ConnectionResetError(), TimeoutError()])
def test_an_order_under_a_failing_write_is_unconfirmed(answers: Answers, error: Exception) -> None:
    """A fault of this end, after which part of the order may have left."""
    answers.post("https://api.example.com/v3/orders", exception=error)

    async def main() -> OrderUnconfirmedError:
        async with client() as didww:
            with pytest.raises(OrderUnconfirmedError) as caught:
                await didww.create_order(
                    [NewDidOrderItem(sku_id="s")], external_reference_id="crm-42"
                )
            return caught.value

    assert virtual_time.run(main()).external_reference_id == "crm-42"
    assert answers.count("POST") == 1


def test_an_odd_client_error_on_a_read_is_a_lost_connection(answers: Answers) -> None:
    """Whatever aiohttp raises comes out as an error of this package."""
    import aiohttp

    answers.get(URL, exception=aiohttp.ClientPayloadError("odd"), repeat=True)

    async def main() -> None:
        async with client() as didww:
            with pytest.raises(ConnectionLostError, match="ClientPayloadError"):
                await didww.get_order("1")

    virtual_time.run(main())
