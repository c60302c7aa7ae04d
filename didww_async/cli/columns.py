"""What the columns of an order file are, and what becomes of a row; the same for every provider."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import attrs

__all__ = ["Column", "Columns"]

RequestT = TypeVar("RequestT")


@attrs.frozen
class Column:
    """One column of an order file."""

    parse: Callable[[str], object]
    """Reads a cell that is not empty; `ValueError` says what it takes."""
    about: str
    """What it is, in a few words."""


@attrs.frozen(kw_only=True)
class Columns(Generic[RequestT]):
    """The order file of one provider."""

    by_name: Mapping[str, Column]
    needed: Sequence[Sequence[str]]
    """Of each of these, one at least has to be in the header of a CSV file."""
    request: Callable[[Mapping[str, object]], RequestT]
    """Makes a request of a row's values; `ValueError` names the column."""
    body_members: frozenset[str]
    """A JSON object with one of these is a whole request, not a row."""
    request_of_body: Callable[[Mapping[str, object]], RequestT]
    """Makes a request of such an object; `ValueError` names the member."""
    name_column: str
    """The column that names an order, and stands for one order only."""
    name: Callable[[RequestT], str | None]
    """The name of a request, if it has one."""
    elsewhere: Callable[[Iterable[str]], str] = lambda _: ""
    """The option for the API whose columns these are; empty if they may be of this one."""

    @property
    def example(self) -> str:
        """A header that would do."""
        return ",".join([*(names[0] for names in self.needed), self.name_column])

    def complaint(self, names: Iterable[str]) -> str:
        """What is wrong with the first of these names that is no column; empty if all are."""
        for name in names:
            if name in self.by_name:
                continue
            plain = name.strip().lower().replace(" ", "_").replace("-", "_")
            close = difflib.get_close_matches(plain, self.by_name, n=1)
            if close:
                return f"there is no column {name!r}; did you mean {close[0]}?"
            return f"there is no column {name!r}; there are {', '.join(self.by_name)}"
        return ""
