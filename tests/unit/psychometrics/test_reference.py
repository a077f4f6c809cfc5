import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters
from pacnum_api.psychometrics.estimation import AbilityEstimate, Response
from pacnum_api.psychometrics.reference import (
    maximum_a_posteriori,
    maximum_likelihood,
    weighted_likelihood,
)
from tests.unit.psychometrics.banks import two_pl

TEN_ALIKE = ItemParameters.from_items([two_pl(1.3, 0.4)] * 10)
STANDARD = AbilityEstimate(theta=0.0, standard_error=1.0)


def scored(right: int) -> list[Response]:
    return [Response(item, int(item < right)) for item in range(10)]


def logit(p: float) -> float:
    return math.log(p / (1.0 - p))


@pytest.mark.parametrize("right", [1, 4, 5, 9])
def test_likelihood_of_items_all_alike_peaks_where_the_share_right_is_expected(right: int) -> None:
    found = maximum_likelihood(TEN_ALIKE, scored(right))
    share = right / 10.0
    assert found.theta == pytest.approx(0.4 + logit(share) / 1.3, abs=1e-5)
    information = 10.0 * 1.3**2 * share * (1.0 - share)
    assert found.standard_error == pytest.approx(information**-0.5, rel=1e-4)


@pytest.mark.parametrize(("right", "bound"), [(0, -5.0), (10, 5.0)])
def test_likelihood_without_a_peak_ends_at_a_bound(right: int, bound: float) -> None:
    found = maximum_likelihood(TEN_ALIKE, scored(right))
    assert found.theta == pytest.approx(bound, abs=1e-6)
    assert math.isfinite(found.standard_error)


@pytest.mark.parametrize("right", [0, 1, 4, 5, 9, 10])
def test_warm_for_items_all_alike_adds_half_an_answer_each_way(right: int) -> None:
    # With equal items Warm's weight is Jeffreys' prior, whose maximum is (r + 1/2) / (n + 1).
    found = weighted_likelihood(TEN_ALIKE, scored(right))
    assert found.theta == pytest.approx(0.4 + logit((right + 0.5) / 11.0) / 1.3, abs=1e-5)


@pytest.mark.parametrize("right", [0, 3, 10])
def test_the_posterior_mode_solves_its_equation(right: int) -> None:
    def slope(theta: float) -> float:
        chance = 1.0 / (1.0 + math.exp(-1.3 * (theta - 0.4)))
        return 1.3 * (right - 10.0 * chance) - theta

    found = maximum_a_posteriori(TEN_ALIKE, scored(right), prior=STANDARD)
    root = float(brentq(slope, -5.0, 5.0))
    chance = 1.0 / (1.0 + math.exp(-1.3 * (root - 0.4)))
    assert found.theta == pytest.approx(root, abs=1e-5)
    precision = 10.0 * 1.3**2 * chance * (1.0 - chance) + 1.0
    assert found.standard_error == pytest.approx(precision**-0.5, rel=1e-4)


def test_a_narrower_prior_weighs_more() -> None:
    def slope(theta: float) -> float:
        chance = 1.0 / (1.0 + math.exp(-1.3 * (theta - 0.4)))
        return 1.3 * (8 - 10.0 * chance) - (theta - 0.2) / 0.5**2

    prior = AbilityEstimate(theta=0.2, standard_error=0.5)
    found = maximum_a_posteriori(TEN_ALIKE, scored(8), prior=prior)
    assert found.theta == pytest.approx(float(brentq(slope, -5.0, 5.0)), abs=1e-5)


def test_without_answers_the_posterior_mode_is_the_prior() -> None:
    prior = AbilityEstimate(theta=0.7, standard_error=0.5)
    found = maximum_a_posteriori(TEN_ALIKE, [], prior=prior)
    assert found.theta == pytest.approx(0.7, abs=1e-6)
    assert found.standard_error == pytest.approx(0.5)


def test_warm_takes_bias_away_also_with_steps() -> None:
    items = [
        Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=1.2, b=b, steps=(-0.5, 0.5))
        for b in (-1.0, -0.3, 0.3, 1.0)
    ]
    parameters = ItemParameters.from_items(items)
    # P(score) of one item at theta = 1.5, by the definition of the model
    chances = []
    for item in items:
        logits = np.cumsum([0.0, *(1.2 * (1.5 - item.b - step) for step in item.steps)])
        chances.append(np.exp(logits) / np.exp(logits).sum())
    ml_mean = warm_mean = 0.0
    for pattern in np.ndindex(3, 3, 3, 3):
        chance = math.prod(float(p[x]) for p, x in zip(chances, pattern, strict=True))
        if chance < 1e-3:
            continue
        responses = [Response(item, int(category)) for item, category in enumerate(pattern)]
        ml_mean += chance * maximum_likelihood(parameters, responses).theta
        warm_mean += chance * weighted_likelihood(parameters, responses).theta
    assert abs(warm_mean - 1.5) < 0.5 * abs(ml_mean - 1.5)


def test_coverage_uses_a_standard_error_in_theta() -> None:
    found = maximum_likelihood(TEN_ALIKE, scored(5))
    low, high = norm.interval(0.95, found.theta, found.standard_error)
    assert low < 0.4 < high
