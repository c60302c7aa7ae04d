"""`didww orders place` and `resume` with Adobe VIP Marketplace and Plum behind them."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from didww_async import Environment
from didww_async.cli.connection import Connection
from didww_async.cli.order_apis import ORDER_APIS
from didww_async.providers.adobe_vip import AdobeVipEnvironment
from didww_async.providers.plum import PlumClient, PlumEnvironment, TokenFile, TokenPair
from didww_async.sandbox import Sandbox
from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from didww_async.sandbox.plum import PlumSandbox, operation
from tests.integration.cli.conftest import (
    ADOBE_HEADER,
    PATIENCE_SECONDS,
    PHONE,
    PLUM_HEADER,
    Didww,
    orders_csv,
    posts,
    wait_for,
)

pytestmark = pytest.mark.usefixtures("alone")


@attrs.frozen
class Api:
    """An API under test, as far as both are alike."""

    name: str
    server: AdobeVipSandbox | PlumSandbox
    row: Callable[[int], str]
    header: str

    def file(self, folder: Path, count: int) -> Path:
        """A file of that many orders, named `row-0` and so on."""
        path = folder / f"{self.name}.csv"
        path.write_text(self.header + "".join(map(self.row, range(count))))
        return path

    @property
    def references(self) -> list[str]:
        """The names of the orders that exist."""
        if isinstance(self.server, AdobeVipSandbox):
            return sorted(order.reference for order in self.server.state.orders.values())
        return sorted(order.po_number for order in self.server.orders)


@pytest.fixture(params=["adobe", "plum"])
def api(request: pytest.FixtureRequest) -> Api:
    server = request.getfixturevalue(request.param)
    if request.param == "adobe":
        customer = server.customer_id
        return Api(
            "adobe",
            server,
            lambda number: f"{customer},65304479CA01A12,2,USD,row-{number}\n",
            ADOBE_HEADER,
        )
    return Api("plum", server, lambda number: f"55134,199,+91,{PHONE},row-{number}\n", PLUM_HEADER)


def test_all_orders_are_placed_once(didww: Didww, api: Api, tmp_path: Path) -> None:
    """Exit code 0; the same command again places nothing more."""
    file, journal = api.file(tmp_path, 4), tmp_path / "run.db"
    for _ in range(2):
        ended = didww("orders", "place", file, "--provider", api.name, "--journal", journal)
        assert ended.code == 0, ended.err
        assert ended.out.startswith("4 placed, 0 rejected, 0 unconfirmed, 0 not attempted")
    assert api.references == [f"row-{number}" for number in range(4)]


def test_json_tells_the_orders(didww: Didww, api: Api, tmp_path: Path) -> None:
    """A row each, with the id that the API gave it."""
    file = api.file(tmp_path, 2)
    ended = didww("orders", "place", file, "--provider", api.name, "--output", "json")
    rows = json.loads(ended.out)
    assert [row["external_reference"] for row in rows] == ["row-0", "row-1"]
    assert all(row["order_id"] for row in rows)


def test_a_lost_answer_makes_no_second_order(didww: Didww, api: Api, tmp_path: Path) -> None:
    """The order exists; it is found, or asked for again in a way that can't repeat it."""
    api.server.faults.drop_after(matching=_is_an_order)
    file = api.file(tmp_path, 1)
    ended = didww("orders", "place", file, "--provider", api.name, "--settle-seconds", "0.2")
    assert ended.code == 0, ended.err
    assert api.references == ["row-0"]


def _is_an_order(request: object) -> bool:
    body = getattr(request, "body", b"")
    return b"lineItems" in body or b"placeOrder" in body


def test_a_run_that_the_budget_ended_is_resumed(didww: Didww, api: Api, tmp_path: Path) -> None:
    """Exit code 3 and how to go on; the same command places the rest and nothing else."""
    file, journal = api.file(tmp_path, 3), tmp_path / "run.db"
    place = ("orders", "place", file, "--provider", api.name, "--journal", journal)
    ended = didww(*place, "--budget", "400", "--concurrency", 1)
    assert ended.code == 3
    assert "the budget of 400 is spent" in ended.out
    assert len(api.references) == 2
    assert "Raise --budget, and run the same command again.\n" in ended.err
    assert "resume" not in ended.err
    assert didww(*place, "--budget", "4000").code == 0
    assert api.references == ["row-0", "row-1", "row-2"]


def test_a_product_that_is_not_for_sale_is_a_refused_row(
    didww: Didww, plum: PlumSandbox, tmp_path: Path
) -> None:
    """Exit code 1, although Plum tells it as something that the account may not do."""
    file = tmp_path / "plum.csv"
    file.write_text(f"{PLUM_HEADER}1,199,+91,{PHONE},row-0\n")
    ended = didww("orders", "place", file, "--provider", "plum")
    assert ended.code == 1
    assert "PLE10042" in ended.out
    assert plum.orders == []


def test_existing_orders_are_adopted(didww: Didww, api: Api, tmp_path: Path) -> None:
    """With --adopt-existing, the order that has the reference is taken over."""
    file = api.file(tmp_path, 2)
    for _ in range(2):
        ended = didww("orders", "place", file, "--provider", api.name, "--adopt-existing")
        assert ended.code == 0, ended.err
    assert api.references == ["row-0", "row-1"]


def test_a_dry_run_sends_no_order(didww: Didww, api: Api, tmp_path: Path) -> None:
    """It tells the price; exit code 1 if the budget is less."""
    place = ("orders", "place", api.file(tmp_path, 2), "--provider", api.name, "--dry-run")
    ended = didww(*place)
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"2 rows for {'395.52' if api.name == 'adobe' else '398'}")
    assert didww(*place, "--budget", "300").code == 1
    assert api.references == []


def test_the_embedded_sandbox_takes_orders(didww: Didww, api: Api, tmp_path: Path) -> None:
    """And nothing goes to the server that the environment names."""
    ended = didww("orders", "place", api.file(tmp_path, 2), "--provider", api.name, "--sandbox")
    assert ended.code == 0, ended.err
    assert "On the embedded sandbox" in ended.err
    assert api.server.requests == []


def test_packing_is_refused(didww: Didww, api: Api, tmp_path: Path) -> None:
    """Where every row is an order: exit code 2."""
    ended = didww("orders", "place", api.file(tmp_path, 2), "--provider", api.name, "--pack", 2)
    assert ended.code == 2
    assert f"--pack is not for --provider {api.name}" in ended.err
    assert api.server.requests == []


def test_names_that_are_there_twice_are_refused(didww: Didww, api: Api, tmp_path: Path) -> None:
    """Both lines are told, and nothing is sent."""
    file = api.file(tmp_path, 2)
    file.write_text(file.read_text() + api.row(0))
    ended = didww("orders", "place", file, "--provider", api.name)
    assert ended.code == 2
    assert "'row-0' stands on line 2 already" in ended.err
    assert api.server.requests == []


def test_a_journal_of_another_api_is_refused(
    didww: Didww, api: Api, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Exit code 5, whichever command it is given to, and nothing is sent."""
    journal = tmp_path / "run.db"
    of_didww = orders_csv(tmp_path, sandbox.state.landmarks.cheap_sku_id, 2)
    assert didww("orders", "place", of_didww, "--journal", journal, "--budget", "0.5").code == 3
    for command in (("resume", journal), ("place", api.file(tmp_path, 1), "--journal", journal)):
        ended = didww("orders", *command, "--provider", api.name)
        assert ended.code == 5
        assert "has orders of http://127.0.0.1" in ended.err
    assert api.references == []
    assert posts(sandbox) == 1


def test_a_refused_secret_ends_the_command(
    didww: Didww, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4, and no secret is shown."""
    secret = "p8e-no-such-secret"
    name = "ADOBE_VIP_CLIENT_SECRET" if api.name == "adobe" else "PLUM_CLIENT_SECRET"
    monkeypatch.setenv(name, secret)
    if isinstance(api.server, PlumSandbox):
        api.server.tokens.expire_access()
    place = ("orders", "place", api.file(tmp_path, 3), "--provider", api.name)
    ended = didww(*place, "--concurrency", 1)
    assert ended.code == 4, ended.out
    assert "TokenError" in ended.out
    assert secret not in ended.out + ended.err
    assert api.references == []


def test_a_dry_run_that_nobody_answers_is_no_problem_of_the_rows(
    didww: Didww, adobe: AdobeVipSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4: the credentials are what has to be mended."""
    monkeypatch.setenv("ADOBE_VIP_CLIENT_SECRET", "p8e-no-such-secret")
    file = tmp_path / "orders.csv"
    file.write_text(f"{ADOBE_HEADER}{adobe.customer_id},65304479CA01A12,2,USD,a\n")
    ended = didww("orders", "place", file, "--provider", "adobe", "--dry-run")
    assert ended.code == 4
    assert "no token could be had" in ended.err


@pytest.mark.parametrize(
    ("provider", "names"),
    [
        ("adobe", ["ADOBE_VIP_CLIENT_ID", "ADOBE_VIP_CLIENT_SECRET"]),
        (
            "plum",
            [
                *("PLUM_CLIENT_ID", "PLUM_CLIENT_SECRET", "PLUM_TOKEN_FILE"),
                *("PLUM_ACCESS_TOKEN", "PLUM_REFRESH_TOKEN"),
            ],
        ),
    ],
)
def test_missing_credentials_are_told_at_once(
    didww: Didww, tmp_path: Path, provider: str, names: list[str]
) -> None:
    """All of them in one message; exit code 2."""
    file = tmp_path / "orders.csv"
    file.write_text(
        f"{ADOBE_HEADER}1,2,3,USD,a\n"
        if provider == "adobe"
        else f"{PLUM_HEADER}55134,199,+91,{PHONE},a\n"
    )
    ended = didww("orders", "place", file, "--provider", provider)
    assert ended.code == 2
    assert f"there is no {', no '.join(names)} in the environment" in ended.err
    assert "Nothing was sent." in ended.err


def test_another_server_needs_its_token_service(
    didww: Didww, adobe: AdobeVipSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither Adobe's secret nor Adobe's token goes to a server of another kind by mistake."""
    file = tmp_path / "orders.csv"
    file.write_text(f"{ADOBE_HEADER}{adobe.customer_id},65304479CA01A12,2,USD,a\n")
    for missing in ("ADOBE_VIP_TOKEN_URL", "ADOBE_VIP_BASE_URL"):
        with monkeypatch.context() as patched:
            patched.delenv(missing)
            ended = didww("orders", "place", file, "--provider", "adobe")
        assert ended.code == 2
        assert "ADOBE_VIP_TOKEN_URL" in ended.err
    assert adobe.requests == []


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("1005550101,65304479CA01A12,0,USD,a", "quantity: takes a whole number from 1, not 0"),
        ("1005550101,65304479CA01A12,two,USD,a", "quantity: takes a whole number, not 'two'"),
        ("1005550101,65304479CA01A12,2,usd,a", "currency_code: takes three capital letters"),
        (f"1005550101,65304479CA01A12,2,USD,{'x' * 36}", "external_reference_id: has 36 char"),
        (",65304479CA01A12,2,USD,a", "customer_id: is missing"),
    ],
)
def test_bad_lines_for_adobe_send_nothing(
    didww: Didww, adobe: AdobeVipSandbox, tmp_path: Path, row: str, complaint: str
) -> None:
    """Exit code 2, the line and the column."""
    file = tmp_path / "orders.csv"
    file.write_text(f"{ADOBE_HEADER}1005550101,65304479CA01A12,2,USD,good\n{row}\n")
    ended = didww("orders", "place", file, "--provider", "adobe")
    assert ended.code == 2
    assert f"line 3: {complaint}" in ended.err
    assert adobe.requests == []


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (f"55134,0,+91,{PHONE},a", "denomination: takes an amount above 0, not 0"),
        (f"55134,1e3,+91,{PHONE},a", "denomination: takes an amount, such as 199 or 12.50"),
        (f"55134,199,91,{PHONE},a", "phone_code: takes a calling code such as '+91'"),
        (f"55134,199,+91,{PHONE[:5]} {PHONE[5:]},a", "phone_number: takes 4 to 14 digits"),
        (f"55134,199,+91,{PHONE},{'x' * 101}", "po_number: has 101 characters"),
        (f",199,+91,{PHONE},a", "product_id: is missing"),
    ],
)
def test_bad_lines_for_plum_send_nothing(
    didww: Didww, plum: PlumSandbox, tmp_path: Path, row: str, complaint: str
) -> None:
    """Exit code 2, the line and the column, and nobody's phone number."""
    file = tmp_path / "orders.csv"
    file.write_text(f"{PLUM_HEADER}55134,199,+91,{PHONE},good\n{row}\n")
    ended = didww("orders", "place", file, "--provider", "plum")
    assert ended.code == 2
    assert f"line 3: {complaint}" in ended.err
    assert PHONE[5:] not in ended.err
    assert plum.requests == []
    assert not (tmp_path / "tokens.json").exists()


def test_a_rotated_token_is_stored(
    didww: Didww, plum: PlumSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pair that a refresh bought is in the file, its owner's alone, and serves the next run."""
    file = tmp_path / "orders.csv"
    tokens = tmp_path / "tokens.json"
    plum.tokens.expire_access()
    for number in range(2):
        file.write_text(f"{PLUM_HEADER}55134,199,+91,{PHONE},row-{number}\n")
        ended = didww("orders", "place", file, "--provider", "plum")
        assert ended.code == 0, ended.out
        assert TokenFile(tokens).load().refresh_token == plum.tokens.newest.refresh
        assert stat.S_IMODE(tokens.stat().st_mode) == 0o600
        assert plum.tokens.newest.refresh not in ended.out + ended.err
        # They are used up, and the file is there.
        monkeypatch.delenv("PLUM_ACCESS_TOKEN", raising=False)
    assert plum.tokens.refreshes == 1
    assert plum.tokens.refused == 0


def test_the_token_file_counts_more_than_the_environment(
    didww: Didww, plum: PlumSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment still holds was used up by then."""
    newest = plum.tokens.newest
    pair = TokenPair(access_token=newest.access, refresh_token=newest.refresh)
    TokenFile(tmp_path / "tokens.json").store(pair)
    monkeypatch.setenv("PLUM_ACCESS_TOKEN", "used-up")
    file = tmp_path / "orders.csv"
    file.write_text(f"{PLUM_HEADER}55134,199,+91,{PHONE},row-0\n")
    assert didww("orders", "place", file, "--provider", "plum").code == 0
    assert TokenFile(tmp_path / "tokens.json").load() == pair


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("no folder", "can't be written, so new tokens for"),
        ("no tokens", "can't be read as tokens"),
        ("no first pair", "there is no PLUM_ACCESS_TOKEN, no PLUM_REFRESH_TOKEN"),
        ("no pair at all", "access_token is empty, or holds a space"),
    ],
)
def test_a_token_file_that_is_of_no_use_sends_nothing(
    didww: Didww,
    plum: PlumSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    complaint: str,
) -> None:
    """Exit code 2, and a message that says what to do."""
    if kind == "no folder":
        monkeypatch.setenv("PLUM_TOKEN_FILE", str(tmp_path / "none" / "tokens.json"))
    elif kind == "no tokens":
        (tmp_path / "tokens.json").write_text("my diary")
    elif kind == "no first pair":
        monkeypatch.delenv("PLUM_ACCESS_TOKEN")
        monkeypatch.delenv("PLUM_REFRESH_TOKEN")
    else:
        monkeypatch.setenv("PLUM_ACCESS_TOKEN", "two words")
    file = tmp_path / "orders.csv"
    file.write_text(f"{PLUM_HEADER}55134,199,+91,{PHONE},row-0\n")
    ended = didww("orders", "place", file, "--provider", "plum")
    assert ended.code == 2
    assert complaint in ended.err
    assert "Nothing was sent." in ended.err
    assert "two words" not in ended.err
    assert "diary" not in ended.err
    assert plum.requests == []


def test_tokens_that_are_lost_in_the_end_are_told_beside_the_orders(
    didww: Didww, plum: PlumSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3: the orders are placed and listed, and new tokens have to be generated."""
    close = PlumClient.close

    async def failing(client: PlumClient) -> None:
        await close(client)
        from didww_async import DidwwError, TokenError

        raise TokenError(DidwwError("the new tokens could not be stored"))

    monkeypatch.setattr(PlumClient, "close", failing)
    file = tmp_path / "orders.csv"
    file.write_text(f"{PLUM_HEADER}55134,199,+91,{PHONE},row-0\n")
    ended = didww("orders", "place", file, "--provider", "plum", "--output", "json")
    assert ended.code == 3
    assert [row["outcome"] for row in json.loads(ended.out)] == ["placed"]
    assert "the new tokens could not be stored" in ended.err


def test_an_order_of_several_lines_is_placed(
    didww: Didww, adobe: AdobeVipSandbox, tmp_path: Path
) -> None:
    """A line of JSON may be a whole request, as Adobe's documentation has it, and its customer."""
    line = {"extLineItemNumber": 1, "offerId": "65304479CA01A12", "quantity": 2}
    other = {"extLineItemNumber": 2, "offerId": "65304520CA01A12", "quantity": 1}
    body = {
        "customerId": adobe.customer_id,
        "orderType": "NEW",
        "externalReferenceId": "two-lines",
        "currencyCode": "USD",
        "lineItems": [line, other],
    }
    file = tmp_path / "orders.jsonl"
    file.write_text(json.dumps(body) + "\n")
    ended = didww("orders", "place", file, "--provider", "adobe")
    assert ended.code == 0, ended.err
    [order] = adobe.state.orders.values()
    assert [(line.number, line.quantity) for line in order.lines] == [(1, 2), (2, 1)]


def test_licences_are_given_back_by_a_row(
    didww: Didww, adobe: AdobeVipSandbox, tmp_path: Path
) -> None:
    """A return names the order and repeats its line."""
    file = tmp_path / "orders.csv"
    file.write_text(f"{ADOBE_HEADER}{adobe.customer_id},65304479CA01A12,2,USD,buy\n")
    assert didww("orders", "place", file, "--provider", "adobe").code == 0
    [bought] = adobe.state.orders.values()
    adobe.finish(bought.id)
    file.write_text(
        "customer_id,offer_id,quantity,order_type,reference_order_id,ext_line_item_number\n"
        f"{adobe.customer_id},65304479CA01A12,2,return,{bought.id},1\n"
    )
    ended = didww("orders", "place", file, "--provider", "adobe")
    assert ended.code == 0, ended.err
    assert [order.type for order in adobe.state.orders.values()] == ["NEW", "RETURN"]


def test_rate_bounds_the_requests_to_plum(
    didww: Didww, plum: PlumSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of the documented numbers a minute."""
    given: list[object] = []
    make = PlumClient.__init__

    def noting(client: PlumClient, *arguments: object, **options: object) -> None:
        given.append(options["pace"])
        make(client, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(PlumClient, "__init__", noting)
    file = tmp_path / "orders.csv"
    file.write_text(f"{PLUM_HEADER}55134,199,+91,{PHONE},row-0\n")
    assert didww("orders", "place", file, "--provider", "plum", "--rate", 5).code == 0
    assert list(map(repr, given)) == ["PlumPace(a_second=5)"]


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("didww", Environment.SANDBOX.base_url),
        ("adobe", AdobeVipEnvironment.SANDBOX.base_url),
        ("plum", PlumEnvironment.SANDBOX.base_url),
    ],
)
async def test_an_environment_counts_more_than_a_variable(
    adobe: AdobeVipSandbox, plum: PlumSandbox, sandbox: Sandbox, provider: str, url: str
) -> None:
    """It is the test system of the API itself; nothing is sent to find that out."""
    servers = {"didww": sandbox, "adobe": adobe, "plum": plum}
    for environment, place in (("sandbox", url), (None, servers[provider].url)):
        connection = Connection(base_url=None, environment=environment, sandbox=False, rate=None)
        async with ORDER_APIS[provider].open(connection) as api:
            assert api.place == place
    assert adobe.requests == plum.requests == sandbox.requests == []


def test_an_order_of_unknown_fate_says_where_to_look(
    didww: Didww, plum: PlumSandbox, tmp_path: Path
) -> None:
    """Exit code 3; there is no command for Plum's history."""
    plum.faults.drop_after(matching=operation("placeOrder"))
    plum.faults.refuse("PLE10021", matching=operation("getOrderDetails"), times=None)
    file = tmp_path / "orders.csv"
    file.write_text(f"{PLUM_HEADER}55134,199,+91,{PHONE},row-0\n")
    ended = didww("orders", "place", file, "--provider", "plum", "--settle-seconds", "0.2")
    assert ended.code == 3
    assert "before ordering again, look: the order history in Plum's dashboard since 2" in ended.err
    assert PHONE not in ended.out + ended.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")
def test_ctrl_c_finishes_what_is_in_flight(
    spawned: Callable[..., subprocess.Popen[str]], api: Api, tmp_path: Path
) -> None:
    """Exit code 3: every order that exists is told as placed; the journal has the rest."""
    fault = api.server.faults.delay(0.3, matching=_is_an_order, times=None)
    file, rows = api.file(tmp_path, 50), tmp_path / "rows.jsonl"
    place = ("orders", "place", file, "--provider", api.name, "--concurrency", 2)
    process = spawned(*place, "--output", rows)
    wait_for(lambda: fault.fired >= 2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 3, err
    told = [json.loads(line) for line in rows.read_text().splitlines()]
    placed = [row["external_reference"] for row in told if row["outcome"] == "placed"]
    assert sorted(placed) == api.references
    assert 0 < len(placed) < 50


def test_other_clients_are_loaded_only_for_their_orders() -> None:
    """The help doesn't wait for them, not even that of their files."""
    asked = (
        "import sys\n"
        "from didww_async.cli import main\n"
        "main(['orders', 'place', '--help', '--provider', 'plum'])\n"
        "print(sorted(name for name in sys.modules if 'adobe_vip.' in name or 'plum.' in name))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env=os.environ
    )
    assert "Columns of FILE with --provider plum:" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "[]"
