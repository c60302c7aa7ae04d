"""Lists that are asked for by page number, and do not tell where they end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

import attrs

from didww_async.collections.listing import Page
from didww_async.errors import InvalidRequestError, PaginationError
from didww_async.jsonapi import Link

__all__ = ["LARGEST_PAGE", "Pages"]

ItemT = TypeVar("ItemT")

LARGEST_PAGE = 100
"""The documents name no limit; their examples ask for 100 at most."""


@attrs.frozen
class _Place:
    """Where a walk has come to: all that the next page is judged by, kept in its link."""

    number: int = 1
    size: int = 0
    """How many items the first page had."""
    first: int = 0
    """What the first page looked like, and the last one."""
    last: int = 0

    @classmethod
    def of(cls, link: str | None) -> _Place:
        return cls() if link is None else cls(*map(int, link.split()))

    @property
    def link(self) -> str:
        return f"{self.number} {self.size} {self.first} {self.last}"


class Pages(Generic[ItemT]):
    """
    Loads the pages of one list for a `Listing`.

    A page that is empty, or shorter than the first one, is the last. The first one itself may
    be short of `limit` because the server gives less at a time than it is asked for, so
    another is asked for then; a server that knows only one page gives that again.
    """

    def __init__(
        self,
        read: Callable[[Mapping[str, int]], Awaitable[tuple[ItemT, ...]]],
        limit: int,
        url: str,
    ) -> None:
        if type(limit) is not int or limit < 1:
            raise InvalidRequestError("limit", f"takes a whole number from 1, not {limit!r}")
        self._read = read
        self._limit = limit
        self._url = url

    async def load(self, link: str | None) -> Page[ItemT]:
        """
        The page of a link; `None` stands for the first one.

        Raises:
            PaginationError: It is one that was read before.
        """
        place = _Place.of(link)
        items = await self._read({"limit": self._limit, "page": place.number})
        look = hash(tuple(map(repr, items)))
        if place.number > 1 and items and look in {place.first, place.last}:
            if place.size < self._limit:
                return self._page((), None)
            raise PaginationError("POST", self._url)
        if not items or len(items) < place.size:
            return self._page(items, None)
        first = (len(items), look) if place.number == 1 else (place.size, place.first)
        return self._page(items, _Place(place.number + 1, *first, look).link)

    def _page(self, items: tuple[ItemT, ...], link: str | None) -> Page[ItemT]:
        links = {} if link is None else {"next": Link(link)}
        return Page(items, {}, links, self._url)
