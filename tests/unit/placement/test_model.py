"""Any server, any network, any number of restarts: the outcome is the ledger's truth."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import attrs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from didww_async.placement import NotAttempted, Outcome, Placed, Rejected, State, Unconfirmed
from tests.unit.placement.shop import (
    ACCEPTED,
    BROKE,
    CRASH,
    LOST,
    NOT_SENT,
    REFUSED,
    SETTLE,
    STORED,
    Act,
    Durable,
    Killed,
    Parcel,
    Shop,
    ShopError,
    Wish,
    drive,
    late,
    placement,
)

MOST_RUNS = 40
ENOUGH = 3
FINAL = {State.PLACED, State.REJECTED}
WISH = Wish("lamp", "one")
TIMELY = st.floats(0, SETTLE, allow_nan=False)
TOO_LATE = st.floats(SETTLE, 1.9 * SETTLE, allow_nan=False)


@attrs.frozen
class Story:
    """What happens to one intent until everybody leaves it in peace."""

    acts: Sequence[Act]
    looks: Sequence[str]
    kills: Sequence[int]
    """At which suspension each of the first runs ends."""
    pauses: Sequence[float]
    """Seconds between the runs."""
    adopt: bool = False


def stories(lateness: st.SearchStrategy[float]) -> st.SearchStrategy[Story]:
    """Stories whose orders turn up at most so late."""
    plain = st.sampled_from([ACCEPTED, REFUSED, BROKE, NOT_SENT, LOST, STORED, CRASH])
    return st.builds(
        Story,
        acts=st.lists(plain | lateness.map(late), max_size=5),
        looks=st.lists(st.sampled_from(["works", "fails"]), max_size=12),
        kills=st.lists(st.integers(1, 60), max_size=5),
        pauses=st.lists(st.floats(0, 3 * SETTLE, allow_nan=False), min_size=5, max_size=5),
        adopt=st.booleans(),
    )


def told(story: Story) -> tuple[Shop, Durable, list[Outcome[Parcel]]]:
    """Run after run until one is not stopped and leaves nothing open, and what each said."""
    shop, journal = Shop(*story.acts, looks=story.looks), Durable()
    outcomes: list[Outcome[Parcel]] = []
    for run in range(MOST_RUNS):
        kill = story.kills[run] if run < len(story.kills) else None
        try:
            outcome = drive(placement(shop, journal, WISH, adopt_existing=story.adopt), kill)
        except (Killed, ZeroDivisionError, ShopError):
            pass  # the end of the process, a mistake of the provider's, a failed look to adopt
        else:
            outcomes.append(outcome)
            check(shop, outcome)
        entry = journal.entries.get(WISH.name)
        sound = not shop.acts and not shop.looks and run >= len(story.kills)
        final = entry and entry.settled and entry.state in FINAL and not entry.try_again
        if sound and final:
            return shop, journal, outcomes
        journal = journal.restarted()
        shop.flying.time += story.pauses[run % len(story.pauses)]
        if len(outcomes) > ENOUGH:  # nothing in the script is met any more
            shop.acts.clear()
            shop.looks.clear()
    raise AssertionError(f"it never ends: {journal.entries}, {outcomes}")


def check(shop: Shop, outcome: Outcome[Parcel]) -> None:
    """Nothing that an outcome says is wrong at any time."""
    match outcome:
        case Placed(order=order):
            assert order.id in shop.live()
        case Rejected() | NotAttempted():
            assert shop.live() == []
        case Unconfirmed():
            pass
    assert outcome.external_reference == WISH.name


quick = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(stories(TIMELY))
@example(Story([LOST], [], [], [0.0] * 5))
@example(Story([late(SETTLE)], [], [], [0.0] * 5))
@example(Story([STORED], ["fails"] * 12, [], [0.0] * 5))
@example(Story([LOST, NOT_SENT], [], [], [0.0] * 5))
@example(Story([LOST, REFUSED], [], [20], [0.0] * 5))
def test_one_order_at_most_as_long_as_none_is_late_beyond_the_window(story: Story) -> None:
    """At no time two; none lost; and every outcome is true."""
    shop, journal, outcomes = told(story)

    assert len(shop.ledger) <= 1
    assert (len(shop.live()) == 1) is isinstance(outcomes[-1], Placed)
    assert journal.entries[WISH.name].settled


@quick
@given(TOO_LATE, stories(TIMELY))
@example(1.5 * SETTLE, Story([], [], [], [0.0] * 5))
@example(1.5 * SETTLE, Story([REFUSED], [], [], [0.0] * 5))
def test_the_twin_of_a_late_order_is_cancelled(lateness: float, story: Story) -> None:
    """Within a second window it is found, and the eldest is kept."""
    shop, journal = Shop(late(lateness), *story.acts), Durable()
    outcome: Outcome[Parcel] | None = None
    for _ in range(MOST_RUNS):
        with suppress(ZeroDivisionError):
            outcome = drive(placement(shop, journal, WISH))
            break

    if isinstance(outcome, Placed):
        assert shop.live() == [outcome.order.id]
    if isinstance(outcome, Rejected):
        assert shop.live() == []
