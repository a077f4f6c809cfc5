"""Sessions: when a training is given, where and to how many."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from tests.support.callers import Caller

Body = dict[str, Any]
TRAININGS = "/v1/trainings/by-external-id"
SESSIONS = "/v1/training-sessions/by-external-id"


@pytest.fixture
async def training(caller: Caller, training_body: Callable[..., Body], issuer: str) -> Body:
    answer = await caller.put(f"{TRAININGS}/{issuer}/a", json=training_body())
    assert answer.status_code == 201
    created: Body = answer.json()
    return created


async def values(caller: Caller, **params: Any) -> list[str]:
    answer = await caller.get("/v1/training-sessions", params={"limit": 200, **params})
    assert answer.status_code == 200
    return [session["external_id"]["value"] for session in answer.json()["data"]]


async def test_a_session_is_created_read_and_called_off(
    caller: Caller,
    training: Body,
    session_body: Callable[..., Body],
    issuer: str,
    owner: asyncpg.Connection,
) -> None:
    path = f"{SESSIONS}/{issuer}/s1"
    created = await caller.put(path, json=session_body(starts_at="2031-03-03T09:00:00+01:00"))
    assert created.status_code == 201
    session = created.json()
    assert session["training_id"] == training["id"]
    assert session["starts_at"] == "2031-03-03T08:00:00.000000Z"
    assert (session["place"], session["seats"], session["state"]) == ("Lyon", 12, "open")
    assert (await caller.get(path)).json() == session
    by_id = await caller.get(
        f"/v1/training-sessions/{session['id']}", headers={"Accept-Language": "en"}
    )
    assert by_id.json()["place"] == "Lyons"
    assert by_id.headers["etag"] != created.headers["etag"]

    off = await caller.put(
        path, json=session_body(state="cancelled"), headers={"If-Match": by_id.headers["etag"]}
    )
    assert off.status_code == 200
    assert off.json()["state"] == "cancelled"
    events = await owner.fetch(
        "SELECT type FROM outbox_events WHERE subject = $1 ORDER BY sequence", session["id"]
    )
    assert [row["type"] for row in events] == [
        "training_session.created",
        "training_session.updated",
    ]


async def test_the_same_again_changes_nothing(
    caller: Caller, training: Body, session_body: Callable[..., Body], issuer: str
) -> None:
    path = f"{SESSIONS}/{issuer}/s1"
    created = await caller.put(path, json=session_body())
    again = await caller.put(
        path, json=session_body(), headers={"If-Match": created.headers["etag"]}
    )
    assert (again.status_code, again.json()) == (200, created.json())


async def test_replacing_needs_the_version_last_seen(
    caller: Caller, training: Body, session_body: Callable[..., Body], issuer: str
) -> None:
    path = f"{SESSIONS}/{issuer}/s1"
    etag = (await caller.put(path, json=session_body())).headers["etag"]
    assert (await caller.put(path, json=session_body(seats=1))).status_code == 428
    changed = await caller.put(path, json=session_body(seats=2), headers={"If-Match": etag})
    assert changed.status_code == 200
    stale = await caller.put(path, json=session_body(seats=3), headers={"If-Match": etag})
    assert stale.status_code == 412
    nothing = await caller.put(
        f"{SESSIONS}/{issuer}/s2", json=session_body(), headers={"If-Match": etag}
    )
    assert nothing.status_code == 412


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"training": {"issuer": "nobody", "value": "a"}}, ["/training"]),
        ({"ends_at": "2031-03-03T08:00:00Z"}, ["/ends_at"]),
        (
            {"ends_at": "2031-03-03T07:00:00Z", "training": {"issuer": "nobody", "value": "a"}},
            ["/ends_at", "/training"],
        ),
    ],
)
async def test_contradictions_are_told_by_place(
    caller: Caller,
    training: Body,
    *,
    session_body: Callable[..., Body],
    issuer: str,
    changes: Body,
    pointers: list[str],
) -> None:
    answer = await caller.put(f"{SESSIONS}/{issuer}/s1", json=session_body(**changes))
    assert answer.status_code == 422
    assert answer.json()["code"] == "training_session_rejected"
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers


async def test_malformed_sessions_are_refused(
    caller: Caller, training: Body, session_body: Callable[..., Body], issuer: str
) -> None:
    for changes in ({"seats": -1}, {"starts_at": "soon"}, {"state": "maybe"}, {"place": "Lyon"}):
        answer = await caller.put(f"{SESSIONS}/{issuer}/s1", json=session_body(**changes))
        assert answer.status_code == 422


async def test_sessions_may_be_given_of_shipped_trainings(
    caller: Caller, stranger: Caller, session_body: Callable[..., Body], issuer: str
) -> None:
    shipped = {"issuer": "pacnum-sample", "value": "partner-no-code"}
    created = await caller.put(f"{SESSIONS}/{issuer}/own", json=session_body(training=shipped))
    assert created.status_code == 201
    training_id = created.json()["training_id"]
    assert "own" in await values(caller, training_id=training_id)
    assert await values(stranger, training_id=training_id) == [
        "nocode-2027-03-paris",
        "nocode-2027-10-metz",
    ]


async def test_another_tenants_sessions_are_not_there(
    caller: Caller,
    stranger: Caller,
    training: Body,
    *,
    session_body: Callable[..., Body],
    issuer: str,
) -> None:
    session = (await caller.put(f"{SESSIONS}/{issuer}/s1", json=session_body())).json()
    for path in (f"/v1/training-sessions/{session['id']}", f"{SESSIONS}/{issuer}/s1"):
        answer = await stranger.get(path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "training_session_not_found"
    assert "s1" not in await values(stranger)
    # nor can a session be hung on another tenant's training
    foreign = await stranger.put(f"{SESSIONS}/{issuer}/s1", json=session_body())
    assert foreign.status_code == 422


async def test_sessions_are_filtered_and_paged(
    caller: Caller, training: Body, session_body: Callable[..., Body], issuer: str
) -> None:
    for number, state in enumerate(("open", "full", "planned"), start=1):
        body = session_body(
            starts_at=f"2031-0{number}-01T08:00:00Z", ends_at="2031-12-01T08:00:00Z", state=state
        )
        await caller.put(f"{SESSIONS}/{issuer}/s{number}", json=body)
    mine = {"training_id": training["id"]}
    assert await values(caller, **mine) == ["s1", "s2", "s3"]
    assert await values(caller, **mine, state="full") == ["s2"]
    assert await values(caller, **mine, starts_after="2031-02-01T08:00:00Z") == ["s2", "s3"]
    last = (await caller.get(f"{SESSIONS}/{issuer}/s3")).json()
    assert await values(caller, **mine, updated_since=last["updated_at"]) == ["s3"]
    first = await caller.get("/v1/training-sessions", params={**mine, "limit": 2})
    assert [one["external_id"]["value"] for one in first.json()["data"]] == ["s1", "s2"]
    rest = await caller.get(first.headers["link"].split(">")[0].removeprefix("<"))
    assert [one["external_id"]["value"] for one in rest.json()["data"]] == ["s3"]
