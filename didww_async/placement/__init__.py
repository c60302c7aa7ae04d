"""
Once-only placement of orders, for any order API.

An *intent* is one order that somebody wants once. The journal holds what is known
of it, and holds it before the first byte is sent; the placer moves it along this
table and no other way. A process may die between any two lines: what the journal
says then is where the next one goes on.

========= ============================= =========== ==================================
in state  what happens                  goes to     and then
========= ============================= =========== ==================================
waiting   a look finds its order        placed      asked for by `adopt_existing` only
waiting   a request is begun            sent        journalled before the first byte
sent      accepted                      placed      if it was sent before: search twins
sent      refused                       rejected    if it was sent before: look up first
sent      certainly not carried out     waiting     and no further in this run
sent      no answer                     sent        look it up
sent      a look finds its order        placed      if it was sent before: search twins
sent      no order, and it has settled  waiting     the same request may be begun again
sent      nobody can tell               sent        unconfirmed, until it is resumed
========= ============================= =========== ==================================

*Settled* means: the last look was made at least `settle_seconds` after the answer was
lost or, after a restart, after the first look. An order that turns up later still,
after the request was repeated, is a
*twin*. It is searched for right after the repetition and once more when that has
settled; the eldest order is kept and the others are cancelled. One that can't be
cancelled any more is named in the outcome.
"""

from didww_async.placement.intent import (
    Entry,
    NotAttempted,
    Outcome,
    Placed,
    Rejected,
    State,
    Unconfirmed,
)
from didww_async.placement.journal import Journal, JournalError, MemoryJournal, SqliteJournal
from didww_async.placement.provider import (
    Accepted,
    Answer,
    CannotTell,
    Found,
    LookUp,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    Provider,
    Refused,
)

__all__ = [
    "Accepted",
    "Answer",
    "CannotTell",
    "Entry",
    "Found",
    "Journal",
    "JournalError",
    "LookUp",
    "MemoryJournal",
    "NoAnswer",
    "NoSuchOrder",
    "NotAttempted",
    "NotSent",
    "Outcome",
    "Placed",
    "Provider",
    "Refused",
    "Rejected",
    "SqliteJournal",
    "State",
    "Unconfirmed",
]
