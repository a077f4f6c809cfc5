"""Clients made the way operators make them, and requests for tokens."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from pacnum_api.domains.clients import service
from pacnum_api.domains.clients.types import ClientDefinition
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database
from tests.support.databases import clone_database, drop_database, with_database


@dataclass(frozen=True)
class Client:
    """What its operator holds after creating it."""

    tenant_id: UUID
    client_id: UUID
    secret: str

    @property
    def basic(self) -> httpx.BasicAuth:
        return httpx.BasicAuth(str(self.client_id), self.secret)

    @property
    def form(self) -> dict[str, str]:
        return {"client_id": str(self.client_id), "client_secret": self.secret}


ClientMaker = Callable[..., Awaitable[Client]]


@pytest.fixture
def make_client(database: Database) -> ClientMaker:
    """A client, by default of a new tenant and with two scopes."""

    async def make(*, tenant: str | None = None, **definition: Any) -> Client:
        chosen = {"name": "front end", "scopes": frozenset({"frameworks:read", "items:read"})}
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            name = tenant or f"tenant-{uuid4()}"
            tenant_id = await service.find_tenant(uow, name, is_made_when_new=True)
        async with database.unit_of_work(tenant_id) as uow:
            new = await service.create_client(uow, ClientDefinition(**{**chosen, **definition}))
        return Client(tenant_id, new.client_id, new.client_secret or "")

    return make


@dataclass
class TokenDesk:
    """The token endpoint."""

    http: httpx.AsyncClient
    url: str = field(default="/oauth/token")

    async def ask(self, form: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        asked = {"grant_type": "client_credentials", **(form or {})}
        return await self.http.post(self.url, data=asked, **options)


@pytest.fixture
def desk(http: httpx.AsyncClient) -> TokenDesk:
    return TokenDesk(http)


@pytest.fixture(scope="module")
def own_database_url(server_url: str, template_database: str) -> Iterator[str]:
    """A database beside the application's, for tests that change its keys."""
    name = f"pacnum_keys_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=template_database)
    yield with_database(server_url, name)
    drop_database(server_url, name)


@pytest.fixture
async def own_database(own_database_url: str) -> AsyncIterator[Database]:
    found = Database(own_database_url, role="pacnum_app", pool_size=8)
    yield found
    await found.close()
