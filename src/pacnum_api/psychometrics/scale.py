"""The theta scale: its grid, the levels cut into it, points for display.

theta has mean 0 and standard deviation 1 in the reference population. Level l begins at its cut
score; below the first cut stands level 0, "not yet level 1".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray

THETA_LOWEST = -5.0
THETA_HIGHEST = 5.0
THETA_STEP = 0.05
NODE_STRIDE = 5
DEFAULT_LEVELS = 8
MASTERY = 0.67


def _evenly_spaced(count: int, *, step: float) -> FloatArray:
    # From whole numbers outwards: symmetric, with an exact zero in the middle.
    points = np.arange(-(count // 2), count // 2 + 1, dtype=np.float64) * step
    points.flags.writeable = False
    return points


THETA: FloatArray = _evenly_spaced(201, step=THETA_STEP)
"""The grid, shape (201,): -5 to 5 by 0.05. A posterior of standard deviation 0.1, two steps, is far
narrower than a test can make it; even there sums over the grid equal integrals to about 1e-16
(trapezoidal rule on a smooth density). What the grid leaves out of N(0, 1) is 6e-7.
"""

NODES: FloatArray = _evenly_spaced(41, step=THETA_STEP * NODE_STRIDE)
"""Every fifth point of the grid, shape (41,): -5 to 5 by 0.25."""


def default_cuts(levels: int = DEFAULT_LEVELS) -> tuple[float, ...]:
    """Return the cut scores -2.45 + 0.7 (l - 1) for l = 1 .. ``levels``, rounded to 2 decimals."""
    return tuple(round(-2.45 + 0.7 * index, 2) for index in range(levels))


DEFAULT_CUTS = default_cuts()


@dataclass(frozen=True)
class LevelScale:
    """Levels 1 .. len(cuts) of a framework version; ``cuts[l - 1]`` is where level l begins.

    ``ValueError`` unless the cuts rise strictly and lie within the grid.
    """

    cuts: tuple[float, ...] = DEFAULT_CUTS

    def __post_init__(self) -> None:
        edges = (THETA_LOWEST, *self.cuts, THETA_HIGHEST)
        if not self.cuts or any(low >= high for low, high in pairwise(edges)):
            raise ValueError(
                f"cut scores must rise strictly within {THETA_LOWEST}..{THETA_HIGHEST}"
            )

    @property
    def levels(self) -> int:
        return len(self.cuts)

    def start_of(self, level: int) -> float:
        """Return the theta at which ``level`` (1 .. levels) begins."""
        return self.cuts[self.place_of(level)]

    def middle_of(self, level: int) -> float:
        """Return the middle of the band of ``level``; the last band, which is open, counts as wide
        as the one before it (0.7 where there is only one).
        """
        start = self.start_of(level)
        if level < self.levels:
            return (start + self.cuts[level]) / 2.0
        width = start - self.cuts[-2] if self.levels > 1 else 0.7
        return start + width / 2.0

    def level_at(self, theta: float) -> int:
        """Return the level of a known ability; 0 below the first cut."""
        return sum(theta >= cut for cut in self.cuts)

    @cached_property
    def shares(self) -> FloatArray:
        """The part of each cell of the grid at or above each cut, (levels, 201): 0 below, 1 above,
        a fraction in the cell that holds the cut. A cell reaches half a step to either side.
        """
        shares: FloatArray = (THETA[None, :] - np.array(self.cuts)[:, None]) / THETA_STEP + 0.5
        shares = np.clip(np.round(shares, 9), 0.0, 1.0)
        shares.flags.writeable = False
        return shares

    @cached_property
    def _lower_bounds(self) -> tuple[IntArray, FloatArray]:
        # The cell that holds each cut, counted from the top, and its part below the cut.
        cells = np.argmax(self.shares > 0.0, axis=1)
        below = 1.0 - self.shares[np.arange(self.levels), cells]
        return len(THETA) - 1 - cells, below

    def above(self, weights: FloatArray) -> FloatArray:
        """Return the probability that theta is at or above each cut, (levels,).

        ``weights``: (201,), summing to 1; that of a grid point is spread evenly over its cell.
        """
        from_top, below = self._lower_bounds
        downwards = weights[::-1]
        held: FloatArray = np.add.accumulate(downwards)[from_top] - below * downwards[from_top]
        return held

    def probabilities(self, weights: FloatArray) -> tuple[float, ...]:
        """Return the probabilities of levels 0 .. levels under the weights, shape (201,).

        They sum to 1 up to rounding; each is at least 0.
        """
        bounds = [1.0, *self.above(weights).tolist(), 0.0]
        return tuple(max(0.0, low - high) for low, high in pairwise(bounds))

    def place_of(self, level: int) -> int:
        """Return the place of a level's cut; ``ValueError`` unless it is one of 1 .. levels."""
        if not 1 <= level <= self.levels:
            raise ValueError(f"level {level} is not one of 1..{self.levels}")
        return level - 1


DEFAULT_SCALE = LevelScale()


def most_probable_level(probabilities: Sequence[float]) -> int:
    """Return the level of greatest probability; the lower one of equals."""
    return max(range(len(probabilities)), key=lambda level: (probabilities[level], -level))


def level_interval(probabilities: Sequence[float], *, coverage: float = 0.9) -> tuple[int, int]:
    """Return the lowest and highest level of the shortest run of levels that holds ``coverage``.

    Grown from the most probable level towards the more probable neighbour (the lower one of
    equals), which is the shortest run where the probabilities have a single peak.
    """
    low = high = most_probable_level(probabilities)
    held = probabilities[low]
    last = len(probabilities) - 1
    while held < coverage and (low > 0 or high < last):
        below = probabilities[low - 1] if low > 0 else -1.0
        above = probabilities[high + 1] if high < last else -1.0
        if below >= above:
            low -= 1
        else:
            high += 1
        held += max(below, above)
    return low, high


def theta_interval(weights: FloatArray, *, coverage: float = 0.9) -> tuple[float, float]:
    """Return the equal-tailed credible interval for theta.

    ``weights``: shape (201,), summing to 1, each spread evenly over its cell.
    """
    edges = np.concatenate((THETA - THETA_STEP / 2.0, THETA[-1:] + THETA_STEP / 2.0))
    cumulative = np.concatenate((np.zeros(1), np.add.accumulate(weights)))
    tail = (1.0 - coverage) / 2.0
    low, high = np.interp((tail, 1.0 - tail), cumulative, edges)
    return float(low), float(high)


def provisional_difficulty(
    level: int, *, discrimination: float = 1.0, scale: LevelScale = DEFAULT_SCALE
) -> float:
    """Return the difficulty b of an item written for ``level`` and not yet calibrated.

    The item is mastered with probability 0.67, guessing aside, at the middle of its level's band:
    ``logistic(a (middle - b)) = 0.67``, so ``b = middle - ln(0.67 / 0.33) / a``.
    """
    if discrimination <= 0.0:
        raise ValueError("discrimination must be positive")
    return scale.middle_of(level) - math.log(MASTERY / (1.0 - MASTERY)) / discrimination


def points(level: int, *, points_per_level: int = 8, cap: int | None = None) -> int:
    """Return the points shown for a reached level: a fixed number for each, at most ``cap``."""
    earned = level * points_per_level
    return earned if cap is None else min(earned, cap)
