"""Trouble in Plum's own shapes, and a way to aim it at one operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didww_async.sandbox.faults import Fault, Faults, When
from didww_async.sandbox.plum.refusals import application_reply, oauth_reply, throttle_reply
from didww_async.sandbox.wire import is_object, loads

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from didww_async.sandbox.exchange import Reply, Request


def operation_of(request: Request) -> str:
    """The operation that the body names, such as `placeOrder`; empty if it names none."""
    try:
        document = loads(request.body)
    except ValueError:
        return ""
    query = document.get("query") if is_object(document) else None
    return query.rpartition(".")[2] if isinstance(query, str) else ""


def operation(*names: str) -> Callable[[Request], bool]:
    """A test for `matching` that holds for requests of these operations."""

    def matches(request: Request) -> bool:
        return operation_of(request) in names

    return matches


class PlumFaults(Faults):
    """The faults of a Plum sandbox; see `Faults`. Give `matching=operation("placeOrder")`."""

    def throttle(
        self, penalty_seconds: int = 60, *, status: int = 429, **when: Unpack[When]
    ) -> Fault:
        """Say that there were too many requests."""
        return self._reply(throttle_reply(penalty_seconds, status), applied=False, **when)

    def refuse(
        self,
        error_id: str,
        *,
        status: int | None = None,
        applied: bool = False,
        **when: Unpack[When],
    ) -> Fault:
        """
        Answer with this error, such as `PLE10035`; with `applied`, the request takes effect.

        `status` replaces the documented HTTP status of the error.
        """
        return self._reply(application_reply(error_id, status=status), applied=applied, **when)

    def refuse_token(self, **when: Unpack[When]) -> Fault:
        """Say that the access token is not good."""
        reply = oauth_reply(401, "invalid_token", "invalid/expired token")
        return self._reply(reply, applied=False, **when)

    def _reply(self, reply: Reply, *, applied: bool, **when: Unpack[When]) -> Fault:
        return self.add(
            Fault(
                "answer",
                applied=applied,
                status=reply.status,
                body=reply.body,
                headers=reply.headers,
                **when,
            )
        )
