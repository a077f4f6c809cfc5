"""What is asked of each database: answers, and the calls around them.

A caller makes one call at a time and says how long it took. Which session or agent it is about is
drawn anew each time, from all that are stored or from those that have just begun.
"""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol
from uuid import UUID

import asyncpg

from benchmarks.growth_rows import Models, add_sessions
from benchmarks.growth_stage import ANSWERED, COMPETENCES, FRAMEWORK, Place, Stage
from benchmarks.http_client import Connection, Reply
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions import tasks
from pacnum_api.platform.database import Database

LEAVES_AFTER = 19
"""An agent leaves its session here: with its budget of 20 items, the next answer ends the test."""

CHANCE_OF_RIGHT = 0.6
SAMPLED = 2000
OVERDUE = 10
PAGE = 10
"""Agents asked for at once: no more than half of a tenant's are in the smallest database."""

SELECT_OPEN = """
SELECT id, tenant_id, seed, version, items[cardinality(items)] AS pending
  FROM test_sessions
 WHERE state = 'in_progress' AND (id = ANY($1) OR $1 IS NULL) AND tenant_id = ANY($2)
   AND id <> ALL($3) -- others are yet to be copied from the models
"""
SELECT_ENDED = """
SELECT id, tenant_id, agent_id FROM test_sessions
 WHERE state = 'finished' AND tenant_id = ANY($1) ORDER BY random() LIMIT $2
"""
# Half of the agents: the first half's last changes lie further back, as a partner's last visit may.
SELECT_SINCE = """
SELECT tenant_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY updated_at) AS since
  FROM agents WHERE tenant_id = ANY($1) GROUP BY tenant_id
"""


class Caller(Protocol):
    async def sit_down(self) -> None:
        """Get ready for the next calls; this is not timed."""
        ...

    async def call(self) -> float:
        """Make one call; the seconds until its reply was read."""
        ...


@dataclass(slots=True)
class Begun:
    """A test that awaits an answer."""

    id: UUID
    token: str
    seed: int
    position: int
    item_id: UUID


class Taker:
    """Answers in whichever of the tests chance says, and takes each on where it was left."""

    def __init__(self, connection: Connection, begun: list[Begun], *, bank: ItemBank) -> None:
        self._connection = connection
        self._begun = begun
        self._bank = bank
        self._chance = random.Random(len(begun))  # noqa: S311 - who answers next
        self._responses: dict[tuple[UUID, int], str] = {}

    async def sit_down(self) -> None:
        await self._connection.reopen()

    @property
    def left(self) -> int:
        """How many answers all these tests have room for."""
        return sum(LEAVES_AFTER + 1 - test.position for test in self._begun)

    async def call(self) -> float:
        # nobody else may answer in it meanwhile: it is put back afterwards
        at = self._chance.randrange(len(self._begun))
        self._begun[at], self._begun[-1] = self._begun[-1], self._begun[at]
        test = self._begun.pop()
        response = self._response(test)
        body = f'{{"position":{test.position},"item_id":"{test.item_id}","response":{response}}}'
        path = f"/v1/test-sessions/{test.id}/answers"
        started = time.perf_counter()
        reply = await self._connection.post(path, body.encode(), token=test.token)
        seconds = time.perf_counter() - started
        pending = read(reply, 201)["pending_item"]
        if isinstance(pending, dict) and test.position < LEAVES_AFTER:
            test.position, test.item_id = pending["position"], UUID(pending["item_id"])
            self._begun.append(test)
        return seconds

    def _response(self, test: Begun) -> str:
        """Worked out once for all copies of a test: they are put the same items."""
        known = self._responses.get((test.item_id, test.seed))
        if known is None:
            index = self._bank.index_of(test.item_id)
            assert index is not None
            is_right = self._chance.random() < CHANCE_OF_RIGHT
            answer = self._bank.right_response if is_right else self._bank.wrong_response
            known = json.dumps(answer(index, seed=test.seed, locale="fr"))
            self._responses[test.item_id, test.seed] = known
        return known


@dataclass(frozen=True, slots=True)
class Request:
    """A body makes it a POST that creates something."""

    path: str
    token: str
    body: bytes | None = None


class Reader:
    """Sends requests that are all of one kind."""

    def __init__(self, connection: Connection, requests: Iterator[Request]) -> None:
        self._connection = connection
        self._requests = requests

    async def sit_down(self) -> None:
        await self._connection.reopen()

    async def call(self) -> float:
        request = next(self._requests)
        started = time.perf_counter()
        if request.body is None:
            reply = await self._connection.get(request.path, token=request.token)
        else:
            reply = await self._connection.post(request.path, request.body, token=request.token)
        seconds = time.perf_counter() - started
        read(reply, 200 if request.body is None else 201)
        return seconds


class Sweeper:
    """What the worker does each minute for a tenant, with ``overdue`` tests to end or none."""

    def __init__(self, stage: Stage, owner: asyncpg.Connection, *, database: Database) -> None:
        self._stage = stage
        self._owner = owner
        self._database = database
        self._tenant_id = stage.partners[0].tenant_id
        self._number = 0
        self.overdue = 0

    async def sit_down(self) -> None:
        return

    async def call(self) -> float:
        if self.overdue:
            self._number += 1
            ids = await add_sessions(
                self._owner,
                self.overdue,
                models=self._stage.models,
                tenant_id=self._tenant_id,
                name=f"overdue-{time.time_ns()}",
            )
            await self._owner.execute(
                "UPDATE test_sessions SET expires_at = now() - interval '1 s' WHERE id = ANY($1)",
                ids,
            )
        started = time.perf_counter()
        done = await tasks.expire_sessions(self._database, self._tenant_id)
        seconds = time.perf_counter() - started
        assert done == self.overdue, f"{done} tests were ended"
        return seconds


def read(reply: Reply, status: int) -> dict[str, object]:
    if reply.status != status:
        raise RuntimeError(f"{reply.status}: {reply.body.decode()}")
    document: dict[str, object] = json.loads(reply.body)
    return document


async def spread_tests(
    owner: asyncpg.Connection, place: Place, *, stage: Stage, bank: ItemBank
) -> list[Begun]:
    """Tests that await an answer, spread over all that are stored."""
    return await _open_tests(owner, place, bank=bank, models=stage.models, ids=None)


async def recent_tests(
    owner: asyncpg.Connection, place: Place, *, stage: Stage, bank: ItemBank, count: int
) -> list[Begun]:
    """Tests that have begun this moment, the tenants' in turn."""
    ids = []
    for partner in stage.partners:
        ids += await add_sessions(
            owner,
            -(-count // len(stage.partners)),
            models=stage.models,
            tenant_id=partner.tenant_id,
            name=f"recent-{time.time_ns()}",
        )
    return await _open_tests(owner, place, bank=bank, models=stage.models, ids=ids)


async def _open_tests(
    owner: asyncpg.Connection,
    place: Place,
    *,
    bank: ItemBank,
    models: Models,
    ids: Sequence[UUID] | None,
) -> list[Begun]:
    rows = await owner.fetch(SELECT_OPEN, ids, list(place.tokens), models.begun)
    return [
        Begun(
            id=row["id"],
            token=place.tokens[row["tenant_id"]],
            seed=row["seed"],
            position=row["version"],
            item_id=bank.item_ids[row["pending"]],
        )
        for row in rows
        if row["version"] in range(ANSWERED + 1, LEAVES_AFTER)
    ]


async def requests_of(owner: asyncpg.Connection, place: Place) -> dict[str, Iterator[Request]]:
    """The calls around the answer, each about another test or agent drawn from all."""
    ended = await owner.fetch(SELECT_ENDED, list(place.tokens), SAMPLED)
    since = await owner.fetch(SELECT_SINCE, list(place.tokens))
    of_tests = [(f"/v1/test-sessions/{row['id']}", place.tokens[row["tenant_id"]]) for row in ended]
    of_agents = [(f"/v1/agents/{row['agent_id']}", place.tokens[row["tenant_id"]]) for row in ended]
    pages = [
        (
            f"/v1/agents?limit={PAGE}&updated_since={row['since']:%Y-%m-%dT%H:%M:%S}Z",
            place.tokens[row["tenant_id"]],
        )
        for row in since
    ]
    beginnings = [
        Request("/v1/test-sessions", place.tokens[row["tenant_id"]], _beginning(row["agent_id"]))
        for row in ended
    ]
    return {
        "read a session": _each(of_tests, ""),
        "read a result": _each(of_tests, "/result"),
        "explain a session": _each(of_tests, "/explanation"),
        "an agent's history": _each(of_agents, "/history"),
        "an agent's profile": _each(of_agents, f"/profile?framework={FRAMEWORK}"),
        "list agents": _each(pages, ""),
        "begin, tested before": cycle(beginnings),
    }


def _beginning(agent_id: UUID) -> bytes:
    body = {
        "agent": {"id": str(agent_id)},
        "framework": FRAMEWORK,
        "competences": list(COMPETENCES),
    }
    return json.dumps(body).encode()


def _each(of: Sequence[tuple[str, str]], rest: str) -> Iterator[Request]:
    return cycle([Request(path + rest, token) for path, token in of])
