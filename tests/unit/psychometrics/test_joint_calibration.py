"""Uncertainty of the joint posterior means what it says, also where the assumptions are wrong.

Simulated agents answer fixed items; tolerances are goals widened by Monte Carlo standard errors.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import Purpose, algorithm_for
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.joint_estimation import JointPosterior, estimate
from pacnum_api.psychometrics.population import DEFAULT_STRENGTHS, DEFAULT_WEIGHTS, Population
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation import draw_abilities, framework_correlation
from tests.unit.psychometrics.banks import Setting, tables_of

AREAS = (0, 0, 0, 1, 1, 1)
SIX = Population(framework_correlation(AREAS))
FIVE_AREAS = (0,) * 3 + (1,) * 6 + (2,) * 4 + (3,) * 4 + (4,) * 4


@dataclass(frozen=True)
class Believed:
    """True abilities (K,) and what is believed of them."""

    abilities: FloatArray
    posterior: JointPosterior


def items_for(
    count: int, *, each: int, rng: np.random.Generator, errors: tuple[float, float] = (0.0, 0.0)
) -> list[Item]:
    """``each`` items for each of ``count`` competences, with standard errors of a and b."""
    return [
        Item(
            ItemModel.TWO_PL,
            competence=competence,
            level=1,
            a=float(rng.lognormal(0.0, 0.3)),
            b=float(rng.normal(0.0, 1.2)),
            sigma_a=errors[0],
            sigma_b=errors[1],
        )
        for competence in range(count)
        for _ in range(each)
    ]


def answered(
    items: Sequence[Item],
    abilities: FloatArray,
    *,
    population: Population,
    rng: np.random.Generator,
    trusting: bool = False,
) -> list[Believed]:
    """What is believed of agents (agents, K) who answer all items.

    The true parameters of each agent's items stray from the bank's as its standard errors say. If
    ``trusting``, the estimate is made as if the bank's were the true ones.
    """
    known = [replace(item, sigma_a=0.0, sigma_b=0.0) for item in items] if trusting else items
    tables = tables_of(known, competence_count=abilities.shape[1])
    column = {
        name: np.array([getattr(item, name) for item in items])
        for name in ("a", "b", "sigma_a", "sigma_b", "competence")
    }
    stray = rng.normal(size=(2, len(abilities), len(items)))
    slope = column["a"] + stray[0] * column["sigma_a"]
    place = column["b"] + stray[1] * column["sigma_b"]
    logit = slope * (abilities[:, column["competence"]] - place)
    right = (rng.random(logit.shape) < 1.0 / (1.0 + np.exp(-logit))).astype(int).tolist()
    asked = tuple(range(abilities.shape[1]))
    found = []
    for own, row in zip(abilities, right, strict=True):
        responses = [Response(item, category) for item, category in enumerate(row)]
        posterior = estimate(tables, responses, prior=population.prior, competences=asked)
        assert isinstance(posterior, JointPosterior)
        found.append(Believed(own, posterior))
    return found


def drawn_from(population: Population, *, agents: int, rng: np.random.Generator) -> FloatArray:
    """Abilities whose strength of correlation differs from agent to agent, as the prior says."""
    strengths = np.array(population.strengths)
    counts = rng.multinomial(agents, population.weights)
    matrices = population.correlations(strengths)
    return np.concatenate(
        [
            draw_abilities(rng, matrix, agents=int(count))
            for matrix, count in zip(matrices, counts, strict=True)
        ]
    )


def held(found: Sequence[Believed], *, coverage: float) -> FloatArray:
    """Whether the interval of each ability of each agent holds it, (agents, K)."""
    rows = []
    for one in found:
        bounds = [
            one.posterior.marginal(place).theta_interval(coverage=coverage)
            for place in range(len(one.abilities))
        ]
        low, high = np.array(bounds).T
        rows.append((low <= one.abilities) & (one.abilities <= high))
    return np.array(rows, dtype=np.float64)


def standard_error(inside: FloatArray) -> float:
    """Of the mean over agents, whose abilities are not independent of each other."""
    shares = inside.mean(axis=1)
    return float(shares.std()) / math.sqrt(len(shares))


def mean_held(found: Sequence[Believed], *, deviations: float) -> float:
    """Share of agents whose mean ability lies within so many standard errors of its estimate."""
    inside = 0
    for one in found:
        mean = one.posterior.mean_of(range(len(one.abilities)))
        assert mean is not None
        inside += abs(mean.theta - float(one.abilities.mean())) <= deviations * mean.standard_error
    return inside / len(found)


def holds_nine_in_ten(inside: FloatArray) -> bool:
    return abs(float(inside.mean()) - 0.9) <= 0.02 + 2.0 * standard_error(inside)


@pytest.mark.parametrize(("each", "errors"), [(3, (0.0, 0.0)), (5, (0.2, 0.5)), (10, (0.2, 0.5))])
def test_intervals_cover_under_the_right_prior_in_every_band_of_levels(
    each: int, errors: tuple[float, float]
) -> None:
    rng = np.random.default_rng(each)
    abilities = drawn_from(SIX, agents=700, rng=rng)
    items = items_for(6, each=each, rng=rng, errors=errors)
    found = answered(items, abilities, population=SIX, rng=rng)
    inside = held(found, coverage=0.9)
    assert holds_nine_in_ten(inside)
    levels = np.array(
        [[one.posterior.marginal(place).level for place in range(6)] for one in found]
    )
    bands = [level for level in range(9) if np.count_nonzero(levels == level) >= 200]
    assert len(bands) >= 4
    for level in bands:
        in_band = inside[levels == level]
        # Those of one agent count as independent here; the tolerance is for the seed.
        error = math.sqrt(0.09 / len(in_band))
        assert abs(float(in_band.mean()) - 0.9) <= 0.02 + 2.0 * error
    # The mean over all competences, which an engine without correlation holds for too certain.
    error = math.sqrt(0.05 * 0.95 / len(found))
    assert abs(mean_held(found, deviations=1.96) - 0.95) <= 0.01 + 2.0 * error


def test_taking_parameters_for_true_would_claim_too_much() -> None:
    rng = np.random.default_rng(4)
    abilities = drawn_from(SIX, agents=300, rng=rng)
    items = items_for(6, each=12, rng=rng, errors=(0.3, 1.0))
    honest = answered(items, abilities, population=SIX, rng=np.random.default_rng(5))
    trusting = answered(
        items, abilities, population=SIX, rng=np.random.default_rng(5), trusting=True
    )
    assert held(trusting, coverage=0.9).mean() < 0.87
    assert held(honest, coverage=0.9).mean() > 0.88


def wrongly_assumed(weights: tuple[float, ...], *, agents: int) -> list[Believed]:
    """21 competences, four items each: correlations .5 and .3 where .8 and .6 are assumed."""
    rng = np.random.default_rng(1)
    true = framework_correlation(FIVE_AREAS, within=0.5, across=0.3)
    assumed = framework_correlation(FIVE_AREAS, within=0.8, across=0.6)
    abilities = draw_abilities(rng, true, agents=agents)
    items = items_for(21, each=4, rng=rng)
    population = Population(assumed, strengths=DEFAULT_STRENGTHS, weights=weights)
    return answered(items, abilities, population=population, rng=rng)


def test_a_wrong_correlation_costs_little_coverage() -> None:
    found = wrongly_assumed(DEFAULT_WEIGHTS, agents=500)
    inside = held(found, coverage=0.95)
    assert inside.mean() - 2.0 * standard_error(inside) >= 0.92
    assert mean_held(found, deviations=1.96) >= 0.93


def test_a_correlation_that_is_never_doubted_costs_much_more() -> None:
    doubtless = (1e-12, 1e-12, 1e-12, 1.0 - 3e-12)
    inside = held(wrongly_assumed(doubtless, agents=150), coverage=0.95)
    assert inside.mean() + 2.0 * standard_error(inside) < 0.92


def test_adaptive_choice_leaves_intervals_honest() -> None:
    rng = np.random.default_rng(9)
    population = Population(framework_correlation((0, 0, 1)))
    items = items_for(3, each=20, rng=rng, errors=(0.1, 0.3))
    tables = tables_of(items, competence_count=3)
    by = algorithm_for("2.0.0").rules_for(Purpose.POSITIONING)
    where = Setting(tables, population.prior, by)
    believed = []
    for agent, own in enumerate(drawn_from(population, agents=250, rng=rng)):
        stray = rng.normal(size=(2, 60)) * [[0.1], [0.3]]
        slope = np.array([item.a for item in items]) + stray[0]
        place = np.array([item.b for item in items]) + stray[1]
        logit = slope * (own[[item.competence for item in items]] - place)
        right = (rng.random(60) < 1.0 / (1.0 + np.exp(-logit))).astype(int).tolist()
        course = where.course(SessionPlan((0, 1, 2), seed=agent, item_budget=12), right.__getitem__)
        assert isinstance(course.last.posterior, JointPosterior)
        believed.append(Believed(own, course.last.posterior))
    assert holds_nine_in_ten(held(believed, coverage=0.9))
    assert mean_held(believed, deviations=1.96) > 0.95 - 0.01 - 2.0 * math.sqrt(0.0475 / 250)
