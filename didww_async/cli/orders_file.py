"""
A file of orders: read through and checked as a whole, then read again to be placed.

Nothing of it stays in memory but the line and the name of each order, so that a file
may have a million lines.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from array import array
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar, cast

import attrs

from didww_async.cli.columns import Columns
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.rows import (
    BadFileError,
    Problem,
    Rows,
    csv_rows,
    json_rows,
    lines_of,
)

__all__ = ["FORMATS", "OrdersFile", "checked_orders"]

RequestT = TypeVar("RequestT")

FORMATS = ("csv", "tsv", "jsonl")
SHOWN_PROBLEMS = 50
STANDARD_INPUT = "-"
_FORMAT_OF_SUFFIX = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_ROWS_A_LOOK = 500


@attrs.define(eq=False)
class OrdersFile(Generic[RequestT]):
    """Orders that were all found good; each iteration reads the file again."""

    name: str
    _stream: BinaryIO
    _format: str
    _columns: Columns[RequestT]
    _lines: array[int] = attrs.field(init=False, factory=lambda: array("Q"))
    _seen: tuple[int, int] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._seen = self._state()

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[RequestT]:
        if self._state() != self._seen:
            raise BadFileError(f"{self.name} was changed after it was checked")
        for row in self._rows():
            if isinstance(row, Problem):
                raise BadFileError(f"{self.name} was changed after it was checked")
            yield row.request

    def line(self, position: int) -> int:
        """The line on which an order begins, counted from 1."""
        return self._lines[position]

    @property
    def size(self) -> int:
        """Its bytes."""
        return self._seen[0]

    def check(self, progress: Callable[[int], None]) -> None:
        """
        Read it through, once; `progress` hears how many bytes are read.

        Raises:
            CommandError: Something is wrong with it; every bad line is told.
        """
        problems: list[Problem] = []
        count = 0
        try:
            for problem in self._problems(progress):
                count += 1
                if count <= SHOWN_PROBLEMS:
                    problems.append(problem)
        except BadFileError as error:
            told = _told(problems, count)
            raise self._refused(f"{error}{told and ':'}", told) from None
        if count:
            raise self._refused(
                f"{count} {'line' if count == 1 else 'lines'} can't be sent:",
                _told(problems, count),
            )
        if not self._lines:
            raise self._refused("there is no order in it", "")

    def _problems(self, progress: Callable[[int], None]) -> Iterator[Problem]:
        first_lines: dict[str, int] = {}
        for row in self._rows():
            if isinstance(row, Problem):
                yield row
                continue
            if len(self._lines) % _ROWS_A_LOOK == 0:
                progress(self._stream.tell())
            self._lines.append(row.line)
            name = self._columns.name(row.request)
            if not name:
                continue
            first = first_lines.setdefault(name, row.line)
            if first != row.line:
                yield Problem(
                    row.line, f"{self._columns.name_column} {name!r} stands on line {first} already"
                )

    def _rows(self) -> Rows[RequestT]:
        self._stream.seek(0)
        lines = lines_of(self._stream)
        if self._format == "jsonl":
            return json_rows(lines, self._columns)
        return csv_rows(lines, self._columns, "\t" if self._format == "tsv" else None)

    def _state(self) -> tuple[int, int]:
        found = os.fstat(self._stream.fileno())
        return (found.st_size, found.st_mtime_ns)

    def _refused(self, what: str, told: str) -> CommandError:
        return CommandError(f"{self.name}: {what}{told}\nNothing was sent.", ExitCode.BAD_INPUT)


def _told(problems: list[Problem], count: int) -> str:
    lines = [f"\n  line {problem.line}: {problem.text}" for problem in problems]
    if count > len(problems):
        lines.append(f"\n  and {count - len(problems)} more")
    return "".join(lines)


@contextlib.contextmanager
def checked_orders(
    path: str,
    format: str | None,  # noqa: A002  # as the option is called
    columns: Columns[RequestT],
    checking: Callable[
        [OrdersFile[RequestT]], contextlib.AbstractContextManager[Callable[[int], None]]
    ],
) -> Generator[OrdersFile[RequestT]]:
    """
    A file of orders, or standard input for `-`, read through and found good.

    `checking` shows how far the reading is. What can be read only once, such as a pipe,
    is copied to a temporary file.

    Raises:
        CommandError: It can't be read, or something is wrong with it; nothing was sent.
    """
    name = "standard input" if path == STANDARD_INPUT else path
    with contextlib.ExitStack() as open_files:
        try:
            stream = open_files.enter_context(_opened(path))
            file = OrdersFile(name, stream, format or _format_of(path, stream), columns)
            with checking(file) as progress:
                file.check(progress)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise CommandError(
                f"{name} can't be read: {reason}\nNothing was sent.", ExitCode.BAD_INPUT
            ) from None
        yield file


@contextlib.contextmanager
def _opened(path: str) -> Generator[BinaryIO]:
    with contextlib.ExitStack() as open_files:
        if path == STANDARD_INPUT:
            source: BinaryIO = sys.stdin.buffer
        else:
            source = open_files.enter_context(Path(path).open("rb"))
        if path != STANDARD_INPUT and stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            yield source
        else:
            copy = cast("BinaryIO", open_files.enter_context(tempfile.TemporaryFile()))
            shutil.copyfileobj(source, copy)
            copy.flush()
            yield copy


def _format_of(path: str, stream: BinaryIO) -> str:
    """By the name, or else by the first character that is not blank."""
    suffix = "" if path == STANDARD_INPUT else Path(path).suffix.lower()
    if suffix in _FORMAT_OF_SUFFIX:
        return _FORMAT_OF_SUFFIX[suffix]
    stream.seek(0)
    beginning = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    return "jsonl" if beginning[:1] in {b"{", b"["} else "csv"
