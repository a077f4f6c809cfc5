"""The plots of a simulation. Imports matplotlib: for commands alone, never for the API."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pacnum_api.domains.items.service.simulation_report import EngineReport, SimulationReport
from pacnum_api.platform.figures import (
    Frame,
    Plot,
    Reference,
    Series,
    draw_heat_map,
    draw_histogram,
    draw_lines,
    draw_scatter,
)
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.simulation.measures import Accuracy, Figure
from pacnum_api.psychometrics.simulation.records import level_at

_NORMAL_95 = 1.959963984540054
_LEAST_IN_BAND = 30
"""Bands with fewer agents than this are left out of the lines: noise would draw the eye."""

_ABILITY = "true ability (population standard deviations)"


def draw_simulation(report: SimulationReport, folder: Path) -> list[Path]:
    """Draw every plot into a folder that exists, as SVG and PNG; return the files."""
    first = report.engines[0]
    plots = {
        "bias": _bias(report),
        "rmse": _rmse(report),
        "coverage": _coverage(report),
        "calibration": _calibration(report),
        "length": _length(report),
        "exposure": _exposure(report),
        "levels": _levels(report, first),
        "estimates": _estimates(first),
    }
    return [path for name, plot in plots.items() for path in plot.write(folder, name=name)]


def _by_ability(engine: EngineReport, pick: Callable[[Accuracy], Figure]) -> Series:
    """A figure along the scale with its 95 % Monte-Carlo band; open bands stand half a step out."""
    x, y, error = [], [], []
    for band in engine.abilities:
        low = band.lowest if np.isfinite(band.lowest) else band.highest - 0.5
        high = band.highest if np.isfinite(band.highest) else band.lowest + 0.5
        figure = pick(band.accuracy)
        is_shown = band.accuracy.count >= _LEAST_IN_BAND
        x.append((low + high) / 2.0)
        y.append(figure.value if is_shown else np.nan)
        error.append(_NORMAL_95 * figure.error)
    middle, reach = np.array(y), np.array(error)
    return Series(engine.run.name, np.array(x), middle, middle - reach, middle + reach)


def _bias(report: SimulationReport) -> Plot:
    frame = Frame("Bias by true ability", _ABILITY, "mean of estimate - truth (theta)")
    series = [_by_ability(engine, lambda found: found.bias) for engine in report.engines]
    return draw_lines(frame, series, references=[Reference(0.0, "no bias")])


def _rmse(report: SimulationReport) -> Plot:
    frame = Frame("Error by true ability", _ABILITY, "root mean squared error (theta)")
    series = [_by_ability(engine, lambda found: found.rmse) for engine in report.engines]
    return draw_lines(frame, series)


def _coverage(report: SimulationReport) -> Plot:
    series = [
        _by_ability(engine, lambda found: found.coverage_90)
        for engine in report.engines
        if not np.isnan(engine.overall.coverage_90.value)
    ]
    lowest = min((float(np.nanmin(one.y, initial=0.9)) for one in series), default=0.9)
    frame = Frame(
        "Coverage of the 90 % interval by true ability",
        _ABILITY,
        "agents whose interval holds the truth",
        y_range=(max(0.0, min(0.7, lowest - 0.1)), 1.0),
        is_share_y=True,
    )
    return draw_lines(frame, series, references=[Reference(0.9, "promised ±2 %", tolerance=0.02)])


def _calibration(report: SimulationReport) -> Plot:
    frame = Frame(
        "Where the truth lies in the posterior", "posterior probability below the true ability",
        "share of agents", x_range=(0.0, 1.0), is_share_x=True, is_share_y=True,
    )  # fmt: skip
    groups = [
        (engine.run.name, engine.run.tests.share_below.ravel())
        for engine in report.engines
        if not np.isnan(engine.overall.coverage_90.value)
    ]
    return draw_histogram(frame, groups, edges=np.linspace(0.0, 1.0, 21), expected=0.05)


def _length(report: SimulationReport) -> Plot:
    frame = Frame("Length of tests", "items", "share of tests", is_share_y=True)
    lengths: list[tuple[str, FloatArray]] = [
        (engine.run.name, engine.run.tests.lengths.astype(np.float64)) for engine in report.engines
    ]
    low = min(float(values.min()) for _, values in lengths)
    high = max(float(values.max()) for _, values in lengths)
    width = max(1.0, float(np.ceil((high - low) / 60.0)))
    edges = np.arange(low - 0.5, high + 0.5 + width, width)
    return draw_histogram(frame, lengths, edges=edges, expected=float("nan"))


def _exposure(report: SimulationReport) -> Plot:
    frame = Frame(
        "Use of the bank", "items, from the most to the least used",
        "share of tests that had the item", is_share_y=True,
    )  # fmt: skip
    series = [
        Series(
            engine.run.name,
            np.arange(1.0, len(engine.use.rates) + 1.0),
            np.sort(engine.use.rates)[::-1],
        )
        for engine in report.engines
    ]
    ceiling = report.simulation.request.ceiling
    references = [Reference(ceiling, "ceiling")] if ceiling is not None else []
    return draw_lines(frame, series, references=references)


def _levels(report: SimulationReport, engine: EngineReport) -> Plot:
    scale, tests = report.simulation.bank.tables.scale, engine.run.tests
    true, reported = level_at(scale, tests.truth).ravel(), tests.level.ravel()
    counts = np.zeros((scale.levels + 1, scale.levels + 1))
    np.add.at(counts, (true, reported), 1.0)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0.0)
    names = [str(level) for level in range(scale.levels + 1)]
    frame = Frame(
        f"Reported level by true level, % of each row ({engine.run.name})", "reported level",
        "true level",
    )  # fmt: skip
    return draw_heat_map(frame, shares, rows=names, columns=names)


def _estimates(engine: EngineReport) -> Plot:
    tests = engine.run.tests
    frame = Frame(
        f"Estimates ({engine.run.name})", _ABILITY, "estimate (population standard deviations)"
    )
    return draw_scatter(frame, x=tests.truth.ravel(), y=tests.theta.ravel())
