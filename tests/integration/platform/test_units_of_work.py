"""A unit of work is one transaction, whichever way into it is taken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import func, select

from pacnum_api.platform.database import Database
from pacnum_api.platform.outbox import OutboxEvent
from pacnum_api.platform.uow import UnitOfWork

TENANT = uuid4()


class GivenUp(Exception):
    """Somebody changed his mind."""


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, role="pacnum_app", pool_size=1, timeout_seconds=5)
    yield found
    await found.close()


async def emit(uow: UnitOfWork, subject: str) -> None:
    await uow.emit("unit.tried", subject, data={"of": "é"})


def add(uow: UnitOfWork, subject: str) -> None:
    """The same by the ORM, which holds it back."""
    row = OutboxEvent(
        id=uuid4(),
        tenant_id=uow.tenant_id,
        type="unit.tried",
        subject=subject,
        data={"of": "é"},
        occurred_at=uow.now,
    )
    uow.session.add(row)


async def kept(owner: asyncpg.Connection, *subjects: str) -> list[str]:
    rows = await owner.fetch(
        "SELECT subject FROM outbox_events WHERE subject = ANY($1) ORDER BY sequence", subjects
    )
    return [row["subject"] for row in rows]


async def test_both_ways_are_kept_together(narrow: Database, owner: asyncpg.Connection) -> None:
    bare, mapped = uuid4().hex, uuid4().hex
    counted: list[str] = []
    async with narrow.unit_of_work(TENANT) as uow:
        uow.once_committed(lambda: counted.append("kept"))
        await emit(uow, bare)
        add(uow, mapped)
        assert await kept(owner, bare, mapped) == counted == []
    assert await kept(owner, bare, mapped) == [bare, mapped]
    assert counted == ["kept"]
    documents = {
        row["data"]
        for row in await owner.fetch(
            "SELECT data FROM outbox_events WHERE subject = ANY($1)", [bare, mapped]
        )
    }
    assert documents == {'{"of": "é"}'}


async def test_both_ways_are_undone_together(narrow: Database, owner: asyncpg.Connection) -> None:
    bare, mapped = uuid4().hex, uuid4().hex
    counted: list[str] = []
    with suppress(GivenUp):
        async with narrow.unit_of_work(TENANT) as uow:
            uow.once_committed(lambda: counted.append("kept"))
            await emit(uow, bare)
            add(uow, mapped)
            await uow.session.flush()
            raise GivenUp
    assert await kept(owner, bare, mapped) == counted == []


async def test_both_ways_see_the_same(narrow: Database) -> None:
    subject = uuid4().hex
    query = select(func.count()).where(OutboxEvent.subject == subject)
    async with narrow.unit_of_work(TENANT) as uow:
        await emit(uow, subject)
        assert await uow.session.scalar(query) == 1
    async with narrow.unit_of_work(uuid4()) as uow:  # row-level security is on in both
        assert await uow.session.scalar(query) == 0
        anybodys = "SELECT count(*) FROM outbox_events WHERE subject = $1"
        assert await (await uow.driver()).fetchval(anybodys, subject) == 0


async def test_a_savepoint_takes_back_what_the_bare_driver_did(
    narrow: Database, owner: asyncpg.Connection
) -> None:
    before, within, after = (uuid4().hex for _ in range(3))
    async with narrow.unit_of_work(TENANT) as uow:
        await emit(uow, before)
        with suppress(GivenUp):
            async with uow.session.begin_nested():
                await emit(uow, within)
                raise GivenUp
        await emit(uow, after)
    assert await kept(owner, before, within, after) == [before, after]


async def test_a_connection_that_the_server_has_closed_is_replaced(
    narrow: Database, owner: asyncpg.Connection
) -> None:
    async with narrow.unit_of_work(TENANT) as uow:
        driver = await uow.driver()
        first: int = await driver.fetchval("SELECT pg_backend_pid()")
    await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", first)
    for _ in range(3000):  # the loop hears of it soon, not at once
        if driver.is_closed():
            break
        await asyncio.sleep(0.01)
    async with narrow.unit_of_work(TENANT) as uow:
        assert await (await uow.driver()).fetchval("SELECT pg_backend_pid()") != first


async def test_a_failure_leaves_nothing_open(narrow: Database) -> None:
    tenant: UUID = uuid4()
    for _ in range(2):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with narrow.unit_of_work(tenant) as uow:
                await (await uow.driver()).fetchval("SELECT 1 / 0")
    async with narrow.unit_of_work(tenant) as uow:
        named = "SELECT current_setting('app.tenant_id')"
        assert await (await uow.driver()).fetchval(named) == str(tenant)
