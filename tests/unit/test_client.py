"""Making a client: keys, URLs, environment variables."""

from __future__ import annotations

from typing import Any

import pytest

from didww_async import ApiVersion, ConfigurationError, DidwwClient, Environment, Pace


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings don't count."""
    monkeypatch.delenv("DIDWW_API_KEY", raising=False)
    monkeypatch.delenv("DIDWW_BASE_URL", raising=False)


def base_url_of(didww: DidwwClient) -> str:
    """Where it sends its requests."""
    return didww._session.base_url


def key_of(didww: DidwwClient) -> object:
    """What it keeps secret."""
    return list(didww._session._auth.secrets())


def test_a_client_without_a_key_is_refused() -> None:
    """ConfigurationError names both ways to give one."""
    with pytest.raises(ConfigurationError, match=r"api_key.*DIDWW_API_KEY"):
        DidwwClient()


@pytest.mark.parametrize("key", ["", "a b", "key\n", "k\u00e9y", " key"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    """ConfigurationError; an empty one does not fall back to the environment."""
    with pytest.raises(ConfigurationError, match="api_key"):
        DidwwClient(key)


def test_an_empty_key_does_not_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that was meant to be given must not become another account's."""
    monkeypatch.setenv("DIDWW_API_KEY", "other-key")

    with pytest.raises(ConfigurationError, match="empty"):
        DidwwClient("")


@pytest.mark.parametrize("key", ["", "key\n"])
def test_a_bad_key_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """As one that was passed."""
    monkeypatch.setenv("DIDWW_API_KEY", key)

    with pytest.raises(ConfigurationError, match="api_key"):
        DidwwClient()


def test_the_key_falls_back_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read when the client is made, not when the package is imported."""
    monkeypatch.setenv("DIDWW_API_KEY", "from-the-environment")

    assert key_of(DidwwClient()) == ["from-the-environment"]


def test_a_key_that_is_passed_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the environment."""
    monkeypatch.setenv("DIDWW_API_KEY", "from-the-environment")

    assert key_of(DidwwClient("passed")) == ["passed"]


def test_production_is_the_default() -> None:
    """As its documentation says."""
    assert base_url_of(DidwwClient("key")) == "https://api.didww.com/v3"


def test_an_environment_sets_the_url() -> None:
    """Each has its own."""
    didww = DidwwClient("key", environment=Environment.SANDBOX)

    assert base_url_of(didww) == "https://sandbox-api.didww.com/v3"


def test_the_url_falls_back_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test can lead a program elsewhere."""
    monkeypatch.setenv("DIDWW_BASE_URL", "http://127.0.0.1:5/v3")

    assert base_url_of(DidwwClient("key")) == "http://127.0.0.1:5/v3"


def test_a_url_that_is_passed_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the variable and over the environment."""
    monkeypatch.setenv("DIDWW_BASE_URL", "http://127.0.0.1:5/v3")
    didww = DidwwClient("key", base_url="http://127.0.0.1:6/v3", environment=Environment.SANDBOX)

    assert base_url_of(didww) == "http://127.0.0.1:6/v3"


def test_an_empty_url_is_refused() -> None:
    """One that was meant to be given must not become production, where orders cost money."""
    with pytest.raises(ConfigurationError, match="base_url"):
        DidwwClient("key", base_url="")


def test_an_environment_that_is_passed_wins_over_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the code says counts for more than what the machine says."""
    monkeypatch.setenv("DIDWW_BASE_URL", "https://api.didww.com/v3")
    didww = DidwwClient("key", environment=Environment.SANDBOX)

    assert base_url_of(didww) == "https://sandbox-api.didww.com/v3"


def test_an_environment_that_is_none_is_refused() -> None:
    """ConfigurationError names it."""
    with pytest.raises(ConfigurationError, match="environment"):
        DidwwClient("key", environment="sandbox")  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["", "2026-04-16\r\nX: y", None, 5])
def test_a_version_that_is_none_is_refused(version: Any) -> None:
    """ConfigurationError names it."""
    with pytest.raises(ConfigurationError, match="api_version"):
        DidwwClient("key", api_version=version)


def test_another_version_can_be_asked_for() -> None:
    """As text, before this package knows it."""
    for version in ("2027-01-01", ApiVersion.V2026_04_16):
        didww = DidwwClient("key", api_version=version)
        assert didww._session._headers["X-DIDWW-API-Version"] == str(version)


@pytest.mark.parametrize("number", [0, -1])
def test_a_bound_of_nothing_is_refused(number: int) -> None:
    """No answer fits into it."""
    with pytest.raises(ConfigurationError, match="max_response_bytes"):
        DidwwClient("key", max_response_bytes=number)


def test_every_client_has_a_pace_of_its_own_by_default() -> None:
    """Ten in a second, the lower of the documented figures."""
    first, second = DidwwClient("a")._session._pace, DidwwClient("b")._session._pace

    assert isinstance(first, Pace)
    assert (first.requests, first.seconds) == (10, 1.0)
    assert first is not second


def test_clients_can_share_a_pace() -> None:
    """Those of one key should."""
    pace = Pace(20)

    assert DidwwClient("a", pace=pace)._session._pace is pace
    assert DidwwClient("a", pace=None)._session._pace is None


def test_a_client_shows_its_url_and_nothing_else() -> None:
    """The key is not in it."""
    assert repr(DidwwClient("key-of-the-test")) == "DidwwClient('https://api.didww.com/v3')"


def test_no_loop_is_needed_to_make_a_client() -> None:
    """It can be made at import, or before the loop runs."""
    assert DidwwClient("key").orders is not None
