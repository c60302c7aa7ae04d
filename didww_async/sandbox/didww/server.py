"""The sandbox as users meet it: one object that serves while its context is open."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from didww_async.sandbox.didww.app import ROOT, App, Limits
from didww_async.sandbox.didww.callbacks import DOCUMENTED_TIMEOUT, DOCUMENTED_WAITS, Callbacks
from didww_async.sandbox.didww.faults import DidwwFaults
from didww_async.sandbox.didww.orders import Orders
from didww_async.sandbox.didww.reservations import Reservations
from didww_async.sandbox.didww.world import World, utc_now
from didww_async.sandbox.served import Served

if TYPE_CHECKING:
    from collections.abc import Sequence

    from didww_async.sandbox.didww.callbacks import CallbackAttempt
    from didww_async.sandbox.didww.world import Clock

# A due moment is looked at again this much later, where the clock runs apart from the loop's.
_SHORTEST_NAP = 0.005


class Sandbox(Served):
    """
    A DIDWW of your own on loopback, in memory, the same for the same seed.

    `async with Sandbox() as sandbox:` serves from the running event loop.
    `with Sandbox() as sandbox:` serves from a thread of its own, for notebooks and sync tests.
    Nothing runs before that. Behaves as the DIDWW documentation describes API 2026-04-16.

    Args:
        seed: Decides the catalogue, all ids and the chance in faults.
        balance: Money on the account.
        credit: How far below zero the balance may go.
        complete_after: Seconds until a pending order completes; 0 shows it completed in the
            next answer, None leaves it pending until `complete` is called.
        rate_limit: Requests in any one second before 429 is answered; None for no limit.
        retry_after: Seconds in the `Retry-After` header of such a 429; None for no header.
        page_size_limit: The largest `page[size]`.
        available_dids_limit: How many single numbers one listing shows.
        reservation_seconds: How long a reservation holds its number.
        reservation_limit: How many numbers may be held at once.
        callback_secret: Signs callbacks; the API key unless given.
        callback_waits: Seconds before each further attempt to deliver a callback.
        callback_timeout: Seconds that the receiver of a callback has to answer.
        api_key: The only key that is accepted; made from the seed unless given.
        host: Where to listen.
        port: Where to listen; 0 picks a free one.
        record_requests: False keeps `requests` empty, for long runs.
        clock: The time of day, aware; replace it to let time fly.

    """

    def __init__(
        self,
        *,
        seed: int = 0,
        balance: Decimal | int | str = Decimal(1000),
        credit: Decimal | int | str = Decimal(0),
        complete_after: float | None = 0.5,
        rate_limit: int | None = None,
        retry_after: float | None = None,
        page_size_limit: int = 100,
        available_dids_limit: int = 100,
        reservation_seconds: float = 600.0,
        reservation_limit: int = 10,
        callback_secret: str | None = None,
        callback_waits: Sequence[float] = DOCUMENTED_WAITS,
        callback_timeout: float = DOCUMENTED_TIMEOUT,
        api_key: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        record_requests: bool = True,
        clock: Clock = utc_now,
    ) -> None:
        drawn = Random(f"{seed}/api-key").getrandbits(128)  # noqa: S311 - has to be repeatable
        self.api_key = api_key or f"sandbox-{drawn:032x}"
        """What goes into the `Api-Key` header. It opens nothing but this sandbox."""
        self.state = World(seed=seed, balance=Decimal(balance), credit=Decimal(credit), clock=clock)
        """What the sandbox remembers: records, stock and money, to read and to arrange."""
        self.faults = DidwwFaults(self.state.stream("faults"), ROOT)
        """Trouble on demand."""
        super().__init__(
            self.faults,
            host=host,
            port=port,
            root=ROOT,
            record_requests=record_requests,
            clock=clock,
        )
        self._limits = Limits(
            rate_limit=rate_limit,
            retry_after=retry_after,
            page_size=page_size_limit,
            available_dids=available_dids_limit,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._callbacks = Callbacks(
            secret=callback_secret or self.api_key, waits=callback_waits, timeout=callback_timeout
        )
        self._orders = Orders(self.state, complete_after=complete_after)
        self._reservations = Reservations(
            self.state, seconds=reservation_seconds, limit=reservation_limit
        )
        self._orders.finished = self._callbacks.announce
        self.state.restocked = self._orders.serve_waiting
        self.state.scheduled = self._scheduled

    @property
    def callbacks(self) -> list[CallbackAttempt]:
        """Every attempt to deliver a callback so far, the oldest first."""
        return self._callbacks.attempts

    def complete(self, order_id: str) -> None:
        """
        Complete a pending order now.

        `LookupError` if no pending order has this id, or if it still waits for numbers.
        """
        with self.state.changing():
            self._orders.complete(order_id)

    def complete_all(self) -> list[str]:
        """Complete every pending order that has its numbers; returns their ids."""
        with self.state.changing():
            return self._orders.complete_all()

    def _app(self, url: str) -> App:
        return App(
            self.state,
            self._orders,
            self._reservations,
            api_key=self.api_key,
            base_url=url,
            limits=self._limits,
        )

    async def _open(self) -> None:
        await super()._open()
        self._loop = asyncio.get_running_loop()
        self._callbacks.open()
        self._scheduled()

    async def _close(self) -> None:
        self._loop = None
        if self._alarm is not None:
            self._alarm.cancel()
        await super()._close()
        await self._callbacks.close()
        self._alarm = None

    def _scheduled(self) -> None:
        # Everything that nobody is called back for is noticed by the next request.
        if self._loop is not None and self._orders.awaits_callback:
            self._loop.call_soon_threadsafe(self._set_alarm)

    def _set_alarm(self) -> None:
        """Wake up when the next thing falls due, as long as somebody is to be called back."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        with self.state.lock:
            due = self.state.next_due
        if due is not None and self._loop is not None and self._orders.awaits_callback:
            seconds = (due - self.state.clock()).total_seconds()
            self._alarm = self._loop.call_later(max(seconds, _SHORTEST_NAP), self._wake)

    def _wake(self) -> None:
        with self.state.lock:
            self.state.tick()
        self._set_alarm()
