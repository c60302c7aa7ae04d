"""A report for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from didww_async.placement import NotAttempted, Outcome, Placed, Rejected, Unconfirmed
from didww_async.placement.report import Counts, Report
from didww_async.placement.table import SHOWN_ROWS, csv_text, html_table, json_lines
from tests.unit.placement.shop import Parcel, Shop

BASE = {"external_reference": "r", "attempts": 1}
OUTCOMES: list[Outcome[Parcel]] = [
    Placed(key="a", position=0, order=Parcel("P1", "a", 5), was_found=True, note="n", **BASE),  # type: ignore[arg-type]
    Rejected(key="b", position=1, reason='no, "never"\nagain', **BASE),  # type: ignore[arg-type]
    Unconfirmed(key="<b>c&</b>", position=2, reason="<script>", **BASE),  # type: ignore[arg-type]
    NotAttempted(key="d", position=3, reason="", **BASE),  # type: ignore[arg-type]
]


def report(outcomes: list[Outcome[Parcel]], stop_reason: str = "") -> Report[Parcel]:
    """A report of these."""
    counts = Counts(total=len(outcomes), spent=Decimal("5.10"), requests=7, elapsed_seconds=1.25)
    for outcome in outcomes:
        counts.add(outcome)
    return Report(
        outcomes=outcomes, counts=counts, stop_reason=stop_reason, describe=Shop().describe
    )


def test_each_kind_has_its_list() -> None:
    """And all of them together are the outcomes."""
    made = report(OUTCOMES)

    parts = [*made.placed, *made.rejected, *made.unconfirmed, *made.not_attempted]

    assert parts == OUTCOMES
    assert made.counts.done == 4


def test_a_record_is_flat() -> None:
    """The order's columns stand behind the row's."""
    assert next(report(OUTCOMES).records()) == {
        "row": 0,
        "key": "a",
        "outcome": "placed",
        "external_reference": "r",
        "attempts": 1,
        "was_found": True,
        "reason": "",
        "note": "n",
        "parcel": "P1",
        "price": 5,
    }


def test_csv_is_read_back_as_it_was() -> None:
    """With quotes, commas and line ends within a value; one header for all kinds."""
    rows = list(csv.DictReader(io.StringIO(report(OUTCOMES).to_csv(), newline="")))

    assert [row["reason"] for row in rows] == ["", 'no, "never"\nagain', "<script>", ""]
    assert [row["parcel"] for row in rows] == ["P1", "", "", ""]


def test_csv_has_its_columns_when_nothing_was_placed() -> None:
    """An empty report is a header."""
    assert report([]).to_csv().splitlines() == [
        "row,key,outcome,external_reference,attempts,was_found,reason,note"
    ]


def test_json_lines_are_one_value_a_line() -> None:
    """Line ends within a value are escaped."""
    lines = report(OUTCOMES).to_json_lines().splitlines()

    assert [json.loads(line)["row"] for line in lines] == [0, 1, 2, 3]
    assert report([]).to_json_lines() == ""


def test_html_is_escaped() -> None:
    """Keys and reasons come from elsewhere."""
    made = report(OUTCOMES, stop_reason="<i>")._repr_html_()

    assert "<script>" not in made
    assert "<b>" not in made
    assert "&lt;i&gt;" in made


def test_html_shows_the_first_rows() -> None:
    """And says how many more there are."""
    many = OUTCOMES * SHOWN_ROWS

    made = report(many)._repr_html_()

    assert made.count("<tr>") == SHOWN_ROWS + 1
    assert f"and {len(many) - SHOWN_ROWS} more" in made


@pytest.mark.parametrize(
    ("reason", "tail"),
    [("", "in 1.2 s, 7 requests"), ("enough", "in 1.2 s, 7 requests; stopped: enough")],
)
def test_a_report_says_in_a_line_what_came_of_it(reason: str, tail: str) -> None:
    """Counts, money, time, and why it ended early."""
    assert str(report(OUTCOMES, reason)) == (
        f"1 placed, 1 rejected, 1 unconfirmed, 1 not attempted; 5.10 spent {tail}"
    )


def test_a_time_is_written_as_the_api_writes_it() -> None:
    """In every kind of text."""
    row = {"created_at": datetime(2026, 11, 27, 9, 40, 18, tzinfo=UTC)}

    assert csv_text([row], ()) == "created_at\r\n2026-11-27T09:40:18Z\r\n"
    assert list(json_lines([row])) == ['{"created_at": "2026-11-27T09:40:18Z"}\n']
    assert "<td>2026-11-27T09:40:18Z</td>" in html_table("one row", [row], 1)
