"""The pytest plugin, in a pytest of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

SYNC_TEST = """
import json, urllib.request, pytest

def balance(sandbox):
    headers = {"Accept": "application/vnd.api+json", "Api-Key": sandbox.api_key}
    request = urllib.request.Request(sandbox.url + "/balance", headers=headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)["data"]["attributes"]["balance"]

def test_plain(didww_sandbox):
    assert balance(didww_sandbox) == "1000.0"
    didww_sandbox.state.balance = 1

def test_fresh(didww_sandbox):
    assert balance(didww_sandbox) == "1000.0"

@pytest.mark.didww_sandbox(balance=5, complete_after=None)
def test_settings(didww_sandbox):
    assert balance(didww_sandbox) == "5.0"
"""

ASYNC_TEST = """
import aiohttp, pytest
{mark}
async def test_async(didww_sandbox):
    headers = {{"Accept": "application/vnd.api+json", "Api-Key": didww_sandbox.api_key}}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(didww_sandbox.url + "/balance") as response:
            assert response.status == 200
"""

IMPORT_TEST = """
import sys

def test_nothing_is_imported():
    assert "didww_async.sandbox.pytest_plugin" in sys.modules
    assert "didww_async.sandbox.didww.server" not in sys.modules
    assert "aiohttp.web" not in sys.modules
"""


def run(folder: Path, code: str, *options: str) -> str:
    """What a pytest says about a test file."""
    (folder / "test_it.py").write_text(code)
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers"),
            *("-p", "no:cacheprovider", "-p", "didww_async.sandbox.pytest_plugin"),
            *(*options, str(folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
        env={"PYTHONPATH": str(root), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return done.stdout + done.stderr


def test_sync_tests_get_a_fresh_sandbox(tmp_path: Path) -> None:
    """Each test has its own world, with the settings of its marker."""
    assert "3 passed" in run(tmp_path, SYNC_TEST)


@pytest.mark.parametrize(("plugin", "mark"), [("pytest_asyncio", "asyncio"), ("anyio", "anyio")])
def test_async_tests_can_use_it(plugin: str, mark: str, tmp_path: Path) -> None:
    """With pytest-asyncio and with anyio."""
    pytest.importorskip(plugin)
    module = "anyio.pytest_plugin" if plugin == "anyio" else f"{plugin}.plugin"
    options = ["-p", module]
    if plugin == "pytest_asyncio":
        options += ["-o", "asyncio_default_fixture_loop_scope=function"]
    code = ASYNC_TEST.format(mark=f"pytestmark = pytest.mark.{mark}")
    if plugin == "anyio":
        code += "\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    assert "1 passed" in run(tmp_path, code, *options)


def test_it_costs_nothing_until_it_is_used(tmp_path: Path) -> None:
    """Loading the plugin imports neither the sandbox nor a web server."""
    assert "1 passed" in run(tmp_path, IMPORT_TEST)
