"""The examples as users start them, and how they end."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from didww_async import DidwwClient
from didww_async.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE_SECONDS = 120.0
ORDERS = 40
NAMES = ("DIDWW", "Adobe VIP", "Plum")

Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def started() -> Iterator[Started]:
    """Start an example; it is gone after the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(name: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        others = {key: value for key, value in os.environ.items() if not key.startswith("DIDWW_")}
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**others, **environment},
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_orders_in_bulk_are_placed_once(started: Started) -> None:
    """At all three APIs, each killed once; without what would steer a terminal."""
    process = started("bulk.py", "--orders", ORDERS)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, out + err
    rows = {
        cells[0]: cells for line in out.splitlines() if (cells := re.split(r"  +", line.strip()))
    }
    for name in NAMES:
        assert f"  {name}: {ORDERS} placed once, says the ledger of the sandbox\n" in out
        _, total, placed, requests, broken, kills, _, live, per_row = rows[name]
        assert [total, placed, live] == [str(ORDERS)] * 3
        assert [kills, per_row] == ["1", "1"]
        assert int(requests) > ORDERS
        assert int(broken) > 0
    assert "\x1b" not in out + err


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", -15), ("SIGKILL", -9)])
def test_no_process_is_left_behind(started: Started, name: str, code: int) -> None:
    """However the example ends, nobody holds its stderr any more, and nothing is said there."""
    process = started("bulk.py", "--orders", 10_000)
    assert process.stderr is not None
    assert next(process.stderr).startswith("DIDWW: ")  # it is under way
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == code
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "ledger",
    [
        pytest.param({"1": "row-0"}, id="lost"),
        pytest.param({"1": "row-0", "2": "row-1", "3": "row-1"}, id="twice"),
        pytest.param({"1": "row-0", "3": "row-1"}, id="another-than-told"),
        pytest.param({"1": "row-0", "2": "row-1", "3": "row-9"}, id="of-no-row"),
    ],
)
def test_a_ledger_that_is_wrong_is_seen(
    ledger: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever the processes told."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    bulk: Any = importlib.import_module("bulk")
    api = bulk.Api(
        name="DIDWW", command="", settings={}, faults=[], requests=[], ledger=lambda: ledger
    )
    placing = bulk.BulkPlacing(api, ["row-0", "row-1"], tmp_path)
    placing.placed.update({"row-0": "1", "row-1": "2"})
    assert not placing.is_exact
    assert "2 placed once" not in str(placing)


def test_the_demo_only_reads_where_there_is_a_key(started: Started) -> None:
    """No order, and none in bulk."""
    with Sandbox() as sandbox:
        process = started("demo.py", DIDWW_API_KEY=sandbox.api_key, DIDWW_BASE_URL=sandbox.url)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert "Nothing was ordered" in out
    assert "placed once" not in out
    assert {request.method for request in sandbox.requests} == {"GET"}


@pytest.mark.parametrize("name", ["bulk.py", "demo.py", "placing.py", "printing.py"])
def test_every_example_says_what_it_is(started: Started, name: str) -> None:
    """When it is asked for help, and does nothing else."""
    process = started(name, "--help")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert len(out.split()) > 5
    assert err == ""


def test_the_demo_shows_an_order_that_nobody_can_pay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused for its price, not for the stock."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    demo: Any = importlib.import_module("demo")

    async def run() -> None:
        async with (
            Sandbox() as sandbox,
            DidwwClient(sandbox.api_key, base_url=sandbox.url) as client,
        ):
            await demo.overspend(client, await demo.find_groups(client))

    asyncio.run(run())
    assert re.search(r"not placed, costs \d+\.\d+ and \d+\.\d+ of it are", capsys.readouterr().out)
