"""Whether an item's answers follow its curve.

Sparse and adaptive answers leave no complete score groups, and estimated abilities are no groups
either: they are themselves uncertain, and in an adaptive test depend on the studied answer through
the items chosen after it. The marginal likelihood is right in spite of that, so fit is judged by
it:

Score test (Rao; for items Glas 1999, Psychometrika 64, 273-294). The alternative lets the item's
difficulty differ between ``regions`` of ability. Its score in a region is observed minus expected,
summed over what the posteriors say of who is there. With the scores u of the regions and v of the
item's own parameters (for each answer their posterior mean; U and V summed over answers) and their
information J,

    X² = e' (J_uu - J_uv J_vv⁻¹ J_vu)⁻¹ e,     e = U - J_uv J_vv⁻¹ V

is chi-squared with as many degrees of freedom as regions less one, as all regions together are the
item's own difficulty. J is expected: over the answers that the person could have given, weighed by
the person's other answers. Sums of squares of the scores themselves reject too often with few
answers (8 regions, 330 answers: 23 % instead of 5 %). Parameters of other items count as known.

Size of the misfit: root mean square difference (RMSD) between the curve of the expected counts and
the item's, weighted by where its answers were given, in units of the score's range (Köhler,
Robitzsch & Hartig 2020, Journal of Educational and Behavioral Statistics 45, 251-273). With many
answers a misfit of no consequence is significant; judge both.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.calibration.calibrate import Calibration
from pacnum_api.psychometrics.calibration.curves import curves, lay_out, parameters_of
from pacnum_api.psychometrics.calibration.responses import ResponseData

_SMALLEST = 1e-12
_SINGULAR = 1e-8


@dataclass(frozen=True, slots=True)
class RegionFit:
    """Answers (expected number) of persons of abilities ``lowest`` to ``highest`` (nodes), their
    mean score as observed and as the curve has it, in units of the score's range.
    """

    lowest: float
    highest: float
    answers: float
    observed: float
    expected: float


@dataclass(frozen=True, slots=True)
class ItemFit:
    """``chi_squared`` with its ``degrees`` of freedom and ``p_value``; ``rmsd`` in units of the
    score's range; ``regions`` from low to high ability.
    """

    item: int
    answers: int
    chi_squared: float
    degrees: int
    p_value: float
    rmsd: float
    regions: tuple[RegionFit, ...]


@dataclass(frozen=True, eq=False)
class _Studied:
    """One item with its R answers: ``weights`` (R, Q) of the persons' posteriors and ``category``
    (R,); ``score`` (p, C, Q) and ``probability`` (C, Q) at the ``nodes``; ``region`` (Q,) of each.
    """

    nodes: FloatArray
    weights: FloatArray
    category: IntArray
    score: FloatArray
    probability: FloatArray
    region: IntArray

    @property
    def region_count(self) -> int:
        return int(self.region[-1]) + 1


def item_fit(
    calibration: Calibration, data: ResponseData, *, regions: int = 5, fewest: int = 100
) -> tuple[ItemFit | None, ...]:
    """Return the fit of each item, anchors included; None with fewer than ``fewest`` answers.

    ``regions``: of ability, with about equally many of the item's answers in each, as far as nodes
    allow. ``ValueError`` unless there are at least 2.
    """
    if regions < 2:
        raise ValueError("at least two regions are needed")
    items = calibration.items
    layout = lay_out(items, anchors=(), answered=data.answered(len(items)))
    parameters, nodes = parameters_of(items), calibration.posterior.nodes
    order = np.argsort(data.item, kind="stable")
    ends = np.searchsorted(data.item[order], np.arange(len(items) + 1))
    result: list[ItemFit | None] = [None] * len(items)
    for group in layout.alike():
        found = curves(layout, parameters, group=group, nodes=nodes)
        for place, item in enumerate(group.items.tolist()):
            those = order[ends[item] : ends[item + 1]]
            if len(those) >= fewest:
                weights = calibration.posterior.weights[data.person[those]]
                studied = _Studied(
                    nodes=nodes,
                    weights=weights,
                    category=data.category[those],
                    score=found.score[place],
                    probability=np.exp(found.log_probability[place]),
                    region=_regions(weights.sum(axis=0), regions=regions),
                )
                result[item] = _fit(item, studied)
    return tuple(result)


def _regions(counts: FloatArray, *, regions: int) -> IntArray:
    """Return the region of each node, counted from 0 without a gap: the nodes in order, cut where
    the answers are shared out evenly.
    """
    middle = (np.cumsum(counts) - counts / 2.0) / counts.sum()
    region = np.minimum((middle * regions).astype(np.int64), regions - 1)
    return np.unique(region, return_inverse=True)[1]


def _fit(item: int, studied: _Studied) -> ItemFit:
    statistic, degrees = _score_test(studied)
    answers = len(studied.category)
    greatest = len(studied.probability) - 1
    scores = np.arange(greatest + 1) / greatest
    given = np.zeros((answers, greatest + 1))
    given[np.arange(answers), studied.category] = 1.0
    at_nodes = studied.weights.sum(axis=0)
    observed = scores @ (given.T @ studied.weights)
    expected = scores @ studied.probability * at_nodes
    departure = (observed - expected) / np.maximum(at_nodes, _SMALLEST)
    return ItemFit(
        item=item,
        answers=answers,
        chi_squared=statistic,
        degrees=degrees,
        p_value=float(chi2.sf(statistic, degrees)),
        rmsd=float(np.sqrt(at_nodes @ departure**2 / answers)),
        regions=tuple(
            _region_fit(studied, studied.region == region, observed=observed, expected=expected)
            for region in range(studied.region_count)
        ),
    )


def _region_fit(
    studied: _Studied, is_there: BoolArray, *, observed: FloatArray, expected: FloatArray
) -> RegionFit:
    nodes, answers = studied.nodes[is_there], float(studied.weights[:, is_there].sum())
    return RegionFit(
        lowest=float(nodes[0]),
        highest=float(nodes[-1]),
        answers=answers,
        observed=float(observed[is_there].sum()) / answers,
        expected=float(expected[is_there].sum()) / answers,
    )


def _score_test(studied: _Studied) -> tuple[float, int]:
    """Return the statistic and its degrees of freedom."""
    own = len(studied.score)
    difficulty = studied.score[1:].sum(axis=0)
    in_regions = [
        np.where(studied.region == region, difficulty, 0.0)
        for region in range(studied.region_count)
    ]
    scores = np.concatenate((studied.score, np.stack(in_regions)))
    # What the person's other answers say, and with each answer that could have been given.
    others = studied.weights / studied.probability[studied.category]
    others /= others.sum(axis=1, keepdims=True)
    joint = others[:, None, :] * studied.probability
    chance = joint.sum(axis=2)
    means = np.einsum("rcq,scq->rcs", joint, scores) / chance[:, :, None]
    information = np.einsum("rcs,rct,rc->st", means, means, chance)
    total = means[np.arange(len(means)), studied.category].sum(axis=0)
    turn = information[own:, :own] @ np.linalg.pinv(information[:own, :own])
    left = information[own:, own:] - turn @ information[:own, own:]
    departure = total[own:] - turn @ total[:own]
    inverse = np.linalg.pinv(left, rcond=_SINGULAR, hermitian=True)
    return float(departure @ inverse @ departure), studied.region_count - 1
