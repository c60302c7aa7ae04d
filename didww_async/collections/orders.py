"""Orders: placing, following and cancelling them."""

from __future__ import annotations

import asyncio
from typing import Unpack

from didww_async.collections.base import Creates, Lists, Updates
from didww_async.collections.fate import LOST_ANSWERS, hides_the_fate
from didww_async.collections.polling import check_seconds, until_final
from didww_async.errors import (
    ApiStatusError,
    DecodeError,
    DidwwError,
    InvalidRequestError,
    OrderUnconfirmedError,
    ValidationError,
)
from didww_async.models.orders import (
    NewOrder,
    Order,
    OrderChanges,
    OrderFilter,
    OrderStatus,
    check_reference,
)
from didww_async.transport import Request, Response

__all__ = ["Orders"]

_NO_CONTENT = 204


class Orders(Creates[Order, NewOrder], Lists[Order, OrderFilter], Updates[Order]):
    """The orders of the account."""

    model = Order
    filters = OrderFilter
    changes = OrderChanges
    sorts = (
        "amount",
        "created_at",
        "description",
        "external_reference_id",
        "reference",
        "status",
    )

    async def create(self, new: NewOrder) -> Order:
        """
        Place an order and return it as the server stored it. It is charged at once.

        An order of numbers is `pending` first, one of capacity already `completed`.
        It is sent once: sent again only if the server provably did nothing with it,
        that is after a failure to connect or a 429.
        A task that is cancelled meanwhile, by `asyncio.timeout` say, leaves the order's fate
        open and gets no `OrderUnconfirmedError`: give orders an `external_reference_id`, or use
        `place_order` with a journal.

        Raises:
            InvalidRequestError: Nothing was sent; the field is named.
            InsufficientBalanceError: It costs more than there is; nothing was bought.
            ValidationError: An item was refused; `errors[n].pointer` names it.
            OrderUnconfirmedError: It was sent and no answer tells its fate; look for it
                before ordering again.
            ConnectError: The server was not reached; nothing was bought.
        """
        if not isinstance(new, NewOrder):
            raise InvalidRequestError("order", f"takes a NewOrder, not {type(new).__name__}")
        reference = new.external_reference_id or None
        response = await self.post(self.body(new), reference)
        return self.read(response.status, response.body, reference)

    async def post(self, body: bytes, reference: str | None) -> Response:
        """
        Place an order that is written already; `read` tells what was answered.

        `reference` is the order's `external_reference_id`, for the errors, which are those of
        `create`.
        """
        request = Request("POST", self._path, body=body)
        try:
            return await self._session.send(request)
        except asyncio.CancelledError as error:
            error.add_note(
                "the order may have been placed; look it up by external_reference_id "
                f"{reference!r} before ordering again"
            )
            raise
        except DidwwError as error:
            if not hides_the_fate(error):
                raise
            cause = error
        raise OrderUnconfirmedError(cause, reference) from cause

    def read(self, status: int, document: bytes, reference: str | None) -> Order:
        """
        The order as the server stored it, from what it answered to its `post`.

        Raises:
            OrderUnconfirmedError: The answer can't be read.
        """
        try:
            return self._resource("POST", status, document)
        except DecodeError as error:
            cause = error
        raise OrderUnconfirmedError(cause, reference) from cause

    async def update(self, id: str, **changes: Unpack[OrderChanges]) -> Order:  # noqa: A002
        """
        Change the order's `external_reference_id`; `None` clears it. Nothing else can be changed.

        Raises:
            InvalidRequestError: The field or its value can't be sent; nothing was.
            NotFoundError: There is no such order in this account.
        """
        check_reference(changes.get("external_reference_id"))
        return await self._update(id, changes)

    async def cancel(self, id: str) -> None:  # noqa: A002
        """
        Cancel a pending order of numbers; its cost goes back to the balance.

        If the answer is lost, the order is fetched to see what became of it.

        Raises:
            ValidationError: The order can't be canceled: it is no longer pending, or is
                not of numbers (DIDWW docs, Cancel Order).
            NotFoundError: There is no such order in this account.
            TransportError: The answer was lost, and the order is not canceled so far.
        """
        request = Request("DELETE", self._member_path(id))
        try:
            response = await self._session.send(request)
        except ApiStatusError as error:
            # In a session of the user's aiohttp may have sent it twice: the second is refused.
            twice = isinstance(error, ValidationError) and not self._session.sends_once
            if not (hides_the_fate(error) or twice) or not await self._is_canceled(id):
                raise
        except LOST_ANSWERS:
            if not await self._is_canceled(id):
                raise
        else:
            if response.status != _NO_CONTENT and not await self._is_canceled(id):
                url = self._session.base_url + request.path
                problem = "expected status 204, and the order is not canceled"
                raise DecodeError("DELETE", url, response.status, problem, "$")

    async def _is_canceled(self, identity: str) -> bool:
        """Whether the order is certainly canceled; a look that fails is no certainty."""
        try:
            return (await self.get(identity)).status == OrderStatus.CANCELED
        except DidwwError:
            return False

    async def wait(
        self,
        order: Order | str,
        *,
        timeout: float | None = 300.0,  # noqa: ASYNC109  # an error with the order in it, not a bare one
        poll_interval: float = 1.0,
    ) -> Order:
        """
        The order, or the one with this id, as soon as it is completed or canceled.

        It is fetched after `poll_interval` seconds, then ever more rarely, up to every 30
        seconds. An order that is already final costs no request. `timeout` is in
        seconds, `None` waits without end: with back ordering, an order may stay pending
        until there is stock.

        Raises:
            WaitTimeoutError: It is still pending; `order` is its last state.
            TransportError: A look at it failed, and so did its repetitions. The order stands,
                also after a `ConnectError`, which speaks of the look.
        """
        check_seconds("poll_interval", poll_interval)
        if timeout is not None:
            check_seconds("timeout", timeout)
        latest = order if isinstance(order, Order) else await self.get(order)
        return await until_final(
            latest, lambda: self.get(latest.id), timeout=timeout, poll_interval=poll_interval
        )
