"""The sandbox as users meet it: one object that serves while its context is open."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from didww_async.sandbox.plum import catalogue
from didww_async.sandbox.plum.app import ROOT, App
from didww_async.sandbox.plum.documents import Writer
from didww_async.sandbox.plum.faults import PlumFaults
from didww_async.sandbox.plum.orders import CANCELED, DELIVERED, Orders, PlacedOrder, utc_now
from didww_async.sandbox.plum.throttle import Throttle
from didww_async.sandbox.plum.tokens import Tokens
from didww_async.sandbox.plum.webhooks import Webhooks
from didww_async.sandbox.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from didww_async.sandbox.exchange import App as AnyApp
    from didww_async.sandbox.plum.bodies import TopUpField
    from didww_async.sandbox.plum.catalogue import Product
    from didww_async.sandbox.plum.webhooks import WebhookAttempt

# A due moment is looked at again this much later, where the clock runs apart from the loop's.
_SHORTEST_NAP = 0.005
# Orders come from requests, which set no alarm: somebody to be told waits this long at most.
_IDLE_NAP = 0.05


class PlumSandbox(Served):
    """
    A Plum account of your own on loopback, in memory, the same for the same seed.

    `async with PlumSandbox() as sandbox:` serves from the running event loop.
    `with PlumSandbox() as sandbox:` serves from a thread of its own.
    What the documents leave open can be set either way; docs/plum.md lists it.

    Args:
        seed: Decides the tokens, the looseness of types and the chance in faults.
        balance: Money in the wallet.
        currency: Of the wallet.
        country: Of the account.
        international: Whether products of other countries may be ordered.
        deliver_after: Seconds until an order is delivered; 0 shows it delivered in its first
            answer, None leaves it pending until `deliver` or `cancel` is called.
        details_after: Seconds until getOrderDetails sees a new order.
        details_error: What it says before: PLE10021, "not yet", or PLE10016, "no such order".
        duplicate_error: What a second order with the same poNumber is refused with.
        low_balance_error: What an order is refused with that the wallet can't pay.
        access_seconds: How long an access token is good.
        refresh_seconds: How long a refresh token is good.
        refresh_grace: How long a refresh token stays good after it was used.
        keeps_old_access: Whether access tokens outlive the refresh that replaces them.
        limits: Requests a minute by operation, such as `DOCUMENTED_LIMITS`; None for no limit.
        penalty_seconds: How long an operation is refused once its limit is passed.
        throttle_status: The HTTP status of such a refusal.
        top_up_field: Which object of placeOrder holds the phone.
        loose: Whether numbers come as text now and then, as they do in reality.
        webhook_url: Where deliveries are told to.
        webhook_key: What goes along in `x-api-key`.
        webhook_waits: Seconds before each further try to tell of one delivery.
        host: Where to listen.
        port: Where to listen; 0 picks a free one.
        record_requests: False keeps `requests` empty, for long runs.
        clock: The time of day, aware; replace it to let time fly.

    """

    def __init__(
        self,
        *,
        seed: int = 0,
        balance: Decimal | int | str = Decimal(100_000),
        currency: str = "INR",
        country: str = "IN",
        international: bool = True,
        deliver_after: float | None = 0.5,
        details_after: float = 0.0,
        details_error: str = "PLE10021",
        duplicate_error: str = "PLE10004",
        low_balance_error: str = "PLE10010",
        access_seconds: float = 1_296_000.0,
        refresh_seconds: float = 2_592_000.0,
        refresh_grace: float = 0.0,
        keeps_old_access: bool = True,
        limits: Mapping[str, int] | None = None,
        penalty_seconds: float = 60.0,
        throttle_status: int = 429,
        top_up_field: TopUpField = "either",
        loose: bool = True,
        webhook_url: str | None = None,
        webhook_key: str = "sandbox0webhook0key",
        webhook_waits: Sequence[float] = (1.0, 1.0),
        host: str = "127.0.0.1",
        port: int = 0,
        record_requests: bool = True,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.products: Mapping[int, Product] = catalogue.products()
        """What there is to buy, by id."""
        self.state = Orders(
            self.products,
            balance=Decimal(balance),
            country=country,
            international=international,
            deliver_after=deliver_after,
            details_after=details_after,
            details_error=details_error,
            duplicate_error=duplicate_error,
            low_balance_error=low_balance_error,
            clock=clock,
        )
        """The orders and the wallet, to read and to arrange."""
        self.tokens = Tokens(
            access_seconds=access_seconds,
            refresh_seconds=refresh_seconds,
            refresh_grace=refresh_grace,
            keeps_old_access=keeps_old_access,
            random=_stream(seed, "tokens"),
            clock=clock,
        )
        """Who may ask; `tokens.newest` is the pair that the dashboard showed."""
        self.faults = PlumFaults(_stream(seed, "faults"), ROOT)
        """Trouble on demand."""
        self.throttle = Throttle(
            limits or {}, penalty_seconds=penalty_seconds, status=throttle_status, clock=clock
        )
        """Who asked too often."""
        self.webhooks = Webhooks(webhook_url, key=webhook_key, waits=webhook_waits, clock=clock)
        """Who is told of deliveries."""
        super().__init__(
            self.faults,
            host=host,
            port=port,
            root=ROOT,
            record_requests=record_requests,
            clock=clock,
        )
        self._writer = Writer(_stream(seed, "looseness"), loose=loose)
        self._currency = currency
        self._top_up_field: TopUpField = top_up_field
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self.state.finished = self.webhooks.announce

    @property
    def orders(self) -> list[PlacedOrder]:
        """Every order, the eldest first."""
        return self.state.placed

    @property
    def webhook_attempts(self) -> list[WebhookAttempt]:
        """Every try to tell of a delivery so far, the eldest first."""
        return self.webhooks.attempts

    def order(self, po_number: str) -> PlacedOrder | None:
        """The order with this `poNumber`, or `None`."""
        with self.state.lock:
            return self.state.with_po_number(po_number)

    def deliver(self, order_id: int) -> None:
        """Deliver a pending order now; `LookupError` if none with this id is pending."""
        with self.state.lock:
            self.state.finish(order_id, DELIVERED)

    def cancel(self, order_id: int) -> None:
        """Cancel a pending order and pay it back; `LookupError` if none is pending."""
        with self.state.lock:
            self.state.finish(order_id, CANCELED)

    def _app(self, url: str) -> AnyApp:
        del url
        return App(
            self.state,
            self.products,
            self.tokens,
            self.throttle,
            self._writer,
            currency=self._currency,
            top_up_field=self._top_up_field,
        )

    async def _open(self) -> None:
        await super()._open()
        self._loop = asyncio.get_running_loop()
        self.webhooks.open()
        self._look()

    async def _close(self) -> None:
        self._loop = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        await super()._close()
        await self.webhooks.close()

    def _look(self) -> None:
        """Deliver what is due, and look again when the next one is, if anybody is to be told."""
        if self._loop is None or self.webhooks.url is None:
            return
        with self.state.lock:
            self.state.tick()
            due = self.state.next_due
        seconds = _IDLE_NAP if due is None else (due - self._clock()).total_seconds()
        self._alarm = self._loop.call_later(min(max(seconds, _SHORTEST_NAP), _IDLE_NAP), self._look)


def _stream(seed: int, purpose: str) -> Random:
    return Random(f"{seed}/plum/{purpose}")  # noqa: S311 - has to be repeatable
