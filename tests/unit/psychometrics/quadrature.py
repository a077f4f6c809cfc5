"""The exact joint posterior of two or three abilities, by brute force on a product of grids."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.scale import THETA
from pacnum_api.psychometrics.tables import BankTables

STRIDE = 2
POINTS = THETA[::STRIDE]


@dataclass(frozen=True)
class Exact:
    """``evidence`` and ``weights`` (M,): of the strengths; moments over all of them."""

    mean: FloatArray
    covariance: FloatArray
    evidence: FloatArray
    weights: FloatArray

    @property
    def standard_deviation(self) -> FloatArray:
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def correlation(self) -> FloatArray:
        deviation = self.standard_deviation
        result: FloatArray = self.covariance / np.outer(deviation, deviation)
        return result


def exact_posterior(
    tables: BankTables, responses: Sequence[Response], *, population: Population
) -> Exact:
    """Sum prior density times likelihood over all points of the product grid."""
    count = population.competence_count
    points = np.stack(np.meshgrid(*(POINTS,) * count, indexing="ij"), axis=-1).reshape(-1, count)
    likelihood = np.ones(len(points))
    for item, category in responses:
        row = tables.likelihood[tables.likelihood_row(item, category), ::STRIDE]
        place = np.rint((points[:, tables.competence_of[item]] - POINTS[0]) / 0.1).astype(np.int64)
        likelihood *= row[place]
    masses = np.stack(
        [
            normal_density(points, matrix) * likelihood
            for matrix in population.correlations(np.array(population.strengths))
        ]
    )
    evidence = masses.sum(axis=1) * (POINTS[1] - POINTS[0]) ** count
    mass = np.array(population.weights) @ masses
    weight = mass / mass.sum()
    mean = weight @ points
    distance = points - mean
    weights = evidence * population.weights
    return Exact(
        mean=mean,
        covariance=(weight[:, None] * distance).T @ distance,
        evidence=evidence,
        weights=weights / weights.sum(),
    )


def normal_density(points: FloatArray, covariance: FloatArray) -> FloatArray:
    """N(0, covariance) at ``points`` (P, K)."""
    fit = np.einsum("pj,jk,pk->p", points, np.linalg.inv(covariance), points)
    scale = np.sqrt(np.linalg.det(2.0 * np.pi * covariance))
    result: FloatArray = np.exp(-0.5 * fit) / scale
    return result
