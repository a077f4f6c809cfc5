"""What is known of the abilities before the first answer.

A population says how the competences of a framework hang together: each ability N(0, 1), their
correlations assumed. The assumption carries its own error: a person's abilities hang together with
a *strength* s between 0 and more than 1 times the assumed correlations, which is not known and has
a prior of a few values (``strengths`` with ``weights``). Given s, the correlation matrix is
``R_s = (1 - s) I + s R``. The answers move the weights (see ``propagation``): a session that
contradicts the assumption widens its own intervals.

Both R_s and the posterior of an earlier test are kept as ``D + F Fᵀ`` with a diagonal D: for the
usual R, one correlation within areas and one across them, F has as many columns as there are areas
(``small_matrices.split``), which is what makes a step over all competences cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, stable_exp
from pacnum_api.psychometrics.small_matrices import cholesky, inverse, split

DEFAULT_STRENGTHS = (0.0, 0.35, 0.7, 1.0)
DEFAULT_WEIGHTS = (0.1, 0.2, 0.3, 0.4)
PERSISTENCE_YEARS = 3.0
"""Time in which an ability keeps 1/e of its deviation from the population: an assumption."""

LEAST_VARIANCE = 0.03
"""Of an ability given all others, when a new test begins (theta²): standard deviation 0.17.

The propagation works on nodes 0.25 apart. What is narrower than that resolves falls between them:
a cavity of 0.12 already gains precision that no answer has given, and each further test gains more,
until nothing is a number.
"""

_STORED = np.dtype("<f4")
_ROUNDING_DIGITS = 12
_NOT_A_STATE = "this is not the state of a finished test"


@dataclass(frozen=True, eq=False)
class Population:
    """The assumed correlation of K competences, (K, K), and how far it is trusted.

    ``strengths`` (M,): at least 0, rising; ``weights`` (M,): their prior probabilities.
    ``ValueError`` unless the weights are positive and sum to 1, and the correlation matrix is one
    at every strength: symmetric, with unit diagonal, positive definite.
    """

    correlation: FloatArray
    strengths: tuple[float, ...] = DEFAULT_STRENGTHS
    weights: tuple[float, ...] = DEFAULT_WEIGHTS

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.strengths) or min(self.weights) <= 0.0:
            raise ValueError("each strength of correlation needs a positive weight")
        if abs(sum(self.weights) - 1.0) > 1e-6:
            raise ValueError("the weights of the strengths must sum to 1")
        if list(self.strengths) != sorted(set(self.strengths)) or self.strengths[0] < 0.0:
            raise ValueError("strengths must rise, from 0 up")
        if np.any(np.diagonal(self.correlation) != 1.0):
            raise ValueError("a correlation matrix has ones on its diagonal")
        if 1.0 - self.strengths[-1] * (1.0 - self.parts[0]) <= 0.0:
            raise ValueError("the correlation matrix is not one at the greatest strength")

    @classmethod
    def independent(cls, competence_count: int) -> "Population":
        """Return a population whose competences have nothing to do with each other."""
        return cls(correlation=np.eye(competence_count), strengths=(0.0,), weights=(1.0,))

    @property
    def competence_count(self) -> int:
        return len(self.correlation)

    @cached_property
    def parts(self) -> tuple[float, FloatArray]:
        """The parts u and F, (K, q), of R = u I + F Fᵀ; see ``small_matrices.split``."""
        return split(self.correlation)

    @cached_property
    def prior(self) -> "JointPrior":
        """The prior of somebody never tested, over all competences."""
        unique, factor = self.parts
        strengths = np.array(self.strengths)
        count = self.competence_count
        return JointPrior(
            weights=np.array(self.weights),
            strengths=strengths,
            mean=np.zeros((len(strengths), count)),
            unique=np.repeat((1.0 - strengths * (1.0 - unique))[:, None], count, axis=1),
            loadings=np.sqrt(strengths)[:, None, None] * factor,
        )

    def correlations(self, strengths: FloatArray) -> FloatArray:
        """Return R_s of each strength, (M, K, K)."""
        scale = strengths[:, None, None]
        result: FloatArray = scale * self.correlation + (1.0 - scale) * np.eye(
            self.competence_count
        )
        return result

    def prior_after(self, earlier: "AbilityState", *, elapsed_years: float) -> "JointPrior":
        """Return the prior of a new test of somebody tested before, widened with time.

        The abilities drift together as an Ornstein-Uhlenbeck process whose long-run law is the
        population: with ``r = exp(-elapsed / 3 years)`` the mean becomes ``r m`` and the covariance
        ``r² C + (1 - r²) R_s``. At once it is the old posterior, in the end the population. What
        the earlier answers said about the strength of correlation stays. However many tests lie
        behind, no ability is taken to be known better than ``LEAST_VARIANCE``.
        """
        kept = float(stable_exp(np.array(-max(elapsed_years, 0.0) / PERSISTENCE_YEARS)))
        spread = kept * kept
        covariance = spread * earlier.covariance + (1.0 - spread) * self.correlations(
            earlier.strengths
        )
        return JointPrior(
            weights=earlier.weights,
            strengths=earlier.strengths,
            mean=kept * earlier.mean,
            unique=np.zeros_like(earlier.mean),
            loadings=cholesky(_no_narrower(covariance)),
        )


def _no_narrower(covariance: FloatArray) -> FloatArray:
    """Return the matrices, (M, K, K), those widened that leave less than ``LEAST_VARIANCE`` of an
    ability given all others: 1 over the diagonal of the inverse. With c added to its diagonal a
    matrix leaves at least c more of each.
    """
    precision, _ = inverse(covariance)
    left = 1.0 / np.maximum.reduce(np.diagonal(precision, axis1=1, axis2=2), axis=1)
    missing = np.maximum(LEAST_VARIANCE - left, 0.0)
    widened: FloatArray = covariance + missing[:, None, None] * np.eye(covariance.shape[1])
    return widened


@dataclass(frozen=True, eq=False)
class JointPrior:
    """A mixture of M normal distributions of K abilities.

    Component s has weight ``weights[s]``, mean ``mean[s]`` (K,) and covariance
    ``diag(unique[s]) + loadings[s] loadings[s]ᵀ``, loadings (K, q).
    """

    weights: FloatArray
    strengths: FloatArray
    mean: FloatArray
    unique: FloatArray
    loadings: FloatArray

    @cached_property
    def variance(self) -> FloatArray:
        """Variance of each ability in each component, (M, K)."""
        squared: FloatArray = self.unique + np.add.reduce(self.loadings * self.loadings, axis=2)
        return squared

    @cached_property
    def shared(self) -> tuple[FloatArray, FloatArray]:
        """Means and variances, (M, K) or, where all components have the same, (1, K).

        What is equal but for rounding (1e-12) counts as the same: components then need not be
        worked out one by one before anything is known.
        """
        mean, variance = self.mean, np.round(self.variance, _ROUNDING_DIGITS)
        if np.all(mean == mean[0]) and np.all(variance == variance[0]):
            return mean[:1], variance[:1]
        return self.mean, self.variance

    @cached_property
    def products(self) -> FloatArray:
        """``F_k F_kᵀ`` of each row of the loadings, flattened: (M, K, q²)."""
        shape = (*self.loadings.shape[:2], -1)
        return (self.loadings[:, :, :, None] * self.loadings[:, :, None, :]).reshape(shape)

    def only(self, competences: Sequence[int]) -> "JointPrior":
        """Return the marginal prior of some of the abilities, in the order given."""
        return _only(self, tuple(competences))


@lru_cache(maxsize=32)
def _only(prior: JointPrior, competences: tuple[int, ...]) -> JointPrior:
    # Sessions that ask the same begin with the same prior, and keep it from step to step.
    chosen = list(competences)
    return JointPrior(
        weights=prior.weights,
        strengths=prior.strengths,
        mean=prior.mean[:, chosen],
        unique=prior.unique[:, chosen],
        loadings=prior.loadings[:, chosen],
    )


@dataclass(frozen=True, eq=False)
class AbilityState:
    """What a finished test leaves for the next one: the joint posterior of all K abilities.

    A mixture as ``JointPrior``, with whole covariance matrices, (M, K, K).
    """

    weights: FloatArray
    strengths: FloatArray
    mean: FloatArray
    covariance: FloatArray

    def to_bytes(self) -> bytes:
        """Return single-precision little-endian numbers: M and K, weights, strengths, means, lower
        triangles of the covariances.
        """
        components, count = self.mean.shape
        rows, columns = np.tril_indices(count)
        parts = (
            np.array((components, count), dtype=np.float64),
            self.weights,
            self.strengths,
            self.mean.ravel(),
            self.covariance[:, rows, columns].ravel(),
        )
        return np.concatenate(parts).astype(_STORED).tobytes()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "AbilityState":
        """Read what ``to_bytes`` wrote; ``ValueError`` if it is something else."""
        numbers = np.frombuffer(stored, dtype=_STORED).astype(np.float64)
        if len(numbers) < 2 or not np.isfinite(numbers).all():
            raise ValueError(_NOT_A_STATE)
        components, count = (int(number) for number in numbers[:2])
        triangle = count * (count + 1) // 2
        if min(components, count) < 1 or len(numbers) != 2 + components * (2 + count + triangle):
            raise ValueError(_NOT_A_STATE)
        ends = np.cumsum([2, components, components, components * count])
        _, weights, strengths, mean, lower = np.split(numbers, ends)
        rows, columns = np.tril_indices(count)
        covariance = np.zeros((components, count, count))
        covariance[:, rows, columns] = lower.reshape(components, triangle)
        covariance[:, columns, rows] = covariance[:, rows, columns]
        return cls(
            weights=weights / np.add.reduce(weights),
            strengths=strengths,
            mean=mean.reshape(components, count),
            covariance=covariance,
        )
