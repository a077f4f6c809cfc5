"""The SQL of every migration, rendered without a database and read by squawk.

Excluded rules:
- ``prefer-bigint-over-int``, ``prefer-bigint-over-smallint``: counts here are levels, positions and
  versions; identifiers are UUIDs and sequences are bigint.
"""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command

from pacnum_api.platform import migrations
from tests.migrations.test_stairway import scripts

EXCLUDED = "prefer-bigint-over-int,prefer-bigint-over-smallint"
OLDEST_SERVED = "14.0"
TIMEOUTS = "SET lock_timeout = '5s';\nSET statement_timeout = '15min';\n"
"""What ``migrations/env.py`` says before it migrates."""

NOT_OURS = re.compile(
    r"^(BEGIN|COMMIT);$|CREATE TABLE alembic_version \(.*?\);", re.DOTALL | re.MULTILINE
)
"""What alembic writes around a migration."""


def rendered(revision: str, below: str | None) -> str:
    """A migration as ``alembic upgrade --sql`` prints it."""
    config = migrations.config_for(None)
    config.output_buffer = io.StringIO()
    command.upgrade(config, f"{below or 'base'}:{revision}", sql=True)
    return config.output_buffer.getvalue()


def squawk(folder: Path, sql: str) -> list[str]:
    """What squawk says about some SQL."""
    file = folder / "migration.sql"
    file.write_text(TIMEOUTS + NOT_OURS.sub("", sql), "utf-8")
    program = Path(sys.executable).with_name("squawk")
    command_line = [str(program), "--reporter", "gcc", "--pg-version", OLDEST_SERVED]
    found = subprocess.run(
        [*command_line, "--assume-in-transaction", "--exclude", EXCLUDED, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode in {0, 1}, found.stderr
    return found.stdout.splitlines()


@pytest.mark.parametrize("script", scripts(), ids=lambda script: str(script.revision))
def test_a_migration_is_safe_on_a_live_database(script: object, tmp_path: Path) -> None:
    revision, below = getattr(script, "revision", ""), getattr(script, "down_revision", None)
    sql = rendered(revision, below)
    assert f"-> {revision}" in sql
    assert "%%" not in sql, "rendered for a driver that doubles the percent sign"
    assert squawk(tmp_path, sql) == []


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE agents ADD COLUMN unit uuid NOT NULL;",
        "ALTER TABLE agents DROP COLUMN locale;",
        "ALTER TABLE agents ALTER COLUMN version TYPE bigint;",
        "ALTER TABLE agents RENAME COLUMN locale TO language;",
    ],
)
def test_an_unsafe_statement_would_be_seen(sql: str, tmp_path: Path) -> None:
    assert squawk(tmp_path, sql)
