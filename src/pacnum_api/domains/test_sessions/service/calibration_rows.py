"""The findings of a calibration as rows of plain values: what CSV files and JSON are made of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from pacnum_api.domains.items.types import ItemParameters
from pacnum_api.domains.test_sessions.policy.calibration.findings import ItemFinding
from pacnum_api.domains.test_sessions.policy.calibration.run import (
    INFORMATION_AT,
    CalibrationReport,
)
from pacnum_api.psychometrics.calibration.item_fit import ItemFit
from pacnum_api.psychometrics.calibration.linking import LinkEstimate
from pacnum_api.psychometrics.calibration.logistic_dif import LogisticDif
from pacnum_api.psychometrics.calibration.mantel_haenszel import Mantel, MantelHaenszel

Value: TypeAlias = bool | int | float | str | None
Row: TypeAlias = Mapping[str, Value]


def item_rows(report: CalibrationReport) -> list[Row]:
    """One row an item: what it was, what was estimated, what is suggested and why."""
    return [_item_row(one) for one in report.findings]


def _item_row(one: ItemFinding) -> Row:
    return {
        "item": one.key,
        "competence": one.competence,
        "level": one.level,
        "answers": one.answers,
        "model": one.before.model.value,
        **_parameters(one.before, suffix="before"),
        **_parameters(one.estimate, suffix="estimate"),
        "step_errors": _joined(one.step_errors),
        **_fit(one.fit),
        "dif": None if one.dif is None else one.dif.value,
        "status_before": one.before.status.value,
        "status": one.after.status.value,
        "reason": one.reason.value,
        "is_changed": one.is_changed,
    }


def _fit(found: ItemFit | None) -> Row:
    return {
        "fit_chi_squared": None if found is None else found.chi_squared,
        "fit_degrees": None if found is None else found.degrees,
        "fit_p": None if found is None else found.p_value,
        "rmsd": None if found is None else found.rmsd,
    }


def _parameters(parameters: ItemParameters, *, suffix: str) -> Row:
    return {
        f"a_{suffix}": parameters.a,
        f"b_{suffix}": parameters.b,
        f"c_{suffix}": parameters.c,
        f"d_{suffix}": parameters.d,
        f"steps_{suffix}": _joined(parameters.steps),
        f"sigma_a_{suffix}": parameters.sigma_a,
        f"sigma_b_{suffix}": parameters.sigma_b,
    }


def _joined(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.6g}" for number in numbers)


def scale_rows(report: CalibrationReport) -> list[Row]:
    """One row a competence: how much was answered and how the estimation went."""
    rows: list[Row] = []
    for scale in report.scales:
        found = scale.calibration
        rows.append(
            {
                "competence": report.bank.codes[scale.competence],
                "persons": len(scale.answers.persons),
                "answers": len(scale.answers.data.item),
                "items": len(scale.answers.items),
                "anchors": len(scale.anchors),
                "anchors_drifting": len(scale.drifting),
                **_link(scale.link),
                "mean": float(found.population.mean[0]),
                "mean_error": float(found.population_errors[0, 0]),
                "sd": float(found.population.sd[0]),
                "sd_error": float(found.population_errors[0, 1]),
                "reliability": found.reliability,
                "log_likelihood": found.log_likelihood,
                "iterations": found.iterations,
                "is_converged": found.is_converged,
                "is_maximum": found.is_maximum,
            }
        )
    return rows


def _link(found: LinkEstimate | None) -> Row:
    return {
        "link_slope": None if found is None else found.link.slope,
        "link_slope_error": None if found is None else found.slope_error,
        "link_intercept": None if found is None else found.link.intercept,
        "link_intercept_error": None if found is None else found.intercept_error,
    }


def dif_rows(report: CalibrationReport) -> list[Row]:
    """One row for each item and comparison of two groups; what was not judged is left empty."""
    return [
        {
            "item": report.bank.keys[index],
            "competence": report.bank.codes[scale.competence],
            "reference": comparison.reference,
            "focal": comparison.focal,
            "reference_answers": one.reference_answers,
            "focal_answers": one.focal_answers,
            "class": None if one.dif_class is None else one.dif_class.value,
            **_mantel_haenszel(one.mantel_haenszel),
            **_mantel(one.mantel),
            **_logistic(one.logistic),
        }
        for scale in report.scales
        for comparison in scale.comparisons
        for index, one in comparison.items
    ]


def _mantel_haenszel(found: MantelHaenszel | None) -> Row:
    return {
        "odds_ratio": None if found is None else found.odds_ratio,
        "delta": None if found is None else found.delta,
        "delta_error": None if found is None else found.delta_error,
        "mantel_haenszel_p": None if found is None else found.p_value,
    }


def _mantel(found: Mantel | None) -> Row:
    return {
        "mean_difference": None if found is None else found.mean_difference,
        "effect": None if found is None else found.effect,
        "mantel_p": None if found is None else found.p_value,
    }


def _logistic(found: LogisticDif | None) -> Row:
    return {
        "uniform_p": None if found is None else found.uniform_p,
        "non_uniform_p": None if found is None else found.non_uniform_p,
        "r_squared_change": None if found is None else found.r_squared_change,
        "logistic_class": None if found is None else found.dif_class.value,
    }


def correlation_rows(report: CalibrationReport) -> list[Row]:
    """One row a pair of competences that were asked about."""
    together = report.together
    if together is None:
        return []
    found, drawn = together.estimate, together.shrunk
    errors = found.standard_errors
    codes = [report.bank.codes[index] for index in together.competences]
    places = list(together.competences)
    published = together.population.correlation[np.ix_(places, places)]
    return [
        {
            "competence": codes[one],
            "other": codes[other],
            "is_same_area": report.bank.areas[places[one]] == report.bank.areas[places[other]],
            "persons": int(found.persons[one, other]),
            "correlation": float(found.correlation[one, other]),
            "standard_error": float(errors[one, other]),
            "shrunk": float(drawn.correlation[one, other]),
            "shrunk_error": float(drawn.standard_errors[one, other]),
            "published": float(published[one, other]),
        }
        for one, other in _pairs(len(codes))
    ]


def _pairs(count: int) -> Iterator[tuple[int, int]]:
    return ((one, other) for one in range(count) for other in range(one + 1, count))


def information_rows(report: CalibrationReport) -> list[Row]:
    """One row for each competence and ability."""
    return [
        {
            "competence": one.competence,
            "theta": float(theta),
            "before": float(one.before[place]),
            "after": float(one.after[place]),
        }
        for one in report.information
        for place, theta in enumerate(INFORMATION_AT)
    ]


def document(report: CalibrationReport) -> dict[str, object]:
    """The whole report as JSON knows it."""
    together, tally = report.together, report.table.tally
    return {
        "order": {
            "model": report.order.model.value,
            "correlation": report.order.correlation.value,
            "minimum_answers": report.order.minimum_answers,
            "anchors": sorted(report.bank.keys[index] for index in report.order.anchors),
        },
        "answers": {
            "counted": len(report.table),
            "persons": len(report.table.persons),
            "read": tally.read,
            "late": tally.late,
            "skipped": tally.skipped,
            "repeated": tally.repeated,
            "other_wordings": tally.other_wordings,
            "other_competences": tally.other_competences,
            "groups": list(report.table.groups),
        },
        "scales": scale_rows(report),
        "items": item_rows(report),
        "dif": dif_rows(report),
        "correlations": correlation_rows(report),
        "population": None
        if together is None
        else {
            "correlation": together.population.correlation.tolist(),
            "strengths": list(together.population.strengths),
            "weights": list(together.population.weights),
            "weights_errors": together.strengths.standard_errors.tolist(),
            "persons_weighed": together.persons_weighed,
        },
    }
