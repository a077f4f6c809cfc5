"""The joint posterior against what it must equal: grid EAP, brute-force quadrature, itself."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics import estimation, joint_estimation
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.estimation import Prior, Response
from pacnum_api.psychometrics.joint_estimation import (
    Answers,
    JointPosterior,
    SinglePosterior,
    estimate,
)
from pacnum_api.psychometrics.population import AbilityState, JointPrior, Population
from pacnum_api.psychometrics.propagation import LONGEST, propagate, tilt
from pacnum_api.psychometrics.scale import NODES
from pacnum_api.psychometrics.simulation import framework_correlation
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import (
    mixed_answers,
    mixed_bank,
    random_bank,
    tables_of,
    two_areas,
    two_pl,
)
from tests.unit.psychometrics.quadrature import exact_posterior
from tests.unit.psychometrics.test_small_matrices import random_correlation

MIXED = mixed_bank(6, 6, 6, 6)
FOUR = two_areas(4)
ALL = (0, 1, 2, 3)
seeds = st.integers(0, 2**32 - 1)


def joint(
    tables: BankTables, responses: list[Response], *, population: Population
) -> JointPosterior:
    asked = tuple(range(population.competence_count))
    found = estimate(tables, responses, prior=population.prior, competences=asked)
    assert isinstance(found, JointPosterior)
    return found


def answered(tables: BankTables, seed: int, *, count: int) -> list[Response]:
    rng = np.random.default_rng(seed)
    items = rng.permutation(tables.item_count)[:count].tolist()
    return mixed_answers(tables, items, rng=rng)


def spread(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Standard deviations and correlations."""
    deviation = np.sqrt(np.diagonal(covariance))
    return deviation, covariance / np.outer(deviation, deviation)


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(0, 20), st.integers(0, 3))
def test_a_test_of_one_competence_is_grid_eap(seed: int, count: int, competence: int) -> None:
    tables = mixed_bank(*(20 if index == competence else 0 for index in range(4)), seed=7)
    responses = answered(tables, seed, count=count)
    prior = FOUR.prior.only((competence,))
    found = estimate(tables, responses, prior=prior, competences=(competence,))
    expected = estimation.estimate(tables, responses, prior=Prior.standard(4))
    one, other = found.marginal(competence), expected.competences[competence]
    assert isinstance(found, SinglePosterior)
    assert one.weights == pytest.approx(other.weights, abs=1e-12)
    assert one.theta == pytest.approx(other.theta, abs=1e-12)
    assert one.variance == pytest.approx(other.variance, abs=1e-12)
    assert one.answered == other.answered == count
    assert found.variances == (one.variance,)
    assert found.mean_of([competence]) == one.estimate
    assert found.mean_of([]) is None
    with pytest.raises(KeyError):
        found.marginal(competence + 1)


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(0, 24))
def test_independent_competences_are_estimated_one_by_one(seed: int, count: int) -> None:
    responses = answered(MIXED, seed, count=count)
    found = joint(MIXED, responses, population=Population.independent(4))
    expected = estimation.estimate(MIXED, responses, prior=Prior.standard(4)).competences
    for competence, exact in enumerate(expected):
        marginal = found.marginal(competence)
        assert marginal.theta == pytest.approx(exact.theta, abs=1e-9)
        assert marginal.standard_error == pytest.approx(exact.standard_error, abs=1e-9)
        assert marginal.answered == exact.answered
    _, correlation = spread(found.moments.covariance)
    assert correlation == pytest.approx(np.eye(4), abs=1e-12)


@pytest.mark.parametrize("items_each", [4, 10])
@pytest.mark.parametrize("seed", range(6))
def test_two_competences_are_as_by_quadrature(items_each: int, seed: int) -> None:
    tables = mixed_bank(items_each, items_each, seed=seed)
    responses = answered(tables, seed, count=items_each + seed)
    agrees_with_quadrature(tables, responses, correlation=framework_correlation([1, 1]))


@pytest.mark.parametrize("items_each", [4, 8])
@pytest.mark.parametrize("seed", range(3))
def test_three_competences_are_as_by_quadrature(items_each: int, seed: int) -> None:
    tables = mixed_bank(items_each, items_each, items_each, seed=seed)
    responses = answered(tables, seed, count=2 * items_each)
    agrees_with_quadrature(tables, responses, correlation=framework_correlation([1, 1, 2]))


def agrees_with_quadrature(
    tables: BankTables, responses: list[Response], *, correlation: FloatArray
) -> None:
    """The whole of it: moments, marginals, and the evidence of the strengths (Bayes' rule)."""
    population = Population(correlation)
    exact = exact_posterior(tables, responses, population=population)
    found = joint(tables, responses, population=population)
    deviation, correlations = spread(found.moments.covariance)
    assert found.moments.mean == pytest.approx(exact.mean, abs=1e-3)
    assert deviation == pytest.approx(exact.standard_deviation, abs=2e-3)
    assert correlations == pytest.approx(exact.correlation, abs=4e-3)
    evidence = found.propagated.evidence
    assert evidence / evidence[0] == pytest.approx(exact.evidence / exact.evidence[0], rel=2e-3)
    assert found.strength_weights == pytest.approx(exact.weights, abs=5e-4)
    marginals = [found.marginal(one) for one in range(len(correlation))]
    assert [one.theta for one in marginals] == pytest.approx(exact.mean.tolist(), abs=1e-3)
    assert [one.standard_error for one in marginals] == pytest.approx(
        exact.standard_deviation.tolist(), abs=1e-3
    )


def test_guessing_that_widens_a_marginal_leaves_the_site_without_precision() -> None:
    """One right answer to a hard item that invites guessing: no site can widen the other ability,
    whose standard error stays too small by two hundredths. The greatest error known.
    """
    guess = Item(ItemModel.THREE_PL, competence=1, level=1, a=2.5, b=2.0, c=0.25)
    guessed = tables_of([two_pl(1.0, 0.0), guess], competence_count=2)
    responses = [Response(0, 0), Response(1, 1)]
    population = Population(framework_correlation([1, 1]))
    exact = exact_posterior(guessed, responses, population=population)
    found = joint(guessed, responses, population=population)
    assert found.propagated.sites.tau.min() == pytest.approx(1e-6)
    assert found.propagated.sweeps < LONGEST
    marginals = [found.marginal(one) for one in (0, 1)]
    assert [one.theta for one in marginals] == pytest.approx(exact.mean.tolist(), abs=0.01)
    assert [one.standard_error for one in marginals] == pytest.approx(
        exact.standard_deviation.tolist(), abs=0.025
    )


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(2, 24), st.data())
def test_the_order_of_the_answers_changes_no_bit(
    seed: int, count: int, data: st.DataObject
) -> None:
    responses = answered(MIXED, seed, count=count)
    shuffled = data.draw(st.permutations(responses))
    one, other = (joint(MIXED, list(given), population=FOUR) for given in (responses, shuffled))
    assert one.moments.mean.tobytes() == other.moments.mean.tobytes()
    assert one.moments.covariance.tobytes() == other.moments.covariance.tobytes()
    assert one.strength_weights.tobytes() == other.strength_weights.tobytes()
    for competence in ALL:
        assert (
            one.marginal(competence).weights.tobytes()
            == other.marginal(competence).weights.tobytes()
        )


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(0, 24), st.permutations(ALL))
def test_the_order_of_the_competences_changes_the_order_of_the_results(
    seed: int, count: int, order: list[int]
) -> None:
    responses = answered(MIXED, seed, count=count)
    straight = joint(MIXED, responses, population=FOUR)
    prior = FOUR.prior.only(order)
    mixed = estimate(MIXED, responses, prior=prior, competences=tuple(order))
    assert isinstance(mixed, JointPosterior)
    assert mixed.moments.mean == pytest.approx(straight.moments.mean[order], abs=1e-9)
    assert mixed.moments.covariance == pytest.approx(
        straight.moments.covariance[np.ix_(order, order)], abs=1e-9
    )
    assert mixed.strength_weights == pytest.approx(straight.strength_weights, abs=1e-9)
    assert mixed.node_weights == pytest.approx(straight.node_weights[order], abs=1e-9)
    for competence in ALL:
        assert mixed.marginal(competence).theta == pytest.approx(
            straight.marginal(competence).theta, abs=1e-9
        )
    means = [one.mean_of([0, 2]) for one in (mixed, straight)]
    assert means[0] is not None
    assert means[1] is not None
    assert means[0].theta == pytest.approx(means[1].theta, abs=1e-9)
    assert means[0].standard_error == pytest.approx(means[1].standard_error, abs=1e-9)


def test_competences_that_are_alike_change_places_with_their_answers() -> None:
    """Exchangeability: two competences of one area, with the same items."""
    items = [two_pl(1.0, 0.3), two_pl(1.4, -0.5)]
    alike = [*items, *(two_pl(float(a), b, competence=1) for a, b in ((1.0, 0.3), (1.4, -0.5)))]
    tables = tables_of(alike, competence_count=2)
    population = Population(framework_correlation([1, 1]))
    one = joint(tables, [Response(0, 1), Response(3, 0)], population=population)
    other = joint(tables, [Response(2, 1), Response(1, 0)], population=population)
    assert one.moments.mean == pytest.approx(other.moments.mean[::-1], abs=1e-9)
    assert one.moments.covariance == pytest.approx(other.moments.covariance[::-1, ::-1], abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(6, 24), st.integers(0, 24))
def test_a_test_cut_in_two_without_a_pause_is_one_test(seed: int, count: int, cut: int) -> None:
    responses = answered(MIXED, seed, count=count)
    at_once = joint(MIXED, responses, population=FOUR)
    first = joint(MIXED, responses[:cut], population=FOUR)
    prior = FOUR.prior_after(first.state(FOUR.prior), elapsed_years=0.0)
    second = estimate(MIXED, responses[cut:], prior=prior, competences=ALL)
    assert isinstance(second, JointPosterior)
    # The first test is handed on as normal distributions, its likelihoods are not: of 3,000 drawn
    # at random one in a hundred differed by .04 in a mean, none by .1.
    assert second.moments.mean == pytest.approx(at_once.moments.mean, abs=0.15)
    deviations = [spread(one.moments.covariance)[0] for one in (second, at_once)]
    assert deviations[0] == pytest.approx(deviations[1], abs=0.1)
    assert second.strength_weights == pytest.approx(at_once.strength_weights, abs=0.04)


def test_after_a_long_time_the_earlier_test_says_nothing_but_the_strength() -> None:
    responses = answered(MIXED, 3, count=24)
    earlier = joint(MIXED, responses, population=FOUR).state(FOUR.prior)
    assert earlier.weights != pytest.approx(FOUR.prior.weights, abs=0.01)
    prior = FOUR.prior_after(earlier, elapsed_years=200.0)
    found = estimate(MIXED, [], prior=prior, competences=ALL)
    assert isinstance(found, JointPosterior)
    assert found.moments.mean == pytest.approx(np.zeros(4), abs=1e-6)
    # The nodes end at 5: what is beyond has a variance of 1e-5.
    assert found.variances == pytest.approx((1.0,) * 4, abs=2e-5)
    assert found.strength_weights == pytest.approx(earlier.weights, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(0, 24))
def test_marginals_have_the_moments_of_the_joint_posterior(seed: int, count: int) -> None:
    items = np.random.default_rng(5)
    tables = random_bank(24, competence_count=4, seed=int(items.integers(100)))
    found = joint(tables, answered(tables, seed, count=count), population=FOUR)
    for place, competence in enumerate(ALL):
        marginal = found.marginal(competence)
        assert marginal.theta == pytest.approx(found.moments.mean[place], abs=1e-4)
        assert marginal.variance == pytest.approx(found.variances[place], abs=2e-4)
        nodes = found.node_weights[place]
        assert nodes.sum() == pytest.approx(1.0)
    assert found.marginal(2) is found.marginal(2)


@settings(deadline=None, max_examples=30)
@given(seeds, st.sets(st.sampled_from(ALL), min_size=1))
def test_the_mean_ability_has_the_variance_of_the_covariance(seed: int, some: set[int]) -> None:
    found = joint(MIXED, answered(MIXED, seed, count=16), population=FOUR)
    places = sorted(some)
    share = np.array([1.0 / len(some) if one in some else 0.0 for one in ALL])
    estimated = found.mean_of(places)
    assert estimated is not None
    assert estimated.theta == pytest.approx(float(share @ found.moments.mean))
    assert estimated.standard_error**2 == pytest.approx(share @ found.moments.covariance @ share)
    assert found.mean_of([]) is None


def test_strengths_gain_weight_where_abilities_hang_together_and_lose_it_where_not() -> None:
    tables = random_bank(80, competence_count=4)
    alike = [Response(item, item // 20 < 4) for item in range(80)]
    apart = [Response(item, item // 20 % 2) for item in range(80)]
    together, scattered = (
        joint(tables, given, population=FOUR).strength_weights for given in (alike, apart)
    )
    before = FOUR.prior.weights
    assert together[-1] > before[-1]
    assert scattered[-1] < 0.05 * before[-1]
    assert scattered[0] > before[0]


def test_an_answer_moves_the_competences_of_its_area_more_than_the_others() -> None:
    population = Population(framework_correlation([0, 1, 0, 1], across=0.3))
    found = joint(random_bank(8, competence_count=4), [Response(1, 1)], population=population)
    mean = found.moments.mean
    assert mean[0] > mean[2] > mean[1] > 0.0
    assert mean[1] == pytest.approx(mean[3], abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(seeds, st.integers(0, 24), st.integers(1, 3))
def test_the_state_has_also_what_was_not_asked_about(seed: int, count: int, asked: int) -> None:
    """Abilities asked about as they were estimated; the rest as if they had been asked about but
    never answered.
    """
    some = tuple(range(asked))
    responses = [one for one in answered(MIXED, seed, count=count) if one.item < 6 * asked]
    partial = estimate(MIXED, responses, prior=FOUR.prior.only(some), competences=some)
    state = partial.state(FOUR.prior)
    whole = joint(MIXED, responses, population=FOUR)
    expected = whole.state(FOUR.prior)
    assert state.weights == pytest.approx(expected.weights, abs=1e-4)
    assert state.mean == pytest.approx(expected.mean, abs=2e-3)
    assert state.covariance == pytest.approx(expected.covariance, abs=2e-3)
    assert moments_of(state)[0] == pytest.approx(whole.moments.mean, abs=2e-3)
    assert moments_of(state)[1] == pytest.approx(whole.moments.covariance, abs=2e-3)


def moments_of(state: AbilityState) -> tuple[FloatArray, FloatArray]:
    mean = state.weights @ state.mean
    shift = state.mean - mean
    between = np.einsum("mj,mk->mjk", shift, shift)
    return mean, np.einsum("m,mjk->jk", state.weights, state.covariance + between)


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(1, 21), st.integers(0, 60))
def test_sweeps_end_and_every_number_is_one(seed: int, count: int, answers: int) -> None:
    rng = np.random.default_rng(seed)
    tables = mixed_bank(*rng.integers(0, 8, count).tolist(), seed=seed % 97)
    answers = min(answers, tables.item_count)
    population = Population(random_correlation(seed, size=count))
    asked = tuple(range(count))
    found = estimate(
        tables, answered(tables, seed, count=answers), prior=population.prior, competences=asked
    )
    variances = np.array(found.variances)
    assert np.all((variances > 0.0) & (variances < 1.5))
    for competence in asked:
        assert -5.0 < found.marginal(competence).theta < 5.0
        assert found.marginal(competence).weights.sum() == pytest.approx(1.0)
    if isinstance(found, JointPosterior):
        assert found.propagated.sweeps < LONGEST
        assert found.strength_weights.sum() == pytest.approx(1.0)
        assert np.linalg.eigvalsh(found.moments.covariance).min() > 0.0


@given(st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=10), st.data())
def test_under_1pl_every_ability_rises_with_the_score(
    difficulties: list[float], data: st.DataObject
) -> None:
    tables = tables_of(
        [two_pl(1.1, one, competence=place) for place in (0, 1) for one in difficulties],
        competence_count=2,
    )
    population = Population(framework_correlation([1, 1]), strengths=(1.0,), weights=(1.0,))
    count = len(difficulties)
    right = data.draw(st.permutations(range(2 * count)))
    means = []
    for score in range(2 * count + 1):
        given = [Response(item, item in right[:score]) for item in range(2 * count)]
        means.append(joint(tables, given, population=population).moments.mean)
    for lower, higher in pairwise(means):
        assert np.all(higher > lower)


def test_answers_are_sorted_by_competence_and_bounded() -> None:
    found = Answers.of(MIXED, [Response(20, 0), Response(1, 1), Response(0, 0)], competences=(3, 0))
    assert found.rows.tolist() == sorted(
        MIXED.likelihood_row(item, category) for item, category in ((0, 0), (1, 1), (20, 0))
    )
    assert found.bounds.tolist() == [[2, 3], [0, 2]]
    assert [found.count(place) for place in (0, 1)] == [1, 2]
    both = found.likelihoods(MIXED.node_likelihood)
    for place in (0, 1):
        alone = found.likelihood(MIXED.node_likelihood, place=place)
        assert both[place] == pytest.approx(alone, rel=1e-15)
        assert alone.max() == 1.0
    none = Answers.of(MIXED, [], competences=(3, 0))
    assert np.array_equal(none.likelihoods(MIXED.likelihood), np.ones((2, 201)))


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(24, 0), "not in the bank"),
        (Response(-1, 0), "not in the bank"),
        (Response(0, 9), "does not have the category"),
        (Response(0, -1), "does not have the category"),
        (Response(20, 0), "not asked about"),
    ],
)
def test_answers_that_cannot_be_are_refused(response: Response, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate(MIXED, [response], prior=FOUR.prior.only((0, 1)), competences=(0, 1))


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(24, 0), "item 24 is not in the bank"),
        (Response(-1, 0), "item -1 is not in the bank"),
        (Response(0, 9), "item 0 has no category 9"),
        (Response(20, 0), "not asked about"),
    ],
)
def test_so_they_are_of_a_single_competence(response: Response, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate(MIXED, [response], prior=FOUR.prior.only((0,)), competences=(0,))


def test_single_abilities_of_one_population_share_a_prior_that_cannot_be_written_to() -> None:
    shared = joint_estimation._prior_mass(FOUR.prior.only((0,)))
    assert joint_estimation._prior_mass(FOUR.prior.only((1,))) is shared
    with pytest.raises(ValueError, match="read-only"):
        shared[0] = 1.0
    found = estimate(MIXED, [], prior=FOUR.prior.only((0,)), competences=(0,))
    assert found.marginal(0).standard_error == pytest.approx(1.0, abs=1e-5)


def test_evidence_is_weighed_where_it_is_too_small_for_a_number() -> None:
    """Six abilities far from where the answers say, N(m, 0.3²) against 0.3 around 4: normal laws,
    so that Z = N(4; m, 0.18) for each of them, 1e-463 and 1e-446 in all.
    """
    means = np.array([-4.0, -3.85])
    prior = JointPrior(
        weights=np.array([0.5, 0.5]),
        strengths=np.array([0.0, 1.0]),
        mean=np.repeat(means[:, None], 6, axis=1),
        unique=np.full((2, 6), 0.09),
        loadings=np.zeros((2, 6, 1)),
    )
    likelihood = np.tile(np.exp(-0.5 * ((NODES - 4.0) / 0.3) ** 2), (6, 1))
    evidence = propagate(prior, likelihood).evidence
    expected = -0.5 * 6 * ((4.0 - means) ** 2 - 8.0**2) / 0.18
    assert np.log(evidence / evidence[0]) == pytest.approx(expected, abs=1e-3)


def test_sweeps_that_overshoot_together_settle() -> None:
    """Sixty competences that hang together by .95 and .9: undamped, the sweeps swing for good."""
    areas = np.arange(60) % 5
    correlation = np.where(areas[:, None] == areas, 0.95, 0.9)
    np.fill_diagonal(correlation, 1.0)
    items = [two_pl(1.0, b, competence=place) for place in range(60) for b in (-1.0, 0.0, 1.0)]
    tables = tables_of(items, competence_count=60)
    all_right = [Response(item, 1) for item in range(tables.item_count)]
    found = joint(tables, all_right, population=Population(correlation))
    assert found.propagated.sweeps < LONGEST
    again = tilt(found.propagated.cavity, found.answers.likelihoods(tables.node_likelihood))
    assert again.mean == pytest.approx(found.propagated.tilted.mean, abs=3e-3)
