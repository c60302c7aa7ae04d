"""The client: one session with the API, one with the token service, and the order verbs."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar
from uuid import uuid4

from didww_async.collections.fate import hides_the_fate
from didww_async.collections.listing import Listing, Page
from didww_async.collections.polling import check_seconds, until_final
from didww_async.config import RetryPolicy, Timeouts
from didww_async.errors import (
    AuthenticationError,
    ConfigurationError,
    DecodeError,
    DidwwError,
    InvalidRequestError,
    OrderUnconfirmedError,
)
from didww_async.jsonapi import UNSET, DocumentError
from didww_async.jsonapi import Link as PageLink
from didww_async.plainjson import PlainJsonSerializer
from didww_async.providers.adobe_vip.answers import judge
from didww_async.providers.adobe_vip.models import HistoryPage, Order, OrderStatus, OrderType
from didww_async.providers.adobe_vip.queries import (
    LARGEST_PAGE,
    check_correlation_id,
    checked_id,
    history_query,
    orders_path,
)
from didww_async.providers.adobe_vip.requests import (
    AnyNewOrder,
    check_reference,
    class_of,
    is_preview,
)
from didww_async.providers.adobe_vip.settings import SCOPE, AdobeVipEnvironment, credential
from didww_async.transport import DEFAULT_MAX_RESPONSE_BYTES, Pace, Request, Response, Session
from didww_async.transport.oauth import ClientCredentialsAuth

if TYPE_CHECKING:
    import ssl as _ssl

    import aiohttp

__all__ = ["AdobeVipClient"]

ModelT = TypeVar("ModelT")


class AdobeVipClient:
    """
    A client of the orders of Adobe's VIP Marketplace, for one partner.

    Use it with `async with`, or call `open()` and `close()`. It belongs to the event
    loop that it was opened on.

    - `client_id` and `client_secret` fall back to the environment variables
      `ADOBE_VIP_CLIENT_ID` and `ADOBE_VIP_CLIENT_SECRET`. The id is the API key as well.
    - `base_url` and `token_url` replace those of `environment`.
    - `session` is an `aiohttp.ClientSession` of your own, which is never closed here;
      or give `connector`, `proxy`, `ssl`, `trace_configs` and `trust_env` for those
      that the client makes.
    - `pace` bounds the requests in any second; the documents say that none is enforced.
    - `retry` repeats requests where nothing can happen twice; `None` repeats nothing.

    Raises:
        ConfigurationError: A setting is missing or can't work. Nothing was sent.
    """

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        environment: AdobeVipEnvironment = AdobeVipEnvironment.PRODUCTION,
        base_url: str | None = None,
        token_url: str | None = None,
        scope: str = SCOPE,
        session: aiohttp.ClientSession | None = None,
        timeouts: Timeouts = Timeouts(read=60.0, total=90.0),  # noqa: B008  # a frozen value
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008  # a frozen value
        pace: Pace | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        connector: aiohttp.BaseConnector | None = None,
        proxy: str | None = None,
        ssl: _ssl.SSLContext | aiohttp.Fingerprint | bool = True,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
        trust_env: bool = False,
    ) -> None:
        if not isinstance(environment, AdobeVipEnvironment):
            raise ConfigurationError(
                "environment takes AdobeVipEnvironment.PRODUCTION or "
                f"AdobeVipEnvironment.SANDBOX, not {environment!r}"
            )
        if not isinstance(timeouts, Timeouts):
            raise ConfigurationError(f"timeouts takes a Timeouts, not {timeouts!r}")
        if retry is not None and not isinstance(retry, RetryPolicy):
            raise ConfigurationError(f"retry takes a RetryPolicy or None, not {retry!r}")
        if pace is not None and not isinstance(pace, Pace):
            raise ConfigurationError(f"pace takes a Pace or None, not {pace!r}")
        key = credential("client_id", client_id)
        options: dict[str, Any] = {
            "client_session": session,
            "timeouts": timeouts,
            "retry": retry,
            "connector": connector,
            "proxy": proxy,
            "ssl": ssl,
            "trace_configs": trace_configs,
            "trust_env": trust_env,
        }
        self._auth = ClientCredentialsAuth(
            environment.token_url if token_url is None else token_url,
            client_id=key,
            client_secret=credential("client_secret", client_secret),
            scope=scope,
            **options,
        )
        self._session = Session(
            environment.base_url if base_url is None else base_url,
            auth=self._auth,
            judge=judge,
            headers={
                "Accept": "application/json",
                "Content-Type": "application/json",  # required of every request, a GET too
                "X-Api-Key": key,
                "User-Agent": "didww-async",
            },
            content_type="application/json",
            pace=pace,
            attempt_headers=_attempt_headers,
            max_response_bytes=max_response_bytes,
            **options,
        )
        self._plain = PlainJsonSerializer()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session.base_url!r})"

    @property
    def base_url(self) -> str:
        """The URL of the API."""
        return self._session.base_url

    def __enter__(self) -> NoReturn:
        raise TypeError("AdobeVipClient is asynchronous; write `async with` instead of `with`")

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
        """Close the client's connections; may be called again."""
        await self._auth.close()
        await self._session.close()

    async def create_order(
        self,
        customer_id: str,
        order: AnyNewOrder,
        *,
        correlation_id: str | None = None,
        fetch_price: bool = False,
    ) -> Order:
        """
        Place an order, or preview one, and return what the API makes of it.

        An order is `PROCESSING` first, and may still fail later: see `wait_for_order`.
        `fetch_price` asks for prices, which come with a preview only.

        It is sent once. If no answer comes back, the same order sent again with the
        error's `correlation_id` within 10 days is answered from the server's memory and not
        placed again. Any answer uses a correlation id up: with one, an error included, the
        next order has to have another (VIP Marketplace docs, Idempotency). So one that is
        made here is made anew if the token has expired; one that you give is never
        replaced, and after an `AuthenticationError` it is used up, too.

        Raises:
            InvalidRequestError: Nothing was sent; the field is named.
            BadRequestError: The order was refused; `errors[0].code` is Adobe's code.
            TryAgainLaterError: Ordering is unavailable at the moment (5122), or the same
                order is still being processed (4122): send it with the same correlation id.
            OrderUnconfirmedError: It was sent and no answer tells its fate.
            RateLimitedError: There were too many requests; nothing was ordered.
            ConnectError: The server was not reached; nothing was ordered.
            TokenError: There was no token; nothing was ordered.
        """
        path = orders_path(customer_id)
        if class_of(getattr(order, "order_type", None)) is not type(order):
            raise InvalidRequestError("order", f"takes a NewOrder, not {type(order).__name__}")
        if correlation_id is not None:
            check_correlation_id(correlation_id)
        body = self._plain.encode(order)
        query = "fetch-price=true" if fetch_price else ""
        if is_preview(order):
            headers = None if correlation_id is None else {"X-Correlation-Id": correlation_id}
            request = Request("POST", path, query, body, headers=headers, is_safe=headers is None)
            return await self._one(request)
        reference = None if order.external_reference_id is UNSET else order.external_reference_id
        try:
            return await self._place(path, query, body, correlation_id or str(uuid4()), reference)
        except AuthenticationError:
            if correlation_id is not None:
                raise
        return await self._place(path, query, body, str(uuid4()), reference)

    async def get_order(
        self, customer_id: str, order_id: str, *, fetch_price: bool = False
    ) -> Order:
        """
        One order by its id.

        `fetch_price` asks for prices, which come if the order is completed and in one currency.

        Raises:
            NotFoundError: This customer has no such order.
        """
        path = f"{orders_path(customer_id)}/{checked_id('order_id', order_id)}"
        return await self._one(Request("GET", path, "fetch-price=true" if fetch_price else ""))

    def order_history(
        self,
        customer_id: str,
        *,
        order_type: OrderType | str | Iterable[OrderType | str] = (),
        status: OrderStatus | str | Iterable[OrderStatus | str] = (),
        reference_order_id: str | Iterable[str] = (),
        offer_id: str | Iterable[str] = (),
        reseller_id: str | None = None,
        start_date: dt.datetime | dt.date | None = None,
        end_date: dt.datetime | dt.date | None = None,
        fetch_price: bool = False,
        limit: int = LARGEST_PAGE,
        prefetch: bool = True,
    ) -> Listing[Order]:
        """
        A customer's orders, the newest first: await it for a page, iterate it for all.

        An order has to match every filter, and one of the values of each. There is no filter
        by `external_reference_id`. Without `start_date` the list begins with the current
        term, not with the first order; a date counts from midnight UTC. `limit` is the
        size of a page, 100 at most (VIP Marketplace docs, Get order history).

        Raises:
            InvalidRequestError: A filter is none that can be sent; nothing was.
        """
        path = orders_path(customer_id)
        query = history_query(
            {
                "order_type": order_type,
                "status": status,
                "reference_order_id": reference_order_id,
                "offer_id": offer_id,
                "reseller_id": () if reseller_id is None else reseller_id,
            },
            {"start_date": start_date, "end_date": end_date},
            fetch_price=fetch_price,
            limit=limit,
        )

        async def load(link: str | None) -> Page[Order]:
            request = Request("GET", path, query)
            if link is not None:
                request = Request("GET", link, is_link=True)
            response = await self._session.send(request)
            page = self._decoded(request, response, HistoryPage)
            found = {"self": page.links.self_, "next": page.links.next} if page.links else {}
            links = {name: PageLink(link.uri) for name, link in found.items() if link is not None}
            meta = {"total_count": page.total_count}
            return Page(page.items, meta, links, self._session.base_url + path)

        return Listing(load, prefetch=prefetch)

    async def update_reference(
        self, customer_id: str, order_id: str, external_reference_id: str
    ) -> Order:
        """
        Change an order's `external_reference_id`, and return the order. Nothing else can change.

        Raises:
            NotFoundError: This customer has no such order.
            TransportError: No answer arrived. Unless it is a `ConnectError`, the reference
                may be changed.
        """
        path = f"{orders_path(customer_id)}/{checked_id('order_id', order_id)}"
        check_reference(external_reference_id)
        body = self._plain.encode({"externalReferenceId": external_reference_id})
        request = Request("PATCH", path, body=body)
        response = await self._session.send(request)
        if not response.body:
            return await self.get_order(customer_id, order_id)
        return self._decoded(request, response, Order)

    async def wait_for_order(
        self,
        customer_id: str,
        order: Order | str,
        *,
        timeout: float | None = 600.0,  # noqa: ASYNC109  # an error with the order in it, not a bare one
        poll_interval: float = 5.0,
    ) -> Order:
        """
        The order, or the one with this id, as soon as its status is final.

        Final is not successful: look at `status`. It is fetched after `poll_interval`
        seconds, then ever more rarely, up to every 30 seconds. `timeout` is in seconds,
        `None` waits without end.

        Raises:
            WaitTimeoutError: It is still in process; `order` is its last state.
        """
        check_seconds("poll_interval", poll_interval)
        if timeout is not None:
            check_seconds("timeout", timeout)
        latest = order if isinstance(order, Order) else await self.get_order(customer_id, order)
        return await until_final(
            latest,
            lambda: self.get_order(customer_id, latest.order_id),
            timeout=timeout,
            poll_interval=poll_interval,
        )

    async def _place(
        self, path: str, query: str, body: bytes, correlation_id: str, reference: str | None
    ) -> Order:
        request = Request(
            "POST",
            path,
            query,
            body,
            headers={"X-Correlation-Id": correlation_id},
            outlives_answers=False,
        )
        try:
            response = await self._session.send(request)
            order = self._decoded(request, response, Order)
            if order.order_id:
                return order
            raise self._undecodable(request, response, "expected an id, got none", "$.orderId")
        except asyncio.CancelledError as error:
            error.add_note(
                "the order may have been placed; send the same again with correlation_id "
                f"{correlation_id!r}, and nothing is ordered twice"
            )
            raise
        except DidwwError as error:
            if not hides_the_fate(error):
                raise
            cause = error
        raise OrderUnconfirmedError(cause, reference, correlation_id) from cause

    async def _one(self, request: Request) -> Order:
        return self._decoded(request, await self._session.send(request), Order)

    def _decoded(self, request: Request, response: Response, model: type[ModelT]) -> ModelT:
        try:
            return self._plain.decode(response.body, model)
        except DocumentError as error:
            problem, path = error.problem, error.path
        raise self._undecodable(request, response, problem, path)

    def _undecodable(
        self, request: Request, response: Response, problem: str, path: str
    ) -> DecodeError:
        url = self._session.base_url + request.path.partition("?")[0]
        return self._session.redacted(
            DecodeError(request.method, url, response.status, problem, path)
        )


def _attempt_headers() -> dict[str, str]:
    # A correlation id that was answered once would be answered the same again, so a request
    # that may be repeated has another each time; an order brings its own.
    return {"X-Request-Id": str(uuid4()), "X-Correlation-Id": str(uuid4())}
