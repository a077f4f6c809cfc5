"""Exposure is counted for all processes at once, whatever begins and ends in parallel."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import numpy as np
import pytest

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions import tasks
from pacnum_api.platform.database import Database
from tests.support.callers import Caller
from tests.support.house_bank import house_items, load_house_bank
from tests.support.simulated_agent import Document, answer_to, path_of

ITEMS, TRYOUTS = 60, 4
AT_ONCE, ROUNDS = 8, 6
CEILING, NEED = 0.25, 12


@pytest.fixture
async def house(caller: Caller, tmp_path: Path) -> ItemBank:
    """Sixty items of one competence: enough for the ceiling to bind."""
    return await load_house_bank(
        caller, tmp_path, items=house_items(ITEMS + TRYOUTS, tryouts=TRYOUTS)
    )


async def begun(caller: Caller, bank: ItemBank, *, agent: int) -> Document:
    body = {
        "agent": {"external_id": {"issuer": "lms", "value": f"a-{agent}"}},
        "framework": bank.handle.framework,
        "competences": ["1.1"],
    }
    reply = await caller.post("/v1/test-sessions", json=body)
    assert reply.status_code == 201, reply.text
    session: Document = reply.json()
    return session


async def skipping(caller: Caller, session: Document, *, answers: int) -> None:
    pending = session["pending_item"]
    for _ in range(answers):
        reply = await caller.post(path_of(session, "answers"), json=answer_to(pending, None))
        assert reply.status_code == 201, reply.text
        pending = reply.json()["pending_item"]
        if pending is None:
            return


async def ended(caller: Caller, session: Document, *, agent: int) -> None:
    """Some answers, then one of the ways to end, twice over."""
    await skipping(caller, session, answers=agent % 5)
    verb = ("finish", "abandon")[agent % 2]
    replies = await asyncio.gather(*(caller.post(path_of(session, verb)) for _ in range(2)))
    assert {reply.status_code for reply in replies} <= {200, 409}


async def counters(owner: asyncpg.Connection, caller: Caller, bank: ItemBank) -> asyncpg.Record:
    return await owner.fetchrow(
        "SELECT * FROM item_exposures WHERE tenant_id = $1 AND bank_id = $2",
        caller.tenant_id,
        bank.handle.id,
    )


async def sessions_of(
    owner: asyncpg.Connection, caller: Caller, *, state: str
) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await owner.fetch(
        "SELECT * FROM test_sessions WHERE tenant_id = $1"
        " AND (state = 'in_progress') = ($2 = 'in_progress') ORDER BY id",
        caller.tenant_id,
        state,
    )
    return rows


def used_by(bank: ItemBank, rows: Sequence[asyncpg.Record]) -> list[int]:
    """How many of the sessions have shown each group."""
    total = np.zeros(len(bank.groups), np.int64)
    for row in rows:
        total += bank.groups.shown(row["items"])
    return total.tolist()


def reserved_by(bank: ItemBank, rows: Sequence[asyncpg.Record]) -> list[int]:
    total = np.zeros(len(bank.groups), np.int64)
    for row in rows:
        reserved = np.frombuffer(row["availability"], np.uint8) > 0
        reserved[list((row["tryouts"] or [])[1::2])] = True
        total += reserved
    return total.tolist()


async def expired(
    session: Document, *, caller: Caller, owner: asyncpg.Connection, database: Database
) -> None:
    """Time runs out, and three workers find out at once."""
    await owner.execute(
        "UPDATE test_sessions SET expires_at = now() - interval '1 hour' WHERE id = $1",
        UUID(session["id"]),
    )
    found = await asyncio.gather(
        *(tasks.expire_sessions(database, caller.tenant_id) for _ in range(3))
    )
    assert sum(found) == 1


async def test_counters_say_what_the_sessions_did(
    caller: Caller,
    beside: Caller,
    *,
    house: ItemBank,
    owner: asyncpg.Connection,
    database: Database,
) -> None:
    """Two processes, many tests begun and ended at once; at each rest the counters are right."""
    for number in range(ROUNDS):
        numbers = range(number * AT_ONCE, (number + 1) * AT_ONCE)
        both = (caller, beside)
        sessions = await asyncio.gather(
            *(begun(both[agent % 2], house, agent=agent) for agent in numbers)
        )
        running = await sessions_of(owner, caller, state="in_progress")
        row = await counters(owner, caller, house)
        assert row["tests"] == (number + 1) * AT_ONCE
        assert row["reserved"] == reserved_by(house, running)
        await asyncio.gather(
            *(
                ended(both[(agent + 1) % 2], session, agent=agent)
                for agent, session in zip(numbers[:-1], sessions[:-1], strict=True)
            )
        )
        await skipping(caller, sessions[-1], answers=2)
        await expired(sessions[-1], caller=caller, owner=owner, database=database)
        over = await sessions_of(owner, caller, state="ended")
        row = await counters(owner, caller, house)
        assert len(over) == row["tests"]
        assert row["administered"] == used_by(house, over)
        assert row["reserved"] == [0] * len(house.groups)
    row = await counters(owner, caller, house)
    measuring = np.array(row["administered"])[: len(house.measures)][house.measures]
    assert measuring.max() <= max(1, int(CEILING * row["tests"]))
    assert np.count_nonzero(measuring) > ITEMS / 2
    for session in await sessions_of(owner, caller, state="ended"):
        assert np.count_nonzero(np.frombuffer(session["availability"], np.uint8)) >= NEED
        replay = await caller.post(f"/v1/test-sessions/{session['id']}/replay")
        assert replay.json()["differences"] == []


async def test_the_first_two_tests_of_a_bank_may_begin_at_once(
    caller: Caller, beside: Caller, *, house: ItemBank, owner: asyncpg.Connection
) -> None:
    await asyncio.gather(
        *(begun(one, house, agent=agent) for agent, one in enumerate([caller, beside] * 4))
    )
    row = await counters(owner, caller, house)
    assert row["tests"] == 8
    running = await sessions_of(owner, caller, state="in_progress")
    assert row["reserved"] == reserved_by(house, running)
