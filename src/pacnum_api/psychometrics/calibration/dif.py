"""Screening a calibration for items that favour one of two groups of equal ability.

Groups are matched on what each person's answers to the other items say of the ability: the mean of
the posterior without the studied answer, under the person's own group's population. With that prior
the chance of a right answer is, under no DIF, nearly the same function of the match in both groups;
with a common prior, or an unreliable score, a group of lower ability would seem disfavoured by
every item. Items found large are left out of the match, and the screening repeated (Holland &
Thayer's purification). For adaptive tests: Zwick, Thayer & Wingersky (1994), Applied Psychological
Measurement 18, 121-140.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.calibration.calibrate import Calibration
from pacnum_api.psychometrics.calibration.curves import Layout, lay_out, parameters_of
from pacnum_api.psychometrics.calibration.expectation import log_probabilities
from pacnum_api.psychometrics.calibration.logistic_dif import LogisticDif, logistic_dif
from pacnum_api.psychometrics.calibration.mantel_haenszel import (
    DifClass,
    Mantel,
    MantelHaenszel,
    is_telling,
    mantel,
    mantel_haenszel,
)
from pacnum_api.psychometrics.calibration.responses import ResponseData

_ANSWERS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Screening:
    """Which groups are compared, in how many ``strata`` of ability; an item with fewer than
    ``fewest`` answers from either is not judged; ``rounds`` of purification, 1 for none.

    ``ValueError`` unless the groups differ and there are at least 2 strata, answers and 1 round.
    """

    reference: int = 0
    focal: int = 1
    strata: int = 20
    fewest: int = 100
    rounds: int = 2

    def __post_init__(self) -> None:
        if self.reference == self.focal or min(self.strata, self.fewest, self.rounds + 1) < 2:
            raise ValueError("two groups, two strata, two answers and one round are needed")


@dataclass(frozen=True, slots=True)
class ItemDif:
    """What was found of an item. Right/wrong items have ``mantel_haenszel`` and ``logistic``, items
    scored in steps ``mantel``; all None if there were too few answers, or they were all alike.
    """

    item: int
    reference_answers: int
    focal_answers: int
    mantel_haenszel: MantelHaenszel | None = None
    mantel: Mantel | None = None
    logistic: LogisticDif | None = None

    @property
    def dif_class(self) -> DifClass | None:
        """The class by Mantel and Haenszel, or Mantel; None if not judged."""
        judged = self.mantel_haenszel or self.mantel
        return judged.dif_class if judged else None


def matching_abilities(
    calibration: Calibration, data: ResponseData, *, left_out: Collection[int] = ()
) -> FloatArray:
    """Return for each answer the person's ability as the other answers have it, (R,): the posterior
    mean without that answer and without those to the items ``left_out``.
    """
    layout = _layout(calibration, data)
    nodes = calibration.posterior.nodes
    table = log_probabilities(layout, parameters_of(calibration.items), nodes=nodes)
    rows = layout.rows(data.item, category=data.category)
    with np.errstate(divide="ignore"):  # nodes that the answers rule out stay ruled out
        log_weights = np.log(calibration.posterior.weights)
    is_out = np.isin(data.item, list(left_out))
    kept_table = np.where(np.isin(_item_of_row(layout), list(left_out))[:, None], table, 0.0)
    log_weights = log_weights - data.indicator(rows, width=layout.row_count) @ kept_table
    result = np.zeros(len(rows))
    for start in range(0, len(rows), _ANSWERS_AT_ONCE):
        those = slice(start, start + _ANSWERS_AT_ONCE)
        own = np.where(is_out[those, None], 0.0, table[rows[those]])
        logs = log_weights[data.person[those]] - own
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        result[those] = weights @ nodes / weights.sum(axis=1)
    return result


def _layout(calibration: Calibration, data: ResponseData) -> Layout:
    answered = data.answered(len(calibration.items))
    return lay_out(calibration.items, anchors=(), answered=answered)


def _item_of_row(layout: Layout) -> IntArray:
    return np.repeat(np.arange(len(layout.steps)), layout.steps + 1)


def screen_dif(
    calibration: Calibration, data: ResponseData, *, screening: Screening | None = None
) -> tuple[ItemDif, ...]:
    """Return what was found of each item. The calibration is one of all groups together, in which
    the focal group has a population of its own.
    """
    by = screening or Screening()
    left_out: frozenset[int] = frozenset()
    found: tuple[ItemDif, ...] = ()
    for _ in range(by.rounds):
        ability = matching_abilities(calibration, data, left_out=left_out)
        found = tuple(_of_items(calibration, data, ability=ability, by=by))
        large = frozenset(one.item for one in found if one.dif_class is DifClass.C)
        if large == left_out:
            break
        left_out = large
    return found


@dataclass(frozen=True, eq=False)
class _Matched:
    """Answers to one item, (R,) each."""

    score: IntArray
    ability: FloatArray
    is_focal: BoolArray
    categories: int

    def tables(self, strata: int) -> FloatArray:
        """Return the counts by stratum, group and score, (S, 2, C)."""
        result = np.zeros((strata, 2, self.categories))
        stratum = strata_of(self.ability, strata=strata)
        np.add.at(result, (stratum, self.is_focal.astype(np.int64), self.score), 1.0)
        return result


def _of_items(
    calibration: Calibration, data: ResponseData, *, ability: FloatArray, by: Screening
) -> Iterator[ItemDif]:
    group = data.groups[data.person]
    order = np.argsort(data.item, kind="stable")
    order = order[np.isin(group[order], (by.reference, by.focal))]
    ends = np.searchsorted(data.item[order], np.arange(len(calibration.items) + 1))
    for index, item in enumerate(calibration.items):
        those = order[ends[index] : ends[index + 1]]
        is_focal = group[those] == by.focal
        matched = _Matched(data.category[those], ability[those], is_focal, item.categories)
        counted = ItemDif(index, int((~is_focal).sum()), int(is_focal.sum()))
        yield _judged(counted, matched, by=by)


def strata_of(ability: FloatArray, *, strata: int) -> IntArray:
    """Return the stratum of each ability, (R,): equally many in each, but equal abilities
    together.
    """
    bounds = np.quantile(ability, np.linspace(0.0, 1.0, strata + 1)[1:-1])
    return np.searchsorted(bounds, ability, side="right")


def _judged(counted: ItemDif, matched: _Matched, *, by: Screening) -> ItemDif:
    if min(counted.reference_answers, counted.focal_answers) < by.fewest:
        return counted
    tables = matched.tables(by.strata)
    if not is_telling(tables):
        return counted
    if matched.categories > 2:
        return replace(counted, mantel=mantel(tables))
    return replace(
        counted,
        mantel_haenszel=mantel_haenszel(tables),
        logistic=logistic_dif(matched.ability, matched.score, is_focal=matched.is_focal),
    )
