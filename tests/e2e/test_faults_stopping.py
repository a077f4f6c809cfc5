"""The service is told to stop: while proxies still send, and while a request hangs."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import asyncpg
import httpx

from tests.support.service_process import ServiceProcess, new_client

ENDINGS = {0, -signal.SIGTERM}
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@contextmanager
def running(database_url: str, **settings: str) -> Iterator[ServiceProcess]:
    """The service with settings of its own; killed if it is still there afterwards."""
    former = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        service = ServiceProcess(database_url)
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


def wait_until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def status_of(service: ServiceProcess, path: str) -> int:
    """On a connection of its own; 0 when there is nobody to ask."""
    try:
        return httpx.get(service.url + path, timeout=5).status_code
    except httpx.TransportError:
        return 0


def test_told_to_stop_it_is_first_not_ready_and_serves_on(served_database_url: str) -> None:
    with running(served_database_url, PACNUM_DRAIN_SECONDS="1.5") as service:
        service.terminate()
        wait_until(lambda: status_of(service, "/readyz") == 503)
        reply = httpx.get(f"{service.url}/.well-known/jwks.json", timeout=30)
        assert (reply.status_code, reply.headers["connection"]) == (200, "close")
        assert service.process.poll() is None
        assert service.ended() in ENDINGS
        assert status_of(service, "/healthz") == 0


async def test_a_request_that_hangs_is_answered_and_does_not_keep_it(
    served_database_url: str,
) -> None:
    owner = await asyncpg.connect(served_database_url)
    client = new_client(served_database_url)
    with running(served_database_url, PACNUM_SHUTDOWN_TIMEOUT_SECONDS="1") as service:
        async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
            headers = {"Authorization": f"Bearer {await token_of(http, client)}"}
            assert (await http.get("/v1/agents", headers=headers)).status_code == 200
            async with owner.transaction():
                await owner.execute("LOCK TABLE agents IN ACCESS EXCLUSIVE MODE")
                hanging = asyncio.create_task(http.get("/v1/agents", headers=headers))
                while not await owner.fetchval(WAITING):  # noqa: ASYNC110 - PostgreSQL has no event
                    await asyncio.sleep(0.02)
                started = time.monotonic()
                service.terminate()
                reply = await hanging
                status = await asyncio.to_thread(service.ended)
        assert (reply.status_code, reply.json()["code"]) == (503, "service_unavailable")
        assert status in ENDINGS
        assert time.monotonic() - started < 8
    await owner.close()


async def token_of(http: httpx.AsyncClient, client: Mapping[str, str]) -> str:
    form = {"grant_type": "client_credentials"}
    secret = (client["client_id"], client["client_secret"])
    return str((await http.post("/oauth/token", data=form, auth=secret)).json()["access_token"])
