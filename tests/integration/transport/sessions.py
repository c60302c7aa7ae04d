"""A session with nothing of any vendor's in it."""

from __future__ import annotations

from typing import Any

from yarl import URL

from didww_async.config import Timeouts
from didww_async.errors import DidwwError
from didww_async.transport import NoAuth, Response, Session, status_error
from tests.integration.hostile.scripted import QUICK, ScriptedServer


def judge(method: str, url: URL, response: Response) -> DidwwError | None:
    """Judge by the status alone."""
    return None if response.status < 300 else status_error(method, url, response)


def session_of(server: ScriptedServer, **options: Any) -> Session:
    """An open session with this server."""
    defaults = {
        "auth": NoAuth(),
        "judge": judge,
        "headers": {"Accept": "application/json", "X-Kind": "session"},
        "content_type": "application/json",
        "retry": QUICK,
        "timeouts": Timeouts(connect=5, read=5, total=10),
    }
    return Session(server.url, **{**defaults, **options}).open()
