"""Values that no honest server sends, and valid ones with any part of them spoilt."""

from copy import deepcopy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

relaxed = settings(deadline=None)
"""A machine that is busy with other things fails no test."""

JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.sampled_from(["", "1", "articles", "people", "images", "polls", "type", "12.50"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "id", "attributes", "data", "href", "meta", "title", ""]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


def positions(value: object) -> list[tuple[Any, Any]]:
    """Return every place in a value, as what holds it and the key there."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return found
    for key, inner in items:
        found.append((value, key))
        found += positions(inner)
    return found


@st.composite
def mutations(draw: st.DrawFn, value: Any, most: int = 3) -> Any:
    """Return the value with up to `most` of its places changed, taken away or doubled."""
    root = [deepcopy(value)]
    for _ in range(draw(st.integers(1, most))):
        places = positions(root)
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        how = draw(st.sampled_from(["replace", "replace", "delete", "double", "move"]))
        if how == "replace":
            holder[key] = draw(JUNK)
        elif how == "move":  # a part of the document where another one belongs
            other, other_key = draw(st.sampled_from(places))
            holder[key] = deepcopy(other[other_key])
        elif holder is root:
            continue
        elif how == "delete":
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(key, deepcopy(holder[key]))
        else:
            holder[f"{key}2"] = deepcopy(holder[key])
    return root[0] if root else None
