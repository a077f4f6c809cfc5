"""Provisioning and reading agents."""

from datetime import datetime
from uuid import UUID

from pacnum_api.domains.organisations import repository
from pacnum_api.domains.organisations.errors import AgentNotFound
from pacnum_api.domains.organisations.models import AgentRow
from pacnum_api.domains.organisations.types import Agent, ExternalId
from pacnum_api.kernel.errors import PreconditionFailed, PreconditionRequired
from pacnum_api.kernel.page import Page
from pacnum_api.platform.etags import permits
from pacnum_api.platform.uow import UnitOfWork


async def get_agent(uow: UnitOfWork, agent_id: UUID) -> Agent:
    """Raises AgentNotFound, also for another tenant's agent."""
    return _agent(await repository.get_agent(uow, agent_id))


async def get_agent_by_external_id(uow: UnitOfWork, external_id: ExternalId) -> Agent:
    """Raises AgentNotFound."""
    row = await repository.find_by_external_id(uow, external_id)
    if row is None:
        raise AgentNotFound
    return _agent(row)


async def list_agents(
    uow: UnitOfWork, *, updated_since: datetime | None, limit: int, cursor: str | None
) -> Page[Agent]:
    """Agents by time of last change. Raises InvalidCursor."""
    page = await repository.list_agents(
        uow, updated_since=updated_since, limit=limit, cursor=cursor
    )
    return Page([_agent(row) for row in page.items], page.next_cursor)


async def provision_agent(uow: UnitOfWork, external_id: ExternalId, *, locale: str) -> Agent:
    """The agent of this external id, made now if there is none; never changes a known one.

    Two who provision the same one at once get the same agent.
    """
    agent = await repository.find_or_add(uow, external_id, locale=locale)
    return agent or await get_agent_by_external_id(uow, external_id)


async def upsert_agent(
    uow: UnitOfWork, external_id: ExternalId, *, locale: str, if_match: str | None
) -> tuple[Agent, bool]:
    """Create or replace by external id; the second value says whether it was created.

    Raises PreconditionRequired when the agent exists and no version is named,
    PreconditionFailed when the named version is not the present one.
    """
    if if_match is None and await repository.add_if_new(uow, external_id, locale=locale):
        agent = await get_agent_by_external_id(uow, external_id)
        await uow.emit("agent.provisioned", str(agent.id), data={"agent_id": str(agent.id)})
        return agent, True
    row = await repository.lock_by_external_id(uow, external_id)
    if if_match is None:
        raise PreconditionRequired
    if row is None or not permits(if_match, etag_of(_agent(row))):
        raise PreconditionFailed
    if row.locale != locale:
        row.locale = locale
        row.version += 1
        row.updated_at = uow.now
        await uow.session.flush()
    return _agent(row), False


def etag_of(agent: Agent) -> str:
    """The strong ETag of an agent's present version."""
    return f'"{agent.id.hex[-12:]}-{agent.version}"'


def _agent(row: AgentRow) -> Agent:
    return Agent(
        id=row.id,
        external_id=ExternalId(row.issuer, row.value),
        locale=row.locale,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
