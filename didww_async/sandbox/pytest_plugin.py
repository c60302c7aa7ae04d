"""
The fixture `didww_sandbox`: a fresh sandbox for each test, served from a thread.

Works in sync tests and with any plugin for async ones. `@pytest.mark.didww_sandbox(balance=5)`
passes settings to `Sandbox`.
"""

# Loaded whenever pytest starts, so the sandbox itself is imported only by a test that wants it.

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from didww_async.sandbox import Sandbox


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "didww_sandbox(**settings): settings of the test's didww_sandbox, see Sandbox"
    )


@pytest.fixture
def didww_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A DIDWW on loopback that no other test has touched; see `didww_async.sandbox.Sandbox`."""
    from didww_async.sandbox import Sandbox  # noqa: PLC0415

    node = cast("pytest.Item", request.node)  # pyright: ignore[reportUnknownMemberType]
    marker = node.get_closest_marker("didww_sandbox")
    if marker is not None and marker.args:
        raise pytest.UsageError("the marker didww_sandbox takes settings by name, see Sandbox")
    with Sandbox(**(marker.kwargs if marker else {})) as sandbox:
        yield sandbox
