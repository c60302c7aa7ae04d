"""The commands, put together, and how they end."""

from __future__ import annotations

from typing import Any

import click

from didww_async.cli import account, orders, place
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.interruption import ending_as_by_ctrl_c
from didww_async.cli.messages import say
from didww_async.client import __version__

__all__ = ["didww", "run"]

_EXIT_CODES = """\b
Exit codes:
  0    everything is done
  1    it went through, and some rows were refused
  2    the command or its input is wrong, and nothing was sent
  3    it ended early, or something is unclear: run the same command again
  4    the API or the connection failed, nothing came of it: key refused, not reachable
  5    the journal can't be used
  130  ended hard, by a second Ctrl-C: run the same command again"""


@click.group(epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="didww")
def didww() -> None:
    """
    Order phone numbers from DIDWW.

    The API key comes from the environment variable DIDWW_API_KEY. With --sandbox a command
    works against a sandbox of its own, without an account.

    With --provider, `orders place` and `orders resume` go to Adobe's VIP Marketplace or to
    Xoxoday Plum; the help of `orders place` has their files and variables.
    """


@didww.group("orders")
def orders_group() -> None:
    """Place, follow and cancel orders."""


orders_group.add_command(place.place)
orders_group.add_command(place.resume)
orders_group.add_command(orders.list_orders)
orders_group.add_command(orders.get)
orders_group.add_command(orders.cancel)
orders_group.add_command(orders.wait)
didww.add_command(account.balance)
didww.add_command(account.skus)


@didww.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
    short_help="Serve a sandbox until Ctrl-C.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(*, arguments: tuple[str, ...]) -> int:
    """Serve a sandbox until Ctrl-C; its options are those of `python -m didww_async.sandbox`."""
    from didww_async.sandbox.__main__ import main  # noqa: PLC0415  # a web server of its own

    return main(list(arguments), prog="didww sandbox")


def run(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    try:
        with ending_as_by_ctrl_c():
            code: Any = didww.main(arguments, prog_name="didww", standalone_mode=False)
    except CommandError as error:
        error.show()
        return error.code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        say("Ended by Ctrl-C.")
        return ExitCode.INTERRUPTED
    return int(code or 0)
