"""The examples that the documentation prints do what they say."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from didww_async import DidwwClient, NewDidOrderItem, NewOrder, OrderStatus
from didww_async.placement import SqliteJournal
from didww_async.sandbox import Sandbox
from didww_async.webhooks import SIGNATURE_HEADER
from didww_async.webhooks.signature import sign

README = Path(__file__).parents[2] / "README.md"
PLACING = README.parent / "docs" / "placing-many-orders.md"
BLOCKS, OF_PLACING = (
    re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL) for page in (README, PLACING)
)
URL = "https://example.com/callbacks"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A sandbox that the environment points to."""
    with Sandbox(complete_after=0) as serving:
        monkeypatch.setenv("DIDWW_API_KEY", serving.api_key)
        monkeypatch.setenv("DIDWW_BASE_URL", serving.url)
        yield serving


def block_with(text: str) -> str:
    """The one example that has this text in it."""
    (found,) = [block for block in BLOCKS + OF_PLACING if text in block]
    return str(found)


def run(block: str) -> dict[str, Any]:
    """Execute an example as a module."""
    names: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), names)
    return names


def test_first_order_prints_its_numbers(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first order of the README buys two numbers and prints them."""
    run(block_with("create_order([NewDidOrderItem(sku_id=sku.id, qty=2)])"))
    numbers = capsys.readouterr().out.split()
    assert len(numbers) == 2
    assert all(number.isdigit() for number in numbers)


def test_reading_prints_a_count(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """The reading example counts the orders of the account."""
    run(block_with("total_records"))
    assert capsys.readouterr().out == "0 of 0\n"


def test_unconfirmed_order_is_found(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of a lost answer finds the order that was stored, and orders no second one."""
    sandbox.faults.drop_after(method="POST", path="/orders")
    monkeypatch.setattr(asyncio, "sleep", no_wait)
    order_one = run(block_with("async def order_one"))["order_one"]
    order = asyncio.run(order_one(sandbox.state.landmarks.cheap_sku_id, "crm-1"))
    assert order.status is OrderStatus.COMPLETED
    assert [request.method for request in sandbox.requests].count("POST") == 1


@pytest.mark.parametrize(
    ("kind", "line"),
    [("orders", "order an-id is completed\n"), ("new_things", "of a new kind: new_things\n")],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_callback_example_reads_an_event(
    capsys: pytest.CaptureFixture[str], method: str, kind: str, line: str
) -> None:
    """The callback example takes a signed request apart, of either method and of any kind."""
    handle = run(block_with("didww_async.webhooks"))["handle"]
    payload = {"id": "an-id", "type": kind, "status": "completed"}
    query = f"id=an-id&type={kind}&status=completed"
    url = f"{URL}?{query}" if method == "GET" else URL
    headers = {SIGNATURE_HEADER: sign(url, payload, "secret")}
    if method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    handle(method, url, b"" if method == "GET" else query.encode(), headers, "secret")
    assert capsys.readouterr().out == line


async def no_wait(_: float) -> None:
    """Stand in for `asyncio.sleep`."""


def test_bulk_example_places_each_order_once(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bulk example places its orders, and none of them a second time."""
    main = run(block_with("count=20"))["main"]
    for _ in range(2):
        report = asyncio.run(main(sandbox.state.landmarks.cheap_sku_id, 5, tmp_path / "run.db"))
        assert len(report.placed) == 5
    assert len(sandbox.state.orders) == 5
    assert capsys.readouterr().out.startswith("5 placed, 0 rejected")


def test_fixture_example_passes() -> None:
    """The example test of the README runs on the sandbox that its marker asks for."""
    names = run(block_with("@pytest.mark.didww_sandbox"))
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    (mark,) = [mark for mark in test.pytestmark if mark.name == "didww_sandbox"]
    assert inspect.iscoroutinefunction(test)
    with Sandbox(**mark.kwargs) as sandbox:
        asyncio.run(test(sandbox))


def test_every_example_is_run() -> None:
    """No example of the README and of the page about placing is left out here."""
    assert len(BLOCKS) == 6
    assert len(OF_PLACING) == 4


def test_placing_example_places_each_order_once(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first example of the page about placing, run twice on its journal."""
    monkeypatch.chdir(tmp_path)
    main = run(block_with("async def main(sku_id, customers)"))["main"]
    for _ in range(2):
        report = asyncio.run(main(sandbox.state.landmarks.cheap_sku_id, range(3)))
        assert len(report.placed) == 3
    assert len(sandbox.state.orders) == 3


def test_watched_example_tells_what_it_bought(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As it goes, and it ends with the first order that is refused."""
    monkeypatch.chdir(tmp_path)
    place_watched = run(block_with("place_watched"))["place_watched"]
    bought = asyncio.run(place_watched(sandbox.state.landmarks.cheap_sku_id, range(3)))
    assert set(bought) == {"crm-0", "crm-1", "crm-2"}
    assert set(bought.values()) == set(sandbox.state.orders)
    assert capsys.readouterr().out.splitlines() == ["1 of 3", "2 of 3", "3 of 3"]
    assert asyncio.run(place_watched("no-such-sku", range(3, 103))) == {}
    assert "stopped: " in capsys.readouterr().out


def test_interrupted_example_leaves_nothing_in_doubt(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the run, after what is under way."""
    monkeypatch.chdir(tmp_path)
    place_until_interrupted = run(block_with("place_until_interrupted"))["place_until_interrupted"]
    item = NewDidOrderItem(sku_id=sandbox.state.landmarks.cheap_sku_id)

    def orders() -> Iterator[NewOrder]:
        for number in range(500):
            if number == 20:
                os.kill(os.getpid(), signal.SIGINT)
            yield NewOrder(items=[item], external_reference_id=f"crm-{number}")

    report = asyncio.run(place_until_interrupted(orders()))
    assert report.stop_reason == "Ctrl-C"
    assert len(report.placed) == len(sandbox.state.orders) < 500
    assert report.counts.placed + report.counts.not_attempted == 500


@pytest.mark.parametrize(
    ("request_id", "status"),
    [("crm-1", 200), ("lost", 202), ("dear", 402), ("bad", 422), ("comma,", 422), ("away", 503)],
)
def test_handler_example_answers(
    sandbox: Sandbox, tmp_path: Path, request_id: str, status: int
) -> None:
    """By what became of the order; a repeated request gets the same order."""
    buy_number = run(block_with("buy_number"))["buy_number"]
    marks = sandbox.state.landmarks
    sku = {"dear": marks.expensive_sku_id, "bad": "no-such-sku"}.get(request_id, marks.cheap_sku_id)
    url = "http://127.0.0.1:9/v3" if request_id == "away" else sandbox.url
    if request_id == "lost":
        sandbox.faults.drop_after(method="POST", path="/orders")
        sandbox.faults.answer(403, method="GET", path="/orders", times=None)

    async def answers() -> list[tuple[int, str]]:
        async with DidwwClient(sandbox.api_key, base_url=url) as client:
            if request_id == "lost":  # which is looked for over ten seconds
                client.place_order = partial(client.place_order, settle_seconds=0.1)  # type: ignore[method-assign]
            with SqliteJournal(tmp_path / "run.db") as journal:
                asked = (buy_number(client, journal, sku, request_id) for _ in range(2))
                answered: list[tuple[int, str]] = await asyncio.gather(*asked)
                return answered

    first, second = asyncio.run(answers())
    assert first == second if status == 200 else first[0] == second[0]
    assert first[0] == status
    assert len(sandbox.state.orders) == (status in {200, 202})
