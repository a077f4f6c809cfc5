"""Response models: category probabilities, their slopes, information.

Shapes: ``theta`` (G,); thresholds (n, m) for n items of m steps, m = 1 for right/wrong; results
(n, m + 1, G), the middle axis being the category scored 0 .. m.

Parameter error
---------------
With known parameters the logit of step k is ``z = a (theta - b_k)``. Where a and b are estimates
with standard errors sigma_a and sigma_b (taken as independent and normal), the logit is itself
uncertain, with variance ``v = a² sigma_b² + (theta - b_k)² sigma_a²``, and the probability of the
step is the mean of the logistic over it. MacKay's approximation of that mean is the logistic of

    z / sqrt(1 + pi v / 8)

For sigma_a = 0 it is a logistic curve of attenuated slope ``a / sqrt(1 + pi a² sigma_b² / 8)``.
An item known badly so says less: its curve is flatter and its information smaller. The derivative
is ``a (1 + pi a² sigma_b² / 8) / (1 + pi v / 8)**1.5``, positive everywhere: curves stay monotone.

References
----------
Birnbaum, A. (1968), in Lord & Novick, Statistical theories of mental test scores (2PL, 3PL).
Barton & Lord (1981), ETS Research Bulletin 81-20 (4PL).
Samejima, F. (1969), Psychometrika Monograph 17 (graded response).
Muraki, E. (1992), Applied Psychological Measurement 16, 159-176 (generalised partial credit).
MacKay, D. J. C. (1992), Neural Computation 4, 720-736, eq. 10 (moderated output).
"""

import math
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, logistic_both, stable_exp

_SMALLEST = 1e-300


@dataclass(frozen=True)
class Logits:
    """Logit of each step at each ability, and its derivative in theta: both (n, m, G)."""

    value: FloatArray
    slope: FloatArray


@dataclass(frozen=True)
class Curves:
    """Probability of each category at each ability, and its derivative in theta: (n, m + 1, G)."""

    probability: FloatArray
    slope: FloatArray


def step_logits(
    theta: FloatArray,
    thresholds: FloatArray,
    *,
    a: FloatArray,
    sigma_a: FloatArray,
    sigma_b: FloatArray,
) -> Logits:
    """Return the logits of the steps with parameter error averaged in (see the module's head).

    ``thresholds`` (n, m): the places b_k of the steps in theta; ``a`` > 0, ``sigma_a``, ``sigma_b``
    >= 0, all (n,).
    """
    slope, error_a, error_b = (column[:, None, None] for column in (a, sigma_a, sigma_b))
    distance = theta[None, None, :] - thresholds[:, :, None]
    fixed = 1.0 + (math.pi / 8.0) * slope * slope * error_b * error_b
    spread = fixed + (math.pi / 8.0) * distance * distance * error_a * error_a
    root = np.sqrt(spread)
    return Logits(value=slope * distance / root, slope=slope * fixed / (spread * root))


def dichotomous(logits: Logits, *, c: FloatArray, d: FloatArray) -> Curves:
    """Return the curves of right/wrong items, 1PL to 4PL: P(right) = c + (d - c) logistic(z).

    ``c`` (n,): probability of a right answer by chance; ``d`` (n,): that of a right answer by
    those who master the item; 0 <= c < d <= 1.
    """
    lower, upper = c[:, None, None], d[:, None, None]
    mastered, missed = logistic_both(logits.value)
    right = lower + (upper - lower) * mastered
    wrong = (1.0 - upper) + (upper - lower) * missed
    slope = (upper - lower) * mastered * missed * logits.slope
    return Curves(
        probability=np.concatenate((wrong, right), axis=1),
        slope=np.concatenate((-slope, slope), axis=1),
    )


def graded(logits: Logits) -> Curves:
    """Return the curves of the graded response model: P(score >= k) = logistic(z_k).

    The thresholds rise strictly with k. Each difference of neighbours is taken on the side where
    both are small, so that nothing is lost to rounding far from the item.
    """
    shape = (logits.value.shape[0], 1, logits.value.shape[2])
    one, zero = np.ones(shape), np.zeros(shape)
    reached, missed = logistic_both(logits.value)
    at_least = np.concatenate((one, reached, zero), axis=1)
    below = np.concatenate((zero, missed, one), axis=1)
    rising = np.concatenate((zero, reached * missed * logits.slope, zero), axis=1)
    probability = np.where(
        at_least[:, 1:] > 0.5, np.diff(below, axis=1), -np.diff(at_least, axis=1)
    )
    return Curves(probability=np.maximum(probability, _SMALLEST), slope=-np.diff(rising, axis=1))


def partial_credit(logits: Logits) -> Curves:
    """Return the curves of the generalised partial credit model: P(k) / P(k - 1) = exp(z_k)."""
    shape = (logits.value.shape[0], 1, logits.value.shape[2])
    start = np.zeros(shape)
    exponent = np.concatenate((start, np.cumsum(logits.value, axis=1)), axis=1)
    steepness = np.concatenate((start, np.cumsum(logits.slope, axis=1)), axis=1)
    odds = stable_exp(exponent - exponent.max(axis=1, keepdims=True))
    probability = odds / np.add.reduce(odds, axis=1, keepdims=True)
    mean = np.add.reduce(probability * steepness, axis=1, keepdims=True)
    return Curves(probability=probability, slope=probability * (steepness - mean))


def information(curves: Curves) -> FloatArray:
    """Return the Fisher information about theta, (n, G), in 1 / theta²: the sum over categories
    of P'² / P, which is minus the expected second derivative of the log-likelihood.
    """
    terms: FloatArray = curves.slope * curves.slope / np.maximum(curves.probability, _SMALLEST)
    result: FloatArray = np.add.reduce(terms, axis=1)
    return result
