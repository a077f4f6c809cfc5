"""How good simulated tests were: each figure with its own Monte-Carlo standard error.

Means and proportions have the error of a mean; the root mean squared error that of its square by
the delta method, s(e²) / (2 RMSE sqrt(N)); what concerns the bank as a whole is in ``bank_use``.
Two figures differ beyond chance if they lie more than about three of the greater error apart; on
the same agents engines are compared more sharply than that, because they share their luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import special

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.scale import LevelScale
from pacnum_api.psychometrics.simulation.records import REASONS, SimulatedTests, level_at
from pacnum_api.psychometrics.stopping import StopReason

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
DEFAULT_EDGES: tuple[float, ...] = tuple(np.arange(-3.0, 3.25, 0.5).tolist())


class Figure(NamedTuple):
    """A number and its Monte-Carlo standard error; NaN where there is none."""

    value: float
    error: float


NOTHING = Figure(float("nan"), float("nan"))


def mean_of(values: FloatArray | IntArray | BoolArray) -> Figure:
    """Return the mean; NaN of nothing, and an error from two values up."""
    count = len(values)
    if count == 0:
        return NOTHING
    error = float(np.std(values, ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
    return Figure(float(np.mean(values)), error)


def share_of(hits: BoolArray) -> Figure:
    """Return the part that is true, p, with the error sqrt(p (1 - p) / N)."""
    if len(hits) == 0:
        return NOTHING
    share = float(np.mean(hits))
    return Figure(share, float(np.sqrt(share * (1.0 - share) / len(hits))))


def root_mean_square(values: FloatArray) -> Figure:
    """Return sqrt(mean(values²))."""
    square = mean_of(values * values)
    root = float(np.sqrt(square.value))
    return Figure(root, square.error / (2.0 * root) if root > 0.0 else 0.0)


def quantile_of(values: FloatArray | IntArray, share: float) -> Figure:
    """Return a quantile; its error is half the distance of the order statistics one binomial
    standard deviation to either side (Woodruff 1952, JASA 47, 635-646).
    """
    if len(values) == 0:
        return NOTHING
    apart = np.sqrt(share * (1.0 - share) / len(values))
    around = np.clip((share - apart, share + apart), 0.0, 1.0)
    low, middle, high = np.quantile(values, (around[0], share, around[1]))
    return Figure(float(middle), float(high - low) / 2.0)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How near the estimates of a set of N abilities came to the truth.

    ``bias``: mean of estimate - truth; ``rmse``; ``mean_standard_error``: what the engine says of
    itself; ``coverage_90`` and ``coverage_95``: how often its equal-tailed interval held the truth;
    ``correlation`` of estimate and truth; ``level_exact``, ``level_within_one``: level right, or at
    most one off; ``level_covered``: how often the 90 % level interval held the true level. In
    units of theta, or shares.
    """

    count: int
    bias: Figure
    rmse: Figure
    mean_standard_error: Figure
    coverage_90: Figure
    coverage_95: Figure
    correlation: Figure
    level_exact: Figure
    level_within_one: Figure
    level_covered: Figure


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the scale and the accuracy within it, by the true ability or level."""

    name: str
    lowest: float
    highest: float
    accuracy: Accuracy


@dataclass(frozen=True, slots=True)
class Length:
    """Items of a test, or of a competence in it: mean, and quantiles at ``QUANTILES``."""

    mean: Figure
    quantiles: tuple[Figure, ...]


def accuracy(
    tests: SimulatedTests, competence: int, *, scale: LevelScale, among: BoolArray | None = None
) -> Accuracy:
    """Return the accuracy on one competence, of the tests in the mask ``among`` (N,), or of all."""
    rows = np.ones(len(tests), dtype=np.bool_) if among is None else among
    truth, theta = tests.truth[rows, competence], tests.theta[rows, competence]
    difference, below = theta - truth, tests.share_below[rows, competence]
    level, true_level = tests.level[rows, competence], level_at(scale, truth)
    lowest, highest = tests.level_interval[rows, competence].T
    return Accuracy(
        count=len(truth),
        bias=mean_of(difference),
        rmse=root_mean_square(difference),
        mean_standard_error=mean_of(tests.standard_error[rows, competence]),
        coverage_90=_coverage(below, 0.90),
        coverage_95=_coverage(below, 0.95),
        correlation=_correlation(truth, theta),
        level_exact=share_of(level == true_level),
        level_within_one=share_of(np.abs(level - true_level) <= 1),
        level_covered=(
            NOTHING
            if np.isnan(below).any()
            else share_of((lowest <= true_level) & (true_level <= highest))
        ),
    )


def _coverage(below: FloatArray, coverage: float) -> Figure:
    if np.isnan(below).any():
        return NOTHING  # an engine without intervals
    tail = (1.0 - coverage) / 2.0
    return share_of((below >= tail) & (below <= 1.0 - tail))


def _correlation(truth: FloatArray, theta: FloatArray) -> Figure:
    """Pearson's correlation, error (1 - r²) / sqrt(N - 1); NaN where there is no variance."""
    if len(truth) < 3 or np.ptp(truth) == 0.0 or np.ptp(theta) == 0.0:
        return NOTHING
    found = float(np.corrcoef(truth, theta)[0, 1])
    return Figure(found, (1.0 - found * found) / float(np.sqrt(len(truth) - 1)))


def by_level(tests: SimulatedTests, competence: int, *, scale: LevelScale) -> tuple[Band, ...]:
    """Return the accuracy by true level, 0 (below the first cut) to the highest."""
    true_level = level_at(scale, tests.truth[:, competence])
    edges = (float("-inf"), *scale.cuts, float("inf"))
    return tuple(
        Band(
            name=str(level),
            lowest=edges[level],
            highest=edges[level + 1],
            accuracy=accuracy(tests, competence, scale=scale, among=true_level == level),
        )
        for level in range(scale.levels + 1)
    )


def by_ability(
    tests: SimulatedTests,
    competence: int,
    *,
    scale: LevelScale,
    edges: Sequence[float] = DEFAULT_EDGES,
) -> tuple[Band, ...]:
    """Return the accuracy by true ability, between each edge and the next, the ends left open.

    Conditional on ability a Bayesian interval need not hold as often as it says: estimates lean
    towards the population's mean, so that coverage falls at the ends where tests are short.
    """
    bounds = (float("-inf"), *edges, float("inf"))
    place = np.searchsorted(np.array(edges), tests.truth[:, competence], side="right")
    return tuple(
        Band(
            name=f"{low:+.2f}..{high:+.2f}",
            lowest=low,
            highest=high,
            accuracy=accuracy(tests, competence, scale=scale, among=place == index),
        )
        for index, (low, high) in enumerate(pairwise(bounds))
    )


def coverage_of_mean(tests: SimulatedTests, coverage: float = 0.95) -> Figure:
    """Return how often the normal interval of the mean of the abilities held it."""
    if np.isnan(tests.mean_standard_error).any():
        return NOTHING
    difference = np.abs(tests.mean_theta - tests.truth.mean(axis=1))
    reach = special.ndtri(0.5 + coverage / 2.0) * tests.mean_standard_error
    return share_of(difference <= reach)


def length_of(counts: IntArray) -> Length:
    """Return mean and quantiles of numbers of items, (N,)."""
    return Length(mean_of(counts), tuple(quantile_of(counts, share) for share in QUANTILES))


def items_of(tests: SimulatedTests, competence_of: IntArray, *, competence: int) -> IntArray:
    """Return how many items of a competence each test had, (N,); ``competence_of`` (n,)."""
    # One place more, for the padding, which is of no competence.
    is_of = np.append(competence_of == competence, False)
    counts: IntArray = np.count_nonzero(is_of[tests.items], axis=1)
    return counts


def reason_shares(tests: SimulatedTests) -> dict[StopReason, Figure]:
    """Return how often tests ended for each reason that occurred."""
    return {
        reason: share_of(tests.reasons == code)
        for code, reason in enumerate(REASONS)
        if (tests.reasons == code).any()
    }
