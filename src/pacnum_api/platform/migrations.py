"""Running the migrations that came with this version of the product."""

import asyncio
from functools import lru_cache
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from pacnum_api.platform.database import with_driver


def _scripts() -> Path:
    """The folder of the scripts: beside ``src`` in a checkout, inside the package in a wheel."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_migrations" / "migrations"
    return packaged if packaged.is_dir() else package.parents[1] / "migrations"


def config_for(url: str | None) -> Config:
    """Alembic's configuration for a database; None where no database is touched."""
    config = Config()
    config.set_main_option("script_location", str(_scripts()).replace("%", "%%"))
    config.set_main_option("prepend_sys_path", str(_scripts().parent).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    if url is not None:
        config.attributes["url"] = url
    return config


@lru_cache(maxsize=1)
def head_revision() -> str:
    """The revision that this version of the product needs."""
    head = ScriptDirectory.from_config(config_for(None)).get_current_head()
    if head is None:
        raise RuntimeError("this installation has no migrations")
    return head


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
