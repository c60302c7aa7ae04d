"""The examples of the page about Adobe do what they say."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from didww_async import OrderUnconfirmedError
from didww_async.sandbox.adobe_vip import AdobeVipSandbox

PAGE = Path(__file__).parents[3] / "docs" / "adobe-vip.md"
BUY, MANY, SANDBOX = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def buy(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function of the example, with the waits left out."""
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: sleep(0))
    names: dict[str, Any] = {}
    exec(compile(BUY, "adobe-vip.md", "exec"), names)
    return names["buy"]


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A sandbox whose credentials are in the environment."""
    with AdobeVipSandbox(complete_after=0) as serving:
        monkeypatch.setenv("ADOBE_VIP_CLIENT_ID", serving.client_id)
        monkeypatch.setenv("ADOBE_VIP_CLIENT_SECRET", serving.client_secret)
        yield serving


@pytest.mark.parametrize("is_lost", [False, True])
def test_the_example_buys_once(
    sandbox: AdobeVipSandbox,
    buy: Any,
    is_lost: bool,  # noqa: FBT001
) -> None:
    """Also if the answer is lost on the way."""
    if is_lost:
        sandbox.faults.drop_after(method="POST", path="/v3/*")
    where = {"base_url": sandbox.url, "token_url": sandbox.token_url}
    bought = asyncio.run(buy(sandbox.customer_id, "po-1", **where))
    assert list(sandbox.state.orders) == [bought]
    assert sandbox.state.orders[bought].reference == "po-1"


def test_the_example_does_not_guess(sandbox: AdobeVipSandbox, buy: Any) -> None:
    """After a 5xx it orders no second time."""
    sandbox.faults.remembered(applied=True, method="POST")
    where = {"base_url": sandbox.url, "token_url": sandbox.token_url}
    with pytest.raises(OrderUnconfirmedError):
        asyncio.run(buy(sandbox.customer_id, "po-1", **where))
    assert len(sandbox.state.orders) == 1


def test_the_examples_run_on_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, as they stand, without anything in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("ADOBE_VIP_CLIENT_ID", "ADOBE_VIP_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    names: dict[str, Any] = {}
    for block in (BUY, MANY, SANDBOX):
        exec(compile(block, "adobe-vip.md", "exec"), names)
    assert "2 placed, 0 rejected" in capsys.readouterr().out


def test_the_bulk_example_buys_each_once(sandbox: AdobeVipSandbox, tmp_path: Path) -> None:
    """Also if it is run again on its journal."""
    names: dict[str, Any] = {}
    exec(compile(MANY, "adobe-vip.md", "exec"), names)
    where = {"base_url": sandbox.url, "token_url": sandbox.token_url}
    for _ in range(2):
        call = names["buy_many"](sandbox.customer_id, {"a": 1, "b": 2}, tmp_path / "j", **where)
        assert len(asyncio.run(call).placed) == 2
    assert sorted(order.reference for order in sandbox.state.orders.values()) == ["a", "b"]
