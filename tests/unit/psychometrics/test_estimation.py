import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.estimation import (
    AbilityEstimate,
    CompetencePosterior,
    Prior,
    Response,
    SessionPosterior,
    begin_with,
    estimate,
    update,
)
from pacnum_api.psychometrics.scale import THETA
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import random_bank, tables_of, two_pl

# LSAT section 7, 1,000 examinees, five items: Bock & Lieberman (1970), Psychometrika 35, 179-197.
# Frequencies of the patterns 00000, 00001, ... 11111 (item 1 first).
LSAT7_FREQUENCIES = (
    *(12, 19, 1, 7, 3, 19, 3, 17, 10, 5, 3, 7, 7, 23, 8, 28),
    *(7, 39, 11, 34, 14, 51, 15, 90, 6, 25, 7, 35, 18, 136, 32, 308),
)
# 2PL estimates and log-likelihood published in the reference manual of the R package mirt
# (Chalmers 2012, Journal of Statistical Software 48(6)): slope a and intercept d = -a b.
LSAT7_SLOPES = (0.988, 1.081, 1.706, 0.765, 0.736)
LSAT7_INTERCEPTS = (1.856, 0.808, 1.804, 0.486, 1.855)
LSAT7_LOG_LIKELIHOOD = -2658.805

BANK = random_bank(60, competence_count=3)
ANSWERS = st.lists(st.builds(Response, st.integers(0, 59), st.integers(0, 1)), max_size=30)


def one_by_one(tables: BankTables, responses: Sequence[Response], prior: Prior) -> SessionPosterior:
    posterior = begin_with(tables, prior)
    for response in responses:
        posterior = update(tables, posterior, response=response)
    return posterior


def only(tables: BankTables, categories: Sequence[int]) -> CompetencePosterior:
    """The posterior of a bank's single competence after its items, in order, were answered so."""
    responses = [Response(item, category) for item, category in enumerate(categories)]
    return estimate(tables, responses, prior=Prior.standard(1)).competences[0]


def test_lsat7_has_its_published_log_likelihood() -> None:
    parameters = zip(LSAT7_SLOPES, LSAT7_INTERCEPTS, strict=True)
    tables = tables_of([two_pl(slope, -intercept / slope) for slope, intercept in parameters])
    before = begin_with(tables, Prior.standard(1)).competences[0].mass.sum()
    log_likelihood = 0.0
    for pattern, frequency in enumerate(LSAT7_FREQUENCIES):
        posterior = only(tables, [(pattern >> (4 - item)) & 1 for item in range(5)])
        log_likelihood += frequency * math.log(posterior.mass.sum() / before)
    assert sum(LSAT7_FREQUENCIES) == 1000
    assert log_likelihood == pytest.approx(LSAT7_LOG_LIKELIHOOD, abs=2e-3)


FIVE_MODELS = tables_of(
    [
        two_pl(0.8, -1.1),
        two_pl(1.4, 0.0),
        Item(ItemModel.THREE_PL, competence=0, level=1, a=1.2, b=0.7, c=0.2),
        Item(ItemModel.GRADED, competence=0, level=1, a=1.1, b=0.2, steps=(-0.6, 0.6)),
        Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=0.9, steps=(-1.0, 0.1, 0.8)),
    ]
)


def sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))


def chances_of_five_models(theta: float) -> list[list[float]]:
    """The category probabilities of ``FIVE_MODELS``, written out from the models' definitions."""
    dichotomous = [
        sigmoid(0.8 * (theta + 1.1)),
        sigmoid(1.4 * theta),
        0.2 + 0.8 * sigmoid(1.2 * (theta - 0.7)),
    ]
    low, high = sigmoid(1.1 * (theta + 0.4)), sigmoid(1.1 * (theta - 0.8))
    logits = np.cumsum([0.0, *(0.9 * (theta - step) for step in (-1.0, 0.1, 0.8))])
    credit = np.exp(logits) / np.exp(logits).sum()
    return [*([1.0 - p, p] for p in dichotomous), [1.0 - low, low - high, high], credit.tolist()]


@pytest.mark.parametrize("categories", [(1, 1, 0, 2, 3), (0, 0, 0, 0, 0), (1, 1, 1, 2, 3)])
def test_the_estimate_is_the_mean_and_deviation_by_numerical_integration(
    categories: tuple[int, ...],
) -> None:
    def density(theta: float) -> float:
        answers = zip(chances_of_five_models(theta), categories, strict=True)
        likelihood = math.prod(chances[category] for chances, category in answers)
        return likelihood * float(norm.pdf(theta, 0.3, 0.9))

    whole, mean, square = (
        quad(lambda theta, k=power: theta**k * density(theta), -5.0, 5.0, epsabs=1e-13)[0]
        for power in range(3)
    )
    responses = [Response(item, category) for item, category in enumerate(categories)]
    prior = Prior(mean=(0.3,), standard_deviation=(0.9,))
    found = estimate(FIVE_MODELS, responses, prior=prior).competences[0]
    assert found.theta == pytest.approx(mean / whole, abs=1e-5)
    assert found.variance == pytest.approx(square / whole - (mean / whole) ** 2, abs=1e-5)
    assert found.estimate == AbilityEstimate(found.theta, math.sqrt(found.variance))
    assert found.answered == 5


@settings(deadline=None)
@given(ANSWERS)
def test_updating_equals_estimating_anew_bit_for_bit(responses: list[Response]) -> None:
    prior = Prior(mean=(0.0, 0.4, -1.0), standard_deviation=(1.0, 0.7, 0.9))
    anew = estimate(BANK, responses, prior=prior)
    updated = one_by_one(BANK, responses, prior)
    for one, other in zip(anew.competences, updated.competences, strict=True):
        assert one.mass.tobytes() == other.mass.tobytes()
        assert (one.theta, one.variance, one.answered) == (
            other.theta,
            other.variance,
            other.answered,
        )
        assert one.level_probabilities == other.level_probabilities


@settings(deadline=None)
@given(ANSWERS)
def test_estimates_are_bounded_and_probabilities_add_up(responses: list[Response]) -> None:
    for posterior in estimate(BANK, responses, prior=Prior.standard(3)).competences:
        assert -5.0 < posterior.theta < 5.0
        assert 0.0 < posterior.standard_error <= 1.001
        assert posterior.weights.sum() == pytest.approx(1.0)
        assert sum(posterior.level_probabilities) == pytest.approx(1.0)
        low, high = posterior.level_interval()
        assert low <= posterior.level <= high


@given(st.permutations(range(20)))
def test_the_order_of_answers_does_not_move_the_estimate(order: list[int]) -> None:
    responses = [Response(item, item % 2) for item in range(20)]
    straight = estimate(BANK, responses, prior=Prior.standard(3)).competences[0]
    mixed = estimate(
        BANK, [responses[place] for place in order], prior=Prior.standard(3)
    ).competences[0]
    assert mixed.theta == pytest.approx(straight.theta, abs=1e-13)


@given(st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=12), st.data())
def test_under_1pl_the_estimate_rises_with_the_score_alone(
    difficulties: list[float], data: st.DataObject
) -> None:
    tables = tables_of([two_pl(1.1, difficulty) for difficulty in difficulties])
    pattern = data.draw(
        st.lists(st.integers(0, 1), min_size=len(difficulties), max_size=len(difficulties))
    )
    theta = only(tables, pattern).theta
    assert only(tables, sorted(pattern)).theta == pytest.approx(theta, abs=1e-12)
    if 0 in pattern:
        better = list(pattern)
        better[pattern.index(0)] = 1
        assert only(tables, better).theta > theta


def test_an_item_known_badly_moves_the_estimate_less() -> None:
    sure = tables_of([two_pl(1.2, 0.0)])
    unsure = tables_of(
        [Item(ItemModel.TWO_PL, competence=0, level=1, a=1.2, b=0.0, sigma_a=0.3, sigma_b=0.8)]
    )
    assert 0.0 < only(unsure, [1]).theta < only(sure, [1]).theta
    assert only(unsure, [1]).standard_error > only(sure, [1]).standard_error


def test_only_the_competence_of_an_item_moves() -> None:
    posterior = estimate(BANK, [Response(25, 1)], prior=Prior.standard(3))
    untouched = begin_with(BANK, Prior.standard(3)).competences
    assert posterior.competences[0] is untouched[0]
    assert posterior.competences[1].theta > 0.0
    assert posterior.competences[2] is untouched[2]


def test_before_any_answer_the_prior_stands() -> None:
    found = estimate(
        BANK, [], prior=Prior(mean=(0.0, 1.0, 0.0), standard_deviation=(1.0, 0.5, 1.0))
    )
    assert found.competences[1].theta == pytest.approx(1.0, abs=1e-9)
    assert found.competences[1].standard_error == pytest.approx(0.5, abs=1e-9)
    assert found.competences[1].level == 5
    assert found.competences[0].level_certainty == pytest.approx(0.2737, abs=1e-3)


def test_intervals_and_chances_come_from_the_posterior() -> None:
    found = begin_with(BANK, Prior.standard(3)).competences[0]
    assert found.theta_interval(coverage=0.8) == pytest.approx(norm.interval(0.8), abs=2e-3)
    assert found.level_interval(coverage=0.5) == (3, 5) or found.level_interval(coverage=0.5) == (
        4,
        5,
    )
    assert found.theta_interval() == found.theta_interval(coverage=0.9)
    assert found.level_interval() == found.level_interval(coverage=0.9)
    assert found.level_interval() != found.level_interval(coverage=0.99)
    assert found.probability_at_least(5) == pytest.approx(norm.sf(0.35), abs=1e-3)
    assert found.probability_at_least(5) == pytest.approx(sum(found.level_probabilities[5:]))


def test_a_prior_counts_one_mean_per_competence() -> None:
    with pytest.raises(ValueError, match="one mean for each"):
        estimate(BANK, [], prior=Prior.standard(2))
    with pytest.raises(ValueError, match="as many means"):
        Prior(mean=(0.0, 0.0), standard_deviation=(1.0,))
    with pytest.raises(ValueError, match="positive"):
        Prior(mean=(0.0,), standard_deviation=(0.0,))
    assert Prior.standard(0).mean == ()


def test_an_old_estimate_fades_into_the_population() -> None:
    old = [AbilityEstimate(theta=1.2, standard_error=0.4), None]
    at_once, later, never = (Prior.after(old, elapsed_years=years) for years in (0.0, 3.0, 300.0))
    assert at_once.mean == (1.2, 0.0)
    assert at_once.standard_deviation == pytest.approx((0.4, 1.0))
    assert later.mean[0] == pytest.approx(1.2 / math.e)
    assert later.standard_deviation[0] == pytest.approx(math.sqrt(1.0 - (1.0 - 0.16) / math.e**2))
    assert never.mean[0] == pytest.approx(0.0, abs=1e-12)
    assert never.standard_deviation == pytest.approx((1.0, 1.0))
    assert never.correlation is None


def test_an_old_estimate_never_says_less_than_the_population() -> None:
    vague = [AbilityEstimate(theta=0.3, standard_error=1.4)]
    assert Prior.after(vague, elapsed_years=0.5).standard_deviation == pytest.approx((1.0,))


def test_the_shared_prior_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        begin_with(BANK, Prior.standard(3)).competences[0].mass[0] = 1.0
    assert THETA.flags.writeable is False
