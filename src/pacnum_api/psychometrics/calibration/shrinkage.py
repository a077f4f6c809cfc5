"""Drawing uncertain correlations to what pairs of their kind have in common.

A correlation between two competences of one area, or of different areas, is taken as drawn from a
normal distribution of its kind, whose mean and variance are estimated from all pairs of the kind
(empirical Bayes; moment estimate of the variance as in DerSimonian & Laird 1986, Controlled
Clinical Trials 7, 177-188). A pair known well stays where it is; one that few persons answered goes
to the mean; one that nobody answered gets it.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.calibration.correlation import CorrelationEstimate

_LEAST_EIGENVALUE = 1e-3


@dataclass(frozen=True, slots=True)
class Kind:
    """What pairs of one kind have in common: ``mean`` and ``sd`` of their correlations, the mean's
    ``standard_error``, and the number of pairs that anything is known of.
    """

    mean: float
    sd: float
    standard_error: float
    pairs: int


@dataclass(frozen=True, eq=False)
class ShrunkCorrelation:
    """``correlation`` and its ``standard_errors``, (K, K); ``within`` and ``across`` areas: None if
    there is no pair of that kind. ``largest_repair``: the greatest change that making the matrix
    positive definite took, 0 if it was.
    """

    correlation: FloatArray
    standard_errors: FloatArray
    within: Kind | None
    across: Kind | None
    largest_repair: float


def shrunk(estimate: CorrelationEstimate, areas: Sequence[Hashable]) -> ShrunkCorrelation:
    """Return the estimate with each correlation drawn to the mean of its kind.

    ``areas``: the area of each of the K competences. ``ValueError`` unless there are K, or if
    nothing is known of any pair of a kind.
    """
    size = len(estimate.correlation)
    if len(areas) != size:
        raise ValueError("one area for each competence is needed")
    rows, columns = np.triu_indices(size, 1)
    is_within = np.array([[one == other for other in areas] for one in areas])[rows, columns]
    correlation, errors = np.eye(size), np.zeros((size, size))
    kinds: list[Kind | None] = []
    for pairs in (np.flatnonzero(is_within), np.flatnonzero(~is_within)):
        kind = _kind(estimate, pairs) if len(pairs) else None
        kinds.append(kind)
        if kind is not None:
            at = rows[pairs], columns[pairs]
            correlation[at], errors[at] = _drawn(estimate, pairs, kind=kind)
    correlation += np.triu(correlation, 1).T
    repaired = nearest_correlation(correlation)
    return ShrunkCorrelation(
        correlation=repaired,
        standard_errors=errors + errors.T,
        within=kinds[0],
        across=kinds[1],
        largest_repair=float(np.abs(repaired - correlation).max()),
    )


def _pairs(estimate: CorrelationEstimate) -> FloatArray:
    return estimate.correlation[np.triu_indices(len(estimate.correlation), 1)]


def _kind(estimate: CorrelationEstimate, pairs: IntArray) -> Kind:
    known = pairs[np.isfinite(np.diag(estimate.covariance)[pairs])]
    if len(known) == 0:
        raise ValueError("nothing is known of the pairs of one kind")
    found, covariance = _pairs(estimate)[known], estimate.covariance[np.ix_(known, known)]
    weight = 1.0 / np.diag(covariance)
    share = weight / weight.sum()
    # Less what Cochran's Q is expected to be if all are the same. Errors of pairs go together:
    # they come from the same persons.
    excess = float(weight @ (found - share @ found) ** 2)
    excess -= float(len(found) - weight @ covariance @ share)
    scale = float(weight.sum() - weight @ share)
    between = max(excess / scale, 0.0) if len(found) > 1 else 0.0
    weight = 1.0 / (np.diag(covariance) + between)
    share = weight / weight.sum()
    variance = share @ covariance @ share + between * share @ share
    return Kind(
        mean=float(share @ found),
        sd=float(np.sqrt(between)),
        standard_error=float(np.sqrt(variance)),
        pairs=len(found),
    )


def _drawn(
    estimate: CorrelationEstimate, pairs: IntArray, *, kind: Kind
) -> tuple[FloatArray, FloatArray]:
    """Return the correlations of the pairs and their errors, drawn to the mean of the kind."""
    variance, between = np.diag(estimate.covariance)[pairs], kind.sd**2
    is_known = np.isfinite(variance)
    # Of a pair that nobody answered nothing is kept, and its own departure stays unknown.
    of_known = np.where(is_known, variance, 1.0)
    kept = np.where(is_known, between / (between + of_known), 0.0)
    own = np.where(is_known, kept * of_known, between)
    errors = np.sqrt(own + ((1.0 - kept) * kind.standard_error) ** 2)
    return kind.mean + kept * (_pairs(estimate)[pairs] - kind.mean), errors


def nearest_correlation(matrix: FloatArray) -> FloatArray:
    """Return the correlation matrix with eigenvalues of at least about 0.001 that is nearest to a
    symmetric matrix, (K, K): itself if it is one.

    Alternating projections with Dykstra's correction: Higham (2002), IMA Journal of Numerical
    Analysis 22, 329-343.
    """
    point, correction = matrix.copy(), np.zeros_like(matrix)
    while float(np.linalg.eigvalsh(point)[0]) < _LEAST_EIGENVALUE:
        shifted = point - correction
        values, vectors = np.linalg.eigh(shifted)
        # A little above the bound, so that it is reached in finitely many turns.
        raised = np.maximum(values, 2.0 * _LEAST_EIGENVALUE)
        definite = (vectors * raised) @ vectors.T
        correction = definite - shifted
        point = (definite + definite.T) / 2.0
        np.fill_diagonal(point, 1.0)
    return point
