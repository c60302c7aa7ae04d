"""The money of the account."""

from decimal import Decimal

from didww_async.models.base import DidwwResource, registry

__all__ = ["Balance"]


@registry.resource("balances")
class Balance(DidwwResource):
    """What the account can spend, in its own currency."""

    balance: Decimal
    credit: Decimal
    total_balance: Decimal
    """`balance` and `credit` together."""
