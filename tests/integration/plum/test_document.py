"""The examples of the page about Plum do what they say."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from didww_async import ConflictError
from didww_async.providers.plum import TokenFile
from didww_async.sandbox.plum import PlumSandbox, operation
from tests.integration.plum.conftest import client_of

PAGE = Path(__file__).parents[3] / "docs" / "plum.md"
KEEP, TOP_UP, MANY, HANDLE, SANDBOX = re.findall(
    r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL
)


def names_of(block: str) -> dict[str, Any]:
    """What an example defines."""
    names: dict[str, Any] = {}
    exec(compile(block, "plum.md", "exec"), names)
    return names


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A sandbox whose credentials are in the environment; nobody waits."""
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: sleep(0))
    with PlumSandbox(deliver_after=0) as serving:
        monkeypatch.setenv("PLUM_CLIENT_ID", serving.tokens.client_id)
        monkeypatch.setenv("PLUM_CLIENT_SECRET", serving.tokens.client_secret)
        yield serving


@pytest.mark.parametrize("is_lost", [False, True])
def test_the_example_orders_once(
    sandbox: PlumSandbox,
    tmp_path: Path,
    is_lost: bool,  # noqa: FBT001
) -> None:
    """The tokens are kept and replaced, and an order whose answer is lost is found."""
    path = str(tmp_path / "tokens.json")
    newest = sandbox.tokens.newest
    names_of(KEEP)["keep_tokens"](path, newest.access, newest.refresh)
    if is_lost:
        sandbox.faults.drop_after(matching=operation("placeOrder"))
    else:
        sandbox.tokens.expire_access()
    top_up = names_of(TOP_UP)["top_up"]
    order = asyncio.run(top_up(path, "9800000001", "po-1", base_url=sandbox.url))
    assert [str(placed.id) for placed in sandbox.orders] == [order.order_id]
    assert order.is_final
    assert TokenFile(path).load().refresh_token == sandbox.tokens.newest.refresh


def test_the_webhook_example_confirms_what_it_is_told(sandbox: PlumSandbox, tmp_path: Path) -> None:
    """An event is read, and the order itself tells its status."""
    event = {
        "id": 1,
        "data": {"orderId": 6552001, "poNumber": "po-1", "deliveryStatus": "canceled"},
    }
    handling = names_of(HANDLE)
    path = str(tmp_path / "tokens.json")
    newest = sandbox.tokens.newest
    names_of(KEEP)["keep_tokens"](path, newest.access, newest.refresh)
    top_up = names_of(TOP_UP)["top_up"]

    async def run() -> str:
        await top_up(path, "9800000001", "po-1", base_url=sandbox.url)
        async with client_of(sandbox) as plum:
            events = handling["Events"]()
            handling["take"](json.dumps(event).encode(), {"X-Api-Key": "k"}, "k", events)
            said: str = await handling["look"](events, plum)
            return said

    assert asyncio.run(run()) == "po-1: delivered"


def test_the_examples_run_on_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, as they stand, without anything in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("PLUM_CLIENT_ID", "PLUM_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    names: dict[str, Any] = {}
    for block in (KEEP, TOP_UP, MANY, SANDBOX):
        exec(compile(block, "plum.md", "exec"), names)
    assert "2 placed, 0 rejected" in capsys.readouterr().out


def test_the_bulk_example_orders_each_once(sandbox: PlumSandbox, tmp_path: Path) -> None:
    """Also if it is run again on its journal."""
    path, phones = str(tmp_path / "tokens.json"), {"a": "9800000001", "b": "9800000002"}
    newest = sandbox.tokens.newest
    names_of(KEEP)["keep_tokens"](path, newest.access, newest.refresh)
    top_up_many = names_of(MANY)["top_up_many"]
    for _ in range(2):
        call = top_up_many(path, phones, tmp_path / "run.db", base_url=sandbox.url)
        assert len(asyncio.run(call).placed) == 2
    assert sorted(order.po_number for order in sandbox.orders) == ["a", "b"]


def test_a_used_number_is_a_conflict(sandbox: PlumSandbox, tmp_path: Path) -> None:
    """As the page says of a second call."""
    path = str(tmp_path / "tokens.json")
    newest = sandbox.tokens.newest
    names_of(KEEP)["keep_tokens"](path, newest.access, newest.refresh)
    top_up = names_of(TOP_UP)["top_up"]
    asyncio.run(top_up(path, "9800000001", "po-1", base_url=sandbox.url))
    with pytest.raises(ConflictError):
        asyncio.run(top_up(path, "9800000001", "po-1", base_url=sandbox.url))
    assert len(sandbox.orders) == 1
