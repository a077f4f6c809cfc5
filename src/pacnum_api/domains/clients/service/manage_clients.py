"""What operators do: make tenants and clients, renew secrets, revoke."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from pacnum_api.domains.clients import policy, repository
from pacnum_api.domains.clients.errors import ClientHasNoSecret, ClientNotFound, ClientRevoked
from pacnum_api.domains.clients.models import ApiClient, ClientOrigin
from pacnum_api.domains.clients.service.directory import CHANNEL
from pacnum_api.domains.clients.service.secrets import draw_secret, hash_secret
from pacnum_api.domains.clients.types import (
    AuthMethod,
    ClientDefinition,
    ClientSummary,
    NewSecret,
)
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.uow import UnitOfWork


async def find_tenant(uow: UnitOfWork, name: str, *, is_made_when_new: bool = False) -> UUID:
    """The tenant of this name, in any unit of work. Raises TenantNotFound if none may be made."""
    if is_made_when_new:
        return await repository.ensure_tenant(uow, name)
    return await repository.get_tenant(uow, name)


async def list_tenant_ids(uow: UnitOfWork) -> Sequence[UUID]:
    """Every tenant, for background work that serves them one after another."""
    return [tenant_id for tenant_id, _ in await list_tenants(uow)]


async def list_tenants(uow: UnitOfWork) -> Sequence[tuple[UUID, str]]:
    """Every tenant with its name, by name."""
    return [(tenant.tenant_id, tenant.name) for tenant in await repository.list_tenants(uow)]


async def tenant_of_client(uow: UnitOfWork, client_id: UUID) -> UUID:
    """Whose client this is. Raises ClientNotFound. Any unit of work does."""
    client = await repository.find_client_anywhere(uow, client_id)
    if client is None:
        raise ClientNotFound
    return client.tenant_id


async def create_client(uow: UnitOfWork, definition: ClientDefinition) -> NewSecret:
    """A new client of this tenant, and its secret if it has no keys of its own.

    Raises InvalidClientDefinition.
    """
    policy.check_definition(definition)
    secret = draw_secret() if definition.jwks is None else None
    client = ApiClient(
        id=new_id(),
        tenant_id=uow.tenant_id,
        name=definition.name.strip(),
        scopes=sorted(definition.scopes),
        rate_limit_per_minute=definition.rate_limit_per_minute,
        secret_hash=hash_secret(secret) if secret is not None else None,
        jwks=dict(definition.jwks) if definition.jwks is not None else None,
        created_at=uow.now,
    )
    client.origins = [
        ClientOrigin(tenant_id=uow.tenant_id, client_id=client.id, origin=origin)
        for origin in sorted(definition.cors_origins)
    ]
    repository.add(uow, client)
    await uow.session.flush()
    await uow.notify(CHANNEL, str(client.id))
    return NewSecret(client_id=client.id, client_secret=secret)


async def list_clients(uow: UnitOfWork, *, tenant: str) -> Sequence[ClientSummary]:
    """Clients of this tenant, revoked ones too; ``tenant`` is its name, to be repeated."""
    return [_summary(client, tenant) for client in await repository.list_clients(uow)]


async def rotate_secret(uow: UnitOfWork, client_id: UUID, *, overlap: timedelta) -> NewSecret:
    """A new secret; the present one stays good for ``overlap``, an older one dies now.

    Raises ClientNotFound, ClientRevoked, ClientHasNoSecret.
    """
    client = await repository.lock_client(uow, client_id)
    if client.revoked_at is not None:
        raise ClientRevoked
    if client.secret_hash is None:
        raise ClientHasNoSecret
    secret = draw_secret()
    client.previous_secret_hash = client.secret_hash
    client.previous_secret_expires_at = uow.now + overlap
    client.secret_hash = hash_secret(secret)
    await uow.session.flush()
    return NewSecret(client_id=client.id, client_secret=secret)


async def revoke_client(uow: UnitOfWork, client_id: UUID) -> None:
    """No more tokens, and those it has die within seconds; again changes nothing.

    Raises ClientNotFound.
    """
    client = await repository.lock_client(uow, client_id)
    if client.revoked_at is None:
        client.revoked_at = uow.now
        client.secret_hash = client.previous_secret_hash = None
        client.previous_secret_expires_at = None
    await repository.delete_origins(uow, client_id)
    await uow.session.flush()
    await uow.notify(CHANNEL, str(client_id))


def _summary(client: ApiClient, tenant: str) -> ClientSummary:
    secret_methods = (AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST)
    return ClientSummary(
        client_id=client.id,
        tenant=tenant,
        name=client.name,
        scopes=client.scopes,
        cors_origins=sorted(row.origin for row in client.origins),
        rate_limit_per_minute=client.rate_limit_per_minute,
        auth_methods=(AuthMethod.PRIVATE_KEY_JWT,) if client.jwks is not None else secret_methods,
        created_at=client.created_at,
        revoked_at=client.revoked_at,
    )
