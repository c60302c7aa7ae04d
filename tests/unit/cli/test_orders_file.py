"""A file of orders is checked as a whole, and then read again."""

from __future__ import annotations

import contextlib
import io
import os
import tracemalloc
from collections.abc import Callable, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from didww_async import NewOrder
from didww_async.cli.didww_columns import DIDWW
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.orders_file import OrdersFile, checked_orders
from didww_async.cli.rows import BadFileError

HEADER = "sku_id,qty,external_reference_id\n"
Watched = list[int]


@pytest.fixture
def watched() -> Watched:
    return []


@pytest.fixture
def read(tmp_path: Path, watched: Watched) -> Any:
    """Opens text as a file of orders."""

    @contextlib.contextmanager
    def checking(_: OrdersFile[NewOrder]) -> Generator[Callable[[int], None]]:
        yield watched.append

    def read(text: str, name: str = "orders.csv", form: str | None = None) -> Any:
        path = tmp_path / name
        path.write_text(text)
        return checked_orders(str(path), form, DIDWW, checking)

    return read


def refusal(context: Any) -> str:
    with pytest.raises(CommandError) as refused, context:
        pass
    assert refused.value.code is ExitCode.BAD_INPUT
    assert refused.value.message.endswith("Nothing was sent.")
    return refused.value.message


def test_it_is_sized_and_read_again_and_again(read: Any) -> None:
    """Each iteration gives all orders; their lines are known."""
    with read(HEADER + "s,1,a\n\ns,2,b\n") as file:
        assert len(file) == 2
        names = [order.external_reference_id for order in file]
        assert names == [order.external_reference_id for order in file] == ["a", "b"]
        assert [file.line(0), file.line(1)] == [2, 4]


def test_every_bad_line_is_told(read: Any) -> None:
    """Up to fifty of them, and how many more there are."""
    message = refusal(read(HEADER + "s,0,\ns,1,\n" + "s,x,\n" * 58))
    assert "59 lines can't be sent" in message
    told = [line for line in message.splitlines() if line.startswith("  line ")]
    assert len(told) == 50
    assert told[0] == "  line 2: qty: takes a whole number from 1, not 0"
    assert told[1].startswith("  line 4: ")
    assert "  and 9 more" in message


def test_a_name_stands_for_one_order(read: Any) -> None:
    """Both lines of a repeated reference are named."""
    message = refusal(read(HEADER + "s,1,a\ns,1,b\ns,1,a\n"))
    assert "line 4: external_reference_id 'a' stands on line 2 already" in message


@pytest.mark.parametrize("text", ["", "\n\n", HEADER, HEADER + ",,\n"])
def test_an_empty_file_is_refused(read: Any, text: str) -> None:
    """It can't be meant."""
    assert "there is no order in it" in refusal(read(text))


def test_the_wrong_columns_are_refused(read: Any) -> None:
    """With the name of the file."""
    assert "orders.csv: there is no column 'qtty'; did you mean qty?" in refusal(
        read("sku_id,qtty\ns,1\n")
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("o.csv", HEADER + "s,1,a\n"),
        ("o.tsv", "sku_id\tqty\texternal_reference_id\ns\t1\ta\n"),
        ("o.jsonl", '{"sku_id": "s", "qty": 1, "external_reference_id": "a"}\n'),
        ("o.NDJSON", '{"sku_id": "s", "qty": 1, "external_reference_id": "a"}\n'),
        ("o.json", '{"sku_id": "s", "qty": 1, "external_reference_id": "a"}\n'),
        ("o.txt", HEADER + "s,1,a\n"),
        ("o", '\n {"sku_id": "s", "qty": 1, "external_reference_id": "a"}\n'),
    ],
)
def test_the_format_is_found(read: Any, name: str, text: str) -> None:
    """By the suffix, or else by the first character."""
    with read(text, name) as file:
        assert [order.external_reference_id for order in file] == ["a"]


def test_the_format_can_be_told(read: Any) -> None:
    """Against what the name says."""
    with read('{"sku_id": "s"}\n', "o.csv", "jsonl") as file:
        assert len(file) == 1


def test_a_file_that_changes_is_not_placed(read: Any, tmp_path: Path) -> None:
    """What is placed is what was checked."""
    with read(HEADER + "s,1,a\n") as file:
        (tmp_path / "orders.csv").write_text(HEADER + "s,1,a\ns,900,b\n")
        with pytest.raises(BadFileError, match="was changed after it was checked"):
            list(file)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_an_unreadable_file_is_refused(tmp_path: Path, name: str) -> None:
    """A file that is not there, and a folder."""
    context = checked_orders(
        str(tmp_path / name), None, DIDWW, lambda _: contextlib.nullcontext(print)
    )
    assert "can't be read: " in refusal(context)


def test_a_pipe_is_read_once(tmp_path: Path, watched: Watched) -> None:
    """It is copied, so that it can be checked before it is placed."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        pipe.write(HEADER + "s,1,a\n")
    context = checked_orders(
        f"/dev/fd/{reading}", None, DIDWW, lambda _: contextlib.nullcontext(watched.append)
    )
    with context as file:
        assert len(list(file)) == len(list(file)) == 1
    os.close(reading)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a dash."""
    given = SimpleNamespace(buffer=io.BytesIO((HEADER + "s,1,a\n").encode()))
    monkeypatch.setattr("sys.stdin", given)
    with checked_orders("-", None, DIDWW, lambda _: contextlib.nullcontext(print)) as file:
        assert len(list(file)) == 1


def test_a_long_file_is_not_held(read: Any, watched: Watched) -> None:
    """Reading it again takes no memory to speak of; checking it is shown as it goes."""
    with read(HEADER + "s,1,\n" * 20_000) as file:
        tracemalloc.start()
        try:
            count = sum(1 for _ in file)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert count == 20_000
    assert peak < 1_000_000
    assert watched == sorted(watched)
    assert len(watched) == 40
