"""Walking through the pages of a list: what ends it, what breaks it, what it leaves behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from didww_async import DecodeError, NotFoundError, PaginationError, ServerError
from tests.integration.hostile.scripted import (
    ScriptedServer,
    answer,
    client_of,
    ids_of,
    page,
    refusal,
    stall,
)


async def test_an_empty_page_does_not_end_a_walk(server: ScriptedServer) -> None:
    """Only a missing `next` does."""
    server.script = [
        answer(200, page(["a"], next=f"{server.url}/orders?page=2")),
        answer(200, page([], next=f"{server.url}/orders?page=3")),
        answer(200, page(["b"])),
    ]

    async with client_of(server) as didww:
        pages = [len(p) async for p in didww.list_orders().pages()]

    assert pages == [1, 0, 1]


@pytest.mark.parametrize(
    "document",
    [
        page(["a"]),
        {**page(["a"]), "links": {}},
        {**page(["a"]), "links": None},
        page(["a"], next=None),
        page(["a"], next=""),
        page(["a"], next={"href": ""}),
        page(["a"], first="http://192.0.2.1/", last="http://192.0.2.1/"),
    ],
)
async def test_a_page_without_a_next_link_is_the_last(
    server: ScriptedServer, document: dict[str, Any]
) -> None:
    """Missing links, a missing member, null and an empty text all say so."""
    server.script = [answer(200, document)]

    async with client_of(server) as didww:
        assert await ids_of(didww.list_orders()) == ["a"]


async def test_a_link_in_object_form_is_followed(server: ScriptedServer) -> None:
    """JSON:API lets a link be an object with `href`."""
    link = {"href": f"{server.url}/orders?page=2", "meta": {"x": 1}}
    server.script = [answer(200, page(["a"], next=link)), answer(200, page(["b"]))]

    async with client_of(server) as didww:
        assert await ids_of(didww.list_orders()) == ["a", "b"]


@pytest.mark.parametrize("link", [5, True, [], {}, {"href": 7}])
async def test_a_link_that_is_none_is_a_decode_error(server: ScriptedServer, link: object) -> None:
    """It names the place."""
    server.script = [answer(200, page(["a"], next=link))]

    async with client_of(server) as didww:
        with pytest.raises(DecodeError, match=r"\$\.links\.next"):
            await didww.list_orders()


@pytest.mark.parametrize("prefetch", [True, False])
async def test_a_page_that_links_to_itself_raises(
    server: ScriptedServer, *, prefetch: bool
) -> None:
    """PaginationError after its items came once."""
    link = f"{server.url}/orders?page=2"
    server.script = [answer(200, page(["a"], next=link)), answer(200, page(["b"], next=link))]
    got = []

    async with client_of(server) as didww:
        with pytest.raises(PaginationError):  # noqa: PT012
            async for order in didww.list_orders(prefetch=prefetch):
                got.append(order.id)  # noqa: PERF401  # what came before the error counts

    assert got == ["a", "b"]


@pytest.mark.parametrize("name", ["first", "self"])
async def test_a_link_back_to_the_first_page_raises(server: ScriptedServer, name: str) -> None:
    """PaginationError before the first page is read again."""
    first = f"{server.url}/orders?page=1"
    server.script = [
        answer(200, page(["a"], next=f"{server.url}/orders?page=2", **{name: first})),
        answer(200, page(["b"], next=first)),
    ]

    async with client_of(server) as didww:
        with pytest.raises(PaginationError):
            await ids_of(didww.list_orders())


async def test_a_circle_of_two_pages_raises(server: ScriptedServer) -> None:
    """PaginationError, without a page that is read twice."""
    second, third = f"{server.url}/orders?page=2", f"{server.url}/orders?page=3"
    server.script = [
        answer(200, page(["a"], next=second)),
        answer(200, page(["b"], next=third)),
        answer(200, page(["c"], next=second)),
    ]

    async with client_of(server) as didww:
        with pytest.raises(PaginationError):
            await ids_of(didww.list_orders())


async def test_a_first_page_that_links_to_itself_raises_at_once(server: ScriptedServer) -> None:
    """Its own `self` link is known from the start."""
    link = f"{server.url}/orders?page=1"
    server.script = [answer(200, page(["a"], next=link, self=link))]

    async with client_of(server) as didww:
        with pytest.raises(PaginationError):
            await ids_of(didww.list_orders())


async def test_awaiting_a_list_reads_one_page(server: ScriptedServer) -> None:
    """The first one, with its meta; the next one is not fetched ahead."""
    server.script = [answer(200, page(["a"], next=f"{server.url}/orders?page=2"))]

    async with client_of(server) as didww:
        first = await didww.list_orders()

    assert [order.id for order in first] == ["a"]
    assert first.next_url == f"{server.url}/orders?page=2"
    assert first.meta["total_records"] == 9


async def test_a_second_iteration_starts_again(server: ScriptedServer) -> None:
    """A listing is a recipe, not a stream."""
    server.otherwise = answer(200, page(["a"]))

    async with client_of(server) as didww:
        listing = didww.list_orders()
        assert await ids_of(listing) == await ids_of(listing) == ["a"]

    assert len(server.requests) == 2


async def test_the_total_comes_from_the_first_page(server: ScriptedServer) -> None:
    """One request, whatever the number of pages."""
    server.script = [answer(200, page(["a"], next=f"{server.url}/orders?page=2"))]

    async with client_of(server) as didww:
        assert await didww.list_orders().total() == 9


@pytest.mark.parametrize("meta", [{}, {"total_records": "9"}, {"total_records": True}])
async def test_a_list_that_is_not_counted_has_no_total(
    server: ScriptedServer, meta: dict[str, object]
) -> None:
    """DecodeError, not a made-up number."""
    server.script = [answer(200, {"data": [], "meta": meta})]

    async with client_of(server) as didww:
        with pytest.raises(DecodeError, match="total_records"):
            await didww.list_orders().total()


async def test_the_next_page_is_fetched_while_one_is_consumed(server: ScriptedServer) -> None:
    """It is on the wire before the consumer asks for it, and the one after that is not."""
    asked = asyncio.Event()

    async def tell(peer: Any) -> None:
        asked.set()
        await answer(200, page(["b"], next=f"{server.url}/orders?page=3"))(peer)

    server.strict = False
    server.script = [answer(200, page(["a"], next=f"{server.url}/orders?page=2")), tell, stall()]

    async with client_of(server) as didww:
        async for order in didww.list_orders():
            if order.id == "a":
                async with asyncio.timeout(5):
                    await asked.wait()
                assert len(server.requests) == 2
            else:
                break


async def test_without_prefetch_nothing_is_asked_ahead(server: ScriptedServer) -> None:
    """The next page is asked for after the last item of this one was consumed."""
    server.script = [
        answer(200, page(["a", "b"], next=f"{server.url}/orders?page=2")),
        answer(200, page(["c"])),
    ]
    asked = []

    async with client_of(server) as didww:
        async for _ in didww.list_orders(prefetch=False):
            for _ in range(20):
                await asyncio.sleep(0)
            asked.append(len(server.requests))

    assert asked == [1, 1, 2]


async def test_a_failed_prefetch_is_raised_when_its_page_is_due(server: ScriptedServer) -> None:
    """All items before it come first."""
    failed = asyncio.Event()

    async def fail(peer: Any) -> None:
        await answer(404, refusal(404))(peer)
        failed.set()

    server.script = [answer(200, page(["a", "b"], next=f"{server.url}/orders?page=2")), fail]
    got = []

    async with client_of(server) as didww:
        with pytest.raises(NotFoundError):  # noqa: PT012
            async for order in didww.list_orders():
                async with asyncio.timeout(5):
                    await failed.wait()
                got.append(order.id)

    assert got == ["a", "b"]


async def test_a_failed_prefetch_that_nobody_waits_for_goes_unnoticed(
    server: ScriptedServer,
) -> None:
    """No "exception was never retrieved" when the consumer has left."""
    server.script = [
        answer(200, page(["a"], next=f"{server.url}/orders?page=2")),
        answer(404, refusal(404)),
    ]

    async with client_of(server) as didww:
        async for _ in didww.list_orders():
            async with asyncio.timeout(5):
                while len(server.requests) < 2:
                    await asyncio.sleep(0)
                while len(asyncio.all_tasks()) > _tasks_of_a_test(server):
                    await asyncio.sleep(0)
            break


def _tasks_of_a_test(server: ScriptedServer) -> int:
    """This test and one for each connection that is served."""
    return 1 + server.connections


async def test_breaking_out_of_a_walk_leaves_no_task(server: ScriptedServer) -> None:
    """The page that was under way is given up."""
    server.script = [answer(200, page(["a", "b"], next=f"{server.url}/orders?page=2")), stall()]
    before = asyncio.all_tasks()

    async with client_of(server) as didww:
        async for _ in didww.list_orders():
            async with asyncio.timeout(5):
                while len(server.requests) < 2:
                    await asyncio.sleep(0)
            break
        async with asyncio.timeout(5):
            while _prefetches() - before:
                await asyncio.sleep(0)


async def test_closing_a_walk_by_hand_leaves_no_task(server: ScriptedServer) -> None:
    """`aclose()` gives the page up before it returns."""
    server.script = [answer(200, page(["a"], next=f"{server.url}/orders?page=2")), stall()]

    async with client_of(server) as didww:
        pages = didww.list_orders().pages()
        await anext(pages)
        async with asyncio.timeout(5):
            while len(server.requests) < 2:
                await asyncio.sleep(0)
        assert len(_prefetches()) == 1
        await pages.aclose()  # type: ignore[attr-defined]
        assert _prefetches() == set()


def _prefetches() -> set[asyncio.Task[Any]]:
    return {
        task
        for task in asyncio.all_tasks()
        if "_awaitable" in getattr(task.get_coro(), "__qualname__", "")
    }


async def test_cancelling_a_consumer_leaves_no_task(server: ScriptedServer) -> None:
    """Neither while it works on an item, nor while it waits for a page."""
    server.otherwise = answer(200, page(["a"], next=f"{server.url}/orders?page=2"))
    at_work = asyncio.Event()

    async with client_of(server) as didww:

        async def consume() -> None:
            async for _ in didww.list_orders():
                at_work.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(consume())
        await at_work.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            while _prefetches():
                await asyncio.sleep(0)


async def test_cancelling_a_consumer_that_waits_for_a_page_leaves_no_task(
    server: ScriptedServer,
) -> None:
    """The request under way goes with it."""
    server.script = [answer(200, page(["a"], next=f"{server.url}/orders?page=2")), stall()]

    async with client_of(server) as didww:
        task = asyncio.create_task(ids_of(didww.list_orders()))
        async with asyncio.timeout(5):
            while len(server.requests) < 2:
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert _prefetches() == set()


async def test_a_walk_that_outlives_its_client_ends_in_an_error_of_this_package(
    server: ScriptedServer,
) -> None:
    """The page under way is lost with the connection; nothing else escapes."""
    server.script = [answer(200, page(["a"], next=f"{server.url}/orders?page=2"))]
    server.otherwise = stall()

    async with client_of(server) as didww:
        pages = didww.list_orders().pages()
        await anext(pages)
        async with asyncio.timeout(5):
            while len(server.requests) < 2:
                await asyncio.sleep(0)
    with pytest.raises(Exception) as caught:  # its kind is the question
        await anext(pages)

    assert type(caught.value).__module__ == "didww_async.errors"


async def test_a_page_is_fetched_again_after_a_gateway_error(server: ScriptedServer) -> None:
    """Retries work inside of a walk, too."""
    server.script = [
        answer(200, page(["a"], next=f"{server.url}/orders?page=2")),
        answer(502),
        answer(200, page(["b"])),
    ]

    async with client_of(server) as didww:
        assert await ids_of(didww.list_orders()) == ["a", "b"]


async def test_a_page_that_fails_for_good_raises(server: ScriptedServer) -> None:
    """A walk is never cut short in silence."""
    server.script = [answer(200, page(["a"], next=f"{server.url}/orders?page=2")), answer(500)]

    async with client_of(server) as didww:
        with pytest.raises(ServerError):
            await ids_of(didww.list_orders())
