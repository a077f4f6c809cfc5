"""Profile and history: what tests have measured, for those who act for the agent."""

import random
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.answering import some_response
from tests.support.callers import Caller
from tests.support.operations import Operation, each
from tests.support.problems import check_problem, pointers

AGENT = {"external_id": {"issuer": "hr", "value": "a-1"}}


def of_results(one: Operation) -> bool:
    return one.id.startswith("results_")


async def measure(caller: Caller, *competences: str, seed: int = 1) -> dict[str, Any]:
    """A whole test on some competences; its result."""
    body = {"agent": AGENT, "framework": "digcomp-2.2", "competences": list(competences)}
    session = (await caller.post("/v1/test-sessions", json=body)).json()
    path = f"/v1/test-sessions/{session['id']}"
    chance = random.Random(seed)  # noqa: S311 - answers by chance, the same in every run
    pending = session["pending_item"]
    while pending is not None:
        answer = {"position": pending["position"], "item_id": pending["item_id"]}
        answer["response"] = some_response(pending, chance)
        pending = (await caller.post(f"{path}/answers", json=answer)).json()["pending_item"]
    result: dict[str, Any] = (await caller.get(f"{path}/result")).json()
    return result


async def profile(caller: Caller, agent_id: str) -> Any:
    path = f"/v1/agents/{agent_id}/profile"
    answer = await caller.get(path, params={"framework": "digcomp-2.2"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def history(caller: Caller, agent_id: str, **params: Any) -> Any:
    answer = await caller.get(f"/v1/agents/{agent_id}/history", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def agent_id(caller: Caller) -> str:
    created = await caller.put("/v1/agents/by-external-id/hr/a-1", json={})
    known: str = created.json()["id"]
    return known


@each(of_results)
async def test_who_may_read(
    operation: Operation,
    caller: Caller,
    stranger: Caller,
    *,
    http: httpx.AsyncClient,
    agent_id: str,
) -> None:
    path = operation.address({"agent_id": agent_id}, query={"framework": "digcomp-2.2"})
    check_problem(await http.get(path), 401, code="missing_token", of=operation)
    narrow = await caller.with_scopes("organisation:read", "test_sessions:run")
    check_problem(await narrow.get(path), 403, code="insufficient_scope", of=operation)
    check_problem(await stranger.get(path), 404, code="agent_not_found", of=operation)
    reader = await caller.with_scopes("results:read")
    assert (await reader.get(path)).status_code == 200
    unknown = operation.address({"agent_id": str(uuid4())}, query={"framework": "digcomp-2.2"})
    check_problem(await caller.get(unknown), 404, code="agent_not_found", of=operation)


async def test_never_assessed_is_not_level_zero(caller: Caller, agent_id: str) -> None:
    empty = await profile(caller, agent_id)
    assert (empty["agent_id"], empty["framework"]) == (agent_id, "digcomp-2.2")
    assert empty["competences"] == []
    assert len(empty["not_assessed"]) == 21
    assert await history(caller, agent_id) == {"data": [], "next_cursor": None}


async def test_a_profile_needs_a_framework_that_is_published(caller: Caller, agent_id: str) -> None:
    path = f"/v1/agents/{agent_id}/profile"
    assert pointers(check_problem(await caller.get(path), 422)) == ["/query/framework"]
    missing = await caller.get(path, params={"framework": "none"})
    check_problem(missing, 404, code="framework_not_found")


async def test_what_was_measured_is_kept_with_its_uncertainty(
    caller: Caller, agent_id: str
) -> None:
    result = await measure(caller, "1.1", "4.2")
    known = (await profile(caller, agent_id))["competences"]
    assert [one["competence"] for one in known] == ["1.1", "4.2"]
    for kept, shown in zip(known, result["competences"], strict=True):
        for name in ("theta", "standard_error", "level", "level_interval", "level_probabilities"):
            assert kept[name] == shown[name]
        assert kept["session_id"] == result["session_id"]
        assert kept["measured_at"] == result["finished_at"]
        assert kept["standard_error"] > 0
        assert sum(kept["level_probabilities"]) == pytest.approx(1)
        low, high = kept["level_interval"]["low"], kept["level_interval"]["high"]
        assert low <= kept["level"] <= high
        assert sum(kept["level_probabilities"][low : high + 1]) >= 0.9 - 1e-9
    assert len((await profile(caller, agent_id))["not_assessed"]) == 19


async def test_the_profile_is_the_latest_and_the_history_is_all(
    caller: Caller, agent_id: str
) -> None:
    first = await measure(caller, "1.1", "4.2", seed=1)
    second = await measure(caller, "1.1", seed=2)
    known = {one["competence"]: one for one in (await profile(caller, agent_id))["competences"]}
    assert known["1.1"]["session_id"] == second["session_id"]
    assert known["4.2"]["session_id"] == first["session_id"]
    past = await history(caller, agent_id)
    assert [(one["session_id"], one["competence"]) for one in past["data"]] == [
        (second["session_id"], "1.1"),
        (first["session_id"], "4.2"),
        (first["session_id"], "1.1"),
    ]
    page = await history(caller, agent_id, limit=2)
    rest = await history(caller, agent_id, cursor=page["next_cursor"])
    assert page["data"] + rest["data"] == past["data"]


async def test_an_abandoned_test_leaves_no_result(caller: Caller, agent_id: str) -> None:
    body = {"agent": AGENT, "framework": "digcomp-2.2", "competences": ["1.1"]}
    session = (await caller.post("/v1/test-sessions", json=body)).json()
    path = f"/v1/test-sessions/{session['id']}"
    skip = {"position": 1, "item_id": session["pending_item"]["item_id"], "response": None}
    assert (await caller.post(f"{path}/answers", json=skip)).status_code == 201
    assert (await history(caller, agent_id))["data"] == []  # not before the test has ended
    assert (await caller.post(f"{path}/abandon")).status_code == 200
    assert (await history(caller, agent_id))["data"] == []
