"""Weights of several priors, learnt from how well each has foretold the answers of many persons.

A session may hold several priors at once, say correlations of several strengths, each with the
evidence (marginal likelihood) of the person's answers under it. In the population a share ``w_m``
of persons is as if drawn under prior m; the shares of greatest likelihood are where

    w_m = mean over persons of  w_m L_m / Σ_k w_k L_k

(the EM step for the proportions of a mixture, Dempster, Laird & Rubin 1977). The likelihood is
concave in w, so there is no other maximum.
"""

from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray

_MOST_ITERATIONS = 10_000


@dataclass(frozen=True, eq=False)
class StrengthWeights:
    """``weights`` (M,), summing to 1; ``standard_errors`` (M,): from the curvature along the sum of
    1, of those inside, 0 for weights at 0; ``log_likelihood`` of all persons' answers, as far as
    ``log_evidence`` held it.
    """

    weights: FloatArray
    standard_errors: FloatArray
    log_likelihood: float
    iterations: int
    is_converged: bool


def strength_weights(
    log_evidence: FloatArray, *, prior_count: float = 1.0, tolerance: float = 1e-7
) -> StrengthWeights:
    """Return the weights of M priors from the log-evidence of N persons under each, (N, M).

    ``prior_count``: as many persons as are taken to have been seen under each prior beforehand, so
    that no weight is 0 after few persons; 0 for none. ``tolerance``: the greatest change of a
    weight that ends the search. ``ValueError`` unless there are persons and priors, all evidence
    finite.
    """
    if log_evidence.ndim != 2 or not log_evidence.size or not np.all(np.isfinite(log_evidence)):
        raise ValueError("log_evidence must be finite, persons by priors")
    if prior_count < 0.0 or tolerance <= 0.0:
        raise ValueError("prior_count cannot be negative, tolerance must be positive")
    persons, priors = log_evidence.shape
    greatest = log_evidence.max(axis=1, keepdims=True)
    evidence = np.exp(log_evidence - greatest)
    weights, is_converged, iteration = np.full(priors, 1.0 / priors), False, 0
    while not is_converged and iteration < _MOST_ITERATIONS:
        iteration += 1
        share = weights * evidence / (evidence @ weights)[:, None]
        moved = (share.sum(axis=0) + prior_count) / (persons + prior_count * priors)
        is_converged = bool(np.max(np.abs(moved - weights)) <= tolerance)
        weights = moved
    return StrengthWeights(
        weights=weights,
        standard_errors=_errors(evidence, weights, prior_count=prior_count),
        log_likelihood=float(np.sum(np.log(evidence @ weights) + greatest[:, 0])),
        iterations=iteration,
        is_converged=is_converged,
    )


def _errors(evidence: FloatArray, weights: FloatArray, *, prior_count: float) -> FloatArray:
    inside = np.flatnonzero(weights > 1e-6)
    result = np.zeros(len(weights))
    if len(inside) < 2:
        return result
    relative = evidence[:, inside] / (evidence @ weights)[:, None]
    information = relative.T @ relative + np.diag(prior_count / weights[inside] ** 2)
    # Directions that keep the sum: the differences from the last weight.
    along = np.vstack((np.eye(len(inside) - 1), np.full(len(inside) - 1, -1.0)))
    covariance = along @ np.linalg.pinv(along.T @ information @ along) @ along.T
    result[inside] = np.sqrt(np.diag(covariance))
    return result
