"""What docs/command-line.md says is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from didww_async import cli
from didww_async.cli.exit_codes import ExitCode
from didww_async.cli.order_apis import ORDER_APIS
from didww_async.sandbox import Sandbox
from tests.integration.cli.conftest import PATIENCE_SECONDS, Didww, orders_csv

DOCS = Path(__file__).parents[3] / "docs" / "command-line.md"
README = DOCS.parents[1] / "README.md"
TEXT = DOCS.read_text()
EXAMPLES = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT + README.read_text(), re.DOTALL)
    for line in block.splitlines()
    if "didww " in line
]


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are for a POSIX shell")
@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_does_what_it_says(
    line: str, tmp_path: Path, nowhere: None, request: pytest.FixtureRequest
) -> None:
    """Each works as it stands, without an account."""
    for name, rows in re.findall(r"`(\w+\.csv)`:\n\n```csv\n(.*?)```", TEXT, re.DOTALL):
        (tmp_path / name).write_text(rows)
    if "--sandbox" not in line:  # the one of the other terminal
        request.getfixturevalue("sandbox")
    python = f"python() {{ '{sys.executable}' \"$@\"; }}"
    didww = 'didww() { python -m didww_async.cli "$@"; }'
    done = subprocess.run(
        ["bash", "-c", f"set -eo pipefail\n{python}\n{didww}\n{line}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_there_are_examples() -> None:
    """Those of the guide and of the README are found."""
    assert len(EXAMPLES) == 14


def test_every_column_is_described() -> None:
    """Of every API, in the order in which --help has them."""
    columns = [name for api in ORDER_APIS.values() for name in api.columns.by_name]
    assert re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE) == columns


def test_every_environment_variable_is_described() -> None:
    """Of every API."""
    variables = {name for api in ORDER_APIS.values() for name in api.variables}
    assert set(re.findall(r"`((?:DIDWW|ADOBE|PLUM)_[A-Z_]+)`", TEXT)) == variables


def test_every_exit_code_is_described() -> None:
    """In the guide and in the package."""
    codes = [str(code.value) for code in ExitCode]
    assert re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE) == codes
    assert re.findall(r"^(\d+) ", str(cli.__doc__), re.MULTILINE) == codes


def test_every_column_of_the_output_is_described(
    didww: Didww, sandbox: Sandbox, tmp_path: Path
) -> None:
    """In the order in which they come."""
    file = orders_csv(tmp_path, sandbox.state.landmarks.cheap_sku_id, 1)
    [row] = json.loads(didww("orders", "place", file, "--output", "json").out)
    table = re.findall(r"^\| (\*.*?\*) \|", TEXT, re.MULTILINE)
    described = re.findall(r"\*(\w+)\*", " ".join(table[:10]))
    assert described == list(row)
