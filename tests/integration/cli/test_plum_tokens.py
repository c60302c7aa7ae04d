"""Plum's tokens work once: no way for a command to end loses the pair that it bought."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from didww_async.providers.plum import TokenFile, TokenPair
from didww_async.sandbox.exchange import Request
from didww_async.sandbox.plum import PlumSandbox
from tests.integration.cli.conftest import (
    PATIENCE_SECONDS,
    PHONE,
    PLUM_HEADER,
    Didww,
    wait_for,
)

Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def tokens(plum: PlumSandbox, tmp_path: Path) -> TokenFile:
    """The token file, with the pair of the dashboard in it."""
    newest = plum.tokens.newest
    file = TokenFile(tmp_path / "tokens.json")
    file.store(TokenPair(access_token=newest.access, refresh_token=newest.refresh))
    return file


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    file.write_text(f"{PLUM_HEADER}55134,199,+91,{PHONE},row-0\n")
    return file


def is_refresh(request: Request) -> bool:
    """Whether it asks for tokens."""
    return request.path.endswith("/token/user")


@pytest.mark.parametrize("command", ["place", "resume"])
def test_results_do_not_overwrite_the_tokens(
    didww: Didww, plum: PlumSandbox, tokens: TokenFile, orders: Path, command: str
) -> None:
    """Exit code 2, also if the file is named by another path."""
    journal = orders.with_name("run.db")
    place = ("orders", "place", orders, "--provider", "plum", "--journal", journal)
    assert didww(*place).code == 0
    pair, asked = tokens.load(), len(plum.requests)
    link = orders.with_name("rows.json")
    link.symlink_to("tokens.json")
    again = place if command == "place" else ("orders", "resume", journal, "--provider", "plum")
    ended = didww(*again, "--output", link)
    assert ended.code == 2
    assert "--output would overwrite" in ended.err
    assert tokens.load() == pair
    assert len(plum.requests) == asked


@pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["place", "dry-run"])
def test_a_signal_during_a_refresh_does_not_lose_the_pair(
    spawned: Spawn,
    plum: PlumSandbox,
    tokens: TokenFile,
    orders: Path,
    name: str,
    times: int,
    options: tuple[str, ...],
) -> None:
    """However often it comes: the command ends once the pair is stored, without a traceback."""
    plum.tokens.expire_access()
    slow = plum.faults.delay(0.8, applied=True, matching=is_refresh)
    process = spawned("orders", "place", orders, "--provider", "plum", *options)
    wait_for(lambda: slow.fired)
    for _ in range(times):
        process.send_signal(getattr(signal, name))
        time.sleep(0.1)  # several at once count as one
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert "Traceback" not in err
    assert process.returncode == (0 if times == 1 and not options else 130), err
    assert tokens.load().refresh_token == plum.tokens.newest.refresh
    assert plum.tokens.refreshes == 1
