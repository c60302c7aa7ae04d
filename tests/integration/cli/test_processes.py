"""The command as a process: Ctrl-C, full disks, a journal that two want, pipes."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from didww_async.sandbox import Sandbox
from tests.integration.cli.conftest import (
    COMMAND,
    PATIENCE_SECONDS,
    Didww,
    orders_csv,
    posts,
    references,
    wait_for,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")

Spawn = Callable[..., "subprocess.Popen[str]"]
FULL = Path("/dev/full")
SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"]


@pytest.fixture
def sku(sandbox: Sandbox) -> str:
    return sandbox.state.landmarks.cheap_sku_id


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a process that ends by itself."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out, err


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """The first line of stderr that has this text."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"no line has {text!r}")


@pytest.mark.parametrize("name", SIGNALS)
def test_the_first_ctrl_c_finishes_what_is_in_flight(
    spawned: Spawn, sandbox: Sandbox, sku: str, tmp_path: Path, name: str
) -> None:
    """Exit code 3: every order that exists is told as placed, no other was begun."""
    sandbox.faults.delay(0.3, method="POST", path="/orders", times=None)
    file, rows = orders_csv(tmp_path, sku, 500), tmp_path / "rows.jsonl"
    process = spawned("orders", "place", file, "--concurrency", 4, "--output", rows)
    wait_for(lambda: posts(sandbox) >= 4)
    process.send_signal(getattr(signal, name))
    code, out, err = end(process)
    assert code == 3, err
    assert "Stopping: what is in flight is finished first." in err
    assert "stopped by Ctrl-C" in out
    told = [json.loads(line) for line in rows.read_text().splitlines()]
    placed = [row["external_reference"] for row in told if row["outcome"] == "placed"]
    assert sorted(placed) == references(sandbox)
    assert len(placed) == posts(sandbox) < 500
    assert len(told) == 500


def test_the_second_ctrl_c_ends_hard_and_loses_nothing(
    spawned: Spawn, didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """Exit code 130, and every order once when the same command is typed again."""
    fault = sandbox.faults.delay(600, applied=True, method="POST", path="/orders", times=None)
    file, journal = orders_csv(tmp_path, sku, 6), tmp_path / "run.db"
    process = spawned("orders", "place", file, "--journal", journal, "--concurrency", 2)
    wait_for(lambda: fault.fired >= 2)
    process.send_signal(signal.SIGINT)
    line_with(process, "Ctrl-C again ends it hard")
    process.send_signal(signal.SIGINT)
    code, _, err = end(process)
    assert code == 130
    assert "Traceback" not in err
    assert "Run the same command again: it places what is not placed yet." in err
    sandbox.faults.clear()
    again = didww("orders", "place", file, "--journal", journal, "--settle-seconds", "0.2")
    assert again.code == 0, again.err
    assert again.out.startswith("6 placed")
    assert references(sandbox) == [f"row-{number}" for number in range(6)]


def test_ending_hard_without_a_journal_says_where_to_look(
    spawned: Spawn, didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """The command that it names lists the orders that exist."""
    fault = sandbox.faults.delay(600, applied=True, method="POST", path="/orders", times=None)
    process = spawned("orders", "place", orders_csv(tmp_path, sku, 2), "--concurrency", 2)
    wait_for(lambda: fault.fired >= 2)
    process.send_signal(signal.SIGINT)
    line_with(process, "Ctrl-C again ends it hard")
    process.send_signal(signal.SIGINT)
    code, _, err = end(process)
    assert code == 130
    command = re.search(r"didww (orders list --since \S+)", err)
    assert command is not None
    listed = didww(*command[1].split(), "--output", "json")
    assert len(json.loads(listed.out)) == 2


@pytest.mark.parametrize("name", SIGNALS)
def test_ctrl_c_before_anything_is_sent_sends_nothing(
    spawned: Spawn, sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    """While the file is still read: exit code 130, no traceback."""
    fifo = tmp_path / "orders.csv"
    os.mkfifo(fifo)
    process = spawned("orders", "place", fifo)
    with contextlib.suppress(BrokenPipeError), fifo.open("wb", buffering=0) as writing:
        # More than a pipe holds: the command is in the midst of reading, and stays there.
        for part in itertools.count():
            writing.write(b"sku_id\n" * 10_000)
            if part == 10:
                process.send_signal(getattr(signal, name))
    code, out, err = end(process)
    assert code == 130
    assert out == ""
    assert err.strip() == "Ended by Ctrl-C."
    assert sandbox.requests == []


@pytest.mark.parametrize("name", SIGNALS)
def test_a_dry_run_that_is_ended_leaves_nothing(
    spawned: Spawn, sandbox: Sandbox, sku: str, tmp_path: Path, name: str
) -> None:
    """Exit code 130, and no half of a file of results."""
    slow = sandbox.faults.delay(600, method="GET", times=None)
    file = orders_csv(tmp_path, sku, 2)
    process = spawned("orders", "place", file, "--dry-run", "--output", tmp_path / "rows.csv")
    wait_for(lambda: slow.fired)
    process.send_signal(getattr(signal, name))
    code, _, err = end(process)
    assert (code, err.strip()) == (130, "Ended by Ctrl-C.")
    assert list(tmp_path.iterdir()) == [file]


def test_nohup_keeps_a_hangup_away(
    spawned: Spawn,
    sandbox: Sandbox,
    sku: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that somebody left behind goes on to its end."""
    slow = sandbox.faults.delay(0.3, method="POST", path="/orders", times=None)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = spawned("orders", "place", orders_csv(tmp_path, sku, 4), "--concurrency", 1)
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for(lambda: slow.fired)
    process.send_signal(signal.SIGHUP)
    code, out, err = end(process)
    assert (code, out[:8]) == (0, "4 placed"), err


def test_two_processes_on_one_journal(
    spawned: Spawn, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """The second ends with exit code 5 and sends nothing; the first is not disturbed."""
    fault = sandbox.faults.delay(600, applied=True, method="POST", path="/orders", times=None)
    file, journal = orders_csv(tmp_path, sku, 2), tmp_path / "run.db"
    first = spawned("orders", "place", file, "--journal", journal)
    wait_for(lambda: fault.fired >= 2)
    code, _, err = end(spawned("orders", "place", file, "--journal", journal))
    assert code == 5
    assert "is in use by another process; wait for its end" in err
    assert posts(sandbox) == 2
    assert first.poll() is None


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_full_disk_under_stdout_is_told(
    spawned: Spawn, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """The orders are placed; exit code 3, no traceback."""
    with FULL.open("w") as full:
        process = spawned(
            "orders", "place", orders_csv(tmp_path, sku, 2), "--output", "json", stdout=full
        )
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 3
    assert "standard output can't be written: No space left" in err
    assert "Traceback" not in err
    assert len(sandbox.state.orders) == 2


@pytest.mark.parametrize("kind", ["table", "json", "csv"])
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_an_encoding_that_lacks_a_character_loses_no_row(
    spawned: Spawn,
    sandbox: Sandbox,
    sku: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    encoding: str,
) -> None:
    """Programs get UTF-8, people what their terminal has; the orders are placed already."""
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    file = tmp_path / "orders.csv"
    file.write_text(f"sku_id,external_reference_id\n{sku},Ж-1\nnone,Ж-2\n", encoding="utf-8")
    rows = tmp_path / "rows"
    with rows.open("w") as stdout:
        process = spawned("orders", "place", file, "--output", kind, stdout=stdout)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1, err
    shown = rows.read_bytes().decode()
    assert ("\\u0416-2" if kind == "table" else "Ж-2") in shown
    if kind == "json":
        assert [row["external_reference"] for row in json.loads(shown)] == ["Ж-1", "Ж-2"]


@pytest.mark.parametrize(
    ("options", "code", "placed"), [((), 2, 0), (("--output", "rows.json"), 0, 2)]
)
def test_a_closed_stdout_is_told_before_anything_is_sent(
    sandbox: Sandbox, sku: str, tmp_path: Path, options: tuple[str, ...], code: int, placed: int
) -> None:
    """Unless the rows go into a file: then the sums come on stderr."""
    orders_csv(tmp_path, sku, 2)
    words = " ".join([*COMMAND, "orders", "place", "orders.csv", *options])
    ended = subprocess.run(
        ["bash", "-c", f"exec {words} >&-"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert ("2 placed" if placed else "standard output is closed") in ended.stderr
    assert len(sandbox.state.orders) == placed


def _shell(limit: int, *arguments: object) -> list[str]:
    """The command in a shell where no file can grow beyond so many blocks of 512 bytes."""
    words = " ".join([*COMMAND, *map(str, arguments)])
    return ["bash", "-c", f"trap '' XFSZ; ulimit -f {limit}; exec {words}"]


def test_a_full_disk_under_the_rows_loses_none(sandbox: Sandbox, sku: str, tmp_path: Path) -> None:
    """They come on stdout instead, and the file that was there before stays."""
    file, rows = orders_csv(tmp_path, sku, 30), tmp_path / "rows.csv"
    rows.write_text("of yesterday")
    ended = subprocess.run(
        _shell(1, "orders", "place", file, "--output", rows, "--rate", 100),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert "can't be written: File too large" in ended.stderr
    assert all(f"row-{number}," in ended.stdout for number in range(30))
    assert rows.read_text() == "of yesterday"
    assert len(sandbox.state.orders) == 30


def test_a_full_disk_under_the_journal_loses_none(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """Exit code 5; the same command with room places every order once."""
    file, journal = orders_csv(tmp_path, sku, 200), tmp_path / "run.db"
    ended = subprocess.run(
        _shell(300, "orders", "place", file, "--journal", journal, "--rate", 1000),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 5, ended.stdout
    assert "make room or mend the disk, and run the same again" in ended.stderr
    assert "So far: " in ended.stderr
    assert 0 < len(sandbox.state.orders) < 200
    again = didww(
        "orders", "place", file, "--journal", journal, "--rate", 1000, "--settle-seconds", "0.2"
    )
    assert again.code == 0, again.err
    assert references(sandbox) == sorted(f"row-{number}" for number in range(200))


def test_whoever_has_read_enough_may_hang_up(sandbox: Sandbox) -> None:
    """`didww skus US | head -1` ends without complaint."""
    ended = subprocess.run(
        ["bash", "-c", f"{' '.join(COMMAND)} skus US | head -1"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    assert ended.stdout.startswith("area")
    assert ended.stderr == ""


def test_the_key_is_never_printed(
    spawned: Spawn, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """Not where all goes well, nor in an error."""
    file = orders_csv(tmp_path, sku, 2)
    for arguments in (["balance"], ["orders", "place", file], ["orders", "get", "none"]):
        _, out, err = end(spawned(*arguments))
        assert sandbox.api_key not in out + err


def test_without_its_libraries_the_command_says_what_to_install(tmp_path: Path) -> None:
    """One line and exit code 2."""
    hiding = (
        "import importlib.util, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'click' else find(name)\n"
        "from didww_async.cli import main\n"
        "sys.exit(main(['balance']))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", hiding], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert 'pip install ".[cli]" in a checkout\n' in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_sandbox_is_served(spawned: Spawn) -> None:
    """Until Ctrl-C, with the options of the module; a wrong one is exit code 2."""
    process = spawned("sandbox", "--seed", 3)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("DIDWW sandbox on http://127.0.0.1:")
    assert any("Ctrl-C ends it." in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    assert end(process)[0] == 0
    code, _, err = end(spawned("sandbox", "--port", "x"))
    assert code == 2
    assert "didww sandbox: error:" in err


def test_a_terminal_gets_a_live_bar(sandbox: Sandbox, sku: str, tmp_path: Path) -> None:
    """With the counts, on stderr; stdout has the sums alone."""
    sandbox.faults.delay(0.3, method="POST", path="/orders", times=None)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "orders", "place", str(orders_csv(tmp_path, sku, 4)), "--concurrency", "1"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # that is how a terminal ends
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    assert process.stdout is not None
    with process.stdout as stdout:
        out = stdout.read().decode()
    assert process.wait() == 0
    text = shown.decode()
    assert "Placing orders" in text
    assert " of 4" in text
    assert "placed, 0 rejected, 0 unconfirmed" in text
    assert out.startswith("4 placed")
    assert "\x1b" not in out


def test_a_terminal_that_is_gone_takes_no_row_along(
    sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """The hangup counts as Ctrl-C, and the file of the results has what was placed."""
    sandbox.faults.delay(0.3, method="POST", path="/orders", times=None)
    file, rows = orders_csv(tmp_path, sku, 200), tmp_path / "rows.jsonl"
    ours, theirs = pty.openpty()
    terminal = os.ttyname(theirs)
    words = " ".join([*COMMAND, f"orders place {file} --output {rows} --concurrency 4"])
    with subprocess.Popen(
        # The first terminal that a session opens is its own, and hangs up on it.
        ["bash", "-c", f"exec {words} <{terminal} >{terminal} 2>&1"],
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(theirs)
        wait_for(lambda: posts(sandbox) >= 4)
        os.close(ours)
        assert process.wait(PATIENCE_SECONDS) == 3
    told = [json.loads(line) for line in rows.read_text().splitlines()]
    placed = [row["external_reference"] for row in told if row["outcome"] == "placed"]
    assert sorted(placed) == references(sandbox)
    assert 0 < len(placed) < 200


def test_a_server_that_goes_away_ends_the_run(
    spawned: Spawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3 after a few futile rows; what was placed is told, the rest waits."""
    with Sandbox(complete_after=0) as leaving:
        file = orders_csv(tmp_path, leaving.state.landmarks.cheap_sku_id, 500)
        rows = tmp_path / "rows.jsonl"
        monkeypatch.setenv("DIDWW_API_KEY", leaving.api_key)
        process = spawned(
            *("orders", "place", file, "--base-url", leaving.url, "--output", rows),
            *("--concurrency", 4, "--rate", 20, "--settle-seconds", "0.2"),
        )
        wait_for(lambda: posts(leaving) >= 4)
    code, out, err = end(process)
    assert code == 3, err
    assert "the server was not reached 3 times in a row" in out
    told = [json.loads(line) for line in rows.read_text().splitlines()]
    tried = [row for row in told if "no connection" in row["reason"]]
    placed = [row["external_reference"] for row in told if row["outcome"] == "placed"]
    assert len(told) == 500
    assert 3 <= len(tried) < 20
    assert set(placed) <= set(references(leaving))
