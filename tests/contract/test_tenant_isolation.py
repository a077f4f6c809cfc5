"""Tenant A with every scope meets every id of tenant B, on every route: nothing is there."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.support.belongings import ISSUER, Belongings, give_belongings, session_body
from tests.support.callers import Caller, make_caller
from tests.support.operations import JSON, Operation, document, each, operations
from tests.support.operations import operation as operation_of
from tests.support.problems import check_problem

NOT_FOUND_CODES = {
    "agent_id": "agent_not_found",
    "import_id": "import_not_found",
    "item_id": "item_not_found",
    "session_id": "test_session_not_found",
    "training_id": "training_not_found",
    "training_session_id": "training_session_not_found",
    "code": "framework_not_found",
    "framework": "framework_not_found",
}
UPSERTS = {
    "organisations_upsert_agent": "organisations_read_agent_by_external_id",
    "trainings_upsert_training": "trainings_read_training_by_external_id",
    "trainings_upsert_training_session": "trainings_read_training_session_by_external_id",
}
"""Named by the caller's own key: the same key is another thing in another tenant."""

IDS_IN_BODIES = {
    "test_sessions_begin_session": {"/agent/id"},
    "test_sessions_submit_answer": {"/item_id"},
    "recommendations_list_for_levels": {"/constraints/completed_trainings"},
}
IDS_IN_QUERIES = {"trainings_list_training_sessions": {"training_id"}}


@pytest.fixture(scope="module")
async def owner_of_all(app: Any) -> Any:
    """Tenant B."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://pacnum.test") as http:
        yield await make_caller(app, http)


@pytest.fixture(scope="module")
async def foreign(owner_of_all: Caller, tmp_path_factory: pytest.TempPathFactory) -> Belongings:
    """What tenant B owns."""
    return await give_belongings(owner_of_all, tmp_path_factory.mktemp("foreign"))


async def send(caller: Caller, operation: Operation, belongings: Belongings) -> httpx.Response:
    query = belongings.query_values(operation)
    address = operation.address(belongings.path_values(operation), query=query)
    return await caller.request(operation.method, address, **belongings.sending(operation))


def names_a_row(operation: Operation) -> bool:
    return bool(operation.path_parameters) and operation.id not in UPSERTS


@each(names_a_row)
async def test_a_foreign_id_is_not_found(
    operation: Operation, caller: Caller, foreign: Belongings
) -> None:
    answer = await send(caller, operation, foreign)
    code = next(
        (NOT_FOUND_CODES[name] for name in operation.path_parameters if name in NOT_FOUND_CODES),
        None,
    )
    check_problem(answer, 404, code=code, of=operation)
    assert not seen(answer, foreign, sent=answer.request)


@each(names_a_row)
async def test_its_owner_finds_it(
    operation: Operation, owner_of_all: Caller, foreign: Belongings, tmp_path: Any
) -> None:
    # the same request that was refused above, on things of its own: some of them it ends
    own = await give_belongings(owner_of_all, tmp_path)
    answer = await send(owner_of_all, operation, own)
    if operation.id == "test_sessions_read_result":
        own = replace(own, session={**own.session, "id": own.ended_id})
        answer = await send(owner_of_all, operation, own)
    assert answer.is_success, answer.text


@each(lambda one: one.id in UPSERTS)
async def test_the_same_external_id_names_another_thing(
    operation: Operation, caller: Caller, *, owner_of_all: Caller, foreign: Belongings
) -> None:
    if operation.id == "trainings_upsert_training_session":
        foreign_training = await send(caller, operation, foreign)
        check_problem(foreign_training, 422, code="training_session_rejected", of=operation)
        await send(caller, operation_of("trainings_upsert_training"), foreign)
    address = operation.address(foreign.path_values(operation))
    stolen = await caller.put(
        address,
        json=foreign.body(operation),
        headers={"If-Match": foreign.etags[operation.id]},
    )
    check_problem(stolen, 412, of=operation)
    before = await send(owner_of_all, operation_of(UPSERTS[operation.id]), foreign)
    created = await send(caller, operation, foreign)
    assert created.status_code == 201, created.text
    assert created.json()["id"] not in foreign.ids
    after = await send(owner_of_all, operation_of(UPSERTS[operation.id]), foreign)
    assert (before.status_code, before.text) == (200, after.text)


@each(lambda one: one.is_guarded and one.method == "GET" and not one.path_parameters)
async def test_no_list_shows_foreign_rows(
    operation: Operation, caller: Caller, foreign: Belongings
) -> None:
    if operation.id == "referential_read_crosswalk":
        check_problem(await send(caller, operation, foreign), 404, code="crosswalk_not_found")
        return
    async for page in pages(caller, operation.address()):
        assert not seen(page, foreign, sent=page.request)


async def pages(caller: Caller, address: str) -> Any:
    cursor: str | None = ""
    while cursor is not None:
        asked = {"limit": "200", **({"cursor": cursor} if cursor else {})}
        page = await caller.get(address, params=asked)
        assert page.status_code == 200, page.text
        yield page
        cursor = page.json()["next_cursor"]


def seen(answer: httpx.Response, foreign: Belongings, *, sent: httpx.Request) -> list[str]:
    """The ids of tenant B in an answer to A, but for those that A itself has sent."""
    text = answer.text
    given = str(sent.url) + sent.content.decode()
    return [known for known in foreign.ids if known in text and known not in given]


async def test_foreign_ids_in_filters_find_nothing(caller: Caller, foreign: Belongings) -> None:
    wanted = {"training_id": foreign.training_id}
    found = await caller.get("/v1/training-sessions", params=wanted)
    assert found.json() == {"data": [], "next_cursor": None}


async def test_foreign_ids_in_bodies_are_not_found(caller: Caller, foreign: Belongings) -> None:
    begin = operation_of("test_sessions_begin_session")
    answer = await send(caller, begin, foreign)
    check_problem(answer, 404, code="agent_not_found", of=begin)

    advise = operation_of("recommendations_list_for_levels")
    answer = await send(caller, advise, foreign)
    check_problem(answer, 404, code="framework_not_found", of=advise)
    asked = {"framework": "digcomp-2.2", "levels": {"1.1": 1}}
    plain = await caller.post(advise.path, json=asked)
    completed = {"constraints": {"completed_trainings": [foreign.training_id]}}
    assert (await caller.post(advise.path, json={**asked, **completed})).json() == plain.json()


async def test_a_foreign_framework_cannot_be_tested_on(caller: Caller, foreign: Belongings) -> None:
    agent = {"external_id": {"issuer": ISSUER, "value": foreign.value}}
    body = {"agent": agent, "framework": foreign.framework}
    answer = await caller.post("/v1/test-sessions", json=body)
    check_problem(answer, 404, code="framework_not_found")


async def test_an_agent_of_the_same_name_is_another_one(
    caller: Caller, owner_of_all: Caller, foreign: Belongings
) -> None:
    agent = {"external_id": {"issuer": ISSUER, "value": foreign.value}}
    body = {"agent": agent, "framework": "digcomp-2.2", "competences": ["1.1"]}
    begun = await caller.post("/v1/test-sessions", json=body)
    assert begun.status_code == 201, begun.text
    assert begun.json()["agent_id"] != foreign.agent_id
    path = f"/v1/test-sessions/{begun.json()['id']}"
    check_problem(await owner_of_all.get(path), 404, code="test_session_not_found")


async def test_an_item_of_a_foreign_session_answers_nothing(
    caller: Caller, foreign: Belongings
) -> None:
    agent = {"external_id": {"issuer": ISSUER, "value": "mine"}}
    body = {"agent": agent, "framework": "digcomp-2.2", "competences": ["1.1"]}
    begun = (await caller.post("/v1/test-sessions", json=body)).json()
    answer = {"position": 1, "item_id": foreign.item_id, "response": None}
    refused = await caller.post(f"/v1/test-sessions/{begun['id']}/answers", json=answer)
    check_problem(refused, 409, code="item_not_pending")


async def test_nothing_of_the_owner_has_changed(
    owner_of_all: Caller, foreign: Belongings, caller: Caller
) -> None:
    for one in operations():
        if names_a_row(one):
            await send(caller, one, foreign)
    session = await owner_of_all.get(f"/v1/test-sessions/{foreign.session['id']}")
    begun = {name: value for name, value in foreign.session.items() if name != "session_token"}
    assert session.json() == begun
    dated = f"/v1/training-sessions/by-external-id/{ISSUER}/{foreign.value}"
    assert (await owner_of_all.get(dated)).json()["seats"] == session_body("")["seats"]


def test_every_id_in_a_body_or_query_is_tried_above() -> None:
    assert {one.id: ids for one in operations() if (ids := body_ids(one))} == IDS_IN_BODIES
    assert {one.id: ids for one in operations() if (ids := query_ids(one))} == IDS_IN_QUERIES


def query_ids(operation: Operation) -> set[str]:
    described = document()["paths"][operation.path][operation.method.lower()]
    return {
        one["name"]
        for one in described.get("parameters", [])
        if one["in"] == "query" and list(uuids(one["schema"], ""))
    }


def body_ids(operation: Operation) -> set[str]:
    if operation.body_type != JSON:
        return set()
    described = document()["paths"][operation.path][operation.method.lower()]
    return set(uuids(described["requestBody"]["content"][JSON]["schema"], ""))


def uuids(schema: Mapping[str, Any], pointer: str) -> Iterator[str]:
    """Pointers of everything of the format uuid, through references, unions and lists."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from uuids(document()["components"]["schemas"][name], pointer)
    if schema.get("format") == "uuid":
        yield pointer
    for union in ("anyOf", "oneOf", "allOf"):
        for branch in schema.get(union, ()):
            yield from uuids(branch, pointer)
    for name, child in schema.get("properties", {}).items():
        yield from uuids(child, f"{pointer}/{name}")
    if isinstance(schema.get("items"), dict):
        yield from uuids(schema["items"], pointer)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from uuids(schema["additionalProperties"], f"{pointer}/*")
