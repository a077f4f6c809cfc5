"""Sessions that really are committed, and a second process beside the first."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import Settings
from tests.support.callers import Caller
from tests.support.simulated_agent import bank_of


@pytest.fixture
async def bank(caller: Caller, database: Database) -> ItemBank:
    return await bank_of(database, caller.tenant_id)


@pytest.fixture
async def other_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """Another process's application: its own pools, keys and gate, the same database."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def beside(caller: Caller, other_app: FastAPI) -> AsyncIterator[Caller]:
    """The same client, served by the other process."""
    transport = httpx.ASGITransport(app=other_app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=str(caller.http.base_url)) as http:
        yield Caller(other_app, http, caller.tenant_id, caller.client_id, caller.token)
