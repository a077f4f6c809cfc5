"""Before a tenant is known, each look-up sees the one row it names. Nothing else leaks."""

from uuid import uuid4

import asyncpg
import pytest

from pacnum_api.domains.clients import repository
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database
from tests.integration.clients.conftest import Client, ClientMaker

TABLES = (
    "tenants",
    "api_clients",
    "client_origins",
    "client_assertions",
    "signing_keys",
    "rate_limit_windows",
)
SITE = "https://doors.example"


async def name_it(connection: asyncpg.Connection, setting: str, value: str) -> None:
    await connection.execute("SELECT set_config($1, $2, true)", setting, value)


@pytest.fixture
async def two(make_client: ClientMaker) -> tuple[Client, Client]:
    origins = frozenset({SITE})
    return await make_client(cors_origins=origins), await make_client(cors_origins=origins)


async def test_without_a_tenant_no_table_shows_a_row(
    two: tuple[Client, Client], database: Database
) -> None:
    pool = await database.raw_pool()
    async with pool.acquire() as connection:
        for table in TABLES:
            found = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - a constant
            assert (table, found) == (table, 0)


async def test_a_tenant_sees_its_own_clients_and_no_keys(
    two: tuple[Client, Client], database: Database
) -> None:
    mine, _ = two
    async with database.raw_transaction(mine.tenant_id) as connection:
        clients = await connection.fetch("SELECT id FROM api_clients")
        tenants = await connection.fetch("SELECT tenant_id FROM tenants")
        origins = await connection.fetch("SELECT client_id FROM client_origins")
        keys = await connection.fetchval("SELECT count(*) FROM signing_keys")
    assert [row["id"] for row in clients] == [mine.client_id]
    assert [row["tenant_id"] for row in tenants] == [mine.tenant_id]
    assert [row["client_id"] for row in origins] == [mine.client_id]
    assert keys == 0


async def test_the_door_to_a_client_shows_that_client_alone(
    two: tuple[Client, Client], database: Database
) -> None:
    mine, foreign = two
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        await name_it(connection, "app.client_lookup", str(foreign.client_id))
        found = await connection.fetch("SELECT id FROM api_clients")
        assert [row["id"] for row in found] == [foreign.client_id]
        assert await connection.fetchval("SELECT count(*) FROM tenants") == 0
        assert await connection.fetchval("SELECT count(*) FROM client_origins") == 0
    async with database.raw_transaction(mine.tenant_id) as connection:
        await name_it(connection, "app.client_lookup", "%")
        found = await connection.fetch("SELECT id FROM api_clients")
        assert [row["id"] for row in found] == [mine.client_id]


async def test_nothing_can_be_changed_through_the_door(
    two: tuple[Client, Client], database: Database
) -> None:
    _, foreign = two
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        await name_it(connection, "app.client_lookup", str(foreign.client_id))
        await name_it(connection, "app.origin_lookup", SITE)
        changed = [
            await connection.execute("UPDATE api_clients SET name = 'mine now'"),
            await connection.execute("DELETE FROM api_clients"),
            await connection.execute("DELETE FROM client_origins"),
        ]
    assert changed == ["UPDATE 0", "DELETE 0", "DELETE 0"]


async def test_the_door_closes_behind_each_look_up(
    two: tuple[Client, Client], database: Database
) -> None:
    _, foreign = two
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        found = await repository.find_client_anywhere(uow, foreign.client_id)
        assert found is not None
        assert await repository.find_client(uow, foreign.client_id) is None
        assert await repository.is_origin_listed(uow, SITE)
        left = await (await uow.session.connection()).exec_driver_sql(
            "SELECT current_setting('app.client_lookup') || current_setting('app.origin_lookup')"
        )
        assert left.scalar_one() == ""


async def test_the_door_to_an_origin_shows_no_secret(
    two: tuple[Client, Client], database: Database
) -> None:
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        await name_it(connection, "app.origin_lookup", SITE)
        rows = await connection.fetch("SELECT * FROM client_origins")
        assert {row["client_id"] for row in rows} >= {client.client_id for client in two}
        assert {row["origin"] for row in rows} == {SITE}
        assert set(rows[0].keys()) == {"tenant_id", "client_id", "origin"}
        assert await connection.fetchval("SELECT count(*) FROM api_clients") == 0


async def test_the_door_to_a_tenant_shows_and_makes_that_name_alone(
    make_client: ClientMaker, database: Database
) -> None:
    name = f"tenant-{uuid4()}"
    client = await make_client(tenant=name)
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        await name_it(connection, "app.tenant_lookup", name)
        found = await connection.fetch("SELECT tenant_id, name FROM tenants")
        assert [tuple(row) for row in found] == [(client.tenant_id, name)]
    make = "INSERT INTO tenants (tenant_id, name, created_at) VALUES ($1, $2, now())"
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        await name_it(connection, "app.tenant_lookup", name)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(make, uuid4(), "another name")


@pytest.mark.parametrize("name", ["", "*"])
async def test_no_tenant_bears_a_name_that_opens_more(owner: asyncpg.Connection, name: str) -> None:
    make = "INSERT INTO tenants (tenant_id, name, created_at) VALUES ($1, $2, now())"
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(make, uuid4(), name)


async def test_a_client_cannot_be_put_under_another_tenant(
    two: tuple[Client, Client], database: Database
) -> None:
    mine, foreign = two
    move = "UPDATE api_clients SET tenant_id = $1 WHERE id = $2"
    async with database.raw_transaction(mine.tenant_id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(move, foreign.tenant_id, mine.client_id)


async def test_the_same_name_is_the_same_tenant(make_client: ClientMaker) -> None:
    name = f"tenant-{uuid4()}"
    first, second = await make_client(tenant=name), await make_client(tenant=name)
    assert first.tenant_id == second.tenant_id
