import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.models import (
    Curves,
    dichotomous,
    graded,
    information,
    partial_credit,
    step_logits,
)

THETA = np.linspace(-4.0, 4.0, 33)
STEP = 1e-4


def column(*values: float) -> FloatArray:
    return np.array(values)


def curves(model: str, *, theta: FloatArray, sigma_a: float = 0.0, sigma_b: float = 0.0) -> Curves:
    """One item of each model: a = 1.3, b = 0.4; steps at -0.6, 0.4 and 1.7 where it has steps."""
    steps = [0.4] if model == "4pl" else [-0.6, 0.4, 1.7]
    logits = step_logits(
        theta, np.array([steps]), a=column(1.3), sigma_a=column(sigma_a), sigma_b=column(sigma_b)
    )
    if model == "4pl":
        return dichotomous(logits, c=column(0.15), d=column(0.96))
    return graded(logits) if model == "grm" else partial_credit(logits)


models = pytest.mark.parametrize("model", ["4pl", "grm", "gpcm"])
errors = pytest.mark.parametrize(("sigma_a", "sigma_b"), [(0.0, 0.0), (0.0, 0.7), (0.4, 0.5)])


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


@pytest.mark.parametrize("theta", [-3.0, 0.0, 0.4, 2.5])
def test_4pl_is_birnbaums_formula_with_a_ceiling(theta: float) -> None:
    expected = 0.15 + (0.96 - 0.15) * sigmoid(1.3 * (theta - 0.4))
    found = curves("4pl", theta=column(theta)).probability[0, :, 0]
    assert found == pytest.approx([1.0 - expected, expected])


@pytest.mark.parametrize("theta", [-3.0, 0.0, 0.4, 2.5])
def test_graded_probabilities_are_differences_of_cumulative_curves(theta: float) -> None:
    reached = [1.0, *(sigmoid(1.3 * (theta - step)) for step in (-0.6, 0.4, 1.7)), 0.0]
    expected = [high - low for high, low in pairwise(reached)]
    assert curves("grm", theta=column(theta)).probability[0, :, 0] == pytest.approx(expected)


@pytest.mark.parametrize("theta", [-3.0, 0.0, 0.4, 2.5])
def test_partial_credit_probabilities_are_murakis(theta: float) -> None:
    logits = [0.0, *(1.3 * (theta - step) for step in (-0.6, 0.4, 1.7))]
    numerators = [math.exp(sum(logits[: score + 1])) for score in range(4)]
    expected = [numerator / sum(numerators) for numerator in numerators]
    assert curves("gpcm", theta=column(theta)).probability[0, :, 0] == pytest.approx(expected)


@models
@errors
def test_category_probabilities_add_up_to_one(model: str, sigma_a: float, sigma_b: float) -> None:
    probability = curves(model, theta=THETA, sigma_a=sigma_a, sigma_b=sigma_b).probability
    assert probability.sum(axis=1) == pytest.approx(np.ones((1, 33)))
    assert probability.min() > 0.0


@models
@errors
def test_slopes_are_derivatives(model: str, sigma_a: float, sigma_b: float) -> None:
    def probability(shift: float) -> FloatArray:
        return curves(model, theta=THETA + shift, sigma_a=sigma_a, sigma_b=sigma_b).probability

    difference = (probability(STEP) - probability(-STEP)) / (2.0 * STEP)
    slope = curves(model, theta=THETA, sigma_a=sigma_a, sigma_b=sigma_b).slope
    assert slope == pytest.approx(difference, abs=1e-7)


@models
@errors
def test_information_is_minus_the_expected_second_derivative(
    model: str, sigma_a: float, sigma_b: float
) -> None:
    def log_probability(shift: float) -> FloatArray:
        shifted = curves(model, theta=THETA + shift, sigma_a=sigma_a, sigma_b=sigma_b)
        return np.log(shifted.probability)

    here = curves(model, theta=THETA, sigma_a=sigma_a, sigma_b=sigma_b)
    bend = (log_probability(STEP) - 2.0 * log_probability(0.0) + log_probability(-STEP)) / STEP**2
    expected = -(here.probability * bend).sum(axis=1)
    assert information(here) == pytest.approx(expected, abs=1e-5)


def test_information_of_a_2pl_item_is_a_squared_pq() -> None:
    logits = step_logits(
        column(0.7), np.array([[0.2]]), a=column(1.4), sigma_a=column(0.0), sigma_b=column(0.0)
    )
    right = sigmoid(1.4 * 0.5)
    found = information(dichotomous(logits, c=column(0.0), d=column(1.0)))
    assert found[0, 0] == pytest.approx(1.4**2 * right * (1.0 - right))


@pytest.mark.parametrize("theta", [-2.0, 0.0, 0.5, 3.0])
@pytest.mark.parametrize("sigma_b", [0.3, 0.8])
def test_parameter_error_gives_the_mean_over_the_parameters(theta: float, sigma_b: float) -> None:
    def weighted(difficulty: float) -> float:
        return sigmoid(1.2 * (theta - difficulty)) * float(norm.pdf(difficulty, 0.5, sigma_b))

    exact, _ = quad(weighted, 0.5 - 8.0 * sigma_b, 0.5 + 8.0 * sigma_b)
    logits = step_logits(
        column(theta),
        np.array([[0.5]]),
        a=column(1.2),
        sigma_a=column(0.0),
        sigma_b=column(sigma_b),
    )
    slope = 1.2 / math.sqrt(1.0 + math.pi * 1.2**2 * sigma_b**2 / 8.0)
    assert logits.value[0, 0, 0] == pytest.approx(slope * (theta - 0.5))
    assert sigmoid(logits.value[0, 0, 0]) == pytest.approx(exact, abs=0.01)


@models
def test_parameter_error_takes_information_away_where_the_item_measures(model: str) -> None:
    known = information(curves(model, theta=column(0.4)))[0, 0]
    unsure = information(curves(model, theta=column(0.4), sigma_b=0.6))[0, 0]
    assert unsure < 0.95 * known


def expected_score(make: Callable[[FloatArray], Curves]) -> FloatArray:
    probability = make(THETA).probability[0]
    score: FloatArray = np.arange(len(probability), dtype=np.float64) @ probability
    return score


@models
@given(sigma_a=st.floats(0.0, 0.8), sigma_b=st.floats(0.0, 1.5))
def test_expected_scores_rise_with_ability(model: str, sigma_a: float, sigma_b: float) -> None:
    score = expected_score(
        lambda theta: curves(model, theta=theta, sigma_a=sigma_a, sigma_b=sigma_b)
    )
    assert np.all(np.diff(score) > 0.0)


def test_graded_categories_far_from_the_item_keep_a_positive_probability() -> None:
    logits = step_logits(
        column(-5.0, 5.0),
        np.array([[-4.0, -3.99]]),
        a=column(6.0),
        sigma_a=column(0.0),
        sigma_b=column(0.0),
    )
    middle = graded(logits).probability[0, 1]
    # logistic(54) - logistic(53.94), which doubles cannot tell apart when both are taken near 1
    assert middle[1] == pytest.approx(math.exp(-53.94) - math.exp(-54.0), rel=1e-9, abs=0.0)
    assert middle[0] > 0.0


def test_far_from_a_steep_partial_credit_item_one_category_is_left() -> None:
    logits = step_logits(
        column(-5.0, 5.0),
        np.array([[-3.0, 0.0, 3.0]]),
        a=column(60.0),
        sigma_a=column(0.0),
        sigma_b=column(0.0),
    )
    probability = partial_credit(logits).probability[0]
    assert probability[:, 0] == pytest.approx([1.0, 0.0, 0.0, 0.0])
    assert probability[:, 1] == pytest.approx([0.0, 0.0, 0.0, 1.0])
