"""Background work on test sessions."""

from uuid import UUID

from pacnum_api.domains.test_sessions import service
from pacnum_api.platform.database import Database


async def expire_sessions(database: Database, tenant_id: UUID) -> int:
    """End a tenant's sessions whose time has run out; any number of workers may do it at once."""
    async with database.unit_of_work(tenant_id) as uow:
        return await service.expire_sessions(uow)


async def overdue_seconds(database: Database, tenant_id: UUID) -> float:
    """How long ago a tenant's oldest session that is still in progress ran out of time; 0: none."""
    async with database.unit_of_work(tenant_id) as uow:
        return await service.overdue_seconds(uow)
