"""Every query about agents."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import tuple_
from sqlalchemy.dialects.postgresql import insert

from pacnum_api.domains.organisations.errors import AgentNotFound
from pacnum_api.domains.organisations.models import AgentRow
from pacnum_api.domains.organisations.types import ExternalId
from pacnum_api.kernel.ids import new_id
from pacnum_api.kernel.page import Page, decode_cursor, encode_cursor, read_id, read_moment
from pacnum_api.platform.db import owned
from pacnum_api.platform.uow import UnitOfWork


async def get_agent(uow: UnitOfWork, agent_id: UUID) -> AgentRow:
    """Raises AgentNotFound, also for another tenant's agent."""
    row = (
        await uow.session.scalars(owned(AgentRow, uow.tenant_id).where(AgentRow.id == agent_id))
    ).one_or_none()
    if row is None:
        raise AgentNotFound
    return row


async def find_by_external_id(uow: UnitOfWork, external_id: ExternalId) -> AgentRow | None:
    """The agent an outside system names so, or None."""
    query = owned(AgentRow, uow.tenant_id).where(
        AgentRow.issuer == external_id.issuer, AgentRow.value == external_id.value
    )
    return (await uow.session.scalars(query)).one_or_none()


async def lock_by_external_id(uow: UnitOfWork, external_id: ExternalId) -> AgentRow | None:
    """Like ``find_by_external_id``, held until the transaction ends."""
    query = (
        owned(AgentRow, uow.tenant_id)
        .where(AgentRow.issuer == external_id.issuer, AgentRow.value == external_id.value)
        .with_for_update()
    )
    return (await uow.session.scalars(query)).one_or_none()


async def add_if_new(uow: UnitOfWork, external_id: ExternalId, *, locale: str) -> bool:
    """Insert the agent unless the external id is taken, even by a transaction of this moment."""
    statement = (
        insert(AgentRow)
        .values(
            id=new_id(),
            tenant_id=uow.tenant_id,
            issuer=external_id.issuer,
            value=external_id.value,
            locale=locale,
            version=1,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "issuer", "value"])
        .returning(AgentRow.id)
    )
    return (await uow.session.execute(statement)).scalar_one_or_none() is not None


async def list_agents(
    uow: UnitOfWork, *, updated_since: datetime | None, limit: int, cursor: str | None
) -> Page[AgentRow]:
    """Agents by time of last change, so that a partner can follow with ``updated_since``."""
    query = owned(AgentRow, uow.tenant_id)
    if updated_since is not None:
        query = query.where(AgentRow.updated_at >= updated_since)
    if cursor is not None:
        query = query.where(tuple_(AgentRow.updated_at, AgentRow.id) > _after(cursor))
    query = query.order_by(AgentRow.updated_at, AgentRow.id).limit(limit + 1)
    rows = (await uow.session.scalars(query)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], encode_cursor(last.updated_at.isoformat(), str(last.id)))


def _after(cursor: str) -> tuple[datetime, UUID]:
    moment, agent_id = decode_cursor(cursor, parts=2)
    return read_moment(moment), read_id(agent_id)
