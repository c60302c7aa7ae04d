"""Settings as values: what they take, and that they stay as they were made."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from didww_async import ApiVersion, ConfigurationError, Environment, RetryPolicy, Timeouts

NO_SECONDS = [0, -1, True, "5", float("nan"), float("inf"), -float("inf"), [1]]


@pytest.mark.parametrize("field", ["connect", "read", "total"])
@pytest.mark.parametrize("value", NO_SECONDS)
def test_a_timeout_that_is_none_is_refused(field: str, value: Any) -> None:
    """ConfigurationError names it."""
    with pytest.raises(ConfigurationError, match=field):
        Timeouts(**{field: value})


@pytest.mark.parametrize("field", ["connect", "read", "total"])
def test_a_timeout_can_be_left_out(field: str) -> None:
    """`None` sets no limit."""
    assert getattr(Timeouts(**{field: None}), field) is None


@pytest.mark.parametrize("field", ["wait_initial", "wait_max", "wait_jitter", "max_retry_after"])
@pytest.mark.parametrize("value", NO_SECONDS)
def test_a_wait_that_is_none_is_refused(field: str, value: Any) -> None:
    """ConfigurationError names it."""
    if value == 0:  # a wait may be none
        assert getattr(RetryPolicy(**{field: value}), field) == 0
        return
    with pytest.raises(ConfigurationError, match=field):
        RetryPolicy(**{field: value})


@pytest.mark.parametrize("field", ["wait_initial", "wait_max", "wait_jitter", "max_retry_after"])
def test_a_wait_cannot_be_none(field: str) -> None:
    """A wait without limit would be no wait at all."""
    with pytest.raises(ConfigurationError, match=field):
        RetryPolicy(**{field: None})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "3", None])
def test_a_number_of_attempts_that_is_none_is_refused(value: Any) -> None:
    """From 1 on."""
    with pytest.raises(ConfigurationError, match="attempts"):
        RetryPolicy(attempts=value)


@pytest.mark.parametrize("value", [Timeouts(), RetryPolicy()])
def test_settings_are_frozen(value: Timeouts | RetryPolicy) -> None:
    """They are defaults of every client."""
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, 5)


def test_every_timeout_has_a_default() -> None:
    """Nothing waits for ever unless it was told to."""
    timeouts = Timeouts()

    assert None not in (timeouts.connect, timeouts.read, timeouts.total)


def test_environments_are_the_documented_ones() -> None:
    """DIDWW documentation, authentication."""
    assert {environment.name: environment.base_url for environment in Environment} == {
        "PRODUCTION": "https://api.didww.com/v3",
        "SANDBOX": "https://sandbox-api.didww.com/v3",
    }


def test_the_version_is_the_supported_one() -> None:
    """It goes out as text."""
    assert str(ApiVersion.V2026_04_16) == "2026-04-16"
