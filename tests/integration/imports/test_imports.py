"""Imports over HTTP, carried out as workers do it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from pacnum_api.domains.imports import tasks
from pacnum_api.platform import line_files, upload_requests, uploads
from pacnum_api.platform.database import Database
from tests.support.callers import Caller
from tests.support.operations import operation
from tests.support.problems import check_problem

IMPORTS = "/v1/imports"
CSV = b"issuer;value;locale\nhr;a-1;en\nhr;a-2;fr\n"
LINES = b'{"issuer":"hr","value":"a-3"}\n'
BEGIN = operation("imports_begin_import")


async def send(
    caller: Caller, content: Any = CSV, media_type: str = "text/csv", **options: Any
) -> httpx.Response:
    headers = {"Content-Type": media_type, **options.pop("headers", {})}
    return await caller.post(IMPORTS, content=content, headers=headers, **options)


async def read(caller: Caller, received: httpx.Response) -> dict[str, Any]:
    assert received.status_code == 202, received.text
    answer = await caller.get(received.headers["location"])
    document: dict[str, Any] = answer.json()
    return document


async def agents(caller: Caller) -> list[str]:
    page = (await caller.get("/v1/agents", params={"limit": 200})).json()
    return sorted(one["external_id"]["value"] for one in page["data"])


async def pieces(owner: asyncpg.Connection, caller: Caller) -> int:
    count: int = await owner.fetchval(
        "SELECT count(*) FROM import_pieces WHERE tenant_id = $1", caller.tenant_id
    )
    return count


async def test_a_file_is_carried_out_in_the_background(
    caller: Caller, database: Database, owner: asyncpg.Connection
) -> None:
    received = await send(caller)
    begun = received.json()
    assert begun == await read(caller, received)
    assert received.headers["location"] == f"{IMPORTS}/{begun['id']}"
    assert (begun["state"], begun["counts"], begun["started_at"]) == ("queued", None, None)
    assert (begun["format"], begun["dry_run"], begun["size_bytes"]) == ("csv", False, len(CSV))
    assert await agents(caller) == []
    assert await pieces(owner, caller) == 1

    assert await tasks.run_imports(database, caller.tenant_id) == 1
    ended = await read(caller, received)
    assert ended["state"] == "completed"
    assert ended["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "failed": 0}
    assert ended["progress"]["bytes_read"] == len(CSV)
    assert begun["received_at"] <= ended["started_at"] <= ended["ended_at"]
    assert await agents(caller) == ["a-1", "a-2"]
    assert await pieces(owner, caller) == 0, "the file is dropped when the import has ended"
    assert await tasks.run_imports(database, caller.tenant_id) == 0


@pytest.mark.parametrize(
    "media_type", ["application/jsonl", "application/x-ndjson", "Application/JSONL; charset=utf-8"]
)
async def test_json_lines(caller: Caller, database: Database, media_type: str) -> None:
    received = await send(caller, LINES, media_type)
    await tasks.run_imports(database, caller.tenant_id)
    assert (await read(caller, received))["state"] == "completed"
    assert await agents(caller) == ["a-3"]


async def test_the_same_file_twice_changes_nothing(caller: Caller, database: Database) -> None:
    await send(caller)
    await tasks.run_imports(database, caller.tenant_id)
    before = (await caller.get("/v1/agents")).json()
    again = await send(caller)
    await tasks.run_imports(database, caller.tenant_id)
    counts = (await read(caller, again))["counts"]
    assert counts == {"created": 0, "updated": 0, "unchanged": 2, "failed": 0}
    assert (await caller.get("/v1/agents")).json() == before


async def test_a_file_that_waits_is_not_queued_twice(
    caller: Caller, stranger: Caller, owner: asyncpg.Connection
) -> None:
    first = await send(caller)
    assert (await send(caller)).json() == first.json()
    others = [
        await send(caller, params={"dry_run": "true"}),
        await send(caller, CSV + b"\n"),
        await send(caller, CSV, "application/jsonl"),
        await send(stranger),
    ]
    assert len({one.json()["id"] for one in (first, *others)}) == 5
    assert await pieces(owner, caller) == 4


async def test_an_idempotency_key_replays_the_first_answer(caller: Caller) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    first = await send(caller, headers=headers)
    second = await send(caller, headers=headers)
    assert (second.status_code, second.content) == (202, first.content)
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["location"] == first.headers["location"]
    other = await send(caller, LINES, "application/jsonl", headers=headers)
    check_problem(other, 422, code="idempotency_key_reused", of=BEGIN)


async def test_a_dry_run_changes_nothing(caller: Caller, database: Database) -> None:
    received = await send(caller, params={"dry_run": "true"})
    await tasks.run_imports(database, caller.tenant_id)
    ended = await read(caller, received)
    assert (ended["state"], ended["dry_run"], ended["counts"]["created"]) == ("completed", True, 2)
    assert await agents(caller) == []


async def test_a_file_with_faults_is_refused_and_each_is_told(
    caller: Caller, stranger: Caller, *, database: Database, owner: asyncpg.Connection
) -> None:
    content = b"issuer,value,locale\nhr,a-1,de\nhr,a b,xx\nhr,a-2,fr\nhr,a-2,fr\n"
    received = await send(caller, content)
    await tasks.run_imports(database, caller.tenant_id)
    ended = await read(caller, received)
    assert ended["state"] == "refused"
    assert ended["counts"] == {"created": 0, "updated": 0, "unchanged": 0, "failed": 4}
    assert await agents(caller) == []
    assert await pieces(owner, caller) == 0
    path = f"{received.headers['location']}/errors"
    first = (await caller.get(path, params={"limit": 3})).json()
    rest = (await caller.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert rest["next_cursor"] is None
    assert [(one["line"], one["field"]) for one in first["data"] + rest["data"]] == [
        (2, "locale"),
        (3, "locale"),
        (3, "value"),
        (5, "value"),
    ]
    assert first["data"][0]["message"] == "expected fr or en"
    check_problem(await stranger.get(path), 404, code="import_not_found")
    check_problem(await stranger.get(received.headers["location"]), 404, code="import_not_found")


async def test_imports_are_listed_the_newest_first(caller: Caller, stranger: Caller) -> None:
    ids = [(await send(caller, CSV + b"\n" * count)).json()["id"] for count in range(3)]
    first = (await caller.get(IMPORTS, params={"limit": 2})).json()
    rest = (await caller.get(IMPORTS, params={"cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["data"] + rest["data"]] == ids[::-1]
    assert (await stranger.get(IMPORTS)).json()["data"] == []


async def test_a_tenants_files_are_carried_out_in_their_order(
    caller: Caller, stranger: Caller, database: Database
) -> None:
    await send(caller, b"issuer,value,locale\nhr,a-1,en\n")
    await send(caller, b"issuer,value,locale\nhr,a-1,fr\n")
    waiting = await send(stranger)
    assert await tasks.run_imports(database, caller.tenant_id) == 2
    found = await caller.get("/v1/agents/by-external-id/hr/a-1")
    assert found.json()["locale"] == "fr"
    assert (await read(stranger, waiting))["state"] == "queued"


async def test_one_that_is_running_keeps_back_an_older_one_that_was_stored_later(
    caller: Caller, database: Database, owner: asyncpg.Connection
) -> None:
    """Ids are given when a file begins to come, which may be long before it is there."""
    late = await send(caller, b"issuer,value,locale\nhr,a-1,en\n")
    early = await send(caller, b"issuer,value,locale\nhr,a-1,fr\n")
    await owner.execute(
        "UPDATE imports SET state = 'running', lease_until = now() + interval '1 minute'"
        " WHERE id = $1",
        UUID(early.json()["id"]),
    )
    assert await tasks.run_imports(database, caller.tenant_id) == 0
    assert (await read(caller, late))["state"] == "queued"


async def endless() -> AsyncIterator[bytes]:
    """A file of which no more is taken than the frame of every request keeps anyway."""
    for _ in range(2**20 // 65_536 + 1):
        yield b"\n" * 65_536
    raise AssertionError("somebody reads it")


@pytest.mark.parametrize("media_type", ["", "application/json", "text/plain", "text/csv-schema"])
async def test_other_media_types_are_refused_unread(caller: Caller, media_type: str) -> None:
    answer = await send(caller, endless(), media_type)
    check_problem(answer, 415, code="unsupported_media_type", of=BEGIN)
    assert "text/csv" in answer.json()["detail"]


async def test_who_may_not_import_is_refused_unread(
    caller: Caller, http: httpx.AsyncClient
) -> None:
    headers = {"Content-Type": "text/csv"}
    anonymous = await http.post(IMPORTS, content=endless(), headers=headers)
    check_problem(anonymous, 401, code="missing_token", of=BEGIN)
    reader = await caller.with_scopes("organisation:read")
    check_problem(await send(reader, endless()), 403, code="insufficient_scope", of=BEGIN)
    writer = await caller.with_scopes("organisation:write")
    check_problem(await writer.get(IMPORTS), 403, code="insufficient_scope")


async def test_an_empty_file_is_refused(caller: Caller) -> None:
    check_problem(await send(caller, b""), 422, code="import_file_empty", of=BEGIN)


async def test_files_have_a_limit_of_their_own(
    app: FastAPI, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    filler = b"\n" * 65_536

    async def stream(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield filler

    assert app.state.settings.max_import_bytes == 268_435_456
    large = await send(caller, stream(40))  # 2.6 MB: other bodies may have one
    assert (large.status_code, large.json()["size_bytes"]) == (202, 40 * 65_536)
    announced = await send(caller, b"", headers={"Content-Length": str(2**28 + 1)})
    check_problem(announced, 413, code="body_too_large", of=BEGIN)
    other = await caller.post("/v1/recommendations", content=stream(40))
    check_problem(other, 413, code="body_too_large")


async def test_a_file_is_never_whole_in_memory(
    caller: Caller, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[int] = []
    kept = uploads.receive_upload

    async def receive(stream: AsyncIterator[bytes], file: Any, **options: Any) -> Any:
        async def watched() -> AsyncIterator[bytes]:
            async for part in stream:
                parts.append(len(part))
                yield part

        return await kept(watched(), file, **options)

    monkeypatch.setattr(upload_requests, "receive_upload", receive)

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"\n" * 65_536

    await send(caller, stream())
    assert max(parts) == 65_536
    assert await pieces(owner, caller) == 20
    sizes = "SELECT max(length(content)) FROM import_pieces WHERE tenant_id = $1"
    assert await owner.fetchval(sizes, caller.tenant_id) == line_files.PIECE_BYTES
