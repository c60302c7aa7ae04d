"""
A DIDWW in the box: stateful, on loopback, the same for the same seed.

For demos, notebooks and tests. `python -m didww_async.sandbox` serves one until Ctrl-C, and
pytest gets the fixture `didww_sandbox`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from didww_async.sandbox.didww.callbacks import CallbackAttempt
    from didww_async.sandbox.didww.catalogue import Landmarks
    from didww_async.sandbox.didww.records import Record
    from didww_async.sandbox.didww.server import Sandbox
    from didww_async.sandbox.didww.world import World
    from didww_async.sandbox.faults import Fault, Faults
    from didww_async.sandbox.recorder import RecordedRequest

__all__ = [
    "CallbackAttempt",
    "Fault",
    "Faults",
    "Landmarks",
    "Record",
    "RecordedRequest",
    "Sandbox",
    "World",
]

# pytest loads the plugin in this package at every start: a web server would slow them all down.
_HOMES = {
    "CallbackAttempt": "didww.callbacks",
    "Fault": "faults",
    "Faults": "faults",
    "Landmarks": "didww.catalogue",
    "Record": "didww.records",
    "RecordedRequest": "recorder",
    "Sandbox": "didww.server",
    "World": "didww.world",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
