"""The calibration of one competence: its items, the persons who answered them, nobody else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pacnum_api.domains.items.types import ParameterStatus
from pacnum_api.domains.test_sessions.policy.calibration.answers import AnswerTable
from pacnum_api.domains.test_sessions.policy.calibration.order import (
    CalibratedBank,
    CalibrationOrder,
    priors_of,
)
from pacnum_api.psychometrics.arithmetic import BoolArray, IntArray
from pacnum_api.psychometrics.bank import Item
from pacnum_api.psychometrics.calibration.calibrate import Calibration, calibrate
from pacnum_api.psychometrics.calibration.dif import ItemDif, Screening, screen_dif
from pacnum_api.psychometrics.calibration.linking import LinkEstimate, LinkMethod, robust_z
from pacnum_api.psychometrics.calibration.linking import link as link_scales
from pacnum_api.psychometrics.calibration.priors import ItemPriors
from pacnum_api.psychometrics.calibration.report import (
    CalibrationReport,
    ReportRules,
    calibration_report,
)
from pacnum_api.psychometrics.calibration.responses import ResponseData

FEWEST_ANCHORS: Final = 3
CRITICAL_Z: Final = 2.7
TWO_SIDED: Final = 2.58
"""Standard errors that one of a hundred anchors that have not changed is beyond."""

LEAST_DISTINCT: Final = 0.6
"""Of the persons' answers to a competence, taken together: share that differ from all others'.
Where many have answered the same few items alike, strata of matched ability cut between persons who
differ in nothing but their group. Measured without any difference, 750 persons a group: of items in
a test of 5, 8, 12 and 20 items for all, 57, 31, 10 and 2 % were said to favour a group.
"""


def rules_of(minimum_answers: int) -> ReportRules:
    """When an item counts as calibrated: its errors are less than half a level of the default scale
    and a third of its slope.

    Fit: where persons have answered little, a misfit looks smaller than it is. A curve that turns
    down in its upper half shows an RMSD of 0.01 with 5 answers a person, 0.04 with 10, 0.07 with
    20; what is asked for is in between, and a significance that chance reaches once in a thousand.
    """
    return ReportRules(
        fewest_answers=minimum_answers,
        greatest_sigma_a=0.35,
        greatest_sigma_b=0.3,
        significance=0.001,
        greatest_rmsd=0.03,
    )


@dataclass(frozen=True, eq=False)
class ScaleAnswers:
    """The answers to one competence: ``items`` (m,) indices in the bank, ``persons`` (P,) in the
    table, ``data`` with both counted from 0.
    """

    items: IntArray
    persons: IntArray
    data: ResponseData

    @property
    def can_be_matched(self) -> bool:
        """Whether persons of two groups can be matched finely enough to compare them: enough of
        them have answered as nobody else has.
        """
        order = np.argsort(self.data.person, kind="stable")
        answer = np.stack((self.data.item, self.data.category), axis=1)[order]
        ends = np.cumsum(np.bincount(self.data.person))[:-1]
        patterns = {tuple(sorted(map(tuple, one.tolist()))) for one in np.split(answer, ends)}
        return len(patterns) >= LEAST_DISTINCT * len(self.persons)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found of the items, by index in the bank, comparing two groups of persons."""

    reference: str
    focal: str
    items: tuple[tuple[int, ItemDif], ...]


@dataclass(frozen=True, eq=False)
class CalibratedScale:
    """``before``: the items as they were, in the order of ``answers.items`` as those of the
    ``calibration`` and of its ``report``. ``anchors``: indices in the bank of those that were kept,
    ``drifting`` of those that were to be and did not hold.

    ``link``: from the scale on which these persons are N(0, 1) to the running one, by the anchors;
    without anchors by all items that are answered enough, which moves nothing but tells how far
    the two lie apart. None with fewer than three such items.
    """

    competence: int
    answers: ScaleAnswers
    before: tuple[Item, ...]
    anchors: frozenset[int]
    drifting: frozenset[int]
    link: LinkEstimate | None
    calibration: Calibration
    report: CalibrationReport
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
    task = _Task(
        before=before,
        data=answers.data,
        priors=priors_of(before, is_authors=np.isin(answers.items, sorted(authors))),
        minimum_answers=order.minimum_answers,
    )
    wished = np.flatnonzero(np.isin(answers.items, sorted(order.anchors)))
    link, lost = task.held_against(wished) if len(wished) else (None, wished)
    anchors = np.setdiff1d(wished, lost)
    calibration = task.calibrate(anchors)
    return CalibratedScale(
        competence=competence,
        answers=answers,
        before=before,
        anchors=frozenset(answers.items[anchors].tolist()),
        drifting=frozenset(answers.items[lost].tolist()),
        link=link if len(wished) else task.apart(calibration),
        calibration=calibration,
        report=calibration_report(
            before, calibration, data=answers.data, rules=rules_of(order.minimum_answers)
        ),
        comparisons=tuple(_comparisons(table, answers, items=calibration.items)),
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """The items of a competence, by place, with their answers."""

    before: tuple[Item, ...]
    data: ResponseData
    priors: ItemPriors
    minimum_answers: int

    def calibrate(self, anchors: IntArray) -> Calibration:
        return calibrate(self.before, self.data, anchors=anchors.tolist(), priors=self.priors)

    def held_against(self, anchors: IntArray) -> tuple[LinkEstimate | None, IntArray]:
        """The link of a calibration without anchors to the running scale, and the places of the
        anchors that it finds to have moved: away from what the others did (robust z), and more than
        the errors of both estimates allow.
        """
        used = anchors[self._is_enough[anchors]]
        if len(used) < FEWEST_ANCHORS:
            return None, used[:0]
        free = self.calibrate(used[:0]).items
        pair = [free[place] for place in used], [self.before[place] for place in used]
        moved = np.any(np.abs(robust_z(*pair)) > CRITICAL_Z, axis=1)
        if np.count_nonzero(~moved) < FEWEST_ANCHORS:
            return None, used[:0]
        found = link_scales(*pair, critical_z=CRITICAL_Z)
        there = [found.link.item(item) for item in pair[0]]
        is_beyond = [
            _is_beyond_error(one, other) for one, other in zip(there, pair[1], strict=True)
        ]
        return found, used[moved & np.array(is_beyond)]

    def apart(self, calibration: Calibration) -> LinkEstimate | None:
        """How the scale of a calibration lies to that of the bank, by all items answered enough."""
        used = np.flatnonzero(self._is_enough)
        if len(used) < FEWEST_ANCHORS:
            return None
        pair = [calibration.items[place] for place in used], [self.before[place] for place in used]
        return link_scales(*pair, method=LinkMethod.MEAN_SIGMA, critical_z=np.inf)

    @property
    def _is_enough(self) -> BoolArray:
        result: BoolArray = self.data.answered(len(self.before)) >= self.minimum_answers
        return result


def _is_beyond_error(one: Item, other: Item) -> bool:
    in_place = abs(one.b - other.b) > TWO_SIDED * float(np.hypot(one.sigma_b, other.sigma_b))
    in_slope = abs(one.a - other.a) > TWO_SIDED * float(np.hypot(one.sigma_a, other.sigma_a))
    return in_place or in_slope


def _comparisons(
    table: AnswerTable, answers: ScaleAnswers, *, items: Sequence[Item]
) -> Iterator[Comparison]:
    """Compare each group with the greatest, at the parameters found for all persons together."""
    if not answers.can_be_matched:
        return
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
