"""A database with enough rows for a wrong plan to be cheaper than none, and all that is sent to it.

The rows are copies of tests taken over HTTP (``benchmarks.growth_rows``), of many tenants;
statistics are brought up to date before anybody looks at a plan.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from benchmarks.growth_rows import GROWING, Models, Volume, make_tests
from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.clients.types import ClientDefinition
from pacnum_api.domains.test_sessions import tasks as session_tasks
from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform import idempotency
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import Settings
from tests.support.callers import Caller, make_caller
from tests.support.databases import clone_database, drop_database, with_database
from tests.support.plans import Plan, Sent, noted_statements, plans_of
from tests.support.rows import made_up_row, tenant_tables
from tests.support.simulated_agent import SimulatedAgent, bank_of, begin, path_of, take

ADDRESS = "http://pacnum.test"
TESTS, OPEN = 1200, 50
TENANTS, TENANTS_WITH_TESTS = 400, 20
FILLED_BY_TESTS = {"agents", *GROWING, "signing_keys"}


@dataclass(frozen=True)
class Grown:
    """The application on the grown database, what it has sent, and for which tenant."""

    url: str
    database: Database
    tenant_id: UUID
    sent: Sent


Plans = Mapping[str, Mapping[str, Plan]]
"""For a day, every statement with its plan."""


@pytest.fixture(scope="module")
def grown_url(server_url: str, template_database: str) -> Iterator[str]:
    name = f"pacnum_grown_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=template_database)
    yield with_database(server_url, name)
    drop_database(server_url, name)


@pytest.fixture(scope="module")
async def grown(grown_url: str) -> AsyncIterator[Grown]:
    settings = Settings(database_url=grown_url, public_url=ADDRESS, database_pool_size=2)
    app = create_app(settings)
    # from the first connection on: what a connection has prepared it does not prepare again
    with noted_statements() as sent:
        async with AsyncExitStack() as stack:
            with sent.named("start"):
                await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
                caller = await make_caller(app, http)
                models = await _take_tests(app, caller, sent=sent)
                await _grow(grown_url, models, tenant_id=caller.tenant_id)
                await _ask_for_the_rest(app, caller, sent=sent)
            yield Grown(grown_url, app.state.database, caller.tenant_id, sent)


@pytest.fixture(scope="module")
async def plans(grown: Grown) -> Plans:
    statements = list(grown.sent.by)
    busy = await plans_of(grown.database, grown.tenant_id, statements=statements)
    owner = await asyncpg.connect(grown.url)
    await owner.execute(
        "UPDATE test_sessions SET state = 'expired', finished_at = now() WHERE finished_at IS NULL"
    )
    await owner.execute("VACUUM ANALYZE test_sessions")
    await owner.close()
    quiet = await plans_of(grown.database, grown.tenant_id, statements=statements)
    return {"busy": busy, "quiet": quiet}


async def _take_tests(app: FastAPI, caller: Caller, *, sent: Sent) -> Models:
    """One test to its end, one that stays open."""
    agent = SimulatedAgent(await bank_of(app.state.database, caller.tenant_id))
    found: list[UUID] = []
    for name, at_most in (("ended", 300), ("begun", 4)):
        with sent.named("begin a test"):
            reference = {"external_id": {"issuer": "lms", "value": name}}
            session = await begin(caller, agent=reference)
        with sent.named("take a test"):
            await take(caller, agent, session, at_most=at_most)
        found.append(UUID(session["id"]))
    return Models(ended=found[:1], begun=found[1:])


async def _grow(url: str, models: Models, *, tenant_id: UUID) -> None:
    """Tests of many tenants, and a row of each of them in every table that tests do not fill."""
    tenants = [uuid4() for _ in range(TENANTS)]
    database = Database(url, pool_size=1)
    async with database.engine.begin() as connection:
        for table in tenant_tables():
            if table.name not in FILLED_BY_TESTS:
                rows = [made_up_row(table, one) for one in tenants]
                await connection.execute(sa.insert(table), rows)
    await database.close()
    owner = await asyncpg.connect(url)
    with_tests = [tenant_id, *tenants[: TENANTS_WITH_TESTS - 1]]
    await make_tests(owner, Volume(TESTS, OPEN), models=models, tenants=with_tests)
    await owner.close()


async def _ask_for_the_rest(app: FastAPI, caller: Caller, *, sent: Sent) -> None:
    """What partners, agents and workers ask for besides, of the grown database."""
    agent = SimulatedAgent(await bank_of(app.state.database, caller.tenant_id))
    ended = await _ended_test(app.state.database, caller.tenant_id)
    await _read(caller, ended, sent=sent)
    body = {
        "agent": {"id": str(ended["agent_id"])},
        "framework": "digcomp-2.2",
        "competences": ["2.4"],
    }
    options = {"headers": {"Idempotency-Key": uuid4().hex}}
    with sent.named("begin a test again"):
        begun = await caller.post("/v1/test-sessions", json=body, **options)
        assert begun.status_code == 201, begun.text
    with sent.named("begin a test once more, by the same key"):
        assert (await caller.post("/v1/test-sessions", json=body, **options)).json() == begun.json()
    with sent.named("take a test again"):
        taken = await take(caller, agent, begun.json(), at_most=1)
        again = await caller.post(path_of(begun.json(), "answers"), json=taken.sent[0])
        assert again.status_code == 201, again.text
    with sent.named("abandon a test"):
        assert (await caller.post(path_of(begun.json(), "abandon"))).status_code == 200
    database = app.state.database
    with sent.named("the worker"):
        await session_tasks.expire_sessions(database, caller.tenant_id)
        await idempotency.purge(database, caller.tenant_id)
    with sent.named("the token endpoint"):
        await _get_token(database, caller)


async def _ended_test(database: Database, tenant_id: UUID) -> asyncpg.Record:
    """One of the copies."""
    async with database.raw_transaction(tenant_id) as connection:
        return await connection.fetchrow(
            "SELECT id, agent_id FROM test_sessions WHERE state = 'finished' ORDER BY id LIMIT 1"
        )


async def _get_token(database: Database, caller: Caller) -> None:
    async with database.unit_of_work(caller.tenant_id) as uow:
        definition = ClientDefinition("plans", frozenset(Scope), rate_limit_per_minute=1000)
        client = await clients.create_client(uow, definition)
    reply = await caller.http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(str(client.client_id), str(client.client_secret)),
    )
    assert reply.status_code == 200, reply.text
    listed = await caller.with_token(reply.json()["access_token"]).get("/v1/agents?limit=1")
    assert listed.status_code == 200, listed.text


async def _read(caller: Caller, ended: asyncpg.Record, *, sent: Sent) -> None:
    of_agent, of_session = f"/v1/agents/{ended['agent_id']}", f"/v1/test-sessions/{ended['id']}"
    for name, path in (
        ("read a test", of_session),
        ("read a result", f"{of_session}/result"),
        ("explain a test", f"{of_session}/explanation"),
        ("read an agent", of_agent),
        ("find an agent", "/v1/agents/by-external-id/lms/ended"),
        ("read a profile", f"{of_agent}/profile?framework=digcomp-2.2"),
        ("list the history of an agent", f"{of_agent}/history?limit=1"),
        ("recommend", f"{of_agent}/recommendations?framework=digcomp-2.2"),
        ("list agents", "/v1/agents?limit=2&updated_since=2026-01-01T00:00:00Z"),
        ("list trainings", "/v1/trainings?limit=2"),
        ("list training sessions", "/v1/training-sessions?limit=2"),
        ("list items", "/v1/items?limit=2"),
    ):
        with sent.named(name):
            reply = await caller.get(path)
            assert reply.status_code == 200, reply.text
            following = reply.json().get("next_cursor")
            if following:
                mark = "&" if "?" in path else "?"
                reply = await caller.get(f"{path}{mark}cursor={following}")
                assert reply.status_code == 200, reply.text
