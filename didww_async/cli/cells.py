"""What stands in the cells of an order file; `ValueError` says what a cell takes."""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = ["amount", "reference", "text", "true_or_false", "whole_number"]

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)


def text(cell: str) -> str:
    """A text without the blanks around it."""
    return cell.strip()


def reference(cell: str) -> str:
    """The name of an order."""
    # The order is looked up by it, and nobody promises that the server keeps the blanks.
    if cell != cell.strip():
        raise ValueError("begins or ends with a blank; take it away")
    return cell


def whole_number(cell: str) -> int:
    """A whole number."""
    if not _WHOLE_NUMBER.fullmatch(cell.strip()):
        most = " of 9 digits at most" if cell.strip().isdecimal() else ""
        raise ValueError(f"takes a whole number{most}, not {cell[:20]!r}")
    return int(cell)


def amount(cell: str) -> Decimal:
    """An amount of money."""
    if not _AMOUNT.fullmatch(cell.strip()):
        raise ValueError(f"takes an amount, such as 199 or 12.50, not {cell[:20]!r}")
    return Decimal(cell.strip())


def true_or_false(cell: str) -> bool:
    """A yes or a no."""
    word = cell.strip().lower()
    if word not in {"true", "false"}:
        raise ValueError(f"takes true or false, not {cell[:20]!r}")
    return word == "true"
