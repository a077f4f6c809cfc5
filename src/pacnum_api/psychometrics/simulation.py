"""Agents that do not exist: abilities drawn from the population, answers drawn from the models."""

from collections.abc import Hashable, Sequence

import numpy as np

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


def draw_category(probabilities: FloatArray, draw: float) -> int:
    """Return the category that a uniform ``draw`` in [0, 1) falls upon, (C,) probabilities."""
    below = np.searchsorted(np.cumsum(probabilities), draw, side="right")
    return min(int(below), len(probabilities) - 1)
