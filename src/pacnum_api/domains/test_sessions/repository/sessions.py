"""Queries about the sessions themselves."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

import asyncpg

from pacnum_api.domains.test_sessions.errors import TestSessionNotFound
from pacnum_api.domains.test_sessions.types import (
    Accommodations,
    EarlierStart,
    SessionPurpose,
    SessionSetup,
    SessionState,
    StoredSession,
)
from pacnum_api.platform.outbox import WITH_EVENT, Event

_SELECT = """
SELECT id, agent_id, client_id, framework, framework_version, bank_id, algorithm_version, purpose,
       locale, accommodations::text, competences, targets::text, seed, earlier_session_id,
       earlier_age_seconds, availability, featured, tryouts, state, version, items, categories,
       pending_issued_at, created_at, updated_at, expires_at, finished_at, stop_reason
  FROM test_sessions
 WHERE tenant_id = $1 AND"""
SELECT_SESSION = _SELECT + " id = $2"
SELECT_SESSIONS = _SELECT + " id = ANY($2::uuid[])"

INSERT_SESSION = (
    WITH_EVENT
    + """
INSERT INTO test_sessions (
       tenant_id, id, agent_id, client_id, framework, framework_version, bank_id,
       algorithm_version, purpose, locale, accommodations, competences, targets, seed, state,
       version, items, categories, pending_issued_at, created_at, updated_at, expires_at,
       earlier_session_id, earlier_age_seconds, availability, featured, tryouts)
VALUES ($1, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::text::jsonb, $17, $18::text::jsonb,
        $19, $20, $21, $22, $23, $24, $25,
        $26, $27, $28, $29, $30, $31, $32)
"""
)

# As for an answer, the end is asked for and not the state, which would offer the wrong index.
CLOSE_SESSION = """
UPDATE test_sessions
   SET version = version + 1, state = $4, stop_reason = $5, pending_issued_at = NULL,
       updated_at = $6, finished_at = $7
 WHERE tenant_id = $1 AND id = $2 AND version = $3 AND finished_at IS NULL
RETURNING id
"""

SELECT_OVERDUE = """
SELECT id
  FROM test_sessions
 WHERE tenant_id = $1 AND state = 'in_progress' AND expires_at <= $2
 ORDER BY expires_at
 LIMIT $3
   FOR UPDATE SKIP LOCKED
"""

SELECT_OLDEST_OVERDUE = """
SELECT expires_at
  FROM test_sessions
 WHERE tenant_id = $1 AND state = 'in_progress' AND expires_at <= $2
 ORDER BY expires_at
 LIMIT 1
"""


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


async def find_sessions(
    connection: asyncpg.Connection, tenant_id: UUID, *, rows: Sequence[UUID]
) -> Sequence[StoredSession | None]:
    """Several sessions at once, None for each that this tenant has not, in their order."""
    found = await connection.fetch(SELECT_SESSIONS, tenant_id, rows)
    sessions = {row["id"]: _session(row) for row in found}
    return [sessions.get(session_id) for session_id in rows]


async def get_session(
    connection: asyncpg.Connection, tenant_id: UUID, *, session_id: UUID
) -> StoredSession:
    """Raises TestSessionNotFound, also for another tenant's session."""
    session = await find_session(connection, tenant_id, session_id=session_id)
    if session is None:
        raise TestSessionNotFound
    return session


async def add_session(
    connection: asyncpg.Connection, tenant_id: UUID, *, session: StoredSession, event: Event
) -> None:
    """Insert a session that has just begun, and the event that says so."""
    setup = session.setup
    await connection.execute(
        INSERT_SESSION,
        tenant_id,
        *event.values(),
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


async def lock_overdue(
    connection: asyncpg.Connection, tenant_id: UUID, *, now: datetime, limit: int
) -> Sequence[UUID]:
    """Sessions whose time has run out, held until the transaction ends; others' are skipped."""
    rows = await connection.fetch(SELECT_OVERDUE, tenant_id, now, limit)
    return [row["id"] for row in rows]


async def find_oldest_overdue(
    connection: asyncpg.Connection, tenant_id: UUID, *, now: datetime
) -> datetime | None:
    """When the longest overdue session's time ran out; None when no session is overdue."""
    found: datetime | None = await connection.fetchval(SELECT_OLDEST_OVERDUE, tenant_id, now)
    return found


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
