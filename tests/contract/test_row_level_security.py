"""The second lock: queries that forget their tenant, as the role the service acts as.

Each test writes a row of three tenants into every table in one transaction, which is taken back.
"""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from pacnum_api.domains.organisations.models import AgentRow
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database
from pacnum_api.platform.db import Base, TenantOwned
from pacnum_api.platform.uow import UnitOfWork
from tests.support.callers import Caller
from tests.support.rows import made_up_row, tenant_tables

OURS, THEIRS = uuid4(), uuid4()
SHARED = {
    "framework_versions",
    "crosswalk_versions",
    "learning_outcomes",
    "items",
    "item_versions",
    "item_banks",
    "trainings",
    "training_competences",
    "training_sessions",
}
"""Tables whose public rows every tenant may read; anything else stays with its owner."""

TABLES = tenant_tables()
MODELS = sorted((one.class_ for one in Base.registry.mappers), key=lambda model: model.__name__)
every_table = pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """A transaction of OURS that has put a row of three tenants into every table."""
    async with database.unit_of_work(OURS) as uow:
        for tenant_id in (PUBLIC_TENANT_ID, THEIRS, OURS):
            await act_for(uow.session, tenant_id)
            for table in TABLES:
                await uow.session.execute(table.insert().values(made_up_row(table, tenant_id)))
        yield uow.session
        await (await uow.driver()).execute("ROLLBACK")


async def act_for(session: AsyncSession, tenant_id: UUID | None) -> None:
    """Name the tenant of the rest of the transaction; None is a forgotten one."""
    value = "" if tenant_id is None else str(tenant_id)
    setting = sa.text("SELECT set_config('app.tenant_id', :value, true)")
    await session.execute(setting, {"value": value})


async def owners(session: AsyncSession, table: sa.Table) -> set[UUID]:
    """Whose rows are seen when the tenant filter is left out."""
    return set((await session.execute(sa.select(table.c.tenant_id).distinct())).scalars())


async def refused(session: AsyncSession, statement: sa.Executable) -> str:
    """PostgreSQL's word for why the statement was not carried out."""
    savepoint = await session.begin_nested()
    with pytest.raises(DBAPIError) as caught:
        await session.execute(statement)
    await savepoint.rollback()
    return str(caught.value.orig)


async def test_the_service_acts_as_a_role_without_privileges(session: AsyncSession) -> None:
    found = await session.execute(
        sa.text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    )
    assert tuple(found.one()) == ("pacnum_app", False, False)


@every_table
async def test_without_a_filter_foreign_rows_stay_hidden(
    session: AsyncSession, table: sa.Table
) -> None:
    assert await owners(session, table) == {OURS} | ({PUBLIC_TENANT_ID} & shown(table))
    await act_for(session, THEIRS)
    assert await owners(session, table) == {THEIRS} | ({PUBLIC_TENANT_ID} & shown(table))
    await act_for(session, PUBLIC_TENANT_ID)
    assert await owners(session, table) == {PUBLIC_TENANT_ID}


def shown(table: sa.Table) -> set[UUID]:
    return {PUBLIC_TENANT_ID} if table.name in SHARED else set()


@every_table
async def test_without_a_tenant_nothing_is_seen(session: AsyncSession, table: sa.Table) -> None:
    await act_for(session, None)
    assert await owners(session, table) == set()


@every_table
@pytest.mark.parametrize("owner", [THEIRS, PUBLIC_TENANT_ID], ids=["foreign", "public"])
async def test_foreign_and_public_rows_cannot_be_changed(
    session: AsyncSession, table: sa.Table, *, owner: UUID
) -> None:
    theirs = table.c.tenant_id == owner
    changed = await session.execute(table.update().where(theirs).values(tenant_id=OURS))
    deleted = await session.execute(table.delete().where(theirs))
    assert (changed.rowcount, deleted.rowcount) == (0, 0)  # type: ignore[attr-defined]  # a cursor's result
    await act_for(session, owner)
    assert owner in await owners(session, table)


@every_table
@pytest.mark.parametrize("owner", [THEIRS, PUBLIC_TENANT_ID], ids=["foreign", "public"])
async def test_no_row_can_be_put_under_another_tenant(
    session: AsyncSession, table: sa.Table, *, owner: UUID
) -> None:
    row = {**made_up_row(table, uuid4()), "tenant_id": owner}
    assert "row-level security" in await refused(session, table.insert().values(row))
    ours = table.c.tenant_id == OURS
    moved = table.update().where(ours).values(tenant_id=owner)
    assert "row-level security" in await refused(session, moved)


@every_table
async def test_without_a_tenant_nothing_can_be_written(
    session: AsyncSession, table: sa.Table
) -> None:
    await act_for(session, None)
    row = made_up_row(table, uuid4())
    assert "row-level security" in await refused(session, table.insert().values(row))
    assert (await session.execute(table.delete())).rowcount == 0  # type: ignore[attr-defined]  # a cursor's result


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
async def test_every_model_belongs_to_a_tenant_and_hides_foreign_rows(
    session: AsyncSession, model: type[TenantOwned]
) -> None:
    assert issubclass(model, TenantOwned)
    found = (await session.scalars(sa.select(model))).all()
    assert OURS in {row.tenant_id for row in found}
    assert THEIRS not in {row.tenant_id for row in found}


async def test_a_query_of_the_service_that_forgets_its_tenant(
    database: Database, caller: Caller, stranger: Caller
) -> None:
    """The same over committed rows: the agents of another tenant, by the ORM and by plain SQL."""
    made = await stranger.put("/v1/agents/by-external-id/hr/a-1", json={})
    agent_id = UUID(made.json()["id"])
    forgetful = sa.select(AgentRow).where(AgentRow.id == agent_id)

    async def found(uow: UnitOfWork) -> int:
        return len((await uow.session.scalars(forgetful)).all())

    async with database.unit_of_work(caller.tenant_id) as uow:
        assert await found(uow) == 0
    async with database.unit_of_work(stranger.tenant_id) as uow:
        assert await found(uow) == 1
    async with database.raw_transaction(caller.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM agents") == 0
    async with database.raw_transaction(stranger.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM agents") == 1
    pool = await database.raw_pool()
    async with pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM agents") == 0
