"""Uncertainty means what it says: over simulated agents the 90 % interval holds 88 to 92 %."""

from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.estimation import CompetencePosterior, Prior, Response, estimate
from pacnum_api.psychometrics.scale import DEFAULT_SCALE, provisional_difficulty
from pacnum_api.psychometrics.session import SessionPlan
from tests.unit.psychometrics.banks import STARTER_LEVELS, rules, tables_of, walk

AGENTS = 6000


def provisional(count: int, *, sigma_a: float, sigma_b: float) -> list[Item]:
    return [
        Item(
            ItemModel.TWO_PL,
            competence=0,
            level=level,
            b=provisional_difficulty(level),
            sigma_a=sigma_a,
            sigma_b=sigma_b,
        )
        for level in (STARTER_LEVELS * count)[:count]
    ]


Believed = tuple[float, CompetencePosterior]


def answered(items: list[Item], *, seed: int, trusting: bool = False) -> list[Believed]:
    """Agents who answer all the items: true ability, and the posterior.

    The true parameters of each agent's items stray from the bank's as its standard errors say. If
    ``trusting``, the estimate is made as if the bank's were the true ones.
    """
    rng = np.random.default_rng(seed)
    known = [replace(item, sigma_a=0.0, sigma_b=0.0) for item in items] if trusting else items
    tables = tables_of(known)
    theta = rng.normal(size=AGENTS)
    stray = rng.normal(size=(2, AGENTS, len(items)))
    slope = np.array([item.a for item in items]) + stray[0] * [item.sigma_a for item in items]
    place = np.array([item.b for item in items]) + stray[1] * [item.sigma_b for item in items]
    chance = 1.0 / (1.0 + np.exp(-slope * (theta[:, None] - place)))
    right = (rng.random(chance.shape) < chance).astype(int).tolist()
    prior = Prior.standard(1)
    found = []
    for ability, row in zip(theta.tolist(), right, strict=True):
        responses = [Response(item, category) for item, category in enumerate(row)]
        found.append((ability, estimate(tables, responses, prior=prior).competences[0]))
    return found


def coverage(found: list[Believed]) -> float:
    held = 0
    for theta, posterior in found:
        low, high = posterior.theta_interval()
        held += low <= theta <= high
    return held / len(found)


@pytest.mark.parametrize(
    ("count", "sigma_a", "sigma_b"), [(5, 0.0, 0.0), (5, 0.2, 0.6), (20, 0.0, 0.0), (20, 0.2, 0.6)]
)
def test_intervals_cover_also_when_parameters_are_known_badly(
    count: int, sigma_a: float, sigma_b: float
) -> None:
    items = provisional(count, sigma_a=sigma_a, sigma_b=sigma_b)
    assert 0.88 <= coverage(answered(items, seed=count)) <= 0.92


def test_taking_parameters_for_true_would_claim_too_much() -> None:
    items = provisional(20, sigma_a=0.3, sigma_b=1.0)
    assert coverage(answered(items, seed=8, trusting=True)) < 0.87
    assert coverage(answered(items, seed=8)) >= 0.88


def test_levels_are_as_certain_as_they_claim() -> None:
    found = answered(provisional(20, sigma_a=0.2, sigma_b=0.5), seed=2)
    claimed = np.array([posterior.level_certainty for _, posterior in found])
    true = np.array([DEFAULT_SCALE.level_at(theta) for theta, _ in found])
    right = np.array([posterior.level for _, posterior in found]) == true
    assert right.mean() == pytest.approx(claimed.mean(), abs=0.02)
    low, high = np.array([posterior.level_interval() for _, posterior in found]).T
    assert np.mean((low <= true) & (true <= high)) >= 0.9


def test_adaptive_choice_leaves_intervals_honest() -> None:
    rng = np.random.default_rng(12)
    items = provisional(60, sigma_a=0.2, sigma_b=0.5)
    tables = tables_of(items)
    held = 0
    for agent in range(1500):
        theta = rng.normal()
        slope = 1.0 + rng.normal(size=60) * 0.2
        place = np.array([item.b for item in items]) + rng.normal(size=60) * 0.5
        right = rng.random(60) < 1.0 / (1.0 + np.exp(-slope * (theta - place)))
        plan = SessionPlan(competences=(0,), seed=agent)
        by = rules(pool_size=5, maximum_items=10)
        answers = right.astype(int).tolist()
        found = walk(tables, plan, by=by, answer=answers.__getitem__)
        low, high = found.posterior.competences[0].theta_interval()
        held += low <= theta <= high
    assert 0.88 <= held / 1500 <= 0.92
