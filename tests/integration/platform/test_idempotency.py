"""The same POST under the same key is carried out once, whatever happens in between."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from pacnum_api.platform import idempotency
from pacnum_api.platform.database import Database
from tests.support.callers import Caller
from tests.support.problems import check_problem, pointers

SESSIONS = "/v1/test-sessions"


def body(value: str = "a-1", **changes: Any) -> dict[str, Any]:
    return {
        "agent": {"external_id": {"issuer": "lms", "value": value}},
        "framework": "digcomp-2.2",
        "competences": ["1.1"],
        **changes,
    }


async def begin(caller: Caller, key: str, **changes: Any) -> Any:
    headers = {"Idempotency-Key": key}
    return await caller.post(SESSIONS, json=body(**changes), headers=headers)


async def begun(owner: asyncpg.Connection, caller: Caller) -> int:
    count: int = await owner.fetchval(
        "SELECT count(*) FROM test_sessions WHERE tenant_id = $1", caller.tenant_id
    )
    return count


async def test_the_second_gets_the_first_response(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    first = await begin(caller, "key-1")
    second = await begin(caller, "key-1")
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    for header in ("location", "content-type", "cache-control"):
        assert second.headers[header] == first.headers[header]
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    assert await begun(owner, caller) == 1


async def test_without_a_key_two_are_two(caller: Caller, owner: asyncpg.Connection) -> None:
    for _ in range(2):
        assert (await caller.post(SESSIONS, json=body())).status_code == 201
    assert await begun(owner, caller) == 2


async def test_of_twenty_at_once_one_is_carried_out(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    answers = await asyncio.gather(*(begin(caller, "key-1") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer for answer in answers if "idempotency-replayed" in answer.headers]
    assert len(replayed) == 19
    assert await begun(owner, caller) == 1


async def test_another_body_or_address_is_refused(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    await begin(caller, "key-1")
    check_problem(await begin(caller, "key-1", value="a-2"), 422, code="idempotency_key_reused")
    advice = {"framework": "digcomp-2.2", "levels": {"1.1": 2}}
    headers = {"Idempotency-Key": "key-1"}
    elsewhere = await caller.post("/v1/recommendations", json=advice, headers=headers)
    check_problem(elsewhere, 422, code="idempotency_key_reused")
    assert await begun(owner, caller) == 1


async def test_what_failed_does_not_use_up_the_key(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    unknown = {"id": str(uuid4())}
    check_problem(await begin(caller, "key-1", agent=unknown), 404, code="agent_not_found")
    invalid = await begin(caller, "key-1", purpose="target")
    check_problem(invalid, 422, code="invalid_input")
    assert (await begin(caller, "key-1")).status_code == 201
    assert await begun(owner, caller) == 1


async def test_keys_belong_to_their_caller(caller: Caller, stranger: Caller) -> None:
    mine = (await begin(caller, "key-1")).json()
    theirs = await begin(stranger, "key-1", value="a-2")
    assert theirs.status_code == 201
    taker = caller.with_token(mine["session_token"])
    finish = f"{SESSIONS}/{mine['id']}/finish"
    answer = await taker.post(finish, headers={"Idempotency-Key": "key-1"})
    assert (answer.status_code, answer.json()["state"]) == (200, "finished")


async def test_an_answer_under_a_key_is_replayed_after_the_test_has_moved_on(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    session = (await begin(caller, "key-0")).json()
    address = f"{SESSIONS}/{session['id']}/answers"

    async def skip(pending: dict[str, Any], key: str) -> Any:
        answer = {"position": pending["position"], "item_id": pending["item_id"]}
        headers = {"Idempotency-Key": key}
        return await caller.post(address, json={**answer, "response": None}, headers=headers)

    first = await skip(session["pending_item"], "key-1")
    second = await skip(first.json()["pending_item"], "key-2")
    assert second.status_code == 201
    again = await skip(session["pending_item"], "key-1")
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    rows = await owner.fetchval("SELECT count(*) FROM answers WHERE session_id = $1", session["id"])
    assert rows == 2


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 201, "\x7f"])
async def test_a_key_is_short_and_visible(caller: Caller, key: str) -> None:
    problem = check_problem(await begin(caller, key), 422, code="invalid_input")
    assert pointers(problem) == ["/header/Idempotency-Key"]


async def test_reads_and_upserts_take_no_notice_of_it(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    headers = {"Idempotency-Key": "two words are no key"}
    assert (await caller.get("/v1/agents", headers=headers)).status_code == 200
    agent = "/v1/agents/by-external-id/hr/a-1"
    assert (await caller.put(agent, json={}, headers=headers)).status_code == 201
    kept = "SELECT count(*) FROM idempotency_keys WHERE tenant_id = $1"
    assert await owner.fetchval(kept, caller.tenant_id) == 0


async def test_responses_are_forgotten_after_a_day(
    caller: Caller, database: Database, owner: asyncpg.Connection
) -> None:
    await begin(caller, "old")
    await begin(caller, "new")
    age = timedelta(hours=idempotency.RETENTION_HOURS, minutes=1)
    await owner.execute(
        "UPDATE idempotency_keys SET created_at = created_at - $1::interval WHERE tenant_id = $2 "
        "AND created_at = (SELECT min(created_at) FROM idempotency_keys WHERE tenant_id = $2)",
        age,
        caller.tenant_id,
    )
    assert await idempotency.purge(database, caller.tenant_id) == 1
    assert await idempotency.purge(database, caller.tenant_id) == 0
    assert "idempotency-replayed" not in (await begin(caller, "old")).headers
    assert "idempotency-replayed" in (await begin(caller, "new")).headers


async def test_what_is_kept_gives_no_token_away(caller: Caller, owner: asyncpg.Connection) -> None:
    session = (await begin(caller, "a-long-unguessable-key")).json()
    rows = await owner.fetch(
        "SELECT * FROM idempotency_keys WHERE tenant_id = $1", caller.tenant_id
    )
    (row,) = rows
    kept = " ".join(str(value) for value in row.values())
    assert "a-long-unguessable-key" not in kept
    assert session["session_token"] not in kept


async def test_another_language_is_another_request(caller: Caller) -> None:
    body = {"framework": "digcomp-2.2", "levels": {"1.1": 1}}

    async def ask(language: str) -> Any:
        headers = {"Idempotency-Key": "key-1", "Accept-Language": language}
        return await caller.post("/v1/recommendations", json=body, headers=headers)

    assert (await ask("fr")).headers["content-language"] == "fr"
    check_problem(await ask("en"), 422, code="idempotency_key_reused")
    assert (await ask("fr-FR, en;q=0.1")).headers["idempotency-replayed"] == "true"
