"""Runs migrations over asyncpg, one transaction each, never waiting long for a lock."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from pacnum_api.entrypoints.tables import metadata
from pacnum_api.platform.database import with_driver
from pacnum_api.platform.settings import get_settings

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "15min"
MIGRATION_LOCK = 7_226_860_001  # one number for all replicas: who migrates, migrates alone


def _url() -> str:
    attribute = context.config.attributes.get("url")
    settings = get_settings()
    url = attribute or settings.database_owner_url or settings.database_url
    if not isinstance(url, str):
        message = (
            "set PACNUM_DATABASE_URL, or use `pacnum db upgrade`, which knows the embedded one"
        )
        raise TypeError(message)
    return url


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_server_default=False,
    )
    # first wait for whoever migrates already, then be impatient about the locks of tables
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()


async def _connect_and_run() -> None:
    engine = create_async_engine(with_driver(_url(), "asyncpg"), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


def _run_offline() -> None:
    context.configure(url="postgresql+asyncpg://", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _run_offline()
elif (shared := context.config.attributes.get("connection")) is not None:
    _run(shared)
else:
    asyncio.run(_connect_and_run())
