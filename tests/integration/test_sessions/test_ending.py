"""Ending a test before it would: finished early, abandoned, out of time."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from pacnum_api.domains.test_sessions import tasks
from pacnum_api.platform.database import Database
from tests.support.callers import Caller
from tests.support.simulated_agent import (
    Document,
    SimulatedAgent,
    answer_to,
    begin,
    path_of,
    take,
)

ALL = ["1.1", "1.2", "1.3"]


async def results_of(owner: asyncpg.Connection, session: Document) -> int:
    count: int = await owner.fetchval(
        "SELECT count(*) FROM results WHERE session_id = $1", UUID(session["id"])
    )
    return count


async def events_of(owner: asyncpg.Connection, session: Document) -> list[str]:
    rows = await owner.fetch(
        "SELECT type FROM outbox_events WHERE subject = $1 ORDER BY sequence", session["id"]
    )
    return [row["type"] for row in rows]


async def let_expire(owner: asyncpg.Connection, session: Document) -> None:
    await owner.execute(
        "UPDATE test_sessions SET expires_at = now() - interval '1 hour' WHERE id = $1",
        UUID(session["id"]),
    )


async def test_finishing_early_keeps_what_was_measured(
    caller: Caller, agent: SimulatedAgent, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, competences=ALL)
    taken = await take(caller, agent, session, at_most=2)
    browser = caller.with_token(session["session_token"])
    ended = await browser.post(path_of(session, "finish"))
    assert ended.status_code == 200
    assert ended.json()["state"] == "finished"
    assert ended.json()["stop_reason"] == "finished_early"
    assert ended.json()["pending_item"] is None
    assert ended.json()["finished_at"] == ended.json()["updated_at"]
    result = (await browser.get(path_of(session, "result"))).json()
    assessed = {item["competence"] for item in taken.pending}
    assert {one["competence"] for one in result["competences"]} == assessed
    assert set(result["not_assessed"]) == set(ALL) - assessed
    assert result["not_assessed"]
    assert {one["stop_reason"] for one in result["competences"]} == {"finished_early"}
    again = await browser.post(path_of(session, "finish"))
    assert again.json() == ended.json()
    assert await events_of(owner, session) == ["test_session.started", "test_session.finished"]
    assert (await caller.post(path_of(session, "replay"))).json()["is_identical"]


async def test_finishing_without_an_answer_measures_nothing(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, competences=ALL)
    await caller.post(path_of(session, "finish"))
    result = (await caller.get(path_of(session, "result"))).json()
    assert result["competences"] == []
    assert result["not_assessed"] == ALL
    assert result["overall"] == {"summary": None, "points": 0, "maximum_points": 0}
    assert [area["summary"] for area in result["areas"]] == [None]
    assert await results_of(owner, session) == 0


async def test_abandoning_takes_everything_back(
    caller: Caller, agent: SimulatedAgent, owner: asyncpg.Connection
) -> None:
    session = await begin(caller)
    await take(caller, agent, session, at_most=3)
    ended = await caller.post(path_of(session, "abandon"))
    assert (ended.status_code, ended.json()["state"]) == (200, "abandoned")
    assert (await caller.post(path_of(session, "abandon"))).json() == ended.json()
    refused = await caller.get(path_of(session, "result"))
    assert (refused.status_code, refused.json()["code"]) == (409, "result_not_available")
    assert refused.json()["state"] == "abandoned"
    assert await results_of(owner, session) == 0
    assert await events_of(owner, session) == ["test_session.started", "test_session.abandoned"]
    profile = await caller.get(
        f"/v1/agents/{session['agent_id']}/profile", params={"framework": "digcomp-2.2"}
    )
    assert profile.json()["competences"] == []
    assert (await caller.post(path_of(session, "replay"))).json()["is_identical"]


async def test_there_is_no_result_while_the_test_goes_on(
    caller: Caller, agent: SimulatedAgent
) -> None:
    session = await begin(caller)
    await take(caller, agent, session, at_most=3)
    refused = await caller.get(path_of(session, "result"))
    assert (refused.status_code, refused.json()["code"]) == (409, "result_not_available")
    assert refused.json()["state"] == "in_progress"


@pytest.mark.parametrize(("first", "then"), [("finish", "abandon"), ("abandon", "finish")])
async def test_a_test_ends_once(first: str, then: str, *, caller: Caller) -> None:
    session = await begin(caller)
    ended = (await caller.post(path_of(session, first))).json()
    refused = await caller.post(path_of(session, then))
    assert (refused.status_code, refused.json()["code"]) == (409, "session_not_in_progress")
    assert refused.json()["state"] == ended["state"]
    late = await caller.post(
        path_of(session, "answers"), json=answer_to(session["pending_item"], None)
    )
    assert (late.status_code, late.json()["code"]) == (409, "session_not_in_progress")
    assert (await caller.get(path_of(session))).json() == ended


async def test_time_ends_a_test_before_anybody_records_it(
    caller: Caller, agent: SimulatedAgent, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, competences=ALL)
    taken = await take(caller, agent, session, at_most=2)
    await let_expire(owner, session)
    seen = (await caller.get(path_of(session))).json()
    assert (seen["state"], seen["stop_reason"]) == ("expired", "expired")
    assert seen["pending_item"] is None
    assert seen["finished_at"] == seen["expires_at"]
    pending = taken.replies[-1]["pending_item"]
    for path, body in (
        ("answers", answer_to(pending, None)),
        ("finish", None),
        ("abandon", None),
    ):
        refused = await caller.post(path_of(session, path), json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "session_not_in_progress")
        assert refused.json()["state"] == "expired"
    again = await caller.post(path_of(session, "answers"), json=taken.sent[0])
    assert (again.status_code, again.json()) == (201, taken.replies[0])


async def test_recording_an_expiry_changes_nothing_that_can_be_seen(
    caller: Caller,
    agent: SimulatedAgent,
    *,
    owner: asyncpg.Connection,
    database: Database,
) -> None:
    session = await begin(caller, competences=ALL)
    await take(caller, agent, session, at_most=2)
    await let_expire(owner, session)

    async def seen() -> list[Any]:
        documents = [
            (await caller.get(path_of(session, *rest))).json()
            for rest in ((), ("result",), ("explanation",))
        ]
        documents[0].pop("updated_at")  # for whoever follows changes, recording is one
        return documents

    before = await seen()
    assert await tasks.expire_sessions(database, caller.tenant_id) == 1
    assert await seen() == before
    assert before[1]["state"] == "expired"
    assert {one["stop_reason"] for one in before[1]["competences"]} == {"expired"}
    assert len(before[1]["competences"]) == await results_of(owner, session) in {1, 2}
    assert await events_of(owner, session) == ["test_session.started", "test_session.expired"]
    assert (await caller.post(path_of(session, "replay"))).json()["is_identical"]
    assert await tasks.expire_sessions(database, caller.tenant_id) == 0


async def test_only_overdue_sessions_of_that_tenant_are_ended(
    caller: Caller, stranger: Caller, *, owner: asyncpg.Connection, database: Database
) -> None:
    sessions = [await begin(one) for one in (caller, caller, caller, stranger)]
    for session in sessions[1:]:
        await let_expire(owner, session)
    await caller.post(path_of(sessions[0], "finish"))
    await let_expire(owner, sessions[0])  # it ended before its time
    assert await tasks.expire_sessions(database, caller.tenant_id) == 2
    states = [
        await owner.fetchval("SELECT state FROM test_sessions WHERE id = $1", UUID(one["id"]))
        for one in sessions
    ]
    assert states == ["finished", "expired", "expired", "in_progress"]


async def test_one_session_that_cannot_be_computed_does_not_hold_up_the_others(
    caller: Caller, agent: SimulatedAgent, *, owner: asyncpg.Connection, database: Database
) -> None:
    broken, sound = await begin(caller, competences=ALL), await begin(caller, competences=ALL)
    for session in (broken, sound):
        await take(caller, agent, session, at_most=2)
        await let_expire(owner, session)
    await owner.execute(
        "UPDATE test_sessions SET algorithm_version = '0.0.1', expires_at = created_at"
        " WHERE id = $1",
        UUID(broken["id"]),
    )
    assert await tasks.expire_sessions(database, caller.tenant_id) == 1
    assert "test_session.expired" in await events_of(owner, sound)
    assert await events_of(owner, broken) == ["test_session.started"]
    state = "SELECT state FROM test_sessions WHERE id = $1"
    assert await owner.fetchval(state, UUID(broken["id"])) == "in_progress"
    assert await owner.fetchval(state, UUID(sound["id"])) == "expired"
    administered, reserved = await owner.fetchrow(
        "SELECT administered, reserved FROM item_exposures WHERE tenant_id = $1", caller.tenant_id
    )
    assert sum(administered) == 3  # two answered and one pending, of the sound one
    assert set(reserved) == {0, 1}
