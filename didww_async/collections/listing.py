"""Lists that come page by page: awaited for the first page, iterated for everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from typing import Generic, TypeAlias, TypeVar

import attrs

from didww_async.errors import DecodeError, PaginationError
from didww_async.jsonapi import Link

__all__ = ["Listing", "Page"]

ItemT_co = TypeVar("ItemT_co", covariant=True)


@attrs.frozen
class Page(Generic[ItemT_co]):
    """One page of a list; iterating it gives its items."""

    items: tuple[ItemT_co, ...]
    meta: Mapping[str, object]
    """`total_records` counts the items of all pages, where the list has pages."""
    links: Mapping[str, Link | None]
    url: str
    """Where it was read, without its query."""

    @property
    def next_url(self) -> str | None:
        """Where the next page is; `None` on the last one."""
        return self.link("next")

    def link(self, name: str) -> str | None:
        """The URL of a link, or `None` if the page has no such link."""
        link = self.links.get(name)
        return link.href if link is not None and link.href else None

    def __getitem__(self, index: int) -> ItemT_co:
        return self.items[index]

    def __iter__(self) -> Iterator[ItemT_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


Load: TypeAlias = "Callable[[str | None], Awaitable[Page[ItemT_co]]]"
"""Loads the page of a link; `None` stands for the first one."""


class Listing(Generic[ItemT_co]):
    """
    A list that is read when it is looked at.

    `await` it for the first `Page`, or iterate it with `async for` for every item of
    every page, in memory for one or two pages however long it is. Each iteration
    starts from the first page again.

    Pages are found by following `links.next` as it stands (JSON:API 1.0, Pagination):
    only its absence ends the list, an empty page does not. While a page is being
    consumed the next one is fetched, unless `prefetch` is off.
    Pages of this API are counted by offset: items that appear while you walk can
    shift others, so give a `sort` that new items don't disturb.

    Raises:
        ForeignOriginError: A link leads to another server, to which nothing is sent.
        PaginationError: A link leads back to a page that was already read.
    """

    def __init__(self, load: Load[ItemT_co], *, prefetch: bool = True) -> None:
        self._load = load
        self._prefetch = prefetch

    def __repr__(self) -> str:
        return "<Listing: `async for` its items, or `await` it for the first page>"

    def __await__(self) -> Generator[object, None, Page[ItemT_co]]:
        return _awaitable(self._load(None)).__await__()

    async def __aiter__(self) -> AsyncIterator[ItemT_co]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def pages(self) -> AsyncIterator[Page[ItemT_co]]:
        """The pages one by one, empty ones too."""
        upcoming: asyncio.Future[Page[ItemT_co]] | None = None
        page = await self._load(None)
        # Hashes of the links, not the links: a list may have any number of pages.
        seen = {hash(link) for name in ("first", "self") if (link := page.link(name))}
        try:
            while True:
                following = page.next_url
                repeated = following is not None and hash(following) in seen
                if following is not None and not repeated:
                    seen.add(hash(following))
                    if self._prefetch:
                        upcoming = asyncio.ensure_future(_awaitable(self._load(following)))
                yield page
                if following is None:
                    return
                if repeated:
                    raise PaginationError("GET", page.url)
                page = await (upcoming or self._load(following))
                upcoming = None
        finally:
            if upcoming is not None:
                upcoming.cancel()
                await asyncio.wait({upcoming})
                if not upcoming.cancelled():
                    upcoming.exception()  # nobody asks for the page any more

    async def total(self) -> int:
        """
        How many items the list has on the server, by the first page's `meta`.

        Raises:
            DecodeError: The server does not count this list.
        """
        page = await self
        for name in ("total_records", "total_count"):
            count = page.meta.get(name)
            if isinstance(count, int) and not isinstance(count, bool):
                return count
        raise DecodeError(
            "GET", page.url, 200, "expected a count of the items, got none", "$.meta.total_records"
        )


async def _awaitable(page: Awaitable[Page[ItemT_co]]) -> Page[ItemT_co]:
    return await page
