"""A representative row for every table there is, whatever revision the database is at.

Data flow: reflect the tables → order them by their foreign keys → make up a value per column from
its type, its foreign key and its list of allowed values → insert what is missing.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from pacnum_api.platform.database import with_driver

TENANT = UUID(int=0xA)
STRANGER = UUID(int=0xB)
NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
BOOKKEEPING = "alembic_version"
ONE_OF = re.compile(r"\(?(?P<column>\w+)\)?(?:::text)? = ANY \(+ARRAY\['(?P<value>[^']*)'")

REPRESENTATIVE: Mapping[tuple[str, str], object] = {
    ("training_competences", "entry_level"): 2,
    ("training_competences", "exit_level"): 3,
    ("training_sessions", "ends_at"): NOW + timedelta(hours=3),
}
"""Values that a check on several columns asks for; everything else is made up from the types."""

T = TypeVar("T")


def run(url: str, action: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Do something in one transaction of the test's tenant."""

    async def _run() -> T:
        engine = create_async_engine(with_driver(url, "asyncpg"), poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                await act_for(connection, TENANT)
                return await action(connection)
        finally:
            await engine.dispose()

    return asyncio.run(_run())


async def act_for(connection: AsyncConnection, tenant: UUID | None) -> None:
    """Name the tenant of this transaction; None is a forgotten one."""
    await connection.execute(
        sa.text("SELECT set_config('app.tenant_id', :tenant, true)"), {"tenant": str(tenant or "")}
    )


def execute(url: str, statement: str) -> None:
    """One statement."""

    async def action(connection: AsyncConnection) -> None:
        await connection.execute(sa.text(statement))

    run(url, action)


async def reflect(connection: AsyncConnection) -> list[sa.Table]:
    """The tables as they are, parents before children."""
    found = sa.MetaData()
    await connection.run_sync(found.reflect)
    return [table for table in found.sorted_tables if table.name != BOOKKEEPING]


async def count(connection: AsyncConnection) -> dict[str, int]:
    """How many rows this transaction sees in each table."""
    names = await connection.scalars(
        sa.text(
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace AND relname <> :bookkeeping"
        ),
        {"bookkeeping": BOOKKEEPING},
    )
    queries = [
        sa.select(sa.literal(name).label("name"), sa.func.count().label("number")).select_from(
            sa.table(name)
        )
        for name in names
    ]
    if not queries:
        return {}
    rows = await connection.execute(sa.union_all(*queries))
    return {str(row.name): int(row.number) for row in rows}


async def fill(connection: AsyncConnection) -> None:
    """Put a row into every table that has none."""
    filled = await count(connection)
    for table in await reflect(connection):
        if not filled[table.name]:
            allowed = await _allowed_values(connection, table.name)
            await connection.execute(table.insert().values(_row(table, allowed)))


async def _allowed_values(connection: AsyncConnection, table: str) -> dict[str, str]:
    def read(sync: sa.Connection) -> dict[str, str]:
        checks = sa.inspect(sync).get_check_constraints(table)
        found = [ONE_OF.search(str(check["sqltext"])) for check in checks]
        return {match["column"]: match["value"] for match in found if match}

    return await connection.run_sync(read)


def _row(table: sa.Table, allowed: Mapping[str, str]) -> dict[str, object]:
    return {
        column.name: REPRESENTATIVE.get(
            (table.name, column.name), allowed.get(column.name, _value(column))
        )
        for column in table.columns
        if column.identity is None and column.computed is None
    }


def _value(column: sa.Column[Any]) -> object:
    if column.name == "tenant_id":
        return TENANT
    if isinstance(column.type, sa.ARRAY):
        return [_of_type(column.type.item_type)]
    return _of_type(column.type)


def _of_type(kind: sa.types.TypeEngine[Any]) -> object:
    values: tuple[tuple[type, object], ...] = (
        (sa.Uuid, UUID(int=1)),  # every id is this one, so that children find their parents
        (sa.Boolean, True),
        (sa.Integer, 1),
        (sa.Float, 0.5),
        (sa.DateTime, NOW),
        (sa.JSON, {"made": "up"}),
        (sa.LargeBinary, b"made up"),
        (sa.String, "made up"),
    )
    for known, value in values:
        if isinstance(kind, known):
            return value
    raise TypeError(f"say in this file which value stands for {kind!r}")
