"""What a request may bring along, how expired credentials are renewed, and who counts."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from itertools import count
from weakref import ref

import pytest

from didww_async.config import RetryPolicy
from didww_async.errors import (
    AuthenticationError,
    ConnectionLostError,
    RateLimitedError,
    ServerError,
    TokenError,
)
from didww_async.transport import Pace, Request, RequestCount
from tests.integration.hostile.scripted import ScriptedServer, answer, hang_up
from tests.integration.transport.sessions import session_of


class Tokens:
    """Numbered tokens; a new one for each renewal, as long as there are any."""

    def __init__(self, *, most: int = 9) -> None:
        self.number = 1
        self.most = most
        self.refused: list[str] = []

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer secret-token-{self.number}"}

    def secrets(self) -> Sequence[str]:
        return [f"secret-token-{number}" for number in range(1, self.number + 1)]

    async def renew(self, refused: Mapping[str, str]) -> bool:
        self.refused.append(refused["Authorization"])
        if self.number >= self.most:
            return False
        self.number += 1
        return True


async def test_headers_of_the_request_go_along(server: ScriptedServer) -> None:
    """A request's own headers are sent beside the session's, and win over them."""
    server.script += [answer(200)]
    session = session_of(server)
    await session.send(Request("GET", "/a", headers={"X-Own": "1", "X-Kind": "request"}))
    await session.close()
    (seen,) = server.requests
    assert seen.header("X-Own") == "1"
    assert seen.header("X-Kind") == "request"
    assert seen.header("Accept") == "application/json"


async def test_credentials_win_over_headers_of_the_request(server: ScriptedServer) -> None:
    """A request can't take the place of the credentials."""
    server.script += [answer(200)]
    session = session_of(server, auth=Tokens())
    await session.send(Request("GET", "/a", headers={"authorization": "other"}))
    await session.close()
    assert server.requests[0].header("Authorization") == "Bearer secret-token-1"


async def test_attempt_headers_are_made_for_each_attempt(server: ScriptedServer) -> None:
    """A repetition carries fresh attempt headers, and the request's own ones as before."""
    server.script += [answer(503), hang_up(), answer(200)]
    numbers = count(1)
    session = session_of(
        server, attempt_headers=lambda: {"X-Attempt": str(next(numbers)), "X-Own": "other"}
    )
    await session.send(Request("GET", "/a", headers={"X-Own": "same"}))
    await session.close()
    assert [seen.header("X-Attempt") for seen in server.requests] == ["1", "2", "3"]
    assert {seen.header("X-Own") for seen in server.requests} == {"same"}


async def test_a_safe_post_is_repeated(server: ScriptedServer) -> None:
    """A POST that is marked as safe is sent again after a lost answer, as a GET is."""
    server.script += [hang_up(), answer(502), answer(200, b"done")]
    session = session_of(server)
    response = await session.send(Request("POST", "/a", body=b"{}", is_safe=True))
    await session.close()
    assert response.body == b"done"
    assert len(server.requests) == 3


@pytest.mark.parametrize("request_", [Request("POST", "/a", body=b"{}"), Request("PATCH", "/a")])
async def test_a_write_is_not_repeated(server: ScriptedServer, request_: Request) -> None:
    """A request that is not marked as safe is sent once if its answer is lost."""
    server.script += [hang_up()]
    session = session_of(server)
    with pytest.raises(ConnectionLostError):
        await session.send(request_)
    await session.close()
    assert len(server.requests) == 1


async def test_a_get_that_is_not_safe_is_not_repeated(server: ScriptedServer) -> None:
    """The mark counts, not the method."""
    server.script += [answer(503)]
    session = session_of(server)
    with pytest.raises(ServerError):
        await session.send(Request("GET", "/a", is_safe=False))
    await session.close()
    assert len(server.requests) == 1


async def test_expired_credentials_are_renewed_once(server: ScriptedServer) -> None:
    """After a 401 the request is sent once more, with fresh credentials."""
    server.script += [answer(401), answer(200)]
    auth = Tokens()
    session = session_of(server, auth=auth)
    response = await session.send(Request("POST", "/a", body=b"x"))
    await session.close()
    assert response.status == 200
    assert auth.refused == ["Bearer secret-token-1"]
    assert [seen.header("Authorization") for seen in server.requests] == [
        "Bearer secret-token-1",
        "Bearer secret-token-2",
    ]
    assert [seen.body for seen in server.requests] == [b"x", b"x"]


async def test_a_second_refusal_is_raised(server: ScriptedServer) -> None:
    """Fresh credentials that are refused too are not renewed again, and are blotted out."""
    server.script += [answer(401), answer(401, b"what is secret-token-2?")]
    session = session_of(server, auth=Tokens())
    with pytest.raises(AuthenticationError) as caught:
        await session.send(Request("GET", "/a"))
    await session.close()
    assert "[redacted]" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(server.requests) == 2


async def test_a_request_for_one_answer_is_not_sent_again(server: ScriptedServer) -> None:
    """After a 401 it is raised, and the next request has fresh credentials."""
    server.script += [answer(401), answer(200)]
    session = session_of(server, auth=Tokens())
    with pytest.raises(AuthenticationError):
        await session.send(Request("POST", "/a", outlives_answers=False))
    await session.send(Request("POST", "/a", outlives_answers=False))
    await session.close()
    assert [seen.header("Authorization") for seen in server.requests] == [
        "Bearer secret-token-1",
        "Bearer secret-token-2",
    ]


async def test_a_429_ends_a_request_for_one_answer(server: ScriptedServer) -> None:
    """A request that is for one answer is not sent again after a 429."""
    server.script += [answer(429)]
    session = session_of(server)
    with pytest.raises(RateLimitedError):
        await session.send(Request("POST", "/a", outlives_answers=False))
    await session.close()
    assert len(server.requests) == 1


async def test_a_request_without_credentials_renews_none(server: ScriptedServer) -> None:
    """A 401 to a request that went without credentials says nothing of them."""
    server.script += [answer(401)]
    auth = Tokens()
    session = session_of(server, auth=auth)
    with pytest.raises(AuthenticationError):
        await session.send(Request("GET", "/a", authenticated=False))
    await session.close()
    assert auth.refused == []


async def test_nothing_fresh_is_the_end(server: ScriptedServer) -> None:
    """If there are no other credentials the refusal is raised, without another request."""
    server.script += [answer(401)]
    session = session_of(server, auth=Tokens(most=1))
    with pytest.raises(AuthenticationError):
        await session.send(Request("GET", "/a"))
    await session.close()
    assert len(server.requests) == 1


async def test_a_missing_token_gives_back_the_place_in_the_pace(server: ScriptedServer) -> None:
    """A request that got no token never left, so it does not count against the pace."""

    class Tokenless(Tokens):
        async def headers(self) -> Mapping[str, str]:
            raise TokenError(ServerError("POST", "https://tokens.example.com", 500))

    server.script += [answer(200)]
    pace = Pace(1, 1000.0)
    session = session_of(server, auth=Tokenless(), pace=pace)
    for _ in range(3):
        with pytest.raises(TokenError):
            await session.send(Request("GET", "/a"))
    await session.send(Request("GET", "/a", authenticated=False))
    await session.close()
    assert len(server.requests) == 1


async def test_each_kind_of_request_has_a_pace_of_its_own(server: ScriptedServer) -> None:
    """A pace that is picked by the request bounds its own kind only."""
    server.otherwise = answer(200)
    slow, asked = Pace(1, 1000.0), list[str]()

    def pace(request: Request) -> Pace | None:
        asked.append(request.path)
        return slow if request.path == "/slow" else None

    session = session_of(server, pace=pace)
    await session.send(Request("GET", "/slow"))
    held_up = asyncio.ensure_future(session.send(Request("GET", "/slow")))
    while len(asked) < 2:
        await asyncio.sleep(0)
    for _ in range(5):
        await session.send(Request("GET", "/quick"))
    assert not held_up.done()
    held_up.cancel()
    await asyncio.wait({held_up})
    await session.close()
    assert asked == ["/slow", "/slow", *["/quick"] * 5]
    assert [seen.target for seen in server.requests] == ["/v3/slow", *["/v3/quick"] * 5]


async def test_a_429_pauses_the_pace_of_its_kind(server: ScriptedServer) -> None:
    """The server's wish to be left alone holds up the requests of that kind, and no others."""
    server.script += [answer(429, headers={"Retry-After": "50"}), answer(200)]
    slow, quick = Pace(), Pace()
    session = session_of(server, pace=lambda request: slow if request.path == "/slow" else quick)
    held_up = asyncio.ensure_future(session.send(Request("GET", "/slow")))
    while not server.requests:
        await asyncio.sleep(0.001)
    await session.send(Request("GET", "/quick"))
    assert not held_up.done()
    held_up.cancel()
    await asyncio.wait({held_up})
    await session.close()


@pytest.mark.parametrize(("asked", "seconds"), [("9999", 7.0), ("5", 5.0)])
async def test_a_429_pauses_no_longer_than_the_policy_allows(
    server: ScriptedServer, asked: str, seconds: float
) -> None:
    """One answer of a server that went mad does not end the work of everybody."""
    pauses: list[float] = []

    class NotingPace(Pace):
        def pause(self, seconds: float) -> None:
            pauses.append(seconds)

    server.script += [answer(429, headers={"Retry-After": asked})]
    policy = RetryPolicy(attempts=1, max_retry_after=7.0)
    session = session_of(server, pace=NotingPace(), retry=policy)
    with pytest.raises(RateLimitedError):
        await session.send(Request("GET", "/a"))
    await session.close()
    assert pauses == [seconds]


async def test_every_request_is_counted(server: ScriptedServer) -> None:
    """A repetition and a renewal are requests, too."""
    server.script += [answer(503), answer(401), answer(200)]
    session = session_of(server, auth=Tokens())
    counted = RequestCount()
    await session.send(Request("GET", "/a"))
    await session.close()
    assert counted.sent == 3


async def test_a_count_sees_its_own_task_and_those_it_starts(server: ScriptedServer) -> None:
    """Two tasks that count don't see each other; what a task starts is counted with it."""
    server.otherwise = answer(200)
    session = session_of(server)

    async def work(requests: int) -> int:
        counted = RequestCount()
        await asyncio.gather(*(session.send(Request("GET", "/a")) for _ in range(requests)))
        return counted.sent

    whole = RequestCount()
    assert list(await asyncio.gather(work(2), work(3))) == [2, 3]
    await session.close()
    assert whole.sent == 5


async def test_counts_nest(server: ScriptedServer) -> None:
    """A count within another one is counted by both, at any depth."""
    server.otherwise = answer(200)
    session = session_of(server)
    counts = []
    for _ in range(3):
        counts.append(RequestCount())
        await session.send(Request("GET", "/a"))
    await session.close()
    assert [each.sent for each in counts] == [3, 2, 1]


async def test_counts_that_nobody_holds_are_forgotten(server: ScriptedServer) -> None:
    """A task that counts one thing after the other keeps the last count only."""
    server.otherwise = answer(200)
    session = session_of(server)
    outer = RequestCount()
    forgotten = []
    for _ in range(50):
        counted = RequestCount()
        forgotten.append(ref(counted))
        await session.send(Request("GET", "/a"))
    gc.collect()
    # The connection keeps the context in which it was made, and its count with it.
    assert len([each for each in forgotten if each() is not None]) <= 2
    assert len(counted.outer) <= 3
    assert outer.sent == 50
    await session.close()
