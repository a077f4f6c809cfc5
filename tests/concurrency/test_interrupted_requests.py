"""Requests that are cut off on their way leave nothing half done."""

import asyncio
import time
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.support.callers import Caller
from tests.support.simulated_agent import Document, answer_to, begin, path_of

CUTS = 24
"""Cuts a test makes, spread over the time that a whole request takes, and a little more."""


async def cut_after(seconds: float, request: asyncio.Task[object]) -> bool:
    """Cancel a request some time after its start; whether it had not ended by then."""
    with suppress(TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(seconds):
            await asyncio.shield(request)
    is_cut = request.cancel()
    with suppress(asyncio.CancelledError):
        await request
    return is_cut


async def moments(caller: Caller) -> list[float]:
    """When to cut: from at once to somewhat longer than an answer takes here and now."""
    started = time.perf_counter()
    session = await begin(caller)
    body = answer_to(session["pending_item"], None)
    await caller.post(path_of(session, "answers"), json=body)
    whole = time.perf_counter() - started
    return [whole * place / CUTS for place in range(CUTS)]


async def is_whole(owner: asyncpg.Connection, session: Document) -> int:
    """How many answers there are, by the row, by the table and by the version alike."""
    # in one look: an answer whose request was cut may be stored at any moment
    row = await owner.fetchrow(
        "SELECT *, (SELECT count(*) FROM answers WHERE session_id = test_sessions.id) AS stored"
        "  FROM test_sessions WHERE id = $1",
        UUID(session["id"]),
    )
    count: int = row["stored"]
    assert len(row["categories"]) == count == row["version"] - 1
    assert len(row["items"]) == count + (row["state"] == "in_progress")
    return count


@pytest.mark.parametrize("is_keyed", [False, True], ids=["hot path", "idempotency key"])
async def test_a_cut_answer_counts_wholly_or_not_at_all(
    caller: Caller, owner: asyncpg.Connection, *, is_keyed: bool
) -> None:
    """Cut wherever it may be waiting, then sent again."""
    cut = 0
    for seconds in await moments(caller):
        session = await begin(caller)
        body = answer_to(session["pending_item"], None)
        headers = {"Idempotency-Key": str(uuid4())} if is_keyed else {}
        path = path_of(session, "answers")
        request = asyncio.create_task(caller.post(path, json=body, headers=headers))
        cut += await cut_after(seconds, request)
        assert await is_whole(owner, session) in {0, 1}
        reply = await caller.post(path, json=body, headers=headers)
        assert reply.status_code == 201, reply.text
        assert await is_whole(owner, session) == 1
    assert cut > 0  # the first is cut at once, however fast the machine


async def test_a_cut_end_is_recorded_wholly_or_not_at_all(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    for seconds in await moments(caller):
        session = await begin(caller)
        await caller.post(
            path_of(session, "answers"), json=answer_to(session["pending_item"], None)
        )
        request = asyncio.create_task(caller.post(path_of(session, "finish")))
        await cut_after(seconds, request)
        state, results, events = await owner.fetchrow(
            "SELECT state, (SELECT count(*) FROM results WHERE session_id = test_sessions.id),"
            " (SELECT count(*) FROM outbox_events WHERE subject = test_sessions.id::text)"
            "  FROM test_sessions WHERE id = $1",
            UUID(session["id"]),
        )
        assert (state, results, events) in {("in_progress", 0, 1), ("finished", 1, 2)}
        assert (await caller.post(path_of(session, "finish"))).json()["state"] == "finished"


async def test_no_connection_is_left_in_a_transaction(
    caller: Caller, owner: asyncpg.Connection
) -> None:
    session = await begin(caller)
    body = answer_to(session["pending_item"], None)
    for seconds in await moments(caller):
        request = asyncio.create_task(caller.post(path_of(session, "answers"), json=body))
        await cut_after(seconds, request)
    left = 1
    for _ in range(50):
        left = await owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'pacnum' AND state LIKE 'idle in transaction%'"
        )
        if left == 0:
            break
        await asyncio.sleep(0.05)
    assert left == 0
    replies = await asyncio.gather(
        *(caller.post(path_of(session, "answers"), json=body) for _ in range(30))
    )
    assert {reply.status_code for reply in replies} == {201}
