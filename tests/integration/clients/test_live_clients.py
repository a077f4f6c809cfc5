"""What a request learns of its client: seconds old at most, and nothing of other tenants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from pacnum_api.domains.clients import service, tasks
from pacnum_api.domains.clients.service import ClientDirectory
from pacnum_api.platform.auth.key_store import rotate_keys
from pacnum_api.platform.auth.tokens import issue_session_token
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import Settings
from pacnum_api.platform.uow import UnitOfWork
from tests.integration.clients.conftest import Client, ClientMaker
from tests.support.callers import issue

SITE = "https://front-end.example"
OTHER_SITE = "https://other-front-end.example"


async def revoke(database: Database, client: Client) -> None:
    async with database.unit_of_work(client.tenant_id) as uow:
        await service.revoke_client(uow, client.client_id)


async def eventually(answer: Callable[[], Awaitable[int]], expected: int) -> None:
    async with asyncio.timeout(5):
        while await answer() != expected:  # noqa: ASYNC110 - the other side is a server
            await asyncio.sleep(0.02)


async def test_the_tokens_of_a_revoked_client_die_in_a_moment(
    app: FastAPI, http: httpx.AsyncClient, make_client: ClientMaker, database: Database
) -> None:
    client = await make_client()
    token = await issue(app, client.tenant_id, client.client_id, scopes=["items:read"])

    async def status() -> int:
        answer = await http.get("/v1/frameworks", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    assert await status() == 403  # let in, though for another scope
    await revoke(database, client)
    await eventually(status, 401)


async def test_a_token_of_a_client_that_never_was(app: FastAPI, http: httpx.AsyncClient) -> None:
    token = await issue(app, uuid4(), uuid4())
    answer = await http.get("/v1/frameworks", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_the_state_is_remembered_until_it_is_dropped(
    make_client: ClientMaker, database: Database
) -> None:
    client = await make_client(rate_limit_per_minute=77, cors_origins=frozenset({SITE}))
    directory = ClientDirectory(database)
    state = await directory.find_live(client.tenant_id, client.client_id)
    assert state is not None
    assert state.rate_limit_per_minute == 77
    assert state.cors_origins == {SITE}
    await revoke(database, client)
    assert await directory.find_live(client.tenant_id, client.client_id) is state
    directory.drop()
    assert await directory.find_live(client.tenant_id, client.client_id) is None


class RevokingDatabase:
    """A client is revoked, and everybody told, right after it has been read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.directory: ClientDirectory | None = None

    @asynccontextmanager
    async def unit_of_work(self, tenant_id: UUID) -> AsyncIterator[UnitOfWork]:
        async with self.database.unit_of_work(tenant_id) as uow:
            yield uow
        if self.directory is not None:
            self.directory.drop()


async def test_what_changes_while_it_is_read_is_not_remembered(
    make_client: ClientMaker, database: Database
) -> None:
    client = await make_client(cors_origins=frozenset({SITE}))
    racing = RevokingDatabase(database)
    directory = ClientDirectory(racing)  # type: ignore[arg-type]  # a stand-in that races
    racing.directory = directory
    assert await directory.find_live(client.tenant_id, client.client_id) is not None
    assert await directory.is_known_origin(SITE)
    racing.directory = None
    await revoke(database, client)
    assert await directory.find_live(client.tenant_id, client.client_id) is None


class WaitingDatabase:
    """Counts who reads, and lets nobody finish before it is told to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.readers = 0
        self.may_finish = asyncio.Event()

    @asynccontextmanager
    async def unit_of_work(self, tenant_id: UUID) -> AsyncIterator[UnitOfWork]:
        self.readers += 1
        async with self.database.unit_of_work(tenant_id) as uow:
            yield uow
            await self.may_finish.wait()


async def test_all_who_come_at_once_read_once(make_client: ClientMaker, database: Database) -> None:
    client = await make_client()
    waiting = WaitingDatabase(database)
    directory = ClientDirectory(waiting)  # type: ignore[arg-type]  # a stand-in that waits
    looks = [
        asyncio.create_task(directory.find_live(client.tenant_id, client.client_id))
        for _ in range(5)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    looks[0].cancel()  # one who gives up takes nobody along
    directory.drop()  # who comes after a change does not get what was read before it
    looks.append(asyncio.create_task(directory.find_live(client.tenant_id, client.client_id)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.may_finish.set()
    found = await asyncio.gather(*looks, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert all(found[1:])
    assert waiting.readers == 2
    waiting.may_finish.clear()
    assert await directory.find_live(client.tenant_id, client.client_id) is not None


async def test_a_client_is_found_under_its_own_tenant_alone(
    make_client: ClientMaker, database: Database
) -> None:
    client, foreign = await make_client(), await make_client()
    directory = ClientDirectory(database)
    assert await directory.find_live(foreign.tenant_id, client.client_id) is None


async def test_an_origin_is_known_while_a_live_client_lists_it(
    make_client: ClientMaker, database: Database
) -> None:
    site = f"https://{uuid4()}.example"
    directory = ClientDirectory(database)
    assert not await directory.is_known_origin(site)
    client = await make_client(cors_origins=frozenset({site}))
    assert not await directory.is_known_origin(site)
    directory.drop()
    assert await directory.is_known_origin(site)
    await revoke(database, client)
    directory.drop()
    assert not await directory.is_known_origin(site)


async def test_pages_of_the_clients_origins_may_call_with_session_tokens(
    app: FastAPI, http: httpx.AsyncClient, make_client: ClientMaker
) -> None:
    client = await make_client(cors_origins=frozenset({SITE}))
    await make_client(cors_origins=frozenset({OTHER_SITE}))
    app.state.gate.clients.drop()
    token = issue_session_token(
        await app.state.gate.keys.ring(),
        tenant_id=client.tenant_id,
        client_id=client.client_id,
        session_id=uuid4(),
        expires_at=utc_now() + timedelta(minutes=5),
    )

    async def opened(origin: str, **headers: str) -> tuple[int, str | None]:
        answer = await http.get("/v1/frameworks", headers={"Origin": origin, **headers})
        assert "Origin" in answer.headers["vary"]
        return answer.status_code, answer.headers.get("access-control-allow-origin")

    bearer = {"Authorization": f"Bearer {token}"}
    assert await opened(SITE, **bearer) == (403, SITE)
    assert await opened(OTHER_SITE, **bearer) == (403, None)
    assert await opened(OTHER_SITE, Authorization="Bearer expired") == (401, OTHER_SITE)
    asked = {"Origin": OTHER_SITE, "Access-Control-Request-Method": "POST"}
    answer = await http.options("/v1/test-sessions", headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, OTHER_SITE)


async def test_a_client_beyond_its_quota_gets_429_with_headers(
    app: FastAPI, http: httpx.AsyncClient, make_client: ClientMaker
) -> None:
    client = await make_client(rate_limit_per_minute=2)
    token = await issue(app, client.tenant_id, client.client_id, scopes=["items:read"])
    headers = {"Authorization": f"Bearer {token}"}
    # six for a quota of two: the minute may turn once meanwhile
    answer = [await http.get("/v1/frameworks", headers=headers) for _ in range(6)][-1]
    assert answer.status_code == 429
    assert answer.json()["code"] == "rate_limit_exceeded"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit-policy"] == '"client";q=2;w=60'
    assert answer.headers["ratelimit"].startswith('"client";r=0;t=')


async def test_what_no_longer_matters_is_forgotten_for_every_tenant(
    make_client: ClientMaker, database: Database, owner: asyncpg.Connection
) -> None:
    await tasks.purge_expired(database)
    both = [await make_client(), await make_client()]
    for client in both:
        for jti, age in (("dead", timedelta(hours=-1)), ("live", timedelta(hours=1))):
            await owner.execute(
                "INSERT INTO client_assertions VALUES ($1, $2, $3, $4)",
                client.tenant_id,
                client.client_id,
                jti,
                utc_now() + age,
            )
            await owner.execute(
                "INSERT INTO rate_limit_windows VALUES ($1, $2, $3, 1)",
                client.tenant_id,
                jti,
                utc_now() + age,
            )
    # windows of requests that other tests sent may end at any moment, so only these two count
    assert await tasks.purge_expired(database) >= 4
    windows = await owner.fetch(
        "SELECT subject FROM rate_limit_windows WHERE tenant_id = ANY($1)",
        [client.tenant_id for client in both],
    )
    assert len(windows) == 2
    left = await owner.fetch(
        "SELECT jti FROM client_assertions WHERE client_id = ANY($1)",
        [client.client_id for client in both],
    )
    assert [row["jti"] for row in left] == ["live", "live"]


async def test_one_tenants_purge_leaves_the_others_rows(
    make_client: ClientMaker, database: Database, owner: asyncpg.Connection
) -> None:
    client, other = await make_client(), await make_client()
    await owner.execute(
        "INSERT INTO rate_limit_windows VALUES ($1, 'dead', $2, 1)",
        other.tenant_id,
        utc_now() - timedelta(hours=1),
    )
    async with database.unit_of_work(client.tenant_id) as uow:
        assert await service.purge_expired(uow) == 0


async def test_the_worker_renews_the_key_when_it_is_old(
    own_database: Database, settings: Settings
) -> None:
    await rotate_keys(own_database)
    assert not await tasks.renew_signing_key(own_database, settings)
    old = settings.model_copy(update={"signing_key_max_age_days": 0})
    assert await tasks.renew_signing_key(own_database, old)
