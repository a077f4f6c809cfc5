"""``pacnum items`` and ``pacnum bank`` as their users run them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pacnum_api.domains.clients.cli import app as clients_app
from pacnum_api.domains.items.cli import app, bank_app
from pacnum_api.entrypoints.cli import app as pacnum
from pacnum_api.platform.settings import get_settings
from tests.support.authored_items import authored

runner = CliRunner()


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "items.yaml"
    items = [authored("numeric"), authored("numeric", key="1.1-3-other", **changes)]
    document = {"framework": "digcomp-2.2", "competence": "1.1", "items": items}
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    return path


def test_lint_shows_doubts_and_faults(tmp_path: Path) -> None:
    said = runner.invoke(app, ["lint", str(write(tmp_path))])
    assert said.exit_code == 0
    assert said.stdout.splitlines()[-1] == "2 items, 0 faults, 1 doubts"
    assert said.stdout.startswith("doubt  ")
    said = runner.invoke(app, ["lint", "--no-doubts", str(tmp_path)])
    assert said.stdout == "2 items, 0 faults, 1 doubts\n"
    path = write(tmp_path, enemies=["1.1-3-lost"])
    said = runner.invoke(app, ["lint", str(tmp_path)])
    assert said.exit_code == 1
    assert said.stdout.startswith(f"fault  {path}:")
    said = runner.invoke(app, ["lint", str(path)])  # the enemy may be stored already
    assert said.exit_code == 0
    assert said.stdout.splitlines()[-1] == "2 items, 0 faults, 2 doubts"
    assert "there is no item 1.1-3-lost" in said.stdout


def test_schema_is_json() -> None:
    said = runner.invoke(app, ["schema"])
    assert json.loads(said.stdout)["title"] == "Items of one competence"


@pytest.fixture
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PACNUM_DATABASE_URL", database_url)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.usefixtures("_database")
def test_bank_report(tmp_path: Path) -> None:
    said = runner.invoke(bank_app, ["report", "--out", str(tmp_path / "report")])
    assert said.exit_code == 0, said.output
    assert "digcomp-2.2 bank v1" in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 100
    written = {path.name for path in (tmp_path / "report").iterdir()}
    assert said.stderr.count("wrote ") == len(written)
    assert {"report.json", "precision.csv", "standard-error.svg", "information-5.png"} <= written
    document = json.loads(runner.invoke(bank_app, ["report", "--json"]).stdout)
    assert document["item_count"] >= 504
    assert document["ceiling"]["share"] == 0.25
    lost = runner.invoke(bank_app, ["report", "--framework", "crcn"])
    assert lost.exit_code == 1
    assert lost.stderr == "No item bank is published for this framework.\n"


@pytest.mark.usefixtures("_database")
def test_a_published_bank_is_simulated() -> None:
    options = ["--agents", "4", "--competences", "1.1,1.3", "--processes", "1", "--json"]
    said = runner.invoke(pacnum, ["simulate", *options])
    assert said.exit_code == 0, said.output
    document = json.loads(said.stdout)
    assert document["bank"]["title"] == "digcomp-2.2 v1"
    assert document["settings"]["competences"] == ["1.1", "1.3"]
    lost = runner.invoke(pacnum, ["simulate", "--framework", "crcn"])
    assert lost.exit_code == 1
    assert lost.stderr == "No item bank is published for this framework.\n"


@pytest.mark.usefixtures("_database")
def test_bank_report_of_a_tenant() -> None:
    lost = runner.invoke(bank_app, ["report", "--tenant", "nobody"])
    assert lost.exit_code == 1
    options = ["--tenant", "reporting", "--ceiling", "0.5", "--items-per-test", "12.5", "--json"]
    made = runner.invoke(
        clients_app, ["create", "--name", "one", "--scopes", "items:read", "--tenant", "reporting"]
    )
    assert made.exit_code == 0, made.output
    document = json.loads(runner.invoke(bank_app, ["report", *options]).stdout)
    assert document["ceiling"]["items_per_test"]["1.1"] == 12.5
    assert document["ceiling"]["gaps"][0]["missing_groups"] == 1  # 12.5 / 0.5 of 24
    assert runner.invoke(bank_app, ["report", "--ceiling", "2"]).exit_code == 2
