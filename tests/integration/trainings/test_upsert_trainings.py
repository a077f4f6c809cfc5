"""Publishing trainings by the publisher's own id."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from tests.support.callers import Caller

Body = dict[str, Any]
BY_ID = "/v1/trainings/by-external-id"


def step(competence: str, entry: int, leaving: int, framework: str = "digcomp-2.2") -> Body:
    return {
        "framework": framework,
        "competence": competence,
        "entry_level": entry,
        "exit_level": leaving,
    }


async def test_a_training_is_created_read_and_replaced(
    caller: Caller, training_body: Callable[..., Body], issuer: str
) -> None:
    path = f"{BY_ID}/{issuer}/a"
    created = await caller.put(path, json=training_body())
    assert created.status_code == 201
    first = created.json()
    assert first["external_id"] == {"issuer": issuer, "value": "a"}
    assert first["accessibility"] == ["captions", "transcript"]
    assert first["is_shared"] is False

    etag = (await caller.get(path, headers={"Accept-Language": "en"})).headers["etag"]
    replaced = await caller.put(
        path,
        json=training_body(
            duration_minutes=120, competences=[step("1.3", 1, 5), step("1.2", 0, 2)]
        ),
        headers={"If-Match": etag},
    )
    assert replaced.status_code == 200
    second = replaced.json()
    assert second["id"] == first["id"]
    assert second["duration_minutes"] == 120
    assert [one["competence"] for one in second["competences"]] == ["1.3", "1.2"]
    assert second["updated_at"] > first["updated_at"]
    assert (await caller.get(path)).json() == second
    assert (await caller.get(path)).headers["etag"] == replaced.headers["etag"]


async def test_the_same_again_changes_nothing(
    caller: Caller, training_body: Callable[..., Body], issuer: str
) -> None:
    path = f"{BY_ID}/{issuer}/a"
    created = await caller.put(path, json=training_body())
    again = await caller.put(
        path, json=training_body(), headers={"If-Match": created.headers["etag"]}
    )
    assert again.status_code == 200
    assert again.json() == created.json()
    assert again.headers["etag"] == created.headers["etag"]


async def test_replacing_needs_the_version_last_seen(
    caller: Caller, training_body: Callable[..., Body], issuer: str
) -> None:
    path = f"{BY_ID}/{issuer}/a"
    etag = (await caller.put(path, json=training_body())).headers["etag"]
    unnamed = await caller.put(path, json=training_body(duration_minutes=1))
    assert unnamed.status_code == 428
    await caller.put(path, json=training_body(duration_minutes=2), headers={"If-Match": etag})
    stale = await caller.put(
        path, json=training_body(duration_minutes=3), headers={"If-Match": etag}
    )
    assert stale.status_code == 412
    nothing = await caller.put(
        f"{BY_ID}/{issuer}/b", json=training_body(), headers={"If-Match": etag}
    )
    assert nothing.status_code == 412
    assert (await caller.get(path)).json()["duration_minutes"] == 2
    assert (await caller.get(f"{BY_ID}/{issuer}/b")).status_code == 404


async def test_two_who_create_the_same_one_at_once_make_one(
    caller: Caller, training_body: Callable[..., Body], issuer: str, owner: asyncpg.Connection
) -> None:
    path = f"{BY_ID}/{issuer}/a"
    answers = await asyncio.gather(
        *(caller.put(path, json=training_body(duration_minutes=n)) for n in range(1, 9))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[428] * 7]
    assert await owner.fetchval("SELECT count(*) FROM trainings WHERE issuer = $1", issuer) == 1


async def test_tenants_and_the_shipped_catalogue_do_not_meet(
    caller: Caller, stranger: Caller, training_body: Callable[..., Body], issuer: str
) -> None:
    path = f"{BY_ID}/{issuer}/a"
    mine = await caller.put(path, json=training_body())
    theirs = await stranger.put(path, json=training_body(duration_minutes=7))
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert (await caller.get(path)).json()["duration_minutes"] == 90

    shipped = f"{BY_ID}/pacnum-sample/lms-phishing"
    etag = (await caller.get(shipped)).headers["etag"]
    refused = await caller.put(shipped, json=training_body(), headers={"If-Match": etag})
    assert refused.status_code == 412
    own = await caller.put(shipped, json=training_body())
    assert own.status_code == 201
    assert own.json()["is_shared"] is False
    assert (await caller.get(shipped)).json()["title"] == "Trier ses données"
    assert (await stranger.get(shipped)).json()["title"] == "Déjouer l’hameçonnage"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"competences": [step("9.9", 0, 2)]}, "/competences/0/competence"),
        ({"competences": [step("1.1", 0, 2, "nowhere-1")]}, "/competences/0/framework"),
        ({"competences": [step("1.1", 4, 4)]}, "/competences/0/exit_level"),
        ({"prerequisites": {"trainings": ["nowhere"]}}, "/prerequisites/trainings/0"),
        ({"prerequisites": {"trainings": ["a"]}}, "/prerequisites/trainings/0"),
        (
            {
                "prerequisites": {
                    "competences": [{"framework": "crcn", "competence": "9.9", "level": 1}]
                }
            },
            "/prerequisites/competences/0/competence",
        ),
    ],
)
async def test_contradictions_are_told_by_place(
    caller: Caller,
    training_body: Callable[..., Body],
    issuer: str,
    changes: Body,
    pointer: str,
) -> None:
    answer = await caller.put(f"{BY_ID}/{issuer}/a", json=training_body(**changes))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "training_rejected"
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    "changes",
    [
        {"competences": []},
        {"link": "javascript:alert(1)"},
        {"link": "http://plain.example/"},
        {"duration_minutes": 0},
        {"language": "français"},
        {"accessibility": ["magic"]},
        {"title": {"fr": "Sans anglais"}},
        {"title": {"fr": "a\u0000b", "en": "x"}},
        {"price": 3},
    ],
)
async def test_malformed_trainings_are_refused(
    caller: Caller, training_body: Callable[..., Body], issuer: str, changes: Body
) -> None:
    answer = await caller.put(f"{BY_ID}/{issuer}/a", json=training_body(**changes))
    assert answer.status_code == 422
    assert (await caller.get(f"{BY_ID}/{issuer}/a")).status_code == 404


async def test_trainings_that_build_on_each_other_form_no_circle(
    caller: Caller, training_body: Callable[..., Body], issuer: str
) -> None:
    first = await caller.put(f"{BY_ID}/{issuer}/a", json=training_body())
    second = await caller.put(
        f"{BY_ID}/{issuer}/b", json=training_body(prerequisites={"trainings": ["a"]})
    )
    assert second.status_code == 201
    closing = await caller.put(
        f"{BY_ID}/{issuer}/a",
        json=training_body(prerequisites={"trainings": ["b"]}),
        headers={"If-Match": first.headers["etag"]},
    )
    assert closing.status_code == 422
    assert "circle" in closing.json()["errors"][0]["message"]


async def test_changes_are_told_as_events(
    caller: Caller, training_body: Callable[..., Body], issuer: str, owner: asyncpg.Connection
) -> None:
    path = f"{BY_ID}/{issuer}/a"
    answer = await caller.put(path, json=training_body())
    for changes in ({"duration_minutes": 5}, {"state": "withdrawn"}, {"state": "withdrawn"}):
        answer = await caller.put(
            path, json=training_body(**changes), headers={"If-Match": answer.headers["etag"]}
        )
        assert answer.status_code == 200
    rows = await owner.fetch(
        "SELECT type, subject FROM outbox_events WHERE tenant_id = $1 ORDER BY sequence",
        caller.tenant_id,
    )
    events = [row["type"] for row in rows if row["subject"] == answer.json()["id"]]
    assert events == ["training.created", "training.updated", "training.withdrawn"]
