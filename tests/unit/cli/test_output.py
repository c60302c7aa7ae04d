"""Tables, JSON and CSV, on stdout and into files."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from pathlib import Path

import pytest

from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.messages import say
from didww_async.cli.output import Field, Output, print_table

FIELDS = (
    Field("id", "id", is_whole=True),
    Field("amount", "amount", is_number=True),
    Field("name", "name"),
)
RECORDS: list[dict[str, object]] = [
    {"id": "a" * 36, "amount": Decimal("0.50"), "name": "[red]one", "other": True},
    {"id": "b" * 36, "amount": None, "name": "two\x1b[2J", "other": False},
]


def test_money_stays_exact(capsys: pytest.CaptureFixture[str]) -> None:
    """In JSON as the text that it was, in CSV as it is."""
    Output("json").show(RECORDS, FIELDS)
    assert json.loads(capsys.readouterr().out)[0]["amount"] == "0.50"
    Output("csv").show(RECORDS, FIELDS)
    assert capsys.readouterr().out.splitlines()[1] == f"{'a' * 36},0.50,[red]one,true"


@pytest.mark.parametrize("kind", ["json", "csv", "jsonl", "table"])
def test_nothing_is_still_well_formed(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty array, no lines, or the head of a table."""
    Output(kind).show([], FIELDS)
    out = capsys.readouterr().out
    assert out == {"json": "[]\n", "csv": "", "jsonl": "", "table": "id  amount  name\n"}[kind]


def test_plain_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers to the right, nothing broken, no escape sequence and no markup taken."""
    Output("table").show(RECORDS, FIELDS)
    assert capsys.readouterr().out.splitlines() == [
        "id" + " " * 36 + "amount  name",
        "a" * 36 + "    0.50  [red]one",
        "b" * 36 + "          two\ufffd[2J",
    ]


@pytest.mark.parametrize("columns", ["60", "20"])
def test_ids_are_whole_on_any_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They can be copied, and no column is left out for want of room."""
    import sys

    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    print_table(RECORDS, FIELDS, sys.stdout)
    out = capsys.readouterr().out
    assert "a" * 36 in out
    assert "[red]one" in out
    assert "\x1b[2J" not in out


def test_messages_are_plain_and_beside_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, line by line, without what steers a terminal."""
    say("one\ntwo\x1b[2J")
    assert capsys.readouterr() == ("", "one\ntwo\ufffd[2J\n")


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    """Until then, and if it never is, what was there before stays."""
    target = tmp_path / "rows.json"
    target.write_text("before")
    output = Output("json", target)
    with contextlib.suppress(RuntimeError), output.open(ExitCode.UNFINISHED) as stream:
        stream.write("[")
        assert target.read_text() == "before"
        raise RuntimeError
    assert target.read_text() == "before"
    output.show(RECORDS, FIELDS)
    assert len(json.loads(target.read_text())) == 2
    assert list(tmp_path.iterdir()) == [target]


def test_no_other_file_is_touched(tmp_path: Path) -> None:
    """Whatever it is called, such as orders that are named as the results with an ending."""
    target, other = tmp_path / "rows.json", tmp_path / "rows.json.part"
    other.write_text("orders")
    Output("json", target).show(RECORDS, FIELDS)
    assert other.read_text() == "orders"
    with contextlib.suppress(RuntimeError), Output("json", target).open(ExitCode.UNFINISHED):
        raise RuntimeError
    assert sorted(tmp_path.iterdir()) == [target, other]


def test_half_of_a_character_is_written_all_the_same(tmp_path: Path) -> None:
    """A server may send one, and there is no UTF-8 of it."""
    target = tmp_path / "rows.json"
    Output("json", target).show([{"name": "\ud800"}], FIELDS)
    assert json.loads(target.read_text()) == [{"name": "\ud800"}]


def test_a_link_stays_one(tmp_path: Path) -> None:
    """What it points to is written."""
    target, link = tmp_path / "rows.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    Output("csv", link).show(RECORDS, FIELDS)
    assert link.is_symlink()
    assert target.read_text().startswith("id,")


def test_a_file_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    """Before any work is done, whatever the code for later is."""
    output = Output("csv", tmp_path / "none" / "rows.csv")
    with pytest.raises(CommandError) as refused, output.open(ExitCode.UNFINISHED):
        pass
    assert refused.value.code is ExitCode.BAD_INPUT
