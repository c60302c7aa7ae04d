"""Runs in which much goes wrong at once, with rows of one name among them: one order a name."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest

from didww_async.placement import Placed
from tests.unit.placement.shop import (
    ACCEPTED,
    GARBLED,
    LOST,
    NOT_SENT,
    REFUSED,
    SETTLE,
    STORED,
    UNREAD,
    Durable,
    Shop,
    Wish,
    bulk,
    ended,
    late,
)

SEEDS = range(150)


def storm(seed: int) -> tuple[random.Random, Shop, list[Wish]]:
    """A shop, and rows of few names, both as the seed says."""
    chance = random.Random(seed)
    lag = chance.choice([0.0, 0.0, SETTLE / 2])
    acts = [ACCEPTED, UNREAD, GARBLED, LOST, STORED, NOT_SENT, REFUSED, late(SETTLE / 2)]
    looks = chance.choices(["works", "fails"], [4, 1], k=40)
    # The first order may turn up after it was sent again, yet not after the search for twins.
    first = late(SETTLE * 1.3) if not lag else late(SETTLE / 2)
    shop = Shop(first, *chance.choices(acts, k=15), looks=looks)
    shop.lag = lag
    rows = [Wish("lamp", f"w{chance.randrange(4)}") for _ in range(10)]
    return chance, shop, rows


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_name_is_one_order_and_is_paid_once(seed: int, *, kept: bool) -> None:
    """And every row has one outcome."""
    chance, shop, rows = storm(seed)
    run = bulk(
        shop,
        rows,
        Durable() if kept else None,
        concurrency=chance.choice([1, 2, 5]),
        adopt_existing=chance.random() < 0.3,
        budget=chance.choice([None, Decimal(15)]),
    )

    report = await ended(run)

    assert [outcome.position for outcome in report.outcomes] == list(range(10))
    doubled = {name: n for name, n in Counter(o.tag for o in shop.ledger).items() if n > 1}
    assert not [name for name in doubled if len(shop.live(name)) > 1]
    told = {outcome.order.id for outcome in report.placed}
    assert told <= set(shop.live())
    assert report.counts.spent == 5 * len(told)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_journal_ends_with_an_order_for_each_row(seed: int) -> None:
    """After as many runs as it takes, each of which may be stopped at any outcome."""
    chance, shop, rows = storm(seed)
    rows = list(dict.fromkeys(rows))
    shop.acts = type(shop.acts)(act for act in shop.acts if act is not REFUSED)
    journal = Durable()
    for _ in range(8):
        stop_after = chance.choice([1, 3, 99])
        left = iter(range(stop_after))
        run = bulk(
            shop,
            rows if chance.random() < 0.7 else None,
            journal,
            concurrency=chance.choice([1, 3]),
            stop_on=lambda _, left=left: next(left, None) is None,
        )
        await ended(run)
        journal = journal.restarted()

    report = await ended(bulk(shop, rows, journal))

    assert all(isinstance(outcome, Placed) for outcome in report.outcomes)
    assert Counter(o.tag for o in shop.ledger if not o.cancelled) == Counter(r.name for r in rows)
