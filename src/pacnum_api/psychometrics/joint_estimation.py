"""What the answers say of all abilities asked about, together: the estimate of version 2.

Data flow: answers → per competence the product of their probabilities at the nodes → expectation
propagation under the mixture prior (``propagation``) → the joint posterior: a mixture of normal
distributions whose weights are those of the strengths of correlation. Reported marginals are not
those normals but cavity times likelihood on the whole grid. A test of one competence needs no
propagation: prior times likelihood on the grid is its exact posterior.

Answers are multiplied in the order of the bank, so that the same answers give the same bits in
whatever order they came.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray, stable_decay, total
from pacnum_api.psychometrics.estimation import AbilityEstimate, CompetencePosterior, Response
from pacnum_api.psychometrics.population import AbilityState, JointPrior
from pacnum_api.psychometrics.propagation import (
    Factors,
    Propagated,
    Sites,
    covariances,
    factors_given,
    marginals,
    propagate,
)
from pacnum_api.psychometrics.scale import THETA
from pacnum_api.psychometrics.tables import BankTables


@dataclass(frozen=True, eq=False)
class Answers:
    """The responses of a session: rows of the bank's likelihood, rising, hence by competence.

    ``rows`` (n,); those of the competence at place p of ``competences`` are
    ``rows[bounds[p] : bounds[p + 1]]``.
    """

    rows: IntArray
    bounds: IntArray

    @classmethod
    def of(
        cls, tables: BankTables, responses: Sequence[Response], *, competences: tuple[int, ...]
    ) -> "Answers":
        """Sort the responses. ``ValueError`` for an item or category that does not exist, or an
        item of a competence that is not asked about.
        """
        flat = np.fromiter(chain.from_iterable(responses), np.int64, count=2 * len(responses))
        given = flat.reshape(-1, 2)
        rows = np.sort(tables.likelihood_rows(given[:, 0], given[:, 1]))
        starts, stops = tables.row_bounds[list(competences)].T
        first, last = np.searchsorted(rows, starts), np.searchsorted(rows, stops)
        if int(np.add.reduce(last - first)) != len(rows):
            raise ValueError("an answer belongs to a competence that is not asked about")
        return cls(rows, np.stack((first, last), axis=1))

    @classmethod
    def of_one(
        cls, tables: BankTables, responses: Sequence[Response], *, competence: int
    ) -> "Answers":
        """The same for a single competence, in a third of the time for a test's few answers."""
        rows, competence_of = [], tables.competence_of
        for item, category in responses:
            rows.append(tables.likelihood_row(item, category))
            if competence_of[item] != competence:
                raise ValueError("an answer belongs to a competence that is not asked about")
        rows.sort()
        return cls(np.array(rows, dtype=np.int64), np.array([[0, len(rows)]]))

    def count(self, place: int) -> int:
        first, last = self.bounds[place].tolist()
        return int(last - first)

    def likelihood(self, table: FloatArray, *, place: int) -> FloatArray:
        """Return the product of one competence's rows of a table, with a greatest value of 1."""
        first, last = self.bounds[place].tolist()
        if first == last:
            return np.ones(table.shape[1])
        product: FloatArray = np.multiply.reduce(table[self.rows[first:last]], axis=0)
        product /= product.max()
        return product

    def likelihoods(self, table: FloatArray) -> FloatArray:
        """Return ``likelihood`` of every competence asked about, (K, columns)."""
        result = np.ones((len(self.bounds), table.shape[1]))
        if len(self.rows):
            answered = np.flatnonzero(self.bounds[:, 0] < self.bounds[:, 1])
            by_start = answered[np.argsort(self.bounds[answered, 0])]
            starts = self.bounds[by_start, 0]
            result[by_start] = np.multiply.reduceat(table[self.rows], starts, axis=0)
            result /= np.maximum.reduce(result, axis=1)[:, None]
        return result


@dataclass(frozen=True, eq=False)
class MeanAndCovariance:
    """Moments of the joint posterior of the K abilities asked about: (K,) and (K, K)."""

    mean: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, eq=False)
class JointPosterior:
    """The posterior of several abilities.

    ``competences``: the K asked about, the order of every array here; ``prior``: theirs;
    ``strength_weights`` (M,): the posterior probabilities of the strengths of correlation.
    """

    tables: BankTables
    competences: tuple[int, ...]
    answers: Answers
    prior: JointPrior
    propagated: Propagated
    strength_weights: FloatArray
    _kept: dict[int, CompetencePosterior] = field(default_factory=dict)

    @cached_property
    def place(self) -> Mapping[int, int]:
        """Where a competence stands in the arrays."""
        return {competence: place for place, competence in enumerate(self.competences)}

    @cached_property
    def moments(self) -> MeanAndCovariance:
        """Mean and covariance over all components: within them plus between them."""
        sites, factors = self.propagated.sites, self.propagated.factors
        means, _ = marginals(self.prior, sites, factors=factors)
        within = covariances(self.prior, sites, factors=factors)
        weights = self.strength_weights
        mean = np.add.reduce(weights[:, None] * means, axis=0)
        shift = means - mean
        within += shift[:, :, None] * shift[:, None, :]
        return MeanAndCovariance(mean, np.add.reduce(weights[:, None, None] * within, axis=0))

    @cached_property
    def node_weights(self) -> FloatArray:
        """The marginal posteriors at the nodes, (K, 41), each summing to 1."""
        weights: FloatArray = np.add.reduce(
            self.strength_weights[:, None, None] * self.propagated.tilted.weights, axis=0
        )
        return weights

    @cached_property
    def variances(self) -> tuple[float, ...]:
        """Posterior variance of each ability, (K,)."""
        return tuple(np.diagonal(self.moments.covariance).tolist())

    def marginal(self, competence: int) -> CompetencePosterior:
        """Return the posterior of one ability on the grid: cavity times likelihood, mixed."""
        if competence not in self._kept:
            self._kept[competence] = self._on_grid(competence)
        return self._kept[competence]

    def _on_grid(self, competence: int) -> CompetencePosterior:
        place = self.place[competence]
        cavity = self.propagated.cavity
        normal = _normals(cavity.mean[:, place], cavity.variance[:, place])
        mass = normal * self.answers.likelihood(self.tables.likelihood, place=place)
        share = self.strength_weights / np.add.reduce(mass, axis=1)
        mixed = np.add.reduce(share[:, None] * mass, axis=0)
        return CompetencePosterior.from_mass(
            mixed, self.tables.scale, answered=self.answers.count(place)
        )

    def mean_of(self, competences: Sequence[int]) -> AbilityEstimate | None:
        """Return the mean ability over some of the competences and its standard error, which
        takes in how their errors hang together; None for none.
        """
        if not competences:
            return None
        places = [self.place[competence] for competence in competences]
        moments = self.moments
        count = len(places)
        spread = moments.covariance[np.ix_(places, places)]
        return AbilityEstimate(
            theta=total(moments.mean[places]) / count,
            standard_error=math.sqrt(total(np.add.reduce(spread, axis=0))) / count,
        )

    def state(self, whole: JointPrior) -> AbilityState:
        """Return what the next test starts from: the posterior of all abilities of the framework.

        ``whole``: the prior of this test over all competences.
        """
        return _state(
            whole, self.propagated, competences=self.competences, weights=self.strength_weights
        )


@dataclass(frozen=True, eq=False)
class SinglePosterior:
    """The posterior of one ability, exact on the grid."""

    tables: BankTables
    competences: tuple[int, ...]
    answers: Answers
    prior: JointPrior
    only: CompetencePosterior

    def marginal(self, competence: int) -> CompetencePosterior:
        """Return the posterior; ``KeyError`` for a competence that was not asked about."""
        if competence != self.competences[0]:
            raise KeyError(competence)
        return self.only

    @property
    def variances(self) -> tuple[float, ...]:
        """The posterior variance, alone."""
        return (self.only.variance,)

    def mean_of(self, competences: Sequence[int]) -> AbilityEstimate | None:
        """Return the estimate itself, None when no competence is given."""
        return self.marginal(competences[0]).estimate if competences else None

    def state(self, whole: JointPrior) -> AbilityState:
        """See ``JointPosterior.state``: here the other abilities follow from this one."""
        likelihood = self.answers.likelihood(self.tables.node_likelihood, place=0)
        propagated = propagate(self.prior, likelihood[None, :])
        weights = _posterior_weights(self.prior, propagated)
        return _state(whole, propagated, competences=self.competences, weights=weights)


Posterior = JointPosterior | SinglePosterior


def estimate(
    tables: BankTables,
    responses: Sequence[Response],
    *,
    prior: JointPrior,
    competences: tuple[int, ...],
) -> Posterior:
    """Return the joint posterior of ``competences`` after the responses, in whatever order.

    ``prior``: of these competences, in this order (``JointPrior.only``). ``ValueError`` for an
    item or category that does not exist and for an answer to another competence.
    """
    if len(competences) == 1:
        answers = Answers.of_one(tables, responses, competence=competences[0])
        likelihood = answers.likelihood(tables.likelihood, place=0)
        only = CompetencePosterior.from_mass(
            _prior_mass(prior) * likelihood, tables.scale, answered=len(responses)
        )
        return SinglePosterior(tables, competences, answers, prior, only)
    answers = Answers.of(tables, responses, competences=competences)
    propagated = propagate(prior, answers.likelihoods(tables.node_likelihood))
    return JointPosterior(
        tables=tables,
        competences=competences,
        answers=answers,
        prior=prior,
        propagated=propagated,
        strength_weights=_posterior_weights(prior, propagated),
    )


def _posterior_weights(prior: JointPrior, propagated: Propagated) -> FloatArray:
    moved: FloatArray = prior.weights * propagated.evidence
    moved /= np.add.reduce(moved)
    return moved


def _state(
    whole: JointPrior,
    propagated: Propagated,
    *,
    competences: tuple[int, ...],
    weights: FloatArray,
) -> AbilityState:
    places = list(competences)
    tau, nu = np.zeros_like(whole.mean), np.zeros_like(whole.mean)
    tau[:, places] = propagated.sites.tau
    nu[:, places] = propagated.sites.nu
    sites = Sites(tau, nu)
    factors: Factors = factors_given(whole, sites)
    mean, _ = marginals(whole, sites, factors=factors)
    return AbilityState(
        weights=weights,
        strengths=whole.strengths,
        mean=mean,
        covariance=covariances(whole, sites, factors=factors),
    )


def _normals(mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Densities on the grid up to a factor for each, (M, 201)."""
    distance = THETA - mean[:, None]
    return stable_decay(distance * distance * (-0.5 / variance)[:, None])


@lru_cache(maxsize=256)
def _prior_mass(prior: JointPrior) -> FloatArray:
    """The prior of a single ability on the grid, (201,), up to a factor."""
    columns = (prior.weights, prior.mean[:, 0], prior.variance[:, 0])
    return _mixed_normals(tuple(zip(*(column.tolist() for column in columns), strict=True)))


@lru_cache(maxsize=256)
def _mixed_normals(components: tuple[tuple[float, float, float], ...]) -> FloatArray:
    # Most tests begin with the same prior, and it costs more than the step that follows.
    weight, mean, variance = np.array(components).T
    densities = _normals(mean, variance)
    mass: FloatArray = np.add.reduce((weight / np.sqrt(variance))[:, None] * densities, axis=0)
    mass.flags.writeable = False
    return mass
