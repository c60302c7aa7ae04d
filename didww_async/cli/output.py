"""Where the data goes, and as what: a table, JSON or CSV, on stdout or into a file."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TextIO
from uuid import uuid4

import attrs
import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.messages import printable
from didww_async.placement.table import csv_text

__all__ = [
    "Field",
    "Output",
    "Record",
    "Tabular",
    "moment_text",
    "output_option",
    "print_table",
    "printed_on",
]

Record = Mapping[str, object]

_NEVER_FAILING = "backslashreplace"
"""What an encoding lacks is no reason to lose what is written; of JSON it makes JSON again."""
_GAP = 2
_LEAST_WIDTH = 12
_FILES = {".csv": "csv", ".json": "json", ".jsonl": "jsonl"}


@attrs.frozen
class Field:
    """A column of a table: the name of the value in a record, and what stands above it."""

    name: str
    heading: str
    is_number: bool = False
    is_whole: bool = False
    """Never broken or shortened, so that it can be copied."""


class Tabular(Protocol):
    """Rows that write themselves, such as a report."""

    def records(self) -> Iterable[Record]:
        """A row each."""
        ...

    def to_csv(self) -> str:
        """The rows as CSV, with a header also if there are none."""
        ...


@attrs.frozen
class Output:
    """What `--output` asks for."""

    kind: str
    """`table`, `json`, `csv` or `jsonl`."""
    path: Path | None = None

    @property
    def is_data(self) -> bool:
        """Whether stdout gets data for programs, and nothing else."""
        return self.kind != "table" and self.path is None

    def text(self, rows: Tabular) -> Iterable[str]:
        """The rows in this kind, in pieces; none for a table."""
        if self.kind == "table":
            return []
        records = map(_written, rows.records())
        if self.kind == "csv":
            told = list(records)
            return [csv_text(told, ()) if told else rows.to_csv()]
        return _WRITERS[self.kind](records)

    @contextlib.contextmanager
    def open(self, exit_code: ExitCode) -> Generator[TextIO]:
        """
        What to write to: stdout, or a file that takes its name when it is whole.

        Raises:
            CommandError: It can't be opened, or it can't be written, with this exit code.
        """
        if self.path is None:
            with _standard_output(exit_code, encoding="utf-8" if self.is_data else None) as stream:
                yield stream
            return
        final = Path(os.path.realpath(self.path))
        part = final.with_name(f".{final.name}.{uuid4().hex}")
        try:
            file = part.open("x", encoding="utf-8", errors=_NEVER_FAILING, newline="")
        except OSError as error:
            raise CommandError(
                f"{self.path} can't be written: {error.strerror or error}\nNothing was sent.",
                ExitCode.BAD_INPUT,
            ) from None
        try:
            with file:
                yield file
            part.replace(final)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise CommandError(
                f"{self.path} can't be written: {error.strerror or error}", exit_code
            ) from None
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def show(self, records: Iterable[Record], fields: Sequence[Field]) -> None:
        """
        Write the records: all of them as they are, or these fields as a table.

        Raises:
            CommandError: They can't be written.
        """
        if self.kind == "table":
            with _standard_output(ExitCode.BAD_INPUT) as stream:
                print_table(records, fields, stream)
            return
        with self.open(ExitCode.BAD_INPUT) as stream:
            for piece in _WRITERS[self.kind](records):
                stream.write(piece)

    def show_one(self, record: Record, fields: Sequence[Field]) -> None:
        """
        Write one record, in JSON as an object of its own.

        Raises:
            CommandError: It can't be written.
        """
        if self.kind != "json":
            self.show([record], fields)
            return
        with self.open(ExitCode.BAD_INPUT) as stream:
            stream.writelines(_json_lines([record]))


@contextlib.contextmanager
def _standard_output(exit_code: ExitCode, encoding: str | None = None) -> Generator[TextIO]:
    """Stdout, for programs in this encoding, for people in its own."""
    if sys.stdout is None:  # as a shell closes it
        raise CommandError(
            "standard output is closed; open it, or write to a file with --output\n"
            "Nothing was sent.",
            ExitCode.BAD_INPUT,
        )
    if reconfigure := getattr(sys.stdout, "reconfigure", None):  # else it is only memory
        reconfigure(encoding=encoding, errors=_NEVER_FAILING)
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads, such as `head`, has enough. Nor may the interpreter flush at its end.
        sys.stdout = io.StringIO()
    except OSError as error:
        sys.stdout = io.StringIO()
        raise CommandError(
            f"standard output can't be written: {error.strerror or error}", exit_code
        ) from None


def _output(value: str) -> Output:
    if value in {"table", "json", "csv"}:
        return Output(value)
    kind = _FILES.get(Path(value).suffix.lower())
    if kind is None:
        raise click.BadParameter(
            f"{value!r} is neither table, json, csv nor a file ending in .csv, .json or .jsonl"
        )
    return Output(kind, Path(value))


output_option = click.option(
    "--output",
    type=_output,
    default="table",
    metavar="[table|json|csv|FILE]",
    help="What to print, or a file ending in .csv, .json or .jsonl to write.",
)


def moment_text(moment: datetime) -> str:
    """A time as every output has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(record: Record) -> Record:
    return {
        name: moment_text(value) if isinstance(value, datetime) and value.tzinfo else value
        for name, value in record.items()
    }


def _csv(records: Iterable[Record]) -> Iterator[str]:
    """The records as CSV; the first one names the columns."""
    text = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for record in records:
        if writer is None:
            writer = csv.DictWriter(text, list(record))
            writer.writeheader()
        writer.writerow({name: _plain(value) for name, value in record.items()})
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def _json(records: Iterable[Record]) -> Iterator[str]:
    """The records as one JSON array, one record a line."""
    mark = "[\n"
    for record in records:
        yield mark + json.dumps(record, default=str, ensure_ascii=False)
        mark = ",\n"
    yield "[]\n" if mark == "[\n" else "\n]\n"


def _json_lines(records: Iterable[Record]) -> Iterator[str]:
    """The records as JSON, one a line."""
    for record in records:
        yield json.dumps(record, default=str, ensure_ascii=False) + "\n"


_WRITERS = {"csv": _csv, "json": _json, "jsonl": _json_lines}


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value


@contextlib.contextmanager
def printed_on(*, stderr: bool) -> Generator[TextIO]:
    """Where a person reads: stdout, or stderr while stdout is for programs."""
    if stderr or sys.stdout is None:
        yield sys.stderr
    else:
        with _standard_output(ExitCode.UNFINISHED) as stream:
            yield stream


def print_table(records: Iterable[Record], fields: Sequence[Field], stream: TextIO) -> None:
    """Print a table: drawn on a terminal, in plain columns elsewhere."""
    rows = [[_cell(record.get(field.name)) for field in fields] for record in records]
    console = Console(file=stream)
    if console.is_terminal and not console.is_dumb_terminal and _fits(rows, fields, console.width):
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False)
        for field in fields:
            table.add_column(
                field.heading,
                justify="right" if field.is_number else "left",
                no_wrap=field.is_whole or field.is_number,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)
    else:
        _print_columns(rows, fields, stream)


def _fits(rows: list[list[str]], fields: Sequence[Field], width: int) -> bool:
    """Whether a table as wide as the terminal shows every column."""
    least = 0
    for index, field in enumerate(fields):
        widest = max(len(text) for text in (field.heading, *(row[index] for row in rows)))
        whole = field.is_whole or field.is_number
        least += (widest if whole else min(widest, _LEAST_WIDTH)) + _GAP
    return least <= width


def _print_columns(rows: list[list[str]], fields: Sequence[Field], stream: TextIO) -> None:
    lines = [[field.heading for field in fields], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            cell.rjust(width) if field.is_number else cell.ljust(width)
            for cell, width, field in zip(line, widths, fields, strict=True)
        ]
        stream.write((" " * _GAP).join(cells).rstrip() + "\n")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(str(value)).replace("\n", " ")
