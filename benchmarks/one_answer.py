"""One answer stored in one statement: what floor ``g0`` sends, and the database work alone.

A copy of its own, kept here: the service may store answers otherwise, the floor stays what it is.
"""

import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

SAVE_ONE_ANSWER = """
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


def arguments(tenant_id: UUID, session_id: UUID, *, answer: dict[str, object]) -> list[object]:
    """Of ``SAVE_ONE_ANSWER``, for an answer as an agent sends it and as if it were right."""
    position = answer["position"]
    response = json.dumps(answer["response"])
    now = datetime.now(UTC)
    return [
        *(tenant_id, session_id),
        position,  # the row's version: sessions begin at 1, each answer adds 1
        [1],
        *(1, "in_progress", None),
        *(now, now, None),
        position,
        *(1, UUID(str(answer["item_id"]))),
        response,
        hashlib.sha256(response.encode()).digest(),
        *(1.0, False),
        now,
        None,
    ]
