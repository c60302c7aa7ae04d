"""How a command ends, as a number for scripts; the table is in `didww_async.cli`."""

from __future__ import annotations

import contextlib
import enum
from typing import IO, Any

import click

from didww_async.cli.messages import printable

__all__ = ["CommandError", "ExitCode"]


class ExitCode(enum.IntEnum):
    """What the exit code of a command means."""

    DONE = 0
    REJECTED = 1
    BAD_INPUT = 2
    UNFINISHED = 3
    API_FAILED = 4
    JOURNAL = 5
    INTERRUPTED = 130


class CommandError(click.ClickException):
    """Ends the command with a message and an exit code."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.code = exit_code

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message, on stderr unless another file is given."""
        with contextlib.suppress(OSError):  # the exit code tells it to whoever is left
            click.echo(f"Error: {printable(self.message)}", file=file, err=file is None)
