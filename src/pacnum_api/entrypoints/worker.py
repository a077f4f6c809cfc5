"""Background work: sessions that ran out of time, old keys, old traces. Any number may run."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.clients import tasks as client_tasks
from pacnum_api.domains.imports import tasks as import_tasks
from pacnum_api.domains.test_sessions import tasks as test_session_tasks
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform import idempotency, metrics, outbox
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import Settings
from pacnum_api.platform.tracing import job_span

_log = structlog.stdlib.get_logger("pacnum.worker")

MINUTE = 60.0
HOUR = 3600.0
LOOK_SECONDS = 5.0
"""Between two looks at what is due; also how long a stop may wait beside the job under way."""


@dataclass(slots=True)
class Job:
    """Something done again and again; ``run`` returns how much there was to do."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[int]]
    due_at: float = field(default=0.0)


def jobs_of(database: Database, settings: Settings) -> list[Job]:
    """All that workers do."""

    async def expire_sessions() -> int:
        return await _for_each_tenant(database, test_session_tasks.expire_sessions)

    async def forget_responses() -> int:
        return await _for_each_tenant(database, idempotency.purge)

    async def run_imports() -> int:
        return await _for_each_tenant(database, import_tasks.run_imports)

    async def purge_imports() -> int:
        return await _for_each_tenant(database, import_tasks.purge_imports)

    async def renew_key() -> int:
        return int(await client_tasks.renew_signing_key(database, settings))

    async def purge_clients() -> int:
        return await client_tasks.purge_expired(database)

    async def take_stock() -> int:
        return await _take_stock(database)

    return [
        Job("run_imports", LOOK_SECONDS, run_imports),
        Job("expire_sessions", MINUTE, expire_sessions),
        Job("forget_idempotent_responses", HOUR, forget_responses),
        Job("renew_signing_key", HOUR, renew_key),
        Job("purge_imports", HOUR, purge_imports),
        Job("purge_client_traces", HOUR, purge_clients),
        Job("take_stock", MINUTE, take_stock),
    ]


async def _take_stock(database: Database) -> int:
    """Set the gauges of what waits for workers, which take a look into the database."""
    longest = 0.0

    async def look(database: Database, tenant_id: UUID) -> int:
        nonlocal longest
        overdue = await test_session_tasks.overdue_seconds(database, tenant_id)
        longest = max(longest, overdue)
        return 0

    await _for_each_tenant(database, look)
    metrics.OVERDUE_SECONDS.set(longest)
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        metrics.OUTBOX_EVENTS.set(await outbox.estimate_events(uow.session))
    return 0


async def _for_each_tenant(
    database: Database, work: Callable[[Database, UUID], Awaitable[int]]
) -> int:
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        tenant_ids = await clients.list_tenant_ids(uow)
    done = 0
    for tenant_id in tenant_ids:
        try:
            done += await work(database, tenant_id)
        except Exception as error:  # noqa: BLE001 - one tenant's trouble must not stop the others'
            _log.warning(
                "tenant_skipped", tenant_id=str(tenant_id), reason=type(error).__qualname__
            )
    return done


async def run_due(jobs: list[Job], *, now: float) -> None:
    """Run the jobs that are due; one that fails is logged and tried again, in a minute at most."""
    for job in jobs:
        if job.due_at > now:
            continue
        job.due_at = now + job.every_seconds
        began = time.perf_counter()
        try:
            with job_span(job.name):
                done = await job.run()
        except Exception as error:  # noqa: BLE001 - the worker outlives any job; the log tells
            _log.warning("job_failed", job=job.name, reason=type(error).__qualname__)
            job.due_at = now + min(job.every_seconds, MINUTE)
            _count(job, "failed", began=began)
            continue
        _count(job, "done", began=began)
        metrics.JOB_SUCCEEDED.labels(job.name).set_to_current_time()
        if done:
            metrics.JOB_COUNT.labels(job.name).inc(done)
            _log.info("job_done", job=job.name, count=done)


def _count(job: Job, outcome: str, *, began: float) -> None:
    metrics.JOB_SECONDS.labels(job.name, outcome).observe(time.perf_counter() - began)


async def run_worker(database: Database, settings: Settings) -> None:
    """Work until SIGTERM or SIGINT.

    The job under way may then take as long as requests may when the API stops; what it has not
    committed by then is undone by the database, and done again by whoever runs next.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    jobs = jobs_of(database, settings)
    _log.info("worker_started", jobs=[job.name for job in jobs])
    working = asyncio.create_task(_work(jobs, stop))
    await stop.wait()
    try:
        async with asyncio.timeout(settings.shutdown_timeout_seconds):
            await working
    except TimeoutError:
        _log.warning("worker_gave_up_its_job")
    _log.info("worker_stopped")


async def _work(jobs: list[Job], stop: asyncio.Event) -> None:
    while not stop.is_set():
        await run_due(jobs, now=time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
