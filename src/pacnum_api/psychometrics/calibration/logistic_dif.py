"""Differential item functioning by logistic regression.

Swaminathan & Rogers (1990), Journal of Educational Measurement 27, 361-370. Three nested models of
a right answer: ability; ability and group (uniform); ability, group and their product
(non-uniform). Effect size: what the group adds to Nagelkerke's R², with the classes of Jodoin &
Gierl (2001), Applied Measurement in Education 14, 329-349.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.calibration.mantel_haenszel import DifClass

_RIDGE = 1e-4
"""A prior N(0, 100²) on each coefficient, so that separated groups have an estimate too."""
_MOST_STEPS = 50
_TOLERANCE = 1e-8
_LONGEST_STEP = 5.0


@dataclass(frozen=True, slots=True)
class LogisticDif:
    """Likelihood-ratio statistics: ``uniform`` and ``non_uniform`` (1 degree of freedom each),
    ``total`` (2), with their p-values; ``group_effect``: logit of the focal group minus that of the
    reference group at equal ability, in the uniform model; ``r_squared_change``: of the full model
    over ability alone.
    """

    uniform: float
    uniform_p: float
    non_uniform: float
    non_uniform_p: float
    total: float
    total_p: float
    group_effect: float
    r_squared_change: float
    dif_class: DifClass


@dataclass(frozen=True, eq=False)
class _Regression:
    coefficients: FloatArray
    log_likelihood: float


def logistic_dif(ability: FloatArray, right: IntArray, *, is_focal: BoolArray) -> LogisticDif:
    """Return the statistics of the answers to one item, (R,) each: ``right`` 0 or 1.

    ``ValueError`` if all answers are alike or of one group.
    """
    if right.min() == right.max() or is_focal.all() or not is_focal.any():
        raise ValueError("both groups and different answers are needed")
    one, group = np.ones(len(right)), is_focal.astype(np.float64)
    columns = np.stack((one, ability, group, ability * group), axis=1)
    none, plain, uniform, full = (_regressed(columns[:, :size], right) for size in (1, 2, 3, 4))
    statistics = [
        2.0 * max(large.log_likelihood - small.log_likelihood, 0.0)
        for small, large in ((plain, uniform), (uniform, full), (plain, full))
    ]
    p_values = [float(chi2.sf(value, df)) for value, df in zip(statistics, (1, 1, 2), strict=True)]
    change = _r_squared(full, none=none, count=len(right)) - _r_squared(
        plain, none=none, count=len(right)
    )
    return LogisticDif(
        uniform=statistics[0],
        uniform_p=p_values[0],
        non_uniform=statistics[1],
        non_uniform_p=p_values[1],
        total=statistics[2],
        total_p=p_values[2],
        group_effect=float(uniform.coefficients[2]),
        r_squared_change=change,
        dif_class=change_class(change, p_value=p_values[2]),
    )


def change_class(change: float, *, p_value: float) -> DifClass:
    """Return the class: A if not significant (5 %) or below 0.035, C from 0.070, else B."""
    if p_value >= 0.05 or change < 0.035:
        return DifClass.A
    return DifClass.C if change >= 0.070 else DifClass.B


def _regressed(columns: FloatArray, right: IntArray) -> _Regression:
    """Newton's method from 0; steps are bounded, for groups that are separated."""
    size = columns.shape[1]
    coefficients, step, steps = np.zeros(size), np.ones(size), 0
    while np.abs(step).max() >= _TOLERANCE and steps < _MOST_STEPS:
        chance = 1.0 / (1.0 + np.exp(-columns @ coefficients))
        gradient = columns.T @ (right - chance) - _RIDGE * coefficients
        weighted = columns * (chance * (1.0 - chance))[:, None]
        information = weighted.T @ columns + _RIDGE * np.eye(size)
        step = np.clip(np.linalg.solve(information, gradient), -_LONGEST_STEP, _LONGEST_STEP)
        coefficients, steps = coefficients + step, steps + 1
    logit = columns @ coefficients
    log_likelihood = float(np.sum(right * logit - np.logaddexp(0.0, logit)))
    return _Regression(coefficients, log_likelihood)


def _r_squared(model: _Regression, *, none: _Regression, count: int) -> float:
    """Nagelkerke (1991), Biometrika 78, 691-692."""
    gained = 2.0 * (model.log_likelihood - none.log_likelihood) / count
    return float(-np.expm1(-gained) / -np.expm1(2.0 * none.log_likelihood / count))
