"""A provider of one's own, for an API that nobody has heard of: all of placement is there."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import attrs

from didww_async.placement import (
    Accepted,
    Answer,
    Found,
    Intent,
    LookUp,
    NoAnswer,
    NoSuchOrder,
    Provider,
)
from didww_async.placement.quote import quote
from didww_async.providers import bulk_run


@attrs.frozen
class Pizza:
    topping: str
    name: str = ""


class Pizzeria(Provider[Pizza, str]):
    """Its orders are their own ids; it loses the answer to every third request."""

    repeats_can_double = True

    def __init__(self) -> None:
        self.oven: list[str] = []
        self.asked = 0

    def reference(self, request: Pizza) -> str:
        return request.name

    def prepare(self, request: Pizza) -> Pizza:
        return request if request.name else Pizza(request.topping, f"table-{id(request)}")

    def dump_request(self, request: Pizza) -> str:
        return json.dumps(attrs.astuple(request))

    def load_request(self, text: str) -> Pizza:
        return Pizza(*json.loads(text))

    def dump_order(self, order: str) -> str:
        return order

    def load_order(self, text: str) -> str:
        return text

    async def submit(self, intent: Intent[Pizza]) -> Answer[str]:
        self.asked += 1
        if self.asked % 3 == 0:
            if self.asked % 2:  # one lost request in two was carried out
                self.oven.append(intent.request.name)
            return NoAnswer(TimeoutError("nobody answers"))
        self.oven.append(intent.request.name)
        return Accepted(intent.request.name)

    async def look_up(self, intent: Intent[Pizza]) -> LookUp[str]:
        name = intent.request.name
        return Found((name,)) if name in self.oven else NoSuchOrder()


async def test_a_provider_in_sixty_lines_gets_all_of_it(tmp_path: Path) -> None:
    """Each row once, from a journal that resumes; a report; a quote without prices."""
    pizzeria, wishes = Pizzeria(), [Pizza("olives", f"table {n}") for n in range(20)]
    journal = tmp_path / "run.db"

    first = await bulk_run(pizzeria, wishes, journal=journal, settle_seconds=0)
    again = await bulk_run(pizzeria, wishes, journal=journal, settle_seconds=0)

    assert len(first.placed) == len(again.placed) == 20
    assert sorted(pizzeria.oven) == sorted(wish.name for wish in wishes)
    assert [row["order_id"] for row in again.records()] == [wish.name for wish in wishes]
    assert len((await quote(pizzeria, wishes)).problems) == 20


async def test_it_survives_a_cancellation(tmp_path: Path) -> None:
    """The run that is resumed ends with one order for each row."""
    pizzeria, wishes = Pizzeria(), [Pizza("olives", f"table {n}") for n in range(50)]
    journal = tmp_path / "run.db"

    async def place() -> None:
        await bulk_run(pizzeria, wishes, journal=journal, settle_seconds=0)

    task = asyncio.create_task(place())
    while len(pizzeria.oven) < 10:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await place()

    assert sorted(pizzeria.oven) == sorted(wish.name for wish in wishes)
