"""The clock here and the shop's own may be hours apart; a restart forgets no lost request."""

from __future__ import annotations

import pytest

from didww_async.placement import Entry, Placed, State, Unconfirmed
from tests.unit.placement.shop import (
    LOST,
    SETTLE,
    STORED,
    Durable,
    Parcel,
    Shop,
    Wish,
    drive,
    late,
    placement,
)


class Apart(Shop):
    """A shop whose clock is an hour behind."""

    def created_at(self, order: Parcel) -> float:
        return next(one.arrives for one in self.ledger if one.id == order.id) - 3600.0


@pytest.mark.parametrize("acts", [(STORED,), (LOST,), (late(SETTLE / 2),)])
def test_a_clock_that_is_ahead_of_the_shops_makes_no_second_order(
    acts: tuple[object, ...],
) -> None:
    """Its own order must not be taken for an older one, and then be sent again."""
    shop = Apart(*acts)  # type: ignore[arg-type]

    outcome = drive(placement(shop, Durable()))

    assert len(shop.live()) == 1
    assert isinstance(outcome, Placed | Unconfirmed)


def test_a_lost_request_is_remembered_after_a_refusal_of_the_account() -> None:
    """The journal says unsettled, so what is sent now is searched for twins."""
    shop = Shop()
    wish = Wish("lamp", "one", tag="one")
    shop.store("one")  # by the first request: it came beyond the window
    journal = Durable()
    drive(placement(Shop(), digest := Durable(), Wish("lamp", "one")))
    journal.entries["one"] = Entry(
        key="one",
        digest=digest.entries["one"].digest,
        request=shop.dump_request(wish),
        state=State.REJECTED,
        attempts=2,
        settled=False,
        result="no money",
        try_again=True,
    )

    outcome = drive(placement(shop, journal))

    assert isinstance(outcome, Placed)
    assert shop.live() == [outcome.order.id]
