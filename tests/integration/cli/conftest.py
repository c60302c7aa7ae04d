"""The command against a sandbox that the test serves, in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeAlias

import attrs
import pytest

from didww_async.cli import main
from didww_async.sandbox import Sandbox
from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from didww_async.sandbox.plum import PlumSandbox

COMMAND = [sys.executable, "-W", "error", "-m", "didww_async.cli"]
PATIENCE_SECONDS = 60.0
ADOBE_HEADER = "customer_id,offer_id,quantity,currency_code,external_reference_id\n"
PLUM_HEADER = "product_id,denomination,phone_code,phone_number,po_number\n"
PHONE = "9800000001"
VARIABLES = (
    "ADOBE_VIP_CLIENT_ID",
    "ADOBE_VIP_CLIENT_SECRET",
    "ADOBE_VIP_BASE_URL",
    "ADOBE_VIP_TOKEN_URL",
    "PLUM_CLIENT_ID",
    "PLUM_CLIENT_SECRET",
    "PLUM_TOKEN_FILE",
    "PLUM_ACCESS_TOKEN",
    "PLUM_REFRESH_TOKEN",
    "PLUM_BASE_URL",
    "PLUM_TOP_UP_FIELD",
)


@attrs.frozen
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox that the environment points to."""
    with Sandbox(complete_after=0) as serving:
        monkeypatch.setenv("DIDWW_API_KEY", serving.api_key)
        monkeypatch.setenv("DIDWW_BASE_URL", serving.url)
        yield serving


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names no API."""
    monkeypatch.delenv("DIDWW_API_KEY", raising=False)
    monkeypatch.delenv("DIDWW_BASE_URL", raising=False)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names no API."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def adobe(alone: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdobeVipSandbox]:
    """A VIP Marketplace that the environment points to."""
    with AdobeVipSandbox() as serving:
        monkeypatch.setenv("ADOBE_VIP_CLIENT_ID", serving.client_id)
        monkeypatch.setenv("ADOBE_VIP_CLIENT_SECRET", serving.client_secret)
        monkeypatch.setenv("ADOBE_VIP_BASE_URL", serving.url)
        monkeypatch.setenv("ADOBE_VIP_TOKEN_URL", serving.token_url)
        yield serving


@pytest.fixture
def plum(alone: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PlumSandbox]:
    """A Plum account that the environment points to; its token file is yet to be begun."""
    with PlumSandbox(deliver_after=0) as serving:
        monkeypatch.setenv("PLUM_CLIENT_ID", serving.tokens.client_id)
        monkeypatch.setenv("PLUM_CLIENT_SECRET", serving.tokens.client_secret)
        monkeypatch.setenv("PLUM_ACCESS_TOKEN", serving.tokens.newest.access)
        monkeypatch.setenv("PLUM_REFRESH_TOKEN", serving.tokens.newest.refresh)
        monkeypatch.setenv("PLUM_TOKEN_FILE", str(tmp_path / "tokens.json"))
        monkeypatch.setenv("PLUM_BASE_URL", serving.url)
        yield serving


Didww = Callable[..., Ended]
Process: TypeAlias = "subprocess.Popen[str]"


@pytest.fixture
def didww(capsys: pytest.CaptureFixture[str]) -> Didww:
    """Run a command in this process."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return run


@pytest.fixture
def spawned() -> Iterator[Callable[..., Process]]:
    """Start a command in a process of its own; it is gone after the test."""
    started: list[Process] = []

    def spawn(*arguments: object, stdout: int | IO[str] = subprocess.PIPE) -> Process:
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        started.append(process)
        return process

    yield spawn
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(reached: Callable[[], object]) -> None:
    """Return as soon as something is reached; the bound is for when it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "that never came"
        time.sleep(0.01)


def orders_csv(folder: Path, sku_id: str, count: int, name: str = "orders.csv") -> Path:
    """A file of that many orders, named `row-0` and so on."""
    path = folder / name
    lines = [f"{sku_id},1,row-{number}\n" for number in range(count)]
    path.write_text("sku_id,qty,external_reference_id\n" + "".join(lines))
    return path


def posts(sandbox: Sandbox) -> int:
    """How many orders were asked for."""
    return sum(request.method == "POST" for request in sandbox.requests)


def references(sandbox: Sandbox) -> list[str]:
    """The names of the orders that exist."""
    orders = list(sandbox.state.orders.values())
    return sorted(str(order.attributes["external_reference_id"]) for order in orders)
