"""Every query about results."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from pacnum_api.domains.results.models import ResultRow
from pacnum_api.domains.results.types import CompetenceResult, EarlierTest, SessionResults
from pacnum_api.kernel.page import Page, decode_cursor, encode_cursor, read_id, read_moment
from pacnum_api.platform.db import owned
from pacnum_api.platform.uow import UnitOfWork

# A test writes and reads these once each, past the ORM. The probabilities of all competences come
# as one array, ``$16`` of them for each: PostgreSQL has no array of arrays of its own.
INSERT_RESULTS = """
WITH results_kept AS (
    INSERT INTO results (
           tenant_id, session_id, agent_id, framework, framework_version, measured_at,
           competence, theta, standard_error, level, level_low, level_high, items_answered,
           stop_reason, target_level, level_probabilities)
    SELECT $1, $2, $3, $4, $5, $6,
           competence, theta, standard_error, level, level_low, level_high, items_answered,
           stop_reason, target_level,
           ($17::float8[])[(place - 1) * $16::integer + 1 : place * $16::integer]
      FROM unnest($7::text[], $8::float8[], $9::float8[], $10::smallint[], $11::smallint[],
                  $12::smallint[], $13::smallint[], $14::text[], $15::smallint[])
           WITH ORDINALITY
           AS measured (competence, theta, standard_error, level, level_low,
                        level_high, items_answered, stop_reason, target_level, place))
INSERT INTO ability_states (
       tenant_id, session_id, agent_id, framework, framework_version, measured_at, state)
SELECT $1, $2, $3, $4, $5, $6, $18::bytea
 WHERE $18::bytea IS NOT NULL
"""

SELECT_LATEST_ABILITY_STATE = """
SELECT session_id, measured_at
  FROM ability_states
 WHERE tenant_id = $1 AND agent_id = $2 AND framework = $3 AND framework_version = $4
 ORDER BY measured_at DESC, session_id DESC
 LIMIT 1
"""

SELECT_ABILITY_STATE = "SELECT state FROM ability_states WHERE tenant_id = $1 AND session_id = $2"

SELECT_SESSION_RESULTS = """
SELECT competence, theta, standard_error, level, level_low, level_high, level_probabilities,
       items_answered, stop_reason, target_level
  FROM results
 WHERE tenant_id = $1 AND session_id = $2
 ORDER BY competence
"""


async def add_results(uow: UnitOfWork, measured: SessionResults) -> None:
    """Keep what a session measured; the primary keys refuse a second time."""
    found = measured.results
    widths = {len(one.level_probabilities) for one in found}
    assert len(widths) <= 1  # noqa: S101 - one framework, so as many levels everywhere
    connection = await uow.driver()
    await connection.execute(
        INSERT_RESULTS,
        uow.tenant_id,
        measured.session_id,
        measured.agent_id,
        measured.framework,
        measured.framework_version,
        measured.measured_at,
        [one.competence for one in found],
        [one.theta for one in found],
        [one.standard_error for one in found],
        [one.level for one in found],
        [one.level_low for one in found],
        [one.level_high for one in found],
        [one.items_answered for one in found],
        [one.stop_reason for one in found],
        [one.target_level for one in found],
        max(widths, default=0),
        [probability for one in found for probability in one.level_probabilities],
        measured.state,
    )


async def find_latest_ability_state(
    uow: UnitOfWork, agent_id: UUID, *, framework: str, framework_version: int
) -> EarlierTest | None:
    """Where the agent's latest measured abilities of a framework version come from."""
    connection = await uow.driver()
    row = await connection.fetchrow(
        SELECT_LATEST_ABILITY_STATE, uow.tenant_id, agent_id, framework, framework_version
    )
    return None if row is None else EarlierTest(row["session_id"], row["measured_at"])


async def find_ability_state(uow: UnitOfWork, session_id: UUID) -> bytes | None:
    """The abilities as one session left them; None if it left none."""
    connection = await uow.driver()
    state: bytes | None = await connection.fetchval(SELECT_ABILITY_STATE, uow.tenant_id, session_id)
    return state


async def list_session_results(uow: UnitOfWork, session_id: UUID) -> tuple[CompetenceResult, ...]:
    """What one session measured, by competence."""
    connection = await uow.driver()
    rows = await connection.fetch(SELECT_SESSION_RESULTS, uow.tenant_id, session_id)
    return tuple(
        CompetenceResult(**{**row, "level_probabilities": tuple(row["level_probabilities"])})
        for row in rows
    )


async def list_latest_results(
    uow: UnitOfWork, agent_id: UUID, *, framework: str
) -> Sequence[ResultRow]:
    """The latest result of each competence of a framework."""
    query = (
        owned(ResultRow, uow.tenant_id)
        .where(ResultRow.agent_id == agent_id, ResultRow.framework == framework)
        .ext(distinct_on(ResultRow.competence))
        .order_by(ResultRow.competence, ResultRow.measured_at.desc(), ResultRow.session_id.desc())
    )
    return (await uow.session.scalars(query)).all()


async def list_results(
    uow: UnitOfWork, agent_id: UUID, *, limit: int, cursor: str | None
) -> Page[ResultRow]:
    """All results of an agent, the latest first."""
    key = (ResultRow.measured_at, ResultRow.session_id, ResultRow.competence)
    query = owned(ResultRow, uow.tenant_id).where(ResultRow.agent_id == agent_id)
    if cursor is not None:
        query = query.where(tuple_(*key) < _after(cursor))
    query = query.order_by(*(column.desc() for column in key)).limit(limit + 1)
    rows = (await uow.session.scalars(query)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    following = encode_cursor(last.measured_at.isoformat(), str(last.session_id), last.competence)
    return Page(rows[:limit], following)


def _after(cursor: str) -> tuple[datetime, UUID, str]:
    moment, session_id, competence = decode_cursor(cursor, parts=3)
    return read_moment(moment), read_id(session_id), competence
