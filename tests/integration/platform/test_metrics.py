"""What is counted, when, and what is not."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from pacnum_api.domains.items.service import count_banks
from pacnum_api.entrypoints.worker import Job, jobs_of, run_due
from pacnum_api.platform import pulse as pulses
from pacnum_api.platform.auth import gate
from pacnum_api.platform.database import Database
from pacnum_api.platform.metrics import BANKS_IN_MEMORY
from pacnum_api.platform.metrics_folder import FOLDER, count_no_more, shared_metrics
from pacnum_api.platform.metrics_page import metrics_page, metrics_port
from pacnum_api.platform.pulse import Pulse
from pacnum_api.platform.rate_limits import Quota
from pacnum_api.platform.settings import Settings
from tests.support.callers import Caller
from tests.support.simulated_agent import Document, answer_to, begin, path_of

ANSWERS = "/v1/test-sessions/{session_id}/answers"


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"pacnum_{name}", labels) or 0.0


class Growth:
    """How much counters have grown since."""

    def __init__(self, **names: Mapping[str, str]) -> None:
        self._names = names
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        return {name: counted(name, **labels) for name, labels in self._names.items()}

    def since(self) -> dict[str, float]:
        return {name: value - self._before[name] for name, value in self._now().items()}


async def answer(caller: Caller, session: Document, **members: object) -> int:
    sent = answer_to(session["pending_item"], None) | members
    return (await caller.post(path_of(session, "answers"), json=sent)).status_code


async def test_an_answer_is_counted_once_however_often_it_is_sent(caller: Caller) -> None:
    growth = Growth(
        answers_accepted_total={},
        answers_resent_total={},
        items_graded_total={"result": "skipped"},
        engine_duration_seconds_count={},
    )
    session = await begin(caller)
    assert [await answer(caller, session) for _ in range(3)] == [201, 201, 201]
    assert growth.since() == {
        "answers_accepted_total": 1,
        "answers_resent_total": 2,
        "items_graded_total": 1,
        "engine_duration_seconds_count": 1,
    }


async def test_refusals_are_counted_by_their_reason(caller: Caller) -> None:
    growth = Growth(
        answers_refused_total={"reason": "position_not_pending"},
        http_problems_total={"route": ANSWERS, "code": "position_not_pending"},
        answers_accepted_total={},
    )
    session = await begin(caller)
    assert await answer(caller, session) == 201
    assert await answer(caller, session, position=7) == 409
    assert await answer(caller, session, position=8) == 409
    assert growth.since() == {
        "answers_refused_total": 2,
        "http_problems_total": 2,
        "answers_accepted_total": 1,
    }


async def test_sessions_are_counted_as_they_begin_and_end(caller: Caller) -> None:
    growth = Growth(
        sessions_begun_total={"purpose": "positioning"},
        sessions_ended_total={"state": "abandoned"},
    )
    session = await begin(caller)
    for _ in range(2):
        await caller.post(path_of(session, "abandon"))
    assert growth.since() == {"sessions_begun_total": 1, "sessions_ended_total": 1}


async def test_what_is_rolled_back_was_not(database: Database, caller: Caller) -> None:
    calls: list[str] = []
    async with database.unit_of_work(caller.tenant_id) as uow:
        uow.once_committed(lambda: calls.append("kept"))
        assert not calls
    assert calls == ["kept"]

    async def fail() -> None:
        async with database.unit_of_work(caller.tenant_id) as uow:
            uow.once_committed(lambda: calls.append("lost"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert calls == ["kept"]


async def test_requests_beyond_a_quota_are_counted(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "SESSION_QUOTA", Quota("session", requests=3, unshared=1))
    session = await begin(caller)
    taker = caller.with_token(session["session_token"])
    growth = Growth(rate_limit_refusals_total={"quota": "session"})
    answers = [(await taker.get(path_of(session))).status_code for _ in range(12)]
    assert growth.since() == {"rate_limit_refusals_total": answers.count(429)}
    assert answers.count(429) >= 6  # nine, or less if a minute has just ended


# --- the pulse ------------------------------------------------------------------------------------


async def test_the_pulse_sees_pools_and_banks(database: Database, caller: Caller) -> None:
    await begin(caller)
    pulse = Pulse(database, counts={BANKS_IN_MEMORY: count_banks})
    async with database.unit_of_work(caller.tenant_id), database.raw_transaction(caller.tenant_id):
        pulse.beat()
        assert counted("database_connections_in_use", pool="orm") == 1
        assert counted("database_connections_in_use", pool="raw") == 1
    pulse.beat()
    assert counted("database_connections_in_use", pool="raw") == 0
    assert counted("database_connections_allowed", pool="raw") == 10
    assert counted("banks_in_memory") == count_banks() >= 1


async def test_the_pulse_sees_who_waits(settings: Settings, caller: Caller) -> None:
    database = Database(str(settings.database_url), pool_size=1)

    async def wait_for_a_turn() -> None:
        async with database.raw_transaction(caller.tenant_id):
            return

    async with database.raw_transaction(caller.tenant_id):
        waiting = asyncio.create_task(wait_for_a_turn())
        await asyncio.sleep(0)
        Pulse(database).beat()
        assert counted("database_connections_awaited") == 1
    await waiting
    Pulse(database).beat()
    assert counted("database_connections_awaited") == 0
    await database.close()


async def test_the_pulse_feels_a_blocked_loop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulses, "PERIOD_SECONDS", 0.001)
    before = counted("event_loop_lag_seconds_sum")
    pulse = Pulse(database)
    pulse.start()
    await asyncio.sleep(0.01)
    until = asyncio.get_running_loop().time() + 0.05
    while asyncio.get_running_loop().time() < until:
        pass  # as a computation would that forgot whom it shares the process with
    await asyncio.sleep(0.01)
    await pulse.stop()
    await pulse.stop()  # twice is once
    assert counted("event_loop_lag_seconds_sum") - before >= 0.04


async def test_requests_under_way_are_seen(app: FastAPI, caller: Caller) -> None:
    seen: list[float] = []
    pulse = Pulse(app.state.database)

    async def look() -> int:
        pulse.beat()
        seen.append(counted("http_requests_in_flight"))
        return 0

    await run_due([Job("look", 1.0, look)], now=0.0)
    find = app.state.gate.clients.find_live

    async def find_slowly(*arguments: object) -> object:
        await look()
        return await find(*arguments)

    app.state.gate.clients.find_live = find_slowly
    try:
        await caller.get("/v1/frameworks")
    finally:
        del app.state.gate.clients.find_live
    assert seen == [0, 1]


# --- the worker -----------------------------------------------------------------------------------


async def test_the_worker_tells_how_long_expiry_is_behind(
    caller: Caller, owner: asyncpg.Connection, *, database: Database, settings: Settings
) -> None:
    (take_stock,) = [job for job in jobs_of(database, settings) if job.name == "take_stock"]
    (expire,) = [job for job in jobs_of(database, settings) if job.name == "expire_sessions"]
    await run_due([expire], now=0.0)
    session = await begin(caller)
    await owner.execute(
        "UPDATE test_sessions SET expires_at = now() - interval '3 days' WHERE id = $1",
        UUID(session["id"]),
    )
    await owner.execute("ANALYZE outbox_events")
    await run_due([take_stock], now=0.0)
    assert counted("sessions_overdue_seconds") == pytest.approx(3 * 86400, abs=60)
    assert counted("outbox_events") == await owner.fetchval("SELECT count(*) FROM outbox_events")
    await run_due([expire, take_stock], now=1e6)
    assert counted("sessions_overdue_seconds") < 3 * 86400 - 60


async def test_jobs_are_timed_by_how_they_end() -> None:
    async def fail() -> int:
        raise OSError

    async def work() -> int:
        return 7

    growth = Growth(worker_job_items_total={"task": "sound"})
    failed = Growth(worker_job_duration_seconds_count={"task": "broken", "outcome": "failed"})
    done = Growth(worker_job_duration_seconds_count={"task": "sound", "outcome": "done"})
    await run_due([Job("broken", 60.0, fail), Job("sound", 60.0, work)], now=0.0)
    assert failed.since() == done.since() == {"worker_job_duration_seconds_count": 1}
    assert growth.since() == {"worker_job_items_total": 7}
    last = counted("worker_job_last_success_timestamp_seconds", task="sound")
    assert last == pytest.approx(time.time(), abs=60)
    assert counted("worker_job_last_success_timestamp_seconds", task="broken") == 0


# --- the page -------------------------------------------------------------------------------------


def test_a_single_process_shares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    with shared_metrics(1):
        assert FOLDER not in os.environ


def test_the_folder_of_several_is_gone_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    with shared_metrics(2):
        folder = Path(os.environ[FOLDER])
        assert folder.is_dir()
    assert not folder.exists()
    assert FOLDER not in os.environ


def test_an_operators_folder_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with shared_metrics(2):
        assert os.environ[FOLDER] == str(tmp_path)
    assert tmp_path.is_dir()
    assert metrics_page() == b""  # nobody has counted into it yet


def test_what_a_dead_process_counted_stays_and_what_it_was_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    program = """
from pacnum_api.platform import metrics
metrics.ANSWERS_ACCEPTED.inc(3)
metrics.DATABASE_CONNECTIONS_ALLOWED.labels("raw").set(8)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert list(tmp_path.glob("gauge_livesum_*.db"))
    page = metrics_page().decode()
    assert "pacnum_answers_accepted_total 3.0" in page
    assert "pacnum_database_connections_allowed" not in page
    assert "process_open_fds" not in page


def test_a_port_of_its_own_is_optional(unused_tcp_port: int) -> None:
    with metrics_port(None, host="127.0.0.1"):
        pass
    with metrics_port(unused_tcp_port, host="127.0.0.1"):
        page = urlopen(f"http://127.0.0.1:{unused_tcp_port}/metrics").read()
        assert b"pacnum_http_requests_total" in page
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{unused_tcp_port}/metrics")


def test_who_only_starts_others_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, others = tmp_path / f"counter_{os.getpid()}.db", tmp_path / "counter_1.db"
    for file in (own, others):
        file.write_bytes(b"")
    monkeypatch.delenv(FOLDER, raising=False)
    count_no_more()
    assert own.exists()
    monkeypatch.setenv(FOLDER, str(tmp_path))
    count_no_more()
    assert [own.exists(), others.exists()] == [False, True]
