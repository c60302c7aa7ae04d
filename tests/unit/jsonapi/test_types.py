"""`UNSET`, and enums that keep what they do not know."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async.jsonapi import UNSET, Unset
from tests.unit.jsonapi.blog import Visibility
from tests.unit.jsonapi.hostile import relaxed


def repickled(value: object) -> object:
    """Return what comes back from a pickle."""
    return pickle.loads(pickle.dumps(value))


def test_unset_is_false() -> None:
    """`UNSET` is false where a condition asks."""
    assert not UNSET


def test_unset_names_itself() -> None:
    """`UNSET` prints as its name, as it stands in signatures."""
    assert repr(UNSET) == "UNSET"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, repickled])
def test_unset_stays_the_one(again: Callable[[object], object]) -> None:
    """A copied or pickled `UNSET` is still `UNSET`, so `is` keeps working."""
    assert again(UNSET) is Unset.UNSET


def test_known_value_is_the_member() -> None:
    """A known value becomes the member itself."""
    assert Visibility("members") is Visibility.MEMBERS


@pytest.mark.parametrize("text", ["Public", "PUBLIC", "puBLic"])
def test_case_variant_is_the_known_member(text: str) -> None:
    """A value that differs by case only is the known one."""
    assert Visibility(text) is Visibility.PUBLIC


def test_unknown_value_is_kept() -> None:
    """An unknown value stays what it was, case and all."""
    assert Visibility("Friends Only") == "Friends Only"


def test_unknown_value_is_of_the_enum() -> None:
    """An unknown value is still of the enum's class."""
    assert isinstance(Visibility("friends"), Visibility)


def test_unknown_value_tells_its_value() -> None:
    """An unknown member has `value` and `name` like a known one."""
    friends = Visibility("friends")
    assert (friends.value, friends.name) == ("friends", "friends")


def test_unknown_value_is_not_listed() -> None:
    """Reading an unknown value adds no member to the enum."""
    Visibility("friends")
    assert list(Visibility) == [Visibility.PUBLIC, Visibility.MEMBERS, Visibility.STAFF_ONLY]


def test_known_value_is_known() -> None:
    """`is_known` is true for a member of this release."""
    assert Visibility.STAFF_ONLY.is_known


def test_unknown_value_is_not_known() -> None:
    """`is_known` is false for a value that came later."""
    assert not Visibility("friends").is_known


def test_unknown_value_like_a_members_name_is_not_known() -> None:
    """A value that happens to be spelt as a member's name is unknown all the same."""
    assert not Visibility("STAFF_ONLY").is_known


def test_unknown_values_equal_by_text() -> None:
    """Two reads of the same unknown value are equal and hash alike."""
    assert {Visibility("friends"), Visibility("friends")} == {"friends"}


def test_unknown_value_differs_from_known_ones() -> None:
    """An unknown value equals no member."""
    assert Visibility("friends") not in list(Visibility)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", ["public", "friends"])
def test_enum_pickles(value: str, protocol: int) -> None:
    """Known and unknown values survive pickling as members of the enum."""
    again = pickle.loads(pickle.dumps(Visibility(value), protocol))
    assert (type(again), again) == (Visibility, value)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_unknown_enum_copies(again: Callable[[object], object]) -> None:
    """A copy of an unknown value is equal to it."""
    assert again(Visibility("friends")) == Visibility("friends")


@pytest.mark.parametrize("value", [1, None, b"public", ["public"]])
def test_enum_takes_text_only(value: Any) -> None:
    """Anything but a string is no value of the enum."""
    with pytest.raises(ValueError, match="is not a valid Visibility"):
        Visibility(value)


@relaxed
@given(st.text())
def test_any_text_becomes_a_member_that_equals_it(text: str) -> None:
    """Every string is a value, and unless it is a known one in other case, an equal one."""
    member = Visibility(text)
    assert member == text or (member in set(Visibility) and member.lower() == text.lower())
