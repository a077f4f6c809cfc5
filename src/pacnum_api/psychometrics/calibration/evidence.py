"""What each person's answers say of each competence, one by one, and that as normal sites.

The likelihood of the answers of one person to one competence is a function of one ability. It is
kept on a grid, exact, and stood in for by a site: a normal factor of such precision and place that,
times what else is known of that ability, it has the mean and variance that the exact function would
give (expectation propagation: Minka 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item
from pacnum_api.psychometrics.calibration.curves import lay_out, parameters_of
from pacnum_api.psychometrics.calibration.expectation import (
    evenly_spaced_nodes,
    log_probabilities,
)
from pacnum_api.psychometrics.calibration.responses import ResponseData

_LEAST_PRECISION = 1e-3


@dataclass(frozen=True, eq=False)
class Evidence:
    """M pairs of a person and a competence that the person has answered to, in order of person and
    competence: ``person``, ``competence`` (M,), ``log_likelihood`` (M, Q) at ``nodes`` (Q,).
    """

    person: IntArray
    competence: IntArray
    log_likelihood: FloatArray
    nodes: FloatArray
    person_count: int
    competence_count: int


@dataclass(frozen=True, eq=False)
class Sites:
    """Normal factors of M pairs: ``precision`` (1 / theta²) and ``place`` (theta), (M,) each."""

    precision: FloatArray
    place: FloatArray


def evidence_of(
    items: Sequence[Item],
    data: ResponseData,
    *,
    competence_count: int,
    node_count: int = 41,
    reach: float = 6.0,
) -> Evidence:
    """Return the evidence of the answers under the items' parameters, taken for exact.

    ``ValueError`` if an item belongs to a competence at or beyond ``competence_count``; see also
    ``calibrate``.
    """
    data.check_against(items)
    competence = np.array([item.competence for item in items], dtype=np.int64)
    if int(competence.max()) >= competence_count:
        raise ValueError("an item belongs to a competence that is not counted")
    layout = lay_out(items, anchors=(), answered=data.answered(len(items)))
    nodes = evenly_spaced_nodes(node_count, reach=reach)
    pair = data.person * competence_count + competence[data.item]
    pairs, place = np.unique(pair, return_inverse=True)
    rows = layout.rows(data.item, category=data.category)
    shape = (len(pairs), layout.row_count)
    indicator = sparse.csr_matrix((np.ones(len(rows)), (place, rows)), shape=shape)
    return Evidence(
        person=pairs // competence_count,
        competence=pairs % competence_count,
        log_likelihood=indicator @ log_probabilities(layout, parameters_of(items), nodes=nodes),
        nodes=nodes,
        person_count=data.person_count,
        competence_count=competence_count,
    )


def sites_under(evidence: Evidence, *, mean: FloatArray, variance: FloatArray) -> Sites:
    """Return the sites where what else is known of each pair's ability is N(mean, variance), (M,)
    each.
    """
    nodes = evidence.nodes
    log_weight = evidence.log_likelihood - 0.5 * (nodes - mean[:, None]) ** 2 / variance[:, None]
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    middle = weight @ nodes
    spread = np.sum(weight * (nodes - middle[:, None]) ** 2, axis=1)
    # A guessing item may leave more doubt than there was: no site says less than nothing.
    precision = np.maximum(1.0 / spread - 1.0 / variance, _LEAST_PRECISION)
    place = (middle * (precision + 1.0 / variance) - mean / variance) / precision
    return Sites(precision=precision, place=place)


def some_persons(evidence: Evidence, persons: IntArray) -> Evidence:
    """Return the evidence of some persons, each of which may be named more than once (a bootstrap
    sample), counted anew in that order.
    """
    starts = np.searchsorted(evidence.person, persons, side="left")
    counts = np.searchsorted(evidence.person, persons, side="right") - starts
    offsets = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = np.repeat(starts, counts) + offsets
    return replace(
        evidence,
        person=np.repeat(np.arange(len(persons)), counts),
        competence=evidence.competence[rows],
        log_likelihood=evidence.log_likelihood[rows],
        person_count=len(persons),
    )
