"""Credentials: what is a key, and where it must not be seen."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from didww_async import ApiKeyAuth, ConfigurationError


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "a b",
        "key\n",
        "\nkey",
        "k\u00e9y",
        "k\ty",
        "k\x00y",
        "k\r\nX: y",
        "\u00a0",
        None,
        5,
        b"k",
    ],
)
def test_what_cannot_be_a_key_is_refused(key: Any) -> None:
    """ConfigurationError, without the text: it may be most of a key."""
    with pytest.raises(ConfigurationError, match="api_key") as caught:
        ApiKeyAuth(key)

    assert repr(key) not in str(caught.value)


def test_the_key_goes_bare_into_its_header() -> None:
    """No `Bearer`."""
    assert asyncio.run(ApiKeyAuth("k3y").headers()) == {"Api-Key": "k3y"}


def test_another_header_can_be_named() -> None:
    """The other two order APIs have their own."""
    assert asyncio.run(ApiKeyAuth("k3y", "X-Api-Key").headers()) == {"X-Api-Key": "k3y"}


def test_the_key_is_told_as_a_secret() -> None:
    """So that it is blotted out of what a server repeats."""
    assert tuple(ApiKeyAuth("k3y").secrets()) == ("k3y",)


def test_the_key_is_in_no_pickle() -> None:
    """Credentials either don't pickle or leave the key out."""
    try:
        pickled = pickle.dumps(ApiKeyAuth("k3y-in-the-clear"))
    except TypeError:
        return

    assert b"k3y-in-the-clear" not in pickled
