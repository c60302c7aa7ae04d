"""
The `didww` command: orders from files, and what one looks up around them.

The exit code says what came of it:

====  ===================================================================================
0     everything is done: every order placed
1     it went through, and some rows were refused; they are named
2     the command or its input is wrong, and nothing was sent
3     it ended early, or something is unclear: rows unconfirmed or not attempted;
      the same command again goes on with the same journal
4     the API or the connection failed, and nothing came of it: key refused, not reachable
5     the journal can't be used; what it has is not lost
130   ended hard, by a second Ctrl-C; the same command again goes on with the same journal
====  ===================================================================================

If several hold, 3 goes before 1.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    # Looked for by name: a module that is missing inside of them is another matter.
    if not (find_spec("click") and find_spec("rich")):
        sys.stderr.write(
            "the command needs click and rich, which the extra cli brings: "
            'pip install ".[cli]" in a checkout\n'
        )
        return 2
    from didww_async.cli.main import run  # noqa: PLC0415  # only where they are

    return run(arguments)
