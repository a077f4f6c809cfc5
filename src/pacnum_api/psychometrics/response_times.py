"""How long items take: the lognormal model, and what it is used for.

``ln T ~ N(beta - tau, 1 / alpha²)``: ``beta`` the time intensity of the item (log seconds),
``alpha`` > 0 its discrimination (1 / log seconds), ``tau`` the speed of the agent, N(0, sigma²) in
the population. van der Linden, W. J. (2006), Journal of Educational and Behavioral Statistics 31,
181-204. Dividing the value of an item by its expected time asks for what is learnt per second: Fan,
Wang, Chang & Douglas (2012), Journal of Educational and Behavioral Statistics 37, 655-670.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, stable_exp, total

POPULATION_SPEED_SD = 0.35


@dataclass(frozen=True, eq=False)
class ResponseTimes:
    """The parameters of n items: ``intensity`` (log seconds) and ``precision`` alpha, (n,) each.

    ``ValueError`` unless there are as many of both and every alpha is positive.
    """

    intensity: FloatArray
    precision: FloatArray

    def __post_init__(self) -> None:
        if self.intensity.shape != self.precision.shape:
            raise ValueError("each item needs a time intensity and a time precision")
        if len(self.precision) and not float(self.precision.min()) > 0.0:
            raise ValueError("time precisions must be positive")


@dataclass(frozen=True, slots=True)
class Speed:
    """What is known of an agent's speed tau: normal, log seconds."""

    mean: float = 0.0
    standard_error: float = POPULATION_SPEED_SD


def speed_after(
    times: ResponseTimes, items: Sequence[int], *, seconds: Sequence[float], prior: Speed
) -> Speed:
    """Return the posterior of tau after the times (seconds > 0) taken for ``items``.

    Conjugate: precision ``1 / sd² + Σ alpha²``, mean of ``beta - ln T`` weighted by ``alpha²``.
    """
    chosen = list(items)
    weight = times.precision[chosen] ** 2
    faster = times.intensity[chosen] - np.log(np.array(seconds, dtype=np.float64))
    precision = prior.standard_error**-2 + total(weight)
    pull = prior.mean * prior.standard_error**-2 + total(weight * faster)
    return Speed(mean=pull / precision, standard_error=math.sqrt(1.0 / precision))


def expected_seconds(times: ResponseTimes, speed: Speed) -> FloatArray:
    """Return E[T] of every item, (n,): the mean of a lognormal over item noise and what is not
    known of the speed, ``exp(beta - tau + (1 / alpha² + se²) / 2)``.
    """
    spread = times.precision**-2 + speed.standard_error * speed.standard_error
    return stable_exp(times.intensity - speed.mean + spread / 2.0)
