"""Queries about answers: the one statement of the answer path, and the log read back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from pacnum_api.domains.test_sessions.types import Answer, SessionState, StoredSession

# One statement moves sessions on and appends their answers: for each both happen or neither. Of two
# that race for a session, the second waits for the row, finds another version, and inserts nothing.
# That the test goes on is asked by its end, not by its state: the state would let PostgreSQL go
# through the index of all open tests, which looks cheap after a night without any (docs/plans.md).
SAVE_ANSWERS = """
WITH moved AS (
    UPDATE test_sessions AS session
       SET version = session.version + 1, state = sent.state, stop_reason = sent.stop_reason,
           items = CASE WHEN sent.next_item IS NULL THEN session.items
                        ELSE session.items || sent.next_item END,
           categories = session.categories || sent.category,
           updated_at = sent.accepted_at,
           pending_issued_at = CASE WHEN sent.next_item IS NOT NULL THEN sent.accepted_at END,
           finished_at = CASE WHEN sent.next_item IS NULL THEN sent.accepted_at END
      FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::smallint[],
                  $7::smallint[], $8::smallint[], $9::smallint[], $10::uuid[], $11::text[],
                  $12::bytea[], $13::float8[], $14::boolean[], $15::timestamptz[],
                  $16::timestamptz[], $17::float8[])
           AS sent (session_id, version, state, stop_reason, next_item,
                    category, position, item_index, item_id, response,
                    response_hash, score, is_late, issued_at,
                    accepted_at, client_duration_seconds)
     WHERE session.tenant_id = $1 AND session.id = sent.session_id
       AND session.version = sent.version AND session.finished_at IS NULL
       AND session.expires_at > sent.accepted_at
 RETURNING sent.*)
INSERT INTO answers (
       tenant_id, session_id, position, item_index, item_id, response, response_hash, score,
       category, is_late, issued_at, accepted_at, client_duration_seconds)
SELECT $1, session_id, position, item_index, item_id, response::jsonb, response_hash, score,
       category, is_late, issued_at, accepted_at, client_duration_seconds
  FROM moved
RETURNING session_id
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


@dataclass(frozen=True, slots=True)
class Move:
    """How the session's row changes when an answer is accepted."""

    next_item: int | None
    state: SessionState
    stop_reason: str | None


@dataclass(frozen=True, slots=True)
class AnsweredSession:
    """A session as it was read, the answer to its pending item, and how it moves on."""

    session: StoredSession
    answer: Answer
    move: Move


async def save_answers(
    connection: asyncpg.Connection, tenant_id: UUID, *, rows: Sequence[AnsweredSession]
) -> Sequence[bool]:
    """Accept the answer of each session that is still where it was read; False for the others.

    Of one session that is given twice at most one answer is accepted, and both say so.
    """
    moved = await connection.fetch(SAVE_ANSWERS, tenant_id, *zip(*map(_columns, rows), strict=True))
    saved = {row[0] for row in moved}
    return [one.session.id in saved for one in rows]


def _session_id(answered: AnsweredSession) -> UUID:
    return answered.session.id


def _columns(answered: AnsweredSession) -> tuple[object, ...]:
    session, answer, move = answered.session, answered.answer, answered.move
    return (
        session.id,
        session.version,
        move.state.value,
        move.stop_reason,
        move.next_item,
        answer.category,
        answer.position,
        answer.item_index,
        answer.item_id,
        None if answer.response is None else to_json(answer.response).decode(),
        answer.response_hash,
        answer.score,
        answer.is_late,
        answer.issued_at,
        answer.accepted_at,
        answer.client_duration_seconds,
    )


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
