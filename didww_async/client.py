"""The client: puts the session, the codec and the collections together."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self, cast

from didww_async.collections.account import Balances, CapacityPools, Dids
from didww_async.collections.answers import make_judge
from didww_async.collections.base import Api
from didww_async.collections.catalogue import (
    AvailableDids,
    Cities,
    Countries,
    DidGroups,
    DidGroupTypes,
    DidReservations,
    NanpaPrefixes,
    Regions,
)
from didww_async.collections.orders import Orders
from didww_async.config import ApiVersion, Environment, RetryPolicy, Timeouts
from didww_async.errors import ConfigurationError, InvalidRequestError
from didww_async.jsonapi import UNSET, JsonApiSerializer, Serializer, Unset
from didww_async.models.base import registry
from didww_async.models.orders import CallbackMethod, NewOrder, Order, OrderFilter
from didww_async.transport import DEFAULT_MAX_RESPONSE_BYTES, ApiKeyAuth, Auth, Pace, Session

if TYPE_CHECKING:
    import ssl as _ssl

    import aiohttp

    from didww_async.collections.listing import Listing
    from didww_async.jsonapi.query import Names
    from didww_async.models.order_items import NewOrderItem
    from didww_async.placement.bulk import BulkRun
    from didww_async.placement.intent import Outcome, Placed
    from didww_async.placement.journal import Journal
    from didww_async.placement.quote import Quote
    from didww_async.placement.report import Counts
    from didww_async.providers.didww import DidwwProvider

__all__ = ["DidwwClient", "__version__"]

__version__ = "0.1.0"


class DidwwClient:
    """
    A client of DIDWW's API v3, for one account.

    Use it with `async with`, or call `open()` and `close()`. It belongs to the event
    loop that it was opened on.

    - `api_key` falls back to the environment variable `DIDWW_API_KEY`.
    - `base_url` falls back to that of `environment` if one is given, then to
      `DIDWW_BASE_URL`, then to production.
    - `auth` replaces the key, `serializer` the JSON:API codec.
    - `session` is an `aiohttp.ClientSession` of your own, which is never closed here;
      or give `connector`, `proxy`, `ssl`, `trace_configs` and `trust_env` for the one
      that the client makes.
    - `pace` bounds the requests in any second: 10, the lower of the two figures that
      DIDWW documents (the other is 20). Give several clients of one key the same
      `Pace`, or `None` for no bound.
    - `retry` repeats requests where nothing can happen twice; `None` repeats nothing.
    - An answer of more than `max_response_bytes` is refused while it is read.

    Raises:
        ConfigurationError: A setting is missing or can't work. Nothing was sent.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        environment: Environment | None = None,
        base_url: str | None = None,
        api_version: ApiVersion | str = ApiVersion.V2026_04_16,
        auth: Auth | None = None,
        serializer: Serializer | None = None,
        session: aiohttp.ClientSession | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  # a frozen value
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008  # a frozen value
        pace: Pace | Unset | None = UNSET,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        connector: aiohttp.BaseConnector | None = None,
        proxy: str | None = None,
        ssl: _ssl.SSLContext | aiohttp.Fingerprint | bool = True,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
        trust_env: bool = False,
    ) -> None:
        _check_types(timeouts=timeouts, retry=retry, pace=pace)
        serializer = serializer or JsonApiSerializer(registry)
        self._session = Session(
            _base_url(base_url, environment),
            auth=auth or ApiKeyAuth(_key(api_key)),
            judge=make_judge(serializer),
            headers={
                "Accept": serializer.media_type,
                "X-DIDWW-API-Version": _version(api_version),
                "User-Agent": f"didww-async/{__version__}",
            },
            content_type=serializer.media_type,
            client_session=session,
            timeouts=timeouts,
            retry=retry,
            pace=Pace() if pace is UNSET else pace,
            max_response_bytes=max_response_bytes,
            connector=connector,
            proxy=proxy,
            ssl=ssl,
            trace_configs=trace_configs,
            trust_env=trust_env,
        )
        api = Api(self._session, serializer)
        self.orders = Orders(api)
        self.dids = Dids(api)
        self.did_groups = DidGroups(api)
        self.did_group_types = DidGroupTypes(api)
        self.available_dids = AvailableDids(api)
        self.did_reservations = DidReservations(api)
        self.nanpa_prefixes = NanpaPrefixes(api)
        self.capacity_pools = CapacityPools(api)
        self.countries = Countries(api)
        self.regions = Regions(api)
        self.cities = Cities(api)
        self.balance = Balances(api)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session.base_url!r})"

    def __enter__(self) -> NoReturn:
        raise TypeError("DidwwClient is asynchronous; write `async with` instead of `with`")

    def __exit__(self, *_: object) -> None:
        """Stand beside `__enter__`, so that its error and not a missing method is seen."""

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> Self:
        """
        Bind the client to the running event loop, and return it.

        For where `async with` does not reach, such as a notebook or the start-up of a
        web application; `await client.close()` at the end.
        """
        self._session.open()
        return self

    async def close(self) -> None:
        """Close the client's connections; may be called again."""
        await self._session.close()

    async def create_order(
        self,
        items: Iterable[NewOrderItem],
        *,
        allow_back_ordering: bool | Unset = UNSET,
        callback_url: str | Unset | None = UNSET,
        callback_method: CallbackMethod | str | Unset | None = UNSET,
        external_reference_id: str | Unset | None = UNSET,
    ) -> Order:
        """
        Place an order and return it as the server stored it. It is charged at once.

        See `NewOrder` for the options, and `orders.create` for the errors: above all,
        `OrderUnconfirmedError` means that the order may exist.
        """
        return await self.orders.create(
            NewOrder(
                items=cast("Sequence[NewOrderItem]", items),  # NewOrder takes any iterable
                allow_back_ordering=allow_back_ordering,
                callback_url=callback_url,
                callback_method=callback_method,
                external_reference_id=external_reference_id,
            )
        )

    async def get_order(
        self, order_id: str, *, fields: Names | Mapping[str, Names] | None = None
    ) -> Order:
        """One order by its id; `NotFoundError` if this account has none such."""
        return await self.orders.get(order_id, fields=fields)

    def list_orders(
        self,
        *,
        filter: OrderFilter | None = None,  # noqa: A002  # JSON:API's own word
        sort: Names | None = None,
        fields: Names | Mapping[str, Names] | None = None,
        page_size: int | None = None,
        page_number: int | None = None,
        prefetch: bool = True,
    ) -> Listing[Order]:
        """The orders that match: await it for the first page, iterate it for all of them."""
        return self.orders.list(
            filter=filter,
            sort=sort,
            fields=fields,
            page_size=page_size,
            page_number=page_number,
            prefetch=prefetch,
        )

    async def cancel_order(self, order_id: str) -> None:
        """Cancel a pending order of numbers; see `orders.cancel` for the errors."""
        await self.orders.cancel(order_id)

    def place_orders(
        self,
        orders: Iterable[NewOrder] | AsyncIterable[NewOrder],
        *,
        journal: str | os.PathLike[str] | Journal | None = None,
        concurrency: int = 16,
        settle_seconds: float = 10.0,
        adopt_existing: bool = False,
        budget: Decimal | None = None,
        pack: int = 1,
        dry_run: bool = False,
        stop_on: Callable[[Outcome[Order]], bool] | None = None,
        on_outcome: Callable[[Outcome[Order]], Awaitable[None] | None] | None = None,
        progress: Callable[[Counts], None] | None = None,
        run: str = "",
    ) -> BulkRun[NewOrder, Order]:
        """
        Place many orders, each once: `await` it for a report, `async for` it for outcomes.

        Every order has an outcome (`Placed`, `Rejected`, `Unconfirmed`, `NotAttempted`);
        one bad order never stops the others. An order whose answer is lost is looked for
        by its reference for `settle_seconds` before it is sent again.

        - `journal`, a path or an open `SqliteJournal`, survives the process: the same
          call on the same journal goes on where it ended, however it ended. Orders are
          told apart by their `external_reference_id`, or by their place in the input.
        - `adopt_existing` looks for each reference before the first request, and takes
          over the order that has it.
        - `budget` ends the run before the orders cost more than that. Under way, they count with
          their quotes and what earlier ones cost above theirs, such as VAT; the first ones may
          pass a budget by their VAT. What the journal has as placed counts when its turn comes.
        - `pack`: so many orders for one SKU, with the same options and without a reference of
          their own, may become one order with an item each. A pack that is refused is placed
          order by order.
        - `dry_run` sends no order, and tells what would speak against each. `quote_orders`
          tells more.
        - `stop_on` ends it after an outcome for which it returns true: what is in flight by then
          is finished. Too little money or a refused key end it by themselves.
        - `on_outcome` is called, and awaited, with each outcome; `progress` with the `Counts`.
        - `run` tells runs on one journal apart whose orders have no references.

        Raises:
            JournalError: The journal can't be used; nothing is lost.
        """
        from didww_async.providers.runs import bulk_run  # noqa: PLC0415  # only where it is used

        _check_orders(orders)
        return bulk_run(
            self._provider(),
            orders,
            journal=journal,
            settle_seconds=settle_seconds,
            adopt_existing=adopt_existing,
            concurrency=concurrency,
            budget=budget,
            pack=pack,
            dry_run=dry_run,
            stop_on=stop_on,
            on_outcome=on_outcome,
            progress=progress,
            run=run,
        )

    def resume_orders(
        self,
        journal: str | os.PathLike[str] | Journal,
        *,
        concurrency: int = 16,
        settle_seconds: float = 10.0,
        budget: Decimal | None = None,
        on_outcome: Callable[[Outcome[Order]], Awaitable[None] | None] | None = None,
        progress: Callable[[Counts], None] | None = None,
    ) -> BulkRun[NewOrder, Order]:
        """
        Finish every order that a journal has open.

        Those whose fate is unknown are looked for, and those that were not placed are placed.
        `await` it for a report, `async for` it for outcomes, as `place_orders`. `budget` bounds
        what these orders cost, whatever was spent before.

        Raises:
            JournalError: The journal is not there, or can't be used; nothing is lost.
        """
        from didww_async.providers.runs import bulk_run  # noqa: PLC0415  # only where it is used

        return bulk_run(
            self._provider(),
            None,
            journal=journal,
            settle_seconds=settle_seconds,
            concurrency=concurrency,
            budget=budget,
            on_outcome=on_outcome,
            progress=progress,
        )

    async def quote_orders(
        self,
        orders: Iterable[NewOrder] | AsyncIterable[NewOrder],
        *,
        pack: int = 1,
        progress: Callable[[int], None] | None = None,
    ) -> Quote:
        """
        What a batch would cost, and what speaks against it; nothing is ordered.

        Each order is priced from the catalogue (set-up and first month, VAT aside) and held
        against it, against the stock where it must not wait for numbers, and all of it
        against the balance. Reads the whole catalogue once. `progress` is told how many
        orders are done.
        """
        from didww_async.placement.quote import quote  # noqa: PLC0415  # only where it is used

        return await quote(self._provider(), orders, pack=pack, progress=progress)

    async def place_order(
        self,
        order: NewOrder,
        *,
        journal: str | os.PathLike[str] | Journal | None = None,
        settle_seconds: float = 10.0,
        adopt_existing: bool = False,
    ) -> Placed[Order]:
        """
        Place one order once, whatever happens on the way.

        Where `create_order` raises `OrderUnconfirmedError`, this looks for the order by its
        reference until `settle_seconds` have passed since it was sent, and only then
        sends it again. With a journal that outlives the process, a call that is cancelled
        or killed half-way leaves an order that `resume_orders` finishes; a second call with the
        same `external_reference_id` returns the order of the first.

        Raises:
            DidwwError: The order was refused, by the error that says why.
            OrderNotPlacedError: Nothing was sent, or nothing that was carried out.
            OrderUnconfirmedError: Nobody can tell so far; resume the journal later.
            JournalError: The journal can't be used, and nothing was sent.
        """
        from didww_async.providers.runs import place_one  # noqa: PLC0415  # only where it is used

        if not isinstance(order, NewOrder):
            raise InvalidRequestError("order", f"takes a NewOrder, not {type(order).__name__}")
        provider = self._provider()
        return await place_one(
            provider,
            provider.prepare(order),  # its reference is its name in the journal, too
            journal=journal,
            settle_seconds=settle_seconds,
            adopt_existing=adopt_existing,
        )

    def _provider(self) -> DidwwProvider:
        from didww_async.providers.didww import DidwwProvider  # noqa: PLC0415  # see above

        return DidwwProvider(self.orders, self.did_groups, self.capacity_pools, self.balance)

    async def wait_for_order(
        self,
        order: Order | str,
        *,
        timeout: float | None = 300.0,  # noqa: ASYNC109  # an error with the order in it, not a bare one
        poll_interval: float = 1.0,
    ) -> Order:
        """The order as soon as it is completed or canceled; see `orders.wait`."""
        return await self.orders.wait(order, timeout=timeout, poll_interval=poll_interval)


def _check_orders(orders: object) -> None:
    if isinstance(orders, (str, bytes)) or not isinstance(orders, (Iterable, AsyncIterable)):
        more = "; put brackets around it" if isinstance(orders, NewOrder) else ""
        raise InvalidRequestError(
            "orders", f"takes an iterable of NewOrder, not {type(orders).__name__}{more}"
        )


def _check_types(timeouts: object, retry: object, pace: object) -> None:
    if not isinstance(timeouts, Timeouts):
        raise ConfigurationError(f"timeouts takes a Timeouts, not {timeouts!r}")
    if retry is not None and not isinstance(retry, RetryPolicy):
        raise ConfigurationError(f"retry takes a RetryPolicy or None, not {retry!r}")
    if pace is not None and pace is not UNSET and not isinstance(pace, Pace):
        raise ConfigurationError(f"pace takes a Pace or None, not {pace!r}")


def _base_url(base_url: str | None, environment: Environment | None) -> str:
    """What the code says counts for more than what the machine says."""
    if base_url is not None:
        return base_url
    if environment is not None:
        if not isinstance(environment, Environment):
            raise ConfigurationError(
                "environment takes Environment.PRODUCTION or Environment.SANDBOX, "
                f"not {environment!r}"
            )
        return environment.base_url
    return os.environ.get("DIDWW_BASE_URL") or Environment.PRODUCTION.base_url


def _version(api_version: str) -> str:
    if not isinstance(api_version, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", api_version):
        raise ConfigurationError(
            f"api_version takes a date such as ApiVersion.V2026_04_16, not {api_version!r}"
        )
    return str(api_version)


def _key(api_key: str | None) -> str:
    found = (os.environ.get("DIDWW_API_KEY") or None) if api_key is None else api_key
    if found is None:
        raise ConfigurationError(
            "there is no API key: pass api_key, or set the environment variable DIDWW_API_KEY"
        )
    return found
