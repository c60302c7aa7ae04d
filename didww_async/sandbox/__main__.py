"""`python -m didww_async.sandbox`: a sandbox in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from decimal import Decimal, InvalidOperation

from didww_async.sandbox import Sandbox

_USAGE_ERROR = 2


def main(arguments: list[str] | None = None, *, prog: str = "python -m didww_async.sandbox") -> int:
    """Serve until Ctrl-C; the exit code. `prog` is what the help calls the command."""
    options = _parser(prog).parse_args(arguments)
    sandbox = Sandbox(
        seed=options.seed,
        balance=options.balance,
        complete_after=options.complete_after,
        rate_limit=options.rate_limit,
        host=options.host,
        port=options.port,
    )
    try:
        asyncio.run(_serve(sandbox))
    except OSError as problem:
        reason = problem.strerror or problem
        print(f"cannot listen on {options.host}:{options.port}: {reason}", file=sys.stderr)  # noqa: T201
        return _USAGE_ERROR
    except KeyboardInterrupt:
        # Where the loop takes no signal handlers, Ctrl-C arrives as an exception.
        pass
    return 0


async def _serve(sandbox: Sandbox) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    async with sandbox:
        print(_welcome(sandbox), flush=True)  # noqa: T201
        await stop.wait()


def _welcome(sandbox: Sandbox) -> str:
    return "\n".join(
        (
            f"DIDWW sandbox on {sandbox.url}",
            f"API key {sandbox.api_key} (good for this sandbox only)",
            "",
            f"export DIDWW_BASE_URL={sandbox.url}",
            f"export DIDWW_API_KEY={sandbox.api_key}",
            "",
            "Ctrl-C ends it.",
        )
    )


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="A DIDWW on loopback, in memory, until Ctrl-C.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="where to listen; 0 picks a port")
    parser.add_argument("--seed", type=int, default=0, help="decides catalogue and ids")
    parser.add_argument("--balance", type=_money, default=Decimal(1000), help="money (%(default)s)")
    parser.add_argument(
        "--complete-after",
        type=_seconds,
        default=0.5,
        metavar="SECONDS",
        help="until a pending order completes; 'never' leaves it pending (%(default)s)",
    )
    parser.add_argument(
        "--rate-limit", type=_rate, default=None, metavar="N", help="requests in any one second"
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _money(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount, such as 1000 or 12.50")
    return amount


def _seconds(text: str) -> float | None:
    if text == "never":
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'never' nor seconds of 0 or more")
    return seconds


def _rate(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of requests of 1 or more")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
