"""Which API a command talks to, and how its failures end the command."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import functools
import os
import shlex
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeVar

import attrs
import click

from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.messages import say
from didww_async.client import DidwwClient
from didww_async.config import Environment
from didww_async.errors import (
    ClientStateError,
    ConfigurationError,
    DidwwError,
    InvalidRequestError,
    JournalError,
)
from didww_async.transport import Pace

__all__ = ["Connection", "connection_options", "credentials", "finish", "tell_of_sandbox"]

ResultT = TypeVar("ResultT")

EnvironmentT = TypeVar("EnvironmentT", bound=enum.Enum)

_ENVIRONMENTS = ("production", "sandbox")


@attrs.frozen(kw_only=True)
class Connection:
    """Where an API is; who asks, the environment alone tells, as others see command lines."""

    base_url: str | None
    environment: str | None
    sandbox: bool
    rate: int | None

    @property
    def options(self) -> str:
        """The options that lead there again, each after a blank."""
        rate = "" if self.rate is None else f" --rate {self.rate}"
        if self.sandbox:
            return f" --sandbox{rate}"
        if self.environment:
            return f" --environment {self.environment}{rate}"
        return f" --base-url {shlex.quote(self.base_url)}{rate}" if self.base_url else rate

    def base_url_or(self, variable: str) -> str | None:
        """Another server, as an option or an environment variable says; an option counts first."""
        if self.base_url or self.environment:
            return self.base_url
        return os.environ.get(variable) or None

    def of_environment(self, kind: type[EnvironmentT]) -> EnvironmentT:
        """The member of an API's environments, PRODUCTION unless it was said otherwise."""
        return kind[(self.environment or "production").upper()]

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[DidwwClient]:
        """A client of DIDWW; of the embedded sandbox, one that lives as long as the client."""
        pace = Pace() if self.rate is None else Pace(self.rate)
        if self.sandbox:
            from didww_async.sandbox import Sandbox  # noqa: PLC0415  # a web server of its own

            tell_of_sandbox()
            async with (
                Sandbox(record_requests=False) as sandbox,
                DidwwClient(sandbox.api_key, base_url=sandbox.url, pace=pace) as client,
            ):
                yield client
        else:
            [key] = credentials("DIDWW_API_KEY")
            environment = self.of_environment(Environment) if self.environment else None
            async with DidwwClient(
                key, base_url=self.base_url, environment=environment, pace=pace
            ) as client:
                yield client


def tell_of_sandbox() -> None:
    """Say that nothing is real."""
    say("On the embedded sandbox: nothing is real, and all of it is gone afterwards.")


def credentials(*variables: str) -> list[str]:
    """
    What these environment variables hold.

    Raises:
        CommandError: Some are not set; nothing was sent.
    """
    missing = [name for name in variables if not os.environ.get(name)]
    if missing:
        raise CommandError(
            f"there is no {', no '.join(missing)} in the environment: set "
            f"{'them' if missing[1:] else 'it'} to yours, or try --sandbox\nNothing was sent.",
            ExitCode.BAD_INPUT,
        )
    return [os.environ[name] for name in variables]


def connection_options(command: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Give a command the options of a `Connection`, which it gets as `connection`."""

    @click.option(
        "--sandbox", is_flag=True, help="Work against a sandbox that lives inside this command."
    )
    @click.option(
        "--environment",
        type=click.Choice(_ENVIRONMENTS),
        help="Production, or the API's own test system, which has keys of its own.",
    )
    @click.option(
        "--base-url",
        metavar="URL",
        help="Another server; unless given, the one in $DIDWW_BASE_URL, or with --provider in the "
        "variable of that API.",
    )
    @click.option(
        "--rate",
        type=click.IntRange(min=1),
        metavar="N",
        help="Requests in any one second, at most; 10 to DIDWW unless given.",
    )
    @functools.wraps(command)
    def with_connection(
        *arguments: object,
        base_url: str | None,
        environment: str | None,
        sandbox: bool,
        rate: int | None,
        **options: object,
    ) -> ResultT:
        if bool(base_url) + bool(environment) + sandbox > 1:
            raise click.UsageError("give one of --base-url, --environment and --sandbox")
        connection = Connection(
            base_url=base_url, environment=environment, sandbox=sandbox, rate=rate
        )
        return command(*arguments, connection=connection, **options)

    return with_connection


def finish(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """
    The result of asynchronous work.

    Raises:
        CommandError: It failed; the exit code tells in which way.
    """
    try:
        return asyncio.run(work)
    except JournalError as error:
        told = str(error).replace("adopt_existing", "--adopt-existing")
        raise CommandError(told, ExitCode.JOURNAL) from None
    except (ClientStateError, ConfigurationError, InvalidRequestError) as error:
        raise CommandError(f"{error}\nNothing was sent.", ExitCode.BAD_INPUT) from None
    except DidwwError as error:
        raise CommandError(str(error), ExitCode.API_FAILED) from None
