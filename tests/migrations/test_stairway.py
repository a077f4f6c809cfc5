"""Every migration, up, down and up again, with rows in every table."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.script import Script, ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection

from pacnum_api.platform import migrations
from tests.migrations.rows import count, execute, fill, reflect, run


def scripts() -> list[Script]:
    """The revisions, first to last."""
    folder = ScriptDirectory.from_config(migrations.config_for(None))
    return list(folder.walk_revisions())[::-1]


async def leftovers(connection: AsyncConnection) -> list[str]:
    """Whatever lies in the schema beside alembic's own table."""
    found = await connection.scalars(
        sa.text(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relname NOT LIKE 'alembic_version%'"
            " UNION ALL SELECT proname::text FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace"
            " UNION ALL SELECT typname::text FROM pg_type WHERE typtype IN ('e', 'd')"
            " AND typnamespace = 'public'::regnamespace"
        )
    )
    return list(found)


@pytest.fixture
def stairs(empty_database_url: str) -> Iterator[str]:
    yield empty_database_url
    migrations.downgrade(empty_database_url, "base")
    assert run(empty_database_url, leftovers) == []


def test_there_is_one_head_and_one_line() -> None:
    folder = ScriptDirectory.from_config(migrations.config_for(None))
    line = scripts()
    assert folder.get_heads() == [line[-1].revision]
    assert [script.revision for script in line] == [f"{n:04}" for n in range(1, len(line) + 1)]
    assert all(script.doc for script in line)
    assert len(line) >= 8


def test_every_step_up_down_and_up_keeps_the_rows_of_the_others(stairs: str) -> None:
    for script in scripts():
        below = str(script.down_revision or "base")
        before = run(stairs, count)
        migrations.upgrade(stairs, script.revision)
        run(stairs, fill)
        filled = run(stairs, count)
        assert all(filled.values()), f"{script.revision}: {filled}"
        migrations.downgrade(stairs, below)
        assert run(stairs, count) == before, f"down from {script.revision}"
        migrations.upgrade(stairs, script.revision)
        again = run(stairs, count)
        assert {name: again[name] for name in before} == before, f"up to {script.revision}"
        run(stairs, fill)
        assert all(run(stairs, count).values())


def test_migrating_twice_changes_nothing(migrated: str) -> None:
    run(migrated, fill)
    before = run(migrated, count)
    migrations.upgrade(migrated)
    assert run(migrated, count) == before


def test_a_table_left_behind_is_seen(migrated: str) -> None:
    execute(migrated, "CREATE TABLE left_behind (tenant_id uuid)")
    migrations.downgrade(migrated, "base")
    assert run(migrated, leftovers) == ["left_behind"]
    assert [table.name for table in run(migrated, reflect)] == ["left_behind"]
