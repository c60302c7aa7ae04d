"""What the account has: money, channels, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from didww_async.collections.base import Collection, Lists, Updates, refusing
from didww_async.errors import InvalidRequestError
from didww_async.jsonapi.query import Names
from didww_async.models.balance import Balance
from didww_async.models.capacity import CapacityPool, CapacityPoolChanges, CapacityPoolFilter
from didww_async.models.dids import Did, DidChanges, DidFilter
from didww_async.transport import Request

__all__ = ["Balances", "CapacityPools", "Dids"]


class Balances(Collection[Balance]):
    """The money of the account."""

    model = Balance
    path = "/balance"

    async def get(self, *, fields: Names | Mapping[str, Names] | None = None) -> Balance:
        """What the account can spend right now."""
        with refusing():
            query = self._query.encode(fields=fields)
            fieldsets = self._query.fieldsets(fields)
        return await self._one(Request("GET", self._path, query), fieldsets)


class CapacityPools(Lists[CapacityPool, CapacityPoolFilter], Updates[CapacityPool]):
    """The account's channels, by groups of countries."""

    model = CapacityPool
    filters = CapacityPoolFilter
    changes = CapacityPoolChanges
    sorts = (
        "assigned_channels_count",
        "metered_rate",
        "minimum_limit",
        "minimum_qty_per_order",
        "monthly_price",
        "name",
        "renew_date",
        "setup_price",
        "total_channels_count",
    )

    async def update(
        self,
        id: str,  # noqa: A002
        **changes: Unpack[CapacityPoolChanges],
    ) -> CapacityPool:
        """
        Lower the pool's number of channels; an order raises it.

        Raises:
            ValidationError: The number is not lower, or channels are in use.
        """
        return await self._update(id, changes)


class Dids(Lists[Did, DidFilter], Updates[Did]):
    """The account's numbers. They come from orders: `filter={"order.id": order.id}`."""

    model = Did
    filters = DidFilter
    changes = DidChanges
    sorts = (
        "awaiting_registration",
        "billing_cycles_count",
        "blocked",
        "capacity_limit",
        "channels_included_count",
        "created_at",
        "dedicated_channels_count",
        "description",
        "expires_at",
        "number",
        "terminated",
    )

    async def update(self, id: str, **changes: Unpack[DidChanges]) -> Did:  # noqa: A002
        """
        Change a number: `None` clears a field, leaving it out leaves it alone.

        Raises:
            InvalidRequestError: A field or value can't be sent; nothing was.
            ValidationError: A value was refused; `errors[n].pointer` names it.
        """
        trunks = ("voice_in_trunk", "voice_in_trunk_group")
        if all(changes.get(trunk) is not None for trunk in trunks):
            raise InvalidRequestError(
                " + ".join(trunks), "a number has one or the other; give None for one of them"
            )
        return await self._update(id, changes)
