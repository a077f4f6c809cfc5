"""Databases of several sizes on one PostgreSQL, and a service in front of each.

A small database is made first: shipped content, some tenants with a client each, and a few tests
that agents have really taken over HTTP. The others begin as its clones and are filled with copies
of these tests (``growth_rows``).
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import numpy as np

from benchmarks.growth_rows import Made, Models, Volume, make_tests
from benchmarks.processes import free_port, running
from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.clients.types import ClientDefinition
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.entrypoints.demo import SimulatedAgent
from pacnum_api.entrypoints.shipped_content import publish_shipped_content
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform import migrations
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import EmbeddedServer

FRAMEWORK = "digcomp-2.2"
COMPETENCES = ("1.1", "1.3", "2.4", "4.1", "5.1")
"""What a test asks about; with the shipped items it takes up to 20 answers."""

ROLE = "pacnum_app"
TENANTS = 8
MODELS = 8
"""Tests of either sort, ended and begun, that the others are copies of."""

ANSWERED = 6
"""Answers of a test that awaits the next one."""

OPEN_AT_LEAST, OPEN_AT_MOST = 200, 10_000
SEED_DATABASE, COPY = "growth_seed", "_copy"
SCOPES = frozenset({Scope.TEST_SESSIONS_RUN, Scope.RESULTS_READ, Scope.ORGANISATION_READ})


@dataclass(frozen=True, slots=True)
class Partner:
    """A tenant and its client's credentials."""

    tenant_id: UUID
    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What all databases share."""

    partners: list[Partner]
    models: Models
    answers: float
    """Of an ended test, at the mean."""

    def save(self, path: Path) -> None:
        document = {
            "partners": [[str(p.tenant_id), p.client_id, p.secret] for p in self.partners],
            "ended": [str(one) for one in self.models.ended],
            "begun": [str(one) for one in self.models.begun],
            "answers": self.answers,
        }
        path.write_text(json.dumps(document), "utf-8")

    @classmethod
    def load(cls, path: Path) -> "Stage":
        document = json.loads(path.read_text("utf-8"))
        models = Models(
            [UUID(one) for one in document["ended"]], [UUID(one) for one in document["begun"]]
        )
        partners = [Partner(UUID(tenant), *rest) for tenant, *rest in document["partners"]]
        return cls(partners, models, document["answers"])

    def volume(self, answers: int) -> Volume:
        """How many tests that many answers are."""
        is_open = min(OPEN_AT_MOST, max(OPEN_AT_LEAST, answers // 100))
        return Volume.of_answers(answers, ended=self.answers, begun=ANSWERED, is_open=is_open)


@dataclass(frozen=True, slots=True)
class Place:
    """One database, and the service in front of it."""

    answers: int
    url: str
    port: int
    pid: int
    tokens: Mapping[UUID, str]
    """Of the client of each tenant."""


def database_of(answers: int) -> str:
    return f"growth_{answers}"


async def make_stage(postgres: EmbeddedServer, *, log: Path) -> Stage:
    """The small database; its service has stopped again, so that it can be cloned."""
    admin = await asyncpg.connect(postgres.url("postgres"))
    await admin.execute(f"DROP DATABASE IF EXISTS {SEED_DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {SEED_DATABASE}")
    await admin.close()
    url = postgres.url(SEED_DATABASE)
    await asyncio.to_thread(migrations.upgrade, url)
    async with using(url) as database:
        await publish_shipped_content(database, only_if_empty=True)
        bank = await current_bank(database)
        partners = [await make_partner(database, f"tenant {number}") for number in range(TENANTS)]
        with serving(url, log=log) as (port, _):
            models, answers = await _take_tests(database, bank, port=port, partner=partners[0])
    return Stage(partners, models, answers)


@asynccontextmanager
async def using(url: str) -> AsyncIterator[Database]:
    """The service's own way to a database, from this process."""
    database = Database(url, role=ROLE, pool_size=2)
    try:
        yield database
    finally:
        await database.close()


async def current_bank(database: Database) -> ItemBank:
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        handle = await items.current_bank(uow, FRAMEWORK)
        return await items.get_bank(uow, handle.id)


async def make_partner(database: Database, name: str) -> Partner:
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        tenant_id = await clients.find_tenant(uow, name, is_made_when_new=True)
    definition = ClientDefinition(name=name, scopes=SCOPES, rate_limit_per_minute=1_000_000)
    async with database.unit_of_work(tenant_id) as uow:
        client = await clients.create_client(uow, definition)
    return Partner(tenant_id, str(client.client_id), str(client.client_secret))


@contextmanager
def serving(url: str, *, log: Path) -> Iterator[tuple[int, int]]:
    """``pacnum serve`` with one process on a database: its port and its process id."""
    port = free_port()
    command = (str(Path(sys.executable).with_name("pacnum")), "serve", "--port", str(port))
    environment = {
        "PACNUM_DATABASE_URL": url,
        "PACNUM_WORKERS": "1",
        "PACNUM_TOKEN_TTL_SECONDS": "3600",
        "PACNUM_LOG_LEVEL": "warning",
    }
    with running(command, port=port, environment=environment, log=log) as pid:
        yield port, pid


async def token_of(http: httpx.AsyncClient, partner: Partner) -> str:
    secret = (partner.client_id, partner.secret)
    form = {"grant_type": "client_credentials"}
    return str(_checked(await http.post("/oauth/token", data=form, auth=secret))["access_token"])


async def _take_tests(
    database: Database, bank: ItemBank, *, port: int, partner: Partner
) -> tuple[Models, float]:
    """Agents of ability 0 and more take tests over HTTP, every other one only begins."""
    ended: list[UUID] = []
    begun: list[UUID] = []
    total = 0
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        http.headers["Authorization"] = f"Bearer {await token_of(http, partner)}"
        for number in range(MODELS):
            for at_most in (1000, ANSWERED):
                session = await _begin(http, f"model-{number}-{at_most}")
                async with database.raw_transaction(partner.tenant_id) as connection:
                    seed = await connection.fetchval(
                        "SELECT seed FROM test_sessions WHERE id = $1", UUID(session["id"])
                    )
                rng = np.random.default_rng(number)
                abilities = dict.fromkeys(bank.competences, 0.25 * number)
                agent = SimulatedAgent(abilities, bank, rng)
                given = await _answer(http, session, agent=agent, seed=seed, at_most=at_most)
                if at_most == ANSWERED:
                    begun.append(UUID(session["id"]))
                else:
                    ended.append(UUID(session["id"]))
                    total += given
    return Models(ended, begun), total / MODELS


async def _begin(http: httpx.AsyncClient, name: str) -> dict[str, Any]:
    body = {
        "agent": {"external_id": {"issuer": "growth", "value": name}},
        "framework": FRAMEWORK,
        "competences": list(COMPETENCES),
    }
    return _checked(await http.post("/v1/test-sessions", json=body))


async def _answer(
    http: httpx.AsyncClient,
    session: Mapping[str, Any],
    *,
    agent: SimulatedAgent,
    seed: int,
    at_most: int,
) -> int:
    pending, given = session["pending_item"], 0
    while pending is not None and given < at_most:
        answer = {
            "position": pending["position"],
            "item_id": pending["item_id"],
            "response": agent.respond(pending, seed=seed),
        }
        path = f"/v1/test-sessions/{session['id']}/answers"
        pending = _checked(await http.post(path, json=answer))["pending_item"]
        given += 1
    return given


def _checked(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise RuntimeError(f"{response.request.method} {response.url}: {response.text}")
    document: dict[str, Any] = response.json()
    return document


async def fill(
    postgres: EmbeddedServer, stage: Stage, *, answers: int, tell: Callable[[str], None]
) -> Made:
    """The database of one size; it is renamed when it is whole, so half of one is never found."""
    name, unfinished = database_of(answers), f"{database_of(answers)}_unfinished"
    admin = await asyncpg.connect(postgres.url("postgres"))
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {unfinished} TEMPLATE {SEED_DATABASE}")
        async with loading(admin), owning(postgres.url(unfinished)) as owner:
            tenants = [partner.tenant_id for partner in stage.partners]
            volume = stage.volume(answers)
            made = await make_tests(owner, volume, models=stage.models, tenants=tenants, tell=tell)
        await admin.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    finally:
        await admin.close()
    return made


async def clone(postgres: EmbeddedServer, *, answers: int) -> None:
    """A copy to measure on, so that the one that is kept stays as it was made."""
    admin = await asyncpg.connect(postgres.url("postgres"))
    copy = f"{database_of(answers)}{COPY}"
    await admin.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
    await admin.execute(
        f"CREATE DATABASE {copy} TEMPLATE {database_of(answers)} STRATEGY file_copy"
    )
    await admin.close()


async def drop_clone(postgres: EmbeddedServer, *, answers: int) -> None:
    admin = await asyncpg.connect(postgres.url("postgres"))
    await admin.execute(f"DROP DATABASE IF EXISTS {database_of(answers)}{COPY} WITH (FORCE)")
    await admin.close()


async def existing(postgres: EmbeddedServer) -> set[str]:
    """The databases of the server."""
    admin = await asyncpg.connect(postgres.url("postgres"))
    rows = await admin.fetch("SELECT datname FROM pg_database")
    await admin.close()
    return {row["datname"] for row in rows}


@asynccontextmanager
async def owning(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, past row-level security."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def loading(admin: asyncpg.Connection) -> AsyncIterator[None]:
    """Let the server load in bulk: no flush for each statement, few checkpoints. For a while."""
    settings = {"synchronous_commit": "off", "max_wal_size": "16GB", "autovacuum": "off"}
    for name, value in settings.items():
        await admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    await admin.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        for name in settings:
            await admin.execute(f"ALTER SYSTEM RESET {name}")
        await admin.execute("SELECT pg_reload_conf()")


@contextlib.asynccontextmanager
async def places(
    postgres: EmbeddedServer, stage: Stage, *, sizes: Sequence[int], log: Path
) -> AsyncIterator[list[Place]]:
    """A service of one process in front of a copy of the database of each size."""
    found = []
    async with contextlib.AsyncExitStack() as services:
        for answers in sizes:
            await clone(postgres, answers=answers)
            services.push_async_callback(drop_clone, postgres, answers=answers)
            url = postgres.url(f"{database_of(answers)}{COPY}")
            port, pid = services.enter_context(serving(url, log=log))
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
                tokens = {p.tenant_id: await token_of(http, p) for p in stage.partners}
            found.append(Place(answers, url, port, pid, tokens))
        yield found
