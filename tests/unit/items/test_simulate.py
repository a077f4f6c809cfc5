"""``pacnum simulate`` on banks that need no database."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner, Result

from pacnum_api.domains.items.service.simulate_bank import (
    SimulationRequest,
    competences_named,
    simulate_bank,
)
from pacnum_api.domains.items.service.simulation_banks import synthetic_bank
from pacnum_api.domains.items.service.simulation_options import SimulationOptions
from pacnum_api.domains.items.service.simulation_report import report_simulation
from pacnum_api.domains.items.service.simulation_tables import simulation_tables
from pacnum_api.entrypoints.cli import app
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION
from pacnum_api.psychometrics.simulation.peers import Peer
from pacnum_api.psychometrics.simulation.population import NormalPopulation
from pacnum_api.psychometrics.simulation.records import SimulatedTests

runner = CliRunner()
ALL_PEERS = "random,information,b-matching,tubes"


def simulate(*options: str) -> Result:
    return runner.invoke(app, ["simulate", *options])


def document_of(*options: str) -> Any:
    said = simulate(*options, "--json")
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def engine_of(document: Any, name: str) -> Any:
    return next(one for one in document["engines"] if one["name"] == name)


def test_the_tables_fit_a_terminal() -> None:
    said = simulate(
        "--synthetic", "60", "--competences", "3", "--agents", "40", "--algorithm", "2.0.0,1.0.0",
        "--peers", ALL_PEERS, "--processes", "1", "--ceiling", "1",
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    lines = said.stdout.splitlines()
    assert max(len(line) for line in lines) <= 100
    assert lines[0] == "synthetic, seed 1: 60 items, 3 competences"
    for title in ("2.0.0, by competence", "tubes, by competence", "1.0.0, by true level"):
        assert title in lines
    assert "40 of 40 tests" in said.stderr
    assert "tests" not in lines[3]


def test_json_is_alone_on_stdout_and_files_are_written(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    options = ("--synthetic", "40", "--agents", "50", "--processes", "1", "--peers", "random,tubes")
    document = document_of(*options, "--out", str(out))
    assert document["settings"]["agents"] == 50
    assert [engine["name"] for engine in document["engines"]] == [
        ALGORITHM_VERSION,
        "random",
        "tubes",
    ]
    assert document == json.loads((out / "simulation.json").read_text("utf-8"))
    names = {path.name for path in out.iterdir()}
    for plot in ("bias", "rmse", "coverage", "calibration", "length", "exposure", "levels"):
        assert {f"{plot}.svg", f"{plot}.png"} <= names
    with (out / "tests.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 150
    assert rows[0]["stop_reason"]
    for name in ("engines", "competences", "levels", "abilities"):
        assert (out / f"{name}.csv").read_text("utf-8").startswith("engine,")
    with (out / "exposure.csv").open(encoding="utf-8", newline="") as file:
        rates = [float(row["random"]) for row in csv.DictReader(file)]
    greatest = engine_of(document, "random")["exposure"]["greatest"]["value"]
    assert max(rates) == pytest.approx(greatest)


def test_figures_have_errors_and_what_is_not_known_is_null() -> None:
    document = document_of(
        "--synthetic", "40", "--agents", "60", "--processes", "1", "--peers", "tubes"
    )
    ours, tubes = engine_of(document, ALGORITHM_VERSION), engine_of(document, "tubes")
    assert ours["overall"]["rmse"]["error"] > 0.0
    assert 0.7 < ours["overall"]["coverage_90"]["value"] <= 1.0
    assert tubes["overall"]["coverage_90"] == {"value": None, "error": None}
    assert tubes["is_peer"]
    assert ours["by_level"][0]["lowest"] is None
    assert sum(band["count"] for band in ours["by_ability"]) == 60
    assert ours["mean_of_competences"]["coverage_95"]["value"] is None
    assert sum(one["value"] for one in ours["stop_reasons"].values()) == pytest.approx(1.0)


def test_rules_are_changed_by_options() -> None:
    document = document_of(
        "--synthetic", "80", "--agents", "30", "--processes", "1", "--min-items", "6",
        "--max-items", "6", "--pool-size", "1", "--level-certainty", "2", "--standard-error", "0.1",
        "--ceiling", "1", "--algorithm", "1.0.0",
    )  # fmt: skip
    rules = document["settings"]["rules"]["1.0.0"]
    assert (rules["minimum_items"], rules["maximum_items"], rules["pool_size"]) == (6, 6, 1)
    assert engine_of(document, "1.0.0")["items"]["mean"] == {"value": 6.0, "error": 0.0}


@pytest.mark.parametrize("algorithm", ["1.0.0", "2.0.0", "2.1.0"])
def test_a_ceiling_keeps_exposure_below_it(algorithm: str) -> None:
    document = document_of(
        "--synthetic", "100", "--agents", "300", "--processes", "1", "--ceiling", "0.2",
        "--algorithm", algorithm, "--max-items", "5", "--min-items", "5", "--wave", "5",
    )  # fmt: skip
    assert engine_of(document, algorithm)["exposure"]["greatest"]["value"] <= 0.21


@pytest.mark.parametrize(
    ("options", "budget"),
    [
        (("--competences", "4"), 16),
        (("--competences", "4", "--max-items", "20"), 20),  # never below what one may have
        (("--competences", "4", "--purpose", "certification"), None),
        (("--competences", "1"), 12),
    ],
)
def test_a_whole_test_has_a_budget(options: tuple[str, ...], budget: int | None) -> None:
    document = document_of(
        "--synthetic", "120", "--agents", "4", "--processes", "1", "--ceiling", "1",
        "--algorithm", "2.1.0,2.0.0", *options,
    )  # fmt: skip
    rules = document["settings"]["rules"]
    assert (rules["2.1.0"]["item_budget"], rules["2.0.0"]["item_budget"]) == (budget, None)
    found = engine_of(document, "2.1.0")["items"]["mean"]["value"]
    if budget is None:
        assert found == engine_of(document, "2.0.0")["items"]["mean"]["value"]
    else:
        assert found <= budget


def test_a_target_is_decided() -> None:
    document = document_of(
        "--synthetic", "60", "--competences", "2", "--agents", "20", "--processes", "1",
        "--purpose", "target", "--target", "4", "--ceiling", "1",
    )  # fmt: skip
    assert "target_decided" in engine_of(document, ALGORITHM_VERSION)["stop_reasons"]


OPTIONS = SimulationOptions(
    bank=None, synthetic=20, competences="2", agents=400, population="normal", mean=0.5, sd=0.6,
    skewness=1.5, correlation=0.8, assumed_correlation=None, true_parameters=False,
    purpose="positioning", target=None, standard_error=None, level_certainty=None, min_items=1,
    max_items=2, pool_size=None, ceiling=1.0, algorithm="", peers="random", seed=1, processes=1,
    wave=None,
)  # fmt: skip


@pytest.mark.parametrize("population", ["uniform", "skewed", "normal"])
def test_the_population_is_what_was_asked_for(population: str) -> None:
    options = replace(OPTIONS, population=population)
    bank = options.own_bank()
    assert bank is not None
    truth = simulate_bank(bank, options.request(bank)).runs[0].tests.truth
    spread = {"uniform": 0.6 * np.sqrt(3.0), "skewed": 0.6, "normal": 0.6}[population]
    assert truth.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.15)
    assert truth.std(axis=0) == pytest.approx([spread, spread], rel=0.15)
    assert stats.pearsonr(*truth.T).statistic == pytest.approx(0.8, abs=0.1)


def test_agents_and_a_bank_come_from_files(tmp_path: Path) -> None:
    bank, agents = tmp_path / "bank.csv", tmp_path / "agents.csv"
    rows = "".join(f"1.{item % 2 + 1},{item / 10 - 1}\n" for item in range(20))
    bank.write_text(f"competence,b\n{rows}", "utf-8")
    agents.write_text("1.2\n1.5\n-1.5\n", "utf-8")
    document = document_of(
        "--bank", str(bank), "--competences", "1.2", "--population", str(agents), "--agents", "4",
        "--processes", "1", "--true-parameters", "--correlation", "0.2", "--ceiling", "1",
        "--peers", "random", "--out", str(tmp_path / "out"),
    )  # fmt: skip
    # The bank is what is tested of it.
    assert engine_of(document, "random")["exposure"]["never_used"]["value"] == 0.0
    assert (tmp_path / "out" / "exposure.csv").read_text("utf-8").count(",1.2,") == 10
    assert document["bank"]["title"] == "bank.csv"
    assert document["settings"]["competences"] == ["1.2"]
    counts = [band["count"] for band in engine_of(document, ALGORITHM_VERSION)["by_ability"]]
    assert sorted(counts)[-2:] == [2, 2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--competences", "x"], "their number"),
        (["--competences", "90"], "item for each"),
        (["--algorithm", "9.9.9"], "no algorithm 9.9.9"),
        (["--algorithm", "1.0.0,1.0.0"], "each algorithm once"),
        (["--algorithm", ""], "an algorithm or a"),
        (["--peers", "oracle"], "oracle is no peer"),
        (["--purpose", "fun"], "fun is no purpose"),
        (["--purpose", "target"], "target level"),
        (["--purpose", "target", "--target", "9"], "level 9"),
        (["--target", "3"], "target level"),
        (["--agents", "1"], "two agents"),
        (["--max-items", "1"], "minimum <= maximum"),
        (["--ceiling", "0"], "ceiling"),
        (["--correlation", "1.5", "--competences", "2"], "not a correlation"),
        (["--assumed-correlation", "1.5", "--competences", "2"], "not a correlation"),
        (["--population", "nobody"], "and no file"),
        (["--population", "skewed", "--skewness", "0"], "skewness"),
    ],
)
def test_wrong_usage_is_said_with_code_2(options: list[str], words: str) -> None:
    said = simulate("--synthetic", "40", "--processes", "1", *options)
    assert said.exit_code == 2
    assert said.stdout == ""
    plain = " ".join(said.stderr.replace("│", " ").split())
    assert words in plain


def test_two_banks_at_once_are_wrong_usage(tmp_path: Path) -> None:
    bank = tmp_path / "bank.csv"
    bank.write_text("a\n1\n", "utf-8")
    assert simulate("--bank", str(bank), "--synthetic", "4").exit_code == 2
    said = simulate("--bank", str(bank), "--competences", "7.7")
    assert said.exit_code == 2
    assert "no competence 7.7" in said.stderr


def test_a_faulty_file_is_a_failure(tmp_path: Path) -> None:
    bank = tmp_path / "bank.csv"
    bank.write_text("a\nlong\n", "utf-8")
    said = simulate("--bank", str(bank))
    assert said.exit_code == 1
    assert f"{bank}:2: /a:" in said.stderr


def request(processes: int, *, competences: tuple[int, ...] = (0,)) -> SimulationRequest:
    correlation = 0.5 + 0.5 * np.eye(2)
    return SimulationRequest(
        agents=40,
        population=NormalPopulation(np.zeros(2), np.ones(2), correlation),
        competences=competences,
        algorithms=("2.0.0", "1.0.0"),
        peers=(Peer.RANDOM,),
        ceiling=0.3,
        processes=processes,
        wave=20,
    )


def test_the_result_does_not_depend_on_the_processes() -> None:
    bank = synthetic_bank(60, competences=2, seed=1)
    one, two = (simulate_bank(bank, request(processes, competences=(0, 1))) for processes in (1, 2))
    for alone, shared in zip(one.runs, two.runs, strict=True):
        first: SimulatedTests = alone.tests
        assert np.array_equal(first.items, shared.tests.items)
        assert np.array_equal(first.theta, shared.tests.theta)


def test_engines_meet_the_same_agents() -> None:
    bank = synthetic_bank(60, competences=2, seed=1)
    runs = simulate_bank(bank, request(1)).runs
    assert all(np.array_equal(runs[0].tests.truth, run.tests.truth) for run in runs)
    report = report_simulation(simulate_bank(bank, request(1)))
    assert simulation_tables(report).count("by competence") == 0


def test_competences_are_named_in_the_order_of_the_bank() -> None:
    bank = synthetic_bank(8, competences=4, seed=1)
    assert competences_named(bank, ["1.3", "1.1"]) == (0, 2)
    assert competences_named(bank, None) == (0, 1, 2, 3)
