"""``pacnum load organisation`` as scripts use it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from pacnum_api.domains.clients import service as clients
from pacnum_api.entrypoints.cli import load_commands
from pacnum_api.entrypoints.cli.load_commands import app
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.settings import get_settings

Load = Callable[..., Result]
LINES = "issuer;value;locale\nhr;a-1;en\nhr;a-2;fr\n"


@pytest.fixture
def load(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """``load organisation …`` against this worker's database."""
    monkeypatch.setenv("PACNUM_DATABASE_URL", database_url)
    get_settings.cache_clear()
    runner = CliRunner()
    yield lambda *words: runner.invoke(app, ["organisation", *(str(word) for word in words)])
    get_settings.cache_clear()


async def ask(url: str, query: str, *values: object) -> object:
    connection = await asyncpg.connect(url)
    try:
        answer: object = await connection.fetchval(query, *values)
    finally:
        await connection.close()
    return answer


@pytest.fixture
def tenant(database_url: str) -> tuple[str, UUID]:
    name, tenant_id = f"tenant-{uuid4().hex}", new_id()
    insert = "INSERT INTO tenants (tenant_id, name, created_at) VALUES ($1, $2, now())"
    asyncio.run(ask(database_url, insert, tenant_id, name))
    return name, tenant_id


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agents.csv"
    path.write_text(LINES)
    return path


def test_agents_are_loaded_once(
    load: Load, tenant: tuple[str, UUID], *, file: Path, database_url: str
) -> None:
    name, tenant_id = tenant
    tried = load(file, "--tenant", name, "--dry-run")
    assert tried.stdout == "created: 2\nupdated: 0\nunchanged: 0\nis dry run: True\n"
    count = "SELECT count(*) FROM agents WHERE tenant_id = $1"
    assert asyncio.run(ask(database_url, count, tenant_id)) == 0
    assert load(file, "--tenant", name).stdout.startswith("created: 2\n")
    assert asyncio.run(ask(database_url, count, tenant_id)) == 2
    lines = file.with_suffix(".NDJSON")
    lines.write_text('{"issuer":"hr","value":"a-3"}\n')
    again = load(file, lines, "--tenant", name, "--json")
    assert json.loads(again.stdout) == {
        "created": 1,
        "updated": 0,
        "unchanged": 2,
        "is_dry_run": False,
    }


def test_faults_are_told_by_file_line_and_field(
    load: Load, tenant: tuple[str, UUID], *, file: Path
) -> None:
    other = file.with_name("other.csv")
    other.write_text("issuer,value\nhr,a-1\nhr\n")
    said = load(file, other, "--tenant", tenant[0])
    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.splitlines() == [
        "2 fault(s), nothing was loaded:",
        f"{other}:2: /value: expected it once: see line 2 of file 1",
        f"{other}:3: /: expected 2 cells",
    ]
    document = json.loads(load(file, other, "--tenant", tenant[0], "--json").stdout)
    assert [(one["file"], one["line"], one["field"]) for one in document["faults"]] == [
        (str(other), 2, "/value"),
        (str(other), 3, ""),
    ]


def test_progress_is_written_over_again_on_a_terminal(
    load: Load, tenant: tuple[str, UUID], *, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        """Standard error, as a terminal has it."""

        def __getattr__(self, name: str) -> object:
            return getattr(real.stderr, name)

        def isatty(self) -> bool:
            return True

    class System:
        stderr = Terminal()

    real = load_commands.sys  # type: ignore[attr-defined]  # imported there for standard error
    monkeypatch.setattr(load_commands, "sys", System())
    said = load(file, "--tenant", tenant[0])
    assert said.stderr == "\r           3 lines 100 %\n"


@pytest.mark.parametrize("word", ["--sideways", "--tenant"])
def test_wrong_usage_has_its_own_exit_code(load: Load, word: str, file: Path) -> None:
    assert load(file, word).exit_code == 2


def test_of_several_tenants_one_has_to_be_named(
    monkeypatch: pytest.MonkeyPatch, load: Load, *, file: Path
) -> None:
    async def two(uow: object) -> list[UUID]:
        del uow
        return [uuid4(), uuid4()]

    monkeypatch.setattr(clients, "list_tenant_ids", two)
    said = load(file)
    assert (said.exit_code, said.stdout) == (2, "")
    assert "there are 2 tenants" in said.stderr


def test_other_files_are_wrong_usage(load: Load, file: Path) -> None:
    said = load(file.rename(file.with_suffix(".xlsx")))
    assert said.exit_code == 2
    assert "expected a file in .csv, .jsonl, .ndjson" in said.stderr.replace("\n", " ")


def test_the_only_tenant_need_not_be_named(
    monkeypatch: pytest.MonkeyPatch, *, load: Load, tenant: tuple[str, UUID], file: Path
) -> None:
    async def only(uow: object) -> list[UUID]:
        del uow
        return [tenant[1]]

    monkeypatch.setattr(clients, "list_tenant_ids", only)
    assert load(file).stdout.startswith("created: 2\n")


def test_an_unknown_tenant_is_refused(load: Load, file: Path) -> None:
    said = load(file, "--tenant", "nobody-at-all")
    assert (said.exit_code, said.stdout) == (1, "")
