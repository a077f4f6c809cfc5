"""What is found of each item, and what should become of its parameters."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite
from typing import Final

from pacnum_api.domains.items.types import ItemParameters, ParameterStatus
from pacnum_api.domains.test_sessions.policy.calibration.order import CalibratedBank
from pacnum_api.domains.test_sessions.policy.calibration.scales import CalibratedScale
from pacnum_api.psychometrics.calibration.item_fit import ItemFit
from pacnum_api.psychometrics.calibration.mantel_haenszel import DifClass
from pacnum_api.psychometrics.calibration.report import ItemRow
from pacnum_api.psychometrics.calibration.report import Reason as Fault

WEAK_SLOPE: Final = 0.5
"""An item is weak if its slope is surely (two standard errors) below this."""
_DECIMALS: Final = 6


class Reason(StrEnum):
    """Why an item gets the status that is suggested, in words for a report."""

    ANCHOR = "anchor: stays as it is"
    RETIRED = "retired: stays as it is"
    FEW_ANSWERS = "too few answers: stays as it is"
    NOT_FOUND = "no maximum found: stays as it is"
    UNCERTAIN = "still too uncertain: stays as it is"
    MISFIT = "answers do not follow the model: stays as it is"
    GROUPS_DIFFER = "not the same for groups of equal ability: stays as it is"
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


def judge(bank: CalibratedBank, scale: CalibratedScale) -> Iterator[ItemFinding]:
    """Yield what is found of each item of a competence.

    An item that stays provisional keeps its author's parameters too: its answers shall count once,
    when there are enough, and not again as what was known before.
    """
    worst = _worst_classes(scale)
    for row, index in zip(scale.report.items, scale.answers.items.tolist(), strict=True):
        before, dif = bank.parameters[index], worst.get(index)
        reason = _reason(scale, row, status=before.status, dif=dif)
        yield ItemFinding(
            index=index,
            key=bank.keys[index],
            competence=bank.codes[scale.competence],
            level=bank.levels[index],
            answers=row.answers,
            before=before,
            estimate=_estimate(before, row, reason=reason),
            step_errors=row.step_errors,
            fit=row.fit,
            dif=dif,
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
    scale: CalibratedScale, row: ItemRow, *, status: ParameterStatus, dif: DifClass | None
) -> Reason:
    """The first that holds, from what cannot be changed to what is found in order."""
    index = int(scale.answers.items[row.item])
    is_few = bool({Fault.FEW_ANSWERS, Fault.NO_ANSWER}.intersection(row.reasons))
    checks = (
        (status is ParameterStatus.RETIRED, Reason.RETIRED),
        (index in scale.anchors, Reason.ANCHOR),
        (is_few, Reason.FEW_ANSWERS),
        (not scale.calibration.is_maximum, Reason.NOT_FOUND),
        (dif is DifClass.C, Reason.GROUPS_DIFFER),
        (Fault.MISFIT in row.reasons, Reason.MISFIT),
        # before the errors: where the slope is near 0 the difficulty cannot be told, nor need it be
        (row.a + 2.0 * row.sigma_a < WEAK_SLOPE, Reason.WEAK),
        (Fault.UNCERTAIN in row.reasons, Reason.UNCERTAIN),
        (index in scale.drifting, Reason.DRIFT),
    )
    return next((reason for holds, reason in checks if holds), Reason.CALIBRATED)


def _estimate(before: ItemParameters, row: ItemRow, *, reason: Reason) -> ItemParameters:
    """Rounded, as what is published is read by people too; far below the errors."""
    return replace(
        before,
        a=round(row.a, _DECIMALS),
        b=round(row.b, _DECIMALS),
        c=row.c,
        d=row.d,
        steps=tuple(round(step, _DECIMALS) for step in row.steps),
        sigma_a=_finite(row.sigma_a, before.sigma_a),
        sigma_b=_finite(row.sigma_b, before.sigma_b),
        status=_STATUS.get(reason, before.status),
    )


def _finite(found: float, before: float) -> float:
    """An error that could not be worked out is at least what it was."""
    return round(found, _DECIMALS) if isfinite(found) else before
