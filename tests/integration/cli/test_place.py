"""`didww orders place` and `resume`, as far as one process shows it."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from didww_async.cli import quote
from didww_async.placement.quote import Quote, QuotedRow
from didww_async.sandbox import Sandbox
from tests.integration.cli.conftest import Didww, orders_csv, posts, references


@pytest.fixture
def sku(sandbox: Sandbox) -> str:
    return sandbox.state.landmarks.cheap_sku_id


def test_all_orders_are_placed_once(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """Exit code 0; the same command again places nothing more."""
    file = orders_csv(tmp_path, sku, 5)
    for _ in range(2):
        ended = didww("orders", "place", file, "--journal", tmp_path / "run.db", "--rate", 100)
        assert ended.code == 0, ended.err
        assert ended.out.startswith("5 placed, 0 rejected, 0 unconfirmed, 0 not attempted; 2.5")
    assert references(sandbox) == [f"row-{number}" for number in range(5)]
    assert posts(sandbox) == 5


def test_json_is_all_that_is_on_stdout(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """A row each, in the order of the file; the sums go to stderr."""
    ended = didww("orders", "place", orders_csv(tmp_path, sku, 3), "--output", "json")
    assert ended.code == 0
    rows = json.loads(ended.out)
    assert [row["external_reference"] for row in rows] == ["row-0", "row-1", "row-2"]
    assert {row["order_id"] for row in rows} == set(sandbox.state.orders)
    assert "3 placed" in ended.err


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_the_rows_go_to_a_file(didww: Didww, sku: str, tmp_path: Path, suffix: str) -> None:
    """In the format of its suffix; the sums stay on the terminal."""
    target = tmp_path / f"rows.{suffix}"
    ended = didww("orders", "place", orders_csv(tmp_path, sku, 3), "--output", target)
    assert ended.code == 0
    assert ended.out.startswith("3 placed")
    text = target.read_text()
    if suffix == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
    elif suffix == "json":
        rows = json.loads(text)
    else:
        rows = [json.loads(line) for line in text.splitlines()]
    assert [row["outcome"] for row in rows] == ["placed"] * 3
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_refused_rows_are_named_by_their_lines(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """Exit code 1; the first twenty are shown with their reasons."""
    file = tmp_path / "orders.csv"
    file.write_text(
        f"sku_id,external_reference_id\n{sku},good\n"
        + "".join(f"none,bad-{number}\n" for number in range(23))
    )
    ended = didww("orders", "place", file, "--rate", 100)
    assert ended.code == 1
    told = [line.split() for line in ended.out.splitlines() if " rejected " in line]
    assert [(cells[0], cells[1]) for cells in told[:20]] == [
        (str(number + 3), f"bad-{number}") for number in range(20)
    ]
    assert "sku_id - is invalid" in ended.out
    assert "and 3 more" in ended.out
    assert "1 placed, 23 rejected" in ended.out
    assert "Rejected: there is no order." in ended.err
    assert references(sandbox) == ["good"]


def test_a_budget_ends_the_run(didww: Didww, sku: str, tmp_path: Path) -> None:
    """Exit code 3, and the way to go on: no command that would spend on without a budget."""
    journal = tmp_path / "run.db"
    file = orders_csv(tmp_path, sku, 5)
    ended = didww("orders", "place", file, "--budget", "1.00", "--journal", journal)
    assert ended.code == 3
    assert "2 placed" in ended.out
    assert "3 not attempted" in ended.out
    assert "the budget of 1.00 is spent" in ended.out
    assert "Raise --budget, and run the same command again." in ended.err
    assert "resume" not in ended.err


def test_a_journal_is_resumed(didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path) -> None:
    """What was left out is placed, and nothing else."""
    journal = tmp_path / "run.db"
    file = orders_csv(tmp_path, sku, 5)
    didww("orders", "place", file, "--budget", "1.00", "--journal", journal)
    ended = didww("orders", "resume", journal, "--output", "json")
    assert ended.code == 0
    assert len(json.loads(ended.out)) == 3
    assert len(sandbox.state.orders) == 5


def test_an_order_of_unknown_fate_is_told(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """Exit code 3; without a journal the account is where to look."""
    sandbox.faults.drop_after(method="POST", path="/orders")
    sandbox.faults.answer(403, method="GET", path="/orders", times=None)
    file = orders_csv(tmp_path, sku, 1)
    ended = didww("orders", "place", file, "--settle-seconds", "0.2")
    assert ended.code == 3
    assert "1 unconfirmed" in ended.out
    assert "row-0" in ended.out
    assert "didww orders list --since 2" in ended.err


def test_existing_orders_are_adopted(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """With --adopt-existing, the order that has the reference is taken over."""
    file = orders_csv(tmp_path, sku, 2)
    didww("orders", "place", file)
    ended = didww("orders", "place", file, "--adopt-existing")
    assert ended.code == 0
    assert posts(sandbox) == 2


def test_a_refused_key_ends_the_command(
    didww: Didww, sku: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4, and the key is not shown."""
    monkeypatch.setenv("DIDWW_API_KEY", "no-such-key")
    ended = didww("orders", "place", orders_csv(tmp_path, sku, 3), "--concurrency", 1)
    assert ended.code == 4
    assert "no-such-key" not in ended.out + ended.err
    assert "AuthenticationError" in ended.out


def test_a_server_that_is_not_there_ends_the_command(
    didww: Didww, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4: nothing can have been placed."""
    monkeypatch.setenv("DIDWW_API_KEY", "a-key")
    file = orders_csv(tmp_path, "s", 1)
    ended = didww("orders", "place", file, "--base-url", "http://127.0.0.1:9/v3")
    assert ended.code == 4
    assert "1 not attempted" in ended.out


def test_the_embedded_sandbox_knows_its_skus(didww: Didww, tmp_path: Path, nowhere: None) -> None:
    """What `didww skus` prints with --sandbox can be ordered with --sandbox, without a key."""
    listed = json.loads(didww("skus", "US", "--sandbox", "--output", "json").out)
    file = orders_csv(tmp_path, listed[0]["sku_id"], 2)
    ended = didww("orders", "place", file, "--sandbox")
    assert ended.code == 0
    assert "2 placed" in ended.out


def test_standard_input_is_placed(
    didww: Didww, sandbox: Sandbox, sku: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON lines are told from CSV by their first character."""
    line = json.dumps({"sku_id": sku, "external_reference_id": "piped"})
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(line.encode())))
    assert didww("orders", "place", "-").code == 0
    assert references(sandbox) == ["piped"]


def test_many_orders_without_a_journal_are_warned_of(
    didww: Didww, sku: str, tmp_path: Path
) -> None:
    """More than a handful; never with a journal."""
    warning = "Without --journal nobody can tell after a crash which of the 6 orders exist"
    six, five = orders_csv(tmp_path, sku, 6), orders_csv(tmp_path, sku, 5, "five.csv")
    assert warning in didww("orders", "place", six).err
    assert "Without --journal" not in didww("orders", "place", five).err
    ended = didww("orders", "place", six, "--journal", tmp_path / "run.db")
    assert "Without --journal" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["missing.csv"], "missing.csv can't be read: No such file"),
        (["orders.csv", "--budget", "much"], "'much' is not an amount"),
        (["orders.csv", "--budget", "1_0"], "'1_0' is not an amount"),
        (["orders.csv", "--concurrency", "0"], "--concurrency"),
        (["orders.csv", "--rate", "0"], "--rate"),
        (["orders.csv", "--output", "rows.xlsx"], "neither table, json, csv nor a file"),
        (["orders.csv", "--output", "none/rows.csv"], "none/rows.csv can't be written"),
        (["orders.csv", "--output", "orders.csv"], "--output would overwrite orders.csv"),
        (["orders.csv", "--sandbox", "--environment", "sandbox"], "give one of --base-url"),
        (["bad.csv"], "line 3: external_reference_id: has 101 characters"),
        (["twice.csv"], "line 4: external_reference_id 'a' stands on line 2 already"),
        (["wrong.csv"], "there is no column 'amount'"),
        (["orders.csv", "--provider", "plum"], "the columns of another API: give --provider didww"),
        (["pretty.json"], "an object goes over several lines; write each on one"),
        (["many.csv"], "line 2: qty: takes a whole number of 9 digits at most, not '9999999999'"),
    ],
)
def test_bad_input_sends_nothing(
    didww: Didww,
    sandbox: Sandbox,
    sku: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    complaint: str,
) -> None:
    """Exit code 2 and a message that says what is wrong."""
    monkeypatch.chdir(tmp_path)
    orders_csv(tmp_path, sku, 2)
    header = "sku_id,external_reference_id\n"
    Path("bad.csv").write_text(f"{header}{sku},a\n{sku},{'x' * 101}\n")
    Path("twice.csv").write_text(f"{header}{sku},a\n{sku},b\n{sku},a\n")
    Path("pretty.json").write_text(json.dumps({"sku_id": sku}, indent=2))
    Path("many.csv").write_text(f"sku_id,qty\n{sku},9999999999\n")
    Path("wrong.csv").write_text(f"sku_id,amount\n{sku},1\n")
    before = sorted(tmp_path.iterdir())
    ended = didww("orders", "place", *arguments)
    assert ended.code == 2
    assert complaint in ended.err
    assert ended.out == ""
    assert sandbox.requests == []
    assert sorted(tmp_path.iterdir()) == before


def test_a_missing_key_says_what_to_set(didww: Didww, tmp_path: Path, nowhere: None) -> None:
    """Exit code 2, before anything else."""
    ended = didww("orders", "place", orders_csv(tmp_path, "s", 1))
    assert ended.code == 2
    assert "DIDWW_API_KEY" in ended.err


def _of_another_schema(path: Path, didww: Didww, file: Path) -> None:
    didww("orders", "place", file, "--sandbox", "--journal", path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("folder", "can't be opened"),
        ("unwritable", "can't be opened"),
        ("foreign", "is no journal and was left as it is"),
        ("schema", "has schema 99"),
    ],
)
def test_a_journal_that_cannot_be_used_sends_nothing(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path, kind: str, complaint: str
) -> None:
    """Exit code 5, and the file is left as it is."""
    file = orders_csv(tmp_path, sku, 2)
    journal = tmp_path / "none" / "run.db" if kind == "unwritable" else tmp_path / "run.db"
    if kind == "folder":
        journal.mkdir()
    elif kind == "foreign":
        journal.write_text("a diary")
    elif kind == "schema":
        _of_another_schema(journal, didww, file)
    before = journal.read_bytes() if journal.is_file() else b""
    ended = didww("orders", "place", file, "--journal", journal)
    assert ended.code == 5
    assert complaint in ended.err
    assert posts(sandbox) == 0
    assert (journal.read_bytes() if journal.is_file() else b"") == before


def test_a_changed_order_is_not_sent(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """Another order under a name that the journal knows: exit code 5."""
    file, journal = orders_csv(tmp_path, sku, 1), tmp_path / "run.db"
    didww("orders", "place", file, "--journal", journal)
    file.write_text(file.read_text().replace(",1,", ",9,"))
    ended = didww("orders", "place", file, "--journal", journal)
    assert ended.code == 5
    assert f"line 2 of {file} differs from the request that was begun as 'row-0'" in ended.err
    assert "give it another external_reference_id" in ended.err
    assert posts(sandbox) == 1


@pytest.mark.parametrize("is_named", [True, False])
def test_following_the_advice_places_each_row_once(
    didww: Didww,
    sandbox: Sandbox,
    sku: str,
    tmp_path: Path,
    is_named: bool,  # noqa: FBT001
) -> None:
    """After too little money and a bad row: mend, correct in place, and the same command."""
    file, journal = tmp_path / "orders.csv", tmp_path / "run.db"

    def write(*skus: str, corrected: str = ",") -> None:
        names = [f",row-{number}" if is_named else "," for number in range(len(skus))]
        names[1] = names[1] if is_named else corrected
        rows = "".join(f"{each}{name}\n" for each, name in zip(skus, names, strict=True))
        file.write_text(f"sku_id,external_reference_id\n{rows}")

    place = ("orders", "place", file, "--journal", journal, "--concurrency", 1)
    write(sku, "no-such-sku", sandbox.state.landmarks.expensive_sku_id, sku)
    ended = didww(*place)
    assert ended.code == 3
    assert "1 placed, 1 rejected, 0 unconfirmed, 2 not attempted" in ended.out
    assert "Mend the cause first. Run the same command again" in ended.err
    assert "Correct these rows where they stand" in ended.err
    sandbox.state.balance = Decimal(100_000)
    dear = sandbox.state.landmarks.expensive_sku_id
    write(sku, sku, dear, sku)
    if not is_named:
        assert "(those without external_reference_id need one for that)" in ended.err
        ended = didww(*place)
        assert ended.code == 5
        assert "which was refused" in ended.err
        assert "give a row that was corrected its own external_reference_id" in ended.err
        write(sku, sku, dear, sku, corrected=",fixed")
    ended = didww(*place)
    assert ended.code == 0, ended.err
    assert len(sandbox.state.orders) == 4


def test_resuming_what_is_not_there_makes_nothing(didww: Didww, tmp_path: Path) -> None:
    """A misspelt journal is no new one."""
    ended = didww("orders", "resume", tmp_path / "run.db", "--sandbox")
    assert ended.code == 5
    assert "there is no journal" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_sends_no_order(didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path) -> None:
    """It tells the price; exit code 0 if the account can pay, else 1."""
    file = orders_csv(tmp_path, sku, 4)
    ended = didww("orders", "place", file, "--dry-run")
    assert ended.code == 0, ended.err
    assert "No order was sent." in ended.out
    dear = orders_csv(tmp_path, sandbox.state.landmarks.expensive_sku_id, 1, "dear.csv")
    assert didww("orders", "place", dear, "--dry-run").code == 1
    assert didww("orders", "place", file, "--dry-run", "--budget", "1").code == 1
    assert posts(sandbox) == 0


def test_a_dry_run_writes_its_rows(didww: Didww, sku: str, tmp_path: Path) -> None:
    """As JSON, and nothing else on stdout."""
    ended = didww("orders", "place", orders_csv(tmp_path, sku, 4), "--dry-run", "--output", "json")
    assert len(json.loads(ended.out)) == 4


def test_rows_are_packed(didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path) -> None:
    """With --pack, several rows make one order."""
    file = tmp_path / "orders.csv"
    file.write_text("sku_id\n" + f"{sku}\n" * 6)
    ended = didww("orders", "place", file, "--pack", "3")
    assert ended.code == 0, ended.err
    assert len(sandbox.state.orders) == 2


@pytest.mark.parametrize(
    ("total", "balance", "problem", "code"),
    [("2", 3, "", 0), ("2", 1, "", 1), ("9", 10, "", 1), ("2", 3, "no price", 1)],
)
def test_a_quote_decides_the_exit_code(
    capsys: pytest.CaptureFixture[str], total: str, balance: int, problem: str, code: int
) -> None:
    """0 only if the account and the budget can pay for it, and every row has a price."""
    row = QuotedRow(position=0, key="row-0", price=Decimal(total), problem=problem)
    quoted = Quote(rows=[row], available_balance=Decimal(balance))
    assert quote.show_quote(quoted, lambda _: 2, Decimal(5), on_stderr=False) == code
    printed = capsys.readouterr().out
    assert problem in printed
    assert "No order was sent." in printed


@pytest.mark.parametrize("count", [1, 30])
def test_a_server_that_is_not_there_is_not_tried_for_every_row(
    didww: Didww, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """After three rows no other is begun; exit code 4, as nothing was reached."""
    monkeypatch.setenv("DIDWW_API_KEY", "a-key")
    file, rows = orders_csv(tmp_path, "s", count), tmp_path / "rows.jsonl"
    nowhere = ("--base-url", "http://127.0.0.1:9/v3", "--concurrency", 1, "--output", rows)
    ended = didww("orders", "place", file, *nowhere)
    assert ended.code == 4
    told = [json.loads(line) for line in rows.read_text().splitlines()]
    tried = [row for row in told if "no connection" in row["reason"]]
    assert len(told) == count
    assert min(count, 3) <= len(tried) <= 4  # one may be under way
    assert ("the server was not reached 3 times in a row" in ended.out) == (count > 3)


def test_resume_tells_what_is_open(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """How many rows, how many of them may exist, and what the journal can't know."""
    journal, file = tmp_path / "run.db", orders_csv(tmp_path, sku, 4)
    sandbox.faults.drop_after(method="POST", path="/orders")
    sandbox.faults.answer(403, method="GET", path="/orders", times=None)
    place = ("orders", "place", file, "--journal", journal, "--concurrency", 1)
    assert didww(*place, "--settle-seconds", "0.2", "--budget", "1").code == 3
    lost = (
        "1 of the journal's orders may exist: their answers were lost. Each is looked for, for 0.2"
    )
    assert lost in didww(*place, "--settle-seconds", "0.2", "--budget", "1").err
    sandbox.faults.clear()
    ended = didww("orders", "resume", journal, "--settle-seconds", "0.2")
    assert ended.code == 0, ended.err
    assert "rows are open; rows that it does not know are placed from their file only." in ended.err
    assert lost in ended.err
    assert references(sandbox) == [f"row-{number}" for number in range(4)]


def test_a_finished_journal_has_nothing_open(didww: Didww, sku: str, tmp_path: Path) -> None:
    """And that is said, instead of sums of nothing."""
    journal = tmp_path / "run.db"
    didww("orders", "place", orders_csv(tmp_path, sku, 2), "--journal", journal)
    ended = didww("orders", "resume", journal)
    assert ended.code == 0
    assert ended.out == "Nothing was open.\n"


def test_a_resumed_run_keeps_to_its_budget(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path
) -> None:
    """--budget bounds what `resume` places."""
    journal = tmp_path / "run.db"
    place = ("orders", "place", orders_csv(tmp_path, sku, 6), "--journal", journal)
    didww(*place, "--budget", "1")
    ended = didww("orders", "resume", journal, "--budget", "1")
    assert ended.code == 3
    assert len(sandbox.state.orders) == 4


def test_a_journal_of_the_embedded_sandbox_is_warned_of(
    didww: Didww, sku: str, tmp_path: Path
) -> None:
    """The sandbox of the next command is another one."""
    file = orders_csv(tmp_path, sku, 1)
    warning = "The sandbox ends with this command, so"
    sandboxed = ("orders", "place", file, "--sandbox")
    assert warning in didww(*sandboxed, "--journal", tmp_path / "run.db").err
    assert warning not in didww(*sandboxed).err


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_a_packed_order_costs_once(
    didww: Didww, sandbox: Sandbox, sku: str, tmp_path: Path, suffix: str
) -> None:
    """Its amount stands in the first of its rows, so that the sum is what was spent."""
    file, target = tmp_path / "orders.csv", tmp_path / f"rows.{suffix}"
    file.write_text("sku_id\n" + f"{sku}\n" * 5)
    assert didww("orders", "place", file, "--pack", 3, "--output", target).code == 0
    text = target.read_text()
    if suffix == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
    elif suffix == "json":
        rows = json.loads(text)
    else:
        rows = [json.loads(line) for line in text.splitlines()]
    spent = sum(Decimal(str(order.attributes["amount"])) for order in sandbox.state.orders.values())
    assert sum(Decimal(row["amount"]) for row in rows if row["amount"]) == spent
    assert [int(row["line"]) for row in rows] == [2, 3, 4, 5, 6]
    assert {row["created_at"][10] + row["created_at"][-1] for row in rows} == {"TZ"}


@pytest.mark.parametrize("arguments", [(), ("--provider", "plum"), ("--provider=plum",)])
@pytest.mark.parametrize("is_first", [True, False])
def test_the_help_has_the_columns_of_one_api(
    didww: Didww,
    arguments: tuple[str, ...],
    is_first: bool,  # noqa: FBT001
) -> None:
    """That which is named, before --help or after it."""
    words = ("--help", *arguments) if is_first else (*arguments, "--help")
    ended = didww("orders", "place", *words)
    name, others = ("plum", "didww") if "plum" in str(arguments) else ("didww", "plum")
    assert f"Columns of FILE with --provider {name}:" in ended.out
    assert f"Columns of FILE with --provider {others}:" not in ended.out
    assert f"--provider {others}" in ended.out
