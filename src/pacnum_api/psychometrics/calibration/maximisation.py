"""The maximisation step: one Fisher scoring step for all items at once.

With the expected counts r of each category at each node the complete-data log-likelihood of an item
is ``Σ r log P``. Its gradient in the item's parameters is ``Σ r s`` with the scores s, its expected
information ``Σ n P s s'`` with n the counts over all categories, which is positive definite: the
step is always upwards, also for guessing items, whose likelihood is not concave. One step in each
cycle is enough, since the next expectation changes the counts anyway.
"""

from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray
from pacnum_api.psychometrics.calibration.curves import Curves, Layout, Parameters, curves
from pacnum_api.psychometrics.calibration.expectation import (
    PersonPosterior,
    Population,
    Sample,
    counts_of,
)
from pacnum_api.psychometrics.calibration.priors import ItemPriors, sharers_of

_LONGEST_STEP = np.array([0.5, 1.0])
"""Of ln a, and of a threshold, in one cycle: the first cycles start far away."""
_RIDGE = 1e-9
_LEAST_SD, _GREATEST_SD = 0.05, 5.0


@dataclass(frozen=True, eq=False)
class Slopes:
    """``gradient`` (g, p) and expected ``information`` (g, p, p) of items alike."""

    gradient: FloatArray
    information: FloatArray


def complete_gradient(found: Curves, counts: FloatArray) -> FloatArray:
    """Return the gradient (g, p) of ``Σ r log P`` for the counts r (g, C, Q)."""
    result: FloatArray = np.einsum("gpcq,gcq->gp", found.score, counts)
    return result


def complete_information(found: Curves, counts: FloatArray) -> FloatArray:
    """Return the information (g, p, p) expected of as many answers as there are at each node."""
    expected = np.exp(found.log_probability) * counts.sum(axis=1, keepdims=True)
    items, size = found.score.shape[:2]
    scores = found.score.reshape(items, size, -1)
    weighted = (found.score * expected[:, None]).reshape(items, size, -1)
    result: FloatArray = weighted @ scores.transpose(0, 2, 1)
    return result


def maximised(
    sample: Sample, parameters: Parameters, *, counts: FloatArray, priors: ItemPriors
) -> Parameters:
    """Return the parameters after one scoring step on the counts, those of free items within their
    bounds; what becomes of the others has no meaning.
    """
    layout, sharers = sample.layout, sharers_of(sample.layout)
    log_slope, thresholds = parameters.log_slope.copy(), parameters.thresholds.copy()
    for group in layout.alike():
        found = curves(layout, parameters, group=group, nodes=sample.nodes)
        held = counts_of(counts, layout, items=group.items, categories=group.steps + 1)
        slopes = Slopes(
            gradient=complete_gradient(found, held)
            + priors.gradient(parameters, group=group, sharers=sharers),
            information=complete_information(found, held)
            + priors.precision(group, sharers=sharers),
        )
        move = _step(slopes, shares=layout.shares_slope[group.items])
        log_slope[group.items] += move[:, 0]
        thresholds[group.items, : group.steps] += move[:, 1:]
    return Parameters(log_slope, thresholds).bounded(layout.is_free)


def _step(slopes: Slopes, *, shares: BoolArray) -> FloatArray:
    information = slopes.information + _RIDGE * np.eye(slopes.information.shape[1])
    move = np.linalg.solve(information, slopes.gradient[:, :, None])[:, :, 0]
    if shares.any():
        move[shares] = _step_of_sharers(slopes.gradient[shares], information[shares])
    longest = _LONGEST_STEP[np.minimum(np.arange(move.shape[1]), 1)]
    result: FloatArray = np.clip(move, -longest, longest)
    return result


def _step_of_sharers(gradient: FloatArray, information: FloatArray) -> FloatArray:
    """Return the step of right/wrong items with one slope: thresholds eliminated, solved for the
    slope, put back.
    """
    ratio = information[:, 0, 1] / information[:, 1, 1]
    left = np.sum(information[:, 0, 0] - ratio * information[:, 0, 1])
    slope = np.sum(gradient[:, 0] - ratio * gradient[:, 1]) / left
    threshold = gradient[:, 1] / information[:, 1, 1] - ratio * slope
    return np.stack((np.full_like(threshold, slope), threshold), axis=1)


def maximised_population(
    sample: Sample, posterior: PersonPosterior, *, population: Population, is_free: BoolArray
) -> Population:
    """Return the groups' means and standard deviations of greatest likelihood: those of the
    posteriors of their members (``ResponseData.is_drawn``).
    """
    mean, sd = population.mean.copy(), population.sd.copy()
    for group in np.flatnonzero(is_free):
        members = sample.data.is_drawn & (sample.data.groups == group)
        weights = posterior.weights[members].sum(axis=0)
        share = weights / weights.sum()
        mean[group] = share @ sample.nodes
        sd[group] = np.sqrt(share @ (sample.nodes - mean[group]) ** 2)
    return Population(mean, np.clip(sd, _LEAST_SD, _GREATEST_SD))


def log_prior_density(priors: ItemPriors, parameters: Parameters, *, layout: Layout) -> float:
    """Return the log-density of the free items' parameters under the priors, constants left out."""
    total, sharers = 0.0, sharers_of(layout)
    for group in layout.alike():
        departure = priors.departure(parameters, group=group)
        precision = priors.precision(group, sharers=sharers)
        form = np.einsum("gp,gpr,gr->g", departure, precision, departure)
        total -= 0.5 * float(np.sum(form[layout.is_free[group.items]]))
    return total
