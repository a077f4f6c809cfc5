"""Marginal maximum likelihood: parameters of items, and of the population, from answers.

Expectation-maximisation (Bock & Aitkin 1981), accelerated, with weak priors on the items'
parameters (their mode is what is found) and standard errors from the observed information.

The scale. Without anchors the reference group is N(0, 1), and that makes the scale. With anchors
(items whose parameters stay) the scale is theirs, the running one, and the reference group's mean
and standard deviation are estimated too. Other groups' always are.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item
from pacnum_api.psychometrics.calibration.acceleration import FixedPoint, Step, fixed_point
from pacnum_api.psychometrics.calibration.curves import (
    Layout,
    Parameters,
    lay_out,
    parameters_of,
    with_parameters,
)
from pacnum_api.psychometrics.calibration.expectation import (
    PersonPosterior,
    Population,
    Sample,
    evenly_spaced_nodes,
    expected_counts,
    person_posterior,
)
from pacnum_api.psychometrics.calibration.maximisation import (
    log_prior_density,
    maximised,
    maximised_population,
)
from pacnum_api.psychometrics.calibration.priors import ItemPriors
from pacnum_api.psychometrics.calibration.responses import ResponseData
from pacnum_api.psychometrics.calibration.standard_errors import Errors, Maximum, standard_errors


@dataclass(frozen=True, slots=True)
class Settings:
    """``node_count`` nodes from ``-reach`` to ``reach``: the spacing must stay below about the
    narrowest posterior's standard deviation (``expectation``). ``tolerance``: the greatest change
    of ln a, of a threshold, or of a group's mean or ln sd, in one cycle, that ends the estimation.

    ``ValueError`` unless there are at least 5 nodes and reach and tolerance are positive.
    """

    node_count: int = 31
    reach: float = 6.0
    tolerance: float = 1e-4
    most_iterations: int = 500

    def __post_init__(self) -> None:
        if self.node_count < 5 or self.reach <= 0.0 or self.tolerance <= 0.0:
            raise ValueError("at least 5 nodes, and a positive reach and tolerance, are needed")


DEFAULT_SETTINGS = Settings()


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a calibration has found.

    ``items``: the items with new a, b, steps and their standard errors ``sigma_a``, ``sigma_b``;
    anchors and items without an answer are as they were. ``answers`` (n,): number of answers to
    each; ``has_answered`` (N,): persons with an answer. ``step_errors`` (n, m): standard error of
    each step's departure from b. ``population`` with ``population_errors`` (G, 2), of mean and sd,
    0 where they were not estimated. ``posterior``: of each person. ``is_converged``,
    ``iterations``; ``is_maximum``: the information matrix was positive definite there (otherwise no
    error is finite).
    """

    items: tuple[Item, ...]
    answers: IntArray
    has_answered: BoolArray
    is_estimated: BoolArray
    step_errors: FloatArray
    population: Population
    population_errors: FloatArray
    posterior: PersonPosterior
    iterations: int
    is_converged: bool
    is_maximum: bool

    @property
    def log_likelihood(self) -> float:
        """Logarithm of the marginal likelihood of all answers, priors aside."""
        return float(self.posterior.log_likelihood.sum())

    @property
    def reliability(self) -> float:
        """Empirical reliability of the estimates of ability, of those who have answered: their
        variance over that variance plus the mean squared standard error.
        """
        between = float(np.var(self.posterior.theta[self.has_answered]))
        within = float(np.mean(self.posterior.standard_error[self.has_answered] ** 2))
        return between / (between + within)


def calibrate(
    items: Sequence[Item],
    data: ResponseData,
    *,
    anchors: Collection[int] = (),
    priors: ItemPriors | None = None,
    settings: Settings = DEFAULT_SETTINGS,
) -> Calibration:
    """Return the parameters of ``items``, taken to measure one ability, from the answers.

    The items' own parameters are where the search starts, and what ``anchors`` (indices) keep; c
    and d are never estimated. 1PL items share one slope. ``priors``: None for the weak ones.
    ``ValueError``: see ``ResponseData.check_against`` and ``curves.lay_out``.
    """
    data.check_against(items)
    layout = lay_out(items, anchors=anchors, answered=data.answered(len(items)))
    search = _Search(
        sample=Sample.of(
            data, layout, nodes=evenly_spaced_nodes(settings.node_count, reach=settings.reach)
        ),
        priors=priors or ItemPriors.weak(items),
        held=_with_common_slope(parameters_of(items), layout),
        is_free_group=_free_groups(data, has_anchors=bool(anchors)),
    )
    found = fixed_point(
        search.cycle,
        search.start(),
        tolerance=settings.tolerance,
        most_iterations=settings.most_iterations,
    )
    return _calibration(items, search.maximum(found.point), found=found)


def calibrate_bank(
    items: Sequence[Item],
    data: ResponseData,
    *,
    anchors: Collection[int] = (),
    priors: ItemPriors | None = None,
    settings: Settings = DEFAULT_SETTINGS,
) -> dict[int, Calibration]:
    """Return one calibration for each competence that has answers, each by itself: the items of a
    competence in their order in the bank, and all persons.
    """
    competence = np.array([item.competence for item in items], dtype=np.int64)
    result = {}
    for index in np.unique(competence[data.item]).tolist():
        places = np.flatnonzero(competence == index)
        place_of = {place: new for new, place in enumerate(places.tolist())}
        result[index] = calibrate(
            [items[place] for place in place_of],
            data.only_items(places),
            anchors=[place_of[anchor] for anchor in anchors if anchor in place_of],
            priors=None if priors is None else priors.of_items(places),
            settings=settings,
        )
    return result


@dataclass(frozen=True, eq=False)
class _Search:
    """The estimation as an iteration over one vector: slopes and thresholds of the free items, then
    mean and ln sd of the free groups. ``held``: parameters of all items, of which the free ones are
    replaced.
    """

    sample: Sample
    priors: ItemPriors
    held: Parameters
    is_free_group: BoolArray

    def start(self) -> FloatArray:
        return self._vector(self.held, Population.standard(len(self.is_free_group)))

    def cycle(self, point: FloatArray) -> Step:
        """One expectation and one maximisation."""
        sample = self.sample
        parameters, population = self._parameters(point), self._population(point)
        posterior = person_posterior(sample, parameters, population=population)
        density = log_prior_density(self.priors, parameters, layout=sample.layout)
        reached = maximised(
            sample, parameters, counts=expected_counts(sample, posterior), priors=self.priors
        )
        population = maximised_population(
            sample, posterior, population=population, is_free=self.is_free_group
        )
        return Step(
            objective=float(posterior.log_likelihood.sum()) + density,
            reached=self._vector(reached, population),
        )

    def maximum(self, point: FloatArray) -> Maximum:
        parameters, population = self._parameters(point), self._population(point)
        return Maximum(
            sample=self.sample,
            parameters=parameters,
            population=population,
            is_free_group=self.is_free_group,
            priors=self.priors,
            posterior=person_posterior(self.sample, parameters, population=population),
        )

    def _vector(self, parameters: Parameters, population: Population) -> FloatArray:
        free = self.sample.layout.is_free
        return np.concatenate(
            (
                parameters.log_slope[free],
                parameters.thresholds[free].ravel(),
                population.mean[self.is_free_group],
                np.log(population.sd[self.is_free_group]),
            )
        )

    def _parameters(self, point: FloatArray) -> Parameters:
        free = self.sample.layout.is_free
        count, width = int(free.sum()), self.held.thresholds.shape[1]
        log_slope, thresholds = self.held.log_slope.copy(), self.held.thresholds.copy()
        log_slope[free] = point[:count]
        thresholds[free] = point[count : count * (width + 1)].reshape(count, width)
        return Parameters(log_slope, thresholds).bounded(free)

    def _population(self, point: FloatArray) -> Population:
        groups = int(self.is_free_group.sum())
        result = Population.standard(len(self.is_free_group))
        if groups:
            result.mean[self.is_free_group] = point[-2 * groups : -groups]
            result.sd[self.is_free_group] = np.exp(point[-groups:])
        return result


def _with_common_slope(parameters: Parameters, layout: Layout) -> Parameters:
    log_slope = parameters.log_slope.copy()
    if layout.shares_slope.any():
        log_slope[layout.shares_slope] = log_slope[layout.shares_slope].mean()
    return Parameters(log_slope, parameters.thresholds)


def _free_groups(data: ResponseData, *, has_anchors: bool) -> BoolArray:
    drawn = np.bincount(data.groups[data.is_drawn], minlength=data.group_count)
    is_free: BoolArray = drawn > 0
    is_free[0] &= has_anchors
    return is_free


def _calibration(items: Sequence[Item], at: Maximum, *, found: FixedPoint) -> Calibration:
    layout, errors = at.sample.layout, standard_errors(at)
    return Calibration(
        items=_calibrated(items, at, errors=errors),
        answers=at.sample.data.answered(len(items)),
        has_answered=at.sample.data.has_answered,
        is_estimated=layout.is_free,
        step_errors=_step_errors(layout, errors),
        population=at.population,
        population_errors=errors.population,
        posterior=at.posterior,
        iterations=found.iterations,
        is_converged=found.is_converged,
        is_maximum=errors.is_definite,
    )


def _calibrated(items: Sequence[Item], at: Maximum, *, errors: Errors) -> tuple[Item, ...]:
    layout, parameters = at.sample.layout, at.parameters
    result = []
    for index, item in enumerate(items):
        if not layout.is_free[index]:
            result.append(item)
            continue
        steps = int(layout.steps[index])
        slope = float(np.exp(parameters.log_slope[index]))
        covariance = errors.items[index]
        found = with_parameters(item, slope=slope, thresholds=parameters.thresholds[index, :steps])
        variance_b = float(np.mean(covariance[1 : steps + 1, 1 : steps + 1]))
        result.append(
            replace(
                found,
                sigma_a=slope * float(np.sqrt(covariance[0, 0])),
                sigma_b=float(np.sqrt(variance_b)),
            )
        )
    return tuple(result)


def _step_errors(layout: Layout, errors: Errors) -> FloatArray:
    result = np.zeros((len(layout.steps), layout.widest))
    for group in layout.alike():
        if group.steps > 1:
            apart = np.eye(group.steps) - 1.0 / group.steps
            block = errors.items[group.items, 1 : group.steps + 1, 1 : group.steps + 1]
            variance = np.einsum("sk,gkl,sl->gs", apart, block, apart)
            result[group.items, : group.steps] = np.sqrt(variance)
    return result
