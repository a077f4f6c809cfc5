"""A whole calibration run in one object, flat enough for tables and files.

What is said of an item here is a suggestion: parameters reach the bank as a new version, by
somebody's decision. ``dataclasses.asdict`` of a row is a row of a table.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.calibrate import (
    DEFAULT_SETTINGS,
    Calibration,
    Settings,
    calibrate,
)
from pacnum_api.psychometrics.calibration.dif import ItemDif, Screening, screen_dif
from pacnum_api.psychometrics.calibration.item_fit import ItemFit, item_fit
from pacnum_api.psychometrics.calibration.linking import LinkEstimate, link, robust_z
from pacnum_api.psychometrics.calibration.mantel_haenszel import DifClass
from pacnum_api.psychometrics.calibration.responses import ResponseData

_FEWEST_FOR_Z = 8
"""Quartiles of fewer changes say nothing."""


class SuggestedStatus(StrEnum):
    CALIBRATED = "calibrated"
    PROVISIONAL = "provisional"
    DRIFTING = "drifting"


class Reason(StrEnum):
    """What speaks against an item."""

    NO_ANSWER = "no_answer"
    FEW_ANSWERS = "few_answers"
    UNCERTAIN = "uncertain"
    MISFIT = "misfit"
    GROUPS_DIFFER = "groups_differ"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class ReportRules:
    """An item counts as calibrated with at least ``fewest_answers``, standard errors of at most
    ``greatest_sigma_a`` (of the slope, as a share of it) and ``greatest_sigma_b``, no misfit
    (significant at ``significance`` and an RMSD above ``greatest_rmsd``) and no large difference
    between groups (class C). It drifts if, against its earlier parameters, its robust z exceeds
    ``critical_z`` and it has moved by ``least_drift`` at least (theta; ln a).
    """

    fewest_answers: int = 200
    greatest_sigma_a: float = 0.25
    greatest_sigma_b: float = 0.25
    significance: float = 0.01
    greatest_rmsd: float = 0.05
    critical_z: float = 2.7
    least_drift: float = 0.3
    screening: Screening = field(default_factory=Screening)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item: its new parameters with standard errors, the earlier ones, how far it has moved
    (robust z, NaN where not judged), fit and difference between groups (None where not judged).
    """

    item: int
    competence: int
    model: ItemModel
    answers: int
    is_estimated: bool
    a: float
    sigma_a: float
    b: float
    sigma_b: float
    c: float
    d: float
    steps: tuple[float, ...]
    step_errors: tuple[float, ...]
    earlier_a: float
    earlier_b: float
    z_a: float
    z_b: float
    fit: ItemFit | None
    dif: ItemDif | None
    status: SuggestedStatus
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The population of a group: ``mean`` and ``sd`` in theta with their standard errors, 0 where
    they make the scale; number of ``persons``.
    """

    group: int
    persons: int
    mean: float
    mean_error: float
    sd: float
    sd_error: float


@dataclass(frozen=True, eq=False)
class CalibrationReport:
    """``items`` in the order of the calibration; ``groups``; and of the whole: how many ``persons``
    with an answer and ``answers``, log-likelihood, iterations, whether it arrived at a maximum,
    reliability, and the mean standard error of the persons' abilities.
    """

    items: tuple[ItemRow, ...]
    groups: tuple[GroupRow, ...]
    persons: int
    answers: int
    log_likelihood: float
    iterations: int
    is_converged: bool
    is_maximum: bool
    reliability: float
    mean_standard_error: float

    def count(self, status: SuggestedStatus) -> int:
        """Return the number of items with this status."""
        return sum(row.status is status for row in self.items)


def calibration_report(
    earlier: Sequence[Item],
    calibration: Calibration,
    *,
    data: ResponseData,
    trusted: Collection[int] = (),
    rules: ReportRules | None = None,
) -> CalibrationReport:
    """Return the report of a calibration of the items ``earlier``, as they were.

    ``trusted``: items whose earlier parameters were from data too, so that a change is a drift;
    anchors among them have not changed, by definition (see ``anchor_link`` for those). Groups are
    compared where the data have more than one.
    """
    by = rules or ReportRules()
    difs: Sequence[ItemDif | None] = [None] * len(earlier)
    if data.group_count > 1:
        difs = screen_dif(calibration, data, screening=by.screening)
    judge = _Judge(
        calibration=calibration,
        earlier=tuple(earlier),
        fits=item_fit(calibration, data),
        difs=tuple(difs),
        robust_z=_changes(earlier, calibration, trusted=trusted),
        rules=by,
    )
    asked = calibration.has_answered
    return CalibrationReport(
        items=tuple(judge.row(index) for index in range(len(earlier))),
        groups=tuple(_groups(calibration, data)),
        persons=int(asked.sum()),
        answers=len(data.person),
        log_likelihood=calibration.log_likelihood,
        iterations=calibration.iterations,
        is_converged=calibration.is_converged,
        is_maximum=calibration.is_maximum,
        reliability=calibration.reliability,
        mean_standard_error=float(calibration.posterior.standard_error[asked].mean()),
    )


def _changes(
    earlier: Sequence[Item], calibration: Calibration, *, trusted: Collection[int]
) -> FloatArray:
    """Return the robust z of the trusted items that were estimated anew, (n, 2), else NaN."""
    result = np.full((len(earlier), 2), np.nan)
    those = [index for index in sorted(trusted) if calibration.is_estimated[index]]
    if len(those) >= _FEWEST_FOR_Z:
        new, old = ([items[index] for index in those] for items in (calibration.items, earlier))
        result[those] = robust_z(new, old)
    return result


def _groups(calibration: Calibration, data: ResponseData) -> Iterator[GroupRow]:
    population, errors = calibration.population, calibration.population_errors
    persons = np.bincount(data.groups, minlength=data.group_count)
    for group in range(data.group_count):
        yield GroupRow(
            group=group,
            persons=int(persons[group]),
            mean=float(population.mean[group]),
            mean_error=float(errors[group, 0]),
            sd=float(population.sd[group]),
            sd_error=float(errors[group, 1]),
        )


@dataclass(frozen=True, eq=False)
class _Judge:
    calibration: Calibration
    earlier: tuple[Item, ...]
    fits: tuple[ItemFit | None, ...]
    difs: tuple[ItemDif | None, ...]
    robust_z: FloatArray
    rules: ReportRules

    def row(self, index: int) -> ItemRow:
        item, before = self.calibration.items[index], self.earlier[index]
        reasons = tuple(self._reasons(index))
        errors = self.calibration.step_errors[index, : len(item.steps)]
        return ItemRow(
            item=index,
            competence=item.competence,
            model=item.model,
            answers=int(self.calibration.answers[index]),
            is_estimated=bool(self.calibration.is_estimated[index]),
            a=item.a,
            sigma_a=item.sigma_a,
            b=item.b,
            sigma_b=item.sigma_b,
            c=item.c,
            d=item.d,
            steps=item.steps,
            step_errors=tuple(errors.tolist()),
            earlier_a=before.a,
            earlier_b=before.b,
            z_a=float(self.robust_z[index, 0]),
            z_b=float(self.robust_z[index, 1]),
            fit=self.fits[index],
            dif=self.difs[index],
            status=_status(reasons),
            reasons=reasons,
        )

    def _reasons(self, index: int) -> Iterator[Reason]:
        rules, item = self.rules, self.calibration.items[index]
        answers = int(self.calibration.answers[index])
        if answers == 0:
            yield Reason.NO_ANSWER
        elif answers < rules.fewest_answers:
            yield Reason.FEW_ANSWERS
        # Of what the errors cannot be worked out they are infinite, or not numbers.
        is_certain = item.sigma_a <= rules.greatest_sigma_a * item.a
        if not (is_certain and item.sigma_b <= rules.greatest_sigma_b):
            yield Reason.UNCERTAIN
        fit, dif = self.fits[index], self.difs[index]
        if fit and fit.p_value < rules.significance and fit.rmsd > rules.greatest_rmsd:
            yield Reason.MISFIT
        if dif and dif.dif_class is DifClass.C:
            yield Reason.GROUPS_DIFFER
        if self._has_drifted(index):
            yield Reason.DRIFT

    def _has_drifted(self, index: int) -> bool:
        item, before, rules = self.calibration.items[index], self.earlier[index], self.rules
        moves = (abs(float(np.log(item.a / before.a))), abs(item.b - before.b))
        return any(
            abs(z) > rules.critical_z and move >= rules.least_drift
            for z, move in zip(self.robust_z[index].tolist(), moves, strict=True)
        )


def _status(reasons: Collection[Reason]) -> SuggestedStatus:
    if Reason.DRIFT in reasons:
        return SuggestedStatus.DRIFTING
    return SuggestedStatus.PROVISIONAL if reasons else SuggestedStatus.CALIBRATED


def anchor_link(
    items: Sequence[Item],
    data: ResponseData,
    *,
    anchors: Collection[int],
    settings: Settings = DEFAULT_SETTINGS,
) -> LinkEstimate:
    """Return how anchors, calibrated anew as if they were none, lie to their running parameters.

    The places of the result are those of the anchors that have answers, in rising order.
    ``is_drifting`` names those that hold no longer and had better be released. ``ValueError``: see
    ``linking.link``.
    """
    anew = calibrate(items, data, settings=settings)
    those = [index for index in sorted(anchors) if anew.is_estimated[index]]
    return link([anew.items[index] for index in those], [items[index] for index in those])
