"""What a simulation has shown: figures with their Monte-Carlo errors, as JSON and CSV."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from pacnum_api.domains.items.service.simulate_bank import EngineRun, Simulation
from pacnum_api.psychometrics.simulation.bank_use import BankUse, bank_use
from pacnum_api.psychometrics.simulation.measures import (
    NOTHING,
    QUANTILES,
    Accuracy,
    Band,
    Figure,
    Length,
    accuracy,
    by_ability,
    by_level,
    coverage_of_mean,
    items_of,
    length_of,
    reason_shares,
)
from pacnum_api.psychometrics.simulation.records import REASONS, SimulatedTests, pooled
from pacnum_api.psychometrics.stopping import StopReason

_AGENTS_LISTED = 1000
_FIGURES = tuple(member.name for member in fields(Accuracy) if member.name != "count")

Row = Mapping[str, object]


@dataclass(frozen=True, eq=False)
class EngineReport:
    """One engine's figures. ``overall`` and the bands take all competences together."""

    run: EngineRun
    length: Length
    reasons: Mapping[StopReason, Figure]
    overall: Accuracy
    mean_coverage_95: Figure
    use: BankUse
    competences: Mapping[str, tuple[Length, Accuracy]]
    levels: tuple[Band, ...]
    abilities: tuple[Band, ...]


@dataclass(frozen=True, eq=False)
class SimulationReport:
    """The figures of every engine, and their forms."""

    simulation: Simulation
    engines: tuple[EngineReport, ...]

    @cached_property
    def document(self) -> Mapping[str, object]:
        """Everything but single tests, as JSON knows it."""
        bank, request = self.simulation.bank, self.simulation.request
        return {
            "bank": {
                "title": bank.title,
                "item_count": bank.tables.item_count,
                "competences": list(bank.competences),
                "cuts": list(bank.tables.scale.cuts),
            },
            "settings": {
                "agents": request.agents,
                "population": type(request.population).__name__,
                "competences": list(self.simulation.competences),
                "purpose": request.purpose.value,
                "target": request.target,
                "ceiling": request.ceiling,
                "assumed_correlation": request.assumed_correlation,
                "has_true_parameters": request.has_true_parameters,
                "rules": {
                    name: _rules(self.simulation, name) for name in request.algorithms
                },
                "seed": request.seed,
                "wave": request.at_once,
            },
            "engines": [_engine(engine) for engine in self.engines],
        }  # fmt: skip

    def as_json(self) -> str:
        """One JSON document; numbers that do not exist are null."""
        return json.dumps(self.document, ensure_ascii=False, indent=2, allow_nan=False)

    def write(self, folder: Path) -> list[Path]:
        """Write ``simulation.json`` and the CSV files into a folder that exists."""
        document = folder / "simulation.json"
        document.write_text(self.as_json() + "\n", "utf-8")
        tables: dict[str, Iterable[Row]] = {
            "engines": (_engine_row(engine) for engine in self.engines),
            "competences": (row for engine in self.engines for row in _competence_rows(engine)),
            "levels": (row for one in self.engines for row in _band_rows(one, one.levels)),
            "abilities": (row for one in self.engines for row in _band_rows(one, one.abilities)),
            "exposure": self._exposure_rows(),
            "tests": (row for one in self.engines for row in _test_rows(self.simulation, one.run)),
        }
        written = [_csv(folder / f"{name}.csv", rows) for name, rows in tables.items()]
        return [document, *written]

    def _exposure_rows(self) -> Iterator[Row]:
        parameters = self.simulation.bank.tables.parameters
        for place, item in enumerate(np.flatnonzero(self.simulation.is_tested).tolist()):
            yield {
                "item": item,
                "competence": self.simulation.bank.competences[int(parameters.competence[item])],
                "level": int(parameters.level[item]),
                "a": float(parameters.a[item]),
                "b": float(parameters.thresholds[item, 0]),
                **{one.run.name: float(one.use.rates[place]) for one in self.engines},
            }


def report_simulation(simulation: Simulation) -> SimulationReport:
    """Work out the figures of every engine."""
    return SimulationReport(
        simulation, tuple(_reported(simulation, engine) for engine in simulation.runs)
    )


def _reported(simulation: Simulation, engine: EngineRun) -> EngineReport:
    tables, tests = simulation.bank.tables, engine.tests
    scale, competence_of = tables.scale, tables.parameters.competence
    together = pooled(tests)
    tested = enumerate(zip(simulation.competences, simulation.request.competences, strict=True))
    return EngineReport(
        run=engine,
        length=length_of(tests.lengths),
        reasons=reason_shares(tests),
        overall=accuracy(together, 0, scale=scale),
        mean_coverage_95=coverage_of_mean(tests) if tests.competence_count > 1 else NOTHING,
        use=bank_use(tests, tables.item_count, about=simulation.is_tested),
        competences={
            code: (
                length_of(items_of(tests, competence_of, competence=index)),
                accuracy(tests, place, scale=scale),
            )
            for place, (code, index) in tested
        },
        levels=by_level(together, 0, scale=scale),
        abilities=by_ability(together, 0, scale=scale),
    )


def _plain(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _figure(figure: Figure) -> Mapping[str, float | None]:
    return {"value": _plain(figure.value), "error": _plain(figure.error)}


def _length(length: Length) -> Mapping[str, object]:
    quantiles = zip(QUANTILES, length.quantiles, strict=True)
    return {
        "mean": _figure(length.mean),
        "quantiles": {f"{share:g}": _figure(one) for share, one in quantiles},
    }


def _accuracy(found: Accuracy) -> Mapping[str, object]:
    return {"count": found.count} | {name: _figure(getattr(found, name)) for name in _FIGURES}


def _band(band: Band) -> Mapping[str, object]:
    bounds = {"lowest": _plain(band.lowest), "highest": _plain(band.highest)}
    return {"name": band.name, **bounds, **_accuracy(band.accuracy)}


def _rules(simulation: Simulation, version: str) -> Mapping[str, object]:
    rules = simulation.request.rules(version)
    found = {
        member.name: getattr(part, member.name)
        for part in (rules.stopping, rules.selection)
        for member in fields(part)
    }
    return found | {"item_budget": simulation.request.item_budget(version)}


def _use(use: BankUse) -> Mapping[str, object]:
    return {
        member.name: _figure(getattr(use, member.name))
        for member in fields(use)
        if member.name != "rates"
    }


def _engine(engine: EngineReport) -> Mapping[str, object]:
    return {
        "name": engine.run.name,
        "is_peer": engine.run.is_peer,
        "seconds": engine.run.seconds,
        "items": _length(engine.length),
        "stop_reasons": {one.value: _figure(share) for one, share in engine.reasons.items()},
        "exposure": _use(engine.use),
        "mean_of_competences": {"coverage_95": _figure(engine.mean_coverage_95)},
        "overall": _accuracy(engine.overall),
        "competences": {
            code: {"items": _length(length), **_accuracy(found)}
            for code, (length, found) in engine.competences.items()
        },
        "by_level": [_band(band) for band in engine.levels],
        "by_ability": [_band(band) for band in engine.abilities],
    }


def _cells(figures: Mapping[str, Figure]) -> Row:
    values = {name: _plain(figure.value) for name, figure in figures.items()}
    errors = {f"{name}_error": _plain(figure.error) for name, figure in figures.items()}
    return {key: cell for pair in zip(values.items(), errors.items(), strict=True)
            for key, cell in pair}  # fmt: skip


def _accuracy_cells(found: Accuracy) -> Row:
    return {"count": found.count, **_cells({name: getattr(found, name) for name in _FIGURES})}


def _engine_row(engine: EngineReport) -> Row:
    quantiles = zip(QUANTILES, engine.length.quantiles, strict=True)
    figures = {
        "items": engine.length.mean,
        **{f"items_{share:g}": one for share, one in quantiles},
        "greatest_exposure": engine.use.greatest,
        "never_used": engine.use.never_used,
        "used_less_than_2_percent": engine.use.used_less_than_2_percent,
        "chi_square": engine.use.chi_square,
        "overlap": engine.use.overlap,
        "mean_of_competences_coverage_95": engine.mean_coverage_95,
    }
    return {
        "engine": engine.run.name,
        "seconds": engine.run.seconds,
        **_cells(figures),
        **_accuracy_cells(engine.overall),
    }


def _competence_rows(engine: EngineReport) -> Iterator[Row]:
    for code, (length, found) in engine.competences.items():
        named = {"engine": engine.run.name, "competence": code}
        yield {**named, **_cells({"items": length.mean}), **_accuracy_cells(found)}


def _band_rows(engine: EngineReport, bands: Sequence[Band]) -> Iterator[Row]:
    for band in bands:
        bounds = {"lowest": _plain(band.lowest), "highest": _plain(band.highest)}
        named = {"engine": engine.run.name, "band": band.name, **bounds}
        yield {**named, **_accuracy_cells(band.accuracy)}


def _test_rows(simulation: Simulation, engine: EngineRun) -> Iterator[Row]:
    """The first thousand agents, one row for each competence."""
    tests: SimulatedTests = engine.tests
    for agent in range(min(len(tests), _AGENTS_LISTED)):
        length = int(tests.lengths[agent])
        for place, code in enumerate(simulation.competences):
            low, high = tests.level_interval[agent, place].tolist()
            yield {
                "engine": engine.name,
                "agent": agent,
                "competence": code,
                "truth": float(tests.truth[agent, place]),
                "theta": float(tests.theta[agent, place]),
                "standard_error": _plain(float(tests.standard_error[agent, place])),
                "level": int(tests.level[agent, place]),
                "level_low": low,
                "level_high": high,
                "test_items": " ".join(str(item) for item in tests.items[agent, :length]),
                "stop_reason": REASONS[int(tests.reasons[agent])].value,
            }


def _csv(path: Path, rows: Iterable[Row]) -> Path:
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return path
