"""Other estimators of one ability, for comparison and for reports; no test is run by them.

All work on the responses of one competence, within the bounds of the grid, so that patterns
without a mistake or without success have an estimate too. They use ``numpy.log``: not part of what
is repeatable bit for bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import ItemParameters, item_curves
from pacnum_api.psychometrics.estimation import AbilityEstimate, Response
from pacnum_api.psychometrics.models import information
from pacnum_api.psychometrics.scale import THETA, THETA_HIGHEST, THETA_LOWEST, THETA_STEP

_TOLERANCE = 1e-9
_HALF_STEP = 1e-3


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Log-likelihood and test information at each theta, (G,) each."""

    log_likelihood: FloatArray
    information: FloatArray


def _evidence(
    parameters: ItemParameters, responses: Sequence[Response], *, theta: FloatArray
) -> _Evidence:
    log_likelihood, summed = np.zeros(len(theta)), np.zeros(len(theta))
    for response in responses:
        curves = item_curves(parameters, np.array([response.item]), theta=theta)
        log_likelihood = log_likelihood + np.log(curves.probability[0, response.category])
        summed = summed + information(curves)[0]
    return _Evidence(log_likelihood=log_likelihood, information=summed)


def _highest(objective: Callable[[FloatArray], FloatArray]) -> float:
    """Return where the objective is greatest: the best grid point, refined by Brent's method."""
    best = float(THETA[int(np.argmax(objective(THETA)))])
    found = minimize_scalar(
        lambda theta: -float(objective(np.array([theta]))[0]),
        bounds=(max(best - THETA_STEP, THETA_LOWEST), min(best + THETA_STEP, THETA_HIGHEST)),
        method="bounded",
        options={"xatol": _TOLERANCE},
    )
    return float(found.x)


def maximum_likelihood(
    parameters: ItemParameters, responses: Sequence[Response]
) -> AbilityEstimate:
    """Return the ability of greatest likelihood within -5..5, standard error 1 / sqrt(I(theta))."""
    theta = _highest(lambda at: _evidence(parameters, responses, theta=at).log_likelihood)
    return AbilityEstimate(theta=theta, standard_error=_error(parameters, responses, theta=theta))


def maximum_a_posteriori(
    parameters: ItemParameters,
    responses: Sequence[Response],
    *,
    prior: AbilityEstimate,
) -> AbilityEstimate:
    """Return the mode of the posterior under the normal ``prior``, standard error
    1 / sqrt(I(theta) + 1 / prior variance).
    """
    precision = prior.standard_error**-2.0

    def log_posterior(theta: FloatArray) -> FloatArray:
        fit = _evidence(parameters, responses, theta=theta).log_likelihood
        result: FloatArray = fit - 0.5 * precision * (theta - prior.theta) ** 2
        return result

    theta = _highest(log_posterior)
    return AbilityEstimate(
        theta=theta, standard_error=_error(parameters, responses, theta=theta, precision=precision)
    )


def weighted_likelihood(
    parameters: ItemParameters, responses: Sequence[Response]
) -> AbilityEstimate:
    """Return Warm's weighted likelihood estimate within -5..5, standard error 1 / sqrt(I(theta)).

    It solves ``l'(theta) + J(theta) / (2 I(theta)) = 0`` with ``J`` the sum over items and
    categories of P' P'' / P, which takes away the bias of maximum likelihood to first order. Warm,
    T. A. (1989), Psychometrika 54, 427-450; for more than two categories Penfield & Bergeron
    (2005), Applied Psychological Measurement 29, 218-233. P'' is a central difference of P'.
    """
    theta = _highest(lambda at: -np.abs(_warm_score(parameters, responses, theta=at)))
    return AbilityEstimate(theta=theta, standard_error=_error(parameters, responses, theta=theta))


def _warm_score(
    parameters: ItemParameters, responses: Sequence[Response], *, theta: FloatArray
) -> FloatArray:
    score, bias, summed = (np.zeros(len(theta)) for _ in range(3))
    for response in responses:
        item = np.array([response.item])
        here, left, right = (
            item_curves(parameters, item, theta=theta + shift)
            for shift in (0.0, -_HALF_STEP, _HALF_STEP)
        )
        curvature = (right.slope[0] - left.slope[0]) / (2.0 * _HALF_STEP)
        relative = here.slope[0] / here.probability[0]
        score = score + relative[response.category]
        bias = bias + np.add.reduce(relative * curvature, axis=0)
        summed = summed + information(here)[0]
    result: FloatArray = score + bias / (2.0 * summed)
    return result


def _error(
    parameters: ItemParameters,
    responses: Sequence[Response],
    *,
    theta: float,
    precision: float = 0.0,
) -> float:
    found = _evidence(parameters, responses, theta=np.array([theta])).information[0] + precision
    return float(found**-0.5)
