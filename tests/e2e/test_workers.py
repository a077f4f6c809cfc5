"""Several processes on one port: kept in number, ended together, gone when their foreman is."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.service_process import COMMAND, ServiceProcess, environment

WORKERS = 3


@pytest.fixture
def service(served_database_url: str) -> Iterator[ServiceProcess]:
    found = ServiceProcess(served_database_url, workers=WORKERS)
    yield found
    found.process.kill()
    found.process.wait()
    assert eventually(lambda: not is_served(found)), "workers outlived their foreman"


def workers_of(service: ServiceProcess) -> set[int]:
    """The children of the foreman that live, by number."""
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    return {int(one) for one in children.read_text("ascii").split()}


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 15
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def is_served(service: ServiceProcess) -> bool:
    try:
        return httpx.get(f"{service.url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_a_worker_that_dies_is_replaced_and_all_end_when_asked_to(service: ServiceProcess) -> None:
    before = workers_of(service)
    assert len(before) == WORKERS
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: len(workers_of(service) - before) == 1)
    assert is_served(service)
    after = workers_of(service)
    assert len(after) == WORKERS
    assert victim not in after

    service.terminate()
    assert service.ended() == 0
    assert not is_served(service)


def test_workers_end_with_a_foreman_that_was_killed(service: ServiceProcess) -> None:
    workers = workers_of(service)
    service.kill()
    assert eventually(lambda: not any(Path(f"/proc/{one}").exists() for one in workers))


def test_workers_that_cannot_start_are_not_tried_for_ever() -> None:
    nowhere = environment("postgresql://nobody@127.0.0.1:9/nothing")
    command = [COMMAND, "serve", "--port", "0", "--workers", "2"]
    said = subprocess.run(command, env=nowhere, timeout=60, capture_output=True, check=False)
    assert said.returncode == 3, said.stderr.decode()
