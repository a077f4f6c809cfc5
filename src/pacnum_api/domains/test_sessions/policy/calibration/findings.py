"""What is found of each item, and what should become of its parameters."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from pacnum_api.domains.items.types import ItemParameters, ParameterStatus
from pacnum_api.domains.test_sessions.policy.calibration.order import (
    CalibratedBank,
    CalibrationOrder,
)
from pacnum_api.domains.test_sessions.policy.calibration.scales import CalibratedScale
from pacnum_api.psychometrics.bank import Item
from pacnum_api.psychometrics.calibration.item_fit import ItemFit
from pacnum_api.psychometrics.calibration.mantel_haenszel import DifClass

GREATEST_LOGIT_ERROR: Final = 0.3
"""Of a calibrated item, a sigma_b: what the error of its difficulty does to the logit."""
GREATEST_SLOPE_ERROR: Final = 0.35
"""Of a calibrated slope, relative to it, or ``GREATEST_FLAT_ERROR`` where that is more: a slope
near 0 need not be known to a third of itself.
"""
GREATEST_FLAT_ERROR: Final = 0.15
WEAK_SLOPE: Final = 0.5
SIGNIFICANT_MISFIT: Final = 0.001
GREATEST_RMSD: Final = 0.03
"""Between curve and answers, in units of the score's range. An item is said not to follow its model
when that is both significant and of such a size. Where persons have answered little it looks
smaller than it is: a curve that turns down in its upper half shows 0.01 with 5 answers a person,
0.04 with 10, 0.07 with 20.
"""
_DECIMALS: Final = 6


class Reason(StrEnum):
    """Why an item gets the status that is suggested, in words for a report."""

    ANCHOR = "anchor: stays as it is"
    RETIRED = "retired: stays as it is"
    FEW_ANSWERS = "too few answers: stays as it is"
    NOT_FOUND = "no maximum found: stays as it is"
    UNCERTAIN = "still too uncertain: stays as it is"
    MISFIT = "answers do not follow the model: stays as it is"
    DRIFT = "no longer what it was: to be watched"
    WEAK = "calibrated, and tells hardly anything: to be looked at"
    CALIBRATED = "calibrated"


_STATUS: Final = {
    Reason.CALIBRATED: ParameterStatus.CALIBRATED,
    Reason.WEAK: ParameterStatus.CALIBRATED,
    Reason.DRIFT: ParameterStatus.DRIFTING,
}
"""Of the items that get new parameters."""


@dataclass(frozen=True, eq=False)
class ItemFinding:
    """``before`` and ``estimate``: the parameters as they were and as they were estimated, the
    latter with the status suggested; ``after``: what a new bank version would hold.
    ``step_errors``: standard errors of the steps. ``fit``: None with too few answers. ``dif``: the
    worst class of all comparisons, None without any.
    """

    index: int
    key: str
    competence: str
    level: int
    answers: int
    before: ItemParameters
    estimate: ItemParameters
    step_errors: tuple[float, ...]
    fit: ItemFit | None
    dif: DifClass | None
    reason: Reason

    @property
    def is_changed(self) -> bool:
        """Whether a new bank version would hold the estimate."""
        return self.reason in _STATUS

    @property
    def after(self) -> ItemParameters:
        return self.estimate if self.is_changed else self.before


def judge(
    bank: CalibratedBank, scale: CalibratedScale, *, order: CalibrationOrder
) -> Iterator[ItemFinding]:
    """Yield what is found of each item of a competence.

    An item that stays provisional keeps its author's parameters too: its answers shall count once,
    when there are enough, and not again as what was known before.
    """
    found = scale.calibration
    dif = _worst_classes(scale)
    for place, index in enumerate(scale.answers.items.tolist()):
        before, item = bank.parameters[index], found.items[place]
        reason = _reason(scale, place, before=before, order=order)
        steps = found.step_errors[place][: len(item.steps)]
        yield ItemFinding(
            index=index,
            key=bank.keys[index],
            competence=bank.codes[scale.competence],
            level=bank.levels[index],
            answers=int(found.answers[place]),
            before=before,
            estimate=_estimate(before, item, reason=reason),
            step_errors=tuple(steps.tolist()),
            fit=scale.fit[place],
            dif=dif.get(index),
            reason=reason,
        )


def _worst_classes(scale: CalibratedScale) -> dict[int, DifClass]:
    worst: dict[int, DifClass] = {}
    for comparison in scale.comparisons:
        for index, one in comparison.items:
            if one.dif_class is not None:
                worst[index] = max(worst.get(index, DifClass.A), one.dif_class)
    return worst


def _reason(
    scale: CalibratedScale, place: int, *, before: ItemParameters, order: CalibrationOrder
) -> Reason:
    item, index = scale.calibration.items[place], int(scale.answers.items[place])
    checks = (
        (before.status is ParameterStatus.RETIRED, Reason.RETIRED),
        (index in scale.anchors, Reason.ANCHOR),
        (scale.calibration.answers[place] < order.minimum_answers, Reason.FEW_ANSWERS),
        (not scale.calibration.is_maximum, Reason.NOT_FOUND),
        (_is_uncertain(item), Reason.UNCERTAIN),
        (is_misfit(scale.fit[place]), Reason.MISFIT),
        (index in scale.drifting, Reason.DRIFT),
        (item.a + 2.0 * item.sigma_a < WEAK_SLOPE, Reason.WEAK),
    )
    return next((reason for holds, reason in checks if holds), Reason.CALIBRATED)


def is_misfit(fit: ItemFit | None) -> bool:
    """Whether the answers depart from the curve, by more than chance and by much."""
    return fit is not None and fit.p_value < SIGNIFICANT_MISFIT and fit.rmsd >= GREATEST_RMSD


def _is_uncertain(item: Item) -> bool:
    slope_error = max(GREATEST_SLOPE_ERROR * item.a, GREATEST_FLAT_ERROR)
    return item.a * item.sigma_b > GREATEST_LOGIT_ERROR or item.sigma_a > slope_error


def _estimate(before: ItemParameters, item: Item, *, reason: Reason) -> ItemParameters:
    """Rounded, as what is published is read by people too; far below the errors."""
    return replace(
        before,
        a=round(item.a, _DECIMALS),
        b=round(item.b, _DECIMALS),
        c=item.c,
        d=item.d,
        steps=tuple(round(step, _DECIMALS) for step in item.steps),
        sigma_a=_finite(item.sigma_a, before.sigma_a),
        sigma_b=_finite(item.sigma_b, before.sigma_b),
        status=_STATUS.get(reason, before.status),
    )


def _finite(found: float, before: float) -> float:
    """An error that could not be worked out is at least what it was."""
    return round(found, _DECIMALS) if found < float("inf") else before
