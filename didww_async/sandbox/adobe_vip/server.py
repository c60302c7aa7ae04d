"""The sandbox as users meet it: one object that serves while its context is open."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from didww_async.sandbox.adobe_vip.app import TOKEN_PATH, App
from didww_async.sandbox.adobe_vip.faults import AdobeVipFaults
from didww_async.sandbox.adobe_vip.idempotency import Memory
from didww_async.sandbox.adobe_vip.orders import Orders
from didww_async.sandbox.adobe_vip.tokens import Tokens
from didww_async.sandbox.adobe_vip.world import COMPLETED, World, utc_now
from didww_async.sandbox.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class AdobeVipSandbox(Served):
    """
    The orders of Adobe's VIP Marketplace on loopback, in memory, with their token service.

    `async with AdobeVipSandbox() as sandbox:` serves from the running event loop.
    `with AdobeVipSandbox() as sandbox:` serves from a thread of its own.
    It behaves as the VIP Marketplace documentation says, idempotency above all; what the
    documents leave open is told in `docs/adobe-vip.md`.

    Args:
        seed: Decides the secrets and the chance in faults.
        complete_after: Seconds until an order in process is through; None leaves it there until
            `finish` is called.
        history_lag: Seconds until an order appears in the history.
        token_seconds: How long a token is good.
        host: Where to listen.
        port: Where to listen; 0 picks a free one.
        record_requests: False keeps `requests` empty, for long runs.
        clock: The time of day, aware; replace it to let time fly.

    """

    def __init__(
        self,
        *,
        seed: int = 0,
        complete_after: float | None = 0.5,
        history_lag: float = 0.0,
        token_seconds: float = 86399.0,
        host: str = "127.0.0.1",
        port: int = 0,
        record_requests: bool = True,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        random = Random(f"{seed}/adobe-vip")  # noqa: S311 - has to be repeatable
        self.client_id = f"{random.getrandbits(128):032x}"
        """The only client that is known; its id is the API key as well."""
        self.client_secret = f"p8e-{random.getrandbits(128):032x}"
        """Opens nothing but this sandbox."""
        self.state = World(clock)
        """What the sandbox remembers, to read and to arrange."""
        self.customer_id = self.state.add_customer().id
        """A customer to order for; `state.add_customer` makes more."""
        self.faults = AdobeVipFaults(random)
        """Trouble on demand."""
        super().__init__(
            self.faults,
            host=host,
            port=port,
            root="",
            record_requests=record_requests,
            clock=clock,
        )
        self._orders = Orders(self.state, complete_after=complete_after, history_lag=history_lag)
        self._memory = Memory(clock)
        self._tokens = Tokens(
            client_id=self.client_id,
            client_secret=self.client_secret,
            seconds=token_seconds,
            random=random,
            clock=clock,
        )

    @property
    def token_url(self) -> str:
        """Where tokens are had; `RuntimeError` while not serving."""
        return self.url + TOKEN_PATH

    def end_orders_with(self, status: str) -> None:
        """Let the orders that come from now on end with this status."""
        with self.state.lock:
            self._orders.outcome = status

    def finish(self, order_id: str, status: str = COMPLETED) -> None:
        """End an order in process now; `LookupError` if there is none with this id."""
        with self.state.lock:
            self._orders.finish(self.state.orders[order_id], status)

    def revoke_tokens(self) -> None:
        """Let every token that was given out be refused from now on."""
        with self.state.lock:
            self._tokens.revoke()

    def _app(self, url: str) -> App:
        del url
        return App(self.state, self._orders, self._tokens, self._memory, self.faults)
