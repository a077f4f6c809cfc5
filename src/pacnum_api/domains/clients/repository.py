"""Every query about tenants and clients.

Three questions are asked before a tenant is known. Each has a door of its own in row-level
security: a policy that shows the rows which bear exactly the value that the transaction has named,
and no others. ``_door`` names it, for one statement.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import selectinload

from pacnum_api.domains.clients.errors import ClientNotFound, TenantNotFound
from pacnum_api.domains.clients.models import ApiClient, ClientAssertion, ClientOrigin, Tenant
from pacnum_api.domains.clients.types import UsedAssertion
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.db import owned
from pacnum_api.platform.rate_limits import RateLimitWindow
from pacnum_api.platform.uow import UnitOfWork

EVERY_TENANT = "*"
"""The name under which the tenants' door shows all of them; no tenant can bear it."""

_SET = text("SELECT set_config(:name, :value, true)")


@asynccontextmanager
async def _door(uow: UnitOfWork, name: str, *, value: str) -> AsyncIterator[None]:
    await uow.session.execute(_SET, {"name": name, "value": value})
    yield
    await uow.session.execute(_SET, {"name": name, "value": ""})


async def find_client_anywhere(uow: UnitOfWork, client_id: UUID) -> ApiClient | None:
    """The client of this id, of whatever tenant."""
    query = select(ApiClient).where(ApiClient.id == client_id)
    async with _door(uow, "app.client_lookup", value=str(client_id)):
        return (await uow.session.scalars(query)).one_or_none()


async def is_origin_listed(uow: UnitOfWork, origin: str) -> bool:
    """Whether a client of any tenant lists the origin."""
    query = select(exists().where(ClientOrigin.origin == origin))
    async with _door(uow, "app.origin_lookup", value=origin):
        return bool(await uow.session.scalar(query))


async def ensure_tenant(uow: UnitOfWork, name: str) -> UUID:
    """The tenant of this name, made if there is none; two who make it at once get the same one."""
    new = insert(Tenant).values(tenant_id=new_id(), name=name, created_at=uow.now)
    async with _door(uow, "app.tenant_lookup", value=name):
        await uow.session.execute(new.on_conflict_do_nothing(index_elements=["name"]))
    return await get_tenant(uow, name)


async def get_tenant(uow: UnitOfWork, name: str) -> UUID:
    """The tenant of this name."""
    async with _door(uow, "app.tenant_lookup", value=name):
        found = await uow.session.scalar(select(Tenant.tenant_id).where(Tenant.name == name))
    if found is None:
        raise TenantNotFound
    return found


async def list_tenants(uow: UnitOfWork) -> Sequence[Tenant]:
    """All of them, by name; for workers and operators, who serve every tenant."""
    async with _door(uow, "app.tenant_lookup", value=EVERY_TENANT):
        return (await uow.session.scalars(select(Tenant).order_by(Tenant.name))).all()


async def get_client(uow: UnitOfWork, client_id: UUID) -> ApiClient:
    """A client of this tenant, with its origins."""
    found = await find_client(uow, client_id)
    if found is None:
        raise ClientNotFound
    return found


async def find_client(uow: UnitOfWork, client_id: UUID) -> ApiClient | None:
    """A client of this tenant, with its origins, or None."""
    query = owned(ApiClient, uow.tenant_id).where(ApiClient.id == client_id)
    return (await uow.session.scalars(query.options(selectinload(ApiClient.origins)))).one_or_none()


async def lock_client(uow: UnitOfWork, client_id: UUID) -> ApiClient:
    """A client of this tenant that nobody else changes meanwhile."""
    query = owned(ApiClient, uow.tenant_id).where(ApiClient.id == client_id)
    found = (await uow.session.scalars(query.with_for_update())).one_or_none()
    if found is None:
        raise ClientNotFound
    return found


async def list_clients(uow: UnitOfWork) -> Sequence[ApiClient]:
    """Clients of this tenant with their origins, oldest first."""
    query = owned(ApiClient, uow.tenant_id).order_by(ApiClient.id)
    return (await uow.session.scalars(query.options(selectinload(ApiClient.origins)))).all()


def add(uow: UnitOfWork, client: ApiClient) -> None:
    """Keep a client, with the origins it already holds."""
    uow.session.add(client)


async def delete_origins(uow: UnitOfWork, client_id: UUID) -> None:
    """Close a client's origins."""
    await uow.session.execute(
        delete(ClientOrigin).where(
            ClientOrigin.tenant_id == uow.tenant_id, ClientOrigin.client_id == client_id
        )
    )


async def add_assertion(uow: UnitOfWork, client_id: UUID, *, used: UsedAssertion) -> bool:
    """Remember an assertion; False if it had served already (the primary key decides the race)."""
    new = insert(ClientAssertion).values(
        tenant_id=uow.tenant_id, client_id=client_id, jti=used.jti, expires_at=used.expires_at
    )
    kept = await uow.session.scalar(new.on_conflict_do_nothing().returning(ClientAssertion.jti))
    return kept is not None


async def purge(uow: UnitOfWork, *, assertions_before: datetime, windows_before: datetime) -> int:
    """Forget assertions and rate-limit windows of this tenant that no longer matter."""
    assertions = await uow.session.execute(
        delete(ClientAssertion)
        .where(
            ClientAssertion.tenant_id == uow.tenant_id,
            ClientAssertion.expires_at < assertions_before,
        )
        .returning(ClientAssertion.jti)
    )
    windows = await uow.session.execute(
        delete(RateLimitWindow)
        .where(
            RateLimitWindow.tenant_id == uow.tenant_id,
            RateLimitWindow.window_start < windows_before,
        )
        .returning(RateLimitWindow.subject)
    )
    return len(assertions.all()) + len(windows.all())
