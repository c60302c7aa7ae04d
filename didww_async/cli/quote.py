"""What a person is told of a dry run."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import islice

from didww_async.cli.exit_codes import ExitCode
from didww_async.cli.output import Field, print_table, printed_on
from didww_async.cli.summary import SHOWN_ROWS
from didww_async.placement.quote import Quote

__all__ = ["show_quote"]

_FIELDS = (
    Field("place", "line", is_number=True),
    Field("reference", "reference"),
    Field("problem", "problem"),
)


def show_quote(
    quote: Quote, line: Callable[[int], int], budget: Decimal | None, *, on_stderr: bool
) -> ExitCode:
    """Print what the orders would cost and which could not be placed; the exit code."""
    problems = list(quote.problems)
    over_budget = budget is not None and quote.total > budget
    with printed_on(stderr=on_stderr) as stream:
        if problems:
            rows = [
                {"place": line(row.position), "reference": row.key, "problem": row.problem}
                for row in islice(problems, SHOWN_ROWS)
            ]
            print_table(rows, _FIELDS, stream)
            if len(problems) > SHOWN_ROWS:
                stream.write(f"and {len(problems) - SHOWN_ROWS:,} more\n")
        stream.write(f"{quote}\n")
        if over_budget:
            stream.write(f"That is more than the budget of {budget}.\n")
        stream.write("No order was sent.\n")
    good = quote.is_affordable and not problems and not over_budget
    return ExitCode.DONE if good else ExitCode.REJECTED
