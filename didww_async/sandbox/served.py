"""What every sandbox shares: it serves while its context is open, in a loop or in a thread."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from didww_async.sandbox.faults import Faults
from didww_async.sandbox.listener import Listener, bind
from didww_async.sandbox.serving_thread import ServingThread

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from didww_async.sandbox.exchange import App
    from didww_async.sandbox.recorder import RecordedRequest


class Served(ABC):
    """
    An API on loopback.

    `async with` serves from the running event loop, `with` from a thread of its own, for
    notebooks and sync tests. Nothing runs before that.
    """

    def __init__(
        self,
        faults: Faults,
        *,
        host: str,
        port: int,
        root: str,
        record_requests: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self.requests: list[RecordedRequest] = []
        """What has been asked, in the order of arrival."""
        self._serving_faults = faults
        self._record_requests = record_requests
        self._clock = clock
        self._host, self._port, self._root = host, port, root
        self._url: str | None = None
        self._listener: Listener | None = None
        self._thread: ServingThread | None = None

    @property
    def url(self) -> str:
        """The base URL, such as `http://127.0.0.1:49152/v3`; `RuntimeError` while not serving."""
        if self._url is None:
            raise RuntimeError("the sandbox is not serving: use `async with` or `with` on it first")
        return self._url

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._close()

    def start(self) -> Self:
        """
        Serve from a thread until `stop`, where no `with` can span the use, as in notebook cells.

        `OSError` if the port is taken.
        """
        thread = ServingThread(self._open, self._close)
        thread.start_serving()
        self._thread = thread
        return self

    def stop(self) -> None:
        """End what `start` began; without effect if nothing was started."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop_serving()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @abstractmethod
    def _app(self, url: str) -> App:
        """The API itself, which is served at this URL."""

    async def _open(self) -> None:
        if self._listener is not None:
            raise RuntimeError("the sandbox is serving already")
        listening = bind(self._host, self._port)
        port = listening.getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        url = f"http://{host}:{port}{self._root}"
        self._listener = Listener(
            self._app(url),
            self._serving_faults,
            self.requests if self._record_requests else None,
            clock=self._clock,
        )
        await self._listener.start(listening)
        self._url = url

    async def _close(self) -> None:
        self._url = None
        if self._listener is not None:
            await self._listener.close()
        self._listener = None
