"""Every query about results."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from pacnum_api.domains.results.models import AbilityStateRow, ResultRow
from pacnum_api.domains.results.types import EarlierTest, SessionResults
from pacnum_api.kernel.page import Page, decode_cursor, encode_cursor, read_id, read_moment
from pacnum_api.platform.db import owned
from pacnum_api.platform.uow import UnitOfWork


async def add_results(uow: UnitOfWork, measured: SessionResults) -> None:
    """Keep what a session measured; the primary keys refuse a second time."""
    common = {
        "tenant_id": uow.tenant_id,
        "session_id": measured.session_id,
        "agent_id": measured.agent_id,
        "framework": measured.framework,
        "framework_version": measured.framework_version,
        "measured_at": measured.measured_at,
    }
    rows = [
        {**common, **asdict(result), "level_probabilities": list(result.level_probabilities)}
        for result in measured.results
    ]
    if rows:
        await uow.session.execute(insert(ResultRow), rows)
    if measured.state is not None:
        await uow.session.execute(insert(AbilityStateRow).values(**common, state=measured.state))


async def find_latest_ability_state(
    uow: UnitOfWork, agent_id: UUID, *, framework: str, framework_version: int
) -> EarlierTest | None:
    """Where the agent's latest measured abilities of a framework version come from."""
    query = (
        select(AbilityStateRow.session_id, AbilityStateRow.measured_at)
        .where(
            AbilityStateRow.tenant_id == uow.tenant_id,
            AbilityStateRow.agent_id == agent_id,
            AbilityStateRow.framework == framework,
            AbilityStateRow.framework_version == framework_version,
        )
        .order_by(AbilityStateRow.measured_at.desc(), AbilityStateRow.session_id.desc())
        .limit(1)
    )
    row = (await uow.session.execute(query)).one_or_none()
    return None if row is None else EarlierTest(row.session_id, row.measured_at)


async def find_ability_state(uow: UnitOfWork, session_id: UUID) -> bytes | None:
    """The abilities as one session left them; None if it left none."""
    query = select(AbilityStateRow.state).where(
        AbilityStateRow.tenant_id == uow.tenant_id, AbilityStateRow.session_id == session_id
    )
    return (await uow.session.execute(query)).scalar_one_or_none()


async def list_session_results(uow: UnitOfWork, session_id: UUID) -> Sequence[ResultRow]:
    """What one session measured, by competence."""
    query = (
        owned(ResultRow, uow.tenant_id)
        .where(ResultRow.session_id == session_id)
        .order_by(ResultRow.competence)
    )
    return (await uow.session.scalars(query)).all()


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
