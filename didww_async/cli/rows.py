"""Turns the lines of an order file into requests, or into what is wrong with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import BinaryIO, Generic, TypeAlias, TypeVar

import attrs

from didww_async.cli.cells import reference
from didww_async.cli.columns import Columns
from didww_async.jsonapi.errors import is_array, is_object

__all__ = ["DELIMITERS", "BadFileError", "Problem", "Row", "csv_rows", "json_rows", "lines_of"]

RequestT = TypeVar("RequestT")
RequestT_co = TypeVar("RequestT_co", covariant=True)

DELIMITERS = (",", ";", "\t")
LONGEST_LINE = 1 << 20
_BYTE_ORDER_MARK = "\ufeff"


class BadFileError(Exception):
    """The file as a whole is not what it should be; the message says what to do."""


@attrs.frozen
class Row(Generic[RequestT_co]):
    """A request, and the line of the file that it begins on."""

    line: int
    request: RequestT_co


@attrs.frozen
class Problem:
    """What is wrong with a line."""

    line: int
    text: str


Rows: TypeAlias = "Iterator[Row[RequestT] | Problem]"


def lines_of(stream: BinaryIO) -> Iterator[str]:
    """
    The lines of a file, with their ends; bytes that are no UTF-8 become lone surrogates.

    Raises:
        BadFileError: A line is so long that it can't be meant.
    """
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise BadFileError(f"line {number} is longer than {LONGEST_LINE} bytes")
        text = line.decode("utf-8", "surrogateescape")
        yield text.removeprefix(_BYTE_ORDER_MARK) if number == 1 else text


def csv_rows(
    lines: Iterator[str], columns: Columns[RequestT], delimiter: str | None = None
) -> Rows[RequestT]:
    """
    The rows of a CSV file; without a delimiter it is found from the header.

    Raises:
        BadFileError: The header does not name columns.
    """
    blank = 0
    for first in lines:
        if first.strip():
            break
        blank += 1
    else:
        return
    names, found = _header(first, columns, delimiter)
    reader = csv.reader(lines, delimiter=found, strict=True)
    while True:
        line = blank + 1 + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(line, _csv_problem(error))
            continue
        if any(cells):  # a spreadsheet leaves rows of empty cells behind
            yield _csv_row(line, cells, names, columns)


def _header(line: str, columns: Columns[RequestT], delimiter: str | None) -> tuple[list[str], str]:
    """The names that a header has, and the delimiter with which it has most of them."""
    splits = [(_split(line, mark), mark) for mark in ([delimiter] if delimiter else DELIMITERS)]
    names, found = max(splits, key=lambda split: len(columns.by_name.keys() & set(split[0])))
    if not _is_utf_8(line):
        raise BadFileError("the file is not UTF-8; save it as `CSV UTF-8`")
    if option := columns.elsewhere(names):
        raise BadFileError(f"these are the columns of another API: give {option}")
    if not columns.by_name.keys() & set(names) and len(names) > 1 and not _is_close(names, columns):
        raise BadFileError(
            f"the first line has to name the columns, such as {columns.example}; "
            f"there are {', '.join(columns.by_name)}"
        )
    if "" in names:
        raise BadFileError(f"column {names.index('') + 1} has no name; name it or take it out")
    if complaint := columns.complaint(names):
        raise BadFileError(complaint)
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadFileError(f"the column {twice[0]} stands there twice; keep one of them")
    for needed in columns.needed:
        if not set(needed) & set(names):
            raise BadFileError(f"there is no column {' or '.join(needed)}")
    return names, found


def _split(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except (csv.Error, StopIteration):
        cells = [line]
    return [cell.strip() for cell in cells]


def _is_close(names: list[str], columns: Columns[RequestT]) -> bool:
    """Whether one of the names is a misspelt column, rather than a value."""
    return any("did you mean" in columns.complaint([name]) for name in names)


def _csv_problem(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text or "field limit" in text:
        return "a quotation mark is opened and not closed"
    if "new-line character" in text:
        return "lines end with CR alone; save the file with LF or CRLF"
    return f"is not CSV: {text}"


def _csv_row(
    line: int, cells: list[str], names: list[str], columns: Columns[RequestT]
) -> Row[RequestT] | Problem:
    if len(cells) != len(names):
        return Problem(line, f"has {len(cells)} cells, the header names {len(names)} columns")
    values: dict[str, object] = {}
    for name, cell in zip(names, cells, strict=True):
        if not cell.strip():
            continue
        if not _is_utf_8(cell):
            return Problem(line, f"{name}: is not UTF-8; save the file as `CSV UTF-8`")
        try:
            values[name] = columns.by_name[name].parse(cell)
        except ValueError as error:
            return Problem(line, f"{name}: {error}")
    try:
        return Row(line, columns.request(values))
    except ValueError as error:
        return Problem(line, str(error))


def json_rows(lines: Iterator[str], columns: Columns[RequestT]) -> Rows[RequestT]:
    """
    The rows of a file with a JSON object a line: columns and their values, or a whole request.

    Raises:
        BadFileError: The file is one JSON array.
    """
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        if not _is_utf_8(text):
            yield Problem(number, "is not UTF-8")
            continue
        try:
            parsed: object = json.loads(
                text, object_pairs_hook=_each_once, parse_constant=_no_constant
            )
        except json.JSONDecodeError as error:
            if number == 1 and text.lstrip().startswith("["):
                raise BadFileError(_ONE_A_LINE) from None
            if number == 1 and text.strip() == "{":
                raise BadFileError(_ON_ONE_LINE) from None
            yield Problem(number, f"is not JSON: {error.msg} at character {error.colno}")
            continue
        except (ValueError, RecursionError) as error:
            yield Problem(number, f"is not JSON that can be used: {error}")
            continue
        if is_array(parsed) and number == 1:
            raise BadFileError(_ONE_A_LINE)
        yield _json_row(number, parsed, columns)


_ON_ONE_LINE = "an object goes over several lines; write each on one (jq -c . FILE)"
_ONE_A_LINE = "it is a JSON array; write one object a line (jq -c '.[]' FILE)"


def _json_row(line: int, parsed: object, columns: Columns[RequestT]) -> Row[RequestT] | Problem:
    if not is_object(parsed):
        return Problem(line, "is no JSON object")
    try:
        if columns.body_members & parsed.keys():
            request = columns.request_of_body(parsed)
        elif complaint := columns.complaint(parsed):
            return Problem(line, complaint)
        else:
            # What exports tables writes null where a cell is empty.
            values = {name: value for name, value in parsed.items() if value is not None}
            request = columns.request(values)
    except ValueError as error:
        return Problem(line, str(error))
    try:
        reference(columns.name(request) or "")
    except ValueError as error:
        return Problem(line, f"{columns.name_column}: {error}")
    return Row(line, request)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} stands there twice")
    return members


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _is_utf_8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
