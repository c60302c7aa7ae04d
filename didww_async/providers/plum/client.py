"""The client: one endpoint, one envelope, and a verb for each operation."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar
from uuid import uuid4

import attrs

from didww_async.collections.listing import Listing
from didww_async.collections.polling import check_seconds, until_final
from didww_async.config import RetryPolicy, Timeouts
from didww_async.errors import (
    ApiStatusError,
    ConfigurationError,
    ConnectionLostError,
    DecodeError,
    DidwwError,
    InvalidRequestError,
    OrderUnconfirmedError,
    RequestTimeoutError,
    ResponseTooLargeError,
    TryAgainLaterError,
)
from didww_async.jsonapi import UNSET, DocumentError, Unset
from didww_async.plainjson import dumps
from didww_async.providers.plum.answers import content, judge, leaves_open
from didww_async.providers.plum.auth import RotatingTokens
from didww_async.providers.plum.models import Balance, FilterGroup, Order, Product, reader
from didww_async.providers.plum.pace import PlumPace
from didww_async.providers.plum.pages import LARGEST_PAGE, Pages
from didww_async.providers.plum.queries import details_data, history_data, vouchers_data
from didww_async.providers.plum.requests import (
    NewTopUpOrder,
    TopUpField,
    check_sold,
    checked_product_id,
    order_data,
    private_texts,
)
from didww_async.providers.plum.settings import PlumEnvironment, check_settings, credential
from didww_async.providers.plum.tokens import TokenStore
from didww_async.transport import DEFAULT_MAX_RESPONSE_BYTES, Auth, Request, Session

if TYPE_CHECKING:
    import ssl as _ssl

    import aiohttp

__all__ = ["PlumClient"]

ModelT = TypeVar("ModelT")

API_PATH = "/v1/oauth/api"
_TAG = "plumProAPI"
# After these, nobody but the server knows whether it acted.
_LOST_ANSWERS = (ConnectionLostError, RequestTimeoutError, ResponseTooLargeError, DecodeError)


@attrs.frozen
class _Operation(Request):
    """A request that knows what it is for, which its path does not tell."""

    name: str = ""


class PlumClient:
    """
    A client of Xoxoday's Plum Rewards API, for the mobile top-ups of one account.

    Use it with `async with`, or call `open()` and `close()`. It belongs to the event
    loop that it was opened on.

    - `tokens` keeps the pair of tokens from the dashboard and those that replace it: a
      `TokenFile`, or a `TokenStore` of your own.
    - `client_id` and `client_secret` fall back to the environment variables
      `PLUM_CLIENT_ID` and `PLUM_CLIENT_SECRET`. `auth` takes the place of all three.
    - `base_url` replaces that of `environment`.
    - `session` is an `aiohttp.ClientSession` of your own, which is never closed here;
      or give `connector`, `proxy`, `ssl`, `trace_configs` and `trust_env` for the one
      that the client makes. Tokens are fetched without the `connector` and the
      `trace_configs`.
    - `timeouts` is patient: an order may take 120 seconds to be answered.
    - `pace` bounds the requests of each operation; give clients of one account the same
      `PlumPace`, or `None` for no bound.
    - `retry` repeats requests where nothing can happen twice; `None` repeats nothing.
    - `top_up_field` names the object of an order that holds the phone: the documents
      call it `topupData` here and `userMeta` there.

    Raises:
        ConfigurationError: A setting is missing or can't work. Nothing was sent.
    """

    def __init__(
        self,
        tokens: TokenStore | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        environment: PlumEnvironment = PlumEnvironment.PRODUCTION,
        base_url: str | None = None,
        auth: Auth | None = None,
        session: aiohttp.ClientSession | None = None,
        timeouts: Timeouts = Timeouts(read=130.0, total=150.0),  # noqa: B008  # a frozen value
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008  # a frozen value
        pace: PlumPace | Unset | None = UNSET,
        top_up_field: TopUpField = "topupData",
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        connector: aiohttp.BaseConnector | None = None,
        proxy: str | None = None,
        ssl: _ssl.SSLContext | aiohttp.Fingerprint | bool = True,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
        trust_env: bool = False,
    ) -> None:
        check_settings(environment, timeouts, retry, pace, top_up_field)
        url = environment.base_url if base_url is None else base_url
        shared: dict[str, Any] = {
            "client_session": session,
            "retry": retry,
            "proxy": proxy,
            "ssl": ssl,
            "trust_env": trust_env,
        }
        self._tokens: RotatingTokens | None = None
        if auth is None:
            if tokens is None:
                raise ConfigurationError("tokens is missing; give a TokenFile, or another store")
            auth = self._tokens = RotatingTokens(
                tokens,
                base_url=url,
                client_id=credential("client_id", client_id),
                client_secret=credential("client_secret", client_secret),
                **shared,
            )
        elif tokens is not None:
            raise ConfigurationError("auth takes the place of tokens; give one of the two")
        paces = PlumPace() if isinstance(pace, Unset) else pace
        self._session = Session(
            url,
            auth=auth,
            judge=judge,
            headers={"Accept": "application/json", "User-Agent": "didww-async"},
            content_type="application/json",
            timeouts=timeouts,
            pace=None if paces is None else lambda request: paces.of(_name_of(request)),
            max_response_bytes=max_response_bytes,
            connector=connector,
            trace_configs=trace_configs,
            **shared,
        )
        self._top_up_field: TopUpField = top_up_field
        self._reader = reader()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session.base_url!r})"

    @property
    def base_url(self) -> str:
        """The URL of the API."""
        return self._session.base_url

    def __enter__(self) -> NoReturn:
        raise TypeError("PlumClient is asynchronous; write `async with` instead of `with`")

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
        """Bind the client to the running event loop, and return it."""
        self._session.open()
        return self

    async def close(self) -> None:
        """
        Close the client's connections; may be called again.

        Raises:
            TokenError: New tokens could not be stored.
        """
        try:
            if self._tokens is not None:
                await self._tokens.close()
        finally:
            await self._session.close()

    async def place_order(self, order: NewTopUpOrder) -> Order:
        """
        Place an order and return it; it is paid from the wallet at once.

        `deliveryStatus` may be `pending` still: see `wait_for_order`. The order's `po_number`
        is set, also if it was made here.
        It is sent once: sent again only if the server did nothing with it, that is after a
        failure to connect, a throttle or a refused token. An order with the `po_number`
        of another one is refused, not repeated: placing the very same one again can't
        pay twice (Plum docs, Concepts).

        Raises:
            InvalidRequestError: Nothing was sent; the field is named.
            ValidationError: It was refused; `errors[0].code` is Plum's `errorId`.
            ConflictError: There is an order with this `po_number` already (PLE10004), or
                it was placed and canceled (PLE10026, PLE10036).
            PermissionDeniedError: The account may not order this.
            OrderUnconfirmedError: It was sent and no answer tells its fate, a 5xx included:
                look with `get_order(po_number=...)`, for two minutes, before placing it again.
            RateLimitedError: There were too many requests; nothing was ordered.
            ConnectError: The server was not reached; nothing was ordered.
            TokenError: There was no token; nothing was ordered.
        """
        if not isinstance(order, NewTopUpOrder):
            raise InvalidRequestError("order", f"takes a NewTopUpOrder, not {type(order).__name__}")
        if isinstance(order.po_number, Unset):
            order = attrs.evolve(order, po_number=uuid4().hex)
        po_number = str(order.po_number)
        data, private = order_data(order, self._top_up_field), private_texts(order)
        try:
            placed = await self._ask("placeOrder", data, Order, is_safe=False, private=private)
        except asyncio.CancelledError as error:
            error.add_note(
                "the order may have been placed; look it up with "
                f"get_order(po_number={po_number!r}) before placing it again"
            )
            raise
        except DidwwError as error:
            failure = error.redacted(private)  # the server may have repeated it
        else:
            return attrs.evolve(placed, po_number=po_number)
        if isinstance(failure, ApiStatusError):
            is_open = leaves_open(failure)
        else:
            is_open = isinstance(failure, _LOST_ANSWERS)
        if not is_open:
            raise failure
        raise OrderUnconfirmedError(failure, po_number, None, "po_number") from failure

    async def get_order(
        self, *, po_number: str | None = None, order_id: str | int | None = None
    ) -> Order:
        """
        One order, by your own number or by Plum's id. No mail is sent to anybody.

        Raises:
            NotFoundError: There is no such order, if `errors[0].code` is PLE10016; up to two
                minutes after it was sent it may still come to be.
            TryAgainLaterError: It can't be seen yet (PLE10021), so it may exist.
        """
        data = details_data(po_number, order_id)
        order = await self._ask("getOrderDetails", data, Order)
        return order if po_number is None else attrs.evolve(order, po_number=po_number)

    def order_history(
        self,
        *,
        start_date: dt.date | None = None,
        end_date: dt.date | None = None,
        tag: str | None = None,
        limit: int = LARGEST_PAGE,
    ) -> Listing[Order]:
        """
        The account's orders: await it for a page, iterate it with `async for` for all.

        Both days are included; the documents name no time zone. `limit` is the size of a page.

        Raises:
            InvalidRequestError: A value is none that can be sent; nothing was.
        """
        data = history_data(start_date, end_date, tag)
        return self._listing("getOrderHistory", data, Order, limit)

    def vouchers(
        self,
        *,
        category_type: str = "topup",
        parent_product_id: str | int | None = None,
        include_products: Iterable[str | int] = (),
        exclude_products: Iterable[str | int] = (),
        filters: Mapping[str, str] | None = None,
        limit: int = LARGEST_PAGE,
    ) -> Listing[Product]:
        """
        The catalogue: operators, or with an operator as `parent_product_id` its plans.

        Await it for a page, iterate it with `async for` for all. Keep what it tells: the
        catalogue changes four times a day at most (Rewards API, Catalog).

        Raises:
            InvalidRequestError: A value is none that can be sent; nothing was.
        """
        data = vouchers_data(
            category_type, parent_product_id, include_products, exclude_products, filters
        )
        return self._listing("getVouchers", data, Product, limit)

    async def product(
        self, product_id: str | int, *, operator_id: str | int | None = None
    ) -> Product | None:
        """One product of the catalogue, or `None`; `operator_id` narrows the search."""
        wanted = checked_product_id("product_id", product_id)
        async for found in self.vouchers(parent_product_id=operator_id, include_products=[wanted]):
            if found.product_id == wanted:
                return found
        return None

    async def filters(self, group: str = "country") -> tuple[FilterGroup, ...]:
        """What the catalogue can be filtered by."""
        if not isinstance(group, str) or not group:
            raise InvalidRequestError("group", f"takes a text such as 'country', not {group!r}")
        found = await self._ask("getFilters", {"filterGroupCode": group}, tuple[FilterGroup, ...])
        return found  # noqa: RET504  # typed by its name

    async def balance(self) -> Balance:
        """What is in the wallet that orders are paid from."""
        return await self._ask("getBalance", {}, Balance, kind="query")

    async def check_order(
        self, order: NewTopUpOrder, *, operator_id: str | int | None = None
    ) -> Product:
        """
        The order's product, if the catalogue sells it at that denomination and quantity.

        Costs a request for the catalogue, of which there may be 50 a minute. `operator_id`
        narrows the search to the plans of one operator.

        Raises:
            InvalidRequestError: It does not; the field is named.
        """
        if not isinstance(order, NewTopUpOrder):
            raise InvalidRequestError("order", f"takes a NewTopUpOrder, not {type(order).__name__}")
        return check_sold(order, await self.product(order.product_id, operator_id=operator_id))

    async def wait_for_order(
        self,
        order: Order | None = None,
        *,
        po_number: str | None = None,
        order_id: str | int | None = None,
        timeout: float | None = 300.0,  # noqa: ASYNC109  # an error with the order in it, not a bare one
        poll_interval: float = 5.0,
    ) -> Order:
        """
        The order as soon as it is delivered or canceled.

        Name it by an `order`, or as in `get_order`. It is fetched after `poll_interval`
        seconds, then ever more rarely, up to every 30 seconds. `timeout` is in seconds,
        `None` waits without end. Products with a `delivery_type` of `delayed` take days:
        for those Plum asks to use a webhook instead.

        Raises:
            WaitTimeoutError: It is still pending; `order` is its last state.
        """
        check_seconds("poll_interval", poll_interval)
        if timeout is not None:
            check_seconds("timeout", timeout)
        if order is not None:
            po_number, order_id = (None, order.order_id)
        elif po_number is None and order_id is None:
            raise InvalidRequestError("order", "is missing; give an Order, po_number or order_id")
        latest = order or await self.get_order(po_number=po_number, order_id=order_id)

        async def fetch() -> Order:
            nonlocal latest
            try:
                fetched = await self.get_order(po_number=po_number, order_id=order_id)
                latest = attrs.evolve(fetched, po_number=latest.po_number)
            except TryAgainLaterError:  # it is there, and can't be seen at the moment
                pass
            return latest

        return await until_final(latest, fetch, timeout=timeout, poll_interval=poll_interval)

    def _listing(
        self, name: str, data: Mapping[str, Any], model: type[ModelT], limit: int
    ) -> Listing[ModelT]:
        async def read(page: Mapping[str, int]) -> tuple[ModelT, ...]:
            items: type[tuple[ModelT, ...]] = tuple[model, ...]  # type: ignore[valid-type]
            return await self._ask(name, {**data, **page}, items)

        # One page ahead would cost a request of the few that there may be in a minute.
        pages = Pages(read, limit, self._session.base_url + API_PATH)
        return Listing(pages.load, prefetch=False)

    async def _ask(
        self,
        name: str,
        data: Mapping[str, Any],
        model: type[ModelT],
        *,
        kind: str = "mutation",
        is_safe: bool = True,
        private: Sequence[str] = (),
    ) -> ModelT:
        """What an operation answers. All of them are POSTs, also those that only read."""
        envelope = {"query": f"{_TAG}.{kind}.{name}", "tag": _TAG, "variables": {"data": data}}
        request = _Operation(
            "POST", API_PATH, body=dumps(envelope), is_safe=is_safe, private=private, name=name
        )
        response = await self._session.send(request)
        try:
            found = content(response.body, name)
            return self._reader.read(found, model, f"$.data.{name}.data")
        except DocumentError as error:
            problem, path = error.problem, error.path
        url = self._session.base_url + API_PATH
        failure = DecodeError("POST", url, response.status, problem, path)
        raise self._session.redacted(failure)


def _name_of(request: Request) -> str:
    return request.name if isinstance(request, _Operation) else ""
