"""Tokens that work once: nothing is bought twice, and nothing that was bought is lost."""

from __future__ import annotations

import asyncio
import json
import pickle
import stat
from pathlib import Path
from typing import Any

import attrs
import pytest

from didww_async import DidwwError, OrderUnconfirmedError, TokenError
from didww_async.errors import ConfigurationError
from didww_async.placement import Accepted, Answered, Found, Intent, NoSuchOrder
from didww_async.providers.plum import (
    MemoryTokens,
    PlumProvider,
    TokenFile,
    TokenPair,
    auth,
)
from didww_async.providers.plum.auth import RotatingTokens
from didww_async.sandbox.exchange import Request
from didww_async.sandbox.plum import PlumSandbox, operation
from didww_async.transport.status import SHOWN_CHARACTERS
from tests.integration.exposure import told_by
from tests.integration.plum.conftest import PHONE, Clock, client_of, pair_of, top_up


class BrokenStore(MemoryTokens):
    """A store that can't keep anything while it is `broken`."""

    broken = True
    offered = 0

    def store(self, pair: TokenPair) -> None:
        self.offered += 1
        if self.broken:
            raise OSError("no space left")
        super().store(pair)


class SlowStore(MemoryTokens):
    """A store of coroutines, that notes which tokens are in use when it is asked."""

    stored: TokenPair | None = None

    def __init__(self, pair: TokenPair) -> None:
        super().__init__(pair)
        self.began = asyncio.Event()

    async def load(self) -> TokenPair:  # type: ignore[override]
        await asyncio.sleep(0)
        return self.pair

    async def store(self, pair: TokenPair) -> None:  # type: ignore[override]
        self.began.set()
        await asyncio.sleep(0.01)
        self.pair = self.stored = pair


def is_refresh(request: Request) -> bool:
    """Whether it asks for tokens."""
    return request.path.endswith("/token/user")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a second for a second refresh."""
    monkeypatch.setattr(auth, "PAUSE_AFTER_LOSS", 0.0)
    monkeypatch.setattr(auth, "STORED_ELSEWHERE_PAUSES", (0.0, 0.0, 0.0))


async def test_expired_token_is_replaced_in_the_middle(sandbox: PlumSandbox) -> None:
    """A run goes on when its token expires, and every order is placed once."""
    async with client_of(sandbox) as client:
        await client.place_order(top_up("po-1"))
        sandbox.tokens.expire_access()
        await client.place_order(top_up("po-2"))
    assert [order.po_number for order in sandbox.orders] == ["po-1", "po-2"]
    assert sandbox.tokens.refreshes == 1


@pytest.mark.parametrize("store", [MemoryTokens, SlowStore])
async def test_fifty_callers_share_one_refresh(
    sandbox: PlumSandbox, store: type[MemoryTokens]
) -> None:
    """However many calls meet a refused token at once, one refresh serves them all."""
    async with client_of(sandbox, tokens=store(pair_of(sandbox)), pace=None) as client:
        sandbox.tokens.expire_access()
        await asyncio.gather(*(client.place_order(top_up(f"po-{n}")) for n in range(50)))
    assert (len(sandbox.orders), sandbox.tokens.refreshes, sandbox.tokens.refused) == (50, 1, 0)


async def test_pair_is_stored_before_it_is_used(sandbox: PlumSandbox) -> None:
    """When the store is handed the new pair, no request has carried it yet."""
    store = SlowStore(pair_of(sandbox))
    async with client_of(sandbox, tokens=store) as client:
        sandbox.tokens.expire_access()
        await client.balance()
    assert store.stored is not None
    assert store.stored.access_token == sandbox.tokens.newest.access
    authorized = [request.authorized for request in sandbox.requests]
    assert authorized == [False, False, True]


async def test_token_is_replaced_ahead_of_its_end(sandbox: PlumSandbox) -> None:
    """A pair that says when it ends is replaced before anybody refuses it."""
    pair = pair_of(sandbox)
    due = TokenPair(
        access_token=pair.access_token, refresh_token=pair.refresh_token, access_expires_at=1.0
    )
    store = MemoryTokens(due)
    async with client_of(sandbox, tokens=store) as client:
        await client.balance()
    assert sandbox.tokens.refreshes == 1
    assert store.pair.access_expires_at is not None
    assert store.pair.renew_at is not None
    assert store.pair.renew_at < store.pair.access_expires_at
    assert all(request.authorized for request in sandbox.requests if not is_refresh(request))  # type: ignore[arg-type]


async def test_failing_store_loses_nothing(sandbox: PlumSandbox) -> None:
    """A pair that can't be stored is kept, not used, and offered again with the next call."""
    store = BrokenStore(pair_of(sandbox))
    async with client_of(sandbox, tokens=store) as client:
        sandbox.tokens.expire_access()
        for _ in range(2):
            with pytest.raises(TokenError, match="could not be stored"):
                await client.place_order(top_up())
        assert not sandbox.orders
        store.broken = False
        await client.place_order(top_up())
    assert (sandbox.tokens.refreshes, store.offered) == (1, 3)
    assert store.pair.refresh_token == sandbox.tokens.newest.refresh


async def test_closing_offers_the_pair_a_last_time(sandbox: PlumSandbox) -> None:
    """A client that is closed tells of tokens that nobody keeps, and keeps them if it can."""
    for stays_broken in (True, False):
        store = BrokenStore(pair_of(sandbox))
        client = await client_of(sandbox, tokens=store).open()
        sandbox.tokens.expire_access()
        with pytest.raises(TokenError):
            await client.balance()
        store.broken = stays_broken
        if stays_broken:
            with pytest.raises(TokenError, match="or they are lost"):
                await client.close()
        else:
            await client.close()
            assert store.pair.refresh_token == sandbox.tokens.newest.refresh


async def test_cancelled_caller_does_not_cancel_the_refresh(sandbox: PlumSandbox) -> None:
    """The refresh goes on without the call that began it, and its pair is stored."""
    late = sandbox.faults.delay(0.05, applied=True, matching=is_refresh)
    store = MemoryTokens(pair_of(sandbox))
    async with client_of(sandbox, tokens=store) as client:
        sandbox.tokens.expire_access()
        task = asyncio.ensure_future(client.balance())
        while not late.fired:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert store.pair.refresh_token == sandbox.tokens.newest.refresh


async def test_cancelled_close_waits_for_the_refresh(sandbox: PlumSandbox) -> None:
    """However often it is cancelled, the pair is stored and the connections are closed."""
    late = sandbox.faults.delay(0.1, applied=True, matching=is_refresh)
    store = MemoryTokens(pair_of(sandbox))
    client = await client_of(sandbox, tokens=store).open()
    sandbox.tokens.expire_access()
    call = asyncio.ensure_future(client.balance())
    while not late.fired:
        await asyncio.sleep(0.001)
    call.cancel()
    closing = asyncio.ensure_future(client.close())
    for _ in range(3):
        await asyncio.sleep(0.01)
        closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert store.pair.refresh_token == sandbox.tokens.newest.refresh


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("grace", [0.0, 3600.0])
async def test_lost_answer_is_asked_for_once_more(
    clock: Clock, *, applied: bool, grace: float
) -> None:
    """A second request brings a pair, unless the first one has used the refresh token up."""
    async with PlumSandbox(refresh_grace=grace, clock=clock) as sandbox:
        drop = sandbox.faults.drop_after if applied else sandbox.faults.drop_before
        drop(matching=is_refresh)
        async with client_of(sandbox) as client:
            sandbox.tokens.expire_access()
            if not applied or grace:
                await client.balance()
                return
            for _ in range(3):
                with pytest.raises(TokenError, match="generate new tokens in the dashboard"):
                    await client.balance()
        assert sandbox.tokens.refused == 1  # what was refused once is not sent again


async def test_new_tokens_from_the_dashboard_are_found(sandbox: PlumSandbox) -> None:
    """A client whose tokens were revoked works again once there are others in its store."""
    store = MemoryTokens(pair_of(sandbox))
    async with client_of(sandbox, tokens=store) as client:
        sandbox.tokens.revoke()
        with pytest.raises(TokenError, match="dashboard"):
            await client.balance()
        sandbox.tokens.issue()
        store.pair = pair_of(sandbox)
        await client.balance()
    assert sandbox.tokens.refreshes == 0


async def test_pair_of_another_process_is_taken_over(sandbox: PlumSandbox) -> None:
    """Two clients with one store need one refresh for both."""
    store = MemoryTokens(pair_of(sandbox))
    async with client_of(sandbox, tokens=store) as one, client_of(sandbox, tokens=store) as other:
        await asyncio.gather(one.balance(), other.balance())
        sandbox.tokens.expire_access()
        await one.balance()
        await other.balance()
    assert (sandbox.tokens.refreshes, sandbox.tokens.refused) == (1, 0)


async def test_pair_that_another_process_is_just_storing_is_waited_for(
    sandbox: PlumSandbox,
) -> None:
    """Whoever comes second at the token service finds the pair of the first in the store."""

    class Shared(MemoryTokens):
        """A store whose new pair shows a moment after it was bought."""

        seen = 0

        def load(self) -> TokenPair:
            self.seen += 1
            return super().load() if self.seen > 3 else old

    old = pair_of(sandbox)
    store = Shared(old)
    sandbox.tokens.expire_access()
    async with client_of(sandbox, tokens=store) as first:
        store.seen = 3
        await first.balance()
    store.seen = 0
    async with client_of(sandbox, tokens=store) as second:
        await second.balance()
    assert (sandbox.tokens.refreshes, sandbox.tokens.refused) == (1, 1)


async def test_twice_lost_answer_leaves_the_service_alone(sandbox: PlumSandbox) -> None:
    """After two lost answers the next calls fail without another refresh, for a while."""
    lost = sandbox.faults.answer(503, times=None, matching=is_refresh)
    async with client_of(sandbox) as client:
        sandbox.tokens.expire_access()
        for _ in range(4):
            with pytest.raises(TokenError, match="lost twice"):
                await client.balance()
    assert lost.fired == 2


async def test_service_that_stays_away_is_asked_ever_more_rarely(sandbox: PlumSandbox) -> None:
    """The pause doubles with every two lost answers, up to ten minutes."""
    lost = sandbox.faults.answer(503, times=None, matching=is_refresh)
    now = 1000.0
    pair = attrs.evolve(pair_of(sandbox), access_expires_at=1.0)
    tokens = RotatingTokens(
        MemoryTokens(pair),
        base_url=sandbox.url,
        client_id=sandbox.tokens.client_id,
        client_secret=sandbox.tokens.client_secret,
        clock=lambda: now,
    )
    for pause in (30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0):
        before = lost.fired
        for wait in (0.0, pause - 1):
            now += wait
            with pytest.raises(TokenError, match="lost twice"):
                await tokens.headers()
            assert lost.fired == before + 2
        now += 2
    await tokens.close()


async def test_token_file_keeps_the_pair(sandbox: PlumSandbox, tmp_path: Path) -> None:
    """The file survives a refresh, is its owner's alone, and serves the next process."""
    path = tmp_path / "tokens.json"
    TokenFile(path).store(pair_of(sandbox))
    async with client_of(sandbox, tokens=TokenFile(path)) as client:
        sandbox.tokens.expire_access()
        await client.balance()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["refresh_token"] == sandbox.tokens.newest.refresh
    assert [file.name for file in tmp_path.iterdir()] == ["tokens.json"]
    async with client_of(sandbox, tokens=TokenFile(path)) as client:
        await client.balance()
    assert sandbox.tokens.refreshes == 1


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"access_token": "a"}', '{"x": 1}'])
def test_token_file_that_holds_none_is_told(tmp_path: Path, text: str | None) -> None:
    """A missing or broken file is an error that names it, without its content."""
    path = tmp_path / "tokens.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"tokens\.json"):
        TokenFile(path).load()


def test_file_that_can_not_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure half-way leaves the old pair and nothing beside it."""
    path = tmp_path / "tokens.json"
    old = TokenPair(access_token="a1", refresh_token="r1")
    TokenFile(path).store(old)

    def fail(*_: Any) -> None:
        raise OSError("disk is full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk is full"):
        TokenFile(path).store(TokenPair(access_token="a2", refresh_token="r2"))
    monkeypatch.undo()
    assert TokenFile(path).load() == old
    assert [file.name for file in tmp_path.iterdir()] == ["tokens.json"]


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    """The file that it leads to is begun and replaced, in its own folder."""
    (tmp_path / "secrets").mkdir()
    path, link = tmp_path / "secrets" / "tokens.json", tmp_path / "tokens.json"
    link.symlink_to(path)
    first, second = (TokenPair(access_token=f"a{n}", refresh_token=f"r{n}") for n in (1, 2))
    assert TokenFile(link).begin(first)
    assert TokenFile(path).load() == first
    TokenFile(link).store(second)
    assert link.is_symlink()
    assert TokenFile(path).load() == TokenFile(link).load() == second
    assert [file.name for file in path.parent.iterdir()] == ["tokens.json"]


async def test_store_that_fails_says_where_and_why(sandbox: PlumSandbox, tmp_path: Path) -> None:
    """The system's own words and the file, so that it can be mended."""
    late = sandbox.faults.delay(0.05, applied=True, matching=is_refresh)
    path = tmp_path / "tokens.json"
    TokenFile(path).store(pair_of(sandbox))
    async with client_of(sandbox, tokens=TokenFile(path)) as client:
        sandbox.tokens.expire_access()
        call = asyncio.ensure_future(client.balance())
        while not late.fired:
            await asyncio.sleep(0.001)
        path.unlink()
        path.mkdir()
        with pytest.raises(TokenError, match=f"{path}: Is a directory"):
            await call
        path.rmdir()
    assert TokenFile(path).load().refresh_token == sandbox.tokens.newest.refresh


def test_a_pair_in_a_file_is_not_begun_anew(tmp_path: Path) -> None:
    """It is newer than the one to begin with; both leave one file, its owner's alone."""
    path = tmp_path / "tokens.json"
    first = TokenPair(access_token="a1", refresh_token="r1")
    assert TokenFile(path).begin(first)
    assert not TokenFile(path).begin(TokenPair(access_token="a0", refresh_token="r0"))
    assert TokenFile(path).load() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["tokens.json"]


async def test_end_of_the_loop_keeps_the_pair() -> None:
    """Even if every task is cancelled while a pair is being stored, it is stored in the end."""
    with PlumSandbox() as sandbox:
        store = SlowStore(pair_of(sandbox))
        client = await client_of(sandbox, tokens=store).open()
        sandbox.tokens.expire_access()
        others = asyncio.all_tasks()
        calls = [asyncio.ensure_future(client.balance()) for _ in range(3)]
        await store.began.wait()
        tasks = asyncio.all_tasks() - others
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert all(call.cancelled() for call in calls)
        assert store.pair.refresh_token == sandbox.tokens.newest.refresh
        assert (await client.balance()).currency == "INR"
        await client.close()
    assert sandbox.tokens.refreshes == 1


async def test_cancelled_run_keeps_the_pair(sandbox: PlumSandbox) -> None:
    """A task that is cancelled as it leaves its client waits for the pair to be stored."""
    store = SlowStore(pair_of(sandbox))
    sandbox.tokens.expire_access()

    async def run() -> None:
        async with client_of(sandbox, tokens=store) as client:
            await asyncio.gather(*(client.place_order(top_up(f"po-{n}")) for n in range(3)))

    task = asyncio.ensure_future(run())
    await store.began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.pair.refresh_token == sandbox.tokens.newest.refresh
    assert not sandbox.orders


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 422, 429, 500, 502])
@pytest.mark.parametrize(
    "shape",
    [
        '{{"code":400,"errorId":"PLE10099","errorInfo":"{0}","error":"{0}"}}',
        '{{"error":"{0}","error_description":"{0}"}}',
        '{{"errors":[{{"message":"auth.request_limit_exceeded {0}","penaltySeconds":0}}]}}',
        '{{"data":{{"placeOrder":{{"status":1,"data":{{"vouchers":[{{"voucherCode":"{0}"}}]}}}}}}}}',
        "<html>{0}</html>",
    ],
)
async def test_no_secret_is_shown(
    sandbox: PlumSandbox, caplog: pytest.LogCaptureFixture, status: int, shape: str
) -> None:
    """Whatever a server repeats of tokens, people and codes is in no error, log or pickle."""
    caplog.set_level("DEBUG")
    pair, order = pair_of(sandbox), top_up()
    mine = [PHONE, "user@example.com"] * ("vouchers" not in shape)
    codes = ["4711-0815-VOUCHER"] * ("vouchers" in shape)
    secrets = [pair.access_token, pair.refresh_token, sandbox.tokens.client_secret, *mine, *codes]
    sandbox.faults.answer(status, body=shape.format(" ".join(secrets)), times=None)
    client = await client_of(sandbox, pace=None).open()
    provider = PlumProvider(client)
    intent = Intent(key="po", request=order, text="", attempts=1, began_at=None)
    with pytest.raises(DidwwError) as caught:
        await client.place_order(order)
    told = told_by(caught.value)
    for answer in (await provider.submit(intent), await provider.look_up(intent)):
        assert not isinstance(answer, (Accepted, Answered, Found, NoSuchOrder))
        told += repr(answer) + told_by(answer.error)
    for secretive in (client, pair, MemoryTokens(pair)):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(secretive)
    await client.close()
    told += f"{client!r} {pair!r} {MemoryTokens(pair)!r} {intent!r} {caplog.text}"
    told += repr(sandbox.tokens.newest)
    assert "POST" in caplog.text
    assert [secret for secret in secrets if secret in told] == []


async def test_no_part_of_a_secret_is_shown(sandbox: PlumSandbox) -> None:
    """A page that is cut short in an error is not cut in the middle of a token or a number."""
    client = await client_of(sandbox).open()
    for secret in (pair_of(sandbox).access_token, sandbox.tokens.client_secret, PHONE):
        for padding in range(SHOWN_CHARACTERS - 9, SHOWN_CHARACTERS):
            page = "-" * padding + secret
            sandbox.faults.answer(500, body=page, matching=operation("placeOrder"))
            with pytest.raises(OrderUnconfirmedError) as caught:
                await client.place_order(top_up())
            told = told_by(caught.value)
            assert "-----" in told
            assert "-" + secret[0] not in told.replace("po-7c1d0e", "")
    await client.close()
