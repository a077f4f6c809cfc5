"""Agents who take whole tests, one after another, and think between answers."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.growth_stage import FRAMEWORK
from benchmarks.http_client import Connection, Reply
from pacnum_api.domains.items.service import ItemBank

CHANCE_OF_RIGHT = 0.6
CHANCE_OF_RETURNING = 0.25
"""An agent's next test is the same person's, whose abilities are then known."""

ARRIVAL_SECONDS = 30
"""Agents sit down one after another, all of them within this time."""

NUMBERS, SHARES = (1, 5, 21), (0.3, 0.6, 0.1)
"""Competences that a test asks about, and how often."""

KINDS = ("create", "answer", "end", "result")


@dataclass
class Record:
    """What came back: seconds by kind of call with their instants, acknowledged answers, errors."""

    started: float = field(default_factory=time.monotonic)
    calls: dict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: {kind: [] for kind in KINDS}
    )
    acknowledged: dict[UUID, list[tuple[int, UUID]]] = field(default_factory=dict)
    ended: list[UUID] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def answers(self) -> int:
        return len(self.calls["answer"]) + len(self.calls["end"])


@dataclass(frozen=True)
class World:
    """Where agents take tests."""

    port: int
    token: Callable[[], str]
    """Of the client that begins tests; renewed while the agents work."""

    bank: ItemBank
    seeds: asyncpg.Pool
    thinks_seconds: float
    record: Record


class Refused(Exception):
    """The service did not do what an agent asked for."""


class Agent:
    """One seat in front of a screen, for as long as the run takes."""

    def __init__(self, world: World, *, number: int) -> None:
        self._world = world
        self._number = number
        self._person = 0
        self._chance = random.Random(number)  # noqa: S311 - a simulated agent
        self._connection = Connection(world.port)

    async def work(self, until: float) -> None:
        """Take tests until then; the last one is left where it is."""
        await asyncio.sleep(self._chance.random() * ARRIVAL_SECONDS)
        while time.monotonic() < until:
            try:
                await self._take_a_test(until)
            except (Refused, OSError, TimeoutError) as error:
                self._world.record.errors.append(f"agent {self._number}: {error!r}")
                await asyncio.sleep(1)
        self._connection.close()

    async def _take_a_test(self, until: float) -> None:
        world, record = self._world, self._world.record
        await self._connection.reopen()
        session = await self._ask("create", "/v1/test-sessions", body=self._beginning())
        session_id, token = UUID(session["id"]), session["session_token"]
        seed = await world.seeds.fetchval(
            "SELECT seed FROM test_sessions WHERE id = $1", session_id
        )
        given = record.acknowledged[session_id] = []
        path, pending = f"/v1/test-sessions/{session_id}", session["pending_item"]
        while pending is not None:
            await self._think()
            if time.monotonic() >= until:
                return
            item_id = UUID(pending["item_id"])
            body = self._answer(pending["position"], item_id, seed=seed)
            reply = await self._ask("answer", f"{path}/answers", body=body, token=token)
            given.append((pending["position"], item_id))
            pending = reply["pending_item"]
        record.ended.append(session_id)
        await self._ask("result", f"{path}/result", token=token)

    async def _think(self) -> None:
        await asyncio.sleep(self._world.thinks_seconds * (0.5 + self._chance.random()))

    async def _ask(
        self, kind: str, path: str, *, body: bytes | None = None, token: str | None = None
    ) -> dict[str, Any]:
        """Raises Refused for whatever is not the success that was hoped for."""
        if not self._connection.is_open:
            await self._connection.reopen()
        bearer = token or self._world.token()
        started = time.monotonic()
        if body is None:
            reply = await self._connection.get(path, token=bearer)
        else:
            reply = await self._connection.post(path, body, token=bearer)
        seconds = time.monotonic() - started
        document = _read(reply, 200 if body is None else 201)
        is_end = kind == "answer" and document["pending_item"] is None
        self._world.record.calls["end" if is_end else kind].append((started, seconds))
        return document

    def _beginning(self) -> bytes:
        if self._chance.random() >= CHANCE_OF_RETURNING:
            self._person += 1
        name = f"agent-{self._number}-{self._person}"
        (count,) = self._chance.choices(NUMBERS, SHARES)
        competences = self._chance.sample(self._world.bank.competences, count)
        body = {
            "agent": {"external_id": {"issuer": "soak", "value": name}},
            "framework": FRAMEWORK,
            "competences": competences,
        }
        return json.dumps(body).encode()

    def _answer(self, position: int, item_id: UUID, *, seed: int) -> bytes:
        bank = self._world.bank
        index = bank.index_of(item_id)
        assert index is not None
        is_right = self._chance.random() < CHANCE_OF_RIGHT
        answer = bank.right_response if is_right else bank.wrong_response
        response = answer(index, seed=seed, locale="fr")
        body = {"position": position, "item_id": str(item_id), "response": response}
        return json.dumps(body).encode()


def _read(reply: Reply, status: int) -> dict[str, Any]:
    if reply.status != status:
        raise Refused(f"{reply.status}: {reply.body.decode()[:300]}")
    document: dict[str, Any] = json.loads(reply.body)
    return document
