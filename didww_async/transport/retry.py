"""When a request may be repeated, and how long to wait before."""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from didww_async.errors import (
    ConnectError,
    ConnectionLostError,
    DidwwError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
)

if TYPE_CHECKING:
    from didww_async.config import RetryPolicy
    from didww_async.transport.exchange import Request

__all__ = ["is_repeatable", "retry_after", "with_retries"]

logger = logging.getLogger("didww_async")

ResultT = TypeVar("ResultT")

MOST_DOUBLINGS = 30
_GATEWAY_STATUSES = frozenset({502, 503, 504})


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or as a date (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:  # noqa: PLR2004  # 31 years
        return float(value)
    try:
        at = parsedate_to_datetime(value)
        if at.tzinfo is None:
            at = at.replace(tzinfo=dt.UTC)
        return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def is_repeatable(request: Request, error: BaseException) -> bool:
    """Whether the request can be sent again without doing anything twice."""
    if isinstance(error, ConnectError):
        return True
    if isinstance(error, RateLimitedError):
        return request.outlives_answers
    if not request.is_safe:
        return False
    if isinstance(error, ServerError):
        return error.status in _GATEWAY_STATUSES
    return isinstance(error, (ConnectionLostError, RequestTimeoutError))


def wait_asked(error: BaseException | None) -> float | None:
    """Seconds that the server asked to be left alone, or `None` if it did not say."""
    return error.retry_after if isinstance(error, (RateLimitedError, ServerError)) else None


async def with_retries(
    policy: RetryPolicy, request: Request, attempt: Callable[[int], Awaitable[ResultT]]
) -> ResultT:
    """
    Make an attempt, and repeat it as `policy` allows.

    `attempt` gets its number, from 1 on.
    """
    try:
        return await attempt(1)
    except DidwwError as error:
        if policy.attempts == 1 or not _may_wait(policy, request, error):
            raise
        failure: DidwwError | None = error
    # Entered after a failure only: the context costs as much as a small request does.
    import tenacity  # noqa: PLC0415

    def wait(state: tenacity.RetryCallState) -> float:
        asked = wait_asked(state.outcome.exception()) if state.outcome is not None else None
        back_off = policy.wait_initial * 2.0 ** min(state.attempt_number - 1, MOST_DOUBLINGS)
        seconds = min(back_off, policy.wait_max) if asked is None else asked
        # Jitter comes on top of every wait: those who failed together must not return together.
        return seconds + random.uniform(0, policy.wait_jitter)  # noqa: S311

    def log(state: tenacity.RetryCallState) -> None:
        logger.info("%s failed, again in %.2f s", request.method, state.upcoming_sleep)

    async for again in tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(lambda error: _may_wait(policy, request, error)),
        stop=tenacity.stop_after_attempt(policy.attempts),
        wait=wait,
        before_sleep=log,
        reraise=True,
    ):
        with again:
            if failure is not None:
                first, failure = failure, None
                raise first
            return await attempt(again.retry_state.attempt_number)
    raise AssertionError("a retry context ends with a result or an error")


def _may_wait(policy: RetryPolicy, request: Request, error: BaseException) -> bool:
    return is_repeatable(request, error) and (wait_asked(error) or 0) <= policy.max_retry_after
