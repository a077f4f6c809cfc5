"""A simulation on the terminal."""

import math
from collections.abc import Iterator

import numpy as np

from pacnum_api.domains.items.service.simulate_bank import Simulation
from pacnum_api.domains.items.service.simulation_report import EngineReport, SimulationReport
from pacnum_api.psychometrics.simulation.measures import Figure


def simulation_tables(report: SimulationReport) -> str:
    """Tables of at most 100 columns."""
    lines = [*_head(report.simulation), "", *_engines(report), "", *_use(report)]
    if len(report.simulation.competences) > 1:
        for engine in report.engines:
            lines += ["", *_competences(engine)]
    for engine in report.engines:
        if not engine.run.is_peer:  # the peers' are in the files
            lines += ["", *_levels(engine)]
    lines += ["", "± is the Monte-Carlo standard error. NaN is written –."]
    return "\n".join(lines)


def _head(simulation: Simulation) -> Iterator[str]:
    bank, request = simulation.bank, simulation.request
    yield f"{bank.title}: {bank.tables.item_count} items, {len(bank.competences)} competences"
    yield (
        f"{request.agents} agents, {len(request.competences)} competences tested "
        f"({np.count_nonzero(simulation.is_tested)} items), {request.purpose.value}, "
        f"seed {request.seed}"
    )


def _engines(report: SimulationReport) -> Iterator[str]:
    yield (
        f"{'engine':<12}{'items':>13}{'5-95 %':>9}{'bias':>8}{'RMSE':>14}{'SE':>7}"
        f"{'cover 90':>10}{'95':>7}{'level':>7}{'±1':>6}"
    )
    for engine in report.engines:
        found, length = engine.overall, engine.length
        low, high = length.quantiles[0], length.quantiles[-1]
        yield (
            f"{engine.run.name:<12}{_pm(length.mean, 2):>13}"
            f"{f'{low.value:.0f}-{high.value:.0f}':>9}{_signed(found.bias):>8}"
            f"{_pm(found.rmse, 4):>14}{_number(found.mean_standard_error, 3):>7}"
            f"{_share(found.coverage_90):>10}{_share(found.coverage_95):>7}"
            f"{_share(found.level_exact):>7}{_share(found.level_within_one):>6}"
        )


def _use(report: SimulationReport) -> Iterator[str]:
    yield (
        f"{'engine':<12}{'greatest exposure':>18}{'never used':>12}{'< 2 %':>8}"
        f"{'overlap':>15}{'chi-square':>12}{'mean 95':>9}{'seconds':>9}"
    )
    for engine in report.engines:
        use = engine.use
        yield (
            f"{engine.run.name:<12}{_pm(use.greatest, 3):>18}{_share(use.never_used):>12}"
            f"{_share(use.used_less_than_2_percent):>8}{_pm(use.overlap, 3):>15}"
            f"{_number(use.chi_square, 1):>12}{_share(engine.mean_coverage_95):>9}"
            f"{engine.run.seconds:>9.1f}"
        )
    for engine in report.engines:
        said = ", ".join(
            f"{reason.value} {_share(share)}" for reason, share in engine.reasons.items()
        )
        yield f"{engine.run.name:<12}ended by {said}"


def _competences(engine: EngineReport) -> Iterator[str]:
    yield f"{engine.run.name}, by competence"
    yield (
        f"{'competence':<14}{'items':>8}{'SE':>8}{'bias':>9}{'RMSE':>16}{'cover 90':>10}"
        f"{'95':>7}{'level':>8}{'±1':>7}"
    )
    for code, (length, found) in engine.competences.items():
        yield (
            f"{code[:13]:<14}{length.mean.value:>8.2f}{_number(found.mean_standard_error, 3):>8}"
            f"{_signed(found.bias):>9}{_pm(found.rmse, 4):>16}{_share(found.coverage_90):>10}"
            f"{_share(found.coverage_95):>7}{_share(found.level_exact):>8}"
            f"{_share(found.level_within_one):>7}"
        )


def _levels(engine: EngineReport) -> Iterator[str]:
    yield f"{engine.run.name}, by true level"
    yield (
        f"{'level':<7}{'n':>8}{'bias':>9}{'RMSE':>16}{'SE':>8}{'cover 90':>10}{'95':>7}"
        f"{'level':>8}{'±1':>7}{'held by 90 %':>14}"
    )
    for band in engine.levels:
        found = band.accuracy
        yield (
            f"{band.name:<7}{found.count:>8}{_signed(found.bias):>9}{_pm(found.rmse, 4):>16}"
            f"{_number(found.mean_standard_error, 3):>8}{_share(found.coverage_90):>10}"
            f"{_share(found.coverage_95):>7}{_share(found.level_exact):>8}"
            f"{_share(found.level_within_one):>7}{_share(found.level_covered):>14}"
        )


def _number(figure: Figure, digits: int) -> str:
    return "–" if math.isnan(figure.value) else f"{figure.value:.{digits}f}"


def _signed(figure: Figure) -> str:
    return "–" if math.isnan(figure.value) else f"{figure.value:+.3f}"


def _share(figure: Figure) -> str:
    return _number(figure, 3).replace("0.", ".", 1) if figure.value < 1.0 else _number(figure, 2)


def _pm(figure: Figure, digits: int) -> str:
    if math.isnan(figure.value) or math.isnan(figure.error):
        return _number(figure, digits)
    return f"{figure.value:.{digits}f} ±{figure.error:.{digits}f}".replace("±0.", "±.")
