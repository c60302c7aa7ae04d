"""Answers that come without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aioresponses import aioresponses


class PlainResponse(aiohttp.ClientResponse):
    """A response without what aiohttp 3.14 wants and aioresponses 0.7.9 does not give."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **options)


class Answers:
    """Stages answers, in the order in which they are asked for."""

    def __init__(self, mocked: Any) -> None:
        self._mocked = mocked
        self.get: Callable[..., None] = partial(mocked.get, response_class=PlainResponse)
        self.post: Callable[..., None] = partial(mocked.post, response_class=PlainResponse)

    def count(self, method: str) -> int:
        """How many requests of this method were sent."""
        return sum(len(calls) for key, calls in self._mocked.requests.items() if key[0] == method)


@pytest.fixture
def answers() -> Iterator[Answers]:
    """No request of this test reaches a socket."""
    with aioresponses() as mocked:
        yield Answers(mocked)
