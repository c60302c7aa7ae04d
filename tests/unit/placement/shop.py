"""An order API that exists nowhere, the time it lives in, and ways to stop whoever uses it."""

from __future__ import annotations

import asyncio
import json
import types
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Coroutine, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import attrs

from didww_async.placement import (
    Accepted,
    Answer,
    Answered,
    CannotTell,
    Entry,
    Found,
    Intent,
    LookUp,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    Outcome,
    Provider,
    Refused,
)
from didww_async.placement.bulk import BulkRun, Options
from didww_async.placement.journal import Journal, MemoryJournal
from didww_async.placement.placer import Clock, Placement, Placer, outcome_of
from didww_async.placement.rows import Rows

T = TypeVar("T")
SETTLE = 10.0
HOUR = 3600.0
MOST_TURNS = 20_000


@types.coroutine
def instant() -> Generator[None, None, None]:
    """Suspend once: under asyncio for one turn of the loop, under `drive` until it goes on."""
    yield


class Killed(BaseException):
    """The process ends here."""


class ShopError(Exception):
    """What the shop says, or what became of the way to it."""


@attrs.frozen
class Wish:
    """A request; `name` is the caller's own, `tag` is what its order is found by."""

    what: str
    name: str = ""
    tag: str = ""
    price: int = 5


@attrs.frozen
class Parcel:
    """An order as the shop tells of it."""

    id: str
    tag: str
    price: int
    cancelled: bool = False


@attrs.frozen
class Act:
    """What the shop and the network do with one request."""

    answer: str = "accepted"
    """`accepted`, `refused`, `broke`, `not sent`, `lost`, `crash`, `unread` or `garbled`."""
    stored: bool = False
    """Of an order whose answer is lost."""
    late: float = 0.0
    """Seconds from the lost answer until the order exists."""
    takes: float = 0.0
    """Seconds until the answer comes, or until it is plain that none does."""


ACCEPTED = Act()
REFUSED = Act("refused")
BROKE = Act("broke")
NOT_SENT = Act("not sent")
LOST = Act("lost")
STORED = Act("lost", stored=True)
CRASH = Act("crash", stored=True)
UNREAD = Act("unread", stored=True)
GARBLED = Act("garbled", stored=True)


def late(seconds: float, takes: float = 0.0) -> Act:
    """The answer is lost, and the order turns up later."""
    return Act("lost", stored=True, late=seconds, takes=takes)


@attrs.define
class Stored:
    """An order in the shop's own ledger."""

    id: str
    tag: str
    price: int
    arrives: float
    cancelled: bool = False


class FlyingTime:
    """A clock that waits for nobody."""

    def __init__(self) -> None:
        self.time = 1_000_000.0
        self.clock = Clock(now=lambda: self.time, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        until = self.time + seconds
        await instant()
        self.time = max(self.time, until)
        await instant()


class Shop(Provider[Wish, Parcel]):
    """The provider, the server behind it, and the ledger that tells the truth."""

    def __init__(self, *acts: Act, looks: Iterable[str] = ()) -> None:
        self.flying = FlyingTime()
        self.acts = deque(acts)
        self.looks = deque(looks)
        self.ledger: list[Stored] = []
        self.cancels: bool | None = True
        self.quotes: Decimal | Exception | None = Decimal(5)
        self.lag = 0.0
        self.submitted = 0
        self.looked = 0
        self.seen: list[str] = []
        self._made = 0

    def live(self, tag: str | None = None) -> list[str]:
        """The ids of the orders that stand, those that are still on their way with them."""
        return [o.id for o in self.ledger if not o.cancelled and tag in {None, o.tag}]

    def key(self, request: Wish) -> str | None:
        """The caller's name of it."""
        return request.name or None

    def prepare(self, request: Wish) -> Wish:
        """The wish with a tag."""
        self._made += 1
        return attrs.evolve(request, tag=request.name or f"tag-{self._made}")

    def reference(self, request: Wish) -> str:
        """The tag."""
        return request.tag

    def dump_request(self, request: Wish) -> str:
        """JSON."""
        return json.dumps(attrs.asdict(request))

    def load_request(self, text: str) -> Wish:
        """The wish of such a text."""
        return Wish(**json.loads(text))

    def dump_order(self, order: Parcel) -> str:
        """JSON."""
        return json.dumps(attrs.asdict(order))

    def load_order(self, text: str) -> Parcel:
        """The parcel of such a text."""
        return Parcel(**json.loads(text))

    def cost(self, order: Parcel) -> Decimal:
        """Its price."""
        return Decimal(order.price)

    async def quote(self, request: Wish) -> Decimal | None:
        """What the test says."""
        if isinstance(self.quotes, Exception):
            raise self.quotes
        return self.quotes

    def describe(self, order: Parcel) -> Mapping[str, object]:
        """Its columns."""
        return {"parcel": order.id, "price": order.price}

    def is_live(self, order: Parcel) -> bool:
        """Whether it stands."""
        return not order.cancelled

    def order_id(self, order: Parcel) -> str:
        """Its id."""
        return order.id

    def store(self, tag: str, price: int = 5, *, after: float = 0.0) -> Stored:
        """An order in the ledger."""
        arrives = self.flying.time + after
        made = Stored(f"P{len(self.ledger) + 1}", tag, price, arrives)
        self.ledger.append(made)
        return made

    async def submit(self, intent: Intent[Wish]) -> Answer[Parcel]:
        """Do what the script says."""
        request = intent.request
        await instant()
        self.submitted += 1
        self.seen.append(f"submit {request.tag}")
        act = self.acts.popleft() if self.acts else ACCEPTED
        self.flying.time += act.takes
        if act.answer == "accepted" or act.stored:
            stored = self.store(request.tag, request.price, after=act.late)
        await instant()
        match act.answer:
            case "accepted":
                return Accepted(_parcel(stored))
            case "unread":
                return Letter(Accepted(_parcel(stored)))
            case "garbled":
                return Letter(NoAnswer(ShopError("an answer that can't be read")))
            case "refused":
                return Refused(ShopError("out of stock"))
            case "broke":
                return Refused(ShopError("no money"), stop="the purse is empty")
            case "not sent":
                return NotSent(ShopError("shop not reached"))
            case "crash":
                raise ZeroDivisionError("a mistake of the provider's")
            case _:
                return NoAnswer(ShopError("no answer"))

    async def look_up(self, intent: Intent[Wish]) -> LookUp[Parcel]:
        """What has arrived so far, unless the script says that the look fails."""
        request, began_at = intent.request, intent.began_at or 0.0
        since = 0.0 if intent.adopts else began_at - HOUR
        await instant()
        self.looked += 1
        self.seen.append(f"look {request.tag}")
        look = self.looks.popleft() if self.looks else "works"
        found = [
            _parcel(stored)
            for stored in sorted(self.ledger, key=lambda stored: stored.arrives)
            if stored.tag == request.tag and since <= stored.arrives <= self.flying.time - self.lag
            if not stored.cancelled or stored.arrives >= began_at
        ]
        await instant()
        if look == "fails":
            return CannotTell(ShopError("the look failed"))
        return Found(tuple(found)) if found else NoSuchOrder()

    async def cancel(self, order: Parcel) -> bool | None:
        """Cancel, if this shop does."""
        await instant()
        if not self.cancels:
            return self.cancels
        next(stored for stored in self.ledger if stored.id == order.id).cancelled = True
        await instant()
        return True


@attrs.define
class Letter(Answered[Parcel]):
    """An answer that is still to be read."""

    says: Accepted[Parcel] | NoAnswer

    def read(self) -> Accepted[Parcel] | NoAnswer:
        """What the script says."""
        return self.says


def _parcel(stored: Stored) -> Parcel:
    return Parcel(stored.id, stored.tag, stored.price, stored.cancelled)


class Durable(MemoryJournal):
    """A journal whose every call can be stopped before and after it took effect."""

    def restarted(self) -> Durable:
        """What the next process finds."""
        return Durable(self._entries)

    @property
    def entries(self) -> dict[str, Entry]:
        """What is durable."""
        return self._entries

    async def get(self, key: str) -> Entry | None:
        """The entry of a key."""
        await instant()
        found = await super().get(key)
        await instant()
        return found

    async def put(self, *entries: Entry) -> None:
        """Keep entries."""
        await instant()
        await super().put(*entries)
        await instant()

    async def add(self, entries: Iterable[Entry]) -> None:
        """Keep new entries."""
        await instant()
        await super().add(entries)
        await instant()


def wishes(count: int) -> list[Wish]:
    """Named wishes."""
    return [Wish("lamp", f"w{n}") for n in range(count)]


Run: TypeAlias = Coroutine[Any, Any, T]


def drive(run: Run[T], stop_at: int | None = None, stop: type[BaseException] = Killed) -> T:
    """Run to the end without an event loop, or until `stop` is raised at one suspension."""
    step = 0
    try:
        while True:
            step += 1
            if step == stop_at:
                run.throw(stop())
            else:
                run.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        run.close()


async def opened(shop: Shop, journal: Journal, wish: Wish) -> Placement[Wish, Parcel]:
    """Where a wish stands."""
    rows = Rows(shop, journal, [wish], run=await journal.begin_run(), name="", pack=1)
    [unit] = await rows.read(1)
    await rows.close()
    return rows.placement(unit)


async def placement(
    shop: Shop,
    journal: Journal,
    wish: Wish = Wish("lamp", "one"),  # a frozen value
    settle_seconds: float = SETTLE,
    **options: bool,
) -> Outcome[Parcel]:
    """One placement from the first look into the journal to the last search for twins."""
    placer = Placer(
        shop, journal, settle_seconds=settle_seconds, clock=shop.flying.clock, **options
    )
    at_work = await opened(shop, journal, wish)
    async with journal.turn(at_work.entry.key):
        await placer.place(at_work)
    async with journal.turn(at_work.entry.key):
        await placer.wait_for_twins()
        await placer.settle(at_work)
    return outcome_of(shop, at_work, 0)


def bulk(
    shop: Shop,
    wishes: Iterable[Wish] | AsyncIterable[Wish] | None,
    journal: Journal | AbstractContextManager[Journal | None] | None = None,
    settle_seconds: float = SETTLE,
    *,
    adopt_existing: bool = False,
    **options: Any,
) -> BulkRun[Wish, Parcel]:
    """A bulk run at this shop, in its time."""

    def make_placer(journal: Journal) -> Placer[Wish, Parcel]:
        return Placer(
            shop,
            journal,
            settle_seconds=settle_seconds,
            adopt_existing=adopt_existing,
            clock=shop.flying.clock,
        )

    def given() -> AbstractContextManager[Journal | None]:
        return journal if isinstance(journal, AbstractContextManager) else nullcontext(journal)

    return BulkRun(shop, wishes, given, make_placer, Options(**options))


async def ended(awaited: Awaitable[T]) -> T:
    """What comes of it; fails if it is stuck: nothing here waits for anything but turns."""

    async def wait() -> T:
        return await awaited

    task = asyncio.create_task(wait())
    for _ in range(MOST_TURNS):
        if task.done():
            return task.result()
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    raise AssertionError("it is stuck")
