"""The correlation matrix of the competences, from answers to some of them by each person.

Abilities are N(mean, Sigma) in the population; what is seen of a person are normal sites
(``evidence``), that is observations ``y = theta + e`` with error variances 1 / precision, of those
competences that were asked. With ``V = Sigma_oo + diag(1 / precision)`` over them,

    log-likelihood   -(1/2) Σ log |V| + (y - mean)' V⁻¹ (y - mean)
    EM step          Sigma + Sigma G Sigma / N,   G = Σ V⁻¹ (y - mean)(y - mean)' V⁻¹ - V⁻¹

(Dempster, Laird & Rubin 1977, for a normal sample with missing parts). Sums of positive definite
matrices stay so. When the estimate no longer moves the sites are made anew under what the person's
other answers say, and so a few times (expectation propagation inside expectation-maximisation).
Estimates of correlations by estimated abilities would be too small, by their reliability; these are
not. Errors come from the expected information ``(1/2) Σ tr(V⁻¹ dV V⁻¹ dV)``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.calibration.acceleration import Step, fixed_point
from pacnum_api.psychometrics.calibration.evidence import Evidence, Sites, sites_under

_TOLERANCE = 1e-4
_MOST_ITERATIONS = 500
_PERSONS_AT_ONCE = 2000


@dataclass(frozen=True, eq=False)
class CorrelationEstimate:
    """``correlation`` (K, K); ``covariance`` (P, P) of the estimates of its P = K (K - 1) / 2 pairs
    in the order of ``numpy.triu_indices(K, 1)``, the variance of a pair that nobody was asked both
    of being infinite; ``mean`` and ``sd`` (K,) of the abilities; ``persons`` (K, K): how many were
    asked both (on the diagonal, the one).
    """

    correlation: FloatArray
    covariance: FloatArray
    mean: FloatArray
    sd: FloatArray
    persons: IntArray
    iterations: int
    is_converged: bool

    @property
    def standard_errors(self) -> FloatArray:
        """Of the correlations, (K, K), 0 on the diagonal."""
        result = np.zeros_like(self.correlation)
        result[np.triu_indices(len(result), 1)] = np.sqrt(np.diag(self.covariance))
        return result + result.T


@dataclass(frozen=True, eq=False)
class _Asked:
    """Persons (g) asked equally many competences: ``competences`` and ``pairs`` (places in the
    evidence), (g, L) each.
    """

    competences: IntArray
    pairs: IntArray


@dataclass(frozen=True, eq=False)
class _Solved:
    """Of such persons, under a population: ``inverse`` V⁻¹ (g, L, L), ``residual`` V⁻¹ (y - mean)
    (g, L), ``log_likelihood`` summed over them.
    """

    inverse: FloatArray
    residual: FloatArray
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class _Normal:
    """The population: ``mean`` (K,), ``covariance`` (K, K)."""

    mean: FloatArray
    covariance: FloatArray

    def vector(self) -> FloatArray:
        """The mean and the Cholesky factor, its diagonal in logarithms: any numbers are a normal
        distribution.
        """
        factor = np.linalg.cholesky(self.covariance)
        logs = np.log(np.diag(factor))
        return np.concatenate((self.mean, logs, factor[np.tril_indices(len(logs), -1)]))

    @classmethod
    def of(cls, vector: FloatArray, *, size: int) -> "_Normal":
        factor = np.diag(np.exp(vector[size : 2 * size]))
        factor[np.tril_indices(size, -1)] = vector[2 * size :]
        return cls(vector[:size], factor @ factor.T)


def correlate(evidence: Evidence, *, rounds: int = 3) -> CorrelationEstimate:
    """Return the correlations of the competences in the population that the persons are drawn from.

    ``rounds``: how often the sites are made. ``ValueError`` if nobody was asked about one of the
    competences.
    """
    size = evidence.competence_count
    persons = _persons(evidence)
    if not np.diag(persons).all():
        raise ValueError("nobody was asked about one of the competences")
    asked = tuple(_asked(evidence))
    ones = np.ones(len(evidence.person))
    sites = sites_under(evidence, mean=0.0 * ones, variance=ones)
    population, iterations, is_converged = _Normal(np.zeros(size), np.eye(size)), 0, True
    for turn in range(rounds):
        if turn:
            sites = _sites_anew(evidence, sites, asked=asked, population=population)
        found = fixed_point(
            _Cycle(asked, sites, size).step,
            population.vector(),
            tolerance=_TOLERANCE,
            most_iterations=_MOST_ITERATIONS,
        )
        population = _Normal.of(found.point, size=size)
        iterations, is_converged = iterations + found.iterations, found.is_converged
    sd = np.sqrt(np.diag(population.covariance))
    return CorrelationEstimate(
        correlation=population.covariance / np.outer(sd, sd),
        covariance=_covariance(asked, sites, population=population, persons=persons),
        mean=population.mean,
        sd=sd,
        persons=persons,
        iterations=iterations,
        is_converged=is_converged,
    )


def _persons(evidence: Evidence) -> IntArray:
    was_asked = np.zeros((evidence.person_count, evidence.competence_count))
    was_asked[evidence.person, evidence.competence] = 1.0
    return np.rint(was_asked.T @ was_asked).astype(np.int64)


def _asked(evidence: Evidence) -> Iterator[_Asked]:
    """Yield the persons who were asked anything, by the number of competences, in batches."""
    _, starts, counts = np.unique(evidence.person, return_index=True, return_counts=True)
    for width in np.unique(counts).tolist():
        first = starts[counts == width]
        for begin in range(0, len(first), _PERSONS_AT_ONCE):
            pairs = first[begin : begin + _PERSONS_AT_ONCE, None] + np.arange(width)
            yield _Asked(competences=evidence.competence[pairs], pairs=pairs)


def _solved(asked: _Asked, sites: Sites, *, population: _Normal) -> _Solved:
    those = asked.competences
    seen = population.covariance[those[:, :, None], those[:, None, :]]
    width = np.arange(those.shape[1])
    seen[:, width, width] += 1.0 / sites.precision[asked.pairs]
    inverse = np.linalg.inv(seen).astype(np.float64, copy=False)
    away = sites.place[asked.pairs] - population.mean[those]
    residual = (inverse @ away[:, :, None])[:, :, 0]
    log_determinants = np.linalg.slogdet(seen)[1]
    log_likelihood = -0.5 * float(np.sum(log_determinants) + np.sum(away * residual))
    return _Solved(inverse, residual, log_likelihood)


@dataclass(frozen=True, eq=False)
class _Cycle:
    asked: tuple[_Asked, ...]
    sites: Sites
    size: int

    def step(self, point: FloatArray) -> Step:
        """One expectation and one maximisation."""
        population = _Normal.of(point, size=self.size)
        gain, pull = np.zeros((self.size, self.size)), np.zeros(self.size)
        log_likelihood, count = 0.0, 0
        for group in self.asked:
            solved, those = _solved(group, self.sites, population=population), group.competences
            residual = solved.residual
            block = residual[:, :, None] * residual[:, None, :] - solved.inverse
            np.add.at(gain, (those[:, :, None], those[:, None, :]), block)
            np.add.at(pull, those, residual)
            log_likelihood += solved.log_likelihood
            count += len(those)
        covariance, mean_move = population.covariance, population.covariance @ pull / count
        moved = covariance + covariance @ gain @ covariance / count
        # The mean is moved first, and the covariance taken about the new one.
        moved -= np.outer(mean_move, mean_move)
        reached = _Normal(population.mean + mean_move, (moved + moved.T) / 2.0)
        return Step(objective=log_likelihood, reached=reached.vector())


def _sites_anew(
    evidence: Evidence, sites: Sites, *, asked: tuple[_Asked, ...], population: _Normal
) -> Sites:
    """Return the sites under what each person's other answers say (the cavity)."""
    mean, variance = np.zeros(len(evidence.person)), np.zeros(len(evidence.person))
    for group in asked:
        those, pairs = group.competences, group.pairs
        solved = _solved(group, sites, population=population)
        prior = population.covariance[those[:, :, None], those[:, None, :]]
        posterior = prior - prior @ solved.inverse @ prior
        middle = population.mean[those] + (prior @ solved.residual[:, :, None])[:, :, 0]
        width = np.arange(those.shape[1])
        spread = posterior[:, width, width]
        precision = 1.0 / spread - sites.precision[pairs]
        shift = middle / spread - sites.precision[pairs] * sites.place[pairs]
        mean[pairs], variance[pairs] = shift / precision, 1.0 / precision
    return sites_under(evidence, mean=mean, variance=variance)


def _covariance(
    asked: tuple[_Asked, ...], sites: Sites, *, population: _Normal, persons: IntArray
) -> FloatArray:
    """Return the covariance of the correlations, (P, P), by the delta method from the information
    about the covariances.
    """
    row, column = np.triu_indices(len(persons))
    is_seen = persons[row, column] > 0
    is_pair = row != column
    result = np.zeros((int(is_pair.sum()), int(is_pair.sum())))
    np.fill_diagonal(result, np.where(is_seen[is_pair], 0.0, np.inf))
    kept = np.flatnonzero(is_seen[is_pair])
    row, column, is_pair = row[is_seen], column[is_seen], is_pair[is_seen]
    of_sigma = np.linalg.inv(_information(asked, sites, population=population, at=(row, column)))
    sigma = population.covariance
    scale = np.sqrt(np.diag(sigma)[row] * np.diag(sigma)[column])
    # r = s_ij / sqrt(s_ii s_jj): derivatives in s_ij, s_ii and s_jj
    turn = np.diag(1.0 / scale)
    place_of = np.flatnonzero(~is_pair)
    index, half = np.arange(len(row)), 0.5 * sigma[row, column] / scale
    turn[index, place_of[row]] -= half / np.diag(sigma)[row]
    turn[index, place_of[column]] -= half / np.diag(sigma)[column]
    result[np.ix_(kept, kept)] = turn[is_pair] @ of_sigma @ turn[is_pair].T
    return result


def _information(
    asked: tuple[_Asked, ...],
    sites: Sites,
    *,
    population: _Normal,
    at: tuple[IntArray, IntArray],
) -> FloatArray:
    """Return the expected information about the covariances at places ``at`` (P,) each, (P, P)."""
    size = len(population.mean)
    products = np.zeros((size * size, size * size))
    for group in asked:
        those = group.competences
        inverse = np.zeros((len(those), size, size))
        person = np.arange(len(those))[:, None, None]
        solved = _solved(group, sites, population=population)
        inverse[person, those[:, :, None], those[:, None, :]] = solved.inverse
        flat = inverse.reshape(len(those), -1)
        products += flat.T @ flat
    table = products.reshape(size, size, size, size)
    row, column = at[0][:, None], at[1][:, None]
    both = table[row, row.T, column, column.T] + table[column, row.T, row, column.T]
    # A covariance stands in two places of the matrix, a variance in one.
    share = np.where(row == column, 0.5, 1.0)
    result: FloatArray = both * share * share.T
    return result
