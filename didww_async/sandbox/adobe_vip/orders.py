"""Placing orders, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from didww_async.sandbox.adobe_vip.refusals import RefusalError
from didww_async.sandbox.adobe_vip.world import CANCELLED, COMPLETED, PROCESSING, OrderRecord

if TYPE_CHECKING:
    from didww_async.sandbox.adobe_vip.bodies import Wanted
    from didww_async.sandbox.adobe_vip.world import Customer, OrderLine, World

RETURN_WINDOW = timedelta(days=14)
FINAL = (COMPLETED, "1004", CANCELLED, "1010", "1020", "1022", "1024", "1026")


class Orders:
    """The orders of one world."""

    def __init__(self, world: World, *, complete_after: float | None, history_lag: float) -> None:
        self._world = world
        self._complete_after = complete_after
        self._history_lag = timedelta(seconds=history_lag)
        self._in_process: dict[str, OrderRecord] = {}
        self.outcome = COMPLETED
        """The status that the orders of now are going to have."""

    def check(self, wanted: Wanted, customer: Customer) -> None:
        """Refuse what can't be ordered."""
        if wanted.type == "RETURN":
            self._check_return(wanted, customer)
            return
        for line in wanted.lines:
            self._check_line(line, customer)

    def place(self, wanted: Wanted, customer: Customer) -> OrderRecord:
        """Take the order; it is in process from now on."""
        now = self._world.clock()
        due = None
        if self._complete_after is not None:
            due = now + timedelta(seconds=self._complete_after)
        order = OrderRecord(
            id=self._world.new_order_id(),
            customer_id=customer.id,
            type=wanted.type,
            reference=wanted.reference,
            original=wanted.original,
            lines=wanted.lines,
            created=now,
            visible=now + self._history_lag,
            due=due,
            outcome=self.outcome,
        )
        self._world.orders[order.id] = self._in_process[order.id] = order
        if order.type == "RETURN":
            for line, source in self._returned(order):
                source.remaining -= line.quantity
        return order

    def tick(self) -> None:
        """Finish what is due."""
        now = self._world.clock()
        for order in list(self._in_process.values()):
            if order.due is None or order.due > now:  # nor are those that were placed later
                return
            self.finish(order, order.outcome)

    def finish(self, order: OrderRecord, status: str) -> None:
        """Give an order in process the status that it ends with."""
        if order.status != PROCESSING:
            raise LookupError(f"order {order.id} is not in process any more")
        if status not in FINAL:
            raise ValueError(f"{status!r} is no status that an order ends with")
        del self._in_process[order.id]
        order.status = status
        for line in order.lines:
            line.status = status
            if status == COMPLETED and order.type != "RETURN":
                line.remaining = line.quantity
                self._world.subscribe(order.customer_id, line)
        if order.type == "RETURN":
            self._settle_return(order)

    def _settle_return(self, order: OrderRecord) -> None:
        original = self._world.orders[order.original]
        for line, source in self._returned(order):
            if order.status != COMPLETED:
                source.remaining += line.quantity  # it stays where it was
            elif not source.remaining:
                source.status = CANCELLED
        if all(line.status == CANCELLED for line in original.lines):
            original.status = CANCELLED

    def _returned(self, order: OrderRecord) -> list[tuple[OrderLine, OrderLine]]:
        sources = {line.number: line for line in self._world.orders[order.original].lines}
        return [(line, sources[line.number]) for line in order.lines]

    def _check_return(self, wanted: Wanted, customer: Customer) -> None:
        original = self._world.orders.get(wanted.original)
        if original is None or original.customer_id != customer.id:
            raise RefusalError("2115", "referenceOrderId")
        if original.type not in {"NEW", "RENEWAL"}:
            raise RefusalError("2127", "referenceOrderId")
        if original.status == CANCELLED:
            raise RefusalError("2118", "referenceOrderId")
        if original.status != COMPLETED:
            raise RefusalError("2116", "referenceOrderId")
        if self._world.clock() - original.created > RETURN_WINDOW:
            raise RefusalError("2117", "referenceOrderId")
        sources = {line.number: line for line in original.lines}
        for line in wanted.lines:
            self._check_returned(line, sources.get(line.number))

    @staticmethod
    def _check_returned(line: OrderLine, source: OrderLine | None) -> None:
        where = f"Line Item: {line.number}"
        if source is None:
            raise RefusalError("2131", where)
        if source.offer_id != line.offer_id:
            raise RefusalError("2130", where)
        if not source.remaining:
            raise RefusalError("2133", where)
        if source.remaining < line.quantity:
            raise RefusalError("RETURN_QTY_EXCEEDS_REMAINING")

    def _check_line(self, line: OrderLine, customer: Customer) -> None:
        world = self._world
        where = f"Line Item: {line.number}"
        if line.offer_id not in world.prices:
            raise RefusalError("2122", where)
        if line.deployment_id is not None and line.deployment_id not in customer.deployments:
            raise RefusalError("2138", where)
        if line.discount_code is not None and line.discount_code not in customer.discount_codes:
            raise RefusalError("5135", where)
        if set(line.flex_codes) - world.flex_codes:
            raise RefusalError("2141", f"{where}, Reason: INVALID_CODE")
        subscription = line.subscription_id
        if subscription and world.subscribers.get(subscription) != customer.id:
            raise RefusalError("3115", where)
