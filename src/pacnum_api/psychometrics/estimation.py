"""What the answers say: ``estimate``, the first of the two seams of the engine.

Grid expected a posteriori (Bock & Mislevy 1982, Applied Psychological Measurement 6, 431-444):
the posterior of theta is the prior times the probabilities of the answers, at 201 points; its mean
and standard deviation are the estimate and its standard error. Each competence stands alone here.
An engine for correlated competences takes the correlation from the same ``Prior`` and returns the
same ``SessionPosterior``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, stable_exp, total
from pacnum_api.psychometrics.scale import (
    THETA,
    LevelScale,
    level_interval,
    most_probable_level,
    theta_interval,
)
from pacnum_api.psychometrics.tables import BankTables

PERSISTENCE_YEARS = 3.0
_THETA_SQUARED = THETA * THETA


@dataclass(frozen=True, slots=True)
class AbilityEstimate:
    """An ability on the theta scale with its standard error, both in population deviations."""

    theta: float
    standard_error: float


class Response(NamedTuple):
    """The scored answer to an item: ``category`` 0 up to the item's greatest score."""

    item: int
    category: int


@dataclass(frozen=True, eq=False)
class Prior:
    """What is known of the K abilities before the first answer: normal, with these means and
    standard deviations, (K,) each; ``correlation`` (K, K) is carried for engines that join
    competences, and not used where each stands alone.
    """

    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    correlation: FloatArray | None = None

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.standard_deviation):
            raise ValueError("as many means as standard deviations are needed")
        if min(self.standard_deviation, default=1.0) <= 0.0:
            raise ValueError("standard deviations must be positive")

    @classmethod
    def standard(cls, competence_count: int) -> "Prior":
        """Return the reference population: N(0, 1) on each competence."""
        return cls(mean=(0.0,) * competence_count, standard_deviation=(1.0,) * competence_count)

    @classmethod
    def after(cls, estimates: Sequence[AbilityEstimate | None], *, elapsed_years: float) -> "Prior":
        """Return the prior of a new test from older estimates, widened with time.

        Ability drifts as an Ornstein-Uhlenbeck process whose long-run law is the population
        N(0, 1): with ``r = exp(-elapsed / 3 years)``, mean ``r theta`` and variance
        ``1 - r² (1 - standard_error²)``. At once the old posterior, in the end the population;
        None (never assessed) is the population.
        """
        kept = float(stable_exp(np.array(-elapsed_years / PERSISTENCE_YEARS)))
        known = [
            estimate or AbilityEstimate(theta=0.0, standard_error=1.0) for estimate in estimates
        ]
        return cls(
            mean=tuple(kept * estimate.theta for estimate in known),
            standard_deviation=tuple(
                math.sqrt(1.0 - kept * kept * (1.0 - _square(min(estimate.standard_error, 1.0))))
                for estimate in known
            ),
        )


def _square(value: float) -> float:
    return value * value


@dataclass(frozen=True, eq=False)
class CompetencePosterior:
    """The posterior of one ability, made by ``from_mass``.

    ``mass`` (201,): prior density times likelihood, not normalised, so that an answer more is one
    product more; ``weights`` (201,): the same, summing to 1; ``theta`` and ``variance``: its mean
    and variance (theta²); ``answered``: number of answers in it.
    """

    mass: FloatArray
    weights: FloatArray
    theta: float
    variance: float
    scale: LevelScale
    answered: int

    @classmethod
    def from_mass(
        cls, mass: FloatArray, scale: LevelScale, *, answered: int
    ) -> "CompetencePosterior":
        weights = mass / total(mass)
        theta = total(weights * THETA)
        variance = total(weights * _THETA_SQUARED) - theta * theta
        return cls(mass, weights, theta, variance, scale, answered)

    @property
    def standard_error(self) -> float:
        """Posterior standard deviation."""
        return math.sqrt(self.variance)

    @property
    def estimate(self) -> AbilityEstimate:
        return AbilityEstimate(theta=self.theta, standard_error=self.standard_error)

    @cached_property
    def level_probabilities(self) -> tuple[float, ...]:
        """Probabilities of levels 0 (not yet level 1) .. levels."""
        return self.scale.probabilities(self.weights)

    @property
    def level(self) -> int:
        """The most probable level."""
        return most_probable_level(self.level_probabilities)

    @property
    def level_certainty(self) -> float:
        """The probability of the most probable level."""
        return max(self.level_probabilities)

    def level_interval(self, *, coverage: float = 0.9) -> tuple[int, int]:
        """Return the shortest run of levels that holds ``coverage``."""
        return level_interval(self.level_probabilities, coverage=coverage)

    def theta_interval(self, *, coverage: float = 0.9) -> tuple[float, float]:
        """Return the equal-tailed interval of theta that holds ``coverage``."""
        return theta_interval(self.weights, coverage=coverage)

    def probability_at_least(self, level: int) -> float:
        """Return the probability that the ability reaches ``level`` (1 .. levels)."""
        return total(self.weights * self.scale.shares[self.scale.place_of(level)])


@dataclass(frozen=True, eq=False)
class SessionPosterior:
    """The posteriors of all K abilities, in the order of their indices."""

    competences: tuple[CompetencePosterior, ...]

    def marginal(self, competence: int) -> CompetencePosterior:
        """Return the posterior of one ability."""
        return self.competences[competence]

    def mean_of(self, competences: Sequence[int]) -> AbilityEstimate | None:
        """Return the mean ability over some of the competences; None for none.

        Nothing is known of how the errors hang together, so the standard error is the largest
        there can be: that of wholly dependent errors, the mean of the standard errors.
        """
        if not competences:
            return None
        found = [self.competences[competence] for competence in competences]
        return AbilityEstimate(
            theta=math.fsum(one.theta for one in found) / len(found),
            standard_error=math.fsum(one.standard_error for one in found) / len(found),
        )


@lru_cache(maxsize=4096)
def _before_any_answer(mean: float, deviation: float, *, scale: LevelScale) -> CompetencePosterior:
    # Shared between sessions: most begin with the same prior, and its moments never change.
    distance = (THETA - mean) / deviation
    mass = stable_exp(-0.5 * distance * distance)
    mass.flags.writeable = False
    return CompetencePosterior.from_mass(mass, scale, answered=0)


def begin_with(tables: BankTables, prior: Prior) -> SessionPosterior:
    """Return the posterior before any answer."""
    if len(prior.mean) != tables.competence_count:
        raise ValueError("the prior does not have one mean for each competence")
    return SessionPosterior(
        competences=tuple(
            _before_any_answer(mean, deviation, scale=tables.scale)
            for mean, deviation in zip(prior.mean, prior.standard_deviation, strict=True)
        )
    )


def estimate(
    tables: BankTables, responses: Sequence[Response], *, prior: Prior
) -> SessionPosterior:
    """Return the posterior of all abilities after the responses, in the order they were given.

    ``p(theta | answers) ∝ N(theta; mean, sd²) · Π P(category | theta)`` for each competence, on
    the grid. Equal, bit for bit, to ``update`` applied to one response after another: both are the
    same products in the same order. ``ValueError`` for an item or category that does not exist.
    """
    rows: dict[int, list[int]] = {}
    for response in responses:
        row = tables.likelihood_row(response.item, response.category)
        rows.setdefault(tables.competence_of[response.item], []).append(row)
    competences = list(begin_with(tables, prior).competences)
    for competence, answers in rows.items():
        before = competences[competence]
        factors = np.concatenate((before.mass[None, :], tables.likelihood[answers]))
        competences[competence] = CompetencePosterior.from_mass(
            np.multiply.reduce(factors, axis=0), tables.scale, answered=len(answers)
        )
    return SessionPosterior(competences=tuple(competences))


def update(
    tables: BankTables, posterior: SessionPosterior, *, response: Response
) -> SessionPosterior:
    """Return the posterior after one response more; see ``estimate``."""
    row = tables.likelihood_row(response.item, response.category)
    index = tables.competence_of[response.item]
    before = posterior.competences[index]
    competence = CompetencePosterior.from_mass(
        before.mass * tables.likelihood[row], before.scale, answered=before.answered + 1
    )
    competences = posterior.competences
    return SessionPosterior(
        competences=(*competences[:index], competence, *competences[index + 1 :])
    )
