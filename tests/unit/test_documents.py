"""The examples that the documentation prints do what they say."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from didww_async import OrderStatus
from didww_async.sandbox import Sandbox
from didww_async.webhooks import SIGNATURE_HEADER
from didww_async.webhooks.signature import sign

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
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
    (found,) = [block for block in BLOCKS if text in block]
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
    order_one = run(block_with("OrderUnconfirmedError"))["order_one"]
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
    main = run(block_with("place_orders"))["main"]
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
    """No example of the README is left out here."""
    assert len(BLOCKS) == 6
