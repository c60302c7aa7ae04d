"""Rows that become one order together, and what a batch would cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal

import attrs
import pytest

from didww_async.placement import Answer, Intent, Refused, Stock
from didww_async.placement.quote import quote
from tests.unit.placement.shop import (
    LOST,
    REFUSED,
    STORED,
    Durable,
    Parcel,
    Shop,
    ShopError,
    Wish,
    bulk,
    ended,
)

ROWS = [Wish(what) for what in ("lamp", "lamp", "chair", "lamp", "chair", "lamp", "lamp")]


class Packing(Shop):
    """Packs unnamed wishes for the same thing, and refuses what it has none of."""

    lacks = ""

    def pack_key(self, request: Wish) -> Hashable:
        return None if request.name else request.what.split()[0]

    def packed(self, requests: Sequence[Wish]) -> Wish:
        whats = " ".join(request.what for request in requests)
        return attrs.evolve(requests[0], what=whats, price=5 * len(requests))

    async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
        if self.lacks and self.lacks in intent.request.what.split():
            return Refused(ShopError(f"no {self.lacks}"))
        return await super().submit(intent)


async def test_rows_of_a_kind_become_one_order() -> None:
    """No more of them than asked for; each row has the order, and its money counts once."""
    shop = Packing()

    report = await ended(bulk(shop, ROWS, pack=3))

    orders = [placed.order.id for placed in report.placed]
    assert len(shop.live()) == 3
    assert orders[0] == orders[1] == orders[3]
    assert orders[2] == orders[4]
    assert orders[5] == orders[6]
    assert [placed.position for placed in report.placed] == list(range(7))
    assert report.counts.spent == 35


async def test_a_pack_that_is_refused_when_it_is_sent_again_is_placed_row_by_row() -> None:
    """As one that is refused at once."""
    shop = Packing(LOST, REFUSED)

    report = await ended(bulk(shop, [Wish("lamp")] * 3, Durable(), pack=3))

    assert len(report.placed) == len(shop.live()) == 3
    assert report.counts.spent == 15


async def test_rows_before_a_failure_of_the_input_are_placed() -> None:
    """Those of a pack that is not full, and those that came to a pack of an earlier run."""
    shop, journal = Packing(), Durable()
    await ended(bulk(shop, [Wish("lamp")] * 2, journal, pack=3))

    def rows() -> Iterator[Wish]:
        yield from [Wish("lamp")] * 4
        raise OSError("the file ends here")

    run = bulk(shop, rows(), journal, pack=3)
    with pytest.raises(OSError, match="the file ends here"):
        await ended(run)

    assert run.counts.placed == 4
    assert len(shop.live()) == 3


async def test_named_rows_are_not_packed() -> None:
    """One order can have one name."""
    shop = Packing()

    await ended(bulk(shop, [Wish("lamp", f"w{n}") for n in range(4)], pack=4))

    assert len(shop.live()) == 4


async def test_a_refused_pack_is_placed_row_by_row() -> None:
    """One bad row never stops the others; the same on the journal that resumes."""
    shop, journal = Packing(), Durable()
    shop.lacks = "mirror"
    rows = [Wish("lamp"), Wish("lamp mirror"), Wish("lamp")]

    report = await ended(bulk(shop, rows, journal, pack=3))
    again = await ended(bulk(shop, rows, journal.restarted(), pack=3))

    for each in (report, again):
        assert [placed.position for placed in each.placed] == [0, 2]
        assert [rejected.position for rejected in each.rejected] == [1]
    assert len(shop.live()) == 2


async def test_a_packed_run_is_resumed_with_rows_that_came_since() -> None:
    """What was packed stays as it is, and the new rows are ordered beside it."""
    shop, journal = Packing(STORED), Durable()
    await ended(bulk(shop, ROWS[:2], journal, pack=3))

    report = await ended(bulk(shop, [*ROWS[:2], Wish("lamp"), Wish("lamp")], journal, pack=3))

    orders = Counter(placed.order.id for placed in report.placed)
    assert len(report.placed) == 4
    assert sorted(orders.values()) == [1, 1, 2]
    assert len(shop.live()) == 3


async def test_what_is_packed_is_resumed_without_the_input() -> None:
    """Each of its rows has an outcome."""
    shop, journal = Packing(STORED, looks=["fails"] * 99), Durable()
    await ended(bulk(shop, [Wish("lamp")] * 3, journal, pack=3))
    shop.looks.clear()

    report = await ended(bulk(shop, None, journal.restarted()))

    assert len(report.placed) == 3
    assert len(shop.live()) == 1


async def test_a_dry_run_sends_nothing() -> None:
    """Every row says what it would cost."""
    shop = Shop()

    report = await ended(bulk(shop, ROWS, Durable(), dry_run=True))

    assert {row.reason for row in report.not_attempted} == {"dry run: it would cost 5"}
    assert (len(report.not_attempted), shop.submitted) == (7, 0)


class Stocked(Shop):
    """Has two lamps, and some money."""

    async def stock(self, request: Wish) -> Sequence[Stock]:
        return [Stock("lamps", 1, 2)] if request.what == "lamp" else []

    async def problem(self, request: Wish) -> str:
        return "is out of fashion" if request.what == "sofa" else ""

    async def funds(self) -> Decimal | None:
        return Decimal(20)


async def test_a_quote_names_what_speaks_against_each_row() -> None:
    """Its price and its problem, in order, and whether the money is enough."""
    rows = [Wish("lamp"), Wish("lamp"), Wish("lamp"), Wish("sofa"), Wish("a", "x"), Wish("a", "x")]
    rows.append(Wish("b", "x"))

    told = await quote(Stocked(), rows)

    assert [row.problem for row in told.rows] == [
        "",
        "",
        "2 lamps are in stock, 3 are wanted so far",
        "is out of fashion",
        "",
        "a row before it has the same name, and there is one order for both",
        "a row before it has the same name, and asks for something else",
    ]
    assert (told.total, told.is_affordable) == (Decimal(15), True)
    assert [row.position for row in told.problems] == [2, 3, 5, 6]
