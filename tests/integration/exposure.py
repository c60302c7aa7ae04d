"""All the ways in which an error may say more than it should."""

from __future__ import annotations

import pickle
import traceback

__all__ = ["told_by"]


def told_by(error: BaseException) -> str:
    """Everything that an error shows: its texts, its pickle, its traceback, and its causes'."""
    told = ["".join(traceback.format_exception(error))]
    chain: list[BaseException | None] = [error]
    for each in chain:
        if each is None:
            continue
        told += [str(each), repr(each), repr(each.args), repr(vars(each))]
        told += [str(pickle.dumps(each)), *getattr(each, "__notes__", ())]
        others = (each.__cause__, each.__context__, getattr(each, "cause", None))
        chain += [other for other in others if other not in chain]
    return "\n".join(told)
