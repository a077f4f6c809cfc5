"""The calibration of one competence: its items, the persons who answered them, nobody else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pacnum_api.domains.items.types import ParameterStatus
from pacnum_api.domains.test_sessions.policy.calibration.answers import AnswerTable
from pacnum_api.domains.test_sessions.policy.calibration.order import (
    CalibratedBank,
    CalibrationOrder,
    priors_of,
)
from pacnum_api.psychometrics.arithmetic import IntArray
from pacnum_api.psychometrics.bank import Item
from pacnum_api.psychometrics.calibration.calibrate import Calibration, calibrate
from pacnum_api.psychometrics.calibration.dif import ItemDif, Screening, screen_dif
from pacnum_api.psychometrics.calibration.responses import ResponseData


@dataclass(frozen=True, eq=False)
class ScaleAnswers:
    """The answers to one competence: ``items`` (m,) indices in the bank, ``persons`` (P,) in the
    table, ``data`` with both counted from 0.
    """

    items: IntArray
    persons: IntArray
    data: ResponseData


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found of the items, by index in the bank, comparing two groups of persons."""

    reference: str
    focal: str
    items: tuple[tuple[int, ItemDif], ...]


@dataclass(frozen=True, eq=False)
class CalibratedScale:
    """``before``: the items as they were, in the order of ``answers.items`` as those of the
    ``calibration``. ``anchors``: indices in the bank.
    """

    competence: int
    answers: ScaleAnswers
    before: tuple[Item, ...]
    anchors: frozenset[int]
    calibration: Calibration
    comparisons: tuple[Comparison, ...]


def answers_of(bank: CalibratedBank, table: AnswerTable, *, competence: int) -> ScaleAnswers | None:
    """The answers to the items of a competence; None if there is none."""
    items = np.flatnonzero(np.array(bank.competence_of) == competence)
    rows = np.flatnonzero(np.isin(table.item, items))
    if not len(rows):
        return None
    persons, person = np.unique(table.person[rows], return_inverse=True)
    data = ResponseData(
        person=person,
        item=np.searchsorted(items, table.item[rows]),
        category=table.category[rows],
        person_count=len(persons),
    )
    return ScaleAnswers(items, persons, data)


def calibrate_scale(
    bank: CalibratedBank, table: AnswerTable, *, competence: int, order: CalibrationOrder
) -> CalibratedScale | None:
    """Calibrate a competence; None if nobody has answered to it."""
    answers = answers_of(bank, table, competence=competence)
    if answers is None:
        return None
    measured = bank.measured(order.model)
    before = tuple(measured[index] for index in answers.items)
    authors = bank.with_status(ParameterStatus.PROVISIONAL, ParameterStatus.SEEDED)
    anchors = order.anchors.intersection(answers.items.tolist())
    calibration = calibrate(
        before,
        answers.data,
        anchors=np.searchsorted(answers.items, sorted(anchors)).tolist(),
        priors=priors_of(before, is_authors=np.isin(answers.items, sorted(authors))),
    )
    return CalibratedScale(
        competence=competence,
        answers=answers,
        before=before,
        anchors=anchors,
        calibration=calibration,
        comparisons=tuple(_comparisons(table, answers, items=calibration.items)),
    )


def _comparisons(
    table: AnswerTable, answers: ScaleAnswers, *, items: Sequence[Item]
) -> Iterator[Comparison]:
    """Compare each group with the greatest, at the parameters found for all persons together."""
    group = table.group[answers.persons]
    for focal in range(1, len(table.groups)):
        members = np.flatnonzero(np.isin(group, (0, focal)))
        if not (np.any(group == 0) and np.any(group == focal)):
            continue
        data = _of_persons(answers.data, members, group=(group[members] == focal).astype(np.int64))
        found = screen_dif(
            calibrate(items, data, anchors=range(len(items))), data, screening=Screening()
        )
        yield Comparison(
            reference=table.groups[0],
            focal=table.groups[focal],
            items=tuple(
                (int(answers.items[one.item]), one)
                for one in found
                if one.reference_answers + one.focal_answers
            ),
        )


def _of_persons(data: ResponseData, persons: IntArray, *, group: IntArray) -> ResponseData:
    place = np.full(data.person_count, -1, dtype=np.int64)
    place[persons] = np.arange(len(persons))
    kept = place[data.person] >= 0
    return replace(
        data,
        person=place[data.person[kept]],
        item=data.item[kept],
        category=data.category[kept],
        person_count=len(persons),
        group=group,
    )
