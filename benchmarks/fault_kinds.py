"""The faults: each is done to a stage while agents answer, and is over when its coroutine ends."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from benchmarks.fault_agents import Crowd, Manner
from benchmarks.fault_stage import MAX_CONNECTIONS, SERVE, Stage
from benchmarks.processes import children_of

LASTS_SECONDS = 4.0
SLOW_CLIENTS = 150
CLOCK = "from benchmarks.fault_clock import main; main()"
IMPATIENT = {
    "PACNUM_DATABASE_TIMEOUT_SECONDS": "1",
    "PACNUM_DATABASE_WAIT_SECONDS": "0.5",
    "PACNUM_REQUEST_TIMEOUT_SECONDS": "2",
}
Deed = Callable[[Stage, Crowd], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """``disk_megabytes``: PostgreSQL on a disk of that size; None: wherever temporary files are."""

    name: str
    says: str
    deed: Deed
    workers: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    program: str = SERVE
    manner: Manner = Manner.PLAIN
    disk_megabytes: int | None = None

    @property
    def shares_stage(self) -> bool:
        """Whether the service runs as it does for most, so that it need not be started anew."""
        is_plain = self.program == SERVE and not self.environment
        return is_plain and self.workers == 1 and self.disk_megabytes is None


async def _time_passes(stage: Stage, crowd: Crowd) -> None:
    del stage, crowd
    await asyncio.sleep(LASTS_SECONDS)


async def _kill_server(stage: Stage, crowd: Crowd) -> None:
    del crowd
    stage.service.kill()
    await asyncio.sleep(0.5)  # a supervisor needs a moment, too
    stage.service.start()
    await stage.service.until_ready()


async def _stop_server(stage: Stage, crowd: Crowd) -> None:
    status = await asyncio.to_thread(stage.service.stop)
    if status not in {0, -signal.SIGTERM}:
        crowd.watch.errors[f"ended with {status}"] += 1
    stage.service.start()
    await stage.service.until_ready()


async def _kill_worker(stage: Stage, crowd: Crowd) -> None:
    del crowd
    busiest = max(stage.service.worker_pids(), key=_open_files)
    os.kill(busiest, signal.SIGKILL)
    await asyncio.sleep(0.1)


def _open_files(pid: int) -> int:
    """Most of them are the connections of agents."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def _restart_postgres(stage: Stage, crowd: Crowd) -> None:
    await _end_postgres(stage, crowd, number=signal.SIGINT)


async def _kill_postgres(stage: Stage, crowd: Crowd) -> None:
    await _end_postgres(stage, crowd, number=signal.SIGKILL)


async def _end_postgres(stage: Stage, crowd: Crowd, *, number: signal.Signals) -> None:
    del crowd
    former = stage.postmaster()
    os.kill(former, number)
    while True:  # its supervisor brings up another
        with suppress(OSError):
            if stage.postmaster() != former:
                break
        await asyncio.sleep(0.01)
    await stage.until_postgres_answers()


async def _kill_backend(stage: Stage, crowd: Crowd) -> None:
    del crowd
    os.kill((await stage.backends())[0], signal.SIGKILL)
    await asyncio.sleep(0.1)
    await stage.until_postgres_answers()


async def _cut_connections(stage: Stage, crowd: Crowd) -> None:
    del crowd
    for _ in range(8):
        await stage.terminate_backends()
        await asyncio.sleep(0.25)


async def _take_all_connections(stage: Stage, crowd: Crowd) -> None:
    del crowd
    hog: list[asyncpg.Connection] = []
    loop = asyncio.get_running_loop()
    until = loop.time() + LASTS_SECONDS
    async with stage.owner() as owner:
        while loop.time() < until:
            if len(hog) < MAX_CONNECTIONS - 2:
                await owner.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'pacnum'"
                )
            with suppress(asyncpg.TooManyConnectionsError):
                while True:
                    hog.append(await asyncpg.connect(stage.postgres.url()))
            await asyncio.sleep(0.01)
    for connection in hog:
        connection.terminate()


async def _be_read_only(stage: Stage, crowd: Crowd) -> None:
    del crowd
    async with stage.owner() as owner:
        await owner.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await owner.execute("SELECT pg_reload_conf()")
        await stage.terminate_backends()
        await asyncio.sleep(LASTS_SECONDS)
        await owner.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await owner.execute("SELECT pg_reload_conf()")


async def _stop_backends(stage: Stage, crowd: Crowd) -> None:
    del crowd
    await _frozen(await stage.backends())


async def _stop_postgres(stage: Stage, crowd: Crowd) -> None:
    del crowd
    await _frozen(children_of(stage.postmaster()))


async def _frozen(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(LASTS_SECONDS)
    for pid in reversed(pids):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def _lock_table(stage: Stage, crowd: Crowd) -> None:
    del crowd
    async with stage.owner() as owner, owner.transaction():
        await owner.execute("LOCK TABLE test_sessions IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(LASTS_SECONDS)


async def _fill_disk(stage: Stage, crowd: Crowd) -> None:
    del crowd
    ballast = stage.postgres.data_dir.parents[1] / "ballast"
    async with stage.owner() as owner:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(65536)):
                pass
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            for _ in range(8):  # what is set aside for the log is used up sooner
                await owner.execute("SELECT pg_switch_wal()")
                await owner.execute("CREATE TABLE IF NOT EXISTS filler AS SELECT 1 AS one")
                await owner.execute("INSERT INTO filler SELECT generate_series(1, 10000)")
    await asyncio.sleep(LASTS_SECONDS)
    ballast.unlink()
    await stage.until_postgres_answers()
    async with stage.owner() as owner:
        await owner.execute("DROP TABLE IF EXISTS filler")


async def _come_slowly(stage: Stage, crowd: Crowd) -> None:
    """Connections that say nothing, that never end their head, that never end their body."""
    address = urlsplit(stage.service.url)
    head = b"POST /v1/test-sessions HTTP/1.1\r\nHost: faults.test\r\n"
    body = head + b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
    cut = await asyncio.gather(
        *(
            _trickle(address.port or 0, (b"", head, body)[number % 3])
            for number in range(SLOW_CLIENTS)
        )
    )
    crowd.watch.errors.update({"slow client not cut off": cut.count(False)} if False in cut else {})


async def _trickle(port: int, first: bytes) -> bool:
    """Send a byte now and then; whether the server has put an end to it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    for _ in range(int(LASTS_SECONDS / 0.2)):
        with suppress(OSError):
            if first:
                writer.write(b"x")
                await writer.drain()
        try:
            async with asyncio.timeout(0.2):
                said = await reader.read()
        except TimeoutError:
            continue
        except OSError:
            said = b""
        writer.close()
        return said.startswith(b"HTTP/1.1 408") or not said
    writer.close()
    return False


async def _step_clock(stage: Stage, crowd: Crowd) -> None:
    del crowd
    assert stage.service.process is not None
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR2, signal.SIGUSR1):
        stage.service.process.send_signal(number)
        await asyncio.sleep(1)


FAULTS = (
    Fault("none", "nothing happens: what the rest compares with", _time_passes),
    Fault("server-killed", "kill -9 of the service, started again after 0.5 s", _kill_server),
    Fault("server-stopped", "SIGTERM under load, started again", _stop_server),
    Fault("worker-killed", "kill -9 of one of 4 workers", _kill_worker, workers=4),
    Fault("workers-stopped", "SIGTERM to 4 workers, started again", _stop_server, workers=4),
    Fault("postgres-restarted", "fast shutdown and start", _restart_postgres),
    Fault("postgres-killed", "kill -9 of the postmaster", _kill_postgres),
    Fault("backend-killed", "kill -9 of one backend: PostgreSQL restarts itself", _kill_backend),
    Fault("connections-cut", "every connection ended 8 times in 2 s", _cut_connections),
    Fault("no-connections", "another program holds all connections for 4 s", _take_all_connections),
    Fault("read-only", "PostgreSQL refuses writes for 4 s", _be_read_only),
    Fault("backends-stopped", "the service's backends do nothing for 4 s", _stop_backends),
    Fault(
        "postgres-hangs",
        "all of PostgreSQL stopped for 4 s; the service waits 1 s",
        _stop_postgres,
        environment=IMPATIENT,
    ),
    Fault("table-locked", "test_sessions locked for 4 s", _lock_table),
    Fault("disk-full", "PostgreSQL's disk full for 4 s", _fill_disk, disk_megabytes=300),
    Fault("hung-up", "agents hang up on each answer once", _time_passes, manner=Manner.RUDE),
    Fault("sent-twice", "agents send each answer twice at once", _time_passes, manner=Manner.TWICE),
    Fault(
        "slow-clients",
        f"{SLOW_CLIENTS} connections that trickle; patience 1 s",
        _come_slowly,
        environment={"PACNUM_HEAD_TIMEOUT_SECONDS": "1", "PACNUM_BODY_TIMEOUT_SECONDS": "1"},
    ),
    Fault(
        "clock-steps",
        "the service's clock: + 3 s, back, - 3 s, back",
        _step_clock,
        program=CLOCK,
        environment={"STEP_SECONDS": "3"},
    ),
)
