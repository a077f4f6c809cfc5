"""Workers that die, stall or race in the middle of an import: it is carried out once, whole."""

import asyncio
import subprocess
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from pacnum_api.domains.imports import service, tasks
from pacnum_api.domains.imports.errors import ClaimLost
from pacnum_api.domains.organisations.service import no_notice
from pacnum_api.domains.organisations.types import ImportProgress
from pacnum_api.platform.database import Database
from tests.support.callers import Caller
from tests.support.service_process import COMMAND, environment

MANY = 30_000


def file_of(count: int, *, locale: str = "fr") -> bytes:
    lines = "".join(f"hr,a-{number},{locale}\n" for number in range(count))
    return f"issuer,value,locale\n{lines}".encode()


async def send(caller: Caller, content: bytes) -> UUID:
    headers = {"Content-Type": "text/csv"}
    received = await caller.post("/v1/imports", content=content, headers=headers)
    return UUID(received.json()["id"])


async def read(caller: Caller, import_id: UUID) -> dict[str, Any]:
    document: dict[str, Any] = (await caller.get(f"/v1/imports/{import_id}")).json()
    return document


async def written(owner: asyncpg.Connection, caller: Caller) -> tuple[int, int]:
    """Agents, and events of new agents."""
    agents = await owner.fetchval(
        "SELECT count(*) FROM agents WHERE tenant_id = $1", caller.tenant_id
    )
    events = await owner.fetchval(
        "SELECT count(*) FROM outbox_events WHERE tenant_id = $1", caller.tenant_id
    )
    return agents, events


async def run_out(owner: asyncpg.Connection, import_id: UUID) -> None:
    """A minute passes without a word of the worker."""
    await owner.execute(
        "UPDATE imports SET lease_until = now() - interval '1 second' WHERE id = $1", import_id
    )


async def claim(database: Database, caller: Caller) -> Any:
    async with database.unit_of_work(caller.tenant_id) as uow:
        return await service.claim_import(uow)


async def test_an_import_whose_worker_is_gone_is_taken_over_when_its_lease_is_out(
    caller: Caller, database: Database, owner: asyncpg.Connection
) -> None:
    import_id = await send(caller, file_of(3))
    assert (await claim(database, caller)).id == import_id
    assert (await read(caller, import_id))["state"] == "running"
    assert await tasks.run_imports(database, caller.tenant_id) == 0
    await run_out(owner, import_id)
    assert await tasks.run_imports(database, caller.tenant_id) == 1
    assert (await read(caller, import_id))["state"] == "completed"
    assert await written(owner, caller) == (3, 3)


async def test_a_worker_that_was_taken_over_takes_back_what_it_did(
    caller: Caller, database: Database, owner: asyncpg.Connection
) -> None:
    import_id = await send(caller, file_of(3))
    stalled = await claim(database, caller)
    await run_out(owner, import_id)
    assert await tasks.run_imports(database, caller.tenant_id) == 1
    await owner.execute("DELETE FROM agents WHERE tenant_id = $1", caller.tenant_id)
    await owner.execute(  # as if the stalled one had read it all before
        "INSERT INTO import_pieces VALUES ($1, 0, $2, $3)", import_id, caller.tenant_id, file_of(3)
    )
    with pytest.raises(ClaimLost):
        async with database.unit_of_work(caller.tenant_id) as uow:
            await service.carry_out_import(uow, stalled, notice=no_notice)
    assert (await written(owner, caller))[0] == 0
    with pytest.raises(ClaimLost):
        async with database.unit_of_work(caller.tenant_id) as uow:
            await service.renew_claim(uow, stalled, progress=ImportProgress(1, 1))


async def test_a_worker_that_loses_its_claim_stops(
    caller: Caller,
    database: Database,
    *,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "BEAT_SECONDS", 0.01)
    import_id = await send(caller, file_of(3))
    stopped = asyncio.Event()

    async def stall(*_: object, **__: object) -> None:
        try:
            await owner.execute("UPDATE imports SET claim = NULL WHERE id = $1", import_id)
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            stopped.set()
            raise

    monkeypatch.setattr(service, "carry_out_import", stall)
    with pytest.raises(ClaimLost):
        await tasks.run_imports(database, caller.tenant_id)
    assert stopped.is_set()


async def test_a_worker_says_how_far_it_is_and_that_it_lives(
    caller: Caller,
    database: Database,
    *,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "BEAT_SECONDS", 0.01)
    import_id = await send(caller, file_of(3))
    carry_out = service.carry_out_import
    seen: list[dict[str, Any]] = []

    async def slowly(uow: Any, claimed: Any, *, notice: Any) -> None:
        await run_out(owner, import_id)
        await notice(ImportProgress(2, 31))
        async with asyncio.timeout(20):
            while not seen or seen[-1]["progress"]["lines_read"] != 2:
                seen.append(await read(caller, import_id))
        await carry_out(uow, claimed, notice=notice)

    monkeypatch.setattr(service, "carry_out_import", slowly)
    await tasks.run_imports(database, caller.tenant_id)
    assert seen[-1]["progress"] == {"lines_read": 2, "bytes_read": 31}
    left = await owner.fetchval(
        "SELECT count(*) FROM imports WHERE id = $1 AND state = 'completed'", import_id
    )
    assert left == 1


async def test_what_cuts_workers_off_again_and_again_is_given_up(
    caller: Caller, database: Database, owner: asyncpg.Connection
) -> None:
    import_id = await send(caller, file_of(3))
    after = await send(caller, file_of(2, locale="en"))
    for _ in range(5):
        assert (await claim(database, caller)).id == import_id
        await run_out(owner, import_id)
    assert await tasks.run_imports(database, caller.tenant_id) == 1
    given_up = await read(caller, import_id)
    assert given_up["state"] == "failed"
    assert given_up["counts"] == {"created": 0, "updated": 0, "unchanged": 0, "failed": 0}
    assert (await read(caller, after))["state"] == "completed"
    assert await written(owner, caller) == (2, 2)
    kept = "SELECT count(*) FROM import_pieces WHERE tenant_id = $1"
    assert await owner.fetchval(kept, caller.tenant_id) == 0


async def test_several_workers_share_the_imports(
    caller: Caller, database: Database, owner: asyncpg.Connection
) -> None:
    files = [file_of(50 + number) for number in range(6)]
    ids = [await send(caller, content) for content in files]
    done = [0]
    while sum(done) < len(ids):
        runs = (tasks.run_imports(database, caller.tenant_id) for _ in range(4))
        done += await asyncio.gather(*runs)
    assert sum(done) == len(ids)
    counts = [(await read(caller, one))["counts"] for one in ids]
    assert [one["created"] for one in counts] == [50, 1, 1, 1, 1, 1]
    assert await written(owner, caller) == (55, 55)


async def test_old_imports_are_forgotten_with_their_faults(
    caller: Caller, database: Database, owner: asyncpg.Connection
) -> None:
    ids = [await send(caller, b"issuer,value\nhr\n"), await send(caller, file_of(1))]
    await tasks.run_imports(database, caller.tenant_id)
    for import_id, age in zip(ids, (31, 29), strict=True):
        await owner.execute(
            "UPDATE imports SET ended_at = now() - $2::interval WHERE id = $1",
            import_id,
            timedelta(days=age),
        )
    assert await tasks.purge_imports(database, caller.tenant_id) == 1
    left = (await caller.get("/v1/imports")).json()["data"]
    assert [one["id"] for one in left] == [str(ids[1])]
    faults = "SELECT count(*) FROM import_faults WHERE tenant_id = $1"
    assert await owner.fetchval(faults, caller.tenant_id) == 0


async def until(owner: asyncpg.Connection, import_id: UUID, *, state: str) -> None:
    """Wait for what another process does."""
    query = "SELECT state FROM imports WHERE id = $1"
    async with asyncio.timeout(60):
        while await owner.fetchval(query, import_id) != state:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.01)


def worker(database_url: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([COMMAND, "worker"], env=environment(database_url))


async def test_a_worker_that_is_killed_loses_nothing(
    caller: Caller, database_url: str, owner: asyncpg.Connection
) -> None:
    import_id = await send(caller, file_of(MANY))
    with worker(database_url) as first:
        await until(owner, import_id, state="running")
        first.kill()
    assert (await read(caller, import_id))["state"] == "running"
    assert await written(owner, caller) == (0, 0)
    await run_out(owner, import_id)
    with worker(database_url) as second:
        await until(owner, import_id, state="completed")
        second.terminate()
    assert (await read(caller, import_id))["counts"]["created"] == MANY
    assert await written(owner, caller) == (MANY, MANY)
