"""Background work about clients; any number of workers may do it, about once an hour."""

from datetime import timedelta

from pacnum_api.domains.clients import service
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.auth.key_store import rotate_keys_when_due
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import Settings


async def renew_signing_key(database: Database, settings: Settings) -> bool:
    """Make the next key when the newest one is old enough; whether one was made."""
    return await rotate_keys_when_due(
        database,
        max_age=timedelta(days=settings.signing_key_max_age_days),
        algorithm=settings.signing_algorithm,
    )


async def purge_expired(database: Database) -> int:
    """Forget, tenant by tenant, what can no longer matter; how many rows went."""
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        tenant_ids = await service.list_tenant_ids(uow)
    purged = 0
    for tenant_id in tenant_ids:
        async with database.unit_of_work(tenant_id) as uow:
            purged += await service.purge_expired(uow)
    return purged
