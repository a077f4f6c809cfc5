"""The published document against the running service, by schemathesis with every check on.

The command that docs/testing.md shows, with fewer examples; ``schemathesis.toml`` configures both.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.databases import clone_database, drop_database, with_database
from tests.support.service_process import ServiceProcess, new_client, served, token_for

ROOT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).with_name("schemathesis"))


@pytest.fixture
def service_url(server_url: str, template_database: str) -> Iterator[str]:
    """A database of its own: the service under it is written to without end."""
    name = f"pacnum_served_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=template_database)
    yield with_database(server_url, name)
    drop_database(server_url, name)


def schemathesis(service: ServiceProcess, token: str, *options: str) -> None:
    """Run it; whatever it finds is the failure's message."""
    ran = subprocess.run(
        [
            *(COMMAND, "run", f"{service.url}/openapi.json", "--checks", "all"),
            *("--header", f"Authorization: Bearer {token}", "--no-color", *options),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr


def test_the_service_is_what_its_document_says(service_url: str) -> None:
    client = new_client(service_url)
    with served(service_url) as service:
        token = token_for(service, client)
        schemathesis(service, token, "--max-examples", "2", "--seed", "1")
