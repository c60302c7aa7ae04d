"""The token service: a refresh token buys a new pair and is worth nothing afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from attrs import field, frozen

from didww_async.sandbox.plum.refusals import json_reply, oauth_reply
from didww_async.sandbox.wire import is_object, loads

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from didww_async.sandbox.exchange import Reply, Request

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class Pair:
    """What a refresh buys."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_until: datetime
    refresh_until: datetime


class Tokens:
    """The tokens of one client."""

    def __init__(
        self,
        *,
        access_seconds: float,
        refresh_seconds: float,
        refresh_grace: float,
        keeps_old_access: bool,
        random: Random,
        clock: Callable[[], datetime],
    ) -> None:
        self.client_id = f"{random.getrandbits(96):024x}"
        self.client_secret = f"{random.getrandbits(128):032x}"
        self.refreshes = 0
        """How many pairs were handed out for a refresh token."""
        self.refused = 0
        """How many times a refresh token was worth nothing."""
        self._access_seconds = access_seconds
        self._refresh_seconds = refresh_seconds
        self._grace = timedelta(seconds=refresh_grace)
        self._keeps_old_access = keeps_old_access
        self._random = random
        self._clock = clock
        self._access: dict[str, datetime] = {}
        self._refresh: dict[str, datetime] = {}
        self.newest = self.issue()

    def issue(self) -> Pair:
        """A new pair, as the dashboard gives one; what was valid stays valid."""
        now = self._clock()
        pair = Pair(
            f"access-{self._random.getrandbits(128):032x}",
            f"refresh-{self._random.getrandbits(128):032x}",
            now + timedelta(seconds=self._access_seconds),
            now + timedelta(seconds=self._refresh_seconds),
        )
        self._access[pair.access] = pair.access_until
        self._refresh[pair.refresh] = pair.refresh_until
        self.newest = pair
        return pair

    def accepts(self, header: str) -> bool:
        """Whether an `Authorization` header has a token that is good now."""
        kind, _, token = header.partition(" ")
        until = self._access.get(token)
        return kind == "Bearer" and until is not None and self._clock() < until

    def expire_access(self) -> None:
        """Let every access token be refused from now on."""
        self._access.clear()

    def revoke(self) -> None:
        """Let every token be refused from now on, as after a reset of the admin's password."""
        self._access.clear()
        self._refresh.clear()

    def refresh(self, request: Request) -> Reply:
        """Answer `POST /v1/oauth/token/user`."""
        try:
            asked = loads(request.body)
        except ValueError:
            asked = None
        if not is_object(asked) or asked.get("grant_type") != "refresh_token":
            return oauth_reply(400, "invalid_request", "grant_type must be refresh_token")
        secret_fits = asked.get("client_secret") == self.client_secret
        if asked.get("client_id") != self.client_id or not secret_fits:
            return oauth_reply(401, "invalid_client", "client authentication failed")
        token = asked.get("refresh_token")
        now = self._clock()
        until = self._refresh.get(token) if isinstance(token, str) else None
        if not isinstance(token, str) or until is None or now >= until:
            self.refused += 1
            return oauth_reply(400, "invalid_grant", "invalid/expired refresh token")
        self._refresh[token] = min(until, now + self._grace)
        if not self._keeps_old_access:
            self._access.clear()
        pair = self.issue()
        self.refreshes += 1
        return json_reply(
            200,
            {
                "access_token": pair.access,
                "token_type": "bearer",
                "expires_in": str(int(self._access_seconds)),
                "refresh_token": pair.refresh,
                "access_token_expiry": _milliseconds(pair.access_until),
                "refresh_token_expiry": _milliseconds(pair.refresh_until),
            },
        )

    def validate(self, request: Request) -> Reply:
        """Answer `GET /v1/oauth/token`."""
        header = request.headers.get("authorization", "")
        if not self.accepts(header):
            return oauth_reply(401, "invalid_token", "invalid/expired token")
        token = header.partition(" ")[2]
        left = (self._access[token] - self._clock()).total_seconds()
        return json_reply(
            200, {"access_token": token, "token_type": "bearer", "expires_in": int(left)}
        )


def _milliseconds(moment: datetime) -> str:
    return str(int((moment - _EPOCH).total_seconds() * 1000))
