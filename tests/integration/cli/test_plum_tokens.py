"""Plum's tokens work once: no way for a command to end loses the pair that it bought."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from didww_async.providers.plum import TokenFile, TokenPair
from didww_async.sandbox.exchange import Request
from didww_async.sandbox.plum import PlumSandbox, operation
from tests.integration.cli.conftest import (
    COMMAND,
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


def spoiled(path: Path) -> None:
    """Let nothing take the name of this file, although its folder can be written."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["place", "dry-run"])
def test_a_pair_that_can_not_be_stored_is_kept_elsewhere(
    spawned: Spawn,
    plum: PlumSandbox,
    tokens: TokenFile,
    orders: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    """The run goes on with it, and the last words say where it is; the exit code is 3."""
    spare = orders.with_name("spare")
    spare.mkdir()
    monkeypatch.setenv("TMPDIR", str(spare))
    plum.tokens.expire_access()
    slow = plum.faults.delay(0.5, applied=True, matching=is_refresh)
    process = spawned("orders", "place", orders, "--provider", "plum", *options)
    wait_for(lambda: slow.fired)
    spoiled(orders.with_name("tokens.json"))
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 3, err
    assert "tokens.json can't be written: Is a directory" in err
    [folder] = spare.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert f"are in {folder / 'tokens.json'}: move that file" in err.splitlines()[-1]
    assert TokenFile(folder / "tokens.json").load().refresh_token == plum.tokens.newest.refresh
    assert plum.tokens.newest.refresh not in err
    assert [order.po_number for order in plum.orders] == ([] if options else ["row-0"])


def test_a_pair_that_could_be_stored_in_the_end_is_nowhere_else(
    spawned: Spawn,
    plum: PlumSandbox,
    tokens: TokenFile,
    orders: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is left to do, nor of the spare file."""
    spare, path = orders.with_name("spare"), orders.with_name("tokens.json")
    spare.mkdir()
    monkeypatch.setenv("TMPDIR", str(spare))
    plum.tokens.expire_access()
    slow = plum.faults.delay(0.5, applied=True, matching=is_refresh)
    placing = plum.faults.delay(0.5, matching=operation("placeOrder"), times=None)
    process = spawned("orders", "place", orders, "--provider", "plum")
    wait_for(lambda: slow.fired)
    spoiled(path)
    wait_for(lambda: list(spare.glob("*/tokens.json")) and placing.fired > 1)
    path.rmdir()
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert list(spare.iterdir()) == []
    assert tokens.load().refresh_token == plum.tokens.newest.refresh


def test_a_folder_that_can_not_be_written_is_told_before_anything_is_sent(
    plum: PlumSandbox, tokens: TokenFile, orders: Path
) -> None:
    """By writing there, as on a full disk no mode says so."""
    command = " ".join([*COMMAND, "orders", "place", str(orders), "--provider", "plum"])
    ended = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; ulimit -f 1; exec {command}"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "would be lost (File too large)" in ended.stderr
    assert plum.requests == []


def test_a_link_that_leads_nowhere_yet_is_followed(
    didww: Didww, plum: PlumSandbox, orders: Path
) -> None:
    """The file that it leads to is begun."""
    (orders.with_name("secrets")).mkdir()
    link, path = orders.with_name("tokens.json"), orders.with_name("secrets") / "tokens.json"
    link.symlink_to(path)
    assert didww("orders", "place", orders, "--provider", "plum").code == 0
    assert link.is_symlink()
    assert TokenFile(path).load().refresh_token == plum.tokens.newest.refresh


def test_tokens_that_were_refused_are_replaced_as_the_message_says(
    didww: Didww,
    plum: PlumSandbox,
    tokens: TokenFile,
    orders: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """New ones in the environment do not count while there is a file, which has to be deleted."""
    plum.tokens.revoke()
    monkeypatch.setenv("PLUM_ACCESS_TOKEN", plum.tokens.issue().access)
    monkeypatch.setenv("PLUM_REFRESH_TOKEN", plum.tokens.newest.refresh)
    place = ("orders", "place", orders, "--provider", "plum")
    refused = didww(*place)
    assert refused.code == 4
    assert "delete the file that PLUM_TOKEN_FILE names" in refused.out + refused.err
    orders.with_name("tokens.json").unlink()
    assert didww(*place).code == 0
