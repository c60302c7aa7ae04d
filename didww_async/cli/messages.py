"""What is said beside the data: on stderr, so that stdout can be piped."""

from __future__ import annotations

import contextlib
import sys

__all__ = ["printable", "say"]


def printable(text: str) -> str:
    """The text without what would steer a terminal: much of it comes from a server."""
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


def say(message: str) -> None:
    """Print a message on stderr, above whatever is live there."""
    if sys.stderr is None:  # as a shell closes it
        return
    with contextlib.suppress(OSError):  # nobody is there to read it, and the work goes on
        sys.stderr.write(printable(message) + "\n")
        sys.stderr.flush()
