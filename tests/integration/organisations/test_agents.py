"""Agents over HTTP: provisioned by the caller's own ids, followed by time of change."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.support.callers import Caller
from tests.support.operations import Operation, each, operation
from tests.support.problems import check_problem, pointers

BY_ID = "/v1/agents/by-external-id"
PATH = f"{BY_ID}/hr/a-1"


def of_agents(one: Operation) -> bool:
    return one.id.startswith("organisations_")


async def send(caller: Caller, one: Operation, agent_id: str) -> httpx.Response:
    address = one.address({"agent_id": agent_id, "issuer": "hr", "value": "a-1"})
    body = {"json": {"locale": "fr"}} if one.needs_body else {}
    return await caller.request(one.method, address, **body)


@each(of_agents)
async def test_reading_and_writing_are_separate_scopes(
    operation: Operation, caller: Caller, http: httpx.AsyncClient
) -> None:
    agent_id = (await caller.put(PATH, json={})).json()["id"]
    nobody = Caller(caller.app, http, caller.tenant_id, caller.client_id, "")
    check_problem(await send(nobody, operation, agent_id), 401, code="missing_token", of=operation)
    other = "organisation:read" if operation.method == "PUT" else "organisation:write"
    narrow = await caller.with_scopes(other)
    refused = await send(narrow, operation, agent_id)
    check_problem(refused, 403, code="insufficient_scope", of=operation)
    wide = await caller.with_scopes(*operation.scopes)
    allowed = await send(wide, operation, agent_id)
    assert allowed.status_code == (428 if operation.method == "PUT" else 200)


async def test_an_agent_is_an_opaque_id_and_a_language(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    created = await caller.put(f"{BY_ID}/sirhius/a.b_c:d@e+f-1", json={"locale": "en"})
    assert created.status_code == 201
    agent = created.json()
    assert set(agent) == {"id", "external_id", "locale", "created_at", "updated_at"}
    assert agent["external_id"] == {"issuer": "sirhius", "value": "a.b_c:d@e+f-1"}
    assert agent["locale"] == "en"
    assert agent["created_at"] == agent["updated_at"]
    assert agent["created_at"].endswith("Z")
    for path in (f"/v1/agents/{agent['id']}", f"{BY_ID}/sirhius/a.b_c:d@e+f-1"):
        read = await caller.get(path)
        assert (read.json(), read.headers["etag"]) == (agent, created.headers["etag"])
    events = await owner.fetch(
        "SELECT type, data FROM outbox_events WHERE subject = $1", agent["id"]
    )
    assert [row["type"] for row in events] == ["agent.provisioned"]
    assert "sirhius" not in str(events[0]["data"])


async def test_french_unless_said_otherwise(caller: Caller) -> None:
    assert (await caller.put(PATH, json={})).json()["locale"] == "fr"


async def test_replacing_with_the_same_changes_nothing(caller: Caller) -> None:
    created = await caller.put(PATH, json={"locale": "en"})
    headers = {"If-Match": created.headers["etag"]}
    again = await caller.put(PATH, json={"locale": "en"}, headers=headers)
    assert (again.status_code, again.json()) == (200, created.json())
    assert again.headers["etag"] == created.headers["etag"]
    changed = await caller.put(PATH, json={"locale": "fr"}, headers=headers)
    assert changed.json()["updated_at"] > created.json()["updated_at"]
    assert changed.json()["created_at"] == created.json()["created_at"]
    assert changed.json()["id"] == created.json()["id"]


async def test_of_many_who_create_one_creates(caller: Caller, owner: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(caller.put(PATH, json={}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [428] * 9
    count = "SELECT count(*) FROM agents WHERE tenant_id = $1"
    assert await owner.fetchval(count, caller.tenant_id) == 1


async def test_of_many_who_replace_one_replaces(caller: Caller) -> None:
    etag = (await caller.put(PATH, json={"locale": "fr"})).headers["etag"]
    headers = {"If-Match": etag}
    answers = await asyncio.gather(
        *(caller.put(PATH, json={"locale": "en"}, headers=headers) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        (f"{BY_ID}/-hr/a-1", "/path/issuer"),
        (f"{BY_ID}/{'x' * 101}/a-1", "/path/issuer"),
        (f"{BY_ID}/hr/Jane%20Doe", "/path/value"),
        (f"{BY_ID}/hr/{'x' * 201}", "/path/value"),
        ("/v1/agents/not-an-id", "/path/agent_id"),
    ],
)
async def test_ids_of_the_wrong_form(caller: Caller, path: str, pointer: str) -> None:
    assert pointers(check_problem(await caller.get(path), 422)) == [pointer]


@pytest.mark.parametrize("body", [{"locale": "de"}, {"locale": None}, {"name": "Jane"}, []])
async def test_more_may_not_be_said_of_a_person(caller: Caller, body: Any) -> None:
    check_problem(await caller.put(PATH, json=body), 422, code="invalid_input")
    check_problem(await caller.get(PATH), 404, code="agent_not_found")


async def test_an_agent_that_is_not_there(caller: Caller) -> None:
    for path in (f"/v1/agents/{uuid4()}", f"{BY_ID}/hr/nobody"):
        check_problem(await caller.get(path), 404, code="agent_not_found")


async def test_a_partner_follows_what_has_changed(caller: Caller, stranger: Caller) -> None:
    one = operation("organisations_list_agents")
    created = [await caller.put(f"{BY_ID}/hr/a-{n}", json={}) for n in range(3)]
    await stranger.put(f"{BY_ID}/hr/a-9", json={})

    async def values(**params: str) -> list[str]:
        answer = await caller.get(one.path, params=params)
        assert answer.status_code == 200, answer.text
        return [row["external_id"]["value"] for row in answer.json()["data"]]

    assert await values() == ["a-0", "a-1", "a-2"]
    since = created[1].json()["updated_at"]
    assert await values(updated_since=since) == ["a-1", "a-2"]
    headers = {"If-Match": created[0].headers["etag"]}
    changed = await caller.put(f"{BY_ID}/hr/a-0", json={"locale": "en"}, headers=headers)
    assert await values() == ["a-1", "a-2", "a-0"]
    assert await values(updated_since=changed.json()["updated_at"]) == ["a-0"]
    for moment in ("2026-03-02T08:30:00", "yesterday", "1767225600", ""):
        answer = await caller.get(one.path, params={"updated_since": moment})
        assert pointers(check_problem(answer, 422, of=one)) == ["/query/updated_since"]
