"""A database that is slow, locked, gone or cut: every wait ends, and the pools stay whole."""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import asyncpg
import pytest
from sqlalchemy import text

from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform import database as database_module
from pacnum_api.platform import notifications
from pacnum_api.platform.database import Database, DatabaseUnreachable
from pacnum_api.platform.error_handlers import TRANSIENT
from pacnum_api.platform.notifications import Notifications
from tests.support.databases import with_database

SLEEP = "SELECT pg_sleep(30)"


@pytest.fixture
async def hasty(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=1, timeout_seconds=1, wait_seconds=0.3)
    yield database
    await database.close()


async def test_a_statement_of_the_hot_path_has_an_end(hasty: Database) -> None:
    started = time.monotonic()
    with pytest.raises((TimeoutError, asyncpg.QueryCanceledError)):
        async with hasty.raw_transaction(PUBLIC_TENANT_ID) as connection:
            await connection.execute(SLEEP)
    assert time.monotonic() - started < 5
    async with hasty.raw_transaction(PUBLIC_TENANT_ID) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_waiting_for_a_lock_has_an_end(hasty: Database, owner: asyncpg.Connection) -> None:
    async with owner.transaction():
        await owner.execute("LOCK TABLE agents IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Exception, match="lock timeout"):
            async with hasty.unit_of_work(PUBLIC_TENANT_ID) as uow:
                await uow.session.execute(text("SELECT count(*) FROM agents"))


async def test_waiting_for_a_connection_is_shorter_than_for_an_answer(hasty: Database) -> None:
    async with hasty.raw_transaction(PUBLIC_TENANT_ID):
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            async with hasty.raw_transaction(PUBLIC_TENANT_ID):
                pytest.fail("there is one connection only")
        assert 0.25 < time.monotonic() - started < 0.9


async def test_a_connection_that_was_cut_is_replaced(
    hasty: Database, owner: asyncpg.Connection
) -> None:
    async with hasty.raw_transaction(PUBLIC_TENANT_ID) as connection:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
    with pytest.raises(TRANSIENT):  # which of them depends on how far the news has come
        await cut_and_ask(hasty, owner, pid)
    async with hasty.raw_transaction(PUBLIC_TENANT_ID) as connection:
        assert await connection.fetchval("SELECT pg_backend_pid()") != pid


async def cut_and_ask(database: Database, owner: asyncpg.Connection, pid: int) -> None:
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        await owner.execute("SELECT pg_terminate_backend($1)", pid)
        await connection.execute(SLEEP)


@pytest.mark.parametrize(
    "url",
    ["postgresql:///nothing?host=/nowhere", "postgresql://nobody@no-such-host.invalid/nothing"],
    ids=["socket", "name"],
)
async def test_whatever_keeps_it_from_being_reached_is_one_error(url: str) -> None:
    away = Database(url, pool_size=1, timeout_seconds=2)
    with pytest.raises(DatabaseUnreachable):
        async with away.raw_transaction(PUBLIC_TENANT_ID):
            pytest.fail("nobody is there")
    with pytest.raises(DatabaseUnreachable):
        async with away.unit_of_work(PUBLIC_TENANT_ID):
            pytest.fail("nobody is there")
    await away.close()


async def test_closing_does_not_wait_for_whoever_does_not_answer(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CLOSE_SECONDS", 0.2)
    database = Database(database_url, pool_size=1, timeout_seconds=20)
    has_begun = asyncio.Event()

    async def hang() -> None:
        async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
            has_begun.set()
            await connection.execute(SLEEP)

    hanging = asyncio.create_task(hang())
    await has_begun.wait()
    started = time.monotonic()
    await database.close()
    assert time.monotonic() - started < 3
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await hanging


async def test_a_connection_that_cannot_roll_back_is_thrown_away(hasty: Database) -> None:
    """Whoever leaves while its statement runs is not kept by it."""
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), hasty.raw_transaction(PUBLIC_TENANT_ID) as connection:
            await connection.execute(SLEEP)
    assert time.monotonic() - started < 4
    async with hasty.raw_transaction(PUBLIC_TENANT_ID) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_a_listener_tries_again_less_and_less_often(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(notifications, "_LONGEST_RETRY_SECONDS", 0.08)
    tried: list[float] = []

    class Refusing(Database):
        async def connect(self, **server_settings: str) -> asyncpg.Connection:
            tried.append(time.monotonic())
            if len(tried) < 6:
                raise RuntimeError("whatever it may be")
            return await super().connect(**server_settings)

    heard = asyncio.Event()
    database = Refusing(with_database(database_url, "postgres"), pool_size=1)
    listening = Notifications(database, {"pacnum_made_up": lambda _: heard.set()})
    listening.start()
    await asyncio.wait_for(heard.wait(), timeout=20)
    await listening.stop()
    await database.close()
    pauses = [after - before for before, after in pairwise(tried)]
    assert pauses[0] >= 0.02
    assert pauses[-1] >= 0.08


async def test_a_lost_connection_is_noticed_at_once(
    database_url: str, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "_RETRY_SECONDS", 0.01)
    heard: asyncio.Queue[str] = asyncio.Queue()
    database = Database(database_url, role="pacnum_app", pool_size=1)
    started_at = await owner.fetchval("SELECT clock_timestamp()")
    listening = Notifications(database, {"pacnum_made_up": heard.put_nowait})
    listening.start()
    await asyncio.wait_for(heard.get(), timeout=20)
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND backend_start > $1",
        started_at,
    )
    started = time.monotonic()
    assert await asyncio.wait_for(heard.get(), timeout=20) == ""
    assert time.monotonic() - started < notifications._PING_SECONDS / 2
    await listening.stop()
    await database.close()
