"""Bulk runs as the clients offer them: with journals by path, and errors of this package."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any, TypeVar, cast

from didww_async.errors import (
    ChangedRequestError,
    DidwwError,
    InvalidRequestError,
    JournalError,
    OrderNotPlacedError,
    OrderRejectedError,
    OrderUnconfirmedError,
)
from didww_async.placement import (
    Journal,
    NotAttempted,
    Outcome,
    Placed,
    Provider,
    Rejected,
    Unconfirmed,
)
from didww_async.placement import journal as placement
from didww_async.placement.bulk import BulkRun, Options
from didww_async.placement.placer import Placer
from didww_async.placement.report import Counts
from didww_async.placement.rows import ChangedRequestError as OfPlacement
from didww_async.placement.sqlite_journal import open_journal

__all__ = ["bulk_run", "place_one"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")


def bulk_run(
    provider: Provider[RequestT, OrderT],
    requests: Iterable[RequestT] | AsyncIterable[RequestT] | None,
    *,
    journal: str | os.PathLike[str] | Journal | None = None,
    concurrency: int = 16,
    settle_seconds: float | None = None,
    adopt_existing: bool = False,
    budget: Decimal | None = None,
    pack: int = 1,
    dry_run: bool = False,
    stop_on: Callable[[Outcome[OrderT]], bool] | None = None,
    on_outcome: Callable[[Outcome[OrderT]], Awaitable[None] | None] | None = None,
    progress: Callable[[Counts], None] | None = None,
    run: str = "",
) -> BulkRun[RequestT, OrderT]:
    """
    Place many requests through any provider, each once: `await` it, or `async for` it.

    The options are those of `DidwwClient.place_orders`; `settle_seconds` is the provider's
    own unless it is given. Without requests, what the journal has open is finished.

    Raises:
        JournalError: The journal can't be used; nothing is lost.
    """
    if settle_seconds is not None and not _is_duration(settle_seconds):
        raise InvalidRequestError(
            "settle_seconds", f"takes seconds from 0, as a number, not {settle_seconds!r}"
        )
    if requests is not None and not isinstance(requests, (Iterable, AsyncIterable)):
        raise InvalidRequestError(
            "requests", f"takes an iterable of requests, not {type(requests).__name__}"
        )
    if requests is None and journal is None:
        raise InvalidRequestError("journal", "takes the path of a journal to resume, not None")
    if not (journal is None or isinstance(journal, (str, os.PathLike)) or _is_journal(journal)):
        raise InvalidRequestError(
            "journal", f"takes a path or a journal, not {type(journal).__name__}"
        )

    def make_placer(journal: Journal) -> Placer[RequestT, OrderT]:
        return Placer(
            provider, journal, settle_seconds=settle_seconds, adopt_existing=adopt_existing
        )

    def given_journal() -> AbstractContextManager[Journal | None]:
        if isinstance(journal, (str, os.PathLike)):
            return open_journal(journal, must_exist=requests is None)
        return nullcontext(journal)

    try:
        settings: Options[OrderT] = Options(
            translate=_translated,
            concurrency=concurrency,
            budget=budget,
            pack=pack,
            dry_run=dry_run,
            stop_on=stop_on,
            on_outcome=on_outcome,
            progress=progress,
            run=run,
        )
    except ValueError as error:
        field, _, problem = str(error).partition(": ")
        raise InvalidRequestError(field, problem) from None
    return BulkRun(provider, requests, given_journal, make_placer, settings)


def _is_duration(seconds: object) -> bool:
    return type(seconds) in {int, float} and 0 <= cast("float", seconds) < float("inf")


def _is_journal(journal: object) -> bool:
    return hasattr(journal, "begin_run")


def _translated(error: placement.JournalError) -> JournalError:
    if isinstance(error, OfPlacement):
        return ChangedRequestError(str(error), error.position)
    return JournalError(str(error))


async def place_one(
    provider: Provider[RequestT, OrderT], request: RequestT, **options: Any
) -> Placed[OrderT]:
    """
    Place one request, which has its reference already.

    Raises:
        DidwwError: There is no order, or nobody can tell; the class says which.
    """
    run = bulk_run(provider, [request], concurrency=1, **options)
    [outcome] = [outcome async for outcome in run]
    return _placed_or_raised(outcome)


def _placed_or_raised(outcome: Outcome[OrderT]) -> Placed[OrderT]:
    match outcome:
        case Placed():
            return outcome
        case Rejected():
            raise outcome.error or OrderRejectedError(outcome.reason)
        case NotAttempted():
            raise outcome.error or OrderNotPlacedError(outcome.reason)
        case Unconfirmed():
            cause = outcome.error
            if not isinstance(cause, DidwwError):
                cause = DidwwError(outcome.reason)
            raise OrderUnconfirmedError(cause, outcome.external_reference)
