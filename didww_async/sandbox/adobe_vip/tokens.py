"""The token service: client credentials in, bearer tokens out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from didww_async.sandbox.adobe_vip.refusals import json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from random import Random

    from didww_async.sandbox.exchange import Reply, Request


class Tokens:
    """The tokens of one client."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        seconds: float,
        random: Random,
        clock: Callable[[], datetime],
    ) -> None:
        self.client_id = client_id
        self._client_secret = client_secret
        self._seconds = seconds
        self._random = random
        self._clock = clock
        self._live: dict[str, datetime] = {}

    def grant(self, request: Request) -> Reply:
        """Answer a request for a token; parameters may stand in the body or in the query."""
        query = parse_qs(request.query)
        form = {name: values[-1] for name, values in query.items()}
        form |= {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return _refusal("unsupported_grant_type", "grant type is not supported")
        known = form.get("client_id") == self.client_id
        if not known or form.get("client_secret") != self._client_secret:
            return _refusal("invalid_client", "invalid client_id or client_secret")
        if not form.get("scope"):
            return _refusal("invalid_scope", "scope is missing")
        token = f"sandbox-token-{self._random.getrandbits(128):032x}"
        self._live[token] = self._clock() + timedelta(seconds=self._seconds)
        return json_reply(
            200,
            {"access_token": token, "token_type": "bearer", "expires_in": int(self._seconds)},
        )

    def accepts(self, header: str) -> bool:
        """Whether an `Authorization` header has a token that is good now."""
        kind, _, token = header.partition(" ")
        expires = self._live.get(token)
        return kind == "Bearer" and expires is not None and self._clock() < expires

    def revoke(self) -> None:
        """Take back every token."""
        self._live.clear()


def _refusal(error: str, description: str) -> Reply:
    return json_reply(400, {"error": error, "error_description": description})
