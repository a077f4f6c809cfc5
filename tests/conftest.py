"""One PostgreSQL for the whole run, one migrated template, one clone for each worker.

``PACNUM_TEST_DATABASE_URL`` names an external server (a role that may create databases and roles);
without it the embedded one is started in a temporary folder and shared by all workers.
Tests are isolated by tenant: each makes its own, so rows of others are never seen.
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import filelock
import httpx
import hypothesis
import pytest
from fastapi import FastAPI

from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import embedded_postgres
from pacnum_api.platform.settings import Settings
from tests.support.callers import Caller, make_caller
from tests.support.databases import (
    clone_database,
    drop_database,
    load_shipped_content,
    with_database,
)

# machines are shared: how long one example takes says nothing, and an example that fails in one run
# must fail in the next
hypothesis.settings.register_profile("pacnum", deadline=None, derandomize=True)
hypothesis.settings.load_profile("pacnum")

PUBLIC_URL = "http://pacnum.test"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def server_url(run_folder: Path) -> Iterator[str]:
    """The address of a running server (database ``postgres`` or the one that was named)."""
    external = os.environ.get("PACNUM_TEST_DATABASE_URL")
    if external:
        yield external
        return
    # Workers come and go at their own pace: the data stay until pytest drops the run's folder.
    with embedded_postgres(run_folder / "home", ephemeral=True) as server:
        yield server.url("postgres")


@pytest.fixture(scope="session")
def template_database(server_url: str, run_folder: Path) -> str:
    """The name of a database with every migration and all shipped content, made once a run."""
    marker = run_folder / "template"
    with filelock.FileLock(run_folder / "template.lock"):
        if not marker.exists():
            name = f"pacnum_template_{uuid4().hex[:12]}"
            clone_database(server_url, name, template=None)
            migrations.upgrade(with_database(server_url, name))
            load_shipped_content(with_database(server_url, name))
            marker.write_text(name)
    return marker.read_text()


@pytest.fixture(scope="session")
def database_url(server_url: str, template_database: str) -> Iterator[str]:
    """This worker's own database."""
    name = f"pacnum_test_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=template_database)
    yield with_database(server_url, name)
    drop_database(server_url, name)


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A database of one test, without any table."""
    name = f"pacnum_empty_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=None)
    yield with_database(server_url, name)
    drop_database(server_url, name)


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, public_url=PUBLIC_URL, database_pool_size=10)


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The running application of this worker."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
def database(app: FastAPI) -> Database:
    """The application's own way to PostgreSQL: acts as the role that owns nothing."""
    found: Database = app.state.database
    return found


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Anonymous HTTP to the application, without a socket."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, past row-level security, to look at what really is there."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def caller(app: FastAPI, http: httpx.AsyncClient) -> Caller:
    """A client of a new tenant, with every scope."""
    return await make_caller(app, http)


@pytest.fixture
async def stranger(app: FastAPI, http: httpx.AsyncClient) -> Caller:
    """The same of another tenant."""
    return await make_caller(app, http)
