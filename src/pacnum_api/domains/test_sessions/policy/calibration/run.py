"""A calibration from answers to findings: competence by competence, then all together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pacnum_api.domains.items.types import ItemParameters, ParameterStatus
from pacnum_api.domains.test_sessions.policy.calibration.answers import AnswerTable
from pacnum_api.domains.test_sessions.policy.calibration.findings import ItemFinding, judge
from pacnum_api.domains.test_sessions.policy.calibration.hanging_together import (
    HangingTogether,
    hanging_together,
)
from pacnum_api.domains.test_sessions.policy.calibration.order import (
    CalibratedBank,
    CalibrationOrder,
    measured,
)
from pacnum_api.domains.test_sessions.policy.calibration.scales import (
    CalibratedScale,
    calibrate_scale,
)
from pacnum_api.domains.test_sessions.types import CalibrationModel
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, item_information
from pacnum_api.psychometrics.bank import ItemParameters as MeasuredParameters

INFORMATION_AT: Final = np.linspace(-4.0, 4.0, 81)
"""Abilities at which the information of a competence's items is shown."""

_MEASURING_NOBODY: Final = frozenset({ParameterStatus.SEEDED, ParameterStatus.RETIRED})


@dataclass(frozen=True, eq=False)
class ScaleInformation:
    """What all items of a competence tell, in 1 / theta², at ``INFORMATION_AT``, errors of their
    parameters taken into account: with the bank as it is and as it would be.
    """

    competence: str
    before: FloatArray
    after: FloatArray


@dataclass(frozen=True, eq=False)
class CalibrationReport:
    """All that a calibration has found; nothing is changed by it.

    ``together``: None where too few persons were asked several competences, or not all competences
    were calibrated.
    """

    bank: CalibratedBank
    order: CalibrationOrder
    table: AnswerTable
    scales: tuple[CalibratedScale, ...]
    findings: tuple[ItemFinding, ...]
    information: tuple[ScaleInformation, ...]
    together: HangingTogether | None

    @property
    def changes(self) -> dict[int, ItemParameters]:
        """The new parameters, by index in the bank, of the items that would get some."""
        return {one.index: one.after for one in self.findings if one.is_changed}


def calibrate_answers(
    bank: CalibratedBank,
    table: AnswerTable,
    *,
    order: CalibrationOrder,
    rng: np.random.Generator,
    say: Callable[[str], None],
) -> CalibrationReport:
    """Calibrate the competences that the order names; ``say`` is told how far it is."""
    scales = []
    for competence in order.competences or range(len(bank.codes)):
        scale = calibrate_scale(bank, table, competence=competence, order=order)
        if scale is not None:
            say(f"{bank.codes[competence]}: {len(scale.answers.data.item)} answers")
            scales.append(scale)
    findings = tuple(one for scale in scales for one in judge(bank, scale))
    together = None
    if order.competences is None:
        say("correlations")
        items = _estimated(bank.measured(order.model), scales)
        together = hanging_together(bank, items, table=table, order=order, rng=rng)
    return CalibrationReport(
        bank=bank,
        order=order,
        table=table,
        scales=tuple(scales),
        findings=findings,
        information=tuple(_information(bank, scale, findings=findings) for scale in scales),
        together=together,
    )


def _estimated(items: Sequence[Item], scales: Iterable[CalibratedScale]) -> list[Item]:
    result = list(items)
    for scale in scales:
        for index, item in zip(scale.answers.items.tolist(), scale.calibration.items, strict=True):
            result[index] = item
    return result


def _information(
    bank: CalibratedBank, scale: CalibratedScale, *, findings: Sequence[ItemFinding]
) -> ScaleInformation:
    code = bank.codes[scale.competence]
    own = [one for one in findings if one.competence == code]
    return ScaleInformation(
        competence=code,
        before=_sum_of_information([one.before for one in own]),
        after=_sum_of_information([one.after for one in own]),
    )


def _sum_of_information(parameters: Sequence[ItemParameters]) -> FloatArray:
    columns = MeasuredParameters.from_items(
        [
            measured(one, CalibrationModel.AS_BANK, competence=0, level=1)
            for one in parameters
            if one.status not in _MEASURING_NOBODY
        ]
    )
    result: FloatArray = item_information(columns, theta=INFORMATION_AT).sum(axis=0)
    return result
