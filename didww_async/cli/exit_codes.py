"""How a command ends, as a number for scripts; the table is in `didww_async.cli`."""

from __future__ import annotations

import enum

__all__ = ["CommandError", "ExitCode"]

import click


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
        self.exit_code = int(exit_code)
