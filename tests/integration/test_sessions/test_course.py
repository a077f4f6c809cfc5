"""A test from beginning to end, over HTTP."""

from typing import Any
from uuid import UUID

from pacnum_api.domains.items.service import find_cached_bank
from tests.support.callers import Caller


async def begin(caller: Caller, **options: Any) -> dict[str, Any]:
    body = {
        "agent": {"external_id": {"issuer": "lms", "value": "a-1"}},
        "framework": "digcomp-2.2",
        "competences": ["1.1", "1.3"],
    } | options
    response = await caller.post("/v1/test-sessions", json=body)
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


async def test_skipping_everything_finishes_at_a_low_level(caller: Caller) -> None:
    session = await begin(caller)
    path = f"/v1/test-sessions/{session['id']}"
    pending = session["pending_item"]
    for _ in range(30):
        body = {"position": pending["position"], "item_id": pending["item_id"], "response": None}
        response = await caller.post(f"{path}/answers", json=body)
        assert response.status_code == 201, response.text
        pending = response.json()["pending_item"]
        if pending is None:
            break
    assert response.json()["state"] == "finished"
    result = (await caller.get(f"{path}/result")).json()
    assert [one["competence"] for one in result["competences"]] == ["1.1", "1.3"]
    assert all(one["level"] <= 2 for one in result["competences"])
    replay = await caller.post(f"{path}/replay")
    assert replay.json()["differences"] == []
