"""Exactly one answer a position, whatever arrives in parallel."""

import asyncio
from collections import Counter
from uuid import UUID

import asyncpg
import httpx
import pytest

from pacnum_api.domains.items.service import ItemBank, forget_banks
from tests.support.callers import Caller
from tests.support.simulated_agent import (
    Document,
    SimulatedAgent,
    answer_to,
    begin,
    path_of,
    seed_of,
)

CROWD = 50
TRIES = 20


async def rows_of(owner: asyncpg.Connection, session: Document) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await owner.fetch(
        "SELECT * FROM answers WHERE session_id = $1 ORDER BY position", UUID(session["id"])
    )
    return rows


async def stored(owner: asyncpg.Connection, session: Document) -> asyncpg.Record:
    return await owner.fetchrow("SELECT * FROM test_sessions WHERE id = $1", UUID(session["id"]))


async def right_answer(caller: Caller, session: Document, bank: ItemBank) -> Document:
    pending = session["pending_item"]
    index = bank.index_of(UUID(pending["item_id"]))
    assert index is not None
    seed = await seed_of(caller, session)
    return answer_to(pending, dict(bank.right_response(index, seed=seed, locale="fr")))


async def with_free_input(caller: Caller) -> tuple[Document, list[Document]]:
    """A session whose pending item takes fifty different answers, and these."""
    session = await begin(caller, competences=None)
    pending = session["pending_item"]
    while pending["type"] not in {"short_text", "numeric"}:
        reply = await caller.post(path_of(session, "answers"), json=answer_to(pending, None))
        pending = reply.json()["pending_item"]
    member = "text" if pending["type"] == "short_text" else "value"
    responses = [{"type": pending["type"], member: str(number)} for number in range(CROWD)]
    return {**session, "pending_item": pending}, [
        answer_to(pending, response) for response in responses
    ]


async def post_all(
    callers: list[Caller], session: Document, bodies: list[Document]
) -> list[httpx.Response]:
    """All at once, the callers in turn.

    Fifty are more than the pool of one process bears on a busy machine: those that it turns away
    come again, as clients do.
    """
    path = path_of(session, "answers")

    async def post(place: int, body: Document) -> httpx.Response:
        for _ in range(TRIES):
            reply = await callers[place % len(callers)].post(path, json=body)
            if reply.status_code != 503:
                return reply
            await asyncio.sleep(0.1)
        raise TimeoutError(f"turned away {TRIES} times")

    return await asyncio.gather(*(post(place, body) for place, body in enumerate(bodies)))


@pytest.mark.parametrize("has_bank", [True, False], ids=["warm", "cold"])
async def test_fifty_identical_answers_are_one(
    caller: Caller, bank: ItemBank, *, owner: asyncpg.Connection, has_bank: bool
) -> None:
    """``cold``: the process does not hold the bank, so each goes through a whole unit of work."""
    session = await begin(caller)
    body = await right_answer(caller, session, bank)
    if not has_bank:
        forget_banks()
    replies = await post_all([caller], session, [body] * CROWD)
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert len(await rows_of(owner, session)) == 1
    row = await stored(owner, session)
    assert (row["version"], len(row["items"]), len(row["categories"])) == (2, 2, 1)


async def test_of_fifty_different_answers_one_counts(
    caller: Caller, *, owner: asyncpg.Connection
) -> None:
    session, bodies = await with_free_input(caller)
    replies = await post_all([caller], session, bodies)
    assert Counter(reply.status_code for reply in replies) == {201: 1, 409: CROWD - 1}
    (winner,) = (place for place, reply in enumerate(replies) if reply.status_code == 201)
    *_, row = await rows_of(owner, session)
    assert row["position"] == session["pending_item"]["position"]
    accepted = {
        "position": row["position"],
        "item_id": session["pending_item"]["item_id"],
        "response": bodies[winner]["response"],
        "accepted_at": replies[winner].json()["accepted_at"],
    }
    for place, reply in enumerate(replies):
        if place != winner:
            assert reply.json()["code"] == "answer_already_accepted"
            assert reply.json()["accepted"] == accepted
    assert row["accepted_at"].isoformat() == accepted["accepted_at"].replace("Z", "+00:00")


async def test_two_processes_serve_one_test(
    caller: Caller,
    beside: Caller,
    *,
    bank: ItemBank,
    owner: asyncpg.Connection,
) -> None:
    """Every answer sent to both at once, several times over; both give the same reply."""
    session = await begin(caller, competences=["1.1", "2.2", "3.3"])
    agent = SimulatedAgent(bank, 0.5)
    seed = await seed_of(caller, session)
    pending, count = session["pending_item"], 0
    while pending is not None:
        body = answer_to(pending, agent.response_to(pending, seed=seed, locale="fr"))
        replies = await post_all([caller, beside], session, [body] * 8)
        assert {reply.status_code for reply in replies} == {201}
        assert len({reply.content for reply in replies}) == 1
        here, there = await asyncio.gather(
            caller.get(path_of(session)), beside.get(path_of(session))
        )
        assert here.json() == there.json()
        pending, count = replies[0].json()["pending_item"], count + 1
    assert [row["position"] for row in await rows_of(owner, session)] == list(range(1, count + 1))
    assert (await beside.post(path_of(session, "replay"))).json()["differences"] == []


async def ended_once(
    caller: Caller, session: Document, *, owner: asyncpg.Connection, results: int
) -> None:
    """One ending in the outbox, and as many results as were measured, once."""
    events = await owner.fetch("SELECT type FROM outbox_events WHERE subject = $1", session["id"])
    assert sorted(event["type"] for event in events) == [
        "test_session.finished",
        "test_session.started",
    ]
    measured = await owner.fetchval(
        "SELECT count(*) FROM results WHERE session_id = $1", UUID(session["id"])
    )
    assert measured == results
    assert (await caller.post(path_of(session, "replay"))).json()["differences"] == []


async def test_the_last_answer_ends_the_test_once(
    caller: Caller, beside: Caller, *, owner: asyncpg.Connection
) -> None:
    """What ends a test writes results too and takes the long way; all skip, so any may be last."""
    session = await begin(caller, competences=["1.3"])
    pending = session["pending_item"]
    while pending is not None:
        replies = await post_all([caller, beside], session, [answer_to(pending, None)] * 20)
        assert {reply.status_code for reply in replies} == {201}
        assert len({reply.content for reply in replies}) == 1
        pending = replies[0].json()["pending_item"]
    await ended_once(caller, session, owner=owner, results=1)


async def test_finishing_many_times_at_once_ends_it_once(
    caller: Caller, beside: Caller, *, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, competences=["1.3", "1.1"])
    await caller.post(path_of(session, "answers"), json=answer_to(session["pending_item"], None))
    replies = await asyncio.gather(
        *(one.post(path_of(session, "finish")) for one in [caller, beside] * 10)
    )
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.content for reply in replies}) == 1
    await ended_once(caller, session, owner=owner, results=1)


async def test_an_answer_and_the_end_do_not_mix(
    caller: Caller, beside: Caller, *, owner: asyncpg.Connection
) -> None:
    """Either the answer came first and counts, or the end came first and refuses it."""
    outcomes: Counter[int] = Counter()
    for _ in range(12):
        session = await begin(caller, competences=["1.3", "1.1"])
        body = answer_to(session["pending_item"], None)
        answer, end = await asyncio.gather(
            caller.post(path_of(session, "answers"), json=body),
            beside.post(path_of(session, "finish")),
        )
        outcomes[answer.status_code] += 1
        assert end.status_code == 200
        assert answer.status_code in {201, 409}
        if answer.status_code == 409:
            assert answer.json()["code"] == "session_not_in_progress"
        counted = int(answer.status_code == 201)
        assert len(await rows_of(owner, session)) == counted
        assert len((await stored(owner, session))["categories"]) == counted
        await ended_once(caller, session, owner=owner, results=counted)
    assert sum(outcomes.values()) == 12


async def test_finishing_and_abandoning_at_once_do_one_of_them(
    caller: Caller, beside: Caller
) -> None:
    for _ in range(6):
        session = await begin(caller)
        replies = await asyncio.gather(
            caller.post(path_of(session, "finish")), beside.post(path_of(session, "abandon"))
        )
        assert sorted(reply.status_code for reply in replies) == [200, 409]
        state = (await caller.get(path_of(session))).json()["state"]
        done = next(reply for reply in replies if reply.status_code == 200)
        assert done.json()["state"] == state
