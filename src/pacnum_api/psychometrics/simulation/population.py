"""Agents that do not exist: true abilities, drawn from any population one wants to try.

Dependence between competences comes from a Gaussian copula: normal numbers of the correlation
asked for are drawn first and each is then given the margin of its competence. For normal margins
the correlation is that of the abilities; for others it is a little weaker than the number given.

Every population takes its generator as an argument and draws (agents, K) abilities.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special, stats

from pacnum_api.psychometrics.arithmetic import FloatArray

WITHIN_AREA = 0.7
ACROSS_AREAS = 0.6


def framework_correlation(
    areas: Sequence[Hashable], *, within: float = WITHIN_AREA, across: float = ACROSS_AREAS
) -> FloatArray:
    """Return the correlation matrix (K, K) of competences from the area of each: ``within`` for
    two of one area, ``across`` for two of different ones, 1 on the diagonal.
    """
    same = np.array([[one == other for other in areas] for one in areas], dtype=np.bool_)
    matrix: FloatArray = np.where(same, within, across)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def draw_abilities(
    rng: np.random.Generator, correlation: FloatArray, *, agents: int = 1
) -> FloatArray:
    """Draw true abilities from N(0, correlation), shape (agents, K).

    ``numpy.linalg.LinAlgError`` if the matrix is not positive definite.
    """
    factor = np.linalg.cholesky(correlation)
    drawn: FloatArray = rng.standard_normal((agents, len(correlation))) @ factor.T
    return drawn


class AgentPopulation(Protocol):
    """Whom the simulated agents are drawn from."""

    def draw(self, rng: np.random.Generator, *, agents: int) -> FloatArray:
        """Return the true abilities of ``agents`` agents, (agents, K)."""
        ...


@dataclass(frozen=True, eq=False)
class NormalPopulation:
    """Multivariate normal: ``mean`` and ``standard_deviation`` (K,), ``correlation`` (K, K).

    The correlation need not be the one that the engine assumes: that is how a wrong prior is tried.
    ``ValueError`` if the shapes differ or a standard deviation is negative.
    """

    mean: FloatArray
    standard_deviation: FloatArray
    correlation: FloatArray

    def __post_init__(self) -> None:
        count = len(self.correlation)
        if self.mean.shape != (count,) or self.standard_deviation.shape != (count,):
            raise ValueError("a mean and a standard deviation are needed for each competence")
        if (self.standard_deviation < 0.0).any():
            raise ValueError("standard deviations must not be negative")

    def draw(self, rng: np.random.Generator, *, agents: int) -> FloatArray:
        standard = draw_abilities(rng, self.correlation, agents=agents)
        drawn: FloatArray = self.mean + self.standard_deviation * standard
        return drawn


@dataclass(frozen=True, eq=False)
class UniformPopulation:
    """Every ability between ``lowest`` and ``highest`` alike, on each competence.

    Weighs all abilities the same, which shows what a bank does at the ends of the scale.
    ``ValueError`` if there is nothing between the two.
    """

    lowest: float
    highest: float
    correlation: FloatArray

    def __post_init__(self) -> None:
        if self.lowest >= self.highest:
            raise ValueError("the lowest ability must be below the highest")

    def draw(self, rng: np.random.Generator, *, agents: int) -> FloatArray:
        share = special.ndtr(draw_abilities(rng, self.correlation, agents=agents))
        drawn: FloatArray = self.lowest + (self.highest - self.lowest) * share
        return drawn


@dataclass(frozen=True, eq=False)
class SkewedPopulation:
    """Shifted gamma margins of the given ``mean``, ``standard_deviation`` and ``skewness`` (each
    one number for all competences); the shape is 4 / skewness², mirrored for a negative skewness.

    Few who know much above many who know little (positive), or the reverse. ``ValueError`` for a
    skewness of 0, which would be the normal population, or beyond 4 on either side.
    """

    mean: float
    standard_deviation: float
    skewness: float
    correlation: FloatArray

    def __post_init__(self) -> None:
        if self.skewness == 0.0 or abs(self.skewness) > 4.0:
            raise ValueError("the skewness must lie within -4 and 4 and not be 0")

    def draw(self, rng: np.random.Generator, *, agents: int) -> FloatArray:
        side = np.copysign(1.0, self.skewness)
        share = special.ndtr(side * draw_abilities(rng, self.correlation, agents=agents))
        shape = 4.0 / (self.skewness * self.skewness)
        standard = (stats.gamma.ppf(share, shape) - shape) / np.sqrt(shape)
        drawn: FloatArray = self.mean + self.standard_deviation * side * standard
        return drawn


@dataclass(frozen=True, eq=False)
class MixturePopulation:
    """Several groups, each a population of its own; an agent is of group g with probability
    ``weights[g]``.

    ``ValueError`` unless there is a positive weight for each group, adding up to 1.
    """

    groups: tuple[AgentPopulation, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.groups) != len(self.weights) or min(self.weights, default=0.0) <= 0.0:
            raise ValueError("a positive weight is needed for each group")
        if abs(sum(self.weights) - 1.0) > 1e-9:
            raise ValueError("the weights of the groups must add up to 1")

    def draw(self, rng: np.random.Generator, *, agents: int) -> FloatArray:
        group = rng.choice(len(self.groups), size=agents, p=self.weights)
        drawn = np.stack([one.draw(rng, agents=agents) for one in self.groups])
        chosen: FloatArray = drawn[group, np.arange(agents)]
        return chosen


@dataclass(frozen=True, eq=False)
class ListedPopulation:
    """Abilities that are given, (rows, K), in their order, and from the top again if there are more
    agents than rows; the generator is not asked.

    ``ValueError`` if there is no row, or one that is not a finite number throughout.
    """

    abilities: FloatArray

    def __post_init__(self) -> None:
        if self.abilities.ndim != 2 or len(self.abilities) == 0:
            raise ValueError("at least one row of abilities is needed")
        if not np.isfinite(self.abilities).all():
            raise ValueError("abilities must be finite numbers")

    def draw(self, rng: np.random.Generator, *, agents: int) -> FloatArray:
        del rng  # part of the protocol
        drawn: FloatArray = self.abilities[np.arange(agents) % len(self.abilities)]
        return drawn
