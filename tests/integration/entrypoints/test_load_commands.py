"""``pacnum load`` as scripts use it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import yaml
from typer.testing import CliRunner, Result

import pacnum_api
from pacnum_api.entrypoints.cli.load_commands import app
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import get_settings
from tests.support.authored_items import authored

Load = Callable[..., Result]
SHIPPED = Path(pacnum_api.__file__).parent / "content" / "trainings"


@pytest.fixture
def load(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """``load …`` against this worker's database, where the shipped catalogue is loaded."""
    monkeypatch.setenv("PACNUM_DATABASE_URL", database_url)
    get_settings.cache_clear()
    runner = CliRunner()
    yield lambda *words: runner.invoke(app, ["trainings", *(str(word) for word in words)])
    get_settings.cache_clear()


def test_what_is_loaded_already_is_left_alone(load: Load) -> None:
    said = load(SHIPPED)
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("added: 0\nupdated: 0\nunchanged: 128\n")
    document = json.loads(load(SHIPPED, "--dry-run", "--json").stdout)
    assert (document["added"], document["unchanged"], document["dry_run"]) == (0, 128, True)


def test_a_changed_catalogue_is_tried_first(load: Load, tmp_path: Path) -> None:
    text = (SHIPPED / "partner-workshops.yaml").read_text()
    file = tmp_path / "partner.yaml"
    file.write_text(text.replace("seats: 10,", "seats: 11,").replace("cafe-2027", "bar-2027"))
    said = load(file, "--dry-run")
    assert said.stdout.startswith("added: 2\nupdated: 1\nunchanged: 29\ndry run: True\n")


@pytest.mark.usefixtures("load")
def test_items_are_tried_out_before_a_transaction_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "items.yaml").write_text(
        yaml.safe_dump(
            {"framework": "digcomp-2.2", "competence": "1.1", "items": [authored("numeric")]},
            allow_unicode=True,
        )
    )
    steps: list[str] = []
    # the package has a function of the module's name
    reader = import_module("pacnum_api.domains.items.service.read_file")
    for name, place in (("item_faults", reader), ("unit_of_work", Database)):
        monkeypatch.setattr(place, name, noted(steps, name, what=getattr(place, name)))
    said = CliRunner().invoke(app, ["items", str(tmp_path), "--dry-run"])
    assert said.stdout.startswith("added: 1 (1.1-3-numeric)\n"), said.output
    assert steps == ["item_faults", "unit_of_work"]


def noted(steps: list[str], name: str, *, what: Callable[..., object]) -> Callable[..., object]:
    def call(*words: object, **named: object) -> object:
        steps.append(name)
        return what(*words, **named)

    return call


def test_faults_are_told_by_file_line_and_field(load: Load, tmp_path: Path) -> None:
    text = (SHIPPED / "partner-workshops.yaml").read_text()
    file = tmp_path / "partner.yaml"
    file.write_text(text.replace("modality: onsite", "modality: somewhere", 1))
    line = text[: text.index("modality: onsite")].count("\n") + 1
    said = load(file)
    assert said.exit_code == 1
    assert said.stdout == ""
    assert f"{file}:{line}: /trainings/0/modality:" in said.stderr
    document = json.loads(load(file, "--json").stdout)
    (fault,) = document["faults"]
    assert fault["file"] == str(file)
    assert (fault["line"], fault["field"]) == (line, "/trainings/0/modality")


def test_a_catalogue_may_be_one_tenants_own(load: Load, database_url: str, tmp_path: Path) -> None:
    name, tenant_id = f"tenant-{uuid4().hex}", new_id()
    insert = "INSERT INTO tenants (tenant_id, name, created_at) VALUES ($1, $2, now())"
    asyncio.run(ask(database_url, insert, tenant_id, name))
    said = load(SHIPPED / "partner-workshops.yaml", "--tenant", name)
    assert said.stdout.startswith("added: 32\n")
    count = "SELECT count(*) FROM trainings WHERE tenant_id = $1"
    assert asyncio.run(ask(database_url, count, tenant_id)) == 14


async def ask(url: str, query: str, *values: object) -> object:
    connection = await asyncpg.connect(url)
    try:
        answer: object = await connection.fetchval(query, *values)
    finally:
        await connection.close()
    return answer


def test_an_unknown_tenant_is_refused(load: Load) -> None:
    said = load(SHIPPED, "--tenant", "nobody-at-all")
    assert said.exit_code == 1
    assert said.stdout == ""
    assert said.stderr


def test_wrong_usage_has_its_own_exit_code(load: Load) -> None:
    assert load(SHIPPED, "--sideways").exit_code == 2
