"""``pacnum demo`` on a machine that has nothing: it brings its own PostgreSQL, and keeps it."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pacnum_api.entrypoints import server
from pacnum_api.entrypoints.cli import app
from pacnum_api.platform import logging, migrations
from pacnum_api.platform.settings import Settings, get_settings
from tests.support.embedded_users import processes_in, wait_until
from tests.support.service_process import COMMAND

NAMED = ("PACNUM_DATABASE_URL", "PACNUM_DATABASE_OWNER_URL", "PACNUM_PUBLIC_URL")
HEADINGS = [
    "Starting",
    "1. Token",
    "2. Referential",
    "3. Adaptive test",
    "4. Result",
    "5. Recommendations",
]
RECOMMENDATION = re.compile(
    r"^(\d)\. .+\n   expected gain ([+-]\d\.\d\d) levels .+\n   – ", re.MULTILINE
)
LEVEL = re.compile(r"^\d\.\d .+  (\d)    (\d)–(\d) ", re.MULTILINE)


@dataclass
class Played:
    """A demonstration that is over: on a wished port that was taken."""

    home: Path
    taken_port: int
    process: subprocess.CompletedProcess[str]


def inherited() -> dict[str, str]:
    """The environment without what names a database or an address."""
    return {name: value for name, value in os.environ.items() if name not in NAMED}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port: int = other.getsockname()[1]
        process = subprocess.run(
            [COMMAND, "demo", "--once", "--port", str(port)],
            env={**inherited(), "PACNUM_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    return Played(home, port, process)


def test_it_plays_every_step_and_ends(played: Played) -> None:
    said = played.process.stdout
    assert (played.process.returncode, played.process.stderr) == (0, "")
    assert re.findall(r"^── (.+?) ─+$", said, re.MULTILINE) == HEADINGS
    assert "PostgreSQL (embedded) is up and migrated" in said
    assert "replayed from the log: identical" in said
    measured = LEVEL.findall(said)
    assert len(measured) == 5
    assert all(low <= level <= high for level, low, high in measured)


def test_it_recommends_in_order_with_reasons(played: Played) -> None:
    advice = played.process.stdout.split("── 5. Recommendations")[1]
    found = RECOMMENDATION.findall(advice)
    assert len(found) >= 5
    assert [int(rank) for rank, _ in found] == list(range(1, len(found) + 1))
    assert all(float(gain) > 0 for _, gain in found)


def test_it_says_which_port_it_takes_instead(played: Played) -> None:
    told = re.search(
        rf"port {played.taken_port} is taken: using (\d+)\nservice at http://127.0.0.1:(\d+) ",
        played.process.stdout,
    )
    assert told
    assert told[1] == told[2] != str(played.taken_port)


def test_its_server_ends_with_it(played: Played) -> None:
    wait_until(lambda: not processes_in(played.home))


@pytest.fixture
def at_home(played: Played, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    """The command line of whoever works on with the demonstration's data."""
    for name in NAMED:
        monkeypatch.setenv(name, "")  # so that what a command sets is taken back, too
        monkeypatch.delenv(name)
    monkeypatch.setenv("PACNUM_HOME", str(played.home))
    get_settings.cache_clear()
    yield CliRunner()
    get_settings.cache_clear()


def test_commands_find_what_the_demo_has_left(at_home: CliRunner, played: Played) -> None:
    checked = at_home.invoke(app, ["db", "check"])
    listed = at_home.invoke(app, ["clients", "list", "--json"])

    assert (checked.exit_code, listed.exit_code) == (0, 0)
    (client,) = json.loads(listed.stdout)
    assert (client["name"], client["tenant"]) == ("demo", "demo")
    wait_until(lambda: not processes_in(played.home))


def test_serving_takes_a_free_port_and_the_embedded_database(
    at_home: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that ``serve`` does around the server, which other tests start for good."""
    told: dict[str, Any] = {}

    def run(_: Settings, **options: Any) -> None:
        told.update(options, revision=migrations.current(address()))
        told["public_url"] = os.environ["PACNUM_PUBLIC_URL"]

    def address() -> str:
        return os.environ["PACNUM_DATABASE_URL"]  # what the worker processes will read

    monkeypatch.setattr(server, "run_server", run)
    monkeypatch.setattr(logging, "configure_logging", lambda level: told.update(level=level))
    said = at_home.invoke(app, ["serve", "--port", "0", "--workers", "3"])

    assert said.exit_code == 0, said.output
    assert (told["workers"], told["level"]) == (3, "info")
    assert told["port"] > 0
    assert told["public_url"] == f"http://127.0.0.1:{told['port']}"
    assert told["revision"] == migrations.head_revision()


def test_it_serves_on_until_it_is_interrupted(served_database_url: str) -> None:
    """On an operator's database; the command that it ends with is tried as it stands."""
    process = subprocess.Popen(
        [COMMAND, "demo"],
        env={**inherited(), "PACNUM_DATABASE_URL": served_database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        said = [*takewhile(lambda line: not line.startswith("Still serving"), process.stdout)]
        curl = shlex.split(process.stdout.readline())
        token = json.loads(subprocess.run(curl, capture_output=True, timeout=30, check=True).stdout)
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert "PostgreSQL (external) is up and migrated\n" in said
    assert token["token_type"] == "Bearer"
    assert (process.returncode, *rest) == (0, "", "")
