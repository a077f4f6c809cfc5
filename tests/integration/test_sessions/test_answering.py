"""Answers, the pending item and its files."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.database import Database
from tests.support.callers import Caller
from tests.support.simulated_agent import (
    Document,
    SimulatedAgent,
    answer_to,
    begin,
    path_of,
    seed_of,
    take,
)


async def test_reading_never_moves_the_test(caller: Caller, agent: SimulatedAgent) -> None:
    session = await begin(caller)
    for _ in range(3):
        seen = [(await caller.get(path_of(session))).content for _ in range(2)]
        assert seen[0] == seen[1]
        await take(
            caller, agent, {**session, **(await caller.get(path_of(session))).json()}, at_most=1
        )


async def test_a_lost_connection_resumes_where_it_was(
    caller: Caller, agent: SimulatedAgent
) -> None:
    session = await begin(caller)
    taken = await take(caller, agent, session, at_most=2)
    resumed = (await caller.with_token(session["session_token"]).get(path_of(session))).json()
    assert resumed["pending_item"] == taken.replies[-1]["pending_item"]
    assert resumed["progress"] == taken.replies[-1]["progress"]


async def test_the_same_answer_again_gets_the_same_reply(
    caller: Caller, agent: SimulatedAgent
) -> None:
    """At once, later, with another duration, after the end, and when the test was finished."""
    session = await begin(caller)
    taken = await take(caller, agent, session)
    for sent, reply in zip(taken.sent, taken.replies, strict=True):
        again = await caller.post(
            path_of(session, "answers"), json={**sent, "client_duration_seconds": None}
        )
        assert (again.status_code, again.json()) == (201, reply)


async def test_another_answer_is_refused_with_the_one_that_counts(
    caller: Caller, agent: SimulatedAgent
) -> None:
    session = await begin(caller)
    taken = await take(caller, agent, session, at_most=1)
    (sent,) = taken.sent
    other = await caller.post(path_of(session, "answers"), json={**sent, "response": None})
    assert (other.status_code, other.json()["code"]) == (409, "answer_already_accepted")
    assert other.json()["accepted"] == {
        "position": 1,
        "item_id": sent["item_id"],
        "response": sent["response"],
        "accepted_at": taken.replies[0]["accepted_at"],
    }


async def test_only_the_pending_position_and_item_take_an_answer(caller: Caller) -> None:
    session = await begin(caller)
    pending = session["pending_item"]
    expected = {"position": 1, "item_id": pending["item_id"]}
    for change, code in (
        ({"position": 2}, "position_not_pending"),
        ({"item_id": str(uuid4())}, "item_not_pending"),
    ):
        body = {**answer_to(pending, None), **change}
        response = await caller.post(path_of(session, "answers"), json=body)
        assert (response.status_code, response.json()["code"]) == (409, code)
        assert response.json()["pending"] == expected
    assert (await caller.get(path_of(session))).json()["pending_item"] == pending


async def test_a_response_of_another_form_is_pointed_at(caller: Caller, bank: ItemBank) -> None:
    session = await begin(caller)
    pending = session["pending_item"]
    other = next(index for index, item in enumerate(bank.items) if item.type != pending["type"])
    response = dict(bank.right_response(other, seed=1, locale="fr"))
    reply = await caller.post(path_of(session, "answers"), json=answer_to(pending, response))
    assert (reply.status_code, reply.json()["code"]) == (422, "response_rejected")
    assert all(one["pointer"].startswith("/response") for one in reply.json()["errors"])
    assert (await caller.get(path_of(session))).json() == {
        name: session[name] for name in session if name != "session_token"
    }


@pytest.mark.parametrize(
    "change",
    [
        {"position": 0},
        {"position": "1"},
        {"item_id": "7"},
        {"response": {"type": "essay", "text": "x"}},
        {"client_duration_seconds": -1},
        {"score": 1},
    ],
)
async def test_what_is_not_an_answer_is_refused(change: dict[str, Any], caller: Caller) -> None:
    session = await begin(caller)
    body = {**answer_to(session["pending_item"], None), **change}
    reply = await caller.post(path_of(session, "answers"), json=body)
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")
    assert any(
        one["pointer"].startswith(f"/{next(iter(change))}") for one in reply.json()["errors"]
    )


async def test_an_answer_has_to_say_whether_it_skips(caller: Caller) -> None:
    session = await begin(caller)
    body = answer_to(session["pending_item"], None)
    del body["response"]
    assert (await caller.post(path_of(session, "answers"), json=body)).status_code == 422


async def until_files(caller: Caller, agent: SimulatedAgent) -> tuple[Document, Document]:
    """A session whose pending item has a file, and that item."""
    for _ in range(10):
        session = await begin(caller, competences=["1.3", "1.1", "2.2", "3.1"])
        pending = session["pending_item"]
        while pending is not None:
            if pending["content"]["files"]:
                return session, pending
            reply = await take(caller, agent, {**session, "pending_item": pending}, at_most=1)
            pending = reply.replies[-1]["pending_item"]
    raise AssertionError("no item with a file came up")


async def test_files_are_fetched_while_their_item_is_pending_and_only_then(
    caller: Caller, agent: SimulatedAgent, bank: ItemBank
) -> None:
    session, pending = await until_files(caller, agent)
    browser = caller.with_token(session["session_token"])
    (shown, *_) = pending["content"]["files"]
    file = await browser.get(shown["href"])
    index = bank.index_of(UUID(pending["item_id"]))
    assert index is not None
    rendered = bank.file(
        index, seed=await seed_of(caller, session), locale="fr", name=shown["name"]
    )
    assert (file.status_code, file.content) == (200, rendered.content)
    assert file.headers["content-type"].startswith(shown["media_type"])
    assert file.headers["cache-control"] == "private, no-store"
    other_name = shown["href"].replace(shown["name"], "other.csv")
    position = pending["position"]
    for path, code in (
        (other_name, "item_file_not_found"),
        (shown["href"].replace(f"/{position}/", f"/{position + 1}/"), "file_not_pending"),
    ):
        refused = await browser.get(path)
        assert (refused.status_code, refused.json()["code"]) == (404, code)
    await browser.post(path_of(session, "answers"), json=answer_to(pending, None))
    gone = await browser.get(shown["href"])
    assert (gone.status_code, gone.json()["code"]) == (404, "file_not_pending")


async def test_no_file_after_the_end(caller: Caller, agent: SimulatedAgent) -> None:
    session, pending = await until_files(caller, agent)
    await caller.post(path_of(session, "abandon"))
    gone = await caller.get(pending["content"]["files"][0]["href"])
    assert (gone.status_code, gone.json()["code"]) == (404, "file_not_pending")


async def test_a_session_stays_on_the_bank_that_it_began_on(
    caller: Caller,
    agent: SimulatedAgent,
    *,
    bank: ItemBank,
    owner: asyncpg.Connection,
    database: Database,
) -> None:
    session = await begin(caller)
    await take(caller, agent, session, at_most=2)
    newer = new_id()
    await owner.execute(  # the tenant's own version, with a single item
        "INSERT INTO item_banks SELECT (jsonb_populate_record(b, jsonb_build_object("
        "'id', $1::text, 'tenant_id', $2::text, 'version', 99, 'item_count', 1,"
        "'entries', jsonb_build_array(b.entries->0)))).* FROM item_banks b WHERE id = $3",
        str(newer),
        str(caller.tenant_id),
        bank.handle.id,
    )
    await owner.execute("SELECT pg_notify('pacnum_bank', $1)", str(newer))
    async with database.unit_of_work(caller.tenant_id) as uow:
        assert (await items.current_bank(uow, "digcomp-2.2")).id == newer
    present = (await caller.get(path_of(session))).json()
    await take(caller, agent, {**session, **present})
    versions = (await caller.get(path_of(session, "result"))).json()["versions"]
    assert versions["item_bank"] == str(bank.handle.id)
    assert (await caller.post(path_of(session, "replay"))).json()["is_identical"]
    later = await begin(caller, competences=[bank.items[0].competence])
    taken = await caller.post(
        path_of(later, "answers"), json=answer_to(later["pending_item"], None)
    )
    assert taken.json()["state"] == "finished"  # one item in all
