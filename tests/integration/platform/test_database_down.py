"""The database is away: whoever asks is told to come back, and nobody sees an error of ours."""

import socket
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from pacnum_api.domains.clients.service import ClientDirectory
from pacnum_api.domains.test_sessions.service import AnswerDesk
from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform.auth.gate import Gate
from pacnum_api.platform.batches import Batches
from pacnum_api.platform.database import Database
from pacnum_api.platform.rate_limits import RateLimiter
from pacnum_api.platform.settings import Settings
from tests.support.belongings import Belongings, give_belongings
from tests.support.callers import Caller, make_caller
from tests.support.databases import with_database
from tests.support.operations import Operation, each
from tests.support.problems import check_problem


@pytest.fixture(scope="module")
def dead_url() -> str:
    """An address that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"postgresql://nobody@127.0.0.1:{free.getsockname()[1]}/nothing"


@pytest.fixture(scope="module")
async def cut_off(
    settings: Settings, dead_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Caller, Belongings]]:
    """A caller of an application that started well and lost its database afterwards."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://pacnum.test") as http:
            caller = await make_caller(app, http)
            belongings = await give_belongings(caller, tmp_path_factory.mktemp("own"))
            dead = Database(dead_url, pool_size=1, timeout_seconds=2)
            state = app.state
            alive, state.database = (state.database, state.answers), dead
            batches = Batches(dead.connect)
            state.answers = AnswerDesk(batches, dead)
            batches.start()
            yield caller, belongings
            await batches.stop()
            state.database, state.answers = alive
            await dead.close()


@each(lambda one: one.is_guarded)
async def test_every_operation_asks_to_come_back(
    operation: Operation, cut_off: tuple[Caller, Belongings]
) -> None:
    caller, belongings = cut_off
    address = operation.address(
        belongings.path_values(operation), query=belongings.query_values(operation)
    )
    answer = await caller.request(operation.method, address, **belongings.sending(operation))
    check_problem(answer, 503, code="service_unavailable", of=operation)
    assert int(answer.headers["retry-after"]) > 0


async def test_also_when_it_is_away_before_the_caller_is_known(
    app: FastAPI, caller: Caller, dead_url: str
) -> None:
    dead = Database(dead_url, pool_size=1, timeout_seconds=2)
    alive: Gate = app.state.gate
    app.state.gate = Gate(keys=alive.keys, clients=ClientDirectory(dead), limits=RateLimiter(dead))
    try:
        check_problem(await caller.get("/v1/agents"), 503, code="service_unavailable")
    finally:
        app.state.gate = alive
        await dead.close()


async def test_the_process_is_healthy_but_not_ready(cut_off: tuple[Caller, Belongings]) -> None:
    caller, _ = cut_off
    assert (await caller.http.get("/healthz")).json() == {"status": "ok"}
    check_problem(await caller.http.get("/readyz"), 503, code="service_unavailable")


async def test_a_service_without_a_database_starts_and_is_not_ready(dead_url: str) -> None:
    """One that takes a dead one's place must not end, too, because the database restarts."""
    app = create_app(Settings(database_url=dead_url))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://pacnum.test") as http:
            assert (await http.get("/healthz")).status_code == 200
            check_problem(await http.get("/readyz"), 503, code="service_unavailable")


async def test_a_service_that_is_told_no_database_or_a_wrong_one_does_not_start(
    database_url: str,
) -> None:
    wrong = with_database(database_url, "pacnum_of_nobody")
    with pytest.raises(RuntimeError, match="PACNUM_DATABASE_URL is not set"):
        await _start(create_app(Settings(database_url=None)))
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await _start(create_app(Settings(database_url=wrong)))


async def _start(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass
