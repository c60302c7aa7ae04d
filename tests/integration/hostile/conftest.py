"""Servers that misbehave, and a loop that has to be left as it was found."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.hostile.scripted import ScriptedServer


@pytest.fixture(autouse=True)
async def clean_loop() -> AsyncIterator[None]:
    """No task is left, no failure went unseen, nothing was left open."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
    before = asyncio.all_tasks()
    yield
    gc.collect()
    for _ in range(100):
        if asyncio.all_tasks() - before <= {asyncio.current_task()}:
            break
        await asyncio.sleep(0)
    gc.collect()
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}
    assert complaints == []


@pytest.fixture
async def server(clean_loop: None) -> AsyncIterator[ScriptedServer]:
    """A server whose script the test writes."""
    async with ScriptedServer() as server:
        yield server


@pytest.fixture
async def other(clean_loop: None) -> AsyncIterator[ScriptedServer]:
    """A server of another origin, to which nothing should ever come."""
    async with ScriptedServer() as server:
        yield server
