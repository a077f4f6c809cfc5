"""The log of ended tests, as calibration reads it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg

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
