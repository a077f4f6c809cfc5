"""Every query about test sessions, on the bare driver.

The answer path is the hot path of the product, so this domain speaks asyncpg: rows become frozen
dataclasses without an ORM between. Every function takes a connection that is inside a transaction
scoped to ``tenant_id``: the one under a unit of work, or, for the two that work on many sessions at
once (``find_sessions``, ``save_answers``), a connection of ``platform.batches``. JSON travels as
text, because the two kinds of connection decode it differently.
"""

from pacnum_api.domains.test_sessions.repository.answers import (
    AnsweredSession,
    Move,
    find_answer,
    list_answered_items,
    list_answers,
    save_answers,
)
from pacnum_api.domains.test_sessions.repository.ended_answers import (
    EndedAnswer,
    stream_ended_answers,
)
from pacnum_api.domains.test_sessions.repository.sessions import (
    Ending,
    add_session,
    close_session,
    find_oldest_overdue,
    find_session,
    find_sessions,
    get_session,
    lock_overdue,
)

__all__ = [
    "AnsweredSession",
    "EndedAnswer",
    "Ending",
    "Move",
    "add_session",
    "close_session",
    "find_answer",
    "find_oldest_overdue",
    "find_session",
    "find_sessions",
    "get_session",
    "list_answered_items",
    "list_answers",
    "lock_overdue",
    "save_answers",
    "stream_ended_answers",
]
