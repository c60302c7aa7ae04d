"""`python -m didww_async.sandbox`, as typed in a terminal."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

COMMAND = [sys.executable, "-W", "error", "-m", "didww_async.sandbox"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_it_serves_until_interrupted(name: str) -> None:
    """It prints URL, key and an `export` pair, and ends with 0 and without complaint."""
    arguments = ["--seed", "5", "--balance", "12.5", "--complete-after", "never"]
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("Ctrl-C")):
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()[1]
        printed = "".join(lines)
        [url] = re.findall(r"^export DIDWW_BASE_URL=(\S+)$", printed, re.MULTILINE)
        [key] = re.findall(r"^export DIDWW_API_KEY=(\S+)$", printed, re.MULTILINE)
        headers = {"Accept": "application/vnd.api+json", "Api-Key": key}
        request = urllib.request.Request(f"{url}/balance", headers=headers)
        with urllib.request.urlopen(request) as response:
            assert json.load(response)["data"]["attributes"]["balance"] == "12.5"
        process.send_signal(getattr(signal, name))
        assert process.wait(10) == 0
        assert process.communicate()[1] == ""


def test_a_port_in_use_is_one_line() -> None:
    """Exit code 2 and a message, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, check=False, timeout=20
        )
    assert done.returncode == 2
    assert done.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "70000"], "is not a port"),
        (["--port", "x"], "is not a port"),
        (["--balance", "much"], "is not an amount"),
        (["--balance", "nan"], "is not an amount"),
        (["--complete-after", "-1"], "neither 'never' nor seconds"),
        (["--complete-after", "soon"], "neither 'never' nor seconds"),
        (["--rate-limit", "0"], "is not a number of requests"),
        (["--seed", "x"], "invalid int value"),
        (["--nonsense"], "unrecognized arguments"),
    ],
)
def test_bad_arguments_are_explained(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and a message that names the argument."""
    from didww_async.sandbox.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    complaint = capsys.readouterr().err
    assert message in complaint
    assert arguments[0] in complaint
