"""One intent: which requests are made, which looks, in which order, and what is journalled."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import attrs
import pytest

from didww_async.placement import (
    Answer,
    Entry,
    Intent,
    NotAttempted,
    Placed,
    Refused,
    Rejected,
    State,
    Unconfirmed,
)
from didww_async.placement.placer import MOST_ATTEMPTS, Clock, Placer
from tests.unit.placement.shop import (
    ACCEPTED,
    BROKE,
    CRASH,
    HOUR,
    LOST,
    NOT_SENT,
    REFUSED,
    SETTLE,
    STORED,
    Durable,
    Killed,
    Parcel,
    Shop,
    ShopError,
    Wish,
    drive,
    late,
    opened,
    placement,
)

WISH = Wish("lamp", "one")


class Told(Durable):
    """A journal that notes what it was told, in the shop's own list."""

    def __init__(self, shop: Shop, entries: dict[str, Entry] | None = None) -> None:
        super().__init__(entries)
        self._seen = shop.seen

    async def put(self, *entries: Entry) -> None:
        await super().put(*entries)
        self._seen += [entry.state.value for entry in entries]


def seen(shop: Shop, journal: Told | None = None) -> list[str]:
    """What happened in one placement, in order; the same look again is told once."""
    drive(placement(shop, journal or Told(shop)))
    short: list[str] = []
    for what in shop.seen:
        word = what.split()[0]
        if word != "look" or short[-1:] != ["look"]:
            short.append(word)
    return short


def test_an_order_is_journalled_before_it_is_sent() -> None:
    """And its answer before anybody is told."""
    assert seen(Shop()) == ["sent", "submit", "placed"]


def test_a_refused_order_is_neither_looked_for_nor_repeated() -> None:
    """A plain refusal of a first request is final."""
    assert seen(Shop(REFUSED)) == ["sent", "submit", "rejected"]


def test_a_lost_answer_is_looked_for() -> None:
    """And nothing is sent again when the order is there."""
    assert seen(Shop(STORED)) == ["sent", "submit", "look", "placed"]


def test_it_is_repeated_only_after_the_window() -> None:
    """The journal says that the first request is over before the second is begun."""
    assert seen(Shop(LOST))[:6] == ["sent", "submit", "look", "waiting", "sent", "submit"]


def test_a_repeated_order_is_searched_for_twins_twice() -> None:
    """Right away, and once more when the window of the repetition is over."""
    assert seen(Shop(LOST))[6:] == ["placed", "look", "placed", "look", "placed"]


def test_nothing_is_looked_for_when_it_was_not_sent() -> None:
    """It certainly was not carried out, so it waits for the next run."""
    assert seen(Shop(NOT_SENT)) == ["sent", "submit", "waiting"]


def test_a_request_that_was_not_sent_counts_as_no_attempt() -> None:
    """Any number of them leaves it as it was."""
    shop, journal = Shop(*[NOT_SENT] * 9), Durable()

    outcomes = [drive(placement(shop, journal)) for _ in range(10)]

    assert [outcome.attempts for outcome in outcomes] == [0] * 9 + [1]
    assert isinstance(outcomes[-1], Placed)


def test_a_refusal_of_a_repetition_is_looked_into() -> None:
    """The first request may be what stands in its way."""
    shop = Shop(late(SETTLE + 1), REFUSED)

    outcome = drive(placement(shop, Durable()))

    assert isinstance(outcome, Placed)
    assert outcome.was_found
    assert shop.live() == ["P1"]


def test_a_refusal_for_all_orders_is_the_placers_reason_to_stop() -> None:
    """It is in the entry, too: it may be tried again."""
    shop, journal = Shop(BROKE), Durable()
    placer = Placer(shop, journal, settle_seconds=SETTLE, clock=shop.flying.clock)
    at_work = drive(opened(shop, journal, WISH))

    drive(placer.place(at_work))

    assert (at_work.entry.state, at_work.entry.try_again) == (State.REJECTED, True)
    assert str(at_work.error) == "no money"
    assert placer.stop.reason == "the purse is empty"


def test_a_refusal_for_all_orders_is_tried_again() -> None:
    """The account may have money now."""
    shop, journal = Shop(BROKE), Durable()

    first = drive(placement(shop, journal))
    assert isinstance(first, NotAttempted)
    assert (first.reason, str(first.error)) == ("no money", "no money")
    assert isinstance(drive(placement(shop, journal.restarted())), Placed)


def test_a_refusal_that_may_pass_is_no_end() -> None:
    """It stops nobody else, and the next run tries again."""

    class Gated(Shop):
        async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
            if self.submitted:
                return await super().submit(intent)
            self.submitted += 1
            return Refused(ShopError("a gateway's page"), may_pass=True)

    shop, journal = Gated(), Durable()

    assert isinstance(drive(placement(shop, journal)), NotAttempted)
    assert isinstance(drive(placement(shop, journal.restarted())), Placed)


def test_a_plain_refusal_is_not_tried_again() -> None:
    """The reason comes from the journal."""
    shop, journal = Shop(REFUSED), Durable()

    first = drive(placement(shop, journal))
    again = drive(placement(shop, journal.restarted()))

    assert isinstance(again, Rejected)
    assert isinstance(first, Rejected)
    assert again.reason == first.reason == "out of stock"
    assert shop.submitted == 1


@pytest.mark.parametrize(("stopped", "seconds"), [(False, 2 * SETTLE), (True, SETTLE)])
def test_looks_that_fail_are_ever_fewer(seconds: float, *, stopped: bool) -> None:
    """Each takes its time with a server that is not there; and a run that ends waits less."""
    shop = Shop(STORED, looks=["fails"] * 99)
    placer = Placer(shop, Durable(), settle_seconds=SETTLE, clock=shop.flying.clock)
    begun = shop.flying.time
    at_work = drive(opened(shop, Durable(), WISH))
    if stopped:
        at_work.entry = at_work.entry._replace(state=State.SENT, attempts=1)
        placer.stop.because("the server is not there")

    drive(placer.place(at_work, may_submit=not stopped))

    assert at_work.entry.state is State.SENT
    assert seconds <= shop.flying.time - begun <= 1.5 * seconds
    assert shop.looked <= 10


def test_looks_that_fail_leave_it_unconfirmed() -> None:
    """It is not sent again, as nobody can tell; the look's failure is the reason."""
    shop, journal = Shop(STORED, looks=["fails"] * 99), Durable()

    outcome = drive(placement(shop, journal))

    assert isinstance(outcome, Unconfirmed)
    assert outcome.reason == "the look failed"
    assert shop.submitted == 1


def test_an_unconfirmed_one_is_looked_for_first() -> None:
    """The next run finds its order."""
    shop, journal = Shop(STORED, looks=["fails"] * 99), Durable()
    drive(placement(shop, journal))
    shop.looks.clear()

    outcome = drive(placement(shop, journal.restarted()))

    assert isinstance(outcome, Placed)
    assert shop.submitted == 1


def test_an_order_that_was_there_before_is_adopted() -> None:
    """When the caller asks for it; nothing is sent."""
    shop = Shop()
    shop.store("one")

    outcome = drive(placement(shop, Durable(), adopt_existing=True))

    assert isinstance(outcome, Placed)
    assert (outcome.was_found, outcome.attempts, shop.submitted) == (True, 0, 0)


def test_an_order_that_was_there_before_is_left_alone() -> None:
    """When the caller does not ask for it."""
    shop = Shop()
    shop.store("one")

    drive(placement(shop, Durable()))

    assert shop.live() == ["P1", "P2"]


def test_nothing_is_sent_when_the_look_to_adopt_fails() -> None:
    """Nor is anything journalled that would have to be looked for; the look is the reason."""
    shop = Shop(looks=["fails"])

    outcome = drive(placement(shop, Durable(), adopt_existing=True))

    assert isinstance(outcome, NotAttempted)
    assert outcome.reason == "the look failed"
    assert shop.submitted == 0


def test_a_twin_that_cannot_be_cancelled_is_named() -> None:
    """The outcome is the eldest, and says which other one there is."""
    shop = Shop(late(SETTLE + 1))
    shop.cancels = False

    outcome = drive(placement(shop, Durable()))

    assert isinstance(outcome, Placed)
    assert outcome.note == "a second order exists and can't be cancelled: P1"


def test_the_eldest_of_the_twins_is_kept() -> None:
    """The shop's own time decides which one that is."""
    shop = Shop(late(SETTLE + 1), STORED)

    outcome = drive(placement(shop, Durable()))

    assert isinstance(outcome, Placed)
    assert shop.live() == [outcome.order.id]
    assert outcome.order.id == min(shop.ledger, key=lambda stored: stored.arrives).id


@pytest.mark.parametrize("script", [(), (STORED,), (LOST,), (REFUSED,), (NOT_SENT,), (LOST, LOST)])
def test_no_window_at_all_is_a_window(script: Iterable[object]) -> None:
    """With `settle_seconds=0`, one look decides, and nothing waits or divides by it."""
    shop = Shop(*script)  # type: ignore[arg-type]

    outcome = drive(placement(shop, Durable(), settle_seconds=0.0))

    assert len(shop.live()) == isinstance(outcome, Placed)


@pytest.mark.parametrize("step", [-HOUR / 2, -1.0, 3.0])
@pytest.mark.parametrize("script", [(STORED,), (LOST,), (late(SETTLE / 2),)])
def test_a_clock_set_between_two_runs_makes_no_second_order(
    step: float, script: Iterable[object]
) -> None:
    """The window begins anew when the request seems to lie in the future."""
    for at in range(1, 40):
        shop, journal = Shop(*script), Durable()  # type: ignore[arg-type]
        with suppress(Killed):
            drive(placement(shop, journal), at)
        shop.flying.time += step
        for stored in shop.ledger:
            stored.arrives += step
        began = shop.flying.time
        outcome = drive(placement(shop, journal.restarted()))
        assert shop.flying.time - began <= 3 * SETTLE
        assert isinstance(outcome, Placed)
        assert shop.live() == [outcome.order.id]


def test_an_entry_says_when_it_was_sent_and_how_often() -> None:
    """So that a restart knows how long to wait."""
    shop, journal = Shop(), Durable()
    began = shop.flying.time

    drive(placement(shop, journal))

    entry = journal.entries["one"]
    assert (entry.began_at, entry.attempts) == (began, 1)


def test_a_mistake_of_the_provider_leaves_it_open() -> None:
    """The journal has it as sent, so the next run looks first."""
    shop, journal = Shop(CRASH), Durable()
    with pytest.raises(ZeroDivisionError):
        drive(placement(shop, journal))

    outcome = drive(placement(shop, journal.restarted()))

    assert isinstance(outcome, Placed)
    assert shop.submitted == 1


def test_it_is_repeated_a_few_times_only() -> None:
    """Then it stays open."""
    shop = Shop(*[LOST] * 99)

    outcome = drive(placement(shop, Durable()))

    assert isinstance(outcome, NotAttempted)
    assert shop.submitted == MOST_ATTEMPTS


def test_the_default_clock_is_that_of_the_wall() -> None:
    """It is compared with what another process wrote."""
    assert attrs.asdict(Clock())["now"].__name__ == "time"


# What is wrong so far.


def test_the_window_begins_when_the_answer_is_lost() -> None:
    """A timeout longer than the window leaves no window at all."""
    shop = Shop(late(1.0, takes=SETTLE + 5))

    drive(placement(shop, Durable()))

    assert shop.submitted == 1


def test_the_window_of_a_killed_request_begins_at_the_restart() -> None:
    """Nobody knows how long the request was under way when the process was killed."""
    for at in range(1, 40):
        shop, journal = Shop(late(1.0, takes=SETTLE + 5)), Durable()
        with suppress(Killed):
            drive(placement(shop, journal), at)
        if shop.ledger:  # the very first instant at which the request has left
            break

    drive(placement(shop, journal.restarted()))

    assert shop.submitted == 1


def test_a_clock_set_forward_while_looking_ends_no_window() -> None:
    """An hour that did not pass brings no order that is under way."""
    shop, journal = Shop(late(5.0)), Durable()
    now = shop.flying.clock.now
    jumped = Clock(
        now=lambda: now() + (3600.0 if shop.submitted else 0.0), sleep=shop.flying.clock.sleep
    )
    placer = Placer(shop, journal, settle_seconds=SETTLE, clock=jumped)

    drive(placer.place(drive(opened(shop, journal, WISH))))

    assert shop.submitted == 1


def test_a_clock_set_back_while_looking_keeps_nobody_waiting() -> None:
    """An hour that comes twice is not waited for."""
    shop, journal = Shop(LOST), Durable()
    now, began = shop.flying.clock.now, shop.flying.time
    jumped = Clock(
        now=lambda: now() - (3600.0 if shop.looked else 0.0), sleep=shop.flying.clock.sleep
    )
    placer = Placer(shop, journal, settle_seconds=SETTLE, clock=jumped)

    drive(placer.place(drive(opened(shop, journal, WISH))))

    assert shop.flying.time - began <= 3 * SETTLE


def test_the_last_search_for_twins_looks_again_when_a_look_fails() -> None:
    """A late order stays beside the repeated one, and nothing says so."""
    shop = Shop(late(SETTLE + 1))
    journal = Durable()
    placer = Placer(shop, journal, settle_seconds=SETTLE, clock=shop.flying.clock)
    at_work = drive(opened(shop, journal, WISH))
    drive(placer.place(at_work))
    shop.looks.extend(["fails"])

    drive(placer.wait_for_twins())
    drive(placer.settle(at_work))

    assert len(shop.live()) == 1


def test_a_twin_is_searched_for_again_when_it_could_not_be_cancelled() -> None:
    """The way to the shop may have been shut for a moment only."""
    shop, journal = Shop(late(SETTLE + 1)), Durable()
    shop.cancels = None
    drive(placement(shop, journal))
    shop.cancels = True

    drive(placement(shop, journal.restarted()))

    assert len(shop.live()) == 1


def test_an_older_order_of_the_same_reference_is_not_mistaken_for_this_one() -> None:
    """References are not unique, and nobody asked to adopt."""
    shop = Shop(LOST)
    old = shop.store("one")
    shop.flying.time += 86_400

    outcome = drive(placement(shop, Durable()))

    assert isinstance(outcome, Placed)
    assert outcome.order.id != old.id


def test_an_older_order_of_the_same_reference_is_no_twin() -> None:
    """The search for twins cancels the order that was just placed, and keeps last month's."""
    shop, journal = Shop(BROKE), Durable()
    shop.store("one")
    shop.flying.time += 86_400
    drive(placement(shop, journal))

    drive(placement(shop, journal.restarted()))

    assert len(shop.live()) == 2


def test_a_cancelled_order_is_not_adopted() -> None:
    """There is no order then, so one has to be placed."""
    shop = Shop()
    shop.store("one").cancelled = True

    drive(placement(shop, Durable(), adopt_existing=True))

    assert len(shop.live()) == 1


def test_an_empty_account_is_no_end() -> None:
    """It can be resumed as soon as there is money, however often there was none."""
    shop, journal = Shop(*[BROKE] * MOST_ATTEMPTS), Durable()
    for _ in range(MOST_ATTEMPTS):
        drive(placement(shop, journal))

    assert isinstance(drive(placement(shop, journal.restarted())), Placed)


def test_one_that_was_repeated_often_can_be_resumed() -> None:
    """`NotAttempted` says: resume the run to place it."""
    shop, journal = Shop(*[LOST] * MOST_ATTEMPTS), Durable()
    drive(placement(shop, journal))

    assert isinstance(drive(placement(shop, journal.restarted())), Placed)


def test_one_that_was_repeated_often_says_why_it_is_not_placed() -> None:
    """The last lost answer would."""
    outcome = drive(placement(Shop(*[LOST] * 99), Durable()))

    assert isinstance(outcome, NotAttempted)
    assert outcome.reason


def test_an_order_after_an_empty_account_needs_no_search_for_twins() -> None:
    """The refused request certainly made no order."""
    shop, journal = Shop(BROKE), Durable()
    drive(placement(shop, journal))

    drive(placement(shop, journal.restarted()))

    assert shop.looked == 0


def test_an_intent_is_journalled_when_the_look_to_adopt_fails() -> None:
    """Else nobody who resumes the journal knows of it."""
    journal = Durable()
    drive(placement(Shop(looks=["fails"]), journal, adopt_existing=True))

    assert journal.entries["one"].adopts


def test_a_repetition_that_was_not_sent_leaves_it_as_it_was() -> None:
    """The first request has settled, so it waits; and it may still have a twin."""
    shop, journal = Shop(LOST, NOT_SENT), Durable()

    drive(placement(shop, journal))

    assert journal.entries["one"].state is State.WAITING
    assert journal.entries["one"].attempts == 1


def test_orders_of_a_shop_are_what_comes_out() -> None:
    """The outcome has the order itself, its reference and its attempts."""
    outcome = drive(placement(Shop(ACCEPTED), Durable()))

    assert outcome == Placed(
        key="one",
        position=0,
        external_reference="one",
        attempts=1,
        order=Parcel("P1", "one", 5),
    )
