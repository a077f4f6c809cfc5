"""Running the migrations that came with this version of the product."""

import asyncio

import asyncpg
from alembic import command
from alembic.config import Config

from pacnum_api.platform.database import with_driver
from pacnum_api.platform.revisions import head_revision, scripts_folder

__all__ = ["config_for", "current", "downgrade", "head_revision", "upgrade"]


def config_for(url: str | None) -> Config:
    """Alembic's configuration for a database; None where no database is touched."""
    config = Config()
    config.set_main_option("script_location", str(scripts_folder()).replace("%", "%%"))
    config.set_main_option("prepend_sys_path", str(scripts_folder().parent).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    if url is not None:
        config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database up to a revision. Must not be called inside an event loop."""
    command.upgrade(config_for(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take a database back to a revision. Must not be called inside an event loop."""
    command.downgrade(config_for(url), revision)


def current(url: str) -> str | None:
    """The revision a database is at, None when it has none. Not inside an event loop."""
    return asyncio.run(_current(url))


async def _current(url: str) -> str | None:
    connection = await asyncpg.connect(with_driver(url, None))
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return found
    finally:
        await connection.close()
