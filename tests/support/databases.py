"""Databases for tests: cloned from a template, dropped afterwards."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

import pacnum_api
from pacnum_api.domains.items import service as items
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.trainings import service as trainings
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database

CONTENT = Path(pacnum_api.__file__).parent / "content"


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{name}{query}"


def clone_database(url: str, name: str, *, template: str | None) -> None:
    """Make a database, empty or with all that the template holds."""
    source = f' TEMPLATE "{template}"' if template else ""
    asyncio.run(_execute(url, f'CREATE DATABASE "{name}"{source}'))


def drop_database(url: str, name: str) -> None:
    """Remove a database, whoever is still connected."""
    asyncio.run(_execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def load_shipped_content(url: str) -> None:
    """What ``pacnum load`` does with the content that ships."""
    asyncio.run(_load(url))


async def _load(url: str) -> None:
    database = Database(url, role="pacnum_app", pool_size=1)
    try:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            await referential.load_documents(uow, [CONTENT / "frameworks", CONTENT / "crosswalks"])
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            await items.load_items(uow, [CONTENT / "items"], tries_out=False)
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            await trainings.load_trainings(uow, [CONTENT / "trainings"])
    finally:
        await database.close()
