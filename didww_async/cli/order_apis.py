"""The APIs that `didww orders place` and `resume` know, as `--provider` names them."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs

from didww_async.cli.adobe_vip_columns import ADOBE_VIP
from didww_async.cli.columns import Columns
from didww_async.cli.connection import Connection, credentials, tell_of_sandbox
from didww_async.cli.didww_columns import DIDWW
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.plum_columns import PLUM
from didww_async.models.orders import NewOrder, Order
from didww_async.placement.provider import Provider
from didww_async.transport import Pace

if TYPE_CHECKING:
    from didww_async.providers import adobe_vip, plum

__all__ = ["DEFAULT_API", "ORDER_APIS", "OrderApi"]

RequestT = TypeVar("RequestT")
OrderT = TypeVar("OrderT")

DEFAULT_API = "didww"
_FIRST_PAIR = ("PLUM_ACCESS_TOKEN", "PLUM_REFRESH_TOKEN")


@attrs.frozen(kw_only=True)
class OrderApi(Generic[RequestT, OrderT]):
    """What the command has to know of an API: its file, and how to get to it."""

    name: str
    """As `--provider` has it."""
    columns: Columns[RequestT]
    open: Callable[[Connection], contextlib.AbstractAsyncContextManager[Provider[RequestT, OrderT]]]
    """
    The API behind placement, for as long as the context is open.

    `CommandError` if credentials are missing; nothing was sent.
    """
    variables: Sequence[str]
    """The environment variables that say who asks, and where another server is."""
    look: str
    """How to see what was ordered since `{since}`, with `{options}` for a command."""
    packs: bool = False
    """Whether several rows can become one order."""
    file_variables: Sequence[str] = ()
    """Those of the variables that name a file which has to be kept."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the environment names and that have to be kept."""
        return tuple(path for name in self.file_variables if (path := os.environ.get(name)))

    @property
    def option(self) -> str:
        """What leads to it on the command line, after a blank; empty for the default."""
        return "" if self.name == DEFAULT_API else f" --provider {self.name}"


@contextlib.asynccontextmanager
async def _open_didww(connection: Connection) -> AsyncGenerator[Provider[NewOrder, Order]]:
    from didww_async.providers.didww import DidwwProvider  # noqa: PLC0415  # only where it is used

    async with connection.open() as client:
        yield DidwwProvider(client.orders, client.did_groups, client.capacity_pools, client.balance)


@contextlib.asynccontextmanager
async def _open_adobe_vip(
    connection: Connection,
) -> AsyncGenerator[Provider[adobe_vip.CustomerOrder, adobe_vip.Order]]:
    from didww_async.providers import adobe_vip  # noqa: PLC0415  # only where it is used

    pace = None if connection.rate is None else Pace(connection.rate)
    if connection.sandbox:
        from didww_async.sandbox.adobe_vip import AdobeVipSandbox  # noqa: PLC0415  # see above

        tell_of_sandbox()
        async with (
            AdobeVipSandbox(record_requests=False) as sandbox,
            adobe_vip.AdobeVipClient(
                sandbox.client_id,
                sandbox.client_secret,
                base_url=sandbox.url,
                token_url=sandbox.token_url,
                pace=pace,
            ) as client,
        ):
            yield adobe_vip.AdobeVipProvider(client)
        return
    client_id, client_secret = credentials("ADOBE_VIP_CLIENT_ID", "ADOBE_VIP_CLIENT_SECRET")
    base_url = connection.base_url_or("ADOBE_VIP_BASE_URL")
    token_url = None if connection.environment else os.environ.get("ADOBE_VIP_TOKEN_URL") or None
    if bool(base_url) != bool(token_url):
        raise CommandError(
            "another server than Adobe's needs both --base-url (or ADOBE_VIP_BASE_URL) and the "
            "address of its token service in ADOBE_VIP_TOKEN_URL, so that no secret goes astray\n"
            "Nothing was sent.",
            ExitCode.BAD_INPUT,
        )
    environment = connection.of_environment(adobe_vip.AdobeVipEnvironment)
    async with adobe_vip.AdobeVipClient(
        client_id,
        client_secret,
        environment=environment,
        base_url=base_url,
        token_url=token_url,
        pace=pace,
    ) as client:
        yield adobe_vip.AdobeVipProvider(client)


@contextlib.asynccontextmanager
async def _open_plum(
    connection: Connection,
) -> AsyncGenerator[Provider[plum.NewTopUpOrder, plum.Order]]:
    from didww_async.providers import plum  # noqa: PLC0415  # only where it is used

    pace = plum.PlumPace(a_second=connection.rate)
    if connection.sandbox:
        from didww_async.sandbox.plum import PlumSandbox  # noqa: PLC0415  # see above

        tell_of_sandbox()
        async with PlumSandbox(record_requests=False) as sandbox:
            known = sandbox.tokens
            pair = plum.TokenPair(
                access_token=known.newest.access, refresh_token=known.newest.refresh
            )
            async with plum.PlumClient(
                plum.MemoryTokens(pair),
                client_id=known.client_id,
                client_secret=known.client_secret,
                base_url=sandbox.url,
                pace=pace,
            ) as client:
                yield plum.PlumProvider(client)
        return
    from didww_async.cli.plum_tokens import kept_tokens  # noqa: PLC0415  # see above

    client_id, client_secret, path = _plum_credentials()
    tokens = kept_tokens(path)
    async with plum.PlumClient(
        tokens,
        client_id=client_id,
        client_secret=client_secret,
        environment=connection.of_environment(plum.PlumEnvironment),
        base_url=connection.base_url_or("PLUM_BASE_URL"),
        pace=pace,
        # Anything else is refused by the client.
        top_up_field=cast("Any", os.environ.get("PLUM_TOP_UP_FIELD") or "topupData"),
    ) as client:
        yield plum.PlumProvider(client)
    tokens.settle()


def _plum_credentials() -> list[str]:
    """Client id, client secret and token file; a pair to begin the file with must be there, too."""
    path = os.environ.get("PLUM_TOKEN_FILE")
    first_pair = () if path and Path(path).exists() else _FIRST_PAIR
    return credentials("PLUM_CLIENT_ID", "PLUM_CLIENT_SECRET", "PLUM_TOKEN_FILE", *first_pair)[:3]


def _elsewhere(asked: str, names: Iterable[str]) -> str:
    """The option of the one API that has all of these columns, if it is not the one asked."""
    having = [api.name for api in _APIS if api.columns.by_name.keys() >= set(names)]
    return f"--provider {having[0]}" if len(having) == 1 and asked not in having else ""


def _columns(columns: Columns[RequestT], asked: str) -> Columns[RequestT]:
    return attrs.evolve(columns, elsewhere=functools.partial(_elsewhere, asked))


_APIS: tuple[OrderApi[Any, Any], ...] = (
    OrderApi(
        name=DEFAULT_API,
        columns=_columns(DIDWW, DEFAULT_API),
        open=_open_didww,
        variables=("DIDWW_API_KEY", "DIDWW_BASE_URL"),
        look="didww orders list --since {since}{options}",
        packs=True,
    ),
    OrderApi(
        name="adobe",
        columns=_columns(ADOBE_VIP, "adobe"),
        open=_open_adobe_vip,
        variables=(
            "ADOBE_VIP_CLIENT_ID",
            "ADOBE_VIP_CLIENT_SECRET",
            "ADOBE_VIP_BASE_URL",
            "ADOBE_VIP_TOKEN_URL",
        ),
        look="the order history of these customers at Adobe since {since}",
    ),
    OrderApi(
        name="plum",
        columns=_columns(PLUM, "plum"),
        open=_open_plum,
        variables=(
            "PLUM_CLIENT_ID",
            "PLUM_CLIENT_SECRET",
            "PLUM_TOKEN_FILE",
            "PLUM_ACCESS_TOKEN",
            "PLUM_REFRESH_TOKEN",
            "PLUM_BASE_URL",
            "PLUM_TOP_UP_FIELD",
        ),
        look="the order history in Plum's dashboard since {since}",
        file_variables=("PLUM_TOKEN_FILE",),
    ),
)
ORDER_APIS: Mapping[str, OrderApi[Any, Any]] = MappingProxyType({api.name: api for api in _APIS})
