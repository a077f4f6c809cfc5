"""Beginning a test: whom, about what, and how it may be made accessible."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions.schemas import TestSessionCreated
from tests.support.callers import Caller
from tests.support.simulated_agent import answer_to, begin, path_of, session_body


async def test_a_new_session_says_where_it_stands(caller: Caller, bank: ItemBank) -> None:
    response = await caller.post("/v1/test-sessions", json=session_body())
    session = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == path_of(session)
    assert response.headers["cache-control"] == "no-store"
    assert session["state"] == "in_progress"
    assert session["framework_version"] == bank.handle.framework_version
    assert session["progress"]["answered"] == 0
    assert session["pending_item"]["position"] == 1
    assert session["pending_item"]["issued_at"] == session["created_at"]
    assert session["stop_reason"] is session["finished_at"] is None
    seen = await caller.get(path_of(session))
    assert seen.json() == {name: session[name] for name in session if name != "session_token"}


async def test_the_reply_is_written_as_its_schema_writes_it(caller: Caller) -> None:
    target = {"purpose": "target", "targets": {"1.1": 3}, "competences": ["1.1"]}
    for options in ({}, {"purpose": "certification", "locale": "en"}, target):
        response = await caller.post("/v1/test-sessions", json=session_body(**options))
        assert response.status_code == 201, response.text
        read = TestSessionCreated.model_validate_json(response.content)
        assert response.text == read.model_dump_json()


async def test_two_who_begin_for_a_new_agent_at_once_name_the_same(caller: Caller) -> None:
    named = {"agent": {"external_id": {"issuer": "lms", "value": f"a-{uuid4()}"}}}
    begun = await asyncio.gather(*(begin(caller, **named) for _ in range(4)))
    assert len({session["agent_id"] for session in begun}) == 1


async def test_an_agent_is_provisioned_once(caller: Caller, owner: asyncpg.Connection) -> None:
    named = {"agent": {"external_id": {"issuer": "lms", "value": f"a-{uuid4()}"}}}
    first, second = [await begin(caller, **named) for _ in range(2)]
    third = await begin(caller, agent={"id": first["agent_id"]})
    assert first["agent_id"] == second["agent_id"] == third["agent_id"]
    count = await owner.fetchval(
        "SELECT count(*) FROM agents WHERE tenant_id = $1", caller.tenant_id
    )
    assert count == 1


async def test_all_competences_are_asked_about_unless_some_are_named(
    caller: Caller, bank: ItemBank
) -> None:
    session = await begin(caller, competences=None)
    assert session["competences"] == list(bank.competences)
    targeted = await begin(caller, competences=None, purpose="target", targets={"5.4": 2, "1.1": 7})
    assert targeted["competences"] == ["5.4", "1.1"]


async def test_beginning_tells_who_began_what(caller: Caller, owner: asyncpg.Connection) -> None:
    session = await begin(caller, purpose="certification")
    event = await owner.fetchrow("SELECT * FROM outbox_events WHERE subject = $1", session["id"])
    assert event["type"] == "test_session.started"
    assert event["tenant_id"] == caller.tenant_id
    row = await owner.fetchrow("SELECT * FROM test_sessions WHERE id = $1", UUID(session["id"]))
    assert row["client_id"] == caller.client_id


UNKNOWN = "expected a competence of digcomp-2.2"
REFUSED: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"competences": ["1.1", "9.9"]}, [("/competences/1", UNKNOWN)]),
    ({"competences": ["1.1", "1.1"]}, [("/competences/1", "this competence stands here twice")]),
    (
        {"competences": None, "purpose": "target", "targets": {"9.9": 3}},
        [("/targets/9.9", UNKNOWN)],
    ),
    (
        {"competences": ["1.1"], "purpose": "target", "targets": {"1.1": 3, "1.2": 3}},
        [("/targets/1.2", "expected a competence asked about")],
    ),
    (
        {"competences": ["1.1", "1.2"], "purpose": "target", "targets": {"1.1": 3}},
        [("/targets", "expected a target for 1.2 as well")],
    ),
]


@pytest.mark.parametrize(("options", "faults"), REFUSED)
async def test_what_the_framework_does_not_have_is_pointed_at(
    options: dict[str, Any], faults: list[tuple[str, str]], *, caller: Caller
) -> None:
    response = await caller.post("/v1/test-sessions", json=session_body(**options))
    assert response.status_code == 422
    found = [(one["pointer"], one["message"]) for one in response.json()["errors"]]
    assert found == faults


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"purpose": "target"}, ""),
        ({"targets": {"1.1": 3}}, ""),
        ({"purpose": "exam"}, "/purpose"),
        ({"targets": {"1.1": 9}, "purpose": "target"}, "/targets/1.1"),
        ({"targets": {"1.1": 0}, "purpose": "target"}, "/targets/1.1"),
        ({"agent": {}}, "/agent"),
        ({"agent": {"id": str(uuid4()), "external_id": {"issuer": "a", "value": "b"}}}, "/agent"),
        ({"agent": {"external_id": {"issuer": "a", "value": "a b"}}}, "/agent/external_id/value"),
        ({"competences": []}, "/competences"),
        ({"locale": "de"}, "/locale"),
        ({"accommodations": {"time_multiplier": 0.5}}, "/accommodations/time_multiplier"),
        ({"accommodations": {"more_time": True}}, "/accommodations/more_time"),
        ({"seed": 5}, "/seed"),
    ],
)
async def test_what_is_not_a_request_is_pointed_at(
    options: dict[str, Any], pointer: str, *, caller: Caller, owner: asyncpg.Connection
) -> None:
    response = await caller.post("/v1/test-sessions", json=session_body(**options))
    assert response.status_code == 422
    assert [one["pointer"] for one in response.json()["errors"]] == [pointer]
    kept = await owner.fetchval(
        "SELECT count(*) FROM test_sessions WHERE tenant_id = $1", caller.tenant_id
    )
    assert kept == 0


async def test_unknown_agents_and_frameworks_are_not_found(
    caller: Caller, stranger: Caller
) -> None:
    foreign = await begin(stranger)
    for options, code in (
        ({"agent": {"id": str(uuid4())}}, "agent_not_found"),
        ({"agent": {"id": foreign["agent_id"]}}, "agent_not_found"),
        ({"framework": "digcomp-9.9"}, "framework_not_found"),
    ):
        response = await caller.post("/v1/test-sessions", json=session_body(**options))
        assert (response.status_code, response.json()["code"]) == (404, code)


async def test_a_framework_without_items_has_nothing_to_ask(caller: Caller) -> None:
    response = await caller.post(
        "/v1/test-sessions", json=session_body(framework="digcomp-3.0", competences=None)
    )
    assert (response.status_code, response.json()["code"]) == (409, "nothing_to_ask")


@pytest.mark.parametrize(
    ("purpose", "accommodations", "factor"),
    [
        ("positioning", {}, None),
        ("certification", {}, 4),
        ("certification", {"time_multiplier": 1.5}, 6),
        ("certification", {"no_time_limits": True}, None),
        ("certification", {"screen_reader": True}, 4),
    ],
)
async def test_accommodations_change_the_time_that_an_item_may_take(
    purpose: str,
    accommodations: dict[str, Any],
    factor: int | None,
    *,
    caller: Caller,
    bank: ItemBank,
) -> None:
    session = await begin(caller, purpose=purpose, accommodations=accommodations)
    pending = session["pending_item"]
    index = bank.index_of(UUID(pending["item_id"]))
    assert index is not None
    expected = None if factor is None else factor * bank.expected_seconds(index)
    assert pending["time_limit_seconds"] == expected


async def test_an_answer_after_its_time_counts_as_wrong(
    caller: Caller, bank: ItemBank, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, purpose="certification")
    pending = session["pending_item"]
    index = bank.index_of(UUID(pending["item_id"]))
    assert index is not None
    seed = await owner.fetchval(
        "UPDATE test_sessions SET pending_issued_at = now() - $2 * interval '1 second'"
        " WHERE id = $1 RETURNING seed",
        UUID(session["id"]),
        pending["time_limit_seconds"] + 6.0,
    )
    right = dict(bank.right_response(index, seed=seed, locale="fr"))
    reply = await caller.post(path_of(session, "answers"), json=answer_to(pending, right))
    assert reply.status_code == 201
    (step,) = (await caller.get(path_of(session, "explanation"))).json()["steps"]
    assert (step["is_late"], step["score"], step["category"]) == (True, 0.0, 0)
    assert step["response"] == right
    assert (await caller.post(path_of(session, "replay"))).json()["is_identical"]
