"""The input of a bulk run: its rows in order, their names, and what is packed of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar, cast

import attrs

from didww_async.placement.awaited_input import AwaitedInput
from didww_async.placement.intent import Entry, State
from didww_async.placement.journal import (
    Admitted,
    Journal,
    JournalError,
    NewRow,
    Turn,
    is_unnamed,
    named_key,
    unnamed_key,
)
from didww_async.placement.placer import Placement
from didww_async.placement.provider import Accepted, Answered, Provider

__all__ = ["ChangedRequestError", "OpenRows", "Rows", "TakenBackError", "Unit"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

MOST_OPEN_PACKS = 64
"""Rows of more kinds than these in turn are packed less tightly, so that memory stays bounded."""


class ChangedRequestError(JournalError):
    """The journal has another request under the same key; nothing was sent for this one."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position
        """Of the row in the input, counted from 0."""


class TakenBackError(Exception):
    """There is no entry any more: its order was begun by a run that was left before it was sent."""


@attrs.define
class Unit(Generic[RequestT, OrderT]):
    """What becomes one order: one row of the input, or several that are packed together."""

    positions: Sequence[int]
    request: RequestT
    """What is ordered: of a pack, one request for all of it."""
    members: Sequence[RequestT] = ()
    """The requests of a pack."""
    key: str = ""
    text: str = ""
    digest: str = ""
    problem: Exception | None = None
    """Why it can't be read."""
    admitted: Admitted | None = None
    turn: Turn | None = None
    """Held on to from before its entry was read, so that no later entry is missed."""
    begun: Placement[RequestT, OrderT] | None = None
    """Its placement, if the order was begun together with others."""
    is_sent: bool = False
    """Whether the request of what was begun has left, or may have."""
    answer: Accepted[OrderT] | Answered[OrderT] | None = None
    """What came back, and is not read or noted yet."""

    @property
    def entry(self) -> Entry | None:
        """What the journal has of it, now that nobody else is at it."""
        if self.turn is not None and self.turn.was_left:
            return self.turn.entry
        return None if self.admitted is None else self.admitted.entry

    @property
    def is_first(self) -> bool:
        """Whether no row before it in the run stands for the same order."""
        return self.admitted is None or self.admitted.is_first

    @property
    def repeats(self) -> str:
        """What it means that it is not the first of its name."""
        if self.admitted is not None and self.admitted.digest not in {"", self.digest}:
            return "a row before it has the same name, and asks for something else"
        return "a row before it has the same name, and there is one order for both"


_Units: TypeAlias = Iterator[Unit[RequestT, OrderT]] | AsyncGenerator[Unit[RequestT, OrderT], None]


class Rows(Generic[RequestT, OrderT]):
    """Reads an input, names what it finds, and holds it against the journal."""

    def __init__(
        self,
        provider: Provider[RequestT, OrderT],
        journal: Journal,
        requests: Iterable[RequestT] | AsyncIterable[RequestT],
        *,
        run: int,
        name: str,
        pack: int,
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._run = run
        self._name = name
        self._pack = pack
        self._awaited = AwaitedInput(requests) if isinstance(requests, AsyncIterable) else None
        rows = requests if self._awaited is None else self._awaited.rows()
        singles: _Units[RequestT, OrderT]
        singles = _awaited(rows) if isinstance(rows, AsyncIterable) else _at_hand(rows)
        self._units = self._packs(singles) if pack > 1 else singles
        self.is_ready = not isinstance(requests, AsyncIterable)
        """Whether the next row is there at once; one that is awaited may be long in coming."""
        self._left: deque[Unit[RequestT, OrderT]] = deque()
        self._failure: Exception | None = None

    async def read(self, most: int) -> list[Unit[RequestT, OrderT]]:
        """The next units, as many at most; none at the end of the input."""
        if self._failure is not None and not self._left:
            raise self._failure
        units: list[Unit[RequestT, OrderT]] = []
        awaited = self._units if isinstance(self._units, AsyncGenerator) else None
        at_hand = self._units if isinstance(self._units, Iterator) else iter(())
        try:
            for _ in range(most):
                unit: Unit[RequestT, OrderT] | None = None
                if self._left:
                    unit = self._left.popleft()
                elif self._failure is not None:
                    break
                elif awaited is not None:
                    unit = await anext(awaited, None)
                else:
                    unit = next(at_hand, None)
                if unit is None:
                    break
                units.append(self._named(unit))
        except Exception as error:
            if not units:
                raise
            self._failure = error  # what came before it is placed first
        await self.admit(units)
        return units

    def leave(self) -> None:
        """Read no more of an input that is awaited; what was read of it is not lost."""
        if self._awaited is not None:
            self._awaited.leave()

    async def close(self) -> None:
        """Leave the input."""
        try:
            if isinstance(self._units, AsyncGenerator):
                await self._units.aclose()
        finally:
            if self._awaited is not None:
                await self._awaited.close()

    async def admit(self, units: Sequence[Unit[RequestT, OrderT]]) -> None:
        """Note units in the journal, and learn what it has of them."""
        for unit in units:
            unit.turn = self._journal.turn(unit.key)
        rows = [(position, unit.key, unit.digest) for unit in units for position in unit.positions]
        found = iter(await self._journal.admit(self._run, rows) if rows else ())
        for unit in units:
            unit.admitted = next(found)
            for _ in range(len(unit.positions) - 1):
                next(found)
            entry = unit.admitted.entry
            if entry is not None and entry.rows < len(unit.positions) and unit.problem is None:
                self._cut(unit, entry.rows)

    def single(self, unit: Unit[RequestT, OrderT], index: int) -> Unit[RequestT, OrderT]:
        """One row of a pack as a unit of its own."""
        position = unit.positions[index]
        single = self._named(Unit([position], unit.members[index]))
        single.key = f"{unnamed_key(position, self._name)} alone"
        return single

    def corrects(self, unit: Unit[RequestT, OrderT]) -> bool:
        """
        Whether a unit takes the place of another request.

        Raises:
            ChangedRequestError: It must not: there is an order for that one, or may be.
        """
        _, corrects = self._known(unit)
        return corrects

    def _known(self, unit: Unit[RequestT, OrderT]) -> tuple[Entry | None, bool]:
        """The entry that a unit goes on with, if there is one, and whether it corrects one."""
        entry = unit.entry
        known = entry.digest if entry is not None else unit.admitted and unit.admitted.digest
        if not known or known == unit.digest:
            return entry, False
        if entry is None or not self._is_corrected(unit, entry):
            raise self._changed(unit, entry)
        return None, True

    def placement(self, unit: Unit[RequestT, OrderT]) -> Placement[RequestT, OrderT]:
        """
        Where a unit stands.

        Raises:
            ChangedRequestError: Its key stands for another request.
        """
        entry, corrects = self._known(unit)
        if entry is not None:
            return Placement(entry, self._provider.load_request(entry.request))
        if self._journal.keeps_orders and not self._provider.reads_back(unit.request):
            self._provider.load_request(unit.text)  # what can't be read again could not be resumed
        request = self._provider.prepare(unit.request)
        text = unit.text
        if not text or request is not unit.request:
            text = self._provider.dump_request(request)
        follows = not unit.is_first
        adopts = follows  # its entry is forgotten, its order is not
        made = Entry(unit.key, unit.digest, text, len(unit.positions), adopts)
        return Placement(made, request, follows=follows, corrects=corrects)

    def _is_corrected(self, unit: Unit[RequestT, OrderT], entry: Entry) -> bool:
        """
        Whether it was refused or never sent, so that the request may take its place.

        A row without a name may only have moved to the place of the refused one. Packs have
        no name either, and the rows of a refused one may have been placed one by one.
        """
        was_sent = entry.state is not State.WAITING or entry.attempts > 0
        is_over = entry.settled and (entry.state is State.REJECTED or not was_sent)
        return is_over and unit.is_first and not is_unnamed(unit.key)

    def _changed(self, unit: Unit[RequestT, OrderT], entry: Entry | None) -> ChangedRequestError:
        position = unit.positions[0]
        is_placed = entry is not None and entry.state is State.PLACED
        there_is = "whose order is placed" if is_placed else "whose order may exist"
        if entry is not None and max(entry.rows, len(unit.positions)) > 1:
            what = f"what the journal has at its place: {entry.rows} rows packed into one order"
            advice = "keep the rows, and `pack`, as they were"
        elif is_unnamed(unit.key):
            what = "the row that the journal has at its place"
            advice = "rows without names are told apart by their places, so keep these as they were"
            if entry is not None and entry.state is State.REJECTED and not entry.try_again:
                there_is = "which was refused"
                advice = f"{advice}, and give a row that was corrected a name"
        else:
            what = f"the request that was begun as {unit.key!r}"
            advice = (
                "undo the change, or, if another order is wanted, give it a name that no order had"
            )
        return ChangedRequestError(
            f"row {position} (counted from 0) differs from {what}, {there_is}. "
            f"Nothing was sent for it: {advice}",
            position,
        )

    def _named(self, unit: Unit[RequestT, OrderT]) -> Unit[RequestT, OrderT]:
        try:
            name = None
            if unit.members:
                unit.request = self._provider.packed(unit.members)
            else:
                name = self._provider.key(unit.request)
            if name:
                name.encode()  # what no file takes is found here, and not on the way there
                unit.key = named_key(name)
            if name or self._journal.keeps_orders:  # it may be asked for again
                unit.text = self._provider.dump_request(unit.request)
                unit.digest = self._digest(unit.text)
        except Exception as error:  # noqa: BLE001  # one bad row never stops the others
            unit.problem = error
        unit.key = unit.key or unnamed_key(unit.positions[0], self._name)
        return unit

    def _digest(self, text: str) -> str:
        """What tells a request from others: for as long as the journal lasts, or the process."""
        if self._journal.keeps_orders:
            return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return str(hash(text))

    def _cut(self, unit: Unit[RequestT, OrderT], rows: int) -> None:
        """Keep what was packed before, and let rows that came since be a unit of their own."""
        self._left.append(_unit(unit.positions[rows:], unit.members[rows:]))
        unit.positions, unit.members, unit.key = unit.positions[:rows], unit.members[:rows], ""
        if rows == 1:
            unit.request, unit.members = unit.members[0], ()
        self._named(unit)

    async def _packs(
        self, singles: _Units[RequestT, OrderT]
    ) -> AsyncGenerator[Unit[RequestT, OrderT], None]:
        """Rows of one kind together, in the order of the input and of nothing else."""
        packs: dict[Hashable, tuple[list[int], list[RequestT]]] = {}
        failed: Exception | None = None
        try:
            while (single := await _next(singles)) is not None:
                kind = self._kind(single.request)
                if kind is None:
                    yield single
                    continue
                positions, members = packs.setdefault(kind, ([], []))
                positions += single.positions
                members.append(single.request)
                full = kind if len(members) == self._pack else None
                if full is None and len(packs) > MOST_OPEN_PACKS:
                    full = next(iter(packs))
                if full is not None:
                    yield _unit(*packs.pop(full))
        except Exception as error:  # noqa: BLE001  # what came before it is placed first
            failed = error
        finally:
            if isinstance(singles, AsyncGenerator):
                await singles.aclose()
        for pack in packs.values():
            yield _unit(*pack)
        if failed is not None:
            raise failed

    def _kind(self, request: RequestT) -> Hashable:
        try:
            return self._provider.pack_key(request)
        except Exception:  # noqa: BLE001  # no request at all: told when its turn comes
            return None


def _unit(positions: Sequence[int], requests: Sequence[RequestT]) -> Unit[RequestT, Any]:
    return Unit(positions, requests[0], requests if len(requests) > 1 else ())


def _at_hand(requests: Iterable[RequestT]) -> Iterator[Unit[RequestT, Any]]:
    for position, request in enumerate(requests):
        yield Unit(range(position, position + 1), request)


async def _awaited(requests: AsyncIterable[RequestT]) -> AsyncGenerator[Unit[RequestT, Any], None]:
    position = 0
    async for request in requests:
        yield Unit(range(position, position + 1), request)
        position += 1


async def _next(units: _Units[RequestT, OrderT]) -> Unit[RequestT, OrderT] | None:
    return await anext(units, None) if isinstance(units, AsyncGenerator) else next(units, None)


class OpenRows(Generic[RequestT, OrderT]):
    """What a journal has open, as the input of a run that resumes it."""

    is_ready = True

    def __init__(self, provider: Provider[RequestT, OrderT], journal: Journal, *, run: int) -> None:
        self._provider = provider
        self._journal = journal
        self._run = run
        self._keys: deque[str] | None = None
        self._position = 0

    async def read(self, most: int) -> list[Unit[RequestT, OrderT]]:
        """The next units, as many at most; none at the end."""
        if self._keys is None:
            self._keys = deque(await self._journal.open_keys())
        keys = [self._keys.popleft() for _ in range(min(most, len(self._keys)))]
        turns = [self._journal.turn(key) for key in keys]
        entries = await asyncio.gather(*map(self._journal.get, keys))
        units: list[Unit[RequestT, OrderT]] = []
        rows: list[NewRow] = []
        for key, turn, entry in zip(keys, turns, entries, strict=True):
            if entry is None:  # somebody took it back since
                continue
            positions = range(self._position, self._position + entry.rows)
            self._position += entry.rows
            admitted = Admitted(entry, is_first=True)
            request = cast("RequestT", None)  # it is in the entry, if that can be read
            units.append(Unit(positions, request, key=key, admitted=admitted, turn=turn))
            rows += [(position, key, entry.digest) for position in positions]
        if rows:
            await self._journal.admit(self._run, rows)
        return units

    def corrects(self, unit: Unit[RequestT, OrderT]) -> bool:  # noqa: ARG002
        """No: what is open is finished as it was."""
        return False

    def leave(self) -> None:
        """Nothing: what is open is read to its end."""

    async def close(self) -> None:
        """Nothing is left open."""

    def placement(self, unit: Unit[RequestT, OrderT]) -> Placement[RequestT, OrderT]:
        """Where a unit stands."""
        entry = unit.entry
        if entry is None:
            raise TakenBackError("the run that began it took it back: there is nothing to resume")
        return Placement(entry, self._provider.load_request(entry.request))
