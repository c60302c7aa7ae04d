"""The commands that look things up, cancel and wait."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from didww_async.sandbox import Sandbox
from tests.integration.cli.conftest import Didww, orders_csv


@pytest.fixture
def placed(didww: Didww, sandbox: Sandbox, tmp_path: Path) -> list[str]:
    """The ids of three orders, the first first."""
    file = orders_csv(tmp_path, sandbox.state.landmarks.cheap_sku_id, 3)
    ended = didww("orders", "place", file, "--concurrency", 1, "--output", "json")
    return [row["order_id"] for row in json.loads(ended.out)]


def test_the_balance_is_an_object(didww: Didww, sandbox: Sandbox) -> None:
    """In JSON; money stays the text that it was."""
    ended = didww("balance", "--output", "json")
    assert ended.code == 0
    assert json.loads(ended.out) == {
        "balance": "1000.0",
        "credit": "0.0",
        "total_balance": "1000.0",
    }


def test_a_table_is_plain_where_nobody_looks(didww: Didww, sandbox: Sandbox) -> None:
    """Columns of text, with no line drawn and no colour."""
    ended = didww("balance")
    assert ended.out.splitlines() == ["balance  credit  to spend", " 1000.0     0.0    1000.0"]


@pytest.mark.parametrize("name", ["US", "us", "United States", "united states"])
def test_skus_of_a_country(didww: Didww, sandbox: Sandbox, name: str) -> None:
    """By its ISO code or its name; every SKU with its prices."""
    ended = didww("skus", name, "--output", "csv")
    assert ended.code == 0, ended.err
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    cheap = next(row for row in rows if row["sku_id"] == sandbox.state.landmarks.cheap_sku_id)
    assert cheap["monthly_price"] == "0.5"
    assert cheap["is_available"] == "true"


def test_skus_that_can_be_had(didww: Didww, sandbox: Sandbox) -> None:
    """--available leaves out what is sold out."""
    sold_out = sandbox.state.landmarks.sold_out_sku_id
    assert sold_out in didww("skus", "DE").out
    assert sold_out not in didww("skus", "DE", "--available").out


def test_an_unknown_country_is_refused(didww: Didww, sandbox: Sandbox) -> None:
    """Exit code 4, and what was meant."""
    ended = didww("skus", "Germny")
    assert ended.code == 4
    assert "did you mean Germany?" in ended.err


def test_orders_are_listed(didww: Didww, placed: list[str]) -> None:
    """The newest first; filters and limits choose."""

    def ids(*arguments: str) -> list[str]:
        ended = didww("orders", "list", "--output", "json", *arguments)
        assert ended.code == 0, ended.err
        return [row["id"] for row in json.loads(ended.out)]

    assert ids("--sort", "created_at") == placed
    assert ids("--limit", "2", "--sort", "created_at") == placed[:2]
    assert ids("--external-reference-id", "row-1") == [placed[1]]
    assert ids("--status", "pending", "--status", "canceled") == []
    assert ids("--since", "2000-01-01", "--until", "2000-12-31") == []
    assert ids("--since", "2000-01-01T08:30Z", "--sort", "created_at") == placed


def test_a_long_list_is_walked(didww: Didww, sandbox: Sandbox, placed: list[str]) -> None:
    """Page after page, and no further than asked for."""
    from didww_async.cli import orders

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(orders, "PAGE_SIZE", 1)
        sandbox.requests.clear()
        assert len(json.loads(didww("orders", "list", "--output", "json").out)) == 3
        assert len(sandbox.requests) == 3
        sandbox.requests.clear()
        assert len(json.loads(didww("orders", "list", "--limit", 1, "--output", "json").out)) == 1
        assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["list", "--since", "yesterday"], "'yesterday' is not a time"),
        (["list", "--status", "lost"], "--status"),
        (["list", "--sort", "colour"], "colour"),
        (["list", "--limit", "0"], "--limit"),
        (["cancel"], "ID"),
        (["wait", "an-id", "--timeout", "0"], "--timeout"),
    ],
)
def test_bad_arguments_send_nothing(
    didww: Didww, sandbox: Sandbox, arguments: list[str], complaint: str
) -> None:
    """Exit code 2, and the argument is named."""
    ended = didww("orders", *arguments)
    assert ended.code == 2
    assert complaint in ended.err
    assert sandbox.requests == []


def test_one_order_is_shown(didww: Didww, placed: list[str]) -> None:
    """By its id; exit code 4 if there is none."""
    shown = json.loads(didww("orders", "get", placed[1], "--output", "json").out)
    assert (shown["id"], shown["external_reference_id"]) == (placed[1], "row-1")
    assert didww("orders", "get", "00000000-0000-4000-8000-000000000000").code == 4


def test_pending_orders_are_canceled(didww: Didww, sandbox: Sandbox, tmp_path: Path) -> None:
    """Exit code 1 if some can't be; those that can are."""
    file = orders_csv(tmp_path, sandbox.state.landmarks.sold_out_sku_id, 2)
    rows = json.loads(didww("orders", "place", file, "--output", "json").out)
    ids = [row["order_id"] for row in rows]
    ended = didww("orders", "cancel", "--yes", ids[0], "none", ids[1], "--output", "json")
    assert ended.code == 1
    assert [row["outcome"] for row in json.loads(ended.out)] == ["canceled", "refused", "canceled"]
    assert {order.attributes["status"] for order in sandbox.state.orders.values()} == {"canceled"}
    assert didww("orders", "wait", *ids).code == 1


def test_canceling_asks_first(didww: Didww, sandbox: Sandbox, placed: list[str]) -> None:
    """Where there is nobody to ask, --yes is needed, and nothing is sent."""
    sandbox.requests.clear()
    ended = didww("orders", "cancel", placed[0])
    assert ended.code == 2
    assert "--yes" in ended.err
    assert sandbox.requests == []


def test_waiting_ends_with_the_orders(didww: Didww, placed: list[str]) -> None:
    """Exit code 0 as soon as all are completed."""
    ended = didww("orders", "wait", *placed, "--output", "json")
    assert ended.code == 0
    assert [row["status"] for row in json.loads(ended.out)] == ["completed"] * 3


def test_waiting_has_an_end(didww: Didww, sandbox: Sandbox, tmp_path: Path) -> None:
    """Exit code 3 with what is still pending."""
    file = orders_csv(tmp_path, sandbox.state.landmarks.sold_out_sku_id, 1)
    [row] = json.loads(didww("orders", "place", file, "--output", "json").out)
    ended = didww("orders", "wait", row["order_id"], "--timeout", "0.1", "--output", "json")
    assert ended.code == 3
    assert json.loads(ended.out)[0]["status"] == "pending"


def test_help_names_the_columns_and_the_exit_codes(didww: Didww) -> None:
    """Whoever types --help needs no other document."""
    from didww_async.cli.didww_columns import DIDWW

    text = didww("orders", "place", "--help").out
    for name in DIDWW.by_name:
        assert name in text
    assert "Exit codes:" in didww("--help").out


def test_server_text_cannot_steer_the_terminal(didww: Didww, sandbox: Sandbox) -> None:
    """Escape sequences in an error are printed as what they are not."""
    body = json.dumps({"errors": [{"detail": "\x1b[2J\x07gone"}]})
    sandbox.faults.answer(422, body=body, content_type="application/vnd.api+json")
    ended = didww("balance")
    assert ended.code == 4
    assert "gone" in ended.err
    assert not {"\x1b", "\x07"} & set(ended.err)
