"""From a session's id, the log tells its whole way; from the log, nobody can tell whose it was."""

from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from pacnum_api.domains.test_sessions import tasks
from pacnum_api.entrypoints.worker import Job, run_due
from pacnum_api.platform.database import Database
from pacnum_api.platform.trail import current_trail, follow_session, note_problem
from tests.support.callers import Caller
from tests.support.log_lines import logged
from tests.support.simulated_agent import Document, answer_to, begin, path_of

ANSWERS = "/v1/test-sessions/{session_id}/answers"


async def skip_through(taker: Caller, session: Document, *, answers: int) -> None:
    pending = session["pending_item"]
    for _ in range(answers):
        reply = await taker.post(path_of(session, "answers"), json=answer_to(pending, None))
        assert reply.status_code == 201
        pending = reply.json()["pending_item"]


async def test_a_session_is_followed_from_beginning_to_end(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    agent = {"external_id": {"issuer": "hr", "value": "jane.doe"}}
    with logged() as lines:
        session = await begin(caller, agent=agent)
        other = await begin(caller, agent={"external_id": {"issuer": "hr", "value": "john.roe"}})
        taker = caller.with_token(session["session_token"])
        await skip_through(taker, session, answers=3)
        await taker.get(path_of(session))
        stale = await taker.post(
            path_of(session, "answers"), json=answer_to(session["pending_item"], {"choice": "none"})
        )
        await taker.get(path_of(other))
        await caller.post(path_of(session, "finish"))
        await taker.get(path_of(session, "result"))
        told = lines()
    of_session = [line for line in told if line.get("session_id") == session["id"]]
    assert [(line["method"], line["route"], line["status"]) for line in of_session] == [
        ("POST", "/v1/test-sessions", 201),
        *[("POST", ANSWERS, 201)] * 3,
        ("GET", "/v1/test-sessions/{session_id}", 200),
        ("POST", ANSWERS, stale.status_code),
        ("POST", "/v1/test-sessions/{session_id}/finish", 200),
        ("GET", "/v1/test-sessions/{session_id}/result", 200),
    ]
    assert of_session[5]["problem"] == stale.json()["code"]
    assert all(line["client_id"] == str(caller.client_id) for line in of_session)
    assert len({line["request_id"] for line in of_session}) == len(of_session)
    assert not any("trace_id" in line for line in told)  # nothing is traced here
    # the session asked for is the one that the line names, whoever asked
    (astray,) = [line for line in told if line["status"] == 404]
    assert astray["session_id"] == other["id"]
    agent_id = await owner.fetchval(
        "SELECT agent_id FROM test_sessions WHERE id = $1", UUID(session["id"])
    )
    for private in (str(agent_id), "jane", "john", session["session_token"], caller.token):
        assert private not in str(told)


async def test_lines_in_between_belong_to_the_session_too(
    caller: Caller, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await begin(caller)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with logged() as lines:
        monkeypatch.setattr(app.state.database, "unit_of_work", fail)
        sent = answer_to(session["pending_item"], None)
        answered = await caller.post(path_of(session, "answers"), json=sent)
        assert answered.status_code == 500
        failed, line = lines()
    assert failed["event"] == "unexpected_error"
    shared = ("request_id", "session_id", "client_id", "route")
    assert [failed[name] for name in shared] == [line[name] for name in shared]
    assert line["session_id"] == session["id"]


async def test_the_worker_names_the_session_that_it_cannot_end(
    caller: Caller, owner: asyncpg.Connection, *, database: Database
) -> None:
    session = await begin(caller)
    await owner.execute(
        "UPDATE test_sessions SET expires_at = now() - interval '1 hour', "
        "algorithm_version = 'none' WHERE id = $1",
        UUID(session["id"]),
    )

    async def expire() -> int:
        return await tasks.expire_sessions(database, caller.tenant_id)

    with logged() as lines:
        await run_due([Job("expire_sessions", 60.0, expire)], now=0.0)
        (line,) = lines()
    assert (line["event"], line["session_id"]) == ("session_not_expired", session["id"])


@pytest.mark.parametrize("path", ["jane.doe", "0197", "%0a", "0197a2f0-58d0-7c65-b3a4-5d0d5a4f0c1"])
async def test_what_is_no_id_is_not_taken_from_the_path(
    caller: Caller, http: httpx.AsyncClient, *, path: str
) -> None:
    with logged() as lines:
        await caller.get(f"/v1/test-sessions/{path}")
        await http.get(f"/v1/test-sessions/{path}/result")
        assert not any("session_id" in line for line in lines())


async def test_a_trail_ends_with_its_request(caller: Caller) -> None:
    await caller.get("/v1/frameworks")
    assert current_trail() is None
    follow_session(caller.tenant_id)  # outside a request there is nothing to mark
    note_problem("none")
    assert current_trail() is None
