"""
Orders in bulk, each placed once, although one answer in five goes wrong and the program is killed.

`python examples/bulk.py` places 200 orders at each of three sandboxes, side by side: DIDWW, Adobe
VIP Marketplace and Xoxoday Plum. `examples/placing.py` places them in a process of its own for
each; with half of them placed it is killed (SIGKILL) and started again on its journal. What counts
in the end is what the sandboxes have, which live in this process: one order for each row, or the
exit code is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import attrs
from printing import Row, heading, table

from didww_async.cli.progress import showing
from didww_async.providers.plum import TokenFile, TokenPair
from didww_async.sandbox import Fault, Faults, RecordedRequest, Sandbox
from didww_async.sandbox.adobe_vip import AdobeVipSandbox
from didww_async.sandbox.adobe_vip.world import COMPLETED, PROCESSING
from didww_async.sandbox.faults import When
from didww_async.sandbox.plum import PlumSandbox

__all__ = ["APIS", "place_in_bulk"]

PLACING = Path(__file__).with_name("placing.py")
ORDERS = 200
LATENCY_SECONDS = 0.05
"""What an answer takes that nothing is wrong with, as if it came from far away."""
SLOW_SECONDS = 0.7
"""What a slow one takes: longer than the client waits for it."""
OFTEN: When = {"times": None, "probability": 1 - 0.8 ** (1 / 8)}
"""How often each of eight faults strikes, so that one of them strikes one answer in five."""
SEED = 3
"""Decides which answers."""
MOST_RUNS = 5
MOST_SECONDS = 120.0


@attrs.frozen(kw_only=True)
class Api:
    """A sandbox that serves, as its orders are placed and looked at."""

    name: str
    command: str
    """What `placing.py` calls it."""
    settings: Mapping[str, str]
    """Where it is, and who asks."""
    faults: Sequence[Fault]
    requests: Sequence[RecordedRequest]
    ledger: Callable[[], Mapping[str, str]]
    """The live orders that it has: the reference of each by its id."""


def broken(faults: Faults) -> list[Fault]:
    """Answers that go wrong, before or after the request took effect."""
    html = "<html><h1>502 Bad Gateway</h1></html>"
    return [
        faults.drop_before(**OFTEN),
        faults.drop_after(**OFTEN),
        faults.cut_body(**OFTEN),
        faults.answer(500, body="{}", content_type="application/json", applied=True, **OFTEN),
        faults.answer(502, body=html, content_type="text/html", **OFTEN),
        faults.delay(SLOW_SECONDS, **OFTEN),
        faults.delay(SLOW_SECONDS, applied=True, **OFTEN),
    ]


@asynccontextmanager
async def didww(_: Path) -> AsyncGenerator[Api]:
    """Phone numbers, whose orders stay pending."""
    async with Sandbox(seed=SEED, balance=1_000_000, complete_after=None) as sandbox:
        faults = [*broken(sandbox.faults), sandbox.faults.rate_limit(**OFTEN)]
        sandbox.faults.delay(LATENCY_SECONDS, times=None)
        yield Api(
            name="DIDWW",
            command="didww",
            settings={
                "url": sandbox.url,
                "api_key": sandbox.api_key,
                "sku_id": sandbox.state.landmarks.cheap_sku_id,
            },
            faults=faults,
            requests=sandbox.requests,
            ledger=lambda: {
                order.id: str(order.attributes["external_reference_id"])
                for order in sandbox.state.orders.values()
                if order.attributes["status"] != "canceled"
            },
        )


@asynccontextmanager
async def adobe(_: Path) -> AsyncGenerator[Api]:
    """Licences."""
    async with AdobeVipSandbox(seed=SEED) as sandbox:
        faults = [*broken(sandbox.faults), sandbox.faults.rate_limit(**OFTEN)]
        sandbox.faults.delay(LATENCY_SECONDS, times=None)
        yield Api(
            name="Adobe VIP",
            command="adobe",
            settings={
                "url": sandbox.url,
                "token_url": sandbox.token_url,
                "client_id": sandbox.client_id,
                "client_secret": sandbox.client_secret,
                "customer_id": sandbox.customer_id,
            },
            faults=faults,
            requests=sandbox.requests,
            ledger=lambda: {
                order.id: order.reference
                for order in sandbox.state.orders.values()
                if order.status in {PROCESSING, COMPLETED}
            },
        )


@asynccontextmanager
async def plum(folder: Path) -> AsyncGenerator[Api]:
    """Top-ups of mobile phones; the tokens, which a refresh replaces, are in a file."""
    async with PlumSandbox(seed=SEED, balance=1_000_000) as sandbox:
        faults = [*broken(sandbox.faults), sandbox.faults.throttle(1, **OFTEN)]
        sandbox.faults.delay(LATENCY_SECONDS, times=None)
        newest = sandbox.tokens.newest
        tokens = folder / "tokens"
        TokenFile(tokens).store(TokenPair(access_token=newest.access, refresh_token=newest.refresh))
        yield Api(
            name="Plum",
            command="plum",
            settings={
                "url": sandbox.url,
                "client_id": sandbox.tokens.client_id,
                "client_secret": sandbox.tokens.client_secret,
                "tokens": str(tokens),
            },
            faults=faults,
            requests=sandbox.requests,
            ledger=lambda: {
                str(order.id): order.po_number
                for order in sandbox.orders
                if order.status != "canceled"
            },
        )


APIS: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Api]]] = {
    "didww": didww,
    "adobe": adobe,
    "plum": plum,
}


@attrs.define
class BulkPlacing:
    """The placing of all orders at one API, as the bar shows it and the ledger proves it."""

    api: Api
    references: Sequence[str]
    _journal: Path
    placed: dict[str, str] = attrs.field(init=False, factory=dict[str, str])
    """The order that was told of each reference."""
    kills: int = attrs.field(init=False, default=0)
    seconds: float = attrs.field(init=False, default=0.0)
    problem: str = attrs.field(init=False, default="")
    """What the process of the last run said or did wrong."""
    in_percent: bool = attrs.field(init=False, default=False)

    @property
    def what(self) -> str:
        """The API."""
        return self.api.name

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.references)

    @property
    def done(self) -> int:
        """How many rows are placed."""
        return len(self.placed)

    @property
    def broken(self) -> int:
        """How many answers went wrong."""
        return sum(fault.fired for fault in self.api.faults)

    @property
    def details(self) -> str:
        """What they had to get through."""
        killed = "; killed and started again" if self.kills else ""
        return f"{len(self.api.requests)} requests, {self.broken} answers broken{killed}"

    async def carry_out(self) -> None:
        """Kill the first process that places, and let others go on until all is placed."""
        began = perf_counter()
        try:
            async with asyncio.timeout(MOST_SECONDS):
                await self._run(kill_at=self.total // 2)
                for _ in range(MOST_RUNS):  # a row of unknown fate says: run it again
                    await self._run()
                    if self.done == self.total:
                        break
        except TimeoutError:
            self.problem = f"not done after {MOST_SECONDS:.0f} seconds"
        self.seconds = perf_counter() - began

    async def _run(self, *, kill_at: int | None = None) -> None:
        self.problem = ""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PLACING),
            self.api.command,
            str(self._journal),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            process_group=0,  # Ctrl-C is for this process, which ends that one
        )
        assert process.stdin is not None
        assert process.stdout is not None
        killed = False
        try:
            given = {"settings": self.api.settings, "references": self.references}
            process.stdin.write(json.dumps(given).encode() + b"\n")
            async for line in process.stdout:
                self._note(json.loads(line))
                if kill_at is not None and self.done >= kill_at and not killed:
                    process.kill()
                    killed = True
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()
        self.kills += killed
        if process.returncode and not killed:
            self.problem = f"{PLACING.name} ended with {process.returncode}"

    def _note(self, told: Mapping[str, str]) -> None:
        if "order_id" in told:
            self.placed[told["reference"]] = told["order_id"]
        else:
            self.problem = f"{told['reference']}: {told['why']}"

    @property
    def live(self) -> list[int]:
        """How many live orders the ledger has for each row."""
        orders = Counter(self.api.ledger().values())
        return [orders[reference] for reference in self.references]

    @property
    def once(self) -> int:
        """How many rows have one live order, the one that was told of."""
        ledger = self.api.ledger()
        return sum(
            count == 1 and ledger.get(self.placed.get(reference, "")) == reference
            for count, reference in zip(self.live, self.references, strict=True)
        )

    @property
    def is_exact(self) -> bool:
        """Whether each row was placed once, and nothing else was."""
        return self.once == self.total == len(self.api.ledger())

    def __str__(self) -> str:
        if self.is_exact:
            return f"{self.api.name}: {self.once} placed once, says the ledger of the sandbox"
        twice = sum(count > 1 for count in self.live)
        return (
            f"{self.api.name}: only {self.once} of {self.total} were placed once and told of; "
            f"{self.live.count(0)} have no order, {twice} more than one, and there are "
            f"{len(self.api.ledger())} live orders in all. {self.problem}"
        ).rstrip()


def show(placings: Sequence[BulkPlacing]) -> None:
    """A line for each API, and what it took."""
    for placing in placings:
        print(f"  {placing}")
    print()
    heads = "API,rows,placed,requests,answers broken,kills,seconds,live orders,orders per row"
    table(heads.split(","), [_row(placing) for placing in placings])


def _row(placing: BulkPlacing) -> Row:
    least, most = min(placing.live), max(placing.live)
    return (
        placing.api.name,
        placing.total,
        placing.done,
        len(placing.api.requests),
        placing.broken,
        placing.kills,
        f"{placing.seconds:.1f}",
        len(placing.api.ledger()),
        most if least == most else f"{least} to {most}",
    )


async def place_in_bulk(names: Sequence[str], orders: int = ORDERS) -> bool:
    """Place so many orders at each API, side by side; whether each row was placed once."""
    references = [f"row-{number}" for number in range(orders)]
    placings: list[BulkPlacing] = []
    async with AsyncExitStack() as stack:
        for name in names:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            api = await stack.enter_async_context(APIS[name](folder))
            placings.append(BulkPlacing(api, references, folder / "journal"))
        listed = ", ".join(placing.api.name for placing in placings)
        heading(f"{orders} orders at {listed}, through faults and a kill in the middle")
        with showing(*placings):
            async with asyncio.TaskGroup() as group:  # waits for all, also when it is cancelled
                for placing in placings:
                    group.create_task(placing.carry_out())
        show(placings)
        return all(placing.is_exact for placing in placings)


def main() -> int:
    """Place as many orders as asked for."""
    parser = argparse.ArgumentParser(description="Orders in bulk, each placed once.")
    parser.add_argument("apis", nargs="*", metavar="API", help="which; all by default")
    parser.add_argument("--orders", type=int, default=ORDERS, help="how many at each")
    options = parser.parse_args()
    if unknown := set(options.apis) - set(APIS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; use {', '.join(APIS)}")
    if options.orders < 1:
        parser.error("--orders takes a whole number from 1")
    return 0 if asyncio.run(place_in_bulk(options.apis or list(APIS), options.orders)) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
