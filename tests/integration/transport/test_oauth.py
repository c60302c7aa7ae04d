"""Tokens: asked for once for everybody, renewed ahead, and seen by nobody."""

from __future__ import annotations

import asyncio
import logging
import pickle
from typing import Any
from urllib.parse import parse_qs

import pytest

from didww_async.config import Timeouts
from didww_async.errors import (
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    ServerError,
    TokenError,
)
from didww_async.transport import RenewableAuth, Request
from didww_async.transport.oauth import ClientCredentialsAuth
from tests.integration.hostile.scripted import (
    QUICK,
    Peer,
    ScriptedServer,
    Step,
    answer,
    hang_up,
    html,
    stall,
)
from tests.integration.transport.sessions import session_of

SECRET = "p8e/secret+5f"


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def auth_of(server: ScriptedServer, **options: Any) -> ClientCredentialsAuth:
    """Credentials that this server gives tokens for."""
    defaults = {
        "client_id": "client-7",
        "client_secret": SECRET,
        "scope": "openid,AdobeID",
        "retry": QUICK,
        "timeouts": Timeouts(connect=5, read=5, total=10),
    }
    return ClientCredentialsAuth(f"{server.origin}/token", **{**defaults, **options})


def granted(token: str, seconds: Any = 86399) -> Step:
    """The answer with this token."""
    return answer(
        200, {"access_token": token, "token_type": "bearer", "expires_in": seconds, "new": 1}
    )


def waits_for(event: asyncio.Event, step: Step) -> Step:
    """The same answer, once the event is set."""

    async def late(peer: Peer) -> None:
        await event.wait()
        await step(peer)

    return late


async def bearer(auth: ClientCredentialsAuth) -> str:
    """The token that goes along with a request now."""
    return (await auth.headers())["Authorization"].removeprefix("Bearer ")


async def refusal(auth: ClientCredentialsAuth) -> TokenError:
    """The error of a token that can't be had."""
    with pytest.raises(TokenError) as caught:
        await auth.headers()
    await auth.close()
    return caught.value


async def until(condition: Any) -> None:
    """Let the others go on until something is so."""
    while not condition():
        await asyncio.sleep(0.001)


async def test_the_request_for_a_token(server: ScriptedServer) -> None:
    """It is a form with the client's id, secret and scope, posted without credentials."""
    server.script += [granted("t1")]
    auth = auth_of(server)
    assert await auth.headers() == {"Authorization": "Bearer t1"}
    await auth.close()
    (seen,) = server.requests
    assert (seen.method, seen.target) == ("POST", "/token")
    assert seen.header("Content-Type") == "application/x-www-form-urlencoded"
    assert seen.header("Authorization") is None
    assert parse_qs(seen.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client-7"],
        "client_secret": [SECRET],
        "scope": ["openid,AdobeID"],
    }


async def test_a_token_is_used_until_it_is_old(server: ScriptedServer) -> None:
    """It is asked for once, and again when its time has passed."""
    server.script += [granted("t1", 1000), granted("t2", 1000)]
    clock = Clock()
    auth = auth_of(server, clock=clock)
    assert [await bearer(auth) for _ in range(3)] == ["t1", "t1", "t1"]
    clock.now += 1000
    assert [await bearer(auth) for _ in range(3)] == ["t2", "t2", "t2"]
    await auth.close()


@pytest.mark.parametrize(("life", "ahead"), [(86399, 180), (100, 10), ("3600", 180)])
async def test_the_next_token_is_fetched_ahead(
    server: ScriptedServer, life: Any, ahead: float
) -> None:
    """Shortly before its end a token still serves, while the next one is on its way."""
    server.script += [granted("t1", life), granted("t2", life)]
    clock = Clock()
    auth = auth_of(server, clock=clock)
    assert await bearer(auth) == "t1"
    clock.now += int(life) - ahead - 1
    assert await bearer(auth) == "t1"
    assert len(server.requests) == 1
    clock.now += 1
    assert await bearer(auth) == "t1"
    await until(lambda: "t2" in auth.secrets())
    assert await bearer(auth) == "t2"
    assert len(server.requests) == 2
    await auth.close()


async def test_a_failure_ahead_disturbs_nobody(server: ScriptedServer) -> None:
    """While a token serves, a failure to renew it is not seen, and not repeated at once."""
    server.script += [granted("t1", 1000), answer(400, {"error": "invalid_client"})]
    clock = Clock()
    auth = auth_of(server, clock=clock)
    assert await bearer(auth) == "t1"
    clock.now += 900
    assert await bearer(auth) == "t1"
    await until(lambda: len(server.requests) == 2)
    await asyncio.sleep(0.01)
    assert [await bearer(auth) for _ in range(5)] == ["t1"] * 5
    assert len(server.requests) == 2
    server.script += [granted("t2", 1000)]
    clock.now += 10
    assert await bearer(auth) == "t1"
    await until(lambda: "t2" in auth.secrets())
    assert await bearer(auth) == "t2"
    await auth.close()


async def test_a_life_without_end(server: ScriptedServer) -> None:
    """A token without `expires_in` serves until it is refused."""
    server.script += [answer(200, {"access_token": "t1"})]
    clock = Clock()
    auth = auth_of(server, clock=clock)
    assert await bearer(auth) == "t1"
    clock.now += 10**9
    assert await bearer(auth) == "t1"
    await auth.close()


async def test_everybody_waits_for_one_request(server: ScriptedServer) -> None:
    """A hundred callers without a token ask for it once."""
    server.script += [granted("t1")]
    auth = auth_of(server)
    assert set(await asyncio.gather(*(bearer(auth) for _ in range(100)))) == {"t1"}
    await auth.close()
    assert len(server.requests) == 1


async def test_one_who_leaves_takes_nothing_along(server: ScriptedServer) -> None:
    """A caller that is cancelled, the first one too, leaves the request to the others."""
    answered = asyncio.Event()
    server.script += [waits_for(answered, granted("t1"))]
    auth = auth_of(server)
    callers = [asyncio.ensure_future(bearer(auth)) for _ in range(3)]
    await until(lambda: server.requests)
    callers[0].cancel()
    await asyncio.wait({callers[0]})
    answered.set()
    assert await asyncio.gather(*callers[1:]) == ["t1", "t1"]
    await auth.close()


async def test_all_may_leave(server: ScriptedServer) -> None:
    """If every caller is cancelled, a failure goes unseen and the next caller asks anew."""
    answered = asyncio.Event()
    server.script += [waits_for(answered, answer(400)), granted("t1")]
    auth = auth_of(server)
    caller = asyncio.ensure_future(bearer(auth))
    await until(lambda: server.requests)
    caller.cancel()
    await asyncio.wait({caller})
    answered.set()
    await asyncio.sleep(0.02)
    assert await bearer(auth) == "t1"
    await auth.close()


async def test_a_refused_token_is_replaced(server: ScriptedServer) -> None:
    """Only the token that was refused is replaced; one that is newer stays."""
    server.script += [granted("t1"), granted("t2")]
    auth = auth_of(server)
    refused = await auth.headers()
    assert all(await asyncio.gather(*(auth.renew(refused) for _ in range(5))))
    assert await auth.renew(refused)
    assert await bearer(auth) == "t2"
    await auth.close()
    assert len(server.requests) == 2


async def test_the_same_token_again_is_no_renewal(server: ScriptedServer) -> None:
    """A service that hands out the refused token once more makes another try senseless."""
    server.script += [granted("t1"), granted("t1")]
    auth = auth_of(server)
    assert not await auth.renew(await auth.headers())
    await auth.close()


@pytest.mark.parametrize(
    ("steps", "cause"),
    [
        ([answer(400, {"error": "invalid_client", "error_description": SECRET})], BadRequestError),
        ([answer(401, {"error": "invalid_client"})], AuthenticationError),
        ([html(500)], ServerError),
        ([html(503)] * 3, ServerError),
        ([hang_up()] * 3, ConnectionLostError),
        ([answer(200, b"<html>")], DecodeError),
        ([answer(200, {"token_type": "bearer"})], DecodeError),
        ([answer(200, {"access_token": ""})], DecodeError),
        ([answer(200, {"access_token": "a\nb"})], DecodeError),
        ([answer(200, {"access_token": "a", "expires_in": "soon"})], DecodeError),
    ],
)
async def test_no_token_is_a_token_error(
    server: ScriptedServer, steps: list[Step], cause: type[Exception]
) -> None:
    """Whatever goes wrong on the way to a token is its cause, without the secret."""
    server.script += steps
    error = await refusal(auth_of(server))
    assert type(error.cause) is cause
    assert SECRET not in str(error) + repr(error)
    assert "nothing was sent" in str(error)
    assert pickle.loads(pickle.dumps(error)).args[0].args == error.cause.args


async def test_the_service_is_not_there(server: ScriptedServer) -> None:
    """No connection to the token service is a TokenError as well."""
    await server.stop()
    assert isinstance((await refusal(auth_of(server))).cause, ConnectError)


async def test_trouble_that_passes_is_waited_out(server: ScriptedServer) -> None:
    """A lost answer and a failure of a gateway are repeated: asking twice does no harm."""
    server.script += [hang_up(), html(502), granted("t1")]
    auth = auth_of(server)
    assert await bearer(auth) == "t1"
    await auth.close()


async def test_refusals_of_the_service_are_told(server: ScriptedServer) -> None:
    """Its code and description are in the error, and what to check after a 401."""
    server.script += [answer(401, {"error": "invalid_client", "error_description": "bad id"})]
    error = await refusal(auth_of(server))
    assert isinstance(error.cause, AuthenticationError)
    assert error.cause.errors[0].code == "invalid_client"
    assert "bad id" in str(error)
    assert "check client_id" in str(error)


async def test_who_asks_is_not_told(server: ScriptedServer) -> None:
    """A service that repeats the client's id or secret does not bring it into an error."""
    said = f"client-7 with {SECRET} is not known"
    server.script += [answer(401, {"error": "invalid_client", "error_description": said})]
    error = await refusal(auth_of(server))
    assert "is not known" in str(error)
    assert "client-7" not in repr(error) + str(error)
    assert SECRET not in repr(error) + str(error)


async def test_closing_ends_the_wait(server: ScriptedServer) -> None:
    """Those who wait for a token learn that the client was closed; they are not cancelled."""
    server.script += [stall()]
    auth = auth_of(server)
    caller = asyncio.ensure_future(bearer(auth))
    await until(lambda: server.requests)
    await auth.close()
    with pytest.raises(TokenError) as caught:
        await caller
    assert isinstance(caught.value.cause, ClientStateError)
    await auth.close()


async def test_closing_before_the_request_began(server: ScriptedServer) -> None:
    """Nobody is cancelled either if the request had not even begun."""
    server.strict = False
    server.script += [stall()]
    auth = auth_of(server)
    caller = asyncio.ensure_future(bearer(auth))
    await asyncio.sleep(0)
    await auth.close()
    with pytest.raises(TokenError):
        await caller


async def test_a_session_renews_the_token(server: ScriptedServer) -> None:
    """A 401 of the API fetches another token for the second try."""
    server.script += [granted("t1"), answer(401), granted("t2"), answer(200, b"done")]
    auth = auth_of(server)
    assert isinstance(auth, RenewableAuth)
    session = session_of(server, auth=auth)
    assert (await session.send(Request("GET", "/a"))).body == b"done"
    await session.close()
    await auth.close()
    assert [seen.header("Authorization") for seen in server.requests] == [
        None,
        "Bearer t1",
        None,
        "Bearer t2",
    ]


async def test_secrets_stay_secret(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the secret nor a token is in a repr, a log or an error that repeats it."""
    caplog.set_level(logging.DEBUG)
    echo = b"Bearer tok-1, Bearer tok-2 or " + SECRET.encode()
    server.script += [granted("tok-1"), answer(401), granted("tok-2"), answer(400, echo)]
    auth = auth_of(server)
    session = session_of(server, auth=auth)
    with pytest.raises(BadRequestError) as caught:
        await session.send(Request("GET", "/a"))
    await session.close()
    await auth.close()
    told = caplog.text + repr(auth) + repr(caught.value) + repr(caught.value.args)
    assert caplog.text
    for secret in ("tok-1", "tok-2", SECRET, "client-7"):
        assert secret not in told
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(auth)


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
@pytest.mark.parametrize("value", ["", "a b", "a\n", None, 5])
async def test_what_is_no_credential_is_refused(name: str, value: Any) -> None:
    """An empty or broken id or secret is refused by name, without its text."""
    given = {"client_id": "a", "client_secret": "b", name: value}
    with pytest.raises(ConfigurationError, match=name):
        ClientCredentialsAuth("https://tokens.example.com/token", **given)


def test_the_bytes_of_the_grant_are_not_in_its_repr() -> None:
    """The parsed answer doesn't show its token either."""
    from didww_async.transport import oauth

    assert "t1" not in repr(oauth._Grant("t1", 5)) + repr(oauth._Token("t1", 0.0, 0.0))
