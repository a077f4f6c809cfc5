"""Agents from files: all or none, nothing twice, nobody else's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from typing import Any

import asyncpg
import pytest

from pacnum_api.domains.organisations import service
from pacnum_api.domains.organisations.errors import AgentLinesRefused
from pacnum_api.domains.organisations.service import LineSource, import_agents
from pacnum_api.domains.organisations.types import AgentImport, ExternalId, LineFormat
from pacnum_api.platform.database import Database
from tests.support.callers import Caller

HEAD = b"issuer,value,locale\n"


def source(content: bytes, *, place: int = 0, form: LineFormat = LineFormat.CSV) -> LineSource:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 37):
            yield content[start : start + 37]

    return LineSource(place, form, pieces())


async def load(database: Database, caller: Caller, *contents: bytes, **options: Any) -> AgentImport:
    sources = [source(content, place=place) for place, content in enumerate(contents)]
    async with database.unit_of_work(caller.tenant_id) as uow:
        return await import_agents(uow, sources, **options)


async def refused(database: Database, caller: Caller, *contents: bytes) -> AgentLinesRefused:
    with pytest.raises(AgentLinesRefused) as caught:
        await load(database, caller, *contents)
    return caught.value


async def agents(caller: Caller) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = (await caller.get("/v1/agents", params={"limit": 200})).json()[
        "data"
    ]
    return data


async def events(owner: asyncpg.Connection, caller: Caller) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await owner.fetch(
        "SELECT * FROM outbox_events WHERE tenant_id = $1 ORDER BY sequence", caller.tenant_id
    )
    return rows


async def test_new_agents_are_created_with_an_event_each(
    database: Database, caller: Caller, *, owner: asyncpg.Connection, stranger: Caller
) -> None:
    done = await load(database, caller, HEAD + b"hr,a-1,en\nhr,a-2,fr\nhr,a-3,\n")
    assert done == AgentImport(created=3, updated=0, unchanged=0, is_dry_run=False)
    found = await agents(caller)
    assert [(one["external_id"]["value"], one["locale"]) for one in found] == [
        ("a-1", "en"),
        ("a-2", "fr"),
        ("a-3", "fr"),
    ]
    assert len({one["id"] for one in found}) == 3
    told = await events(owner, caller)
    assert {one["type"] for one in told} == {"agent.provisioned"}
    assert [one["subject"] for one in told] == [one["id"] for one in found]
    assert {one["data"] for one in told} == {f'{{"agent_id": "{one["id"]}"}}' for one in found}
    assert len({one["id"] for one in told} | {one["id"] for one in found}) == 6
    assert await agents(stranger) == []


async def test_the_same_file_again_touches_nothing(
    database: Database, caller: Caller, owner: asyncpg.Connection
) -> None:
    content = HEAD + b"hr,a-1,en\nhr,a-2,fr\n"
    await load(database, caller, content)
    rows = "SELECT ctid, xmin, xmax, * FROM agents WHERE tenant_id = $1 ORDER BY id"
    before = await owner.fetch(rows, caller.tenant_id)
    assert await load(database, caller, content) == AgentImport(0, 0, 2, is_dry_run=False)
    assert await owner.fetch(rows, caller.tenant_id) == before
    assert len(await events(owner, caller)) == 2


async def test_what_differs_is_updated_and_the_rest_left_alone(
    database: Database, caller: Caller, owner: asyncpg.Connection
) -> None:
    await load(database, caller, HEAD + b"hr,a-1,en\nhr,a-2,fr\nother,a-1,fr\n")
    before = {one["external_id"]["value"]: one for one in (await agents(caller))[:2]}
    tag = (await caller.get("/v1/agents/by-external-id/hr/a-1")).headers["etag"]
    done = await load(database, caller, HEAD + b"hr,a-3,fr\nhr,a-1,fr\nhr,a-2,fr\n")
    assert done == AgentImport(created=1, updated=1, unchanged=1, is_dry_run=False)
    after = {
        (one["external_id"]["issuer"], one["external_id"]["value"]): one
        for one in await agents(caller)
    }
    assert after["hr", "a-2"] == before["a-2"]
    changed = after["hr", "a-1"]
    assert (changed["id"], changed["locale"]) == (before["a-1"]["id"], "fr")
    assert changed["updated_at"] > before["a-1"]["updated_at"]
    assert changed["created_at"] == before["a-1"]["created_at"]
    assert (await caller.get("/v1/agents/by-external-id/hr/a-1")).headers["etag"] != tag
    assert len(await events(owner, caller)) == 4


async def test_agents_of_other_tenants_are_other_agents(
    database: Database, caller: Caller, stranger: Caller
) -> None:
    content = HEAD + b"hr,a-1,en\n"
    await load(database, stranger, content)
    theirs = await agents(stranger)
    assert (await load(database, caller, HEAD + b"hr,a-1,fr\n")).created == 1
    assert await agents(stranger) == theirs


async def test_a_dry_run_says_what_would_be(
    database: Database, caller: Caller, owner: asyncpg.Connection
) -> None:
    await load(database, caller, HEAD + b"hr,a-1,en\nhr,a-2,en\n")
    before = await agents(caller)
    content = HEAD + b"hr,a-1,fr\nhr,a-2,en\nhr,a-3,en\n"
    done = await load(database, caller, content, dry_run=True)
    assert done == AgentImport(created=1, updated=1, unchanged=1, is_dry_run=True)
    assert await agents(caller) == before
    assert len(await events(owner, caller)) == 2


async def test_one_fault_and_nothing_is_written(
    database: Database, caller: Caller, owner: asyncpg.Connection
) -> None:
    error = await refused(database, caller, HEAD + b"hr,a-1,en\nhr,a-2,de\n")
    assert [(one.line, one.field) for one in error.line_faults] == [(3, "locale")]
    assert error.count == 1
    assert await agents(caller) == []
    assert await events(owner, caller) == []


async def test_an_external_id_stands_in_the_files_once(database: Database, caller: Caller) -> None:
    first = HEAD + b"hr,a-1,en\nother,a-1,en\nhr,a-1,en\nhr,a-2,xx\nhr,a-1,fr\n"
    error = await refused(database, caller, first, HEAD + b"hr,a-3,fr\nhr,a-1,fr\n")
    assert [(one.source, one.line, one.field, one.message) for one in error.line_faults] == [
        (0, 4, "value", "expected it once: see line 2"),
        (0, 5, "locale", "expected fr or en"),
        (0, 6, "value", "expected it once: see line 2"),
        (1, 3, "value", "expected it once: see line 2 of file 1"),
    ]


async def test_of_many_faults_the_first_are_kept_and_all_counted(
    database: Database, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the package has a function of the module's name
    module = import_module("pacnum_api.domains.organisations.service.import_agents")
    monkeypatch.setattr(module, "FAULTS_KEPT", 3)
    content = HEAD + b"hr,a-1,de\n" * 7 + b"hr,a-2,fr\n" * 6
    error = await refused(database, caller, content)
    assert error.count == 12
    assert [one.line for one in error.line_faults] == [2, 3, 4]


async def test_files_of_both_formats_at_once(database: Database, caller: Caller) -> None:
    lines = b'{"issuer":"hr","value":"a-2"}\n'
    sources = [
        source(HEAD + b"hr,a-1,en\n"),
        source(lines, place=1, form=LineFormat.JSON_LINES),
    ]
    seen: list[tuple[int, int]] = []

    async def notice(progress: Any) -> None:
        seen.append((progress.lines_read, progress.bytes_read))

    async with database.unit_of_work(caller.tenant_id) as uow:
        done = await import_agents(uow, sources, notice=notice)
    assert done.created == 2
    assert seen == sorted(seen)
    assert seen[-1] == (3, len(HEAD) + 10 + len(lines))


async def test_two_imports_at_once_take_turns(database: Database, caller: Caller) -> None:
    numbers = range(300)
    forward = HEAD + b"".join(b"hr,a-%d,en\n" % number for number in numbers)
    backward = HEAD + b"".join(b"hr,a-%d,fr\n" % number for number in reversed(numbers))
    done = await asyncio.gather(load(database, caller, forward), load(database, caller, backward))
    assert sorted((one.created, one.updated) for one in done) == [(0, 300), (300, 0)]


async def test_an_agent_that_another_makes_meanwhile_is_known(
    database: Database, caller: Caller, owner: asyncpg.Connection
) -> None:
    """It has compared when the other commits: what it writes compares again."""
    async with database.unit_of_work(caller.tenant_id) as rival:
        for value, locale in (("a-1", "fr"), ("a-3", "en")):
            await service.provision_agent(rival, ExternalId("hr", value), locale=locale)
        content = HEAD + b"hr,a-1,en\nhr,a-2,en\nhr,a-3,en\n"
        importing = asyncio.create_task(load(database, caller, content))
        await waiting(owner)
    assert await importing == AgentImport(created=1, updated=1, unchanged=1, is_dry_run=False)
    found = {one["external_id"]["value"]: one["locale"] for one in await agents(caller)}
    assert found == {"a-1": "en", "a-2": "en", "a-3": "en"}
    assert len(await events(owner, caller)) == 1


async def waiting(owner: asyncpg.Connection) -> None:
    """Until the import's statement waits for the rival's transaction."""
    query = """
        SELECT count(*) FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO agents%'
           AND datname = current_database()
    """
    async with asyncio.timeout(20):
        while not await owner.fetchval(query):  # noqa: ASYNC110 - only PostgreSQL knows
            await asyncio.sleep(0.01)
