"""Who waits for a bare connection gets it in turn, or is told in time that there is none."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=1, timeout_seconds=1)
    yield database
    await database.close()


async def test_a_newcomer_does_not_overtake_those_who_wait(narrow: Database) -> None:
    order: list[str] = []
    pool = await narrow.raw_pool()

    async def come(name: str) -> None:
        async with narrow.raw_transaction(PUBLIC_TENANT_ID):
            order.append(name)

    async def come_when_a_connection_is_idle() -> None:
        while pool.get_idle_size() == 0:  # noqa: ASYNC110 - the very instant matters
            await asyncio.sleep(0)
        await come("newcomer")

    async with narrow.raw_transaction(PUBLIC_TENANT_ID):
        waiting = [asyncio.create_task(come(name)) for name in ("first", "second")]
        await asyncio.sleep(0.05)
        waiting.append(asyncio.create_task(come_when_a_connection_is_idle()))
        await asyncio.sleep(0.05)
    await asyncio.gather(*waiting)

    assert order == ["first", "second", "newcomer"]


async def test_waiting_ends_and_leaves_the_pool_whole(narrow: Database) -> None:
    async with narrow.raw_transaction(PUBLIC_TENANT_ID):
        with pytest.raises(TimeoutError):
            async with narrow.raw_transaction(PUBLIC_TENANT_ID):
                pytest.fail("there is one connection only")

    async with narrow.raw_transaction(PUBLIC_TENANT_ID) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_a_failure_gives_the_turn_back(narrow: Database) -> None:
    for _ in range(3):
        with pytest.raises(RuntimeError, match="given up"):
            async with narrow.raw_transaction(PUBLIC_TENANT_ID):
                raise RuntimeError("given up")

    async with narrow.raw_transaction(PUBLIC_TENANT_ID) as connection:
        assert await connection.fetchval("SELECT 1") == 1
