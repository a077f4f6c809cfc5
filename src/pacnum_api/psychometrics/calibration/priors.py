"""Weak priors that keep the estimates of rarely answered items in reach.

Normal on the logarithm of the slope (lognormal on the slope), normal on the difficulty b (the mean
of the thresholds), normal on what each step departs from b. They act on the estimate as its mode:
Mislevy (1986), Psychometrika 51, 177-195.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item
from pacnum_api.psychometrics.calibration.curves import Alike, Layout, Parameters

WEAK_LOG_SLOPE_SD = 0.5
WEAK_DIFFICULTY_SD = 2.0
WEAK_STEP_SD = 2.0
_LEAST_SD = 0.01


@dataclass(frozen=True, eq=False)
class ItemPriors:
    """Means and standard deviations, (n,) each, ``step_mean`` (n, m); an infinite deviation is no
    prior. ``log_slope_*``: of ln a; ``difficulty_*`` and ``step_*``: in theta.

    ``ValueError`` unless every standard deviation is positive.
    """

    log_slope_mean: FloatArray
    log_slope_sd: FloatArray
    difficulty_mean: FloatArray
    difficulty_sd: FloatArray
    step_mean: FloatArray
    step_sd: FloatArray

    def __post_init__(self) -> None:
        for deviations in (self.log_slope_sd, self.difficulty_sd, self.step_sd):
            if not np.all(deviations > 0.0):
                raise ValueError("standard deviations of priors must be positive")

    @classmethod
    def weak(cls, items: Sequence[Item]) -> "ItemPriors":
        """Return the default: ln a ~ N(0, 0.5²), b ~ N(0, 2²), steps ~ N(0, 2²)."""
        return _alike_for_all(
            items,
            log_slope_sd=WEAK_LOG_SLOPE_SD,
            difficulty_sd=WEAK_DIFFICULTY_SD,
            step_sd=WEAK_STEP_SD,
        )

    @classmethod
    def none(cls, items: Sequence[Item]) -> "ItemPriors":
        """Return no priors: maximum likelihood."""
        never = np.inf
        return _alike_for_all(items, log_slope_sd=never, difficulty_sd=never, step_sd=never)

    @classmethod
    def from_bank(cls, items: Sequence[Item]) -> "ItemPriors":
        """Return what the bank says of the items: a and b within their standard errors, which the
        answers then update. Steps, which carry no error, get the weak deviation around theirs.
        """
        slope, error = np.array([item.a for item in items]), np.array([it.sigma_a for it in items])
        step_mean = np.zeros((len(items), max(item.categories - 1 for item in items)))
        for row, item in zip(step_mean, items, strict=True):
            row[: len(item.steps)] = item.steps
        return cls(
            log_slope_mean=np.log(slope),
            log_slope_sd=np.maximum(error / slope, _LEAST_SD),
            difficulty_mean=np.array([item.b for item in items])
            + step_mean.sum(axis=1) / [item.categories - 1 for item in items],
            difficulty_sd=np.maximum([item.sigma_b for item in items], _LEAST_SD),
            step_mean=step_mean,
            step_sd=np.full(len(items), WEAK_STEP_SD),
        )

    def of_items(self, items: IntArray) -> "ItemPriors":
        """Return the priors of some of the items, in the order of their indices given."""
        return ItemPriors(
            log_slope_mean=self.log_slope_mean[items],
            log_slope_sd=self.log_slope_sd[items],
            difficulty_mean=self.difficulty_mean[items],
            difficulty_sd=self.difficulty_sd[items],
            step_mean=self.step_mean[items],
            step_sd=self.step_sd[items],
        )

    def departure(self, parameters: Parameters, *, group: Alike) -> FloatArray:
        """Return the parameters' distance from the middle of their priors, (g, p)."""
        thresholds = parameters.thresholds[group.items, : group.steps]
        middle = self.difficulty_mean[group.items, None] + self._centred_steps(group)
        slope = parameters.log_slope[group.items] - self.log_slope_mean[group.items]
        return np.concatenate((slope[:, None], thresholds - middle), axis=1)

    def gradient(self, parameters: Parameters, *, group: Alike, sharers: FloatArray) -> FloatArray:
        """Return the derivative of the log-prior in the parameters of the group, (g, p)."""
        departure = self.departure(parameters, group=group)[:, :, None]
        result: FloatArray = -(self.precision(group, sharers=sharers) @ departure)[:, :, 0]
        return result

    def _centred_steps(self, group: Alike) -> FloatArray:
        steps = self.step_mean[group.items, : group.steps]
        centred: FloatArray = steps - steps.mean(axis=1, keepdims=True)
        return centred

    def precision(self, group: Alike, *, sharers: FloatArray) -> FloatArray:
        """Return minus the second derivative of the log-prior, (g, p, p).

        ``sharers`` (n,): by how many items an item's slope is shared; a shared slope has one prior,
        of which each sharer carries its part.
        """
        size = group.steps
        result = np.zeros((len(group.items), size + 1, size + 1))
        slope_sd = self.log_slope_sd[group.items]
        result[:, 0, 0] = slope_sd**-2.0 / sharers[group.items]
        # b is the mean of the thresholds; steps are what is left, one dimension less.
        mean = np.full((size, size), 1.0 / size)
        rest = np.eye(size) - mean
        result[:, 1:, 1:] = (
            self.difficulty_sd[group.items, None, None] ** -2.0 * mean / size
            + self.step_sd[group.items, None, None] ** -2.0 * rest
        )
        return result


def _alike_for_all(
    items: Sequence[Item], *, log_slope_sd: float, difficulty_sd: float, step_sd: float
) -> ItemPriors:
    count = len(items)
    return ItemPriors(
        log_slope_mean=np.zeros(count),
        log_slope_sd=np.full(count, log_slope_sd),
        difficulty_mean=np.zeros(count),
        difficulty_sd=np.full(count, difficulty_sd),
        step_mean=np.zeros((count, max(item.categories - 1 for item in items))),
        step_sd=np.full(count, step_sd),
    )


def sharers_of(layout: Layout) -> FloatArray:
    """Return by how many items each item's slope is shared, (n,): 1 unless it is a 1PL item."""
    return np.where(layout.shares_slope, float(max(layout.shares_slope.sum(), 1)), 1.0)
