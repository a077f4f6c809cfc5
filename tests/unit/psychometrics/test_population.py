import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.population import (
    DEFAULT_STRENGTHS,
    DEFAULT_WEIGHTS,
    LEAST_VARIANCE,
    AbilityState,
    JointPrior,
    Population,
)
from pacnum_api.psychometrics.propagation import marginals, propagate
from tests.unit.psychometrics.banks import two_areas
from tests.unit.psychometrics.test_small_matrices import random_correlation

TWO = np.array([[1.0, 0.7], [0.7, 1.0]])


def covariance_of(prior: JointPrior) -> FloatArray:
    """(M, K, K), written out from the definition of ``JointPrior``."""
    own = prior.unique[:, :, None] * np.eye(prior.mean.shape[1])
    result: FloatArray = own + prior.loadings @ prior.loadings.transpose(0, 2, 1)
    return result


def state_of(population: Population, *, seed: int = 1) -> AbilityState:
    """Any state an earlier test might have left."""
    rng = np.random.default_rng(seed)
    strengths = np.array(population.strengths)
    shrink = rng.uniform(0.3, 0.9, population.competence_count)
    weights = rng.dirichlet(np.ones(len(strengths)))
    return AbilityState(
        weights=weights,
        strengths=strengths,
        mean=rng.normal(0.0, 0.7, (len(strengths), population.competence_count)),
        covariance=population.correlations(strengths) * np.outer(shrink, shrink),
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_the_prior_has_the_correlation_of_each_strength(seed: int, count: int) -> None:
    correlation = random_correlation(seed, size=count)
    population = Population(correlation)
    prior = population.prior
    assert population.competence_count == count
    assert prior.weights.tolist() == list(DEFAULT_WEIGHTS)
    assert not prior.mean.any()
    assert prior.variance == pytest.approx(np.ones((4, count)), abs=1e-8)
    for strength, found in zip(DEFAULT_STRENGTHS, covariance_of(prior), strict=True):
        expected = strength * correlation + (1.0 - strength) * np.eye(count)
        assert found == pytest.approx(expected, abs=1e-8)
    assert covariance_of(prior) == pytest.approx(
        population.correlations(np.array(DEFAULT_STRENGTHS)), abs=1e-8
    )


def test_a_strength_above_one_says_more_than_the_assumption() -> None:
    population = Population(TWO, strengths=(0.5, 1.3), weights=(0.5, 0.5))
    assert covariance_of(population.prior)[1, 0, 1] == pytest.approx(0.91)


def test_an_independent_population_has_no_correlation() -> None:
    prior = Population.independent(3).prior
    assert prior.weights.tolist() == [1.0]
    assert covariance_of(prior)[0] == pytest.approx(np.eye(3))


@pytest.mark.parametrize(
    ("correlation", "strengths", "weights", "message"),
    [
        (TWO, (0.0, 1.0), (1.0,), "positive weight"),
        (TWO, (0.0, 1.0), (1.0, 0.0), "positive weight"),
        (TWO, (0.0, 1.0), (0.5, 0.4), "sum to 1"),
        (TWO, (1.0, 0.0), (0.5, 0.5), "must rise"),
        (TWO, (0.5, 0.5), (0.5, 0.5), "must rise"),
        (TWO, (-0.5, 0.5), (0.5, 0.5), "must rise"),
        (TWO * 2.0, (0.0, 1.0), (0.5, 0.5), "ones on its diagonal"),
        (TWO, (0.0, 1.5), (0.5, 0.5), "greatest strength"),
        (np.ones((2, 2)), (0.0, 1.0), (0.5, 0.5), "positive definite"),
        (np.array([[1.0, 0.7], [0.6, 1.0]]), (0.0, 1.0), (0.5, 0.5), "symmetric"),
    ],
)
def test_populations_that_make_no_sense_are_refused(
    correlation: FloatArray, strengths: tuple[float, ...], weights: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Population(correlation, strengths=strengths, weights=weights)


def test_products_are_those_of_the_rows_of_the_loadings() -> None:
    prior = two_areas(5).prior
    expected = np.einsum("mki,mkj->mkij", prior.loadings, prior.loadings)
    assert np.array_equal(prior.products, expected.reshape(4, 5, 4))


def test_the_prior_of_some_abilities_is_the_marginal_in_the_order_asked() -> None:
    prior = two_areas(5).prior
    some = prior.only((3, 0))
    assert covariance_of(some) == pytest.approx(
        covariance_of(prior)[:, [3, 0]][:, :, [3, 0]], abs=1e-12
    )
    assert some is prior.only([3, 0])
    assert some is not prior.only((0, 3))


def test_at_once_the_prior_is_what_the_earlier_test_left() -> None:
    population = two_areas(4)
    earlier = state_of(population)
    prior = population.prior_after(earlier, elapsed_years=0.0)
    assert np.array_equal(prior.weights, earlier.weights)
    assert np.array_equal(prior.strengths, earlier.strengths)
    assert prior.mean == pytest.approx(earlier.mean)
    assert covariance_of(prior) == pytest.approx(earlier.covariance, abs=1e-12)
    clock_went_back = population.prior_after(earlier, elapsed_years=-2.0)
    assert np.array_equal(clock_went_back.mean, prior.mean)


def test_with_time_the_prior_becomes_the_population() -> None:
    population = two_areas(4)
    prior = population.prior_after(state_of(population), elapsed_years=100.0)
    assert prior.mean == pytest.approx(np.zeros((4, 4)), abs=1e-12)
    assert covariance_of(prior) == pytest.approx(covariance_of(population.prior), abs=1e-8)


def test_in_between_mean_and_covariance_drift_as_the_process_says() -> None:
    population = two_areas(3)
    earlier = state_of(population)
    prior = population.prior_after(earlier, elapsed_years=1.5)
    kept = math.exp(-0.5)
    own = population.correlations(earlier.strengths)
    assert prior.mean == pytest.approx(kept * earlier.mean)
    assert covariance_of(prior) == pytest.approx(
        kept**2 * earlier.covariance + (1.0 - kept**2) * own, abs=1e-12
    )


def test_two_waits_are_as_long_as_one() -> None:
    population = two_areas(3)
    earlier = state_of(population)
    half = population.prior_after(earlier, elapsed_years=0.7)
    resting = AbilityState(half.weights, half.strengths, half.mean, covariance_of(half))
    twice = population.prior_after(resting, elapsed_years=0.7)
    once = population.prior_after(earlier, elapsed_years=1.4)
    assert twice.mean == pytest.approx(once.mean)
    assert covariance_of(twice) == pytest.approx(covariance_of(once), abs=1e-12)


def test_what_is_known_too_well_for_the_nodes_is_widened_and_nothing_else() -> None:
    population = two_areas(4)
    earlier = state_of(population)
    narrow = np.array([1.0, 1.0, 1.0, 0.01])  # the last component: deviations a tenth as great
    known_well = AbilityState(
        earlier.weights, earlier.strengths, earlier.mean, narrow[:, None, None] * earlier.covariance
    )
    found = covariance_of(population.prior_after(known_well, elapsed_years=0.0))
    assert found[:3] == pytest.approx(earlier.covariance[:3], abs=1e-12)
    added = found[3] - known_well.covariance[3]
    assert added == pytest.approx(added[0, 0] * np.eye(4), abs=1e-12)
    given_all_others = 1.0 / np.diagonal(np.linalg.inv(found), axis1=1, axis2=2)
    assert given_all_others.min() >= LEAST_VARIANCE
    left_before = 1.0 / np.diagonal(np.linalg.inv(known_well.covariance[3]))
    assert added[0, 0] == pytest.approx(LEAST_VARIANCE - left_before.min())


def test_a_prior_as_narrow_as_there_is_gains_nothing_without_an_answer() -> None:
    population = two_areas(4)
    earlier = state_of(population)
    certain = AbilityState(
        earlier.weights, earlier.strengths, earlier.mean, 1e-4 * earlier.covariance
    )
    prior = population.prior_after(certain, elapsed_years=0.0)
    unanswered = propagate(prior, np.ones((4, 41)))
    _, variance = marginals(prior, unanswered.sites, factors=unanswered.factors)
    assert variance == pytest.approx(prior.variance, rel=0.01)
    assert unanswered.evidence / unanswered.evidence[0] == pytest.approx(np.ones(4), rel=0.01)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_state_comes_back_from_its_bytes_in_single_precision(seed: int, count: int) -> None:
    population = Population(random_correlation(seed, size=count))
    state = state_of(population, seed=seed)
    stored = state.to_bytes()
    found = AbilityState.from_bytes(stored)
    assert len(stored) == 4 * (2 + 4 * (2 + count + count * (count + 1) // 2))
    for before, after in (
        (state.weights, found.weights),
        (state.strengths, found.strengths),
        (state.mean, found.mean),
        (state.covariance, found.covariance),
    ):
        assert after == pytest.approx(before, rel=1e-6, abs=1e-7)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-15)
    assert np.array_equal(found.covariance, found.covariance.transpose(0, 2, 1))
    assert AbilityState.from_bytes(found.to_bytes()).mean.tobytes() == found.mean.tobytes()
    population.prior_after(found, elapsed_years=0.0)


def test_the_stored_form_is_little_endian_and_in_the_order_written() -> None:
    state = AbilityState(
        weights=np.array([0.25, 0.75]),
        strengths=np.array([0.0, 1.0]),
        mean=np.array([[0.5, -0.5], [0.25, 1.0]]),
        covariance=np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.125], [0.125, 0.75]]]),
    )
    expected = [2, 2, 0.25, 0.75, 0, 1, 0.5, -0.5, 0.25, 1, 1, 0, 1, 0.5, 0.125, 0.75]
    assert np.frombuffer(state.to_bytes(), "<f4").tolist() == expected


def stored(*numbers: float) -> bytes:
    return np.array(numbers, "<f4").tobytes()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"abc",
        stored(1.0),
        stored(0.0, 3.0),
        stored(2.0, 0.0, 0.5, 0.5, 0.0, 1.0),
        stored(-1.0, 1.0),
        stored(1.0, 1.0, 1.0, 0.0, 0.0),
        stored(math.inf, 1.0, 1.0, 0.0, 0.0, 1.0),
        stored(1.0, 1.0, math.nan, 0.0, 0.0, 1.0),
    ],
)
def test_bytes_that_are_no_state_are_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match=r"not the state|multiple of element size"):
        AbilityState.from_bytes(wrong)


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_a_state_or_refused(anything: bytes) -> None:
    try:
        found = AbilityState.from_bytes(anything)
    except ValueError:
        return
    assert found.covariance.shape == (*found.mean.shape, found.mean.shape[1])
