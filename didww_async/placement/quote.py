"""What a batch would cost, and what speaks against it, before a cent is spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import TypeVar

import attrs

from didww_async.placement.journal import PassingJournal
from didww_async.placement.provider import Provider
from didww_async.placement.rows import Rows, Unit
from didww_async.placement.table import csv_text, html_table, json_lines

__all__ = ["Quote", "QuotedRow", "quote"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

READ_AT_ONCE = 64


@attrs.frozen(kw_only=True)
class QuotedRow:
    """What one row would cost."""

    position: int
    key: str
    price: Decimal | None
    """Of its order; `None` if no price is known, or if a row before it in its pack has it."""
    problem: str = ""
    """What speaks against it; empty if nothing does."""


@attrs.frozen(kw_only=True)
class Quote:
    """The prices of a batch, in the order of the input, and its problems."""

    rows: Sequence[QuotedRow]
    available_balance: Decimal | None
    """What there is to spend; `None` if nobody can tell."""

    @property
    def total(self) -> Decimal:
        """The sum of the known prices of the rows that have no problem."""
        return sum((row.price or Decimal(0) for row in self.rows if not row.problem), Decimal(0))

    @property
    def problems(self) -> list[QuotedRow]:
        """The rows that would not be placed as they are, as far as it shows."""
        return [row for row in self.rows if row.problem]

    @property
    def is_affordable(self) -> bool:
        """Whether there is enough to spend for all of it."""
        return self.available_balance is None or self.total <= self.available_balance

    def records(self) -> Iterator[dict[str, object]]:
        """A row each as a plain `dict`, such as `pandas.DataFrame(quote.records())` takes."""
        for row in self.rows:
            yield {
                "row": row.position,
                "key": row.key,
                "price": row.price,
                "problem": row.problem,
            }

    def to_csv(self) -> str:
        """The rows as CSV, with a header."""
        return csv_text(self.records(), ("row", "key", "price", "problem"))

    def to_json_lines(self) -> str:
        """The rows as JSON, one a line."""
        return "".join(json_lines(self.records()))

    def __str__(self) -> str:
        text = f"{len(self.rows)} rows for {self.total}, {len(self.problems)} with a problem"
        if self.available_balance is None:
            return text
        enough = "enough" if self.is_affordable else "too little"
        return f"{text}; the balance of {self.available_balance} is {enough}"

    def _repr_html_(self) -> str:
        return html_table(str(self), self.records(), len(self.rows))


async def quote(
    provider: Provider[RequestT, OrderT],
    requests: Iterable[RequestT] | AsyncIterable[RequestT],
    *,
    pack: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Quote:
    """The prices of all requests; `progress` is told how many are done."""
    rows: list[QuotedRow] = []
    taken: Counter[str] = Counter()
    journal = PassingJournal()
    reader = Rows(provider, journal, requests, run=0, name="", pack=pack)
    try:
        async with aclosing(_units(reader)) as units:
            async for unit in units:
                rows += await _quoted(provider, unit, taken)
                if progress is not None:
                    progress(len(rows))
    finally:
        journal.close()
    rows.sort(key=lambda row: row.position)
    return Quote(rows=rows, available_balance=await provider.funds())


async def _units(reader: Rows[RequestT, OrderT]) -> AsyncGenerator[Unit[RequestT, OrderT], None]:
    try:
        while units := await reader.read(READ_AT_ONCE):
            for unit in units:
                yield unit
    finally:
        await reader.close()


async def _quoted(
    provider: Provider[RequestT, OrderT], unit: Unit[RequestT, OrderT], taken: Counter[str]
) -> list[QuotedRow]:
    price: Decimal | None = None
    problem = ""
    if unit.problem is not None:
        problem = f"the row can't be read: {unit.problem}"
    elif not unit.is_first:
        problem = unit.repeats
    else:
        price = await provider.quote(unit.request)
        problem = await provider.problem(unit.request)
        problem = problem or await _shortage(provider, unit.request, taken)
        if price is None and not problem:
            problem = "no price is known for it"
    first, *others = unit.positions
    quoted = [QuotedRow(position=first, key=unit.key, price=price, problem=problem)]
    quoted += [
        QuotedRow(position=position, key=unit.key, price=None, problem=problem)
        for position in others
    ]
    return quoted


async def _shortage(
    provider: Provider[RequestT, OrderT], request: RequestT, taken: Counter[str]
) -> str:
    """What the batch takes more of than there is, with this request; else empty."""
    for stock in await provider.stock(request):
        taken[stock.name] += stock.wanted
        if taken[stock.name] > stock.available:
            wanted = taken[stock.name]
            return f"{stock.available} {stock.name} are in stock, {wanted} are wanted so far"
    return ""
