"""An ability as a distribution over positions in level units.

The position of theta is piecewise linear in it: l + (theta - cut_l) / (cut_{l+1} - cut_l) within
the band of level l. The open bands at both ends count as wide as their neighbours, and what lies
further out is gathered in the outermost cell: positions run from 0 to the highest level + 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pacnum_api.domains.recommendations.types import Ability, Standing
from pacnum_api.psychometrics.scale import level_interval

FloatArray: TypeAlias = NDArray[np.float64]

CELLS_PER_LEVEL = 11
"""Odd, so that one cell is centred on the middle of each band and cuts fall between cells."""

POSTED_LEVEL_SPREAD = 0.5
"""Standard deviation, in levels, of an ability known only as "level l": 68 % within that band."""

LONE_BAND_WIDTH = 0.7
"""Width of the bands, in theta, of a framework with a single level."""

INTERVAL = 0.9
_TINY = 1e-12


@dataclass(frozen=True)
class LevelAxis:
    """The cells of the position scale of a framework whose level l begins at ``cuts[l - 1]``."""

    cuts: tuple[float, ...]

    @property
    def levels(self) -> int:
        """The highest level."""
        return len(self.cuts)

    @property
    def size(self) -> int:
        """Number of cells."""
        return CELLS_PER_LEVEL * (self.levels + 1)

    @cached_property
    def positions(self) -> FloatArray:
        """The middle of each cell, in levels; shape (size,), read-only."""
        positions = (np.arange(self.size, dtype=np.float64) + 0.5) / CELLS_PER_LEVEL
        positions.flags.writeable = False
        return positions

    def distribution(self, ability: Ability) -> FloatArray:
        """Weights of the cells; shape (size,), sum 1.

        theta ~ N(mean, standard error²), scaled within each level to that level's own probability
        where a test has told it, so that levels and intervals are the result's.
        """
        z = (self._edges() - ability.theta) / ability.standard_error
        cumulative = np.array([0.0, *(_normal_cdf(value) for value in z), 1.0])
        weights = np.diff(cumulative)
        told = ability.level_probabilities
        if told is None or len(told) != self.levels + 1:
            return weights
        cells = weights.reshape(self.levels + 1, CELLS_PER_LEVEL) + _TINY
        shares = np.array(told) / sum(told)
        scaled: FloatArray = (cells / cells.sum(axis=1, keepdims=True) * shares[:, None]).ravel()
        return scaled

    def ability_at(self, level: int) -> Ability:
        """The ability of somebody of whom only the level is known: the middle of its band."""
        low, high = self._knots()[level : level + 2]
        return Ability(theta=(low + high) / 2.0, standard_error=(high - low) * POSTED_LEVEL_SPREAD)

    def _knots(self) -> list[float]:
        """Thetas of positions 0, 1, .. levels + 1."""
        widths = [high - low for low, high in pairwise(self.cuts)] or [LONE_BAND_WIDTH]
        first, last = widths[0], widths[-1]
        return [self.cuts[0] - first, *self.cuts, self.cuts[-1] + last]

    def _edges(self) -> FloatArray:
        """Thetas of the edges between cells; shape (size - 1,)."""
        places = np.arange(1, self.size, dtype=np.float64) / CELLS_PER_LEVEL
        return np.interp(places, np.arange(self.levels + 2, dtype=np.float64), self._knots())


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def probability_of_level(weights: FloatArray, level: int) -> float:
    """P(level reached is at least ``level``); exact, because cuts fall between cells."""
    return min(1.0, float(weights[level * CELLS_PER_LEVEL :].sum()))


def expected_gap(weights: FloatArray, *, axis: LevelAxis, target: int) -> float:
    """E[(target - position)+], in levels."""
    return float(weights @ np.maximum(target - axis.positions, 0.0))


def standing(weights: FloatArray, *, axis: LevelAxis, target: int) -> Standing:
    """The most probable level (the lower of equals), the levels that hold 90 %, the mean gap.

    The interval is the one that results give: the shortest run of levels.
    """
    of_level = weights.reshape(axis.levels + 1, CELLS_PER_LEVEL).sum(axis=1)
    low, high = level_interval(tuple(of_level.tolist()), coverage=INTERVAL)
    return Standing(
        level=int(np.argmax(of_level)),
        low=low,
        high=high,
        target=target,
        gap=expected_gap(weights, axis=axis, target=target),
    )


def default_target(weights: FloatArray, *, axis: LevelAxis) -> int:
    """Two levels, one band of DigComp, above the most probable level; at most the highest."""
    level = standing(weights, axis=axis, target=0).level
    return min(level + 2, axis.levels)


def quantile(probabilities: Sequence[float] | FloatArray, share: float) -> int:
    """The smallest index at which the cumulative probability reaches ``share``."""
    cumulative = np.cumsum(probabilities)
    # rounding may leave the sum a hair below 1
    return int(np.searchsorted(cumulative, min(share, float(cumulative[-1])) - _TINY))
