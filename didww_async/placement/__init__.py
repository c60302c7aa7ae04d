"""
Once-only placement of orders, for any order API.

An *intent* is one order that somebody wants once. The journal holds what is known
of it, and holds it before the first byte is sent; the placer moves it along this
table and no other way. A process may die between any two lines: what the journal
says then is where the next one goes on.

========= ============================= =========== ==================================
in state  what happens                  goes to     and then
========= ============================= =========== ==================================
waiting   a look finds its order        placed      looked for if it may be there already
waiting   a request is begun            sent        journalled before the first byte
sent      accepted                      placed      if it was sent before: search twins
sent      refused                       rejected    if unsure or sent before: look up first
sent      put off                       sent        the same again, when it was asked for
sent      certainly not carried out     as before   and no further in this run
sent      no answer                     sent        recognised: the same again; else look
sent      a look finds its order        placed      if it was sent before: search twins
sent      no order, and it has settled  waiting     a renewed request may be begun
sent      nobody can tell               sent        unconfirmed, until it is resumed
rejected  begun again by the same call  waiting     if the account was refused, not the order
rejected  corrected under its name      waiting     the new request takes the old one's place
========= ============================= =========== ==================================

*Recognised* means: the server would know the request again by its idempotency key, and
repeat its answer instead of carrying it out a second time. That ends when it has given an
answer that tells nothing, which it would repeat as well; *renewed* is the request with
another key. *Settled* means: the last look was made at least `settle_seconds` after the answer was
lost or, after a restart, after the first look. An order that was cancelled, or that seems
older than the intent, is taken for its own only then. An order that turns up later still,
after the request was repeated, is a *twin*. It is searched for right after the repetition
and once more when that has settled; the eldest order is kept and the others are cancelled.
One that can't be cancelled any more is named in the outcome.

Orders are begun many at a time. A run that is left, or refused as a whole, puts back what
the journal had of those whose request was not sent: their entries, or none.
"""

from didww_async.placement.intent import (
    Entry,
    Intent,
    NotAttempted,
    Outcome,
    Placed,
    Rejected,
    State,
    Unconfirmed,
)
from didww_async.placement.journal import (
    Admitted,
    Journal,
    JournalError,
    MemoryJournal,
    NewRow,
    Row,
    Turn,
    Turns,
)
from didww_async.placement.provider import (
    Accepted,
    Answer,
    Answered,
    CannotTell,
    Found,
    LookUp,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    Provider,
    PutOff,
    Refused,
    Stock,
)
from didww_async.placement.sqlite_journal import SqliteJournal

__all__ = [
    "Accepted",
    "Admitted",
    "Answer",
    "Answered",
    "CannotTell",
    "Entry",
    "Found",
    "Intent",
    "Journal",
    "JournalError",
    "LookUp",
    "MemoryJournal",
    "NewRow",
    "NoAnswer",
    "NoSuchOrder",
    "NotAttempted",
    "NotSent",
    "Outcome",
    "Placed",
    "Provider",
    "PutOff",
    "Refused",
    "Rejected",
    "Row",
    "SqliteJournal",
    "State",
    "Stock",
    "Turn",
    "Turns",
    "Unconfirmed",
]
