"""The first start of a database: whole, once, even when it was interrupted or made twice."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from pacnum_api.domains.referential import service as referential
from pacnum_api.entrypoints import shipped_content
from pacnum_api.entrypoints.shipped_content import CONTENT, ContentPaths, publish_shipped_content
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database

SOME = ContentPaths(items=(CONTENT / "items" / "digcomp-2.2" / "1.1.yaml",))
Counts = dict[str, int]
TABLES = ("framework_versions", "items", "trainings", "item_banks", "outbox_events")


def test_an_interrupted_first_start_is_completed_by_the_next(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped_content, "SHIPPED", SOME)
    migrations.upgrade(empty_database_url)
    before, completed, again = asyncio.run(start_over_and_over(empty_database_url))

    assert before["framework_versions"] == len(list(SOME.frameworks[0].glob("*.yaml")))
    assert before["items"] == before["trainings"] == 0
    assert completed["framework_versions"] == before["framework_versions"]
    assert completed["items"] == len(listed(SOME.items, "items"))
    assert completed["trainings"] > 0
    assert again == completed


async def start_over_and_over(url: str) -> tuple[Counts, Counts, Counts]:
    """Rows after a start that ended early, after two at once, and after one more."""
    database = Database(url, role="pacnum_app", pool_size=2)
    try:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            await referential.load_documents(uow, SOME.frameworks)
        before = await counts(url)
        await asyncio.gather(
            publish_shipped_content(database, only_if_empty=True),
            publish_shipped_content(database, only_if_empty=True),
        )
        completed = await counts(url)
        await publish_shipped_content(database, only_if_empty=True)
        return before, completed, await counts(url)
    finally:
        await database.close()


async def counts(url: str) -> Counts:
    connection = await asyncpg.connect(url)
    try:
        return {
            table: await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - ours
            for table in TABLES
        }
    finally:
        await connection.close()


def listed(files: tuple[Path, ...], member: str) -> list[Any]:
    """What files list under a name."""
    return [one for file in files for one in yaml.safe_load(file.read_text("utf-8"))[member]]
