"""``pacnum calibrate`` as operators and their scripts run it."""

import asyncio
import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from pacnum_api.domains.items.service import ItemBank, current_bank, get_bank
from pacnum_api.entrypoints.cli import app
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import get_settings
from tests.support.ended_tests import Truth, simulated_tests

Calibrate = Callable[..., Result]
PERSONS = 260


@pytest.fixture
def calibrate(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calibrate]:
    """``pacnum calibrate …`` against this worker's database."""
    monkeypatch.setenv("PACNUM_DATABASE_URL", database_url)
    get_settings.cache_clear()
    runner = CliRunner()
    yield lambda *words: runner.invoke(app, ["calibrate", *(str(word) for word in words)])
    get_settings.cache_clear()


async def shipped_bank(url: str) -> ItemBank:
    database = Database(url, pool_size=1)
    try:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            return await get_bank(uow, (await current_bank(uow, "digcomp-2.2")).id)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def answers(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of answers to the shipped bank: the same five items of each competence, two groups."""
    bank = asyncio.run(shipped_bank(database_url))
    rng = np.random.default_rng(11)
    common = rng.normal(size=(PERSONS, 1))
    count = len(bank.competences)
    abilities = 0.8 * common + 0.6 * rng.normal(size=(PERSONS, count))
    competences = [item.competence for item in bank.items]
    asked = {competences.index(code) + place for code in bank.competences for place in range(5)}
    tests = simulated_tests(Truth.near(bank, seed=3), abilities, each=24, seed=4)
    path = tmp_path_factory.mktemp("calibrate") / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person", "item", "category", "group"])
        for number, test in enumerate(tests):
            for item, category in zip(test.items, test.categories, strict=True):
                if item in asked:
                    writer.writerow([number, bank.items[item].key, category, "ab"[number % 2]])
    return path


def test_tables_plots_and_nothing_published(
    calibrate: Calibrate, answers: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    said = calibrate("--answers", answers, "--competences", "1.1,1.2", "--out", out)
    assert said.exit_code == 0, said.output
    assert max(len(line) for line in said.stdout.splitlines()) <= 100
    assert "alike:\n  1.1, 1.2\n" in said.stdout  # five items for all: nobody can be matched
    assert "Nothing was published: that takes --publish." in said.stdout
    assert said.stderr.splitlines() == [
        "reading answers",
        f"1.1: {5 * PERSONS} answers",
        f"1.2: {5 * PERSONS} answers",
    ]
    names = {path.name for path in out.iterdir()}
    tables = {"items.csv", "scales.csv", "information.csv", "calibration.json"}
    plots = {"difficulties", "fit", "information"}
    assert names == tables | {f"{name}.{kind}" for name in plots for kind in ("svg", "png")}
    with (out / "items.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["competence"] for row in rows} == {"1.1", "1.2"}
    document = json.loads((out / "calibration.json").read_text())
    assert [row["item"] for row in document["items"]] == [row["item"] for row in rows]


def test_json_is_one_document_with_all_competences(
    calibrate: Calibrate, answers: Path, tmp_path: Path
) -> None:
    said = calibrate("--answers", answers, "--json", "--out", tmp_path)
    assert said.exit_code == 0, said.output
    document = json.loads(said.stdout)
    assert document["answers"]["persons"] == PERSONS
    assert document["published"] is None
    assert len(document["scales"]) == 21
    assert len(document["items"]) == document["bank"]["item_count"]
    assert len(document["correlations"]) == 210
    assert np.array(document["population"]["correlation"]).shape == (21, 21)
    assert str(tmp_path / "correlations.svg") in document["files"]


def test_an_export_is_said_in_a_line(calibrate: Calibrate, answers: Path, tmp_path: Path) -> None:
    path = tmp_path / "pooled.csv"
    said = calibrate("--answers", answers, "--export", path)
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith(f"{path}: {105 * PERSONS:,} answers of {PERSONS} persons to ")
    said = calibrate("--answers", answers, "--export", path, "--json")
    assert json.loads(said.stdout)["persons"] == PERSONS


def test_refusals_and_wrong_usage_differ(
    calibrate: Calibrate, answers: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("person,item,category\np,lost,1\n")
    said = calibrate("--answers", broken)
    assert said.exit_code == 1
    assert said.stdout == ""
    assert f"{broken}:2: /item: expected the key of an item of the bank" in said.stderr
    said = calibrate("--answers", broken, "--json")
    assert said.exit_code == 1
    (fault,) = json.loads(said.stdout)["faults"]
    assert (fault["file"], fault["line"], fault["field"]) == (str(broken), 2, "/item")
    said = calibrate("--answers", answers, "--competences", "1.1,9.9")
    assert said.exit_code == 2
    assert "competences/9.9: expected a competence of digcomp-2.2" in said.stderr
    said = calibrate("--answers", answers, "--framework", "nowhere")
    assert said.exit_code == 1
    assert said.stderr.endswith("No item bank is published for this framework.\n")
    said = calibrate("--tenant", "nobody-at-all")
    assert said.exit_code == 1
    for words in (
        (),
        ("--answers", answers, "--export", tmp_path / "x.csv", "--publish"),
        ("--answers", answers, "--export", tmp_path / "x.csv", "--out", tmp_path),
        ("--answers", answers, "--model", "5pl"),
        ("--answers", answers, "--sideways"),
    ):
        assert calibrate(*words).exit_code == 2
    assert not (tmp_path / "x.csv").exists()
