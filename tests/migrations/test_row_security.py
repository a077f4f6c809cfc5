"""The second lock of tenancy is on every table: asked of PostgreSQL itself, and tried."""

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from migrations.support import SERVICE_ROLE
from tests.migrations.rows import STRANGER, TENANT, act_for, count, execute, fill, reflect, run

UNLOCKED = """
    SELECT relname::text FROM pg_class AS t
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND relname <> 'alembic_version'
      AND NOT (
        relrowsecurity AND relforcerowsecurity AND pg_get_userbyid(relowner) <> :role
        AND EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid AND polcmd = '*'
                    AND pg_get_expr(polqual, polrelid) LIKE '%tenant_id%'
                    AND pg_get_expr(polwithcheck, polrelid) LIKE '%tenant_id%')
        AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = t.oid AND attname = 'tenant_id'
                    AND attnotnull AND atttypid = 'uuid'::regtype)
        AND NOT has_table_privilege(:role, t.oid, 'TRUNCATE')
      )
    ORDER BY relname
"""


async def unlocked(connection: AsyncConnection) -> list[str]:
    """Tables without tenant, row-level security (enabled, forced) or a policy that uses both."""
    return list(await connection.scalars(sa.text(UNLOCKED), {"role": SERVICE_ROLE}))


def test_every_table_is_locked(migrated: str) -> None:
    assert run(migrated, unlocked) == []
    assert len(run(migrated, reflect)) > 15


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE agents_copy (tenant_id uuid NOT NULL)",
        "ALTER TABLE agents DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE agents NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant_isolation ON agents",
        "ALTER POLICY tenant_isolation ON agents WITH CHECK (true)",
        "ALTER TABLE agents ALTER COLUMN tenant_id DROP NOT NULL",
        f"GRANT ALL ON agents TO {SERVICE_ROLE}",
        f"ALTER TABLE agents OWNER TO {SERVICE_ROLE}",
    ],
)
def test_an_open_table_would_be_seen(migrated: str, change: str) -> None:
    execute(migrated, change)
    assert len(run(migrated, unlocked)) == 1


def test_the_service_sees_rows_of_its_tenant_alone(migrated: str) -> None:
    run(migrated, fill)

    async def look(connection: AsyncConnection) -> list[dict[str, int]]:
        await connection.execute(sa.text(f"SET LOCAL ROLE {SERVICE_ROLE}"))
        seen = []
        for tenant in (TENANT, STRANGER, None):
            await act_for(connection, tenant)
            seen.append(await count(connection))
        return seen

    own, foreign, forgotten = run(migrated, look)
    assert set(own.values()) == {1}
    assert set(foreign.values()) == {0}
    assert set(forgotten.values()) == {0}
