"""The service as a process of its own, the way an operator starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from pacnum_api.platform.auth.scopes import Scope

COMMAND = str(Path(sys.executable).with_name("pacnum"))
PUBLIC_URL = "http://served.test"


def environment(database_url: str) -> dict[str, str]:
    """What the process gets: this database, and one issuer whatever its port."""
    return {
        **os.environ,
        "PACNUM_DATABASE_URL": database_url,
        "PACNUM_PUBLIC_URL": PUBLIC_URL,
        "PACNUM_TOKEN_TTL_SECONDS": "3600",
        "PACNUM_LOG_LEVEL": "error",
    }


class ServiceProcess:
    """``pacnum serve`` on a free port of the loopback interface, started and answering."""

    def __init__(self, database_url: str, *, workers: int = 1) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(port), "--workers", str(workers)],
            env=environment(database_url),
            stdout=subprocess.DEVNULL,
        )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the service ended before it was ready"
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise TimeoutError(self.url)

    def kill(self) -> None:
        """As a power cut would: nothing is told to the process."""
        self.process.kill()
        assert self.process.wait(timeout=10) == -signal.SIGKILL

    def terminate(self) -> None:
        """Ask it to stop, as a supervisor does; ``ended`` waits for it."""
        self.process.terminate()

    def ended(self, timeout_seconds: float = 20) -> int:
        """The exit code, once there is one."""
        return self.process.wait(timeout=timeout_seconds)


@contextmanager
def served(database_url: str) -> Iterator[ServiceProcess]:
    """A running service, gone afterwards."""
    service = ServiceProcess(database_url)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.terminate()
            service.ended()


def operator(database_url: str, *arguments: str) -> Any:
    """What a ``pacnum … --json`` command prints, on this database."""
    printed = subprocess.run(
        [COMMAND, *arguments, "--json"],
        env=environment(database_url),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return json.loads(printed)


def token_for(service: ServiceProcess, client: Mapping[str, str]) -> str:
    """An access token of a client, from the token endpoint."""
    answer = httpx.post(
        f"{service.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(client["client_id"], client["client_secret"]),
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def new_client(database_url: str) -> dict[str, str]:
    """A client with every scope, of a new tenant, made by an operator."""
    made: dict[str, str] = operator(
        database_url,
        *("clients", "create", "--name", "tester", "--scopes", " ".join(Scope)),
        *("--tenant", f"tenant-{uuid4().hex[:12]}", "--rate-limit", "100000"),
    )
    return made


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
