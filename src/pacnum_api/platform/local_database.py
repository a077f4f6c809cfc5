"""The database of a command: the one that the settings name, or the embedded one, made ready."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import embedded_postgres
from pacnum_api.platform.settings import Settings, get_settings

T = TypeVar("T")


@contextmanager
def database_url(
    settings: Settings, *, meanwhile: Callable[[], object] | None = None
) -> Iterator[str]:
    """An address that is good inside the block.

    An external database is left as it is: its operator decides when to migrate. The embedded one is
    brought up to this version first. Must not be called inside an event loop. ``meanwhile`` is done
    in any case, while PostgreSQL starts, which takes seconds on a machine that has no data yet.
    """
    if settings.database_url is not None:
        if meanwhile is not None:
            meanwhile()
        yield settings.database_url
        return
    with ExitStack() as stack:
        with ThreadPoolExecutor(1) as beside:
            starting = beside.submit(stack.enter_context, embedded_postgres(settings.home))
            if meanwhile is not None:
                meanwhile()
            server = starting.result()
        migrations.upgrade(server.url())
        yield server.url()


@contextmanager
def owner_url(settings: Settings) -> Iterator[str]:
    """Like ``database_url``, for the role that owns the tables; nothing is migrated by it."""
    named = settings.database_owner_url or settings.database_url
    if named is not None:
        yield named
        return
    with embedded_postgres(settings.home) as server:
        yield server.url()


def run_with_database(work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Run one piece of work of a command, from connecting to disconnecting."""
    settings = get_settings()
    with database_url(settings) as url:
        return asyncio.run(_run(Database(url, role=settings.database_role, pool_size=2), work))


async def _run(database: Database, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    try:
        return await work(database)
    finally:
        await database.close()
