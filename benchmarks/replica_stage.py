"""Several processes of the service on one database, a tenant with a bank of its own, and agents.

An agent takes whole tests and goes to another connection at each answer. The connections lead to
the processes by turns where each has its port; where several share one, the kernel dealt them out.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from benchmarks.http_client import Connection, Reply
from benchmarks.processes import children_of, free_port, running
from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.clients.types import ClientDefinition, NewSecret
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.entrypoints.shipped_content import SHIPPED, publish_shipped_content
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.database import Database
from pacnum_api.platform.documents import load_yaml
from pacnum_api.platform.embedded_postgres import EmbeddedServer

FRAMEWORK = "digcomp-2.2"
COMPETENCES = ("1.1", "1.3", "2.4", "4.1", "5.1")
ISSUER = "http://pacnum.benchmark"
"""PACNUM_PUBLIC_URL of every process: one token opens them all."""

CHANCE_OF_RIGHT = 0.6
SEED = 2026
PACNUM = str(Path(sys.executable).with_name("pacnum"))
SCOPES = frozenset({Scope.TEST_SESSIONS_RUN, Scope.RESULTS_READ})


@dataclass(frozen=True, slots=True)
class House:
    """Whose tests these are. ``owner`` sees every row, for one at a time (``looking``)."""

    postgres: EmbeddedServer
    database: Database
    owner: asyncpg.Connection
    tenant_id: UUID
    client: NewSecret
    looking: asyncio.Lock

    async def bank(self) -> ItemBank:
        """The bank that a test of this tenant begins on now."""
        async with self.database.unit_of_work(self.tenant_id) as uow:
            handle = await items.current_bank(uow, FRAMEWORK)
            return await items.get_bank(uow, handle.id)

    async def load(self, documents: Mapping[str, Sequence[object]]) -> None:
        """Load items of the tenant's own, by competence, and publish its next bank version."""
        with tempfile.TemporaryDirectory(prefix="pacnum-items-") as folder:
            paths = []
            for competence, documents_of_it in documents.items():
                path = Path(folder) / f"{competence}.yaml"  # JSON is YAML
                document = {"framework": FRAMEWORK, "competence": competence}
                whole = {**document, "items": documents_of_it}
                path.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
                paths.append(path)
            reading = items.read_documents(paths, tries_out=False)
        async with self.database.unit_of_work(self.tenant_id) as uow:
            await items.load_items(uow, reading)


async def make_house(postgres: EmbeddedServer, *, has_own_items: bool) -> House:
    """Shipped content, and a client without a limit that could matter.

    With items of its own, copies of those of one competence, the tenant has a bank of its own.
    """
    database = Database(postgres.url(), role="pacnum_app", pool_size=2)
    await publish_shipped_content(database, only_if_empty=True)
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        tenant_id = await clients.find_tenant(uow, "benchmark", is_made_when_new=True)
    definition = ClientDefinition(name="benchmark", scopes=SCOPES, rate_limit_per_minute=1_000_000)
    async with database.unit_of_work(tenant_id) as uow:
        client = await clients.create_client(uow, definition)
    owner = await asyncpg.connect(postgres.url())
    house = House(postgres, database, owner, tenant_id, client, asyncio.Lock())
    if has_own_items:
        await house.load({COMPETENCES[0]: copied_items(COMPETENCES[0])})
    return house


def copied_items(competence: str) -> list[dict[str, Any]]:
    """The shipped items of a competence as their authors wrote them, under other keys."""
    path = SHIPPED.items[0] / FRAMEWORK / f"{competence}.yaml"
    document: Any = load_yaml(path)[0]
    return [{**item, "key": f"{item['key']}-c", "enemies": []} for item in document["items"]]


@dataclass(frozen=True, slots=True)
class Servers:
    """Processes that serve: the ports to ask, in turn, and the numbers of all of them."""

    ports: tuple[int, ...]
    pids: tuple[int, ...]
    foremen: tuple[int, ...] = ()


def start_together(stack: ExitStack, house: House, *, count: int) -> Servers:
    """One ``pacnum serve`` with that many workers on its port."""
    port, pid = _start(stack, house, workers=count)
    if count == 1:
        return Servers((port,), (pid,))
    workers: list[int] = []
    for _ in range(100):  # the first worker is ready while the last is not there yet
        workers = [one for one in children_of(pid) if one != pid]
        if len(workers) == count:
            return Servers((port,) * count, tuple(workers), (pid,))
        time.sleep(0.05)
    raise RuntimeError(f"{len(workers)} workers of {count}")


def start_apart(stack: ExitStack, house: House, *, count: int) -> Servers:
    """As many times ``pacnum serve``, each on a port of its own."""
    started = [_start(stack, house, workers=1) for _ in range(count)]
    return Servers(tuple(port for port, _ in started), tuple(pid for _, pid in started))


def _start(stack: ExitStack, house: House, *, workers: int) -> tuple[int, int]:
    port = free_port()
    command = [PACNUM, "serve", "--port", str(port), "--workers", str(workers)]
    environment = {
        "PACNUM_DATABASE_URL": house.postgres.url(),
        "PACNUM_PUBLIC_URL": ISSUER,
        "PACNUM_TOKEN_TTL_SECONDS": "3600",
        "PACNUM_LOG_LEVEL": "warning",
    }
    log = house.postgres.data_dir.parent / "servers.log"
    pid = stack.enter_context(running(command, port=port, environment=environment, log=log))
    return port, pid


def token_of(house: House, port: int) -> str:
    """The client's access token."""
    form = {
        "grant_type": "client_credentials",
        "client_id": str(house.client.client_id),
        "client_secret": str(house.client.client_secret),
    }
    reply = httpx.post(f"http://127.0.0.1:{port}/oauth/token", data=form, timeout=30)
    token: str = reply.raise_for_status().json()["access_token"]
    return token


@dataclass(slots=True)
class Taken:
    """A test as its agent saw it: what was put and acknowledged, and where the test stands."""

    session_id: UUID
    bank_id: UUID
    item_ids: list[UUID] = field(default_factory=list)
    is_over: bool = False


@dataclass(slots=True)
class Figures:
    """Seconds of each call; what was refused; how many files were opened."""

    begins: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    endings: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    files: int = 0


class Agents:
    """People who take tests at once. ``think_seconds``: mean of their pause before an answer;
    ``opens_files``: whether they open each file of an item, as most items with files need.
    """

    def __init__(
        self,
        house: House,
        ports: Sequence[int],
        *,
        think_seconds: float = 0.0,
        opens_files: bool = False,
    ) -> None:
        self._house = house
        self._ports = ports
        self._token = token_of(house, ports[0])
        self._think_seconds = think_seconds
        self._opens_files = opens_files
        self._bank: ItemBank | None = None
        self._numbers = _count_up()
        self.taken: list[Taken] = []
        self.figures = Figures()
        self.is_open = True

    async def take_tests(self, *, at_once: int, tests: int) -> None:
        """That many whole tests by as many agents."""
        left = iter(range(tests))
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._agent(left))

    async def keep_taking(self, *, at_once: int) -> None:
        """Test after test, until ``is_open`` is False; those under way are finished."""
        await self.take_tests(at_once=at_once, tests=1_000_000)

    async def _agent(self, left: Iterable[int]) -> None:
        rng = random.Random(SEED * 1000 + next(self._numbers))  # noqa: S311 - a simulated agent
        for _ in left:
            if not self.is_open:
                return
            lines = [Connection(port) for port in self._ports]
            for line in lines:
                await line.reopen()
            await self._take(lines, rng)
            for line in lines:
                line.close()

    async def _take(self, lines: Sequence[Connection], rng: random.Random) -> None:
        number = next(self._numbers)
        session = await begin(lines[number % len(lines)], self._token, self.figures, number=number)
        if session is None:
            return
        taken, seed = await self._looked_up(UUID(str(session["id"])))
        self.taken.append(taken)
        pending: Any = session["pending_item"]
        bank = await self._known_bank()
        while pending is not None:
            if self._think_seconds:
                await asyncio.sleep(rng.expovariate(1 / self._think_seconds))
            if self._opens_files:
                await self._open_files(session, pending)
            line = lines[(number + pending["position"]) % len(lines)]
            index = bank.index_of(UUID(pending["item_id"]))
            response = None
            if index is not None:
                is_right = rng.random() < CHANCE_OF_RIGHT
                say = bank.right_response if is_right else bank.wrong_response
                response = say(index, seed=seed, locale="fr")
            reply = await self._answer(line, session, pending=pending, response=response)
            if reply is None:
                return
            taken.item_ids.append(UUID(pending["item_id"]))
            pending = reply["pending_item"]
        taken.is_over = True

    async def _answer(
        self, line: Connection, session: Mapping[str, object], *, pending: Any, response: object
    ) -> dict[str, Any] | None:
        body = {
            "position": pending["position"],
            "item_id": pending["item_id"],
            "response": response,
        }
        path = f"/v1/test-sessions/{session['id']}/answers"
        started = time.perf_counter()
        reply = await _posted(
            line, path, json.dumps(body).encode(), token=str(session["session_token"])
        )
        seconds = time.perf_counter() - started
        if reply.status != 201:
            self.figures.refusals.append(f"answer: {reply.status} {reply.body.decode()}")
            return None
        accepted: dict[str, Any] = json.loads(reply.body)
        is_last = accepted["pending_item"] is None
        (self.figures.endings if is_last else self.figures.answers).append(seconds)
        return accepted

    async def _open_files(self, session: Mapping[str, object], pending: Any) -> None:
        headers = {"Authorization": f"Bearer {session['session_token']}"}
        base = f"http://127.0.0.1:{self._ports[0]}"
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30) as http:
            for file in pending["content"]["files"]:
                (await http.get(file["href"])).raise_for_status()
                self.figures.files += 1

    async def _looked_up(self, session_id: UUID) -> tuple[Taken, int]:
        async with self._house.looking:
            row = await self._house.owner.fetchrow(
                "SELECT bank_id, seed FROM test_sessions WHERE id = $1", session_id
            )
        return Taken(session_id, row["bank_id"]), row["seed"]

    async def _known_bank(self) -> ItemBank:
        """Any version will do: what is right does not depend on it."""
        if self._bank is None:
            self._bank = await self._house.bank()
        return self._bank


async def begin(
    line: Connection, token: str, figures: Figures, *, number: int
) -> dict[str, Any] | None:
    """Begin a test of five competences; None if that was refused."""
    agent = {"external_id": {"issuer": "benchmark", "value": f"a-{time.time_ns()}-{number}"}}
    body = {"agent": agent, "framework": FRAMEWORK, "competences": COMPETENCES}
    started = time.perf_counter()
    reply = await _posted(line, "/v1/test-sessions", json.dumps(body).encode(), token=token)
    seconds = time.perf_counter() - started
    if reply.status != 201:
        figures.refusals.append(f"begin: {reply.status} {reply.body.decode()}")
        return None
    figures.begins.append(seconds)
    session: dict[str, Any] = json.loads(reply.body)
    return session


async def _posted(line: Connection, path: str, body: bytes, *, token: str) -> Reply:
    """The reply; on a new connection where the server has closed one that stood idle.

    RuntimeError is uvloop's word for a transport that is closed. The same answer sent twice counts
    once, and a test that was begun twice is another agent's.
    """
    try:
        return await line.post(path, body, token=token)
    except (RuntimeError, ConnectionError):
        await line.reopen()
        return await line.post(path, body, token=token)


def _count_up() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1
