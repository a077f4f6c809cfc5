"""Background work: what is due is done, whatever fails beside it, until a signal ends it."""

import asyncio
import json
import os
import signal
import subprocess
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import CapturingLogger

from pacnum_api.domains.test_sessions import tasks
from pacnum_api.entrypoints import worker
from pacnum_api.entrypoints.worker import Job, jobs_of, run_due
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import Settings
from tests.support.callers import Caller
from tests.support.service_process import COMMAND, environment
from tests.support.simulated_agent import Document, begin

JOBS = [
    "run_imports",
    "expire_sessions",
    "forget_idempotent_responses",
    "renew_signing_key",
    "purge_imports",
    "purge_client_traces",
    "take_stock",
]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What the worker tells, whatever is configured."""
    captured = CapturingLogger()
    monkeypatch.setattr(worker, "_log", captured)
    return captured


def told(log: CapturingLogger) -> list[tuple[str, str, dict[str, object]]]:
    return [(call.method_name, call.args[0], call.kwargs) for call in log.calls]


async def overdue(caller: Caller, owner: asyncpg.Connection) -> Document:
    session = await begin(caller)
    await owner.execute(
        "UPDATE test_sessions SET expires_at = now() - interval '1 hour' WHERE id = $1",
        UUID(session["id"]),
    )
    return session


async def state_of(owner: asyncpg.Connection, session: Document) -> str:
    """As it is stored; a reader would see an overdue session as expired in any case."""
    state: str = await owner.fetchval(
        "SELECT state FROM test_sessions WHERE id = $1", UUID(session["id"])
    )
    return state


async def test_everything_is_due_at_first(
    database: Database, settings: Settings, log: CapturingLogger
) -> None:
    jobs = jobs_of(database, settings)
    await run_due(jobs, now=0.0)
    assert [job.name for job in jobs] == JOBS
    assert all(job.due_at == job.every_seconds for job in jobs)
    assert "job_failed" not in [event for _, event, _ in told(log)]


async def test_one_tenants_trouble_does_not_stop_the_others(
    caller: Caller,
    stranger: Caller,
    owner: asyncpg.Connection,
    *,
    database: Database,
    settings: Settings,
    log: CapturingLogger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions = {one.tenant_id: await overdue(one, owner) for one in (caller, stranger)}
    expire, served = tasks.expire_sessions, []

    async def stumble_once(found: Database, tenant_id: UUID) -> int:
        if tenant_id in sessions:
            served.append(tenant_id)
            if len(served) == 1:
                raise ConnectionResetError
        return await expire(found, tenant_id)

    monkeypatch.setattr(tasks, "expire_sessions", stumble_once)
    (job,) = [one for one in jobs_of(database, settings) if one.name == "expire_sessions"]
    await run_due([job], now=0.0)

    first, second = (sessions[tenant_id] for tenant_id in served)
    assert await state_of(owner, second) == "expired"
    assert await state_of(owner, first) == "in_progress"
    skipped, done = told(log)
    reason = {"tenant_id": str(served[0]), "reason": "ConnectionResetError"}
    assert skipped == ("warning", "tenant_skipped", reason)
    assert done[:2] == ("info", "job_done")

    await run_due([job], now=job.every_seconds)
    assert await state_of(owner, first) == "expired"


async def test_a_job_that_fails_is_tried_again_at_its_turn(log: CapturingLogger) -> None:
    ran: list[str] = []

    async def fail() -> int:
        ran.append("broken")
        raise OSError("the disk is full, says /etc/secret")

    async def work() -> int:
        ran.append("sound")
        return len(ran)

    jobs = [Job("broken", 60.0, fail), Job("sound", 90.0, work)]
    await run_due(jobs, now=0.0)
    assert ran == ["broken", "sound"]
    assert told(log) == [
        ("warning", "job_failed", {"job": "broken", "reason": "OSError"}),
        ("info", "job_done", {"job": "sound", "count": 2}),
    ]
    await run_due(jobs, now=59.9)
    assert len(ran) == 2
    await run_due(jobs, now=60.0)
    assert ran[2:] == ["broken"]
    await run_due(jobs, now=90.0)
    assert ran[3:] == ["sound"]


async def test_idle_jobs_are_silent(log: CapturingLogger) -> None:
    async def find_nothing() -> int:
        return 0

    await run_due([Job("idle", 1.0, find_nothing)], now=0.0)
    assert told(log) == []


def test_a_signal_ends_the_process_in_order(database_url: str) -> None:
    process = subprocess.Popen(
        [COMMAND, "worker"],
        env={**environment(database_url), "PACNUM_LOG_LEVEL": "info"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        started = json.loads(process.stderr.readline())
        assert (started["event"], started["jobs"]) == ("worker_started", JOBS)
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert json.loads(rest.splitlines()[-1])["event"] == "worker_stopped"


async def test_a_worker_that_is_told_to_stop_does_not_wait_for_a_job_without_end(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, database: Database
) -> None:
    has_begun = asyncio.Event()

    async def hang() -> int:
        has_begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(worker, "jobs_of", lambda *_: [Job("endless", 1.0, hang)])
    hasty = settings.model_copy(update={"shutdown_timeout_seconds": 0.1})
    working = asyncio.create_task(worker.run_worker(database, hasty))
    try:
        await has_begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(working, timeout=10)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)


async def test_a_job_that_failed_is_tried_again_within_a_minute() -> None:
    tries: list[float] = []

    async def fail() -> int:
        tries.append(1)
        raise ConnectionError("the database is away")

    hourly = Job("hourly", worker.HOUR, fail)
    for now in (0.0, 59.0, 60.0):
        await worker.run_due([hourly], now=now)
    assert len(tries) == 2
