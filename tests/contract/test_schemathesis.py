"""The published document against the running service, by schemathesis with every check on.

The command that docs/testing.md shows, with fewer examples; ``schemathesis.toml`` configures both.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.support.databases import clone_database, drop_database, with_database
from tests.support.service_process import ServiceProcess, new_client, served, token_for
from tests.support.simulated_agent import answer_to, path_of, session_body

ROOT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).with_name("schemathesis"))


@pytest.fixture
def service_url(server_url: str, template_database: str) -> Iterator[str]:
    """A database of its own: the service under it is written to without end."""
    name = f"pacnum_served_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=template_database)
    yield with_database(server_url, name)
    drop_database(server_url, name)


def schemathesis(service: ServiceProcess, token: str, *, config: Path, options: str) -> None:
    """Run it; whatever it finds is the failure's message."""
    ran = subprocess.run(
        [
            *(COMMAND, "--config-file", str(config), "run", f"{service.url}/openapi.json"),
            *("--checks", "all", "--header", f"Authorization: Bearer {token}", "--no-color"),
            *options.split(),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=900,  # a minute or two, unless the machine is busy
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr


def ended_session(service: ServiceProcess, token: str) -> str:
    """A session that was taken to its end, so that there is a result to read."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=service.url, headers=headers, timeout=30) as http:
        session = http.post("/v1/test-sessions", json=session_body()).json()
        pending = session["pending_item"]
        while pending is not None:
            body = answer_to(pending, None)
            pending = http.post(path_of(session, "answers"), json=body).json()["pending_item"]
    session_id: str = session["id"]
    return session_id


def test_the_service_is_what_its_document_says(service_url: str, tmp_path: Path) -> None:
    """All operations with what can be made up; those of sessions with one that there is, too."""
    client = new_client(service_url)
    with served(service_url) as service:
        token = token_for(service, client)
        usual = ROOT / "schemathesis.toml"
        schemathesis(service, token, config=usual, options="--max-examples 2 --seed 1")
        known = tmp_path / "known.toml"
        session_id = ended_session(service, token)
        parameters = f'[parameters]\n"path.session_id" = "{session_id}"\n'
        known.write_text(f"{usual.read_text('utf-8')}\n{parameters}", "utf-8")
        schemathesis(
            service,
            token,
            config=known,
            options="--include-path-regex /test-sessions/ --max-examples 5 --seed 1",
        )
