"""The servers of the answer benchmarks: started, found again, and asked for their CPU time."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from benchmarks.answer_stage import ISSUER
from benchmarks.peer_logic import URL_VARIABLE
from benchmarks.processes import CpuMeter, children_of, cpu_seconds, free_port, running
from pacnum_api.platform.embedded_postgres import EmbeddedServer

ROOT = Path(__file__).resolve().parents[1]
QUIET = ("--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log")
POSTGRES = "postgresql"
CHEAP_NUMPY = {"OPENBLAS_NUM_THREADS": "1"}
"""As a worker is run: threads of a linear algebra library would only take the other core."""


@dataclass(frozen=True, slots=True)
class CpuSeconds:
    """Used so far, by process: the server's, PostgreSQL's, and the client's, which is ours."""

    server: float
    postgres: float
    client: float

    def since(self, earlier: "CpuSeconds") -> "CpuSeconds":
        return CpuSeconds(
            self.server - earlier.server,
            self.postgres - earlier.postgres,
            self.client - earlier.client,
        )


def client_cpu() -> CpuSeconds:
    """Where nothing but our own process can be seen."""
    return CpuSeconds(0.0, 0.0, cpu_seconds([os.getpid()]))


class Servers:
    """Server processes by name, all on one database; they stop with the stack."""

    def __init__(self, postgres: EmbeddedServer, stack: ExitStack) -> None:
        self._postgres = postgres
        self._stack = stack
        self._pids: dict[str, list[int]] = {}
        self._meters: dict[str, CpuMeter] = {}
        self._ports: dict[str, list[int]] = {}
        self._log = postgres.data_dir.parent / "servers.log"
        self._postmaster = int((postgres.data_dir / "postmaster.pid").read_text("utf-8").split()[0])

    @property
    def service_environment(self) -> dict[str, str]:
        """What a process of the service gets: this database, and one issuer whatever its port."""
        return {
            "PACNUM_DATABASE_URL": self._postgres.url(),
            "PACNUM_WORKERS": "1",
            "PACNUM_PUBLIC_URL": ISSUER,
        }

    def ports(self, name: str) -> Sequence[int]:
        return self._ports[name]

    def start_service(
        self, name: str, *, processes: int = 1, environment: Mapping[str, str] | None = None
    ) -> None:
        """``pacnum serve``, one worker a process, each on a port of its own."""
        for _ in range(processes):
            port = free_port()
            command = [str(Path(sys.executable).with_name("pacnum")), "serve"]
            given = {**self.service_environment, **(environment or {})}
            self._start(name, [*command, "--port", str(port)], port=port, environment=given)

    def start_floor(self, name: str, *, tenant_id: UUID, reply_bytes: int) -> None:
        environment = {
            "FLOOR_DATABASE_URL": self._postgres.url(),
            "FLOOR_TENANT_ID": str(tenant_id),
            "FLOOR_REPLY_BYTES": str(reply_bytes),
        }
        self.start_application(name, "benchmarks.floor:app", environment=environment)

    def start_peer(self, name: str, application: str) -> None:
        environment = {URL_VARIABLE: self._postgres.url()}
        self.start_application(name, application, environment=environment)

    def start_application(
        self,
        name: str,
        application: str,
        *,
        environment: Mapping[str, str],
        is_factory: bool = False,
    ) -> None:
        """An ASGI application of a benchmark, or what makes it, under the service's server."""
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), *QUIET]
        command += ["--factory"] if is_factory else []
        self._start(name, command, port=port, environment=environment)

    def _start(
        self, name: str, command: list[str], *, port: int, environment: Mapping[str, str]
    ) -> None:
        path = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        given = {**CHEAP_NUMPY, "PYTHONPATH": path, **environment}
        server = running(command, port=port, environment=given, log=self._log)
        self._pids.setdefault(name, []).append(self._stack.enter_context(server))
        self._ports.setdefault(name, []).append(port)

    def cpu(self, name: str) -> CpuSeconds:
        server = self._meters.setdefault(name, CpuMeter())
        database = self._meters.setdefault(POSTGRES, CpuMeter())
        return CpuSeconds(
            server=server.read(self._pids.get(name, [])),
            postgres=database.read(children_of(self._postmaster)),
            client=cpu_seconds([os.getpid()]),
        )
