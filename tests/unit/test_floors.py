"""The structure of the package: who may import whom, and what an import costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import didww_async

PACKAGE = Path(didww_async.__file__).parent

# A room, and the rooms that it may use. Nothing here points up.
ROOMS: dict[str, set[str]] = {
    "jsonapi": set(),
    "plainjson": {"jsonapi"},
    "errors": {"jsonapi"},
    "config": {"errors"},
    "transport": {"config", "errors", "jsonapi", "plainjson"},
    "models": {"errors", "jsonapi"},
    "collections": {"errors", "jsonapi", "models", "transport"},
    "placement": set(),
    "providers": {
        "collections",
        "config",
        "errors",
        "jsonapi",
        "models",
        "placement",
        "plainjson",
        "transport",
    },
    "client": {
        "collections",
        "config",
        "errors",
        "jsonapi",
        "models",
        "placement",
        "providers",
        "transport",
    },
    "webhooks": {"errors"},
    "sandbox": {"webhooks"},
    "cli": {
        "client",
        "collections",
        "config",
        "errors",
        "jsonapi",
        "models",
        "placement",
        "plainjson",
        "providers",
        "sandbox",
        "transport",
    },
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    """The room that a file is in; the package's own face is called `__init__`."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(file: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_point_down(file: Path) -> None:
    """A file imports from its own room and from those below it."""
    room = room_of(file)
    if room == "__init__":
        return
    own = {
        name.removeprefix("didww_async.").split(".")[0]
        for name in imported(file)
        if name.startswith("didww_async.")
    }
    assert own - {room} <= ROOMS[room]


@pytest.mark.parametrize("room", ["jsonapi", "plainjson", "placement"])
def test_codecs_and_placement_know_no_vendor(room: str) -> None:
    """They name DIDWW in their import paths only, and never HTTP's library."""
    for file in (PACKAGE / room).glob("*.py"):
        code = file.read_text()
        vendors = r"didww(?!_async)|adobe|plum|xoxoday|aiohttp"
        assert not re.search(vendors, code, re.IGNORECASE), file


def test_one_module_uses_the_http_client() -> None:
    """Requests of the client leave through the session manager alone."""
    users = {
        str(file.relative_to(PACKAGE))
        for file in FILES
        if room_of(file) != "sandbox"
        and any(name.split(".")[0] == "aiohttp" for name in imported(file))
    }
    # The clients name its types.
    clients = {"client.py", "providers/adobe_vip/client.py", "providers/plum/client.py"}
    assert users == {"transport/session.py", *clients}


def test_import_leaves_out_what_is_not_needed() -> None:
    """`import didww_async` loads no sandbox, no webhooks, and no library before its first use."""
    code = "import sys, didww_async; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    for name in (
        "didww_async.sandbox",
        "didww_async.webhooks",
        "didww_async.providers.adobe_vip",
        "didww_async.providers.plum",
        "tenacity",
        "pyrate_limiter",
    ):
        assert name not in loaded


def test_public_names_are_listed_and_documented() -> None:
    """Everything in `__all__` exists, is sorted into it once, and says what it is."""
    assert len(set(didww_async.__all__)) == len(didww_async.__all__)
    for name in didww_async.__all__:
        value = getattr(didww_async, name)
        # A filter with dotted names can't be a class statement, and has its text beneath it.
        if isinstance(value, type) and not typing.is_typeddict(value):
            assert value.__doc__, name
