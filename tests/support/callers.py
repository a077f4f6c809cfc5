"""Callers of the API in tests: a tenant, a client, a token."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from pacnum_api.domains.clients.models import ApiClient, Tenant
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.auth.tokens import issue_access_token
from pacnum_api.platform.clock import utc_now


@dataclass
class Caller:
    """A client with a token. Its verbs are httpx's, under its own authorisation."""

    app: FastAPI
    http: httpx.AsyncClient
    tenant_id: UUID
    client_id: UUID
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.token}",
            **self.headers,
            **(options.pop("headers", None) or {}),
        }
        return await self.http.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> httpx.Response:
        return await self.request("PUT", path, **options)

    async def with_scopes(self, *scopes: str) -> "Caller":
        """The same client with a token for these scopes alone."""
        token = await issue(self.app, self.tenant_id, self.client_id, scopes=scopes)
        return Caller(self.app, self.http, self.tenant_id, self.client_id, token)

    def with_token(self, token: str) -> "Caller":
        """The same connection under another token, a session's for instance."""
        return Caller(self.app, self.http, self.tenant_id, self.client_id, token)


async def issue(
    app: FastAPI, tenant_id: UUID, client_id: UUID, *, scopes: Iterable[str] = tuple(Scope)
) -> str:
    """A token signed by the application's own keys."""
    ring = await app.state.gate.keys.ring()
    return issue_access_token(
        ring,
        tenant_id=tenant_id,
        client_id=client_id,
        scopes=frozenset(Scope(scope) for scope in scopes),
        lifetime=timedelta(minutes=10),
    )


async def make_caller(
    app: FastAPI, http: httpx.AsyncClient, *, tenant_id: UUID | None = None
) -> Caller:
    """A client with every scope: of a new tenant, or of one that exists."""
    tenant = tenant_id or new_id()
    client_id = new_id()
    now = utc_now()
    async with app.state.database.unit_of_work(tenant) as uow:
        if tenant_id is None:
            uow.session.add(
                Tenant(tenant_id=tenant, name=f"tenant-{uuid4().hex[:12]}", created_at=now)
            )
            await uow.session.flush()
        uow.session.add(
            ApiClient(
                id=client_id,
                tenant_id=tenant,
                name="test client",
                scopes=sorted(Scope),
                rate_limit_per_minute=100_000,
                created_at=now,
            )
        )
    token = await issue(app, tenant, client_id)
    return Caller(app, http, tenant, client_id, token)
