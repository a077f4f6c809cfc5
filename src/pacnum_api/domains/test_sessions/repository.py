"""Every query about test sessions, on the bare driver.

The answer path is the hot path of the product, so this domain speaks asyncpg: rows become frozen
dataclasses without an ORM between. Every function takes a connection that is inside a transaction
scoped to ``tenant_id`` — the hot path's own, or the one under a unit of work. JSON travels as
text, because the two kinds of connection decode it differently.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

import asyncpg

from pacnum_api.domains.test_sessions.errors import TestSessionNotFound
from pacnum_api.domains.test_sessions.types import (
    Accommodations,
    Answer,
    EarlierStart,
    SessionPurpose,
    SessionSetup,
    SessionState,
    StoredSession,
)

SELECT_SESSION = """
SELECT id, agent_id, client_id, framework, framework_version, bank_id, algorithm_version, purpose,
       locale, accommodations::text, competences, targets::text, seed, earlier_session_id,
       earlier_age_seconds, availability, featured, tryouts, state, version, items, categories,
       pending_issued_at, created_at, updated_at, expires_at, finished_at, stop_reason
  FROM test_sessions
 WHERE tenant_id = $1 AND id = $2
"""

INSERT_SESSION = """
INSERT INTO test_sessions (
       tenant_id, id, agent_id, client_id, framework, framework_version, bank_id,
       algorithm_version, purpose, locale, accommodations, competences, targets, seed, state,
       version, items, categories, pending_issued_at, created_at, updated_at, expires_at,
       earlier_session_id, earlier_age_seconds, availability, featured, tryouts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::jsonb, $12, $13::text::jsonb,
        $14, $15, $16, $17, $18, $19, $20,
        $21, $22, $23, $24, $25, $26, $27)
"""

# One statement moves the session on and appends the answer: either both happen or neither. Of two
# that race, the second waits for the row, finds another version, and inserts nothing.
SAVE_ANSWER = """
WITH moved AS (
    UPDATE test_sessions
       SET version = version + 1, items = items || $4::smallint[],
           categories = categories || $5::smallint, state = $6, stop_reason = $7,
           pending_issued_at = $8, updated_at = $9, finished_at = $10
     WHERE tenant_id = $1 AND id = $2 AND version = $3 AND state = 'in_progress'
 RETURNING id)
INSERT INTO answers (
       tenant_id, session_id, position, item_index, item_id, response, response_hash, score,
       category, is_late, issued_at, accepted_at, client_duration_seconds)
SELECT $1, id, $11, $12, $13, $14::text::jsonb, $15, $16, $5::smallint, $17, $18, $9, $19
  FROM moved
RETURNING position
"""

CLOSE_SESSION = """
UPDATE test_sessions
   SET version = version + 1, state = $4, stop_reason = $5, pending_issued_at = NULL,
       updated_at = $6, finished_at = $7
 WHERE tenant_id = $1 AND id = $2 AND version = $3 AND state = 'in_progress'
RETURNING id
"""

SELECT_ANSWERS = """
SELECT position, item_index, item_id, response::text, response_hash, score, category, is_late,
       issued_at,
       accepted_at, client_duration_seconds
  FROM answers
 WHERE tenant_id = $1 AND session_id = $2
"""

SELECT_ANSWERED_ITEMS = """
SELECT DISTINCT item_id
  FROM answers
  JOIN test_sessions ON test_sessions.id = answers.session_id
                    AND test_sessions.tenant_id = answers.tenant_id
 WHERE answers.tenant_id = $1 AND test_sessions.agent_id = $2 AND test_sessions.framework = $3
"""

SELECT_OVERDUE = """
SELECT id
  FROM test_sessions
 WHERE tenant_id = $1 AND state = 'in_progress' AND expires_at <= $2
 ORDER BY expires_at
 LIMIT $3
   FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Move:
    """How the session's row changes when an answer is accepted."""

    next_item: int | None
    state: SessionState
    stop_reason: str | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ends other than by its last answer.

    ``ended_at`` is when it was over, ``recorded_at`` when that is written down: for one that time
    has ended the former comes first.
    """

    state: SessionState
    stop_reason: str
    ended_at: datetime
    recorded_at: datetime


async def find_session(
    connection: asyncpg.Connection, tenant_id: UUID, *, session_id: UUID
) -> StoredSession | None:
    """The session, or None when this tenant has none of that id."""
    row = await connection.fetchrow(SELECT_SESSION, tenant_id, session_id)
    return None if row is None else _session(row)


async def get_session(
    connection: asyncpg.Connection, tenant_id: UUID, *, session_id: UUID
) -> StoredSession:
    """Raises TestSessionNotFound, also for another tenant's session."""
    session = await find_session(connection, tenant_id, session_id=session_id)
    if session is None:
        raise TestSessionNotFound
    return session


async def add_session(
    connection: asyncpg.Connection, tenant_id: UUID, *, session: StoredSession
) -> None:
    """Insert a session that has just begun."""
    setup = session.setup
    await connection.execute(
        INSERT_SESSION,
        tenant_id,
        session.id,
        session.agent_id,
        session.client_id,
        setup.framework,
        setup.framework_version,
        setup.bank_id,
        setup.algorithm_version,
        setup.purpose.value,
        setup.locale,
        json.dumps(asdict(setup.accommodations)),
        list(setup.competences),
        json.dumps({str(index): level for index, level in setup.targets.items()}),
        setup.seed,
        session.state.value,
        session.version,
        list(session.items),
        list(session.categories),
        session.pending_issued_at,
        session.created_at,
        session.updated_at,
        session.expires_at,
        None if setup.earlier is None else setup.earlier.session_id,
        None if setup.earlier is None else setup.earlier.age_seconds,
        setup.availability,
        setup.featured,
        list(chain.from_iterable(setup.tryouts.items())) or None,
    )


async def save_answer(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    *,
    session: StoredSession,
    answer: Answer,
    move: Move,
) -> bool:
    """Accept an answer if the session is still where it was read; False if it has moved on."""
    is_over = move.state is not SessionState.IN_PROGRESS
    position = await connection.fetchval(
        SAVE_ANSWER,
        tenant_id,
        session.id,
        session.version,
        [] if move.next_item is None else [move.next_item],
        answer.category,
        move.state.value,
        move.stop_reason,
        None if is_over else answer.accepted_at,
        answer.accepted_at,
        answer.accepted_at if is_over else None,
        answer.position,
        answer.item_index,
        answer.item_id,
        None if answer.response is None else json.dumps(answer.response),
        answer.response_hash,
        answer.score,
        answer.is_late,
        answer.issued_at,
        answer.client_duration_seconds,
    )
    return position is not None


async def close_session(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    *,
    session: StoredSession,
    ending: Ending,
) -> bool:
    """End a session that is still where it was read; False if it has moved on."""
    closed = await connection.fetchval(
        CLOSE_SESSION,
        tenant_id,
        session.id,
        session.version,
        ending.state.value,
        ending.stop_reason,
        ending.recorded_at,
        ending.ended_at,
    )
    return closed is not None


async def find_answer(
    connection: asyncpg.Connection, tenant_id: UUID, *, session_id: UUID, position: int
) -> Answer | None:
    """The answer accepted at a position, or None."""
    row = await connection.fetchrow(
        SELECT_ANSWERS + " AND position = $3", tenant_id, session_id, position
    )
    return None if row is None else _answer(row)


async def list_answers(
    connection: asyncpg.Connection, tenant_id: UUID, *, session_id: UUID
) -> Sequence[Answer]:
    """Every accepted answer, by position."""
    rows = await connection.fetch(SELECT_ANSWERS + " ORDER BY position", tenant_id, session_id)
    return [_answer(row) for row in rows]


async def list_answered_items(
    connection: asyncpg.Connection, tenant_id: UUID, *, agent_id: UUID, framework: str
) -> Sequence[UUID]:
    """Every item of a framework that an agent has answered, in whatever test."""
    rows = await connection.fetch(SELECT_ANSWERED_ITEMS, tenant_id, agent_id, framework)
    return [row["item_id"] for row in rows]


async def lock_overdue(
    connection: asyncpg.Connection, tenant_id: UUID, *, now: datetime, limit: int
) -> Sequence[UUID]:
    """Sessions whose time has run out, held until the transaction ends; others' are skipped."""
    rows = await connection.fetch(SELECT_OVERDUE, tenant_id, now, limit)
    return [row["id"] for row in rows]


def _session(row: asyncpg.Record) -> StoredSession:
    return StoredSession(
        id=row["id"],
        agent_id=row["agent_id"],
        client_id=row["client_id"],
        setup=_setup(row),
        state=SessionState(row["state"]),
        version=row["version"],
        items=tuple(row["items"]),
        categories=tuple(row["categories"]),
        pending_issued_at=row["pending_issued_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        expires_at=row["expires_at"],
        finished_at=row["finished_at"],
        stop_reason=row["stop_reason"],
    )


def _setup(row: asyncpg.Record) -> SessionSetup:
    targets = json.loads(row["targets"])
    tryouts = row["tryouts"] or ()
    earlier = row["earlier_session_id"]
    return SessionSetup(
        framework=row["framework"],
        framework_version=row["framework_version"],
        bank_id=row["bank_id"],
        algorithm_version=row["algorithm_version"],
        purpose=SessionPurpose(row["purpose"]),
        competences=tuple(row["competences"]),
        targets={int(index): level for index, level in targets.items()},
        seed=row["seed"],
        locale=row["locale"],
        accommodations=Accommodations(**json.loads(row["accommodations"])),
        earlier=None if earlier is None else EarlierStart(earlier, row["earlier_age_seconds"]),
        availability=row["availability"],
        featured=row["featured"],
        tryouts=dict(zip(tryouts[::2], tryouts[1::2], strict=True)),
    )


def _answer(row: asyncpg.Record) -> Answer:
    return Answer(
        position=row["position"],
        item_index=row["item_index"],
        item_id=row["item_id"],
        response=None if row["response"] is None else json.loads(row["response"]),
        response_hash=row["response_hash"],
        score=row["score"],
        category=row["category"],
        is_late=row["is_late"],
        issued_at=row["issued_at"],
        accepted_at=row["accepted_at"],
        client_duration_seconds=row["client_duration_seconds"],
    )


# Abandoned tests are not among them: their takers have taken them back.
SELECT_COUNTED = """
SELECT s.agent_id, s.id AS session_id, s.bank_id, a.item_index, a.category, a.is_late,
       a.response IS NULL AS is_skipped
  FROM test_sessions s
  JOIN answers a ON a.tenant_id = s.tenant_id AND a.session_id = s.id
 WHERE s.tenant_id = $1 AND s.framework = $2 AND s.state IN ('finished', 'expired')
 ORDER BY s.agent_id, s.created_at, s.id, a.position
"""
_ROWS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class EndedAnswer:
    """An answer of a test that is over, as calibration looks at it."""

    agent_id: UUID
    session_id: UUID
    bank_id: UUID
    item_index: int
    category: int
    is_late: bool
    is_skipped: bool


async def stream_ended_answers(
    connection: asyncpg.Connection, tenant_id: UUID, *, framework: str
) -> AsyncIterator[EndedAnswer]:
    """Every answer of finished and expired tests, agent by agent, the earlier test first."""
    cursor = connection.cursor(SELECT_COUNTED, tenant_id, framework, prefetch=_ROWS_AT_ONCE)
    async for row in cursor:
        yield EndedAnswer(*row)
