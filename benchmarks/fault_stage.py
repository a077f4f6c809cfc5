"""What the fault matrix plays on: a PostgreSQL, the service on it, and how both are hurt."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx

from benchmarks.answer_stage import Tenant, make_tenant
from benchmarks.processes import children_of, free_port
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres

ROLE = "pacnum_app"
SERVE = "from pacnum_api.entrypoints.cli import main; main()"
MAX_CONNECTIONS = 40
START_SECONDS = 60
SETTINGS = {
    "max_connections": str(MAX_CONNECTIONS),
    "superuser_reserved_connections": "1",
    "log_statement": "none",
}


@dataclass(slots=True)
class Service:
    """``pacnum serve`` as a process, which may be killed and started again on the same port."""

    database_url: str
    workers: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    program: str = SERVE
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and do not wait for it."""
        arguments = ["serve", "--port", str(self.port), "--workers", str(self.workers)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.program, *arguments],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(["src", os.environ.get("PYTHONPATH", "")]),
                "PACNUM_DATABASE_URL": self.database_url,
                "PACNUM_PUBLIC_URL": "http://faults.test",
                "PACNUM_LOG_LEVEL": "error",
                **self.environment,
            },
            stdout=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """As a power cut would: nothing is told to it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As a supervisor does; its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def worker_pids(self) -> list[int]:
        """Of the processes that serve, the supervisor and multiprocessing's tracker left out."""
        assert self.process is not None
        return [pid for pid in children_of(self.process.pid)[1:] if _is_worker(pid)]

    async def until_ready(self) -> None:
        """Wait until it serves. Raises TimeoutError."""
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as http:
            while True:
                try:
                    if (await http.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


def _is_worker(pid: int) -> bool:
    return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()


@dataclass(frozen=True, slots=True)
class Stage:
    """One PostgreSQL, one service, one tenant; ``owner`` sees past row-level security."""

    postgres: EmbeddedServer
    service: Service
    tenant: Tenant

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.postgres.url(), timeout=10)
        try:
            yield connection
        finally:
            connection.terminate()

    def postmaster(self) -> int:
        record = self.postgres.data_dir / "postmaster.pid"
        return int(record.read_text("ascii").split("\n", 1)[0])

    async def backends(self) -> list[int]:
        """The process ids of what serves the service."""
        async with self.owner() as owner:
            rows = await owner.fetch(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'pacnum'"
            )
        return [row["pid"] for row in rows]

    async def terminate_backends(self) -> None:
        async with self.owner() as owner:
            await owner.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'pacnum'"
            )

    async def until_postgres_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                async with self.owner() as owner:
                    await owner.execute("SELECT 1")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.02)
            else:
                return
        raise TimeoutError("PostgreSQL did not come back")


@contextmanager
def home_on_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pacnum-faults-") as home:
        yield Path(home)


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A home on a disk of its own that can be filled: memory, mounted by root."""
    with home_on_disk() as place:
        place.chmod(0o755)
        options = f"size={megabytes}m,mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)


@asynccontextmanager
async def stage_at(postgres: EmbeddedServer, service: Service) -> AsyncIterator[Stage]:
    """Content, a client and the running service; the service is gone afterwards."""
    database = Database(postgres.url(), role=ROLE, pool_size=2)
    tenant = await make_tenant(database)
    await database.close()
    service.start()
    try:
        await service.until_ready()
        yield Stage(postgres, service, tenant)
    finally:
        if service.process is not None and service.process.poll() is None:
            service.process.send_signal(signal.SIGCONT)
            service.process.terminate()
            try:
                service.process.wait(30)
            except subprocess.TimeoutExpired:
                service.process.kill()


@contextmanager
def postgres_in(home: Path) -> Iterator[EmbeddedServer]:
    with embedded_postgres(home, settings=SETTINGS) as postgres:
        migrations.upgrade(postgres.url())
        yield postgres
