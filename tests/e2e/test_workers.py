"""Several processes on one port: kept in number, ended together, gone when their foreman is."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from pacnum_api.platform.auth.scopes import Scope
from tests.support.authored_items import authored
from tests.support.databases import with_database
from tests.support.service_process import (
    COMMAND,
    ServiceProcess,
    environment,
    operator,
    token_for,
)
from tests.support.simulated_agent import FRAMEWORK, answer_to, session_body

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


def asked(service: ServiceProcess, path: str, token: str, **options: Any) -> Any:
    """The reply of whichever worker gets the connection, which is a new one each time."""
    method = "GET" if path.endswith("/result") else "POST"
    headers = {"Authorization": f"Bearer {token}"}
    reply = httpx.request(method, f"{service.url}{path}", headers=headers, timeout=30, **options)
    assert reply.status_code in {200, 201}, reply.text
    return reply.json()


def test_a_test_stays_on_its_bank_whichever_worker_has_it(
    service: ServiceProcess, served_database_url: str, tmp_path: Path
) -> None:
    """Two tests by turns, between whose beginnings the tenant's own bank was published."""
    tenant = f"tenant-{uuid4().hex[:12]}"
    client = operator(
        served_database_url,
        *("clients", "create", "--name", "tester", "--scopes", " ".join(Scope)),
        *("--tenant", tenant, "--rate-limit", "100000"),
    )
    token = token_for(service, client)
    sessions = [asked(service, "/v1/test-sessions", token, json=session_body())]
    path = tmp_path / "items.yaml"
    own = {"framework": FRAMEWORK, "competence": "1.1", "items": [authored("numeric")]}
    path.write_text(json.dumps(own), "utf-8")  # JSON is YAML
    operator(served_database_url, "load", "items", str(path), "--tenant", tenant)
    second = {"agent": {"external_id": {"issuer": "lms", "value": "another"}}}
    sessions.append(asked(service, "/v1/test-sessions", token, json=session_body(**second)))
    open_ones = {one["id"]: one["pending_item"] for one in sessions}
    while open_ones:
        for session_id, pending in list(open_ones.items()):
            answers = f"/v1/test-sessions/{session_id}/answers"
            reply = asked(service, answers, token, json=answer_to(pending, None))
            open_ones[session_id] = reply["pending_item"]
            if reply["pending_item"] is None:
                del open_ones[session_id]
    paths = [f"/v1/test-sessions/{one['id']}" for one in sessions]
    results = [asked(service, f"{path}/result", token)["versions"] for path in paths]
    replays = [asked(service, f"{path}/replay", token) for path in paths]
    assert results[0]["item_bank"] != results[1]["item_bank"]
    assert [one["versions"] for one in replays] == results
    assert [one["is_identical"] for one in replays] == [True, True]


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


def test_workers_that_cannot_start_are_not_tried_for_ever(served_database_url: str) -> None:
    """A database that is not there; one that is only away is waited for."""
    nowhere = environment(with_database(served_database_url, "nothing"))
    command = [COMMAND, "serve", "--port", "0", "--workers", "2"]
    said = subprocess.run(command, env=nowhere, timeout=60, capture_output=True, check=False)
    assert said.returncode == 3, said.stderr.decode()
