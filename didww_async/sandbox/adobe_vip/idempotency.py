"""
What the server remembers of requests (Idempotency).

A correlation id stands for an intent. Whatever was answered to it is answered again for
ten days, whatever the request says then; after that it is as new.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from didww_async.sandbox.adobe_vip.refusals import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from didww_async.sandbox.exchange import Reply

KEPT = timedelta(days=10)
READS_KEPT = 500
"""Answers to reads are large and many, so the sandbox forgets the eldest of them earlier."""


@frozen
class _Remembered:
    reply: Reply
    at: datetime
    known_at: datetime
    """When its answer was there; until then the request is being processed."""


class Memory:
    """The answers that were given, by correlation id and operation."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._writes: OrderedDict[tuple[str, str], _Remembered] = OrderedDict()
        self._reads: OrderedDict[tuple[str, str], _Remembered] = OrderedDict()
        self._request_ids: set[str] = set()

    def recall(self, correlation_id: str, operation: str) -> Reply | None:
        """
        The answer that this intent had, or `None` if it is new.

        While the first request is being processed, it is refused.
        """
        now = self._clock()
        for answers in (self._writes, self._reads):
            while answers and next(iter(answers.values())).at + KEPT <= now:
                answers.popitem(last=False)
        key = (correlation_id, operation)
        found = self._writes.get(key) or self._reads.get(key)
        if found is None:
            return None
        if now < found.known_at:
            raise RefusalError("4122")
        return found.reply

    def meet(self, request_id: str) -> None:
        """Refuse a request id that came before; it counts only if the intent is new."""
        if request_id in self._request_ids:
            raise RefusalError("4120")
        if request_id:
            self._request_ids.add(request_id)

    def remember(self, correlation_id: str, operation: str, reply: Reply, *, writes: bool) -> None:
        """Keep the answer to an intent."""
        now = self._clock()
        known_at = now + timedelta(seconds=reply.after)
        answers = self._writes if writes else self._reads
        answers[correlation_id, operation] = _Remembered(reply, now, known_at)
        if not writes and len(answers) > READS_KEPT:
            answers.popitem(last=False)
